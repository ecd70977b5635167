//! Messages as their specifications and programs have them, on ports that say nothing unless a port is given.

use super::*;
use crate::harness::Random;

const ANY: u16 = 40_001;

fn octets(payload: &[u8], port: u16) -> Payload<'_> {
    Payload { bytes: payload, length: payload.len(), ports: (40_000, port), destination: IpAddr::from([192, 0, 2, 1]) }
}

/// Bytes of a text of hexadecimal digits; what stands between brackets is repeated: `00[16]`.
fn bytes(text: &str) -> Vec<u8> {
    let mut found: Vec<u8> = Vec::new();
    for word in text.split_whitespace() {
        let (digits, times) = word
            .split_once('[')
            .map_or((word, 1), |(digits, times)| (digits, times.trim_end_matches(']').parse().unwrap()));
        for _ in 0..times {
            found.extend((0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()));
        }
    }
    found
}

#[track_caller]
fn udp(message: &[u8], port: u16, expected: impl Into<Option<Protocol>>) {
    assert_eq!(datagram(&octets(message, port)), expected.into(), "{:02x?}", &message[..message.len().min(24)]);
    // Neither less nor more of it may make anything fall over.
    for cut in 0..message.len().min(300) {
        let _ = datagram(&Payload { bytes: &message[..cut], length: message.len(), ..octets(message, port) });
        let _ = datagram(&octets(&message[..cut], port));
    }
}

#[track_caller]
fn tcp(message: &[u8], port: u16, expected: impl Into<Option<Protocol>>) {
    assert_eq!(stream(&octets(message, port)), expected.into(), "{:02x?}", &message[..message.len().min(24)]);
    for cut in 0..message.len().min(300) {
        let _ = stream(&Payload { bytes: &message[..cut], length: message.len(), ..octets(message, port) });
        let _ = stream(&octets(&message[..cut], port));
    }
}

/// A query for example.com, type A.
const QUERY: &str = "1234 0100 0001 0000 0000 0000 07 6578616d706c65 03 636f6d 00 0001 0001";

#[test]
fn dns_is_known_on_any_port_by_a_message_without_a_loose_end() {
    udp(&bytes(QUERY), ANY, Protocol::Dns);
    udp(&bytes(&format!("{QUERY} 00")), ANY, None);
    // With an OPT record; answered.
    let with_opt = QUERY.replace("0001 0000 0000 0000", "0001 0000 0000 0001");
    udp(&bytes(&format!("{with_opt} 00 0029 04d0 00000000 0000")), ANY, Protocol::Dns);
    let answer = QUERY.replace("0100 0001 0000", "8180 0001 0001");
    udp(&bytes(&format!("{answer} c00c 0001 0001 0000003c 0004 c0000201")), ANY, Protocol::Dns);
    let in_tcp = [&bytes("001d")[..], &bytes(QUERY)].concat();
    tcp(&in_tcp, ANY, Protocol::Dns);
    // On its port the header is enough: a name that is damaged is damaged DNS.
    udp(&bytes("1234 0100 0001 0000 0000 0000 ff ff ff ff ff"), 53, Protocol::Dns);
    udp(&bytes("1234 0100 0001 0000 0000 0000 03 61"), 53, Protocol::Dns);
    udp(&bytes("1234 8181 0000 0000 0000 0000"), 53, Protocol::Dns);
}

#[test]
fn what_is_not_dns_is_not_dns_on_port_53() {
    // NTP, from port 53 to 123: its poll and precision stand where DNS has flags.
    let ntp = bytes("230206ec 00000a00 00000b00 c0000201 00[32]");
    let from_53 = Payload { ports: (53, 123), ..octets(&ntp, 0) };
    assert_eq!(datagram(&from_53), Some(Protocol::Ntp));
    udp(&ntp, 53, None);
    udp(&ntp, ANY, None);
    udp(b"hello, this is no DNS", 53, None);
    udp(&bytes("1234 0100 0000 0000 0000 0000"), 53, None);
    udp(&bytes("1234 0100 0100 0000 0000 0000 00"), 53, None);
}

#[test]
fn mdns_is_the_group_and_the_port_together() {
    let query = bytes(QUERY);
    let to = |destination: &str, ports| {
        datagram(&Payload { destination: destination.parse().unwrap(), ports, ..octets(&query, 0) })
    };
    assert_eq!(to("224.0.0.251", (5353, 5353)), Some(Protocol::Mdns));
    assert_eq!(to("ff02::fb", (40_000, 5353)), Some(Protocol::Mdns));
    assert_eq!(to("192.0.2.1", (5353, 5353)), Some(Protocol::Mdns));
    // Ordinary DNS, with a server on that port.
    assert_eq!(to("192.0.2.1", (40_000, 5353)), Some(Protocol::Dns));
    assert_eq!(to("192.0.2.1", (5353, 40_000)), Some(Protocol::Dns));
    assert_eq!(to("224.0.0.252", (40_000, 5355)), Some(Protocol::Llmnr));
}

#[test]
fn media_and_what_sets_it_up() {
    udp(&bytes("0001 0000 2112a442 b7e7a701bc34d686fa87dfae"), ANY, Protocol::Stun);
    // Without the cookie (RFC 3489), on its port only.
    udp(&bytes("0001 0000 00112233 445566778899aabbccddeeff"), 3478, Protocol::Stun);
    udp(&bytes("0001 0000 00112233 445566778899aabbccddeeff"), ANY, None);
    udp(&bytes("16 fefd 0000 000000000000 0004 01000000"), ANY, Protocol::Dtls);
    udp(&bytes("16 fefd 0000 000000000000 0005 01000000"), ANY, None);
    // A receiver report, and a source description behind it.
    udp(&bytes("80 c9 0001 11223344 81 ca 0002 11223344 01 00 0000"), ANY, Protocol::Rtcp);
    udp(&bytes("80 c9 0002 11223344"), ANY, None);
    // One datagram that could be RTP says nothing.
    udp(&bytes("80 00 0001 000000a0 11223344 d5[160]"), ANY, None);
    // RFC 9001 appendix A.2: header of a client's Initial; version 2; version negotiation.
    udp(&bytes("c3 00000001 08 8394c8f03e515708 00 00 449e 7b9aec34 00[1162]"), ANY, Protocol::Quic);
    udp(&bytes("d3 6b3343cf 08 8394c8f03e515708 00 00 449e 00[1162]"), ANY, Protocol::Quic);
    udp(&bytes("80 00000000 08 8394c8f03e515708 00 00000001 6b3343cf"), ANY, Protocol::Quic);
    // A query with these numbers begins alike.
    udp(&bytes("8000 0000 0001 0000 0000 0000 02 6161 00 0001 0001"), ANY, Protocol::Dns);
    udp(&bytes("c3 00000002 08 8394c8f03e515708 00 00 449e 00[1162]"), ANY, None);
    udp(&[&bytes("0d 8394c8f03e515708")[..], b"Q039", &[0; 40]].concat(), ANY, Protocol::Gquic);
}

#[test]
fn services_of_the_network() {
    let dhcp = bytes("01 01 06 00 3903f326 00[228] 63825363 350101 ff");
    udp(&dhcp, ANY, Protocol::Dhcp);
    udp(&dhcp[..236], 67, Protocol::Dhcp);
    udp(&bytes("01 3903f3 0008 0002 0000 000e 0000"), 547, Protocol::Dhcpv6);
    udp(&bytes("01 3903f3 0008 0009 0000"), 547, None);
    // GetRequest to "public"; a version 3 message begins with its header.
    udp(
        &bytes("3026 020100 04067075626c6963 a019 0201 01 0201 00 0201 00 300e 300c 0608 2b06010201010500 0500"),
        ANY,
        Protocol::Snmp,
    );
    udp(&bytes("300c 02010a 60 07 020103 0400 8000"), ANY, Protocol::Ldap);
    udp(b"\x00\x01file.bin\0octet\0", ANY, Protocol::Tftp);
    udp(&bytes("1234 0110 0001 0000 0000 0000 20 4141[16] 00 0020 0001"), ANY, Protocol::Nbns);
    udp(&bytes("01 07 0014 00[16]"), 1812, Protocol::Radius);
    udp(&bytes("01 07 0016 00[16] 01 01"), 1812, None);
    udp(&bytes("23 02 06 ec 00[44]"), 123, Protocol::Ntp);
    udp(&bytes("02 02 0000 00[20]"), 520, Protocol::Rip);
    udp(b"<34>Oct 11 22:14:15 mymachine su: failed", 514, Protocol::Syslog);
    udp(b"<34>1 2003-10-11T22:14:15.003Z mymachine su - ID47 - failed", ANY, Protocol::Syslog);
    udp(b"<192>Oct 11", 514, None);
    udp(b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n", 1900, Protocol::Ssdp);
    udp(b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n\r\n", 1900, Protocol::Ssdp);
    udp(&bytes("0005 0001 00[20] 00[48]"), 2055, Protocol::Netflow);
    udp(&bytes("40 01 7d34 bb 74"), 5683, Protocol::Coap);
    udp(&bytes("ff[6] 020000000001[16]"), 9, Protocol::WakeOnLan);
    udp(&bytes("ff[6] 020000000001[15] 020000000002"), 9, None);
    udp(&bytes("06 00 ff 07 00[20]"), 623, Protocol::Rmcp);
    udp(&bytes("00 00"), 5351, Protocol::NatPmp);
}

#[test]
fn what_encrypts() {
    // A ClientHello of 4 bytes is none, and yet its form; SSL 2's; application data with the next record's beginning; an alert.
    tcp(&bytes("16 0301 0004 01 000000"), ANY, Protocol::Tls);
    tcp(&bytes("80 2e 01 0301 0015 0000 0010 00[37]"), ANY, Protocol::Tls);
    tcp(&bytes("17 0303 0003 aabbcc 17 0303 0100"), ANY, Protocol::Tls);
    tcp(&bytes("17 0303 0003 aabbcc 47 0303 0100"), ANY, None);
    tcp(&bytes("15 0303 0002 02 28"), ANY, Protocol::Tls);
    tcp(&bytes("16 0399 0004 01 000000"), ANY, None);
    tcp(b"SSH-2.0-OpenSSH_9.6\r\n", 443, Protocol::Ssh);
    udp(&bytes("1122334455667788 0000000000000000 21 20 22 08 00000000 0000001c"), 500, Protocol::Ike);
    udp(&bytes("00000000 1122334455667788 0000000000000000 21 20 22 08 00000000 0000001c"), 4500, Protocol::Ike);
    udp(&bytes("01000000 11[144]"), ANY, Protocol::Wireguard);
    udp(&bytes("04000000 11[28]"), 51_820, Protocol::Wireguard);
    udp(&bytes("04000000 11[28]"), ANY, None);
    udp(&bytes("38 1122334455667788 00 00000000"), ANY, Protocol::Openvpn);
    udp(&bytes("6a 03 30 01 05"), ANY, Protocol::Kerberos);
    tcp(&bytes("00000005 6a 03 30 01 05"), ANY, Protocol::Kerberos);
    tcp(&bytes("00000006 6a 03 30 01 05"), ANY, None);
}

#[test]
fn protocols_of_lines() {
    for (text, protocol) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Protocol::Http),
        ("HTTP/1.0 404 Not Found\r\n", Protocol::Http),
        ("GET /a/long/target/that/goes/on", Protocol::Http),
        ("PROPFIND /x HTTP/1.1\r\n", Protocol::Http),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Protocol::Http2),
        ("INVITE sip:bob@example.com SIP/2.0\r\n", Protocol::Sip),
        ("SIP/2.0 200 OK\r\n", Protocol::Sip),
        ("OPTIONS sip:example.com SIP/2.0\r\n", Protocol::Sip),
        ("OPTIONS * HTTP/1.1\r\n", Protocol::Http),
        ("OPTIONS rtsp://example.com/media RTSP/1.0\r\n", Protocol::Rtsp),
        ("DESCRIBE rtsp://example.com/media RTSP/1.0\r\n", Protocol::Rtsp),
        ("220 mail.example.com ESMTP Postfix\r\n", Protocol::Smtp),
        ("220 (vsFTPd 3.0.3)\r\n", Protocol::Ftp),
        ("EHLO client.example.com\r\n", Protocol::Smtp),
        ("* OK IMAP4rev1 server ready\r\n", Protocol::Imap),
        ("RFB 003.008\n", Protocol::Vnc),
        ("@RSYNCD: 31.0\n", Protocol::Rsync),
        ("*1\r\n$4\r\nPING\r\n", Protocol::Redis),
        ("NICK joe\r\nUSER joe 0 * :Joe\r\n", Protocol::Irc),
        ("<?xml version='1.0'?><stream:stream to='example.com'", Protocol::Xmpp),
        ("INFO {\"server_id\":\"X\"}\r\n", Protocol::Nats),
        ("( success ( 2 2 ( ) ( edit-pipeline ) ) ) ", Protocol::Svn),
        ("CONNECTED\nversion:1.2\n\n\0", Protocol::Stomp),
        ("0032git-upload-pack /project.git\0host=a\0", Protocol::Git),
    ] {
        tcp(text.as_bytes(), ANY, protocol);
    }
    for text in [
        "GET lost",
        "INVITE me to dinner\r\n",
        "HTTP/1.1 OK\r\n",
        "220 ready\r\n",
        "+OK\r\n",
        "GETS / HTTP/1.1\r\n",
        "",
    ] {
        tcp(text.as_bytes(), ANY, None);
    }
    tcp(b"220 ready\r\n", 25, Protocol::Smtp);
    tcp(b"220 ready\r\n", 21, Protocol::Ftp);
    tcp(b"+OK ready\r\n", 110, Protocol::Pop3);
    tcp(b"GET /\r\n", 80, Protocol::Http);
    tcp(b"GET /\r\n", ANY, None);
    udp(b"REGISTER sip:example.com SIP/2.0\r\n", ANY, Protocol::Sip);
}

#[test]
fn what_moves_files_rows_and_messages() {
    for (text, protocol) in [
        ("13 426974546f7272656e742070726f746f636f6c 00[8]", Protocol::Bittorrent),
        ("00000054 ff534d42 72 00[79]", Protocol::Smb),
        ("00000054 fe534d42 40 00[79]", Protocol::Smb2),
        ("ff[16] 0013 04", Protocol::Bgp),
        ("05 00 0b 03 10000000 4800 0000 01000000 00[56]", Protocol::Dcerpc),
        ("10 0c 0004 4d515454 04 02 003c 0000", Protocol::Mqtt),
        ("414d5150 00 00 09 01", Protocol::Amqp),
        ("300c 020101 60 07 020103 0400 8000", Protocol::Ldap),
        ("12 01 000c 0000 01 00 ff000000", Protocol::Tds),
        ("009c 0001 1a2b3c4d 0001 0000 00[144]", Protocol::Pptp),
        ("00000016 00030000 7573657200 706f73746772657300 00", Protocol::Postgresql),
        ("00000008 04d2162f", Protocol::Postgresql),
        ("0f000000 0a 382e302e333600 11223344 000000", Protocol::Mysql),
        ("10000000 01000000 00000000 dd070000", Protocol::Mongodb),
        ("03 00 0013 0e e0 0000 0000 00 01 00 0800 03000000", Protocol::Rdp),
        ("03 00 0019 02 f0 80 32 01 00[16]", Protocol::S7comm),
        ("5a425844 01 0000000000000000", Protocol::Zabbix),
        ("6c 00 0b00 0000 0000 0000 0000", Protocol::X11),
        ("01 00 00000044 0001 0000 00[64]", Protocol::Dicom),
        ("80000028 11223344 00000000 00000002 000186a3 00000003 00[24]", Protocol::Nfs),
        ("80000028 11223344 00000000 00000002 000186a0 00000002 00[24]", Protocol::Rpc),
    ] {
        tcp(&bytes(text), ANY, protocol);
    }
    tcp(&bytes("0001 0000 0006 01 03 0000 000a"), 502, Protocol::Modbus);
    tcp(&bytes("0001 0000 0006 01 03 0000 000a"), ANY, None);
    tcp(&bytes("00000004 00120003"), 9_092, Protocol::Kafka);
    tcp(&bytes("00 04 0001 00[12]"), 548, Protocol::Afp);
    tcp(&bytes("10 01 0009 0000 01 00 00"), 1_433, Protocol::Tds);
    udp(b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe", ANY, Protocol::Bittorrent);
    udp(&bytes("11223344 00000000 00000002 000186a3 00000003 00[24]"), ANY, Protocol::Nfs);
}

/// What of 200,000 looks at noise may have a form by chance.
const NOISE: usize = 5;

#[test]
fn what_programs_speak_among_themselves() {
    tcp(&bytes("f9beb4d9 76657273696f6e 00[5] 66000000 358d4932 7f110100"), ANY, Protocol::Bitcoin);
    tcp(b"{\"id\": 1, \"method\": \"mining.subscribe\", \"params\": []}\n", ANY, Protocol::Stratum);
    let login = br#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"4a","pass":"x","agent":"a/6"}}"#;
    tcp(login, ANY, Protocol::Stratum);
    tcp(b"{\"id\":1,\"method\":\"login\"}", ANY, None);
    tcp(b"JDWP-Handshake", ANY, Protocol::Jdwp);
    tcp(&bytes("4a524d49 0002 4b"), ANY, Protocol::Rmi);
    tcp(&bytes("434e584e 01000001 00001000 0d000000 bc0a0000 bcb1a7b1 686f73743a3a"), ANY, Protocol::Adb);
    tcp(&bytes("ff 00[7] 01 7f 03 00 4e554c4c 00[16] 01 00[31]"), ANY, Protocol::Zmtp);
    tcp(&bytes("000000f0 01 4163746976654d51 0000000c 01"), ANY, Protocol::Openwire);
    tcp(b"\x0bMSH|^~\\&|ADT|", ANY, Protocol::Hl7);
    tcp(b"8=FIX.4.2\x019=65\x0135=A\x01", ANY, Protocol::Fix);
    tcp(b"GNUTELLA CONNECT/0.6\r\n", ANY, Protocol::Gnutella);
    tcp(&bytes("00000022 00000009 00000000 00000001 616263 00 646566 00 00 34 00 00 00 00[5]"), ANY, Protocol::Smpp);
    udp(&bytes("52545053 0203 010f 00[12] 0e010c00"), ANY, Protocol::Rtps);
    udp(b"\xff\xff\xff\xffTSource Engine Query\0", ANY, Protocol::SourceQuery);
}

/// A reset of DNP3's link as it is published in many places; frames of IEC 104, BACnet and NTP on ports of nobody.
#[test]
fn plants_and_clocks_on_any_port() {
    tcp(&bytes("0564 05 c0 0100 0a00 e08c"), ANY, Protocol::Dnp3);
    tcp(&bytes("0564 05 c0 0100 0a00 e08d"), ANY, None);
    tcp(&bytes("6804 07000000"), ANY, Protocol::Iec104);
    tcp(&bytes("6804 0700000000"), ANY, None);
    udp(&bytes("810b 000c 0120 ffff 00 ff 1008"), ANY, Protocol::Bacnet);
    udp(&bytes("23 00 00 00 00[36] d5a6e83a 00000000"), ANY, Protocol::Ntp);
    udp(&bytes("23 00 00 00 00[35] 01 d5a6e83a 00000000"), ANY, None);
    let server = "24 02 06 e9 00000100 00000200 c0000201 d5a6e700 00000000 00[8] d5a6e83a 10000000 d5a6e83a 20000000";
    udp(&bytes(server), ANY, Protocol::Ntp);
}

#[test]
fn noise_is_hardly_ever_taken_for_a_protocol() {
    let mut random = Random::new(7);
    let mut found = 0;
    for _ in 0..100_000 {
        let length = random.below(64);
        let noise: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
        found +=
            usize::from(datagram(&octets(&noise, ANY)).is_some()) + usize::from(stream(&octets(&noise, ANY)).is_some());
    }
    assert!(found <= NOISE, "{found}");
}

#[test]
fn a_message_cut_by_the_snap_length_is_known_by_its_beginning() {
    let cut = |payload: &[u8], length, port| datagram(&Payload { length, ..octets(payload, port) });
    assert_eq!(cut(&bytes(QUERY)[..18], 29, 53), Some(Protocol::Dns));
    assert_eq!(cut(&bytes("01 01 06 00 3903f326 00[20]"), 300, 67), Some(Protocol::Dhcp));
    assert_eq!(stream(&Payload { length: 300, ..octets(b"GET /in", ANY) }), Some(Protocol::Http));
}
