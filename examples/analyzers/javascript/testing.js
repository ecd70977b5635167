// Runs a tool over packets that a test makes, as the host would. Copy this file into your own project.
import { LAYERS, TRANSPORTS, packets } from './packets.js';

const NUMBERS = Object.fromEntries(Object.entries(TRANSPORTS).map(([number, name]) => [name, Number(number)]));

/** A datagram from and to an address and a port; `more` as in `packet`. */
export const udp = (source, destination, payload, more) => packet(payload, { transport: 'udp', source, destination, ...more });

/** A segment, likewise. */
export const tcp = (source, destination, payload, more) => packet(payload, { transport: 'tcp', source, destination, ...more });

/** A packet. `layers` are the names of those around IP; `length` is that of the payload on the wire, when it is another one. */
export function packet(payload, { transport = '', source = ['', 0], destination = ['', 0], layers = ['Ethernet'], length, time = 0, copyOf = 0, stop = 0 } = {}) {
  return { payload: [...payload], transport: NUMBERS[transport] ?? 0, source, destination, layers, length: length ?? payload.length, time, copyOf, stop };
}

/** The report on packets, given in batches. */
export function run(Tool, made, { args = {}, batchSize = 1000 } = {}) {
  const tool = new Tool(args);
  for (let start = 0, more = true; more && start < made.length; start += batchSize) {
    for (const one of packets(...columns(made.slice(start, start + batchSize), start + 1))) {
      more = tool.packet(one) !== false;
      if (!more) break;
    }
  }
  // As the host will see it.
  return JSON.parse(JSON.stringify(tool.finish({})));
}

/** The batch and its columns, as componentize-qjs gives them. */
export function columns(made, firstFrame) {
  const rows = [...made.keys()];
  const sources = made.map(({ source: [text] }) => bytes(text));
  const destinations = made.map(({ destination: [text] }) => bytes(text));
  const versions = sources.map(({ length }) => ({ 0: 0, 4: 4, 16: 6 })[length]);
  const value = (address) => (address.length === 4 ? address.reduce((sum, byte) => sum * 256 + byte, 0) : 0);
  // The first byte belongs to no payload.
  const data = [0];
  const put = (added) => (added.length ? data.push(...added) - added.length : 0);
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
  const frames = { number: rows.map((row) => firstFrame + row), timestamp: made.map(({ time }) => time), original: made.map(({ length }) => length) };
  const table = {
    row: rows,
    stack: rows,
    version: versions,
    sourceLow: sources.map(value),
    destinationLow: destinations.map(value),
    protocol: made.map(({ transport }) => transport),
    transport: made.map(({ transport }) => transport),
    sourcePort: made.map(({ source }) => source[1]),
    destinationPort: made.map(({ destination }) => destination[1]),
    payload,
    captured: made.map((one) => one.payload.length),
    length: made.map(({ length }) => length),
    stop: made.map(({ stop }) => stop),
    copyOf: made.map(({ copyOf }) => copyOf),
    layers,
    layerEnds,
    headerPacket: ipv6,
    headerLayer: ipv6.map(() => layer('Ipv6')),
    headerOffset,
    joined: new Uint8Array(),
  };
  return [{ frames, data: Uint8Array.from(data) }, table];
}

/** The bytes of an address that is written as text. */
function bytes(text) {
  if (!text.includes(':')) return text ? text.split('.').map(Number) : [];
  const [front, back] = text.split('::').map((half) => half.split(':').filter((group) => group));
  const groups = back ? [...front, ...Array(8 - front.length - back.length).fill('0'), ...back] : front;
  return groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]);
}
