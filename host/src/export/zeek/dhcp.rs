//! `dhcp.log`: messages of DHCPv4 with one transaction id, of the table `dhcp`.
//!
//! As Zeek does it: those that come within seconds make one line. A transaction is looked at 10 s after it began and every 5 s from then on, and ends when its last
//! message is older than 5 s then, or its first one older than 30 s.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr};

use super::Make;
use super::columns::columns;
use super::line::Lines;
use super::uid::Uid;
use crate::rows::{Checked, Table};

columns! {
    /// What is read of `dhcp`.
    Of of "dhcp" {
        time, family, message, role, xid, mac, option_12, fqdn, domain, option_50, addresses, lease, words, source,
        community_id, from_server,
    }
}

/// Transactions that wait for further messages. The one that is looked at next makes room.
const OPEN: usize = 10_000;
/// Messages, and connections, of one line. One more begins another line.
const MESSAGES: usize = 50;
/// See [`MESSAGES`].
const CONNECTIONS: usize = 10;
/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;
/// When a transaction is looked at for the first time, and how long after each time again.
const FIRST_LOOK: i64 = 10 * SECOND;
/// See [`FIRST_LOOK`].
const NEXT_LOOK: i64 = 5 * SECOND;
/// How old the last message may be then, and the first one.
const SILENCE: i64 = 5 * SECOND;
/// See [`SILENCE`].
const LONGEST: i64 = 30 * SECOND;

/// A transaction.
#[derive(Debug, Default)]
struct Transaction {
    first: i64,
    last: i64,
    /// When it is looked at next.
    due: i64,
    uids: Vec<Uid>,
    client: Option<IpAddr>,
    server: Option<IpAddr>,
    mac: Option<String>,
    /// The client's hardware address by its own word, where no server repeats it.
    own_mac: Option<String>,
    host_name: Option<String>,
    fqdn: Option<String>,
    domain: Option<String>,
    requested: Option<IpAddr>,
    assigned: Option<String>,
    lease: Option<i64>,
    client_message: Option<String>,
    server_message: Option<String>,
    messages: Vec<String>,
}

impl Transaction {
    /// Whether it is over when it is looked at.
    fn is_over(&self, now: i64) -> bool {
        now.saturating_sub(self.last) > SILENCE || now.saturating_sub(self.first) > LONGEST
    }

    fn is_full(&self) -> bool {
        self.uids.len() >= CONNECTIONS || self.messages.len() >= MESSAGES
    }

    fn take(&mut self, of: &Of<'_>, row: usize, time: i64, uid: Uid) {
        let own = |text: Option<&str>| text.map(str::to_owned);
        self.last = time;
        if !self.uids.contains(&uid) {
            self.uids.push(uid);
        }
        self.messages.push(of.message.text(row).unwrap_or_default().to_owned());
        let source = of.source.address(row);
        let words = own(of.words.text(row));
        if of.from_server.truth(row) != Some(true) {
            self.client_message = words.or_else(|| self.client_message.take());
            let unset = [IpAddr::from(Ipv4Addr::UNSPECIFIED), Ipv4Addr::BROADCAST.into()];
            self.client = source.filter(|source| !unset.contains(source)).or(self.client);
            self.host_name = own(of.option_12.text(row)).or_else(|| self.host_name.take());
            self.fqdn = own(of.fqdn.text(row)).or_else(|| self.fqdn.take());
            self.requested = of.option_50.address(row).or(self.requested);
            self.own_mac = own(of.mac.text(row)).or_else(|| self.own_mac.take());
            return;
        }
        self.server_message = words.or_else(|| self.server_message.take());
        let is_given = matches!(of.role.text(row), Some("offer" | "grant"));
        let given = of.addresses.texts(row).and_then(|mut all| all.next()).filter(|_| is_given);
        if given.is_some() {
            self.server = source;
            self.assigned = own(given);
        }
        self.mac = self.mac.take().or_else(|| own(of.mac.text(row)));
        self.client = self.client.or_else(|| self.assigned.as_ref()?.parse().ok());
        self.domain = own(of.domain.text(row)).or_else(|| self.domain.take());
        self.lease = of.lease.integer(row).or(self.lease);
    }

    fn write(&self, lines: &mut Lines<'_>) -> io::Result<()> {
        lines.ts(Some(self.first));
        lines.texts("uids", Some(self.uids.iter().map(Uid::as_str)));
        lines.address("client_addr", self.client);
        lines.address("server_addr", self.server);
        lines.text("mac", self.mac.as_deref().or(self.own_mac.as_deref()));
        lines.text("host_name", self.host_name.as_deref());
        lines.text("client_fqdn", self.fqdn.as_deref());
        lines.text("domain", self.domain.as_deref());
        lines.address("requested_addr", self.requested);
        lines.text("assigned_addr", self.assigned.as_deref());
        lines.whole_seconds("lease_time", self.lease);
        lines.text("client_message", self.client_message.as_deref());
        lines.text("server_message", self.server_message.as_deref());
        lines.texts("msg_types", Some(self.messages.iter().map(String::as_str)));
        lines.interval("duration", Some(self.last.saturating_sub(self.first)));
        lines.end()
    }
}

/// Lines of DHCP.
#[derive(Default)]
pub(super) struct Dhcp {
    open: BTreeMap<i64, Transaction>,
    /// When each is looked at next, and its id.
    due: BTreeSet<(i64, i64)>,
}

impl Dhcp {
    /// Looks at those that are due at a time, and writes those that are over.
    fn look(&mut self, now: i64, lines: &mut Lines<'_>) -> io::Result<()> {
        while let Some((at, xid)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, xid));
            let Some(transaction) = self.open.get_mut(&xid) else { continue };
            if transaction.is_over(at) {
                transaction.write(lines)?;
                self.open.remove(&xid);
            } else {
                transaction.due = at.saturating_add(NEXT_LOOK);
                self.due.insert((transaction.due, xid));
            }
        }
        Ok(())
    }

    /// Writes the one that is due first.
    fn end_first(&mut self, lines: &mut Lines<'_>) -> io::Result<()> {
        let first = self.due.pop_first().and_then(|(_, xid)| self.open.remove(&xid));
        first.map_or(Ok(()), |transaction| transaction.write(lines))
    }
}

impl Make for Dhcp {
    fn rows(&mut self, capture: &str, table: &Table, rows: &Checked, lines: &mut Lines<'_>) -> io::Result<()> {
        let of = Of::find(table, rows);
        for row in 0..rows.count {
            if of.family.integer(row) != Some(4) {
                continue;
            }
            let time = of.time.time(row).unwrap_or_default();
            let xid = of.xid.integer(row).unwrap_or_default();
            self.look(time, lines)?;
            let uid = Uid::of_connection(capture, of.community_id.text(row).unwrap_or_default(), None);
            if !self.open.contains_key(&xid) {
                if self.open.len() >= OPEN {
                    self.end_first(lines)?;
                }
                let due = time.saturating_add(FIRST_LOOK);
                self.open.insert(xid, Transaction { first: time, due, ..Transaction::default() });
                self.due.insert((due, xid));
            }
            let Some(transaction) = self.open.get_mut(&xid) else { continue };
            transaction.take(&of, row, time, uid);
            if transaction.is_full() {
                transaction.write(lines)?;
                self.due.remove(&(transaction.due, xid));
                self.open.remove(&xid);
            }
        }
        Ok(())
    }

    fn finish(&mut self, lines: &mut Lines<'_>) -> io::Result<()> {
        while !self.due.is_empty() {
            self.end_first(lines)?;
        }
        Ok(())
    }
}
