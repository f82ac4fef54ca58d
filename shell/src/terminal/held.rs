//! Lines for standard error that wait while a person types beside them: an editor draws its own
//! line again and again, and does not know of others. One that can write above that line takes
//! them; what nobody took comes after it.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What waits, while something is held.
static HELD: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// Lines are held until this is dropped; then they are written, in their order.
pub struct Held(());

/// Holds lines and drafts back. A draft that is there now is not taken away.
pub fn hold() -> Held {
    *held() = Some(Vec::new());
    Held(())
}

/// Whether nothing is held back now.
pub fn is_free() -> bool {
    held().is_none()
}

/// Writes a line to standard error, or keeps it while lines are held.
pub fn line(text: &str) {
    match held().as_mut() {
        Some(lines) => lines.push(text.to_owned()),
        None => write(text),
    }
}

/// Takes the first lines that wait, at most so many, for whoever can write them now.
pub fn take(most: usize) -> Vec<String> {
    let mut held = held();
    let lines = held.as_mut().map(|lines| {
        let count = lines.len().min(most);
        lines.drain(..count).collect()
    });
    lines.unwrap_or_default()
}

/// Whoever reads it may have gone, which is no reason to stop the work.
fn write(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn held() -> MutexGuard<'static, Option<Vec<String>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Held {
    fn drop(&mut self) {
        // Until all are written others wait, drafts too.
        let mut held = held();
        for text in held.take().unwrap_or_default() {
            write(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_wait_until_nothing_is_held() {
        let holding = hold();
        assert!(!is_free());
        line("held first");
        line("held second");
        let mut waiting = held().clone().unwrap_or_default();
        // Other tests may have something to say.
        waiting.retain(|line| line.starts_with("held "));
        assert_eq!(waiting, ["held first", "held second"]);
        assert_eq!(take(0), Vec::<String>::new());
        let mut taken = take(usize::MAX);
        taken.retain(|line| line.starts_with("held "));
        assert_eq!(taken, ["held first", "held second"]);
        line("held third");
        drop(holding);
        assert!(is_free());
        assert_eq!(take(usize::MAX), Vec::<String>::new());
    }
}
