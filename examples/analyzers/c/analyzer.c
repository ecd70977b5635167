/* The contract's functions. One instance serves one run, so the run is its only state. */
#include <stdlib.h>
#include <string.h>

#include "banners.h"
#include "bindings/analyzer.h"

static const char DESCRIPTION[] = {
#embed "describe.json"
};
static const char PROMPT[] = {
#embed "prompt.txt"
};

static banners_t run;

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

/* What stands behind a name in a JSON object, which the host has checked against the schema, without its quotes; NULL when the name is not there. */
static const uint8_t *value_of(const analyzer_string_t *json, const char *name) {
    size_t size = strlen(name);
    for (size_t at = 0; at + size <= json->len; at++) {
        if (memcmp(json->ptr + at, name, size) == 0) {
            for (at += size; at < json->len && strchr("\": ", json->ptr[at]) != NULL; at++) {
            }
            return at < json->len ? json->ptr + at : NULL;
        }
    }
    return NULL;
}

static uint64_t number_of(const analyzer_string_t *json, const char *name, uint64_t otherwise) {
    const uint8_t *value = value_of(json, name);
    uint64_t number = 0;
    for (const uint8_t *at = value; at != NULL && at < json->ptr + json->len && *at >= '0' && *at <= '9' && number < UINT64_MAX / 10 - 1; at++) {
        number = 10 * number + (*at - '0');
    }
    return value == NULL ? otherwise : number;
}

bool exports_mcpcap_analysis_analyze_open(analyzer_string_t *tool, analyzer_string_t *arguments, exports_mcpcap_analysis_analyze_problem_t *err) {
    static const char NAME[] = "banners-c_servers";
    if (tool->len != sizeof NAME - 1 || memcmp(tool->ptr, NAME, tool->len) != 0) {
        return refuse(err, "tool", "there is one tool, banners-c_servers");
    }
    const uint8_t *side = value_of(arguments, "\"speaks_first\"");
    asked_t asked = {
        .speaks_first = side == NULL ? SIDE_NONE : *side == 's' ? SIDE_SERVER : SIDE_CLIENT,
        .offset = number_of(arguments, "\"offset\"", 0),
        .limit = number_of(arguments, "\"limit\"", 50),
    };
    return banners_init(&run, asked) || fail(err);
}

bool exports_mcpcap_analysis_analyze_feed(exports_mcpcap_analysis_analyze_batch_t *batch, exports_mcpcap_analysis_analyze_packets_t *packets,
                                          exports_mcpcap_analysis_analyze_streams_t *streams, bool *ret, exports_mcpcap_analysis_analyze_problem_t *err) {
    (void)err;
    *ret = true; /* The report may change until the end. */
    for (size_t row = 0; row < streams->kind.len; row++) {
        event_t event = event_at(batch, streams, row);
        connection_t connection = connection_at(streams, event.connection);
        banners_stream(&run, &connection, &event);
    }
    exports_mcpcap_analysis_analyze_batch_free(batch);
    exports_mcpcap_analysis_analyze_packets_free(packets);
    exports_mcpcap_analysis_analyze_streams_free(streams);
    return true;
}

bool exports_mcpcap_analysis_analyze_finish(analyzer_string_t *capture, analyzer_string_t *ret, exports_mcpcap_analysis_analyze_problem_t *err) {
    (void)capture;
    json_t json = {0};
    banners_report(&run, &json);
    if (json.failed) {
        return fail(err);
    }
    ret->ptr = (uint8_t *)json.text;
    ret->len = json.length;
    return true;
}
