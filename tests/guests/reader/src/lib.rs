//! A reader that lies. The first octet of the "capture" says how.
#![cfg(target_arch = "wasm32")]

wit_bindgen::generate!({ path: "../../../wit", world: "reader" });

use exports::mcpcap::analysis::read::{Guest, Problem, Progress, Range};
use mcpcap::analysis::types::{Index, Link};

struct Liar;

export!(Liar);

impl Guest for Liar {
    fn open(_: String) -> Result<(), Problem> {
        Ok(())
    }

    fn index_window(window: Vec<u8>, _: bool) -> Result<Progress, Problem> {
        let size = window.len() as u32;
        let mut progress = Progress {
            consumed: size,
            frames: frames(&[(0, 8), (8, 8)]),
            links: vec![Link {
                link_type: 1,
                fcs_length: None,
                snap_length: 0,
                section: 0,
                interface_id: 0,
                name: None,
            }],
            key_logs: Vec::new(),
            wanted: 0,
            end: None,
        };
        match window.first() {
            Some(b'r') => progress.frames = frames(&[(size - 4, 8)]),
            Some(b'w') => progress.frames = frames(&[(u32::MAX, 8)]),
            Some(b'o') => progress.frames = frames(&[(0, 8), (4, 8)]),
            Some(b'c') => progress.consumed = size + 1,
            Some(b'l') => progress.links.clear(),
            Some(b'k') => progress.key_logs = vec![Range { offset: size - 4, length: 8 }],
            Some(b'u') => progress.frames.captured.clear(),
            Some(b'm') => progress.frames = frames(&vec![(0, 0); window.len()]),
            Some(b's') => {
                progress.consumed = 0;
                progress.frames = frames(&[]);
            }
            Some(b'g') => {
                progress.consumed = 0;
                progress.frames = frames(&[]);
                progress.wanted = u32::MAX;
            }
            Some(b'p') => panic!("the reader gives up"),
            _ => {}
        }
        Ok(progress)
    }

    fn summary() -> Result<String, Problem> {
        Ok("not JSON".into())
    }
}

fn frames(ranges: &[(u32, u32)]) -> Index {
    Index {
        timestamp: vec![0; ranges.len()],
        offset: ranges.iter().map(|range| range.0).collect(),
        captured: ranges.iter().map(|range| range.1).collect(),
        original: ranges.iter().map(|range| range.1).collect(),
        link: vec![0; ranges.len()],
        flags: vec![0; ranges.len()],
    }
}
