/* The analysis on streams that are made here, and what it stands on. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "banners.h"

/* A run, with what the next event is about. */
typedef struct {
    banners_t banners;
    uint64_t frame;
} run_t;

static run_t begin(asked_t asked) {
    run_t run = {0};
    assert(banners_init(&run.banners, asked));
    return run;
}

static const asked_t ALL = {SIDE_NONE, 0, 5000};

/* A connection to an address and a port, for example 0xc0000201 for 192.0.2.1. */
static connection_t to(uint64_t id, uint32_t server, uint16_t port) {
    return (connection_t){.id = id, .version = 4, .server = {0, server}, .server_port = port, .client_known = true};
}

static void happened(run_t *run, connection_t connection, event_t event) {
    event.frame = ++run->frame;
    banners_stream(&run->banners, &connection, &event);
}

/* Data in memory of just its size, so that the sanitizer sees what is read behind it. */
static void sent_bytes(run_t *run, connection_t connection, side_t from, const void *bytes, size_t length) {
    uint8_t *copy = malloc(length + (length == 0));
    memcpy(copy, bytes, length);
    happened(run, connection, (event_t){.kind = EVENT_DATA, .from = from, .bytes = copy, .length = length});
    free(copy);
}

static void sent(run_t *run, connection_t connection, side_t from, const char *text) {
    sent_bytes(run, connection, from, text, strlen(text));
}

static void gap(run_t *run, connection_t connection, side_t from) {
    happened(run, connection, (event_t){.kind = EVENT_GAP, .from = from, .length = 9});
}

static void ended(run_t *run, connection_t connection) {
    happened(run, connection, (event_t){.kind = EVENT_CLOSED, .reason = CLOSED_FIN});
}

/* A connection in which the server sends a banner, and then the client speaks. */
static void greeted(run_t *run, connection_t connection, const char *banner) {
    sent(run, connection, SIDE_SERVER, banner);
    sent(run, connection, SIDE_CLIENT, "SSH-2.0-libssh_0.10\r\n");
    ended(run, connection);
}

/* The report, which the caller frees. */
static char *report(const run_t *run) {
    json_t json = {0};
    banners_report(&run->banners, &json);
    assert(!json.failed);
    json.text = realloc(json.text, json.length + 1);
    json.text[json.length] = 0;
    return json.text;
}

static size_t count(const char *text, const char *piece) {
    size_t found = 0;
    for (; (text = strstr(text, piece)) != NULL; text++) {
        found++;
    }
    return found;
}

static void expect(const run_t *run, const char *piece) {
    char *text = report(run);
    if (strstr(text, piece) == NULL) {
        fprintf(stderr, "%s\nis not in\n%s\n", piece, text);
        exit(1);
    }
    free(text);
}

enum { SSH = 0xc0000216, MAIL = 0xc0000219 };

static void openings_are_told_apart(void) {
    run_t run = begin(ALL);
    connection_t web = to(2, 0, 80), mail = to(3, MAIL, 25), silent = to(4, SSH, 22), old = to(5, SSH, 22);
    web.version = 6;
    web.server[0] = 0x20010db800000000;
    web.server[1] = 0x80;
    old.client_known = false;
    greeted(&run, to(1, SSH, 22), "SSH-2.0-OpenSSH_9.6p1\r\n");
    sent(&run, web, SIDE_CLIENT, "GET / HTTP/1.1\r\n\r\n");
    sent(&run, mail, SIDE_SERVER, "220 mail.example ");
    sent(&run, web, SIDE_SERVER, "HTTP/1.1 200 OK\r\nServer: x/1.2\r\n");
    sent(&run, mail, SIDE_SERVER, "ESMTP\r\nand more");
    sent(&run, old, SIDE_SERVER, "Last login 1.2\r\n");
    ended(&run, silent);
    ended(&run, old);
    ended(&run, web);
    ended(&run, mail);
    expect(&run, "{\"connections\":4,\"connections_without_start\":1,\"findings\":[{\"rule\":\"banners_software_version\",\"subject\":\"192.0.2.22:22\"");
    expect(&run, "\"servers\":[{\"address\":\"192.0.2.22\",\"port\":22,\"connections\":2,\"server_first\":1,\"client_first\":0,"
                 "\"banner\":\"SSH-2.0-OpenSSH_9.6p1\",\"frames\":[1]},"
                 "{\"address\":\"192.0.2.25\",\"port\":25,\"connections\":1,\"server_first\":1,\"client_first\":0,"
                 "\"banner\":\"220 mail.example ESMTP\",\"frames\":[5,7]},"
                 "{\"address\":\"2001:db8::80\",\"port\":80,\"connections\":1,\"server_first\":0,\"client_first\":1,"
                 "\"banner\":\"HTTP/1.1 200 OK\",\"frames\":[6]}],");
    char *text = report(&run);
    assert(count(text, "\"rule\"") == 1);
    free(text);
    banners_free(&run.banners);
}

static void a_line_ends_at_a_gap(void) {
    run_t run = begin(ALL);
    sent(&run, to(1, MAIL, 25), SIDE_SERVER, "220 ");
    gap(&run, to(1, MAIL, 25), SIDE_SERVER);
    sent(&run, to(1, MAIL, 25), SIDE_SERVER, "1.2\n");
    ended(&run, to(1, MAIL, 25));
    gap(&run, to(2, SSH, 22), SIDE_SERVER);
    sent(&run, to(2, SSH, 22), SIDE_SERVER, "9.6\n");
    ended(&run, to(2, SSH, 22));
    expect(&run, "\"findings\":[]");
    expect(&run, "\"server_first\":1,\"client_first\":0,\"banner\":\"\",\"frames\":[]}");
    expect(&run, "\"server_first\":1,\"client_first\":0,\"banner\":\"220 \",\"frames\":[1]}");
    banners_free(&run.banners);
}

static void the_first_connection_gives_the_banner(void) {
    run_t run = begin(ALL);
    sent(&run, to(1, SSH, 22), SIDE_SERVER, "early");
    sent(&run, to(2, SSH, 22), SIDE_SERVER, "late\n");
    ended(&run, to(2, SSH, 22));
    ended(&run, to(1, SSH, 22));
    expect(&run, "\"connections\":2,\"server_first\":2,\"client_first\":0,\"banner\":\"early\",\"frames\":[1]}");
    banners_free(&run.banners);
}

static void a_server_that_speaks_first_where_clients_do_is_a_finding(void) {
    run_t run = begin(ALL);
    for (uint64_t id = 0; id < 25; id++) {
        greeted(&run, to(id, SSH, 443), "220 ready\n");
    }
    expect(&run, "\"rule\":\"banners_server_spoke_first\",\"subject\":\"192.0.2.22:443\",\"severity\":\"medium\"");
    expect(&run, "\"frames\":[1,4,7,10,13,16,19,22,25,28,31,34,37,40,43,46,49,52,55,58],\"frames_total\":25");
    banners_free(&run.banners);
}

static void versions_of_software_count_and_that_of_ssh_does_not(void) {
    static const struct {
        const char *banner;
        size_t count;
    } CASES[] = {{"220 ProFTPD 1.3.5 Server\n", 1}, {"SSH-2.0-dropbear\n", 0}, {"SSH-1.99-Cisco-1.25\n", 1}, {"220 ready.\n", 0}, {"SSH-2.0", 0}, {"9.", 0}};
    for (size_t n = 0; n < sizeof CASES / sizeof *CASES; n++) {
        run_t run = begin(ALL);
        greeted(&run, to(1, SSH, 22), CASES[n].banner);
        char *text = report(&run);
        assert(count(text, "banners_software_version") == CASES[n].count);
        free(text);
        banners_free(&run.banners);
    }
}

static void servers_are_chosen_and_paged(void) {
    static const struct {
        asked_t asked;
        const char *expected;
    } CASES[] = {
        {{SIDE_NONE, 1, 1}, "\"pages\":[{\"list\":\"servers\",\"total\":3,\"offset\":1,\"returned\":1}]"},
        {{SIDE_SERVER, 0, 50}, "\"total\":2,\"offset\":0,\"returned\":2}]"},
        {{SIDE_CLIENT, 0, 50}, "\"servers\":[{\"address\":\"192.0.2.80\""},
    };
    for (size_t n = 0; n < sizeof CASES / sizeof *CASES; n++) {
        run_t run = begin(CASES[n].asked);
        greeted(&run, to(1, SSH, 22), "a\n");
        greeted(&run, to(2, SSH, 2222), "b\n");
        sent(&run, to(3, 0xc0000250, 80), SIDE_CLIENT, "GET");
        ended(&run, to(3, 0xc0000250, 80));
        expect(&run, CASES[n].expected);
        banners_free(&run.banners);
    }
}

static void what_is_kept_is_bounded(void) {
    char line[601];
    memset(line, 'x', 600);
    line[600] = 0;
    run_t run = begin(ALL);
    for (uint32_t n = 0; n < 5000; n++) {
        greeted(&run, to(n, 0x0a000000 + n, 22), n < 4000 ? line : "SSH-2.0-a_1.2\n");
    }
    expect(&run, "\"limits\":{\"connections_left_out\":904,\"findings_left_out\":0}");
    char *text = report(&run);
    const char *banner = strstr(text, "\"banner\":\"");
    assert(strncmp(banner + 10 + 120, "\xe2\x80\xa6\",", 5) == 0 && count(text, "\"rule\"") == 96 && run.banners.openings.count == 0);
    free(text);
    banners_free(&run.banners);
    run = begin(ALL);
    for (uint32_t n = 0; n < 120; n++) {
        greeted(&run, to(n, 0x0a000000 + n, 22), "SSH-2.0-a_1.2\n");
    }
    expect(&run, "\"findings_left_out\":20}");
    banners_free(&run.banners);
}

static void any_bytes_do_no_harm(void) {
    srand(1);
    run_t run = begin(ALL);
    for (uint64_t round = 0; round < 2000; round++) {
        uint8_t bytes[9];
        connection_t connection = to(rand() % 50, SSH, (uint16_t)(rand() % 50));
        for (size_t n = 0; n < sizeof bytes; n++) {
            bytes[n] = (uint8_t)rand();
        }
        sent_bytes(&run, connection, rand() % 2 == 0 ? SIDE_CLIENT : SIDE_SERVER, bytes, (size_t)rand() % 10);
        if (rand() % 9 == 0) {
            ended(&run, connection);
        }
    }
    free(report(&run));
    banners_free(&run.banners);
}

static void captured_text_is_made_fit_for_a_report(void) {
    static const struct {
        const char *bytes;
        size_t most;
        const char *text;
    } CASES[] = {
        {"K\xc3\xbc\"\\x \xf0\x9f\x98\x80", 99, "\"K\xc3\xbc\\\"\\\\x \xf0\x9f\x98\x80\""},
        {"a\x1b\xff\r\n", 99, "\"a\\\\x1b\\\\xff\\\\x0d\\\\x0a\""},
        {"\xc2\x85\xed\xa0\x80\xc0\xf4\x90\xe2\x82", 99,
         "\"\\\\xc2\\\\x85\\\\xed\\\\xa0\\\\x80\\\\xc0\\\\xf4\\\\x90\\\\xe2\\\\x82\""},
        {"Gr\xc3\xbc\xc3\x9f" "e", 3, "\"Gr\xc3\xbc\xe2\x80\xa6\""},
        {"abc", 3, "\"abc\""},
    };
    for (size_t n = 0; n < sizeof CASES / sizeof *CASES; n++) {
        json_t json = {0};
        json_captured(&json, NULL, (const uint8_t *)CASES[n].bytes, strlen(CASES[n].bytes), CASES[n].most);
        assert(json.length == strlen(CASES[n].text) && memcmp(json.text, CASES[n].text, json.length) == 0);
        free(json.text);
    }
}

static void the_first_frames_are_cited(void) {
    frames_t frames = {0};
    for (uint64_t frame = 30; frame > 0; frame--) {
        frames_add(&frames, frame);
    }
    assert(frames.total == 30 && frames.cited[0] == 1 && frames.cited[FRAMES_CITED - 1] == FRAMES_CITED);
    frames_add(&frames, 40);
    assert(frames.total == 31 && frames.cited[FRAMES_CITED - 1] == FRAMES_CITED);
}

/* Against a plain list of what should be there. */
static void tables_find_what_is_left_when_others_go(void) {
    bool is_there[300] = {0};
    table_t table;
    srand(2);
    assert(table_init(&table, 8, 8, 256));
    for (int round = 0; round < 50000; round++) {
        uint8_t key[8] = {(uint8_t)rand(), (uint8_t)(rand() % 2)};
        size_t number = key[0] % 150 + 150u * key[1];
        key[0] %= 150;
        uint64_t *value = table_get(&table, key);
        assert((value != NULL) == is_there[number] && (value == NULL || *value == number + 1));
        if (rand() % 2 == 0) {
            table_remove(&table, key);
            is_there[number] = false;
        } else if ((value = table_put(&table, key)) != NULL) {
            assert(*value == (is_there[number] ? number + 1 : 0));
            *value = number + 1;
            is_there[number] = true;
        }
    }
    table_free(&table);
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
    char text[COMMUNITY_TEXT];
    community_text(&first, text);
    assert(first.community == NULL && *text == 0);
    /* The specification's own example. */
    uint8_t community[2 * COMMUNITY_BYTES] = {[COMMUNITY_BYTES] = 45, 5, 61, 169, 153, 74, 248, 30, 69, 220, 160, 230, 122, 254, 166, 228, 243, 34, 110, 184};
    columns.community = (analyzer_list_u8_t){community, sizeof community};
    first = packet_at(&batch, &columns, 0);
    second = packet_at(&batch, &columns, 1);
    community_text(&second, text);
    assert(first.community == NULL && strcmp(text, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=") == 0);
}

/* Data in the batch and data that waited; a packet stands before the event that it brought. */
static void events_are_read_from_columns_in_the_order_of_the_file(void) {
    uint8_t data[] = {1, 2, 3, 4}, joined[] = {5, 6, 7}, kind[] = {1, 4, 2, 11}, flags[] = {1, 2, 0, 0}, version[] = {4, 6}, known[] = {1, 0};
    uint64_t arrival[] = {7, 7, 9, 12}, frame[] = {7, 6, 8, 2}, time[] = {5, UINT64_MAX, 6, UINT64_MAX}, position[] = {0, 3, 10, 0}, length[] = {2, 100, 3, 0};
    uint64_t id[] = {70, 80}, number[] = {1, 2}, high[] = {0, 1}, low[] = {2, 3}, first_frame[] = {1, 2};
    uint32_t place[] = {0, 1, 1, 0}, offset[] = {1, 0, 4, 0}, row[] = {0, 1};
    uint16_t port[] = {22, 80}, vlan[] = {10, NO_VLAN};
    uint64_t frames[] = {7, 9};
    mcpcap_analysis_types_batch_t batch = {.frames = {.number = {frames, 2}}, .data = {data, sizeof data}};
    mcpcap_analysis_types_packets_t packets = {.row = {row, 2}};
    mcpcap_analysis_types_streams_t streams = {
        .arrival = {arrival, 4}, .connection = {place, 4}, .kind = {kind, 4}, .event_flags = {flags, 4}, .frame = {frame, 4}, .timestamp = {time, 4},
        .position = {position, 4}, .offset = {offset, 4}, .length = {length, 4}, .id = {id, 2}, .number = {number, 2}, .version = {version, 2},
        .client_high = {high, 2}, .client_low = {low, 2}, .client_port = {port, 2}, .server_high = {high, 2}, .server_low = {low, 2}, .server_port = {port, 2},
        .client_known = {known, 2}, .first_frame = {first_frame, 2}, .vlan = {vlan, 2}, .joined = {joined, sizeof joined},
    };
    event_t first = event_at(&batch, &streams, 0), gap = event_at(&batch, &streams, 1), waited = event_at(&batch, &streams, 2), last = event_at(&batch, &streams, 3);
    assert(first.kind == EVENT_DATA && first.from == SIDE_CLIENT && first.bytes == data + 1 && first.length == 2 && first.segment_start && first.time == 5);
    assert(gap.kind == EVENT_GAP && gap.from == SIDE_SERVER && gap.bytes == NULL && gap.length == 100 && gap.is_cut && gap.position == 3 && gap.frame == 6);
    assert(waited.from == SIDE_SERVER && waited.bytes == joined && waited.length == 3 && !waited.segment_start && waited.connection == 1);
    assert(last.kind == EVENT_CLOSED && last.from == SIDE_NONE && last.reason == CLOSED_REUSED && last.frame == 2 && last.arrival == 12);
    connection_t connection = connection_at(&streams, waited.connection);
    assert(connection.id == 80 && connection.number == 2 && connection.version == 6 && connection.server[0] == 1 && connection.server[1] == 3);
    assert(connection.server_port == 80 && !connection.client_known && connection.first_frame == 2 && connection.vlan == NO_VLAN);
    assert(connection_at(&streams, 0).vlan == 10);
    static const next_t EXPECTED[] = {NEXT_PACKET, NEXT_EVENT, NEXT_EVENT, NEXT_PACKET, NEXT_EVENT, NEXT_EVENT, NEXT_NOTHING, NEXT_NOTHING};
    order_t order = {0};
    for (size_t n = 0; n < sizeof EXPECTED / sizeof *EXPECTED; n++) {
        assert(order_next(&order, &batch, &packets, &streams) == EXPECTED[n]);
    }
    assert(order.packet == 2 && order.event == 4);
}

int main(void) {
    packets_are_read_from_columns();
    events_are_read_from_columns_in_the_order_of_the_file();
    addresses_are_written_as_rfc_5952_wants();
    captured_text_is_made_fit_for_a_report();
    the_first_frames_are_cited();
    tables_find_what_is_left_when_others_go();
    openings_are_told_apart();
    a_line_ends_at_a_gap();
    the_first_connection_gives_the_banner();
    a_server_that_speaks_first_where_clients_do_is_a_finding();
    versions_of_software_count_and_that_of_ssh_does_not();
    servers_are_chosen_and_paged();
    what_is_kept_is_bounded();
    any_bytes_do_no_harm();
    puts("ok");
    return 0;
}
