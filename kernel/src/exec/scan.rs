//! Before anything else: how much the texts beside the task read like attacks, which others
//! wrote. What the world says later is looked at where it comes in (`calls/world.rs`).
//!
//! What was found stands in the row of the process from then on: a machine without a detector that
//! goes on with the process knows it too. A text that was to be looked at, and was not, is marked
//! so until the process is taken up again.
//!
//! A process that only has their names, because its children have the texts, leaves that to them:
//! what they answer is as suspicious as what they have read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::{Ending, Execution, guarded, time_left};
use crate::event::Event;
use crate::gate::Detection;
use crate::journal::tape::Told;
use crate::label::Suspicion;
use crate::planner::several;

/// By what the tape has that texts were looked at, by their places, and what was said of each.
const LOOKED: &str = "looked at";
const SAID: &str = "suspicion";

impl Execution {
    /// Has the texts looked at, and labels them. Without a detector that costs nothing, and
    /// stands on no tape.
    pub(super) async fn scan(&mut self) -> Result<(), Ending> {
        self.unscanned = false;
        let places = match self.shared.tape.is_played() {
            true => self.looked_before()?,
            false => self.to_be_looked_at(),
        };
        if places.is_empty() {
            return Ok(());
        }
        match self.looked(&places).await {
            Ok(said) => {
                let seen = said.iter().filter(|(_, said)| !said.is_unseen());
                let seen: Vec<(usize, Suspicion)> = seen.copied().collect();
                self.write_suspicions(&seen)?;
                said.into_iter()
                    .for_each(|(at, said)| self.suspect(at, said));
                Ok(())
            }
            // Where a person says what to do now, it goes on without.
            Err(ending) => {
                let places = places.into_iter();
                places.for_each(|at| self.suspect(at, Suspicion::UNSEEN));
                Err(ending)
            }
        }
    }

    /// Labels the text at this place, and tells the world.
    fn suspect(&mut self, at: usize, suspicion: Suspicion) {
        let Some(attached) = self.program.attached.get_mut(at) else {
            return;
        };
        attached.label = attached.label.clone().suspected(Some(suspicion));
        let label = attached.label.clone();
        self.vm.suspect(at, suspicion);
        let pid = self.pid;
        self.emit(Event::Suspected { pid, label });
    }

    /// The places of the texts that the detector has something to say of.
    fn to_be_looked_at(&self) -> Vec<usize> {
        let detection = &self.shared.gate.policy().detection;
        let attached = self.program.attached.iter().enumerate();
        let strange = attached.filter(|(_, attached)| detection.concern(&attached.label));
        let places: Vec<usize> = strange.map(|(at, _)| at).collect();
        match !places.is_empty() && self.has_names_only() {
            true => Vec::new(),
            false => places,
        }
    }

    /// Whether the texts go to children, which have them looked at, each its own.
    fn has_names_only(&self) -> bool {
        let cpu = &*self.shared.cpu;
        let count = |text: &str| cpu.count(text);
        several::goes_to_children(&self.program, &count, cpu.info().window)
    }

    /// The same, where they stand on the tape.
    fn looked_before(&self) -> Result<Vec<usize>, Ending> {
        let looked = self.shared.tape.playing();
        let looked = looked.map(|mut tape| tape.perhaps::<Value>(LOOKED));
        Ok(match looked.transpose()?.flatten() {
            Some(Value::Array(places)) => {
                let places = places.iter().filter_map(Value::as_u64);
                places.map(|at| at as usize).collect()
            }
            // An earlier release told only that some were, and marked none that was not: this is
            // the place of none.
            Some(_) => vec![usize::MAX],
            None => Vec::new(),
        })
    }

    /// What is said of the texts at `places`, by their places: by the detector, or by the tape.
    async fn looked(&mut self, places: &[usize]) -> Result<Vec<(usize, Suspicion)>, Ending> {
        let tape = self.shared.tape.clone();
        let left = time_left(&self.program, &self.spent, self.started);
        if tape.is_played() {
            let nothing = std::future::ready(());
            guarded(&tape, &mut self.inbox.signals, left, nothing).await?;
            return Ok(tape.fact(SAID, Vec::new)?);
        }
        tape.note(Told::Fact(LOOKED.to_owned(), places.into()));
        let texts = places.iter().filter_map(|at| {
            let attached = self.program.attached.get(*at)?;
            Some((*at, attached.text.clone()))
        });
        let texts: Vec<(usize, String)> = texts.collect();
        let work = all_of(self.shared.gate.policy().detection.clone(), texts);
        let said = guarded(&tape, &mut self.inbox.signals, left, work).await?;
        Ok(tape.fact(SAID, || said)?)
    }
}

/// Says that nobody waits any more, once it is dropped.
#[derive(Default)]
struct Wanted(Arc<AtomicBool>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// What is said of each of `texts`, one after the other on a thread where that may block. Where
/// the future is dropped, the text that is looked at comes to the end of a part of it, and no
/// other is begun.
async fn all_of(detection: Detection, texts: Vec<(usize, String)>) -> Vec<(usize, Suspicion)> {
    let wanted = Wanted::default();
    let mut said = Vec::new();
    for (at, text) in texts {
        let (detection, left) = (detection.clone(), wanted.0.clone());
        let work = move || {
            let is_wanted = || !left.load(Ordering::Acquire);
            detection.suspicion_while(&text, &is_wanted)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(suspicion) => said.extend(suspicion.map(|suspicion| (at, suspicion))),
            Err(error) => {
                tracing::warn!(%error, "a text could not be looked at");
                said.push((at, Suspicion::UNSEEN));
            }
        }
    }
    said
}
