//! Agents that run by themselves: at times, when files change, or when a program asks over
//! HTTP.
//!
//! | file | job |
//! | --- | --- |
//! | `due` | what is due at a moment, and when to look again: no clock of its own |
//! | `files` | which files are newer than those that were seen |
//! | `book` | the file that has the schedules, and what became of each |
//!
//! Who waits for the moment and starts the process is in `service/schedules`. A run has no more
//! rights than one at the terminal, and less: nobody is there, so nothing is approved, not even
//! where the machine approves all calls. What a hook or a file brings is others' text.

pub mod book;
pub mod due;
pub mod files;

use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::process::{Attached, Pid, Program};
use quipu_tools::trust::file_hash;
use serde::{Deserialize, Serialize};

use crate::session::Session;
use crate::session::agent::{self, Loaded};
use crate::terminal::error::UserError;
use crate::terminal::output::shortened;

/// Runs a day, where nothing else is said.
pub const RUNS_A_DAY: u32 = 100;
/// Tokens that the runs of a day may generate together, where nothing else is said.
pub const TOKENS_A_DAY: u32 = 100_000;
/// Characters of a changed file that a run is given; what it reads beyond that it asks for.
const FILE_CHARS: usize = 8_000;
/// Changed files that a run is given; the others are named.
const FILES_SHOWN: usize = 4;

/// An agent, its task, and what starts it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The agent: a name, or an absolute path; the default one when `None`.
    pub agent: Option<PathBuf>,
    /// The task.
    pub prompt: String,
    /// Whether a run that was missed is made up.
    pub missed: Missed,
    /// The most runs of a day.
    pub runs_a_day: u32,
    /// The most tokens that the runs of a day generate together.
    pub tokens_a_day: u32,
    /// The trigger of its runs.
    pub on: Trigger,
    /// Its past runs.
    pub past: Past,
}

/// The trigger of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Times, as cron writes them, by the clock of this machine.
    Cron(String),
    /// A file, or one below this folder, is new or changes.
    Change(PathBuf),
    /// A request with the token that has this hash.
    Hook(String),
}

/// What becomes of a run that was due while no machine ran, or an earlier one still did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// A missed run takes place as soon as possible; several missed runs become one
    #[default]
    Once,
    /// A missed run is left out
    Skip,
}

/// The past of a schedule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// Up to when nothing is due any more, in nanoseconds since 1970: the last time of a cron,
    /// or of the newest file.
    pub seen_ns: i64,
    /// The day that is counted, as `2026-11-29`.
    #[serde(default)]
    pub day: String,
    /// Runs that were begun that day.
    #[serde(default)]
    pub runs: u32,
    /// The processes of that day.
    #[serde(default)]
    pub pids: Vec<Pid>,
    /// The last process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Pid>,
    /// Why the last run that was due did not begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Why a run begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is time, or its user says so.
    Time,
    /// These files are new or have changed.
    Files(Vec<PathBuf>),
    /// A program sent this text.
    Request(String),
}

/// The hash of a hook's token, as it is kept.
pub fn token_hash(token: &str) -> String {
    file_hash(token.as_bytes())
}

/// Gives the text of a changed file.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> Result<String>;

/// The program of a run of the schedule `name`, with as many tokens as its day has left. Files
/// that changed are read by `read`.
///
/// # Errors
/// An agent that cannot be loaded.
pub fn program(
    session: &Session,
    (name, schedule): (&str, &Schedule),
    tokens_left: u32,
    cause: Cause,
    read: ReadFile<'_>,
) -> Result<(Loaded, Program)> {
    let loaded = match &schedule.agent {
        None => Loaded::default(),
        Some(path) => agent::load(path, &session.paths)?,
    };
    if loaded.has_files()? {
        return Err(UserError::usage(
            format!(
                "the skill {} has files that the machine that runs schedules does not have",
                loaded.agent.name
            ),
            "schedule an agent without files of its own",
        ));
    }
    let mut program = session.program(&loaded, schedule.prompt.clone());
    program.model = session.model_of(&loaded);
    session.teach(&loaded, &mut program);
    program.limits.tokens = program.limits.tokens.min(tokens_left);
    program.unapproved = true;
    program.attached = match cause {
        Cause::Time => Vec::new(),
        Cause::Files(files) => changed(&files, read),
        Cause::Request(text) if text.trim().is_empty() => Vec::new(),
        Cause::Request(text) => vec![Attached {
            picture: None,
            text,
            label: Label::new(format!("hook:{name}"), Trust::Untrusted),
        }],
    };
    Ok((loaded, program))
}

/// The texts about changed files for a run: the beginnings of the first files, and the names of
/// the others.
fn changed(files: &[PathBuf], read: ReadFile<'_>) -> Vec<Attached> {
    let (shown, named) = files.split_at(files.len().min(FILES_SHOWN));
    let file = |path: &PathBuf| {
        let text = read(path).unwrap_or_else(|error| format!("(it cannot be read: {error:#})"));
        untrusted(shortened(&text, FILE_CHARS), path)
    };
    let mut attached: Vec<Attached> = shown.iter().map(file).collect();
    if let Some(first) = named.first() {
        let names: Vec<String> = named
            .iter()
            .take(100)
            .map(|path| path.display().to_string())
            .collect();
        let text = format!("{} more files changed:\n{}", named.len(), names.join("\n"));
        attached.push(untrusted(text, first.parent().unwrap_or(first)));
    }
    attached
}

fn untrusted(text: String, path: &Path) -> Attached {
    Attached {
        picture: None,
        text,
        label: Label::new(format!("file:{}", path.display()), Trust::Untrusted),
    }
}
