//! The loop guard: the same calls with the same results lead nowhere.

use serde_json::Value;

/// The most steps that a circle may have to be noticed.
const CIRCLE_STEPS_MAX: usize = 4;

/// Counts how often in a row a process has gone the same way.
#[derive(Default)]
pub struct LoopGuard {
    steps: Vec<blake3::Hash>,
}

impl LoopGuard {
    /// Takes note of a finished step and returns how many times in a row the same calls
    /// have now given the same results: one call again and again, or a few in turn
    /// (1 where nothing was repeated).
    pub fn record(&mut self, action: &Value, observation: &str) -> usize {
        let step = format!("{action}\n{observation}");
        self.steps.push(blake3::hash(step.as_bytes()));
        let laps = |length| self.laps(length);
        (1..=CIRCLE_STEPS_MAX).map(laps).max().unwrap_or(1)
    }

    /// How many times in a row the last `length` steps were gone.
    fn laps(&self, length: usize) -> usize {
        let behind = self.steps.iter().rev();
        let before = behind.clone().skip(length);
        let repeated = behind.zip(before).take_while(|(now, then)| now == then);
        1 + repeated.count() / length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
