// What the tool answers: its schema.
import { FINDINGS, PAGES, fixed, list, number, object } from './packets.js';

export const REPORT = object({
  connections: number('TCP connections of which the capture has the beginning.'),
  connections_without_start: number('Connections that began before the capture: they tell nothing here, and are only counted.'),
  findings: FINDINGS,
  servers: list('Servers, in the order of their addresses and ports.', {
    address: fixed('IP address of the server.'),
    port: number('TCP port of the server.'),
    connections: number('Connections to it.'),
    server_first: number('Connections in which the server sent the first bytes.'),
    client_first: number('Connections in which the client did. In all others nobody sent any.'),
    banner: { type: 'string', description: 'The first line that it sent, in the first connection that has one: 120 characters at most. Captured text.' },
    frames: { type: 'array', items: { type: 'integer' }, description: 'Frames that carried this line, the first 8.' },
  }),
  pages: PAGES,
  limits: object({
    connections_left_out: number('Connections to servers for which there was no room.'),
    findings_left_out: number('Findings beyond the first 100 of a rule.'),
  }),
});
