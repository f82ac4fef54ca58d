//! What does a line say, and how sure is that? The line is cut out of the picture and laid
//! straight; the network names a letter, or none, for each few pixels of it.

use image::RgbImage;
use rten_tensor::Tensor;
use rten_tensor::prelude::*;

use crate::strips::Strip;
use crate::trouble::Trouble;
use crate::weights::Nets;

/// The height of a line that the network reads, in pixels.
const HEIGHT: usize = 48;
/// The shortest and the longest line, in pixels of that height.
const WIDTH_MIN: usize = 48;
const WIDTH_MAX: usize = 3200;
/// Points along a side that are averaged for one pixel at most.
const POINTS_MAX: usize = 4;

/// What was read in a line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The letters.
    pub text: String,
    /// Their odds on average, from 0 to 1; 0 where there are none.
    pub confidence: f32,
}

/// Reads the line in `strip`.
pub fn read(picture: &RgbImage, strip: &Strip, nets: &Nets) -> Result<Reading, Trouble> {
    let input = cut(picture, strip);
    let failed = |error: &dyn std::fmt::Display| {
        Trouble::new(
            format!("reading a line failed: {error}"),
            "`quipu model pull eyes --verify` checks the weights",
        )
    };
    let output = nets.reading.run_one(input.view().into(), None);
    let odds: Tensor<f32> = output
        .map_err(|error| failed(&error))?
        .try_into()
        .map_err(|_| failed(&"the weights are of another kind"))?;
    let letters = nets.letters.len();
    match *odds.shape() {
        [1, _, classes] if classes == letters => {}
        _ => return Err(failed(&"the weights do not go with the list of letters")),
    }
    let odds = odds.to_vec();
    Ok(spelled(odds.chunks_exact(letters), &nets.letters))
}

/// The letters of a line: one that is named several times in a row is one letter.
fn spelled<'a>(steps: impl Iterator<Item = &'a [f32]>, letters: &[String]) -> Reading {
    let mut reading = Reading::default();
    let (mut before, mut count) = (0, 0);
    for step in steps {
        let best = step.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        let Some((class, odds)) = best else { continue };
        if class != 0 && class != before {
            reading.text.push_str(&letters[class]);
            reading.confidence += odds;
            count += 1;
        }
        before = class;
    }
    if count > 0 {
        reading.confidence = (reading.confidence / count as f32).clamp(0.0, 1.0);
    }
    reading
}

/// The line in `strip`, laid straight: [1, 3, 48, width], blue first, from -1 to 1.
fn cut(picture: &RgbImage, strip: &Strip) -> Tensor<f32> {
    let scale = strip.height.max(1.0) / HEIGHT as f32;
    let width = (strip.width / scale).round() as usize;
    let width = width.clamp(WIDTH_MIN, WIDTH_MAX);
    // Along the line pixels are stretched only where it is too short or too long.
    let along = match width {
        WIDTH_MAX => strip.width / WIDTH_MAX as f32,
        _ => scale,
    };
    let points = (scale.ceil() as usize).clamp(1, POINTS_MAX);
    let mut data = vec![0.0; 3 * HEIGHT * width];
    let part = |n: usize| (n as f32 + 0.5) / points as f32 - 0.5;
    let middle = (width as f32 / 2.0, HEIGHT as f32 / 2.0);
    for row in 0..HEIGHT {
        for column in 0..width {
            let mut sum = [0.0; 3];
            for down in 0..points {
                for right in 0..points {
                    let x = (column as f32 + 0.5 + part(right) - middle.0) * along;
                    let y = (row as f32 + 0.5 + part(down) - middle.1) * scale;
                    let (ax, ay) = strip.along;
                    let at = (
                        strip.centre.0 + x * ax - y * ay,
                        strip.centre.1 + x * ay + y * ax,
                    );
                    let colour = colour(picture, at);
                    for c in 0..3 {
                        sum[c] += colour[c];
                    }
                }
            }
            for c in 0..3 {
                let mean = sum[2 - c] / (points * points) as f32;
                data[(c * HEIGHT + row) * width + column] = mean / 127.5 - 1.0;
            }
        }
    }
    Tensor::from_data(&[1, 3, HEIGHT, width], data)
}

/// The colour at a point between pixels; outside it is that of the edge.
fn colour(picture: &RgbImage, (x, y): (f32, f32)) -> [f32; 3] {
    let most = |side: u32| (side - 1) as f32;
    let x = (x - 0.5).clamp(0.0, most(picture.width()));
    let y = (y - 0.5).clamp(0.0, most(picture.height()));
    let (left, top) = (x.floor(), y.floor());
    let (dx, dy) = (x - left, y - top);
    let (left, top) = (left as u32, top as u32);
    let right = (left + 1).min(picture.width() - 1);
    let bottom = (top + 1).min(picture.height() - 1);
    let mut mixed = [0.0; 3];
    for (x, y, weight) in [
        (left, top, (1.0 - dx) * (1.0 - dy)),
        (right, top, dx * (1.0 - dy)),
        (left, bottom, (1.0 - dx) * dy),
        (right, bottom, dx * dy),
    ] {
        let pixel = picture.get_pixel(x, y);
        for c in 0..3 {
            mixed[c] += weight * f32::from(pixel[c]);
        }
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_named_once() {
        let letters = ["", "a", "b", " "].map(str::to_owned);
        let check = |classes: &[usize], expected: &str, confidence: f32| {
            let steps: Vec<Vec<f32>> = classes
                .iter()
                .map(|class| {
                    let mut step = vec![0.1; 4];
                    step[*class] = if *class == 2 { 0.6 } else { 0.8 };
                    step
                })
                .collect();
            let reading = spelled(steps.iter().map(Vec::as_slice), &letters);
            assert_eq!(reading.text, expected);
            assert!((reading.confidence - confidence).abs() < 1e-6);
        };
        check(&[0, 1, 1, 0, 1, 2, 2], "aab", 2.2 / 3.0);
        check(&[1, 3, 1], "a a", 0.8);
        check(&[0, 0], "", 0.0);
        check(&[], "", 0.0);
    }

    #[test]
    fn a_line_is_cut_out_whichever_way_it_lies() {
        // Dark on its left, light on its right.
        let picture = RgbImage::from_fn(200, 200, |x, _| [if x < 100 { 0 } else { 255 }; 3].into());
        let upright = Strip {
            centre: (100.0, 100.0),
            along: (1.0, 0.0),
            width: 96.0,
            height: 24.0,
        };
        let ends = |strip: &Strip| {
            let line = cut(&picture, strip);
            assert_eq!(line.shape(), [1, 3, 48, 192]);
            (line[[0, 0, 24, 8]], line[[0, 0, 24, 183]])
        };
        assert_eq!(ends(&upright), (-1.0, 1.0));
        let reversed = upright.turned(2);
        assert_eq!(ends(&reversed), (1.0, -1.0));
    }

    #[test]
    fn lines_beyond_the_limits_are_fitted_into_them() {
        let picture = RgbImage::new(50, 50);
        let width = |width: f32, height: f32| {
            let strip = Strip {
                centre: (25.0, 25.0),
                along: (1.0, 0.0),
                width,
                height,
            };
            cut(&picture, &strip).shape()[3]
        };
        assert_eq!(width(5.0, 10.0), WIDTH_MIN);
        assert_eq!(width(9000.0, 10.0), WIDTH_MAX);
        assert_eq!(width(100.0, 10.0), 480);
    }
}
