/* What stands in the tables of `arp_t`, and is reported. */
#pragma once

#include "arp.h"

/* Messages that claim an IPv4 address for a hardware address. */
typedef struct {
    uint64_t packets, first_frame, last_frame;
} claim_t;

/* Requests for an address. */
typedef struct {
    uint64_t requests, first_frame;
} asked_t;

/* Messages of a sender about its own address, which nobody asked for. */
typedef struct {
    uint64_t count, frames[FRAMES_CITED];
} sender_t;
