//! Puts the reminder of a task together: what the store holds on it goes into the window
//! before the first step, within a budget, and into the journal, so that a resumed
//! process sees the very same.

use quipu_cpu::Cpu;
use quipu_memory::{
    Kind, Mode, Page, PageId, Passage, Query, Store, StoreError, share_a_telling_word,
};

use crate::calls::EDIT;
use crate::label::{Label, Secrecy, Suspicion, Trust};
use crate::planner::wording::may_speak_of_its_user;
use crate::process::{Memory, Program};
use crate::window::reminder::{Reminder, Source};

/// Memories of a space that are considered for a task which is about its user.
const NEWEST: usize = 100;
/// Of them, as many are put in order by what they mean.
const NEAREST: usize = 24;

/// What `store` holds for `program` before its first step: its core memory, and the
/// pages that match its task well; of a task that is about its user (`personal`) also the
/// newest memories, as far as they fit; all that is no more secret than `clearance`. `None`
/// where there is nothing of all that.
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
    let told: Vec<String> = found.passages.iter().map(Passage::quoted).collect();
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
        lines.extend(newest.iter().map(quoted));
    }
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

/// What is said of pages that are not shown: those of `strangers`, and those `withheld` as too
/// secret. Only the kernel's own words: reading them is for the process to choose.
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

/// The newest memories that somebody vouches for, besides those `known`, no more secret than
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

/// Of `pages` those that belong to the task of `program`, the nearest first. A model takes many
/// tasks for its user's: whatever was told belongs to one that says so, after what shares a word
/// with the task; to another task, only that.
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

/// `pages` by how near they come to `topic` in meaning, as far as the store knows meanings; then
/// the others as they were. A small model takes the first that could be meant.
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

fn quoted(page: &Page) -> String {
    let line = page.text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("[{}] {line}", page.id)
}

/// The core memory of an agent, a line for each block; and the pages it is on.
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
