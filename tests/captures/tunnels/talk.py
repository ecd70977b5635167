#!/usr/bin/env python3
"""Asks proxies on loopback for tunnels, without waiting for their answers and with: one of HTTP/2 that this program is, and tinyproxy.

talk.py HTTP2_PORT TINYPROXY_PORT WEB_PORT; needs the package h2."""
import socket
import sys
import threading
import time

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

HTTP2, TINYPROXY, WEB = map(int, sys.argv[1:4])
GET = f"GET /file.txt HTTP/1.1\r\nHost: 127.0.0.1:{WEB}\r\nConnection: close\r\n\r\n".encode()


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def serve(client):
    """A proxy of HTTP/2: each stream is a tunnel, but for those to `denied`."""
    lock, tunnels = threading.Lock(), {}
    connection = H2Connection(H2Configuration(client_side=False))
    connection.initiate_connection()

    def send(act, *arguments, **more):
        act(*arguments, **more)
        client.sendall(connection.data_to_send())

    def back(stream, server):
        while data := server.recv(700):
            with lock:
                send(connection.send_data, stream, data)
        with lock:
            send(connection.end_stream, stream)

    def take(event):
        if isinstance(event, RequestReceived):
            fields = {text(name): text(value) for name, value in event.headers}
            host, port = fields[":authority"].rsplit(":", 1)
            if host == "denied":
                connection.send_headers(event.stream_id, [(":status", "403")])
                connection.send_data(event.stream_id, b"no", end_stream=True)
                return
            tunnels[event.stream_id] = server = socket.create_connection((host, int(port)))
            time.sleep(0.05)
            connection.send_headers(event.stream_id, [(":status", "200")])
            threading.Thread(target=back, args=(event.stream_id, server), daemon=True).start()
        elif isinstance(event, DataReceived):
            if event.stream_id in tunnels:
                tunnels[event.stream_id].sendall(event.data)
            connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded) and event.stream_id in tunnels:
            tunnels[event.stream_id].shutdown(socket.SHUT_WR)

    client.sendall(connection.data_to_send())
    while data := client.recv(65535):
        with lock:
            for event in connection.receive_data(data):
                take(event)
            client.sendall(connection.data_to_send())


def listen():
    with socket.create_server(("127.0.0.1", HTTP2)) as server:
        while True:
            threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()


def ask_http2():
    client = socket.create_connection(("127.0.0.1", HTTP2))
    connection = H2Connection(H2Configuration(client_side=True))
    connection.initiate_connection()
    for stream, authority in ((1, f"127.0.0.1:{WEB}"), (3, "denied:80"), (5, f"127.0.0.1:{WEB}")):
        connection.send_headers(stream, [(":method", "CONNECT"), (":authority", authority)])
        connection.send_data(stream, GET[:30])
        client.sendall(connection.data_to_send())
    time.sleep(0.3)
    for stream in (1, 5):
        connection.send_data(stream, GET[30:])
    client.sendall(connection.data_to_send())
    got = {}
    client.settimeout(2)
    try:
        while data := client.recv(65535):
            for event in connection.receive_data(data):
                if isinstance(event, DataReceived):
                    got[event.stream_id] = got.get(event.stream_id, b"") + event.data
            client.sendall(connection.data_to_send())
    except TimeoutError:
        pass
    client.close()
    assert got[3] == b"no" and all(got[stream].endswith(b"hello tunnel\n") for stream in (1, 5)), got


def ask_http1(port, early):
    client = socket.create_connection(("127.0.0.1", TINYPROXY))
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    if not early:
        client.recv(4096)
    client.sendall(GET)
    got = b""
    client.settimeout(2)
    try:
        while data := client.recv(4096):
            got += data
    except (TimeoutError, ConnectionResetError):
        pass
    client.close()
    return got


threading.Thread(target=listen, daemon=True).start()
time.sleep(0.2)
ask_http2()
assert ask_http1(WEB, True).endswith(b"hello tunnel\n")
assert ask_http1(WEB, False).endswith(b"hello tunnel\n")
assert b" 403 " in ask_http1(1, True)
