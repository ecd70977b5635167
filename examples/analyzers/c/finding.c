#include "finding.h"

#include <string.h>

static size_t cited(const frames_t *frames) {
    return frames->total < FRAMES_CITED ? (size_t)frames->total : FRAMES_CITED;
}

void frames_add(frames_t *frames, uint64_t frame) {
    size_t count = cited(frames), at = count;
    frames->total++;
    while (at > 0 && frames->cited[at - 1] > frame) {
        at--;
    }
    if (at < FRAMES_CITED) {
        size_t behind = count < FRAMES_CITED ? count - at : count - at - 1;
        memmove(frames->cited + at + 1, frames->cited + at, behind * sizeof *frames->cited);
        frames->cited[at] = frame;
    }
}

void finding(json_t *json, const rule_t *rule, const char *subject, const frames_t *frames) {
    json_open(json, NULL, '{');
    json_text(json, "rule", rule->rule);
    json_text(json, "subject", subject);
    json_text(json, "severity", rule->severity);
    json_text(json, "confidence", rule->confidence);
    json_text(json, "observation", rule->observation);
    json_open(json, "measures", '[');
    json_open(json, NULL, '{');
    json_text(json, "name", rule->measure);
    json_number(json, "value", frames->total);
    json_close(json, '}');
    json_close(json, ']');
    json_text(json, "threshold", rule->threshold);
    json_open(json, "frames", '[');
    for (size_t n = 0; n < cited(frames); n++) {
        json_number(json, NULL, frames->cited[n]);
    }
    json_close(json, ']');
    json_number(json, "frames_total", frames->total);
    json_text(json, "false_alarm", rule->false_alarm);
    json_close(json, '}');
}
