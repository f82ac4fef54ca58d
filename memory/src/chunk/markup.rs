//! Headings as Org, reStructuredText, AsciiDoc and LaTeX write them.

use std::ops::Range;

use super::grid::{Grid, grid};
use super::{Block, Outline, Syntax, lines};

/// The bytes of a title of LaTeX that are looked at.
const TITLE_BYTES_MAX: usize = 1_000;
/// The commands of LaTeX for headings, the outermost first.
const SECTIONS: &[&str] = &[
    "title",
    "part",
    "chapter",
    "section",
    "subsection",
    "subsubsection",
    "paragraph",
    "frametitle",
];

/// A heading: how many lines it takes, its level and its words.
type Heading = (usize, usize, String);

/// The blocks of a text.
pub(super) fn blocks(text: &str, syntax: Syntax) -> Vec<Block> {
    let lines: Vec<Range<usize>> = lines(text).collect();
    let mut outline = Outline::default();
    let mut after_blank = true;
    // The line that ends what is no text.
    let mut verbatim: Option<String> = None;
    // The kinds of lines under headings, in the order in which they came.
    let mut kinds: Vec<(char, bool)> = Vec::new();
    let mut n = 0;
    while n < lines.len() {
        let range = lines[n].clone();
        let line = &text[range.clone()];
        let is_blank = line.trim().is_empty();
        if let Some(end) = &verbatim {
            if ends(line, end, syntax) {
                verbatim = None;
            }
            outline.line(range, false);
            after_blank = false;
            n += 1;
            continue;
        }
        let next = |ahead: usize| {
            lines
                .get(n + ahead)
                .map_or("", |range| &text[range.clone()])
        };
        let heading = match syntax {
            Syntax::Org => org(line),
            Syntax::Rst => rst(line, next(1), next(2), after_blank, &mut kinds),
            Syntax::AsciiDoc => ascii_doc(line),
            _ => latex(&text[range.start..]),
        };
        if let Some((count, level, title)) = heading {
            let last = (n + count).min(lines.len());
            outline.heading(range.start..lines[last - 1].end, level, &title);
            n = last;
            after_blank = true;
            continue;
        }
        if let Some(grid) = grid(&next, syntax) {
            n += table(&mut outline, &lines[n..], &grid);
            after_blank = true;
            continue;
        }
        verbatim = begins(line, syntax);
        outline.line(range, after_blank && !is_blank);
        after_blank = is_blank;
        n += 1;
    }
    outline.blocks
}

/// Adds the table `grid`, which begins with the first of `lines`, a block for each row; gives back
/// how many lines it has.
fn table(outline: &mut Outline, lines: &[Range<usize>], grid: &Grid) -> usize {
    let head = lines[0].start..lines[grid.head - 1].end;
    outline.block(head.clone(), true, None);
    let mut start = grid.head;
    for end in &grid.ends {
        let row = lines[start].start..lines[*end - 1].end;
        outline.block(row, false, Some(head.clone()));
        start = *end;
    }
    start
}

/// What ends the verbatim part that `line` begins.
fn begins(line: &str, syntax: Syntax) -> Option<String> {
    let line = line.trim();
    match syntax {
        Syntax::AsciiDoc => {
            let sign = line
                .chars()
                .next()
                .filter(|c| matches!(c, '-' | '.' | '/' | '+' | '`'))?;
            let least = if sign == '`' { 3 } else { 4 };
            let count = line.chars().take_while(|c| *c == sign).count();
            let fenced = sign == '`' && count >= least;
            (fenced || count >= least && count == line.len()).then(|| line[..count].to_owned())
        }
        Syntax::Latex => [
            "verbatim",
            "lstlisting",
            "minted",
            "comment",
            "filecontents",
        ]
        .into_iter()
        .find(|name| line.starts_with(&format!("\\begin{{{name}")))
        .map(|name| format!("\\end{{{name}")),
        Syntax::Org => {
            let lower = line.to_ascii_lowercase();
            let name = lower.strip_prefix("#+begin_")?.split_whitespace().next()?;
            Some(format!("#+end_{name}"))
        }
        _ => None,
    }
}

fn ends(line: &str, end: &str, syntax: Syntax) -> bool {
    let line = line.trim();
    match syntax {
        Syntax::AsciiDoc => line == end,
        Syntax::Org => line.to_ascii_lowercase().starts_with(end),
        _ => line.starts_with(end),
    }
}

/// `** TODO [#A] Title :tag:`, or `#+TITLE: Title`.
fn org(line: &str) -> Option<Heading> {
    let head = line
        .get(..8)
        .filter(|head| head.eq_ignore_ascii_case("#+title:"));
    if head.is_some() {
        return Some((1, 0, line[8..].trim().to_owned()));
    }
    let rest = line.trim_start_matches('*');
    let level = line.len() - rest.len();
    if level == 0 {
        return None;
    }
    let mut title = rest.strip_prefix(' ')?.trim();
    for word in ["TODO ", "DONE ", "NEXT ", "WAITING ", "CANCELLED "] {
        title = title.strip_prefix(word).unwrap_or(title).trim_start();
    }
    if title.starts_with("[#") {
        title = title.get(4..).unwrap_or_default().trim_start();
    }
    if let Some((words, tags)) = title.rsplit_once(' ')
        && tags.len() > 2
        && tags.starts_with(':')
        && tags.ends_with(':')
    {
        title = words.trim_end();
    }
    Some((1, level, title.to_owned()))
}

/// A title with a line of signs below it, or one above and one below.
fn rst(
    line: &str,
    next: &str,
    after: &str,
    after_blank: bool,
    kinds: &mut Vec<(char, bool)>,
) -> Option<Heading> {
    let mut level = |sign: char, is_framed: bool| {
        let kind = (sign, is_framed);
        kinds
            .iter()
            .position(|known| *known == kind)
            .unwrap_or_else(|| {
                kinds.push(kind);
                kinds.len() - 1
            })
    };
    let width = |words: &str| words.trim_end().chars().count();
    if let (Some(above), Some(below)) = (rule(line), rule(after))
        && above == below
        && !next.trim().is_empty()
        && rule(next).is_none()
        && width(line) >= width(next)
    {
        return Some((3, level(above, true), next.trim().to_owned()));
    }
    let sign = rule(next)?;
    let is_title = after_blank
        && rule(line).is_none()
        && !line.trim().is_empty()
        && !line.starts_with([' ', '\t'])
        && !line.starts_with(".. ")
        && width(next) >= width(line).min(4);
    is_title.then(|| (2, level(sign, false), line.trim().to_owned()))
}

/// The sign that a whole line is made of.
fn rule(line: &str) -> Option<char> {
    let line = line.trim_end();
    let sign = line.chars().next().filter(char::is_ascii_punctuation)?;
    (line.len() >= 3 && line.chars().all(|c| c == sign)).then_some(sign)
}

/// `== Title`
fn ascii_doc(line: &str) -> Option<Heading> {
    let sign = line.chars().next().filter(|c| matches!(c, '=' | '#'))?;
    let rest = line.trim_start_matches(sign);
    let level = line.len() - rest.len();
    let title = rest
        .strip_prefix(' ')?
        .trim()
        .trim_end_matches(sign)
        .trim_end();
    ((1..=6).contains(&level) && !title.is_empty()).then(|| (1, level, title.to_owned()))
}

/// `\section[short]{Title}`, at the beginning of `text`.
fn latex(text: &str) -> Option<Heading> {
    let text = &text[..text.floor_char_boundary(TITLE_BYTES_MAX)];
    let bare = text.trim_start_matches([' ', '\t']).strip_prefix('\\')?;
    let name_len = bare.find(|c: char| !c.is_ascii_alphabetic())?;
    let level = SECTIONS
        .iter()
        .position(|name| *name == &bare[..name_len])?;
    let mut rest = bare[name_len..].trim_start_matches('*');
    if rest.starts_with('[') {
        rest = &rest[rest.find(']')? + 1..];
    }
    let inside = rest.strip_prefix('{')?;
    let mut depth = 1;
    let end = inside.char_indices().find_map(|(at, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })?;
    let before = text.len() - inside.len() + end;
    let lines = text[..before].matches('\n').count() + 1;
    let title = without_commands(&inside[..end]);
    Some((lines, level, title))
}

/// `text` without the commands of LaTeX and their braces: "The \emph{old} mill".
fn without_commands(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '{', '}', '~']) {
        words.push_str(&rest[..at]);
        let sign = &rest[at..=at];
        rest = &rest[at + 1..];
        match sign {
            "\\" => {
                let name = rest.len()
                    - rest
                        .trim_start_matches(|c: char| c.is_ascii_alphabetic())
                        .len();
                match (name, rest.chars().next()) {
                    // "\&" is a sign, and two of them are the end of a line.
                    (0, Some('\\')) => words.push(' '),
                    (0, Some(sign)) => words.push(sign),
                    _ => {}
                }
                let skipped = if name > 0 {
                    name
                } else {
                    rest.chars().next().map_or(0, char::len_utf8)
                };
                rest = &rest[skipped..];
            }
            "~" => words.push(' '),
            _ => {}
        }
    }
    words.push_str(rest);
    words
}
