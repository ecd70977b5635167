//! Fingerprints that others published, for the tests of analyzers.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails where something is missing")]

use std::path::Path;

use mcpcap_analyzer::serde_json::Value;

/// Compares the JA4 and the names that an analyzer tells of each capture with what others published, of QUIC or of TLS, where `MCPCAP_CORPUS` names a
/// folder that has them. How many were compared.
///
/// # Panics
/// When one is another, or a file of the folder cannot be read.
#[track_caller]
pub fn ja4(of_quic: bool, report: impl Fn(&[u8]) -> Value) -> Option<usize> {
    let folder = std::env::var_os("MCPCAP_CORPUS")?;
    let folder = Path::new(&folder);
    let read = |name: &str| std::fs::read(folder.join(name)).expect("a file of the folder");
    let published: Value = mcpcap_analyzer::serde_json::from_slice(&read("ja4.json")).expect("JSON");
    let text = |value: &Value, name: &str| value[name].as_str().map(str::to_owned);
    let values = published["values"].as_array().expect("values");
    let mine = values.iter().filter(|value| text(value, "ja4").is_some_and(|ja4| ja4.starts_with('q') == of_quic));
    let compared = mine.map(|value| {
        let report = report(&read(&text(value, "file").expect("its capture")));
        let all = report["connections"].as_array().into_iter().flatten();
        let fits = all.filter(|one| one["client_hello_frame"] == value["frame"]);
        let ours: Vec<[Option<String>; 2]> = fits.map(|one| [text(one, "ja4"), text(one, "server_name")]).collect();
        assert_eq!(ours, [[text(value, "ja4"), text(value, "sni")]], "{value}");
    });
    Some(compared.count())
}
