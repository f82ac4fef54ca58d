//! Markdown: headings, tables, fenced code and comments.

use std::ops::Range;

use super::{Block, Outline, lines};
use crate::shape::is_rule;

/// Spaces from which on a line is code.
const CODE_SPACES: usize = 4;

/// What a line stands in.
enum Within {
    /// Text.
    Text,
    /// Code between fences of this sign and at least this many of it.
    Fence(char, usize),
    /// A comment of HTML.
    Comment,
}

/// The blocks of a text.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let lines: Vec<Range<usize>> = lines(text).collect();
    let of = |n: usize| lines.get(n).map_or("", |range| &text[range.clone()]);
    let mut outline = Outline::default();
    let mut within = Within::Text;
    let mut after_blank = true;
    let mut n = 0;
    while n < lines.len() {
        let line = of(n);
        let range = lines[n].clone();
        n += 1;
        let is_blank = line.trim().is_empty();
        match within {
            Within::Fence(sign, count) => {
                if fence(line).is_some_and(|(other, more, info)| {
                    other == sign && more >= count && info.is_empty()
                }) {
                    within = Within::Text;
                }
                outline.line(range, false);
            }
            Within::Comment => {
                if line.contains("-->") {
                    within = Within::Text;
                }
                outline.line(range, false);
            }
            Within::Text => {
                let next = of(n);
                if let Some((sign, count, _)) = fence(line) {
                    within = Within::Fence(sign, count);
                    outline.line(range, after_blank);
                } else if let Some((level, title)) = heading(line) {
                    outline.heading(range, level, &title);
                    // What follows is a block of its own.
                    after_blank = true;
                    continue;
                } else if after_blank && let Some(level) = underline(line, next) {
                    outline.heading(range.start..lines[n].end, level, line.trim());
                    n += 1;
                    after_blank = true;
                    continue;
                } else if is_table(line, next) {
                    n = table(&mut outline, text, &lines, n - 1);
                    after_blank = true;
                    continue;
                } else {
                    if opens_comment(line) {
                        within = Within::Comment;
                    }
                    outline.line(range, after_blank && !is_blank);
                }
            }
        }
        after_blank = is_blank;
    }
    outline.blocks
}

/// Adds the table whose head is at line `n`, a block for each row; gives back the line
/// after it.
pub(super) fn table(outline: &mut Outline, text: &str, lines: &[Range<usize>], n: usize) -> usize {
    let head = lines[n].start..lines[n + 1].end;
    outline.block(head.clone(), true, None);
    let mut at = n + 2;
    while let Some(range) = lines.get(at) {
        let line = &text[range.clone()];
        if line.trim().is_empty() || !line.contains('|') {
            break;
        }
        outline.block(range.clone(), false, Some(head.clone()));
        at += 1;
    }
    at
}

/// Whether `line` is the head of a table, which the next one says.
pub(super) fn is_table(line: &str, next: &str) -> bool {
    line.contains('|') && is_rule(next)
}

/// The sign, the length and the words of a line that begins or ends code.
fn fence(line: &str) -> Option<(char, usize, &str)> {
    let line = line.trim();
    let sign = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = line.trim_start_matches(sign);
    let count = line.len() - rest.len();
    // Code within a line may begin and end with as many signs.
    let is_code = sign == '`' && rest.contains('`');
    (count >= 3 && !is_code).then_some((sign, count, rest.trim()))
}

/// Whether a comment begins in `line` that does not end there.
fn opens_comment(line: &str) -> bool {
    // Between signs of code it is not a comment.
    let last = line
        .rfind("<!--")
        .filter(|at| line[..*at].matches('`').count().is_multiple_of(2));
    last.is_some_and(|at| !line[at..].contains("-->"))
}

/// The level and the words of a heading.
fn heading(line: &str) -> Option<(usize, String)> {
    let bare = line.trim_start_matches(' ');
    if line.len() - bare.len() >= CODE_SPACES {
        return None;
    }
    let rest = bare.trim_start_matches('#');
    let level = bare.len() - rest.len();
    let rest = rest.strip_prefix([' ', '\t'])?.trim();
    // "# Title #", but not "# C#".
    let title = match rest.trim_end_matches('#') {
        bare if bare.ends_with([' ', '\t']) => bare.trim_end(),
        "" => "",
        _ => rest,
    };
    let title = plain(title);
    ((1..=6).contains(&level) && !title.is_empty()).then_some((level, title))
}

/// The level of the heading that `line` is by what is below it.
fn underline(line: &str, next: &str) -> Option<usize> {
    let next = next.trim_end();
    let level = match next.trim_start().chars().next()? {
        '=' => 1,
        '-' => 2,
        _ => return None,
    };
    let sign = next.trim_start().chars().next()?;
    let indent = next.len() - next.trim_start().len();
    let is_line = indent < CODE_SPACES && next.trim_start().chars().all(|c| c == sign);
    let words = line.trim_start();
    // Below a list, a quotation, a table or a line it is a line too.
    let other = words.starts_with(['-', '*', '+', '>', '|', '#', '<', '=']);
    let is_words = !other && line.len() - words.len() < CODE_SPACES && !words.trim().is_empty();
    (is_line && is_words).then_some(level)
}

/// The words of a heading without what points elsewhere.
fn plain(title: &str) -> String {
    // "Title {#name .class}"
    let title = match title.rfind('{') {
        Some(at) if title.ends_with('}') && title[at + 1..].starts_with(['#', '.', ':']) => {
            title[..at].trim_end()
        }
        _ => title,
    };
    let mut words = String::with_capacity(title.len());
    let mut rest = title;
    while let Some(at) = rest.find('[') {
        let link = rest[at..].find("](").and_then(|middle| {
            let end = rest[at + middle..].find(')')?;
            Some((at + middle, at + middle + end + 1))
        });
        match link {
            Some((middle, end)) => {
                words.push_str(rest[..at].trim_end_matches('!'));
                words.push_str(&rest[at + 1..middle]);
                rest = &rest[end..];
            }
            None => {
                words.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
            }
        }
    }
    words.push_str(rest);
    words
}
