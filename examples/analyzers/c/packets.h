/* What a C analyzer needs of a packet. Copy packets.h, packets.c, table.h, table.c, json.h, json.c and bindings into your own project. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bindings/analyzer.h"

/* IP protocol numbers, as `protocol` and `transport` have them. */
enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_ICMPV6 = 58 };

/* Kinds of layers; the contract's README has all of them. */
enum { LAYER_VLAN = 2, LAYER_ARP = 54 };

/* Room for any address as text, and for a Community ID, with the zero behind it. */
enum { ADDRESS_TEXT = 46, COMMUNITY_TEXT = 31, COMMUNITY_BYTES = 20 };

/* One frame with the packet in it: what is innermost, behind link layers, tags and tunnels. Its parts lie in the batch. */
typedef struct {
    uint64_t frame;      /* number of the frame, as Wireshark counts, from 1 */
    uint64_t time;       /* nanoseconds since 1970; UINT64_MAX: unknown */
    uint32_t frame_size; /* bytes that the frame had on the wire */
    uint8_t version;     /* 4, 6, or 0: there is no IP header */
    uint64_t source[2], destination[2]; /* addresses, the higher half first; an IPv4 address is the lower 32 bits */
    uint8_t protocol;    /* behind the IP header */
    uint8_t transport;   /* the header that was reached: PROTOCOL_.., or 0 */
    uint16_t source_port, destination_port;
    const uint8_t *payload; /* what the transport header carries; without one, what the innermost layer carries */
    size_t captured;        /* bytes of it that are there */
    uint32_t length;        /* bytes of it that were on the wire */
    uint8_t stop;           /* why decoding ended before the transport's payload, as in the contract; 0: it did not */
    uint64_t copy_of;       /* the frame that has the same packet first; 0: none */
    const uint8_t *community; /* 20 bytes of its Community ID, for a tool that says "community_ids": true; NULL otherwise and without IP */
    const uint64_t *layers; /* outermost first */
    size_t layers_count;
} packet_t;

/* The packet in a row of the columns, which the host has checked. */
packet_t packet_at(const mcpcap_analysis_types_batch_t *batch, const mcpcap_analysis_types_packets_t *packets, size_t row);

/* Kind and number (VLAN id, label, ..) of a layer. */
uint32_t layer_kind(uint64_t layer);
uint32_t layer_number(uint64_t layer);

/* Kind of the innermost layer; 0 for a frame without any. */
uint32_t packet_innermost(const packet_t *packet);

/* Writes an address of a packet as text (RFC 5952); nothing for a version of 0. */
void address_text(uint8_t version, const uint64_t address[2], char text[ADDRESS_TEXT]);

/* Writes a packet's Community ID as text, as Zeek and Suricata write it; nothing where there is none. */
void community_text(const packet_t *packet, char text[COMMUNITY_TEXT]);
