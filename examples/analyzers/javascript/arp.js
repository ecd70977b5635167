// The tool `arp-javascript_table`: ARP (RFC 826) over Ethernet, with the probes and announcements of RFC 5227.
import { FRAMES_CITED, address, finding, mac } from './packets.js';
import { REPORT } from './report.js';

const HEADER = 8;
const ETHERNET_IPV4 = [0, 1, 8, 0, 6, 4]; // hardware and protocol type, lengths of their addresses
const REQUEST = 1;
const REPLY = 2;
const UNSPECIFIED = '0.0.0.0';

// A capture decides how much there is to keep, so every table has a bound.
const BINDINGS_MAX = 4096;
const TARGETS_MAX = 4096;
const SENDERS_MAX = 4096;
const MALFORMED_CITED = 10;
const UNANSWERED_LISTED = 100;
const FINDINGS_MAX = 100;
const GRATUITOUS_MANY = 20;

/** Order of addresses as numbers. */
const value = (ip) => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

export class ArpTable {
  static NAME = 'arp-javascript_table';
  static TITLE = 'ARP table';
  static DESCRIPTION =
    'Reads the ARP messages of a packet capture: which hardware address claimed which IPv4 address, requests, replies, probes and announcements, ' +
    'addresses claimed by several hardware addresses, and floods of gratuitous announcements. Use it to look for ARP spoofing and address conflicts in Ethernet captures.';
  static ARGUMENTS = {
    type: 'object',
    properties: { max_packets: { type: 'integer', minimum: 1, description: 'Stop after this many ARP messages (default: all).' } },
  };
  static REPORT = REPORT;
  static ENDS = ['max_packets'];

  #counts = { arp_packets_found: 0, requests: 0, replies: 0, probes: 0, announcements: 0, gratuitous_replies: 0, other_operations: 0, other_hardware: 0, malformed: 0 };
  #malformedFrames = [];
  #bindings = new Map(); // "ip mac": ip, mac, packets, first and last frame
  #targets = new Map(); // ip: requests, first frame
  #answered = new Set();
  #senders = new Map(); // mac: gratuitous messages, the first frames
  #limits = { bindings_left_out: 0, targets_left_out: 0 };
  #maxPackets;

  constructor({ max_packets: maxPackets }) {
    this.#maxPackets = maxPackets;
  }

  /** Takes the next packet; whether more are wanted. */
  packet(packet) {
    if (packet.innermost === 'Arp') this.#message(packet.frame, packet.payload);
    return this.#counts.arp_packets_found !== this.#maxPackets;
  }

  #message(frame, data) {
    this.#counts.arp_packets_found++;
    if (data.length < HEADER || data.length < HEADER + 2 * (data[4] + data[5])) {
      this.#counts.malformed++;
      if (this.#malformedFrames.length < MALFORMED_CITED) this.#malformedFrames.push(frame);
    } else if (!ETHERNET_IPV4.every((octet, at) => data[at] === octet)) {
      this.#counts.other_hardware++;
    } else {
      const operation = (data[6] << 8) | data[7];
      const message = { frame, operation, hardware: mac(data.subarray(8, 14)), ip: address(data.subarray(14, 18)), target: address(data.subarray(24, 28)) };
      if (operation === REQUEST || operation === REPLY) this.#known(message);
      else this.#counts.other_operations++;
    }
  }

  #known({ frame, operation, hardware, ip, target }) {
    const isOwn = ip === target && ip !== UNSPECIFIED;
    if (operation === REQUEST) {
      this.#counts.requests++;
      if (isOwn) this.#counts.announcements++;
      else if (ip === UNSPECIFIED) this.#counts.probes++;
      else this.#asked(frame, target);
    } else {
      this.#counts.replies++;
      if (ip === target) this.#counts.gratuitous_replies++;
      // What was not asked for yet may be asked for later.
      if (this.#targets.has(ip) || this.#answered.size < TARGETS_MAX) this.#answered.add(ip);
    }
    if (isOwn) this.#announced(frame, hardware);
    if (ip !== UNSPECIFIED) this.#bound(frame, ip, hardware);
  }

  #asked(frame, target) {
    const known = this.#targets.get(target);
    if (known) known.requests++;
    else if (this.#targets.size < TARGETS_MAX) this.#targets.set(target, { requests: 1, frame });
    else this.#limits.targets_left_out++;
  }

  #announced(frame, hardware) {
    let sender = this.#senders.get(hardware);
    if (!sender) {
      if (this.#senders.size >= SENDERS_MAX) return;
      this.#senders.set(hardware, (sender = { count: 0, frames: [] }));
    }
    sender.count++;
    if (sender.frames.length < FRAMES_CITED) sender.frames.push(frame);
  }

  #bound(frame, ip, hardware) {
    const key = `${ip} ${hardware}`;
    const known = this.#bindings.get(key);
    if (known) {
      known.packets++;
      known.last_frame = frame;
    } else if (this.#bindings.size < BINDINGS_MAX) {
      this.#bindings.set(key, { ip, mac: hardware, packets: 1, first_frame: frame, last_frame: frame });
    } else {
      this.#limits.bindings_left_out++;
    }
  }

  finish() {
    const bindings = [...this.#bindings.values()].sort((a, b) => value(a.ip) - value(b.ip) || byText(a.mac, b.mac));
    const unanswered = [...this.#targets].filter(([ip]) => !this.#answered.has(ip)).map(([ip, { requests, frame }]) => ({ ip, requests, first_frame: frame }));
    unanswered.sort((a, b) => b.requests - a.requests || value(a.ip) - value(b.ip));
    return {
      ...this.#counts,
      malformed_frames: this.#malformedFrames,
      bindings,
      unanswered: unanswered.slice(0, UNANSWERED_LISTED),
      unanswered_total: unanswered.length,
      findings: [...duplicates(bindings).slice(0, FINDINGS_MAX), ...this.#floods().slice(0, FINDINGS_MAX)],
      limits: this.#limits,
    };
  }

  #floods() {
    const many = [...this.#senders].filter(([, { count }]) => count >= GRATUITOUS_MANY).sort(([a], [b]) => byText(a, b));
    return many.map(([hardware, { count, frames }]) =>
      finding({
        rule: 'arp_gratuitous_flood',
        subject: hardware,
        severity: 'low',
        confidence: 'medium',
        observation: 'one hardware address sent many gratuitous ARP messages',
        measures: { gratuitous_messages: count },
        threshold: '20 announcements or gratuitous replies of one sender hardware address',
        frames,
        framesTotal: count,
        falseAlarm: 'failover clusters and virtual machine migrations announce all their addresses at once',
      }),
    );
  }
}

function duplicates(bindings) {
  const claims = new Map();
  for (const binding of bindings) {
    const claimed = claims.get(binding.ip);
    if (claimed) claimed.push(binding);
    else claims.set(binding.ip, [binding]);
  }
  const several = [...claims].filter(([, claimed]) => claimed.length > 1);
  return several.map(([ip, claimed]) =>
    finding({
      rule: 'arp_duplicate_binding',
      subject: ip,
      severity: 'medium',
      confidence: 'medium',
      observation: 'one IPv4 address was claimed by several hardware addresses',
      measures: { hardware_addresses: claimed.length, packets: claimed.reduce((sum, { packets }) => sum + packets, 0) },
      threshold: '2 hardware addresses for one IPv4 address',
      frames: claimed.map((claim) => claim.first_frame),
      framesTotal: claimed.length,
      falseAlarm:
        'addresses that move between machines: failover pairs, VRRP without virtual hardware addresses, a replaced network card, DHCP leases given out again',
    }),
  );
}
