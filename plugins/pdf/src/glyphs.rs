//! The letters of a page, each with its place, as the page draws them.

use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::hayro_cmap::{BfString, WritingMode};
use hayro_interpret::hayro_syntax::object::{Dict, String as PdfString};
use hayro_interpret::hayro_syntax::page::Page;
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, SoftMask, TransformExt, interpret_page,
};

use crate::fonts::Fonts;
use crate::strings;

/// Letters of one page: what has more is no page that somebody reads.
const LETTERS_MAX: usize = 1_000_000;
/// The part of a letter's size that stands above its base line.
const ASCENT: f64 = 0.75;
/// A letter of a page counts as unknown if the file does not say which one it is.
const UNKNOWN: char = '\u{fffd}';

/// One letter, or several that are drawn as one.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// What it says.
    pub text: String,
    /// Where it begins on its base line; y grows downwards, in points.
    pub start: Point,
    /// Where the next one would begin.
    pub end: Point,
    /// Its height in points.
    pub size: f64,
}

/// What a page shows.
#[derive(Default)]
pub struct Drawn {
    /// The letters whose meaning is known, in the order in which they are drawn.
    pub letters: Vec<Letter>,
    /// How many the file does not say the meaning of.
    pub unknown: usize,
    /// Whether there is anything to see that is no letter.
    pub has_picture: bool,
    /// The part of the page that its pictures cover, those counted twice that lie on others.
    pub covered: f64,
    /// For each open marked part, the text that stands for what is drawn in it, and
    /// whether it was given out.
    marked: Vec<Option<Actual>>,
    fonts: Fonts,
}

/// A text that stands for what is drawn.
struct Actual {
    text: String,
    letter: Option<usize>,
}

/// What `page` shows.
pub fn drawn<'a>(page: &Page<'a>, cache: &InterpreterCache<'a>) -> Drawn {
    let (width, height) = page.render_dimensions();
    let mut context = Context::new(
        page.initial_transform(true).to_kurbo(),
        Rect::new(0.0, 0.0, f64::from(width), f64::from(height)),
        cache,
        page.xref(),
        InterpreterSettings::default(),
    );
    let mut drawn = Drawn::default();
    interpret_page(page, &mut context, &mut drawn);
    let area = f64::from(width) * f64::from(height);
    drawn.covered = if area > 0.0 { drawn.covered / area } else { 0.0 };
    drawn
}

impl Drawn {
    /// The text of a glyph, or [`UNKNOWN`].
    fn says(&mut self, glyph: &Glyph<'_>) -> String {
        match (glyph.as_unicode(), glyph) {
            (Some(BfString::Char(c)), _) => c.to_string(),
            (Some(BfString::String(text)), _) => text,
            (None, Glyph::Outline(outline)) => {
                let letter = self.fonts.letter(outline);
                letter.unwrap_or(UNKNOWN).to_string()
            }
            (None, Glyph::Type3(_)) => UNKNOWN.to_string(),
        }
    }

    fn add(&mut self, glyph: &Glyph<'_>, transform: Affine, mode: WritingMode) {
        if self.letters.len() >= LETTERS_MAX {
            return;
        }
        let advance = match glyph {
            Glyph::Outline(outline) => outline.advance_width(),
            Glyph::Type3(type3) => type3.advance_width(),
        };
        let advance = f64::from(advance.unwrap_or(500.0));
        let (from, to) = match mode {
            WritingMode::Horizontal => (Point::ZERO, Point::new(advance, 0.0)),
            // A sign of a column stands in the middle of it, one below the other.
            WritingMode::Vertical => (Point::new(500.0, 880.0), Point::new(500.0, -120.0)),
        };
        let (start, end) = (transform * from, transform * to);
        let up = transform * Point::new(0.0, 1000.0) - transform * Point::ZERO;
        let size = match mode {
            WritingMode::Horizontal => up.hypot(),
            WritingMode::Vertical => (end - start).hypot(),
        };
        if !(start.is_finite() && end.is_finite() && size.is_finite()) || size <= 0.0 {
            return;
        }
        if let Some(actual) = self.marked.iter_mut().rev().flatten().next() {
            match actual.letter {
                Some(at) => self.letters[at].end = end,
                None => {
                    actual.letter = Some(self.letters.len());
                    let text = actual.text.clone();
                    self.letters.push(Letter {
                        text,
                        start,
                        end,
                        size,
                    });
                }
            }
            return;
        }
        let text = self.says(glyph);
        if text.contains(UNKNOWN) || text.chars().all(is_private) {
            self.unknown += 1;
            return;
        }
        self.letters.push(Letter {
            text,
            start,
            end,
            size,
        });
    }
}

/// Whether only the font knows what `c` is.
fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

impl Letter {
    /// The direction in which it is written, in quarter turns clockwise, and how far it is
    /// from that in radians.
    pub fn turns(&self) -> (u8, f64) {
        let along = self.end - self.start;
        if along.hypot() == 0.0 {
            return (0, 0.0);
        }
        let quarters = along.atan2() / std::f64::consts::FRAC_PI_2;
        let nearest = quarters.round();
        let off = (quarters - nearest).abs() * std::f64::consts::FRAC_PI_2;
        (nearest.rem_euclid(4.0) as u8, off)
    }

    /// The letter on a page turned so that what was written in `turns` is upright.
    pub fn upright(mut self, turns: u8) -> Self {
        let turn = |point: Point| match turns {
            1 => Point::new(point.y, -point.x),
            2 => Point::new(-point.x, -point.y),
            3 => Point::new(-point.y, point.x),
            _ => point,
        };
        (self.start, self.end) = (turn(self.start), turn(self.end));
        self
    }

    /// Its top.
    pub fn top(&self) -> f64 {
        self.start.y - self.size * ASCENT
    }

    /// Its bottom, below the base line.
    pub fn bottom(&self) -> f64 {
        self.start.y + self.size * (1.0 - ASCENT)
    }
}

impl<'a> Device<'a> for Drawn {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            self.add(
                glyph,
                props.transform * glyph.transform(),
                run.writing_mode(),
            );
        }
    }

    fn begin_marked_content(&mut self, _: &[u8], properties: Option<&Dict<'_>>) {
        let text = properties.and_then(|found| found.get::<PdfString<'_>>(b"ActualText"));
        self.marked.push(text.map(|text| Actual {
            text: strings::decoded(text.as_bytes()),
            letter: None,
        }));
    }

    fn end_marked_content(&mut self) {
        self.marked.pop();
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        self.has_picture = true;
        let pixels = f64::from(image.width()) * f64::from(image.height());
        let area = props.transform.determinant().abs() * pixels;
        self.covered += if area.is_finite() { area } else { 0.0 };
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {
        self.has_picture = true;
    }

    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
