//! Before anything else: how much the texts beside the task read like attacks, which others
//! wrote. What the world says later is looked at where it comes in (`calls/world.rs`).
//!
//! A process that only has their names, because its children have the texts, leaves that to them:
//! what they answer is as suspicious as what they have read.

use super::{Ending, Execution, guarded, time_left};
use crate::event::Event;
use crate::gate::Detection;
use crate::journal::tape::Told;
use crate::label::Suspicion;
use crate::planner::several;

/// By what the tape has that the texts were looked at, and what was said of each.
const LOOKED: &str = "looked at";
const SAID: &str = "suspicion";

impl Execution {
    /// Has the texts looked at, and labels them. Without a detector that costs nothing, and
    /// stands on no tape.
    pub(super) async fn scan(&mut self) -> Result<(), Ending> {
        self.unscanned = false;
        let said = match self.shared.tape.is_played() {
            true => self.said_before().await?,
            false => self.said_now().await?,
        };
        for (at, suspicion) in said {
            let Some(attached) = self.program.attached.get_mut(at) else {
                continue;
            };
            attached.label = attached.label.clone().suspected(Some(suspicion));
            let label = attached.label.clone();
            self.vm.suspect(Some(suspicion));
            self.emit(Event::Suspected {
                pid: self.pid,
                label,
            });
        }
        Ok(())
    }

    /// What the detector says of the texts that it has something to say of, by their places.
    async fn said_now(&mut self) -> Result<Vec<(usize, Suspicion)>, Ending> {
        let detection = self.shared.gate.policy().detection.clone();
        let attached = self.program.attached.iter().enumerate();
        let strange = attached.filter(|(_, attached)| detection.concern(&attached.label));
        let texts: Vec<(usize, String)> = strange
            .map(|(at, attached)| (at, attached.text.clone()))
            .collect();
        if texts.is_empty() || self.has_names_only() {
            return Ok(Vec::new());
        }
        let tape = self.shared.tape.clone();
        tape.note(Told::Fact(LOOKED.to_owned(), true.into()));
        let left = time_left(&self.program, &self.spent, self.started);
        let work = all_of(detection, texts);
        let said = guarded(&tape, &mut self.inbox.signals, left, work).await?;
        Ok(tape.fact(SAID, || said)?)
    }

    /// Whether the texts go to children, which have them looked at, each its own.
    fn has_names_only(&self) -> bool {
        let cpu = &*self.shared.cpu;
        let count = |text: &str| cpu.count(text);
        several::goes_to_children(&self.program, &count, cpu.info().window)
    }

    /// The same, where it stands on the tape.
    async fn said_before(&mut self) -> Result<Vec<(usize, Suspicion)>, Ending> {
        let tape = self.shared.tape.clone();
        let looked = tape.playing().map(|mut tape| tape.perhaps::<bool>(LOOKED));
        if looked.transpose()?.flatten().is_none() {
            return Ok(Vec::new());
        }
        let left = time_left(&self.program, &self.spent, self.started);
        let nothing = std::future::ready(());
        guarded(&tape, &mut self.inbox.signals, left, nothing).await?;
        Ok(tape.fact(SAID, Vec::new)?)
    }
}

/// What is said of each of `texts`, one after the other on a thread where that may block. Who
/// waits no longer has the one that is looked at come to its end, and no other.
async fn all_of(detection: Detection, texts: Vec<(usize, String)>) -> Vec<(usize, Suspicion)> {
    let mut said = Vec::new();
    for (at, text) in texts {
        let detection = detection.clone();
        let work = move || detection.suspicion(&text);
        match tokio::task::spawn_blocking(work).await {
            Ok(suspicion) => said.extend(suspicion.map(|suspicion| (at, suspicion))),
            Err(error) => tracing::warn!(%error, "a text could not be looked at"),
        }
    }
    said
}
