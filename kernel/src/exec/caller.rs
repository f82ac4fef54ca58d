//! What a process does for the calls of its own: those that touch nothing but the process,
//! or the person at the machine.

use std::time::Instant;

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{Ending, Execution};
use crate::calls::{Caller, Extract, MapList, Spawn};
use crate::event::Event;
use crate::journal::{Outcome, StepRow};
use crate::label::Label;
use crate::process::Pid;
use crate::signal::Signal;

impl Caller for Execution {
    fn answer(&mut self, step: &StepRow, answer: Value) -> Ending {
        let text = answer
            .as_str()
            .map_or_else(|| answer.to_string(), str::to_owned);
        let mut outcome = self.kernel_says(text, true, 0);
        if self.vm.has_held() {
            // Texts and values of strangers may be in it.
            let level = self.vm.label_of_all().level();
            outcome.label = outcome.label.held_to(level);
        }
        if let Err(ending) = self.record(step, &outcome) {
            return ending;
        }
        self.spent.steps += 1;
        Ending::Answer(answer)
    }

    fn put_question<'a>(
        &'a mut self,
        step: &'a StepRow,
        question: String,
    ) -> BoxFuture<'a, Result<Outcome, Ending>> {
        Box::pin(async move {
            let begun = Instant::now();
            match self.ask(step.n, question).await {
                Ok(text) => Ok(Outcome {
                    text,
                    ok: true,
                    label: Label::user(),
                    ms: 0,
                }),
                // It is asked again when the process goes on.
                Err(ending @ Ending::Signal(Signal::Suspend)) => Err(ending),
                Err(ending) => {
                    let ms = begun.elapsed().as_millis() as u64;
                    self.outcome(step, self.kernel_says("nobody answered".into(), false, ms))?;
                    Err(ending)
                }
            }
        })
    }

    fn bring_back(&mut self, page: String, from: usize) -> Outcome {
        match self.vm.recall(&*self.shared.cpu, &page, from) {
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

    fn extract<'a>(
        &'a mut self,
        step: &'a StepRow,
        wanted: Extract,
    ) -> BoxFuture<'a, Result<Outcome, Ending>> {
        Box::pin(self.extracted(step, wanted))
    }

    fn find_tools(&self, query: &str) -> Outcome {
        self.kernel_says(self.planner.find(query), true, 0)
    }

    fn spawn<'a>(
        &'a mut self,
        step: &'a StepRow,
        child: Spawn,
    ) -> BoxFuture<'a, Result<Outcome, Ending>> {
        Box::pin(self.spawned(step, child))
    }

    fn wait_for<'a>(
        &'a mut self,
        step: &'a StepRow,
        process: Pid,
    ) -> BoxFuture<'a, Result<Outcome, Ending>> {
        Box::pin(self.waited(step, process))
    }

    fn send<'a>(
        &'a mut self,
        step: &'a StepRow,
        process: Pid,
    ) -> BoxFuture<'a, Result<Outcome, Ending>> {
        Box::pin(self.sent(step, process))
    }

    fn map<'a>(
        &'a mut self,
        step: &'a StepRow,
        map: MapList,
    ) -> BoxFuture<'a, Result<Outcome, Ending>> {
        Box::pin(self.mapped(step, map))
    }

    fn decide(
        &mut self,
        question: String,
        choices: Vec<String>,
    ) -> BoxFuture<'_, Result<Outcome, Ending>> {
        Box::pin(async move {
            let (text, ok) = self.decision(question, choices).await?;
            Ok(self.kernel_says(text, ok, 0))
        })
    }
}
