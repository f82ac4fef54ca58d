//! The eyes: the text in pictures.
//!
//! Two networks do the seeing. One says for each pixel whether it is part of a line of
//! text, the other reads one line. What is between them is here.
//!
//! | file | question |
//! | --- | --- |
//! | `picture.rs` | Which pixels are in a file, and is it too large? |
//! | `tiff.rs` | Which pages has a file with several? |
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
mod tiff;
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

use exports::quipu::eyes::text::{Bitmap, Guest, Line, Problem, Seen};

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
        seen(of_file(&image)?)
    }

    fn look(base64: String) -> Result<Seen, Problem> {
        seen(decoded(base64)?)
    }

    fn pixels(base64: String, pixels_max: u32, side_max: u32) -> Result<Bitmap, Problem> {
        let mut bytes = decoded(base64)?;
        turned_to_first(&mut bytes)?;
        let picture = picture::scaled(picture::decode(&bytes)?, pixels_max, side_max);
        Ok(Bitmap {
            width: picture.width(),
            height: picture.height(),
            rgb: BASE64_STANDARD.encode(picture.as_raw()),
        })
    }
}

fn decoded(base64: String) -> Result<Vec<u8>, Problem> {
    BASE64_STANDARD.decode(base64).map_err(|error| Problem {
        message: format!("not base64: {error}"),
        hint: String::new(),
    })
}

/// Turns a file with several pages to the first; all of them.
fn turned_to_first(bytes: &mut [u8]) -> Result<Vec<u32>, Trouble> {
    let directories = tiff::pages(bytes)?;
    if let Some(first) = directories.first() {
        tiff::turn_to(bytes, *first);
    }
    Ok(directories)
}

fn seen(mut bytes: Vec<u8>) -> Result<Seen, Problem> {
    let directories = turned_to_first(&mut bytes)?;
    let picture = picture::decode(&bytes)?;
    let nets = weights::load(weights::FOLDER)?;
    let mut seen = Seen {
        text: String::new(),
        lines: Vec::new(),
    };
    add(&mut seen, 1, page::read(&picture, &nets)?);
    drop(picture);
    for (n, directory) in (2..).zip(directories.iter().skip(1)) {
        tiff::turn_to(&mut bytes, *directory);
        let picture = picture::decode(&bytes).map_err(|trouble| of_page(n, trouble))?;
        add(&mut seen, n, page::read(&picture, &nets)?);
    }
    Ok(seen)
}

/// Adds what page `n` says.
fn add(seen: &mut Seen, n: u32, page: page::Page) {
    if !seen.text.is_empty() && !page.text.is_empty() {
        seen.text.push_str("\n\n");
    }
    seen.text.push_str(&page.text);
    seen.lines.extend(page.lines.into_iter().map(|line| Line {
        page: n,
        box_: line.bounds.into(),
        confidence: (f64::from(line.confidence) * 1000.0).round() / 1000.0,
        text: line.text,
    }));
}

/// What is wrong with page `n` of a file.
fn of_page(n: u32, trouble: Trouble) -> Trouble {
    Trouble::new(format!("page {n}: {}", trouble.message), trouble.hint)
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
