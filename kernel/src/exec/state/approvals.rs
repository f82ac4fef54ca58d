//! What a person approved for as long as a process runs.

use crate::calls::Resolved;
use crate::gate::rules::Rule;
use crate::gate::{Ask, Gate, Guarded, Ruling, Word};
use crate::label::Label;

/// Who approves a call because a person approved calls like it for the whole process.
pub(crate) const FOR_THE_PROCESS: &str = "the person, for this process";

/// The rules that a person agreed to for one process.
#[derive(Default)]
pub(crate) struct Approvals(Vec<Rule>);

impl Approvals {
    /// Approves the calls that `rule` holds for.
    pub(crate) fn add(&mut self, rule: Option<Rule>) {
        self.0.extend(rule);
    }

    /// The ruling on `ask`, by a process with `label`, where a person approved calls like it.
    pub(crate) fn ruling(&self, gate: &Gate, ask: &Ask<Resolved>, label: &Label) -> Option<Ruling> {
        let request = ask.what().request();
        let mut rules = self.0.iter();
        rules.find(|rule| gate.holds(rule, &request, label))?;
        Some(Ruling {
            word: Word::Approved,
            by: FOR_THE_PROCESS.to_owned(),
            reason: ask.reason().to_owned(),
            call: ask.what().key().to_owned(),
            planned: None,
        })
    }
}
