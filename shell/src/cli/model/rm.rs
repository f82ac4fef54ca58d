//! `quipu model rm`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use indicatif::DecimalBytes;
use quipu_kernel::ModelNow;
use quipu_kernel::process::Pid;
use quipu_models::{self as models, Places};

use super::resident::Residents;
use crate::service::talk;
use crate::session::Session;
use crate::session::lock::{MachineLock, program};
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
/// Where the model is not here, or the machine on this root has it loaded.
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
    match Residents::of(session).using(&file) {
        Some(now) => Err(loaded(&file, now, holder)),
        None => Ok(()),
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
    let stop = match holder {
        holder if holder == std::process::id() => "leave this shell".to_owned(),
        0 => "stop that machine".to_owned(),
        holder => format!("stop that machine (kill {holder})"),
    };
    UserError::usage(
        format!(
            "{} is loaded by the machine on this root ({}){whose}",
            visible(&file.display().to_string()),
            program(holder)
        ),
        format!("{stop}, then run the command again; its processes go on with the next machine"),
    )
}

#[cfg(test)]
mod tests {
    use quipu_cpu::{CpuProcess, CpuStats};

    use super::*;

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
