#include "banners.h"

#include <string.h>

#include "server.h"

enum {
    SERVERS_MAX = 4096,
    OPENINGS_MAX = 8192, /* the decoder follows fewer connections */
};

/* How a connection begins: who speaks first, in which frame, and the first line of the server. */
typedef struct {
    side_t from;
    uint64_t frame;
    line_t line;
    bool is_whole;
} opening_t;

bool banners_init(banners_t *banners, asked_t asked) {
    *banners = (banners_t){.asked = asked};
    return table_init(&banners->openings, sizeof(uint64_t), sizeof(opening_t), OPENINGS_MAX) &&
           table_init(&banners->servers, KEY_SIZE, sizeof(server_t), SERVERS_MAX);
}

void banners_free(banners_t *banners) {
    table_free(&banners->openings);
    table_free(&banners->servers);
}

static void opening_take(opening_t *opening, const event_t *event) {
    line_t *line = &opening->line;
    if (opening->from == SIDE_NONE) {
        opening->from = event->from;
        opening->frame = event->frame;
    }
    if (event->from == SIDE_CLIENT || opening->is_whole) {
        return;
    }
    if (event->kind == EVENT_GAP) {
        opening->is_whole = true; /* what stands behind it is another part of the text */
        return;
    }
    const uint8_t *end = memchr(event->bytes, '\n', event->length);
    size_t length = end == NULL ? event->length : (size_t)(end - event->bytes), room = LINE_BYTES - line->length;
    memcpy(line->bytes + line->length, event->bytes, length < room ? length : room);
    line->length += length < room ? length : room;
    opening->is_whole = end != NULL || line->length == LINE_BYTES;
    if (line->frames_count < LINE_FRAMES) {
        line->frames[line->frames_count++] = event->frame;
    }
}

static bool is_digit(uint8_t octet) {
    return octet >= '0' && octet <= '9';
}

/* Whether the server tells something like `9.6` before it is asked. The version of SSH itself does not count (RFC 4253 section 4.2). */
static bool tells_version(const opening_t *opening) {
    const line_t *line = &opening->line;
    size_t at = 0;
    if (line->length >= 4 && memcmp(line->bytes, "SSH-", 4) == 0) {
        for (at = 4; at < line->length && line->bytes[at] != '-'; at++) {
        }
    }
    for (; opening->from == SIDE_SERVER && at + 2 < line->length; at++) {
        if (is_digit(line->bytes[at]) && line->bytes[at + 1] == '.' && is_digit(line->bytes[at + 2])) {
            return true;
        }
    }
    return false;
}

static void server_add(server_t *server, const opening_t *opening) {
    const line_t *line = &opening->line;
    server->connections++;
    server->client_first += opening->from == SIDE_CLIENT;
    if (opening->from == SIDE_SERVER) {
        frames_add(&server->server_first, opening->frame);
    }
    if (tells_version(opening)) {
        frames_add(&server->versions, line->frames[0]);
    }
    if (line->frames_count > 0 && (server->banner.frames_count == 0 || line->frames[0] < server->banner.frames[0])) {
        server->banner = *line;
        server->banner.length -= line->length > 0 && line->bytes[line->length - 1] == '\r';
    }
}

static void closed(banners_t *banners, const connection_t *connection, const uint8_t *id) {
    static const opening_t SILENT;
    uint8_t key[KEY_SIZE] = {connection->version};
    for (int n = 0; n < 16; n++) {
        key[KEY_ADDRESS + n] = (uint8_t)(connection->server[n / 8] >> (56 - 8 * (n % 8)));
    }
    key[KEY_PORT] = (uint8_t)(connection->server_port >> 8);
    key[KEY_PORT + 1] = (uint8_t)connection->server_port;
    const opening_t *opening = table_get(&banners->openings, id);
    server_t *server = table_put(&banners->servers, key);
    banners->connections++;
    if (server == NULL) {
        banners->left_out++;
    } else {
        server_add(server, opening == NULL ? &SILENT : opening);
    }
    table_remove(&banners->openings, id);
}

void banners_stream(banners_t *banners, const connection_t *connection, const event_t *event) {
    uint8_t id[sizeof connection->id];
    memcpy(id, &connection->id, sizeof id);
    if (!connection->client_known) {
        banners->without_start += event->kind == EVENT_CLOSED;
    } else if (event->kind == EVENT_CLOSED) {
        closed(banners, connection, id);
    } else if (event->kind == EVENT_DATA || event->kind == EVENT_GAP) {
        opening_t *opening = table_put(&banners->openings, id);
        if (opening != NULL) {
            opening_take(opening, event);
        }
    }
}
