//! What a body is, by its first bytes.

/// What kind of thing a type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Programs, and scripts that a system runs.
    Executable,
    Archive,
    Document,
    Other,
}

/// A type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Type {
    /// As a media type.
    pub name: &'static str,
    pub kind: Kind,
}

/// Recognises a type by first bytes.
pub fn of(prefix: &[u8]) -> Option<Type> {
    if let Some(name) = text(prefix) {
        return Some(Type { name, kind: Kind::Executable });
    }
    let found = infer::get(prefix)?;
    let name = found.mime_type();
    let kind = match found.matcher_type() {
        infer::MatcherType::App => match name {
            "application/vnd.microsoft.portable-executable" if is_program_of_windows(prefix) => Kind::Executable,
            "application/x-executable" if prefix.starts_with(b"\x7fELF") => Kind::Executable,
            "application/java" | "application/x-mach-binary" | "application/vnd.android.dex" | "application/wasm" => {
                Kind::Executable
            }
            // Two bytes, which much else begins with.
            "application/vnd.microsoft.portable-executable" | "application/x-executable" | "application/x-llvm" => {
                return None;
            }
            _ => Kind::Other,
        },
        infer::MatcherType::Archive if name == "application/pdf" || name == "application/rtf" => Kind::Document,
        infer::MatcherType::Archive => Kind::Archive,
        infer::MatcherType::Doc | infer::MatcherType::Book => Kind::Document,
        infer::MatcherType::Image if name == "image/bmp" && prefix.get(6..10) != Some(&[0; 4]) => return None,
        infer::MatcherType::Text if name == "text/x-shellscript" => Kind::Executable,
        _ => Kind::Other,
    };
    Some(Type { name, kind })
}

/// Scripts by their beginnings.
fn text(prefix: &[u8]) -> Option<&'static str> {
    let begin = prefix.get(..256).unwrap_or(prefix).trim_ascii_start();
    let begins = |word: &[u8]| begin.get(..word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word));
    match begin {
        [b'#', b'!', ..] => Some("text/x-shellscript"),
        _ if begins(b"<?php") => Some("application/x-php"),
        _ if begins(b"@echo off") => Some("application/x-bat"),
        _ => None,
    }
}

/// Whether it has the header of PE behind that of MS-DOS, or says what programs of Windows say there.
fn is_program_of_windows(prefix: &[u8]) -> bool {
    let at = prefix.get(0x3c..0x40).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    let header = at.and_then(|at| prefix.get(at as usize..)).and_then(|rest| rest.get(..4));
    match header {
        Some(header) => matches!(header, b"PE\0\0" | [b'N', b'E', ..] | [b'L', b'E', ..]),
        None => prefix.windows(17).any(|part| part == b"This program cann" || part == b"This program must"),
    }
}
