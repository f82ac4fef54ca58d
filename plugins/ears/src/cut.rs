//! Where a recording is cut: into pieces that the network hears at once, at its pauses.

use std::ops::Range;

use crate::mel::RATE;

/// Samples whose loudness is one number.
const FRAME: usize = RATE / 50;
/// Frames of the longest piece, and of the shortest where there is a choice.
const LONGEST: usize = 28 * 50;
const SHORTEST: usize = 14 * 50;
/// Frames over which a pause is looked for.
const PAUSE: usize = 15;
/// Frames of silence that are kept at the ends of a piece.
const MARGIN: usize = 15;
/// Decibels below full scale at which everything is silence.
const SILENCE: f32 = -60.0;
/// Decibels over the quietest tenth, and below the loudest, at which somebody may speak.
const OVER_QUIET: f32 = 6.0;
const BELOW_LOUD: f32 = 30.0;

/// What is to be heard of some samples.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut {
    /// The pieces, in samples.
    pub pieces: Vec<Range<usize>>,
    /// Up to where they are cut.
    pub end: usize,
}

/// Cuts `samples` until `enough` of them are in pieces. The last ones, where more of the
/// recording follows, are left for when it is there.
pub fn cut(samples: &[f32], is_last: bool, enough: usize) -> Cut {
    let levels: Vec<f32> = samples.chunks(FRAME).map(level).collect();
    let threshold = threshold(&levels);
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < levels.len() && at * FRAME < enough {
        let rest = levels.len() - at;
        if rest <= LONGEST && !is_last && at > 0 {
            break;
        }
        let end = match rest <= LONGEST {
            true => levels.len(),
            false => {
                let last = (at + LONGEST).min(levels.len() - PAUSE);
                pause(&levels, at + SHORTEST..last)
            }
        };
        let is_speech = |frame: &usize| levels[*frame] > threshold;
        if let Some(first) = (at..end).find(is_speech) {
            let last = (at..end).rfind(is_speech).unwrap_or(first);
            let first = first.saturating_sub(MARGIN).max(at);
            let last = (last + 1 + MARGIN).min(end);
            pieces.push(first * FRAME..(last * FRAME).min(samples.len()));
        }
        at = end;
    }
    Cut {
        pieces,
        end: (at * FRAME).min(samples.len()),
    }
}

/// The first frame in `frames` in the midst of the quietest pause.
fn pause(levels: &[f32], frames: Range<usize>) -> usize {
    let loudness = |frame: &usize| levels[*frame - PAUSE / 2..][..PAUSE].iter().sum::<f32>();
    let quietest = frames
        .clone()
        .min_by(|a, b| loudness(a).total_cmp(&loudness(b)));
    quietest.unwrap_or(frames.end)
}

/// The loudness above which somebody may speak.
fn threshold(levels: &[f32]) -> f32 {
    let mut sorted = levels.to_vec();
    sorted.sort_by(f32::total_cmp);
    let at = |share: f64| sorted.get((sorted.len() as f64 * share) as usize).copied();
    let (quiet, loud) = (at(0.1).unwrap_or(SILENCE), at(0.98).unwrap_or(SILENCE));
    (quiet + OVER_QUIET).min(loud - BELOW_LOUD).max(SILENCE)
}

/// How loud a frame is, in decibels of full scale.
fn level(frame: &[f32]) -> f32 {
    let power: f32 = frame.iter().map(|sample| sample * sample).sum();
    10.0 * (power / frame.len() as f32).max(1e-10).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds of noise and of silence in turn.
    fn spoken(seconds: &[f64]) -> Vec<f32> {
        let mut samples = Vec::new();
        for (n, seconds) in seconds.iter().enumerate() {
            let loud = if n % 2 == 0 { 0.3 } else { 0.0 };
            let count = (seconds * RATE as f64) as usize;
            samples.extend((0..count).map(|n| (n as f32 * 1.7).sin() * loud));
        }
        samples
    }

    #[test]
    fn cuts_are_at_pauses() {
        let check = |seconds: &[f64], last: bool, expected: &[(f64, f64)], end: f64| {
            let cut = cut(&spoken(seconds), last, 60 * RATE);
            let round = |samples: usize| (samples as f64 / RATE as f64 * 10.0).round() / 10.0;
            let pieces: Vec<(f64, f64)> = cut
                .pieces
                .iter()
                .map(|piece| (round(piece.start), round(piece.end)))
                .collect();
            assert_eq!(pieces, expected);
            assert_eq!(round(cut.end), end);
        };
        check(&[3.0], true, &[(0.0, 3.0)], 3.0);
        check(&[3.0], false, &[(0.0, 3.0)], 3.0);
        check(&[0.0, 5.0], true, &[], 5.0);
        check(
            &[10.0, 1.0, 10.0, 1.0, 20.0],
            true,
            &[(0.0, 21.1), (21.7, 42.0)],
            42.0,
        );
        // What follows is not there yet.
        check(&[10.0, 1.0, 10.0, 1.0, 20.0], false, &[(0.0, 21.1)], 21.1);
        // Silence at the ends is not heard.
        check(&[0.0, 4.0, 5.0, 4.0], true, &[(3.7, 9.3)], 13.0);
        assert_eq!(cut(&[], true, RATE).end, 0);
    }

    #[test]
    fn without_a_pause_a_piece_is_still_short() {
        let long = cut(&spoken(&[95.0]), false, 60 * RATE);
        assert!(long.pieces.iter().all(|piece| piece.len() <= 28 * RATE));
        assert!(long.end >= 60 * RATE);
        assert_eq!(cut(&spoken(&[28.02]), true, 60 * RATE).pieces.len(), 2);
    }
}
