//! The voice of Quipu: how does a text become sound?
//!
//! | module | question |
//! | --- | --- |
//! | `passage` | Which sentences does a text have, and in which language is each? |
//! | `english` | How is English said: numbers, abbreviations, words? |
//! | `chinese` | How is Chinese said: numbers, words, readings, tones? |
//! | `dictionary` | How is a dictionary read? |
//! | `rules` | How does what is said take the place of what is written? |
//! | `marks` | Which marks of punctuation change how something is said? |
//! | `symbols` | Which number does the network have for a phoneme? |
//! | `network` | How does it sound? The only folder that names rten |
//! | [`wav`] | How is sound written to a file? |
//!
//! Text goes in, samples come out. This crate knows no process, no tool and no catalogue of
//! models: a folder with the files of the voice is an argument. It never prints and never reads
//! the environment. No code of eSpeak is in it; words come from dictionaries of free licence.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may stop there"))]

mod chinese;
mod dictionary;
mod english;
mod error;
mod marks;
mod network;
mod passage;
mod rules;
mod symbols;
pub mod wav;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chinese::{Chinese, is_han};
use english::English;
pub use error::VoiceError;
use network::Network;
pub use network::RATE;
pub use passage::{Language, Sentence, sentences};

/// The name of the network's file.
const NETWORK: &str = "kokoro-v1.0.int8.onnx";
/// How the files of speakers end.
const SPEAKER: &str = "bin";
/// Who speaks a language where nobody is named.
const SPEAKER_ENGLISH: &str = "af_heart";
const SPEAKER_CHINESE: &str = "zf_xiaobei";
/// Symbols that are spoken at once. The network takes a few more, and hurries then.
const PORTION: usize = 400;

/// A voice, ready to speak.
pub struct Voice {
    folder: PathBuf,
    network: Network,
    english: OnceLock<English>,
    chinese: OnceLock<Chinese>,
}

impl Voice {
    /// Reads the voice in `folder`, to compute on `threads` threads. The dictionaries of a
    /// language are read when it is first spoken.
    ///
    /// # Errors
    /// A file that is not there, or damaged.
    pub fn open(folder: &Path, threads: usize) -> Result<Self, VoiceError> {
        Ok(Self {
            folder: folder.to_owned(),
            network: Network::open(&folder.join(NETWORK), threads)?,
            english: OnceLock::new(),
            chinese: OnceLock::new(),
        })
    }

    /// The names of the speakers in `folder`, sorted. Those that begin with `a` speak American
    /// English, `b` British, `z` Chinese; then `f` is a woman, `m` a man.
    pub fn speakers(folder: &Path) -> Vec<String> {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let names = files.filter_map(|file| {
            let path = file.path();
            let is_speaker = path.extension().is_some_and(|end| end == SPEAKER);
            let name = path.file_stem()?.to_str()?;
            is_speaker.then(|| name.to_owned())
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// Checks that there is such a speaker.
    ///
    /// # Errors
    /// Where there is none of that name.
    pub fn check(&self, speaker: Option<&str>) -> Result<(), VoiceError> {
        let known = Self::speakers(&self.folder);
        match speaker {
            Some(name) if !known.iter().any(|known| known == name) => Err(VoiceError::NoSpeaker {
                name: name.to_owned(),
                known,
            }),
            _ => Ok(()),
        }
    }

    /// The phonemes of a sentence; nothing where there is nothing to be said.
    ///
    /// # Errors
    /// A dictionary that is not there, or damaged.
    pub fn phonemes(&self, sentence: &Sentence) -> Result<String, VoiceError> {
        let said = match sentence.language {
            Language::English => English::spoken(&sentence.text),
            Language::Chinese => Chinese::spoken(&sentence.text),
        };
        let said: String = said.chars().map(|c| marks::plain(c).unwrap_or(c)).collect();
        let mut phonemes = String::new();
        for run in runs(&said) {
            let piece = match run.starts_with(is_han) {
                true => self.chinese()?.phonemes(run),
                false if run.contains(|c: char| c.is_alphabetic()) => self.english()?.phonemes(run),
                false => run.chars().filter(|c| marks::is_mark(*c)).collect(),
            };
            let is_apart = !piece.starts_with(marks::is_closing) && !piece.is_empty();
            if is_apart && !phonemes.is_empty() && !phonemes.ends_with(['(', '“']) {
                phonemes.push(' ');
            }
            phonemes += &piece;
        }
        let is_sound = |c: char| c != ' ' && !marks::is_mark(c) && symbols::number(c).is_some();
        if !phonemes.contains(is_sound) {
            return Ok(String::new());
        }
        if !phonemes.ends_with(marks::is_mark) {
            phonemes.push('.');
        }
        Ok(phonemes)
    }

    /// The sound of a sentence, spoken by `speaker` or the usual one of its language, `speed`
    /// times as fast as usual: samples from -1 to 1, [`RATE`] a second.
    ///
    /// # Errors
    /// A speaker that is not there, a damaged file, or a network that fails.
    pub fn speak(
        &self,
        sentence: &Sentence,
        speaker: Option<&str>,
        speed: f32,
    ) -> Result<Vec<f32>, VoiceError> {
        let styles = self.styles(speaker.unwrap_or(match sentence.language {
            Language::English => SPEAKER_ENGLISH,
            Language::Chinese => SPEAKER_CHINESE,
        }))?;
        let phonemes = self.phonemes(sentence)?;
        let mut sound = Vec::new();
        for portion in passage::portions(&phonemes, PORTION) {
            let symbols = symbols::numbers(portion);
            let Some(row) = symbols.len().checked_sub(1) else {
                continue;
            };
            // A speaker has a style for each length.
            let mut rows = styles.chunks_exact(network::STYLE);
            let style = rows.nth(row).unwrap_or_default();
            sound.extend(self.network.speak(&symbols, style, speed)?);
        }
        Ok(sound)
    }

    fn styles(&self, speaker: &str) -> Result<Vec<f32>, VoiceError> {
        self.check(Some(speaker))?;
        let path = self.folder.join(speaker).with_extension(SPEAKER);
        let bytes = std::fs::read(&path).map_err(VoiceError::read(&path))?;
        if bytes.len() != network::SYMBOLS_MAX * network::STYLE * 4 {
            return Err(VoiceError::damaged(&path)(
                "it has another size than a speaker",
            ));
        }
        let numbers = bytes.chunks_exact(4);
        Ok(numbers
            .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
            .collect())
    }

    fn english(&self) -> Result<&English, VoiceError> {
        opened(&self.english, || English::open(&self.folder))
    }

    fn chinese(&self) -> Result<&Chinese, VoiceError> {
        opened(&self.chinese, || Chinese::open(&self.folder))
    }
}

/// The parts of a text that are all Chinese characters, or all others.
fn runs(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_same = |c: char| is_han(c) == is_han(first);
        let end = rest.find(|c| !is_same(c)).unwrap_or(rest.len());
        found.push(&rest[..end]);
        rest = &rest[end..];
    }
    found
}

/// What is in `cell`, which is opened the first time.
fn opened<T>(
    cell: &OnceLock<T>,
    open: impl FnOnce() -> Result<T, VoiceError>,
) -> Result<&T, VoiceError> {
    if let Some(open) = cell.get() {
        return Ok(open);
    }
    let new = open()?;
    Ok(cell.get_or_init(|| new))
}
