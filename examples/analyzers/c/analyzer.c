/* The contract's functions. One instance serves one run, so the run is its only state. */
#include <stdlib.h>
#include <string.h>

#include "arp.h"
#include "bindings/analyzer.h"

static const char DESCRIPTION[] = {
#embed "describe.json"
};
static const char PROMPT[] = {
#embed "prompt.txt"
};

static arp_t run;

static void give(analyzer_string_t *to, const char *text, size_t length) {
    to->ptr = malloc(length + 1);
    if (to->ptr == NULL) {
        abort(); /* Without memory there is nothing to say; the host says so. */
    }
    memcpy(to->ptr, text, length);
    to->len = length;
}

/* Fills a string with a copy of zero-terminated text: what is returned is freed afterwards. */
static void give_text(analyzer_string_t *to, const char *text) {
    give(to, text, strlen(text));
}

static bool refuse(exports_mcpcap_analysis_analyze_problem_t *error, const char *argument, const char *reason) {
    error->tag = MCPCAP_ANALYSIS_TYPES_PROBLEM_ARGUMENTS;
    give_text(&error->val.arguments.argument, argument);
    give_text(&error->val.arguments.reason, reason);
    return false;
}

static bool fail(exports_mcpcap_analysis_analyze_problem_t *error) {
    error->tag = MCPCAP_ANALYSIS_TYPES_PROBLEM_LIMIT;
    give_text(&error->val.limit.limit, "memory");
    give_text(&error->val.limit.reason, "there is no more of it");
    return false;
}

void exports_mcpcap_analysis_analyze_describe(analyzer_string_t *ret) {
    give(ret, DESCRIPTION, sizeof DESCRIPTION);
}

bool exports_mcpcap_analysis_analyze_prompt(analyzer_string_t *name, analyzer_string_t *arguments, analyzer_string_t *ret,
                                            exports_mcpcap_analysis_analyze_problem_t *err) {
    (void)name; /* There is one. */
    (void)arguments;
    (void)err;
    give(ret, PROMPT, sizeof PROMPT);
    return true;
}

/* The number behind a name in a JSON object of numbers, which the host has checked against the schema; 0 when it is not there. */
static uint64_t number_of(const analyzer_string_t *json, const char *name) {
    size_t size = strlen(name);
    uint64_t number = 0;
    for (size_t at = 0; at + size <= json->len; at++) {
        if (memcmp(json->ptr + at, name, size) == 0) {
            for (at += size; at < json->len && strchr("\": ", json->ptr[at]) != NULL; at++) {
            }
            for (; at < json->len && json->ptr[at] >= '0' && json->ptr[at] <= '9' && number < UINT64_MAX / 10 - 1; at++) {
                number = 10 * number + (json->ptr[at] - '0');
            }
            return number;
        }
    }
    return 0;
}

bool exports_mcpcap_analysis_analyze_open(analyzer_string_t *tool, analyzer_string_t *arguments, exports_mcpcap_analysis_analyze_problem_t *err) {
    static const char NAME[] = "arp-c_table";
    if (tool->len != sizeof NAME - 1 || memcmp(tool->ptr, NAME, tool->len) != 0) {
        return refuse(err, "tool", "there is one tool, arp-c_table");
    }
    return arp_init(&run, number_of(arguments, "max_packets")) || fail(err);
}

bool exports_mcpcap_analysis_analyze_feed(exports_mcpcap_analysis_analyze_batch_t *batch, exports_mcpcap_analysis_analyze_packets_t *packets, bool *ret,
                                          exports_mcpcap_analysis_analyze_problem_t *err) {
    (void)err;
    *ret = true;
    for (size_t row = 0; *ret && row < packets->row.len; row++) {
        packet_t packet = packet_at(batch, packets, row);
        *ret = arp_packet(&run, &packet);
    }
    exports_mcpcap_analysis_analyze_batch_free(batch);
    exports_mcpcap_analysis_analyze_packets_free(packets);
    return true;
}

bool exports_mcpcap_analysis_analyze_finish(analyzer_string_t *capture, analyzer_string_t *ret, exports_mcpcap_analysis_analyze_problem_t *err) {
    (void)capture;
    json_t json = {0};
    arp_report(&run, &json);
    if (json.failed) {
        return fail(err);
    }
    ret->ptr = (uint8_t *)json.text;
    ret->len = json.length;
    return true;
}
