//! Which way up is the page? A few lines are read the ways that the page may lie, and the
//! surest readings tell.

use image::RgbImage;

use crate::letters::{self, Reading};
use crate::strips::Strip;
use crate::trouble::Trouble;
use crate::weights::Nets;

/// Lines that are read to find out.
const SAMPLES: usize = 3;
/// A line is long enough to tell from this many heights on; a longer one than that takes
/// long to read.
const TELLING: std::ops::Range<f32> = 3.0..20.0;
/// Whoever reads this surely reads the right way.
const SURE: f32 = 0.85;

/// The lines in the direction in which they are read.
///
/// # Errors
/// As [`letters::read`].
pub fn upright(picture: &RgbImage, strips: Vec<Strip>, nets: &Nets) -> Result<Vec<Strip>, Trouble> {
    let quarters = way_up(&strips, &mut |strip| letters::read(picture, strip, nets))?;
    Ok(strips
        .into_iter()
        .map(|strip| strip.turned(quarters))
        .collect())
}

/// How many quarters clockwise the page has to be read turned.
fn way_up(
    strips: &[Strip],
    read: &mut dyn FnMut(&Strip) -> Result<Reading, Trouble>,
) -> Result<u32, Trouble> {
    let area = |is_tall: bool| -> f32 {
        let strips = strips.iter().filter(|strip| strip.is_tall() == is_tall);
        strips.map(|strip| strip.width * strip.height).sum()
    };
    let ways = match area(true) > area(false) {
        true => [3, 1],
        false => [0, 2],
    };
    let samples = samples(strips, ways[0]);
    let mut best = (ways[0], 0.0);
    for quarters in ways {
        let mut sum = 0.0;
        for strip in &samples {
            sum += read(&strip.turned(quarters))?.confidence;
        }
        let mean = sum / samples.len().max(1) as f32;
        if mean > best.1 {
            best = (quarters, mean);
        }
        if mean >= SURE || samples.is_empty() {
            break;
        }
    }
    Ok(best.0)
}

/// Lines of a size that tells, the highest first: they are read best.
fn samples(strips: &[Strip], quarters: u32) -> Vec<Strip> {
    let mut samples: Vec<Strip> = strips
        .iter()
        .filter(|strip| {
            let turned = strip.turned(quarters);
            TELLING.contains(&(turned.width / turned.height.max(1.0)))
        })
        .copied()
        .collect();
    samples.sort_by(|a, b| {
        let height = |strip: &Strip| strip.turned(quarters).height;
        height(b).total_cmp(&height(a))
    });
    samples.truncate(SAMPLES);
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(width: f32, height: f32) -> Strip {
        Strip {
            centre: (0.0, 0.0),
            along: (1.0, 0.0),
            width,
            height,
        }
    }

    #[test]
    fn the_surest_reading_tells() {
        // Letters stand with their tops towards `up`.
        let check = |strips: &[Strip], right: (f32, f32), expected: u32, reads: usize| {
            let mut count = 0;
            let found = way_up(strips, &mut |strip| {
                count += 1;
                let fits = (strip.along.0 - right.0).abs() + (strip.along.1 - right.1).abs() < 0.1;
                Ok(Reading {
                    text: "x".into(),
                    confidence: if fits { 0.95 } else { 0.4 },
                })
            });
            assert_eq!((found, count), (Ok(expected), reads), "{right:?}");
        };
        let wide = [strip(100.0, 10.0), strip(90.0, 12.0), strip(10.0, 10.0)];
        check(&wide, (1.0, 0.0), 0, 2);
        check(&wide, (-1.0, 0.0), 2, 4);
        let tall = [strip(10.0, 100.0), strip(12.0, 90.0), strip(30.0, 10.0)];
        check(&tall, (0.0, -1.0), 3, 2);
        check(&tall, (0.0, 1.0), 1, 4);
        check(&[], (1.0, 0.0), 0, 0);
    }
}
