//! Writes a tape.

use std::collections::HashSet;

use quipu_cpu::{Chunk, CpuError};

use super::{
    Content, Count, End, Odds, Outcome, Piece, Ruling, Run, Said, StepRow, Told, Weighed, Wrote,
    exit_bytes, intent_bytes, outcome_bytes, short,
};
use crate::gate::rules::Rule;
use crate::process::Exit;

/// A tape that is being written.
pub(crate) struct Recording {
    /// Entries that are not yet in the journal.
    piece: Piece,
    /// How many entries are in the journal.
    written: usize,
    /// The keys of what was counted before.
    counted: HashSet<u64>,
    /// Texts that are not yet in the journal.
    content: Vec<Content>,
    /// The hash of all rows of this run.
    hash: blake3::Hasher,
    /// How many times it looked for rules that were added.
    looked: u32,
}

/// The place of an entry that is filled in later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot(usize);

impl Recording {
    pub(super) fn new(run: Run, content: Vec<Content>) -> Self {
        let mut recording = Self {
            piece: Piece::default(),
            written: 0,
            counted: HashSet::new(),
            content,
            hash: blake3::Hasher::new(),
            looked: 0,
        };
        recording.push(Told::Run(Box::new(run)));
        recording
    }

    pub(super) fn push(&mut self, told: Told) {
        self.piece.told.push(told);
    }

    /// Reserves an entry for an answer of the CPU, which is asked now.
    pub(crate) fn reserve(&mut self, told: Told) -> Slot {
        self.push(told);
        Slot(self.written + self.piece.told.len() - 1)
    }

    fn slot(&mut self, slot: Slot) -> Option<&mut Told> {
        let at = slot.0.checked_sub(self.written)?;
        self.piece.told.get_mut(at)
    }

    /// Notes a piece of a text that the CPU writes.
    pub(crate) fn hear_text(&mut self, slot: Slot, chunk: &Result<Chunk, CpuError>) {
        let Some(Told::Wrote(wrote)) = self.slot(slot) else {
            return;
        };
        match chunk {
            Ok(Chunk::Text(text)) => wrote.text.push_str(text),
            Ok(Chunk::Done(done)) => {
                if wrote.text != done.text {
                    wrote.pieces = Some(std::mem::replace(&mut wrote.text, done.text.clone()));
                }
                wrote.end = End::Done {
                    usage: done.usage,
                    closed_early: done.closed_early,
                    thought: done.thought,
                };
            }
            Ok(Chunk::Weighed(..) | Chunk::Odds(_) | Chunk::Begun(_)) => {}
            Err(error) => wrote.end = End::Failed(error.clone()),
        }
    }

    /// Notes the answer to a question.
    pub(crate) fn hear_odds(&mut self, slot: Slot, chunk: &Result<Chunk, CpuError>) {
        let Some(Told::Weighed(weighed)) = self.slot(slot) else {
            return;
        };
        match chunk {
            Ok(Chunk::Weighed(weights, _)) => {
                weighed.odds = Odds::Bits(weights.iter().map(|weight| weight.to_bits()).collect());
            }
            Ok(_) => {}
            Err(error) => weighed.odds = Odds::Failed(error.clone()),
        }
    }

    /// Notes a count, once.
    pub(crate) fn count(&mut self, key: u64, count: impl FnOnce() -> Count) {
        if self.counted.insert(key) {
            self.piece.counts.insert(format!("{key:016x}"), count());
        }
    }

    /// Notes the rules that count from now on, if there are any.
    pub(super) fn rules(&mut self, rules: &[Rule]) {
        if !rules.is_empty() {
            self.push(Told::Rules(self.looked, rules.to_vec()));
        }
        self.looked += 1;
    }

    pub(super) fn intent(&mut self, step: &StepRow, ruling: Option<&Ruling>) -> Said {
        self.hash.update(intent_bytes(step, ruling).as_bytes());
        self.push(Told::Intent(step.n));
        self.take()
    }

    pub(super) fn outcome(&mut self, n: u32, outcome: &Outcome) -> Said {
        self.hash.update(outcome_bytes(n, outcome).as_bytes());
        self.push(Told::Outcome(n));
        self.take()
    }

    pub(super) fn exit(&mut self, exit: &Exit) -> Said {
        self.hash.update(exit_bytes(exit).as_bytes());
        self.push(Told::Exit(short(&self.hash.finalize())));
        self.take()
    }

    /// Takes what is to be recorded now.
    fn take(&mut self) -> Said {
        let piece = std::mem::take(&mut self.piece);
        self.written += piece.told.len();
        Said {
            // Encoding cannot fail: keys are texts, and no number is infinite.
            text: serde_json::to_string(&piece).unwrap_or_default(),
            content: std::mem::take(&mut self.content),
        }
    }
}

impl Told {
    /// A text that the CPU was asked for.
    pub(crate) fn to_write(prompt: String, legal: String) -> Self {
        Told::Wrote(Wrote {
            prompt,
            legal,
            text: String::new(),
            pieces: None,
            end: End::Dropped,
        })
    }

    /// A question that the CPU was asked.
    pub(crate) fn to_weigh(asked: String) -> Self {
        Told::Weighed(Weighed {
            asked,
            odds: Odds::Dropped,
        })
    }
}
