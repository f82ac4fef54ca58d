//! Ends a text at a line, as editors ask: at one that is indented less than where they write, or
//! after a while.

use std::time::{Duration, Instant};

/// Where a text ends at a line. The default is nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Blanks that each line after the first has at least; the first other one ends the text
    /// before its words. 0 is any.
    pub indent: u64,
    /// After how long, from the first text on, the end of a line ends the text.
    pub patience: Option<Duration>,
}

/// Watches a text for the line that ends it.
#[derive(Debug, Default)]
pub struct LineEnds {
    lines: Lines,
    /// When the first text came.
    first: Option<Instant>,
    /// Blanks at the beginning of the line, as long as nothing else came; `None` in the first
    /// line, and after the blanks of another.
    blanks: Option<u64>,
}

impl LineEnds {
    /// Ends a text where `lines` say.
    pub fn new(lines: Lines) -> Self {
        Self {
            lines,
            ..Self::default()
        }
    }

    /// Takes the next piece, which came at `now`: how many of its bytes can be passed on, and
    /// whether the text ends there.
    pub fn take(&mut self, piece: &str, now: Instant) -> (usize, bool) {
        if self.lines == Lines::default() {
            return (piece.len(), false);
        }
        for (at, letter) in piece.char_indices() {
            if let Some(blanks) = self.blanks {
                if matches!(letter, ' ' | '\t') {
                    self.blanks = Some(blanks + 1);
                    continue;
                }
                if blanks < self.lines.indent {
                    return (at, true);
                }
            }
            self.blanks = (letter == '\n').then_some(0);
        }
        let first = *self.first.get_or_insert(now);
        let is_late = |patience: Duration| now.saturating_duration_since(first) > patience;
        let is_over = piece.contains('\n') && self.lines.patience.is_some_and(is_late);
        (piece.len(), is_over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_at_a_line() {
        // A piece comes each millisecond.
        let check = |indent: u64, patience_ms: Option<u64>, pieces: &[&str], want: &str| {
            let patience = patience_ms.map(Duration::from_millis);
            let mut ends = LineEnds::new(Lines { indent, patience });
            let begun = Instant::now();
            let mut got = String::new();
            for (at, piece) in pieces.iter().enumerate() {
                let now = begun + Duration::from_millis(at as u64);
                let (end, over) = ends.take(piece, now);
                got.push_str(&piece[..end]);
                if over {
                    break;
                }
            }
            assert_eq!(got, want, "{indent} {patience_ms:?} {pieces:?}");
        };
        check(0, None, &["a\n", "b\n"], "a\nb\n");
        check(4, None, &["x = 1\n    y", "\n", "  z"], "x = 1\n    y\n  ");
        check(4, None, &["x\n", "   ", " y\n"], "x\n    y\n");
        check(1, None, &["x\n\ty\n", "\nz"], "x\n\ty\n");
        // Only a line that has ended is late.
        check(0, Some(0), &["a\n", "b", "c\n", "d\n"], "a\nbc\n");
        check(
            0,
            Some(2),
            &["a\n", "b\n", "c\n", "d\n", "e\n"],
            "a\nb\nc\nd\n",
        );
        check(0, Some(0), &["a", "b", "c"], "abc");
        check(2, None, &["ü\n  ü\nü"], "ü\n  ü\n");
    }
}
