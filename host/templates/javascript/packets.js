// What a JavaScript analyzer needs besides its analysis: the frames of a batch, Ethernet, addresses, findings, schemas.
// Copy this file into your own project.

export const ETHERNET = 1; // LINKTYPE_ETHERNET, https://www.tcpdump.org/linktypes.html
const VLAN_TAGS = [0x8100, 0x88a8, 0x9100]; // IEEE 802.1Q, 802.1ad, and the old number for stacked tags
const VLAN_TAGS_MAX = 4;
export const FRAMES_CITED = 20;

/** The links of a capture. A batch tells only those that are new, so one object lives as long as the run. */
export class Links {
  #types = [];

  /** The frames of the next batch, in order: number, link type, octets as captured, octets that it had on the wire. */
  *frames(batch) {
    for (const link of batch.links) this.#types.push(link.linkType);
    const { number, offset, captured, original, link } = batch.frames;
    for (let row = 0; row < number.length; row++) {
      // A view, not a copy. The host has checked that each range lies in the data.
      const data = batch.data.subarray(offset[row], offset[row] + captured[row]);
      // Numbers of frames are 64 bits wide, and far below 2^53. Lengths above 2^31, which damaged captures have, come as negative numbers.
      yield { number: Number(number[row]), linkType: this.#types[link[row]], data, original: original[row] >>> 0 };
    }
  }
}

/** EtherType of an Ethernet frame behind its VLAN tags, and where its payload begins; type -1 for a frame that ends before that. */
export function ethertype(data) {
  for (let at = 12, tags = 0; tags <= VLAN_TAGS_MAX; at += 4, tags++) {
    if (data.length < at + 2) break;
    const type = (data[at] << 8) | data[at + 1];
    if (!VLAN_TAGS.includes(type)) return { type, at: at + 2 };
  }
  return { type: -1, at: 0 };
}

/** A hardware address as text. */
export const mac = (octets) => Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join(':');

/** An IPv4 address as text. */
export const ipv4 = (octets) => octets.join('.');

/** A finding in the form that all analyzers use. `measures` are numbers by their names. */
export function finding({ measures, frames, framesTotal, falseAlarm, ...rest }) {
  const named = Object.entries(measures).map(([name, value]) => ({ name, value }));
  const cited = [...new Set(frames)].sort((a, b) => a - b).slice(0, FRAMES_CITED);
  return { ...rest, measures: named, frames: cited, frames_total: framesTotal, false_alarm: falseAlarm };
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
