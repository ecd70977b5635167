// What the tool answers: its schema.
import { FINDINGS, fixed, list, number, object } from './packets.js';

export const REPORT = object({
  arp_packets_found: number('ARP messages, malformed and other ones included.'),
  requests: number('Requests (operation 1).'),
  replies: number('Replies (operation 2).'),
  probes: number("Requests without a sender's address: who wants to know whether an address is free."),
  announcements: number("Requests for the sender's own address: who tells that an address is taken."),
  gratuitous_replies: number('Replies whose sender and target are the same.'),
  other_operations: number('Messages of another operation.'),
  other_hardware: number('Messages about something else than IPv4 over Ethernet.'),
  malformed: number('Messages that end before their fields.'),
  malformed_frames: { type: 'array', items: { type: 'integer' }, description: 'Frames of the first of them.' },
  bindings: list('Which hardware address claimed which IPv4 address.', {
    ip: fixed('The IPv4 address.'),
    mac: fixed('The hardware address.'),
    packets: number('Messages that claim it.'),
    first_frame: number('The first of them.'),
    last_frame: number('The last of them.'),
  }),
  unanswered: list('Addresses that were asked for and never answered, those that were asked for most first.', {
    ip: fixed('The IPv4 address.'),
    requests: number('Requests for it.'),
    first_frame: number('The first of them.'),
  }),
  unanswered_total: number('How many such addresses there are.'),
  findings: FINDINGS,
  limits: object({
    bindings_left_out: number('Messages with claims for which there was no room.'),
    targets_left_out: number('Requests for addresses for which there was no room.'),
  }),
});
