//! The parts of a task as they are ticked off.

use quipu_kernel::planner::parts::Parts;

/// The parts as they were shown last.
#[derive(Default)]
pub struct Shown(Vec<String>);

impl Shown {
    /// The lines that are new: all of them at first, then those that have changed.
    pub fn changed(&mut self, parts: &Parts) -> Vec<String> {
        let lines: Vec<String> = parts
            .lines()
            .map(|line| format!("        {line}"))
            .collect();
        let is_new = |line: &&String| !self.0.contains(line);
        let changed = lines.iter().filter(is_new).cloned().collect();
        self.0 = lines;
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_changes_is_shown_again() {
        let mut parts = Parts::of("Look up the price, then remember it.").unwrap();
        let mut shown = Shown::default();
        assert_eq!(shown.changed(&parts).len(), 2);
        let search = json!({"tool": "memory.search", "args": {"query": "price"}});
        parts.saw(1, &search, true, "it is 4");
        assert_eq!(
            shown.changed(&parts),
            ["        [x] Look up the price (step 1)"]
        );
        assert!(shown.changed(&parts).is_empty());
    }
}
