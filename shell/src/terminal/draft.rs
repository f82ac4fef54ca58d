//! Lines at the end of a terminal that the next ones replace: what a model is writing.
//!
//! Only what stands below the last printed line is ever written over. So that a line is one row,
//! each is cut at the width of the terminal; so that none has scrolled away, there are fewer of
//! them than the terminal has rows. Whatever is printed beside takes the draft away first
//! ([`clear`]); there is one at a time.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use console::Style;

use super::output::{is_plain, visible};
use super::silence::{PATIENCE, Silence};
use super::words::{fill, words};
use super::writing::readable;
use super::{held, secrets};

/// The most rows of a draft.
const ROWS_MAX: usize = 12;

/// Rows that the draft has now.
static ROWS: Mutex<usize> = Mutex::new(0);

/// Takes the draft away, before something else is printed.
pub fn clear() {
    paint(&[]);
}

/// The draft on standard error.
pub struct Draft {
    style: Style,
    written: String,
}

/// The model that is being loaded, where a person sees how far that is, and the percent that are
/// shown.
static LOADING: Mutex<Option<(String, u32)>> = Mutex::new(None);

/// Says that a model is being loaded, until this is dropped.
pub struct Loading {
    _silence: Option<Silence>,
}

/// Says that `model` is being loaded: at once on a terminal, and after a while to a screen reader
/// and where standard error is no terminal. A large one takes seconds.
pub fn loading(model: &str) -> Loading {
    let said = visible(&fill(words().loading, &[("model", &model)]));
    let is_seen = std::io::stderr().is_terminal() && !is_plain();
    if is_seen {
        *LOADING.lock().unwrap_or_else(PoisonError::into_inner) = Some((visible(model), 0));
        line(&said);
        return Loading { _silence: None };
    }
    Loading {
        _silence: Some(Silence::watch(PATIENCE, move || say!("{said}"))),
    }
}

/// Says how much of the model is loaded, from 0 to 1, where that is seen.
pub fn loaded(share: f32) {
    let mut loading = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((model, shown)) = &mut *loading {
        let percent = (share.clamp(0.0, 1.0) * 100.0) as u32;
        if percent == std::mem::replace(shown, percent) {
            return;
        }
        line(&fill(
            words().loading_on,
            &[("model", &*model), ("percent", &percent)],
        ));
    }
}

/// Says after a while that `what` is waited for, until this is dropped.
pub fn waiting(what: &str) -> Silence {
    let waits = fill(words().waits_for, &[("tool", &visible(what))]);
    Silence::watch(PATIENCE, move || {
        say!("{}", fill(words().still, &[("what", &waits)]))
    })
}

/// Shows one faint line in place of the draft.
fn line(text: &str) {
    let (_, columns) = size();
    let style = Style::new().dim().for_stderr();
    let row = wrapped(text, columns).into_iter().take(1);
    let styled: Vec<String> = row.map(|row| style.apply_to(row).to_string()).collect();
    paint(&styled);
}

impl Drop for Loading {
    fn drop(&mut self) {
        let model = LOADING
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if model.is_some() {
            clear();
        }
    }
}

impl Draft {
    /// No draft yet; it will be shown in `style`.
    pub fn new(style: Style) -> Self {
        Self {
            style,
            written: String::new(),
        }
    }

    /// Shows one line in place of the draft.
    pub fn line(&mut self, text: &str) {
        let (_, columns) = size();
        let mut rows = wrapped(text, columns);
        rows.truncate(1);
        self.show(&rows);
    }

    /// Shows the end of what has been written with `text`, in place of the draft.
    pub fn write(&mut self, text: &str) {
        self.written.push_str(text);
        let (rows, columns) = size();
        let written = visible(&secrets::text(&readable(&self.written)));
        self.show(&last(&written, rows, columns));
    }

    /// Takes the draft away.
    pub fn end(&mut self) {
        clear();
        self.written.clear();
    }

    fn show(&self, lines: &[String]) {
        let styled = lines
            .iter()
            .map(|line| self.style.apply_to(line).to_string());
        paint(&styled.collect::<Vec<_>>());
    }
}

/// Takes the draft away although drafts are held back.
pub fn erase() {
    draw(&[]);
}

/// Puts `lines` in the place of the draft, unless a person types there.
fn paint(lines: &[String]) {
    if held::is_free() {
        draw(lines);
    }
}

fn draw(lines: &[String]) {
    let mut rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
    if *rows == 0 && lines.is_empty() {
        return;
    }
    let mut text = String::from("\r");
    if *rows > 1 {
        text.push_str(&format!("\u{1b}[{}A", *rows - 1));
    }
    text.push_str("\u{1b}[J");
    text.push_str(&lines.join("\n"));
    *rows = lines.len();
    let mut err = std::io::stderr();
    // Standard error may be closed; the work goes on without it.
    let _ = err.write_all(text.as_bytes());
    let _ = err.flush();
}

impl Drop for Draft {
    /// An error ends the work without its end: what comes next begins on a line of its own.
    fn drop(&mut self) {
        self.end();
    }
}

/// The most rows of a draft, and the columns of each: one less than there are, because some
/// terminals begin a new row behind the last one.
fn size() -> (usize, usize) {
    let (rows, columns) = console::Term::stderr().size();
    let rows = (usize::from(rows) / 2).clamp(1, ROWS_MAX);
    (rows, usize::from(columns).saturating_sub(1).max(1))
}

/// The last `rows` rows of `text`.
fn last(text: &str, rows: usize, columns: usize) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    for line in text.trim_end().lines().rev().take(rows) {
        let rest = rows - shown.len();
        let parts = wrapped(line, columns);
        shown.extend(parts.into_iter().rev().take(rest));
        if shown.len() == rows {
            break;
        }
    }
    shown.reverse();
    shown
}

/// `line` in rows of at most `columns`; one empty row of an empty line. A tabulator is a space,
/// so that a row is as wide as it is counted.
fn wrapped(line: &str, columns: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut left = columns;
    for c in line.chars() {
        let c = if c == '\t' { ' ' } else { c };
        let width = console::measure_text_width(c.encode_utf8(&mut [0; 4]));
        // A row has one letter at least.
        if width > left && left < columns {
            rows.push(String::new());
            left = columns;
        }
        left = left.saturating_sub(width);
        if let Some(row) = rows.last_mut() {
            row.push(c);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rows_are_shown() {
        let check = |text: &str, rows: usize, columns: usize, want: &[&str]| {
            assert_eq!(last(text, rows, columns), want, "{text:?}");
        };
        check("", 3, 10, &[]);
        check("one", 3, 10, &["one"]);
        check("one\n\ntwo\n", 3, 10, &["one", "", "two"]);
        check("one\ntwo\nthree\nfour", 2, 10, &["three", "four"]);
        check("abcdefgh", 3, 3, &["abc", "def", "gh"]);
        check("abcdefgh", 2, 3, &["def", "gh"]);
        check("a漢字", 3, 3, &["a漢", "字"]);
        check("a\tb", 1, 10, &["a b"]);
        // Narrower than a letter.
        check("漢", 2, 1, &["漢"]);
    }
}
