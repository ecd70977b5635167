#!/usr/bin/env python3
"""A bad line: forwards Ethernet frames between two interfaces, later or never.

    relay.py LEFT RIGHT --delay MS --jitter MS --loss PERCENT [--late PERCENT --late-by MS] [--seed N]

What `tc qdisc add ... netem` does, for kernels without that module.  Frames can overtake each other, as with netem's jitter.
Standard library only; stops on SIGTERM.
"""
import argparse
import heapq
import random
import select
import socket
import time

ETH_P_ALL, SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC = 3, 263, 1, 1


def port(name):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    end.bind((name, ETH_P_ALL))
    index = socket.if_nametoindex(name)
    membership = index.to_bytes(4, "little") + PACKET_MR_PROMISC.to_bytes(2, "little") + bytes(10)
    end.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership)
    return end


def main():
    options = argparse.ArgumentParser()
    options.add_argument("left")
    options.add_argument("right")
    for name in ("delay", "jitter", "loss", "late", "late-by"):
        options.add_argument("--" + name, type=float, default=0.0)
    options.add_argument("--seed", type=int, default=7)
    options = options.parse_args()
    chance = random.Random(options.seed)
    left, right = port(options.left), port(options.right)
    waiting, count = [], 0
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        ready, _, _ = select.select([left, right], [], [], pause)
        for end in ready:
            frame, address = end.recvfrom(65536)
            if address[2] == socket.PACKET_OUTGOING:
                continue
            unicast_ip = frame[12:14] in (b"\x08\x00", b"\x86\xdd") and not frame[0] & 1
            if unicast_ip and chance.random() * 100 < options.loss:
                continue
            delay = options.delay + chance.uniform(-options.jitter, options.jitter)
            if unicast_ip and chance.random() * 100 < options.late:
                delay += options.late_by
            count += 1
            heapq.heappush(waiting, (time.monotonic() + max(0.0, delay) / 1000, count, end is left, frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, from_left, frame = heapq.heappop(waiting)
            (right if from_left else left).send(frame)


main()
