// What happened in TCP streams: the decoder has put them together. Copy this file into your own project.
import { Known, UNKNOWN_TIME, address, packets, u32 } from './packets.js';

const TCP = 6;
const SIDES = ['client', 'server'];
const KINDS = ['data', 'gap', 'conflict', 'fin'];
const REASONS = ['fin', 'reset', 'reused', 'evicted', 'capture_end'];
const CLOSED = 9;
const SEGMENT_START = 1;
const CUT = 2;
export const NO_VLAN = 0xffff;
const ENDS_MAX = 16_384;

/**
 * The addresses of IPv6 connections. As columns of 64 bits they are not exact here, so they are read from the headers of the packets. There are more
 * than the decoder follows connections, in both directions; what was not seen for longest goes.
 */
export class Ends {
  #known = new Map(); // the ends as they stand in the columns: both addresses, exactly

  learn(batch, columns) {
    const known = new Known(batch, columns);
    for (let row = 0; row < columns.row.length; row++) {
      if (columns.version[row] !== 6 || columns.transport[row] !== TCP) continue;
      const { sourceHigh, sourceLow, sourcePort, destinationHigh, destinationLow, destinationPort } = columns;
      const key = `${sourceHigh[row]} ${sourceLow[row]} ${sourcePort[row]} ${destinationHigh[row]} ${destinationLow[row]} ${destinationPort[row]}`;
      this.#known.delete(key);
      this.#known.set(key, known.header(row).slice(8, 40));
      if (this.#known.size > ENDS_MAX) this.#known.delete(this.#known.keys().next().value);
    }
  }

  /** The addresses of client and server. */
  of({ clientHigh, clientLow, clientPort, serverHigh, serverLow, serverPort }, place) {
    const client = `${clientHigh[place]} ${clientLow[place]} ${clientPort[place]}`;
    const server = `${serverHigh[place]} ${serverLow[place]} ${serverPort[place]}`;
    const both = this.#known.get(`${client} ${server}`);
    if (both) return [both.subarray(0, 16), both.subarray(16)];
    const other = this.#known.get(`${server} ${client}`) ?? new Uint8Array();
    return [other.subarray(16), other.subarray(0, 16)];
  }
}

/** A TCP connection. What is not asked for is not read. */
class Connection {
  #columns;
  #place;
  #ends;

  constructor(columns, place, ends) {
    this.#columns = columns;
    this.#place = place;
    this.#ends = ends;
  }

  /** What tells it from all others of the capture. */
  get id() {
    return this.#columns.id[this.#place];
  }

  /** The number under which all tools know it, from 0. Data behind its end has the same number and another id. */
  get number() {
    return this.#columns.number[this.#place];
  }

  /** Address of the end that opened it: 4 or 16 bytes. */
  get clientBytes() {
    return this.#address(this.#columns.clientLow, 0);
  }

  /** Address of the other end, likewise. */
  get serverBytes() {
    return this.#address(this.#columns.serverLow, 1);
  }

  /** Address of the end that opened it, as text. */
  get client() {
    return address(this.clientBytes);
  }

  /** Address of the other end, as text. */
  get server() {
    return address(this.serverBytes);
  }

  get clientPort() {
    return this.#columns.clientPort[this.#place] & 0xffff;
  }

  get serverPort() {
    return this.#columns.serverPort[this.#place] & 0xffff;
  }

  /** Whether a SYN told who the client is: its beginning is in the capture. Otherwise it is taken from the ports. */
  get clientKnown() {
    return this.#columns.clientKnown[this.#place] !== 0;
  }

  /** Its first frame. */
  get firstFrame() {
    return this.#columns.firstFrame[this.#place];
  }

  /** The outermost VLAN id of its first packet, or undefined. */
  get vlan() {
    const vlan = this.#columns.vlan[this.#place] & 0xffff;
    return vlan === NO_VLAN ? undefined : vlan;
  }

  #address(low, side) {
    if (this.#columns.version[this.#place] === 6) return this.#ends.of(this.#columns, this.#place)[side];
    const value = u32(low[this.#place]);
    return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
  }
}

/** Something that happened in a stream. What is not asked for is not read. */
class Event {
  #batch;
  #columns;
  #row;
  #ends;

  constructor(batch, columns, row, ends) {
    this.#batch = batch;
    this.#columns = columns;
    this.#row = row;
    this.#ends = ends;
  }

  get connection() {
    return new Connection(this.#columns, u32(this.#columns.connection[this.#row]), this.#ends);
  }

  /**
   * `data`: the next bytes of a direction. `gap`: bytes that are not in the capture. `conflict`: a segment says otherwise about bytes that came first,
   * and those count. `fin`: one end said that nothing more comes from it, and everything before was given. `closed`: nothing more comes, given once for each connection, after everything else.
   */
  get kind() {
    return KINDS[(this.#code - 1) >> 1] ?? 'closed';
  }

  /** `client` or `server`: who sent the bytes; empty when it is closed. */
  get sender() {
    return this.#code < CLOSED ? SIDES[(this.#code - 1) & 1] : '';
  }

  /** Why nothing more comes: `fin`, `reset`, `reused` (by a new connection), `evicted` (it made room for others), `capture_end`; empty before. */
  get reason() {
    return REASONS[this.#code - CLOSED] ?? '';
  }

  /** The frame whose packet brought the event. */
  get arrival() {
    return this.#columns.arrival[this.#row];
  }

  /** The frame that carried the data, that shows that bytes are missing, that contradicts, or that has FIN; or the last one of the connection. */
  get frame() {
    return this.#columns.frame[this.#row];
  }

  /** When data was captured, in nanoseconds since 1970, of which the last three digits are not exact; undefined where that is not known, and for all that is not data. */
  get time() {
    const time = this.#columns.timestamp[this.#row];
    return time === UNKNOWN_TIME ? undefined : time;
  }

  /** Bytes of this direction before these, those that are missing among them. */
  get position() {
    return this.#columns.position[this.#row];
  }

  /** Bytes of data, bytes that are missing, or those of the segment that contradicts. */
  get length() {
    return this.#columns.length[this.#row];
  }

  /** The bytes; none for all that is not data. A view, not a copy. */
  get data() {
    if (this.kind !== 'data') return new Uint8Array();
    const { data } = this.#batch;
    const at = u32(this.#columns.offset[this.#row]);
    if (at < data.length) return data.subarray(at, at + this.length);
    return this.#columns.joined.subarray(at - data.length, at - data.length + this.length);
  }

  /** Whether data begins where the payload of a segment begins. */
  get isSegmentStart() {
    return (this.#columns.eventFlags[this.#row] & SEGMENT_START) !== 0;
  }

  /** Whether the snap length cut the missing bytes off the frame. */
  get isCut() {
    return (this.#columns.eventFlags[this.#row] & CUT) !== 0;
  }

  get #code() {
    return this.#columns.kind[this.#row];
  }
}

/** The events of a batch, in order. The host has checked the columns. */
export function* events(batch, columns, ends) {
  for (let row = 0; row < columns.kind.length; row++) yield new Event(batch, columns, row, ends);
}

/** Hands all of a batch to a tool in the order of the file: an event stands behind the packet that brought it. Whether more is wanted. */
export function feed(tool, batch, columns, streams, ends) {
  const { WANTS, STREAMS } = tool.constructor;
  if (STREAMS) ends.learn(batch, columns);
  const coming = events(batch, streams, ends);
  let event = coming.next().value;
  const until = (frame) => {
    for (; event && event.arrival < frame; event = coming.next().value) if (tool.stream(event) === false) return false;
    return true;
  };
  for (const packet of packets(batch, columns)) {
    // Those that are there for their headers are not the tool's.
    if (WANTS?.transports && !WANTS.transports.includes(packet.transport)) continue;
    if (!until(packet.frame) || tool.packet(packet) === false) return false;
  }
  return until(Infinity);
}
