use super::*;

/// What every sample holds, with hashes by Python's hashlib; samples by Python's zlib and gzip, zstd 1.5 and the brotli of Node.
const TEXT: &str =
    "hello hello hello hello\nhello hello hello hello\nhello hello hello hello\nhello hello hello hello\n";
const SHA256: &str = "b27f681ceaff2ee30ad53acec314298274efcefeb15184edc130e57f058dc264";
const MD5: &str = "678f2e4c33a35d6097a85ccd3080cb9d";
const RAW: &str = "cb48cdc9c957c84027b932a8240e00";
const ZLIB: &str = "78dacb48cdc9c957c84027b932a8240e00abf222e9";
const GZIP: &str = "1f8b0800000000000203cb48cdc9c957c84027b932a8240e00a23cef5160000000";
const ZSTD: &str = "28b52ffd24608500003868656c6c6f200a0200b51315994b112add9391";
const BROTLI: &str = "1b5f00f88d946ede445586d60a206c6f7a01258c91471d70c2ae169875";
const BOMB: &str = "cbffff3ff82700e2b14020f7fe8fffff7ff04f00c4611180eefd1fffffffe09f0088c30200ddfb3ffeffffc13f0110870500baf77ffcffff837f02200e0b0074effff8ffff07ff04401c1600e8deffe5ffff07fe0980382c00d0bdff00";
/// The same with a window of 16 MiB.
const WIDE: &str =
    "cfffff7ff82700e2b14020f7fe9ffffffff04f00c4610180eefd3fffffffe19f0088c32200ddfbfffcffffc03f0110870500baf71f";

fn bytes(hex: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap()
}

fn read(coding: Coding, sample: &[u8], pieces: usize) -> Body {
    read_all(coding.into(), sample, pieces)
}

fn read_all(codings: Codings, sample: &[u8], pieces: usize) -> Body {
    let (mut body, mut pool) = (Body { codings, ..Body::default() }, Pool::default());
    sample.chunks(pieces).for_each(|piece| body.push(piece, &mut pool));
    body.finish(&mut pool);
    assert_eq!((pool.active, pool.decoders, pool.held), (0, 0, 0));
    body
}

#[test]
fn codings_are_undone_and_hashed() {
    let samples = [
        (Coding::None, TEXT.into()),
        (Coding::Gzip, bytes(GZIP)),
        (Coding::Deflate, bytes(ZLIB)),
        (Coding::Deflate, bytes(RAW)),
        (Coding::Brotli, bytes(BROTLI)),
        (Coding::Zstd, bytes(ZSTD)),
        (Coding::Gzip, [bytes(GZIP), bytes(GZIP)].concat()),
    ];
    for (coding, sample) in samples {
        for pieces in [1, 5, 1000] {
            let body = read(coding, &sample, pieces);
            let known = body.known().unwrap();
            let times = if sample.len() == 2 * GZIP.len() / 2 { 2 } else { 1 };
            assert_eq!((known.size, known.undecoded), (96 * times, None), "{coding:?}");
            assert!(known.prefix.starts_with(TEXT.as_bytes()), "{coding:?}");
            let (sha256, md5) = known.hashes.unwrap();
            if times == 1 {
                assert_eq!((sha256.to_vec(), md5.to_vec()), (bytes(SHA256), bytes(MD5)), "{coding:?}");
            }
        }
    }
}

/// Bytes as a frame of zstd that holds them as they are (RFC 8878 §3.1.1).
fn framed(content: &[u8]) -> Vec<u8> {
    let block = (content.len() as u32) << 3 | 1;
    [b"\x28\xb5\x2f\xfd\x20", &[content.len() as u8][..], &block.to_le_bytes()[..3], content].concat()
}

#[test]
fn several_codings_are_undone_one_behind_the_other() {
    let gzipped = |content: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gzip, content).unwrap();
        gzip.finish().unwrap()
    };
    let samples = [
        ("br, gzip", gzipped(&bytes(BROTLI))),
        ("gzip, zstd", framed(&bytes(GZIP))),
        ("deflate,identity, zstd", framed(&bytes(RAW))),
        ("deflate, gzip", gzipped(&bytes(ZLIB))),
        ("zstd, gzip, x-gzip", gzipped(&gzipped(&bytes(ZSTD)))),
    ];
    for (codings, sample) in samples {
        for pieces in [1, 1000] {
            let body = read_all(Codings::of([codings]), &sample, pieces);
            let known = body.known().unwrap();
            let sha256 = known.hashes.map(|(sha256, _)| sha256.to_vec());
            assert_eq!((known.size, known.undecoded, sha256), (96, None, Some(bytes(SHA256))), "{codings}");
        }
        // What is cut is recognised all the same, where what is in front can be read.
        let (mut body, mut pool) = (Body { codings: Codings::of([codings]), ..Body::default() }, Pool::default());
        body.push(&sample[..sample.len() - 2], &mut pool);
        body.cut();
        body.finish(&mut pool);
        assert_eq!((body.undecoded(), body.known().unwrap().hashes), (Some(Undecoded::Cut), None), "{codings}");
    }
    let wrong = read_all(Codings::of(["br", "gzip"]), &bytes(BROTLI), 7);
    assert_eq!(wrong.undecoded(), Some(Undecoded::Damaged));
    for unknown in ["gzip, compress", "gzip, gzip, gzip, gzip"] {
        assert_eq!(read_all(Codings::of([unknown]), b"abc", 3).undecoded(), Some(Undecoded::Unknown), "{unknown}");
    }
    // A bomb in a bomb: what comes between is bounded too.
    let zeros = gzipped(&gzipped(&vec![0; 64 << 20]));
    let body = read_all(Codings::of(["gzip, gzip"]), &zeros, 1460);
    assert_eq!(body.undecoded(), Some(Undecoded::TooLarge));
    let noise: Vec<u8> = (0..2_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 & 3).collect();
    let body = read_all(Codings::of(["gzip, gzip"]), &gzipped(&noise), 1460);
    assert_eq!((body.undecoded(), body.known().unwrap().size), (Some(Undecoded::NoRoom), 0));
}

/// RFC 8878 §3.1: several frames, and such as hold no data.
#[test]
fn all_frames_of_zstd_are_read() {
    let skipped = b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec();
    let sample = [skipped.clone(), bytes(ZSTD), skipped, bytes(ZSTD)].concat();
    let body = read(Coding::Zstd, &sample, 10);
    assert_eq!((body.known().unwrap().size, body.undecoded()), (192, None));
    let cut = [bytes(ZSTD), b"\x50\x2a\x4d\x18\xff\0\0\0abc".to_vec()].concat();
    assert_eq!(read(Coding::Zstd, &cut, 10).undecoded(), Some(Undecoded::Damaged));
    assert_eq!(read(Coding::Zstd, &[bytes(ZSTD), b"rest".to_vec()].concat(), 10).undecoded(), Some(Undecoded::Damaged));
    // A window of 16 MiB.
    assert_eq!(read(Coding::Zstd, &bytes("28b52ffd0070010000"), 10).undecoded(), Some(Undecoded::LargeWindow));
}

#[test]
fn entropy_is_that_of_the_decoded_bytes() {
    assert_eq!(read(Coding::None, b"abcdefgh", 3).known().unwrap().entropy, 3.0);
    assert_eq!(read(Coding::None, b"aaaa", 3).known().unwrap().entropy, 0.0);
    // Also of bytes that come often: 0.811 bits where one of two has a quarter.
    let many: Vec<u8> = (0..=255).cycle().take(256 * 1000).collect();
    assert_eq!(read(Coding::None, &many, 1 << 16).known().unwrap().entropy, 8.0);
    let uneven: Vec<u8> = (0..40_000).map(|n| u8::from(n % 4 == 0)).collect();
    assert_eq!(read(Coding::None, &uneven, 999).known().unwrap().entropy, 0.811);
    assert_eq!(read(Coding::None, &[7; 100_000], 999).known().unwrap().entropy, 0.0);
}

#[test]
fn what_is_damaged_or_cut_has_no_hash() {
    for (coding, sample) in
        [(Coding::Gzip, GZIP), (Coding::Deflate, ZLIB), (Coding::Brotli, BROTLI), (Coding::Zstd, ZSTD)]
    {
        let whole = bytes(sample);
        let short = read(coding, &whole[..whole.len() - 3], 4);
        assert_eq!((short.undecoded(), short.known().unwrap().hashes), (Some(Undecoded::Damaged), None), "{coding:?}");
        let mut changed = whole.clone();
        changed.iter_mut().skip(2).for_each(|octet| *octet ^= 0x5a);
        assert_eq!(read(coding, &changed, 4).undecoded(), Some(Undecoded::Damaged), "{coding:?}");
    }
    let mut pool = Pool::default();
    let mut body = Body::default();
    body.push(b"MZ", &mut pool);
    body.gap(10, &mut pool);
    body.push(b"rest", &mut pool);
    body.finish(&mut pool);
    let known = body.known().unwrap();
    assert_eq!((known.prefix.as_slice(), known.hashes, body.sent, body.missing), (&b"MZ"[..], None, 16, 10));
    assert_eq!(read(Coding::Other, b"abc", 3).undecoded(), Some(Undecoded::Unknown));
}

/// Zeros: DEFLATE packs them a thousand times, and what packs itself twice a million times.
#[test]
fn what_expands_to_too_much_is_given_up() {
    use std::io::Write;
    let zeros = vec![0; 64 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&zeros).unwrap();
    let bomb = gzip.finish().unwrap();
    let body = read(Coding::Gzip, &bomb, 1460);
    let known = body.known().unwrap();
    assert_eq!((body.undecoded(), known.hashes), (Some(Undecoded::TooLarge), None));
    assert!(known.size <= limits::EXPANDED + limits::EXPANSION * bomb.len() as u64);
    // 50 MiB of zeros, by the brotli of Node.
    let body = read(Coding::Brotli, &bytes(BOMB), 7);
    assert_eq!((body.undecoded(), body.known().unwrap().hashes), (Some(Undecoded::TooLarge), None));
    assert_eq!(read(Coding::Brotli, &bytes(WIDE), 7).undecoded(), Some(Undecoded::LargeWindow));
}

#[test]
fn more_bodies_than_there_is_room_for_are_only_measured() {
    let mut pool = Pool::default();
    let mut bodies: Vec<Body> =
        (0..limits::DECODERS + 1).map(|_| Body { codings: Coding::Gzip.into(), ..Body::default() }).collect();
    bodies.iter_mut().for_each(|body| body.push(&bytes(GZIP), &mut pool));
    bodies.iter_mut().for_each(|body| body.finish(&mut pool));
    let last = bodies.last().unwrap();
    assert_eq!((last.undecoded(), last.sent, pool.left_out), (Some(Undecoded::NoRoom), 33, 1));
    assert!(bodies[0].known().unwrap().hashes.is_some() && pool.active == 0);
    let mut held = Body { codings: Coding::Zstd.into(), ..Body::default() };
    held.push(&vec![0; limits::HELD_BODY + 1], &mut pool);
    assert_eq!((held.undecoded(), pool.held, pool.left_out), (Some(Undecoded::NoRoom), 0, 2));
}

#[test]
fn types_are_recognised_by_their_beginnings() {
    let named = |prefix: &[u8]| kind::of(prefix).map(|found| (found.name, found.kind));
    let mut program = vec![0; 256];
    program[..2].copy_from_slice(b"MZ");
    program[0x3c] = 0x80;
    program[0x80..0x84].copy_from_slice(b"PE\0\0");
    let windows = Some(("application/vnd.microsoft.portable-executable", kind::Kind::Executable));
    assert_eq!(named(&program), windows);
    assert_eq!(named(b"MZ is how this text begins"), None);
    assert_eq!(
        named(&[b"\x7fELF\x02\x01\x01".as_slice(), &[0; 60]].concat()),
        Some(("application/x-executable", kind::Kind::Executable))
    );
    assert_eq!(named(b"#!/bin/sh\n"), Some(("text/x-shellscript", kind::Kind::Executable)));
    assert_eq!(named(b"%PDF-1.7\n"), Some(("application/pdf", kind::Kind::Document)));
    assert_eq!(named(b"PK\x03\x04\x14\0"), Some(("application/zip", kind::Kind::Archive)));
    assert_eq!(named(b"\x89PNG\r\n\x1a\n"), Some(("image/png", kind::Kind::Other)));
    assert_eq!((named(b"BM text of a page"), named(b"BC text"), named(b"")), (None, None, None));
}
