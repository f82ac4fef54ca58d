//! `quipu doctor`: whether everything that a run needs is in order.

use anyhow::Result;
use clap::Args;
use indicatif::DecimalBytes;
use quipu_cpu::{CpuError, llama};
use quipu_memory::{Access, Store};
use quipu_models::{ModelError, gguf};
use quipu_tools::CallContext;
use serde::Serialize;
use serde_json::json;

use crate::config::settings::{AttentionWord, CpuChoice};
use crate::service::talk;
use crate::session::Session;
use crate::session::builtin;
use crate::session::bus::Servers;
use crate::session::embedder;
use crate::session::lock::MachineLock;
use crate::session::player;
use crate::session::user_call::user_call;
use crate::terminal::error::{FAILED, hint};
use crate::terminal::output::{self, counted, visible};

/// Free room below which a warning is due.
const ROOM_BYTES_MIN: u64 = 1 << 30;

/// Check that everything is in order
#[derive(Debug, Args)]
pub struct DoctorArgs {
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

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warn,
    Fail,
}

/// Runs all checks; fails when one does.
pub fn run(session: &Session, args: &DoctorArgs) -> Result<u8> {
    let findings = [
        finding("model", model(session)),
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
        finding("store", store(session)),
        finding("meaning", meaning(session)),
        finding("journal", journal(session)),
        finding("machine", machine(session)),
        finding("disk", disk(session)),
        finding("attention", attention(session)),
        finding("processor", Ok((State::Ok, processor()))),
        finding("terminal", Ok((State::Ok, terminal()))),
    ];
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
            text: format!("{error:#}"),
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
                file.display().to_string()
            }
            CpuChoice::Url(url) => format!("at {url} (not called)"),
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
    let pull = format!("`quipu model pull {name}` ({size}) brings what finds them");
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
    let processes = session.journal()?.processes()?.len();
    Ok((
        State::Ok,
        format!(
            "{} in {}",
            counted(processes, "process"),
            session.paths.journal().display()
        ),
    ))
}

fn machine(session: &Session) -> Result<(State, String)> {
    Ok(match MachineLock::holder(&session.paths.lock()) {
        None => (State::Ok, "none is running on this root".into()),
        Some(holder) => match talk::greeting(&session.paths) {
            Ok(Some(greeting)) if greeting.is_open => {
                let model = greeting.model;
                let text = format!("one runs on this root (process {holder}) with {model}");
                (State::Ok, format!("{text}, and commands share it"))
            }
            _ => (
                State::Warn,
                format!("one is running on this root (process {holder})"),
            ),
        },
    })
}

fn disk(session: &Session) -> Result<(State, String)> {
    let mut folder = session.paths.store.as_path();
    while !folder.exists() {
        match folder.parent() {
            Some(parent) => folder = parent,
            None => break,
        }
    }
    let free = fs4::available_space(folder)?;
    let state = if free < ROOM_BYTES_MIN {
        State::Warn
    } else {
        State::Ok
    };
    Ok((
        state,
        format!("{} free at {}", DecimalBytes(free), folder.display()),
    ))
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
