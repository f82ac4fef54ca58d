//! Progress bars, for work that is counted in pieces or in bytes, and a sign of life for work that
//! is not counted: shown on a terminal, silent elsewhere. The pull of a model is in `pull`.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal::output::is_plain;

/// Bytes from which on reading takes so long that its progress is shown.
const BYTES_MIN: usize = 1 << 20;
/// How often a sign of life moves.
const TICK: Duration = Duration::from_millis(120);

/// A progress bar on a terminal; nothing elsewhere.
pub fn bar(total: u64) -> ProgressBar {
    styled(total, "{bar:40} {pos}/{len} {eta}")
}

/// A progress bar for the `total` bytes of a text, where these are many.
pub fn bytes(total: usize) -> ProgressBar {
    match total < BYTES_MIN {
        true => ProgressBar::hidden(),
        false => styled(
            total as u64,
            "{bar:40} {decimal_bytes}/{decimal_total_bytes} {eta}",
        ),
    }
}

/// Says that `what` is being done, until it is cleared.
pub fn busy(what: String) -> ProgressBar {
    if is_plain() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner().with_message(what);
    bar.enable_steady_tick(TICK);
    bar
}

fn styled(total: u64, template: &str) -> ProgressBar {
    if is_plain() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
