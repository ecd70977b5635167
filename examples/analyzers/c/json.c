#include "json.h"

#include <stdlib.h>
#include <string.h>

static void put(json_t *json, const char *text, size_t length) {
    if (json->room - json->length < length) {
        size_t room = 2 * json->room + length + 1024;
        char *larger = json->failed ? NULL : realloc(json->text, room);
        if (larger == NULL) {
            json->failed = true;
            return;
        }
        json->text = larger;
        json->room = room;
    }
    memcpy(json->text + json->length, text, length);
    json->length += length;
}

static void escaped(json_t *json, const char *text) {
    static const char digits[] = "0123456789abcdef";
    put(json, "\"", 1);
    for (; *text != 0; text++) {
        uint8_t octet = (uint8_t)*text;
        if (octet == '"' || octet == '\\') {
            put(json, "\\", 1);
            put(json, text, 1);
        } else if (octet < 0x20) {
            const char escape[6] = {'\\', 'u', '0', '0', digits[octet >> 4], digits[octet & 15]};
            put(json, escape, sizeof escape);
        } else {
            put(json, text, 1);
        }
    }
    put(json, "\"", 1);
}

void json_next(json_t *json, const char *name) {
    if (json->length > 0 && strchr("{[", json->text[json->length - 1]) == NULL) {
        put(json, ",", 1);
    }
    if (name != NULL) {
        escaped(json, name);
        put(json, ":", 1);
    }
}

void json_open(json_t *json, const char *name, char bracket) {
    json_next(json, name);
    put(json, &bracket, 1);
}

void json_close(json_t *json, char bracket) {
    put(json, &bracket, 1);
}

void json_number(json_t *json, const char *name, uint64_t number) {
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    json_next(json, name);
    put(json, digits + first, sizeof digits - first);
}

void json_text(json_t *json, const char *name, const char *text) {
    json_next(json, name);
    escaped(json, text);
}

/* Bytes of the character that begins the text; 0 when none does (RFC 3629 section 4). */
static size_t utf8_size(const uint8_t *bytes, size_t length) {
    uint8_t first = bytes[0];
    if (first < 0x80) {
        return 1;
    }
    size_t size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    uint8_t least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80, most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (size == 0 || size > length || bytes[1] < least || bytes[1] > most) {
        return 0;
    }
    for (size_t at = 2; at < size; at++) {
        if (bytes[at] >> 6 != 2) {
            return 0;
        }
    }
    return size;
}

/* A byte as `\xNN`, in JSON. */
static void hexadecimal(json_t *json, uint8_t octet) {
    static const char digits[] = "0123456789abcdef";
    const char text[] = {'\\', '\\', 'x', digits[octet >> 4], digits[octet & 15]};
    put(json, text, sizeof text);
}

void json_captured(json_t *json, const char *name, const uint8_t *bytes, size_t length, size_t most) {
    json_next(json, name);
    put(json, "\"", 1);
    for (size_t at = 0, written = 0, size; at < length; at += size, written++) {
        const uint8_t *next = bytes + at;
        if (written == most) {
            put(json, "\xe2\x80\xa6", 3);
            break;
        }
        size = utf8_size(next, length - at);
        if (size > 0 && next[0] >= 0x20 && next[0] != 0x7f && (next[0] != 0xc2 || next[1] >= 0xa0)) {
            if (next[0] == '"' || next[0] == '\\') {
                put(json, "\\", 1);
            }
            put(json, (const char *)next, size);
            continue;
        }
        size += size == 0;
        for (size_t octet = 0; octet < size; octet++) {
            hexadecimal(json, next[octet]);
        }
    }
    put(json, "\"", 1);
}
