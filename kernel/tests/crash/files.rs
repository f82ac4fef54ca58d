//! Files that are replaced as a whole, and a key, in folders that are made for them. After a power
//! cut each is as it was after the last change that was acknowledged, or after the next one.

use std::fs;
use std::path::{Path, PathBuf};

use quipu_memory::private;
use serde_json::{Value, json};

use super::Sound;
use super::common::random::Random;
use super::disk::say;

/// Changes of one seed.
const CHANGES: usize = 30;
/// Files that are replaced.
const FILES: usize = 3;

/// Which file each change of a seed replaces.
fn changes(seed: u64) -> Vec<usize> {
    let mut random = Random(seed);
    (0..CHANGES).map(|_| random.below(FILES)).collect()
}

/// The file `n`, each in a folder of its own below others.
fn place(folder: &Path, n: usize) -> PathBuf {
    folder.join(format!("a/b{n}/file"))
}

/// What change `n` writes: a sector more each time.
fn text(n: usize) -> String {
    format!("{n}\n").repeat(256 * n)
}

/// Makes the changes of `seed`, and says after each that it was made.
pub fn work(folder: &Path, seed: u64) {
    let key = private::key(&folder.join("state/key")).expect("a key");
    say(json!({ "key": key }));
    for (n, file) in changes(seed).into_iter().enumerate() {
        let path = place(folder, file);
        private::folder(path.parent().unwrap_or(folder)).expect("a folder");
        private::replace(&path, text(n).as_bytes()).expect("replaced");
        say(json!({ "made": n }));
    }
}

/// Whether each file has what was acknowledged last, or what was to come next.
pub fn check(folder: &Path, seed: u64, said: &[&Value]) -> Sound {
    let key = private::key(&folder.join("state/key")).map_err(|error| error.to_string())?;
    match said.first().map(|said| said["key"] == json!(key)) {
        Some(false) => return Err("the key is another".to_owned()),
        Some(true) => {}
        None => return Ok(()),
    }
    let (changes, made) = (changes(seed), said.len() - 1);
    for file in 0..FILES {
        let there = fs::read_to_string(place(folder, file)).ok();
        let last = |changes: &[usize]| changes.iter().rposition(|change| *change == file);
        let may_be = [made, (made + 1).min(CHANGES)].map(|made| last(&changes[..made]).map(text));
        if !may_be.contains(&there) {
            let has = there.map(|there| there.lines().next().map(str::to_owned));
            return Err(format!("after change {made} file {file} has {has:?}"));
        }
    }
    Ok(())
}
