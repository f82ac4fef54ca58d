//! What does the whole picture say?

use image::RgbImage;

use crate::letters::{self, Reading};
use crate::order::{self, Line};
use crate::strips::{self, Strip};
use crate::trouble::Trouble;
use crate::weights::Nets;
use crate::{find, turn};

/// A line that is read with less confidence than this is no text.
const CONFIDENCE_MIN: f32 = 0.5;
/// A line is read twice, the second time turned, below this.
const DOUBTFUL: f32 = 0.75;

/// What a picture says.
pub struct Page {
    /// All of it.
    pub text: String,
    /// Its lines, in the order in which they are read.
    pub lines: Vec<Line>,
}

/// Reads `picture`.
///
/// # Errors
/// Weights that are not what they should be.
pub fn read(picture: &RgbImage, nets: &Nets) -> Result<Page, Trouble> {
    let map = find::map(picture, &nets.finding)?;
    let found = strips::strips(&map);
    drop(map);
    let found = turn::upright(picture, found, nets)?;
    let frame = Frame::of(&found);
    let mut lines = Vec::new();
    for strip in found {
        let (strip, reading) = surest(picture, strip, nets)?;
        let text = reading.text.trim();
        if reading.confidence >= CONFIDENCE_MIN && !text.is_empty() {
            lines.push(frame.line(picture, &strip, text.to_owned(), reading.confidence));
        }
    }
    let (lines, text) = order::ordered(lines);
    Ok(Page { text, lines })
}

/// Reads a line; one that runs up or down on an upright page both ways.
fn surest(picture: &RgbImage, strip: Strip, nets: &Nets) -> Result<(Strip, Reading), Trouble> {
    let ways: &[u32] = if strip.is_tall() { &[3, 1, 0] } else { &[0] };
    let mut best = (strip, Reading::default());
    for quarters in ways {
        let turned = strip.turned(*quarters);
        let reading = letters::read(picture, &turned, nets)?;
        if reading.confidence > best.1.confidence {
            best = (turned, reading);
        }
        if best.1.confidence >= DOUBTFUL {
            break;
        }
    }
    Ok(best)
}

/// How a page lies in its picture.
#[derive(Debug, PartialEq)]
struct Frame {
    /// The direction in which its lines run, of length 1.
    along: (f32, f32),
}

impl Frame {
    /// The frame of a page with these lines: the direction of its middle line, by length.
    fn of(strips: &[Strip]) -> Frame {
        let mut wide: Vec<&Strip> = strips.iter().filter(|strip| !strip.is_tall()).collect();
        // Directions are compared with the usual one, so that none lies at the seam.
        let (mut x, mut y) = (0.0, 0.0);
        for strip in &wide {
            x += strip.along.0 * strip.width;
            y += strip.along.1 * strip.width;
        }
        let usual = y.atan2(x);
        let angle = |strip: &Strip| {
            let (x, y) = strip.along;
            let (sin, cos) = usual.sin_cos();
            (y * cos - x * sin).atan2(x * cos + y * sin)
        };
        wide.sort_by(|a, b| angle(a).total_cmp(&angle(b)));
        let half = wide.iter().map(|strip| strip.width).sum::<f32>() / 2.0;
        let mut sum = 0.0;
        let middle = wide.iter().find(|strip| {
            sum += strip.width;
            sum >= half
        });
        Frame {
            along: middle.map_or((1.0, 0.0), |strip| strip.along),
        }
    }

    /// The line in `strip` with its place on the page.
    fn line(&self, picture: &RgbImage, strip: &Strip, text: String, confidence: f32) -> Line {
        let (ax, ay) = self.along;
        let (x, y) = strip.centre;
        let (x, y) = (x * ax + y * ay, y * ax - x * ay);
        let is_across = (strip.along.0 * ax + strip.along.1 * ay).abs() < 0.7;
        let (width, height) = match is_across {
            true => (strip.height, strip.width),
            false => (strip.width, strip.height),
        };
        Line {
            text,
            confidence,
            bounds: strip.bounds(picture.width(), picture.height()),
            left: x - width / 2.0,
            right: x + width / 2.0,
            top: y - height / 2.0,
            bottom: y + height / 2.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(x: f32, y: f32, degrees: f32) -> Strip {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Strip {
            centre: (x, y),
            along: (cos, sin),
            width: 100.0,
            height: 10.0,
        }
    }

    #[test]
    fn the_frame_is_that_of_most_lines() {
        let check = |degrees: &[f32], expected: f32| {
            let strips: Vec<Strip> = degrees.iter().map(|d| strip(0.0, 0.0, *d)).collect();
            let (x, y) = Frame::of(&strips).along;
            let found = y.atan2(x).to_degrees().rem_euclid(360.0);
            assert!((found - expected).abs() < 0.1, "{degrees:?}: {found}");
        };
        check(&[], 0.0);
        check(&[2.0, 2.0, 30.0], 2.0);
        check(&[179.0, 181.0, 181.0], 181.0);
        check(&[270.0, 271.0, 271.0, 0.0], 271.0);
    }

    #[test]
    fn lines_of_a_turned_page_lie_one_below_the_other() {
        let picture = RgbImage::new(400, 400);
        // A page that stands on its head: its first line is at the bottom.
        let (first, second) = (strip(200.0, 300.0, 180.0), strip(200.0, 200.0, 180.0));
        let frame = Frame::of(&[first, second]);
        let line = |strip| frame.line(&picture, strip, String::new(), 1.0);
        let (first, second) = (line(&first), line(&second));
        assert!(first.bottom < second.top);
        assert_eq!(first.bounds, [150, 295, 250, 305]);
    }
}
