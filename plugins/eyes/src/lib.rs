//! The eyes: the text in pictures.
//!
//! Two networks do the seeing. One says for each pixel whether it is part of a line of
//! text, the other reads one line. What is between them is here.
//!
//! | file | question |
//! | --- | --- |
//! | `picture.rs` | Which pixels are in a file, and is it too large? |
//! | `find.rs` | Where is text, pixel by pixel? |
//! | `strips.rs` | Which pixels are one line, and how does it lie? |
//! | `letters.rs` | What does a line say, and how sure is that? |
//! | `turn.rs` | Which way up is the page? |
//! | `order.rs` | In which order are the lines read? |
//! | `page.rs` | What does the whole picture say? |
//! | `file.rs` | How is a file read? |
//! | `weights.rs` | Where are the networks? |

mod file;
mod find;
mod letters;
mod order;
mod page;
mod picture;
#[cfg(test)]
mod real;
mod strips;
mod trouble;
mod turn;
mod weights;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use trouble::Trouble;

wit_bindgen::generate!({
    path: ["wit"],
    world: "quipu:eyes/eyes",
    generate_all,
});

use exports::quipu::eyes::text::{Guest, Line, Problem, Seen};

/// What the plugin asks for, where the host looks for it.
#[used]
#[unsafe(link_section = "quipu:plugin")]
static MANIFEST: [u8; include_bytes!("../plugin.toml").len()] = *include_bytes!("../plugin.toml");

/// Its WIT, for the comments in it, which a component does not keep.
#[used]
#[unsafe(link_section = "quipu:wit")]
static WIT: [u8; include_bytes!("../wit/world.wit").len()] = *include_bytes!("../wit/world.wit");

struct Eyes;

// A native test has no use for them.
#[cfg(target_family = "wasm")]
export!(Eyes);

impl Guest for Eyes {
    fn read(image: String) -> Result<Seen, Problem> {
        let bytes = of_file(&image).map_err(Problem::from)?;
        seen(&bytes)
    }

    fn look(base64: String) -> Result<Seen, Problem> {
        let bytes = BASE64_STANDARD.decode(base64).map_err(|error| Problem {
            message: format!("not base64: {error}"),
            hint: String::new(),
        })?;
        seen(&bytes)
    }
}

fn seen(bytes: &[u8]) -> Result<Seen, Problem> {
    let picture = picture::decode(bytes)?;
    let nets = weights::load(weights::FOLDER)?;
    let page = page::read(&picture, &nets)?;
    let line = |line: order::Line| Line {
        box_: line.bounds.into(),
        confidence: (f64::from(line.confidence) * 1000.0).round() / 1000.0,
        text: line.text,
    };
    Ok(Seen {
        text: page.text,
        lines: page.lines.into_iter().map(line).collect(),
    })
}

/// The bytes of the file at `path`, if they are few enough to be a picture.
fn of_file(path: &str) -> Result<Vec<u8>, Trouble> {
    let closed = |error: std::io::Error| {
        Trouble::new(
            format!("{path} cannot be opened: {error}"),
            "name a file by its whole path; its folder has to be granted: \
             `quipu tool grant eyes fs:read:FOLDER`",
        )
    };
    file::whole(path, picture::FILE_BYTES_MAX).map_err(closed)
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        Problem {
            message: trouble.message,
            hint: trouble.hint,
        }
    }
}
