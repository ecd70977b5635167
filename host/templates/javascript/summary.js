// The tool `{{name}}_summary`: its arguments, what it keeps, its report.
import { ETHERNET, FINDINGS, FRAMES_CITED, Links, ethertype, finding, fixed, list, number, object } from './packets.js';

// A capture decides how much there is to keep, so every table has a bound.
const KINDS_MAX = 4096;

export class Summary {
  static NAME = '{{name}}_summary';
  static TITLE = 'Kinds of frames';
  static DESCRIPTION =
    'Counts the Ethernet frames of a packet capture by EtherType, behind VLAN tags, and names frames that were cut when they were captured. ' +
    'Use it to see what there is before looking into one protocol.';
  static ARGUMENTS = {
    type: 'object',
    properties: { top: { type: 'integer', minimum: 1, maximum: 100, description: 'Kinds to list, those with most octets first (default 20).' } },
  };
  static REPORT = object({
    frames: number('Frames that were looked at.'),
    kinds: list('The kinds of frames with most octets.', {
      ethertype: fixed('EtherType as hexadecimal digits; `none` for a frame that has none.'),
      frames: number('How many frames.'),
      octets: number('Their octets on the wire.'),
    }),
    kinds_total: number('How many kinds there are.'),
    findings: FINDINGS,
  });

  #links = new Links();
  #top;
  #frames = 0;
  #kinds = new Map(); // EtherType: frames, octets
  #cut = [];
  #cutTotal = 0;

  constructor({ top = 20 }) {
    this.#top = top;
  }

  /** Takes the next frames; whether more are wanted. */
  feed(batch) {
    for (const frame of this.#links.frames(batch)) {
      this.#frames++;
      this.#count(frame.linkType === ETHERNET ? ethertype(frame.data).type : -1, frame.original);
      if (frame.data.length < frame.original) {
        this.#cutTotal++;
        if (this.#cut.length < FRAMES_CITED) this.#cut.push(frame.number);
      }
    }
    return true;
  }

  #count(kind, octets) {
    const counts = this.#kinds.get(kind);
    if (counts) {
      counts.frames++;
      counts.octets += octets;
    } else if (this.#kinds.size < KINDS_MAX) {
      this.#kinds.set(kind, { frames: 1, octets });
    }
  }

  /** The report. `capture` is what the host knows of the file: `wit/README.md` has its fields. */
  finish(capture) {
    const ranked = [...this.#kinds].sort(([a, x], [b, y]) => y.octets - x.octets || a - b);
    const named = ([kind, counts]) => ({ ethertype: kind < 0 ? 'none' : `0x${kind.toString(16).padStart(4, '0')}`, ...counts });
    return {
      frames: this.#frames,
      kinds: ranked.slice(0, this.#top).map(named),
      kinds_total: ranked.length,
      findings: this.#findings(),
    };
  }

  #findings() {
    if (this.#cutTotal === 0) return [];
    return [
      finding({
        rule: '{{snake}}_cut_frames',
        subject: 'the capture',
        severity: 'info',
        confidence: 'high',
        observation: 'frames were cut when they were captured',
        measures: { frames: this.#cutTotal },
        threshold: '1 frame of which less was captured than was on the wire',
        frames: this.#cut,
        framesTotal: this.#cutTotal,
        falseAlarm: 'captures that were made with a small snap length on purpose',
      }),
    ];
  }
}
