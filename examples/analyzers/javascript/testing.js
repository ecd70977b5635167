// Runs a tool over packets and events of streams that a test makes, as the host would. Copy this file into your own project.
import { LAYERS, TRANSPORTS, UNKNOWN_TIME } from './packets.js';
import { Ends, NO_VLAN, feed } from './streams.js';

const NUMBERS = Object.fromEntries(Object.entries(TRANSPORTS).map(([number, name]) => [name, Number(number)]));
const SIDES = ['client', 'server'];
const REASONS = ['fin', 'reset', 'reused', 'evicted', 'capture_end'];

/** A datagram from and to an address and a port; `more` as in `packet`. */
export const udp = (source, destination, payload, more) => packet(payload, { transport: 'udp', source, destination, ...more });

/** A segment, likewise. */
export const tcp = (source, destination, payload, more) => packet(payload, { transport: 'tcp', source, destination, ...more });

/** A packet. `layers` are the names of those around IP; `length` is that of the payload on the wire, when it is another one. */
export function packet(payload, { transport = '', source = ['', 0], destination = ['', 0], layers = ['Ethernet'], length, time = 0, copyOf = 0, stop = 0, community = Array(20).fill(0) } = {}) {
  return { payload: [...payload], transport: NUMBERS[transport] ?? 0, source, destination, layers, length: length ?? payload.length, time, copyOf, stop, community };
}

/** A TCP connection between an address and a port each, which makes events. The frame of an event is its place in the list, from 1. */
export class Stream {
  static #made = 0;
  id = Stream.#made++;

  constructor(client, server, { known = true } = {}) {
    Object.assign(this, { client, server, known });
  }

  /** Bytes, or text, that an end sends. `joined`: they waited, so they stand in no frame of the batch. */
  data(sender, data, more) {
    return this.#event(1 + SIDES.indexOf(sender), { data: typeof data === 'string' ? Array.from(data, (character) => character.charCodeAt(0)) : [...data], ...more });
  }

  /** Bytes that are not in the capture. */
  gap(sender, missing, more) {
    return this.#event(3 + SIDES.indexOf(sender), { length: missing, ...more });
  }

  /** An end says that nothing more comes from it. */
  fin(sender, more) {
    return this.#event(7 + SIDES.indexOf(sender), more);
  }

  /** Nothing more comes. */
  closed(reason = 'fin', more) {
    return this.#event(9 + REASONS.indexOf(reason), more);
  }

  #event(kind, { data = [], length = data.length, position = 0, frame, time = UNKNOWN_TIME, joined = false, cut = false, start = kind < 3 } = {}) {
    return { stream: this, kind, data, length, position, frame, time, joined, bits: (start ? 1 : 0) | (cut ? 2 : 0) };
  }
}

/** The report on packets and events in the order of the file, given in batches. */
export function run(Tool, made, { args = {}, batchSize = 1000 } = {}) {
  const tool = new Tool(args);
  const ends = endsOf(made);
  for (let start = 0, more = true; more && start < made.length; start += batchSize) {
    more = feed(tool, ...columns(made.slice(start, start + batchSize), start + 1), ends);
  }
  // As the host will see it.
  return JSON.parse(JSON.stringify(tool.finish({})));
}

/** The ends of streams, as they are learned from packets. */
export function endsOf(made) {
  const ends = new Ends();
  for (const { stream } of made) if (stream) ends.learn(...columns([tcp(stream.client, stream.server, [])], 1));
  return ends;
}

/** The batch, its packets and its events, as componentize-qjs gives them. */
export function columns(made, firstFrame) {
  const numbered = made.map((one, n) => [firstFrame + n, one]);
  // The first byte belongs to nothing.
  const data = [0];
  const put = (added) => (added.length ? data.push(...added) - added.length : 0);
  const [frames, table] = ofPackets(numbered.filter(([, one]) => !one.stream), put);
  const streams = ofEvents(numbered.filter(([, one]) => one.stream), put);
  // What is in no frame is behind all data.
  streams.offset = streams.offset.map((at) => (at < 0 ? data.length - 1 - at : at));
  return [{ frames, data: Uint8Array.from(data) }, table, streams];
}

function ofPackets(numbered, put) {
  const made = numbered.map(([, one]) => one);
  const rows = [...made.keys()];
  const sources = made.map(({ source: [text] }) => bytes(text));
  const destinations = made.map(({ destination: [text] }) => bytes(text));
  const versions = sources.map(({ length }) => ({ 0: 0, 4: 4, 16: 6 })[length]);
  const payload = made.map((one) => put(one.payload));
  const ipv6 = rows.filter((row) => versions[row] === 6);
  const headerOffset = ipv6.map((row) => put([...Array(8).fill(0), ...sources[row], ...destinations[row]]));
  const layer = (name) => (LAYERS.indexOf(name) + 1) * 2 ** 32;
  const layers = [];
  const layerEnds = made.map(({ layers: around, transport }, row) => {
    const ip = versions[row] ? [`Ipv${versions[row]}`] : [];
    const over = transport ? [TRANSPORTS[transport][0].toUpperCase() + TRANSPORTS[transport].slice(1)] : [];
    return layers.push(...[...around, ...ip, ...over].map(layer));
  });
  const frames = { number: numbered.map(([n]) => n), timestamp: made.map(({ time }) => time), original: made.map(({ length }) => length) };
  const table = {
    row: rows,
    stack: rows,
    version: versions,
    sourceHigh: sources.map(high),
    sourceLow: sources.map(low),
    destinationHigh: destinations.map(high),
    destinationLow: destinations.map(low),
    protocol: made.map(({ transport }) => transport),
    transport: made.map(({ transport }) => transport),
    sourcePort: made.map(({ source }) => source[1]),
    destinationPort: made.map(({ destination }) => destination[1]),
    payload,
    captured: made.map((one) => one.payload.length),
    length: made.map(({ length }) => length),
    stop: made.map(({ stop }) => stop),
    copyOf: made.map(({ copyOf }) => copyOf),
    community: Uint8Array.from(made.flatMap(({ community }) => community)),
    layers,
    layerEnds,
    headerPacket: ipv6,
    headerLayer: ipv6.map(() => layer('Ipv6')),
    headerOffset,
    joined: new Uint8Array(),
  };
  return [frames, table];
}

function ofEvents(numbered, put) {
  const made = numbered.map(([, one]) => one);
  const streams = made.map(({ stream }) => stream);
  const joined = [];
  const offset = made.map(({ data, joined: waited }) => (waited ? data.length - 1 - joined.push(...data) : put(data)));
  const clients = streams.map(({ client: [text] }) => bytes(text));
  const servers = streams.map(({ server: [text] }) => bytes(text));
  return {
    arrival: numbered.map(([n]) => n),
    connection: [...made.keys()],
    kind: made.map(({ kind }) => kind),
    eventFlags: made.map(({ bits }) => bits),
    frame: numbered.map(([n, { frame }]) => frame ?? n),
    timestamp: made.map(({ time }) => time),
    position: made.map(({ position }) => position),
    offset,
    length: made.map(({ length }) => length),
    id: streams.map(({ id }) => id),
    number: streams.map(({ id }) => id),
    version: clients.map(({ length }) => (length === 4 ? 4 : 6)),
    clientHigh: clients.map(high),
    clientLow: clients.map(low),
    clientPort: streams.map(({ client }) => client[1]),
    serverHigh: servers.map(high),
    serverLow: servers.map(low),
    serverPort: streams.map(({ server }) => server[1]),
    clientKnown: streams.map(({ known }) => (known ? 1 : 0)),
    firstFrame: numbered.map(([n]) => n),
    vlan: streams.map(() => NO_VLAN),
    joined: Uint8Array.from(joined),
  };
}

// Halves of addresses, as floating-point numbers.
const number = (octets) => octets.reduce((sum, byte) => sum * 256 + byte, 0);
const high = (octets) => number(octets.slice(-16, -8));
const low = (octets) => number(octets.slice(-8));

/** The bytes of an address that is written as text. */
function bytes(text) {
  if (!text.includes(':')) return text ? text.split('.').map(Number) : [];
  const [front, back] = text.split('::').map((half) => half.split(':').filter((group) => group));
  const groups = back ? [...front, ...Array(8 - front.length - back.length).fill('0'), ...back] : front;
  return groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]);
}
