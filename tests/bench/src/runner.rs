//! What is measured, in which order: whatever is compared runs in turns, and ratios are those of one round.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::figures::{Figures, Growth, Memory, NOTHING_OF_TCP, Python, Row, Sample};
use crate::generate::{self, Flows, Kind, Options};
use crate::measure::{Cost, cost, line, median};
use crate::session::Session;
use crate::tools::{Subject, subjects};

/// What the program is told so that it keeps nothing from one run to the next: every question is the first about its capture.
pub(crate) const FIRST: [(&str, &str); 1] = [("MCPCAP_KEPT_TABLES", "0")];

/// Of a file that was just written nothing is kept, in case it changes within the same tick of its clock.
const SETTLED: Duration = Duration::from_secs(4);

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Frames of the captures that the tools are compared on.
    pub frames: u64,
    /// Rounds.
    pub rounds: usize,
    /// Bytes of the captures that memory is measured on.
    pub sizes: &'static [u64],
    /// Frames of the captures that cost is measured on.
    pub lengths: &'static [u64],
}

/// What is measured with.
pub struct Runner<'a> {
    /// The program.
    pub program: &'a str,
    /// This program, for native runs.
    pub itself: &'a str,
    /// The server of Python mcpcap, if there is one.
    pub python: Option<&'a str>,
    /// Where captures are kept.
    pub folder: &'a Path,
    /// Where chance begins.
    pub seed: u64,
    /// How much.
    pub extent: Extent,
}

impl Runner<'_> {
    /// Measures all. Errors in words.
    ///
    /// # Errors
    /// When a capture cannot be written.
    pub fn run(&self) -> Result<Figures, String> {
        let subjects = subjects();
        let mut figures = Figures { rounds: self.extent.rounds, ..Figures::default() };
        self.rivals(&mut figures);
        let small = self.capture(Kind::Mixed, Flows::Few, 38)?;
        self.sessions(&small, &mut figures);
        for kind in [Kind::Mixed, Kind::Tcp, Kind::Dns] {
            let sample = self.capture(kind, Flows::Many, self.extent.frames)?;
            std::thread::sleep(SETTLED);
            for subject in subjects.iter().filter(|subject| subject.kinds.contains(&kind)) {
                say(&format!("{} on the {} capture", subject.short, kind.name()));
                figures.rows.extend(self.row(subject, &sample, &small));
            }
            match kind {
                Kind::Mixed => {
                    self.pages(&sample, &mut figures);
                    self.one_pass(&subjects, &sample, &mut figures);
                    self.parts(&sample, &mut figures);
                }
                Kind::Tcp => self.line(&sample, &small, &mut figures),
                Kind::Dns => {}
            }
            figures.samples.push(sample);
        }
        self.python(&subjects, &mut figures)?;
        self.growth(&subjects, &small, &mut figures)?;
        self.memory(&subjects, &mut figures)?;
        Ok(figures)
    }

    fn capture(&self, kind: Kind, flows: Flows, frames: u64) -> Result<Sample, String> {
        let name = format!("{}-{}-{frames}.pcap", kind.name(), if flows == Flows::Few { "few" } else { "many" });
        let path = self.folder.join(name).display().to_string();
        say(&format!("making {path}"));
        let file = File::create(&path).map_err(|error| format!("{path}: {error}"))?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        let options = Options { kind, frames, flows, seed: self.seed };
        let counts = generate::write(options, &mut out).map_err(|error| format!("{path}: {error}"))?;
        Ok(Sample { kind, path, frames: counts.frames, bytes: counts.bytes })
    }

    /// What the program takes when nothing is known of the capture.
    fn first(&self, arguments: &[String]) -> Option<Cost> {
        cost(self.program, arguments, &FIRST)
    }

    /// What it takes from the second question on, when the digests of the capture are known.
    fn known(&self, arguments: &[String]) -> Option<Cost> {
        let tables = self.folder.join("tables").display().to_string();
        cost(self.program, arguments, &[("MCPCAP_TABLES_DIR", &tables)])
    }

    fn rivals(&self, figures: &mut Figures) {
        for program in ["tshark", "capinfos"] {
            let output = std::process::Command::new(program).arg("--version").output();
            let said = output.ok().and_then(|it| String::from_utf8(it.stdout).ok());
            let first = said.as_deref().and_then(|text| text.lines().next());
            figures.rivals.push(
                first.map_or_else(|| format!("{program} is not installed"), |first| first.trim_end_matches('.').into()),
            );
        }
        let python =
            if self.python.is_some() { "Python mcpcap 0.10.0" } else { "Python mcpcap 0.10.0 could not be installed" };
        figures.rivals.push(python.into());
    }

    fn sessions(&self, small: &Sample, figures: &mut Figures) {
        say("start, and first report");
        // Starts are short: more rounds cost little.
        let rounds = self.extent.rounds * 4;
        let start = || {
            let mut session = Session::start(self.program)?;
            session.ask("tools/list", json!({}))?;
            Some(session.begun.elapsed().as_secs_f64())
        };
        let report = || {
            let mut session = Session::start(self.program)?;
            session.call("analyze_capinfos", &json!({ "pcap_file": small.path }))?;
            Some(session.begun.elapsed().as_secs_f64())
        };
        let both: Vec<_> = (0..rounds).map(|_| (start(), report())).collect();
        figures.start = median(both.iter().filter_map(|both| both.0));
        figures.first_report = median(both.iter().filter_map(|both| both.1));
    }

    fn row(&self, subject: &Subject, sample: &Sample, small: &Sample) -> Option<Row> {
        let (mut ours, mut theirs, mut natively, mut again): (Vec<Cost>, Vec<_>, Vec<_>, Vec<_>) = Default::default();
        let known = || self.known(&subject.command(&sample.path));
        // The first question tells the digests of the capture to all others.
        known()?;
        for _ in 0..self.extent.rounds {
            let cost_of = self.first(&subject.command(&sample.path))?;
            if let Some((program, arguments)) = subject.rival(&sample.path)
                && let Some(rival) = cost(program, &arguments, &[])
            {
                theirs.push((rival.wall, rival.wall / cost_of.wall));
                again.push((known()?.wall, Some(rival.wall)));
            } else {
                again.push((known()?.wall, None));
            }
            // Without the start, which native code does not have.
            let start = self.first(&subject.command(&small.path)).map_or(0.0, |start| start.cpu);
            // What ends before the capture does has too little to compare.
            let is_whole = !subject.short.starts_with("get_");
            if is_whole && let Some(native) = self.native(subject.short, &sample.path) {
                natively.push((cost_of.cpu - start) * 1e9 / (native.0 + native.1));
            }
            ours.push(cost_of);
        }
        let rival = median(theirs.iter().map(|one| one.0)).zip(median(theirs.iter().map(|one| one.1)));
        Some(Row {
            tool: subject.short,
            kind: sample.kind,
            wall: median(ours.iter().map(|one| one.wall))?,
            cpu: median(ours.iter().map(|one| one.cpu))?,
            memory: ours.iter().map(|one| one.memory).max()?,
            frames: sample.frames,
            bytes: sample.bytes,
            rival,
            again: median(again.iter().map(|one| one.0))?,
            again_rival: median(again.iter().filter_map(|(wall, rival)| Some((*rival)? / wall))),
            native: median(natively),
        })
    }

    /// Nanoseconds that a native run took: for reading and hashing, and for the analysis.
    fn native(&self, what: &str, path: &str) -> Option<(f64, f64)> {
        let took = line(self.itself, &["native", what, path])?;
        let number = |name: &str| took.get(name).and_then(Value::as_f64);
        Some((number("hash_ns")?, number("analysis_ns")?))
    }

    fn pages(&self, sample: &Sample, figures: &mut Figures) {
        say("a further page");
        let both = || {
            let mut session = Session::start(self.program)?;
            let ask = json!({ "pcap_file": sample.path, "limit": 20 });
            let (first, answer) = session.call("analyze_tcp_connections", &ask)?;
            let next = cursor(answer.pointer("/structuredContent/shown")?)?;
            let ask = json!({ "pcap_file": sample.path, "limit": 20, "cursor": next });
            let (further, _) = session.call("analyze_tcp_connections", &ask)?;
            Some((first, further))
        };
        let all: Vec<_> = (0..self.extent.rounds).filter_map(|_| both()).collect();
        figures.page = median(all.iter().map(|one| one.0)).zip(median(all.iter().map(|one| one.1)));
    }

    fn one_pass(&self, subjects: &[Subject], sample: &Sample, figures: &mut Figures) {
        // Those that need no arguments of their own.
        let together: Vec<_> = subjects.iter().filter(|subject| subject.json() == json!({})).collect();
        let names: Vec<_> = together.iter().map(|subject| subject.short).collect();
        let command = ["analyze", &names.join(","), &sample.path, "--format", "json"].map(String::from);
        let slowest = together.iter().filter_map(|subject| {
            figures
                .rows
                .iter()
                .find(|row| row.tool == subject.short && row.kind == sample.kind)
                .map(|row| (row.wall, *subject))
        });
        let Some((_, slowest)) = slowest.max_by(|one, other| one.0.total_cmp(&other.0)) else { return };
        let turns = (0..self.extent.rounds).map_while(|_| {
            let all = self.first(&command)?;
            Some(all.wall / self.first(&slowest.command(&sample.path))?.wall)
        });
        figures.one_pass = median(turns);
    }

    fn parts(&self, sample: &Sample, figures: &mut Figures) {
        for what in ["reader", "decoder"] {
            let all = (0..self.extent.rounds).filter_map(|_| self.native(what, &sample.path));
            let took = median(all.map(|took| took.1 / sample.frames as f64));
            figures.parts.extend(took.map(|took| (what, took)));
        }
    }

    /// The line before the analyzers, and what analyzers take for frames of others, on a capture that has nothing for them.
    fn line(&self, sample: &Sample, small: &Sample, figures: &mut Figures) {
        say("the line before the analyzers");
        let frames = sample.frames as f64;
        // Without hashing, which is another matter, and without the start.
        let run = |tools: &str, path: &str| self.known(&["analyze", tools, path, "--format", "json"].map(String::from));
        let alone = |tools: &str| Some((run(tools, &sample.path)?.cpu - run(tools, &small.path)?.cpu) * 1e9 / frames);
        figures.line = median((0..self.extent.rounds).filter_map(|_| alone("dhcp")));
        // The first asks for nothing of such a capture; the others for TCP packets, for what errors quote or QUIC is replaced by, or for streams on any port.
        for (tool, beside) in
            [(NOTHING_OF_TCP, "tcp_connections"), ("icmp", "dhcp"), ("quic", "dhcp"), ("sip", "dhcp"), ("dns", "dhcp")]
        {
            let both = format!("{beside},{tool}");
            let turns = (0..self.extent.rounds).filter_map(|_| {
                let one = alone(beside)?;
                Some(alone(&both)? - one)
            });
            figures.foreign.extend(median(turns).map(|took| (tool, beside, took)));
        }
    }

    fn python(&self, subjects: &[Subject], figures: &mut Figures) -> Result<(), String> {
        let Some(python) = self.python else { return Ok(()) };
        let sample = self.capture(Kind::Mixed, Flows::Many, 10_000)?;
        for subject in subjects.iter().filter(|subject| subject.name.starts_with("analyze_")) {
            say(&format!("{} of the Python project", subject.short));
            let ours = figures.rows.iter().find(|row| row.tool == subject.short && row.kind == Kind::Mixed);
            let mut arguments = subject.json();
            if let Some(object) = arguments.as_object_mut() {
                object.insert("pcap_file".into(), sample.path.as_str().into());
            }
            let took = Session::start(python).and_then(|mut session| session.call(subject.name, &arguments));
            if let (Some(row), Some((seconds, _))) = (ours, took) {
                let theirs = sample.frames as f64 / seconds;
                figures.python.push(Python { tool: subject.short, ours: row.frames as f64 / row.wall, theirs });
            }
        }
        Ok(())
    }

    fn growth(&self, subjects: &[Subject], small: &Sample, figures: &mut Figures) -> Result<(), String> {
        let samples: Vec<Sample> = (self.extent.lengths.iter())
            .map(|frames| self.capture(Kind::Mixed, Flows::Many, *frames))
            .collect::<Result<_, _>>()?;
        for subject in subjects.iter().filter(|subject| !subject.short.starts_with("get_")) {
            say(&format!("{} by length", subject.short));
            let points = samples.iter().filter_map(|sample| {
                let turns = (0..self.extent.rounds).filter_map(|_| {
                    let start = self.first(&subject.command(&small.path))?.cpu;
                    Some((self.first(&subject.command(&sample.path))?.cpu - start) * 1e9 / sample.frames as f64)
                });
                Some((sample.frames, median(turns)?))
            });
            figures.growth.push(Growth { tool: subject.short, points: points.collect() });
        }
        Ok(())
    }

    fn memory(&self, subjects: &[Subject], figures: &mut Figures) -> Result<(), String> {
        let mut samples = Vec::new();
        for size in self.extent.sizes {
            // What a frame of the mixed capture takes, by trying.
            let tried = self.capture(Kind::Mixed, Flows::Many, 100_000)?;
            samples.push(self.capture(Kind::Mixed, Flows::Many, size * tried.frames / tried.bytes.max(1))?);
        }
        figures.sizes = samples.iter().map(|sample| sample.bytes).collect();
        for subject in subjects {
            say(&format!("memory of {}", subject.short));
            let peaks = samples.iter().filter_map(|sample| Some(self.first(&subject.command(&sample.path))?.memory));
            figures.memory.push(Memory { tool: subject.short, peaks: peaks.collect() });
        }
        Ok(())
    }
}

/// What a further page is asked for by: the first that the answer names.
fn cursor(shown: &Value) -> Option<&str> {
    match shown {
        Value::Object(fields) => {
            fields.get("next").and_then(Value::as_str).or_else(|| fields.values().find_map(cursor))
        }
        Value::Array(all) => all.iter().find_map(cursor),
        _ => None,
    }
}

fn say(what: &str) {
    eprintln!("{what}");
}
