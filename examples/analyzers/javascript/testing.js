// Runs a tool over packets that a test makes, as the host would. Copy this file into your own project.
import { LAYERS, TRANSPORTS, packets } from './packets.js';

const NUMBERS = Object.fromEntries(Object.entries(TRANSPORTS).map(([number, name]) => [name, Number(number)]));

/** A datagram from and to an address and a port; `more` as in `packet`. */
export const udp = (source, destination, payload, more) => packet(payload, { transport: 'udp', source, destination, ...more });

/** A segment, likewise. */
export const tcp = (source, destination, payload, more) => packet(payload, { transport: 'tcp', source, destination, ...more });

/** A packet. `layers` are the names of those around IP; `length` is that of the payload on the wire, when it is another one. */
export function packet(payload, { transport = '', source = ['', 0], destination = ['', 0], layers = ['Ethernet'], length, time = 0n, copyOf = 0, stop = 0 } = {}) {
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

/** The batch and its columns, as the contract has them. */
function columns(made, firstFrame) {
  const sources = made.map(({ source: [text] }) => number(text));
  const destinations = made.map(({ destination: [text] }) => number(text));
  // The first byte belongs to no payload.
  const data = [0];
  const payload = made.map((one) => (one.payload.length ? data.push(...one.payload) - one.payload.length : 0));
  const layers = [];
  const layerEnds = made.map(({ layers: around, transport }, row) => {
    const ip = sources[row].version ? [`Ipv${sources[row].version}`] : [];
    const over = transport ? [TRANSPORTS[transport][0].toUpperCase() + TRANSPORTS[transport].slice(1)] : [];
    return layers.push(...[...around, ...ip, ...over].map((name) => BigInt(LAYERS.indexOf(name) + 1) << 32n));
  });
  const frames = {
    number: BigUint64Array.from(made, (_, row) => BigInt(firstFrame + row)),
    timestamp: BigUint64Array.from(made, ({ time }) => time),
    original: Uint32Array.from(made, ({ length }) => length),
  };
  const table = {
    row: Uint32Array.from(made.keys()),
    stack: Uint32Array.from(made.keys()),
    version: Uint8Array.from(sources, ({ version }) => version),
    sourceHigh: BigUint64Array.from(sources, ({ value }) => value >> 64n),
    sourceLow: BigUint64Array.from(sources, ({ value }) => BigInt.asUintN(64, value)),
    destinationHigh: BigUint64Array.from(destinations, ({ value }) => value >> 64n),
    destinationLow: BigUint64Array.from(destinations, ({ value }) => BigInt.asUintN(64, value)),
    protocol: Uint8Array.from(made, ({ transport }) => transport),
    transport: Uint8Array.from(made, ({ transport }) => transport),
    sourcePort: Uint16Array.from(made, ({ source }) => source[1]),
    destinationPort: Uint16Array.from(made, ({ destination }) => destination[1]),
    payload: Uint32Array.from(payload),
    captured: Uint32Array.from(made, (one) => one.payload.length),
    length: Uint32Array.from(made, ({ length }) => length),
    stop: Uint8Array.from(made, ({ stop }) => stop),
    copyOf: BigUint64Array.from(made, ({ copyOf }) => BigInt(copyOf)),
    layers: BigUint64Array.from(layers),
    layerEnds: Uint32Array.from(layerEnds),
    joined: new Uint8Array(),
  };
  return [{ frames, data: Uint8Array.from(data) }, table];
}

/** Version and value of an address that is written as text. */
function number(text) {
  if (!text.includes(':')) return { version: text ? 4 : 0, value: text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n) };
  const [front, back] = text.split('::').map((half) => half.split(':').filter((group) => group));
  const groups = back ? [...front, ...Array(8 - front.length - back.length).fill('0'), ...back] : front;
  return { version: 6, value: groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n) };
}
