//! The voice with its real weights, where they are: `QUIPU_TEST_VOICE` names the folder that
//! `quipu model pull voice` has filled. Without it these tests are skipped.
#![allow(clippy::unwrap_used, reason = "a test may stop there")]
#![allow(
    clippy::print_stdout,
    reason = "who runs the tests is told that one was skipped"
)]

use std::path::PathBuf;

use quipu_voice::{RATE, Voice, VoiceError, sentences};

/// The folder with the weights.
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("QUIPU_TEST_VOICE").map(PathBuf::from);
    if folder.is_none() {
        println!("SKIPPED: QUIPU_TEST_VOICE names no folder");
    }
    folder
}

#[test]
fn the_same_text_is_the_same_sound() {
    let Some(folder) = folder() else { return };
    let voice = Voice::open(&folder, 2).unwrap();
    let text = sentences("Hello there.").remove(0);
    let sound = voice.speak(&text, None, 1.0).unwrap();
    let seconds = sound.len() as f32 / RATE as f32;
    assert!((0.5..3.0).contains(&seconds), "{seconds}");
    let loudest = sound
        .iter()
        .fold(0f32, |most, sample| most.max(sample.abs()));
    assert!((0.05..=1.5).contains(&loudest), "{loudest}");
    // One thread, another voice that was opened: the same bits.
    let other = Voice::open(&folder, 1).unwrap();
    assert_eq!(other.speak(&text, None, 1.0).unwrap(), sound);
    let quick = voice.speak(&text, None, 1.5).unwrap();
    assert!(quick.len() < sound.len());
    let nobody = voice.speak(&text, Some("nobody"), 1.0);
    assert!(matches!(nobody, Err(VoiceError::NoSpeaker { .. })));
}
