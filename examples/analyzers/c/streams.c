#include "streams.h"

enum { SEGMENT_START = 1, CUT = 2 };

event_t event_at(const mcpcap_analysis_types_batch_t *batch, const mcpcap_analysis_types_streams_t *streams, size_t row) {
    uint8_t code = streams->kind.ptr[row], flags = streams->event_flags.ptr[row];
    uint32_t offset = streams->offset.ptr[row];
    size_t size = batch->data.len;
    event_kind_t kind = code < CLOSED_FIN ? (event_kind_t)((code - 1) / 2) : EVENT_CLOSED;
    const uint8_t *bytes = offset < size ? batch->data.ptr + offset : streams->joined.ptr + (offset - size);
    return (event_t){
        .kind = kind,
        .from = kind == EVENT_CLOSED ? SIDE_NONE : code % 2 == 1 ? SIDE_CLIENT : SIDE_SERVER,
        .reason = kind == EVENT_CLOSED ? (closed_t)code : NOT_CLOSED,
        .connection = streams->connection.ptr[row],
        .arrival = streams->arrival.ptr[row],
        .frame = streams->frame.ptr[row],
        .time = streams->timestamp.ptr[row],
        .position = streams->position.ptr[row],
        .bytes = kind == EVENT_DATA ? bytes : NULL,
        .length = streams->length.ptr[row],
        .segment_start = (flags & SEGMENT_START) != 0,
        .is_cut = (flags & CUT) != 0,
    };
}

connection_t connection_at(const mcpcap_analysis_types_streams_t *streams, uint32_t place) {
    return (connection_t){
        .id = streams->id.ptr[place],
        .number = streams->number.ptr[place],
        .version = streams->version.ptr[place],
        .client = {streams->client_high.ptr[place], streams->client_low.ptr[place]},
        .server = {streams->server_high.ptr[place], streams->server_low.ptr[place]},
        .client_port = streams->client_port.ptr[place],
        .server_port = streams->server_port.ptr[place],
        .client_known = streams->client_known.ptr[place] != 0,
        .first_frame = streams->first_frame.ptr[place],
        .vlan = streams->vlan.ptr[place],
    };
}

next_t order_next(order_t *order, const mcpcap_analysis_types_batch_t *batch, const mcpcap_analysis_types_packets_t *packets,
                  const mcpcap_analysis_types_streams_t *streams) {
    bool has_packet = order->packet < packets->row.len, has_event = order->event < streams->kind.len;
    if (has_event && (!has_packet || batch->frames.number.ptr[packets->row.ptr[order->packet]] > streams->arrival.ptr[order->event])) {
        order->event++;
        return NEXT_EVENT;
    }
    order->packet += has_packet;
    return has_packet ? NEXT_PACKET : NEXT_NOTHING;
}
