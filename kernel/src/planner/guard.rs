//! The loop guard: it notices when the same calls with the same results repeat, and remembers
//! what a process has looked up.

use serde_json::Value;

/// The longest circle, in steps, that is noticed.
const CIRCLE_STEPS_MAX: usize = 4;

/// Counts how often in a row a process has repeated the same steps.
#[derive(Default)]
pub struct LoopGuard {
    steps: Vec<blake3::Hash>,
}

impl LoopGuard {
    /// Takes note of a finished step. Returns how many times in a row the same calls have now
    /// given the same results: one call again and again, or a few in turn (1 where nothing was
    /// repeated).
    pub fn record(&mut self, action: &Value, observation: &str) -> usize {
        let step = format!("{action}\n{observation}");
        self.steps.push(blake3::hash(step.as_bytes()));
        let laps = |length| self.laps(length);
        (1..=CIRCLE_STEPS_MAX).map(laps).max().unwrap_or(1)
    }

    /// How many times in a row the last `length` steps were taken.
    fn laps(&self, length: usize) -> usize {
        let behind = self.steps.iter().rev();
        let before = behind.clone().skip(length);
        let repeated = behind.zip(before).take_while(|(now, then)| now == then);
        1 + repeated.count() / length
    }
}

/// The beginning of a result that is shown once more.
pub(crate) const AGAIN: &str = "not done again. Its result: ";

/// How a call relates to what a process knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// It looks, and sees the same as long as nothing changes.
    Steady,
    /// It looks, and may see something else each time.
    Passing,
    /// It may change what others have seen.
    Changes,
    /// None of these.
    Other,
}

/// A read, and what it brought.
struct Read {
    call: Value,
    /// The step whose page has the result.
    n: u32,
    result: blake3::Hash,
    /// Whether the same read would bring the same result.
    certain: bool,
}

/// What a process has looked at since anything changed.
#[derive(Default)]
pub(crate) struct Reads(Vec<Read>);

impl Reads {
    /// The step with the result that `call` would bring again.
    pub(crate) fn known(&self, call: &Value) -> Option<u32> {
        let mut certain = self.0.iter().filter(|read| read.certain);
        certain.find(|read| read.call == *call).map(|read| read.n)
    }

    /// Takes note that step `n` made `call`, a `look` of this kind, with this `result`; `None`
    /// where the call failed. A passing look counts as known once it has brought the same result
    /// twice.
    pub(crate) fn note(&mut self, n: u32, call: &Value, look: Look, result: Option<&str>) {
        if look == Look::Changes {
            self.0.clear();
        }
        let looks = matches!(look, Look::Steady | Look::Passing);
        let Some(result) = result.filter(|_| looks) else {
            return;
        };
        let result = blake3::hash(result.as_bytes());
        let before = self.0.iter().position(|read| read.call == *call);
        let before = before.map(|at| self.0.swap_remove(at));
        let same = before.is_some_and(|read| read.result == result);
        self.0.push(Read {
            call: call.clone(),
            n,
            result,
            certain: same || look == Look::Steady,
        });
    }

    /// Takes note that the result of `call` was shown once more, in step `n`.
    pub(crate) fn shown_again(&mut self, n: u32, call: &Value) {
        let again = self.0.iter_mut().find(|read| read.call == *call);
        again.into_iter().for_each(|read| read.n = n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_looked_up_is_known_until_something_changes() {
        // A capital changes something, a letter looks, one with a mark may see something else;
        // behind it the result, or nothing where it failed.
        let check = |steps: &str, call: &str, want: Option<u32>| {
            let mut reads = Reads::default();
            for (n, step) in (1..).zip(steps.split(' ')) {
                let (name, result) = step.split_at(1);
                let look = match (name, result.strip_prefix('?')) {
                    (name, _) if name.chars().all(char::is_uppercase) => Look::Changes,
                    ("-", _) => Look::Other,
                    (_, Some(_)) => Look::Passing,
                    _ => Look::Steady,
                };
                let result = result.trim_start_matches('?');
                reads.note(
                    n,
                    &json!(name),
                    look,
                    Some(result).filter(|one| !one.is_empty()),
                );
            }
            assert_eq!(reads.known(&json!(call)), want, "{steps}");
        };
        check("a1 b1", "a", Some(1));
        check("a1 b1", "c", None);
        check("a1 -1 b1", "a", Some(1));
        check("a1 -1 b1", "-", None);
        check("a1 A1 b1", "a", None);
        check("a1 A1 b1", "b", Some(3));
        check("a1 A b1", "a", None);
        check("a b1", "a", None);
        check("a?1 b1", "a", None);
        check("a?1 b1 a?2", "a", None);
        check("a?1 b1 a?1", "a", Some(3));
        check("a?1 b1 a?2 a?2", "a", Some(4));
        check("a?1 B1 a?1", "a", None);
    }

    /// Each step is a letter, the call, and a figure, the result.
    #[track_caller]
    fn check(steps: &str, want: &[usize]) {
        let mut guard = LoopGuard::default();
        let counts: Vec<usize> = steps
            .split(' ')
            .map(|step| {
                let (action, observation) = step.split_at(1);
                guard.record(&json!(action), observation)
            })
            .collect();
        assert_eq!(counts, want, "{steps}");
    }

    #[test]
    fn the_same_way_again_counts() {
        check("a1 a1 a2 b2 b2 b2", &[1, 2, 1, 1, 2, 3]);
        check("a1 b1 a1 b1 a1 b1", &[1, 1, 1, 2, 2, 3]);
        check("a1 b1 c1 a1 b1 c1 a1 b1 c1", &[1, 1, 1, 1, 1, 2, 2, 2, 3]);
        // Another result in between is progress.
        check("a1 b1 a2 b1 a3 b1", &[1; 6]);
        // A circle of five is taken for work.
        check("a1 b1 c1 d1 e1 a1 b1 c1 d1 e1", &[1; 10]);
    }
}
