"""The tool on streams that are made here."""

import unittest

from summary import Summary
from testing import Stream, run

CLIENT, MAIL = ("192.0.2.1", 50000), ("192.0.2.25", 25)
CLIENT6, WEB = ("2001:db8::1", 50001), ("2001:db8::80", 80)


class Test(unittest.TestCase):
    def test_what_servers_send_is_counted_wherever_batches_end(self):
        mail, web = Stream(CLIENT, MAIL), Stream(CLIENT6, WEB)
        made = [
            mail.data("server", b"220 mail.example\r\n"),
            web.data("client", b"GET / HTTP/1.1\r\n\r\n"),
            mail.data("server", b"250 ok\r\n"),
            web.data("server", b"HTTP/1.1 200 OK\r\n\r\n"),
            web.closed(),
            mail.closed("capture_end"),
        ]
        for batch_size in (1, 2, 100):
            report = run(Summary, made, batch_size=batch_size)
            self.assertEqual(
                report["servers"],
                [
                    {"address": "192.0.2.25", "port": 25, "connections": 1, "bytes": 26, "missing": 0},
                    {"address": "2001:db8::80", "port": 80, "connections": 1, "bytes": 19, "missing": 0},
                ],
            )
            self.assertEqual((report["findings"], report["left_out"]), ([], 0))
        self.assertEqual(len(run(Summary, made, {"top": 1})["servers"]), 1)

    def test_missing_bytes_are_found_and_cited(self):
        mail = Stream(CLIENT, MAIL)
        report = run(Summary, [mail.data("server", b"220 "), mail.gap("server", 100), mail.gap("client", 7), mail.closed()])
        self.assertEqual((report["servers"][0]["bytes"], report["servers"][0]["missing"]), (4, 100))
        self.assertEqual((report["findings"][0]["frames"], report["findings"][0]["frames_total"]), ([2], 1))


if __name__ == "__main__":
    unittest.main()
