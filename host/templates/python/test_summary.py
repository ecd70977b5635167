"""The tool on frames that are made here."""

import unittest

from summary import Summary
from testing import run

ADDRESSES = b"\xff" * 6 + b"\x02\0\0\0\0\x01"


class Test(unittest.TestCase):
    def test_frames_are_counted_by_kind_wherever_batches_end(self):
        frames = [ADDRESSES + b"\x08\x00" + bytes(40), ADDRESSES + b"\x81\x00\0\x05\x08\x00" + bytes(40), ADDRESSES + b"\x08\x06" + bytes(28), b"short"]
        for batch_size in (1, 2, 100):
            report = run(Summary, frames, batch_size=batch_size)
            self.assertEqual(report["kinds"][0], {"ethertype": "0x0800", "frames": 2, "octets": 112})
            self.assertEqual([kind["ethertype"] for kind in report["kinds"]], ["0x0800", "0x0806", "none"])

    def test_cut_frames_are_found_and_cited(self):
        report = run(Summary, [ADDRESSES + b"\x08\x00" + bytes(40)] * 2, original=1500)
        self.assertEqual((report["findings"][0]["frames"], report["findings"][0]["frames_total"]), ([1, 2], 2))


if __name__ == "__main__":
    unittest.main()
