#include "summary.h"

#include <stdlib.h>

enum { SERVICES_MAX = 4096 };

typedef struct {
    uint64_t packets, bytes;
} counts_t;

bool summary_init(summary_t *summary) {
    *summary = (summary_t){0};
    return table_init(&summary->services, 3, sizeof(counts_t), SERVICES_MAX);
}

void summary_free(summary_t *summary) {
    table_free(&summary->services);
}

void summary_packet(summary_t *summary, const packet_t *packet) {
    uint16_t port = packet->source_port < packet->destination_port ? packet->source_port : packet->destination_port;
    uint8_t key[8] = {packet->transport, (uint8_t)(port >> 8), (uint8_t)port};
    if (packet->copy_of != 0) {
        summary->copies++;
        return;
    }
    summary->packets++;
    counts_t *counts = table_put(&summary->services, key);
    if (counts == NULL) {
        summary->left_out++;
    } else {
        counts->packets++;
        counts->bytes += packet->length;
    }
    if (packet->captured < packet->length) {
        if (summary->cut < FRAMES_CITED) {
            summary->cut_frames[summary->cut] = packet->frame;
        }
        summary->cut++;
    }
}

static void services(const summary_t *summary, const uint8_t **sorted, json_t *json) {
    json_open(json, "services", '[');
    for (size_t n = 0; n < summary->services.count; n++) {
        const uint8_t *key = sorted[n];
        const counts_t *counts = (const counts_t *)(const void *)(key + summary->services.key_size);
        json_open(json, NULL, '{');
        json_text(json, "transport", key[0] == PROTOCOL_TCP ? "tcp" : "udp");
        json_number(json, "port", (uint64_t)(key[1] << 8 | key[2]));
        json_number(json, "packets", counts->packets);
        json_number(json, "bytes", counts->bytes);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void findings(const summary_t *summary, json_t *json) {
    json_open(json, "findings", '[');
    if (summary->cut > 0) {
        json_open(json, NULL, '{');
        json_text(json, "rule", "{{snake}}_cut_payloads");
        json_text(json, "severity", "info");
        json_text(json, "observation", "payloads were cut when they were captured");
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
    const uint8_t **sorted = table_sorted(&summary->services);
    if (sorted == NULL) {
        json->failed = true;
        return;
    }
    json_open(json, NULL, '{');
    json_number(json, "packets", summary->packets);
    json_number(json, "copies", summary->copies);
    services(summary, sorted, json);
    json_number(json, "left_out", summary->left_out);
    findings(summary, json);
    json_close(json, '}');
    free(sorted);
}
