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
    std::fs::create_dir_all(place.lock().parent().unwrap()).unwrap();
    std::fs::write(place.lock(), "version = 9").unwrap();
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
    assert!(lock.is_file() && !place.lock().exists());
    assert!(place.list(&[&["--locked"], named.as_slice()].concat()).starts_with("counter 1.0.0"));
    assert!(place.list(&["--locked"]).contains("refused"));
}

#[test]
fn who_may_put_an_analyzer_there_cannot_approve_it() {
    let place = Place::new();
    place.put("counter.wasm", &speaker(&description("counter")));
    let folder = place.path().to_str().unwrap();
    assert!(place.run(&["analyzer", "approve", "--yes", folder]).status.success());
    // The list lies elsewhere, and one beside the analyzers counts for nothing.
    std::fs::rename(place.lock(), place.path().join("analyzers.lock")).unwrap();
    assert!(place.list(&["--locked"]).contains("refused"));
}

#[test]
fn advice_leads_to_the_list_that_counts_here() {
    let (place, other) = (Place::new(), Place::new());
    place.put("counter.wasm", &speaker(&description("counter")));
    other.put("it's other.wasm", &speaker(&description("other")));
    let (one, two) = (place.path().join("counter.wasm"), other.path().join("it's other.wasm"));
    let said = place.list(&["--locked", "--analyzer", two.to_str().unwrap(), "--lock-file", "/nowhere/a b.lock"]);
    let quoted = two.to_str().unwrap().replace('\'', r"'\''");
    for file in [one.to_str().unwrap().to_owned(), format!("'{quoted}'")] {
        let advice = format!("mcpcap analyzer approve --lock-file '/nowhere/a b.lock' {file}\n");
        assert!(said.contains(&advice), "{advice} is not in {said}");
    }
    // Of several, each is pinned where the server looks.
    let files = [one.to_str().unwrap(), two.to_str().unwrap()];
    let said = text(&place.run(&[&["analyzer", "approve", "--yes"], files.as_slice()].concat()));
    assert_eq!(said.matches(&format!("is approved in {}", place.lock().display())).count(), 2, "{said}");
    let said = place.list(&["--locked", "--analyzer", files[1]]);
    assert!(said.contains("counter 1.0.0") && said.contains("other 1.0.0"), "{said}");
}
