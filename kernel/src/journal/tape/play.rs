//! Reads a tape back, and finds the first difference.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{
    Count, Outcome, Piece, Ruling, StepRow, Stopped, Told, Weighed, Wrote, exit_bytes,
    intent_bytes, outcome_bytes, short,
};
use crate::gate::rules::Rule;
use crate::process::{Exit, Reply};
use crate::signal::Signal;
use crate::window::reminder::Reminder;

/// Characters of each side of a difference.
const SHOWN_CHARS: usize = 400;

/// A point where a replayed process does something else than the journal says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The step under way.
    pub step: u32,
    /// What differs.
    pub what: String,
    /// As it is in the journal.
    pub recorded: String,
    /// As it is now.
    pub now: String,
}

/// The result of a replayed run.
pub(crate) struct Played {
    /// Digest of all that the run recorded.
    pub(crate) digest: String,
    /// The first difference, if there is one.
    pub(crate) difference: Option<Difference>,
}

/// What is recorded of a process, apart from its task.
pub(crate) struct Recorded {
    /// Its tape, all runs.
    told: Vec<Told>,
    counts: HashMap<String, Count>,
    rows: BTreeMap<u32, (StepRow, Option<Ruling>)>,
    /// Where the tape has the intent and the outcome that the row of a step has. A step that was
    /// decided anew has only one row.
    latest: HashMap<(bool, u32), usize>,
    reminder: Option<Reminder>,
    exit: Option<Exit>,
}

impl Recorded {
    pub(crate) fn new(
        pieces: Vec<Piece>,
        rows: Vec<StepRow>,
        mut rulings: BTreeMap<u32, Ruling>,
        reminder: Option<Reminder>,
        exit: Option<Exit>,
    ) -> Self {
        let (mut told, mut counts) = (Vec::new(), HashMap::new());
        for piece in pieces {
            told.extend(piece.told);
            counts.extend(piece.counts);
        }
        let mut latest = HashMap::new();
        for (at, told) in told.iter().enumerate() {
            match told {
                Told::Intent(n) => latest.insert((true, *n), at),
                Told::Outcome(n) => latest.insert((false, *n), at),
                _ => None,
            };
        }
        let rows = rows.into_iter().map(|row| {
            let ruling = rulings.remove(&row.n);
            (row.n, (row, ruling))
        });
        Self {
            told,
            counts,
            rows: rows.collect(),
            latest,
            reminder,
            exit,
        }
    }

    /// The part of the tape of each run.
    pub(crate) fn runs(&self) -> Vec<Range<usize>> {
        let starts = self.told.iter().enumerate();
        let starts: Vec<usize> = starts
            .filter(|(_, told)| matches!(told, Told::Run(_)))
            .map(|(at, _)| at)
            .collect();
        let ends = starts.iter().skip(1).copied().chain([self.told.len()]);
        let runs = starts.iter().zip(ends);
        runs.map(|(start, end)| *start..end).collect()
    }

    /// The entry at `at`.
    pub(crate) fn told(&self, at: usize) -> Option<&Told> {
        self.told.get(at)
    }

    /// The row of step `n`.
    pub(crate) fn row(&self, n: u32) -> Option<&StepRow> {
        self.rows.get(&n).map(|(row, _)| row)
    }

    /// The ruling on step `n`.
    pub(crate) fn ruling(&self, n: u32) -> Option<&Ruling> {
        self.rows.get(&n)?.1.as_ref()
    }

    /// What the process was reminded of.
    pub(crate) fn reminder(&self) -> Option<Reminder> {
        self.reminder.clone()
    }

    /// Steps with an outcome.
    pub(crate) fn steps(&self) -> u32 {
        let done = self.rows.values().filter(|(row, _)| row.outcome.is_some());
        done.count() as u32
    }
}

/// A tape that is read back.
pub(crate) struct Playing {
    recorded: Arc<Recorded>,
    at: usize,
    end: usize,
    /// The step under way.
    step: u32,
    /// How many times it looked for rules that were added.
    looked: u32,
    hash: blake3::Hasher,
    stopped: bool,
    difference: Option<Difference>,
}

impl Playing {
    /// The tape of the `run` that follows step `n`.
    pub(crate) fn new(recorded: Arc<Recorded>, run: &Range<usize>, n: u32) -> Self {
        Self {
            recorded,
            // Its first entry has been read.
            at: run.start + 1,
            end: run.end,
            step: n + 1,
            looked: 0,
            hash: blake3::Hasher::new(),
            stopped: false,
            difference: None,
        }
    }

    /// The result of the run so far.
    pub(crate) fn played(&mut self) -> Played {
        if self.at < self.end && !self.stopped {
            let _ = self.differs_from_next("nothing more");
        }
        Played {
            digest: short(&self.hash.finalize()),
            difference: self.difference.take(),
        }
    }

    /// The next entry; an error at the end of a run that was cut off.
    fn peek(&mut self) -> Result<&Told, Stopped> {
        match self.recorded.told.get(self.at) {
            Some(told) if self.at < self.end && !self.stopped => Ok(told),
            _ => {
                self.stopped = true;
                Err(Stopped)
            }
        }
    }

    fn differs(&mut self, what: &str, recorded: &str, now: &str) -> Stopped {
        let cut = |text: &str| match text.char_indices().nth(SHOWN_CHARS) {
            Some((end, _)) => format!("{} …", &text[..end]),
            None => text.to_owned(),
        };
        // Whatever follows the first difference differs too.
        self.difference.get_or_insert_with(|| Difference {
            step: self.step,
            what: what.to_owned(),
            recorded: cut(recorded),
            now: cut(now),
        });
        self.stopped = true;
        Stopped
    }

    fn differs_from_next(&mut self, now: &str) -> Stopped {
        let recorded = match self.peek() {
            Ok(told) => json!(told).to_string(),
            Err(stopped) => return stopped,
        };
        self.differs("what comes next", &recorded, now)
    }

    /// Takes the next entry, which has to be `told`.
    pub(super) fn expect(&mut self, told: &Told) -> Result<(), Stopped> {
        if self.peek()? == told {
            self.at += 1;
            return Ok(());
        }
        Err(self.differs_from_next(&json!(told).to_string()))
    }

    pub(super) fn fact<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, Stopped> {
        let value = match self.peek()? {
            Told::Fact(is, value) if is == name => serde_json::from_value(value.clone()).ok(),
            _ => None,
        };
        if value.is_some() {
            self.at += 1;
        }
        value.ok_or_else(|| self.differs_from_next(&format!("looks up: {name}")))
    }

    /// The fact called `name`, if the tape has it here.
    pub(crate) fn perhaps<T>(&mut self, name: &str) -> Result<Option<T>, Stopped>
    where
        T: DeserializeOwned,
    {
        match self.peek()? {
            Told::Fact(is, value) if is == name => {
                let value = serde_json::from_value(value.clone()).ok();
                self.at += 1;
                Ok(value)
            }
            _ => Ok(None),
        }
    }

    /// The next signal, if the tape has one here.
    pub(crate) fn signal(&mut self) -> Result<Option<Signal>, Stopped> {
        let Told::Signal(signal) = self.peek()? else {
            return Ok(None);
        };
        let signal = *signal;
        self.at += 1;
        Ok(Some(signal))
    }

    /// The rules that count from here on and did not before.
    pub(super) fn rules(&mut self) -> Result<Vec<Rule>, Stopped> {
        let times = self.looked;
        self.looked += 1;
        match self.peek()? {
            Told::Rules(at, rules) if *at == times => {
                let rules = rules.clone();
                self.at += 1;
                Ok(rules)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Whether the time limit was reached here.
    pub(crate) fn is_late(&mut self) -> Result<bool, Stopped> {
        let late = matches!(self.peek()?, Told::Late);
        self.at += usize::from(late);
        Ok(late)
    }

    /// The reply of a person.
    pub(crate) fn reply(&mut self) -> Result<Reply, Stopped> {
        if let Told::Reply(reply) = self.peek()? {
            let reply = reply.clone();
            self.at += 1;
            return Ok(reply);
        }
        Err(self.differs_from_next("waits for a reply"))
    }

    /// What the CPU wrote on this window.
    pub(crate) fn wrote(&mut self, prompt: &str, legal: &str) -> Result<Wrote, Stopped> {
        let Told::Wrote(wrote) = self.peek()? else {
            return Err(self.differs_from_next("asks the CPU to write"));
        };
        let wrote = wrote.clone();
        if wrote.prompt != prompt {
            return Err(self.differs("the window", &wrote.prompt, prompt));
        }
        if wrote.legal != legal {
            return Err(self.differs("what is legal", &wrote.legal, legal));
        }
        self.at += 1;
        Ok(wrote)
    }

    /// What the CPU weighed.
    pub(crate) fn weighed(&mut self, asked: &str) -> Result<Weighed, Stopped> {
        let Told::Weighed(weighed) = self.peek()? else {
            return Err(self.differs_from_next("asks the CPU a question"));
        };
        let weighed = weighed.clone();
        if weighed.asked != asked {
            return Err(self.differs("a question", &weighed.asked, asked));
        }
        self.at += 1;
        Ok(weighed)
    }

    /// What was counted under `key`.
    pub(crate) fn count(&mut self, key: u64) -> Result<Count, Stopped> {
        let key = format!("{key:016x}");
        if let Some(count) = self.recorded.counts.get(&key) {
            return Ok(count.clone());
        }
        // A run that was cut off recorded nothing after this.
        self.peek()?;
        Err(self.differs("a text in the window", "not there", &key))
    }

    /// What the process was reminded of.
    pub(crate) fn reminder(&self) -> Option<Reminder> {
        self.recorded.reminder()
    }

    /// The recorded outcome of step `n`.
    pub(crate) fn outcome_of(&self, n: u32) -> Option<Outcome> {
        self.recorded.row(n).and_then(|row| row.outcome.clone())
    }

    /// Whether the previous entry is the one that the row of its step has.
    fn is_latest(&self, key: (bool, u32)) -> bool {
        self.recorded.latest.get(&key) == Some(&(self.at - 1))
    }

    pub(super) fn intent(
        &mut self,
        step: &StepRow,
        ruling: Option<&Ruling>,
    ) -> Result<(), Stopped> {
        self.step = step.n;
        self.expect(&Told::Intent(step.n))?;
        self.hash.update(intent_bytes(step, ruling).as_bytes());
        let recorded = self.recorded.clone();
        let Some((row, word)) = recorded.rows.get(&step.n) else {
            return Err(self.differs("the step", "not there", &step.action.to_string()));
        };
        if !self.is_latest((true, step.n)) {
            return Ok(());
        }
        let ruled = |ruling: Option<&Ruling>| json!(ruling).to_string();
        self.compare(
            "the action",
            &row.action.to_string(),
            &step.action.to_string(),
        )?;
        let usage = |step: &StepRow| json!(step.usage).to_string();
        self.compare("the tokens", &usage(row), &usage(step))?;
        self.compare("the ruling", &ruled(word.as_ref()), &ruled(ruling))
    }

    pub(super) fn outcome(&mut self, n: u32, outcome: &Outcome) -> Result<(), Stopped> {
        self.expect(&Told::Outcome(n))?;
        self.hash.update(outcome_bytes(n, outcome).as_bytes());
        if self.is_latest((false, n)) && self.is_latest_intent_before(n) {
            let recorded = self.outcome_of(n);
            let Some(recorded) = recorded else {
                return Err(self.differs("the outcome", "not there", &outcome.text));
            };
            self.compare("the outcome", &recorded.text, &outcome.text)?;
            let label = |outcome: &Outcome| json!([outcome.ok, outcome.label]).to_string();
            self.compare("the label", &label(&recorded), &label(outcome))?;
        }
        self.step = n + 1;
        Ok(())
    }

    /// Whether no later run decided step `n` anew.
    fn is_latest_intent_before(&self, n: u32) -> bool {
        let intent = self.recorded.latest.get(&(true, n));
        intent.is_none_or(|intent| *intent < self.at)
    }

    pub(super) fn exit(&mut self, exit: &Exit) -> Result<(), Stopped> {
        let bytes = exit_bytes(exit);
        self.hash.update(bytes.as_bytes());
        let digest = Told::Exit(short(&self.hash.finalize()));
        if *self.peek()? == digest {
            self.at += 1;
            return Ok(());
        }
        let all = self.recorded.clone();
        let recorded = match (self.peek()?, &all.exit) {
            (Told::Exit(_), Some(recorded)) => exit_bytes(recorded),
            (told, _) => json!(told).to_string(),
        };
        Err(self.differs("the end", &recorded, &bytes))
    }

    fn compare(&mut self, what: &str, recorded: &str, now: &str) -> Result<(), Stopped> {
        match recorded == now {
            true => Ok(()),
            false => Err(self.differs(what, recorded, now)),
        }
    }
}
