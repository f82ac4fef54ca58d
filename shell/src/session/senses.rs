//! The tools that read pictures, for the commands that are handed some, and what all senses
//! have in common. What hears is in `hearing`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use indicatif::DecimalBytes;
use quipu_tools::{CallContext, Device, ToolError, WasmDevice};
use serde::Deserialize;
use serde_json::{Value, json};

use quipu_cpu::{PIXELS_MAX, Picture, SIDE_MAX};
use quipu_models::catalogue;

use super::hearing::is_recording;
use super::{Session, builtin};
use crate::terminal::error::UserError;
use crate::terminal::files::unread;
use crate::terminal::output::{shortened, visible};
use crate::terminal::text::{not_what_it_says, read_text};
use crate::terminal::words::{fill, words};

/// What is asked for where there is no picture.
const A_PICTURE: &str = "name the file of a picture";
/// Bytes by which a picture is known.
const HEAD_BYTES: u64 = 16;
/// Bytes that the file of a picture may have.
pub const PICTURE_BYTES_MAX: u64 = 32 << 20;
/// The longest that reading one picture may take.
const LOOK_MAX: Duration = Duration::from_secs(300);
/// Bytes of what was read in one picture, as JSON.
const SEEN_BYTES_MAX: usize = 8 << 20;

/// Bytes of the pixels that a model is shown, as JSON.
const PIXELS_BYTES_MAX: usize = 8 * PIXELS_MAX;

/// A line that is read less surely than this may be misread: the eyes give it without, below
/// a half they leave it out.
const SURE: f64 = 0.8;
/// Characters of a doubtful line that are told.
const DOUBT_CHARS_MAX: usize = 60;

/// The device that reads pictures.
pub struct Eyes(WasmDevice);

/// The text in a picture.
#[derive(Debug, Deserialize)]
pub struct Seen {
    /// All of it, in the order in which it is read.
    pub text: String,
    /// Each line with its place and how sure it is.
    pub lines: Value,
}

impl Seen {
    /// Whether there is more than a sign or two.
    pub fn says_something(&self) -> bool {
        let mut letters = self.text.chars().filter(|c| c.is_alphanumeric());
        letters.nth(1).is_some()
    }

    /// A note on lines that may be misread, if there are any.
    pub fn doubts(&self) -> Option<String> {
        let lines = self.lines.as_array()?;
        let is_doubtful = |line: &&Value| {
            let sure = line["confidence"].as_f64();
            sure.is_some_and(|sure| sure < SURE)
        };
        let mut doubtful = lines.iter().filter(is_doubtful);
        let first = doubtful.next()?["text"].as_str().unwrap_or_default();
        let (count, all) = (doubtful.count() + 1, lines.len());
        let first = shortened(first, DOUBT_CHARS_MAX);
        let first = format!("{first:?}");
        Some(fill(
            words().misread,
            &[("count", &count), ("all", &all), ("first", &first)],
        ))
    }
}

impl Eyes {
    /// Reads the picture in `bytes`.
    ///
    /// # Errors
    /// A file that is no picture, exceeds a limit, or takes too long.
    pub fn look(&self, bytes: &[u8]) -> Result<Seen, ToolError> {
        let context = CallContext {
            deadline: LOOK_MAX,
            output_bytes_max: SEEN_BYTES_MAX,
            ..CallContext::default()
        };
        let args = json!({"base64": BASE64_STANDARD.encode(bytes)});
        let seen = self.0.call("look", &args, &context)?;
        serde_json::from_value(seen).map_err(|error| {
            let message = format!("the eyes returned something unexpected: {error}");
            ToolError::new(quipu_tools::ErrorKind::Trap, message, "")
        })
    }
}

/// The pixels of a picture, as the eyes give them.
#[derive(Deserialize)]
struct Bitmap {
    width: u32,
    height: u32,
    rgb: String,
}

impl Eyes {
    /// The picture in `bytes`, scaled down to what a model may be shown. Needs no weights.
    ///
    /// # Errors
    /// A file that is no picture, exceeds a limit, or takes too long.
    pub fn pixels(&self, bytes: &[u8]) -> Result<Picture, ToolError> {
        let context = CallContext {
            deadline: LOOK_MAX,
            output_bytes_max: PIXELS_BYTES_MAX,
            ..CallContext::default()
        };
        let args = json!({
            "base64": BASE64_STANDARD.encode(bytes),
            "pixels_max": PIXELS_MAX,
            "side_max": SIDE_MAX,
        });
        let bitmap = self.0.call("pixels", &args, &context)?;
        let odd = |error: String| {
            let message = format!("the eyes returned something unexpected: {error}");
            ToolError::new(quipu_tools::ErrorKind::Trap, message, "")
        };
        let bitmap: Bitmap =
            serde_json::from_value(bitmap).map_err(|error| odd(error.to_string()))?;
        let rgb = BASE64_STANDARD.decode(bitmap.rgb);
        let rgb = rgb.map_err(|error| odd(error.to_string()))?;
        Picture::new(bitmap.width, bitmap.height, rgb).map_err(|error| odd(error.to_string()))
    }
}

impl Session {
    /// The decoder of pictures for a model that sees: the eyes, which need no weights for that.
    ///
    /// # Errors
    /// A component that cannot be loaded.
    pub fn lens(&self) -> Result<Eyes> {
        Ok(Eyes(self.component(builtin::EYES)?))
    }

    /// The text in a picture that a model is shown, for the time when the picture is out of
    /// sight; otherwise the reason why there is none.
    pub fn words_in(&self, bytes: &[u8]) -> String {
        match self.eyes().map(|eyes| eyes.look(bytes)) {
            Ok(Ok(seen)) if seen.says_something() => seen.text,
            Ok(Ok(_)) => "(no text was found in it)".to_owned(),
            Ok(Err(_)) | Err(_) => "(its text was not read)".to_owned(),
        }
    }

    /// The folder with the weights of the built-in tool `name`, if they are here whole.
    pub fn firmware(&self, name: &str) -> Option<PathBuf> {
        let entry = catalogue::find(name)?;
        let mut folders = self.paths.models.iter();
        let folder = folders.find(|folder| entry.is_whole_in(folder))?;
        // The tool is shown this path, whatever folder it is relative to.
        let file = std::path::absolute(folder.join(entry.file())).ok()?;
        file.parent().map(Path::to_owned)
    }

    /// Shows a built-in tool its weights. One that is nothing without them is not offered
    /// to a model before they are here, and then where a task speaks of what it does.
    pub fn give_firmware(&self, device: &mut WasmDevice) {
        let name = device.spec().name.clone();
        device.show_for(builtin::topics(&name));
        match (catalogue::find(&name), self.firmware(&name)) {
            (Some(_), Some(folder)) => device.mount_firmware(folder),
            (Some(_), None) => device.withdraw(),
            (None, _) => {}
        }
    }

    /// The eyes.
    ///
    /// # Errors
    /// Weights that are not here: the hint is the command that fetches them.
    pub fn eyes(&self) -> Result<Eyes> {
        Ok(Eyes(self.sense(builtin::EYES)?))
    }

    /// The built-in tool `name`, with its weights.
    ///
    /// # Errors
    /// Weights that are not here: the hint is the command that fetches them.
    pub fn sense(&self, name: &str) -> Result<WasmDevice> {
        if self.firmware(name).is_none() {
            return Err(no_weights(name));
        }
        let mut device = self.component(name)?;
        self.give_firmware(&mut device);
        Ok(device)
    }

    /// The built-in tool `name`, without its weights.
    fn component(&self, name: &str) -> Result<WasmDevice> {
        let mut tools = builtin::TOOLS.iter();
        let tool = tools.find(|tool| tool.name == name);
        let tool = tool.with_context(|| format!("{name} does not come with quipu"))?;
        Ok(self.wasm_host()?.load_own(name, tool.bytes, tool.hash)?)
    }

    /// The text of the file at `path`, which was given as `what`: its own, what the eyes
    /// read in it where it is a picture, or what the ears hear where it is a recording.
    ///
    /// # Errors
    /// A file that is neither, is too large, or has no text.
    pub fn text_of(&self, path: &Path, what: &str) -> Result<String> {
        // Bytes that are read from a pipe are gone for the next reader.
        if !path.is_file() {
            let text = read_text(path, what)?;
            if text.trim().is_empty() {
                say!("warning: {}: {EMPTY}", visible(&path.display().to_string()));
            }
            return Ok(text);
        }
        // What cannot be read is told by what reads it as a text.
        let head = head(path).unwrap_or_default();
        if is_recording(&head) {
            return self.heard_text(path);
        }
        if !is_picture(&head) {
            let text = read_text(path, what)?;
            if let Some(odd) = odd(path, &text) {
                say!("warning: {}: {odd}", visible(&path.display().to_string()));
            }
            return Ok(text);
        }
        let eyes = self.eyes()?;
        say!(
            "{}",
            fill(words().reading_picture, &[("file", &path.display())])
        );
        let seen = eyes.look(&picture_bytes(path)?)?;
        if let Some(doubts) = seen.doubts() {
            say!("{}", visible(&doubts));
        }
        match seen.text.is_empty() {
            true => Err(UserError::failed(
                format!("{} has no text that can be read", path.display()),
                "a sharper or larger picture may have some",
            )),
            false => Ok(seen.text),
        }
    }
}

/// The note on an empty text.
const EMPTY: &str = "it is empty, and nothing of it can be known";

/// A note where the file at `path` with this `text` may not be what its user thinks.
fn odd(path: &Path, text: &str) -> Option<String> {
    match text.trim().is_empty() {
        true => Some(EMPTY.to_owned()),
        false => {
            let wrong = not_what_it_says(path, text);
            wrong.map(|wrong| format!("{wrong}; it is read as a text"))
        }
    }
}

/// The error of a sense whose weights are not here.
pub fn no_weights(name: &str) -> anyhow::Error {
    let bytes = catalogue::find(name).map_or(0, catalogue::Entry::bytes_of_all);
    let have = if name == builtin::VOICE {
        "has"
    } else {
        "have"
    };
    UserError::failed(
        format!("the {name} {have} no weights yet"),
        format!(
            "`quipu model pull {name}` fetches them ({})",
            DecimalBytes(bytes)
        ),
    )
}

/// Whether a file that begins like this is a picture that the eyes read.
pub fn is_picture(head: &[u8]) -> bool {
    const STARTS: &[&[u8]] = &[b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*"];
    let is_webp = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
    // Two letters are the start of many a text; the bytes after the size are zero.
    let is_bitmap = head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]);
    is_webp || is_bitmap || STARTS.iter().any(|start| head.starts_with(start))
}

/// Checks that there is a picture at `path`, as far as its first bytes say.
///
/// # Errors
/// A file that cannot be read, and one of another kind.
pub fn check_picture(path: &Path) -> Result<()> {
    let head = head(path).map_err(|error| unread(path, &error, A_PICTURE))?;
    match is_picture(&head) {
        true => Ok(()),
        false => Err(UserError::usage(
            format!("{} is not a picture", path.display()),
            "the eyes read PNG, JPEG, WebP, TIFF and BMP",
        )),
    }
}

/// The first bytes of the file at `path`.
fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(head)
}

/// The bytes of the file at `path`, of at most [`PICTURE_BYTES_MAX`].
///
/// # Errors
/// A file that cannot be read, or is too large.
pub fn picture_bytes(path: &Path) -> Result<Vec<u8>> {
    let name = path.display();
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(PICTURE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| unread(path, &error, A_PICTURE))?;
    match bytes.len() as u64 > PICTURE_BYTES_MAX {
        true => Err(UserError::failed(
            format!("{name} has more than {}", DecimalBytes(PICTURE_BYTES_MAX)),
            "save a smaller picture",
        )),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_may_be_misread_are_told() {
        let check = |sure: &[f64], expected: Option<&str>| {
            let line = |sure: &f64| json!({"text": format!("line {sure}"), "confidence": sure});
            let seen = Seen {
                text: String::new(),
                lines: sure.iter().map(line).collect(),
            };
            assert_eq!(seen.doubts().as_deref(), expected);
        };
        check(&[], None);
        check(&[0.99, 0.8], None);
        check(
            &[0.99, 0.6, 0.7],
            Some("2 of 3 lines may be misread, the first is \"line 0.6\""),
        );
    }

    #[test]
    fn a_sign_says_nothing() {
        for (text, expected) in [("", false), ("x", false), ("- 7 -", false), ("42", true)] {
            let seen = Seen {
                text: text.into(),
                lines: Value::Null,
            };
            assert_eq!(seen.says_something(), expected, "{text}");
        }
    }
}
