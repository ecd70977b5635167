/* The analysis on frames that are made here. */
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
    const uint8_t plain[60] = {[12] = 8, [13] = 0}, tagged[60] = {[12] = 0x81, [15] = 5, [16] = 8, [17] = 6};
    summary_t summary;
    assert(summary_init(&summary));
    summary_frame(&summary, &(frame_t){.number = 1, .link_type = LINK_ETHERNET, .data = plain, .length = 60, .original = 60});
    summary_frame(&summary, &(frame_t){.number = 2, .link_type = LINK_ETHERNET, .data = tagged, .length = 60, .original = 1500});
    /* A frame that ends anywhere is no harm. */
    for (size_t length = 0; length < 18; length++) {
        uint8_t *data = malloc(length + 1);
        memcpy(data, tagged, length);
        summary_frame(&summary, &(frame_t){.number = 3 + length, .link_type = LINK_ETHERNET, .data = data, .length = length, .original = (uint32_t)length});
        free(data);
    }
    expect(&summary, "{\"ethertype\":\"0x0800\",\"frames\":1,\"octets\":60},{\"ethertype\":\"0x0806\",\"frames\":1,\"octets\":1500}");
    expect(&summary, "\"frames\":[2],\"frames_total\":1");
    summary_free(&summary);
    puts("ok");
    return 0;
}
