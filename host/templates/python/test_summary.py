"""The tool on packets that are made here."""

import unittest

from packets import Packet
from summary import Summary
from testing import columns, run, tcp, udp

CLIENT, OTHER = ("192.0.2.1", 50000), ("2001:db8::1", 50001)


class Test(unittest.TestCase):
    def test_packets_are_counted_by_service_wherever_batches_end(self):
        made = [
            udp(CLIENT, ("192.0.2.53", 53), b"who is it?"),
            udp(("192.0.2.53", 53), CLIENT, b"it is me"),
            tcp(OTHER, ("2001:db8::80", 80), b"GET / HTTP/1.1"),
            udp(CLIENT, ("192.0.2.53", 53), b"who is it?", copy_of=1),
        ]
        for batch_size in (1, 2, 100):
            report = run(Summary, made, batch_size=batch_size)
            self.assertEqual((report["packets"], report["copies"], report["findings"]), (3, 1, []))
            self.assertEqual(
                report["services"],
                [{"transport": "udp", "port": 53, "packets": 2, "bytes": 18}, {"transport": "tcp", "port": 80, "packets": 1, "bytes": 14}],
            )

    def test_cut_payloads_are_found_and_cited(self):
        report = run(Summary, [udp(CLIENT, ("192.0.2.53", 53), b"who"), udp(CLIENT, ("192.0.2.53", 53), b"who", length=500)])
        self.assertEqual((report["findings"][0]["frames"], report["findings"][0]["frames_total"]), ([2], 1))

    def test_a_packet_tells_what_it_is_asked(self):
        made = udp(OTHER, ("2001:db8::2", 53), b"who", layers=("Ethernet", "Vlan"), time=5)
        packet = Packet(*columns([made], 7), 0, {})
        self.assertEqual((packet.frame, packet.time, packet.transport, packet.payload), (7, 5, "udp", b"who"))
        self.assertEqual((packet.source, packet.destination, packet.source_port), ("2001:db8::1", "2001:db8::2", 50001))
        self.assertEqual([name for name, _ in packet.layers], ["Ethernet", "Vlan", "Ipv6", "Udp"])


if __name__ == "__main__":
    unittest.main()
