//! Packets and bytes over time.

use std::cmp::Reverse;
use std::collections::VecDeque;

use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::{JsonSchema, is_default, time};
use serde::Serialize;

use crate::limits;

/// The list of buckets.
pub const BUCKETS: &str = "over_time.buckets";
/// The list of times without packets.
pub const GAPS: &str = "over_time.gaps";

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;
/// Widths of buckets, each a multiple of the one before: a millisecond to a week, and on from there.
const WIDTHS: [u64; 13] = [
    SECOND / 1000,
    SECOND / 100,
    SECOND / 10,
    SECOND,
    SECOND * 10,
    SECOND * 60,
    SECOND * 600,
    SECOND * 3600,
    SECOND * 21_600,
    SECOND * 86_400,
    SECOND * 604_800,
    SECOND * 6_048_000,
    SECOND * 60_480_000,
];
/// By how much a width may be taken for a report, so that few buckets are left.
const STEPS: [u64; 4] = [1, 2, 3, 5];

/// Packets and bytes of one protocol or host in a bucket.
#[derive(Debug, Clone, Copy)]
struct Part {
    series: u16,
    packets: u64,
    bytes: u64,
}

/// A span of time.
#[derive(Debug, Clone, Default)]
struct Bucket {
    packets: u64,
    bytes: u64,
    parts: Vec<Part>,
}

impl Bucket {
    fn add(&mut self, series: u16, packets: u64, bytes: u64) {
        if let Some(part) = self.parts.iter_mut().find(|part| part.series == series) {
            part.packets = part.packets.saturating_add(packets);
            part.bytes = part.bytes.saturating_add(bytes);
        } else {
            self.parts.push(Part { series, packets, bytes });
        }
    }

    fn join(&mut self, other: &Self) {
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
        other.parts.iter().for_each(|part| self.add(part.series, part.packets, part.bytes));
    }
}

/// A protocol or host.
#[derive(Debug, Clone, Copy)]
struct Series<K> {
    key: K,
    number: u16,
    bytes: u64,
    /// Whether earlier bytes may have been forgotten.
    is_partial: bool,
}

/// What found no series of its own.
const OTHERS: u16 = u16::MAX;

/// Buckets of equal width, as wide as they have to be for their number to have a bound.
pub struct Timeline<K> {
    width: u64,
    asked: Option<u64>,
    /// The number of the first bucket: its time by its width.
    first: u64,
    buckets: VecDeque<Bucket>,
    /// Few. Those that packets are counted for move to the front.
    series: Vec<Series<K>>,
    free: Vec<u16>,
    /// Whether any had to make room.
    has_forgotten: bool,
    without_time: u64,
}

impl<K: Ord + Copy> Timeline<K> {
    /// Nothing yet; buckets of `asked` nanoseconds, or of what fits.
    pub fn new(asked: Option<u64>) -> Self {
        let [smallest, ..] = WIDTHS;
        Self {
            width: asked.unwrap_or(smallest).max(1),
            asked,
            first: 0,
            buckets: VecDeque::new(),
            series: Vec::with_capacity(limits::SERIES),
            free: (0..limits::SERIES as u16).rev().collect(),
            has_forgotten: false,
            without_time: 0,
        }
    }

    /// Counts a packet.
    pub fn add(&mut self, time: Option<u64>, bytes: u64, keys: impl IntoIterator<Item = K>) {
        let Some(time) = time else {
            self.without_time = self.without_time.saturating_add(1);
            return;
        };
        let mut wanted = [OTHERS; 2];
        for (place, key) in wanted.iter_mut().zip(keys) {
            *place = self.series_of(key, bytes);
        }
        let Some(bucket) = self.bucket(time) else { return };
        bucket.packets = bucket.packets.saturating_add(1);
        bucket.bytes = bucket.bytes.saturating_add(bytes);
        wanted.into_iter().filter(|series| *series != OTHERS).for_each(|series| bucket.add(series, 1, bytes));
    }

    /// The series of a key; when all are in use, the half with fewer bytes goes.
    fn series_of(&mut self, key: K, bytes: u64) -> u16 {
        if let Some(place) = self.series.iter().position(|series| series.key == key) {
            let before = place.saturating_sub(1);
            self.series.swap(before, place);
            let Some(series) = self.series.get_mut(before) else { return OTHERS };
            series.bytes = series.bytes.saturating_add(bytes);
            return series.number;
        }
        if self.free.is_empty() {
            self.has_forgotten = true;
            self.series.sort_unstable_by_key(|series| (Reverse(series.bytes), series.key));
            for series in self.series.split_off(self.series.len().div_ceil(2)) {
                self.buckets.iter_mut().for_each(|bucket| bucket.parts.retain(|part| part.series != series.number));
                self.free.push(series.number);
            }
        }
        let number = self.free.pop().unwrap_or(OTHERS);
        self.series.push(Series { key, number, bytes, is_partial: self.has_forgotten });
        number
    }

    fn bucket(&mut self, time: u64) -> Option<&mut Bucket> {
        let mut number = time.checked_div(self.width)?;
        if self.buckets.is_empty() {
            self.first = number;
        }
        loop {
            let last = self.first.saturating_add((self.buckets.len() as u64).saturating_sub(1));
            let span = last.max(number).saturating_sub(self.first.min(number));
            if span < limits::BUCKETS as u64 {
                break;
            }
            self.widen();
            number = time.checked_div(self.width)?;
        }
        while number < self.first {
            self.buckets.push_front(Bucket::default());
            self.first = self.first.saturating_sub(1);
        }
        let place = usize::try_from(number.saturating_sub(self.first)).ok()?;
        while self.buckets.len() <= place {
            self.buckets.push_back(Bucket::default());
        }
        self.buckets.get_mut(place)
    }

    /// Puts neighbours together, so that buckets are as wide as the next width.
    fn widen(&mut self) {
        let next = match self.asked {
            None => WIDTHS.into_iter().find(|width| *width > self.width),
            Some(_) => None,
        };
        let next = next.unwrap_or_else(|| self.width.saturating_mul(2));
        let times = next.checked_div(self.width).unwrap_or(1).max(1);
        let joined = joined(&self.buckets, self.first, times);
        (self.first, self.buckets) = joined;
        self.width = next;
    }

    /// What a report shows.
    pub fn report(&self, name: impl Fn(&K) -> String, by: &'static str, lists: &mut Lists) -> Option<OverTime> {
        if self.buckets.is_empty() {
            return None;
        }
        let times = self.times();
        let (first, buckets) = joined(&self.buckets, self.first, times);
        let width = self.width.saturating_mul(times);
        let mut named = self.series.clone();
        named.sort_unstable_by_key(|series| (Reverse(series.bytes), series.key));
        named.truncate(limits::SERIES_LISTED);
        let at = |place: usize| first.saturating_add(place as u64).saturating_mul(width);
        let filled: Vec<(usize, &Bucket)> =
            buckets.iter().enumerate().filter(|(_, bucket)| bucket.packets > 0).collect();
        let listed = lists.cut(BUCKETS, limits::BUCKETS_LISTED, filled.iter());
        let listed = listed.map(|(place, bucket)| BucketReport {
            time: time::rfc3339(at(*place), 9),
            packets: bucket.packets,
            bytes: bucket.bytes,
            bytes_by: named
                .iter()
                .map(|named| bucket.parts.iter().find(|part| part.series == named.number).map_or(0, |part| part.bytes))
                .collect(),
        });
        let buckets_listed = listed.collect();
        let mut gaps: Vec<(u64, usize)> = filled
            .iter()
            .zip(filled.iter().skip(1))
            .map(|((one, _), (other, _))| (other.saturating_sub(*one).saturating_sub(1) as u64, *one))
            .filter(|(empty, _)| *empty > 0)
            .collect();
        let gaps_total = gaps.len() as u64;
        gaps.sort_unstable_by_key(|(empty, place)| (Reverse(*empty), *place));
        let gaps = lists.cut(GAPS, limits::GAPS_LISTED, gaps.into_iter()).map(|(empty, place)| GapReport {
            from: time::rfc3339(at(place.saturating_add(1)), 9),
            seconds: time::seconds(empty.saturating_mul(width)),
        });
        let peak = filled.iter().max_by_key(|(place, bucket)| (bucket.bytes, Reverse(*place)));
        Some(OverTime {
            interval_seconds: time::seconds(width),
            by,
            series: named.iter().map(|series| name(&series.key)).collect(),
            series_at_least: named.iter().filter(|series| series.is_partial).map(|series| name(&series.key)).collect(),
            peak_time: peak.map(|(place, _)| time::rfc3339(at(*place), 9)).unwrap_or_default(),
            peak_bytes: peak.map(|(_, bucket)| bucket.bytes).unwrap_or_default(),
            buckets_total: filled.len() as u64,
            buckets: buckets_listed,
            gaps: gaps.collect(),
            gaps_total,
            packets_without_time: self.without_time,
        })
    }

    /// How many buckets are to be put together for a report.
    fn times(&self) -> u64 {
        if self.asked.is_some() {
            return 1;
        }
        let many = self.buckets.len() as u64;
        let most = limits::BUCKETS_LISTED as u64;
        let wide = WIDTHS.iter().filter_map(|width| width.checked_div(self.width)).filter(|times| *times > 0);
        let mut all: Vec<u64> = wide.flat_map(|times| STEPS.map(|step| times.saturating_mul(step))).collect();
        all.sort_unstable();
        all.into_iter().find(|times| many.div_ceil((*times).max(1)) <= most).unwrap_or(1)
    }
}

fn joined(buckets: &VecDeque<Bucket>, first: u64, times: u64) -> (u64, VecDeque<Bucket>) {
    let times = times.max(1);
    let begin = first.checked_div(times).unwrap_or(first);
    let mut wide: VecDeque<Bucket> = VecDeque::new();
    for (number, bucket) in (first..).zip(buckets) {
        let place = number.checked_div(times).unwrap_or(number).saturating_sub(begin);
        while (wide.len() as u64) <= place {
            wide.push_back(Bucket::default());
        }
        if let Some(last) = wide.back_mut() {
            last.join(bucket);
        }
    }
    (begin, wide)
}

/// Packets and bytes over time, in spans of equal length that begin at whole multiples of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct OverTime {
    /// Length of a span, in seconds: as `interval` asks, or as gives up to 60 spans; a multiple of it where there would be more than 4,096.
    pub interval_seconds: f64,
    /// protocol or host: what `series` names.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub by: &'static str,
    /// The protocols or hosts with most bytes, up to 8. A packet counts as what its flow was recognised as until then, else as tcp, udp and so on; and for both of
    /// its hosts.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub series: Vec<String>,
    /// Those of them that may have had more bytes before: they came, or came again, when 24 others had been told apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub series_at_least: Vec<String>,
    /// When the span with most bytes begins.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub peak_time: String,
    /// Bytes in it.
    pub peak_bytes: u64,
    /// Spans with packets, in order.
    pub buckets: Vec<BucketReport>,
    /// Spans with packets in all.
    pub buckets_total: u64,
    /// Times of whole spans without a packet, the longest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<GapReport>,
    /// Such times in all.
    pub gaps_total: u64,
    /// Packets for which the file has no time. They are in no span.
    #[serde(skip_serializing_if = "is_default")]
    pub packets_without_time: u64,
}

impl OverTime {
    /// Cuts its times to `digits` decimals of a second.
    pub fn shorten(&mut self, digits: u8) {
        let buckets = self.buckets.iter_mut().map(|bucket| &mut bucket.time);
        let times = buckets.chain(self.gaps.iter_mut().map(|gap| &mut gap.from)).chain([&mut self.peak_time]);
        times.for_each(|text| time::shorten(text, digits));
    }
}

/// A span of time with packets.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct BucketReport {
    /// When it begins: RFC 3339, UTC.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub time: String,
    /// Packets in it.
    pub packets: u64,
    /// Bytes of their frames on the wire.
    pub bytes: u64,
    /// Of these, the bytes of each of `series`, in that order.
    pub bytes_by: Vec<u64>,
}

/// A time without packets.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GapReport {
    /// When it begins: RFC 3339, UTC.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub from: String,
    /// How long it is, in whole spans.
    pub seconds: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(timeline: &Timeline<u8>) -> OverTime {
        timeline.report(u8::to_string, "protocol", &mut Lists::default()).unwrap()
    }

    #[test]
    fn spans_are_few_and_sum_up() {
        let mut timeline = Timeline::new(None);
        // A packet each second, for an hour: 60 spans of a minute.
        (0..3600).for_each(|second| timeline.add(Some(second * SECOND), 100, [(second % 2) as u8]));
        let report = report(&timeline);
        assert_eq!((report.interval_seconds, report.buckets.len()), (60.0, 60));
        assert!(report.buckets.iter().all(|b| (b.packets, b.bytes, b.bytes_by.clone()) == (60, 6_000, vec![3_000; 2])));
        assert_eq!((report.gaps_total, report.series), (0, vec!["0".to_owned(), "1".to_owned()]));
        assert!(report.series_at_least.is_empty());
    }

    #[test]
    fn an_interval_that_is_asked_for_is_kept_and_empty_spans_are_gaps() {
        let mut timeline = Timeline::new(Some(SECOND));
        [10, 11, 20, 21, 25, 12].iter().for_each(|second| timeline.add(Some(second * SECOND + 5), 60, [0]));
        timeline.add(None, 60, [0]);
        let report = report(&timeline);
        assert_eq!((report.interval_seconds, report.buckets.len(), report.packets_without_time), (1.0, 6, 1));
        let gaps: Vec<(&str, f64)> = report.gaps.iter().map(|gap| (&gap.from[17..19], gap.seconds)).collect();
        assert_eq!(gaps, [("13", 7.0), ("22", 3.0)]);
    }

    #[test]
    fn times_of_any_distance_take_bounded_room() {
        for asked in [None, Some(SECOND / 1000)] {
            let mut timeline = Timeline::new(asked);
            for time in [5, u64::MAX, 0, 1_700_000_000 * SECOND, 3] {
                timeline.add(Some(time), 60, [0]);
            }
            let report = report(&timeline);
            assert!(timeline.buckets.len() <= limits::BUCKETS);
            assert_eq!(report.buckets.iter().map(|bucket| bucket.packets).sum::<u64>(), 5);
        }
    }

    #[test]
    fn those_with_few_bytes_make_room() {
        let mut timeline = Timeline::new(None);
        for n in 0..2_000_u64 {
            timeline.add(Some(n * SECOND), 1_000, [0_u8]);
            timeline.add(Some(n * SECOND), 10, [(n % 200) as u8 + 1]);
        }
        let report = report(&timeline);
        assert_eq!((report.series[0].as_str(), report.series.len()), ("0", limits::SERIES_LISTED));
        // Those that were there from the beginning are whole.
        assert!(report.series_at_least.is_empty());
        assert_eq!(report.buckets.iter().map(|bucket| bucket.bytes_by[0]).sum::<u64>(), 2_000_000);
        // Of one that comes when others had to make room nobody knows.
        timeline.add(Some(2_000 * SECOND), 5_000, [250]);
        assert_eq!(self::report(&timeline).series_at_least, ["250"]);
    }
}
