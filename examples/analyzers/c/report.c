#include <stdio.h>
#include <stdlib.h>

#include "banners.h"
#include "server.h"

enum { LINE_CHARACTERS = 120, FINDINGS_MAX = 100, END_TEXT = ADDRESS_TEXT + 8 };

/* Where the client speaks first: DNS, HTTP, LDAP, HTTPS, SMB, RDP, Redis, HTTP. */
static const uint16_t CLIENT_FIRST[] = {53, 80, 389, 443, 445, 3389, 6379, 8080};

static const rule_t VERSION = {
    .rule = "banners_software_version",
    .severity = "low",
    .confidence = "medium",
    .observation = "a server told a version of its software in clear to whoever connects",
    .measure = "connections",
    .threshold = "1 first line of a server that speaks first with a number such as 9.6 in it; of SSH, behind the version of the protocol",
    .false_alarm = "a number that is no version of software: an address, a date, the version of a protocol",
};
static const rule_t SERVER_FIRST = {
    .rule = "banners_server_spoke_first",
    .severity = "medium",
    .confidence = "medium",
    .observation = "a server sent the first bytes on a port where clients do",
    .measure = "connections",
    .threshold = "1 connection to port 53, 80, 389, 443, 445, 3389, 6379 or 8080 in which the server sent the first bytes",
    .false_alarm = "another service that was put on this port on purpose, such as SSH on 443; a web server that gives up on a client that asks nothing",
};

static uint16_t port_of(const uint8_t *key) {
    return (uint16_t)(key[KEY_PORT] << 8 | key[KEY_PORT + 1]);
}

static void key_address(const uint8_t *key, char text[ADDRESS_TEXT]) {
    uint64_t address[2] = {0};
    for (int n = 0; n < 16; n++) {
        address[n / 8] = address[n / 8] << 8 | key[KEY_ADDRESS + n];
    }
    address_text(key[0], address, text);
}

static bool is_version(const uint8_t *key, const server_t *server) {
    (void)key;
    return server->versions.total > 0;
}

static bool is_server_first(const uint8_t *key, const server_t *server) {
    for (size_t n = 0; n < sizeof CLIENT_FIRST / sizeof *CLIENT_FIRST; n++) {
        if (CLIENT_FIRST[n] == port_of(key)) {
            return server->server_first.total > 0;
        }
    }
    return false;
}

static const server_t *server_of(const banners_t *banners, const uint8_t *key) {
    return (const server_t *)(const void *)(key + banners->servers.key_size);
}

/* The findings of a rule; how many of them there was no room for. */
static uint64_t findings(const banners_t *banners, const uint8_t **sorted, const rule_t *rule, json_t *json) {
    uint64_t found = 0;
    bool (*shows)(const uint8_t *, const server_t *) = rule == &VERSION ? is_version : is_server_first;
    for (size_t n = 0; n < banners->servers.count; n++) {
        const server_t *server = server_of(banners, sorted[n]);
        if (shows(sorted[n], server) && found++ < FINDINGS_MAX) {
            char address[ADDRESS_TEXT], subject[END_TEXT];
            key_address(sorted[n], address);
            snprintf(subject, sizeof subject, sorted[n][0] == 6 ? "[%s]:%u" : "%s:%u", address, port_of(sorted[n]));
            finding(json, rule, subject, rule == &VERSION ? &server->versions : &server->server_first);
        }
    }
    return found > FINDINGS_MAX ? found - FINDINGS_MAX : 0;
}

static void entry(const uint8_t *key, const server_t *server, json_t *json) {
    char address[ADDRESS_TEXT];
    key_address(key, address);
    json_open(json, NULL, '{');
    json_text(json, "address", address);
    json_number(json, "port", port_of(key));
    json_number(json, "connections", server->connections);
    json_number(json, "server_first", server->server_first.total);
    json_number(json, "client_first", server->client_first);
    json_captured(json, "banner", server->banner.bytes, server->banner.length, LINE_CHARACTERS);
    json_open(json, "frames", '[');
    for (size_t n = 0; n < server->banner.frames_count; n++) {
        json_number(json, NULL, server->banner.frames[n]);
    }
    json_close(json, ']');
    json_close(json, '}');
}

static bool is_asked(side_t side, const server_t *server) {
    return side == SIDE_NONE || (side == SIDE_SERVER ? server->server_first.total : server->client_first) > 0;
}

/* The page of servers that is asked for, and what `pages` says of it. */
static void servers(const banners_t *banners, const uint8_t **sorted, json_t *json) {
    const asked_t *asked = &banners->asked;
    uint64_t total = 0, returned = 0;
    json_open(json, "servers", '[');
    for (size_t n = 0; n < banners->servers.count; n++) {
        const server_t *server = server_of(banners, sorted[n]);
        if (is_asked(asked->speaks_first, server) && total++ >= asked->offset && returned < asked->limit) {
            returned++;
            entry(sorted[n], server, json);
        }
    }
    json_close(json, ']');
    json_open(json, "pages", '[');
    json_open(json, NULL, '{');
    json_text(json, "list", "servers");
    json_number(json, "total", total);
    json_number(json, "offset", asked->offset);
    json_number(json, "returned", returned);
    json_close(json, '}');
    json_close(json, ']');
}

void banners_report(const banners_t *banners, json_t *json) {
    const uint8_t **sorted = table_sorted(&banners->servers);
    if (sorted == NULL) {
        json->failed = true;
        return;
    }
    json_open(json, NULL, '{');
    json_number(json, "connections", banners->connections);
    json_number(json, "connections_without_start", banners->without_start);
    json_open(json, "findings", '[');
    uint64_t left_out = findings(banners, sorted, &VERSION, json);
    left_out += findings(banners, sorted, &SERVER_FIRST, json);
    json_close(json, ']');
    servers(banners, sorted, json);
    json_open(json, "limits", '{');
    json_number(json, "connections_left_out", banners->left_out);
    json_number(json, "findings_left_out", left_out);
    json_close(json, '}');
    json_close(json, '}');
    free(sorted);
}
