// Runs a tool over frames that a test makes, as the host would. Copy this file into your own project.
import { ETHERNET } from './packets.js';

/** The report on Ethernet frames, given in batches; `original` is their length on the wire, when it is another one. */
export function run(Tool, frames, { args = {}, batchSize = 1000, original } = {}) {
  const tool = new Tool(args);
  for (let start = 0; start < frames.length; start += batchSize) {
    const piece = frames.slice(start, start + batchSize);
    const captured = Uint32Array.from(piece, (frame) => frame.length);
    const offset = Uint32Array.from(captured.keys(), (row) => captured.subarray(0, row).reduce((sum, length) => sum + length, 0));
    const columns = {
      number: BigUint64Array.from(piece, (_, row) => BigInt(start + row + 1)),
      timestamp: new BigUint64Array(piece.length),
      offset,
      captured,
      original: captured.map((length) => original ?? length),
      link: new Uint32Array(piece.length),
      flags: new Uint32Array(piece.length),
    };
    const links = start === 0 ? [{ linkType: ETHERNET }] : [];
    if (!tool.feed({ frames: columns, links, position: 0n, data: Uint8Array.from(piece.flatMap((frame) => [...frame])) })) break;
  }
  // As the host will see it.
  return JSON.parse(JSON.stringify(tool.finish({})));
}
