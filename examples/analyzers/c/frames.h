/* What a C analyzer needs of a frame. Copy frames.h, frames.c, table.h, table.c, json.h and json.c into your own project. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { LINK_ETHERNET = 1 }; /* LINKTYPE_ETHERNET, https://www.tcpdump.org/linktypes.html */

/* One frame, as it was captured. */
typedef struct {
    uint64_t number;     /* as Wireshark counts, from 1 */
    uint16_t link_type;  /* value of the LINKTYPE_ registry */
    const uint8_t *data; /* what was captured */
    size_t length;       /* octets of it */
    uint32_t original;   /* octets that it had on the wire */
} frame_t;

/* EtherType of an Ethernet frame behind its VLAN tags (at most four), and where its payload begins; -1 for a frame that ends before that. */
int32_t frame_ethertype(const uint8_t *data, size_t length, size_t *payload);
