//! The page of figures, in Markdown.

use std::fmt::Write;

use crate::figures::{Figures, Row};
use crate::goals::judge;

/// What people wrote stands between these, and is kept when the page is made anew.
const KEPT: (&str, &str) = ("<!-- tried: kept -->", "<!-- tried: end -->");

/// The page, with what was kept of the one before.
pub fn page(figures: &Figures, machine: &str, before: &str) -> String {
    let mut out = String::new();
    // Writing to a String does not fail.
    let _ = write(&mut out, figures, machine, before);
    out
}

fn write(out: &mut String, figures: &Figures, machine: &str, before: &str) -> std::fmt::Result {
    writeln!(
        out,
        "# Performance\n\nMade by `make bench` on {machine}. Whole processes from start to end; whatever is compared ran in turns, {} rounds,",
        figures.rounds
    )?;
    writeln!(
        out,
        "and ratios are medians of the ratios within a round. Captures are made from a seed, in microsecond pcap, with many conversations at a time.\n"
    )?;
    for rival in &figures.rivals {
        writeln!(out, "* {rival}")?;
    }
    for sample in &figures.samples {
        writeln!(out, "* `{}`: {} frames, {:.0} MB", sample.kind.name(), sample.frames, sample.bytes as f64 / 1e6)?;
    }
    writeln!(out, "\n![Frames a second of each tool](performance.svg)\n\n## Goals\n\n| goal | |\n|---|---|")?;
    for goal in judge(figures) {
        writeln!(out, "| {} | {} |", goal.what, goal.verdict)?;
    }
    writeln!(
        out,
        "\n## Tools\n\n`tshark` is tshark with its taps for the same question: `conv,tcp`, `http,tree` and so on, `conv,tcp`, `conv,udp`, `conv,ip` and `io,phs` in one run for conversations, the fields of handshakes for TLS and QUIC (`capinfos` for capinfos). `native` is processor time, without the start, as a multiple of that of the"
    )?;
    writeln!(
        out,
        "same code as native code in the release profile, which reads and hashes the same file and has no overflow checks. `again` is the same question once the digests of the"
    )?;
    writeln!(
        out,
        "capture are known, as they are from the second question on, of whatever tool: a file that was not changed is not hashed again.\n"
    )?;
    writeln!(
        out,
        "| tool | capture | seconds | frames/s | MB/s | CPU seconds | memory | times native | tshark seconds | times as fast as tshark | again, seconds | again, times as fast |"
    )?;
    writeln!(out, "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")?;
    for row in &figures.rows {
        line(out, row)?;
    }
    python(out, figures)?;
    line_costs(out, figures)?;
    answers(out, figures)?;
    growth(out, figures)?;
    let kept = kept(before).unwrap_or("\nNothing yet.\n");
    writeln!(out, "\n## What was tried\n\n{}{kept}{}", KEPT.0, KEPT.1)
}

fn line(out: &mut String, row: &Row) -> std::fmt::Result {
    let rate = row.frames as f64 / row.wall;
    write!(
        out,
        "| `{}` | {} | {:.3} | {} | {:.0} ",
        row.tool,
        row.kind.name(),
        row.wall,
        thousands(rate),
        row.bytes as f64 / row.wall / 1e6
    )?;
    write!(out, "| {:.3} | {:.0} MB ", row.cpu, row.memory as f64 / 1e6)?;
    match row.native {
        Some(times) => write!(out, "| {times:.2} ")?,
        None => write!(out, "| ")?,
    }
    match row.rival {
        Some((wall, times)) => write!(out, "| {wall:.3} | {times:.1} ")?,
        None => write!(out, "| | ")?,
    }
    match row.again_rival {
        Some(times) => writeln!(out, "| {:.3} | {times:.1} |", row.again),
        None => writeln!(out, "| {:.3} | |", row.again),
    }
}

fn python(out: &mut String, figures: &Figures) -> std::fmt::Result {
    if figures.python.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n## Python mcpcap 0.10.0\n\nFrames a second of a call on a mixed capture of 10,000 frames, without the start of its server, and ours on the larger one, with the start.\n"
    )?;
    writeln!(out, "| tool | Python, frames/s | frames/s | times as fast |\n|---|---:|---:|---:|")?;
    for it in &figures.python {
        writeln!(
            out,
            "| `{}` | {} | {} | {:.0} |",
            it.tool,
            thousands(it.theirs),
            thousands(it.ours),
            it.ours / it.theirs
        )?;
    }
    Ok(())
}

fn line_costs(out: &mut String, figures: &Figures) -> std::fmt::Result {
    writeln!(out, "\n## The line\n\n| nanoseconds of processor time a frame | |\n|---|---:|")?;
    for (what, took) in &figures.parts {
        let what = if *what == "decoder" { "reader and decoder" } else { what };
        writeln!(out, "| {what}, natively, mixed capture | {took:.0} |")?;
    }
    if let Some(took) = figures.line {
        writeln!(
            out,
            "| reader, decoder and crossings in the sandbox: `dhcp` on the TCP capture, without start, its digests known | {took:.0} |"
        )?;
    }
    for (tool, beside, took) in &figures.foreign {
        writeln!(
            out,
            "| `{tool}` beside `{beside}` in one pass, on the TCP capture, which has nothing of its protocol | {took:.0} |"
        )?;
    }
    match figures.one_pass {
        Some(times) => writeln!(out, "\nAll tools in one pass took {times:.2} times as long as the slowest alone."),
        None => writeln!(out, "\nThe program has no command for several tools in one pass: not measured."),
    }
}

fn answers(out: &mut String, figures: &Figures) -> std::fmt::Result {
    writeln!(out, "\n## Answers\n\n| over stdio | milliseconds |\n|---|---:|")?;
    let (first, further) = figures.page.unzip();
    for (what, seconds) in [
        ("start to the first `tools/list`", figures.start),
        ("start to the first report, 38 frames", figures.first_report),
        ("`analyze_tcp_connections` on the mixed capture", first),
        ("the next page of it, from what was kept", further),
    ] {
        match seconds {
            Some(seconds) => writeln!(out, "| {what} | {:.1} |", seconds * 1000.0)?,
            None => writeln!(out, "| {what} | not measured |")?,
        }
    }
    Ok(())
}

fn growth(out: &mut String, figures: &Figures) -> std::fmt::Result {
    writeln!(out, "\n## Length\n\nThe most memory in MB, by the size of the mixed capture.\n")?;
    let sizes = figures.sizes.iter().map(|size| format!("{:.0} MB", *size as f64 / 1e6));
    table(
        out,
        sizes,
        figures.memory.iter().map(|it| (it.tool, it.peaks.iter().map(|peak| *peak as f64 / 1e6).collect())),
    )?;
    writeln!(out, "\nNanoseconds of processor time a frame without the start, by the frames of the mixed capture.\n")?;
    let lengths = figures
        .growth
        .first()
        .map(|it| it.points.iter().map(|(frames, _)| thousands(*frames as f64)).collect::<Vec<_>>());
    let points = figures.growth.iter().map(|it| (it.tool, it.points.iter().map(|point| point.1).collect()));
    table(out, lengths.unwrap_or_default().into_iter(), points)
}

fn table(
    out: &mut String,
    head: impl Iterator<Item = String>,
    rows: impl Iterator<Item = (&'static str, Vec<f64>)>,
) -> std::fmt::Result {
    let head: Vec<String> = head.collect();
    writeln!(out, "| tool | {} |\n|---|{}", head.join(" | "), "---:|".repeat(head.len()))?;
    for (tool, numbers) in rows {
        let numbers: Vec<String> = numbers.iter().map(|number| format!("{number:.0}")).collect();
        writeln!(out, "| `{tool}` | {} |", numbers.join(" | "))?;
    }
    Ok(())
}

/// A whole number with commas.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn kept(before: &str) -> Option<&str> {
    let (_, rest) = before.split_once(KEPT.0)?;
    rest.split_once(KEPT.1).map(|(kept, _)| kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_tried_is_kept() {
        let first = page(&Figures::default(), "a machine", "");
        let written = first.replace("Nothing yet.", "Larger windows: nothing.");
        assert!(page(&Figures::default(), "another", &written).contains("Larger windows: nothing."));
        assert_eq!(thousands(1_234_567.2), "1,234,567");
    }
}
