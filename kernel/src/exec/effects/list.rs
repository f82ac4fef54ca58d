//! The call `process.map`: each thing of a list goes to a child of its own, a few at a time, on
//! what is left of the parent's limits. Also the tasks that are such a list as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::children::TOO_LITTLE;
use super::kin::{Came, Done, Kin, Work, ended_as};
use crate::calls::{MAP, MapList};
use crate::exec::family::Apart;
use crate::exec::{Ending, Execution, failed};
use crate::grammar::Legal;
use crate::journal::{JournalError, Outcome, StepRow};
use crate::label::Label;
use crate::limits::{Limit, Limits, Spent};
use crate::planner::for_one::for_one;
use crate::planner::plain::cut;
use crate::planner::several;
use crate::process::{
    AT_ONCE, Attached, Drawn, Exit, ITEMS_MAX, Pid, Program, Room, State, text_of,
};

/// Characters of all answers together.
const ANSWERS_CHARS_MAX: usize = 16_000;
/// Characters of one answer, at least and at most; between these, as many as there is room for.
const ANSWER_CHARS: (usize, usize) = (160, 2_000);
/// Characters of a thing that has no name.
const ITEM_CHARS: usize = 40;

/// A list under way.
struct List {
    kin: Kin,
    /// The programs of the children, in order.
    programs: Vec<Program>,
    names: Vec<String>,
    at_once: usize,
    room: Room,
    /// What the parent has spent itself.
    spent: Spent,
    usual: Limits,
    seconds: u64,
    ends: Arc<Ends>,
}

/// The children of a list that have ended so far.
#[derive(Default)]
struct Ends {
    /// How each child ended, by the place of its thing.
    of: Mutex<BTreeMap<usize, (Pid, Exit, Label)>>,
}

impl Ends {
    /// The answers in the order of `names`, as JSON with a line for each.
    fn told(&self, names: &[String], lacks: Option<(Option<Limit>, String)>) -> Done {
        let ends = self.of.lock();
        let answered = ends.values().filter(|(_, exit, _)| exit.answer.is_some());
        let answered = answered.count();
        let room = ANSWERS_CHARS_MAX / names.len().max(1);
        let room = room.clamp(ANSWER_CHARS.0, ANSWER_CHARS.1);
        let line = |(at, (pid, exit, _)): (&usize, &(Pid, Exit, Label))| {
            let mut line = json!({"item": names[*at]});
            if let (Some(line), Value::Object(ended)) =
                (line.as_object_mut(), ended_as(*pid, exit, room))
            {
                line.extend(ended);
            }
            line.to_string()
        };
        let lines: Vec<String> = ends.iter().map(line).collect();
        let mut text = format!(
            "{{\"answered\":{answered},\"of\":{},\"results\":[\n{}\n]",
            names.len(),
            lines.join(",\n")
        );
        let left = names.len() - ends.len();
        if let (true, Some((_, why))) = (left > 0, &lacks) {
            let missing = json!(format!("{left} were not begun or not ended: {why}"));
            text.push_str(&format!(",\"missing\":{missing}"));
        }
        text.push('}');
        let labels = ends.values().map(|(_, _, label)| label);
        let label = Label::lowest(labels);
        Done {
            lacks: lacks.filter(|_| left > 0).and_then(|(limit, _)| limit),
            ..Done::new(text, answered > 0, (!ends.is_empty()).then_some(label))
        }
    }
}

type Ended = (usize, Pid, Result<Option<Exit>, Apart>);

impl List {
    /// Works the list off.
    async fn work(mut self) -> Result<Came, Ending> {
        let mut running: FuturesUnordered<BoxFuture<'static, Ended>> = FuturesUnordered::new();
        let mut limits: BTreeMap<usize, Limits> = BTreeMap::new();
        let mut waiting: Vec<usize> = (0..self.programs.len()).rev().collect();
        let (mut stopping, mut lacks) = (false, None);
        // Children that were started before a crash come first. They have their limits already.
        let begun = self.begun().map_err(failed)?;
        waiting.retain(|at| !self.ends.of.lock().contains_key(at));
        for (at, pid, own) in begun {
            waiting.retain(|other| *other != at);
            match self.begin(Some(pid), None) {
                Ok(pid) => running.push(self.end(at, pid)),
                Err(Apart::Stopping) => stopping = true,
                Err(Apart::Failed(why)) => lacks = Some((None, why)),
            }
            limits.insert(at, own);
        }
        loop {
            while !stopping && lacks.is_none() && running.len() < self.at_once {
                let Some(at) = waiting.pop() else { break };
                let slots = (self.at_once - running.len()).min(waiting.len() + 1);
                let share = self.room.share(slots, &self.usual, self.seconds);
                let Some(share) = share else {
                    waiting.push(at);
                    break;
                };
                let mut program = self.programs[at].clone();
                program.limits = share.clone();
                match self.begin(None, Some(program)) {
                    Ok(pid) => running.push(self.end(at, pid)),
                    Err(Apart::Stopping) => stopping = true,
                    Err(Apart::Failed(why)) => lacks = Some((None, why)),
                }
                limits.insert(at, share);
            }
            let Some((at, pid, exit)) = running.next().await else {
                break;
            };
            match exit {
                Ok(Some(exit)) => {
                    let spent = self.take(at, pid, exit).map_err(failed)?;
                    if let Some(limits) = limits.get(&at) {
                        self.room.give_back(limits, spent);
                    }
                }
                Ok(None) | Err(Apart::Stopping) => stopping = true,
                Err(Apart::Failed(why)) => lacks = Some((None, why)),
            }
        }
        if stopping {
            return Ok(Came::Suspended);
        }
        let lacks = lacks.or_else(|| (!waiting.is_empty()).then(|| self.used_up()));
        Ok(Came::Of(self.ends.told(&self.names, lacks)))
    }

    /// The children that this step has started before and that still have to end, with their
    /// places and limits. The results of those that have exited are taken in.
    ///
    /// The room for others is counted from the same rows: a child may end between two reads of
    /// the journal.
    fn begun(&mut self) -> Result<Vec<(usize, Pid, Limits)>, JournalError> {
        let step = self.programs.first().and_then(|program| program.child_of);
        let journal = self.kin.journal.clone();
        let (mut begun, mut drawn) = (Vec::new(), Drawn::default());
        for child in journal.children(self.kin.pid)? {
            let (limits, _) = journal.limits(child.pid)?;
            let ended = child.exit.clone();
            let ended = ended.filter(|_| child.state == State::Exited);
            drawn += match &ended {
                Some(exit) => journal.spent(&child, exit)?,
                None => Drawn::held_by(&limits),
            };
            let place = child
                .child_of
                .filter(|place| Some(place.step) == step.map(|of| of.step));
            let at = place.map(|place| place.at as usize);
            let Some(at) = at.filter(|at| *at < self.programs.len()) else {
                continue;
            };
            match ended {
                Some(exit) => {
                    self.note(at, child.pid, exit)?;
                }
                None => begun.push((at, child.pid, limits)),
            }
        }
        let spent = Spent {
            steps: self.spent.steps + drawn.steps,
            tokens: self.spent.tokens + drawn.tokens,
            ..self.spent.clone()
        };
        self.room = Room::of(&self.usual, &spent);
        Ok(begun)
    }

    fn begin(&self, there: Option<Pid>, program: Option<Program>) -> Result<Pid, Apart> {
        let begin = || match (there, program) {
            (Some(pid), _) => self.kin.family.go_on(pid).map(|()| pid),
            (None, Some(program)) => self.kin.begin(program),
            (None, None) => Err(Apart::Failed("there is nothing to start".into())),
        };
        self.kin.family.waits().while_it_starts(self.kin.pid, begin)
    }

    fn end(&self, at: usize, pid: Pid) -> BoxFuture<'static, Ended> {
        let kin = self.kin.clone();
        Box::pin(async move { (at, pid, kin.end_of(pid).await) })
    }

    /// Takes in the end of a child and tells the world. Returns what the child has spent.
    fn take(&self, at: usize, pid: Pid, exit: Exit) -> Result<Drawn, JournalError> {
        self.kin.joined(pid, &exit);
        self.note(at, pid, exit)
    }

    fn note(&self, at: usize, pid: Pid, exit: Exit) -> Result<Drawn, JournalError> {
        let row = self.kin.journal.process(pid)?;
        let spent = self.kin.journal.spent(&row, &exit)?;
        let label = self.kin.journal.label_of(pid)?;
        self.ends.of.lock().insert(at, (pid, exit, label));
        Ok(spent)
    }

    /// The limit that leaves nothing for another child, and the same in words.
    fn used_up(&self) -> (Option<Limit>, String) {
        let limit = match self.seconds {
            0 => Limit::Time,
            _ => self.room.lacks(),
        };
        let words = limit.describe(&self.usual);
        (
            Some(limit),
            format!("{words}, which its processes share, is used up"),
        )
    }
}

/// The answers of a list as text, a line for each thing.
fn lines(told: &str) -> Option<String> {
    let told: Value = serde_json::from_str(told).ok()?;
    let line = |result: &Value| {
        let said = result
            .get("answer")
            .or(result.get("error"))
            .unwrap_or(&Value::Null);
        let said = text_of(said);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{}: {said}", result["item"].as_str().unwrap_or_default())
    };
    let mut lines: Vec<String> = told["results"].as_array()?.iter().map(line).collect();
    lines.extend(
        told["missing"]
            .as_str()
            .map(|missing| format!("({missing})")),
    );
    Some(lines.join("\n"))
}

impl Execution {
    /// The call `process.map`.
    pub(super) async fn mapped(&mut self, step: &StepRow, map: MapList) -> Result<Outcome, Ending> {
        self.with_others(step, |process, kin| {
            if let Some(why) = kin.starts_none(step)? {
                return Ok(Err(why));
            }
            let (texts, names) = process.things(&map.items);
            if texts.is_empty() {
                return Ok(Err(
                    "there is nothing to do this for: no document is attached, and there are no \
                     items"
                        .to_owned(),
                ));
            }
            if texts.len() > ITEMS_MAX {
                let count = texts.len();
                return Ok(Err(format!(
                    "a list has at most {ITEMS_MAX} things, and this has {count}"
                )));
            }
            // The task of a child may be that of the whole list, word for word.
            let task = for_one(&map.task);
            let child =
                |(at, text): (usize, Attached)| process.child(step.n, at as u32, &task, text);
            let mut list = List {
                programs: texts.into_iter().enumerate().map(child).collect(),
                names: names.clone(),
                at_once: map.at_once.unwrap_or(AT_ONCE),
                room: process.costs.room(&process.program.limits),
                spent: process.costs.own().clone(),
                usual: process.program.limits.clone(),
                seconds: process.costs.childrens_seconds(&process.program.limits),
                ends: Arc::default(),
                kin,
            };
            let begun = !list.begun().map_err(failed)?.is_empty();
            if list.room.is_empty() && !begun && list.ends.of.lock().is_empty() {
                return Ok(Err(TOO_LITTLE.to_owned()));
            }
            let ends = list.ends.clone();
            let stopped = || Some((None, "the list was stopped".to_owned()));
            Ok(Ok(Work {
                work: Box::pin(list.work()),
                so_far: Box::new(move || ends.told(&names, stopped())),
            }))
        })
        .await
    }

    /// The next action of a task that asks for the same with each attached text, without asking
    /// the CPU: first the list, then its answers, if nothing else was asked for.
    pub(in crate::exec) fn of_a_list(&self, legal: &Legal) -> Option<Value> {
        let chooses = self.shared.cpu.info().constrains;
        if !chooses || !several::is_of_a_list(&self.program) {
            return None;
        }
        match self.track.last() {
            None if legal.offered().any(|call| call.name == MAP) => {
                Some(json!({"tool": MAP, "args": {"task": self.program.told().trim()}}))
            }
            Some((action, true)) if action["tool"] == MAP => {
                let whole = several::is_only_a_list(&self.program);
                let answers = whole.then(|| self.vm.last_observation()).flatten()?;
                Some(json!({"answer": lines(&answers)?}))
            }
            _ => None,
        }
    }

    /// The texts that a list is about, with their names: all attached ones, where it names none.
    fn things(&self, items: &[String]) -> (Vec<Attached>, Vec<String>) {
        let texts: Vec<_> = match items.is_empty() {
            true => self.program.attached.clone(),
            false => items.iter().map(|item| self.handed(item)).collect(),
        };
        let own = format!("process:{}", self.pid);
        let name = |text: &Attached| match text.label.source == own {
            true => cut(&text.text, ITEM_CHARS),
            false => several::name(text).to_owned(),
        };
        let names = texts.iter().map(name).collect();
        (texts, names)
    }
}
