//! Where is text, pixel by pixel? The picture is scaled so that ordinary letters have a
//! size that the network knows, and a long one is looked at in overlapping pieces.

use image::RgbImage;
use image::imageops::{self, FilterType};
use rten::Model;
use rten_tensor::Tensor;
use rten_tensor::prelude::*;

use crate::trouble::Trouble;

/// The shorter side of the scaled picture: a page of A4 has 145 dots per inch then.
const SHORT_MAX: f32 = 1200.0;
/// Pixels of the scaled picture, which bound the time that it takes.
const PIXELS_MAX: f32 = 8_000_000.0;
/// Length of a piece along the longer side, in pixels: it bounds the memory.
const PIECE: usize = 1280;
/// What two pieces have in common. Half of it is not used of either: at its edges the
/// network knows less.
const COMMON: usize = 160;
/// The network halves its picture five times.
const STEP: usize = 32;
/// Mean and deviation of each colour, red first, in the pictures it was trained on.
const COLOURS: [(f32, f32); 3] = [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)];

/// The odds of text at each pixel of a scaled picture.
pub struct Map {
    pub width: usize,
    pub height: usize,
    /// Row by row, from 0 to 1.
    pub odds: Vec<f32>,
    /// Pixels of the map for one of the picture.
    pub scale: f32,
}

/// The map of `picture`.
pub fn map(picture: &RgbImage, net: &Model) -> Result<Map, Trouble> {
    let scale = scale(picture.width(), picture.height());
    let side = |pixels: u32| ((pixels as f32 * scale).round() as u32).max(1);
    let (width, height) = (side(picture.width()), side(picture.height()));
    let scaled;
    let picture = match scale < 1.0 {
        true => {
            scaled = imageops::resize(picture, width, height, FilterType::Triangle);
            &scaled
        }
        false => picture,
    };
    let (width, height) = (width as usize, height as usize);
    let mut map = Map {
        width,
        height,
        odds: vec![0.0; width * height],
        scale,
    };
    let is_tall = height >= width;
    for piece in pieces(width.max(height)) {
        let (x, y, w, h) = match is_tall {
            true => (0, piece.from, width, piece.to - piece.from),
            false => (piece.from, 0, piece.to - piece.from, height),
        };
        let odds = odds(picture, net, x, y, w, h)?;
        for row in 0..h {
            for column in 0..w {
                let along = if is_tall { y + row } else { x + column };
                if along >= piece.use_from && along < piece.use_to {
                    map.odds[(y + row) * width + x + column] = odds[[0, 0, row, column]];
                }
            }
        }
    }
    Ok(map)
}

/// How much smaller a picture is made to find the lines in it.
fn scale(width: u32, height: u32) -> f32 {
    let (width, height) = (width as f32, height as f32);
    let by_side = SHORT_MAX / width.min(height);
    let by_area = (PIXELS_MAX / (width * height)).sqrt();
    by_side.min(by_area).min(1.0)
}

/// A piece of the longer side.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    /// What is looked at.
    from: usize,
    to: usize,
    /// What of it is used.
    use_from: usize,
    use_to: usize,
}

/// The pieces of a side of `length` pixels. What is used of them covers it once.
fn pieces(length: usize) -> Vec<Piece> {
    let step = PIECE - COMMON;
    let count = length.saturating_sub(COMMON).div_ceil(step).max(1);
    let piece = |n: usize| {
        let from = n * step;
        let is_last = n + 1 == count;
        let to = if is_last { length } else { from + PIECE };
        Piece {
            from,
            to,
            use_from: if n == 0 { 0 } else { from + COMMON / 2 },
            use_to: if is_last { length } else { to - COMMON / 2 },
        }
    };
    (0..count).map(piece).collect()
}

/// The odds [1, 1, at least `h`, at least `w`] in one piece of the picture.
fn odds(
    picture: &RgbImage,
    net: &Model,
    x: usize,
    y: usize,
    w: usize,
    h: usize,
) -> Result<Tensor<f32>, Trouble> {
    let (wide, high) = (w.next_multiple_of(STEP), h.next_multiple_of(STEP));
    let mut data = Vec::with_capacity(3 * wide * high);
    for (c, (mean, deviation)) in COLOURS.iter().enumerate() {
        for row in 0..high {
            // Beyond its edges a picture goes on as it ends.
            let row = (y + row.min(h - 1)) as u32;
            for column in 0..wide {
                let column = (x + column.min(w - 1)) as u32;
                let value = f32::from(picture.get_pixel(column, row)[c]) / 255.0;
                data.push((value - mean) / deviation);
            }
        }
    }
    let input = Tensor::from_data(&[1, 3, high, wide], data);
    let failed = |error: &dyn std::fmt::Display| {
        Trouble::new(
            format!("finding the lines failed: {error}"),
            "`quipu model pull eyes --verify` checks the weights",
        )
    };
    let output = net
        .run_one(input.view().into(), None)
        .map_err(|error| failed(&error))?;
    let odds: Tensor<f32> = output
        .try_into()
        .map_err(|_| failed(&"the weights are of another kind"))?;
    match *odds.shape() {
        [1, 1, rows, columns] if rows >= h && columns >= w => Ok(odds),
        _ => Err(failed(&"the weights are of another kind")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_a_side_once() {
        for length in [1, 31, 160, 1279, 1280, 1281, 2400, 2401, 9999] {
            let pieces = pieces(length);
            let mut at = 0;
            for piece in &pieces {
                assert_eq!(piece.use_from, at, "{length}: {piece:?}");
                assert!(piece.from <= piece.use_from && piece.use_to <= piece.to);
                assert!(piece.to - piece.from <= PIECE && piece.use_to > at);
                at = piece.use_to;
            }
            assert_eq!(at, length);
        }
    }

    #[test]
    fn a_page_is_scaled_and_a_long_screenshot_is_not() {
        assert_eq!(scale(640, 480), 1.0);
        assert_eq!(scale(1080, 7000), 1.0);
        assert!((scale(2480, 3508) - 0.484).abs() < 0.001);
        let area = scale(6000, 6500).powi(2) * 6000.0 * 6500.0;
        assert!(area <= PIXELS_MAX);
    }
}
