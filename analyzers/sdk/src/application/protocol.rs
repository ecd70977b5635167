//! Names of application protocols.

/// Makes the enumeration and its names from one list.
macro_rules! protocols {
    ($($variant:ident $name:literal),+ $(,)?) => {
        /// What runs on top of UDP or TCP.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "the names are the protocols'")]
        pub enum Protocol {
            $($variant),+
        }

        impl Protocol {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The common name in lower case: Wireshark's, except where that is known to few (there `isakmp`, `pop`, `pgsql`, `mongo`, `wg`,
            /// `mbtcp`; here `ike`, `pop3`, `postgresql`, `mongodb`, `wireguard`, `modbus`).
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}

protocols! {
    Adb "adb", Afp "afp", Amqp "amqp", Bacnet "bacnet", Bfd "bfd", Bgp "bgp", Bitcoin "bitcoin",
    Bittorrent "bittorrent", Capwap "capwap", Cassandra "cassandra", Cip "cipio", Coap "coap", Cotp "cotp",
    DropboxLan "db-lsp-disc", Dcerpc "dcerpc", Dhcp "dhcp", Dhcpv6 "dhcpv6", Diameter "diameter", Dicom "dicom",
    Dnp3 "dnp3", Dns "dns", Dtls "dtls", Enip "enip", Esp "esp", Finger "finger", Fix "fix", Ftp "ftp",
    FtpData "ftp-data", Geneve "geneve", Git "git", Gnutella "gnutella", Gquic "gquic", Gtp "gtp", H225 "h225",
    Hl7 "hl7", Hsrp "hsrp", Http "http", Http2 "http2", Ident "ident", Iec104 "iec104", Ike "ike", Imap "imap",
    Ipfix "ipfix", Irc "irc", Iscsi "iscsi", Jdwp "jdwp", Kafka "kafka", Kerberos "kerberos", L2tp "l2tp",
    Ldap "ldap", Ldp "ldp", Lisp "lisp", Llmnr "llmnr", Mdns "mdns", Memcached "memcached", Mgcp "mgcp",
    Modbus "modbus", Mongodb "mongodb", Mqtt "mqtt", Msdp "msdp", Mysql "mysql", NatPmp "nat-pmp", Nats "nats",
    Nbdgm "nbdgm", Nbns "nbns", Nbss "nbss", Netflow "netflow", Nfs "nfs", Nntp "nntp", Ntp "ntp", Opcua "opcua",
    Openvpn "openvpn", Openwire "openwire", Pop3 "pop3", Postgresql "postgresql", Pptp "pptp", Ptp "ptp", Quic "quic",
    Radius "radius", Rdp "rdp", Redis "redis", Rip "rip", Ripng "ripng", Rmcp "rmcp", Rmi "rmi", Rpc "rpc",
    Rsync "rsync", Rtcp "rtcp", Rtmp "rtmp", Rtp "rtp", Rtps "rtps", Rtsp "rtsp", S7comm "s7comm", Sflow "sflow",
    Sip "sip", Sccp "skinny", Slp "slp", Smb "smb", Smb2 "smb2", Smpp "smpp", Smtp "smtp", Snmp "snmp", Socks "socks",
    SourceQuery "source-query", Ssdp "ssdp", Ssh "ssh", Stomp "stomp", Stratum "stratum", Stun "stun", Svn "svn",
    Syslog "syslog", Tacacs "tacacs", Tds "tds", Telnet "telnet", Teredo "teredo", Tftp "tftp", Tls "tls",
    Oracle "tns", Tor "tor", Tzsp "tzsp", Vnc "vnc", Vxlan "vxlan", Websocket "websocket", Whois "whois",
    Wireguard "wireguard", WakeOnLan "wol", WsDiscovery "ws-discovery", X11 "x11", Xmpp "xmpp", Zabbix "zabbix",
    Zmtp "zmtp",
}

/// How a protocol was recognised, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum By {
    /// The bytes have its form.
    Signature,
    /// Another conversation, recognised by its bytes, announced this one.
    Announced,
    /// Its port only. Whatever is sent to a port counts.
    Port,
}

impl By {
    /// `signature`, `announced` or `port`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Announced => "announced",
            Self::Port => "port",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_has_a_name_of_its_own() {
        let mut names: Vec<_> = Protocol::ALL.iter().map(|protocol| protocol.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Protocol::ALL.len());
    }
}
