// The tool `{{name}}_summary`: its arguments, what it keeps, its report.
import { FINDINGS, FRAMES_CITED, finding, fixed, list, number, object } from './packets.js';

// A capture decides how much there is to keep, so every table has a bound.
const SERVICES_MAX = 4096;

export class Summary {
  static NAME = '{{name}}_summary';
  static TITLE = 'Services of a capture';
  static DESCRIPTION =
    'Counts the packets of a capture over UDP and TCP by service, and names those whose payload was cut when they were captured. ' +
    'Use it to see which services there are before looking into one of them.';
  static WANTS = { transports: ['udp', 'tcp'] };
  static ARGUMENTS = {
    type: 'object',
    properties: { top: { type: 'integer', minimum: 1, maximum: 4096, description: 'Services to list, those with most bytes first (default 20).' } },
  };
  static REPORT = object({
    packets: number('Packets over UDP and TCP, without copies.'),
    copies: number('Packets that were captured again.'),
    findings: FINDINGS,
    services: list('The services with most bytes: the lower one of both ports.', {
      transport: fixed('`udp` or `tcp`.'),
      port: number('Its port.'),
      packets: number('Packets in both directions.'),
      bytes: number('Bytes of their payloads on the wire.'),
    }),
    left_out: number('Packets of services for which there was no room.'),
  });

  #top;
  #packets = 0;
  #copies = 0;
  #leftOut = 0;
  #services = new Map(); // transport and port: the entry of the report
  #cut = [];
  #cutTotal = 0;

  constructor({ top = 20 }) {
    this.#top = top;
  }

  /** Takes the next packet; whether more are wanted. */
  packet(packet) {
    if (packet.copyOf) {
      this.#copies++;
      return true;
    }
    this.#packets++;
    this.#count(packet.transport, Math.min(packet.sourcePort, packet.destinationPort), packet.length);
    if (packet.isCut) {
      this.#cutTotal++;
      if (this.#cut.length < FRAMES_CITED) this.#cut.push(packet.frame);
    }
    return true;
  }

  #count(transport, port, bytes) {
    const key = `${transport} ${port}`;
    const counts = this.#services.get(key);
    if (counts) {
      counts.packets++;
      counts.bytes += bytes;
    } else if (this.#services.size < SERVICES_MAX) {
      this.#services.set(key, { transport, port, packets: 1, bytes });
    } else {
      this.#leftOut++;
    }
  }

  /** The report. `capture` is what the host knows of the file; the contract's README has its fields. */
  finish(capture) {
    const ranked = [...this.#services.values()].sort((a, b) => b.bytes - a.bytes || a.transport.localeCompare(b.transport) || a.port - b.port);
    return {
      packets: this.#packets,
      copies: this.#copies,
      findings: this.#findings(),
      services: ranked.slice(0, this.#top),
      left_out: this.#leftOut,
    };
  }

  #findings() {
    if (this.#cutTotal === 0) return [];
    return [
      finding({
        rule: '{{snake}}_cut_payloads',
        subject: 'the capture',
        severity: 'info',
        confidence: 'high',
        observation: 'payloads were cut when they were captured',
        measures: { packets: this.#cutTotal },
        threshold: '1 packet of whose payload less was captured than was on the wire',
        frames: this.#cut,
        framesTotal: this.#cutTotal,
        falseAlarm: 'captures that were made with a small snap length on purpose',
      }),
    ];
  }
}
