//! What a user wants kept is kept before anything is said about it: in the user's own words, or
//! in those of the text that they point at. An answer never claims that something was kept when
//! nothing was.

use std::time::Instant;

use quipu_memory::{Mode, Page, PageId, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Ending, Execution};
use crate::calls::{Put, REMEMBER, REPLACES, Resolved, Syscall};
use crate::event::Event;
use crate::gate::Verdict;
use crate::grammar::Legal;
use crate::journal::{StepRow, WITH};
use crate::judgement::Question;
use crate::label::{Level, Trust};
use crate::pattern::HAN;
use crate::planner::another_value::{gives_another_value, speaks_of_another};
use crate::planner::facts::{
    asks_a_question, asks_to_keep, facts, only_asks, only_tells, tells_something, tells_to_keep,
    what_is_told, without_request,
};
use crate::planner::listed::with_the_rest;
use crate::planner::notes::corrected::{names_no_subject, says_another_value, with_the_value_of};
use crate::planner::notes::in_time::{is_of_times, with_its_time, without_its_time};
use crate::planner::notes::taken_back::{after_taking_back, says_it_anew};
use crate::planner::owners::tell_of_two_owners;
use crate::planner::parts::{Part, Parts};
use crate::planner::plain::{cut, short};
use crate::planner::pointed::pointed_at;
use crate::planner::shared_words::{dice, share_a_thing, share_a_word, shared_things};
use crate::planner::wording::{is_about_its_words, may_say_it_kept, says_it_changed};
use crate::process::{Failure, Usage};

/// Newest memories that are compared with a new one, which may take the place of one of them.
const NEWEST: usize = 24;
/// Memories that are compared beside the newest: those found by the words of the new one.
const FOUND: usize = 6;
/// How many are put to the CPU of those that speak of the same things as the new one.
const LOOKED_AT: usize = 2;
/// How many are put to the CPU of those that share only their speaker with the new one: "I have
/// moved to" takes the place of "I live in", and only the CPU can tell.
const LOOKED_AT_UNLIKE: usize = 8;
/// The likelihood that the user told something to be kept, from which on an answer is checked for
/// false claims.
const MAYBE_TOLD: f32 = 0.05;
/// Of the usual threshold, what is enough for a memory to take the place of another where it says
/// itself that something changed: of six such pairs three had .46 and .47.
const EASED: f32 = 0.8;
/// The same where the new one gives another value of the same thing, "my rent is 910": of three such
/// pairs two had .4 and one .3.
const OTHER_VALUE: f32 = 0.6;
/// The same where both hold: "actually, my rent is 910". Of three such pairs one had .14.
const OTHER_VALUE_NOW: f32 = 0.25;
/// The likelihood from which on what stands beside a question is to be kept: "Who won in May? I keep
/// the results in a folder" had .70.
const BESIDE_A_QUESTION: f32 = 0.9;
/// Characters of a memory in such a question.
const NOTE_CHARS: usize = 200;
/// Characters of a conversation before the task that tell which memory was spoken of last.
const SPOKEN_CHARS: usize = 600;
/// Characters of a memory of which one part can be corrected by itself.
const PARTS_CHARS: usize = 4_000;

/// A memory, as far as it can be taken apart.
#[derive(Serialize, Deserialize)]
struct Note {
    id: PageId,
    text: String,
    /// Whether its text may stand in a memory of the process: that lowers nothing.
    #[serde(default)]
    may_be_quoted: bool,
}

impl Execution {
    /// Whether something the user told is still to be kept.
    pub(super) fn has_to_keep(&self) -> bool {
        !self.keeping.has_kept() && self.says_yes(Question::Keep, self.keeping.told())
    }

    /// Before the first step: keeps what the user tells to be kept. True if that took a step. A
    /// page at an address has to be read first.
    pub(super) async fn keep(&mut self, legal: &Legal) -> Result<bool, Ending> {
        let writes = legal.calls.iter().any(|call| call.name == REMEMBER);
        let told = self.program.label.trust >= Trust::User && !is_about_its_words(self.told());
        if self.track.n() > 0 || !writes || !told {
            return Ok(false);
        }
        let begun = Instant::now();
        let tells = self.judge_task(Question::Keep).await?.unwrap_or(0.0);
        let asks = self.judge_task(Question::Personal).await?.unwrap_or(0.0);
        let only_asks = only_asks(self.told());
        // A user who asks for what was told before tells nothing new.
        self.keeping.set_told(match () {
            () if only_asks => 0.0,
            () if asks > tells => tells * (1.0 - asks),
            () => tells,
        });
        if legal.opens_addresses().is_some() && self.gives_an_address() {
            return Ok(false);
        }
        let told = self.told().trim();
        // A request without the mark of a question does not explain itself by what stands beside it.
        let is_plain = !asks_a_question(told);
        let may_tell = self.says_yes(Question::Keep, tells)
            || !self.says_yes(Question::Personal, asks)
            || is_plain && tells_something(told);
        // "I worked 26 hours. What do I get?" leaves a note on the wage true.
        let may_correct = is_plain || says_it_changed(told);
        let is_told = self.pointed_at().is_some()
            || self.says_yes(Question::Keep, self.keeping.told()) && self.tells_enough()
            || is_plain && (tells_to_keep(told) || says_it_anew(told))
            || may_tell && !only_asks && may_correct && self.corrects().await?;
        if !is_told {
            return Ok(false);
        }
        self.keep_told(begun).await?;
        Ok(true)
    }

    /// Whether a task that tells something does not only explain itself by it: what stands beside a
    /// question is kept where that is asked for, or clearly meant.
    fn tells_enough(&self) -> bool {
        let told = self.told();
        !asks_a_question(told) || self.keeping.told() >= BESIDE_A_QUESTION || asks_to_keep(told)
    }

    /// The parts of the texts beside the task that are to be kept, where the user points at them.
    fn pointed_at(&self) -> Option<Vec<String>> {
        let attached = self.program.attached.iter();
        let texts: Vec<&str> = attached.map(|attached| attached.text.as_str()).collect();
        pointed_at(self.told(), &texts)
    }

    /// Keeps what the user said or points at, a memory for each fact.
    async fn keep_told(&mut self, begun: Instant) -> Result<(), Ending> {
        let pointed = self.pointed_at();
        let whole = match &pointed {
            Some(pieces) => pieces.join("\n"),
            None => self.told().trim().to_owned(),
        };
        let one = Syscall::Put(Put {
            text: whole.clone(),
            replaces: None,
        });
        let one = Resolved::of(&self.world(self.track.n() + 1), one);
        self.heed_rules()?;
        let label = self.judged_by(&one);
        let verdict = self.shared.gate.pass(one, &label);
        let free = matches!(verdict, Verdict::Passed(_));
        // Where a person has to approve, all facts go into one call, so that they are asked once.
        let facts = match (free, pointed) {
            (true, Some(pieces)) => pieces,
            (true, None) => facts_told(&whole),
            (false, _) => vec![whole],
        };
        let first = self.track.n() + 1;
        let mut steps = self.steps_that_keep(facts).await?;
        let Some(head) = steps.first_mut() else {
            return Ok(());
        };
        head.decide_ms = begun.elapsed().as_millis() as u64;
        self.emit(Event::Action {
            pid: self.pid,
            n: first,
            action: match steps.as_slice() {
                [only] => only.action.clone(),
                all => json!({"calls": all.iter().map(|step| &step.action).collect::<Vec<_>>()}),
            },
            usage: steps[0].usage,
            ms: steps[0].decide_ms,
        });
        let mut calls = Vec::with_capacity(steps.len());
        for step in steps {
            let syscall = Syscall::from_action(&step.action)
                .map_err(|problem| Ending::Failed(Failure::Action(problem)))?;
            calls.push((step, Ok(syscall)));
        }
        self.carry_out_all(calls).await
    }

    /// The next steps: each keeps one of `facts`, in place of the memory that it makes untrue.
    async fn steps_that_keep(&mut self, facts: Vec<String>) -> Result<Vec<StepRow>, Ending> {
        let first = self.track.n() + 1;
        let mut steps: Vec<StepRow> = Vec::with_capacity(facts.len());
        for (n, text) in (first..).zip(facts) {
            let mut args = json!({ "text": text });
            self.put_in_place(&mut args, &text).await?;
            // One memory gives way to one fact: a second one would take the place of the first.
            let of = |step: &StepRow| step.action["args"][REPLACES].clone();
            if !args[REPLACES].is_null() && steps.iter().any(|step| of(step) == args[REPLACES]) {
                args = json!({ "text": text });
            }
            let mut action = json!({"tool": REMEMBER, "args": args});
            if n > first {
                action[WITH] = json!(first);
            }
            steps.push(StepRow {
                n,
                action,
                usage: Usage::default(),
                decide_ms: 0,
                outcome: None,
            });
        }
        Ok(steps)
    }

    /// The answer to a task that asks only for something to be kept, once all of it is. A small
    /// model that is told of its success goes on to doubt it, or writes an essay on it.
    pub(super) fn of_what_was_kept(&self) -> Option<Value> {
        let last = self.track.last().map(|(action, _)| &action["tool"]);
        let done = self.keeping.has_kept_all();
        let all = done && last.is_some_and(|tool| *tool == REMEMBER);
        let told = self.told().trim();
        let mut parts = self.headway.parts().into_iter().flat_map(Parts::all);
        let more = parts.any(Part::is_left) || self.program.answer_schema.is_some();
        if !self.shared.cpu.info().constrains || !all || more || !only_tells(told) {
            return None;
        }
        let kept = self.track.last().map(|(action, _)| &action["args"]["text"]);
        let read = kept
            .and_then(Value::as_str)
            .filter(|_| self.found.is_there() || names_no_subject(told));
        let facts = match (read, self.pointed_at()) {
            (Some(read), _) => read.to_owned(),
            (None, Some(pieces)) => short(&pieces.join(" "), NOTE_CHARS),
            (None, None) => facts_told(told).join("\n"),
        };
        let chinese = told.contains(|c: char| HAN.contains(&c));
        Some(json!({"answer": match chinese {
            true => format!("记住了：{facts}"),
            false => format!("I have noted this: {facts}"),
        }}))
    }

    /// Adds to a call that keeps a memory the id of the older memory that it replaces, if there
    /// is one.
    pub(super) async fn settle(&mut self, action: &mut Value) -> Result<(), Ending> {
        if action["tool"] != REMEMBER {
            return Ok(());
        }
        let text = action["args"]["text"].as_str().unwrap_or_default();
        let text = text.to_owned();
        self.put_in_place(&mut action["args"], &text).await
    }

    /// Adds to `args`, which keep `text`, the memory that it replaces, if there is one. What else
    /// stands in that one is kept beside `text`; where that may not be done, so is the whole memory.
    async fn put_in_place(&mut self, args: &mut Value, text: &str) -> Result<(), Ending> {
        let Some(old) = self.replaced(text).await? else {
            return Ok(());
        };
        if let Some(both) = self.with_what_stays(&old.text, text) {
            // More than can be taken apart, or others wrote it, or it is a secret.
            if old.text.ends_with('…') || !old.may_be_quoted {
                return Ok(());
            }
            args["text"] = json!(both);
        }
        args[REPLACES] = json!(old.id);
        Ok(())
    }

    /// What is to be kept in the place of the memory `old`, where that is more than `text`: what else `old`
    /// says, what holds until the time that `text` tells, or of what its value is.
    fn with_what_stays(&self, old: &str, text: &str) -> Option<String> {
        if names_no_subject(text) {
            return with_the_value_of(old, text);
        }
        let rest = || match is_of_times(old) {
            true => None,
            false => with_the_rest(old, text),
        };
        with_its_time(old, text, self.program.today).or_else(rest)
    }

    /// Whether what the user said makes a memory of the same thing untrue. People who correct
    /// something seldom say that it is to be kept.
    async fn corrects(&mut self) -> Result<bool, Ending> {
        let told = what_is_told(self.told());
        let untrue = self.replaced_of(&told, share_a_thing).await?;
        Ok(untrue.is_some())
    }

    /// The memory that `text` makes untrue, if there is one.
    async fn replaced(&mut self, text: &str) -> Result<Option<Note>, Ending> {
        self.replaced_of(text, share_a_word).await
    }

    /// The same among the memories for which `related` says yes beside `text`.
    async fn replaced_of(
        &mut self,
        text: &str,
        related: fn(&str, &str) -> bool,
    ) -> Result<Option<Note>, Ending> {
        if !self.shared.cpu.info().constrains {
            return Ok(None);
        }
        if names_no_subject(text) {
            let with_its_value = || self.notes(text, has_its_value);
            let notes = self.shared.tape.fact("notes", with_its_value)?;
            if !notes.is_empty() {
                return Ok(self.spoken_of_last(notes));
            }
        }
        let notes = || self.notes(text, related);
        let notes = self.shared.tape.fact("notes", notes)?;
        let plain = without_its_time(text);
        let plain = plain.as_deref().unwrap_or(text);
        let same = |note: &Note| says_another_value(&note.text, plain);
        if let Some(at) = notes.iter().position(same) {
            return Ok(notes.into_iter().nth(at));
        }
        let notes = likeliest(notes, text);
        // The words that take something back are not kept, but a model reads by them what is meant.
        let told = self.told().trim();
        let taken_back = told[..told.len() - after_taking_back(told).len()].to_owned();
        let put = |(_, note): &(f32, Note)| {
            format!(
                "Old note: {}\nNew note: {taken_back}{}",
                short(&note.text, NOTE_CHARS),
                short(text, NOTE_CHARS)
            )
        };
        let questions: Vec<String> = notes.iter().map(put).collect();
        let likely = self.judge_each(Question::Replace, &questions).await?;
        let fit = self.shared.judgement.of(Question::Replace);
        let changed = says_it_changed(text) || !taken_back.is_empty();
        let enough = |note: &Note| {
            let of_another = speaks_of_another(&note.text, text) && !changed;
            if of_another || tell_of_two_owners(&note.text, text) {
                return f32::INFINITY;
            }
            let eased = match (changed, gives_another_value(&note.text, text)) {
                (true, true) => OTHER_VALUE_NOW,
                (false, true) => OTHER_VALUE,
                (true, false) => EASED,
                (false, false) => 1.0,
            };
            fit.threshold * eased
        };
        let untrue = likely
            .into_iter()
            .zip(notes)
            .filter_map(|(likely, (alike, note))| {
                let likely = likely.filter(|likely| *likely >= enough(&note))?;
                // Of two memories that both seem untrue, the one in more similar words.
                Some((likely * (1.0 + alike), note))
            });
        let most = untrue.max_by(|one, other| one.0.total_cmp(&other.0));
        Ok(most.map(|(_, note)| note))
    }

    /// That of `notes` which the conversation before the task speaks of; the newest where there was none.
    fn spoken_of_last(&self, notes: Vec<Note>) -> Option<Note> {
        let before = self.program.prompt.replace(self.told(), " ");
        let from = before.char_indices().rev().nth(SPOKEN_CHARS);
        let before = &before[from.map_or(0, |(at, _)| at)..];
        let texts: Vec<&str> = notes.iter().map(|note| note.text.as_str()).collect();
        let worth = shared_things(&texts, before);
        let most = worth.iter().copied().fold(0.0, f32::max);
        // Then it is said of something else.
        if most <= 0.0 && !before.trim().is_empty() {
            return None;
        }
        let at = worth.iter().position(|worth| *worth >= most)?;
        notes.into_iter().nth(at)
    }

    /// The memories that `text` might replace, newest first, without those that this process
    /// wrote.
    fn notes(&self, text: &str, related: fn(&str, &str) -> bool) -> Vec<Note> {
        let store = self.shared.store.as_ref();
        let space = &self.program.agent.memory.space;
        let own = format!("process {}", self.pid);
        let mut notes = store.memories(space, NEWEST).unwrap_or_default();
        let found = store.search(&Query {
            kind: Some(quipu_memory::Kind::Memory),
            spaces: Some(vec![space.clone()]),
            mode: Mode::Best,
            ..Query::new(text, FOUND)
        });
        for hit in found.unwrap_or_default() {
            if notes.iter().all(|note| note.id != hit.id)
                && let Ok(Some(page)) = store.get(&hit.id)
            {
                notes.push(page);
            }
        }
        notes.retain(|note| {
            // Told by the source, since a memory that replaced an older one has kept its id.
            let other = note.source != own && note.text != text;
            other && related(&note.text, text)
        });
        let read = self.vm.lowest_label();
        let all = read.lowered_to(Trust::User).level();
        let level = |page: &Page| Level {
            trust: page.trust,
            secrecy: page.secrecy,
        };
        let note = |page: Page| Note {
            text: cut(&page.text, PARTS_CHARS),
            may_be_quoted: level(&page).lowers_nothing(all),
            id: page.id,
        };
        notes.into_iter().map(note).collect()
    }

    /// Whether `answer` claims that something was kept though nothing was.
    pub(super) async fn claims_falsely(&mut self, answer: &str) -> Result<bool, Ending> {
        let never = self.planner.never_keeps() || !may_say_it_kept(answer);
        if self.keeping.has_kept() || self.keeping.told() < MAYBE_TOLD || never {
            return Ok(false);
        }
        let said = format!(
            "I said: {}\nThe reply: {}",
            short(self.told(), NOTE_CHARS),
            short(answer, NOTE_CHARS)
        );
        let likely = self.judge(Question::Claim, &said).await?;
        Ok(likely.is_some_and(|likely| self.says_yes(Question::Claim, likely)))
    }

    /// What becomes of an answer that falsely claims that something was kept. Either it is kept
    /// now, and the answer is written again (`None`), or the user is told that it was not kept.
    pub(super) async fn make_true(&mut self, answer: &str) -> Result<Option<String>, Ending> {
        if !self.keeping.has_tried() && self.program.label.trust >= Trust::User {
            self.keep_told(Instant::now()).await?;
            return Ok(None);
        }
        tracing::info!(
            pid = self.pid,
            answer,
            "an answer claimed what was not kept"
        );
        let why = self.vm.last_observation().unwrap_or_default();
        Ok(Some(format!("Nothing was kept. {why}")))
    }
}

/// The facts that `told` states, without the request to keep them, or what they take back.
fn facts_told(told: &str) -> Vec<String> {
    let mut facts: Vec<String> = facts(told)
        .iter()
        .map(|fact| without_request(fact).to_owned())
        .collect();
    if let Some(first) = facts.first_mut() {
        *first = after_taking_back(first).trim().to_owned();
    }
    if facts.len() > 1 && facts[0].is_empty() {
        facts.remove(0);
    }
    match facts.iter().all(String::is_empty) {
        true => vec![told.to_owned()],
        false => facts,
    }
}

/// Whether `new` is a value without its subject, and `old` has such a value.
fn has_its_value(old: &str, new: &str) -> bool {
    with_the_value_of(old, new).is_some()
}

/// The few of `notes` most likely to speak of the same thing as `text`, each with how alike both
/// are: by the words for things that they share, rare ones first, then by all their words.
fn likeliest(notes: Vec<Note>, text: &str) -> Vec<(f32, Note)> {
    let texts: Vec<&str> = notes.iter().map(|note| note.text.as_str()).collect();
    let things = shared_things(&texts, text);
    let any = things.iter().any(|worth| *worth > 0.0);
    let alike = |(things, note): (f32, Note)| (things, things + dice(&note.text, text), note);
    let mut ranked: Vec<(f32, f32, Note)> = things.into_iter().zip(notes).map(alike).collect();
    ranked.retain(|(things, ..)| !any || *things > 0.0);
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked.truncate(if any { LOOKED_AT } else { LOOKED_AT_UNLIKE });
    ranked
        .into_iter()
        .map(|(_, alike, note)| (alike, note))
        .collect()
}
