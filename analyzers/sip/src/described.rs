//! Which parts of session descriptions the report holds.

use mcpcap_analyzer::stats::{Lists, Part};

use crate::limits;
use crate::media::MediaReport;
use crate::message::Message;
use crate::message::sdp::{self, Description, Keep, Media};

/// The lists of media, and those within each, where one part of the report has them.
pub struct Names {
    /// Media.
    pub media: &'static str,
    /// Codecs of each.
    pub codecs: &'static str,
    /// Suites of SDES of each.
    pub suites: &'static str,
    /// Candidates of ICE of each.
    pub candidates: &'static str,
}

/// In listed messages.
pub const OF_PACKETS: Names = Names {
    media: "packets[].media",
    codecs: "packets[].media[].codecs",
    suites: "packets[].media[].crypto_suites",
    candidates: "packets[].media[].candidates",
};
/// In calls.
pub const OF_CALLS: Names = Names {
    media: "calls[].media",
    codecs: "calls[].media[].codecs",
    suites: "calls[].media[].crypto_suites",
    candidates: "calls[].media[].candidates",
};

impl Names {
    /// What the report holds of each medium.
    fn inner(&self, lists: &Lists) -> Keep {
        // All media of an entry have such a list, and together they must not be too long.
        let part = |list| Part { limit: limits::FORMATS, ..lists.part_within(list, limits::FORMATS) };
        Keep {
            formats: part(self.codecs),
            suites: part(self.suites),
            candidates: part(self.candidates),
            ..Keep::default()
        }
    }

    /// Says of which lists within a medium there is more.
    pub fn tell(&self, places: [usize; 2], media: &MediaReport, lists: &mut Lists) {
        let Keep { formats, suites, candidates, .. } = self.inner(lists);
        for (list, part, total, returned) in [
            (self.codecs, formats, media.codecs_total, media.codecs.len()),
            (self.suites, suites, media.crypto_suites_total, media.crypto_suites.len()),
            (self.candidates, candidates, media.candidates_total, media.candidates.len()),
        ] {
            lists.told_within(list, &places, total, part, returned);
        }
    }
}

/// The session description of a message.
pub fn of<'a>(message: &Message<'a>) -> Description<'a> {
    kept(message, &Keep::default())
}

/// The same as a listed message has it, where that is another part.
pub fn of_packet<'a>(message: &Message<'a>, lists: &Lists) -> Option<Description<'a>> {
    other(message, Keep { media: media_of_packet(lists), ..OF_PACKETS.inner(lists) })
}

/// Which of its media.
pub fn media_of_packet(lists: &Lists) -> Part {
    let part = lists.part_within(OF_PACKETS.media, limits::MEDIA);
    Part { limit: part.limit.min(limits::MEDIA_OF_PAGE), ..part }
}

/// Its media as calls have them, likewise: as many, in the same order.
pub fn of_call<'a>(message: &Message<'a>, lists: &Lists) -> Option<Vec<Media<'a>>> {
    other(message, OF_CALLS.inner(lists)).map(|described| described.media)
}

fn other<'a>(message: &Message<'a>, keep: Keep) -> Option<Description<'a>> {
    let usual = Keep::default();
    let lines = if keep.media == usual.media { usual.lines } else { usize::MAX };
    (keep != usual).then(|| kept(message, &Keep { lines, ..keep }))
}

fn kept<'a>(message: &Message<'a>, keep: &Keep) -> Description<'a> {
    sdp::of_body(message.value("content-type").unwrap_or_default(), message.body, keep)
}
