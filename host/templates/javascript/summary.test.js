// The tool on packets that are made here.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Summary } from './summary.js';
import { run, tcp, udp } from './testing.js';

const CLIENT = ['192.0.2.1', 50000];
const SERVER = ['192.0.2.53', 53];

test('packets are counted by service wherever batches end', () => {
  const made = [
    udp(CLIENT, SERVER, [1, 2, 3, 4]),
    udp(SERVER, CLIENT, [1, 2, 3]),
    tcp(['2001:db8::1', 50001], ['2001:db8::80', 80], [1]),
    udp(CLIENT, SERVER, [1, 2, 3, 4], { copyOf: 1 }),
  ];
  for (const batchSize of [1, 2, 100]) {
    const report = run(Summary, made, { batchSize });
    assert.deepEqual([report.packets, report.copies, report.findings], [3, 1, []]);
    assert.deepEqual(report.services, [
      { transport: 'udp', port: 53, packets: 2, bytes: 7 },
      { transport: 'tcp', port: 80, packets: 1, bytes: 1 },
    ]);
  }
});

test('cut payloads are found and cited', () => {
  const [found] = run(Summary, [udp(CLIENT, SERVER, [1]), udp(CLIENT, SERVER, [1], { length: 500 })]).findings;
  assert.deepEqual([found.frames, found.frames_total], [[2], 1]);
});
