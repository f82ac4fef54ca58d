//! A progress bar for work that is counted in pieces: shown on a terminal, silent elsewhere.
//! The pull of a model, which is counted in bytes, is in `pull`.

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal::output::is_plain;

/// A progress bar on a terminal; nothing elsewhere.
pub fn bar(total: u64) -> ProgressBar {
    if is_plain() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar
}
