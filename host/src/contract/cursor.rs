//! Cursors: where the next page of a list begins, of which capture and of which question.

use serde_json::Value;

use crate::answer::{AnswerError, Code};
use crate::digest::{Sha256, hex};

/// Hexadecimal digits of a hash that a cursor holds: it guards against mistakes, not against forgery, as it gives nothing away.
const DIGITS: usize = 12;

/// A cursor as a client gives it back: `LIST:OFFSET:CAPTURE:QUESTION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The list.
    pub list: String,
    /// Its first entry.
    pub offset: u64,
    capture: String,
    question: String,
}

/// What a page must have in common with the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question(String);

impl Question {
    /// A question: the tool, the component that answers, and the arguments that decide on the answer.
    pub fn new(tool: &str, component: &str, arguments: &Value) -> Self {
        Self(digits(&[tool.as_bytes(), component.as_bytes(), arguments.to_string().as_bytes()]))
    }
}

fn digits(pieces: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for piece in pieces {
        hash.update(piece);
        hash.update(&[0]);
    }
    short(&hex(&hash.finish()))
}

fn short(hash: &str) -> String {
    hash.chars().take(DIGITS).collect()
}

impl Cursor {
    /// Reads a cursor.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, AnswerError> {
        let wrong =
            || AnswerError::new(Code::BadArgument, "argument cursor: must be a `next` of `shown.lists`, as it is");
        let mut parts = text.rsplitn(4, ':');
        let mut next = || parts.next().filter(|part| !part.is_empty()).map(str::to_owned).ok_or_else(wrong);
        let (question, capture, offset, list) = (next()?, next()?, next()?, next()?);
        let offset = offset.parse().map_err(|_| wrong())?;
        Ok(Self { list, offset, capture, question })
    }

    /// Writes one.
    pub fn text(list: &str, offset: u64, capture: &str, question: &Question) -> String {
        format!("{list}:{offset}:{}:{}", short(capture), question.0)
    }

    /// Whether it belongs to a question. Can be told before the capture is read.
    ///
    /// # Errors
    /// When it was made for another one.
    pub fn check_question(&self, question: &Question) -> Result<(), AnswerError> {
        if self.question == question.0 {
            return Ok(());
        }
        let message = "argument cursor: belongs to other arguments or another key log; repeat those of the call that gave it (limit, section and \
            max_chars may differ), or ask again without cursor";
        Err(AnswerError::new(Code::BadArgument, message))
    }

    /// Whether it belongs to a capture, by its hash.
    ///
    /// # Errors
    /// When the capture is another one.
    pub fn check_capture(&self, sha256: &str) -> Result<(), AnswerError> {
        if self.capture == short(sha256) {
            return Ok(());
        }
        let message = "argument cursor: the capture is not the one that the cursor was made for; it has changed. Ask again without cursor";
        Err(AnswerError::new(Code::BadArgument, message))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let question = Question::new("t", "c", &json!({ "a": 1 }));
        let text = Cursor::text("packets", 50, "0123456789abcdef", &question);
        let cursor = Cursor::parse(&text).unwrap();
        assert_eq!((cursor.list.as_str(), cursor.offset), ("packets", 50));
        cursor.check_question(&question).unwrap();
        cursor.check_capture("0123456789abcdef").unwrap();
        let other = Question::new("t", "c", &json!({ "a": 2 }));
        assert!(cursor.check_question(&other).unwrap_err().message.contains("other arguments"));
        assert!(cursor.check_capture("f123456789abcdef").unwrap_err().message.contains("changed"));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in ["", "packets", "packets:1", "packets:x:a:b", ":1:a:b", "packets:-1:a:b", "packets:1::b"] {
            assert_eq!(Cursor::parse(text).unwrap_err().code, Code::BadArgument, "{text}");
        }
    }
}
