//! What a suite measured, one line each, printed as soon as it is known: some suites run
//! for many minutes.

/// The figures of a suite.
#[derive(Debug, Default)]
pub struct Report {
    /// How many were printed.
    pub figures: usize,
}

impl Report {
    /// Prints a value between zero and one, with the figure to beat and whose it is.
    pub fn score(
        &mut self,
        what: impl Into<String>,
        value: f64,
        baseline: Option<(f64, &'static str)>,
    ) {
        self.add(what, value, baseline, "");
    }

    /// Prints a value in `unit`.
    pub fn add(
        &mut self,
        what: impl Into<String>,
        value: f64,
        baseline: Option<(f64, &'static str)>,
        unit: &'static str,
    ) {
        let what = what.into();
        let digits = if unit.is_empty() { 4 } else { 2 };
        let baseline = match baseline {
            Some((value, whose)) => format!("  [{value} {whose}]"),
            None => String::new(),
        };
        let space = if unit.is_empty() { "" } else { " " };
        println!("{what:<44} {value:>12.digits$}{space}{unit}{baseline}");
        self.figures += 1;
    }
}
