/* The analysis: which kinds of frames there are, and which were cut when they were captured. */
#pragma once

#include "packets.h"
#include "json.h"
#include "table.h"

enum { FRAMES_CITED = 20 };

typedef struct {
    uint64_t frames;
    table_t kinds; /* EtherType: how many frames, and their octets on the wire */
    uint64_t kinds_left_out;
    uint64_t cut, cut_frames[FRAMES_CITED];
} summary_t;

/* Begins a run. False when there is no memory. */
bool summary_init(summary_t *summary);
void summary_free(summary_t *summary);

/* Takes a frame. */
void summary_frame(summary_t *summary, const frame_t *frame);

/* Writes the report. */
void summary_report(const summary_t *summary, json_t *json);
