/* The analysis on messages that are made here. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arp.h"

static const uint8_t A[6] = {2, 0, 0, 0, 0, 1}, B[6] = {2, 0, 0, 0, 0, 2};

/* A message, as ARP carries it. */
typedef struct {
    uint8_t data[28];
    size_t length;
} made_t;

static made_t arp(int operation, const uint8_t *mac, uint32_t ip, uint32_t target) {
    made_t made = {.length = sizeof made.data};
    const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0, (uint8_t)operation};
    memcpy(made.data, head, sizeof head);
    memcpy(made.data + 8, mac, 6);
    for (int part = 0; part < 4; part++) {
        made.data[14 + part] = (uint8_t)(ip >> (24 - 8 * part));
        made.data[24 + part] = (uint8_t)(target >> (24 - 8 * part));
    }
    return made;
}

/* The report on messages, which the caller frees. Each is given in memory of just its size, so that the sanitizer sees what is read behind it. */
static char *report(const made_t *frames, size_t count, uint64_t max_packets) {
    arp_t run;
    json_t json = {0};
    assert(arp_init(&run, max_packets));
    for (size_t n = 0; n < count; n++) {
        uint8_t *data = malloc(frames[n].length + (frames[n].length == 0));
        memcpy(data, frames[n].data, frames[n].length);
        const uint64_t layers[] = {(uint64_t)1 << 32, (uint64_t)LAYER_ARP << 32};
        packet_t packet = {.frame = n + 1, .payload = data, .captured = frames[n].length, .layers = layers, .layers_count = 2};
        bool more = arp_packet(&run, &packet);
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
            frame.data[rand() % 28] = (uint8_t)rand();
        }
        frame.length = (size_t)rand() % (frame.length + 1);
        free(report(&frame, 1, 0));
    }
}

static void what_is_no_arp_is_passed_over(void) {
    arp_t run;
    assert(arp_init(&run, 0));
    packet_t packet = {.frame = 1, .version = 4, .transport = PROTOCOL_UDP};
    assert(arp_packet(&run, &packet) && run.found == 0);
    arp_free(&run);
}

static void addresses_are_written_as_rfc_5952_wants(void) {
    static const struct {
        uint8_t version;
        uint64_t address[2];
        const char *text;
    } CASES[] = {
        {4, {0, 0xc0000201}, "192.0.2.1"},
        {6, {0x20010db800000000, 1}, "2001:db8::1"},
        {6, {0x20010db800000001, 0x0001000100010001}, "2001:db8:0:1:1:1:1:1"},
        {6, {0x2001000000000001, 1}, "2001:0:0:1::1"},
        {6, {0, 0}, "::"},
        {6, {0, 1}, "::1"},
        {6, {0xfe80000000000000, 0}, "fe80::"},
        {0, {0, 0}, ""},
    };
    for (size_t n = 0; n < sizeof CASES / sizeof *CASES; n++) {
        char text[ADDRESS_TEXT];
        address_text(CASES[n].version, CASES[n].address, text);
        assert(strcmp(text, CASES[n].text) == 0);
    }
}

/* Two packets of two stacks; the second was put together from fragments, so its payload is in `joined`. */
static void packets_are_read_from_columns(void) {
    uint8_t data[] = {1, 2, 3, 4}, joined[] = {5, 6, 7}, version[] = {4, 6}, transport[] = {PROTOCOL_UDP, PROTOCOL_TCP}, stop[] = {0, 4};
    uint16_t source_port[] = {53, 80}, destination_port[] = {50000, 50001};
    uint32_t original[] = {60, 1500}, row[] = {0, 1}, stack[] = {0, 1}, payload[] = {2, 5}, captured[] = {2, 2}, length[] = {2, 900}, ends[] = {1, 3};
    uint64_t number[] = {7, 9}, time[] = {5, UINT64_MAX}, high[] = {0, 1}, low[] = {2, 3}, copy_of[] = {0, 7};
    uint64_t layers[] = {(uint64_t)1 << 32, (uint64_t)1 << 32, (uint64_t)LAYER_VLAN << 32 | 5};
    mcpcap_analysis_types_batch_t batch = {.frames = {.number = {number, 2}, .timestamp = {time, 2}, .original = {original, 2}}, .data = {data, sizeof data}};
    mcpcap_analysis_types_packets_t columns = {
        .row = {row, 2}, .stack = {stack, 2}, .version = {version, 2}, .source_high = {high, 2}, .source_low = {low, 2}, .destination_high = {high, 2},
        .destination_low = {low, 2}, .protocol = {transport, 2}, .transport = {transport, 2}, .source_port = {source_port, 2},
        .destination_port = {destination_port, 2}, .payload = {payload, 2}, .captured = {captured, 2}, .length = {length, 2}, .stop = {stop, 2},
        .copy_of = {copy_of, 2}, .layers = {layers, 3}, .layer_ends = {ends, 2}, .joined = {joined, sizeof joined},
    };
    packet_t first = packet_at(&batch, &columns, 0), second = packet_at(&batch, &columns, 1);
    assert(first.frame == 7 && first.time == 5 && first.payload == data + 2 && first.layers_count == 1 && packet_innermost(&first) == 1);
    assert(second.frame == 9 && second.frame_size == 1500 && second.payload == joined + 1 && second.captured == 2 && second.length == 900);
    assert(second.source[0] == 1 && second.source[1] == 3 && second.source_port == 80 && second.destination_port == 50001 && second.stop == 4 && second.copy_of == 7);
    assert(second.layers_count == 2 && packet_innermost(&second) == LAYER_VLAN && layer_number(second.layers[1]) == 5);
}

int main(void) {
    packets_are_read_from_columns();
    what_is_no_arp_is_passed_over();
    addresses_are_written_as_rfc_5952_wants();
    messages_are_told_apart();
    two_claims_of_one_address_are_a_finding();
    many_announcements_are_a_finding();
    tables_are_bounded();
    changed_frames_do_no_harm();
    puts("ok");
    return 0;
}
