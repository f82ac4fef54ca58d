//! Which letters the glyphs of a font are, where the page does not say it: a font that is
//! in the file may have a table for the other way, from letters to glyphs.

use std::collections::HashMap;

use hayro_interpret::font::OutlineGlyph;
use skrifa::{FontRef, MetadataProvider};

/// The letters of the fonts of a page.
#[derive(Default)]
pub struct Fonts {
    letters: HashMap<u128, HashMap<u32, char>>,
}

impl Fonts {
    /// The letter that the font itself says `glyph` is.
    pub fn letter(&mut self, glyph: &OutlineGlyph) -> Option<char> {
        let font = glyph.font_data()?;
        let letters = self.letters.entry(font.cache_key).or_insert_with(|| {
            let mut letters = HashMap::new();
            if let Ok(font) = FontRef::new((*font.data).as_ref()) {
                for (letter, glyph) in font.charmap().mappings() {
                    let letter = char::from_u32(letter).filter(|letter| !letter.is_control());
                    // Of several the first: the others are other forms of it.
                    if let Some(letter) = letter {
                        letters.entry(glyph.to_u32()).or_insert(letter);
                    }
                }
            }
            letters
        });
        letters.get(&glyph.glyph_id().to_u32()).copied()
    }
}
