// The tool on streams that are made here, and what it stands on.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { analyze } from './app.js';
import { BannersServers } from './banners.js';
import { Frames, packets, printable } from './packets.js';
import { events } from './streams.js';
import { Stream, columns, endsOf, run, tcp, udp } from './testing.js';

const CLIENT = ['192.0.2.1', 50000];
const CLIENT6 = ['2001:db8::1', 50001];
const SSH = ['192.0.2.22', 22];
const MAIL = ['192.0.2.25', 25];
const WEB = ['2001:db8::80', 80];

function ssh(server = SSH, banner = 'SSH-2.0-OpenSSH_9.6p1\r\n') {
  const stream = new Stream(server[0].includes(':') ? CLIENT6 : CLIENT, server);
  return [stream.data('server', banner), stream.data('client', 'SSH-2.0-libssh_0.10\r\n'), stream.closed('reset')];
}
const servers = (made, args) => run(BannersServers, made, { args }).servers;

test('openings are told apart wherever batches end', () => {
  const [web, mail, silent, old] = [new Stream(CLIENT6, WEB), new Stream(CLIENT, MAIL), new Stream(CLIENT, SSH), new Stream(CLIENT, SSH, { known: false })];
  const made = [
    ...ssh(),
    web.data('client', 'GET / HTTP/1.1\r\n\r\n'),
    mail.data('server', '220 mail.example '),
    web.data('server', 'HTTP/1.1 200 OK\r\nServer: x/1.2\r\n'),
    mail.data('server', 'ESMTP\r\nand more', { joined: true }),
    old.data('server', 'Last login 1.2\r\n'),
    silent.closed(),
    old.closed(),
    web.closed(),
    mail.closed('capture_end'),
  ];
  for (const batchSize of [1, 3, 100]) {
    const report = run(BannersServers, made, { batchSize });
    assert.deepEqual([report.connections, report.connections_without_start], [4, 1]);
    assert.deepEqual(report.servers, [
      { address: '192.0.2.22', port: 22, connections: 2, server_first: 1, client_first: 0, banner: 'SSH-2.0-OpenSSH_9.6p1', frames: [1] },
      { address: '192.0.2.25', port: 25, connections: 1, server_first: 1, client_first: 0, banner: '220 mail.example ESMTP', frames: [5, 7] },
      { address: '2001:db8::80', port: 80, connections: 1, server_first: 0, client_first: 1, banner: 'HTTP/1.1 200 OK', frames: [6] },
    ]);
    assert.deepEqual(report.findings.map(({ rule, subject, frames }) => [rule, subject, frames]), [['banners_software_version', '192.0.2.22:22', [1]]]);
  }
});

test('a line ends at a gap', () => {
  const [one, other] = [new Stream(CLIENT, MAIL), new Stream(CLIENT, SSH)];
  const made = [one.data('server', '220 '), one.gap('server', 9), one.data('server', '1.2\n'), other.gap('server', 7), other.data('server', '9.6\n')];
  const found = servers([...made, one.closed(), other.closed()]);
  assert.deepEqual(found.map(({ banner, frames, server_first: first }) => [banner, frames, first]), [['', [], 1], ['220 ', [1], 1]]);
});

test('the first connection gives the banner', () => {
  const [late, early] = [new Stream(CLIENT, SSH), new Stream(CLIENT, SSH)];
  const [server] = servers([early.data('server', 'early'), late.data('server', 'late\n'), late.closed(), early.closed()]);
  assert.deepEqual([server.banner, server.frames, server.connections], ['early', [1], 2]);
});

test('a server that speaks first where clients do is a finding', () => {
  const { findings } = run(BannersServers, Array.from({ length: 25 }, () => ssh(['2001:db8::22', 443])).flat());
  assert.deepEqual(findings.map(({ rule }) => rule), ['banners_software_version', 'banners_server_spoke_first']);
  const { subject, frames, frames_total: total } = findings[1];
  assert.deepEqual([subject, total, frames], ['[2001:db8::22]:443', 25, Array.from({ length: 20 }, (_, n) => 1 + 3 * n)]);
});

test('versions of software count, and that of SSH does not', () => {
  const count = (banner) => run(BannersServers, ssh(SSH, banner)).findings.length;
  assert.deepEqual(['220 ProFTPD 1.3.5 Server\n', 'SSH-2.0-dropbear\n', 'SSH-1.99-Cisco-1.25\n', '220 ready.\n'].map(count), [1, 0, 1, 0]);
});

test('servers are chosen and paged', () => {
  const web = new Stream(CLIENT6, WEB);
  const made = [...ssh(['192.0.2.22', 22]), ...ssh(['192.0.2.22', 2222]), web.data('client', 'GET'), web.closed()];
  const ports = (args) => servers(made, args).map(({ port }) => port);
  assert.deepEqual([ports({}), ports({ speaks_first: 'server' }), ports({ speaks_first: 'client' })], [[22, 2222, 80], [22, 2222], [80]]);
  const report = run(BannersServers, made, { args: { page: { offset: 1, limit: 1 } } });
  assert.deepEqual([report.servers.map(({ port }) => port), report.pages], [[2222], [{ list: 'servers', total: 3, offset: 1, returned: 1 }]]);
});

test('what is kept is bounded', () => {
  const made = Array.from({ length: 5000 }, (_, n) => ssh([`10.0.${n >> 8}.${n & 255}`, 22], 'x'.repeat(600)));
  const report = run(BannersServers, made.flat());
  assert.deepEqual([report.pages[0].total, report.limits], [4096, { connections_left_out: 904, findings_left_out: 0 }]);
  assert.equal(report.servers[0].banner, `${'x'.repeat(120)}…`);
  const many = run(BannersServers, Array.from({ length: 120 }, (_, n) => ssh([`10.0.0.${n}`, 22])).flat());
  assert.deepEqual([many.findings.length, many.limits.findings_left_out], [100, 20]);
});

test('addresses are written as RFC 5952 wants', () => {
  for (const text of ['2001:db8::1', '2001:db8:0:1:1:1:1:1', '2001:0:0:1::1', '::', '::1', 'fe80::', '2001:db8::1:0:0:1', '100::10:0:0:0']) {
    const [packet] = packets(...columns([udp([text, 1], ['192.0.2.1', 2], [])], 1));
    assert.equal(packet.source, text);
  }
});

test('what was put together from fragments is behind the data', () => {
  const [batch, table] = columns([udp(['2001:db8::1', 1], ['2001:db8::2', 2], [1], { layers: ['Ethernet', 'Vlan'], length: 9, copyOf: 4 })], 7);
  const joined = [0, ...batch.data.subarray(table.headerOffset[0], table.headerOffset[0] + 40), 5, 6];
  Object.assign(table, { headerOffset: [batch.data.length + 1], payload: [batch.data.length + 41], captured: [2], joined: Uint8Array.from(joined) });
  const [one] = packets(batch, table);
  assert.deepEqual([one.frame, [...one.payload], one.length, one.isCut, one.copyOf], [7, [5, 6], 9, true, 4]);
  assert.deepEqual([one.source, one.destination, one.innermost, one.layers.length], ['2001:db8::1', '2001:db8::2', 'Udp', 4]);
});

test('an event tells what it is asked', () => {
  const stream = new Stream(CLIENT6, WEB, { known: false });
  const made = [stream.data('client', 'abc', { position: 7, time: 5, joined: true }), stream.gap('server', 2, { cut: true }), stream.closed('evicted', { frame: 1 })];
  const [batch, , streams] = columns(made, 8);
  const [data, gap, closed] = events(batch, streams, endsOf(made));
  assert.deepEqual([data.kind, data.sender, [...data.data], data.position, data.frame, data.time, data.isSegmentStart], ['data', 'client', [97, 98, 99], 7, 8, 5, true]);
  assert.deepEqual([gap.kind, gap.sender, gap.length, gap.isCut, gap.time, gap.data.length], ['gap', 'server', 2, true, undefined, 0]);
  assert.deepEqual([closed.kind, closed.sender, closed.reason, closed.frame, closed.arrival], ['closed', '', 'evicted', 1, 10]);
  const { connection } = closed;
  assert.deepEqual([connection.client, connection.clientPort, connection.server, connection.serverPort], [...CLIENT6, ...WEB]);
  assert.deepEqual([connection.id, connection.clientKnown], [stream.id, false]);
});

test('IPv6 addresses of connections are exact, whichever end was seen', () => {
  // They differ in the last bits, which a floating-point number does not have.
  for (const server of ['2001:db8:1234:5678:a8bb:ccff:fedd:ee01', '2001:db8:1234:5678:a8bb:ccff:fedd:ee02']) {
    const stream = new Stream(['2001:db8::1', server.endsWith('1') ? 50001 : 50002], [server, 22]);
    const [batch, , streams] = columns([stream.closed()], 1);
    const swapped = endsOf([{ stream: { client: stream.server, server: stream.client } }]);
    for (const ends of [endsOf([{ stream }]), swapped]) {
      const [{ connection }] = events(batch, streams, ends);
      assert.deepEqual([connection.client, connection.server], ['2001:db8::1', server]);
    }
  }
});

test('a tool that wants streams asks for the headers of TCP, which tell those addresses', () => {
  const [tool] = JSON.parse(analyze.describe()).tools;
  assert.deepEqual([tool.streams, tool.wants, tool.headers, tool.paged], [true, { transports: ['tcp'] }, true, ['servers']]);
});

// The specification's own example.
test('a Community ID is written as other tools write it', () => {
  const community = [45, 5, 61, 169, 153, 74, 248, 30, 69, 220, 160, 230, 122, 254, 166, 228, 243, 34, 110, 184];
  const made = [udp(['192.0.2.1', 1], ['192.0.2.2', 2], []), udp(['192.0.2.1', 1], ['192.0.2.2', 2], [], { community })];
  assert.deepEqual([...packets(...columns(made, 1))].map(({ communityId }) => communityId), ['', '1:LQU9qZlK+B5F3KDmev6m5PMibrg=']);
});

test('an event stands behind the packet that brought it, and only packets that are wanted come', () => {
  const stream = new Stream(CLIENT, SSH);
  const made = [tcp(CLIENT, SSH, [1]), stream.data('client', [1]), stream.gap('server', 1), tcp(SSH, CLIENT, [2]), udp(SSH, CLIENT, [3]), stream.data('server', [2])];
  class Order {
    static STREAMS = true;
    seen = [];
    packet = (packet) => void this.seen.push(packet.payload[0]);
    stream = (event) => void this.seen.push(event.kind);
    finish = () => this.seen;
  }
  class Udp extends Order {
    static WANTS = { transports: ['udp'] };
  }
  for (const batchSize of [1, 2, 100]) {
    assert.deepEqual(run(Order, made, { batchSize }), [1, 'data', 'gap', 2, 3, 'data']);
    assert.deepEqual(run(Udp, made, { batchSize }), ['data', 'gap', 3, 'data']);
  }
});

test('captured text is made fit for a report', () => {
  const text = (bytes, most = 99) => printable(Uint8Array.from(Buffer.from(bytes)), most);
  assert.equal(text('Küche\\x 😀'), 'Küche\\x 😀');
  assert.equal(text([97, 0, 0x1b, 0xff, 99, 13, 10]), 'a\\x00\\x1b\\xffc\\x0d\\x0a');
  assert.equal(text([0xc2, 0x85, 0xed, 0xa0, 0x80, 0xc0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0xe2, 0x82]), '\\xc2\\x85\\xed\\xa0\\x80\\xc0\\x80\\xf4\\x90\\x80\\x80\\xe2\\x82');
  assert.deepEqual([text('Grüße', 3), text('abc', 3)], ['Grü…', 'abc']);
});

test('the first frames are cited', () => {
  const frames = new Frames();
  for (let frame = 30; frame > 0; frame--) frames.add(frame);
  assert.deepEqual([frames.cited, frames.total], [Array.from({ length: 20 }, (_, n) => n + 1), 30]);
});
