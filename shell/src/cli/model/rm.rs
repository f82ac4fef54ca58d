//! `quipu model rm`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use indicatif::DecimalBytes;
use quipu_kernel::ModelNow;
use quipu_kernel::process::Pid;
use quipu_models::{self as models, Places, catalogue};

use super::resident::Residents;
use crate::service::talk;
use crate::session::lock::{MachineLock, program};
use crate::session::{Session, builtin, signals};
use crate::terminal::error::UserError;
use crate::terminal::output::{processes, visible};

/// Arguments of `model rm`.
#[derive(Debug, Args)]
pub struct RmArgs {
    /// The model
    name: String,
}

/// Runs the command.
///
/// # Errors
/// Where the model is not here, or the machine on this root uses it.
pub fn run(session: &Session, args: &RmArgs) -> Result<u8> {
    let folders = &session.paths.models[..1];
    refuse_loaded(session, &args.name, folders)?;
    let removed = models::remove(&args.name, folders)?;
    say!(
        "removed {} ({})",
        removed.path.display(),
        DecimalBytes(removed.bytes)
    );
    Ok(0)
}

/// Refuses the model `name` of these `folders` while the machine on the root has it loaded.
fn refuse_loaded(session: &Session, name: &str, folders: &[PathBuf]) -> Result<()> {
    let places = Places {
        folders: folders.to_vec(),
        hub_home: None,
    };
    // What is not here is told by who removes it.
    let Ok(file) = models::resolve(name, &places) else {
        return Ok(());
    };
    // One that starts may be loading this very file.
    talk::wait_for_start(&session.paths);
    let Some(holder) = MachineLock::holder(&session.paths.lock()) else {
        return Ok(());
    };
    if let Some(now) = Residents::of(session).using(&file) {
        return Err(loaded(&file, now, holder));
    }
    match what_for(&file, &beside(session)) {
        Some(does) => Err(used(&file, does, holder)),
        None => Ok(()),
    }
}

/// Files that a machine uses beside the models that answer, and what it does with them.
type Beside = (Vec<PathBuf>, &'static str);

/// Those of a machine with the settings of `session`.
fn beside(session: &Session) -> Vec<Beside> {
    let folders = &session.paths.models;
    // A setting that cannot be met is told where texts are compared.
    let embedder = session.embedder().ok().flatten();
    let vectors = embedder.map_or_else(Vec::new, |embedder| {
        let mut files = files_of(embedder.called(), folders);
        files.push(embedder.file().to_owned());
        files
    });
    let detector = match signals::weights(session.settings.signals, folders) {
        Some(_) => files_of(signals::NAME, folders),
        None => Vec::new(),
    };
    let senses = [
        (builtin::EYES, "reads pictures with it"),
        (builtin::EARS, "hears recordings with it"),
        (builtin::VOICE, "speaks with it"),
    ];
    let senses = senses.map(|(name, does)| (files_of(name, folders), does));
    let others = [
        (vectors, "searches the memory with it"),
        (detector, "looks for attacks in strangers' texts with it"),
    ];
    others.into_iter().chain(senses).collect()
}

/// The files of the model `name` of the catalogue in the first of `folders` that has it whole.
fn files_of(name: &str, folders: &[PathBuf]) -> Vec<PathBuf> {
    let Some(entry) = catalogue::find(name) else {
        return Vec::new();
    };
    let folder = folders.iter().find(|folder| entry.is_whole_in(folder));
    let files = folder.map(|folder| entry.all().map(move |entry| folder.join(entry.file())));
    files.map_or_else(Vec::new, Iterator::collect)
}

/// What the machine does with `file`, which is one of those in `beside`; `None` where it is none.
fn what_for(file: &Path, beside: &[Beside]) -> Option<&'static str> {
    let file = file.canonicalize().ok()?;
    let is_it = |known: &PathBuf| known.canonicalize().is_ok_and(|known| known == file);
    let mut beside = beside.iter();
    let found = beside.find(|(files, _)| files.iter().any(is_it));
    found.map(|(_, does)| *does)
}

/// The error for the `file` that the machine of the program `holder` has for what it `does`.
fn used(file: &Path, does: &str, holder: u32) -> anyhow::Error {
    UserError::usage(
        format!(
            "the machine on this root ({}) {does}: {}",
            program(holder),
            visible(&file.display().to_string())
        ),
        format!(
            "{}, then run the command again; its processes go on with the next machine",
            stop(holder)
        ),
    )
}

/// How the machine of the program `holder` is stopped.
fn stop(holder: u32) -> String {
    match holder {
        holder if holder == std::process::id() => "leave this shell".to_owned(),
        0 => "stop that machine".to_owned(),
        holder => format!("stop that machine (kill {holder})"),
    }
}

/// The error for the `file` that the machine of the program `holder` has loaded.
fn loaded(file: &Path, now: &ModelNow, holder: u32) -> anyhow::Error {
    let pids: Vec<Pid> = now
        .cpu
        .processes
        .iter()
        .map(|process| process.pid)
        .collect();
    let whose = match pids.is_empty() {
        true => String::new(),
        false => format!(", for {}", processes(&pids)),
    };
    UserError::usage(
        format!(
            "{} is loaded by the machine on this root ({}){whose}",
            visible(&file.display().to_string()),
            program(holder)
        ),
        format!(
            "{}, then run the command again; its processes go on with the next machine",
            stop(holder)
        ),
    )
}

#[cfg(test)]
mod tests {
    use quipu_cpu::{CpuProcess, CpuStats};

    use super::*;

    #[test]
    fn what_is_used_beside_a_model_is_refused_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, "").unwrap();
            path
        };
        let (vectors, pieces, free) = (file("a.gguf"), file("b.json"), file("c.gguf"));
        let beside: [Beside; 2] = [
            (vec![vectors.clone()], "searches the memory with it"),
            (vec![folder.path().join("gone"), pieces.clone()], "reads"),
        ];
        let check = |file: &Path, want: Option<&str>| assert_eq!(what_for(file, &beside), want);
        check(&vectors, Some("searches the memory with it"));
        check(&folder.path().join("./b.json"), Some("reads"));
        check(&free, None);
        check(&folder.path().join("gone"), None);
        let error = used(Path::new("a.gguf"), "searches the memory with it", 0);
        assert_eq!(
            format!("{error}; {}", crate::terminal::error::hint(&error)),
            "the machine on this root (another program) searches the memory with it: a.gguf; \
             stop that machine, then run the command again; its processes go on with the next \
             machine"
        );
    }

    #[test]
    fn a_model_of_several_files_has_them_where_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().to_owned()];
        assert!(files_of(signals::NAME, &folders).is_empty());
        let entry = catalogue::find(signals::NAME).unwrap();
        for entry in entry.all() {
            let path = folder.path().join(entry.file());
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let file = std::fs::File::create(path).unwrap();
            file.set_len(entry.bytes).unwrap();
        }
        assert_eq!(files_of(signals::NAME, &folders).len(), 2);
    }

    #[test]
    fn what_is_loaded_is_refused_with_whose_it_is() {
        let check = |pids: &[Pid], holder: u32, want: &str| {
            let processes = pids.iter().map(|pid| CpuProcess {
                pid: *pid,
                ..CpuProcess::default()
            });
            let now = ModelNow {
                cpu: CpuStats {
                    processes: processes.collect(),
                    ..CpuStats::default()
                },
                ..ModelNow::default()
            };
            let error = loaded(Path::new("a.gguf"), &now, holder);
            let said = format!("{error}; {}", crate::terminal::error::hint(&error));
            assert_eq!(said, want);
        };
        let rest = "then run the command again; its processes go on with the next machine";
        check(
            &[],
            0,
            &format!(
                "a.gguf is loaded by the machine on this root (another program); stop that \
                 machine, {rest}"
            ),
        );
        check(
            &[3, 5],
            u32::MAX,
            &format!(
                "a.gguf is loaded by the machine on this root (the program with system pid \
                 4294967295), for processes 3, 5; stop that machine (kill 4294967295), {rest}"
            ),
        );
        check(
            &[3],
            std::process::id(),
            &format!(
                "a.gguf is loaded by the machine on this root (the program with system pid {}), \
                 for process 3; leave this shell, {rest}",
                std::process::id()
            ),
        );
    }
}
