//! Before anything else: how much the texts beside the task, which others wrote, read like
//! attacks. What comes in later is scanned where it arrives (`calls/world.rs`).
//!
//! The result stands in the row of the process from then on, so a machine without a detector that
//! resumes the process knows it too. A text whose scan was cut short is marked until the process
//! is resumed.
//!
//! A process whose children have the texts leaves the scan to them: their answers are as
//! suspicious as what they have read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::{Ending, Execution};
use crate::event::Event;
use crate::gate::Detection;
use crate::journal::tape::Told;
use crate::label::Suspicion;
use crate::planner::several;

/// The tape's name for the fact that texts were scanned: their places, and the finding on each.
const LOOKED: &str = "looked at";
const SAID: &str = "suspicion";

impl Execution {
    /// Has the texts scanned, and labels them. Without a detector this costs nothing and leaves
    /// no trace on the tape.
    pub(super) async fn scan(&mut self) -> Result<(), Ending> {
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
                self.rows.suspicions(&seen)?;
                said.into_iter()
                    .for_each(|(at, said)| self.suspect(at, said));
                Ok(())
            }
            // A person who is asked what to do now may go on without the scan.
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

    /// The places of the texts that still have to be scanned.
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

    /// Whether the texts go to children. Each child has its own text scanned.
    fn has_names_only(&self) -> bool {
        let cpu = &*self.shared.cpu;
        let count = |text: &str| cpu.count(text);
        several::goes_to_children(&self.program, &count, cpu.info().window)
    }

    /// The places of the texts that the tape says were scanned.
    fn looked_before(&self) -> Result<Vec<usize>, Ending> {
        let looked = self.shared.tape.playing();
        let looked = looked.map(|mut tape| tape.perhaps::<Value>(LOOKED));
        Ok(match looked.transpose()?.flatten() {
            Some(Value::Array(places)) => {
                let places = places.iter().filter_map(Value::as_u64);
                places.map(|at| at as usize).collect()
            }
            // An earlier release recorded only that some texts were scanned, and marked none that
            // were not. No text has this place.
            Some(_) => vec![usize::MAX],
            None => Vec::new(),
        })
    }

    /// The findings on the texts at `places`, each with its place: from the detector, or from the
    /// tape.
    async fn looked(&mut self, places: &[usize]) -> Result<Vec<(usize, Suspicion)>, Ending> {
        let tape = self.shared.tape.clone();
        let left = self.costs.time_left(&self.program.limits);
        if tape.is_played() {
            let nothing = std::future::ready(());
            self.inbox.guarded(&tape, left, nothing).await?;
            return Ok(tape.fact(SAID, Vec::new)?);
        }
        tape.note(Told::Fact(LOOKED.to_owned(), places.into()));
        let texts = places.iter().filter_map(|at| {
            let attached = self.program.attached.get(*at)?;
            Some((*at, attached.text.clone()))
        });
        let texts: Vec<(usize, String)> = texts.collect();
        let work = all_of(self.shared.gate.policy().detection.clone(), texts);
        let said = self.inbox.guarded(&tape, left, work).await?;
        Ok(tape.fact(SAID, || said)?)
    }
}

/// Tells the scanning thread, when dropped, that nobody waits any more.
#[derive(Default)]
struct Wanted(Arc<AtomicBool>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// The finding on each of `texts`, one after the other, on a thread that may block. When the
/// future is dropped, the scan ends after the current part of a text.
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
