//! Connections that suffer: closed windows, and much that is sent again.

use mcpcap_analyzer::finding::{Confidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::numbers::share;
use mcpcap_analyzer::stream::Side;
use mcpcap_analyzer::time;

use super::thresholds::{LOSSY_SEGMENTS, LOSSY_SHARE, STALLED};
use crate::report::text;
use crate::tracker::connection::Connection;

const WINDOW: Rule = Rule {
    name: "tcp_closed_window",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "an end kept its window closed for 1 s or more in all",
    false_alarm: "A reader that pauses on purpose: a paused download, a debugger, a slow display.",
};
const LOSSY: Rule = Rule {
    name: "tcp_much_sent_again",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "10 or more segments of a connection with bytes that the capture has more than once, 5 % or more of all its segments",
    false_alarm: "A capture made at a mirror port that repeats packets, or on two interfaces at once.",
};

/// The findings about a connection: closed windows, and what was sent again.
pub fn findings(connection: &Connection) -> [Option<Finding>; 2] {
    [window(connection), lossy(connection)]
}

fn window(connection: &Connection) -> Option<Finding> {
    let longer = |side: Side| connection.sender(side).closed_window.total;
    let side = if longer(Side::Server) > longer(Side::Client) { Side::Server } else { Side::Client };
    let sender = connection.sender(side);
    let closed = sender.closed_window;
    (closed.total >= STALLED).then(|| {
        let observation = format!(
            "{} kept its window closed for {:.3} s of {:.3} s.",
            sender.endpoint,
            time::seconds(closed.total),
            time::seconds(connection.duration().unwrap_or_default())
        );
        let measures = vec![
            Measure::new("closed_seconds", time::seconds(closed.total)),
            Measure::new("longest_seconds", time::seconds(closed.longest)),
            Measure::count("times", closed.times),
        ];
        WINDOW.finding(text(connection), observation, measures, &sender.closed_frames)
    })
}

fn lossy(connection: &Connection) -> Option<Finding> {
    let (resent, packets) = (connection.resent(), connection.packets());
    let rate = share(resent, packets);
    (resent >= LOSSY_SEGMENTS && rate >= LOSSY_SHARE).then(|| {
        let [_, _, spurious] = connection.client.resent;
        let [_, _, more] = connection.server.resent;
        let measures = vec![
            Measure::count("sent_again", resent),
            Measure::count("spurious", spurious.saturating_add(more)),
            Measure::count("packets", packets),
            Measure::new("share", rate),
        ];
        let observation = format!("{}: {resent} of {packets} segments were sent again.", text(connection));
        LOSSY.finding(text(connection), observation, measures, &connection.resent_frames())
    })
}
