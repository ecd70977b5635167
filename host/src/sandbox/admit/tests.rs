#![cfg(test)]
//! Components that are refused before anything is compiled, each by what is wrong with it.

use super::*;

fn refused(text: &str) -> String {
    before_compiling(&wat::parse_str(text).unwrap()).unwrap_err().to_string()
}

/// A component with these imports that exports an analyzer of this version, as far as names go.
fn analyzer(imports: &str, version: &str) -> Vec<u8> {
    wat::parse_str(format!(
        "(component {imports} (instance $i) (export \"mcpcap:analysis/analyze@{version}\" (instance $i)))"
    ))
    .unwrap()
}

#[test]
fn analyzers_of_each_known_contract_are_let_in() {
    for version in ["0.1.0", "0.1.7", "0.2.0"] {
        before_compiling(&analyzer("", version)).unwrap();
    }
    for version in ["0.3.0", "1.0.0", "0.10.0"] {
        let error = before_compiling(&analyzer("", version)).unwrap_err().to_string();
        assert!(error.contains(version) && error.contains("speaks 0.1.x, 0.2.x"), "{error}");
    }
}

#[test]
fn imports_are_refused_by_name() {
    let import = |name: &str| analyzer(&format!("(import \"{name}\" (instance))"), "0.1.0");
    for name in ["wasi:cli/stderr@0.2.6", "wasi:random/insecure-seed@0.2.0", "mcpcap:analysis/types@0.1.0"] {
        before_compiling(&import(name)).unwrap();
    }
    for name in [
        "wasi:filesystem/types@0.2.6",
        "wasi:sockets/tcp@0.2.0",
        "wasi:cli/stderr@0.3.0",
        "acme:db/query@1.0.0",
        "mcpcap:analysis/types@0.3.0",
    ] {
        let error = before_compiling(&import(name)).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn what_is_no_analyzer_is_told_what_it_is() {
    assert!(refused("(module)").contains("core module"));
    assert!(refused("(component)").contains("exports nothing"));
    assert!(
        refused("(component (instance $i) (export \"mcpcap:analysis/read@0.1.0\" (instance $i)))")
            .contains("analysis/read")
    );
    assert!(before_compiling(b"\x7fELF\x02\x01\x01").unwrap_err().to_string().contains("native code"));
    assert!(before_compiling(b"").unwrap_err().to_string().contains("not a WebAssembly component"));
    let good = analyzer("", "0.1.0");
    // Cut anywhere it is never a panic; an error, unless only what nobody needs is gone.
    let errors = (1..good.len()).filter(|end| before_compiling(&good[..*end]).is_err()).count();
    assert!(errors > good.len() / 2, "{errors} of {}", good.len());
}

#[test]
fn what_would_cost_the_compiler_too_much_is_refused() {
    let functions = "(func)".repeat(FUNCTIONS + 1);
    assert!(refused(&format!("(component (core module {functions}))")).contains("functions"));
    let body = "(drop (i32.const 1))".repeat(BODY / 3 + 1);
    assert!(refused(&format!("(component (core module (func {body})))")).contains("bytes in one function"));
    assert!(refused(&format!("(component {})", "(core module)".repeat(MODULES))).contains("modules and components"));
    assert!(
        refused(&format!("(component {})", "(type u8)".repeat(ITEMS as usize + 1))).contains("items in its sections")
    );
    let nested = format!("{}{}", "(component ".repeat(DEPTH + 1), ")".repeat(DEPTH + 1));
    assert!(refused(&nested).contains("components within components"));
    let large = vec![0; SIZE_MAX + 1];
    assert!(before_compiling(&large).unwrap_err().to_string().contains("bytes"));
}
