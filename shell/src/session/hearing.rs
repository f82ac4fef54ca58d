//! The tool that hears recordings, for the commands that are handed some.
//!
//! A recording is heard in parts of half a minute or more, each in a call of its own. What was heard
//! is kept until the end is reached, so that who was interrupted goes on there. The tool sees
//! the recording alone in a folder of its own, and nothing else of its user's.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use data_encoding::HEXLOWER;
use indicatif::DecimalBytes;
use quipu_tools::{
    CallContext, CancelToken, Capability, Device, ErrorKind, Grants, ToolError, WasmDevice,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Session, builtin};
use crate::config::{digest, private};
use crate::terminal::error::UserError;
use crate::terminal::files::unread;
use crate::terminal::output::{one_line, visible};
use crate::terminal::words::{fill, words};

/// Bytes that the file of a recording may have: three hours as they come from a CD.
pub const RECORDING_BYTES_MAX: u64 = 2 << 30;
/// The longest that hearing one part may take.
const PART_MAX: Duration = Duration::from_secs(300);
/// Bytes of what was heard in one part, as JSON.
const PART_BYTES_MAX: usize = 1 << 20;
/// What is asked for where there is no recording.
const A_RECORDING: &str = "name the file of a recording";
/// Name of the recording in its folder.
const NAME: &str = "recording";

/// The device that hears recordings.
pub struct Ears(WasmDevice);

/// A recording in a folder of its own, which is gone with this.
pub struct Recording {
    folder: TempDir,
    /// Where what was heard of it is kept; nowhere where that cannot be written.
    kept: Option<PathBuf>,
}

/// The speech in a part of a recording.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Heard {
    /// Sentences or so.
    pub segments: Vec<Segment>,
    /// The code of its language; none where nothing was said.
    pub language: Option<String>,
    /// Seconds from the start to where the next part begins; none at the end.
    pub next: Option<f64>,
    /// Seconds of the whole recording, where its file says so.
    pub length: Option<f64>,
}

/// A sentence or so.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Segment {
    /// When it begins, in seconds from the start of the recording.
    pub start: f64,
    /// When it ends.
    pub end: f64,
    /// What is said.
    pub text: String,
}

impl Ears {
    /// Hears all of a recording, in `language` where that is known. `told` is handed each
    /// part as it is there, those first that were heard earlier.
    ///
    /// # Errors
    /// A file that is no recording, a language that is not known, a part that takes too long,
    /// `cancel`; what was heard before is kept for the next time.
    pub fn hear(
        &self,
        recording: &Recording,
        language: Option<&str>,
        cancel: &CancelToken,
        told: &mut dyn FnMut(&Heard),
    ) -> Result<Heard, ToolError> {
        let mut all = Heard::default();
        let mut kept = recording.kept_as(language);
        for part in kept.take() {
            told(&part);
            all.add(part);
        }
        let mut start = match all.segments.is_empty() && all.next.is_none() {
            true => Some(0.0),
            false => all.next,
        };
        while let Some(from) = start {
            let known = language.or(all.language.as_deref());
            let part = self.part(recording, known, from, cancel)?;
            // A part that does not go on would be heard for ever.
            start = part.next.filter(|next| *next > from);
            kept.add(from, &part);
            told(&part);
            all.add(part);
        }
        kept.remove();
        Ok(all)
    }

    fn part(
        &self,
        recording: &Recording,
        language: Option<&str>,
        start: f64,
        cancel: &CancelToken,
    ) -> Result<Heard, ToolError> {
        let path = recording.folder.path();
        let grant = Capability::FsRead {
            path: path.to_owned(),
        };
        let context = CallContext {
            deadline: PART_MAX,
            output_bytes_max: PART_BYTES_MAX,
            cancel: cancel.clone(),
            grants: Grants::from_iter([grant]),
        };
        let mut args = json!({"sound": path.join(NAME).display().to_string(), "start": start});
        if let Some(language) = language {
            args["language"] = Value::from(language);
        }
        let heard = self.0.call("transcribe", &args, &context)?;
        serde_json::from_value(heard).map_err(|error| {
            let message = format!("the ears returned something unexpected: {error}");
            ToolError::new(ErrorKind::Trap, message, "")
        })
    }
}

impl Heard {
    fn add(&mut self, part: Heard) {
        self.segments.extend(part.segments);
        self.language = self.language.take().or(part.language);
        (self.next, self.length) = (part.next, part.length.or(self.length));
    }

    /// Seconds of the recording: as its file says, or else up to where something was said last.
    pub fn seconds(&self) -> f64 {
        let last = self.segments.last().map_or(0.0, |segment| segment.end);
        self.length.unwrap_or(last)
    }

    /// All that was said, a line for each sentence or so.
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.segments.iter().map(|one| one.text.as_str()).collect();
        lines.join("\n")
    }
}

impl Recording {
    /// The recording that `copy` puts at the path it is given; what was heard of it before is
    /// looked for in `cache`.
    fn new(cache: &Path, copy: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(NAME);
        copy(&path)?;
        let digest = HEXLOWER.encode(&digest::of_file(&path)?);
        let kept = cache.join("heard");
        let kept = private::folder(&kept).is_ok().then(|| kept.join(digest));
        Ok(Self { folder, kept })
    }

    fn kept_as(&self, language: Option<&str>) -> Kept {
        let end = format!("{}.jsonl", language.unwrap_or("found").replace('/', "-"));
        Kept(self.kept.as_ref().map(|kept| kept.with_extension(end)))
    }
}

/// The file in which parts are kept, one a line, each behind the second at which it begins. What
/// fails with it costs only time later.
struct Kept(Option<PathBuf>);

impl Kept {
    /// The parts that are kept, up to the first that is broken. Several may hear the same
    /// recording at once and write here: a part that does not go on from the one before is
    /// another's.
    fn take(&mut self) -> Vec<Heard> {
        let file = self.0.as_ref().and_then(|path| File::open(path).ok());
        let lines = file.map(|file| BufReader::new(file).lines());
        let lines = lines.into_iter().flatten().map_while(|line| line.ok());
        let kept: Vec<(f64, Heard)> = lines
            .map_while(|line| serde_json::from_str(&line).ok())
            .collect();
        // Broken lines at the end are removed.
        self.remove();
        let (mut parts, mut next) = (Vec::new(), Some(0.0));
        for (from, part) in kept {
            if next == Some(from) {
                self.add(from, &part);
                next = part.next;
                parts.push(part);
            }
        }
        parts
    }

    /// Keeps `part`, which begins `from` seconds after the start.
    fn add(&self, from: f64, part: &Heard) {
        let (Some(path), Ok(line)) = (&self.0, serde_json::to_string(&(from, part))) else {
            return;
        };
        let file = OpenOptions::new().append(true).create(true).open(path);
        _ = file.and_then(|mut file| writeln!(file, "{line}"));
    }

    fn remove(&self) {
        if let Some(path) = &self.0 {
            _ = fs::remove_file(path);
        }
    }
}

impl Session {
    /// The ears.
    ///
    /// # Errors
    /// Weights that are not here: the hint is the command that fetches them.
    pub fn ears(&self) -> Result<Ears> {
        Ok(Ears(self.sense(builtin::EARS)?))
    }

    /// The recording in the file at `path`.
    ///
    /// # Errors
    /// A file that cannot be read, or is too large.
    pub fn recording(&self, path: &Path) -> Result<Recording> {
        let real = real_file(path)?;
        Recording::new(&self.paths.cache, |to| {
            // On another disk than that of the folder it has to be copied.
            fs::hard_link(&real, to).or_else(|_| fs::copy(&real, to).map(drop))
        })
    }

    /// The recording that `from` brings.
    ///
    /// # Errors
    /// What cannot be read, or is too large.
    pub fn recording_from(&self, from: impl Read) -> Result<Recording> {
        let recording = Recording::new(&self.paths.cache, |to| {
            let mut file = File::create(to)?;
            std::io::copy(&mut from.take(RECORDING_BYTES_MAX + 1), &mut file).map(drop)
        })?;
        let bytes = recording.folder.path().join(NAME).metadata()?.len();
        check_size(&"the recording", bytes)?;
        Ok(recording)
    }

    /// The speech in the recording at `path`. The progress is told.
    ///
    /// # Errors
    /// A file that is not a recording, or in which nothing is said.
    pub fn heard_text(&self, path: &Path) -> Result<String> {
        let ears = self.ears()?;
        let name = visible(&path.display().to_string());
        let recording = self.recording(path)?;
        say!("{}", fill(words().hearing_recording, &[("file", &name)]));
        let heard = ears.hear(&recording, None, &CancelToken::default(), &mut how_far)?;
        match heard.segments.is_empty() {
            true => Err(UserError::failed(
                format!("no speech was found in {name}"),
                "a recording that is louder or has less noise may be understood",
            )),
            false => Ok(heard.text()),
        }
    }
}

/// Tells how far a recording was heard, while there is more of it.
pub fn how_far(part: &Heard) {
    let of = part
        .length
        .map(|length| fill(words().of_length, &[("length", &clock(length))]));
    if let Some(next) = part.next {
        let (time, of) = (clock(next), of.unwrap_or_default());
        say!(
            "{}",
            fill(words().heard_up_to, &[("time", &time), ("of", &of)])
        );
    }
}

/// Checks that there is a file at `path` that may be a recording.
///
/// # Errors
/// A file that cannot be read, or is too large.
pub fn check_recording(path: &Path) -> Result<()> {
    let opened = File::open(real_file(path)?);
    opened
        .map(drop)
        .map_err(|error| unread(path, &error, A_RECORDING))
}

/// The path of the file at `path` without links: one would lead out of the folder that the tool
/// sees.
fn real_file(path: &Path) -> Result<PathBuf> {
    let wrong = |error: std::io::Error| unread(path, &error, A_RECORDING);
    let real = path.canonicalize().map_err(wrong)?;
    let meta = real.metadata().map_err(wrong)?;
    let name = path.display();
    if !meta.is_file() {
        return Err(UserError::usage(
            format!("{name} is not a file"),
            A_RECORDING,
        ));
    }
    check_size(&name, meta.len())?;
    Ok(real)
}

fn check_size(name: &dyn std::fmt::Display, bytes: u64) -> Result<()> {
    match bytes > RECORDING_BYTES_MAX {
        true => Err(UserError::failed(
            format!("{name} has more than {}", DecimalBytes(RECORDING_BYTES_MAX)),
            "save it as FLAC, MP3 or Opus, or cut it",
        )),
        false => Ok(()),
    }
}

/// A time in a recording as people write it: `12:40`, `1:02:03`.
pub fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// Whether a file that begins like this may be a recording that the ears hear.
pub fn is_recording(head: &[u8]) -> bool {
    const STARTS: &[&[u8]] = &[
        b"fLaC",
        b"OggS",
        // Matroska and WebM, also films.
        b"\x1aE\xdf\xa3",
        b"ID3",
        b"\xff\xfb",
        b"\xff\xfa",
        b"\xff\xf3",
        b"\xff\xf2",
        b"\xff\xf1",
        b"\xff\xf9",
    ];
    const PICTURES: &[&[u8]] = &[
        b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"crx ",
    ];
    let is_wave = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WAVE");
    let is_aiff = head.starts_with(b"FORM") && head.get(8..11) == Some(b"AIF");
    // A film has sound as well.
    let brand = head.get(8..12).filter(|_| head.get(4..8) == Some(b"ftyp"));
    let is_mp4 = brand.is_some_and(|brand| !PICTURES.contains(&brand));
    is_wave || is_aiff || is_mp4 || STARTS.iter().any(|start| head.starts_with(start))
}

/// What was heard, for a terminal: on one line, without controls.
pub fn shown(segment: &Segment) -> String {
    visible(&one_line(segment.text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_do() {
        for (seconds, expected) in [(0.0, "0:00"), (760.9, "12:40"), (3723.0, "1:02:03")] {
            assert_eq!(clock(seconds), expected);
        }
    }

    #[test]
    fn recordings_are_known_by_their_bytes() {
        let check = |head: &[u8], expected: bool| assert_eq!(is_recording(head), expected);
        check(b"RIFF\x10\0\0\0WAVEfmt ", true);
        check(b"RIFF\x10\0\0\0WEBPVP8 ", false);
        check(b"\0\0\0\x20ftypM4A ", true);
        check(b"\0\0\0\x20ftypheic", false);
        check(b"FORM\0\0\x10\0AIFFCOMM", true);
        check(b"FORMAT: a letter", false);
        check(b"OggS", true);
        check(b"\x1aE\xdf\xa3\x01", true);
        check(b"ID", false);
        check(b"\xff\xfeh\0i\0", false);
    }

    #[test]
    fn what_was_heard_is_kept_until_the_end() {
        let dir = tempfile::tempdir().expect("a folder");
        let new =
            || Recording::new(dir.path(), |to| fs::write(to, b"the same bytes")).expect("made");
        let part = |next| Heard {
            segments: vec![Segment {
                start: 0.0,
                end: 1.5,
                text: "one".into(),
            }],
            next,
            ..Heard::default()
        };
        let kept = new().kept_as(None);
        kept.add(0.0, &part(Some(60.0)));
        // Of others, who hear the same.
        kept.add(0.0, &part(Some(60.0)));
        kept.add(120.0, &part(Some(180.0)));
        let path = kept.0.clone().expect("a place");
        let mut file = OpenOptions::new().append(true).open(&path).expect("there");
        file.write_all(b"{\"segm").expect("written");
        let mut again = new().kept_as(None);
        let parts = again.take();
        assert_eq!((parts.len(), parts[0].next), (1, Some(60.0)));
        assert_eq!(new().kept_as(None).take().len(), 1);
        assert!(new().kept_as(Some("de")).take().is_empty());
        again.remove();
        assert!(!path.exists());
    }
}
