// The tool on streams that are made here.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Summary } from './summary.js';
import { Stream, run } from './testing.js';

const mail = new Stream(['192.0.2.1', 50000], ['192.0.2.25', 25]);
const web = new Stream(['2001:db8::1', 50001], ['2001:db8::80', 80]);

test('what servers send is counted wherever batches end', () => {
  const made = [
    mail.data('server', '220 mail.example\r\n'),
    web.data('client', 'GET / HTTP/1.1\r\n\r\n'),
    mail.data('server', '250 ok\r\n'),
    web.data('server', 'HTTP/1.1 200 OK\r\n\r\n'),
    web.closed(),
    mail.closed('capture_end'),
  ];
  for (const batchSize of [1, 2, 100]) {
    const report = run(Summary, made, { batchSize });
    assert.deepEqual(report.servers, [
      { address: '192.0.2.25', port: 25, connections: 1, bytes: 26, missing: 0 },
      { address: '2001:db8::80', port: 80, connections: 1, bytes: 19, missing: 0 },
    ]);
    assert.deepEqual([report.findings, report.left_out], [[], 0]);
  }
  assert.equal(run(Summary, made, { args: { top: 1 } }).servers.length, 1);
});

test('missing bytes are found and cited', () => {
  const report = run(Summary, [mail.data('server', '220 '), mail.gap('server', 100), mail.gap('client', 7), mail.closed()]);
  assert.deepEqual([report.servers[0].bytes, report.servers[0].missing], [4, 100]);
  assert.deepEqual([report.findings[0].frames, report.findings[0].frames_total], [[2], 1]);
});
