/* The analysis on packets that are made here. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "summary.h"

static void expect(const summary_t *summary, const char *piece) {
    json_t json = {0};
    summary_report(summary, &json);
    assert(!json.failed);
    json.text = realloc(json.text, json.length + 1);
    json.text[json.length] = 0;
    if (strstr(json.text, piece) == NULL) {
        fprintf(stderr, "%s\nis not in\n%s\n", piece, json.text);
        exit(1);
    }
    free(json.text);
}

int main(void) {
    summary_t summary;
    assert(summary_init(&summary));
    packet_t query = {.frame = 1, .transport = PROTOCOL_UDP, .source_port = 50000, .destination_port = 53, .captured = 10, .length = 10};
    packet_t answer = {.frame = 2, .transport = PROTOCOL_UDP, .source_port = 53, .destination_port = 50000, .captured = 8, .length = 500};
    packet_t request = {.frame = 3, .transport = PROTOCOL_TCP, .source_port = 50001, .destination_port = 80, .captured = 14, .length = 14};
    packet_t copy = {.frame = 4, .transport = PROTOCOL_UDP, .source_port = 50000, .destination_port = 53, .captured = 10, .length = 10, .copy_of = 1};
    summary_packet(&summary, &query);
    summary_packet(&summary, &answer);
    summary_packet(&summary, &request);
    summary_packet(&summary, &copy);
    expect(&summary, "{\"packets\":3,\"copies\":1,\"services\":[{\"transport\":\"tcp\",\"port\":80,\"packets\":1,\"bytes\":14},"
                     "{\"transport\":\"udp\",\"port\":53,\"packets\":2,\"bytes\":510}],\"left_out\":0");
    expect(&summary, "\"frames\":[2],\"frames_total\":1");
    summary_free(&summary);
    puts("ok");
    return 0;
}
