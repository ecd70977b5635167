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
