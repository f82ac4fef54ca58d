//! From a recording to what is said in it: a stretch is cut into pieces, and each is written
//! down.

use symphonia::core::io::MediaSource;

use crate::cut::{self, Cut};
use crate::mel::{self, HOP, RATE};
use crate::network::{COLUMNS, Network, Writer};
use crate::sound;
use crate::trouble::Trouble;
use crate::weights;
use crate::words::Words;
use crate::write::{self, Look, Segment, Written};

/// Seconds that one call hears at least, where there are as many, and that it reads for that.
const CALL_SECONDS: usize = 30;
const READ_SECONDS: usize = CALL_SECONDS + 30;
/// Columns of bands that the network can hear at once: 30 seconds.
const COLUMNS_MAX: usize = 3000;
/// Columns of silence after a piece; with less the network ends too early or not at all.
const COLUMNS_AFTER: usize = 200;
/// Odds that nobody speaks above which an unsure text is dropped, and how sure it has to be.
const NOBODY: f32 = 0.6;
const UNSURE: f32 = -1.0;
/// Ends a language code that asks for simplified characters.
const SIMPLIFIED: &[&str] = &["-hans", "-cn", "-sg"];

/// What hears.
pub struct Ears {
    network: Network,
    words: Words,
}

/// What was heard in a stretch of a recording.
#[derive(Debug)]
pub struct Heard {
    pub segments: Vec<Segment>,
    /// The code of its language; none where nothing was said.
    pub language: Option<String>,
    /// Seconds from the start of the recording to where the next stretch begins.
    pub next: Option<f64>,
    /// Seconds of the whole recording, if its file says so.
    pub length: Option<f64>,
}

/// The language that was asked for.
struct Asked {
    sign: Option<usize>,
    is_simplified: bool,
}

impl Ears {
    /// The ears with the weights in `folder`.
    ///
    /// # Errors
    /// Weights that are missing or broken.
    pub fn load(folder: &str) -> Result<Self, Trouble> {
        let (mut weights, pieces) = weights::load(folder)?;
        Ok(Self {
            network: Network::new(&mut weights)?,
            words: Words::new(&pieces)?,
        })
    }

    /// Hears a stretch of the recording in `source`, from `start` on, in seconds.
    ///
    /// # Errors
    /// What is no recording, a start that is no time, a language that is not known.
    pub fn hear(
        &self,
        source: Box<dyn MediaSource>,
        language: Option<&str>,
        start: f64,
    ) -> Result<Heard, Trouble> {
        if !start.is_finite() || start < 0.0 {
            let message = format!("{start} is no time in a recording");
            return Err(Trouble::new(message, "give the seconds from its start"));
        }
        let asked = self.asked(language)?;
        let stretch = sound::read(source, start, READ_SECONDS as f64)?;
        let Cut { pieces, end } = cut::cut(&stretch.samples, stretch.is_last, CALL_SECONDS * RATE);
        let mut language = asked.sign;
        let mut segments = Vec::new();
        for piece in pieces {
            let at = start + piece.start as f64 / RATE as f64;
            let written = self.written(&stretch.samples[piece], &mut language);
            segments.extend(written.segments.into_iter().map(|segment| Segment {
                start: hundredths(at + segment.start),
                end: hundredths(at + segment.end),
                text: match asked.is_simplified {
                    true => fast2s::convert(segment.text.trim()),
                    false => segment.text.trim().to_owned(),
                },
            }));
        }
        let is_end = stretch.is_last && end == stretch.samples.len();
        Ok(Heard {
            segments,
            language: language.map(|sign| self.words.code(sign)),
            next: (!is_end).then_some(hundredths(start + end as f64 / RATE as f64)),
            length: stretch.length,
        })
    }

    fn asked(&self, language: Option<&str>) -> Result<Asked, Trouble> {
        let Some(code) = language else {
            return Ok(Asked {
                sign: None,
                is_simplified: false,
            });
        };
        let code = code.to_ascii_lowercase().replace('_', "-");
        let is_simplified = SIMPLIFIED.iter().any(|end| code.ends_with(end));
        let main = code.split('-').next().unwrap_or_default();
        let sign = self.words.language(main).ok_or_else(|| {
            Trouble::new(
                format!("{main} is no language that the ears know"),
                "give a code of two letters, such as en, zh or de, or none",
            )
        })?;
        Ok(Asked {
            sign: Some(sign),
            is_simplified,
        })
    }

    /// What is said in a piece of at most 30 seconds, in `language`, which is found if it is
    /// not known yet.
    fn written(&self, samples: &[f32], language: &mut Option<usize>) -> Written {
        let columns = samples.len().div_ceil(HOP) + COLUMNS_AFTER;
        let columns = columns.next_multiple_of(COLUMNS).min(COLUMNS_MAX);
        let mut written = self.within(samples, columns, language);
        if written.is_loop && columns < COLUMNS_MAX {
            // It is trained to hear 30 seconds.
            written = self.within(samples, COLUMNS_MAX, language);
        }
        written
    }

    fn within(&self, samples: &[f32], columns: usize, language: &mut Option<usize>) -> Written {
        let heard = self.network.hear(&mel::bands(samples, columns));
        let mut writer: Writer<'_> = self.network.writer(&heard);
        let Look {
            language: likeliest,
            nobody,
        } = write::look(&mut writer, &self.words);
        let sign = language.unwrap_or(likeliest);
        let seconds = samples.len() as f64 / RATE as f64;
        let written = write::write(&mut writer, &self.words, sign, seconds);
        if nobody > NOBODY && written.sure < UNSURE {
            return Written::default();
        }
        if !written.segments.is_empty() {
            *language = Some(sign);
        }
        written
    }
}

/// All that segments say.
pub fn text(segments: &[Segment]) -> String {
    let mut all = String::new();
    for segment in segments {
        // Where sentences end with a sign of full width there is room enough.
        if !all.is_empty() && !all.ends_with(['。', '？', '！', '，']) {
            all.push(' ');
        }
        all += &segment.text;
    }
    all
}

fn hundredths(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}
