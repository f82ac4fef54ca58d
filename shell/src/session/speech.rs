//! The voice, for the commands that speak, and as a tool for processes.
//!
//! The voice computes natively: its only input is text. A text is spoken sentence by sentence,
//! so that the first one sounds while the next is computed. Who plays a sound is in `player`.

use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::Result;
use quipu_tools::device::BUILTIN;
use quipu_tools::{
    CallContext, CancelToken, Device, DeviceSpec, Effect, ErrorKind, FunctionSpec, ToolError,
};
use quipu_voice::{RATE, Sentence, Voice, VoiceError, sentences, wav};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::player::Player;
use super::senses::no_weights;
use super::{Session, builtin};
use crate::config::digest::digest;
use crate::config::private;
use crate::terminal::error::UserError;

/// Bytes of text that the tool speaks in one call: some two minutes.
const TOOL_TEXT_MAX: usize = 2_000;
/// How often a call of the tool looks whether it was stopped.
const LOOK: Duration = Duration::from_millis(20);

/// How a text is to be spoken.
#[derive(Clone, Debug)]
pub struct Manner {
    /// Who speaks; by itself the usual one of each sentence's language.
    pub speaker: Option<String>,
    /// How many times as fast as usual.
    pub speed: f32,
}

impl Default for Manner {
    fn default() -> Self {
        Manner {
            speaker: None,
            speed: 1.0,
        }
    }
}

/// Speaks the sentences of `text`; `told` is handed each with its samples as it is ready.
///
/// # Errors
/// A text with nothing to say, a speaker that is not there, what `told` says. When `cancel` is
/// set it ends after the sentence that is computed.
pub fn speak(
    voice: &Voice,
    text: &str,
    manner: &Manner,
    cancel: &CancelToken,
    told: &mut dyn FnMut(&Sentence, Vec<f32>) -> Result<()>,
) -> Result<()> {
    let mut is_silent = true;
    voice.check(manner.speaker.as_deref()).map_err(explained)?;
    for sentence in sentences(text) {
        if cancel.is_cancelled() {
            return Ok(());
        }
        let sound = voice.speak(&sentence, manner.speaker.as_deref(), manner.speed);
        let sound = sound.map_err(explained)?;
        if !sound.is_empty() {
            is_silent = false;
            told(&sentence, sound)?;
        }
    }
    match is_silent {
        true => Err(UserError::failed(
            "the text has nothing that can be said",
            "the voice says English and Chinese",
        )),
        false => Ok(()),
    }
}

/// An error of the voice with what to do about it.
pub fn explained(error: VoiceError) -> anyhow::Error {
    match &error {
        VoiceError::NoSpeaker { name, known } => UserError::usage(
            format!("no voice is called {name}"),
            format!("there are {}", known.join(", ")),
        ),
        VoiceError::Read { .. } | VoiceError::Damaged { .. } => UserError::failed(
            error,
            "`quipu model pull voice --verify` says which file is damaged",
        ),
        VoiceError::Network(_) => {
            UserError::failed(error, "this is a defect of quipu; please report it")
        }
    }
}

/// A WAV file that is written while it is spoken, and is there when it is whole.
pub struct SoundFile {
    file: NamedTempFile,
    path: PathBuf,
    samples: usize,
}

impl SoundFile {
    /// Begins the file at `path`. With `is_private` only its owner will be able to read it.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn begin(path: &Path, is_private: bool) -> std::io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        if !is_private {
            // As other programs make files: the user's mask decides.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(&wav::head(RATE, None))?;
        Ok(Self {
            file,
            path: path.to_owned(),
            samples: 0,
        })
    }

    /// Adds samples.
    ///
    /// # Errors
    /// Of the disk.
    pub fn add(&mut self, samples: &[f32]) -> std::io::Result<()> {
        self.samples += samples.len();
        self.file.write_all(&wav::body(samples))
    }

    /// Seconds that were added.
    pub fn seconds(&self) -> f64 {
        seconds(self.samples)
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// Of the disk.
    pub fn end(mut self) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&wav::head(RATE, Some(self.samples)))?;
        self.file.flush()?;
        self.file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// Seconds of so many samples.
pub fn seconds(samples: usize) -> f64 {
    samples as f64 / f64::from(RATE)
}

impl Session {
    /// The voice, read and ready.
    ///
    /// # Errors
    /// Weights that are not here: the hint is the command that fetches them.
    pub fn voice(&self) -> Result<Voice> {
        let Some(folder) = self.firmware(builtin::VOICE) else {
            return Err(no_weights(builtin::VOICE));
        };
        Voice::open(&folder, self.voice_threads()).map_err(explained)
    }

    fn voice_threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.settings.threads.map_or_else(cores, usize::from)
    }

    /// The voice as a tool.
    pub fn voice_tool(&self) -> VoiceTool {
        let folder = self.firmware(builtin::VOICE);
        VoiceTool {
            spec: spec(folder.as_deref()),
            folder,
            threads: self.voice_threads(),
            said: self.paths.cache.join("said"),
        }
    }
}

/// The tool: a text becomes a file with its sound.
pub struct VoiceTool {
    spec: DeviceSpec,
    /// Where the weights are; nowhere before they were fetched.
    folder: Option<PathBuf>,
    threads: usize,
    /// Where the sounds are put.
    said: PathBuf,
}

/// What a model is told of the tool's function.
const SAY: &str = "Speak a text in English or Chinese, of at most 2000 bytes. The result is the \
                   path of a WAV file, and how many seconds it has.";

/// What the tool says of itself. Without weights it is not offered to a model.
fn spec(folder: Option<&Path>) -> DeviceSpec {
    let mut speaker =
        json!({"type": "string", "description": "Who speaks: left out, the usual one"});
    if let Some(folder) = folder {
        speaker["enum"] = json!(Voice::speakers(folder));
    }
    let parameters = json!({
        "type": "object",
        "properties": {
            "text": {"type": "string", "description": "What is to be said"},
            "voice": speaker,
        },
        "required": ["text"],
        "additionalProperties": false,
    });
    let returns = json!({
        "type": "object",
        "properties": {"sound": {"type": "string"}, "seconds": {"type": "number"}},
        "required": ["sound", "seconds"],
    });
    // The same text is always the same file.
    let effect = Effect::Read;
    let say = FunctionSpec {
        offered: folder.is_some(),
        ..FunctionSpec::new("say", SAY, parameters, returns, effect)
    };
    DeviceSpec {
        name: builtin::VOICE.into(),
        description: "Speaks a text: English and Chinese.".into(),
        origin: BUILTIN.into(),
        functions: vec![say],
        topics: builtin::topics(builtin::VOICE),
        ..DeviceSpec::default()
    }
}

impl Device for VoiceTool {
    fn spec(&self) -> &DeviceSpec {
        &self.spec
    }

    fn call(
        &self,
        function: &str,
        args: &Value,
        context: &CallContext,
    ) -> Result<Value, ToolError> {
        self.spec.function(function)?.check_args(args)?;
        let text = args["text"].as_str().unwrap_or_default();
        if text.len() > TOOL_TEXT_MAX {
            let message = format!("the text has {} bytes, at most {TOOL_TEXT_MAX}", text.len());
            return Err(ToolError::new(
                ErrorKind::InvalidArgs,
                message,
                "say it in several calls",
            ));
        }
        let Some(folder) = self.folder.clone() else {
            let error = no_weights(builtin::VOICE);
            let hint = crate::terminal::error::hint(&error);
            return Err(ToolError::new(
                ErrorKind::Unavailable,
                error.to_string(),
                hint,
            ));
        };
        let work = Work {
            folder,
            threads: self.threads,
            said: self.said.clone(),
            text: text.to_owned(),
            manner: Manner {
                speaker: args["voice"].as_str().map(str::to_owned),
                ..Manner::default()
            },
            cancel: CancelToken::default(),
        };
        in_time(work, context)
    }
}

/// What one call of the tool has to do.
struct Work {
    folder: PathBuf,
    threads: usize,
    said: PathBuf,
    text: String,
    manner: Manner,
    cancel: CancelToken,
}

/// Does the work on a thread of its own, which ends after the sentence that it computes when
/// the call is stopped or takes too long.
fn in_time(work: Work, context: &CallContext) -> Result<Value, ToolError> {
    let (end, cancel) = (Instant::now() + context.deadline, work.cancel.clone());
    let (sender, done) = channel();
    std::thread::spawn(move || {
        // Nobody may be there to hear it.
        let _ = sender.send(work.run());
    });
    loop {
        match done.recv_timeout(LOOK) {
            Ok(result) => return result.map_err(failed),
            Err(RecvTimeoutError::Timeout) if context.cancel.is_cancelled() => {
                cancel.cancel();
                return Err(ToolError::new(
                    ErrorKind::Cancelled,
                    "the call was stopped",
                    "",
                ));
            }
            Err(RecvTimeoutError::Timeout) if Instant::now() < end => {}
            Err(RecvTimeoutError::Timeout) => {
                cancel.cancel();
                let seconds = context.deadline.as_secs();
                let message = format!("the text was not spoken within {seconds} s");
                return Err(ToolError::new(
                    ErrorKind::Timeout,
                    message,
                    "say less in one call",
                ));
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(ToolError::new(ErrorKind::Trap, "the voice failed", ""));
            }
        }
    }
}

fn failed(error: anyhow::Error) -> ToolError {
    let hint = crate::terminal::error::hint(&error);
    ToolError::new(ErrorKind::Failed, format!("{error:#}"), hint)
}

impl Work {
    fn run(&self) -> Result<Value> {
        private::folder(&self.said)?;
        let path = self.said.join(format!("{}.wav", self.name()));
        // The same text by the same speaker was spoken before.
        if let Ok(meta) = path.metadata() {
            let samples = (meta.len() as usize).saturating_sub(wav::HEAD) / 2;
            return Ok(result(&path, seconds(samples)));
        }
        let voice = Voice::open(&self.folder, self.threads).map_err(explained)?;
        let mut file = SoundFile::begin(&path, true)?;
        speak(
            &voice,
            &self.text,
            &self.manner,
            &self.cancel,
            &mut |_, sound| Ok(file.add(&sound)?),
        )?;
        let seconds = file.seconds();
        if !self.cancel.is_cancelled() {
            file.end()?;
        }
        Ok(result(&path, seconds))
    }

    fn name(&self) -> String {
        let speaker = self.manner.speaker.as_deref().unwrap_or_default();
        digest(format!("{speaker}\n{}", self.text), 24)
    }
}

fn result(path: &Path, seconds: f64) -> Value {
    json!({
        "sound": path.display().to_string(),
        "seconds": (seconds * 100.0).round() / 100.0,
    })
}

/// Speaks `text` aloud with a program of the user's, until it is over or `cancel` is set.
///
/// # Errors
/// As [`speak`], and a program that is not there or fails.
pub fn aloud(voice: &Voice, text: &str, manner: &Manner, cancel: &CancelToken) -> Result<()> {
    let player = Player::start(cancel.clone())?;
    speak(voice, text, manner, cancel, &mut |_, sound| {
        player.add(sound);
        Ok(())
    })?;
    player.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_is_there_when_it_is_whole() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.wav");
        let mut file = SoundFile::begin(&path, false).expect("begun");
        file.add(&[0.0; 24_000]).expect("written");
        assert!(!path.exists());
        assert!((file.seconds() - 1.0).abs() < 1e-9);
        file.end().expect("ended");
        let bytes = std::fs::read(&path).expect("there");
        assert_eq!(bytes.len(), wav::HEAD + 48_000);
        assert_eq!(bytes[..wav::HEAD], wav::head(RATE, Some(24_000)));
    }

    #[test]
    fn without_weights_the_tool_says_how_to_get_them() {
        let tool = VoiceTool {
            spec: spec(None),
            folder: None,
            threads: 1,
            said: PathBuf::new(),
        };
        let call = |args: Value| {
            let error = tool
                .call("say", &args, &CallContext::default())
                .expect_err("no weights");
            (error.kind, error.hint)
        };
        assert!(!tool.spec().functions[0].offered);
        let (kind, hint) = call(json!({"text": "hello"}));
        assert_eq!(kind, ErrorKind::Unavailable);
        assert!(hint.contains("quipu model pull voice"), "{hint}");
        assert_eq!(call(json!({})).0, ErrorKind::InvalidArgs);
        let long = "a".repeat(TOOL_TEXT_MAX + 1);
        assert_eq!(call(json!({"text": long})).0, ErrorKind::InvalidArgs);
    }
}
