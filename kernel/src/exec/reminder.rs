//! Puts the reminder of a task together: what the store holds on it goes into the window
//! before the first step, within a budget, and into the journal, so that a resumed
//! process sees the very same.

use chrono::NaiveDate;
use quipu_cpu::Cpu;
use quipu_memory::{
    Kind, Mode, Page, PageId, Passage, Query, Store, StoreError, indented, share_a_telling_word,
};

use crate::calls::EDIT;
use crate::label::{Label, Secrecy, Suspicion, Trust};
use crate::planner::material::asked_for;
use crate::planner::notes::in_time::what_holds;
use crate::planner::wording::may_speak_of_its_user;
use crate::process::{Memory, Program};
use crate::window::reminder::{Reminder, Source};

/// Memories of a space that are considered for a task about its user.
const NEWEST: usize = 100;
/// How many of these are ordered by meaning.
const NEAREST: usize = 24;

/// What `store` holds for `program` before its first step: its core memory, the pages that match
/// its task well and, for a task about its user (`personal`), the newest memories that fit.
/// Nothing more secret than `clearance` is included. `None` where nothing is left.
pub(super) fn remind(
    store: &dyn Store,
    cpu: &dyn Cpu,
    program: &Program,
    personal: bool,
    clearance: Secrecy,
) -> Result<Option<Reminder>, StoreError> {
    let memory = &program.agent.memory;
    let (mut lines, mut pages) = core(store, memory, clearance)?;
    let how = quipu_memory::Relevance {
        tokens_max: memory.recall_tokens,
        spaces: memory.spaces(),
        untrusted: memory.recall_untrusted,
    };
    let topic = program.told();
    let mut found = quipu_memory::relevant(store, topic, &how, &|text| cpu.count(text))?;
    found
        .passages
        .retain(|passage| pages.iter().all(|page| page.id != passage.hit.id));
    let found_all = found.passages.len();
    found
        .passages
        .retain(|passage| passage.hit.secrecy <= clearance);
    let withheld = found_all - found.passages.len();
    let holding = |line: String| that_holds(line, program.today);
    let told = found.passages.iter().map(Passage::quoted);
    let told: Vec<String> = told.map(holding).collect();
    let spent: usize = told.iter().map(|line| cpu.count(line) + 1).sum();
    let mut newest = Vec::new();
    if personal {
        let known = pages.iter().map(|page| &page.id);
        let known = known.chain(found.passages.iter().map(|passage| &passage.hit.id));
        newest = self::newest(store, memory, &known.collect::<Vec<_>>(), clearance)?;
        newest = that_belong(store, program, newest)?;
        newest = fitting(newest, memory.recall_tokens.saturating_sub(spent), cpu);
    }
    if !told.is_empty() || !newest.is_empty() {
        lines.push("Your memory says:".to_owned());
        lines.extend(told);
        lines.extend(newest.iter().map(quoted).map(holding));
    }
    lines.extend(asked_for(topic, &lines.join("\n"), program.today));
    lines.extend(left_out(found.strangers, withheld));
    if lines.is_empty() {
        return Ok(None);
    }
    let (strangers, strangers_lead) = (found.strangers, found.strangers_lead);
    pages.extend(found.passages.into_iter().map(|passage| Source {
        id: passage.hit.id,
        source: passage.hit.source,
        trust: passage.hit.trust,
        secrecy: passage.hit.secrecy,
        suspicion: passage.hit.suspicion,
    }));
    pages.extend(newest.into_iter().map(Source::from));
    Ok(Some(Reminder {
        strangers,
        strangers_lead,
        ..reminder(cpu, &lines, pages)
    }))
}

/// What is said of pages that are not shown: the number of `strangers`' pages, and of those
/// `withheld` as too secret. Only the kernel's own words; the process decides whether to read
/// them.
fn left_out(strangers: usize, withheld: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if strangers > 0 {
        lines.push(format!(
            "(memory.search finds {strangers} more, from sources nobody vouches for.)"
        ));
    }
    if withheld > 0 {
        lines.push(format!(
            "({withheld} more are private, and not for this process.)"
        ));
    }
    lines
}

/// The reminder with these `lines`, which are from these `pages`.
fn reminder(cpu: &dyn Cpu, lines: &[String], pages: Vec<Source>) -> Reminder {
    let text = lines.join("\n");
    let label = match pages.iter().map(|page| page.trust).min() {
        Some(trust) => {
            let secrecy = pages.iter().map(|page| page.secrecy).max();
            let suspicions = pages.iter().map(|page| page.suspicion);
            Label::new("memory", trust.min(Trust::User))
                .kept(secrecy.unwrap_or_default())
                .suspected(suspicions.fold(None, Suspicion::joined))
        }
        None => Label::kernel(),
    };
    Reminder {
        pages,
        strangers: 0,
        strangers_lead: false,
        tokens: cpu.count(&text),
        text,
        label,
    }
}

impl From<Page> for Source {
    fn from(page: Page) -> Self {
        Self {
            id: page.id,
            source: page.source,
            trust: page.trust,
            secrecy: page.secrecy,
            suspicion: page.suspicion,
        }
    }
}

/// The newest memories that somebody vouches for, without those `known`, no more secret than
/// `clearance`.
fn newest(
    store: &dyn Store,
    memory: &Memory,
    known: &[&PageId],
    clearance: Secrecy,
) -> Result<Vec<Page>, StoreError> {
    let mut pages = Vec::new();
    for space in memory.spaces() {
        pages.extend(store.memories(&space, NEWEST)?);
    }
    pages.retain(|page| {
        page.trust > Trust::Untrusted
            && page.secrecy <= clearance
            && !known.contains(&&page.id)
            && !memory
                .blocks
                .iter()
                .any(|name| page.id == PageId::of_block(&memory.space, name))
    });
    pages.sort_by_key(|page| std::cmp::Reverse(page.created_ms));
    Ok(pages)
}

/// Those of `pages` that belong to the task of `program`, nearest first. A model takes many tasks
/// for tasks about its user. So pages that share a word with the task come first, and all others
/// follow only where the task itself speaks of its user.
fn that_belong(
    store: &dyn Store,
    program: &Program,
    pages: Vec<Page>,
) -> Result<Vec<Page>, StoreError> {
    let topic = program.told();
    let (mut sharing, others): (Vec<Page>, Vec<Page>) = pages
        .into_iter()
        .partition(|page| share_a_telling_word(topic, &page.text));
    if program.attached.is_empty() && may_speak_of_its_user(topic) {
        sharing.extend(by_meaning(store, topic, &program.agent.memory, others)?);
    }
    Ok(sharing)
}

/// `pages` by how near they come to `topic` in meaning, as far as the store knows their meaning;
/// the rest follow in their old order. The order matters: a small model takes the first page that
/// could be meant.
fn by_meaning(
    store: &dyn Store,
    topic: &str,
    memory: &Memory,
    mut pages: Vec<Page>,
) -> Result<Vec<Page>, StoreError> {
    let nearest = store.search(&Query {
        kind: Some(Kind::Memory),
        spaces: Some(memory.spaces()),
        mode: Mode::Semantic,
        ..Query::new(topic, NEAREST)
    })?;
    let rank = |page: &Page| nearest.iter().position(|hit| hit.id == page.id);
    pages.sort_by_key(|page| rank(page).unwrap_or(NEAREST));
    Ok(pages)
}

/// The first of `pages`, in at most `room` tokens.
fn fitting(pages: Vec<Page>, mut room: usize, cpu: &dyn Cpu) -> Vec<Page> {
    let fits = pages.into_iter().take_while(|page| {
        let needed = cpu.count(&quoted(page)) + 1;
        let fits = needed <= room;
        room = room.saturating_sub(needed);
        fits
    });
    fits.collect()
}

/// `line`, which quotes a memory behind its id, without what held only until a day before `today`.
fn that_holds(line: String, today: Option<NaiveDate>) -> String {
    let later = today
        .zip(line.split_once("] "))
        .and_then(|(today, (id, text))| {
            let later = what_holds(text, today)?;
            Some(format!("{id}] {later}"))
        });
    later.unwrap_or(line)
}

fn quoted(page: &Page) -> String {
    let text = indented(&page.text);
    let space = if text.starts_with('\n') { "" } else { " " };
    format!("[{}]{space}{text}", page.id)
}

/// The core memory of an agent, a line for each block, and the pages that hold it.
fn core(
    store: &dyn Store,
    memory: &Memory,
    clearance: Secrecy,
) -> Result<(Vec<String>, Vec<Source>), StoreError> {
    let (mut lines, mut pages) = (Vec::new(), Vec::new());
    for name in &memory.blocks {
        let page = store.get(&PageId::of_block(&memory.space, name))?;
        if page.as_ref().is_some_and(|page| page.secrecy > clearance) {
            lines.push(format!("{name}: (private, and not for this process)"));
            continue;
        }
        lines.push(match &page {
            None => format!("{name}: (empty)"),
            Some(page) if page.trust > Trust::Untrusted => format!("{name}: {}", page.text),
            Some(page) => {
                let text = page.text.replace(['«', '»'], "\"");
                format!("{name}, as others wrote it: «{text}»")
            }
        });
        pages.extend(page.map(Source::from));
    }
    if !lines.is_empty() {
        lines.insert(0, format!("Your notes, which {EDIT} changes:"));
    }
    Ok((lines, pages))
}
