//! The words for a person once the CPU is there.

use std::path::Path;

use quipu_cpu::Cpu;

use super::Session;
use super::init::describe;
use crate::terminal::held;
use crate::terminal::output::visible;
use crate::terminal::words::words;

impl Session {
    /// Says what computes, to a person or where more was asked for; and, where it is the
    /// `first` time on this root, why the first answer is slow.
    pub(super) fn introduce(&self, cpu: &dyn Cpu, first: bool) {
        if self.globals.verbose == 0 && !console::Term::stderr().is_term() {
            return;
        }
        let once = first.then(|| words().first_answer.to_owned());
        for words in [Some(describe(cpu.info())), once].into_iter().flatten() {
            // The style is this program's own, so only the words are made visible.
            let words = console::style(visible(&words)).for_stderr().dim();
            held::line(&words.to_string());
        }
    }
}

/// Whether nothing is kept yet in the folder `images` of what a model has read once: examples by
/// which it decides, and boot pages.
pub(super) fn is_first(images: &Path) -> bool {
    images
        .read_dir()
        .map_or(true, |mut images| images.next().is_none())
}
