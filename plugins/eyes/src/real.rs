//! The real networks on pictures whose text is known. They are not part of the project, so
//! this needs two folders: `QUIPU_TEST_EYES` with the weights, as `quipu model pull eyes`
//! puts them, and `QUIPU_TEST_PICTURES` with pictures and, beside each, its text (`a.png`,
//! `a.txt`). It shows the share of wrong letters of each picture, and fails above 2 % in all.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::{page, picture, weights};

/// The share of wrong letters that all pictures together may have.
const WRONG_MAX: f64 = 0.02;

#[test]
fn real_pictures_are_read() {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let (Some(weights), Some(pictures)) =
        (folder("QUIPU_TEST_EYES"), folder("QUIPU_TEST_PICTURES"))
    else {
        println!("SKIPPED: QUIPU_TEST_EYES and QUIPU_TEST_PICTURES name no folders");
        return;
    };
    let nets = weights::load(weights.to_str().unwrap()).unwrap();
    let (mut wrong, mut letters) = (0, 0);
    for (path, text) in pairs(&pictures) {
        let begun = Instant::now();
        let picture = picture::decode(&std::fs::read(&path).unwrap()).unwrap();
        let read = page::read(&picture, &nets).unwrap();
        let (found, expected) = (squeezed(&read.text), squeezed(&text));
        let edits = distance(&found, &expected);
        println!(
            "{:<32} {:>5} letters, {:>6.2} % wrong, {:>6.2} s, {} lines",
            path.file_name().unwrap().to_string_lossy(),
            expected.len(),
            100.0 * edits as f64 / expected.len() as f64,
            begun.elapsed().as_secs_f64(),
            read.lines.len(),
        );
        if std::env::var_os("QUIPU_TEST_SHOW").is_some() && edits > 0 {
            println!("{}\n--", read.text);
        }
        wrong += edits;
        letters += expected.len();
    }
    assert!(letters > 0, "no pictures in {}", pictures.display());
    let share = wrong as f64 / letters as f64;
    println!("{letters} letters, {:.2} % wrong", 100.0 * share);
    assert!(share <= WRONG_MAX);
}

/// Pictures and their texts.
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

/// The letters of a text. How wide a gap is tells nothing.
fn squeezed(text: &str) -> Vec<char> {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .collect()
}

/// Letters put in, left out or taken for others.
fn distance(a: &[char], b: &[char]) -> usize {
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
