//! Flows that are worth a look by themselves: long ones, large ones, on odd ports, with odd addresses, in clear.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use mcpcap_analyzer::application::{By, Protocol, registered};
use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::numbers::{rounded, share};
use mcpcap_analyzer::stats::Distinct;
use mcpcap_analyzer::text::{counted, plural};
use mcpcap_analyzer::time;

use super::many;
use super::thresholds::{LONG, LONG_SILENCE, UPLOAD, UPLOAD_TIMES};
use crate::addresses::{self, Block};
use crate::details;
use crate::key::{Address, Carrier, End};
use crate::limits;
use crate::ranking::Volume;
use crate::table::Ended;

const LONG_FLOW: Rule = Rule {
    name: "flow_long_connection",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "a flow of both ends that lasts an hour or more, without 15 minutes of silence",
    false_alarm: "VPNs, remote desktops, chat, databases, routing protocols: many are meant to last.",
};
const LARGE: Rule = Rule {
    name: "flow_large_upload",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "a private address sent 10 MB or more to a public one, 3 times as much as came back",
    false_alarm: "Backups, synchronised folders, video calls, mail with attachments, a server of one's own that answers the outside.",
};
const ODD_PORT: Rule = Rule {
    name: "flow_protocol_on_odd_port",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a protocol, recognised by its form, on a port that is another one's",
    false_alarm: "Services that were moved on purpose; proxies and load balancers that take several protocols on one port.",
};
const UNUSUAL_PORT: Rule = Rule {
    name: "flow_protocol_on_unusual_port",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "a protocol that has a port of its own, recognised by its form, on a port that is nobody's",
    false_alarm: "Services that were moved on purpose, second instances, containers, test systems.",
};
const MISPLACED: Rule = Rule {
    name: "flow_reserved_address",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "a packet from or to a block of reserved, documentation, benchmark or loopback addresses",
    false_alarm: "Laboratories and examples that use these addresses on purpose, captures with changed addresses.",
};
const CLEAR: Rule = Rule {
    name: "flow_clear_text",
    severity: Severity::Info,
    confidence: Confidence::High,
    threshold: "a flow of a protocol that does not encrypt, recognised by its form",
    false_alarm: "None as to the fact; whether it matters depends on what is sent. A flow that changes to TLS (STARTTLS) counts too.",
};

/// A flow that is worth telling.
#[derive(Default)]
struct Seen {
    flows: u64,
    hosts: Option<Distinct>,
    evidence: Evidence,
}

impl Seen {
    fn add(&mut self, ended: &Ended<'_>, host: Address) {
        self.flows = self.flows.saturating_add(1);
        self.host(host);
        self.evidence.add(ended.flow.frames.0);
    }

    fn host(&mut self, host: Address) {
        self.hosts.get_or_insert_with(Distinct::small).add(&host);
    }

    fn hosts(&self) -> (String, u64, Vec<Measure>) {
        self.hosts.as_ref().map_or_else(
            || ("0".into(), 0, Vec::new()),
            |hosts| (many::words(hosts), hosts.count(), many::measures("hosts", hosts)),
        )
    }
}

/// What is kept.
#[derive(Default)]
pub struct Watch {
    long: Vec<(u64, Finding)>,
    ports: BTreeMap<(Protocol, bool, u16), Seen>,
    misplaced: BTreeMap<Block, Seen>,
    clear: BTreeMap<Protocol, Seen>,
    left_out: u64,
}

impl Watch {
    /// Entries for which there was no room.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Takes a flow that ended.
    pub fn ended(&mut self, ended: &Ended<'_>) {
        let (client, server) = ended.flow.roles(ended.key);
        self.lasts(ended, client, server);
        let blocks = [client, server].map(|end| addresses::misplaced(end.address, ended.flow.loopback));
        if let [Some(block), _] = blocks {
            self.misplaced.entry(block).or_default().add(ended, client.address);
        }
        if let [other, Some(block)] = blocks {
            let seen = self.misplaced.entry(block).or_default();
            // A flow between two addresses of one block is one flow.
            if other == Some(block) { seen.host(server.address) } else { seen.add(ended, server.address) }
        }
        if let Some((protocol, By::Signature)) = ended.flow.application() {
            if is_clear(protocol) {
                self.clear.entry(protocol).or_default().add(ended, server.address);
            }
            self.on_port(ended, protocol, client, server);
        }
    }

    fn lasts(&mut self, ended: &Ended<'_>, client: End, server: End) {
        let flow = ended.flow;
        let (sent, got) = flow.by_role();
        let Some(duration) = flow.duration().filter(|duration| *duration >= LONG) else { return };
        let is_both = sent.packets > 0 && got.packets > 0;
        if !is_both || !ended.key.carrier.has_ports() || flow.silence > LONG_SILENCE || server.address.is_group() {
            return;
        }
        let hours = rounded(time::seconds(duration) / 3600.0, 1);
        let (from, to) = (details::end(client, ended.key.carrier), details::end(server, ended.key.carrier));
        let observation = format!("{from} and {to} were connected for {hours} hours, with {} bytes.", flow.bytes());
        let measures = vec![
            Measure::new("hours", hours),
            Measure::count("packets", flow.packets()),
            Measure::count("client_bytes", sent.bytes),
            Measure::count("server_bytes", got.bytes),
        ];
        let mut evidence = Evidence::default();
        evidence.add(flow.frames.0);
        evidence.add(flow.frames.1);
        self.long.push((duration, LONG_FLOW.finding(format!("{from} to {to}"), observation, measures, &evidence)));
        if self.long.len() > limits::PARTIES {
            self.long.sort_by_key(|(duration, _)| Reverse(*duration));
            self.left_out = self.left_out.saturating_add((self.long.len() as u64) / 2);
            self.long.truncate(limits::PARTIES / 2);
        }
    }

    fn on_port(&mut self, ended: &Ended<'_>, protocol: Protocol, client: End, server: End) {
        let (Some(port), Some(other)) = (server.port, client.port) else { return };
        let is_tcp = ended.key.carrier == Carrier::TCP;
        if is_at_home(protocol, port, is_tcp) || is_its_own(protocol, other, is_tcp) {
            return;
        }
        let key = (protocol, is_tcp, port);
        if self.ports.len() >= limits::PARTIES && !self.ports.contains_key(&key) {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.ports.entry(key).or_default().add(ended, server.address);
    }

    /// The findings, by rule. `pairs` are those who exchanged packets, with what the first sent and got.
    pub fn findings<'a>(self, pairs: impl Iterator<Item = (&'a (Address, Address), &'a Volume)>) -> [Vec<Finding>; 6] {
        let (mut odd, mut unusual) = (Vec::new(), Vec::new());
        for ((protocol, is_tcp, port), found) in &self.ports {
            let carrier = if *is_tcp { "tcp" } else { "udp" };
            let (words, hosts, mut measures) = found.hosts();
            let of = registered(*port, *is_tcp).map(Protocol::name);
            let whose = of.map_or_else(String::new, |name| format!(", the port of {name}"));
            let observation = format!(
                "{} of {} on {carrier} port {port}{whose}, at {words} {}.",
                counted(found.flows, "flow"),
                protocol.name(),
                plural(hosts, "server"),
            );
            measures.insert(0, Measure::count("flows", found.flows));
            let subject = format!("{} on {carrier} port {port}", protocol.name());
            let (rule, list) = if of.is_some() { (&ODD_PORT, &mut odd) } else { (&UNUSUAL_PORT, &mut unusual) };
            list.push(rule.finding(subject, observation, measures, &found.evidence));
        }
        let misplaced = self.misplaced.iter().map(|(block, found)| {
            let (words, hosts, mut measures) = found.hosts();
            let observation = format!(
                "{} {} of {} ({}) had {}.",
                words,
                plural(hosts, "address"),
                block.name,
                block.purpose,
                counted(found.flows, "flow"),
            );
            measures.insert(0, Measure::count("flows", found.flows));
            MISPLACED.finding(block.name.to_owned(), observation, measures, &found.evidence)
        });
        let clear = self.clear.iter().map(|(protocol, found)| {
            let (words, hosts, mut measures) = found.hosts();
            let observation = format!(
                "{} of {} in clear text, to {words} {}.",
                counted(found.flows, "flow"),
                protocol.name(),
                plural(hosts, "server"),
            );
            measures.insert(0, Measure::count("flows", found.flows));
            CLEAR.finding(protocol.name().to_owned(), observation, measures, &found.evidence)
        });
        let uploads = pairs.filter_map(|(pair, volume)| upload(*pair, volume));
        [
            self.long.into_iter().map(|(_, finding)| finding).collect(),
            uploads.collect(),
            odd,
            unusual,
            misplaced.collect(),
            clear.collect(),
        ]
    }
}

fn upload((a, b): (Address, Address), volume: &Volume) -> Option<Finding> {
    let (from, to, out, back) = if addresses::is_inside(a) && addresses::is_outside(b) {
        (a, b, volume.sent, volume.got)
    } else if addresses::is_inside(b) && addresses::is_outside(a) {
        (b, a, volume.got, volume.sent)
    } else {
        return None;
    };
    (out.bytes >= UPLOAD && out.bytes >= back.bytes.saturating_mul(UPLOAD_TIMES)).then(|| {
        let observation = format!(
            "{from} sent {} bytes to {to} in {}, and got {}.",
            out.bytes,
            counted(volume.flows, "flow"),
            back.bytes
        );
        let measures = vec![
            Measure::count("bytes_out", out.bytes),
            Measure::count("bytes_back", back.bytes),
            Measure::count("flows", volume.flows),
            Measure::new("share_out", rounded(share(out.bytes, volume.bytes()), 3)),
        ];
        let mut evidence = Evidence::default();
        evidence.add(volume.frames.0);
        evidence.add(volume.frames.1);
        LARGE.finding(format!("{from} to {to}"), observation, measures, &evidence)
    })
}

/// Protocols whose content anybody on the way reads, passwords among it.
fn is_clear(protocol: Protocol) -> bool {
    matches!(
        protocol,
        Protocol::Ftp
            | Protocol::FtpData
            | Protocol::Telnet
            | Protocol::Http
            | Protocol::Http2
            | Protocol::Websocket
            | Protocol::Pop3
            | Protocol::Imap
            | Protocol::Smtp
            | Protocol::Ldap
            | Protocol::Snmp
            | Protocol::Sip
            | Protocol::Irc
            | Protocol::Mqtt
            | Protocol::Vnc
            | Protocol::Tftp
            | Protocol::Redis
            | Protocol::Memcached
            | Protocol::Mysql
            | Protocol::Postgresql
            | Protocol::Mongodb
            | Protocol::Amqp
            | Protocol::Stomp
            | Protocol::Nats
            | Protocol::Nntp
            | Protocol::Rtsp
            | Protocol::Rtp
            | Protocol::Syslog
            | Protocol::Xmpp
            | Protocol::Socks
            | Protocol::X11
            | Protocol::Nfs
            | Protocol::Smb
            | Protocol::Modbus
            | Protocol::Dnp3
            | Protocol::S7comm
            | Protocol::Iec104
            | Protocol::Enip
            | Protocol::Bacnet
            | Protocol::Dicom
            | Protocol::Kafka
            | Protocol::Cassandra
            | Protocol::Zabbix
            | Protocol::Git
            | Protocol::Svn
            | Protocol::Rsync
            | Protocol::Coap
            | Protocol::Radius
            | Protocol::Tacacs
    )
}

/// Whether a protocol is where it may be expected.
fn is_at_home(protocol: Protocol, port: u16, is_tcp: bool) -> bool {
    let is_free = port >= 1024 && registered(port, is_tcp).is_none();
    // HTTP and TLS are offered on any high port.
    is_its_own(protocol, port, is_tcp)
        || (is_free && matches!(protocol, Protocol::Http | Protocol::Tls | Protocol::Http2))
}

/// Whether a port is a protocol's own, or one that it shares.
fn is_its_own(protocol: Protocol, port: u16, is_tcp: bool) -> bool {
    // Protocols whose ports are agreed upon by others, or that share ports by design.
    let anywhere = matches!(
        protocol,
        Protocol::Rtp
            | Protocol::Rtcp
            | Protocol::Stun
            | Protocol::Dtls
            | Protocol::FtpData
            | Protocol::Tftp
            | Protocol::Bittorrent
            | Protocol::Dcerpc
            | Protocol::Rpc
            | Protocol::Esp
            | Protocol::WakeOnLan
            | Protocol::Ssdp
            | Protocol::Mdns
            | Protocol::Llmnr
            | Protocol::WsDiscovery
            | Protocol::Websocket
    );
    anywhere || registered(port, is_tcp).is_some_and(|home| home == protocol || is_near(home, protocol))
}

/// Whether a protocol belongs on the port of another one.
fn is_near(home: Protocol, protocol: Protocol) -> bool {
    use Protocol as P;
    match protocol {
        P::Http | P::Http2 => matches!(home, P::Http | P::Http2),
        // Encrypted from the first byte, or after a command, on ports for both.
        P::Tls => matches!(
            home,
            P::Smtp
                | P::Imap
                | P::Pop3
                | P::Ftp
                | P::Ldap
                | P::Postgresql
                | P::Mysql
                | P::Xmpp
                | P::Sip
                | P::Rdp
                | P::Tds
                | P::Mqtt
                | P::Amqp
                | P::Irc
                | P::Nntp
                | P::Redis
                | P::Mongodb
                | P::Openvpn
                | P::Http
                | P::Syslog
                | P::Rtmp
                | P::Kafka
                | P::Cassandra
                | P::Nats
                | P::Diameter
                | P::Stomp
                | P::Iec104
        ),
        P::Smb | P::Smb2 | P::Nbss => home == P::Nbss,
        P::S7comm | P::Cotp | P::Rdp | P::H225 => matches!(home, P::Cotp | P::Rdp | P::H225),
        P::Ike => matches!(home, P::Esp | P::Ike),
        P::Quic | P::Gquic => home == P::Quic,
        P::Dns => matches!(home, P::Mdns | P::Llmnr | P::Nbns),
        P::Ldap => matches!(home, P::Ldap),
        P::Sip => matches!(home, P::Tls | P::Sip),
        P::Nfs => home == P::Rpc,
        P::Netflow | P::Ipfix => matches!(home, P::Netflow | P::Ipfix),
        _ => false,
    }
}
