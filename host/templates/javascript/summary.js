// The tool `{{name}}_summary`: its arguments, what it keeps, its report.
import { FINDINGS, Frames, finding, fixed, list, number, object } from './packets.js';

// A capture decides how much there is to keep, so every table has a bound.
const SERVERS_MAX = 4096;

export class Summary {
  static NAME = '{{name}}_summary';
  static TITLE = 'TCP servers of a capture';
  static DESCRIPTION =
    'Counts the bytes that each TCP server of a capture sent, and those that were not captured. ' +
    'Use it to see which servers there are before looking into one of them.';
  // It is given what happens in TCP streams, and no packets.
  static STREAMS = true;
  static WANTS = { transports: [] };
  static ARGUMENTS = {
    type: 'object',
    properties: { top: { type: 'integer', minimum: 1, maximum: 4096, description: 'Servers to list, those that sent most bytes first (default 20).' } },
  };
  static REPORT = object({
    findings: FINDINGS,
    servers: list('The servers that sent most bytes.', {
      address: fixed('IP address.'),
      port: number('TCP port.'),
      connections: number('Connections to it.'),
      bytes: number('Bytes that it sent.'),
      missing: number('Bytes that it sent and that are not in the capture.'),
    }),
    left_out: number('Connections to servers for which there was no room.'),
  });

  #top;
  #servers = new Map(); // by address and port: the entry of the report
  #gaps = new Frames();
  #leftOut = 0;

  constructor({ top = 20 }) {
    this.#top = top;
  }

  /** Takes the next event. If it returned false, no more would come. */
  stream({ kind, sender, length, frame, connection }) {
    const { server: address, serverPort: port } = connection;
    const key = `${address} ${port}`;
    if (!this.#servers.has(key)) {
      if (this.#servers.size === SERVERS_MAX) {
        if (kind === 'closed') this.#leftOut++;
        return;
      }
      this.#servers.set(key, { address, port, connections: 0, bytes: 0, missing: 0 });
    }
    const counts = this.#servers.get(key);
    if (kind === 'closed') {
      counts.connections++;
    } else if (kind === 'data' && sender === 'server') {
      counts.bytes += length; // `data` has them
    } else if (kind === 'gap' && sender === 'server') {
      counts.missing += length;
      this.#gaps.add(frame);
    }
  }

  /** The report. `capture` is what the host knows of the file; the contract's README has its fields. */
  finish(capture) {
    const ranked = [...this.#servers.values()].sort((a, b) => b.bytes - a.bytes || (a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port));
    return { findings: this.#findings(), servers: ranked.slice(0, this.#top), left_out: this.#leftOut };
  }

  #findings() {
    if (this.#gaps.total === 0) return [];
    return [
      finding({
        rule: '{{snake}}_missing_bytes',
        subject: 'the capture',
        severity: 'info',
        confidence: 'high',
        observation: 'bytes that servers sent are not in the capture',
        measures: { gaps: this.#gaps.total },
        threshold: '1 gap in what a server sent',
        frames: this.#gaps,
        falseAlarm: 'captures that were made with a small snap length on purpose',
      }),
    ];
  }
}
