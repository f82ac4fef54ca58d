//! A text as it is searched: its letters and digits in lower case, each with its place. What
//! stands between them may only keep a value apart (`a-b`, `"a" + "b"`), so it is passed over.
//! Escapes of addresses and of JSON are read as what they stand for.

/// A text without all but its letters and digits.
#[derive(Default)]
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    /// Of each byte where it begins and ends in the text.
    pub(super) places: Vec<(usize, usize)>,
}

impl View {
    fn push(&mut self, byte: u8, from: usize, to: usize) {
        if byte.is_ascii_alphanumeric() {
            self.bytes.push(byte.to_ascii_lowercase());
            self.places.push((from, to));
        }
    }

    /// `text` as it is written.
    pub(super) fn plain(text: &str) -> Self {
        let mut view = Self::default();
        for (at, byte) in text.bytes().enumerate() {
            view.push(byte, at, at + 1);
        }
        view
    }

    /// `text` with its escapes read; `None` where it has none.
    pub(super) fn unescaped(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut view = Self::default();
        let (mut at, mut any) = (0, false);
        while at < bytes.len() {
            let (byte, length) = match escape(&bytes[at..]) {
                Some(read) => {
                    any = true;
                    read
                }
                None => (bytes[at], 1),
            };
            view.push(byte, at, at + length);
            at += length;
        }
        any.then_some(view)
    }
}

/// The letters and digits of `text`, in lower case.
pub(super) fn squeeze(text: &str) -> Vec<u8> {
    View::plain(text).bytes
}

/// The byte for which an escape at the beginning of `bytes` stands, and its length: `%41`,
/// `%2541` (escaped twice, or more often), `\x41`, `\u0041`.
fn escape(bytes: &[u8]) -> Option<(u8, usize)> {
    let number = |digits: &[u8]| {
        let text = std::str::from_utf8(digits).ok()?;
        let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
        u8::try_from(u32::from_str_radix(text, 16).ok()?)
            .ok()
            .filter(|_| is_hex)
    };
    match bytes {
        [b'%', rest @ ..] => {
            let mut skipped = 0;
            while rest[skipped..].starts_with(b"25") && rest.len() >= skipped + 4 {
                skipped += 2;
            }
            let digits = rest.get(skipped..skipped + 2)?;
            Some((number(digits)?, 1 + skipped + 2))
        }
        [b'\\', b'x', rest @ ..] => Some((number(rest.get(..2)?)?, 4)),
        [b'\\', b'u', rest @ ..] => Some((number(rest.get(..4)?)?, 6)),
        _ => None,
    }
}
