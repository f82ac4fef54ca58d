//! What the host sees: the plugin's WIT, its manifest, and its functions.
//!
//! It is compiled for wasm only. A native test of the readers has no host, and does without
//! the generator of bindings, which takes longer to compile than the readers.

use crate::found::{self, Failed, Found};
use crate::{format, pictures, read};

wit_bindgen::generate!({
    path: ["../wit/quipu.wit", "wit"],
    world: "quipu:documents/documents",
    generate_all,
});

/// What the plugin asks for, where the host looks for it.
#[used]
#[unsafe(link_section = "quipu:plugin")]
static MANIFEST: [u8; include_bytes!("../plugin.toml").len()] = *include_bytes!("../plugin.toml");

/// Its WIT, for the comments in it, which a component does not keep.
#[used]
#[unsafe(link_section = "quipu:wit")]
static WIT: [u8; include_bytes!("../wit/world.wit").len()] = *include_bytes!("../wit/world.wit");

struct Documents;

export!(Documents);

impl Guest for Documents {
    fn read(base64: String, format: Format) -> Result<Document, Problem> {
        let bytes = markup::bytes(&base64).map_err(|message| Problem {
            message,
            hint: String::new(),
        })?;
        match read(&bytes, format.into()) {
            Ok(found) if found.is_empty() => Err(Problem {
                message: "it has no text".into(),
                hint: found.left_out.join("; "),
            }),
            Ok(found) => Ok(document(found)),
            Err(Failed { message, hint }) => Err(Problem { message, hint }),
        }
    }

    fn pictures(base64: String, format: Format) -> Result<Album, Problem> {
        let bytes = markup::bytes(&base64).map_err(|message| Problem {
            message,
            hint: String::new(),
        })?;
        let Failed { message, hint } = match pictures::of(&bytes, format.into()) {
            Ok(pictures) => return Ok(album(pictures)),
            Err(failed) => failed,
        };
        Err(Problem { message, hint })
    }
}

fn document(found: Found) -> Document {
    let part = |part: found::Part| Part {
        place: part.place,
        title: part.title,
        text: part.text,
    };
    Document {
        title: found.title,
        parts: found.parts.into_iter().map(part).collect(),
        left_out: found.left_out,
    }
}

fn album(pictures: pictures::Pictures) -> Album {
    let picture = |(name, bytes): (String, Vec<u8>)| Picture {
        name,
        base64: markup::base64(&bytes),
    };
    Album {
        found: pictures.found.into_iter().map(picture).collect(),
        more: pictures.more,
    }
}

impl From<Format> for format::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Html => Self::Html,
            Format::Notebook => Self::Notebook,
            Format::Mail => Self::Mail,
            Format::Mailbox => Self::Mailbox,
            Format::Zipped => Self::Zipped,
            Format::Flat => Self::Flat,
            Format::Compound => Self::Compound,
            Format::RichText => Self::RichText,
            Format::Subtitles => Self::Subtitles,
            Format::Calendar => Self::Calendar,
            Format::Canvas => Self::Canvas,
            Format::Drawing => Self::Drawing,
            Format::Evernote => Self::Evernote,
            Format::FictionBook => Self::FictionBook,
            Format::Outline => Self::Outline,
            Format::Feed => Self::Feed,
            Format::Wiki => Self::Wiki,
            Format::Structured => Self::Structured,
            Format::Manual => Self::Manual,
            Format::Tnef => Self::Tnef,
            Format::Places => Self::Places,
            Format::PropertyList => Self::PropertyList,
            Format::Translations => Self::Translations,
            Format::Lyx => Self::Lyx,
            Format::Chat => Self::Chat,
            Format::Bookmarks => Self::Bookmarks,
        }
    }
}
