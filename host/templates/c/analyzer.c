/* The contract's functions. One instance serves one run, so the run is its only state. */
#include <stdlib.h>
#include <string.h>

#include "bindings/analyzer.h"
#include "summary.h"

static const char DESCRIPTION[] = {
#embed "describe.json"
};
static const char PROMPT[] = {
#embed "prompt.txt"
};

static summary_t run;

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

bool exports_mcpcap_analysis_analyze_open(analyzer_string_t *tool, analyzer_string_t *arguments, exports_mcpcap_analysis_analyze_problem_t *err) {
    static const char NAME[] = "{{name}}_summary";
    if (tool->len != sizeof NAME - 1 || memcmp(tool->ptr, NAME, tool->len) != 0) {
        return refuse(err, "tool", "there is one tool, {{name}}_summary");
    }
    (void)arguments; /* The schema has none. */
    return summary_init(&run) || fail(err);
}

bool exports_mcpcap_analysis_analyze_feed(exports_mcpcap_analysis_analyze_batch_t *batch, exports_mcpcap_analysis_analyze_packets_t *packets,
                                          exports_mcpcap_analysis_analyze_streams_t *streams, bool *ret, exports_mcpcap_analysis_analyze_problem_t *err) {
    (void)err;
    *ret = true; /* The report may change until the end. */
    for (size_t row = 0; row < streams->kind.len; row++) {
        event_t event = event_at(batch, streams, row);
        connection_t connection = connection_at(streams, event.connection);
        summary_stream(&run, &connection, &event);
    }
    exports_mcpcap_analysis_analyze_batch_free(batch);
    exports_mcpcap_analysis_analyze_packets_free(packets);
    exports_mcpcap_analysis_analyze_streams_free(streams);
    return true;
}

bool exports_mcpcap_analysis_analyze_finish(analyzer_string_t *capture, analyzer_string_t *ret, exports_mcpcap_analysis_analyze_problem_t *err) {
    (void)capture;
    json_t json = {0};
    summary_report(&run, &json);
    if (json.failed) {
        return fail(err);
    }
    ret->ptr = (uint8_t *)json.text;
    ret->len = json.length;
    return true;
}
