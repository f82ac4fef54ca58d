//! The scheduler of a machine: it waits for the moment, and starts what is due.
//!
//! It looks at the schedules when the next one is due, when a file changes, when a run ends, when
//! somebody rings its bell, and every half minute: a clock may be set, a computer may have slept,
//! and not every file system tells of changes. What is due is decided in `session/schedule`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Local};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use quipu_kernel::Kernel;
use quipu_kernel::process::{Pid, Program, State};
use tokio::sync::{Notify, watch};

use super::knowledge;
use crate::import::attachment;
use crate::session::Session;
use crate::session::agent;
use crate::session::schedule::book::{Book, Held};
use crate::session::schedule::due::{self, Due, Spent};
use crate::session::schedule::{self, Cause, Schedule, Trigger};
use crate::terminal::error::UserError;
use crate::terminal::output::{shortened, visible};

/// The longest time between two looks.
const LOOK: Duration = Duration::from_secs(30);
/// The shortest: many changes at once are one.
const PAUSE: Duration = Duration::from_millis(100);
/// Characters of a text that a run is left with where its window is small.
const TEXT_CHARS_MIN: usize = 250;

/// Makes the scheduler of a machine look, if it has one.
#[derive(Debug, Default)]
pub struct Bell {
    rung: Notify,
    is_heard: AtomicBool,
}

impl Bell {
    /// Rings. `false` where nobody hears it: this machine runs no schedules.
    pub fn ring(&self) -> bool {
        self.rung.notify_one();
        self.is_heard.load(Ordering::SeqCst)
    }
}

/// Why a run did not begin.
#[derive(Debug)]
pub enum Refused {
    /// There is no such hook, or it has another token.
    Unknown,
    /// Its last run is still under way, or its day has no more runs or tokens.
    Busy(String),
    /// It cannot be started.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Refused {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// The scheduler.
pub struct Scheduler {
    kernel: Arc<Kernel>,
    session: Session,
    book: Book,
    bell: Arc<Bell>,
}

/// When to look again, and which paths to watch until then.
#[derive(Default)]
struct Next {
    at_ns: Option<i64>,
    watched: BTreeSet<PathBuf>,
}

impl Scheduler {
    /// The scheduler of `kernel`, with the schedules of the root of `session`.
    pub fn new(kernel: Arc<Kernel>, session: Session, bell: Arc<Bell>) -> Self {
        Self {
            book: Book::of(&session.paths),
            kernel,
            session,
            bell,
        }
    }

    /// Starts what is due, until `stopping` becomes true.
    pub async fn run(self: Arc<Self>, mut stopping: watch::Receiver<bool>) {
        self.bell.is_heard.store(true, Ordering::SeqCst);
        let scheduler = self.clone();
        // The journal is read. Where that breaks off, nothing goes on.
        let _ = tokio::task::spawn_blocking(move || scheduler.go_on()).await;
        let mut watch = Watch::new(self.bell.clone());
        let mut said = String::new();
        loop {
            let scheduler = self.clone();
            let turn = tokio::task::spawn_blocking(move || scheduler.turn(Local::now())).await;
            let next = match turn.map_err(Into::into).and_then(|next| next) {
                Ok(next) => next,
                Err(error) => {
                    // The same is said once.
                    let words = format!("{error:#}");
                    if words != said {
                        say!("warning: no schedule runs: {words}");
                        said = words;
                    }
                    Next::default()
                }
            };
            let left_ns = next
                .at_ns
                .map(|at| at.saturating_sub(due::ns(Local::now())));
            let left = left_ns.map_or(LOOK, |ns| Duration::from_nanos(ns.max(0) as u64));
            watch.follow(next.watched);
            tokio::select! {
                () = tokio::time::sleep(left.clamp(PAUSE, LOOK)) => {}
                () = self.rung() => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    }

    /// Waits for the bell, and a little longer for those who ring it at the same time.
    async fn rung(&self) {
        self.bell.rung.notified().await;
        tokio::time::sleep(PAUSE).await;
    }

    /// Goes on with runs that a crash has cut off. What was suspended goes on by itself.
    fn go_on(&self) {
        let journal = self.kernel.journal();
        for (name, schedule) in self.book.read().unwrap_or_default() {
            let row = schedule.past.last.and_then(|pid| journal.process(pid).ok());
            // An interrupted process has ended.
            let cut_off = row.filter(|row| row.state == State::Ready && row.exit.is_none());
            if let Some(row) = cut_off {
                match self.kernel.resume(row.pid, None, false) {
                    Ok(pid) => self.began(&name, pid),
                    Err(error) => say!("warning: process {} cannot go on: {error}", row.pid),
                }
            }
        }
    }

    /// Starts what is due at `now`, and says when to look again.
    fn turn(&self, now: DateTime<Local>) -> Result<Next> {
        let mut next = Next::default();
        for (name, schedule) in self.book.read()? {
            if let Trigger::Change(path) = &schedule.on {
                next.watched.insert(path.clone());
            }
            let at = match due::at(&schedule, now, self.spent(&schedule)) {
                Due::Later(at) => at,
                Due::Skip(why, seen_ns) => {
                    self.skip(&name, why, seen_ns)?;
                    due::next(&schedule, now).map(due::ns)
                }
                Due::Run(cause, seen_ns) => {
                    self.look_again(&name, schedule.agent.as_deref());
                    if let Err(Refused::Failed(error)) = self.start(&name, cause, now, seen_ns) {
                        say!("schedule {name}: {}", visible(&format!("{error:#}")));
                    }
                    due::next(&schedule, now).map(due::ns)
                }
            };
            next.at_ns = match (next.at_ns, at) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        Ok(next)
    }

    fn spent(&self, schedule: &Schedule) -> Spent {
        let is_running = |pid| self.kernel.is_running(pid);
        Spent::of(schedule, self.kernel.journal(), &is_running)
    }

    /// Brings in what changed of what the agent of a run knows. Where that fails it answers from
    /// what it knew.
    fn look_again(&self, name: &str, agent: Option<&Path>) {
        // An agent that cannot be loaded is what the run fails with.
        let loaded = agent.and_then(|path| agent::load(path, &self.session.paths).ok());
        let refreshed = loaded.map_or(Ok(()), |loaded| knowledge::refresh(&self.session, &loaded));
        if let Err(error) = refreshed {
            say!("schedule {name}: {}", visible(&format!("{error:#}")));
        }
    }

    /// Leaves a run out.
    fn skip(&self, name: &str, why: String, seen_ns: i64) -> Result<()> {
        let mut held = self.book.hold()?;
        let past = &mut held.get(name)?.past;
        let is_news = due::is_news(past, &why, seen_ns);
        past.seen_ns = past.seen_ns.max(seen_ns);
        if is_news {
            say!("schedule {name}: a run is left out: {}", visible(&why));
        }
        past.note = Some(why);
        held.write()
    }

    fn start(
        &self,
        name: &str,
        cause: Cause,
        now: DateTime<Local>,
        seen_ns: i64,
    ) -> Result<Pid, Refused> {
        let mut held = self.book.hold()?;
        self.start_held(&mut held, name, cause, (now, Some(seen_ns)))
    }

    /// Starts the schedule of the hook `name` for a program that knows its `token` and sent
    /// `text`.
    ///
    /// # Errors
    /// Where it may not, or it cannot be started.
    pub fn request(&self, name: &str, token: &str, text: String) -> Result<Pid, Refused> {
        let given = schedule::token_hash(token);
        // Whoever compares hashes learns nothing of a token from the time it takes.
        let is_meant = |schedule: &Schedule| match &schedule.on {
            Trigger::Hook(hash) => *hash == given,
            _ => false,
        };
        let schedule = self.book.read()?.remove(name).filter(is_meant);
        let schedule = schedule.ok_or(Refused::Unknown)?;
        self.look_again(name, schedule.agent.as_deref());
        let mut held = self.book.hold()?;
        // Reading may have taken a while, in which the user may have made another token.
        if !held.schedules.get(name).is_some_and(is_meant) {
            return Err(Refused::Unknown);
        }
        let cause = Cause::Request(text);
        self.start_held(&mut held, name, cause, (Local::now(), None))
    }

    fn start_held(
        &self,
        held: &mut Held,
        name: &str,
        cause: Cause,
        (now, seen_ns): (DateTime<Local>, Option<i64>),
    ) -> Result<Pid, Refused> {
        let schedule = held.get(name)?;
        let spent = self.spent(schedule);
        if let Some(why) = due::refusal(schedule, now, spent) {
            return Err(Refused::Busy(why));
        }
        schedule.past.turn_to(now);
        let tokens = self.spent(schedule).tokens;
        let pid = held.begin(name, (now, seen_ns), |schedule| {
            let left = schedule.tokens_a_day.saturating_sub(tokens);
            let read = |path: &Path| attachment::text(&self.session, path, "a changed file");
            let (loaded, program) =
                schedule::program(&self.session, (name, schedule), left, cause, &read)?;
            loaded.check(self.kernel.bus())?;
            loaded.check_memory(&**self.kernel.store())?;
            Ok(self.kernel.spawn(self.fitted(program)?)?)
        })?;
        held.began(name, pid)?;
        self.began(name, pid);
        Ok(pid)
    }

    /// `program` with its texts as short as the window needs them.
    fn fitted(&self, mut program: Program) -> Result<Program> {
        let longest = program.attached.iter().map(|one| one.text.chars().count());
        let mut chars = longest.max().unwrap_or(0);
        while let Err(error) = self.kernel.fits(&program) {
            chars /= 2;
            if chars < TEXT_CHARS_MIN {
                return Err(UserError::failed(
                    error,
                    "make the task or the agent's instructions shorter",
                ));
            }
            for one in &mut program.attached {
                one.text = shortened(&one.text, chars);
            }
        }
        Ok(program)
    }

    /// Says that a run began, and looks again when it ends.
    fn began(&self, name: &str, pid: Pid) {
        say!("schedule {name}: process {pid}");
        let (kernel, bell) = (self.kernel.clone(), self.bell.clone());
        tokio::spawn(async move {
            // However it ends.
            let _ = kernel.wait(pid).await;
            bell.ring();
        });
    }
}

/// Rings the bell when files change.
struct Watch {
    watcher: Option<RecommendedWatcher>,
    paths: BTreeSet<PathBuf>,
}

impl Watch {
    fn new(bell: Arc<Bell>) -> Self {
        let changed = move |event: notify::Result<notify::Event>| {
            // Looking at files changes none.
            if event.is_ok_and(|event| !event.kind.is_access()) {
                bell.ring();
            }
        };
        let watcher = notify::recommended_watcher(changed);
        if let Err(error) = &watcher {
            say!("warning: changes of files are found half a minute later: {error}");
        }
        Self {
            watcher: watcher.ok(),
            paths: BTreeSet::new(),
        }
    }

    /// Watches the paths that are `wanted`, and no others. Those that cannot be watched, such as
    /// a folder that is not there yet, are tried again the next time.
    fn follow(&mut self, wanted: BTreeSet<PathBuf>) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        self.paths.retain(|path| {
            let stays = wanted.contains(path) && path.exists();
            if !stays {
                // A path that is gone is no longer watched.
                let _ = watcher.unwatch(watched(path).0);
            }
            stays
        });
        for path in wanted {
            let (place, mode) = watched(&path);
            if !self.paths.contains(&path) && watcher.watch(place, mode).is_ok() {
                self.paths.insert(path);
            }
        }
    }
}

/// What is watched for `path`: a folder with all below it, or the folder of a file, because
/// editors replace the file.
fn watched(path: &Path) -> (&Path, RecursiveMode) {
    match path.parent() {
        Some(folder) if !path.is_dir() => (folder, RecursiveMode::NonRecursive),
        _ => (path, RecursiveMode::Recursive),
    }
}
