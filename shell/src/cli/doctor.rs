//! `quipu doctor`: whether everything that a run needs is in order.

mod dumps;
mod machine;
mod weights;

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use clap::Args;
use indicatif::DecimalBytes;
use quipu_cpu::remote::shown;
use quipu_cpu::{CpuError, llama};
use quipu_memory::{Access, Store};
use quipu_models::{ModelError, gguf};
use quipu_tools::CallContext;
use serde::Serialize;
use serde_json::json;

use crate::config::settings::{AttentionWord, CpuChoice, SignalsWord};
use crate::session::Session;
use crate::session::builtin;
use crate::session::bus::Servers;
use crate::session::embedder;
use crate::session::player;
use crate::session::signals;
use crate::session::user_call::user_call;
use crate::terminal::bar::busy;
use crate::terminal::error::{FAILED, UserError, hint, told};
use crate::terminal::files::without_numbers;
use crate::terminal::output::{self, counted, visible};
use crate::terminal::words::words;

/// Free room below which a warning is due.
const ROOM_BYTES_MIN: u64 = 1 << 30;
/// Free room below which nothing can be relied on: a journal and an index need more at once.
const FULL_BYTES: u64 = 16 << 20;
/// A text that is looked at to see whether that is possible.
const LOOKED_AT: &str = "The train leaves at noon.";
/// Bytes that are written to see whether that is possible.
const PROBE_BYTES: usize = 64 << 10;

/// Check that everything is in order, and say what to do where it is not
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Read the weights of models and senses, and compare their checksums
    #[arg(long)]
    checksums: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    text: String,
    hint: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warn,
    Fail,
}

/// Runs all checks; fails when one does.
pub fn run(session: &Session, args: &DoctorArgs) -> Result<u8> {
    let sign = busy(words().checking.to_owned());
    let findings = [
        finding("model", model(session)),
        finding(
            "weights",
            weights::check(&session.paths.models, args.checksums).map(|text| (State::Ok, text)),
        ),
        finding("tools", tools(session)),
        finding(
            "eyes",
            Ok((State::Ok, sense(session, builtin::EYES, "read pictures"))),
        ),
        finding(
            "ears",
            Ok((State::Ok, sense(session, builtin::EARS, "hear recordings"))),
        ),
        finding("voice", Ok((State::Ok, voice(session)))),
        finding("signals", Ok(signals(session))),
        finding("store", store(session)),
        finding("meaning", meaning(session)),
        finding("journal", journal(session)),
        finding("machine", Ok(machine::check(session))),
        finding("disk", disk(session)),
        finding("dumps", Ok(dumps::check())),
        finding("attention", attention(session)),
        finding("processor", Ok((State::Ok, processor()))),
        finding("terminal", Ok((State::Ok, terminal()))),
    ];
    sign.finish_and_clear();
    if args.json {
        output::json(&findings)?;
    } else {
        for finding in &findings {
            let mark = match finding.state {
                State::Ok => console::style("ok  ").green(),
                State::Warn => console::style("warn").yellow(),
                State::Fail => console::style("FAIL").red(),
            };
            output::line(&format!(
                "{mark} {:<10} {}",
                finding.check,
                visible(&finding.text)
            ))?;
            if !finding.hint.is_empty() {
                output::line(&format!("     {:<10} hint: {}", "", visible(&finding.hint)))?;
            }
        }
    }
    Ok(
        match findings.iter().any(|finding| finding.state == State::Fail) {
            true => FAILED,
            false => 0,
        },
    )
}

fn finding(check: &'static str, result: Result<(State, String)>) -> Finding {
    match result {
        Ok((state, text)) => Finding {
            check,
            state,
            text,
            hint: String::new(),
        },
        Err(error) => Finding {
            check,
            state: State::Fail,
            text: without_numbers(&told(&error)),
            hint: hint(&error),
        },
    }
}

fn model(session: &Session) -> Result<(State, String)> {
    Ok((
        State::Ok,
        match &session.settings.cpu {
            CpuChoice::Local => {
                let file = session.model_file()?;
                let header = gguf::read(&file).map_err(ModelError::Gguf)?;
                if !header.chat_template {
                    let model = header.name.unwrap_or_else(|| file.display().to_string());
                    return Err(CpuError::NoTemplate { model }.into());
                }
                match session.projector() {
                    Some(projector) => format!(
                        "{}; it sees pictures by {}",
                        file.display(),
                        projector.display()
                    ),
                    None => file.display().to_string(),
                }
            }
            CpuChoice::Url(url) => format!("at {} (not called)", shown(url)),
            CpuChoice::Script(file) => format!("the script {file}"),
        },
    ))
}

/// Whether answers depend on who shares the machine.
fn attention(session: &Session) -> Result<(State, String)> {
    if session.settings.cpu != CpuChoice::Local {
        return Ok((State::Ok, "not computed here".into()));
    }
    if session.settings.attention == AttentionWord::LlamaCpp {
        let text = "llama.cpp's own, as configured: answers may depend on who shares the machine";
        return Ok((State::Ok, text.into()));
    }
    if let Err(reason) = llama::check_attention() {
        let text =
            format!("llama.cpp's own: {reason}; answers may depend on who shares the machine");
        return Ok((State::Warn, text));
    }
    let Ok(header) = session.model_file().map(|file| gguf::read(&file)) else {
        return Ok((State::Ok, "ours, and it works".into()));
    };
    let header = header.map_err(ModelError::Gguf)?;
    Ok((
        State::Ok,
        match llama::alike(&header.architecture, &header.quantisation) {
            Ok(()) => format!(
                "ours, and it works: answers are the same whoever shares the machine ({} weights)",
                header.quantisation
            ),
            Err(reason) => format!(
                "ours, and it works; but the last bits may depend on who shares the machine: \
                 {reason}"
            ),
        },
    ))
}

fn tools(session: &Session) -> Result<(State, String)> {
    let (bus, unusable) = session.bus(Servers::Known)?;
    let result = user_call(
        &bus.resolve("calculator")?,
        &json!({"expression": "2+2"}),
        &CallContext::default(),
    )?;
    let names: Vec<String> = bus
        .list()
        .iter()
        .map(|device| device.spec().name.clone())
        .collect();
    let text = format!(
        "{}; 2+2 is {}",
        names.join(", "),
        result["value"].as_str().unwrap_or("?")
    );
    Ok(match unusable.first() {
        None => (State::Ok, text),
        Some(tool) => (
            State::Warn,
            format!("{text}; left out: {}: {}", tool.name, tool.error),
        ),
    })
}

/// Whether the sense `name` can do what it `does`. Nobody needs it.
fn sense(session: &Session, name: &str, does: &str) -> String {
    match session.firmware(name) {
        Some(folder) => format!("{does} with {}", folder.display()),
        None => format!("cannot {does} yet: `quipu model pull {name}` fetches what they need"),
    }
}

/// Whether strangers' texts are looked at for attacks. Nobody needs it, but a rule may.
fn signals(session: &Session) -> (State, String) {
    let mut rules = session.rules.rules.iter();
    let unmet = rules.find(|rule| rule.suspicious.is_some());
    let unmet = unmet.map(|rule| {
        let place = &rule.origin;
        format!("; a rule waits for what would be found ({place})")
    });
    let state = match unmet {
        Some(_) => State::Warn,
        None => State::Ok,
    };
    let unmet = unmet.unwrap_or_default();
    let word = session.settings.signals;
    if word == SignalsWord::Off {
        let text = format!("texts of others are not scanned for attacks, as configured{unmet}");
        return (state, text);
    }
    let name = signals::NAME;
    let Some(file) = signals::weights(word, &session.paths.models) else {
        let pull = format!("`quipu model pull {name}` fetches the detector");
        let text = format!("texts of others are not scanned for attacks: {pull}{unmet}");
        return (state, text);
    };
    match session.detection.suspicion(LOOKED_AT) {
        Some(said) if !said.is_unseen() => {
            let folder = file.parent().unwrap_or(Path::new("."));
            let text = format!(
                "texts of others are scanned for attacks with {}",
                folder.display()
            );
            (State::Ok, text)
        }
        _ => (
            State::Warn,
            format!(
                "{name} cannot be used: {} fetches it again{unmet}",
                weights::way(name, true)
            ),
        ),
    }
}

/// Whether it can speak, and be heard.
fn voice(session: &Session) -> String {
    let Some(folder) = session.firmware(builtin::VOICE) else {
        let pull = "`quipu model pull voice` fetches what it needs";
        return format!("cannot speak yet: {pull}");
    };
    let player = match player::name() {
        Some(name) => format!("played by {name}"),
        None => "no program plays it: `quipu say TEXT --out FILE.wav` writes it".to_owned(),
    };
    format!("speaks with {}; {player}", folder.display())
}

fn store(session: &Session) -> Result<(State, String)> {
    let stats = session.store(Access::ReadOnly)?.stats()?;
    Ok((
        State::Ok,
        format!(
            "{} in {}",
            counted(stats.pages, "page"),
            session.paths.store.display()
        ),
    ))
}

/// Whether pages are found by their meaning, and in which languages. Nobody needs it.
fn meaning(session: &Session) -> Result<(State, String)> {
    let entry = embedder::recommended();
    let (name, size) = (&entry.name, DecimalBytes(entry.bytes));
    let pull = format!("`quipu model pull {name}` ({size}) lets them be found");
    let text = match session.embedder()? {
        None if session.settings.embedder.is_some() => "not looked for, as configured".into(),
        None => format!("pages are found by their words alone: {pull} by meaning, too"),
        Some(found) if found.is_recommended() => {
            format!("pages are found by their meaning, in any language, with {name}")
        }
        Some(found) => format!(
            "pages are found by their meaning with {}: {pull} in any language",
            found.called()
        ),
    };
    let waiting = session.store(Access::ReadOnly)?.without_vectors()?;
    Ok((
        State::Ok,
        match waiting {
            0 => text,
            pages => format!("{text}; {pages} have no vector of it yet: `quipu mem rebuild`"),
        },
    ))
}

fn journal(session: &Session) -> Result<(State, String)> {
    let journal = session.journal()?;
    let missing = journal.missing()?.len();
    if missing > 0 {
        let what = format!(
            "{} that were in {} are not there any more",
            counted(missing, "process"),
            session.paths.journal().display()
        );
        return Err(UserError::failed(
            what,
            "`quipu replay all --verify` names them; bring the file back that was here",
        ));
    }
    let processes = counted(journal.processes()?.len(), "process");
    let text = format!("{processes} in {}", session.paths.journal().display());
    Ok((State::Ok, text))
}

/// Whether the root can be written, and how much room there is.
fn disk(session: &Session) -> Result<(State, String)> {
    let paths = &session.paths;
    let mut free = u64::MAX;
    for folder in [&paths.state, &paths.store, &paths.cache] {
        let folder = existing(folder);
        let left = fs4::available_space(folder)?;
        try_to_write(folder, left)?;
        free = free.min(left);
    }
    let text = format!(
        "{} free at {}",
        DecimalBytes(free),
        existing(&paths.store).display()
    );
    let images = usage(&paths.images());
    let bound = session.settings.kv_disk_bytes;
    let text = format!(
        "{text}; what the model has read takes {} of at most {}",
        DecimalBytes(images),
        DecimalBytes(bound)
    );
    Ok((room(free), text))
}

/// The nearest folder at or above `path` that is there.
fn existing(path: &Path) -> &Path {
    path.ancestors()
        .find(|folder| folder.exists())
        .unwrap_or(path)
}

/// Writes a little into `folder`, which has so many bytes `left`, and takes it away again.
fn try_to_write(folder: &Path, left: u64) -> Result<()> {
    let written = tempfile::tempfile_in(folder).and_then(|mut file| {
        file.write_all(&[0; PROBE_BYTES])?;
        // Some file systems find out late that there is no room.
        file.sync_all()
    });
    let hint = "make room there, or let it be written; --root DIR takes another folder";
    if let Err(error) = written {
        let text = format!("{} cannot be written: {error}", folder.display());
        return Err(UserError::failed(text, hint));
    }
    match room(left) {
        State::Fail => Err(UserError::failed(
            format!("{} is full: {} free", folder.display(), DecimalBytes(left)),
            hint,
        )),
        _ => Ok(()),
    }
}

/// How good or bad this many free bytes are.
fn room(free: u64) -> State {
    match free {
        ..FULL_BYTES => State::Fail,
        FULL_BYTES..ROOM_BYTES_MIN => State::Warn,
        _ => State::Ok,
    }
}

/// Bytes of the files in `folder`.
fn usage(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| entry.metadata().ok());
    sizes.map(|about| about.len()).sum()
}

fn terminal() -> String {
    let term = console::Term::stderr();
    if !term.is_term() {
        return "none: nobody is asked, and lines are plain".into();
    }
    let colour = if console::colors_enabled_stderr() {
        "colours"
    } else {
        "no colours"
    };
    format!("{} columns, {colour}", term.size().1)
}

fn processor() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut built_for = Vec::new();
    for (name, on) in [
        ("avx2", cfg!(target_feature = "avx2")),
        ("avx512", cfg!(target_feature = "avx512f")),
        ("neon", cfg!(target_feature = "neon")),
    ] {
        if on {
            built_for.push(name);
        }
    }
    format!(
        "{cores} cores, built for {}",
        if built_for.is_empty() {
            "any".into()
        } else {
            built_for.join(" ")
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_a_failure_and_little_room_a_warning() {
        let check = |free: u64, want: State| assert_eq!(room(free), want, "{free}");
        check(0, State::Fail);
        check(FULL_BYTES - 1, State::Fail);
        check(FULL_BYTES, State::Warn);
        check(ROOM_BYTES_MIN - 1, State::Warn);
        check(ROOM_BYTES_MIN, State::Ok);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let check = |folder: &Path, left: u64, want: &str| {
            let said = try_to_write(folder, left).map_err(|error| error.to_string());
            let said = said.err().unwrap_or_default();
            assert!(
                said.contains(want) && said.is_empty() == want.is_empty(),
                "{said}"
            );
        };
        check(folder.path(), u64::MAX, "");
        check(folder.path(), 1, "is full: 1 B free");
        let gone = folder.path().join("gone");
        check(&gone, u64::MAX, "gone cannot be written: ");
        assert_eq!(existing(&gone), folder.path());
    }
}
