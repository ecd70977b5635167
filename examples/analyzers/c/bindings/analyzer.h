// In the form that `wit-bindgen` 0.61.1 generates; `make bindings` writes it again.
#ifndef __BINDINGS_ANALYZER_H
#define __BINDINGS_ANALYZER_H
#ifdef __cplusplus
extern "C" {
#endif

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct analyzer_string_t {
  uint8_t*ptr;
  size_t len;
} analyzer_string_t;

typedef struct {
  bool is_some;
  uint8_t val;
} analyzer_option_u8_t;

typedef struct {
  bool is_some;
  analyzer_string_t val;
} analyzer_option_string_t;

// Where a frame was captured: one interface of one section of the file. A classic pcap file has exactly one link.
// A frame names its link by its position, counted from 0 over the whole file in order of appearance.
typedef struct mcpcap_analysis_types_link_t {
  // Value of the LINKTYPE_ registry (https://www.tcpdump.org/linktypes.html), for example 1 for Ethernet,
  // without the FCS bits of a classic header.
  uint16_t   link_type;
  // Octets of frame check sequence at the end of each frame, where the file says so (0 to 8). Absent when unknown.
  analyzer_option_u8_t   fcs_length;
  // The most octets of a frame that were to be stored. 0: no limit was stated.
  uint32_t   snap_length;
  // Section of a pcapng file, from 0; always 0 in classic pcap.
  uint32_t   section;
  // Number of the interface within its section, from 0 (pcapng "interface ID").
  uint32_t   interface_id;
  // `if_name`, for example `eth0`. Text from the capture.
  analyzer_option_string_t   name;
} mcpcap_analysis_types_link_t;

typedef struct {
  uint64_t *ptr;
  size_t len;
} analyzer_list_u64_t;

typedef struct {
  uint32_t *ptr;
  size_t len;
} analyzer_list_u32_t;

// The frames that a reader found in one window, as columns.
typedef struct mcpcap_analysis_types_index_t {
  // Nanoseconds since 1970-01-01T00:00:00Z. `18446744073709551615` when the file gives no time (pcapng Simple Packet
  // Block), or one before 1970 or after 2554.
  analyzer_list_u64_t   timestamp;
  // Where the frame's first octet is in the window.
  analyzer_list_u32_t   offset;
  // Octets that are stored: the frame is `window[offset .. offset + captured]`.
  analyzer_list_u32_t   captured;
  // Octets that the frame had on the wire.
  analyzer_list_u32_t   original;
  // Position of the frame's link among all links of the file, from 0.
  analyzer_list_u32_t   link;
  // pcapng `epb_flags` as they are (direction in bits 0-1, reception in 2-4, FCS length in 5-8, link-layer errors in
  // 16-31); 0 where there are none.
  analyzer_list_u32_t   flags;
} mcpcap_analysis_types_index_t;

// The frames of a batch, as columns. Timestamps, lengths, links and flags are as in `index`; each range has been checked
// by the host against the data it goes with.
typedef struct mcpcap_analysis_types_frames_t {
  // Number of the frame in the capture, from 1, as Wireshark counts. Rising, and without gaps unless a filter left
  // frames out.
  analyzer_list_u64_t   number;
  analyzer_list_u64_t   timestamp;
  // Where the frame's first octet is in the data of the batch.
  analyzer_list_u32_t   offset;
  analyzer_list_u32_t   captured;
  analyzer_list_u32_t   original;
  analyzer_list_u32_t   link;
  analyzer_list_u32_t   flags;
} mcpcap_analysis_types_frames_t;

typedef struct {
  mcpcap_analysis_types_link_t *ptr;
  size_t len;
} mcpcap_analysis_types_list_link_t;

typedef struct {
  uint8_t *ptr;
  size_t len;
} analyzer_list_u8_t;

// A run of frames with the bytes they lie in.
typedef struct mcpcap_analysis_types_batch_t {
  mcpcap_analysis_types_frames_t   frames;
  // Links that the file declared since the last batch. The n-th link ever given has position n.
  mcpcap_analysis_types_list_link_t   links;
  // Offset in the (uncompressed) capture of the first octet of `data`.
  uint64_t   position;
  // The bytes that hold the frames, and whatever stands between them.
  analyzer_list_u8_t   data;
} mcpcap_analysis_types_batch_t;

typedef struct {
  uint16_t *ptr;
  size_t len;
} analyzer_list_u16_t;

// The packets of a batch, as columns: one element for each frame that was chosen, unless it is said otherwise. A packet is
// what is innermost in its frame, behind link layers, tags and tunnels; of a fragmented datagram, the frame that completes it
// has it.
//
// Positions (`header`, `payload`, `header-offset`) are in the data of the batch, where they are less than its length;
// the others, less that length, are in `joined`.
typedef struct mcpcap_analysis_types_packets_t {
  // Position of the frame in the columns of the batch. Rising, each once.
  analyzer_list_u32_t   row;
  // Its layers and tunnels: position in `layer-ends` and `tunnel-ends`.
  analyzer_list_u32_t   stack;
  // Version of the innermost IP header: 4, 6, or 0 when there is none; then all that tells of it is 0.
  analyzer_list_u8_t   version;
  // Source address, the higher 64 bits; 0 for IPv4.
  analyzer_list_u64_t   source_high;
  // Source address, the lower 64 bits; an IPv4 address is the lower 32 of them.
  analyzer_list_u64_t   source_low;
  analyzer_list_u64_t   destination_high;
  analyzer_list_u64_t   destination_low;
  // Time to live or hop limit.
  analyzer_list_u8_t   hop_limit;
  // Number of the protocol behind the IP header and its extensions (IPv6 extension headers and AH).
  analyzer_list_u8_t   protocol;
  // IPv4 identification; of IPv6, the one of the fragment header, or 0.
  analyzer_list_u32_t   identification;
  // Bit 0: the frame carries a fragment (also the one that completes a datagram). Bit 1: "don't fragment".
  analyzer_list_u8_t   ip_flags;
  // Differentiated services code point and ECN, as the octet in the header.
  analyzer_list_u8_t   traffic_class;
  // The transport header that was reached: 6 (TCP), 17 (UDP), 1 (ICMP), 58 (ICMPv6), or 0 for none.
  analyzer_list_u8_t   transport;
  // Source port of UDP and TCP; 0 otherwise.
  analyzer_list_u16_t   source_port;
  analyzer_list_u16_t   destination_port;
  // Where the transport header begins. TCP options may be cut: `stop` says so.
  analyzer_list_u32_t   header;
  // Octets of the transport header that are there: 8 for UDP, 20 to 60 for TCP, 4 for ICMP; 0 without one.
  analyzer_list_u32_t   header_length;
  // Where that begins which the transport header carries, without link-layer padding. Where decoding ended before: what the
  // innermost layer carries, for example an ARP message.
  analyzer_list_u32_t   payload;
  // Octets of it that were captured.
  analyzer_list_u32_t   captured;
  // Octets that it had on the wire by the headers' word, as far as enclosing headers allow it.
  analyzer_list_u32_t   length;
  // Why decoding ended before the transport layer's payload: 0 when it did not, 1 for a link type that is not taken apart, 2
  // an EtherType (or PPP, LLC or GRE protocol), 3 an IP protocol, 4 cut, 5 malformed, 6 a fragment that is kept, 7 a fragment
  // that was refused, 8 too many layers.
  analyzer_list_u8_t   stop;
  // What it carries and is not looked into, although packets may be in it: kind in bits 16 to 31, number in bits 0 to 15;
  // 0 when there is nothing of that kind. `wit/README.md` has the kinds.
  analyzer_list_u32_t   unread;
  // Number of the frame that has the same packet first, when this one was captured again; otherwise 0.
  analyzer_list_u64_t   copy_of;
  // A hash of both ends (addresses, ports) and the protocol, the same in both directions; 0 without IP.
  analyzer_list_u64_t   flow;
  // The layers of all stacks, one after another, outermost first: kind in bits 32 to 63, number (VLAN id, label, network
  // identifier, ..) in bits 0 to 31. `wit/README.md` has the kinds.
  analyzer_list_u64_t   layers;
  // For each stack, where its layers end in `layers`. Stacks are those of this batch; each is there once.
  analyzer_list_u32_t   layer_ends;
  // Addresses of the IP headers of tunnels around the packets of all stacks, outermost first: for each header source-high,
  // source-low, destination-high, destination-low.
  analyzer_list_u64_t   tunnels;
  // Version of each of these headers: 4 or 6.
  analyzer_list_u8_t   tunnel_versions;
  // For each stack, where its headers end in `tunnel-versions`.
  analyzer_list_u32_t   tunnel_ends;
  // For each frame of a datagram that was put together, the position of the packet in `row`, rising.
  analyzer_list_u32_t   fragment_packet;
  // The number of that frame, in the order of their coming.
  analyzer_list_u64_t   fragment_frame;
  // Only where headers were asked for: for each header of each packet, the position of the packet in `row`, rising.
  analyzer_list_u32_t   header_packet;
  // The layer of the header, as in `layers`.
  analyzer_list_u64_t   header_layer;
  // Where it begins.
  analyzer_list_u32_t   header_offset;
  // Octets of it that are there; 0 for a layer that was not taken apart.
  analyzer_list_u32_t   header_octets;
  // Octets that stand in no frame as they are: headers and payloads of datagrams that were put together.
  analyzer_list_u8_t   joined;
} mcpcap_analysis_types_packets_t;

// An argument that was refused.
typedef struct mcpcap_analysis_types_bad_argument_t {
  // Its name, as in the tool's schema; `tool` when the tool itself is unknown.
  analyzer_string_t   argument;
  // What is wrong and what would be right, in one line.
  analyzer_string_t   reason;
} mcpcap_analysis_types_bad_argument_t;

typedef struct {
  bool is_some;
  uint64_t val;
} analyzer_option_u64_t;

// Input that cannot be used.
typedef struct mcpcap_analysis_types_bad_input_t {
  // Offset in the (uncompressed) capture, where one is known.
  analyzer_option_u64_t   offset;
  // Number of the frame, where one is known.
  analyzer_option_u64_t   frame;
  // What is wrong, in one line.
  analyzer_string_t   reason;
} mcpcap_analysis_types_bad_input_t;

// A limit that the component set itself and reached.
typedef struct mcpcap_analysis_types_limit_reached_t {
  // Which limit, for example `block length`.
  analyzer_string_t   limit;
  // What reached it, with numbers, in one line.
  analyzer_string_t   reason;
} mcpcap_analysis_types_limit_reached_t;

// Why a component could not do what it was asked. Foreseen failures are told this way; a trap is always a defect.
typedef struct mcpcap_analysis_types_problem_t {
  uint8_t tag;
  union {
    mcpcap_analysis_types_bad_argument_t     arguments;
    analyzer_string_t     unknown_format;
    mcpcap_analysis_types_bad_input_t     input;
    mcpcap_analysis_types_limit_reached_t     limit;
  } val;
} mcpcap_analysis_types_problem_t;

// The caller can mend it.
#define MCPCAP_ANALYSIS_TYPES_PROBLEM_ARGUMENTS 0
// The bytes are not in any format that the component knows.
#define MCPCAP_ANALYSIS_TYPES_PROBLEM_UNKNOWN_FORMAT 1
// The bytes are in a known format, but cannot be read at all.
#define MCPCAP_ANALYSIS_TYPES_PROBLEM_INPUT 2
// A limit of the component's own.
#define MCPCAP_ANALYSIS_TYPES_PROBLEM_LIMIT 3

typedef mcpcap_analysis_types_batch_t exports_mcpcap_analysis_analyze_batch_t;

typedef mcpcap_analysis_types_packets_t exports_mcpcap_analysis_analyze_packets_t;

typedef mcpcap_analysis_types_problem_t exports_mcpcap_analysis_analyze_problem_t;

typedef struct {
  bool is_err;
  union {
    analyzer_string_t ok;
    exports_mcpcap_analysis_analyze_problem_t err;
  } val;
} exports_mcpcap_analysis_analyze_result_string_problem_t;

typedef struct {
  bool is_err;
  union {
    exports_mcpcap_analysis_analyze_problem_t err;
  } val;
} exports_mcpcap_analysis_analyze_result_void_problem_t;

typedef struct {
  bool is_err;
  union {
    bool ok;
    exports_mcpcap_analysis_analyze_problem_t err;
  } val;
} exports_mcpcap_analysis_analyze_result_bool_problem_t;

// Exported Functions from `mcpcap:analysis/analyze@0.2.0`
void exports_mcpcap_analysis_analyze_describe(analyzer_string_t *ret);
bool exports_mcpcap_analysis_analyze_prompt(analyzer_string_t *name, analyzer_string_t *arguments, analyzer_string_t *ret, exports_mcpcap_analysis_analyze_problem_t *err);
bool exports_mcpcap_analysis_analyze_open(analyzer_string_t *tool, analyzer_string_t *arguments, exports_mcpcap_analysis_analyze_problem_t *err);
bool exports_mcpcap_analysis_analyze_feed(exports_mcpcap_analysis_analyze_batch_t *batch, exports_mcpcap_analysis_analyze_packets_t *packets, bool *ret, exports_mcpcap_analysis_analyze_problem_t *err);
bool exports_mcpcap_analysis_analyze_finish(analyzer_string_t *capture, analyzer_string_t *ret, exports_mcpcap_analysis_analyze_problem_t *err);

// Helper Functions

void analyzer_option_u8_free(analyzer_option_u8_t *ptr);

void analyzer_option_string_free(analyzer_option_string_t *ptr);

void mcpcap_analysis_types_link_free(mcpcap_analysis_types_link_t *ptr);

void analyzer_list_u64_free(analyzer_list_u64_t *ptr);

void analyzer_list_u32_free(analyzer_list_u32_t *ptr);

void mcpcap_analysis_types_index_free(mcpcap_analysis_types_index_t *ptr);

void mcpcap_analysis_types_frames_free(mcpcap_analysis_types_frames_t *ptr);

void mcpcap_analysis_types_list_link_free(mcpcap_analysis_types_list_link_t *ptr);

void analyzer_list_u8_free(analyzer_list_u8_t *ptr);

void mcpcap_analysis_types_batch_free(mcpcap_analysis_types_batch_t *ptr);

void analyzer_list_u16_free(analyzer_list_u16_t *ptr);

void mcpcap_analysis_types_packets_free(mcpcap_analysis_types_packets_t *ptr);

void mcpcap_analysis_types_bad_argument_free(mcpcap_analysis_types_bad_argument_t *ptr);

void analyzer_option_u64_free(analyzer_option_u64_t *ptr);

void mcpcap_analysis_types_bad_input_free(mcpcap_analysis_types_bad_input_t *ptr);

void mcpcap_analysis_types_limit_reached_free(mcpcap_analysis_types_limit_reached_t *ptr);

void mcpcap_analysis_types_problem_free(mcpcap_analysis_types_problem_t *ptr);

void exports_mcpcap_analysis_analyze_batch_free(exports_mcpcap_analysis_analyze_batch_t *ptr);

void exports_mcpcap_analysis_analyze_packets_free(exports_mcpcap_analysis_analyze_packets_t *ptr);

void exports_mcpcap_analysis_analyze_problem_free(exports_mcpcap_analysis_analyze_problem_t *ptr);

void exports_mcpcap_analysis_analyze_result_string_problem_free(exports_mcpcap_analysis_analyze_result_string_problem_t *ptr);

void exports_mcpcap_analysis_analyze_result_void_problem_free(exports_mcpcap_analysis_analyze_result_void_problem_t *ptr);

void exports_mcpcap_analysis_analyze_result_bool_problem_free(exports_mcpcap_analysis_analyze_result_bool_problem_t *ptr);

// Sets the string `ret` to reference the input string `s` without copying it
void analyzer_string_set(analyzer_string_t *ret, const char*s);

// Creates a copy of the input nul-terminated string `s` and
// stores it into the component model string `ret`.
void analyzer_string_dup(analyzer_string_t *ret, const char*s);

// Creates a copy of the input string `s` with length `len` and
// stores it into the component model string `ret`.
// The length is specified in code units (bytes for UTF-8, 16-bit values for UTF-16).
void analyzer_string_dup_n(analyzer_string_t *ret, const char*s, size_t len);

// Deallocates the string pointed to by `ret`, deallocating
// the memory behind the string.
void analyzer_string_free(analyzer_string_t *ret);

#ifdef __cplusplus
}
#endif
#endif
