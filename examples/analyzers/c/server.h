/* What is kept of a server. */
#pragma once

#include "finding.h"

enum { LINE_BYTES = 512, LINE_FRAMES = 8 };

/* The first line that a server sent, and the frames that carried it. */
typedef struct {
    uint8_t bytes[LINE_BYTES];
    size_t length, frames_count;
    uint64_t frames[LINE_FRAMES];
} line_t;

typedef struct {
    uint64_t connections, client_first;
    frames_t server_first; /* where the server sent the first bytes */
    frames_t versions;     /* where it told a version of its software before it was asked */
    line_t banner;         /* the first line in the first connection that has one */
} server_t;

/* The key of a server: version of the address, the address, the port, so that keys in the order of their octets are in that of addresses and ports. */
enum { KEY_ADDRESS = 1, KEY_PORT = 17, KEY_SIZE = 24 };
