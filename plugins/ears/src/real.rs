//! The real network on recordings whose text is known. They are not part of the project, so
//! this needs two folders: `QUIPU_TEST_EARS` with the weights, as `quipu model pull ears`
//! puts them, and `QUIPU_TEST_SOUNDS` with recordings and, beside each, its text (`a.wav`,
//! `a.txt`). It shows the share of wrong words of each recording, of Chinese that of wrong
//! characters, and fails above 15 % in all.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::hear::{self, Ears};
use crate::sound;

/// The share of wrong words that all recordings together may have: machines speak them.
const WRONG_MAX: f64 = 0.15;

#[test]
fn real_recordings_are_heard() {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let (Some(weights), Some(sounds)) = (folder("QUIPU_TEST_EARS"), folder("QUIPU_TEST_SOUNDS"))
    else {
        println!("SKIPPED: QUIPU_TEST_EARS and QUIPU_TEST_SOUNDS name no folders");
        return;
    };
    let begun = Instant::now();
    let ears = Ears::load(weights.to_str().unwrap()).unwrap();
    println!("{:.2} s to load", begun.elapsed().as_secs_f64());
    let (mut wrong, mut words, mut time) = (0, 0, 0.0);
    for (path, text) in pairs(&sounds) {
        let begun = Instant::now();
        let (mut segments, mut start, mut language) = (Vec::new(), Some(0.0), None);
        while let Some(from) = start {
            let source = sound::open(path.to_str().unwrap()).unwrap();
            let heard = ears.hear(source, language.as_deref(), from).unwrap();
            assert!(heard.next.is_none_or(|next| next > from));
            segments.extend(heard.segments);
            (start, language) = (heard.next, heard.language);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let read = hear::text(&segments);
        let (found, expected) = (split(&fast2s::convert(&read)), split(&text));
        let edits = distance(&found, &expected);
        println!(
            "{:<16} {:>4} words, {:>3} wrong, {seconds:>6.2} s, {}",
            path.file_name().unwrap().to_string_lossy(),
            expected.len(),
            edits,
            language.as_deref().unwrap_or("nothing"),
        );
        if std::env::var_os("QUIPU_TEST_SHOW").is_some() {
            println!("{segments:?}\n-- {text}");
        }
        time += seconds;
        wrong += edits;
        words += expected.len();
    }
    assert!(words > 0, "no recordings in {}", sounds.display());
    let share = wrong as f64 / words as f64;
    println!("{words} words, {:.2} % wrong, {time:.2} s", 100.0 * share);
    assert!(share <= WRONG_MAX);
}

/// Recordings and their texts.
fn pairs(folder: &Path) -> Vec<(PathBuf, String)> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut pairs: Vec<(PathBuf, String)> = files
        .filter_map(|file| {
            let path = file.unwrap().path();
            let text = path.with_extension("txt");
            (path != text && text.is_file()).then(|| (path, std::fs::read_to_string(text).unwrap()))
        })
        .collect();
    pairs.sort();
    pairs
}

/// The words of a text; of Chinese, its characters. Case and signs tell nothing.
fn split(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in text.to_lowercase().chars() {
        let is_word = c.is_alphanumeric() || c == '\'';
        let is_chinese = ('\u{3400}'..'\u{a000}').contains(&c);
        if !is_word || is_chinese {
            words.push(String::new());
        }
        if is_word {
            words.last_mut().unwrap().push(c);
        }
        if is_chinese {
            words.push(String::new());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Words put in, left out or taken for others.
fn distance(a: &[String], b: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
