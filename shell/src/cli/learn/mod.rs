//! `quipu learn`: from cases that were done right to skills that are shown to like tasks.
//!
//! | file | job |
//! | --- | --- |
//! | `course` | the whole way: halves, candidates, trials, what is kept |
//! | `split` | which cases are learnt from, and which are held aside |
//! | `harvest` | results that were right, as candidates |
//! | `trial` | cases run with some skills, kept so that a run goes on where it stopped |
//! | `verdict` | whether a set of skills is worth keeping |
//! | `shelf` | what was learnt: listed, shown, switched off and on, removed |
//! | `export` | what was learnt as a SKILL.md folder |
//! | `pairs` | answers of which a person chose the better one, for preference training |
//!
//! What a skill is and which ones a task is shown is in `session/learnt`.

mod course;
mod export;
mod harvest;
mod pairs;
mod shelf;
mod split;
mod trial;
mod verdict;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use quipu_memory::Secrecy;

use crate::cli::options::{ProcessOptions, share};
use crate::session::Session;
use crate::session::agent::{self, Loaded};
use crate::session::learnt::Shelf;
use crate::terminal::error::UserError;
use crate::terminal::output::visible;

/// Learn from cases: what was done right becomes an example for tasks like it
///
/// One half of the cases is run; those that hold, and that read nothing others wrote, become
/// examples. The other half is held aside: it is run without the examples and with them. They are
/// kept only if more of its cases hold with them, by a margin that chance hardly gives (McNemar's
/// exact test), and if no suite of --also loses by them. From then on a task is shown the examples
/// that are like it, within `examples` tokens of `[memory]`. The exit code is 1 where nothing was
/// kept. After it was stopped, the same command goes on where it was.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct LearnArgs {
    #[command(subcommand)]
    command: Option<LearnCommand>,
    #[command(flatten)]
    from: FromCases,
}

/// What is learnt from, and how.
#[derive(Debug, Args)]
struct FromCases {
    /// The cases, as `quipu eval` takes them; without this, what was corrected in the shell by
    /// /correct
    #[arg(value_name = "CASES.jsonl")]
    cases: Option<PathBuf>,
    #[command(flatten)]
    whose: Whose,
    /// Other cases, of which at least as many as before have to hold; can be repeated
    #[arg(long, value_name = "CASES.jsonl")]
    also: Vec<PathBuf>,
    /// The most examples that are tried
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=200))]
    most: u16,
    /// The likelihood, 0 to 1, that a gain is chance, from which on it does not count: McNemar's
    /// exact two-sided p, shared out where several sets are tried. 1 takes any gain
    #[arg(long, value_name = "P", default_value_t = 0.1, value_parser = share)]
    p_max: f64,
    /// Cases at once, 1 to 200
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=200))]
    jobs: u16,
    /// Run every case anew, also those whose results an earlier call has left
    #[arg(long)]
    fresh: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    process: ProcessOptions,
}

/// What to do with what was learnt.
#[derive(Debug, Subcommand)]
enum LearnCommand {
    /// List what was learnt
    Ls {
        #[command(flatten)]
        whose: Whose,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one skill: the task, what was done, where it comes from, what it gained
    Show {
        /// Its id
        id: String,
        #[command(flatten)]
        whose: Whose,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Stop showing skills to tasks, but keep them
    Off {
        /// Their ids; all of them otherwise
        ids: Vec<String>,
        #[command(flatten)]
        whose: Whose,
    },
    /// Show skills again
    On {
        /// Their ids; all of them otherwise
        ids: Vec<String>,
        #[command(flatten)]
        whose: Whose,
    },
    /// Remove skills
    Rm {
        /// Their ids
        #[arg(required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        whose: Whose,
    },
    /// Remove all that the last `quipu learn` has kept
    Rollback {
        #[command(flatten)]
        whose: Whose,
    },
    /// Write what was learnt as a SKILL.md folder, which other programs read too
    Export {
        /// A folder that is not there yet; its name is the skill's
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        #[command(flatten)]
        whose: Whose,
    },
    /// Write the pairs that /compare has kept, for preference training
    Pairs {
        /// A file that is not there yet
        #[arg(value_name = "FILE.jsonl")]
        file: PathBuf,
        /// Also pairs with private text
        #[arg(long)]
        private: bool,
        /// Also pairs with private and secret text
        #[arg(long)]
        secret: bool,
    },
}

/// Who learns.
#[derive(Debug, Args)]
struct Whose {
    /// The agent: a file, a folder or a name; the usual one otherwise
    #[arg(long, value_name = "FILE|DIR|NAME")]
    agent: Option<PathBuf>,
}

impl Whose {
    /// The agent. One that nobody vouches for learns nothing, since what it does is a
    /// stranger's.
    fn loaded(&self, session: &Session) -> Result<Loaded> {
        let Some(path) = &self.agent else {
            return Ok(Loaded::default());
        };
        let loaded = agent::load(path, &session.paths)?;
        match loaded.agent.stranger {
            false => Ok(loaded),
            true => Err(UserError::usage(
                format!("the agent {} is not trusted", visible(&loaded.agent.name)),
                "`quipu trust DIR|FILE` vouches for an agent as its file is now",
            )),
        }
    }

    fn shelf(&self, session: &Session) -> Result<Shelf> {
        Ok(Shelf::of(&session.paths, &self.loaded(session)?))
    }
}

/// Runs the command.
pub async fn run(session: &Session, args: LearnArgs) -> Result<u8> {
    let Some(command) = args.command else {
        let agent = args.from.whose.loaded(session)?;
        let cases = cases(session, &args.from, &agent)?;
        return course::run(session, &args.from, agent, &cases).await;
    };
    match command {
        LearnCommand::Ls { whose, json } => shelf::list(&whose.shelf(session)?, json),
        LearnCommand::Show { id, whose, json } => shelf::show(&whose.shelf(session)?, &id, json),
        LearnCommand::Off { ids, whose } => shelf::switch(&whose.shelf(session)?, &ids, false),
        LearnCommand::On { ids, whose } => shelf::switch(&whose.shelf(session)?, &ids, true),
        LearnCommand::Rm { ids, whose } => shelf::remove(&whose.shelf(session)?, &ids),
        LearnCommand::Rollback { whose } => shelf::roll_back(&whose.shelf(session)?),
        LearnCommand::Export { folder, whose } => {
            let agent = whose.loaded(session)?;
            export::run(&Shelf::of(&session.paths, &agent), &agent, &folder)
        }
        LearnCommand::Pairs {
            file,
            private,
            secret,
        } => {
            let most = match (secret, private) {
                (true, _) => Secrecy::Secret,
                (false, true) => Secrecy::Private,
                (false, false) => Secrecy::Public,
            };
            let shelf = Shelf::of(&session.paths, &Loaded::default());
            pairs::run(&shelf, &file, most)
        }
    }
}

/// The file of the cases: what was named, else what was corrected.
fn cases(session: &Session, from: &FromCases, agent: &Loaded) -> Result<PathBuf> {
    let corrected = || Shelf::of(&session.paths, agent).corrections();
    match &from.cases {
        Some(cases) => Ok(cases.clone()),
        None => Some(corrected()).filter(|path: &PathBuf| Path::is_file(path)).ok_or_else(|| {
            UserError::usage(
                "there is nothing to learn from",
                "quipu learn CASES.jsonl; in the shell /correct RIGHT makes a case of the last task",
            )
        }),
    }
}
