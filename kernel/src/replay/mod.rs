//! Runs a process again on what its journal recorded: the same loop, with a CPU that says what
//! the journal says, and a world where everything has happened already. No model is needed, and
//! nothing is carried out.
//!
//! | file | job |
//! | --- | --- |
//! | this one | plays the runs of a process, one after the other |
//! | `cpu` | the CPU of a run that is played |
//! | `devices` | its devices, which are there to be looked up only |
//!
//! What stands on a tape, and how it is compared, is in `journal/tape/`.

mod cpu;
mod devices;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicI8;

use quipu_memory::RamStore;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::event::Events;
use crate::exec::{Execution, Inbox, Past, Shared, not_set_up};
use crate::gate::Gate;
pub use crate::journal::Difference;
use crate::journal::tape::{Played, Playing, Run, Tape, Told};
use crate::journal::{Journal, JournalError, Kept};
use crate::label::Suspicion;
use crate::process::{Attached, Pid, Program};
use cpu::Player;

/// The result of replaying a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// The process.
    pub pid: Pid,
    /// Times that it was started or resumed.
    pub runs: usize,
    /// Its steps.
    pub steps: u32,
    /// How many of these ran before anything was recorded, or in the process that this one is a
    /// copy of. They were taken as they are.
    pub taken: u32,
    /// Digest of all that the runs wrote down.
    pub digest: String,
    /// The first difference; `None` where there is none.
    pub difference: Option<Difference>,
}

/// Why a process cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The journal cannot be read, or was changed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal does not have what the process was told.
    #[error(
        "process {0} cannot be replayed: nothing is recorded of what its CPU told it; it ran \
         on an earlier release, or has not come to its first step"
    )]
    NotRecorded(Pid),
    /// A text that its run names is missing, or of another release.
    #[error("process {pid} cannot be replayed: {what} cannot be read")]
    Unreadable {
        /// The process.
        pid: Pid,
        /// What it is.
        what: &'static str,
    },
}

/// Replays `pid`: each of its runs from what it started with.
///
/// # Errors
/// When the journal was changed, or has not recorded what is needed.
pub async fn replay(journal: &Journal, pid: Pid) -> Result<Replayed, ReplayError> {
    journal.verify(pid)?;
    let kept = journal.kept(pid)?;
    let runs = kept.recorded.runs();
    if runs.is_empty() {
        return Err(ReplayError::NotRecorded(pid));
    }
    let events = Arc::new(Events::default());
    let (mut digests, mut difference, mut taken) = (Vec::new(), None, 0);
    for (at, run) in runs.iter().enumerate() {
        let Some(Told::Run(head)) = kept.recorded.told(run.start) else {
            continue;
        };
        if at == 0 {
            taken = head.done.len() as u32;
        }
        let played = play(&kept, head, run, events.clone())
            .await
            .map_err(|problem| problem.of(pid))?;
        digests.push(played.digest);
        difference = played.difference;
        if difference.is_some() {
            break;
        }
    }
    Ok(Replayed {
        pid,
        runs: runs.len(),
        steps: kept.recorded.steps(),
        taken,
        digest: match digests.as_slice() {
            [only] => only.clone(),
            all => blake3::hash(all.concat().as_bytes()).to_hex()[..32].to_owned(),
        },
        difference,
    })
}

/// Why a run cannot be played.
enum Problem {
    Journal(JournalError),
    Unreadable(&'static str),
}

impl Problem {
    fn of(self, pid: Pid) -> ReplayError {
        match self {
            Problem::Journal(error) => error.into(),
            Problem::Unreadable(what) => ReplayError::Unreadable { pid, what },
        }
    }
}

/// Plays one run to its end.
async fn play(
    kept: &Kept,
    head: &Run,
    run: &Range<usize>,
    events: Arc<Events>,
) -> Result<Played, Problem> {
    let past = past(kept, head);
    let last = head.done.iter().chain(&head.pending).max().copied();
    let playing = Playing::new(kept.recorded.clone(), run, last.unwrap_or(0).max(head.n));
    let tape = Arc::new(Tape::plays(playing));
    let policy = kept.text(&head.policy);
    let shared = Arc::new(Shared {
        cpu: Arc::new(Player::new(&head.cpu, tape.clone())),
        store: Arc::new(RamStore::new()),
        bus: Arc::new(devices::bus(kept, &head.tools).ok_or(Problem::Unreadable("a tool"))?),
        journal: Arc::new(Journal::in_memory().map_err(Problem::Journal)?),
        gate: Gate::new(policy.ok_or(Problem::Unreadable("the gate's rules"))?),
        sampling: head.sampling,
        judgement: kept
            .text(&head.judgement)
            .ok_or(Problem::Unreadable("what the model's odds are worth"))?,
        events,
        tape: tape.clone(),
    });
    let mut program = Program {
        limits: head.limits.clone(),
        plan: head.plan.clone(),
        ..kept.program.clone()
    };
    suspect_as_then(&mut program.attached, head.suspicions.as_deref());
    // Nobody reaches the process: whatever reached it is on the tape.
    let (_signals, signals) = mpsc::channel(1);
    let (_replies, replies) = mpsc::channel(1);
    let priority = Arc::new(AtomicI8::new(program.priority));
    let inbox = Inbox::new(signals, replies, priority, head.attended);
    match Execution::new(kept.pid, program, shared, inbox, past) {
        Ok(execution) => drop(execution.run().await),
        Err(ending) => drop(tape.exit(&not_set_up(ending).1)),
    }
    let played = tape.playing().map(|mut tape| tape.played());
    played.ok_or(Problem::Unreadable("its tape"))
}

/// Gives `attached` the suspicions that were known when the run began. The row of the process
/// also has what was found later. A run of an earlier release, which kept none, knew of none.
fn suspect_as_then(attached: &mut [Attached], known: Option<&[Option<Suspicion>]>) {
    for (at, attached) in attached.iter_mut().enumerate() {
        attached.label.suspicion = known.and_then(|known| known.get(at).copied().flatten());
    }
}

/// What the process was when the run began.
fn past(kept: &Kept, head: &Run) -> Past {
    let mut numbers: Vec<u32> = head.done.iter().chain(&head.pending).copied().collect();
    numbers.sort_unstable();
    let rows = numbers.into_iter().filter_map(|n| {
        let mut row = kept.recorded.row(n)?.clone();
        if head.pending.contains(&n) {
            row.outcome = None;
        }
        Some(row)
    });
    let done: Vec<_> = rows.collect();
    let ruled = done
        .iter()
        .filter_map(|row| Some((row.n, kept.recorded.ruling(row.n)?.planned?)));
    Past {
        planned: ruled.collect(),
        // The time comes from the tape.
        spent_ms: 0,
        n: head.n,
        reminder: kept.recorded.reminder().filter(|_| head.reminded),
        done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::{Label, Trust};

    #[test]
    fn a_run_knows_of_its_texts_what_was_known_then() {
        let found = |score| Some(Suspicion::new(score, 1.0));
        let check = |known: Option<&[Option<Suspicion>]>, want: [Option<Suspicion>; 2]| {
            let attached = |score| Attached {
                text: "a page".to_owned(),
                label: Label::new("file:mail.txt", Trust::Untrusted).suspected(found(score)),
                picture: None,
            };
            let mut texts = [attached(0.97), attached(0.03)];
            suspect_as_then(&mut texts, known);
            assert_eq!(texts.map(|text| text.label.suspicion), want, "{known:?}");
        };
        check(Some(&[None, found(0.5)]), [None, found(0.5)]);
        check(Some(&[found(0.97), None]), [found(0.97), None]);
        // Of an earlier release.
        check(None, [None, None]);
    }
}
