//! `quipu hear`: what is said in recordings.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use quipu_tools::{CancelToken, ToolError};
use serde_json::json;

use super::each_file;
use crate::session::Session;
use crate::session::hearing::{
    Ears, Heard, Recording, Segment, check_recording, clock, how_far, shown,
};
use crate::session::stop::Stop;
use crate::terminal::error::{self, FAILED, INTERRUPTED, UserError};
use crate::terminal::output;
use crate::terminal::words::words;

/// Print what is said in recordings: talks, meetings, voice messages
#[derive(Debug, Args)]
pub struct HearArgs {
    /// Recordings (WAV, FLAC, MP3, Ogg, Opus, M4A or WebM); `-` reads one from standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The language, such as en or zh; zh-hans writes simplified characters
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// Print the time before each sentence
    #[arg(long, conflicts_with = "json")]
    times: bool,
    /// Print JSON: the text, and each sentence with its start and end in seconds; of several
    /// files a list
    #[arg(long)]
    json: bool,
}

/// Runs the command. What cannot be heard costs itself, not the other files.
pub async fn run(session: &Session, args: HearArgs) -> Result<u8> {
    let ears = session.ears();
    let ears = ears.map_err(|missing| each_file::wrong(&args.files, check_recording, missing))?;
    let ears = Arc::new(ears);
    let args = Arc::new(args);
    let stop = Stop::default();
    let mut code = 0;
    let mut values = Vec::new();
    for (n, path) in args.files.iter().enumerate() {
        let name = path.display().to_string();
        each_file::begin(&name, n, args.files.len());
        let heard = match recording(session, path) {
            Ok(recording) => heard(&ears, recording, &args, &stop.0).await,
            Err(error) => Err(error),
        };
        values.push(match heard {
            Ok(heard) => {
                if heard.segments.is_empty() {
                    say!("{}", words().nothing_said);
                }
                json!({
                    "file": name,
                    "text": heard.text(),
                    "language": heard.language,
                    "segments": heard.segments,
                })
            }
            // Whoever interrupts means all of them.
            Err(error) if error::describe(&error).1 == INTERRUPTED => return Err(error),
            Err(error) => {
                code = FAILED;
                each_file::failed(&name, &error)
            }
        });
    }
    if args.json {
        each_file::print(&values)?;
    }
    Ok(code)
}

fn recording(session: &Session, path: &Path) -> Result<Recording> {
    match path.as_os_str() == "-" {
        true => session.recording_from(std::io::stdin().lock()),
        false => session.recording(path),
    }
}

/// Hears a recording where it does not hold up the shell, and prints what was said meanwhile.
async fn heard(
    ears: &Arc<Ears>,
    recording: Recording,
    args: &Arc<HearArgs>,
    cancel: &CancelToken,
) -> Result<Heard> {
    let (ears, args, cancel) = (ears.clone(), args.clone(), cancel.clone());
    let work = move || {
        let mut printed = Ok(());
        let language = args.language.as_deref();
        let heard: Result<Heard, ToolError> =
            ears.hear(&recording, language, &cancel, &mut |part: &Heard| {
                // Whoever reads the text sees the progress anyway.
                if args.json || !std::io::stdout().is_terminal() {
                    how_far(part);
                }
                let done = part.segments.iter().filter(|_| !args.json);
                let done = done.map(|segment| print(segment, args.times));
                if let Err(error) = done.collect::<Result<()>>() {
                    cancel.cancel();
                    printed = Err(error);
                }
            });
        printed.and(heard.map_err(anyhow::Error::from))
    };
    tokio::select! {
        heard = tokio::task::spawn_blocking(work) => heard?,
        // Hearing goes on until `Stop` tells it to end, and then removes the file that it has
        // written.
        _ = tokio::signal::ctrl_c() => Err(UserError::with_code(
            INTERRUPTED,
            "interrupted",
            "the same command goes on where this one stopped",
        )),
    }
}

/// Prints a sentence; nobody vouches for it, so a terminal is shown no controls.
fn print(segment: &Segment, with_time: bool) -> Result<()> {
    let text = match std::io::stdout().is_terminal() {
        true => shown(segment),
        false => segment.text.clone(),
    };
    match with_time {
        true => output::line(&format!("[{}] {text}", clock(segment.start))),
        false => output::line(&text),
    }
}
