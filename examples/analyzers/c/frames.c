#include "frames.h"

enum { TAGS_MAX = 4 };

/* IEEE 802.1Q, 802.1ad, and the old number for stacked tags. */
static int is_tag(int32_t type) {
    return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

int32_t frame_ethertype(const uint8_t *data, size_t length, size_t *payload) {
    size_t at = 12;
    for (int tags = 0; tags <= TAGS_MAX && at + 2 <= length; tags++, at += 4) {
        int32_t type = data[at] << 8 | data[at + 1];
        if (!is_tag(type)) {
            *payload = at + 2;
            return type;
        }
    }
    return -1;
}
