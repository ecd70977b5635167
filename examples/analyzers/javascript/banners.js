// The tool `banners-javascript_servers`: what servers of TCP connections say first.
import { Frames, address, finding, page, printable } from './packets.js';
import { REPORT } from './report.js';

// A capture decides how much there is to keep, so everything has a bound.
const SERVERS_MAX = 4096;
const LINE_BYTES = 512;
const LINE_CHARACTERS = 120;
const LINE_FRAMES = 8;
const FINDINGS_MAX = 100;
// Where the client speaks first: DNS, HTTP, LDAP, HTTPS, SMB, RDP, Redis, HTTP.
const CLIENT_FIRST = [53, 80, 389, 443, 445, 3389, 6379, 8080];
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** How a connection begins: who speaks first, and the first line of the server. */
class Opening {
  sender = ''; // who sent the first bytes
  frame = 0; // and in which frame
  line = [];
  frames = [];
  #isWhole = false;

  take({ kind, sender, frame, data }) {
    if (kind !== 'data' && kind !== 'gap') return;
    if (!this.sender) Object.assign(this, { sender, frame });
    if (sender === 'client' || this.#isWhole) return;
    const end = data.indexOf(LINE_FEED);
    this.line.push(...data.subarray(0, Math.min(end < 0 ? data.length : end, LINE_BYTES - this.line.length)));
    // The line ends at a gap, too: what stands behind it is another part of the text.
    this.#isWhole = kind === 'gap' || end >= 0 || this.line.length === LINE_BYTES;
    if (kind === 'data' && this.frames.length < LINE_FRAMES) this.frames.push(frame);
  }

  /** Whether the server tells something like `9.6` before it is asked. The version of SSH itself does not count (RFC 4253 section 4.2). */
  get tellsVersion() {
    const line = String.fromCharCode(...this.line);
    return this.sender === 'server' && /[0-9]\.[0-9]/.test(line.replace(/^SSH-[^-]*/, ''));
  }
}

/** What is kept of a server. */
class Server {
  connections = 0;
  clientFirst = 0;
  serverFirst = new Frames();
  versions = new Frames();
  banner = [];
  frames = [];

  constructor(bytes, port) {
    Object.assign(this, { address: address(bytes), port });
    this.name = bytes.length === 16 ? `[${this.address}]:${port}` : `${this.address}:${port}`;
    // Of two servers, the one that comes first has the smaller text.
    this.place = String.fromCharCode(bytes.length, ...bytes, port);
  }

  add(opening) {
    this.connections++;
    if (opening.sender === 'client') this.clientFirst++;
    if (opening.sender === 'server') this.serverFirst.add(opening.frame);
    if (opening.tellsVersion) this.versions.add(opening.frames[0]);
    if (opening.frames.length && !(this.frames[0] <= opening.frames[0])) {
      const end = opening.line.at(-1) === CARRIAGE_RETURN ? -1 : undefined;
      Object.assign(this, { banner: opening.line.slice(0, end), frames: opening.frames });
    }
  }

  get entry() {
    const { address, port, connections, clientFirst, serverFirst, banner, frames } = this;
    const text = printable(Uint8Array.from(banner), LINE_CHARACTERS);
    return { address, port, connections, server_first: serverFirst.total, client_first: clientFirst, banner: text, frames };
  }
}

export class BannersServers {
  static NAME = 'banners-javascript_servers';
  static TITLE = 'Banners of TCP servers';
  static DESCRIPTION =
    'Lists the TCP servers of a packet capture with the first line that each sent (the banner of SSH, SMTP, FTP and others), and whether server or client speaks first. ' +
    'Finds servers that tell the version of their software, and servers that speak first on a port where clients do. Use it to see which software answers on which port.';
  static ARGUMENTS = {
    type: 'object',
    properties: { speaks_first: { enum: ['server', 'client'], description: 'List only servers with connections in which this end sent the first bytes (default: all).' } },
  };
  static REPORT = REPORT;
  static STREAMS = true;
  static WANTS = { transports: [] };
  static PAGED = ['servers'];

  #args;
  #openings = new Map(); // of the connections that are open, by their id
  #servers = new Map(); // by address and port
  #counts = { connections: 0, connections_without_start: 0 };
  #leftOut = 0;

  constructor(args) {
    this.#args = args;
  }

  /** Takes what happened in a stream. */
  stream(event) {
    const { connection } = event;
    if (event.kind === 'closed') {
      if (connection.clientKnown) this.#closed(connection);
      else this.#counts.connections_without_start++;
    } else if (connection.clientKnown) {
      let opening = this.#openings.get(connection.id);
      if (!opening) this.#openings.set(connection.id, (opening = new Opening()));
      opening.take(event);
    }
  }

  #closed(connection) {
    const { id, serverBytes, serverPort } = connection;
    this.#counts.connections++;
    const opening = this.#openings.get(id) ?? new Opening();
    this.#openings.delete(id);
    const key = `${serverBytes} ${serverPort}`;
    if (!this.#servers.has(key)) {
      if (this.#servers.size === SERVERS_MAX) {
        this.#leftOut++;
        return;
      }
      this.#servers.set(key, new Server(serverBytes, serverPort));
    }
    this.#servers.get(key).add(opening);
  }

  finish() {
    const servers = [...this.#servers.values()].sort((a, b) => (a.place < b.place ? -1 : 1));
    const rules = [versions(servers), serverFirst(servers)];
    const side = this.#args.speaks_first;
    const chosen = servers.filter((server) => !side || (side === 'server' ? server.serverFirst.total : server.clientFirst));
    const [listed, told] = page('servers', chosen, this.#args);
    return {
      ...this.#counts,
      findings: rules.flatMap((found) => found.slice(0, FINDINGS_MAX)),
      servers: listed.map(({ entry }) => entry),
      pages: [told],
      limits: { connections_left_out: this.#leftOut, findings_left_out: rules.reduce((sum, found) => sum + Math.max(0, found.length - FINDINGS_MAX), 0) },
    };
  }
}

function versions(servers) {
  return servers
    .filter(({ versions }) => versions.total)
    .map(({ name, versions }) =>
      finding({
        rule: 'banners_software_version',
        subject: name,
        severity: 'low',
        confidence: 'medium',
        observation: 'a server told a version of its software in clear to whoever connects',
        measures: { connections: versions.total },
        threshold: '1 first line of a server that speaks first with a number such as 9.6 in it; of SSH, behind the version of the protocol',
        frames: versions,
        falseAlarm: 'a number that is no version of software: an address, a date, the version of a protocol',
      }),
    );
}

function serverFirst(servers) {
  return servers
    .filter(({ port, serverFirst }) => CLIENT_FIRST.includes(port) && serverFirst.total)
    .map(({ name, serverFirst }) =>
      finding({
        rule: 'banners_server_spoke_first',
        subject: name,
        severity: 'medium',
        confidence: 'medium',
        observation: 'a server sent the first bytes on a port where clients do',
        measures: { connections: serverFirst.total },
        threshold: '1 connection to port 53, 80, 389, 443, 445, 3389, 6379 or 8080 in which the server sent the first bytes',
        frames: serverFirst,
        falseAlarm: 'another service that was put on this port on purpose, such as SSH on 443; a web server that gives up on a client that asks nothing',
      }),
    );
}
