/* ARP (RFC 826) over Ethernet, with the probes and announcements of RFC 5227: what is kept of the messages, and what is reported. */
#pragma once

#include "packets.h"
#include "json.h"
#include "table.h"

enum { MALFORMED_CITED = 10, FRAMES_CITED = 20 };

typedef struct {
    uint64_t max_packets; /* 0: all */
    uint64_t found, requests, replies, probes, announcements, gratuitous_replies, other_operations, other_hardware, malformed;
    uint64_t malformed_frames[MALFORMED_CITED];
    table_t bindings; /* IPv4 address and hardware address: claim_t */
    table_t targets;  /* IPv4 address: asked_t */
    table_t answered; /* IPv4 address */
    table_t senders;  /* hardware address: sender_t */
    uint64_t bindings_left_out, targets_left_out;
} arp_t;

/* Begins a run. False when there is no memory. */
bool arp_init(arp_t *arp, uint64_t max_packets);
void arp_free(arp_t *arp);

/* Takes a packet; whether more are wanted. */
bool arp_packet(arp_t *arp, const packet_t *packet);

/* Writes the report. */
void arp_report(const arp_t *arp, json_t *json);
