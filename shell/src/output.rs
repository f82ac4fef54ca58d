//! Data on standard output: JSON or tables, and text that cannot touch the terminal.

use std::io::{IsTerminal, Write};

use anyhow::Result;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::cli::Colour;

/// Prints one JSON value.
pub fn json(value: &impl Serialize) -> Result<()> {
    line(&serde_json::to_string(value)?)
}

/// Prints one line. A closed pipe comes back as an error that is reported quietly.
pub fn line(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}

/// Settles when output is coloured; by itself it is on a terminal without NO_COLOR.
pub fn colour(when: Colour) {
    if when != Colour::Auto {
        console::set_colors_enabled(when == Colour::Always);
        console::set_colors_enabled_stderr(when == Colour::Always);
    }
}

/// Prints rows under `heads`: arranged to the width of a terminal, one plain
/// line a row elsewhere.
pub fn table(heads: &[&str], rows: Vec<Vec<String>>) -> Result<()> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(heads.to_vec());
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    for row in rows {
        table.add_row(row.into_iter().map(|cell| visible(&one_line(&cell))));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    line(&table.trim_fmt())
}

/// `text` with control characters made visible, so that what a model or a tool
/// wrote cannot move the cursor, hide text or change the terminal.
pub fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c.to_string(),
            c if c.is_control() || is_bidi_control(c) => format!("\\u{{{:x}}}", c as u32),
            c => c.to_string(),
        })
        .collect()
}

/// Characters that reorder what is shown: text could look like another one.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |now| now.as_millis() as i64);
    match (now - then_ms).max(0) / 1000 {
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
    }
}
