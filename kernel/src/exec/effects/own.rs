//! What a process does for the calls of its own: those that touch nothing but the process, its
//! family, or the person at the machine.

use std::time::Instant;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

use crate::calls::{Own, Recall};
use crate::decision::Decision;
use crate::event::Event;
use crate::exec::weigh::after;
use crate::exec::{Ending, Execution, failed};
use crate::journal::{Outcome, StepRow};
use crate::label::Label;
use crate::process::text_of;
use crate::signal::Signal;

impl Execution {
    /// Carries out the call that `step` makes. An error ends the process.
    pub(super) fn own<'a>(
        &'a mut self,
        step: &'a StepRow,
        call: Own,
    ) -> BoxFuture<'a, Result<Outcome, Ending>> {
        Box::pin(async move {
            match call {
                Own::Answer(call) => Err(self.answered(step, call.answer)),
                Own::Ask(call) => self.asked(step, call.question).await,
                Own::Decide(call) => {
                    let (text, ok) = self.decision(call.question, call.choices).await?;
                    Ok(self.kernel_says(text, ok, 0))
                }
                Own::Extract(call) => self.extracted(step, call).await,
                Own::Find(call) => Ok(self.kernel_says(self.planner.find(&call.query), true, 0)),
                Own::MapList(call) => self.mapped(step, call).await,
                Own::Recall(call) => Ok(self.brought_back(call)),
                // The step is the message: once its outcome is recorded, it is sent.
                Own::SendText(call) => self.sent(step, call.process).await,
                Own::Spawn(call) => self.spawned(step, call).await,
                Own::Wait(call) => self.waited(step, call.process).await,
            }
        })
    }

    /// Records the answer that `step` gives. The process ends with it, or with the reason why it
    /// could not be recorded.
    fn answered(&mut self, step: &StepRow, answer: Value) -> Ending {
        let mut outcome = self.kernel_says(text_of(&answer), true, 0);
        if self.vm.has_held() {
            // The answer may hold texts and values of strangers.
            let level = self.vm.label_of_all().level();
            outcome.label = outcome.label.held_to(level);
        }
        let suspicion = self.vm.label_of_all().suspicion;
        outcome.label = outcome.label.suspected(suspicion);
        if let Err(ending) = self.rows.outcome(step, &outcome, self.costs.ms()) {
            return ending;
        }
        self.costs.count_step();
        Ending::Answer(answer)
    }

    /// Puts the question of `step` to the person at the machine.
    async fn asked(&mut self, step: &StepRow, question: String) -> Result<Outcome, Ending> {
        let begun = Instant::now();
        match self.ask(step.n, question).await {
            Ok(text) => Ok(Outcome {
                text,
                ok: true,
                label: Label::user(),
                ms: 0,
            }),
            // A process that is resumed asks again.
            Err(ending @ Ending::Signal(Signal::Suspend)) => Err(ending),
            Err(ending) => {
                let ms = begun.elapsed().as_millis() as u64;
                self.outcome(step, self.kernel_says("nobody answered".into(), false, ms))?;
                Err(ending)
            }
        }
    }

    /// Brings back a page that left the window, or the rest of one that was cut.
    fn brought_back(&mut self, Recall { page, from }: Recall) -> Outcome {
        let cpu = &*self.shared.cpu;
        let recalled = match self.vm.show_again(cpu, &page) {
            Some(picture) => Ok(picture),
            None => self.vm.recall(cpu, &page, from),
        };
        match recalled {
            Ok((mut text, label)) => {
                if self.vm.held(&page).is_ok() {
                    text.push_str(&format!(
                        "\n[page {page} was held back; from here on this process counts as {}]",
                        label.trust
                    ));
                }
                self.emit(Event::Recalled {
                    pid: self.pid,
                    page,
                });
                Outcome {
                    text,
                    ok: true,
                    label,
                    ms: 0,
                }
            }
            Err(problem) => self.kernel_says(problem, false, 0),
        }
    }

    /// The system call `decide`: how likely each choice is, as JSON, and whether the CPU could
    /// tell.
    async fn decision(
        &mut self,
        question: String,
        choices: Vec<String>,
    ) -> Result<(String, bool), Ending> {
        let decision = match choices.is_empty() {
            true => Decision::YesNo(question),
            false => Decision::Choice(question, choices),
        };
        let (prompt, _) = self.vm.fit(&*self.shared.cpu).map_err(failed)?;
        let mut weights = Vec::new();
        for put in decision.puts() {
            let messages = after(&prompt.messages, &put.words);
            match self.weigh(messages, put.labels).await? {
                Some(weighed) => weights.push(weighed),
                None => return Ok(("error: this CPU tells no probabilities".into(), false)),
            }
        }
        let probabilities = decision.probabilities(&weights);
        let options = decision.options();
        let likeliest =
            (0..options.len()).max_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]));
        let round = |p: f32| (f64::from(p) * 1000.0).round() / 1000.0;
        let said: Map<String, Value> = options
            .iter()
            .zip(&probabilities)
            .map(|(option, p)| (option.clone(), json!(round(*p))))
            .collect();
        let choice = likeliest.map(|at| options[at].clone());
        Ok((
            json!({"choice": choice, "probabilities": said}).to_string(),
            true,
        ))
    }
}
