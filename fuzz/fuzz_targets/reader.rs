#![no_main]

use mcpcap_reader::{Link, Problem, Reader, Summary};

/// What is found: a row for each frame, with its place in the file, the links, the summary, and the offset of a break.
type Found = (Vec<(u64, u64, u32, u32, u32, u32)>, Vec<Link>, Summary, Option<u64>);

/// Reads in windows of so many bytes, with a page of one of the lists, and checks what the host checks.
fn read(data: &[u8], step: usize, page: &str) -> Result<Found, Problem> {
    let mut reader = Reader::open(page)?;
    let (mut rows, mut links, mut at, mut size) = (Vec::new(), Vec::new(), 0, step);
    loop {
        let end = data.len().min(at + size);
        let (window, last) = (&data[at..end], end == data.len());
        let found = reader.index_window(window, last)?;
        let consumed = found.consumed as usize;
        assert!(consumed <= window.len());
        links.extend(found.links);
        let frames = &found.frames;
        for row in 0..frames.len() {
            let (start, length) = (frames.offset[row] as usize, frames.captured[row] as usize);
            assert!(start + length <= consumed, "a frame beyond what was consumed");
            assert!((frames.link[row] as usize) < links.len(), "a frame of no link");
            let place = (at + start) as u64;
            rows.push((
                place,
                frames.timestamp[row],
                frames.captured[row],
                frames.original[row],
                frames.link[row],
                frames.flags[row],
            ));
        }
        at += consumed;
        if found.end.is_some() || last {
            return Ok((rows, links, reader.summary(), found.end.map(|end| end.offset)));
        }
        let wanted = found.wanted as usize;
        assert!(consumed > 0 || wanted > window.len(), "no progress");
        size = step.max(wanted);
    }
}

mcpcap_fuzz::capture!(|data: &[u8]| {
    let last = usize::from(data.last().copied().unwrap_or_default());
    let (list, offset) = (["sections", "interfaces", "comments.texts", "packets"][last % 4], last % 5);
    let within = [r#""interfaces[].addresses""#, r#""interfaces[].statistics""#][last % 2];
    let page = format!(
        r#"{{"page":{{"offset":{offset},"limit":3,"list":"{list}","within":{{"list":{within},"after":{offset}}}}}}}"#
    );
    let whole = read(data, usize::MAX >> 1, &page);
    let step = 1 + last * 7;
    assert_eq!(read(data, step, &page), whole, "windows of {step}");
});
