/* Writes JSON into memory that grows. When there is none, `failed` is set, and nothing more is written. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    char *text;
    size_t length, room;
    bool failed;
} json_t;

/* A comma where one is needed, then the name and a colon; without a name only the comma. */
void json_next(json_t *json, const char *name);
void json_open(json_t *json, const char *name, char bracket);
void json_close(json_t *json, char bracket);
void json_number(json_t *json, const char *name, uint64_t number);
/* Zero-terminated text, escaped. */
void json_text(json_t *json, const char *name, const char *text);
/* At most `most` characters of captured text: UTF-8 as it is, but control characters and bytes that are no UTF-8 as `\xNN`, and an ellipsis where it was cut. */
void json_captured(json_t *json, const char *name, const uint8_t *bytes, size_t length, size_t most);
