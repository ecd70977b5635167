/* The analysis on streams that are made here. */
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
    connection_t mail = {.id = 1, .version = 4, .server = {0, 0xc0000219}, .server_port = 25};
    connection_t web = {.id = 2, .version = 6, .server = {0x20010db800000000, 0x80}, .server_port = 80};
    event_t said = {.kind = EVENT_DATA, .from = SIDE_SERVER, .frame = 1, .bytes = (const uint8_t *)"220 ready\r\n", .length = 11};
    event_t asked = {.kind = EVENT_DATA, .from = SIDE_CLIENT, .frame = 2, .bytes = (const uint8_t *)"QUIT\r\n", .length = 6};
    event_t gap = {.kind = EVENT_GAP, .from = SIDE_SERVER, .frame = 3, .length = 100};
    event_t closed = {.kind = EVENT_CLOSED, .reason = CLOSED_FIN, .frame = 4};
    summary_stream(&summary, &mail, &said);
    summary_stream(&summary, &web, &asked);
    summary_stream(&summary, &mail, &said);
    summary_stream(&summary, &mail, &closed);
    expect(&summary, "{\"findings\":[],\"servers\":[");
    expect(&summary, "{\"address\":\"192.0.2.25\",\"port\":25,\"connections\":1,\"bytes\":22,\"missing\":0}");
    expect(&summary, "{\"address\":\"2001:db8::80\",\"port\":80,\"connections\":0,\"bytes\":0,\"missing\":0}");
    summary_stream(&summary, &web, &gap);
    expect(&summary, "\"bytes\":0,\"missing\":100}");
    expect(&summary, "\"rule\":\"{{snake}}_missing_bytes\"");
    expect(&summary, "\"frames\":[3],\"frames_total\":1");
    for (uint32_t n = 0; n < 5000; n++) {
        connection_t one = {.version = 4, .server = {0, n}, .server_port = 22};
        summary_stream(&summary, &one, &closed);
    }
    expect(&summary, "\"left_out\":906}");
    summary_free(&summary);
    puts("ok");
    return 0;
}
