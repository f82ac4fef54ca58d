//! The progress of a batch or an evaluation, for users who see no bar: how many are done, which
//! are at work, and what these do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use indicatif::ProgressBar;
use serde_json::Value;

use crate::service::conversation::{Conversation, Ended, Told};
use crate::terminal::output::{counted, one_line, shortened};
use crate::terminal::reading::{Now, Reading};
use crate::terminal::silence::{PATIENCE, Silence};

/// Tasks that are named; of the rest only the number is told.
const NAMED_MAX: usize = 4;
/// Characters of a name.
const NAME_CHARS: usize = 40;

/// The tasks at work, in the order in which they began.
#[derive(Clone, Default)]
pub struct AtWork(Arc<Mutex<Vec<Run>>>);

struct Run {
    name: String,
    now: Now,
}

/// A task at work until this is dropped.
pub struct Working {
    all: AtWork,
    now: Now,
}

impl AtWork {
    /// The one called `id` begins; what it does is read in `now`.
    pub fn begin(&self, id: &Value, now: Now) -> Working {
        let name = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        self.runs().push(Run {
            name: shortened(&one_line(&name), NAME_CHARS),
            now: now.clone(),
        });
        Working {
            all: self.clone(),
            now,
        }
    }

    /// Waits for the end of the task `id`, which is at work meanwhile.
    pub async fn until_end(
        self,
        id: Value,
        mut conversation: Conversation,
    ) -> (Value, Result<Ended>) {
        let mut reading = Reading::default();
        let _working = self.begin(&id, reading.now());
        let ended = loop {
            match conversation.next().await {
                Ok(Told::Ended(ended)) => break Ok(*ended),
                Ok(Told::Event(event)) => {
                    reading.note(&event);
                }
                Ok(_) => {}
                Err(error) => break Err(error),
            }
        };
        (id, ended)
    }

    /// Says after a while, and then ever more seldom, what goes on among `all` of this `noun`,
    /// where the bar `progress`, which counts those that are done, is not seen. Nothing where it
    /// is, or there is no work.
    pub fn silence(&self, progress: &ProgressBar, all: usize, noun: &str) -> Option<Silence> {
        if !progress.is_hidden() || all == 0 {
            return None;
        }
        let all = counted(all, noun);
        let (at_work, progress) = (self.clone(), progress.clone());
        Some(Silence::watch(PATIENCE, move || {
            say!("{}", at_work.line(progress.position(), &all));
        }))
    }

    /// The line that tells the progress, where `done` of `all`, such as "9 tasks", are done.
    fn line(&self, done: u64, all: &str) -> String {
        let runs = self.runs();
        let named = runs.iter().take(NAMED_MAX).map(|run| {
            let now = run.now.lock().unwrap_or_else(PoisonError::into_inner);
            match now.is_empty() {
                true => run.name.clone(),
                false => format!("{} ({now})", run.name),
            }
        });
        let mut named: Vec<String> = named.collect();
        if let Some(more @ 1..) = runs.len().checked_sub(NAMED_MAX) {
            named.push(format!("{more} more"));
        }
        match named.is_empty() {
            true => format!("still at work: {done} of {all} done"),
            false => format!(
                "still at work: {done} of {all} done; running: {}",
                named.join(", ")
            ),
        }
    }

    fn runs(&self) -> MutexGuard<'_, Vec<Run>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        // Names need not differ.
        let mut runs = self.all.runs();
        runs.retain(|run| !Arc::ptr_eq(&run.now, &self.now));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_goes_on_is_told() {
        let at_work = AtWork::default();
        let mut told = vec![at_work.line(0, "9 tasks")];
        let begin = |id: Value, what: &str| {
            let now = Now::default();
            *now.lock().unwrap() = what.to_owned();
            at_work.begin(&id, now)
        };
        let first = begin(json!("a"), "step 1  reading 896 of 2964 tokens (30%)…");
        told.push(at_work.line(1, "9 tasks"));
        let others = [
            begin(json!(2), ""),
            begin(json!("a"), ""),
            begin(json!({"name": "a name\nof lines"}), "step 2  writing…"),
            begin(json!("an identifier that is longer than a line has"), ""),
            begin(json!("the last"), ""),
        ];
        told.push(at_work.line(1, "9 tasks"));
        drop(first);
        told.push(at_work.line(2, "9 tasks"));
        drop(others);
        told.push(at_work.line(9, "9 tasks"));
        insta::assert_snapshot!(told.join("\n"), @r#"
        still at work: 0 of 9 tasks done
        still at work: 1 of 9 tasks done; running: a (step 1  reading 896 of 2964 tokens (30%)…)
        still at work: 1 of 9 tasks done; running: a (step 1  reading 896 of 2964 tokens (30%)…), 2, a, {"name":"a name\nof lines"} (step 2  writing…), 2 more
        still at work: 2 of 9 tasks done; running: 2, a, {"name":"a name\nof lines"} (step 2  writing…), an identifier that is longer than a line…, 1 more
        still at work: 9 of 9 tasks done
        "#);
    }
}
