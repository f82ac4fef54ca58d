//! The ears: what is said in recordings.
//!
//! | file | question |
//! | --- | --- |
//! | `sound.rs` | Which samples are in a file, from a time on? |
//! | `cut.rs` | Where are its pauses, and where does somebody speak? |
//! | `mel.rs` | How loud is each pitch? |
//! | `layers.rs` | What is the network built of? |
//! | `network.rs` | How does it hear and write? |
//! | `words.rs` | Which pieces does it write with? |
//! | `write.rs` | What does a piece of sound say, and when? |
//! | `hear.rs` | What does a stretch of a recording say? |
//! | `weights.rs` | Where is the network? |

mod cut;
mod hear;
mod layers;
mod mel;
mod network;
#[cfg(test)]
mod real;
mod sound;
mod trouble;
mod weights;
mod words;
mod write;

use hear::Ears;
use trouble::Trouble;

wit_bindgen::generate!({
    path: ["wit"],
    world: "quipu:ears/ears",
    generate_all,
});

use exports::quipu::ears::speech::{Guest, Heard, Problem, Segment};

/// What the plugin asks for, where the host looks for it.
#[used]
#[unsafe(link_section = "quipu:plugin")]
static MANIFEST: [u8; include_bytes!("../plugin.toml").len()] = *include_bytes!("../plugin.toml");

/// Its WIT, for the comments in it, which a component does not keep.
#[used]
#[unsafe(link_section = "quipu:wit")]
static WIT: [u8; include_bytes!("../wit/world.wit").len()] = *include_bytes!("../wit/world.wit");

struct Plugin;

// A native test has no use for them.
#[cfg(target_family = "wasm")]
export!(Plugin);

impl Guest for Plugin {
    fn transcribe(
        sound: String,
        language: Option<String>,
        start: Option<f64>,
    ) -> Result<Heard, Problem> {
        let source = sound::open(&sound)?;
        let ears = Ears::load(weights::FOLDER)?;
        let heard = ears.hear(source, language.as_deref(), start.unwrap_or_default())?;
        let segment = |segment: write::Segment| Segment {
            start: segment.start,
            end: segment.end,
            text: segment.text,
        };
        Ok(Heard {
            text: hear::text(&heard.segments),
            segments: heard.segments.into_iter().map(segment).collect(),
            language: heard.language,
            next: heard.next,
            length: heard.length,
        })
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        Problem {
            message: trouble.message,
            hint: trouble.hint,
        }
    }
}
