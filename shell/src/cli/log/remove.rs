//! `quipu log rm`.

use std::io::Read;
use std::path::Path;

use anyhow::Result;
use quipu_kernel::journal::ProcessRow;
use quipu_kernel::process::{Pid, State};

use crate::session::Session;
use crate::session::lock::MachineLock;
use crate::terminal::error::UserError;
use crate::terminal::output::counted;

/// Removes the processes that ended more than `days` days ago.
pub(super) fn old(session: &Session, days: u32) -> Result<u8> {
    let gone = session.journal()?.forget_older_than(days)?;
    for pid in &gone {
        remove_images(&session.paths.images(), *pid);
    }
    match gone.len() {
        0 => say!("nothing ended more than {} ago", counted(days, "day")),
        1 => say!("removed process {} from the journal", gone[0]),
        n => say!("removed {n} processes from the journal"),
    }
    Ok(0)
}

/// Removes processes that have ended, or, where no machine runs, any.
pub(super) fn remove(session: &Session, pids: &[Pid]) -> Result<u8> {
    let paths = &session.paths;
    let journal = session.journal()?;
    let rows: Vec<ProcessRow> = pids
        .iter()
        .map(|pid| journal.process(*pid))
        .collect::<Result<_, _>>()?;
    let ended = |row: &ProcessRow| row.state == State::Exited;
    // Held until all is done, so that no machine takes one of them up meanwhile.
    let lock = match rows.iter().find(|row| !ended(row)) {
        None => MachineLock::take(&paths.lock()).ok(),
        Some(row) => Some(MachineLock::take(&paths.lock()).map_err(|_| {
            UserError::usage(
                format!("process {} has not ended, and a machine runs", row.pid),
                format!("`quipu kill {}` ends it", row.pid),
            )
        })?),
    };
    for pid in pids {
        let gone = journal.forget(*pid)?;
        if lock.is_some() {
            remove_images(&paths.images(), *pid);
        }
        match gone {
            true => say!("removed process {pid} from the journal"),
            false => say!(
                "removed process {pid} from the journal; its file keeps traces until nobody reads it"
            ),
        }
    }
    Ok(0)
}

/// Removes the states of `pid` that were swapped out: its tokens are in them. Those of
/// an unknown form go too, and what a projector made of pictures, whosever they are: it does not say;
/// they can be made again.
fn remove_images(folder: &Path, pid: Pid) {
    /// The first bytes of an image, before the number of its process.
    const MAGIC: &[u8] = b"QUIPUKV1";
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.extension().and_then(|end| end.to_str()) {
            Some("kv") => {}
            Some("seen") => {
                let _ = std::fs::remove_file(path);
                continue;
            }
            _ => continue,
        }
        let mut head = [0; 16];
        let read = std::fs::File::open(&path).and_then(|mut file| file.read_exact(&mut head));
        let (magic, whose) = head.split_at(MAGIC.len());
        let of_another = read.is_ok() && magic == MAGIC && whose != pid.to_le_bytes();
        if !of_another {
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_a_removed_process_go_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let image = |magic: &str, pid: Pid| [magic.as_bytes(), &pid.to_le_bytes(), b"x"].concat();
        for (name, bytes, stays) in [
            ("a.kv", image("QUIPUKV1", 7), false),
            ("b.kv", image("QUIPUKV1", 8), true),
            ("everyone.kv", image("QUIPUKV1", 0), true),
            ("later.kv", image("QUIPUKV2", 8), false),
            ("short.kv", b"Q".to_vec(), false),
            ("picture.seen", b"QUIPUSE1".to_vec(), false),
            ("other", image("QUIPUKV1", 7), true),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            remove_images(folder.path(), 7);
            assert_eq!(path.exists(), stays, "{name}");
        }
    }
}
