//! What a process knows from its calls. A read whose result is known is not made again, unless
//! something may have changed since: its result is shown once more, and then an answer is due.

use serde_json::Value;

use super::Execution;
use crate::calls::{
    DECIDE, EDIT, EXTRACT, FIND, MAP, RECALL, REMEMBER, SEARCH, SEND, SPAWN, WAIT, look_up,
};
use crate::journal::Outcome;
use crate::label::Label;
use crate::planner::{AGAIN, Look};
use quipu_tools::{Capability, Effect};

/// Words in a program that may give another result each time it runs.
const BY_CHANCE: [&str; 6] = ["random", "secrets", "uuid", "time", "date", "now"];

impl Execution {
    /// Takes note of the call `action` of step `n`: what the process knows from now on, and
    /// whether it asked for what it knew and had in sight. In that case only an answer is left.
    pub(super) fn note_known(&mut self, n: u32, action: &Value, outcome: &Outcome) {
        let shown_again = !outcome.ok && outcome.text.starts_with(AGAIN);
        let known = self.reads.known(action).filter(|_| shown_again);
        let again = !may_come_otherwise(action)
            && self
                .track
                .last()
                .is_some_and(|(last, worked)| *worked && last == action);
        self.stuck = again || known.is_some_and(|n| self.vm.is_in_sight(n));
        match known {
            Some(_) => self.reads.shown_again(n, action),
            None => {
                let look = self.look(action);
                let result = Some(outcome.text.as_str()).filter(|_| outcome.ok);
                self.reads.note(n, action, look, result);
            }
        }
    }

    /// The outcome of the call `action` where it is not carried out: its result is known, or it
    /// failed just now.
    pub(super) fn not_again(&self, action: &Value) -> Option<Outcome> {
        // A page that is held back may be read only where the process is to read it now.
        let known = self.reads.known(action).and_then(|n| self.vm.seen_in(n));
        if let Some((result, label)) = known {
            return Some(shown_again(&result, label));
        }
        let last = self.track.last();
        let same = |last: &&(Value, bool)| last.0 == *action && !may_come_otherwise(action);
        last.filter(same).map(|(_, worked)| match worked {
            true => {
                let last = self.vm.last_observation().unwrap_or_default();
                shown_again(&last, self.vm.last_label())
            }
            false => {
                let text = "not done again: it failed just now. Do something else.";
                self.kernel_says(text.into(), false, 0)
            }
        })
    }

    /// What the call `action` does to what is known.
    fn look(&self, action: &Value) -> Look {
        let Some(tool) = action["tool"].as_str() else {
            // A person who is asked may have changed something.
            return match action.get("ask") {
                Some(_) => Look::Changes,
                None => Look::Other,
            };
        };
        match tool {
            SEARCH | FIND => Look::Steady,
            // The results of these depend on what is in sight.
            RECALL | DECIDE | EXTRACT => Look::Other,
            REMEMBER | EDIT | MAP | SPAWN | SEND | WAIT => Look::Changes,
            _ => self.look_of_a_device(tool, &action["args"]),
        }
    }

    fn look_of_a_device(&self, tool: &str, args: &Value) -> Look {
        let Some(function) = look_up(&self.shared.bus, tool) else {
            return Look::Other;
        };
        if function.effect() == Effect::Write {
            return Look::Changes;
        }
        let (device, function) = (function.device(), function.function());
        let mut needs = device.requests.iter().chain(&function.needs);
        let code = args.to_string();
        let by_chance = function.program.is_some() && BY_CHANCE.iter().any(|w| code.contains(w));
        // A stranger's device may read a clock too, or the state of work under way.
        let passes = !device.is_vouched_for() || needs.any(|need| *need == Capability::Clock);
        match passes || by_chance {
            true => Look::Passing,
            false => Look::Steady,
        }
    }
}

/// A result once more: a small model that is only told where the result stands answers with the
/// place.
fn shown_again(result: &str, label: Label) -> Outcome {
    let result = result.strip_prefix(AGAIN).unwrap_or(result);
    Outcome {
        text: format!("{AGAIN}{result}"),
        ok: false,
        label,
        ms: 0,
    }
}

/// Whether the same action may give another result the next time: what another process says.
fn may_come_otherwise(action: &Value) -> bool {
    action["tool"] == WAIT
}
