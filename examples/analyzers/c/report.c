#include "report.h"

#include <stdlib.h>
#include <string.h>

enum { UNANSWERED_LISTED = 100, FINDINGS_MAX = 100, GRATUITOUS_MANY = 20 };

/* Room for an address as text. */
typedef struct {
    char text[24];
} address_t;

static char *decimal(char *to, uint8_t number) {
    if (number >= 100) {
        *to++ = (char)('0' + number / 100);
    }
    if (number >= 10) {
        *to++ = (char)('0' + number / 10 % 10);
    }
    *to++ = (char)('0' + number % 10);
    return to;
}

static address_t ip_text(const uint8_t *ip) {
    address_t address = {{0}};
    char *to = address.text;
    for (int part = 0; part < 4; part++) {
        if (part > 0) {
            *to++ = '.';
        }
        to = decimal(to, ip[part]);
    }
    return address;
}

static address_t mac_text(const uint8_t *mac) {
    static const char digits[] = "0123456789abcdef";
    address_t address = {{0}};
    for (int part = 0; part < 6; part++) {
        address.text[3 * part] = digits[mac[part] >> 4];
        address.text[3 * part + 1] = digits[mac[part] & 15];
        address.text[3 * part + 2] = part < 5 ? ':' : 0;
    }
    return address;
}

static void counts(const arp_t *arp, json_t *json) {
    json_number(json, "arp_packets_found", arp->found);
    json_number(json, "requests", arp->requests);
    json_number(json, "replies", arp->replies);
    json_number(json, "probes", arp->probes);
    json_number(json, "announcements", arp->announcements);
    json_number(json, "gratuitous_replies", arp->gratuitous_replies);
    json_number(json, "other_operations", arp->other_operations);
    json_number(json, "other_hardware", arp->other_hardware);
    json_number(json, "malformed", arp->malformed);
    json_open(json, "malformed_frames", '[');
    for (uint64_t n = 0; n < arp->malformed && n < MALFORMED_CITED; n++) {
        json_number(json, NULL, arp->malformed_frames[n]);
    }
    json_close(json, ']');
}

static void bindings(const arp_t *arp, const uint8_t **sorted, json_t *json) {
    json_open(json, "bindings", '[');
    for (size_t n = 0; n < arp->bindings.count; n++) {
        const claim_t *claim = (const claim_t *)(const void *)(sorted[n] + arp->bindings.key_size);
        json_open(json, NULL, '{');
        json_text(json, "ip", ip_text(sorted[n]).text);
        json_text(json, "mac", mac_text(sorted[n] + 4).text);
        json_number(json, "packets", claim->packets);
        json_number(json, "first_frame", claim->first_frame);
        json_number(json, "last_frame", claim->last_frame);
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* Values stand behind their keys, which have all the same size. */
static size_t target_size;

static const asked_t *asked_of(const uint8_t *entry) {
    return (const asked_t *)(const void *)(entry + target_size);
}

/* Those that were asked for most come first, then by address. */
static int by_requests(const void *one, const void *other) {
    const uint8_t *a = *(const uint8_t *const *)one, *b = *(const uint8_t *const *)other;
    if (asked_of(a)->requests != asked_of(b)->requests) {
        return asked_of(a)->requests < asked_of(b)->requests ? 1 : -1;
    }
    return memcmp(a, b, 4);
}

static void unanswered(const arp_t *arp, json_t *json) {
    const uint8_t **all = table_sorted(&arp->targets);
    size_t count = 0;
    for (size_t n = 0; all != NULL && n < arp->targets.count; n++) {
        if (table_get(&arp->answered, all[n]) == NULL) {
            all[count++] = all[n];
        }
    }
    target_size = arp->targets.key_size;
    if (all != NULL) {
        qsort(all, count, sizeof *all, by_requests);
    }
    json_open(json, "unanswered", '[');
    for (size_t n = 0; n < count && n < UNANSWERED_LISTED; n++) {
        json_open(json, NULL, '{');
        json_text(json, "ip", ip_text(all[n]).text);
        json_number(json, "requests", asked_of(all[n])->requests);
        json_number(json, "first_frame", asked_of(all[n])->first_frame);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_number(json, "unanswered_total", count);
    json->failed |= all == NULL;
    free(all);
}

typedef struct {
    const char *rule, *severity, *observation, *threshold, *false_alarm;
} rule_t;

static const rule_t DUPLICATE = {
    "arp_duplicate_binding",
    "medium",
    "one IPv4 address was claimed by several hardware addresses",
    "2 hardware addresses for one IPv4 address",
    "addresses that move between machines: failover pairs, VRRP without virtual hardware addresses, a replaced network card, "
    "DHCP leases given out again",
};
static const rule_t FLOOD = {
    "arp_gratuitous_flood",
    "low",
    "one hardware address sent many gratuitous ARP messages",
    "20 announcements or gratuitous replies of one sender hardware address",
    "failover clusters and virtual machine migrations announce all their addresses at once",
};

static void measure(json_t *json, const char *name, uint64_t value) {
    json_open(json, NULL, '{');
    json_text(json, "name", name);
    json_number(json, "value", value);
    json_close(json, '}');
}

/* Begins a finding; its measures follow. */
static void begin(json_t *json, const rule_t *rule, const char *subject) {
    json_open(json, NULL, '{');
    json_text(json, "rule", rule->rule);
    json_text(json, "subject", subject);
    json_text(json, "severity", rule->severity);
    json_text(json, "confidence", "medium");
    json_text(json, "observation", rule->observation);
    json_open(json, "measures", '[');
}

static void end(json_t *json, const rule_t *rule, const uint64_t *frames, uint64_t total) {
    json_close(json, ']');
    json_text(json, "threshold", rule->threshold);
    json_open(json, "frames", '[');
    for (uint64_t n = 0; n < total && n < FRAMES_CITED; n++) {
        json_number(json, NULL, frames[n]);
    }
    json_close(json, ']');
    json_number(json, "frames_total", total);
    json_text(json, "false_alarm", rule->false_alarm);
    json_close(json, '}');
}

static int by_number(const void *one, const void *other) {
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

static void duplicates(const arp_t *arp, const uint8_t **sorted, json_t *json) {
    size_t count = arp->bindings.count, findings = 0;
    uint64_t *frames = malloc((count + 1) * sizeof *frames);
    for (size_t first = 0, next; frames != NULL && first < count && findings < FINDINGS_MAX; first = next) {
        uint64_t packets = 0;
        for (next = first; next < count && memcmp(sorted[first], sorted[next], 4) == 0; next++) {
            const claim_t *claim = (const claim_t *)(const void *)(sorted[next] + arp->bindings.key_size);
            packets += claim->packets;
            frames[next - first] = claim->first_frame;
        }
        uint64_t claims = next - first;
        if (claims < 2) {
            continue;
        }
        findings++;
        qsort(frames, claims, sizeof *frames, by_number);
        begin(json, &DUPLICATE, ip_text(sorted[first]).text);
        measure(json, "hardware_addresses", claims);
        measure(json, "packets", packets);
        end(json, &DUPLICATE, frames, claims);
    }
    json->failed |= frames == NULL;
    free(frames);
}

static void floods(const arp_t *arp, json_t *json) {
    const uint8_t **sorted = table_sorted(&arp->senders);
    size_t findings = 0;
    for (size_t n = 0; sorted != NULL && n < arp->senders.count && findings < FINDINGS_MAX; n++) {
        const sender_t *sender = (const sender_t *)(const void *)(sorted[n] + arp->senders.key_size);
        if (sender->count >= GRATUITOUS_MANY) {
            findings++;
            begin(json, &FLOOD, mac_text(sorted[n]).text);
            measure(json, "gratuitous_messages", sender->count);
            end(json, &FLOOD, sender->frames, sender->count);
        }
    }
    json->failed |= sorted == NULL;
    free(sorted);
}

void arp_report(const arp_t *arp, json_t *json) {
    const uint8_t **sorted = table_sorted(&arp->bindings);
    if (sorted == NULL) {
        json->failed = true;
        return;
    }
    json_open(json, NULL, '{');
    counts(arp, json);
    bindings(arp, sorted, json);
    unanswered(arp, json);
    json_open(json, "findings", '[');
    duplicates(arp, sorted, json);
    floods(arp, json);
    json_close(json, ']');
    json_open(json, "limits", '{');
    json_number(json, "bindings_left_out", arp->bindings_left_out);
    json_number(json, "targets_left_out", arp->targets_left_out);
    json_close(json, '}');
    json_close(json, '}');
    free(sorted);
}
