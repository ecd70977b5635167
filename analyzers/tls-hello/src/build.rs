//! Hellos made byte by byte, for unit tests.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "what tests make fits")]

/// A ClientHello's body of parts.
pub fn client_hello(version: u16, suites: &[u16], extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend((suites.len() as u16 * 2).to_be_bytes());
    suites.iter().for_each(|suite| body.extend(suite.to_be_bytes()));
    body.extend([1, 0]);
    let mut all = Vec::new();
    for (code, bytes) in extensions {
        all.extend(code.to_be_bytes());
        all.extend((bytes.len() as u16).to_be_bytes());
        all.extend(bytes);
    }
    body.extend((all.len() as u16).to_be_bytes());
    body.extend(all);
    body
}

/// A vector with its length in front.
pub fn list(length_bytes: usize, content: &[u8]) -> Vec<u8> {
    let mut bytes = (content.len() as u32).to_be_bytes()[4 - length_bytes..].to_vec();
    bytes.extend(content);
    bytes
}

/// A vector of numbers of two bytes.
pub fn numbers(length_bytes: usize, all: &[u16]) -> Vec<u8> {
    list(length_bytes, &all.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>())
}

/// A ClientHello's body with a server name.
pub fn hello_for(name: &str) -> Vec<u8> {
    let names = list(2, &[vec![0], list(2, name.as_bytes())].concat());
    client_hello(0x0303, &[0xc02f, 0x002f], &[(0, names), (10, numbers(2, &[29])), (13, numbers(2, &[0x0804]))])
}

/// A ServerHello's body of TLS 1.2, or of what the extensions say.
pub fn server_hello(version: u16, suite: u16, extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([9; 32]);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(0);
    let all: Vec<u8> =
        extensions.iter().flat_map(|(code, bytes)| [code.to_be_bytes().to_vec(), list(2, bytes)].concat()).collect();
    body.extend(list(2, &all));
    body
}

/// A handshake message.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [vec![kind], list(3, body)].concat()
}
