#!/usr/bin/env python3
"""Takes what comes to a UDP port and never answers: silent.py ADDRESS PORT"""
import signal
import socket
import sys

silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind((sys.argv[1], int(sys.argv[2])))
signal.pause()
