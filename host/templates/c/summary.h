/* The analysis: what the TCP servers of a capture sent, and what of it was not captured. */
#pragma once

#include "finding.h"
#include "json.h"
#include "streams.h"
#include "table.h"

typedef struct {
    table_t servers; /* version, address and port: how many connections, bytes that it sent, bytes that are missing */
    frames_t gaps;
    uint64_t left_out;
} summary_t;

/* Begins a run. False when there is no memory. */
bool summary_init(summary_t *summary);
void summary_free(summary_t *summary);

/* Takes what happened in a stream. */
void summary_stream(summary_t *summary, const connection_t *connection, const event_t *event);

/* Writes the report. */
void summary_report(const summary_t *summary, json_t *json);
