//! What the schemas of the reports say.

use mcpcap_analyzer::harness::schema::{captured_texts_are, is_described, is_short};

use crate::tools::anomalies::TcpAnomalies;
use crate::tools::connections::TcpConnections;
use crate::tools::flow::TrafficFlow;
use crate::tools::retransmissions::TcpRetransmissions;

/// Fields with text from the capture.
const CAPTURED: [&str; 2] = ["copies.interfaces", "findings[].subject"];

#[test]
fn every_field_has_a_description() {
    is_described::<TcpConnections>();
    is_described::<TcpAnomalies>();
    is_described::<TcpRetransmissions>();
    is_described::<TrafficFlow>();
}

#[test]
fn only_fields_with_captured_text_are_called_so() {
    captured_texts_are::<TcpConnections>(&CAPTURED);
    captured_texts_are::<TcpAnomalies>(&CAPTURED);
    captured_texts_are::<TcpRetransmissions>(&CAPTURED);
    captured_texts_are::<TrafficFlow>(&CAPTURED);
}

#[test]
fn descriptions_are_short() {
    is_short::<TcpConnections>();
    is_short::<TcpAnomalies>();
    is_short::<TcpRetransmissions>();
    is_short::<TrafficFlow>();
}
