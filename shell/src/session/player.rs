//! Plays sound with a program that the user has; none is required, and none comes with Quipu.
//!
//! Each sentence is a file that the program is given, one after another. The next sentence is
//! computed meanwhile, and no more than one waits.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;
use quipu_tools::CancelToken;
use quipu_voice::{RATE, wav};

use crate::terminal::error::UserError;

/// Programs that play a WAV file, and what stands before its name.
const PLAYERS: &[(&str, &[&str])] = &[
    ("pw-play", &[]),
    ("paplay", &[]),
    ("aplay", &["-q"]),
    ("afplay", &[]),
    ("ffplay", &["-nodisp", "-autoexit", "-loglevel", "error"]),
    ("play", &["-q"]),
];

/// How often it is looked whether a sentence was played, or is to be stopped.
const LOOK: Duration = Duration::from_millis(20);

/// A thread that plays what it is given.
pub struct Player {
    sounds: SyncSender<Vec<f32>>,
    cancel: CancelToken,
    thread: JoinHandle<Result<()>>,
}

impl Player {
    /// Starts with the first program that is there. When `cancel` is set it falls silent.
    ///
    /// # Errors
    /// Where no program is there.
    pub fn start(cancel: CancelToken) -> Result<Self> {
        let (program, args) = find().ok_or_else(missing)?;
        let (sounds, receiver) = sync_channel(1);
        let stop = cancel.clone();
        let thread = std::thread::spawn(move || play_all(program, args, &receiver, &stop));
        Ok(Self {
            sounds,
            cancel,
            thread,
        })
    }

    /// Plays `samples` after what came before; waits while more than one sound does. Where
    /// nothing is played any more the rest is not computed: [`Player::end`] says why.
    pub fn add(&self, samples: Vec<f32>) {
        if self.sounds.send(samples).is_err() {
            self.cancel.cancel();
        }
    }

    /// Waits until all was played.
    ///
    /// # Errors
    /// A program that failed.
    pub fn end(self) -> Result<()> {
        drop(self.sounds);
        match self.thread.join() {
            Ok(result) => result,
            Err(_) => Err(UserError::failed("the player failed", "")),
        }
    }
}

/// The name of the program that would play, if there is one.
pub fn name() -> Option<&'static str> {
    find().map(|(name, _)| name)
}

/// The name of the program that would play.
///
/// # Errors
/// Where no program is there.
pub fn named() -> Result<&'static str> {
    name().ok_or_else(missing)
}

fn missing() -> anyhow::Error {
    UserError::failed(
        "there is no program that plays sound",
        "install aplay (alsa-utils), paplay (pulseaudio-utils) or pw-play (pipewire), or write a \
         file: quipu say TEXT --out FILE.wav",
    )
}

fn find() -> Option<(&'static str, &'static [&'static str])> {
    let is_there = |name: &str| {
        let mut asked = Command::new(name);
        asked.arg("--version").stdin(Stdio::null());
        asked.stdout(Stdio::null()).stderr(Stdio::null());
        asked.status().is_ok()
    };
    PLAYERS.iter().find(|(name, _)| is_there(name)).copied()
}

fn play_all(
    program: &str,
    args: &[&str],
    sounds: &Receiver<Vec<f32>>,
    cancel: &CancelToken,
) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("said.wav");
    for samples in sounds {
        if cancel.is_cancelled() {
            return Ok(());
        }
        let mut file = wav::head(RATE, Some(samples.len())).to_vec();
        file.extend(wav::body(&samples));
        std::fs::write(&path, file)?;
        play(program, args, &path, cancel)?;
    }
    Ok(())
}

fn play(program: &str, args: &[&str], path: &Path, cancel: &CancelToken) -> Result<()> {
    let mut command = Command::new(program);
    command.args(args).arg(path);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let failed = |why: &dyn std::fmt::Display| {
        UserError::failed(
            format!("{program} cannot play: {why}"),
            "is there a loudspeaker? quipu say TEXT --out FILE.wav writes a file",
        )
    };
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(failed(&"it is gone")),
        Err(error) => return Err(failed(&error)),
    };
    loop {
        if cancel.is_cancelled() {
            stop(&mut child);
            return Ok(());
        }
        if let Some(status) = child.try_wait()? {
            return match status.success() {
                true => Ok(()),
                false => Err(failed(&said(child).unwrap_or_else(|| status.to_string()))),
            };
        }
        std::thread::sleep(LOOK);
    }
}

fn stop(child: &mut Child) {
    // The program may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// The first line that a program which failed has said.
fn said(child: Child) -> Option<String> {
    let said = child.wait_with_output().ok()?.stderr;
    let said = String::from_utf8_lossy(&said).into_owned();
    let line = said.lines().find(|line| !line.trim().is_empty())?;
    Some(crate::terminal::output::visible(line))
}
