#!/usr/bin/env python3
"""HTTP/3 over QUIC with aioquic: a server, and a client that asks for pages.

    quic.py serve ADDRESS PORT --cert FILE --key FILE [--retry]
    quic.py get ADDRESS PORT NAME PATH... [--cafile FILE] [--versions N,N] [--alpn NAME] [--session FILE] [--rebind]
"""
import argparse
import asyncio
import os
import pickle
import socket
import ssl

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import serve
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted, ProtocolNegotiated

PAGE = "".join(f"line {n} of the page\n" for n in range(40)).encode()


class Server(QuicConnectionProtocol):
    """Answers each request with the same page."""

    http = None

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
        if self.http is None:
            return
        for message in self.http.handle_event(event):
            if isinstance(message, HeadersReceived) and message.stream_ended or isinstance(message, DataReceived) and message.stream_ended:
                headers = [(b":status", b"200"), (b"content-type", b"text/plain"), (b"content-length", b"%d" % len(PAGE))]
                self.http.send_headers(message.stream_id, headers)
                self.http.send_data(message.stream_id, PAGE, end_stream=True)
        self.transmit()


class Client(QuicConnectionProtocol):
    """Asks, one request after the other."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.http = H3Connection(self._quic)
        self.waiting = {}

    async def get(self, host, path):
        stream = self._quic.get_next_available_stream_id()
        headers = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", host.encode()), (b":path", path.encode())]
        self.http.send_headers(stream, headers, end_stream=True)
        answer = self.waiting[stream] = asyncio.get_running_loop().create_future()
        self.transmit()
        return await asyncio.wait_for(answer, 5)

    def quic_event_received(self, event):
        if isinstance(event, HandshakeCompleted):
            print(f"handshake completed, ALPN {event.alpn_protocol}, resumed {event.session_resumed}, early data {event.early_data_accepted}")
        if isinstance(event, ConnectionTerminated):
            print(f"closed: error {event.error_code:#x} {event.reason_phrase}")
        for message in self.http.handle_event(event):
            if isinstance(message, DataReceived) and message.stream_ended and not self.waiting[message.stream_id].done():
                self.waiting[message.stream_id].set_result(None)


class Tickets(dict):
    """Tickets that a server gave out."""

    def add(self, ticket):
        self[ticket.ticket] = ticket


async def server(options):
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["h3"], secrets_log_file=options.secrets)
    configuration.load_cert_chain(options.cert, options.key)
    tickets = Tickets()
    await serve(options.address, options.port, configuration=configuration, create_protocol=Server, retry=options.retry,
                session_ticket_fetcher=lambda name: tickets.pop(name, None), session_ticket_handler=tickets.add)
    await asyncio.Event().wait()


async def client(options):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=[options.alpn], server_name=options.name,
                                      secrets_log_file=options.secrets, idle_timeout=options.patience)
    if options.cafile:
        configuration.load_verify_locations(options.cafile)
    else:
        configuration.verify_mode = ssl.CERT_NONE
    if options.versions:
        configuration.supported_versions = [int(version, 0) for version in options.versions.split(",")]
        configuration.original_version = configuration.supported_versions[0]
    if options.session and os.path.exists(options.session):
        with open(options.session, "rb") as file:
            configuration.session_ticket = pickle.load(file)

    def keep(ticket):
        if options.session:
            with open(options.session, "wb") as file:
                pickle.dump(ticket, file)

    # With a ticket the request goes out before the handshake is complete.
    early = configuration.session_ticket is not None
    try:
        async with connect(options.address, options.port, configuration=configuration, create_protocol=Client,
                           session_ticket_handler=keep, wait_connected=not early) as connection:
            for path in options.paths:
                await connection.get(options.name, path)
            if options.rebind:
                await rebind(connection)
                await connection.get(options.name, "/moved")
            await asyncio.sleep(0.3)
    except (ConnectionError, asyncio.TimeoutError) as error:
        print(f"failed: {error!r}")


async def rebind(connection):
    """Goes on from another port, as behind a NAT that forgot."""
    other = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    other.bind(("::", 0))
    loop = asyncio.get_running_loop()
    connection._transport, _ = await loop.create_datagram_endpoint(lambda: Passing(connection), sock=other)


class Passing(asyncio.DatagramProtocol):
    """Hands datagrams of the new port to the connection."""

    def __init__(self, connection):
        self.connection = connection

    def datagram_received(self, data, address):
        self.connection.datagram_received(data, address)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["serve", "get"])
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("name", nargs="?")
    parser.add_argument("paths", nargs="*")
    for option in ("cert", "key", "cafile", "versions", "session", "keys"):
        parser.add_argument(f"--{option}")
    parser.add_argument("--alpn", default="h3")
    parser.add_argument("--patience", type=float, default=4.0)
    parser.add_argument("--retry", action="store_true")
    parser.add_argument("--rebind", action="store_true")
    options = parser.parse_args()
    options.secrets = open(options.keys, "a", buffering=1) if options.keys else None
    asyncio.run(server(options) if options.what == "serve" else client(options))


main()
