//! What importing needs beside the bytes of a file: tools that read formats, and the
//! count of tokens that sizes pages.

use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use quipu_kernel::cpu::llama::Tokenizer;
use quipu_tools::{Bus, CallContext, Device, ErrorKind, ToolError, WasmDevice};
use serde_json::{Value, json};

use crate::builtin;
use crate::bus::Servers;
use crate::init::Session;
use crate::settings::CpuChoice;

/// The longest that reading one file may take.
const READ_MAX: Duration = Duration::from_secs(60);
/// Bytes of text that one file may have.
const TEXT_BYTES_MAX: usize = 32 << 20;
/// Bytes that count as a token where no model is there to say.
const TOKEN_BYTES: usize = 4;

/// Reads formats and counts tokens; what it needs for that is loaded when first needed.
pub struct Reader<'a> {
    session: Option<&'a Session>,
    bus: Bus,
    pdf: OnceLock<Result<WasmDevice, String>>,
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

    /// A reader that has these tools and knows no model.
    pub fn with(bus: Bus) -> Self {
        Self {
            session: None,
            bus,
            pdf: OnceLock::new(),
            tokenizer: OnceLock::new(),
        }
    }

    /// The tools.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Tokens of `text`, by the model that runs here; an estimate where there is none.
    pub fn tokens(&self, text: &str) -> usize {
        let tokenizer = self.tokenizer.get_or_init(|| {
            let session = self.session?;
            match session.settings.cpu {
                CpuChoice::Local => Tokenizer::load(&session.model_file().ok()?).ok(),
                _ => None,
            }
        });
        match tokenizer {
            Some(tokenizer) => tokenizer.count(text),
            None => text.len().div_ceil(TOKEN_BYTES),
        }
    }

    /// The readable part of a web page as Markdown.
    pub fn html(&self, html: &str) -> Result<String, String> {
        let args = json!({"html": html, "url": "about:blank"});
        let answer = self.bus.call("browser.read", &args, &context());
        let answer = answer
            .map_err(|error| format!("the browser tool cannot read it: {}", error.message))?;
        words_of(&answer).map(|(_, text)| text)
    }

    /// The text of each page of a PDF.
    pub fn pdf(&self, bytes: &[u8]) -> Result<Vec<String>, String> {
        let pdf = self.pdf.get_or_init(|| {
            let session = self.session.ok_or("a PDF, which nothing here can read")?;
            let host = session.wasm_host().map_err(|error| error.to_string())?;
            let pdf = host.load("pdf", "builtin", builtin::PDF);
            pdf.map_err(|error| error.to_string())
        });
        let pdf = pdf.as_ref().map_err(Clone::clone)?;
        let args = json!({"base64": BASE64_STANDARD.encode(bytes)});
        let pages = pdf.call("read", &args, &context());
        let pages = pages.map_err(|error| match error.kind {
            ErrorKind::Trap => "a broken PDF".to_owned(),
            ErrorKind::Timeout => "a PDF that takes too long to read".to_owned(),
            ErrorKind::Memory => "a PDF that takes too much memory to read".to_owned(),
            _ => why(&error),
        })?;
        let pages = pages.as_array().into_iter().flatten();
        Ok(pages
            .map(|page| page.as_str().unwrap_or_default().to_owned())
            .collect())
    }
}

fn context() -> CallContext {
    CallContext {
        deadline: READ_MAX,
        output_bytes_max: TEXT_BYTES_MAX,
        ..CallContext::default()
    }
}

/// A failed call in words for the report.
pub fn why(error: &ToolError) -> String {
    match error.hint.is_empty() {
        true => error.message.clone(),
        false => format!("{} ({})", error.message, error.hint),
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
