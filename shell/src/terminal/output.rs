//! Data on standard output, as JSON or tables, and text that cannot touch the terminal.
//!
//! Every text of a model, a tool or a server passes [`visible`] before it is printed, on
//! standard error too. This file does not know what it prints.

use std::fmt::Display;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::{records, secrets};

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Colour {
    #[default]
    Auto,
    Always,
    Never,
}

static PLAIN: AtomicBool = AtomicBool::new(false);

/// Settles whether output is for a screen reader: no colours, no signs for words, and no line
/// that is written over.
pub fn plain(is_plain: bool) {
    PLAIN.store(is_plain, Ordering::Relaxed);
    if is_plain {
        colour(Colour::Never);
    }
}

/// Whether output is for a screen reader.
pub fn is_plain() -> bool {
    PLAIN.load(Ordering::Relaxed)
}

/// Prints one JSON value.
pub fn json(value: &impl Serialize) -> Result<()> {
    put(&json_text(value)?)
}

/// Prints one JSON value after the words `before`, for people to read.
pub fn json_after(before: &str, value: &impl Serialize) -> Result<()> {
    put(&format!("{}{}", secrets::text(before), json_text(value)?))
}

/// Prints one JSON value over several lines, for people to read.
pub fn pretty_json(value: &impl Serialize) -> Result<()> {
    put(&escaped(&match secrets::are_known() {
        false => serde_json::to_string_pretty(value)?,
        true => serde_json::to_string_pretty(&secrets::value(serde_json::to_value(value)?))?,
    }))
}

/// One JSON value on a line, which can touch no terminal. Secrets are taken out of the value and
/// not of its text: one may look like the signs of JSON.
pub fn json_text(value: &impl Serialize) -> Result<String> {
    Ok(escaped(&match secrets::are_known() {
        false => serde_json::to_string(value)?,
        true => serde_json::to_string(&secrets::value(serde_json::to_value(value)?))?,
    }))
}

/// `json` with what could touch a terminal written as JSON writes it: the same value.
/// Such characters stand in strings only.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match is_hidden(c) {
            true => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
            false => text.push(c),
        }
    }
    text
}

/// Prints one line. A closed pipe comes back as an error that is reported quietly.
pub fn line(text: &str) -> Result<()> {
    put(&secrets::text(text))
}

/// Prints one line as it is.
fn put(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .context("standard output cannot be written")
}

/// Settles when output is coloured; by itself it is on a terminal without NO_COLOR.
pub fn colour(when: Colour) {
    if when != Colour::Auto {
        console::set_colors_enabled(when == Colour::Always);
        console::set_colors_enabled_stderr(when == Colour::Always);
    }
}

/// So many things by their noun: `1 page`, `2 pages`.
pub fn counted(count: impl Display, noun: &str) -> String {
    let count = count.to_string();
    let ending = match noun {
        _ if count == "1" => return format!("{count} {noun}"),
        noun if noun.ends_with(['s', 'x']) || noun.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{count} {noun}{ending}")
}

/// Processes by their numbers: `process 3`, `processes 3, 5`.
pub fn processes(pids: &[i64]) -> String {
    let noun = match pids {
        [_] => "process",
        _ => "processes",
    };
    let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
    format!("{noun} {}", pids.join(", "))
}

/// The columns of the terminal; 80 where there is none, or one that does not say.
pub fn columns() -> usize {
    usize::from(console::Term::stderr().size().1)
}

/// Prints rows under `heads`: arranged to the width of a terminal, below each other where that is
/// too narrow, one plain line a row elsewhere.
pub fn table(heads: &[&str], rows: Vec<Vec<String>>) -> Result<()> {
    let shown = |row: Vec<String>| row.iter().map(|cell| visible(&one_line(cell))).collect();
    let rows: Vec<Vec<String>> = rows.into_iter().map(shown).collect();
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(heads.to_vec());
    // A terminal that does not say how wide it is has zero columns.
    let columns = console::Term::stdout().size_checked().map(|size| size.1);
    if let Some(columns) = columns.filter(|columns| *columns > 0) {
        if !rows.is_empty() && !records::has_room(heads, &rows, columns.into()) {
            return line(&records::below_each_other(heads, &rows));
        }
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(columns);
    }
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    line(&table.trim_fmt())
}

/// `text` with control characters made visible, so that what a model or a tool
/// wrote cannot move the cursor, hide text or change the terminal.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) {
            true => shown.push_str(&format!("\\u{{{:x}}}", c as u32)),
            false => shown.push(c),
        }
    }
    shown
}

/// `text` with every character made visible that a person could fail to see, line ends and
/// joiners too: for what somebody has to agree to.
pub fn seen(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) || is_unseen(c) {
            true => shown.push_str(&format!("\\u{{{:x}}}", c as u32)),
            false => shown.push(c),
        }
    }
    shown
}

/// Characters that belong to letters, and to nothing where they stand alone: joiners,
/// variants, fillers; and white space that is more than a space.
fn is_unseen(c: char) -> bool {
    match c {
        '\u{ad}' | '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{200c}' | '\u{200d}' => true,
        '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}' => true,
        '\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{2800}' => true,
        '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{fffb}' => true,
        '\u{e0080}'..='\u{e0fff}' => true,
        c => c != ' ' && c.is_whitespace(),
    }
}

/// Characters that act on a terminal or are not seen there: control and escape
/// characters, those that reorder what is shown, so that text looks like another one, and
/// those by which words are hidden from a person and told to a model.
fn is_hidden(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        // Marks and embeddings of a direction.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        // Separators of lines, and what has no width. Joiners are letters' own.
        '\u{2028}' | '\u{2029}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => true,
        // Tags: a second alphabet that nobody sees.
        '\u{e0000}'..='\u{e007f}' => true,
        c => c.is_control(),
    }
}

/// `text` on one line.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first `max` characters of `text`, with a mark when there is more.
pub fn shortened(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A time as people say it.
pub fn seconds(ms: u64) -> String {
    match ms {
        0..1000 => format!("{ms} ms"),
        ms => format!("{:.1} s", ms as f64 / 1000.0),
    }
}

/// How long ago a moment was, given in milliseconds since 1970.
pub fn ago(then_ms: i64) -> String {
    let now_ms = chrono::Utc::now().timestamp_millis();
    match (now_ms - then_ms).max(0) / 1000 {
        s @ 0..60 => format!("{s} s ago"),
        s @ 60..3600 => format!("{} min ago", s / 60),
        s @ 3600..86_400 => format!("{} h ago", s / 3600),
        s => format!("{} d ago", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_tricks_become_visible() {
        let check = |text: &str, want: &str| assert_eq!(visible(text), want);
        check("plain\ttext\n", "plain\ttext\n");
        check("\u{1b}[2Jgone", "\\u{1b}[2Jgone");
        check("a\rb\u{7}", "a\\u{d}b\\u{7}");
        check("abc\u{202e}fdp.exe", "abc\\u{202e}fdp.exe");
        check("a\u{9b}2Jb\u{7f}", "a\\u{9b}2Jb\\u{7f}");
        check("hi\u{e0041}\u{200b}", "hi\\u{e0041}\\u{200b}");
        check("क्\u{200d}ष 👩\u{200d}🚀 é", "क्\u{200d}ष 👩\u{200d}🚀 é");
    }

    #[test]
    fn json_stays_the_same_value() {
        let check = |text: &str, want: &str| {
            let shown = escaped(&serde_json::to_string(text).unwrap());
            assert_eq!(shown, want);
            assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
            assert!(!shown.chars().any(is_hidden));
        };
        check("\u{1b}[2J\n\t", r#""\u001b[2J\n\t""#);
        check("a\u{9b}b\u{7f}\u{202e}", r#""a\u009bb\u007f\u202e""#);
        check("\u{e0041}", r#""\udb40\udc41""#);
        check("é \\ \"", r#""é \\ \"""#);
    }
}
