//! What a sound is made of: how loud each band of pitch is, a hundred times a second.
//!
//! The network was trained on exactly these numbers (openai/whisper, `audio.py`): windows of
//! 25 ms each 10 ms, 80 triangular bands on Slaney's scale of pitch, logarithms of their
//! power within 80 dB of the loudest.

use realfft::RealFftPlanner;

/// Samples a second of every sound here.
pub const RATE: usize = 16_000;
/// Bands of pitch.
pub const BANDS: usize = 80;
/// Samples from one column to the next.
pub const HOP: usize = 160;
/// Samples of a window.
const WINDOW: usize = 400;
/// Numbers that the transform gives for one window.
const BINS: usize = WINDOW / 2 + 1;

/// The bands of `samples` and of silence after them, up to `columns` columns of [`HOP`]
/// samples: [columns, [`BANDS`]], about -1 to 1.
pub fn bands(samples: &[f32], columns: usize) -> Vec<f32> {
    let padded = mirrored(samples, columns * HOP);
    let filters = filters();
    let hann: Vec<f32> = (0..WINDOW)
        .map(|n| {
            (std::f32::consts::PI * n as f32 / WINDOW as f32)
                .sin()
                .powi(2)
        })
        .collect();
    let transform = RealFftPlanner::<f32>::new().plan_fft_forward(WINDOW);
    let (mut input, mut output) = (transform.make_input_vec(), transform.make_output_vec());
    let mut bands = Vec::with_capacity(columns * BANDS);
    for column in 0..columns {
        let window = &padded[column * HOP..][..WINDOW];
        for ((into, sample), weight) in input.iter_mut().zip(window).zip(&hann) {
            *into = sample * weight;
        }
        // The lengths are those that the transform itself gave.
        let _ = transform.process(&mut input, &mut output);
        let power: Vec<f32> = output.iter().map(|bin| bin.norm_sqr()).collect();
        bands.extend(filters.iter().map(|(first, weights)| {
            let sum: f32 = weights
                .iter()
                .zip(&power[*first..])
                .map(|(w, p)| w * p)
                .sum();
            sum.max(1e-10).log10()
        }));
    }
    let loudest = bands.iter().copied().fold(f32::MIN, f32::max);
    for band in &mut bands {
        *band = (band.max(loudest - 8.0) + 4.0) / 4.0;
    }
    bands
}

/// `samples` filled up with silence to `length`, with half a window before and after it that
/// mirrors its ends.
fn mirrored(samples: &[f32], length: usize) -> Vec<f32> {
    let half = WINDOW / 2;
    let at = |n: usize| samples.get(n).copied().unwrap_or_default();
    let before = (1..=half).rev().map(at);
    let within = (0..length).map(at);
    let after = (0..half).map(|n| at((length - 2).saturating_sub(n)));
    before.chain(within).chain(after).collect()
}

/// The weights of each band, from the bin with the first of them.
fn filters() -> Vec<(usize, Vec<f32>)> {
    let (low, high) = (0.0, mel(RATE as f64 / 2.0));
    let edge = |n: usize| hertz(low + (high - low) * n as f64 / (BANDS + 1) as f64);
    let pitch = |bin: usize| bin as f64 * RATE as f64 / WINDOW as f64;
    let filter = |band: usize| {
        let (left, middle, right) = (edge(band), edge(band + 1), edge(band + 2));
        let weight = |bin: usize| {
            let (up, down) = (
                (pitch(bin) - left) / (middle - left),
                (right - pitch(bin)) / (right - middle),
            );
            (up.min(down).max(0.0) * 2.0 / (right - left)) as f32
        };
        let is_in = |bin: &usize| weight(*bin) > 0.0;
        let first = (0..BINS).find(is_in).unwrap_or(0);
        (first, (first..BINS).take_while(is_in).map(weight).collect())
    };
    (0..BANDS).map(filter).collect()
}

/// Slaney's scale of pitch: even below 1000 Hz, logarithmic above.
fn mel(hertz: f64) -> f64 {
    match hertz < 1000.0 {
        true => hertz * 3.0 / 200.0,
        false => 15.0 + (hertz / 1000.0).ln() * 27.0 / 6.4_f64.ln(),
    }
}

fn hertz(mel: f64) -> f64 {
    match mel < 15.0 {
        true => mel * 200.0 / 3.0,
        false => 1000.0 * ((mel - 15.0) * 6.4_f64.ln() / 27.0).exp(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_loudest_in_its_band() {
        let tone: Vec<f32> = (0..RATE)
            .map(|n| (n as f32 * 1000.0 * std::f32::consts::TAU / RATE as f32).sin())
            .collect();
        let bands = bands(&tone, 100);
        assert_eq!(bands.len(), 100 * BANDS);
        let column = &bands[50 * BANDS..][..BANDS];
        let loudest = (0..BANDS).max_by(|a, b| column[*a].total_cmp(&column[*b]));
        let middle = |band: usize| hertz(mel(8000.0) * (band + 1) as f64 / 81.0);
        assert!((middle(loudest.unwrap()) - 1000.0).abs() < 30.0);
        // Outside of the tone there is nothing within 80 dB.
        assert_eq!(column[BANDS - 1], column[BANDS - 2]);
    }

    #[test]
    fn each_band_has_weights() {
        let filters = filters();
        assert_eq!(filters.len(), BANDS);
        assert!(filters.iter().all(|(_, weights)| !weights.is_empty()));
        // The first numbers of the table that comes with the network.
        assert!(
            (filters[0].1[0] - 0.024_862_6).abs() < 1e-6,
            "{:?}",
            filters[0]
        );
    }
}
