// What a JavaScript analyzer needs besides its analysis: the packets of a batch, addresses, findings, schemas.
// Copy this file into your own project.

export const FRAMES_CITED = 20;
const PAGE = 50;
export const UNKNOWN_TIME = 2 ** 64; // what its number, which is one less, becomes
const IPV6 = 56;
export const TRANSPORTS = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6' };
// By their numbers in the contract: the first is 1.
export const LAYERS = (
  'Ethernet Vlan Llc LinuxCooked LinuxCooked2 Loopback RawIp Ppp PppoeDiscovery PppoeSession CiscoHdlc Radiotap Ieee80211 Mpls Gre Vxlan Geneve ' +
  'Erspan L2tp Gtp Teredo Capwap Tzsp Ayiya Gue Lisp EtherIp Nsh Wccp VnTag Etag CiscoMetadata Pbb Hsr Macsec Rtag Trill FabricPath Pim Ppi ' +
  'FrameRelay Ipnet Ipoib Nflog Fddi Arcnet Juniper Pktap Pflog Enc Prism Avs TokenRing Arp Ipv4 Ipv6 Ipv6HopByHop Ipv6Routing Ipv6Fragment ' +
  'Ipv6DestinationOptions AuthenticationHeader Udp Tcp Sctp Icmp Icmpv6 Igmp OtherIp OtherEthertype OtherLink'
).split(' ');
const STOPS = ['', 'UnknownLinkType', 'OtherNetworkLayer', 'OtherTransport', 'Cut', 'Malformed', 'FragmentKept', 'FragmentRefused', 'TooDeep'];

// componentize-qjs gives unsigned numbers of 32 bits as signed ones when they are large, and those of 64 bits as numbers that are exact below 2^53.
export const u32 = (number) => number >>> 0;

/** One frame with the packet in it: what is innermost, behind link layers, tags and tunnels. What is not asked for is not read. */
class Packet {
  #batch;
  #columns;
  #row;
  #known;

  constructor(batch, columns, row, known) {
    this.#batch = batch;
    this.#columns = columns;
    this.#row = row;
    this.#known = known;
  }

  /** Number of the frame, as Wireshark counts, from 1. It is far below 2^53. */
  get frame() {
    return Number(this.#batch.frames.number[this.#columns.row[this.#row]]);
  }

  /** Nanoseconds since 1970, of which the last three digits are not exact; undefined where the file has no time. */
  get time() {
    const time = Number(this.#batch.frames.timestamp[this.#columns.row[this.#row]]);
    return time === UNKNOWN_TIME ? undefined : time;
  }

  /** Bytes that the frame had on the wire. */
  get frameSize() {
    return u32(this.#batch.frames.original[this.#columns.row[this.#row]]);
  }

  /** 4, 6, or 0: there is no IP header. */
  get version() {
    return this.#columns.version[this.#row];
  }

  /** Source address: 4 or 16 bytes, none without an IP header. */
  get sourceBytes() {
    return this.#address(this.#columns.sourceLow, 8);
  }

  /** Destination address, likewise. */
  get destinationBytes() {
    return this.#address(this.#columns.destinationLow, 24);
  }

  /** Source address as text; empty without an IP header. */
  get source() {
    return address(this.sourceBytes);
  }

  /** Destination address as text. */
  get destination() {
    return address(this.destinationBytes);
  }

  /** Number of the protocol behind the IP header. */
  get protocol() {
    return this.#columns.protocol[this.#row];
  }

  /** The transport header that was reached: udp, tcp, icmp, icmpv6; empty when none was. */
  get transport() {
    return TRANSPORTS[this.#columns.transport[this.#row]] ?? '';
  }

  /** Source port of UDP and TCP; otherwise 0. */
  get sourcePort() {
    return this.#columns.sourcePort[this.#row] & 0xffff;
  }

  /** Destination port, likewise. */
  get destinationPort() {
    return this.#columns.destinationPort[this.#row] & 0xffff;
  }

  /** What the transport header carries, as far as it was captured; without one, what the innermost layer carries. A view, not a copy. */
  get payload() {
    const at = u32(this.#columns.payload[this.#row]);
    const size = u32(this.#columns.captured[this.#row]);
    const { data } = this.#batch;
    if (at < data.length) return data.subarray(at, at + size);
    return this.#columns.joined.subarray(at - data.length, at - data.length + size);
  }

  /** Bytes of the payload that were on the wire. */
  get length() {
    return u32(this.#columns.length[this.#row]);
  }

  /** Whether less of the payload was captured than was on the wire. */
  get isCut() {
    return u32(this.#columns.captured[this.#row]) < this.length;
  }

  /** Name and number (VLAN id, label, ..) of each layer, outermost first. */
  get layers() {
    return this.#known.layers(u32(this.#columns.stack[this.#row]));
  }

  /** Name of the innermost layer; empty for a frame without any. */
  get innermost() {
    return this.layers.at(-1)?.name ?? '';
  }

  /** VLAN ids, outermost first. */
  get vlans() {
    return this.layers.filter(({ name }) => name === 'Vlan').map(({ number }) => number);
  }

  /** Why decoding ended before the transport's payload, as in the contract; empty when it did not. */
  get stop() {
    const code = this.#columns.stop[this.#row];
    return STOPS[code] ?? String(code);
  }

  /** The frame that has the same packet first, when this one was captured again. */
  get copyOf() {
    return Number(this.#columns.copyOf[this.#row]) || undefined;
  }

  /** Community ID of its flow, as Zeek and Suricata write it, for a tool that says `"community_ids": true`; empty otherwise and without IP. */
  get communityId() {
    const found = this.#columns.community.subarray(this.#row * 20, (this.#row + 1) * 20);
    return found.some((byte) => byte) ? `1:${base64(found)}` : '';
  }

  #address(low, at) {
    if (this.version === 6) return this.#known.header(this.#row).subarray(at, at + 16);
    const value = u32(low[this.#row]);
    return this.version === 4 ? Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value) : new Uint8Array();
  }
}

/** What is made once for a batch, and only when it is asked for. */
export class Known {
  #batch;
  #columns;
  #stacks = new Map();
  #headers;

  constructor(batch, columns) {
    this.#batch = batch;
    this.#columns = columns;
  }

  layers(stack) {
    let known = this.#stacks.get(stack);
    if (!known) {
      const { layers, layerEnds } = this.#columns;
      const found = layers.slice(stack ? layerEnds[stack - 1] : 0, layerEnds[stack]);
      known = Array.from(found, (layer) => ({ name: layerName(Math.floor(layer / 2 ** 32)), number: layer % 2 ** 32 }));
      this.#stacks.set(stack, known);
    }
    return known;
  }

  /** The innermost IPv6 header of a packet. Its addresses are read there: as columns of 64 bits they would not be exact. */
  header(row) {
    const { headerPacket, headerLayer, headerOffset, joined } = this.#columns;
    if (!this.#headers) {
      this.#headers = new Map();
      for (let n = 0; n < headerPacket.length; n++) {
        if (Math.floor(headerLayer[n] / 2 ** 32) === IPV6) this.#headers.set(headerPacket[n], u32(headerOffset[n]));
      }
    }
    const { data } = this.#batch;
    const at = this.#headers.get(row);
    if (at === undefined) return new Uint8Array();
    return at < data.length ? data.subarray(at, at + 40) : joined.subarray(at - data.length, at - data.length + 40);
  }
}

/** The packets of a batch, in order. The host has checked the columns. */
export function* packets(batch, columns) {
  const known = new Known(batch, columns);
  for (let row = 0; row < columns.row.length; row++) yield new Packet(batch, columns, row, known);
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a, b = 0, c = 0] = bytes.subarray(at, at + 3);
    const digits = [a >> 2, ((a & 3) << 4) | (b >> 4), ((b & 15) << 2) | (c >> 6), c & 63];
    const known = Math.min(bytes.length - at, 3) + 1;
    text += digits.map((digit, place) => (place < known ? BASE64[digit] : '=')).join('');
  }
  return text;
}

/** Name of a layer's kind; its number when it is a newer one. */
const layerName = (kind) => LAYERS[kind - 1] ?? String(kind);

/** An address of 4 or 16 bytes as text (RFC 5952); nothing for no bytes. */
export function address(bytes) {
  if (bytes.length !== 16) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, n) => ((bytes[2 * n] << 8) | bytes[2 * n + 1]).toString(16)).join(':');
  const zeros = (groups.match(/\b0(:0)+\b/g) ?? []).reduce((longest, run) => (run.length > longest.length ? run : longest), '');
  if (!zeros) return groups;
  const at = groups.search(new RegExp(`(^|:)${zeros}(:|$)`));
  const begin = at === 0 && groups.startsWith('0') ? 0 : at + 1;
  return `${groups.slice(0, begin).replace(/:$/, '')}::${groups.slice(begin + zeros.length).replace(/^:/, '')}`;
}

/** A hardware address as text. */
export const mac = (octets) => Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join(':');

const escaped = (bytes) => Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

/** At most `most` characters of captured text: UTF-8 as it is, but control characters and bytes that are no UTF-8 as `\xNN`, and `…` where it was cut. */
export function printable(bytes, most) {
  let text = '';
  for (let at = 0, written = 0; at < bytes.length; written++) {
    if (written === most) return `${text}…`;
    const size = utf8Size(bytes, at);
    const character = bytes.subarray(at, at + Math.max(size, 1));
    const isControl = size === 0 || character[0] < 0x20 || character[0] === 0x7f || (character[0] === 0xc2 && character[1] < 0xa0);
    text += isControl ? escaped(character) : decodeURIComponent(Array.from(character, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
    at += character.length;
  }
  return text;
}

/** Bytes of the character that begins at a place; 0 when none does (RFC 3629 section 4). */
function utf8Size(bytes, at) {
  const [first, second = 0] = bytes.subarray(at, at + 2);
  if (first < 0x80) return 1;
  const size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  const least = { 0xe0: 0xa0, 0xf0: 0x90 }[first] ?? 0x80;
  const most = { 0xed: 0x9f, 0xf4: 0x8f }[first] ?? 0xbf;
  const rest = bytes.subarray(at + 2, at + size);
  const isWhole = size > 0 && at + size <= bytes.length && second >= least && second <= most;
  return isWhole && rest.every((byte) => byte >> 6 === 2) ? size : 0;
}

/** Frames that show something: how many, and the first of them. */
export class Frames {
  total = 0;
  cited = [];

  add(frame) {
    this.total++;
    if (this.cited.length === FRAMES_CITED && frame >= this.cited.at(-1)) return;
    this.cited.push(frame);
    this.cited.sort((a, b) => a - b);
    this.cited.length = Math.min(this.cited.length, FRAMES_CITED);
  }
}

/** A finding in the form that all analyzers use. `measures` are numbers by their names, `frames` are `Frames`. */
export function finding({ rule, subject, severity, confidence, observation, measures, threshold, frames, falseAlarm }) {
  const named = Object.entries(measures).map(([name, value]) => ({ name, value }));
  const { cited, total } = frames;
  return { rule, subject, severity, confidence, observation, measures: named, threshold, frames: cited, frames_total: total, false_alarm: falseAlarm };
}

/** The part of a list that is asked for, of those that PAGED names, and what the report's `pages` says of it. */
export function page(name, entries, { page: { offset = 0, limit = PAGE } = {} }) {
  const part = entries.slice(offset, offset + limit);
  return [part, { list: name, total: entries.length, offset, returned: part.length }];
}

/** The schema of a count. */
export const number = (description) => ({ type: 'integer', minimum: 0, description });

/** The schema of a text that is the analyzer's own, and not from the capture. */
export const fixed = (description) => ({ type: 'string', description, 'x-mcpcap-fixed': true });

/** The schema of an object with all of these members. */
export const object = (properties) => ({ type: 'object', properties, required: Object.keys(properties), additionalProperties: false });

/** The schema of a list of objects. */
export const list = (description, properties) => ({ type: 'array', description, items: object(properties) });

/** The schema of findings. */
export const FINDINGS = list('What an analyst would want to be told.', {
  rule: fixed('Name of the rule.'),
  subject: { type: 'string', description: 'What it is about.' },
  severity: { enum: ['info', 'low', 'medium', 'high'], description: 'How bad it is if it is what it looks like.' },
  confidence: { enum: ['low', 'medium', 'high'], description: 'How sure the rule is.' },
  observation: fixed('What was observed.'),
  measures: list('The numbers of the observation.', { name: fixed('What was counted.'), value: { type: 'number', description: 'Its value.' } }),
  threshold: fixed('The condition that was met.'),
  frames: { type: 'array', items: { type: 'integer' }, description: 'Frames that show it; the first ones where there are many.' },
  frames_total: number('How many frames show it in all.'),
  false_alarm: fixed('What could make it a false alarm.'),
});

/** The schema of what says which part of its lists the report holds. */
export const PAGES = list('Which part of its long lists the report holds.', {
  list: fixed('Name of the list.'),
  total: number('How many entries there are in the capture.'),
  offset: number('How many of them come before the first one here.'),
  returned: number('How many are here.'),
});
