//! A text that comes in pieces, without secrets.

use super::LeakScan;
use crate::secrets::view::View;

/// Bytes that are held beyond the longest form, for values that are looked for as they are
/// written.
const PLAIN_BYTES: usize = 64;
/// Bytes of the longest escape of one character, `\u0041`.
const ESCAPE_BYTES_MAX: usize = 6;

/// A text that comes in pieces: what may be the beginning of a secret is held until more is
/// known.
pub struct Stream {
    leaks: LeakScan,
    held: String,
    /// Whether it is an object or a list of JSON, as far as that is known.
    may_be_json: bool,
}

impl Stream {
    pub(super) fn new(leaks: LeakScan, may_be_json: bool) -> Self {
        Self {
            leaks,
            held: String::new(),
            may_be_json,
        }
    }

    /// What can be shown once `piece` has come.
    pub fn push(&mut self, piece: &str) -> String {
        if self.leaks.is_empty() {
            return piece.to_owned();
        }
        self.held.push_str(piece);
        if self.may_be_json {
            match self.held.trim_start().chars().next() {
                None | Some('{' | '[') => return String::new(),
                Some(_) => self.may_be_json = false,
            }
        }
        self.shown()
    }

    /// What of the text held can be no part of a secret that goes on.
    fn shown(&mut self) -> String {
        let Some(looked) = &self.leaks.0 else {
            return std::mem::take(&mut self.held);
        };
        let view = View::plain(&self.held);
        let escapes = match self.held.contains(['%', '\\']) {
            true => ESCAPE_BYTES_MAX,
            false => 1,
        };
        let held = looked.longest.max(1) * escapes;
        let Some(last) = view.places.len().checked_sub(held) else {
            return String::new();
        };
        let mut cut = view.places[last].0.saturating_sub(PLAIN_BYTES);
        for leak in looked.leaks(&self.held) {
            if leak.at.start < cut && cut < leak.at.end {
                cut = leak.at.start;
            }
        }
        let rest = self.held.split_off(self.held.floor_char_boundary(cut));
        let shown = std::mem::replace(&mut self.held, rest);
        looked.redacted(&shown).into_owned()
    }

    /// The rest.
    pub fn end(&mut self) -> String {
        let rest = std::mem::take(&mut self.held);
        let clean = match self.may_be_json {
            true => self.leaks.redacted_json(&rest),
            false => self.leaks.redacted(&rest),
        };
        clean.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secret;

    #[test]
    fn json_comes_without_the_parts_of_a_secret() {
        let secret = Secret::new("CANARY-7f3a9b2c4d5e6f70/xY").unwrap();
        let leaks = LeakScan::of([("bank", &secret)]);
        let check = |text: &str, want: &str| {
            for bytes in [1, 5, text.len().max(1)] {
                let mut stream = leaks.json_stream();
                let pieces = text.as_bytes().chunks(bytes);
                let pieces = pieces.map(|piece| std::str::from_utf8(piece).unwrap());
                let mut shown: String = pieces.map(|piece| stream.push(piece)).collect();
                shown += &stream.end();
                assert_eq!(shown, want, "{text} by {bytes}");
            }
        };
        check(
            r#"{"a":"CANARY-7","b":"f3a9b2c4","c":"d5e6f70/xY","d":"no"}"#,
            "{\"a\":\"⟦secret bank, in part⟧\",\"b\":\"⟦secret bank, in part⟧\",\
             \"c\":\"⟦secret bank, in part⟧\",\"d\":\"no\"}",
        );
        check(" [\"CANARY-7f3a9b2c4d5e6f70/xY\"]", r#"["⟦secret bank⟧"]"#);
        check(r#"{"a": 1}"#, r#"{"a": 1}"#);
        // What is no JSON, or breaks off.
        check("It is CANARY-7f3a9b2c4d5e6f70/xY.", "It is ⟦secret bank⟧.");
        check(
            r#"{"a":"CANARY-7f3a9b2c4d5e6f70/xY"#,
            r#"{"a":"⟦secret bank⟧"#,
        );
        check("Take [2].", "Take [2].");
        check("", "");
    }
}
