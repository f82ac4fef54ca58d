//! `quipu say`: a text, spoken.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use quipu_tools::CancelToken;
use quipu_voice::{RATE, Voice, wav};
use serde_json::{Value, json};

use crate::session::Session;
use crate::session::speech::{Manner, SoundFile, aloud, seconds, speak};
use crate::session::stop::Stop;
use crate::terminal::error::{INTERRUPTED, UserError};
use crate::terminal::files::check_writable;
use crate::terminal::output;

/// Bytes of text that are read from standard input.
const TEXT_BYTES_MAX: u64 = 4 << 20;

/// Speak a text in English or Chinese
#[derive(Debug, Args)]
pub struct SayArgs {
    /// The text; `-` reads it from standard input. Code in Markdown is left out
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    /// Write a WAV file instead of playing it; `-` writes to standard output
    #[arg(long, value_name = "FILE.wav")]
    out: Option<PathBuf>,
    /// Who speaks, such as af_heart, bm_george or zf_xiaobei; otherwise the language of each
    /// sentence decides
    #[arg(long, value_name = "NAME")]
    voice: Option<String>,
    /// How many times as fast as usual, from 0.5 to 2
    #[arg(long, value_name = "N", default_value = "1", value_parser = speed)]
    speed: f32,
    /// Print JSON: each sentence with its start and end in seconds
    #[arg(long, requires = "out")]
    json: bool,
}

fn speed(written: &str) -> Result<f32, String> {
    match written.parse() {
        Ok(speed) if (0.5..=2.0).contains(&speed) => Ok(speed),
        _ => Err("a number from 0.5 to 2".into()),
    }
}

/// Runs the command.
pub async fn run(session: &Session, args: SayArgs) -> Result<u8> {
    let is_pipe = args.out.as_deref() == Some(Path::new("-"));
    if is_pipe && std::io::stdout().is_terminal() {
        return Err(UserError::usage(
            "sound is not written to a terminal",
            "omit --out to hear it, or name a file",
        ));
    }
    if is_pipe && args.json {
        return Err(UserError::usage(
            "--json and the sound would both go to standard output",
            "name a file with --out",
        ));
    }
    let text = text(&args.text)?;
    if text.trim().is_empty() {
        return Err(UserError::usage(
            "there is nothing to say: the text is empty",
            "say it in words: quipu say \"…\"",
        ));
    }
    if let Some(path) = args.out.as_deref().filter(|_| !is_pipe) {
        check_writable(path, "name a file in a folder that can be written")?;
    }
    let voice = Arc::new(session.voice()?);
    let manner = Manner {
        speaker: args.voice,
        speed: args.speed,
    };
    let stop = Stop::default();
    let cancel = stop.0.clone();
    let work = move || match args.out {
        None => aloud(&voice, &text, &manner, &cancel),
        Some(_) if is_pipe => to_pipe(&voice, &text, &manner, &cancel),
        Some(path) => to_file(&voice, &text, &manner, &cancel, &path, args.json),
    };
    tokio::select! {
        done = tokio::task::spawn_blocking(work) => done??,
        _ = tokio::signal::ctrl_c() => {
            return Err(UserError::with_code(INTERRUPTED, "interrupted", ""));
        }
    }
    Ok(0)
}

/// The text that was given, or what comes from standard input.
fn text(words: &[String]) -> Result<String> {
    if words != ["-"] {
        return Ok(words.join(" "));
    }
    let mut text = String::new();
    let stdin = std::io::stdin().lock();
    stdin.take(TEXT_BYTES_MAX + 1).read_to_string(&mut text)?;
    match text.len() as u64 > TEXT_BYTES_MAX {
        true => Err(UserError::failed(
            "the text has more than 4 MB",
            "say it in several parts",
        )),
        false => Ok(text),
    }
}

/// Writes each sentence to standard output as it is ready.
fn to_pipe(voice: &Voice, text: &str, manner: &Manner, cancel: &CancelToken) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let mut head = Some(wav::head(RATE, None));
    speak(voice, text, manner, cancel, &mut |_, sound| {
        if let Some(head) = head.take() {
            out.write_all(&head)?;
        }
        out.write_all(&wav::body(&sound))?;
        Ok(out.flush()?)
    })
}

fn to_file(
    voice: &Voice,
    text: &str,
    manner: &Manner,
    cancel: &CancelToken,
    path: &Path,
    is_json: bool,
) -> Result<()> {
    let name = path.display();
    let failed = |error: std::io::Error| {
        UserError::failed(
            format!("cannot write {name}: {error}"),
            "choose a folder that can be written",
        )
    };
    let mut file = SoundFile::begin(path, false).map_err(failed)?;
    let mut said: Vec<Value> = Vec::new();
    speak(voice, text, manner, cancel, &mut |sentence, sound| {
        let start = file.seconds();
        let end = start + seconds(sound.len());
        said.push(json!({"text": sentence.text, "start": rounded(start), "end": rounded(end)}));
        file.add(&sound).map_err(failed)
    })?;
    let length = rounded(file.seconds());
    // A sound that was stopped is incomplete.
    if cancel.is_cancelled() {
        return Ok(());
    }
    file.end().map_err(failed)?;
    if is_json {
        let file = path.display().to_string();
        return output::json(&json!({"file": file, "seconds": length, "sentences": said}));
    }
    say!("{} ({length} s)", output::visible(&name.to_string()));
    Ok(())
}

/// Seconds to hundredths.
fn rounded(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}
