#include "summary.h"

#include <stdlib.h>
#include <string.h>

enum { SERVERS_MAX = 4096 };

/* The key of a server; all of its octets count, so that it has no room that is not set. */
typedef struct {
    uint64_t address[2];
    uint32_t version, port;
} server_key_t;

typedef struct {
    uint64_t connections, bytes, missing;
} counts_t;

static const rule_t MISSING = {
    .rule = "{{snake}}_missing_bytes",
    .severity = "info",
    .confidence = "high",
    .observation = "bytes that servers sent are not in the capture",
    .measure = "gaps",
    .threshold = "1 gap in what a server sent",
    .false_alarm = "captures that were made with a small snap length on purpose",
};

bool summary_init(summary_t *summary) {
    *summary = (summary_t){0};
    return table_init(&summary->servers, sizeof(server_key_t), sizeof(counts_t), SERVERS_MAX);
}

void summary_free(summary_t *summary) {
    table_free(&summary->servers);
}

void summary_stream(summary_t *summary, const connection_t *connection, const event_t *event) {
    server_key_t key = {{connection->server[0], connection->server[1]}, connection->version, connection->server_port};
    counts_t *counts = table_put(&summary->servers, (const uint8_t *)&key);
    if (counts == NULL) {
        summary->left_out += event->kind == EVENT_CLOSED;
    } else if (event->kind == EVENT_CLOSED) {
        counts->connections++;
    } else if (event->kind == EVENT_DATA && event->from == SIDE_SERVER) {
        counts->bytes += event->length; /* event->bytes has them */
    } else if (event->kind == EVENT_GAP && event->from == SIDE_SERVER) {
        counts->missing += event->length;
        frames_add(&summary->gaps, event->frame);
    }
}

static void servers(const summary_t *summary, const uint8_t **sorted, json_t *json) {
    json_open(json, "servers", '[');
    for (size_t n = 0; n < summary->servers.count; n++) {
        const server_key_t *key = (const server_key_t *)(const void *)sorted[n];
        const counts_t *counts = (const counts_t *)(const void *)(sorted[n] + summary->servers.key_size);
        char address[ADDRESS_TEXT];
        address_text((uint8_t)key->version, key->address, address);
        json_open(json, NULL, '{');
        json_text(json, "address", address);
        json_number(json, "port", key->port);
        json_number(json, "connections", counts->connections);
        json_number(json, "bytes", counts->bytes);
        json_number(json, "missing", counts->missing);
        json_close(json, '}');
    }
    json_close(json, ']');
}

void summary_report(const summary_t *summary, json_t *json) {
    const uint8_t **sorted = table_sorted(&summary->servers);
    if (sorted == NULL) {
        json->failed = true;
        return;
    }
    json_open(json, NULL, '{');
    json_open(json, "findings", '[');
    if (summary->gaps.total > 0) {
        finding(json, &MISSING, "the capture", &summary->gaps);
    }
    json_close(json, ']');
    servers(summary, sorted, json);
    json_number(json, "left_out", summary->left_out);
    json_close(json, '}');
    free(sorted);
}
