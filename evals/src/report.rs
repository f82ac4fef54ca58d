//! What a suite measured, one line each.

use std::fmt;

/// A list of measured values.
#[derive(Debug, Default)]
pub struct Report {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    what: String,
    value: f64,
    /// The figure to beat, and whose it is.
    baseline: Option<(f64, &'static str)>,
    unit: &'static str,
}

impl Report {
    /// Adds a value between zero and one, with the figure to beat.
    pub fn score(
        &mut self,
        what: impl Into<String>,
        value: f64,
        baseline: Option<(f64, &'static str)>,
    ) {
        self.add(what, value, baseline, "");
    }

    /// Adds a value in `unit`.
    pub fn add(
        &mut self,
        what: impl Into<String>,
        value: f64,
        baseline: Option<(f64, &'static str)>,
        unit: &'static str,
    ) {
        self.lines.push(Line {
            what: what.into(),
            value,
            baseline,
            unit,
        });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            let digits = if line.unit.is_empty() { 4 } else { 2 };
            write!(f, "{:<44} {:>12.digits$}", line.what, line.value)?;
            if !line.unit.is_empty() {
                write!(f, " {}", line.unit)?;
            }
            if let Some((value, whose)) = line.baseline {
                write!(f, "  [{value} {whose}]")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
