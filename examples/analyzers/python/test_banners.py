"""The tool on streams that are made here, and what it stands on."""

import random
import unittest

from banners import BannersServers
from packets import Frames, Packet, packets, printable
from streams import events
from testing import Stream, columns, run, tcp, udp

CLIENT, SSH, MAIL = ("192.0.2.1", 50000), ("192.0.2.22", 22), ("192.0.2.25", 25)
CLIENT6, WEB = ("2001:db8::1", 50001), ("2001:db8::80", 80)


def ssh(server=SSH, banner=b"SSH-2.0-OpenSSH_9.6p1\r\n") -> list[dict]:
    stream = Stream(CLIENT6 if ":" in server[0] else CLIENT, server)
    return [stream.data("server", banner), stream.data("client", b"SSH-2.0-libssh_0.10\r\n"), stream.closed("reset")]


class Servers(unittest.TestCase):
    def test_openings_are_told_apart_wherever_batches_end(self):
        web, mail, silent, old = Stream(CLIENT6, WEB), Stream(CLIENT, MAIL), Stream(CLIENT, SSH), Stream(CLIENT, SSH, known=False)
        made = [
            *ssh(),
            web.data("client", b"GET / HTTP/1.1\r\n\r\n"),
            mail.data("server", b"220 mail.example "),
            web.data("server", b"HTTP/1.1 200 OK\r\nServer: x/1.2\r\n"),
            mail.data("server", b"ESMTP\r\nand more", joined=True),
            old.data("server", b"Last login 1.2\r\n"),
            *[stream.closed() for stream in (silent, old, web)],
            mail.closed("capture_end"),
        ]
        for batch_size in (1, 3, 100):
            report = run(BannersServers, made, batch_size=batch_size)
            self.assertEqual((report["connections"], report["connections_without_start"]), (4, 1))
            said = ("address", "port", "connections", "server_first", "client_first", "banner", "frames")
            self.assertEqual(
                [tuple(server[name] for name in said) for server in report["servers"]],
                [
                    ("192.0.2.22", 22, 2, 1, 0, "SSH-2.0-OpenSSH_9.6p1", [1]),
                    ("192.0.2.25", 25, 1, 1, 0, "220 mail.example ESMTP", [5, 7]),
                    ("2001:db8::80", 80, 1, 0, 1, "HTTP/1.1 200 OK", [6]),
                ],
            )
            self.assertEqual([(found["rule"], found["subject"], found["frames"]) for found in report["findings"]], [("banners_software_version", "192.0.2.22:22", [1])])

    def test_a_line_ends_at_a_gap(self):
        one, other = Stream(CLIENT, MAIL), Stream(CLIENT, SSH)
        made = [one.data("server", b"220 "), one.gap("server", 9), one.data("server", b"1.2\n"), other.gap("server", 7), other.data("server", b"9.6\n")]
        first, second = run(BannersServers, [*made, one.closed(), other.closed()])["servers"]
        self.assertEqual((second["banner"], second["frames"], second["server_first"]), ("220 ", [1], 1))
        self.assertEqual((first["banner"], first["frames"], first["server_first"]), ("", [], 1))

    def test_the_first_connection_gives_the_banner(self):
        late, early = Stream(CLIENT, SSH), Stream(CLIENT, SSH)
        made = [early.data("server", b"early"), late.data("server", b"late\n"), late.closed(), early.closed()]
        (server,) = run(BannersServers, made)["servers"]
        self.assertEqual((server["banner"], server["frames"], server["connections"]), ("early", [1], 2))

    def test_a_server_that_speaks_first_where_clients_do_is_a_finding(self):
        found = run(BannersServers, ssh(("2001:db8::22", 443)) * 25)["findings"]
        self.assertEqual([one["rule"] for one in found], ["banners_software_version", "banners_server_spoke_first"])
        self.assertEqual((found[1]["subject"], found[1]["frames_total"], found[1]["frames"]), ("[2001:db8::22]:443", 25, [1 + 3 * n for n in range(20)]))

    def test_versions_of_software_count_and_that_of_ssh_does_not(self):
        for banner, count in ((b"220 ProFTPD 1.3.5 Server\n", 1), (b"SSH-2.0-dropbear\n", 0), (b"SSH-1.99-Cisco-1.25\n", 1), (b"220 ready.\n", 0)):
            self.assertEqual(len(run(BannersServers, ssh(banner=banner))["findings"]), count, banner)

    def test_servers_are_chosen_and_paged(self):
        made = [event for port in (22, 2222) for event in ssh(("192.0.2.22", port))]
        web = Stream(CLIENT6, WEB)
        made += [web.data("client", b"GET"), web.closed()]
        ports = lambda **arguments: [server["port"] for server in run(BannersServers, made, arguments)["servers"]]
        self.assertEqual((ports(), ports(speaks_first="server"), ports(speaks_first="client")), ([22, 2222, 80], [22, 2222], [80]))
        report = run(BannersServers, made, {"page": {"offset": 1, "limit": 1}})
        self.assertEqual(([server["port"] for server in report["servers"]], report["pages"]), ([2222], [{"list": "servers", "total": 3, "offset": 1, "returned": 1}]))

    def test_what_is_kept_is_bounded(self):
        made = [event for n in range(5000) for event in ssh((f"10.0.{n >> 8}.{n & 255}", 22), b"x" * 600)[::2]]
        report = run(BannersServers, made)
        self.assertEqual((report["pages"][0]["total"], report["limits"]), (4096, {"connections_left_out": 904, "findings_left_out": 0}))
        self.assertEqual(report["servers"][0]["banner"], "x" * 120 + "…")
        many = run(BannersServers, [event for n in range(120) for event in ssh((f"10.0.0.{n}", 22))])
        self.assertEqual((len(many["findings"]), many["limits"]["findings_left_out"]), (100, 20))

    def test_any_bytes_do_no_harm(self):
        chance = random.Random(1)
        for _ in range(500):
            stream = Stream(CLIENT, SSH)
            made = [stream.data(chance.choice(["client", "server"]), chance.randbytes(chance.randrange(9))) for _ in range(9)]
            run(BannersServers, [*made, stream.closed()])


class Helpers(unittest.TestCase):
    def test_what_was_put_together_from_fragments_is_behind_the_data(self):
        batch, table, _ = columns([udp(("2001:db8::1", 1), ("192.0.2.2", 2), b"cut", layers=("Ethernet", "Vlan"), length=9, copy_of=4)], 7)
        table.payload, table.captured, table.joined = [len(batch.data) + 1], [2], b"abc"
        packet = Packet(batch, table, 0, {})
        self.assertEqual((packet.frame, packet.payload, packet.length, packet.is_cut, packet.copy_of), (7, b"bc", 9, True, 4))
        self.assertEqual(packet.community_id, "")
        self.assertEqual((packet.source, packet.innermost, [name for name, _ in packet.layers]), ("2001:db8::1", "Udp", ["Ethernet", "Vlan", "Ipv6", "Udp"]))

    # The specification's own example.
    def test_a_community_id_is_written_as_other_tools_write_it(self):
        hash = bytes.fromhex("2d053da9994af81e45dca0e67afea6e4f3226eb8")
        batch, table, _ = columns([udp(CLIENT, SSH, b""), udp(CLIENT, SSH, b"", community=hash)], 1)
        self.assertEqual([packet.community_id for packet in packets(batch, table)], ["", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="])

    def test_an_event_tells_what_it_is_asked(self):
        stream = Stream(CLIENT6, WEB, known=False)
        made = [stream.data("client", b"abc", position=7, time=5, joined=True), stream.gap("server", 2, cut=True), stream.closed("evicted", frame=1), stream.fin("server", position=9)]
        batch, _, happened = columns(made, 8)
        data, gap, closed, fin = events(batch, happened)
        self.assertEqual((data.kind, data.sender, data.data, data.position, data.frame, data.time, data.is_segment_start), ("data", "client", b"abc", 7, 8, 5, True))
        self.assertEqual((gap.kind, gap.sender, gap.length, gap.is_cut, gap.time, gap.data), ("gap", "server", 2, True, None, b""))
        self.assertEqual((fin.kind, fin.sender, fin.reason, fin.position, fin.data), ("fin", "server", "", 9, b""))
        self.assertEqual((closed.kind, closed.sender, closed.reason, closed.frame, closed.arrival), ("closed", "", "evicted", 1, 10))
        connection = closed.connection
        self.assertEqual((connection.client, connection.client_port, connection.server, connection.server_port), (*CLIENT6, *WEB))
        self.assertEqual((connection.id, connection.client_known), (stream.id, False))

    def test_an_event_stands_behind_the_packet_that_brought_it(self):
        stream = Stream(CLIENT, SSH)
        made = [tcp(CLIENT, SSH, b"a"), stream.data("client", b"a"), stream.gap("server", 1), tcp(SSH, CLIENT, b"b"), stream.data("server", b"b")]

        class Order:
            def __init__(self, _) -> None:
                self.seen = []

            def packet(self, packet) -> None:
                self.seen.append(packet.payload)

            def stream(self, event) -> None:
                self.seen.append(event.kind)

            def finish(self, _) -> list:
                return self.seen

        for batch_size in (1, 2, 100):
            self.assertEqual(run(Order, made, batch_size=batch_size), [b"a", "data", "gap", b"b", "data"])

    def test_captured_text_is_made_fit_for_a_report(self):
        self.assertEqual(printable("Küche\\x".encode(), 99), "Küche\\x")
        self.assertEqual(printable(b"a\0b\x1b[31m\xffc\r\n\xc2\x85\xed\xa0\x80", 99), "a\\x00b\\x1b[31m\\xffc\\x0d\\x0a\\xc2\\x85\\xed\\xa0\\x80")
        self.assertEqual((printable("Grüße".encode(), 3), printable(b"abc", 3)), ("Grü…", "abc"))

    def test_the_first_frames_are_cited(self):
        frames = Frames()
        for frame in range(30, 0, -1):
            frames.add(frame)
        self.assertEqual((frames.cited, frames.total), (list(range(1, 21)), 30))


if __name__ == "__main__":
    unittest.main()
