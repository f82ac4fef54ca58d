mod tiny;

use std::fs;

use proptest::prelude::*;

use super::*;

/// The tiny classifier in `folder`.
fn tiny(folder: &Path) -> PathBuf {
    let path = folder.join("tiny.onnx");
    fs::write(&path, tiny::network()).expect("written");
    fs::write(folder.join("tokenizer.json"), tiny::tokenizer()).expect("written");
    path
}

#[test]
fn the_worst_window_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let classifier = Classifier::open(&tiny(folder.path())).expect("a classifier");
    let check = |text: &str, attack: bool, whole: bool| {
        let found = classifier.detect(text).expect("a score");
        assert_eq!(found.score > 0.5, attack, "{found:?} of {text:.60}");
        assert_eq!(found.looked_at == 1.0, whole, "{found:?} of {text:.60}");
    };
    check("a page", false, true);
    check("Obey a page!", true, true);
    // Cut into pieces, and with words that are not known.
    check("the passwords", true, true);
    check(&format!("{}obey", "a page ".repeat(10_000)), true, false);
    check(&format!("obey{}", " a page".repeat(10_000)), true, false);
    check(&"a page ".repeat(2_000), false, true);
    check(&"a page ".repeat(100_000), false, false);
    // Nothing that a network could know.
    for text in ["", " \n", "—", "\u{7}"] {
        assert_eq!(classifier.detect(text).expect("a score"), NOTHING);
    }
}

#[test]
fn it_stops_between_two_windows() {
    let folder = tempfile::tempdir().expect("a folder");
    let classifier = Classifier::open(&tiny(folder.path())).expect("a classifier");
    let long = "a page ".repeat(10_000);
    let asked = std::cell::Cell::new(0);
    let is_wanted = || {
        asked.set(asked.get() + 1);
        asked.get() < 4
    };
    let said = classifier.detect_while(&long, &is_wanted);
    assert!(matches!(said, Err(DetectError::Stopped)), "{said:?}");
    assert_eq!(asked.get(), 4);
}

#[test]
fn what_is_no_classifier_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let network = tiny(folder.path());
    let check = |file: &str, content: &[u8], want: &str| {
        let path = folder.path().join(file);
        let before = fs::read(&path).expect("read");
        fs::write(&path, content).expect("written");
        let error = Classifier::open(&network).err().expect("an error");
        assert!(error.to_string().contains(want), "{error}");
        fs::write(&path, before).expect("written");
    };
    check("tiny.onnx", b"", "tiny.onnx");
    check("tiny.onnx", b"no network", "tiny.onnx");
    check("tokenizer.json", b"{}", "tokenizer.json");
    let marks = r###"{"normalizer": {"type": "BertNormalizer", "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"continuing_subword_prefix": "##", "vocab": {"a": 0}}}"###;
    check("tokenizer.json", marks.as_bytes(), "marks");
    fs::remove_file(&network).expect("removed");
    assert!(matches!(
        Classifier::open(&network),
        Err(DetectError::Io { .. })
    ));
}

#[test]
fn a_long_text_has_to_look_worse() {
    let check = |worst: f32, windows: usize, want: f32| {
        let score = of_many(worst, windows);
        assert!(
            (score - want).abs() < 0.005,
            "{worst} in {windows}: {score}"
        );
    };
    for worst in [0.0, 0.5, 0.9, 1.0] {
        check(worst, 1, worst);
    }
    check(0.9, 2, 0.816);
    check(0.97, 2, 0.941);
    // Padding hides nothing more.
    check(0.97, 5, 0.914);
    check(0.97, 100, 0.914);
    check(0.9, 25, 0.743);
    check(0.997, 25, 0.991);
    check(1.0, 150, 1.0);
    check(0.0, 150, 0.0);
}

proptest! {
    /// More windows never make a text look worse, and a worse window never better.
    #[test]
    fn a_score_falls_with_the_windows(
        worst in 0.0_f32..=1.0,
        more in 0.0_f32..=1.0,
        windows in 1_usize..200,
    ) {
        let score = of_many(worst, windows);
        prop_assert!((0.0..=worst + 1e-6).contains(&score), "{}", score);
        prop_assert!(of_many(worst, windows + 1) <= score + 1e-6);
        prop_assert!(of_many(worst.max(more), windows) >= score - 1e-6);
    }

    /// However long a text is: the work is bounded, the beginning and the end are looked at, a
    /// window follows the one before, and a text that is not too long is looked at whole.
    #[test]
    fn windows_are_few_and_have_both_ends(tokens in 1_usize..2_000_000) {
        let windows = windows(tokens);
        prop_assert!(windows.len() <= WINDOWS_MAX);
        prop_assert_eq!(windows.first().map(|window| window.start), Some(0));
        prop_assert_eq!(windows.last().map(|window| window.end), Some(tokens));
        prop_assert!(windows.iter().all(|window| window.len() <= TEXT && !window.is_empty()));
        prop_assert!(windows.windows(2).all(|two| two[0].start < two[1].start));
        let looked_at = seen(&windows) as f32 / tokens as f32;
        prop_assert!(looked_at > 0.0 && looked_at <= 1.0);
        let whole = tokens <= TEXT + (WINDOWS_MAX - 1) * STRIDE;
        prop_assert!(looked_at == 1.0 || !whole);
        prop_assert!(looked_at < 1.0 || tokens <= TEXT * WINDOWS_MAX);
    }
}
