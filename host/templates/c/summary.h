/* The analysis: which services over UDP and TCP there are, and which payloads were cut when they were captured. */
#pragma once

#include "packets.h"
#include "json.h"
#include "table.h"

enum { FRAMES_CITED = 20 };

typedef struct {
    uint64_t packets, copies;
    table_t services; /* transport and port: how many packets, and the bytes of their payloads on the wire */
    uint64_t left_out;
    uint64_t cut, cut_frames[FRAMES_CITED];
} summary_t;

/* Begins a run. False when there is no memory. */
bool summary_init(summary_t *summary);
void summary_free(summary_t *summary);

/* Takes a packet. */
void summary_packet(summary_t *summary, const packet_t *packet);

/* Writes the report. */
void summary_report(const summary_t *summary, json_t *json);
