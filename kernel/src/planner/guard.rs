//! The loop guard: the same call with the same result leads nowhere.

use serde_json::Value;

/// Counts how often in a row a call has given the same result.
#[derive(Default)]
pub struct LoopGuard {
    last: Option<(Value, String)>,
    repeats: u32,
}

impl LoopGuard {
    /// Takes note of a finished step and returns how many times in a row this very
    /// call has now given this very result (1 for the first time).
    pub fn record(&mut self, action: &Value, observation: &str) -> u32 {
        let same = self
            .last
            .as_ref()
            .is_some_and(|(a, o)| a == action && o == observation);
        if same {
            self.repeats += 1;
        } else {
            self.last = Some((action.clone(), observation.to_owned()));
            self.repeats = 1;
        }
        self.repeats
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_identical_pairs_in_a_row_count() {
        let mut guard = LoopGuard::default();
        let counts: Vec<u32> = [
            ("a", "1"),
            ("a", "1"),
            ("a", "2"),
            ("b", "2"),
            ("b", "2"),
            ("b", "2"),
        ]
        .iter()
        .map(|(action, observation)| guard.record(&json!(action), observation))
        .collect();
        assert_eq!(counts, [1, 2, 1, 1, 2, 3]);
    }
}
