#!/usr/bin/env python3
"""Makes captures of one DNS query in many encapsulations, and asks tshark what it sees.

Usage: python3 make_encapsulation.py FOLDER

Frames that are named `reach ...` hold the query; of those that are named `unread NAME`, NAME is what is not looked into; those that
are named `ordinary ...` are no tunnels although they use a tunnel's port. oracle.tsv: file, frame, name, and tshark's protocols.
"""
import ipaddress
import struct
import subprocess
import sys

OUT = sys.argv[1] if len(sys.argv) > 1 else "."
QUERY = bytes.fromhex("2c730100000100000000000003777777076578616d706c6503636f6d0000010001")


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip4(protocol, content, source="192.0.2.10", destination="198.51.100.20", total=None):
    a, b = ipaddress.ip_address(source).packed, ipaddress.ip_address(destination).packed
    total = 20 + len(content) if total is None else total
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, 1, 0, 64, protocol, 0, a, b)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + content


def ip6(protocol, content, source="2001:db8::10", destination="2001:db8::20"):
    a, b = ipaddress.ip_address(source).packed, ipaddress.ip_address(destination).packed
    return struct.pack("!IHBB16s16s", 6 << 28, len(content), protocol, 64, a, b) + content


def udp(source, destination, content, version=4, addresses=None):
    """IP and UDP."""
    length = 8 + len(content)
    if addresses is None:
        addresses = ("192.0.2.10", "198.51.100.20") if version == 4 else ("2001:db8::10", "2001:db8::20")
    a, b = (ipaddress.ip_address(address).packed for address in addresses)
    pseudo = a + b + (struct.pack("!BBH", 0, 17, length) if version == 4 else struct.pack("!IBBBB", length, 0, 0, 0, 17))
    head = struct.pack("!HHHH", source, destination, length, 0)
    value = checksum(pseudo + head + content) or 0xFFFF
    datagram = head[:6] + struct.pack("!H", value) + content
    return ip4(17, datagram, *addresses) if version == 4 else ip6(17, datagram, *addresses)


def ethernet(kind, content, padded=True):
    frame = bytes.fromhex("02000000000b02000000000a") + struct.pack("!H", kind) + content
    return frame.ljust(60, b"\0") if padded else frame


I4, I6 = udp(40000, 53, QUERY), udp(40000, 53, QUERY, 6)
E4, E6 = ethernet(0x0800, I4), ethernet(0x86DD, I6)
INNER = [("ipv4", I4, E4, 0x0800, 0x0021, 4, 1), ("ipv6", I6, E6, 0x86DD, 0x0057, 41, 2)]
files = {}


def add(name, frame, file="ethernet", original=None):
    files.setdefault(file, []).append((name, frame, original or len(frame)))


def over_udp(name, port, content, source=50000):
    add(name + " over ipv4", ethernet(0x0800, udp(source, port, content, 4, ("203.0.113.1", "203.0.113.2"))))
    add(name + " over ipv6", ethernet(0x86DD, udp(source, port, content, 6, ("2001:db8:f::1", "2001:db8:f::2"))))


def over_ip(name, protocol, content):
    add(name + " over ipv4", ethernet(0x0800, ip4(protocol, content, "203.0.113.1", "203.0.113.2")))
    add(name + " over ipv6", ethernet(0x86DD, ip6(protocol, content, "2001:db8:f::1", "2001:db8:f::2")))


def gtp(flags, content, kind=255, teid=9):
    return struct.pack("!BBHI", flags, kind, len(content), teid) + content


def llc(kind):
    return bytes.fromhex("aaaa03000000") + struct.pack("!H", kind)


def wlan(control, flags, content, swapped=False):
    first = bytes([flags, control]) if swapped else bytes([control, flags])
    qos = b"\0\0" if control & 0x80 else b""
    return first + b"\0\0" + bytes.fromhex("02000000000b02000000000a02000000000c") + b"\0\0" + qos + content


def capwap(content, native=False, third=0, binding=1, extra=b""):
    return bytes([0, (8 + len(extra)) // 4 << 3, 1 << 6 | binding << 1 | native, third, 0, 0, 0, 0]) + extra + content


def nsh(protocol, content, metadata=16):
    return struct.pack("!BBBBI", 0x0F, 0xC0 | (8 + metadata) // 4, 1, protocol, 0x000100FF) + b"\0" * metadata + content


def ppp(kind, content):
    return b"\xff\x03" + struct.pack("!H", kind) + content


def l2tp3(cookie, sublayer, content):
    return struct.pack("!I", 77) + bytes(range(0xC1, 0xC1 + cookie)) + b"\0" * sublayer + content


for version, packet, frame, kind, pppkind, number, nextnumber in INNER:
    name = "reach %s in " % version
    # Tunnels over UDP.
    over_udp(name + "vxlan", 4789, struct.pack("!II", 0x08000000, 5 << 8) + frame)
    over_udp(name + "vxlan, all reserved bits set", 4789, struct.pack("!II", 0xFFFFFFFF, 5 << 8 | 0xFF) + frame)
    over_udp(name + "vxlan-gpe", 4790, struct.pack("!II", 0x0C000000 | nextnumber, 5 << 8) + packet)
    over_udp(name + "vxlan-gpe with ethernet", 4790, struct.pack("!II", 0x0C000003, 5 << 8) + frame)
    over_udp(name + "nsh in vxlan-gpe", 4790, struct.pack("!II", 0x0C000004, 5 << 8) + nsh(nextnumber, packet))
    over_udp(name + "vxlan-gpe to the port of vxlan", 4789, struct.pack("!II", 0x0C000000 | nextnumber, 5 << 8) + packet)
    over_udp(name + "lisp", 4341, struct.pack("!II", 0xC0123456, 1) + packet)
    add(name + "ethernet in srv6", ethernet(0x86DD, ip6(43, struct.pack("!BBBBBBH", 143, 2, 4, 0, 0, 0, 0) + b"\x20\1" + b"\1" * 14 + frame)))
    over_udp(name + "geneve", 6081, struct.pack("!BBHI", 0, 0, 0x6558, 5 << 8) + frame)
    over_udp(name + "geneve with options", 6081, struct.pack("!BBHII", 1, 0, kind, 5 << 8, 0x01020300) + packet)
    over_udp(name + "geneve, all reserved bits set", 6081, struct.pack("!BBHI", 0, 0x3F, kind, 5 << 8 | 0xFF) + packet)
    over_udp(name + "gtp-u", 2152, gtp(0x30, packet), 2152)
    over_udp(name + "gtp-u with sequence number", 2152, gtp(0x32, b"\0\7\0\0" + packet), 2152)
    over_udp(name + "gtp-u with an extension", 2152, gtp(0x34, b"\0\0\0\x85" + bytes.fromhex("01000900") + packet), 2152)
    over_udp(name + "ethernet in gtp-u", 2152, gtp(0x30, frame), 2152)
    over_udp(name + "capwap", 5247, capwap(frame))
    over_udp(name + "capwap with radio mac", 5247, capwap(frame, third=0x10, extra=b"\x06\2\0\0\0\0\1\0"))
    over_udp(name + "capwap with 802.11", 5247, capwap(wlan(0x08, 1, llc(kind) + packet), True))
    over_udp(name + "capwap with 802.11 qos, swapped", 5247, capwap(wlan(0x88, 1, llc(kind) + packet, True), True))
    over_udp(name + "tzsp", 37008, bytes.fromhex("0100000101") + frame)
    over_udp(name + "tzsp with tags", 37008, bytes.fromhex("01000001" "0a01c8" "00" "29020001" "01") + frame)
    over_udp(name + "tzsp with 802.11", 37008, bytes.fromhex("0100001201") + wlan(0x08, 1, llc(kind) + packet))
    over_udp(name + "tzsp with prism", 37008, bytes.fromhex("0100007701") + struct.pack("<II", 0x44, 144) + b"\0" * 136 + wlan(0x08, 1, llc(kind) + packet))
    over_udp(name + "tzsp with avs", 37008, bytes.fromhex("0100007f01") + struct.pack("!II", 0x80211001, 64) + b"\0" * 56 + wlan(0x08, 1, llc(kind) + packet))
    over_udp(name + "tzsp with radiotap", 37008, bytes.fromhex("0100007e01") + struct.pack("<BBHI", 0, 0, 8, 0) + wlan(0x08, 1, llc(kind) + packet))
    over_udp(name + "gre over udp", 4754, struct.pack("!HH", 0, kind) + packet)
    over_udp(name + "gre over udp with key", 4754, struct.pack("!HHI", 0x2000, 0x6558, 7) + frame)
    over_udp(name + "ayiya", 5072, bytes.fromhex("44521100")[:3] + bytes([number]) + b"\x60\0\0\0" + b"\1" * 16 + b"\2" * 20 + packet)
    over_udp(name + "gue", 6080, bytes([0, number, 0, 0]) + packet)
    over_udp(name + "gue with options", 6080, bytes([1, number, 0, 1]) + b"\0\0\0\0" + packet)
    over_udp(name + "gue version 1", 6080, packet)
    over_udp(name + "fou", 5555, packet)
    over_udp(name + "gre over fou", 5555, struct.pack("!HH", 0, kind) + packet)
    over_udp(name + "mpls over udp", 6635, struct.pack("!I", 17 << 12 | 0x1FF) + packet)
    over_udp(name + "l2tp", 1701, struct.pack("!HHH", 0x0002, 1, 2) + ppp(pppkind, packet))
    over_udp(name + "l2tp with length", 1701, struct.pack("!HHHH", 0x4002, 12 + len(packet), 1, 2) + ppp(pppkind, packet) + b"\xee" * 7)
    over_udp(name + "l2tp, reserved bits set", 1701, struct.pack("!HHH", 0x34F2, 1, 2) + ppp(pppkind, packet))
    for cookie, sublayer in [(0, 0), (0, 4), (4, 0), (4, 4), (8, 0), (8, 4)]:
        what = "l2tpv3, cookie %d, sublayer %d" % (cookie, sublayer)
        over_udp(name + what, 1701, b"\0\3\0\0" + l2tp3(cookie, sublayer, frame), 1701)
        over_ip(name + what, 115, l2tp3(cookie, sublayer, frame))
    over_ip(name + "l2tpv3 with ppp", 115, l2tp3(4, 0, ppp(pppkind, packet)))
    # Tunnels over IP.
    over_ip(name + "gre", 47, struct.pack("!HH", 0, kind) + packet)
    over_ip(name + "gre, reserved bits set", 47, struct.pack("!HH", 0x00F8, kind) + packet)
    over_ip(name + "erspan type I", 47, struct.pack("!HH", 0, 0x88BE) + frame)
    over_ip(name + "erspan type II", 47, struct.pack("!HHIII", 0x1000, 0x88BE, 1, 0x10000005, 0) + frame)
    over_ip(name + "erspan type III", 47, struct.pack("!HHIIII", 0x1000, 0x22EB, 1, 0x20000005, 9, 0) + frame)
    over_ip(name + "wccp", 47, struct.pack("!HH", 0, 0x883E) + packet)
    over_ip(name + "wccp with redirect header", 47, struct.pack("!HHI", 0, 0x883E, 0x80330102) + packet)
    over_ip(name + "aruba", 47, struct.pack("!HH", 0, 0x8210) + wlan(0x08, 1, llc(kind) + packet))
    over_ip(name + "frame relay in gre", 47, struct.pack("!HH", 0, 0x6559) + b"\x18\x41\x03" + (b"\xcc" if version == "ipv4" else b"\x8e") + packet)
    over_ip(name + "aruba with ethernet", 47, struct.pack("!HH", 0, 0x8220) + frame)
    over_ip(name + "eoip", 47, struct.pack("!HHHH", 0x2001, 0x6400, len(frame), 0x0700) + frame)
    over_ip(name + "nsh in gre", 47, struct.pack("!HH", 0, 0x894F) + nsh(3, frame))
    over_ip(name + "etherip", 97, b"\x30\0" + frame)
    over_ip(name + "ip", number, packet)
    over_ip(name + "gtp-u in gre", 47, struct.pack("!HH", 0, 0x0800) + udp(2152, 2152, gtp(0x30, packet)))
    over_udp(name + "vxlan in vxlan", 4789, struct.pack("!II", 0x08000000, 5 << 8) + ethernet(0x0800, udp(1, 4789, struct.pack("!II", 0x08000000, 6 << 8) + frame)))
    # Tags.
    add(name + "vn-tag", ethernet(0x8926, struct.pack("!IH", 0x80010002, kind) + packet))
    add(name + "vn-tag and vlan", ethernet(0x8926, struct.pack("!IHHH", 0x80010002, 0x8100, 7, kind) + packet))
    add(name + "e-tag", ethernet(0x893F, struct.pack("!HHHH", 0x1000, 0x0123, 0, kind) + packet))
    add(name + "cisco metadata", ethernet(0x8909, struct.pack("!BBHHH", 1, 1, 1, 42, kind) + packet))
    add(name + "802.1ah", ethernet(0x88E7, struct.pack("!I", 0x00001234) + frame))
    add(name + "802.1ah behind 802.1ad", ethernet(0x88A8, struct.pack("!HHI", 5, 0x88E7, 0x00001234) + frame))
    add(name + "hsr", ethernet(0x892F, struct.pack("!HHH", 0x1000 | (6 + len(packet)), 9, kind) + packet))
    add(name + "802.1cb", ethernet(0xF1C1, struct.pack("!HHH", 0, 9, kind) + packet))
    add(name + "trill", ethernet(0x22F3, struct.pack("!HHH", 0x003F, 1, 2) + frame))
    add(name + "trill with options", ethernet(0x22F3, struct.pack("!HHHI", 0x007F, 1, 2, 0) + frame))
    add(name + "fabricpath", ethernet(0x8903, struct.pack("!H", 1 << 6 | 32) + frame))
    over_ip(name + "pim register", 103, struct.pack("!BBHI", 0x21, 0, 0xDEFF, 0) + packet)
    add(name + "nsh", ethernet(0x894F, nsh(nextnumber, packet)))
    add(name + "nsh in nsh", ethernet(0x894F, nsh(4, nsh(3, frame), 0)))
    add(name + "macsec", ethernet(0x88E5, struct.pack("!BBI", 0x00, 0, 1) + struct.pack("!H", kind) + packet + b"\xcc" * 16))
    add(name + "macsec with identifier", ethernet(0x88E5, struct.pack("!BBIQ", 0x20, 0, 1, 1) + struct.pack("!H", kind) + packet + b"\xcc" * 16))
    add(name + "pppoe, padded", ethernet(0x8864, struct.pack("!BBHHH", 0x11, 0, 9, 2 + len(packet), pppkind) + packet + b"\xee" * 20))
    # Other link types.
    add(name + "frame relay", b"\x18\x41\x03" + (b"\xcc" if version == "ipv4" else b"\x8e") + packet, "link_107")
    add(name + "frame relay with snap", b"\x18\x41\x03\x00\x80\0\0\0" + struct.pack("!H", kind) + packet, "link_107")
    add(name + "frame relay with ethernet", b"\x18\x41\x03\x00\x80\0\x80\xc2\0\x07" + frame, "link_107")
    add(name + "frame relay of four bytes", b"\x18\x40\x10\x05\x03" + (b"\xcc" if version == "ipv4" else b"\x8e") + packet, "link_107")
    add(name + "frame relay of cisco", b"\x18\x41" + struct.pack("!H", kind) + packet, "link_107")
    family = 2 if version == "ipv4" else 26
    add(name + "ipnet", struct.pack("!BBHIIIII", 2, family, 0, len(packet), 1, 0, 0, 0) + packet, "link_226")
    add(name + "ipoib", b"\0" * 40 + struct.pack("!HH", kind, 0) + packet, "link_242")
    family = 2 if version == "ipv4" else 10
    for order in "<>":
        header = struct.pack("!BBH", family, 0, 5) + struct.pack(order + "HH", 8, 1) + struct.pack("!HBB", kind, 1, 0)
        header += struct.pack(order + "HH", 5, 10) + b"\0\0\0\0" + struct.pack(order + "HH", 4 + len(packet), 9)
        add(name + "nflog " + order, header + packet + b"\0" * (-len(packet) % 4), "link_239")
    add(name + "ppi with ethernet", struct.pack("<BBHI", 0, 0, 8, 1) + frame, "link_192")
    common = struct.pack("<HHQHHHHBBbb", 2, 20, 1, 1, 2, 2412, 0, 0, 0, -50, -90)
    add(name + "ppi with 802.11 and a check sequence", struct.pack("<BBHI", 0, 0, 8 + len(common), 105) + common + wlan(0x08, 1, llc(kind) + packet) + b"\xee" * 4, "link_192")
    add(name + "fddi", b"\x50" + frame[:12] + llc(kind) + packet, "link_10")
    arcnet = 212 if version == "ipv4" else 196
    add(name + "arcnet", bytes([1, 2, arcnet, 0, 0, 7]) + packet, "link_7")
    add(name + "arcnet with exception", bytes([1, 2, arcnet, 0xFF, 0xFF, 0xFF, arcnet, 0, 0, 7]) + packet, "link_7")
    add(name + "arcnet of linux", bytes([1, 2, 0, 0, arcnet, 0, 0, 7]) + packet, "link_129")
    add(name + "ppp with direction", b"\0" + ppp(pppkind, packet), "link_204")
    juniper = b"MGC\x01"
    add(name + "juniper ethernet", juniper + frame, "link_178")
    add(name + "juniper ethernet with extensions", b"MGC\x81\0\x06\x04\x04\1\2\3\4" + frame, "link_178")
    add(name + "juniper without link layer", b"MGC\x03" + b"\2\0\0\0" + packet, "link_178")
    add(name + "juniper pppoe", juniper + frame, "link_167")
    add(name + "juniper ppp", juniper + ppp(pppkind, packet), "link_179")
    add(name + "juniper frame relay", juniper + b"\x18\x41\x03" + (b"\xcc" if version == "ipv4" else b"\x8e") + packet, "link_180")
    add(name + "juniper chdlc", juniper + b"\x0f\0" + struct.pack("!H", kind) + packet, "link_181")
    add(name + "juniper atm1", juniper + b"\0\0\0\1" + llc(kind) + packet, "link_137")
    add(name + "juniper atm2", juniper + b"\0\0\0\1\0\0\0\0" + llc(kind) + packet, "link_135")
    add(name + "juniper mlppp", juniper + b"\0\1" + struct.pack("!H", pppkind) + packet, "link_130")
    add(name + "juniper ggsn", juniper + struct.pack("<HH", 2 if version == "ipv4" else 6, 0) + packet, "link_133")
    add(name + "pktap", struct.pack("<III", 108, 1, 1) + b"\0" * 96 + frame, "link_258")
    add(name + "pflog", bytes([61, 2 if version == "ipv4" else 24]) + b"\0" * 62 + packet, "link_117")
    add(name + "enc", struct.pack("<III", 2 if version == "ipv4" else 24, 0, 0) + packet, "link_109")
    add(name + "prism", struct.pack("<II", 0x44, 144) + b"\0" * 136 + wlan(0x08, 1, llc(kind) + packet), "link_119")
    add(name + "avs", struct.pack("!II", 0x80211001, 64) + b"\0" * 56 + wlan(0x08, 1, llc(kind) + packet), "link_163")
    add(name + "token ring", b"\x10\x40" + frame[:12] + llc(kind) + packet, "link_6")
    add(name + "token ring with a route", b"\x10\x40" + frame[:6] + b"\x82" + frame[7:12] + b"\x06\x30\0\x11\0\x20" + llc(kind) + packet, "link_6")
    add(name + "atm", llc(kind) + packet, "link_100")
    add(name + "netanalyzer", b"\0\x10\0\0" + frame + b"\xee" * 4, "link_240")
    nlpid = b"\x03\xcc" if version == "ipv4" else b"\x03\x8e"
    add(name + "juniper mlppp of a services card", b"MGC\0" + b"\x54\0\0\1" + struct.pack("!H", pppkind) + packet, "link_130")
    add(name + "juniper mlfr", juniper + b"\x54\0\0\1" + nlpid + packet, "link_131")
    add(name + "juniper mfr", juniper + b"\x54\0\0\1" + nlpid + packet, "link_134")
    add(name + "juniper es", juniper + packet, "link_132")
    add(name + "juniper services", juniper + b"\0" * 16 + packet, "link_136")
    add(name + "juniper monitor", juniper + b"\0" * 8 + packet, "link_164")
    add(name + "juniper atm1 with vc multiplexing", juniper + b"\0\0\0\1" + packet, "link_137")
    add(name + "juniper pppoe over atm", juniper + struct.pack("!HBBHHH", 0x8864, 0x11, 0, 9, 2 + len(packet), pppkind) + packet, "link_168")
    if version == "ipv4":
        add(name + "arcnet, old", bytes([1, 2, 240]) + packet, "link_7")
        add(name + "juniper vp", juniper + b"\0" * 18 + packet, "link_183")

# Teredo carries IPv6 with its own addresses.
t6 = udp(40000, 53, QUERY, 6, ("2001:0:cb00:7102:0:3fff:34ff:8ef0", "2001:db8::20"))
over_udp("reach ipv6 in teredo", 3544, t6)
over_udp("reach ipv6 in teredo with origin", 3544, bytes.fromhex("000063ea34ff8ef6") + t6)
over_udp("reach ipv6 in teredo with authentication and origin", 3544, bytes.fromhex("00010000" + "11" * 8 + "00" + "000063ea34ff8ef6") + t6)

# What is not looked into.
SECRET = bytes((7 * n + 131) % 256 for n in range(96))
over_ip("unread esp", 50, struct.pack("!II", 0x12345678, 1) + SECRET)
over_ip("unread ip protocol 253", 253, SECRET)
over_ip("unread pim register", 103, struct.pack("!BBHI", 0x21, 0, 0xDEFF, 0) + SECRET)
over_ip("unread ethertype 0x8230", 47, struct.pack("!HH", 0, 0x8230) + b"\xff" + SECRET)
over_ip("unread sctp", 132, struct.pack("!HHII", 5060, 5060, 1, 0) + SECRET)
over_udp("unread esp in udp", 4500, struct.pack("!II", 0x12345678, 1) + SECRET, 4500)
over_udp("unread wireguard", 51820, struct.pack("<IIQ", 4, 99, 3) + SECRET + b"\x55" * 16)
over_udp("unread openvpn", 1194, b"\x48\0\0\1\0\0\0\7" + SECRET)
over_udp("unread gtp", 2152, gtp(0x30, SECRET), 2152)
over_udp("unread capwap dtls", 5247, bytes.fromhex("01000000" "17fefd0001000000000001") + struct.pack("!H", 96) + SECRET)
over_udp("unread capwap fragment", 5247, capwap(E4[:64], third=0x80))
over_udp("unread tzsp", 37008, bytes.fromhex("0100007701") + SECRET)
over_udp("unread vxlan without its flag", 4789, struct.pack("!II", 0, 5 << 8) + E4)
over_udp("unread geneve", 6081, struct.pack("!BBHI", 0, 0, 0x0800, 5 << 8) + SECRET)
over_udp("unread l2tp", 1701, b"\0\3\0\0\0\0\0\x4d" + SECRET, 1701)
add("unread ethertype 0x88b5", ethernet(0x88B5, SECRET))
add("unread macsec encrypted", ethernet(0x88E5, struct.pack("!BBIQ", 0x2C, 0, 1, 1) + SECRET))
add("unread mpls payload", ethernet(0x8847, struct.pack("!I", 17 << 12 | 0x1FF) + b"\x10" * 40))
add("unread ppp compressed", ethernet(0x8864, struct.pack("!BBHHH", 0x11, 0, 9, 98, 0x00FD) + SECRET))
add("unread llc 0xe0", ethernet(99, b"\xe0\xe0\x03" + SECRET))
add("unread wlan encrypted", wlan(0x08, 0x41, SECRET), "link_105")
add("unread wlan a-msdu", wlan(0x88, 1, SECRET).replace(b"\0\0" + SECRET, b"\x80\0" + SECRET), "link_105")
add("unread wlan fragment", wlan(0x08, 5, llc(0x0800) + I4), "link_105")
add("unread link type 147 (USER 0)", SECRET, "link_147")
add("unread arcnet fragment", bytes([1, 2, 212, 2, 0, 7]) + I4[20:], "link_7")

# Ordinary traffic on the ports of tunnels.
for port in [1194, 1701, 2152, 3544, 4341, 4500, 4754, 4789, 4790, 5072, 5247, 5555, 6080, 6081, 6635, 7777, 8472, 8888, 37008, 41641, 51820]:
    add("ordinary query from %d" % port, ethernet(0x0800, udp(port, 53, QUERY)))
    add("ordinary answer to %d" % port, ethernet(0x86DD, udp(53, port, QUERY[:2] + b"\x81\x80" + QUERY[4:], 6)))
    for first in [0x0000, 0x0010, 0x0100, 0x0400, 0x0800, 0x0C00, 0x3000, 0x30FF, 0x3200, 0x4800]:
        answer = struct.pack("!HH", first, 0x8180) + QUERY[4:] + bytes.fromhex("c00c000100010000003c0004c0000201")
        add("ordinary answer to %d with id %04x" % (port, first), ethernet(0x0800, udp(53, port, answer)))
    add("ordinary text to %d" % port, ethernet(0x0800, udp(50000, port, b"GET /1234 HTTP/1.1\r\nHost: example.com\r\n\r\n"[:40])))
    add("ordinary zeros to %d" % port, ethernet(0x0800, udp(50000, port, b"\0" * 100)))
add("ordinary gtp echo", ethernet(0x0800, udp(2152, 2152, gtp(0x32, b"\0\7\0\0", 1, 0))))
add("ordinary gtp end marker", ethernet(0x0800, udp(2152, 2152, gtp(0x30, b"", 254))))
add("ordinary capwap keep-alive", ethernet(0x0800, udp(5247, 5247, capwap(b"\0\x16\0\x23\0\x10" + b"\1" * 16, third=8))))
add("ordinary l2tp control message", ethernet(0x0800, udp(1701, 1701, struct.pack("!HHHHHH", 0xC802, 12, 1, 0, 1, 1))))
add("ordinary ike", ethernet(0x0800, udp(4500, 4500, b"\0\0\0\0" + SECRET)))
add("ordinary nat keep-alive", ethernet(0x0800, udp(4500, 4500, b"\xff")))
add("ordinary wireguard handshake", ethernet(0x0800, udp(51820, 51820, b"\1\0\0\0" + (SECRET * 2)[:144])))

lines = []
for file, frames in files.items():
    path = "%s/%s.pcap" % (OUT, file)
    with open(path, "wb") as out:
        link = int(file.split("_")[1]) if "_" in file else 1
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link))
        for number, (name, frame, original) in enumerate(frames):
            out.write(struct.pack("<IIII", 1700000000, number, len(frame), original) + frame)
    seen = subprocess.run(["tshark", "-r", path, "-T", "fields", "-e", "frame.protocols"], capture_output=True, text=True).stdout.split("\n")
    for number, (name, _, _) in enumerate(frames):
        lines.append("%s\t%d\t%s\t%s" % (file, number + 1, name, seen[number] if number < len(seen) else ""))
with open("%s/oracle.tsv" % OUT, "w") as out:
    out.write("\n".join(lines) + "\n")
