//! Progress bars, for work that is counted in pieces or in bytes, and a sign of life for work that
//! is not counted: shown on a terminal, and elsewhere a line now and then. The pull of a model is in
//! `pull`.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::terminal::output::is_plain;
use crate::terminal::silence::{PATIENCE, Silence};
use crate::terminal::words::{fill, words};

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

/// Says after a while, and then ever more seldom, how far `bar` is, with its message, where it is
/// not seen; nothing where it is.
pub fn silence(bar: &ProgressBar) -> Option<Silence> {
    let bar = bar.is_hidden().then(|| bar.clone())?;
    Some(Silence::watch(PATIENCE, move || say!("{}", how_far(&bar))))
}

fn how_far(bar: &ProgressBar) -> String {
    let all = bar.length().unwrap_or_default();
    let what = format!("{}/{all} {}", bar.position(), bar.message());
    fill(words().still, &[("what", &what.trim_end())])
}

fn styled(total: u64, template: &str) -> ProgressBar {
    if is_plain() {
        return ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
    }
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_work_is_that_nobody_sees() {
        let bar = ProgressBar::with_draw_target(Some(9), ProgressDrawTarget::hidden());
        bar.inc(3);
        assert_eq!(how_far(&bar), "still at work: 3/9");
        bar.set_message("notes/a.md");
        assert_eq!(how_far(&bar), "still at work: 3/9 notes/a.md");
    }
}
