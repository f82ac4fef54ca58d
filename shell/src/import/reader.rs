//! What an import needs beside the bytes of a file: the tools that read formats, and the
//! count of tokens that sizes pages. Which format a file has is found in `formats`.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use quipu_cpu::llama::Tokenizer;
use quipu_tools::{Bus, CallContext, CancelToken, Device, ToolError, WasmDevice};
use serde_json::{Value, json};

use super::failure::{failed, why};
use super::printed::{self, Printed};
use crate::config::settings::CpuChoice;
use crate::session::Session;
use crate::session::builtin;
use crate::session::bus::Servers;
use crate::session::hearing::{Ears, Heard, how_far};
use crate::session::senses::{Eyes, Seen};
use crate::session::user_call::{user_call, user_call_under};
use crate::terminal::error::hint;
use crate::terminal::interrupts::is_pressed;
use crate::terminal::output::visible;

/// The longest that reading one file may take.
const READ_MAX: Duration = Duration::from_secs(60);
/// Bytes of text that one file may have.
const TEXT_BYTES_MAX: usize = 32 << 20;
/// Formats of documents that may have pictures in their files.
const WITH_PICTURES: &[&str] = &["zipped", "html", "flat"];
/// Bytes that count as a token where no model is there to say.
const TOKEN_BYTES: usize = 4;

/// Reads formats and counts tokens. The tools and the model for that are loaded when first
/// needed.
pub struct Reader<'a> {
    session: Option<&'a Session>,
    bus: Bus,
    pdf: OnceLock<Result<WasmDevice, String>>,
    documents: OnceLock<Result<WasmDevice, String>>,
    eyes: OnceLock<Result<Eyes, String>>,
    ears: OnceLock<Result<Ears, String>>,
    tokenizer: OnceLock<Option<Tokenizer>>,
}

impl<'a> Reader<'a> {
    /// A reader with the tools of the session, and the tokenizer of its model.
    pub fn new(session: &'a Session) -> anyhow::Result<Self> {
        let (bus, _) = session.bus(Servers::Unasked)?;
        Ok(Self {
            session: Some(session),
            ..Self::with(bus)
        })
    }

    /// A reader of formats, without the tools that bring pages of the network.
    pub fn of_formats(session: &'a Session) -> Self {
        Self {
            session: Some(session),
            ..Self::with(Bus::default())
        }
    }

    /// A reader that has these tools and knows no model.
    pub fn with(bus: Bus) -> Self {
        Self {
            session: None,
            bus,
            pdf: OnceLock::new(),
            documents: OnceLock::new(),
            eyes: OnceLock::new(),
            ears: OnceLock::new(),
            tokenizer: OnceLock::new(),
        }
    }

    /// Calls the function `name` for the user, who named what `args` say; the rules of the user
    /// that deny hold for it.
    ///
    /// # Errors
    /// Those of the call, or there is no such function.
    pub fn call(
        &self,
        name: &str,
        args: &Value,
        context: &CallContext,
    ) -> Result<Value, ToolError> {
        let function = self.bus.resolve(name)?;
        match self.session {
            Some(session) => user_call_under(session, &function, args, context),
            None => user_call(&function, args, context),
        }
    }

    /// Tokens of `text` by the model that runs here; an estimate where there is none, or when
    /// nobody wants the pages any more.
    pub fn tokens(&self, text: &str) -> usize {
        let tokenizer = self.tokenizer.get_or_init(|| {
            let session = self.session?;
            match session.settings.cpu {
                CpuChoice::Local => Tokenizer::load(&session.model_file().ok()?).ok(),
                _ => None,
            }
        });
        match tokenizer {
            Some(tokenizer) if !is_pressed() => tokenizer.count(text),
            _ => text.len().div_ceil(TOKEN_BYTES),
        }
    }

    /// The document in `bytes`, which are of this format, with what the eyes read in its
    /// pictures.
    pub fn document(&self, bytes: &[u8], format: &str) -> Result<Parts, String> {
        let guest = self.guest(&self.documents, "documents", builtin::DOCUMENTS)?;
        let args = json!({"base64": BASE64_STANDARD.encode(bytes), "format": format});
        let read = guest.call("read", &args, &context());
        let mut parts = read.as_ref().map(Parts::of).unwrap_or_default();
        if WITH_PICTURES.contains(&format) {
            // Whatever keeps them from being found kept the text as well.
            let album = guest.call("pictures", &args, &context());
            self.add_pictures(&album.unwrap_or_default(), &mut parts);
        }
        match read {
            // A document may be nothing but pictures.
            Err(error) if parts.parts.is_empty() => {
                let why = std::iter::once(failed("a document", &error));
                Err(why.chain(parts.left_out).collect::<Vec<_>>().join("; "))
            }
            _ => Ok(parts),
        }
    }

    /// Adds a part for each picture of `album` that has a text.
    fn add_pictures(&self, album: &Value, parts: &mut Parts) {
        let list = album["found"].as_array().into_iter().flatten();
        let found: Vec<&Value> = list.collect();
        let mut unread = album["more"].as_u64().unwrap_or(0);
        // Without eyes no picture is tried.
        let blind = match found.is_empty() {
            true => None,
            false => self.eyes().err(),
        };
        for (n, picture) in (1..).zip(&found) {
            if blind.is_some() {
                unread += 1;
                continue;
            }
            say!("reading picture {n} of {} in the document", found.len());
            match self.seen(&picture["base64"]) {
                Some(seen) if seen.says_something() => parts.parts.push(Part {
                    place: format!("picture {n}"),
                    title: picture["name"].as_str().unwrap_or_default().to_owned(),
                    text: seen.text,
                }),
                Some(_) => {}
                None => unread += 1,
            }
        }
        let told = match unread {
            0 => return,
            1 => "a picture in it is not read".to_owned(),
            count => format!("{count} pictures in it are not read"),
        };
        parts.left_out.push(match blind {
            Some(why) => format!("{told}: {why}"),
            None => told,
        });
    }

    /// The text in a picture of a document; `None` where the picture is damaged.
    fn seen(&self, base64: &Value) -> Option<Seen> {
        let bytes = BASE64_STANDARD.decode(base64.as_str()?).ok()?;
        self.picture(&bytes).ok()
    }

    /// The text of each page of a PDF.
    pub fn pdf(&self, bytes: &[u8]) -> Result<Printed, String> {
        let guest = self.guest(&self.pdf, "pdf", builtin::PDF)?;
        let base64 = BASE64_STANDARD.encode(bytes);
        let read = |first, last| {
            let args = json!({"base64": base64, "first": first, "last": last});
            guest.call("read", &args, &context())
        };
        let look = |page: u64, (n, all): (usize, usize)| {
            // Before the page is painted: without eyes that would be for nothing.
            self.eyes()?;
            say!("reading the scanned page {page} ({n} of {all})");
            let args = json!({"base64": base64, "page": page});
            let painted = guest.call("picture", &args, &context());
            let painted = painted.map_err(|error| why(&error))?;
            let bitmap = BASE64_STANDARD.decode(painted.as_str().unwrap_or_default());
            let seen = self.picture(&bitmap.map_err(|error| error.to_string())?)?;
            if let Some(doubts) = seen.doubts() {
                say!("page {page}: {}", visible(&doubts));
            }
            Ok(seen.text)
        };
        printed::pages(&read, &look)
    }

    /// The text in a picture.
    pub fn picture(&self, bytes: &[u8]) -> Result<Seen, String> {
        let seen = self.eyes()?.look(bytes);
        seen.map_err(|error| failed("a picture", &error))
    }

    /// The speech in the recording at `path`, which is called `name`. The progress is told.
    pub fn recording(&self, path: &Path, name: &str) -> Result<Heard, String> {
        let session = self.session.ok_or("nothing here hears recordings")?;
        let ears = self.ears.get_or_init(|| {
            let ears = session.ears();
            ears.map_err(|error| format!("a recording; {error}, {}", hint(&error)))
        });
        let ears = ears.as_ref().map_err(Clone::clone)?;
        let recording = session.recording(path);
        let recording = recording.map_err(|error| error.to_string())?;
        say!("hearing the recording {}", visible(name));
        let cancel = CancelToken::default();
        let mut told = |part: &Heard| {
            how_far(part);
            // The part that was heard is kept: the next import goes on from there.
            if is_pressed() {
                cancel.cancel();
            }
        };
        let heard = ears.hear(&recording, None, &cancel, &mut told);
        heard.map_err(|error| failed("a recording", &error))
    }

    /// The eyes, if their weights are here; otherwise how to get them.
    fn eyes(&self) -> Result<&Eyes, String> {
        let eyes = self.eyes.get_or_init(|| {
            let session = self.session.ok_or("nothing here reads pictures")?;
            let eyes = session.eyes();
            eyes.map_err(|error| format!("{error}, {}", hint(&error)))
        });
        eyes.as_ref().map_err(Clone::clone)
    }

    /// The guest `name`, loaded when it is first needed.
    fn guest<'g>(
        &self,
        place: &'g OnceLock<Result<WasmDevice, String>>,
        name: &str,
        component: &[u8],
    ) -> Result<&'g WasmDevice, String> {
        let guest = place.get_or_init(|| {
            let session = self
                .session
                .ok_or("a document, which nothing here can read")?;
            let host = session.wasm_host().map_err(|error| error.to_string())?;
            let guest = host.load(name, "builtin", component);
            guest.map_err(|error| error.to_string())
        });
        guest.as_ref().map_err(Clone::clone)
    }
}

/// The contents of a document.
#[derive(Debug, Default)]
pub struct Parts {
    /// What it calls itself; may be empty.
    pub title: String,
    /// Its parts, in order.
    pub parts: Vec<Part>,
    /// The parts that are not in the text.
    pub left_out: Vec<String>,
}

impl Parts {
    /// The contents as the guest for documents returns them.
    fn of(read: &Value) -> Self {
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let list = |key: &str| read[key].as_array().into_iter().flatten();
        let part = |part: &Value| Part {
            place: text(part, "place"),
            title: text(part, "title"),
            text: text(part, "text"),
        };
        let left_out = list("left_out").filter_map(|words| words.as_str().map(str::to_owned));
        Self {
            title: text(read, "title"),
            parts: list("parts").map(part).collect(),
            left_out: left_out.collect(),
        }
    }
}

/// A part of a document: a slide, a sheet, a message.
#[derive(Debug, Default)]
pub struct Part {
    /// "slide 3"; empty where there is one part.
    pub place: String,
    /// What it is called; may be empty.
    pub title: String,
    /// Markdown.
    pub text: String,
}

fn context() -> CallContext {
    CallContext {
        deadline: READ_MAX,
        output_bytes_max: TEXT_BYTES_MAX,
        ..CallContext::default()
    }
}

/// The title and the text of what the browser tool brought.
pub fn words_of(answer: &Value) -> Result<(String, String), String> {
    let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    match text("markdown") {
        empty if empty.trim().is_empty() => Err("it has no readable text".into()),
        markdown => Ok((text("title"), markdown)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_that_are_not_read_are_told() {
        let check = |album: Value, expected: &[&str]| {
            let mut parts = Parts::default();
            Reader::with(Bus::default()).add_pictures(&album, &mut parts);
            assert_eq!(parts.left_out, expected, "{album}");
            assert!(parts.parts.is_empty());
        };
        let picture = json!({"name": "a.png", "base64": ""});
        check(Value::Null, &[]);
        check(json!({"found": [], "more": 0}), &[]);
        check(
            json!({"found": [], "more": 1}),
            &["a picture in it is not read"],
        );
        check(
            json!({"found": [picture], "more": 2}),
            &["3 pictures in it are not read: nothing here reads pictures"],
        );
    }
}
