/* Findings, in the form that all analyzers use. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "json.h"

enum { FRAMES_CITED = 20 };

/* Frames that show something: how many, and the first of them, rising. Begins with zeros. */
typedef struct {
    uint64_t total, cited[FRAMES_CITED];
} frames_t;

void frames_add(frames_t *frames, uint64_t frame);

/* What is the same in all findings of a rule. Severity: info, low, medium, high; confidence: low, medium, high. */
typedef struct {
    const char *rule, *severity, *confidence, *observation, *measure, *threshold, *false_alarm;
} rule_t;

/* Writes a finding. Its frames are what the rule measures. */
void finding(json_t *json, const rule_t *rule, const char *subject, const frames_t *frames);
