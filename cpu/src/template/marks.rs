//! Marks that stand for texts while a template runs.
//!
//! A template never sees a text: so what it writes is told apart from what was said, and
//! text that imitates `<|im_end|>` stays text. But templates trim: some take white space from
//! both ends, some only line ends. So a mark has both around it, and what is left of them says
//! what has to be done to the text.

use super::Segment;
use crate::{Message, Picture};

// From a private use area, so that no template writes them by itself.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';
/// White space that no template writes.
const SPACE: char = '\u{2003}';
/// More line ends than a template writes before or after a text.
const LINES: &str = "\n\n\n\n\n\n";

/// The mark of the text of message `index`.
pub(super) fn mark(index: usize) -> String {
    format!("{LINES}{SPACE}{OPEN}{index}{CLOSE}{SPACE}{LINES}")
}

/// Whether the mark of message `index` is in `rendered`.
pub(super) fn stands_in(rendered: &str, index: usize) -> bool {
    rendered.contains(&format!("{OPEN}{index}{CLOSE}"))
}

/// What a template wrote more in `two` than in `one` before the text of message `index`, where that
/// is the end of what it wrote there in `one`.
pub(super) fn added_before(one: &str, two: &str, index: usize) -> Option<String> {
    let (one, _, _) = around(one, index)?;
    let (two, _, _) = around(two, index)?;
    let added = two.strip_prefix(one)?;
    (!added.is_empty() && one.ends_with(added)).then(|| added.to_owned())
}

/// `rendered` without `placeholder`, which stands as often as `count` right before the text of
/// message `index`; `None` where it does not.
pub(super) fn without_before(
    rendered: &str,
    index: usize,
    placeholder: &str,
    count: usize,
) -> Option<String> {
    let (written, space, rest) = around(rendered, index)?;
    let mut placeholders = 0..count;
    let written = placeholders.try_fold(written, |left, _| left.strip_suffix(placeholder))?;
    Some(format!("{written}{space}{rest}"))
}

/// What stands in `rendered` before the mark of message `index`, white space that belongs to the
/// mark, and the rest from the mark itself on.
fn around(rendered: &str, index: usize) -> Option<(&str, &str, &str)> {
    let at = rendered.find(&format!("{OPEN}{index}{CLOSE}"))?;
    let (before, rest) = rendered.split_at(at);
    let (written, _) = left_before(before);
    Some((written, &before[written.len()..], rest))
}

/// `rendered` with the texts of `messages` in the place of their marks.
pub(super) fn split(rendered: &str, messages: &[Message]) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut push = |text: &str, special: bool, pictures: &[Picture]| {
        if !text.is_empty() || !pictures.is_empty() {
            segments.push(Segment {
                text: text.to_owned(),
                special,
                pictures: pictures.to_vec(),
            });
        }
    };
    let mut rest = rendered;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (index, after) = after.split_once(CLOSE).unwrap_or(("", after));
        let (before, at_start) = left_before(before);
        let (after, at_end) = left_after(after);
        push(before, true, &[]);
        rest = after;
        if let Some(message) = index.parse().ok().and_then(|i: usize| messages.get(i)) {
            let text = at_end.end(at_start.start(&message.text));
            push(text, false, &message.pictures);
        }
    }
    push(rest, true, &[]);
    segments
}

/// What a template takes from an end of a text.
#[derive(Clone, Copy)]
enum Trim {
    Nothing,
    Lines,
    All,
}

impl Trim {
    fn start(self, text: &str) -> &str {
        match self {
            Trim::Nothing => text,
            Trim::Lines => text.trim_start_matches('\n'),
            Trim::All => text.trim_start(),
        }
    }

    fn end(self, text: &str) -> &str {
        match self {
            Trim::Nothing => text,
            Trim::Lines => text.trim_end_matches('\n'),
            Trim::All => text.trim_end(),
        }
    }
}

/// What the template wrote before a mark, and what it took of the mark.
fn left_before(before: &str) -> (&str, Trim) {
    match before.strip_suffix(SPACE) {
        None => (before, Trim::All),
        Some(before) => match before.strip_suffix(LINES) {
            None => (before, Trim::Lines),
            Some(before) => (before, Trim::Nothing),
        },
    }
}

/// What the template wrote after a mark, and what it took of the mark.
fn left_after(after: &str) -> (&str, Trim) {
    match after.strip_prefix(SPACE) {
        None => (after, Trim::All),
        Some(after) => match after.strip_prefix(LINES) {
            None => (after, Trim::Lines),
            Some(after) => (after, Trim::Nothing),
        },
    }
}
