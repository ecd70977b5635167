/* What servers of TCP connections say first: what is kept of the streams, and what is reported. */
#pragma once

#include "finding.h"
#include "json.h"
#include "streams.h"
#include "table.h"

/* What may be asked. */
typedef struct {
    side_t speaks_first;       /* list only servers with connections in which this end sent the first bytes; SIDE_NONE: all */
    uint64_t offset, limit; /* the page of the list of servers */
} asked_t;

typedef struct {
    asked_t asked;
    table_t openings; /* of the connections that are open, by their id: opening_t */
    table_t servers;  /* by version, address and port: server_t */
    uint64_t connections, without_start, left_out;
} banners_t;

/* Begins a run. False when there is no memory. */
bool banners_init(banners_t *banners, asked_t asked);
void banners_free(banners_t *banners);

/* Takes what happened in a stream. */
void banners_stream(banners_t *banners, const connection_t *connection, const event_t *event);

/* Writes the report. */
void banners_report(const banners_t *banners, json_t *json);
