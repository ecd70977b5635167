/* What happened in TCP streams, which the decoder has put together. Copy streams.h and streams.c, with packets.h and bindings, into your own project. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packets.h"

typedef enum { SIDE_NONE, SIDE_CLIENT, SIDE_SERVER } side_t;

enum { NO_VLAN = 0xFFFF };

/* A TCP connection. Addresses as in packet_t. */
typedef struct {
    uint64_t id;     /* what tells it from all others of the capture */
    uint64_t number; /* under which all tools know it, from 0; data behind its end has the same number and another id */
    uint8_t version; /* 4 or 6 */
    uint64_t client[2], server[2]; /* the end that opened it, and the other one */
    uint16_t client_port, server_port;
    bool client_known; /* a SYN told who the client is: its beginning is in the capture; otherwise it is taken from the ports */
    uint64_t first_frame;
    uint16_t vlan; /* the outermost VLAN id of its first packet, or NO_VLAN */
} connection_t;

typedef enum {
    EVENT_DATA,     /* the next bytes of a direction */
    EVENT_GAP,      /* bytes that are not in the capture */
    EVENT_CONFLICT, /* a segment says otherwise about bytes that came first, and those count */
    EVENT_FIN,      /* one end said that nothing more comes from it, and everything before was given */
    EVENT_CLOSED,   /* nothing more comes: given once for each connection, after everything else */
} event_kind_t;

/* Why nothing more comes; by their numbers in the contract. */
typedef enum { NOT_CLOSED, CLOSED_FIN = 9, CLOSED_RESET, CLOSED_REUSED, CLOSED_EVICTED, CLOSED_CAPTURE_END } closed_t;

/* Something that happened in a stream. */
typedef struct {
    event_kind_t kind;
    side_t from;          /* who sent the bytes; of EVENT_CLOSED nobody */
    closed_t reason;      /* of EVENT_CLOSED */
    uint32_t connection;  /* its place, for connection_at */
    uint64_t arrival;     /* the frame whose packet brought the event */
    uint64_t frame;       /* the one that carried the data, that shows that bytes are missing, that contradicts, that has FIN; or the last one of the connection */
    uint64_t time;        /* when data was captured, in nanoseconds since 1970; UINT64_MAX: unknown */
    uint64_t position;    /* bytes of this direction before these, those that are missing among them */
    const uint8_t *bytes; /* of EVENT_DATA; otherwise NULL */
    uint64_t length;      /* bytes of data, bytes that are missing, or those of the segment that contradicts */
    bool segment_start;   /* data begins where the payload of a segment begins */
    bool is_cut;          /* the snap length cut the missing bytes off the frame */
} event_t;

/* The event in a row of the columns, which the host has checked, and the connection at a place. */
event_t event_at(const mcpcap_analysis_types_batch_t *batch, const mcpcap_analysis_types_streams_t *streams, size_t row);
connection_t connection_at(const mcpcap_analysis_types_streams_t *streams, uint32_t place);

/* For tools that want packets and streams: what comes next in the order of the file, where an event stands behind the packet that brought it. `order`
   begins with zeros; what comes is in the row `order.packet - 1` or `order.event - 1`. */
typedef struct {
    size_t packet, event;
} order_t;
typedef enum { NEXT_NOTHING, NEXT_PACKET, NEXT_EVENT } next_t;
next_t order_next(order_t *order, const mcpcap_analysis_types_batch_t *batch, const mcpcap_analysis_types_packets_t *packets,
                  const mcpcap_analysis_types_streams_t *streams);
