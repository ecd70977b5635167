//! `conn.log`: connections of TCP, of the table `tcp`; flows of UDP, ICMP and other protocols of IP, of the table `conversations`.

use std::io;

use super::Make;
use super::columns::{columns, ends};
use super::line::{Ends, Lines, of_seconds};
use super::local::is_local;
use super::uid::Uid;
use crate::rows::{Checked, Table};

columns! {
    /// What is read of `tcp`.
    OfTcp of "tcp" {
        time, open_seconds, client, client_port, server, server_port, vlan, community_id, connection, conn_state, history,
        application, application_by, client_packets, server_packets, client_ip_bytes, server_ip_bytes,
        client_stream, server_stream, client_missing, server_missing,
    }
}

columns! {
    /// What is read of `conversations`.
    OfOthers of "conversations" {
        time, duration, ip_protocol, client, client_port, server, server_port, vlan, community_id, icmp_type, icmp_code,
        application, application_by, conn_state, history, client_packets, server_packets, client_ip_bytes, server_ip_bytes,
        client_payload, server_payload,
    }
}

/// A connection, in the order of Zeek's fields.
struct Connection<'a> {
    time: Option<i64>,
    uid: Uid,
    ends: Ends,
    proto: &'static str,
    service: Option<&'a str>,
    duration: Option<i64>,
    payload: (u64, u64),
    conn_state: &'a str,
    missed_bytes: u64,
    history: Option<&'a str>,
    packets: (u64, u64),
    ip_bytes: (u64, u64),
    ip_proto: Option<u64>,
    community_id: &'a str,
    vlan: Option<u64>,
}

impl Connection<'_> {
    fn write(&self, lines: &mut Lines<'_>) -> io::Result<()> {
        lines.ts(self.time);
        lines.connection(&self.uid, self.ends);
        lines.text("proto", Some(self.proto));
        lines.text("service", self.service);
        // Bytes are told of what takes time alone.
        let lasted = self.duration.filter(|duration| *duration > 0);
        lines.interval("duration", lasted);
        lines.count("orig_bytes", lasted.map(|_| self.payload.0));
        lines.count("resp_bytes", lasted.map(|_| self.payload.1));
        lines.text("conn_state", Some(self.conn_state));
        lines.truth("local_orig", Some(is_local(self.ends.orig.0)));
        lines.truth("local_resp", Some(is_local(self.ends.resp.0)));
        lines.count("missed_bytes", Some(self.missed_bytes));
        lines.text("history", self.history.filter(|history| !history.is_empty()));
        lines.count("orig_pkts", Some(self.packets.0));
        lines.count("orig_ip_bytes", Some(self.ip_bytes.0));
        lines.count("resp_pkts", Some(self.packets.1));
        lines.count("resp_ip_bytes", Some(self.ip_bytes.1));
        lines.count("ip_proto", self.ip_proto);
        lines.text("community_id", Some(self.community_id));
        lines.count("vlan", self.vlan);
        lines.end()
    }
}

/// Lines of TCP connections.
pub(super) struct Tcp;

impl Make for Tcp {
    fn rows(&mut self, capture: &str, table: &Table, rows: &Checked, lines: &mut Lines<'_>) -> io::Result<()> {
        let of = OfTcp::find(table, rows);
        for row in 0..rows.count {
            let Some(ends) = ends((of.client, of.client_port), (of.server, of.server_port), row) else { continue };
            let community_id = of.community_id.text(row).unwrap_or_default();
            let connection = Connection {
                time: of.time.time(row),
                uid: Uid::of_connection(capture, community_id, of.connection.integer(row)),
                ends,
                proto: "tcp",
                service: service("tcp", of.application.text(row), of.application_by.text(row)),
                duration: of.open_seconds.float(row).map(of_seconds),
                payload: (of.client_stream.count(row), of.server_stream.count(row)),
                conn_state: of.conn_state.text(row).unwrap_or("OTH"),
                missed_bytes: of.client_missing.count(row).saturating_add(of.server_missing.count(row)),
                history: of.history.text(row),
                packets: (of.client_packets.count(row), of.server_packets.count(row)),
                ip_bytes: (of.client_ip_bytes.count(row), of.server_ip_bytes.count(row)),
                ip_proto: Some(6),
                community_id,
                vlan: of.vlan.integer(row).and_then(|vlan| u64::try_from(vlan).ok()),
            };
            connection.write(lines)?;
        }
        Ok(())
    }
}

/// Lines of all other flows of IP.
pub(super) struct Others;

impl Make for Others {
    fn rows(&mut self, capture: &str, table: &Table, rows: &Checked, lines: &mut Lines<'_>) -> io::Result<()> {
        let of = OfOthers::find(table, rows);
        for row in 0..rows.count {
            // What is no IP has no number of a protocol; TCP has lines of its own table.
            let (Some(ip_protocol), Some(client), Some(server)) =
                (of.ip_protocol.integer(row), of.client.address(row), of.server.address(row))
            else {
                continue;
            };
            if ip_protocol == 6 {
                continue;
            }
            let (client_packets, server_packets) = (of.client_packets.count(row), of.server_packets.count(row));
            let (mut sent, mut received) = (of.client_payload.count(row), of.server_payload.count(row));
            let (proto, ports) = match ip_protocol {
                1 | 58 => {
                    // Payload begins behind the first four bytes of a message, Zeek's behind all eight of its header.
                    sent = sent.saturating_sub(client_packets.saturating_mul(4));
                    received = received.saturating_sub(server_packets.saturating_mul(4));
                    let kind = of.icmp_type.port(row);
                    let code = of.icmp_code.integer(row).and_then(|code| u16::try_from(code).ok());
                    ("icmp", (kind, code.unwrap_or_else(|| answer(ip_protocol, kind))))
                }
                17 => ("udp", (of.client_port.port(row), of.server_port.port(row))),
                _ => ("unknown_transport", (of.client_port.port(row), of.server_port.port(row))),
            };
            let community_id = of.community_id.text(row).unwrap_or_default();
            let connection = Connection {
                time: of.time.time(row),
                uid: Uid::of_connection(capture, community_id, None),
                ends: Ends { orig: (client, ports.0), resp: (server, ports.1) },
                proto,
                service: service(proto, of.application.text(row), of.application_by.text(row)),
                duration: of.duration.float(row).map(of_seconds),
                payload: (sent, received),
                conn_state: of.conn_state.text(row).unwrap_or("OTH"),
                missed_bytes: 0,
                history: of.history.text(row),
                packets: (client_packets, server_packets),
                ip_bytes: (of.client_ip_bytes.count(row), of.server_ip_bytes.count(row)),
                ip_proto: u64::try_from(ip_protocol).ok(),
                community_id,
                vlan: of.vlan.integer(row).and_then(|vlan| u64::try_from(vlan).ok()),
            };
            connection.write(lines)?;
        }
        Ok(())
    }
}

/// The type of message that answers a type of ICMP (1) or ICMPv6 (58), which stands in the place of the other port.
fn answer(protocol: i64, kind: u16) -> u16 {
    let pairs: &[(u16, u16)] = if protocol == 1 {
        &[(8, 0), (13, 14), (15, 16), (10, 9), (17, 18)]
    } else {
        &[(128, 129), (133, 134), (135, 136), (130, 131), (139, 140), (144, 145)]
    };
    let other = |(one, other): &(u16, u16)| match kind {
        _ if kind == *one => Some(*other),
        _ if kind == *other => Some(*one),
        _ => None,
    };
    pairs.iter().find_map(other).unwrap_or_default()
}

/// The service of a connection: what its bytes show, never what its port alone says. Names are those of Zeek's analyzers where it has one.
fn service<'a>(proto: &str, application: Option<&'a str>, by: Option<&str>) -> Option<&'a str> {
    let application = application.filter(|_| by != Some("port"))?;
    let is_tcp = proto == "tcp";
    Some(match application {
        "tls" | "tor" => "ssl",
        "smb2" => "smb",
        "kerberos" if is_tcp => "krb_tcp",
        "kerberos" => "krb",
        "ldap" if is_tcp => "ldap_tcp",
        "ldap" => "ldap_udp",
        "dnp3" if is_tcp => "dnp3_tcp",
        "dnp3" => "dnp3_udp",
        "dcerpc" => "dce_rpc",
        "mdns" | "llmnr" | "nbns" => "dns",
        "vnc" => "rfb",
        "nbss" => "netbios_ssn",
        "gtp" => "gtpv1",
        "quic" => "quic,ssl",
        other => other,
    })
}
