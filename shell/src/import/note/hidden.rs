//! What of a note is not meant to be read: comments that only its writer sees, and pictures that are
//! written into it.
//!
//! Every line keeps its number: what is left out leaves blank lines.

use std::collections::HashMap;
use std::ops::Range;

/// `text` without comments that only its writer is meant to see, and without pictures
/// written into it; code stays as it is.
pub(super) fn readable(text: &str) -> String {
    if !["%%", "<!--", "<svg", "data:"]
        .iter()
        .any(|mark| text.contains(mark))
    {
        return text.to_owned();
    }
    let mut whole = String::with_capacity(text.len());
    let mut ends = Ends::default();
    let (mut at, mut line_end) = (0, 0);
    let mut fence: Option<&str> = None;
    let mut line_start = true;
    while at < text.len() {
        if line_end <= at {
            line_end = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
        }
        if line_start {
            let line = &text[at..line_end];
            let bare = line.trim_start();
            let mark = ["```", "~~~"]
                .into_iter()
                .find(|mark| bare.starts_with(mark));
            let toggles = match (fence, mark) {
                (Some(open), Some(mark)) => open == mark,
                (None, Some(mark)) => mark == "~~~" || !bare.trim_start_matches('`').contains('`'),
                _ => false,
            };
            if toggles || fence.is_some() {
                fence = if toggles { fence.xor(mark) } else { fence };
                whole.push_str(line);
                at = line_end;
                continue;
            }
        }
        let out = left_out(text, at..line_end, &mut ends).unwrap_or(line_end..line_end);
        let kept = &text[at..out.start];
        whole.push_str(kept);
        line_start = out.is_empty() && kept.ends_with('\n');
        at = out.end;
        whole.push_str(&drawn(&text[out.clone()]));
        whole.push_str(&"\n".repeat(text[out].matches('\n').count()));
    }
    whole
}

/// What a drawing says that is written into a note, with a space behind it; nothing of a sign,
/// whose title names it, and of other parts that are left out.
fn drawn(part: &str) -> String {
    let is_saying = ["<text", "<desc"].iter().any(|mark| part.contains(mark));
    if !part.starts_with("<svg") || !is_saying {
        return String::new();
    }
    let mut said = String::new();
    let mut is_open = false;
    for piece in part.split('<').skip(1) {
        let (tag, words) = piece.split_once('>').unwrap_or((piece, ""));
        let name = tag.split([' ', '\n', '\t', '/']).next().unwrap_or_default();
        match (name, tag.strip_prefix('/').unwrap_or_default()) {
            ("text" | "title" | "desc", _) => is_open = true,
            (_, "text" | "title" | "desc") => {
                is_open = false;
                said.push(' ');
            }
            _ => {}
        }
        if is_open {
            said.push_str(words);
        }
    }
    let words: Vec<&str> = said.split_whitespace().collect();
    match words.is_empty() {
        true => String::new(),
        false => words.join(" ") + " ",
    }
}

/// What begins and ends a part that is not meant to be read.
const HIDDEN: [(&str, &str); 3] = [("%%", "%%"), ("<!--", "-->"), ("<svg", "</svg>")];

/// Where the next of each end stands in one text. The text is gone through once for each, however
/// often something begins that has no end.
#[derive(Default)]
struct Ends(HashMap<&'static str, usize>);

impl Ends {
    /// The place of the first `end` in `text` from `at` on; `at` is never less than before.
    fn next(&mut self, text: &str, end: &'static str, at: usize) -> Option<usize> {
        let known = self.0.get(end).copied().filter(|place| *place >= at);
        let place = known.unwrap_or_else(|| {
            let found = text[at..].find(end);
            found.map_or(usize::MAX, |place| at + place)
        });
        self.0.insert(end, place);
        (place < usize::MAX).then_some(place)
    }
}

/// The first part of `text` that begins in its `line` and is left out.
fn left_out(text: &str, line: Range<usize>, ends: &mut Ends) -> Option<Range<usize>> {
    // Between signs of code a mark is none.
    let mut in_code = false;
    for at in line.clone() {
        let here = &text.as_bytes()[at..];
        in_code ^= here.starts_with(b"`");
        if in_code {
            continue;
        }
        for (open, close) in HIDDEN {
            if here.starts_with(open.as_bytes())
                && let Some(end) = ends.next(text, close, at + open.len())
            {
                return Some(at..end + close.len());
            }
        }
        if here.starts_with(b"data:")
            && let Some(end) = content_end(text, line.start, at, ends)
        {
            return Some(at..end);
        }
    }
    None
}

/// Where an address ends that holds its own content, and begins `at` a place in `text`; what
/// stands before it is looked at from `start` on.
fn content_end(text: &str, start: usize, at: usize, ends: &mut Ends) -> Option<usize> {
    let address = &text[at..];
    let plain = |c: char| c.is_ascii_alphanumeric() || "/+-.;=_".contains(c);
    let behind = address.strip_prefix("data:")?;
    let (kind, content) = behind.split_at(behind.find(|c| !plain(c))?);
    if !content.starts_with(',') || !kind.contains([';', '/']) {
        return None;
    }
    match text[start..at].chars().next_back() {
        Some('(') => ends.next(text, ")", at),
        Some('<') => ends.next(text, ">", at),
        Some('"') => ends.next(text, "\"", at),
        Some('\'') => ends.next(text, "'", at),
        _ => {
            let len = address.find(char::is_whitespace);
            Some(at + len.unwrap_or(address.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_meant_to_be_read_is_left_out() {
        let check = |text: &str, expected: &str| assert_eq!(readable(text), expected);
        check("red %%not him%% and blue", "red  and blue");
        check("a\n%%\nb\n%%\nc", "a\n\n\n\nc");
        check("100 %% and no more", "100 %% and no more");
        check("`%%a%%` %%b%%", "`%%a%%` ");
        check(
            "```mermaid\n%% kept %%\n```\n%%gone%%",
            "```mermaid\n%% kept %%\n```\n",
        );
        check(
            "![knot](data:image/png;base64,AAAA) <svg><path d='M0'/>\n</svg>end",
            "![knot]() \nend",
        );
        check(
            "![][one]\n\n[one]: <data:image/png;base64,AAAA>\n[two]: data:image/png;base64,AAAA",
            "![][one]\n\n[one]: <>\n[two]: ",
        );
        check(
            "Data: data:a, b <img src=\"data:image/svg+xml,%3Csvg%3E\" alt='knot'> and data:c",
            "Data: data:a, b <img src=\"\" alt='knot'> and data:c",
        );
        check(
            "a <svg><title>Yard</title><text x='1'>north\n<tspan>gate</tspan></text></svg>end <svg><title>x</title></svg>",
            "a Yard north gate \nend ",
        );
        check("red <!-- not\nthis --> and blue", "red \n and blue");
        check(
            "`<!-- shown -->` and 1 <!-- 2",
            "`<!-- shown -->` and 1 <!-- 2",
        );
    }

    #[test]
    fn what_never_ends_is_looked_for_once() {
        let check = |text: String, expected: &str| assert_eq!(readable(&text), expected);
        let many = 100_000;
        for open in ["<!-- ", "<!--\n", "<svg ", "(data:a/b,\n", "`%%` "] {
            let text = open.repeat(many);
            check(text.clone(), &text);
        }
        check("a%%b%%".repeat(many), &"a".repeat(many));
        check("(data:a/b,c)".repeat(many), &"()".repeat(many));
    }
}
