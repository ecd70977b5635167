//! Strings that attack what reads them, in requests and in what answers them. That such a string was sent is a fact; whether it worked is not.

/// What kind of string it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sign {
    /// Leaves the folder of a site, or names files outside of all.
    Traversal,
    /// SQL where a value belongs.
    Sql,
    /// Commands of a shell.
    Command,
    /// A lookup of Log4j (CVE-2021-44228), also when it is hidden in others.
    Jndi,
    /// Script for somebody's browser.
    Script,
    /// Code for the server: PHP, OGNL, templates, class loaders.
    Code,
    /// Names and arguments of web shells.
    WebShell,
}

impl Sign {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Traversal, Self::Sql, Self::Command, Self::Jndi, Self::Script, Self::Code, Self::WebShell];
}

/// A set of signs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Signs(u8);

impl Signs {
    fn add(&mut self, sign: Sign) {
        self.0 |= 1 << sign as u8;
    }

    /// Whether one is among them.
    pub fn has(self, sign: Sign) -> bool {
        self.0 & (1 << sign as u8) != 0
    }

    /// Those of both.
    pub fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Bytes of a text that are looked at.
const LOOKED_AT: usize = 8 << 10;

/// In targets and forms, decoded and in lower case.
const TRAVERSAL: &[&[u8]] = &[
    b"../../",
    b"..\\..\\",
    b"=../",
    b"=..\\",
    b"/etc/passwd",
    b"/etc/shadow",
    b"\\win.ini",
    b"/win.ini",
    b"boot.ini",
    b"/proc/self/environ",
    b"..;/",
    b"\xc0\xae\xc0\xae",
    b"..\xc0\xaf",
];
const SQL: &[&[u8]] = &[
    b"union select",
    b"union all select",
    b"' or '",
    b"' or 1=1",
    b"\" or \"",
    b"\" or 1=1",
    b" or 1=1--",
    b"' and '1'='1",
    b"' and 1=1",
    b"information_schema",
    b"(select ",
    b" and sleep(",
    b" or sleep(",
    b"select sleep(",
    b"pg_sleep(",
    b"benchmark(",
    b"waitfor delay",
    b"xp_cmdshell",
    b"; drop table",
    b";drop table",
    b"load_file(",
    b"into outfile",
    b"extractvalue(",
    b"updatexml(",
    b"group_concat(",
    b"@@version",
    b"'; exec ",
];
const COMMAND: &[&[u8]] = &[
    b"/bin/sh",
    b"/bin/bash",
    b"cmd.exe",
    b"cmd /c",
    b"powershell -",
    b"powershell.exe",
    b";wget ",
    b"|wget ",
    b"&wget ",
    b"; wget ",
    b";curl ",
    b"|curl ",
    b"; curl ",
    b"wget http",
    b"curl http",
    b";cat /",
    b"|cat /",
    b"; cat /",
    b"| cat /",
    b"&& cat ",
    b"chmod 777",
    b"chmod +x",
    b"nc -e",
    b"/dev/tcp/",
    b";uname",
    b"; uname",
    b"|id;",
    b";id;",
    b"| id",
    b"$(id)",
    b"`id`",
];
const SCRIPT: &[&[u8]] =
    &[b"<script", b"javascript:", b"onerror=", b"onload=", b"<svg", b"<img src=", b"document.cookie", b"alert("];
const CODE: &[&[u8]] = &[
    b"php://input",
    b"php://filter",
    b"data://text/plain",
    b"allow_url_include",
    b"auto_prepend_file",
    b"<?php",
    b"eval(",
    b"base64_decode(",
    b"call_user_func_array",
    b"class.module.classloader",
    b"%{(#",
    b"#context[",
    b"getruntime().exec",
    b"__import__(",
    b"{{7*7}}",
    b"${7*7}",
    b"${script:",
    b"${dns:",
    b"${url:",
    b"t(java.lang",
];
const WEB_SHELL: &[&[u8]] = &[
    b"c99.php",
    b"r57.php",
    b"b374k",
    b"wso.php",
    b"/shell.php",
    b"/cmd.php",
    b"/cmd.jsp",
    b"/cmd.aspx",
    b"/cmd.asp",
    b"webshell",
    b"antak.aspx",
    b"weevely",
    b"alfa.php",
    b"c100.php",
    b"@eval(",
    b"=eval(",
    b"&z0=",
];
/// What may call a script what it is to run.
const SHELL_ARGUMENTS: &[&[u8]] =
    &[b"?cmd=", b"&cmd=", b"?exec=", b"&exec=", b"?command=", b"&command=", b"?c=id", b"?0=id"];
const SCRIPTS: &[&[u8]] = &[b".php", b".jsp", b".asp", b".cgi", b".pl"];

/// Signs in the target of a request.
pub fn of_target(target: &[u8]) -> Signs {
    let mut signs = Signs::default();
    // Most targets have nothing of what these need.
    let is_odd = |octet: &u8| b"%+*'\"(<{;|\\`$@".contains(octet);
    let plain: &[&[u8]] =
        &[b"..", b"shell", b".php", b".jsp", b".asp", b"/etc/", b"/proc/", b".ini", b"b374k", b"weevely"];
    if !target.iter().any(is_odd) && !has_one(target, plain) {
        return signs;
    }
    let text = decoded(target);
    for (sign, words) in [
        (Sign::Traversal, TRAVERSAL),
        (Sign::Sql, SQL),
        (Sign::Command, COMMAND),
        (Sign::Script, SCRIPT),
        (Sign::Code, CODE),
        (Sign::WebShell, WEB_SHELL),
    ] {
        if has_one(&text, words) {
            signs.add(sign);
        }
    }
    if has_one(&text, SHELL_ARGUMENTS) && has_one(&text, SCRIPTS) {
        signs.add(Sign::WebShell);
    }
    if is_jndi(&text) {
        signs.add(Sign::Jndi);
    }
    signs
}

/// Signs in the value of any header of a request.
pub fn of_header(value: &[u8]) -> Signs {
    let mut signs = Signs::default();
    if value.contains(&b'$') && is_jndi(&decoded(value)) {
        signs.add(Sign::Jndi);
    }
    // Shellshock (CVE-2014-6271).
    if value.starts_with(b"() {") || value.windows(5).any(|part| part == b"() { ") {
        signs.add(Sign::Command);
    }
    signs
}

/// Signs in the first bytes of the body of a request.
pub fn of_body(prefix: &[u8], is_form: bool) -> Signs {
    let mut signs = Signs::default();
    let text = decoded(prefix);
    if is_jndi(&text) {
        signs.add(Sign::Jndi);
    }
    let in_form: &[(Sign, &[&[u8]])] = &[
        (Sign::Traversal, TRAVERSAL),
        (Sign::Sql, SQL),
        (Sign::Command, COMMAND),
        (Sign::Code, CODE),
        (Sign::WebShell, WEB_SHELL),
    ];
    let always: &[(Sign, &[&[u8]])] = &[(Sign::Code, &[b"<?php", b"class.module.classloader", b"getruntime().exec"])];
    for (sign, words) in if is_form { in_form } else { always } {
        if has_one(&text, words) {
            signs.add(*sign);
        }
    }
    signs
}

/// Whether an answer begins with what commands or files of a system say.
pub fn is_answered(prefix: &[u8]) -> bool {
    let says: &[&[u8]] = &[
        b"root:x:0:0:",
        b"Windows IP Configuration",
        b" Directory of C:\\",
        b"Microsoft Windows [Version",
        b"; for 16-bit app support",
    ];
    let has = |word: &[u8]| prefix.windows(word.len()).any(|part| part == word);
    says.iter().any(|word| has(word)) || (has(b"uid=") && has(b"gid="))
}

fn has_one(text: &[u8], words: &[&[u8]]) -> bool {
    words.iter().any(|word| contains(text, word))
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    let Some(first) = word.first() else { return false };
    let mut rest = text;
    while let Some(at) = rest.iter().position(|octet| octet == first) {
        rest = rest.get(at..).unwrap_or_default();
        if rest.starts_with(word) {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

/// As a server reads it: percent signs undone, twice; `+` and comments of SQL as blanks; in lower case.
fn decoded(text: &[u8]) -> Vec<u8> {
    let text = text.get(..LOOKED_AT).unwrap_or(text);
    let mut text = unescaped(text);
    if text.contains(&b'%') {
        text = unescaped(&text);
    }
    text.iter_mut().for_each(|octet| {
        *octet = match *octet {
            b'+' | b'\t' | b'\r' | b'\n' => b' ',
            other => other.to_ascii_lowercase(),
        }
    });
    if !contains(&text, b"/*") {
        return text;
    }
    let (mut plain, mut rest) = (Vec::with_capacity(text.len()), text.as_slice());
    while let Some(at) = rest.windows(2).position(|part| part == b"/*") {
        let (before, comment) = rest.split_at_checked(at).unwrap_or_default();
        plain.extend_from_slice(before);
        plain.push(b' ');
        let end = comment.windows(2).skip(2).position(|part| part == b"*/");
        rest = end.and_then(|end| comment.get(end.saturating_add(4)..)).unwrap_or_default();
    }
    plain.extend_from_slice(rest);
    plain
}

/// A text whose percent signs are undone.
pub fn unescaped(text: &[u8]) -> Vec<u8> {
    let (mut plain, mut rest) = (Vec::with_capacity(text.len()), text);
    while let [first, behind @ ..] = rest {
        let digit = |octet: &u8| char::from(*octet).to_digit(16);
        match behind {
            [high, low, ..] if *first == b'%' && digit(high).is_some() && digit(low).is_some() => {
                let value = digit(high).unwrap_or_default() << 4 | digit(low).unwrap_or_default();
                plain.push(value as u8);
                rest = behind.get(2..).unwrap_or_default();
            }
            _ => {
                plain.push(*first);
                rest = behind;
            }
        }
    }
    plain
}

/// Whether a text looks something up with JNDI, once its other lookups are undone: `${${lower:j}ndi:`, `${${::-j}ndi:`.
fn is_jndi(text: &[u8]) -> bool {
    let mut text = text.to_vec();
    for _ in 0..64 {
        if contains(&text, b"${jndi:") {
            return true;
        }
        let Some(begin) = text.windows(2).rposition(|part| part == b"${") else { return false };
        let within = text.get(begin.saturating_add(2)..).unwrap_or_default();
        let Some(end) = within.iter().position(|octet| *octet == b'}') else { return false };
        let lookup = within.get(..end).unwrap_or_default();
        let value = match lookup.windows(2).rposition(|part| part == b":-") {
            Some(at) => lookup.get(at.saturating_add(2)..),
            None => lookup.iter().position(|octet| *octet == b':').and_then(|at| lookup.get(at.saturating_add(1)..)),
        };
        let value = value.unwrap_or_default().to_vec();
        let behind = begin.saturating_add(end).saturating_add(3);
        text.splice(begin..behind.min(text.len()), value);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(target: &str) -> Vec<Sign> {
        let found = of_target(target.as_bytes());
        Sign::ALL.into_iter().filter(|sign| found.has(*sign)).collect()
    }

    #[test]
    fn strings_that_attack_are_recognised() {
        for (target, expected) in [
            ("/../../etc/passwd", Sign::Traversal),
            ("/a?file=..%2f..%2fx", Sign::Traversal),
            ("/%252e%252e%252f%252e%252e%252fx", Sign::Traversal),
            ("/a?id=1%27+OR+%271%27%3D%271", Sign::Sql),
            ("/a?id=1+UNION/**/SELECT+1", Sign::Sql),
            ("/a?host=1;cat%20/etc/hosts", Sign::Command),
            ("/a?x=%24%7Bjndi:ldap://h/a%7D", Sign::Jndi),
            ("/a?x=${${lower:j}${::-n}d${env:X:-i}:ldap://h}", Sign::Jndi),
            ("/a?q=%3Cscript%3Ealert(1)", Sign::Script),
            ("/index.php?-d+allow_url_include%3d1", Sign::Code),
            ("/uploads/x.php?cmd=whoami", Sign::WebShell),
            ("/images/b374k", Sign::WebShell),
            ("/a?file=/etc/passwd", Sign::Traversal),
        ] {
            assert_eq!(signs(target), [expected], "{target}");
        }
    }

    #[test]
    fn ordinary_targets_have_none() {
        for target in [
            "/",
            "/a/b.html?q=select+a+union&x=1",
            "/search?q=cat+food%21&lang=de",
            "/static/js/app.min.js?v=1.2.3;x",
            "/api?filter={\"a\":1}",
            "/wiki/O'Neil_(disambiguation)",
            "/a..b/c",
            "/run?cmd=list",
        ] {
            assert_eq!(signs(target), [], "{target}");
        }
    }

    #[test]
    fn lookups_that_never_end_are_given_up() {
        assert!(!is_jndi("${${${".repeat(1000).as_bytes()));
        assert!(!is_jndi("${a:${b:}}".repeat(500).as_bytes()));
        assert!(is_jndi(b"${${${lower:jndi}}:x}") || is_jndi(b"${${lower:jndi}:x}"));
    }

    #[test]
    fn headers_and_bodies_are_looked_at() {
        assert!(of_header(b"() { :;}; /bin/ping").has(Sign::Command));
        assert!(of_header(b"${jndi:ldap://h/a}").has(Sign::Jndi));
        assert!(of_header(b"Mozilla/5.0 (X11; $)").is_empty());
        assert!(of_body(b"id=1' or '1'='1", true).has(Sign::Sql));
        assert!(of_body(b"text: ' or '", false).is_empty());
        assert!(is_answered(b"uid=0(root) gid=0(root)") && !is_answered(b"uid=7&x"));
    }
}
