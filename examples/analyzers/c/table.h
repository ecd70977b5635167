/* A table of a fixed number of entries: a capture decides how much there is to keep, so every table has a bound. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    size_t key_size, value_size, capacity, count, slots;
    uint8_t *used, *entries;
} table_t;

/* An empty table. False when there is no memory. */
bool table_init(table_t *table, size_t key_size, size_t value_size, size_t capacity);
void table_free(table_t *table);

/* The value of a key; NULL when it is not there. */
void *table_get(const table_t *table, const uint8_t *key);

/* The value of a key, all zeros when it is new; NULL when there is no room for a new one. */
void *table_put(table_t *table, const uint8_t *key);

/* Takes a key out, if it is there. Values of others move. */
void table_remove(table_t *table, const uint8_t *key);

/* All keys in the order of their octets, each with its value behind it, as an array of pointers that the caller frees. */
const uint8_t **table_sorted(const table_t *table);
