//! Which texts of strangers a process with a plan has by handles only, and where these handles
//! may stand. Which texts may enter its window is decided in `gate/quarantine`.
//!
//! All of this follows from the plan and the steps, so a resumed process holds back the same
//! texts.

use quipu_tools::Effect;
use quipu_tools::json_schema::{problem, validator};
use serde_json::Value;

use crate::calls::{EXTRACT, RECALL, REMEMBER, Resolved, Syscall, look_up};
use crate::exec::Execution;
use crate::gate::Guarded;
use crate::gate::quarantine::{finite, form_of, handle, notice};
use crate::journal::{Outcome, StepRow};
use crate::label::{Label, Trust};

/// What a process is told that writes a handle where no held text may stand.
const MISPLACED: &str = "the handle of a page stands where its text may not go: it may be in a \
                         text of a planned call that was planned as any text, or in the answer";

impl Execution {
    /// The notice that stands in the window in place of the outcome of step `n`. `None` where the
    /// outcome itself is shown: nothing was planned, the text is trusted, a recall asked for it,
    /// or the process has read untrusted text already.
    pub(in crate::exec) fn held_back(
        &self,
        n: u32,
        action: &Value,
        outcome: &Outcome,
    ) -> Option<String> {
        let tool = action["tool"].as_str().filter(|tool| *tool != RECALL)?;
        // A memory has one text and one destination: a stranger has nothing to choose.
        let holds = self.progress.has_effects_beside(REMEMBER)
            && outcome.label.trust == Trust::Untrusted
            && self.vm.lowest_label().trust != Trust::Untrusted;
        if !holds {
            return None;
        }
        let id = format!("s{n}");
        let values = self.values_of(&id, action, outcome);
        Some(values.unwrap_or_else(|| {
            let Outcome {
                text, ok, label, ..
            } = outcome;
            notice(&id, tool, *ok, text, label)
        }))
    }

    /// The values that a call took out of a page, as far as their form admits only finitely many.
    fn values_of(&self, id: &str, action: &Value, outcome: &Outcome) -> Option<String> {
        if action["tool"] != EXTRACT || !outcome.ok {
            return None;
        }
        let page = action["args"]["page"].as_str()?;
        let (text, _) = self.vm.held(page).ok()?;
        let form = form_of(&action["args"]["schema"]).ok()?;
        let values: Value = serde_json::from_str(&outcome.text).ok()?;
        let values = finite(&values, &form, text, id);
        Some(format!("[from page {page}, of others]\n{values}"))
    }

    /// Holds the last page back if `held` stands in its place.
    pub(super) fn hold(&mut self, held: Option<String>) {
        if let Some(shown) = held {
            let last = self.track.last();
            let values = last.is_some_and(|(action, worked)| *worked && action["tool"] == EXTRACT);
            self.vm.hold_back(shown, values);
        }
    }

    /// What the kernel adds to an observation, of which the process has `seen` this much: how to
    /// take values out of a page, after the first one that is held back; or the functions for a
    /// file that the observation names.
    pub(super) fn note_on(&mut self, held: bool, seen: &str) -> Option<String> {
        match held {
            true if self.vm.has_held() => None,
            true => self.planner.card_of(EXTRACT),
            false => self.planner.notice(seen),
        }
    }

    /// Whether the decisions of the process are free of strangers' influence: it has read no text
    /// of theirs and no value out of one.
    pub(super) fn is_unswayed(&self) -> bool {
        self.vm.lowest_label().trust != Trust::Untrusted && !self.vm.has_values()
    }

    /// The label that the gate judges `call` by. For a call that changes something: the label of
    /// everything the process has, handles included. For a read: that of the window.
    pub(in crate::exec) fn judged_by(&self, call: &Resolved) -> Label {
        match call.request().effect {
            Effect::Write => self.vm.label_of_all(),
            Effect::Read => self.vm.lowest_label(),
        }
    }

    /// `call` of `step` with texts in the place of their handles. The journal keeps the handles.
    ///
    /// # Errors
    /// In words for the model, where a handle names nothing, or stands where it may not.
    pub(super) fn filled(&self, step: &StepRow, call: Syscall) -> Result<Syscall, String> {
        if !self.vm.has_held() || !handle::is_in(&step.action) {
            return Ok(call);
        }
        let find = |id: &str, name: Option<&str>| self.text_of(id, name);
        let mut room = handle::FILLED_BYTES_MAX;
        match call {
            Syscall::Call(mut call) => {
                let function = look_up(&self.shared.bus, &call.tool);
                let tool = function.map_or_else(|| call.tool.clone(), |function| function.name());
                let texts = self.progress.texts(&tool, &call.args).ok_or(MISPLACED)?;
                // Other arguments stay as they are: the name of a record can look like a handle.
                for name in texts {
                    if let Some(value) = call.args.get_mut(&name) {
                        handle::fill(value, &find, &mut room)?;
                    }
                }
                Ok(Syscall::Call(call))
            }
            Syscall::Answer(mut answer) => {
                handle::fill(&mut answer.answer, &find, &mut room)?;
                self.check_answer(&answer.answer)?;
                Ok(Syscall::Answer(answer))
            }
            _ => Err(MISPLACED.to_owned()),
        }
    }

    /// The `args` of the call that has come to its end, as the tool was given them. Only a planned
    /// effect has texts in the place of handles; one that stands for nothing stays.
    pub(super) fn as_given(&self, args: &Value) -> Value {
        let mut given = args.clone();
        if self.progress.is_under_way() && handle::is_in(args) {
            let find = |id: &str, name: Option<&str>| self.text_of(id, name);
            let mut room = handle::FILLED_BYTES_MAX;
            if handle::fill(&mut given, &find, &mut room).is_err() {
                return args.clone();
            }
        }
        given
    }

    /// The action of `step` as it would be carried out, for a person.
    pub(super) fn in_full(&self, step: &StepRow) -> Value {
        let mut action = step.action.clone();
        let call = Syscall::from_action(&action).and_then(|call| self.filled(step, call));
        if let Ok(Syscall::Call(call)) = call {
            action["args"] = call.args;
        }
        action
    }

    /// The outcome of a call that was denied for `reason`. The reason may quote texts that were
    /// filled into the call, so the label is theirs.
    pub(super) fn denied(&self, step: &StepRow, reason: &str) -> Outcome {
        let text = format!("denied: {reason}");
        if !self.vm.has_held() {
            return self.kernel_says(text, false, 0);
        }
        let all = self.vm.label_of_all();
        let said = self.kernel_says(text, false, 0);
        match handle::is_in(&step.action) {
            true => Outcome {
                label: said.label.held_to(all.level()).suspected(all.suspicion),
                ..said
            },
            false => said,
        }
    }

    /// The text that the handle of the page `id`, or of its value `name`, stands for.
    fn text_of(&self, id: &str, name: Option<&str>) -> Result<String, String> {
        let (text, _) = self.vm.held(id)?;
        let Some(name) = name else {
            return Ok(text.to_owned());
        };
        let values: Value = serde_json::from_str(text).unwrap_or_default();
        match values.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(value) => Ok(value.to_string()),
            None => Err(format!("page {id} has no value {name}")),
        }
    }

    /// Checks an answer after texts were filled into it. The error does not say what is wrong
    /// with them: that would quote them.
    fn check_answer(&self, answer: &Value) -> Result<(), String> {
        let Some(schema) = &self.program.answer_schema else {
            return Ok(());
        };
        let wrong = validator(schema)
            .ok()
            .and_then(|validator| problem(&validator, answer));
        match wrong {
            Some((place, _)) => Err(format!(
                "/answer{place}: with the text in the place of its handle it does not satisfy \
                 its schema"
            )),
            None => Ok(()),
        }
    }
}
