// The tool on frames that are made here.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Summary } from './summary.js';
import { run } from './testing.js';

const ADDRESSES = [...Array(6).fill(0xff), 2, 0, 0, 0, 0, 1];
const payload = (length) => Array(length).fill(0);

test('frames are counted by kind wherever batches end', () => {
  const frames = [
    [...ADDRESSES, 8, 0, ...payload(40)],
    [...ADDRESSES, 0x81, 0, 0, 5, 8, 0, ...payload(40)],
    [...ADDRESSES, 8, 6, ...payload(28)],
    [1, 2, 3],
  ];
  for (const batchSize of [1, 2, 100]) {
    const report = run(Summary, frames, { batchSize });
    assert.deepEqual(report.kinds[0], { ethertype: '0x0800', frames: 2, octets: 112 });
    assert.deepEqual(report.kinds.map(({ ethertype }) => ethertype), ['0x0800', '0x0806', 'none']);
  }
});

test('cut frames are found and cited', () => {
  const frame = [...ADDRESSES, 8, 0, ...payload(40)];
  const [found] = run(Summary, [frame, frame], { original: 1500 }).findings;
  assert.deepEqual([found.frames, found.frames_total], [[1, 2], 2]);
});
