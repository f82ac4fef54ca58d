//! How much a text reads like an attempt to steer a model: a prompt injection.
//!
//! A classifier reads the text in windows that overlap, and the window that looks worst counts:
//! for less the more windows there are, since some window of a long text always looks bad. It is a
//! signal: it misses attacks, and takes harmless texts for some. So nothing may be
//! allowed because of it.
//!
//! | file | question |
//! | --- | --- |
//! | this one | Which parts of a text are read, and which of them counts? |
//! | `network.rs` | What does the network say of one part? The only file here that names rten |
//!
//! How a text becomes tokens is in `embed/wordpiece.rs`.

mod network;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::embed::EmbedError;
use crate::embed::wordpiece::WordPiece;
use network::Network;

/// Tokens of a window with its two marks. The network was trained on up to 256 and averages over
/// all of them, so that one sentence is lost in a page: of nine results of AgentDojo's tools with
/// an injection in each it found none in windows of 256 at a threshold of 0.95, two of 96, and
/// all of 64, at the same cost for a page.
const WINDOW: usize = 64;
/// Tokens of a window that are of the text.
const TEXT: usize = WINDOW - 2;
/// Tokens from the beginning of a window to that of the next one: what is cut at an end is
/// whole in the next.
const STRIDE: usize = 40;
/// The most windows of one text: some 6,000 tokens. A window takes about 20 ms on one thread of a
/// small machine, so that is 3 s, where a model of 1.5 billion parameters reads as many tokens in
/// a minute.
const WINDOWS_MAX: usize = 150;
/// Those of a longer text that stand at its beginning, which is what a model sees first. The
/// others are spread over the rest.
const FIRST: usize = WINDOWS_MAX / 2;

/// Windows of a text up to which its worst one has to look worse.
const COUNTED_MAX: usize = 3;
/// The odds that a harmless window scores .5 or more; that it scores `s` or more are as many times
/// `(1 - s) / s`. Fitted to passages of the web (MS MARCO), each of two windows, of which .43 had .5
/// or more, .07 had .9 and .03 had .97: by this it is .43, .07 and .02.
const FALSE_ODDS: f64 = 0.32;

/// Tokens of the largest vocabulary that is believed.
const TOKENS_MAX: usize = 1 << 20;

/// Why a text could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path} is not a classifier of injections: {detail}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The network failed.
    #[error("the classifier of injections failed: {0}")]
    Network(String),
    /// Nobody waits for what it says any more.
    #[error("nobody waited for it")]
    Stopped,
}

impl From<EmbedError> for DetectError {
    /// What is wrong with the vocabulary.
    fn from(error: EmbedError) -> Self {
        match error {
            EmbedError::Io { path, source } => Self::Io { path, source },
            EmbedError::Format { path, detail } => Self::Format { path, detail },
        }
    }
}

/// What a classifier says of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detected {
    /// How much the text reads like an attack, from 0 to 1: a text is as likely to have a score or a
    /// higher one by mistake, however long it is.
    pub score: f32,
    /// The share of the text that was looked at, from 0 to 1.
    pub looked_at: f32,
}

/// What is said of a text without a word.
const NOTHING: Detected = Detected {
    score: 0.0,
    looked_at: 1.0,
};

/// A classifier of injections: an ONNX file with `tokenizer.json` beside it, as the package
/// cloneguard has them. The network takes `input_ids` and `attention_mask`, and gives two
/// `logits`: of what is harmless, and of an attack.
pub struct Classifier {
    network: Network,
    pieces: WordPiece,
    marks: Marks,
}

/// The tokens around a window, and that of a word which is not known.
#[derive(Clone, Copy)]
struct Marks {
    begin: usize,
    end: usize,
    unknown: usize,
}

impl Classifier {
    /// Reads the network in the file `network`, and the vocabulary beside it.
    ///
    /// # Errors
    /// Files that cannot be read, or are not those of such a classifier.
    pub fn open(network: &Path) -> Result<Self, DetectError> {
        let vocabulary = network.with_file_name("tokenizer.json");
        let pieces = WordPiece::read(&vocabulary, TOKENS_MAX)?;
        let marks = Marks::of(&pieces).ok_or_else(|| DetectError::Format {
            path: vocabulary,
            detail: "its vocabulary has not the marks of BERT".to_owned(),
        })?;
        Ok(Self {
            network: Network::open(network)?,
            pieces,
            marks,
        })
    }

    /// What it says of `text`. A text without a letter or a digit scores 0: of those the network
    /// knows nothing. Blocks for as long as that takes: some 20 ms a window, for at most 150 of
    /// them.
    ///
    /// # Errors
    /// What the network says.
    pub fn detect(&self, text: &str) -> Result<Detected, DetectError> {
        self.detect_while(text, &|| true)
    }

    /// The same for somebody who may leave: it stops before the next window where `is_wanted` says
    /// that nobody waits any more.
    ///
    /// # Errors
    /// What the network says, and [`DetectError::Stopped`].
    pub fn detect_while(
        &self,
        text: &str,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Detected, DetectError> {
        let unknown = Some(self.marks.unknown);
        let tokens: Vec<usize> = self.pieces.tokens_or(text, unknown).collect();
        if tokens.is_empty() || !text.chars().any(char::is_alphanumeric) {
            return Ok(NOTHING);
        }
        let windows = windows(tokens.len());
        let mut worst = 0.0_f32;
        for window in &windows {
            if !is_wanted() {
                return Err(DetectError::Stopped);
            }
            let window = self.marks.around(&tokens[window.clone()]);
            worst = worst.max(self.network.score(window)?);
        }
        let seen = seen(&windows);
        Ok(Detected {
            // What overlaps is looked at twice, and is no further chance of a mistake.
            score: of_many(worst, seen.div_ceil(TEXT)),
            looked_at: seen as f32 / tokens.len() as f32,
        })
    }
}

impl Marks {
    fn of(pieces: &WordPiece) -> Option<Self> {
        Some(Self {
            begin: pieces.mark("[CLS]")?,
            end: pieces.mark("[SEP]")?,
            unknown: pieces.mark("[UNK]")?,
        })
    }

    /// The window with these tokens of a text.
    fn around(self, tokens: &[usize]) -> Vec<i32> {
        let all = [self.begin].into_iter().chain(tokens.iter().copied());
        // Below the most of a vocabulary.
        all.chain([self.end]).map(|token| token as i32).collect()
    }
}

/// Which parts of a text of so many tokens are read, in their order: all of it in windows that
/// overlap, as long as these are not too many; else its beginning so, and windows spread evenly
/// over the rest, with the end.
fn windows(tokens: usize) -> Vec<Range<usize>> {
    let from = |start: usize| start..(start + TEXT).min(tokens);
    let needed = tokens.saturating_sub(TEXT).div_ceil(STRIDE) + 1;
    if needed <= WINDOWS_MAX {
        return (0..needed).map(|n| from(n * STRIDE)).collect();
    }
    let rest = FIRST * STRIDE;
    let (last, spread) = (tokens - TEXT, WINDOWS_MAX - FIRST);
    let step = |n: usize| rest + (last - rest) * n / (spread - 1);
    let beginning = (0..FIRST).map(|n| from(n * STRIDE));
    beginning
        .chain((0..spread).map(|n| from(step(n))))
        .collect()
}

/// The score of a text whose worst window scores `worst`, of so many that do not overlap. It is the
/// score that one harmless window reaches as seldom as any of so many reaches `worst`: one minus
/// the chance that none of them does (Šidák, "Rectangular Confidence Regions for the Means of
/// Multivariate Normal Distributions", 1967), which is at most too much where windows of a text
/// are alike. Of one window it is the window's own. More than a few windows do not count: whoever
/// writes a text sets its length.
fn of_many(worst: f32, windows: usize) -> f32 {
    let windows = windows.min(COUNTED_MAX);
    if windows <= 1 {
        return worst;
    }
    let worst = f64::from(worst);
    let one = FALSE_ODDS * (1.0 - worst) / worst;
    // With odds `o` of one, none of `n` does with a chance of `(1 + o)^-n`.
    let any = (windows as f64 * one.ln_1p()).exp_m1();
    (FALSE_ODDS / (FALSE_ODDS + any)) as f32
}

/// The tokens that `windows`, in their order, have of a text.
fn seen(windows: &[Range<usize>]) -> usize {
    let (mut seen, mut end) = (0, 0);
    for window in windows {
        seen += window.end.saturating_sub(window.start.max(end));
        end = end.max(window.end);
    }
    seen
}
