//! Consolidation: when nothing else is to be done, memories that belong together become
//! one. The originals stay.
//!
//! Copies need no thought. Of several memories on a subject a process writes one note:
//! an ordinary process, in the journal like any other, that may do nothing but answer.
//! What it writes is kept only if its words are theirs. Any other process that starts
//! ends it.

use std::sync::Arc;
use std::time::Duration;

use quipu_memory::{Group, Page, PageId, StoreError, Together, groups, indented};
use quipu_tools::{Capability, Effect, Grants};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::event::{Event, Subscription};
use crate::gate::{Guarded, Known, NO_ROLES, Passed, Request, Verdict};
use crate::kernel::{Kernel, KernelError};
use crate::label::{Label, Secrecy, Suspicion};
use crate::limits::Limits;
use crate::process::{Agent, Exit, Memory, Program, Status};
use crate::signal::Signal;

/// The newest memories of a space that are considered.
const MEMORIES: usize = 1_000;
/// Characters of a note.
const NOTE_CHARS: usize = 400;
/// The lowest priority: below every process that somebody waits for.
const PRIORITY: i8 = -100;
/// The source of the pages that are made, which says who made them.
const SOURCE: &str = "consolidation";

/// The result of a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consolidated {
    /// The pages made, each with those it was made from.
    pub made: Vec<(PageId, Vec<PageId>)>,
    /// Groups that stay as they are, because the note on them did not say what they say.
    pub left: Vec<Vec<PageId>>,
    /// Whether it was ended before it was done.
    pub stopped: bool,
}

/// Consolidates while a machine is idle, until it is ended.
pub struct Idle {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Idle {
    /// Starts to consolidate on `kernel` whenever nothing has happened on it for `after`.
    pub fn start(kernel: Arc<Kernel>, after: Duration) -> Self {
        let (stop, stopped) = watch::channel(false);
        let events = kernel.subscribe();
        let task = tokio::spawn(when_idle(kernel, after, events, stopped));
        Self { stop, task }
    }

    /// Stops the pass under way, and waits until it has stopped.
    pub async fn end(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

async fn when_idle(
    kernel: Arc<Kernel>,
    after: Duration,
    mut events: Subscription,
    mut stop: watch::Receiver<bool>,
) {
    // Only a process that has exited may have left something to do.
    let mut anything = true;
    loop {
        let quiet = tokio::select! {
            () = ended(&mut stop) => return,
            event = events.recv() => match event {
                Some(Event::Exited { .. } | Event::Lost { .. }) => { anything = true; false }
                Some(_) => false,
                None => return,
            },
            () = tokio::time::sleep(after), if anything => true,
        };
        if quiet && kernel.is_idle() {
            if let Err(error) = kernel.consolidate(&mut stop).await {
                tracing::warn!(%error, "memories were not consolidated");
            }
            // Events of the pass itself are no reason for another pass.
            while events.try_recv().is_some() {}
            anything = !kernel.is_idle();
        }
    }
}

/// Resolves when `stop` becomes true or its sender is dropped.
async fn ended(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

impl Kernel {
    /// Merges memories that belong together, in every space. Ends early when `stop` becomes true,
    /// or another process starts.
    ///
    /// # Errors
    /// Those of the store and the journal. What was made before is kept.
    pub async fn consolidate(
        &self,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Consolidated, KernelError> {
        let mut done = Consolidated::default();
        for group in self.on_disk(all_groups).await? {
            if *stop.borrow() || done.stopped {
                done.stopped = true;
                break;
            }
            let ids = group.ids();
            if self.tried.lock().contains(&ids) || secrecy_of(&group) > self.clearance() {
                continue;
            }
            let text = match group.why {
                Together::Copies => group.pages.last().map(|page| page.text.clone()),
                Together::Related => match self.note(&group, stop).await? {
                    Some(exit) => note_of(&exit).filter(|note| group.grounds(note)),
                    None => {
                        done.stopped = true;
                        continue;
                    }
                },
            };
            let Some(text) = text else {
                self.tried.lock().insert(ids.clone());
                done.left.push(ids);
                continue;
            };
            // What is kept, and where, was fixed before any text was read: it is the kernel that
            // asks.
            let note = Note {
                group,
                text,
                held: Grants::default(),
            };
            let Verdict::Passed(note) = self.gate().pass(note, &Label::kernel()) else {
                self.tried.lock().insert(ids.clone());
                done.left.push(ids);
                continue;
            };
            let page: Page = self.on_disk(move |store| keep(store, note)).await?;
            self.emit(Event::Consolidated {
                pid: 0,
                page: page.id.clone(),
                from: ids.clone(),
            });
            done.made.push((page.id, ids));
        }
        Ok(done)
    }

    /// Has a process write a note on a group. `None` if it had to make room for another process.
    async fn note(
        &self,
        group: &Group,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Option<Exit>, KernelError> {
        let mut events = self.subscribe();
        let pid = self.spawn(program(group))?;
        loop {
            tokio::select! {
                () = ended(stop) => break,
                exit = self.wait(pid) => return exit.map(Some),
                event = events.recv() => match event {
                    Some(Event::Started { pid: other, .. }) if other != pid => break,
                    // Another process may have started.
                    Some(Event::Lost { .. }) => break,
                    Some(_) => {}
                    None => break,
                },
            }
        }
        // The process may have ended just now.
        let _ = self.signal(pid, Signal::Kill);
        self.wait(pid).await?;
        Ok(None)
    }

    /// Runs work on the store, on a thread that may wait for it.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn quipu_memory::Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, KernelError> {
        let store = self.store().clone();
        let done = tokio::task::spawn_blocking(move || work(store.as_ref())).await;
        Ok(done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?)
    }
}

fn all_groups(store: &dyn quipu_memory::Store) -> Result<Vec<Group>, StoreError> {
    let mut all = Vec::new();
    for space in store.spaces()?.into_keys() {
        all.extend(groups(&store.memories(&space, MEMORIES)?));
    }
    Ok(all)
}

/// The highest secrecy among the memories of `group`.
fn secrecy_of(group: &Group) -> Secrecy {
    let secrecy = group.pages.iter().map(|page| page.secrecy).max();
    secrecy.unwrap_or_default()
}

/// The process that writes a note of a group: it sees the memories, and may only answer.
fn program(group: &Group) -> Program {
    let mut prompt = String::from(
        "Write one note that keeps everything these notes say: each name, date and number, in \
         their own words. Where they differ, the last one holds.\n",
    );
    for page in &group.pages {
        prompt.push_str(&format!("- {}\n", indented(&page.text).trim_start()));
    }
    let trust = group.pages.iter().map(|page| page.trust).min();
    let suspicions = group.pages.iter().map(|page| page.suspicion);
    let label = Label::new("memory", trust.unwrap_or_default())
        .kept(secrecy_of(group))
        .suspected(suspicions.fold(None, Suspicion::joined));
    Program {
        agent: Agent {
            name: SOURCE.into(),
            tools: Some(Vec::new()),
            memory: Memory {
                recall_tokens: 0,
                ..Memory::default()
            },
            ..Agent::default()
        },
        label,
        limits: Limits {
            steps: 1,
            action_tokens: 256,
            ..Limits::default()
        },
        priority: PRIORITY,
        answer_schema: Some(json!({"type": "string", "minLength": 1, "maxLength": NOTE_CHARS})),
        ..Program::new(prompt)
    }
}

/// A memory that is to be made from a group.
struct Note {
    group: Group,
    text: String,
    /// No grants of its own.
    held: Grants,
}

impl Guarded for Note {
    fn request(&self) -> Request<'_> {
        Request {
            name: SOURCE,
            effect: Effect::Write,
            needs: &[Capability::MemWrite],
            held: &self.held,
            known: Known::default(),
            key: "",
            // No facts for rules: the user's rules are about what processes ask for.
            args: None,
            roles: &NO_ROLES,
        }
    }
}

fn keep(store: &dyn quipu_memory::Store, note: Passed<Note>) -> Result<Page, StoreError> {
    let Note { group, text, .. } = note.into_inner();
    group.keep(store, &text, SOURCE)
}

fn note_of(exit: &Exit) -> Option<String> {
    match (exit.status, &exit.answer) {
        (Status::Exited, Some(Value::String(note))) => Some(note.trim().to_owned()),
        _ => None,
    }
}
