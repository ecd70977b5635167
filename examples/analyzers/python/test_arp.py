"""The tool on packets that are made here."""

import random
import unittest

from arp import ArpTable
from packets import Packet
from testing import columns, packet, run, udp

A, B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")


def ip(text: str) -> bytes:
    return bytes(map(int, text.split(".")))


def arp(operation: int, mac: bytes, sender: str, target: str, end: int = 28, layers: tuple = ("Ethernet", "Arp")) -> dict:
    message = bytes.fromhex("000108000604") + operation.to_bytes(2, "big") + mac + ip(sender) + bytes(6) + ip(target)
    return packet(message[:end], layers=layers)


class Table(unittest.TestCase):
    def test_messages_are_told_apart(self):
        frames = [
            arp(1, A, "192.0.2.1", "192.0.2.2"),
            arp(2, B, "192.0.2.2", "192.0.2.1"),
            arp(1, A, "0.0.0.0", "192.0.2.9"),
            arp(1, A, "192.0.2.1", "192.0.2.1"),
            arp(2, A, "192.0.2.1", "192.0.2.1", layers=("Ethernet", "Vlan", "Arp")),
            arp(8, A, "192.0.2.1", "192.0.2.1"),
            arp(1, A, "192.0.2.1", "192.0.2.2", end=27),
            udp(("192.0.2.1", 1), ("192.0.2.2", 2), b"no ARP"),
        ]
        for batch_size in (1, 3, 100):
            report = run(ArpTable, frames, batch_size=batch_size)
            counts = ("arp_packets_found", "requests", "replies", "probes", "announcements", "gratuitous_replies", "other_operations", "malformed")
            self.assertEqual([report[count] for count in counts], [7, 3, 2, 1, 1, 1, 1, 1])
            self.assertEqual(report["malformed_frames"], [7])
            self.assertEqual(
                report["bindings"],
                [
                    {"ip": "192.0.2.1", "mac": "02:00:00:00:00:01", "packets": 3, "first_frame": 1, "last_frame": 5},
                    {"ip": "192.0.2.2", "mac": "02:00:00:00:00:02", "packets": 1, "first_frame": 2, "last_frame": 2},
                ],
            )
            self.assertEqual((report["unanswered"], report["findings"]), ([], []))

    def test_two_claims_of_one_address_are_a_finding(self):
        report = run(ArpTable, [arp(2, A, "192.0.2.1", "192.0.2.5"), arp(2, A, "192.0.2.1", "192.0.2.5"), arp(2, B, "192.0.2.1", "192.0.2.5")])
        (found,) = report["findings"]
        self.assertEqual((found["rule"], found["subject"], found["frames"], found["frames_total"]), ("arp_duplicate_binding", "192.0.2.1", [1, 3], 2))

    def test_many_announcements_are_a_finding(self):
        self.assertEqual(run(ArpTable, [arp(1, A, "192.0.2.1", "192.0.2.1")] * 19)["findings"], [])
        (found,) = run(ArpTable, [arp(1, A, "192.0.2.1", "192.0.2.1")] * 25)["findings"]
        self.assertEqual((found["rule"], found["frames_total"], found["frames"]), ("arp_gratuitous_flood", 25, list(range(1, 21))))

    def test_what_nobody_answers_is_listed(self):
        frames = [arp(1, A, "192.0.2.1", "192.0.2.9")] * 2 + [arp(1, A, "192.0.2.1", "192.0.2.8"), arp(2, B, "192.0.2.8", "192.0.2.1")]
        self.assertEqual(run(ArpTable, frames)["unanswered"], [{"ip": "192.0.2.9", "requests": 2, "first_frame": 1}])

    def test_tables_are_bounded(self):
        frames = [arp(1, A, f"10.0.{n >> 8}.{n & 255}", f"10.1.{n >> 8}.{n & 255}") for n in range(5000)]
        report = run(ArpTable, frames)
        self.assertEqual((len(report["bindings"]), report["limits"]), (4096, {"bindings_left_out": 904, "targets_left_out": 904}))
        self.assertEqual((len(report["unanswered"]), report["unanswered_total"]), (100, 4096))

    def test_reading_ends_when_enough_was_found(self):
        self.assertEqual(run(ArpTable, [arp(1, A, "192.0.2.1", "192.0.2.2")] * 9, {"max_packets": 4})["arp_packets_found"], 4)

    def test_changed_frames_do_no_harm(self):
        chance, message = random.Random(1), arp(1, A, "192.0.2.1", "192.0.2.2")["payload"]
        for _ in range(2000):
            changed = bytearray(message[: chance.randrange(len(message) + 1)])
            for at in range(len(changed)):
                if chance.random() < 0.1:
                    changed[at] = chance.randrange(256)
            run(ArpTable, [packet(bytes(changed), layers=("Ethernet", "Arp"))])

    def test_what_was_put_together_from_fragments_is_behind_the_data(self):
        batch, table = columns([udp(("2001:db8::1", 1), ("192.0.2.2", 2), b"cut", layers=("Ethernet", "Vlan"), length=9, copy_of=4)], 7)
        table.payload, table.captured, table.joined = [len(batch.data) + 1], [2], b"abc"
        packet = Packet(batch, table, 0, {})
        self.assertEqual((packet.frame, packet.payload, packet.length, packet.is_cut, packet.copy_of), (7, b"bc", 9, True, 4))
        self.assertEqual((packet.source, packet.innermost, [name for name, _ in packet.layers]), ("2001:db8::1", "Udp", ["Ethernet", "Vlan", "Ipv6", "Udp"]))


if __name__ == "__main__":
    unittest.main()
