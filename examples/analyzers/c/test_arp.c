/* The analysis on frames that are made here. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arp.h"

static const uint8_t A[6] = {2, 0, 0, 0, 0, 1}, B[6] = {2, 0, 0, 0, 0, 2};

typedef struct {
    uint8_t data[64];
    size_t length;
} made_t;

static made_t arp(int operation, const uint8_t *mac, uint32_t ip, uint32_t target) {
    made_t frame = {.length = 42};
    const uint8_t head[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, (uint8_t)operation};
    memset(frame.data, 0xff, 6);
    memcpy(frame.data + 6, mac, 6);
    memcpy(frame.data + 12, head, sizeof head);
    memcpy(frame.data + 22, mac, 6);
    for (int part = 0; part < 4; part++) {
        frame.data[28 + part] = (uint8_t)(ip >> (24 - 8 * part));
        frame.data[38 + part] = (uint8_t)(target >> (24 - 8 * part));
    }
    return frame;
}

/* The report on frames, which the caller frees. Each is given in memory of just its size, so that the sanitizer sees what is read behind it. */
static char *report(const made_t *frames, size_t count, uint64_t max_packets) {
    arp_t run;
    json_t json = {0};
    assert(arp_init(&run, max_packets));
    for (size_t n = 0; n < count; n++) {
        uint8_t *data = malloc(frames[n].length + (frames[n].length == 0));
        memcpy(data, frames[n].data, frames[n].length);
        frame_t frame = {.number = n + 1, .link_type = LINK_ETHERNET, .data = data, .length = frames[n].length};
        bool more = arp_frame(&run, &frame);
        free(data);
        if (!more) {
            break;
        }
    }
    arp_report(&run, &json);
    assert(!json.failed);
    arp_free(&run);
    json.text = realloc(json.text, json.length + 1);
    json.text[json.length] = 0;
    return json.text;
}

static void expect(const made_t *frames, size_t count, uint64_t max_packets, const char *piece) {
    char *text = report(frames, count, max_packets);
    if (strstr(text, piece) == NULL) {
        fprintf(stderr, "%s\nis not in\n%s\n", piece, text);
        exit(1);
    }
    free(text);
}

enum { ONE = 0xc0000201, TWO = 0xc0000202, NINE = 0xc0000209 };

static void messages_are_told_apart(void) {
    made_t cut = arp(1, A, ONE, TWO);
    cut.length--;
    made_t frames[] = {arp(1, A, ONE, TWO), arp(2, B, TWO, ONE), arp(1, A, 0, NINE), arp(1, A, ONE, ONE),
                       arp(2, A, ONE, ONE), arp(8, A, ONE, ONE), cut};
    expect(frames, 7, 0,
           "{\"arp_packets_found\":7,\"requests\":3,\"replies\":2,\"probes\":1,\"announcements\":1,\"gratuitous_replies\":1,\"other_operations\":1,"
           "\"other_hardware\":0,\"malformed\":1,\"malformed_frames\":[7],\"bindings\":[{\"ip\":\"192.0.2.1\",\"mac\":\"02:00:00:00:00:01\","
           "\"packets\":3,\"first_frame\":1,\"last_frame\":5},{\"ip\":\"192.0.2.2\",\"mac\":\"02:00:00:00:00:02\"");
    expect(frames, 7, 0, "\"unanswered\":[],\"unanswered_total\":0,\"findings\":[]");
    expect(frames, 7, 2, "\"arp_packets_found\":2,");
}

static void two_claims_of_one_address_are_a_finding(void) {
    made_t frames[] = {arp(2, B, ONE, TWO), arp(2, B, ONE, TWO), arp(2, A, ONE, TWO)};
    expect(frames, 3, 0, "\"rule\":\"arp_duplicate_binding\",\"subject\":\"192.0.2.1\"");
    expect(frames, 3, 0, "\"frames\":[1,3],\"frames_total\":2");
}

static void many_announcements_are_a_finding(void) {
    made_t frames[25];
    for (int n = 0; n < 25; n++) {
        frames[n] = arp(1, A, ONE, ONE);
    }
    expect(frames, 19, 0, "\"findings\":[]");
    expect(frames, 25, 0, "\"rule\":\"arp_gratuitous_flood\",\"subject\":\"02:00:00:00:00:01\"");
    expect(frames, 25, 0, "\"frames_total\":25");
}

static void tables_are_bounded(void) {
    made_t *frames = malloc(5000 * sizeof *frames);
    for (uint32_t n = 0; n < 5000; n++) {
        frames[n] = arp(1, A, 0x0a000000 + n, 0x0a010000 + n);
    }
    expect(frames, 5000, 0, "\"limits\":{\"bindings_left_out\":904,\"targets_left_out\":904}");
    expect(frames, 5000, 0, "\"unanswered_total\":4096");
    free(frames);
}

static void changed_frames_do_no_harm(void) {
    srand(1);
    for (int round = 0; round < 500; round++) {
        made_t frame = arp(1 + rand() % 2, A, ONE, TWO);
        for (int change = rand() % 4; change > 0; change--) {
            frame.data[12 + rand() % 30] = (uint8_t)rand();
        }
        frame.length = (size_t)rand() % (frame.length + 1);
        free(report(&frame, 1, 0));
    }
}

int main(void) {
    messages_are_told_apart();
    two_claims_of_one_address_are_a_finding();
    many_announcements_are_a_finding();
    tables_are_bounded();
    changed_frames_do_no_harm();
    puts("ok");
    return 0;
}
