//! Power cuts: at any moment, whatever of the unsynced writes the disk has kept, everything opens,
//! nothing that was acknowledged is lost, and no effect is done twice.
//!
//! A machine runs once on a disk that is watched. From what was noted a folder is built as a
//! power cut at a seeded moment could have left it, and the next machine starts there. SQLite and
//! TigerBeetle are tested in this way.
//!
//! | file | job |
//! | --- | --- |
//! | `disk` | notes what is written and synced |
//! | `image` | a folder as a power cut leaves it |
//! | `machine` | processes with effects, on the journal and the store |
//! | `store` | pages that come and go |
//! | `files` | files that are replaced as a whole |
//! | this one | seeds, and how one is tried again |
#![cfg(all(target_os = "linux", target_env = "gnu"))]

#[path = "../common/mod.rs"]
mod common;
mod disk;
mod files;
mod image;
mod machine;
mod store;

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use common::random::Random;
use common::{cases, folder};
use disk::Op;
use image::Fate;
use serde_json::Value;

/// The environment variable with the one seed that is to be tried.
const SEED: &str = "QUIPU_TEST_SEED";
/// Seeds that are tried, and in `make torture`.
const SEEDS: u64 = 150;
const SEEDS_MAX: u64 = 5_000;
/// Seeds that share what happened, and differ in when the disk went down and how.
const SEEDS_TOGETHER: u64 = 50;

/// What is wrong after a power cut, in words.
type Sound = Result<(), String>;

/// Something that is done on a disk, and what is to hold after it.
struct Trial {
    /// The name of the test.
    name: &'static str,
    /// Does it in the folder, by a seed.
    work: fn(&Path, u64),
    /// Whether all is well in a folder where these things were said before.
    check: fn(&Path, u64, &[&Value]) -> Sound,
}

/// What happened when the work of `seed` was done.
fn happened(trial: &Trial, seed: u64) -> Vec<Op> {
    let folder = folder();
    let (done, ops) = disk::watched(folder.path(), || {
        catch_unwind(AssertUnwindSafe(|| (trial.work)(folder.path(), seed)))
    });
    done.expect("without a power cut it works");
    // What was noted is all that was written, or nothing that follows would prove anything.
    let image = self::folder();
    image::build(&ops, &mut Fate::kind(), image.path());
    let (noted, there) = (content(image.path()), content(folder.path()));
    let differ = there
        .iter()
        .filter(|(name, text)| noted.get(*name) != Some(*text));
    let differ: Vec<&PathBuf> = differ.map(|(name, _)| name).collect();
    assert!(differ.is_empty(), "not all was noted of {differ:?}");
    assert_eq!(noted.len(), there.len());
    ops
}

/// All files below `folder`, without those that SQLite shares between processes and never trusts
/// after a crash: they are written through memory.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            let below = content(&path).into_iter();
            files
                .extend(below.map(|(name, text)| (Path::new(&entry.file_name()).join(name), text)));
        } else if !path.to_string_lossy().ends_with("-shm") {
            files.insert(entry.file_name().into(), fs::read(&path).expect("a file"));
        }
    }
    files
}

/// The power cut of `seed`: after how many of `ops`, and how.
fn cut(seed: u64, ops: &[Op]) -> (usize, Fate) {
    let mut random = Random(seed ^ 0x5eed);
    (random.below(ops.len() + 1), Fate::of(seed))
}

/// What is wrong after the disk went down after `at` of `ops`.
fn after(trial: &Trial, seed: u64, ops: &[Op], mut fate: Fate, image: &Path) -> Sound {
    image::build(ops, &mut fate, image);
    let said = ops.iter().filter_map(|op| match op {
        Op::Said(what) => Some(what),
        _ => None,
    });
    let said: Vec<&Value> = said.collect();
    let work = seed / SEEDS_TOGETHER;
    let checked = catch_unwind(AssertUnwindSafe(|| (trial.check)(image, work, &said)));
    checked.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let word = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        Err(text.or(word).unwrap_or_else(|| "it panicked".to_owned()))
    })
}

/// Cuts the power once for each seed.
fn torture(trial: &Trial) {
    let one = std::env::var(SEED).ok().map(|seed| seed.parse::<u64>());
    let one = one.map(|seed| seed.expect("QUIPU_TEST_SEED is a number"));
    let seeds = match one {
        Some(seed) => seed..seed + 1,
        None => 0..cases(SEEDS, SEEDS_MAX),
    };
    let mut ops = (u64::MAX, Vec::new());
    for seed in seeds {
        let work = seed / SEEDS_TOGETHER;
        if ops.0 != work {
            ops = (work, happened(trial, work));
        }
        let (at, fate) = cut(seed, &ops.1);
        let image = folder();
        let Err(what) = after(trial, seed, &ops.1[..at], fate, image.path()) else {
            continue;
        };
        // Only where somebody looks.
        let kept = one.map(|_| format!("\nthe disk is left in {}", image.keep().display()));
        let (name, of) = (trial.name, ops.1.len());
        panic!(
            "seed {seed}: power cut after {at} of {of} operations: {what}\n\
             again: {SEED}={seed} cargo nextest run --release --workspace -E 'test({name})'{}",
            kept.unwrap_or_default()
        );
    }
}

/// Of the first seeds, how many are noticed where the disk does not sync. None would mean that
/// nothing is checked.
fn noticed(trial: &Trial) -> usize {
    let ops = happened(trial, 0);
    let seeds = 0..SEEDS_TOGETHER;
    let bad = seeds.filter(|seed| {
        let (at, fate) = cut(*seed, &ops);
        let image = folder();
        after(trial, *seed, &ops[..at], fate.lying(), image.path()).is_err()
    });
    bad.count()
}

const MACHINE: Trial = Trial {
    name: "torture_a_machine_survives_power_cuts",
    work: machine::work,
    check: machine::check,
};

const STORE: Trial = Trial {
    name: "torture_a_store_survives_power_cuts",
    work: store::work,
    check: store::check,
};

const FILES: Trial = Trial {
    name: "torture_files_that_are_replaced_survive_power_cuts",
    work: files::work,
    check: files::check,
};

#[test]
fn torture_a_machine_survives_power_cuts() {
    torture(&MACHINE);
}

#[test]
fn torture_a_store_survives_power_cuts() {
    torture(&STORE);
}

#[test]
fn torture_files_that_are_replaced_survive_power_cuts() {
    torture(&FILES);
}

#[test]
fn a_disk_that_does_not_sync_is_noticed() {
    for trial in [MACHINE, STORE, FILES] {
        let noticed = noticed(&trial);
        assert!(
            noticed >= SEEDS_TOGETHER as usize / 4,
            "{}: {noticed}",
            trial.name
        );
    }
}
