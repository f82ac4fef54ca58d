//! The schedules of a root, in one file that only its owner reads. Commands and the machine
//! change it, one after the other.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::{DateTime, Local};
use quipu_kernel::journal::Journal;
use quipu_kernel::process::{Pid, State};
use quipu_tools::state_file;

use super::Schedule;
use super::due::Spent;
use crate::config::paths::Paths;
use crate::config::{paths, private};
use crate::terminal::error::UserError;
use crate::terminal::hints;
use crate::terminal::output::visible;

/// The schedules by their names.
pub type Schedules = BTreeMap<String, Schedule>;

/// Where the schedules are kept.
#[derive(Clone, Debug)]
pub struct Book {
    file: PathBuf,
    lock: PathBuf,
}

impl Book {
    /// The schedules of the root with these `paths`.
    pub fn of(paths: &Paths) -> Self {
        Self {
            file: paths.schedules(),
            lock: paths.schedules().with_extension("lock"),
        }
    }

    /// All schedules.
    ///
    /// # Errors
    /// A file that cannot be read, or is damaged.
    pub fn read(&self) -> Result<Schedules> {
        Ok(state_file::read(&self.file)?)
    }

    /// Takes the schedules to change them, once nobody else does.
    ///
    /// # Errors
    /// A file that cannot be read, or is damaged.
    pub fn hold(&self) -> Result<Held> {
        paths::create(self.file.parent().unwrap_or(Path::new(".")))?;
        let lock = private::file(&self.lock)
            .with_context(|| format!("{} cannot be written", self.lock.display()))?;
        lock.lock()?;
        Ok(Held {
            schedules: self.read()?,
            file: self.file.clone(),
            _lock: lock,
        })
    }
}

/// The schedules while nobody else changes them: until this is dropped.
pub struct Held {
    /// The schedules.
    pub schedules: Schedules,
    file: PathBuf,
    _lock: File,
}

impl Held {
    /// Writes them as they are now.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self) -> Result<()> {
        Ok(state_file::write(&self.file, &self.schedules)?)
    }

    /// Begins a run of the schedule `name` at `now`, which `start` starts with the tokens that
    /// are left of the day; everything up to `seen_ns` is seen to by it. It is counted before
    /// it starts, so that what fails, or is cut off, is not tried without end.
    ///
    /// # Errors
    /// Those of `start`, which are noted, and a file that cannot be written.
    pub fn begin<T>(
        &mut self,
        name: &str,
        (now, seen_ns): (DateTime<Local>, Option<i64>),
        start: impl FnOnce(&Schedule) -> Result<T>,
    ) -> Result<T> {
        let schedule = self.get(name)?;
        schedule.past.turn_to(now);
        schedule.past.runs += 1;
        schedule.past.seen_ns = seen_ns.unwrap_or(schedule.past.seen_ns);
        schedule.past.note = None;
        let as_it_is = schedule.clone();
        self.write()?;
        let started = start(&as_it_is);
        if let Err(error) = &started {
            self.get(name)?.past.note = Some(format!("{error:#}"));
            self.write()?;
        }
        started
    }

    /// Notes that process `pid` is the run that has begun.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn began(&mut self, name: &str, pid: Pid) -> Result<()> {
        let past = &mut self.get(name)?.past;
        past.last = Some(pid);
        past.pids.push(pid);
        self.write()
    }

    /// The schedule `name`.
    ///
    /// # Errors
    /// Where there is none.
    pub fn get(&mut self, name: &str) -> Result<&mut Schedule> {
        let lists = "`quipu agent schedule ls` lists those there are";
        let hint = hints::near(name, self.schedules.keys().cloned(), lists);
        self.schedules.get_mut(name).ok_or_else(|| {
            UserError::usage(format!("there is no schedule {}", visible(name)), hint)
        })
    }
}

impl Spent {
    /// What `journal` knows of the processes of `schedule`. `is_running` says whether a process
    /// runs on a machine now.
    pub fn of(schedule: &Schedule, journal: &Journal, is_running: &dyn Fn(Pid) -> bool) -> Self {
        let waits = |pid| {
            let row = journal.process(pid);
            row.is_ok_and(|row| row.state == State::Suspended)
        };
        let past = &schedule.past;
        Self {
            is_running: past.last.is_some_and(|pid| is_running(pid) || waits(pid)),
            tokens: past.pids.iter().map(|pid| tokens(journal, *pid)).sum(),
        }
    }
}

/// Tokens that process `pid` has generated; 0 where it was removed from the journal.
fn tokens(journal: &Journal, pid: Pid) -> u32 {
    let exit = journal.process(pid).ok().and_then(|row| row.exit);
    match exit {
        Some(exit) => exit.usage.generated_tokens,
        None => {
            let steps = journal.steps(pid).unwrap_or_default();
            steps.iter().map(|step| step.usage.generated_tokens).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::{Missed, Past, Trigger};
    use super::*;

    #[test]
    fn what_is_written_is_read_again_by_its_owner_alone() {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::find(Some(root.path())).unwrap();
        let book = Book::of(&paths);
        assert!(book.read().unwrap().is_empty());
        let of = |on| Schedule {
            agent: Some("/agents/news.toml".into()),
            prompt: "Sum \"it\" up\nin one line".into(),
            missed: Missed::Skip,
            runs_a_day: 3,
            tokens_a_day: 1000,
            on,
            past: Past {
                seen_ns: 1_772_438_400_000_000_001,
                day: "2026-03-02".into(),
                runs: 1,
                pids: vec![7],
                last: Some(7),
                note: Some("it had its runs".into()),
            },
        };
        let mut want = Schedules::new();
        want.insert("news".into(), of(Trigger::Cron("0 8 * * *".into())));
        want.insert("inbox".into(), of(Trigger::Change("/inbox".into())));
        want.insert("ci".into(), of(Trigger::Hook("00ff".into())));
        let mut held = book.hold().unwrap();
        held.schedules.extend(want.clone());
        held.write().unwrap();
        drop(held);
        assert_eq!(book.read().unwrap(), want);
        let mode = paths.schedules().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(paths.schedules(), "nonsense").unwrap();
        assert!(book.read().is_err());
    }

    #[test]
    fn a_run_is_counted_before_it_begins() {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::find(Some(root.path())).unwrap();
        let book = Book::of(&paths);
        let mut held = book.hold().unwrap();
        let ci = Schedule {
            agent: None,
            prompt: "look".into(),
            missed: Missed::Once,
            runs_a_day: 3,
            tokens_a_day: 1000,
            on: Trigger::Hook("00ff".into()),
            past: Past::default(),
        };
        held.schedules.insert("ci".into(), ci);
        let now = Local::now();
        let pid = held.begin("ci", (now, Some(5)), |schedule| {
            let written = book.read().unwrap();
            assert_eq!(written["ci"].past.runs, 1);
            assert_eq!(schedule.past.seen_ns, 5);
            Ok(7)
        });
        held.began("ci", pid.unwrap()).unwrap();
        let failed: Result<()> = held.begin("ci", (now, None), |_| anyhow::bail!("no agent"));
        assert!(failed.is_err());
        drop(held);
        let past = &book.read().unwrap()["ci"].past;
        assert_eq!((past.runs, past.seen_ns), (2, 5));
        assert_eq!((past.pids.as_slice(), past.last), ([7].as_slice(), Some(7)));
        assert_eq!(past.note.as_deref(), Some("no agent"));
        assert!(book.hold().unwrap().get("news").is_err());
    }
}
