//! What is kept on disk can be made again, so whatever stands there does no harm for long.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::digest::{SHA256, digest};

use super::{Place, description, speaker, text};
use crate::support::example;

/// The entries of a kind.
fn entries(place: &Place, ending: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(place.cache.path()).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.to_str().unwrap().ends_with(ending)).collect()
}

/// Puts something into an entry with the digest that belongs to it, as whoever can write there could.
pub fn forge(entry: &Path, content: &[u8]) {
    let name = entry.file_name().unwrap().to_str().unwrap();
    let digest = digest(&SHA256, &[name.as_bytes(), &[0], content].concat());
    std::fs::write(entry, [digest.as_ref(), content].concat()).unwrap();
}

/// A place with one analyzer that was loaded before, so long ago that its digest is remembered.
fn used() -> Place {
    let place = Place::new();
    place.put("counter.wasm", &speaker(&description("counter")));
    std::thread::sleep(Duration::from_millis(3100));
    works(&place);
    assert!(place.run(&["analyzer", "approve", "--yes", place.path().to_str().unwrap()]).status.success());
    place
}

#[track_caller]
fn works(place: &Place) {
    assert!(place.list(&["--locked=false"]).starts_with("counter 1.0.0"), "{}", place.list(&["--locked=false"]));
    let (file, capture) = (place.path().join("counter.wasm"), example("dns.pcap"));
    let run = place.run(&["analyzer", "run", file.to_str().unwrap(), capture.to_str().unwrap()]);
    assert!(run.status.success(), "{}", text(&run));
}

#[test]
fn a_forged_entry_is_made_again() {
    let place = used();
    for (kind, content) in [
        (".native", "no native code".to_owned()),
        (".said", "no JSON".to_owned()),
        (".said", r#"{"description":"{}","prompts":[]}"#.to_owned()),
        ("digests.json", "{}".to_owned()),
    ] {
        let entry = entries(&place, kind).remove(0);
        let before = std::fs::read(&entry).unwrap();
        forge(&entry, content.as_bytes());
        works(&place);
        assert!(std::fs::read(&entry).unwrap() == before, "{kind} is what it was");
    }
    // A digest of nothing, where only what is approved is loaded.
    let entry = entries(&place, "digests.json").remove(0);
    let digest = mcpcap::digest::hex_sha256(&std::fs::read(place.path().join("counter.wasm")).unwrap());
    let known = String::from_utf8(std::fs::read(&entry).unwrap().split_off(32)).unwrap();
    assert!(known.contains(&digest), "{known}");
    forge(&entry, known.replace(&digest, &"0".repeat(64)).as_bytes());
    let said = place.list(&["--locked"]);
    assert!(said.starts_with("counter 1.0.0") && said.contains(&digest), "{said}");
}

#[test]
fn a_pipe_in_an_entrys_place_holds_up_nobody() {
    let place = used();
    for kind in [".native", ".said", "digests.json"] {
        let entry = entries(&place, kind).remove(0);
        std::fs::remove_file(&entry).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &entry, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        works(&place);
        assert!(entry.is_file(), "{kind}");
    }
}
