//! What both ends of a conversation sent, in order, cut into pieces.

use mcpcap_analyzer::stats::{Lists, Part};
use mcpcap_analyzer::stream::Side;
use mcpcap_analyzer::text::hexadecimal;
use mcpcap_analyzer::{JsonSchema, Window, is_default, schemars};
use serde::{Deserialize, Serialize};

use crate::escape::{TEXT, escaped, width};

/// Frames of one piece that are named first.
const FRAMES: usize = 16;
/// The list of them.
pub const FRAME_LIST: &str = "pieces[].frames";
/// Bytes that each end sent first, which are looked at for what the conversation is.
const START: usize = 2048;
/// Room below which others have to make room: a packet that fills a hole sets free what waited behind it.
const SHORT: usize = 2 << 20;
/// What a piece costs besides its bytes.
const PIECE: usize = 256;

/// How bytes are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Printable ASCII as it is, other bytes as `\xNN`.
    #[default]
    Text,
    /// Hexadecimal digits.
    Hex,
}

/// Which pieces are wanted, and how.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// How they are written.
    pub form: Form,
    from: u64,
    to: u64,
    /// The part of the frames of each.
    frames: Part,
}

impl Wanted {
    /// The pieces of a window.
    pub fn new(form: Form, window: &Window) -> Self {
        let limit = window.limit.min(Window::MOST) as u64;
        let frames = Lists::new(window.clone()).part_within(FRAME_LIST, FRAMES);
        Self { form, from: window.offset, to: window.offset.saturating_add(limit), frames }
    }

    /// How many pieces stand before the first one.
    pub fn offset(&self) -> u64 {
        self.from
    }

    fn width(&self, byte: u8) -> usize {
        match self.form {
            Form::Text => width(byte),
            Form::Hex => 2,
        }
    }
}

/// Memory for the pieces of all conversations that may turn out to be the one asked for.
#[derive(Debug, Clone, Copy)]
pub struct Room(pub usize);

impl Room {
    /// Whether there may be too little for what one packet sets free.
    pub fn is_short(&self) -> bool {
        self.0 < SHORT
    }

    /// Takes memory back.
    pub fn give(&mut self, bytes: usize) {
        self.0 = self.0.saturating_add(bytes);
    }

    fn take(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

/// What one end sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sent {
    /// Bytes, each once.
    pub bytes: u64,
    /// Bytes of holes: they are not in the capture.
    #[serde(skip_serializing_if = "is_default")]
    pub missing_bytes: u64,
    /// Frames that carried them.
    pub frames: u64,
}

/// A part of what one end sent, or a hole in it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PieceReport {
    /// Who sent it.
    pub from: From,
    /// Bytes that this end sent before.
    pub offset: u64,
    /// Bytes of it.
    #[serde(skip_serializing_if = "is_default")]
    pub length: u64,
    /// A hole: so many bytes are not in the capture.
    #[serde(skip_serializing_if = "is_default")]
    pub missing: u64,
    /// Frames that carried it; of a hole, the one that showed it. Of many this is a page.
    pub frames: Vec<u64>,
    /// How many there are, where they are many.
    #[serde(skip_serializing_if = "is_default")]
    pub frames_total: u64,
    /// The bytes as text. Bytes other than printable ASCII are written \xNN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The bytes as hexadecimal digits.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
    /// Bytes that found no room in `text` or `hex`.
    #[serde(skip_serializing_if = "is_default")]
    pub left_out: u64,
}

/// One of the ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum From {
    /// The one that began.
    Client,
    /// The other one.
    Server,
}

#[derive(Debug, Clone)]
struct Piece {
    from: Side,
    offset: u64,
    length: u64,
    missing: u64,
    bytes: Vec<u8>,
    /// Those that are asked for.
    frames: Vec<u64>,
    frames_total: u64,
    last_frame: u64,
}

impl Piece {
    fn new(from: Side, offset: u64, missing: u64) -> Self {
        let bytes = Vec::new();
        Self { from, offset, length: 0, missing, bytes, frames: Vec::new(), frames_total: 0, last_frame: 0 }
    }

    /// Takes a frame that carries bytes of it.
    fn frame(&mut self, frame: u64, part: Part) {
        if std::mem::replace(&mut self.last_frame, frame) == frame {
            return;
        }
        if (part.offset as u64..part.end() as u64).contains(&self.frames_total) {
            self.frames.push(frame);
        }
        self.frames_total = self.frames_total.saturating_add(1);
    }

    /// Memory that it takes.
    fn cost(&self) -> usize {
        let frames = self.frames.len().saturating_mul(size_of::<u64>());
        self.bytes.len().saturating_add(frames).saturating_add(PIECE)
    }
}

/// The pieces of a conversation: those of the page are kept, the others counted.
#[derive(Debug, Clone, Default)]
pub struct Pieces {
    total: u64,
    kept: Vec<Piece>,
    open: Option<Piece>,
    /// Characters of the open piece.
    width: usize,
    /// Client and server.
    sent: [Sent; 2],
    starts: [Vec<u8>; 2],
    last_frame: [u64; 2],
    /// Pieces of the page for which there was no room.
    lost: u64,
}

impl Pieces {
    /// What client and server sent.
    pub fn sent(&self) -> [Sent; 2] {
        self.sent
    }

    /// Bytes that both sent.
    pub fn bytes(&self) -> u64 {
        self.sent.iter().fold(0, |sum, sent| sum.saturating_add(sent.bytes))
    }

    /// Memory that the pieces take.
    pub fn cost(&self) -> usize {
        self.kept.iter().map(Piece::cost).fold(0, usize::saturating_add)
    }

    /// What client and server sent first.
    pub fn starts(&self) -> [&[u8]; 2] {
        let [client, server] = &self.starts;
        [client, server]
    }

    /// How many pieces there are, and how many of the page were lost.
    pub fn totals(&self) -> (u64, u64) {
        (self.total, self.lost)
    }

    /// Client and server have changed places.
    pub fn turn(&mut self) {
        self.sent.swap(0, 1);
        self.starts.swap(0, 1);
        self.last_frame.swap(0, 1);
        self.kept.iter_mut().chain(&mut self.open).for_each(|piece| piece.from = piece.from.other());
    }

    /// Takes the next bytes of one end. With `begins`, they begin a message of their own.
    pub fn data(&mut self, from: Side, mut bytes: &[u8], frame: u64, begins: bool, wanted: &Wanted, room: &mut Room) {
        let [client, server] = &mut self.sent;
        let sent = if from == Side::Client { client } else { server };
        let mut offset = sent.bytes.saturating_add(sent.missing_bytes);
        sent.bytes = sent.bytes.saturating_add(bytes.len() as u64);
        let [first, second] = &mut self.last_frame;
        let last = if from == Side::Client { first } else { second };
        if std::mem::replace(last, frame) != frame {
            sent.frames = sent.frames.saturating_add(1);
        }
        let [client, server] = &mut self.starts;
        let start = if from == Side::Client { client } else { server };
        start.extend(bytes.iter().take(START.saturating_sub(start.len())));
        let mut begins = begins;
        while !bytes.is_empty() {
            let follows = self.open.as_ref().is_some_and(|open| open.from == from && open.missing == 0);
            if begins || !follows {
                self.close(wanted, room);
                self.open = Some(Piece::new(from, offset, 0));
            }
            begins = false;
            let mut taken = 0_usize;
            for byte in bytes {
                let width = self.width.saturating_add(wanted.width(*byte));
                if width > TEXT {
                    break;
                }
                self.width = width;
                taken = taken.saturating_add(1);
            }
            let (here, rest) = bytes.split_at_checked(taken).unwrap_or((bytes, &[]));
            if let Some(open) = &mut self.open
                && taken > 0
            {
                open.length = open.length.saturating_add(here.len() as u64);
                if (wanted.from..wanted.to).contains(&self.total) {
                    open.bytes.extend_from_slice(here);
                }
                open.frame(frame, wanted.frames);
            }
            offset = offset.saturating_add(here.len() as u64);
            bytes = rest;
            if !bytes.is_empty() {
                self.close(wanted, room);
            }
        }
    }

    /// Takes a hole: bytes of one end that are not in the capture.
    pub fn hole(&mut self, from: Side, missing: u64, frame: u64, wanted: &Wanted, room: &mut Room) {
        self.close(wanted, room);
        let [client, server] = &mut self.sent;
        let sent = if from == Side::Client { client } else { server };
        let offset = sent.bytes.saturating_add(sent.missing_bytes);
        sent.missing_bytes = sent.missing_bytes.saturating_add(missing);
        let mut piece = Piece::new(from, offset, missing);
        piece.frame(frame, wanted.frames);
        self.open = Some(piece);
        self.close(wanted, room);
    }

    /// Ends the piece that is being filled.
    pub fn close(&mut self, wanted: &Wanted, room: &mut Room) {
        self.width = 0;
        let Some(piece) = self.open.take() else { return };
        if (wanted.from..wanted.to).contains(&self.total) {
            if room.take(piece.cost()) {
                self.kept.push(piece);
            } else {
                self.lost = self.lost.saturating_add(1);
            }
        }
        self.total = self.total.saturating_add(1);
    }

    /// The pieces of the page; `read` makes of the bytes of each what is shown.
    pub fn report(
        &self,
        wanted: &Wanted,
        lists: &mut Lists,
        read: impl Fn(Side, &[u8]) -> Vec<u8>,
    ) -> Vec<PieceReport> {
        let places = usize::try_from(wanted.from).unwrap_or(usize::MAX)..;
        let report = |(place, piece): (usize, &Piece)| {
            lists.told_within(FRAME_LIST, &[place], piece.frames_total, wanted.frames, piece.frames.len());
            let bytes = read(piece.from, &piece.bytes);
            let is_hole = piece.missing > 0;
            let (text, hex, held) = match wanted.form {
                _ if is_hole => (None, None, 0),
                Form::Text => {
                    let (text, held) = escaped(&bytes);
                    (Some(text), None, held)
                }
                Form::Hex => (None, Some(hexadecimal(&bytes, "", TEXT / 2)), bytes.len().min(TEXT / 2)),
            };
            PieceReport {
                from: if piece.from == Side::Client { From::Client } else { From::Server },
                offset: piece.offset,
                length: piece.length,
                missing: piece.missing,
                frames: piece.frames.clone(),
                frames_total: Some(piece.frames_total).filter(|total| *total > FRAMES as u64).unwrap_or_default(),
                text,
                hex,
                left_out: bytes.len().saturating_sub(held) as u64,
            }
        };
        places.zip(&self.kept).map(report).collect()
    }
}

#[cfg(test)]
mod tests;
