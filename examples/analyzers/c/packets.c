#include "packets.h"

#include <stdio.h>
#include <string.h>

static const uint8_t *community_of(const mcpcap_analysis_types_packets_t *packets, size_t row) {
    static const uint8_t none[COMMUNITY_BYTES];
    if (packets->community.len == 0) {
        return NULL;
    }
    const uint8_t *hash = packets->community.ptr + COMMUNITY_BYTES * row;
    return memcmp(hash, none, COMMUNITY_BYTES) == 0 ? NULL : hash;
}

packet_t packet_at(const mcpcap_analysis_types_batch_t *batch, const mcpcap_analysis_types_packets_t *packets, size_t row) {
    uint32_t stack = packets->stack.ptr[row], payload = packets->payload.ptr[row];
    uint32_t first = stack == 0 ? 0 : packets->layer_ends.ptr[stack - 1];
    size_t at = packets->row.ptr[row], size = batch->data.len;
    return (packet_t){
        .frame = batch->frames.number.ptr[at],
        .time = batch->frames.timestamp.ptr[at],
        .frame_size = batch->frames.original.ptr[at],
        .version = packets->version.ptr[row],
        .source = {packets->source_high.ptr[row], packets->source_low.ptr[row]},
        .destination = {packets->destination_high.ptr[row], packets->destination_low.ptr[row]},
        .protocol = packets->protocol.ptr[row],
        .transport = packets->transport.ptr[row],
        .source_port = packets->source_port.ptr[row],
        .destination_port = packets->destination_port.ptr[row],
        .payload = payload < size ? batch->data.ptr + payload : packets->joined.ptr + (payload - size),
        .captured = packets->captured.ptr[row],
        .length = packets->length.ptr[row],
        .stop = packets->stop.ptr[row],
        .copy_of = packets->copy_of.ptr[row],
        .community = community_of(packets, row),
        .layers = packets->layers.ptr + first,
        .layers_count = packets->layer_ends.ptr[stack] - first,
    };
}

uint32_t layer_kind(uint64_t layer) {
    return (uint32_t)(layer >> 32);
}

uint32_t layer_number(uint64_t layer) {
    return (uint32_t)layer;
}

uint32_t packet_innermost(const packet_t *packet) {
    return packet->layers_count == 0 ? 0 : layer_kind(packet->layers[packet->layers_count - 1]);
}

static void ipv6_text(const uint64_t address[2], char *text) {
    unsigned groups[8];
    int best = 0, longest = 1; /* one zero alone is not left out */
    for (int n = 0; n < 8; n++) {
        groups[n] = (unsigned)(address[n / 4] >> (48 - 16 * (n % 4))) & 0xffff;
    }
    for (int n = 0, zeros = 0; n < 8; n++) {
        zeros = groups[n] == 0 ? zeros + 1 : 0;
        if (zeros > longest) {
            longest = zeros;
            best = n + 1 - zeros;
        }
    }
    for (int n = 0; n < 8; n++) {
        if (longest > 1 && n == best) {
            text += sprintf(text, "::");
            n += longest - 1;
        } else {
            text += sprintf(text, n == 0 || (longest > 1 && n == best + longest) ? "%x" : ":%x", groups[n]);
        }
    }
}

void address_text(uint8_t version, const uint64_t address[2], char text[ADDRESS_TEXT]) {
    unsigned v4 = (unsigned)address[1];
    text[0] = 0;
    if (version == 4) {
        sprintf(text, "%u.%u.%u.%u", v4 >> 24, v4 >> 16 & 255, v4 >> 8 & 255, v4 & 255);
    } else if (version == 6) {
        ipv6_text(address, text);
    }
}

void community_text(const packet_t *packet, char text[COMMUNITY_TEXT]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *from = packet->community;
    text[0] = 0;
    if (from == NULL) {
        return;
    }
    text += sprintf(text, "1:");
    for (size_t at = 0; at < COMMUNITY_BYTES; at += 3) {
        uint8_t third = at + 2 < COMMUNITY_BYTES ? from[at + 2] : 0; /* of the last three there are two */
        *text++ = digits[from[at] >> 2];
        *text++ = digits[(from[at] & 3) << 4 | from[at + 1] >> 4];
        *text++ = digits[(from[at + 1] & 15) << 2 | third >> 6];
        *text++ = at + 2 < COMMUNITY_BYTES ? digits[third & 63] : '=';
    }
    *text = 0;
}
