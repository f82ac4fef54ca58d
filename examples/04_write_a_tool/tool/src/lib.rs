//! A tool is a component: what it exports becomes its functions, the types become
//! the schema, and the comments in `wit/world.wit` become what the model reads.

wit_bindgen::generate!({ world: "wordcount", path: "wit" });

/// A component keeps the types of its WIT and drops the comments: so they go in here.
#[used]
#[unsafe(link_section = "quipu:wit")]
static WIT: [u8; include_bytes!("../wit/world.wit").len()] = *include_bytes!("../wit/world.wit");

struct WordCount;

export!(WordCount);

impl Guest for WordCount {
    fn count(text: String) -> Counts {
        Counts {
            words: text.split_whitespace().count() as u32,
            lines: text.lines().count() as u32,
            characters: text.chars().count() as u32,
        }
    }
}
