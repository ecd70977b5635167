#include "arp.h"

#include <string.h>

#include "report.h"

enum {
    HEADER = 8,
    REQUEST = 1,
    REPLY = 2,
    BINDINGS_MAX = 4096,
    TARGETS_MAX = 4096,
    SENDERS_MAX = 4096,
};

/* Hardware and protocol type, and the lengths of their addresses. */
static const uint8_t ETHERNET_IPV4[6] = {0, 1, 8, 0, 6, 4};
static const uint8_t UNSPECIFIED[4] = {0};

bool arp_init(arp_t *arp, uint64_t max_packets) {
    *arp = (arp_t){.max_packets = max_packets};
    return table_init(&arp->bindings, 10, sizeof(claim_t), BINDINGS_MAX) &&
           table_init(&arp->targets, 4, sizeof(asked_t), TARGETS_MAX) &&
           /* those that were asked for, and as many that may be asked for later */
           table_init(&arp->answered, 4, 0, 2 * TARGETS_MAX) &&
           table_init(&arp->senders, 6, sizeof(sender_t), SENDERS_MAX);
}

void arp_free(arp_t *arp) {
    table_free(&arp->bindings);
    table_free(&arp->targets);
    table_free(&arp->answered);
    table_free(&arp->senders);
}

/* A key of a table: its octets, and zeros. */
typedef struct {
    uint8_t octets[16];
} table_key_t;

static table_key_t key(const uint8_t *first, size_t first_size, const uint8_t *second, size_t second_size) {
    table_key_t made = {{0}};
    memcpy(made.octets, first, first_size);
    memcpy(made.octets + first_size, second, second_size);
    return made;
}

static table_key_t key_of(const uint8_t *octets, size_t size) {
    return key(octets, size, octets, 0);
}

static void asked(arp_t *arp, uint64_t frame, const uint8_t *target) {
    asked_t *value = table_put(&arp->targets, key_of(target, 4).octets);
    if (value == NULL) {
        arp->targets_left_out++;
        return;
    }
    if (value->requests++ == 0) {
        value->first_frame = frame;
    }
}

static void announced(arp_t *arp, uint64_t frame, const uint8_t *mac) {
    sender_t *value = table_put(&arp->senders, key_of(mac, 6).octets);
    if (value == NULL) {
        return;
    }
    if (value->count < FRAMES_CITED) {
        value->frames[value->count] = frame;
    }
    value->count++;
}

static void claimed(arp_t *arp, uint64_t frame, const uint8_t *ip, const uint8_t *mac) {
    claim_t *value = table_put(&arp->bindings, key(ip, 4, mac, 6).octets);
    if (value == NULL) {
        arp->bindings_left_out++;
        return;
    }
    if (value->packets++ == 0) {
        value->first_frame = frame;
    }
    value->last_frame = frame;
}

static void answered(arp_t *arp, const uint8_t *ip) {
    table_key_t of_ip = key_of(ip, 4);
    if (table_get(&arp->targets, of_ip.octets) != NULL || arp->answered.count < TARGETS_MAX) {
        table_put(&arp->answered, of_ip.octets);
    }
}

static void message(arp_t *arp, uint64_t frame, int operation, const uint8_t *mac, const uint8_t *ip, const uint8_t *target) {
    bool is_unspecified = memcmp(ip, UNSPECIFIED, 4) == 0;
    bool is_same = memcmp(ip, target, 4) == 0;
    bool is_gratuitous = is_same && !is_unspecified;
    if (operation == REQUEST) {
        arp->requests++;
        if (is_gratuitous) {
            arp->announcements++;
        } else if (is_unspecified) {
            arp->probes++;
        } else {
            asked(arp, frame, target);
        }
    } else {
        arp->replies++;
        arp->gratuitous_replies += is_same;
        answered(arp, ip);
    }
    if (is_gratuitous) {
        announced(arp, frame, mac);
    }
    if (!is_unspecified) {
        claimed(arp, frame, ip, mac);
    }
}

bool arp_packet(arp_t *arp, const packet_t *packet) {
    if (packet_innermost(packet) != LAYER_ARP) {
        return true;
    }
    const uint8_t *data = packet->payload;
    size_t length = packet->captured;
    arp->found++;
    if (length < HEADER || length < HEADER + 2 * ((size_t)data[4] + data[5])) {
        if (arp->malformed < MALFORMED_CITED) {
            arp->malformed_frames[arp->malformed] = packet->frame;
        }
        arp->malformed++;
    } else if (memcmp(data, ETHERNET_IPV4, sizeof ETHERNET_IPV4) != 0) {
        arp->other_hardware++;
    } else {
        int operation = data[6] << 8 | data[7];
        if (operation == REQUEST || operation == REPLY) {
            message(arp, packet->frame, operation, data + 8, data + 14, data + 24);
        } else {
            arp->other_operations++;
        }
    }
    return arp->found != arp->max_packets;
}
