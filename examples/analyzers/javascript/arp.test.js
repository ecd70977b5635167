// The tool on packets that are made here.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ArpTable } from './arp.js';
import { packets } from './packets.js';
import { columns, packet, run, udp } from './testing.js';

const A = [2, 0, 0, 0, 0, 1];
const B = [2, 0, 0, 0, 0, 2];
const ip = (text) => text.split('.').map(Number);
const message = (operation, mac, sender, target) => [0, 1, 8, 0, 6, 4, 0, operation, ...mac, ...ip(sender), ...Array(6).fill(0), ...ip(target)];
const carried = (payload, layers = ['Ethernet', 'Arp']) => packet(payload, { layers });
const arp = (operation, mac, sender, target, layers) => carried(message(operation, mac, sender, target), layers);

test('addresses are written as RFC 5952 wants', () => {
  for (const text of ['2001:db8::1', '2001:db8:0:1:1:1:1:1', '2001:0:0:1::1', '::', '::1', 'fe80::', '2001:db8::1:0:0:1', '100::10:0:0:0']) {
    const made = udp([text, 1], ['192.0.2.1', 2], []);
    const seen = [];
    run(class { packet(packet) { seen.push(packet.source); } finish() { return {}; } }, [made]);
    assert.deepEqual(seen, [text]);
  }
});

test('messages are told apart wherever batches end', () => {
  const frames = [
    arp(1, A, '192.0.2.1', '192.0.2.2'),
    arp(2, B, '192.0.2.2', '192.0.2.1'),
    arp(1, A, '0.0.0.0', '192.0.2.9'),
    arp(1, A, '192.0.2.1', '192.0.2.1'),
    arp(2, A, '192.0.2.1', '192.0.2.1', ['Ethernet', 'Vlan', 'Arp']),
    arp(8, A, '192.0.2.1', '192.0.2.1'),
    carried(message(1, A, '192.0.2.1', '192.0.2.2').slice(0, -1)),
    udp(['192.0.2.1', 1], ['192.0.2.2', 2], [1, 2, 3]),
  ];
  for (const batchSize of [1, 3, 100]) {
    const report = run(ArpTable, frames, { batchSize });
    const counts = ['arp_packets_found', 'requests', 'replies', 'probes', 'announcements', 'gratuitous_replies', 'other_operations', 'malformed'];
    assert.deepEqual(counts.map((count) => report[count]), [7, 3, 2, 1, 1, 1, 1, 1]);
    assert.deepEqual(report.malformed_frames, [7]);
    assert.deepEqual(report.bindings, [
      { ip: '192.0.2.1', mac: '02:00:00:00:00:01', packets: 3, first_frame: 1, last_frame: 5 },
      { ip: '192.0.2.2', mac: '02:00:00:00:00:02', packets: 1, first_frame: 2, last_frame: 2 },
    ]);
    assert.deepEqual([report.unanswered, report.findings], [[], []]);
  }
});

test('two claims of one address are a finding', () => {
  const [found] = run(ArpTable, [arp(2, A, '192.0.2.1', '192.0.2.5'), arp(2, A, '192.0.2.1', '192.0.2.5'), arp(2, B, '192.0.2.1', '192.0.2.5')]).findings;
  assert.deepEqual([found.rule, found.subject, found.frames, found.frames_total], ['arp_duplicate_binding', '192.0.2.1', [1, 3], 2]);
});

test('many announcements are a finding', () => {
  const announcement = arp(1, A, '192.0.2.1', '192.0.2.1');
  assert.deepEqual(run(ArpTable, Array(19).fill(announcement)).findings, []);
  const [found] = run(ArpTable, Array(25).fill(announcement)).findings;
  assert.deepEqual([found.rule, found.frames_total, found.frames.length], ['arp_gratuitous_flood', 25, 20]);
});

test('tables are bounded', () => {
  const frames = Array.from({ length: 5000 }, (_, n) => arp(1, A, `10.0.${n >> 8}.${n & 255}`, `10.1.${n >> 8}.${n & 255}`));
  const report = run(ArpTable, frames);
  assert.deepEqual([report.bindings.length, report.limits], [4096, { bindings_left_out: 904, targets_left_out: 904 }]);
  assert.deepEqual([report.unanswered.length, report.unanswered_total], [100, 4096]);
});

test('reading ends when enough was found', () => {
  assert.equal(run(ArpTable, Array(9).fill(arp(1, A, '192.0.2.1', '192.0.2.2')), { args: { max_packets: 4 } }).arp_packets_found, 4);
});

test('messages that end anywhere do no harm', () => {
  const whole = message(1, A, '192.0.2.1', '192.0.2.2');
  for (let end = 0; end <= whole.length; end++) run(ArpTable, [carried(whole.slice(0, end))]);
});

test('what was put together from fragments is behind the data', () => {
  const [batch, table] = columns([udp(['2001:db8::1', 1], ['2001:db8::2', 2], [1], { layers: ['Ethernet', 'Vlan'], length: 9, copyOf: 4 })], 7);
  const joined = [0, ...batch.data.subarray(table.headerOffset[0], table.headerOffset[0] + 40), 5, 6];
  Object.assign(table, { headerOffset: [batch.data.length + 1], payload: [batch.data.length + 41], captured: [2], joined: Uint8Array.from(joined) });
  const [one] = packets(batch, table);
  assert.deepEqual([one.frame, [...one.payload], one.length, one.isCut, one.copyOf], [7, [5, 6], 9, true, 4]);
  assert.deepEqual([one.source, one.destination, one.innermost, one.layers.length], ['2001:db8::1', '2001:db8::2', 'Udp', 4]);
});
