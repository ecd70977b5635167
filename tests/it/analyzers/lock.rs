//! `analyzers.lock`: what nobody approved is not compiled, and what changed is refused.

use super::{Place, description, speaker, text};

#[test]
fn locked_means_approved() {
    let place = Place::new();
    place.put("counter.wasm", &speaker(&description("counter")));
    let said = place.list(&["--locked"]);
    assert!(said.contains("refused") && said.contains("mcpcap analyzer approve"), "{said}");
    let entries = std::fs::read_dir(place.cache.path()).unwrap();
    let native = entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "native"));
    assert_eq!(native.count(), 0, "nothing was compiled");

    let folder = place.path().to_str().unwrap();
    let said = text(&place.run(&["analyzer", "approve", "--yes", folder]));
    assert!(said.contains("Counts frames.") && said.contains("counter 1.0.0 is approved"), "{said}");
    assert!(place.list(&["--locked"]).starts_with("counter 1.0.0"));

    let mut other = description("counter");
    other["version"] = "1.1.0".into();
    place.put("counter.wasm", &speaker(&other));
    let said = place.list(&["--locked"]);
    assert!(said.contains("it has changed since counter 1.0.0 was approved"), "{said}");
    // Without the lock it is let in.
    assert!(place.list(&["--locked=false"]).starts_with("counter 1.1.0"));
    assert!(place.run(&["analyzer", "approve", "--yes", folder]).status.success());
    assert!(place.list(&["--locked"]).starts_with("counter 1.1.0"));
}

#[test]
fn a_damaged_lock_approves_nothing() {
    let place = Place::new();
    place.put("counter.wasm", &speaker(&description("counter")));
    std::fs::write(place.path().join("analyzers.lock"), "version = 9").unwrap();
    let said = place.list(&["--locked"]);
    assert!(said.contains("version 9 is unknown"), "{said}");
}

#[test]
fn a_lock_elsewhere_counts_alone() {
    let place = Place::new();
    place.put("counter.wasm", &speaker(&description("counter")));
    let lock = place.cache.path().join("my.lock");
    let named = ["--lock-file", lock.to_str().unwrap()];
    let file = place.path().join("counter.wasm");
    assert!(
        place
            .run(&[&["analyzer", "approve", "--yes", file.to_str().unwrap()], named.as_slice()].concat())
            .status
            .success()
    );
    assert!(lock.is_file() && !place.path().join("analyzers.lock").exists());
    assert!(place.list(&[&["--locked"], named.as_slice()].concat()).starts_with("counter 1.0.0"));
    assert!(place.list(&["--locked"]).contains("refused"));
}
