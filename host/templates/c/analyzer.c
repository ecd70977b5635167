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
static uint16_t *link_types;
static size_t links;

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

/* A batch tells only the links that are new. */
static bool add_links(const mcpcap_analysis_types_list_link_t *added) {
    if (added->len == 0) {
        return true;
    }
    uint16_t *larger = realloc(link_types, (links + added->len) * sizeof *larger);
    if (larger == NULL) {
        return false;
    }
    link_types = larger;
    for (size_t n = 0; n < added->len; n++) {
        link_types[links++] = added->ptr[n].link_type;
    }
    return true;
}

bool exports_mcpcap_analysis_analyze_feed(exports_mcpcap_analysis_analyze_batch_t *batch, bool *ret, exports_mcpcap_analysis_analyze_problem_t *err) {
    const mcpcap_analysis_types_frames_t *frames = &batch->frames;
    if (!add_links(&batch->links)) {
        return fail(err);
    }
    *ret = true;
    /* The host has checked that all columns have one length, each range lies in the data, and each link is known. */
    for (size_t row = 0; row < frames->number.len; row++) {
        frame_t frame = {
            .number = frames->number.ptr[row],
            .link_type = link_types[frames->link.ptr[row]],
            .data = batch->data.ptr + frames->offset.ptr[row],
            .length = frames->captured.ptr[row],
            .original = frames->original.ptr[row],
        };
        summary_frame(&run, &frame);
    }
    exports_mcpcap_analysis_analyze_batch_free(batch);
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
