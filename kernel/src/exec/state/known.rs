//! What a process knows from its calls. A read whose result is known is not made again, unless
//! something may have changed since: its result is shown once more, and then an answer is due.

use serde_json::Value;

use crate::calls::{
    DECIDE, EDIT, EXTRACT, FIND, MAP, RECALL, REMEMBER, SEARCH, SEND, SPAWN, WAIT, look_up,
};
use crate::journal::Outcome;
use crate::label::Label;
use crate::planner::{AGAIN, Look, Reads};
use quipu_tools::{Bus, Capability, Effect};

/// Words in a program that may give another result each time it runs.
const BY_CHANCE: [&str; 6] = ["random", "secrets", "uuid", "time", "date", "now"];

/// What a process knows.
#[derive(Default)]
pub(crate) struct Known {
    /// What it has read since anything changed.
    reads: Reads,
    /// Whether it asked again for what it knew: then only an answer is left.
    stuck: bool,
}

impl Known {
    /// Whether it asked again for what it knew: then only an answer is left.
    pub(crate) fn is_stuck(&self) -> bool {
        self.stuck
    }

    /// The step with the result that the call `action` would bring again.
    pub(crate) fn step_of(&self, action: &Value) -> Option<u32> {
        self.reads.known(action)
    }

    /// Takes note of the call `action` of step `n`, after the `last` one and whether that worked:
    /// what the process knows from now on, and whether it asked for what it knew and had in sight.
    pub(crate) fn note(
        &mut self,
        n: u32,
        action: &Value,
        outcome: &Outcome,
        last: Option<&(Value, bool)>,
        is_in_sight: impl Fn(u32) -> bool,
        bus: &Bus,
    ) {
        let shown_again = !outcome.ok && outcome.text.starts_with(AGAIN);
        let known = self.reads.known(action).filter(|_| shown_again);
        let again = !may_come_otherwise(action)
            && last.is_some_and(|(last, worked)| *worked && last == action);
        self.stuck = again || known.is_some_and(is_in_sight);
        match known {
            Some(_) => self.reads.shown_again(n, action),
            None => {
                let result = Some(outcome.text.as_str()).filter(|_| outcome.ok);
                self.reads.note(n, action, look(action, bus), result);
            }
        }
    }
}

/// What the call `action` does to what is known.
fn look(action: &Value, bus: &Bus) -> Look {
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
        _ => look_of_a_device(tool, &action["args"], bus),
    }
}

fn look_of_a_device(tool: &str, args: &Value, bus: &Bus) -> Look {
    let Some(function) = look_up(bus, tool) else {
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

/// A result once more: a small model that is only told where the result stands answers with the
/// place.
pub(crate) fn shown_again(result: &str, label: Label) -> Outcome {
    let result = result.strip_prefix(AGAIN).unwrap_or(result);
    Outcome {
        text: format!("{AGAIN}{result}"),
        ok: false,
        label,
        ms: 0,
    }
}

/// Whether the same action may give another result the next time: what another process says.
pub(crate) fn may_come_otherwise(action: &Value) -> bool {
    action["tool"] == WAIT
}
