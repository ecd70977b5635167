#include "summary.h"

#include <stdlib.h>

enum { KINDS_MAX = 4096 };

typedef struct {
    uint64_t frames, octets;
} counts_t;

bool summary_init(summary_t *summary) {
    *summary = (summary_t){0};
    return table_init(&summary->kinds, 2, sizeof(counts_t), KINDS_MAX);
}

void summary_free(summary_t *summary) {
    table_free(&summary->kinds);
}

void summary_frame(summary_t *summary, const frame_t *frame) {
    size_t payload;
    int32_t type = frame->link_type == LINK_ETHERNET ? frame_ethertype(frame->data, frame->length, &payload) : -1;
    /* A frame without an EtherType counts as 0x0000, which is none. */
    uint8_t key[8] = {type < 0 ? 0 : (uint8_t)(type >> 8), type < 0 ? 0 : (uint8_t)type};
    counts_t *counts = table_put(&summary->kinds, key);
    summary->frames++;
    if (counts == NULL) {
        summary->kinds_left_out++;
    } else {
        counts->frames++;
        counts->octets += frame->original;
    }
    if (frame->length < frame->original) {
        if (summary->cut < FRAMES_CITED) {
            summary->cut_frames[summary->cut] = frame->number;
        }
        summary->cut++;
    }
}

static void kinds(const summary_t *summary, const uint8_t **sorted, json_t *json) {
    static const char digits[] = "0123456789abcdef";
    json_open(json, "kinds", '[');
    for (size_t n = 0; n < summary->kinds.count; n++) {
        const uint8_t *key = sorted[n];
        const counts_t *counts = (const counts_t *)(const void *)(key + summary->kinds.key_size);
        const char type[] = {'0', 'x', digits[key[0] >> 4], digits[key[0] & 15], digits[key[1] >> 4], digits[key[1] & 15], 0};
        json_open(json, NULL, '{');
        json_text(json, "ethertype", type);
        json_number(json, "frames", counts->frames);
        json_number(json, "octets", counts->octets);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void findings(const summary_t *summary, json_t *json) {
    json_open(json, "findings", '[');
    if (summary->cut > 0) {
        json_open(json, NULL, '{');
        json_text(json, "rule", "{{snake}}_cut_frames");
        json_text(json, "severity", "info");
        json_text(json, "observation", "frames were cut when they were captured");
        json_open(json, "frames", '[');
        for (uint64_t n = 0; n < summary->cut && n < FRAMES_CITED; n++) {
            json_number(json, NULL, summary->cut_frames[n]);
        }
        json_close(json, ']');
        json_number(json, "frames_total", summary->cut);
        json_text(json, "false_alarm", "captures that were made with a small snap length on purpose");
        json_close(json, '}');
    }
    json_close(json, ']');
}

void summary_report(const summary_t *summary, json_t *json) {
    const uint8_t **sorted = table_sorted(&summary->kinds);
    if (sorted == NULL) {
        json->failed = true;
        return;
    }
    json_open(json, NULL, '{');
    json_number(json, "frames", summary->frames);
    kinds(summary, sorted, json);
    json_number(json, "kinds_left_out", summary->kinds_left_out);
    findings(summary, json);
    json_close(json, '}');
    free(sorted);
}
