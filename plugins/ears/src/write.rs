//! How a piece of sound is written down: the likeliest piece of a word after the other,
//! between times that follow its rules (openai/whisper, `decoding.py`).

use crate::network::Writer;
use crate::words::{TICK, Words};

/// The first time may not be later: nobody waits longer in a piece that was cut.
const FIRST_TIME_MAX: f64 = 1.0;
/// The longest run of pieces that may be written over and over, and how much of it is a loop.
const LOOP_MAX: usize = 40;
const LOOP_TIMES: usize = 3;
const LOOP_PIECES: usize = 12;

/// A sentence or so.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// When it begins and ends, in seconds.
    pub start: f64,
    pub end: f64,
    pub text: String,
}

/// What was written.
#[derive(Debug, Default)]
pub struct Written {
    pub segments: Vec<Segment>,
    /// The mean logarithm of the odds of its pieces.
    pub sure: f32,
    /// Whether it went round in a circle; what was written again is left out.
    pub is_loop: bool,
}

/// What the first look at a piece of sound says.
pub struct Look {
    /// The likeliest language.
    pub language: usize,
    /// The odds that nobody speaks.
    pub nobody: f32,
}

/// Looks at the sound of `writer`, which has written nothing.
pub fn look(writer: &mut Writer<'_>, words: &Words) -> Look {
    let odds = writer.write(&[words.begin]);
    Look {
        language: likeliest(&odds, words.languages.clone()),
        nobody: (odds[words.nobody] - sum(&odds)).exp(),
    }
}

/// Writes the sound down, of `seconds`, after a look at it.
pub fn write(writer: &mut Writer<'_>, words: &Words, language: usize, seconds: f64) -> Written {
    let mut odds = writer.write(&[language, words.transcribe]);
    let (mut pieces, mut sure, mut is_loop) = (Vec::new(), 0.0, false);
    while writer.room() > 1 {
        allow(&mut odds, words, &pieces);
        let next = likeliest(&odds, 0..words.count());
        sure += odds[next] - sum(&odds);
        if next == words.end {
            break;
        }
        pieces.push(next);
        if let Some(rest) = looped(&pieces, words.end) {
            pieces.truncate(rest);
            is_loop = true;
            break;
        }
        odds = writer.write(&[next]);
    }
    Written {
        sure: sure / (pieces.len() + 1) as f32,
        segments: segments(&pieces, words, seconds),
        is_loop,
    }
}

/// Rules out what may not follow `pieces`.
fn allow(odds: &mut [f32], words: &Words, pieces: &[usize]) {
    let (end, times) = (words.end, words.times.clone());
    let mut never = |range: std::ops::Range<usize>| odds[range].fill(f32::NEG_INFINITY);
    never(end + 1..times.start);
    for unspoken in &words.unspoken {
        never(*unspoken..*unspoken + 1);
    }
    let is_time = |back: usize| {
        let piece = pieces.len().checked_sub(back).map(|at| pieces[at]);
        piece.is_none_or(|piece| piece >= times.start)
    };
    match pieces.len() {
        // A time comes first.
        0 => {
            never(0..times.start);
            never(times.start + (FIRST_TIME_MAX / TICK) as usize + 1..times.end);
        }
        // After an end and a beginning there is text, after an end only a beginning.
        _ if is_time(1) && is_time(2) => never(times.clone()),
        _ if is_time(1) => never(0..end),
        _ => {}
    }
    // Time goes on, and a segment takes some.
    if let Some(last) = pieces.iter().rfind(|piece| times.contains(*piece)) {
        let may_repeat = is_time(1) && !is_time(2);
        never(times.start..last + usize::from(!may_repeat));
    }
    // Where some time is likelier than each piece of text, it is a time.
    let text = odds[..=end]
        .iter()
        .copied()
        .fold(f32::NEG_INFINITY, f32::max);
    if sum(&odds[times]) > text {
        odds[..=end].fill(f32::NEG_INFINITY);
    }
}

/// The length to which `pieces` are cut where their end is a loop.
fn looped(pieces: &[usize], end: usize) -> Option<usize> {
    let is_text = |at: &usize| pieces[*at] < end;
    let text: Vec<usize> = (0..pieces.len()).filter(is_text).collect();
    let same = |a: usize, b: usize| pieces[text[a]] == pieces[text[b]];
    (1..=LOOP_MAX).find_map(|period| {
        let run = (period * LOOP_TIMES).max(LOOP_PIECES.next_multiple_of(period));
        let first = text.len().checked_sub(run)?;
        let repeats = (first + period..text.len()).all(|at| same(at, at - period));
        repeats.then(|| text[first + period])
    })
}

/// The segments of `pieces`.
fn segments(pieces: &[usize], words: &Words, seconds: f64) -> Vec<Segment> {
    let mut segments = Vec::new();
    let (mut start, mut from) = (0.0, 0);
    let time = |piece: usize| ((piece - words.times.start) as f64 * TICK).min(seconds);
    for at in 0..=pieces.len() {
        let piece = pieces
            .get(at)
            .copied()
            .filter(|piece| *piece < words.times.start);
        if piece.is_some() {
            continue;
        }
        let end = pieces.get(at).map_or(seconds, |piece| time(*piece));
        let text = words.text(&pieces[from..at]);
        if !text.trim().is_empty() {
            segments.push(Segment { start, end, text });
        }
        (start, from) = (end, at + 1);
    }
    segments
}

fn likeliest(odds: &[f32], of: std::ops::Range<usize>) -> usize {
    let likeliest = of.clone().max_by(|a, b| odds[*a].total_cmp(&odds[*b]));
    likeliest.unwrap_or(of.start)
}

/// The logarithm of the sum of odds.
fn sum(odds: &[f32]) -> f32 {
    let most = odds.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    match most.is_finite() {
        true => {
            odds.iter()
                .map(|odds| (odds - most).exp())
                .sum::<f32>()
                .ln()
                + most
        }
        false => most,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_cut() {
        let check = |pieces: &[usize], expected: Option<usize>| {
            assert_eq!(looped(pieces, 100), expected, "{pieces:?}");
        };
        check(&[], None);
        check(&[1; 11], None);
        check(&[1; 12], Some(1));
        // The times between are not counted.
        let circle = [[101, 1, 2, 3, 4, 102]; 3].concat();
        check(&circle, Some(7));
        check(&circle[..circle.len() - 2], None);
    }

    #[test]
    fn sums_are_of_odds() {
        assert!((sum(&[0.0, 0.0]) - 2_f32.ln()).abs() < 1e-6);
        assert_eq!(sum(&[f32::NEG_INFINITY; 2]), f32::NEG_INFINITY);
    }
}
