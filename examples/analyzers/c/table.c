#include "table.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a, Fowler/Noll/Vo. Whoever makes keys collide gains little: a table is never longer than its bound. */
static size_t hash(const uint8_t *key, size_t size) {
    uint64_t sum = 0xcbf29ce484222325u;
    for (size_t at = 0; at < size; at++) {
        sum = (sum ^ key[at]) * 0x100000001b3u;
    }
    return (size_t)(sum ^ sum >> 32);
}

static size_t entry_size(const table_t *table) {
    return table->key_size + table->value_size;
}

/* Values stand behind keys, so both are kept to multiples of eight. */
static size_t even(size_t size) {
    return (size + 7) / 8 * 8;
}

bool table_init(table_t *table, size_t key_size, size_t value_size, size_t capacity) {
    *table = (table_t){.key_size = even(key_size), .value_size = even(value_size), .capacity = capacity};
    table->slots = 2 * capacity;
    table->used = calloc(table->slots, 1);
    table->entries = calloc(table->slots, entry_size(table));
    return table->used != NULL && table->entries != NULL;
}

void table_free(table_t *table) {
    free(table->used);
    free(table->entries);
}

/* Where a key is, or would be: half of the slots are always free. */
static size_t slot_of(const table_t *table, const uint8_t *key) {
    size_t slot = hash(key, table->key_size) % table->slots;
    while (table->used[slot] && memcmp(table->entries + slot * entry_size(table), key, table->key_size) != 0) {
        slot = (slot + 1) % table->slots;
    }
    return slot;
}

void *table_get(const table_t *table, const uint8_t *key) {
    size_t slot = slot_of(table, key);
    return table->used[slot] ? table->entries + slot * entry_size(table) + table->key_size : NULL;
}

void *table_put(table_t *table, const uint8_t *key) {
    size_t slot = slot_of(table, key);
    uint8_t *entry = table->entries + slot * entry_size(table);
    if (!table->used[slot]) {
        if (table->count == table->capacity) {
            return NULL;
        }
        table->count++;
        table->used[slot] = 1;
        memcpy(entry, key, table->key_size);
    }
    return entry + table->key_size;
}

void table_remove(table_t *table, const uint8_t *key) {
    size_t free_slot = slot_of(table, key), size = entry_size(table);
    if (!table->used[free_slot]) {
        return;
    }
    /* What follows moves up, where it would not be found behind a free slot. */
    for (size_t slot = (free_slot + 1) % table->slots; table->used[slot]; slot = (slot + 1) % table->slots) {
        size_t home = hash(table->entries + slot * size, table->key_size) % table->slots;
        if ((slot + table->slots - home) % table->slots >= (slot + table->slots - free_slot) % table->slots) {
            memcpy(table->entries + free_slot * size, table->entries + slot * size, size);
            free_slot = slot;
        }
    }
    table->used[free_slot] = 0;
    memset(table->entries + free_slot * size, 0, size);
    table->count--;
}

/* qsort has no room for the size, and all keys of a table have the same one. */
static size_t compared;

static int by_key(const void *one, const void *other) {
    return memcmp(*(const uint8_t *const *)one, *(const uint8_t *const *)other, compared);
}

const uint8_t **table_sorted(const table_t *table) {
    const uint8_t **sorted = malloc((table->count + 1) * sizeof *sorted);
    if (sorted == NULL) {
        return NULL;
    }
    size_t count = 0;
    for (size_t slot = 0; slot < table->slots; slot++) {
        if (table->used[slot]) {
            sorted[count++] = table->entries + slot * entry_size(table);
        }
    }
    compared = table->key_size;
    qsort(sorted, count, sizeof *sorted, by_key);
    return sorted;
}
