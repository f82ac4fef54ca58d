//! A folder as a power cut could have left it, by what happened until then.
//!
//! What was synced is there. Of the rest each write, each length and each name is there or not,
//! by chance and on its own, so that they come in any order; a write may be there in part, by
//! sectors. A disk promises no more (Pillai et al., "All File Systems Are Not Created Equal",
//! OSDI 2014; sqlite.org/atomiccommit.html).

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::common::random::Random;
use super::disk::{FileId, Node, Op};

/// Bytes that a disk writes as one.
const SECTOR: usize = 512;

/// What becomes of what was not synced.
pub struct Fate {
    random: Random,
    /// How often it is there, of a hundred times.
    keeps: usize,
    /// How often a write that is there is so in part only.
    tears: usize,
    /// Whether syncing does anything.
    syncs: bool,
}

impl Fate {
    /// One of the ways in which a disk goes down, by `seed`.
    pub fn of(seed: u64) -> Self {
        let mut random = Random(seed);
        Self {
            // Nothing, little, half, most, everything.
            keeps: *random.pick(&[0, 10, 50, 90, 100]),
            tears: *random.pick(&[0, 30]),
            random,
            syncs: true,
        }
    }

    /// A disk that keeps everything.
    pub fn kind() -> Self {
        Self {
            random: Random(0),
            keeps: 100,
            tears: 0,
            syncs: true,
        }
    }

    /// The same disk, which says that it has synced and has not.
    pub fn lying(self) -> Self {
        Self {
            syncs: false,
            ..self
        }
    }
}

/// Makes the folder `into` what is left of `ops` where they all began and some were not done.
pub fn build(ops: &[Op], fate: &mut Fate, into: &Path) {
    let (mut files, mut folders) = (HashMap::new(), HashMap::new());
    if fate.syncs {
        for (at, op) in ops.iter().enumerate() {
            match op {
                Op::Synced(file) => drop(files.insert(*file, at)),
                Op::FolderSynced(path) => drop(folders.insert(path.as_path(), at)),
                _ => {}
            }
        }
    }
    let mut names: BTreeMap<&PathBuf, Node> = BTreeMap::new();
    let mut texts: HashMap<FileId, Vec<u8>> = HashMap::new();
    // The date of a file says nothing of what is in it: it may be there without the bytes.
    let mut dates: HashMap<FileId, SystemTime> = HashMap::new();
    for (at, op) in ops.iter().enumerate() {
        let synced = |file: &FileId| files.get(file).is_some_and(|last| *last > at);
        match op {
            Op::Named(changes) => {
                let parents = changes.iter().filter_map(|(path, _)| path.parent());
                let mut last = parents.filter_map(|parent| folders.get(parent));
                if last.any(|last| *last > at) || fate.random.chance(fate.keeps) {
                    changes
                        .iter()
                        .for_each(|(path, node)| rename(&mut names, path, *node));
                }
            }
            Op::Wrote {
                file,
                at,
                bytes,
                modified,
            } => {
                let text = texts.entry(*file).or_default();
                dates.insert(*file, *modified);
                let at = *at as usize;
                if synced(file) {
                    put(text, at, bytes);
                } else if fate.random.chance(fate.keeps) {
                    put_in_part(text, at, bytes, fate);
                }
            }
            Op::Sized { file, bytes } => {
                if synced(file) || fate.random.chance(fate.keeps) {
                    texts.entry(*file).or_default().resize(*bytes as usize, 0);
                }
            }
            Op::Synced(_) | Op::FolderSynced(_) | Op::Said(_) => {}
        }
    }
    // Folders come before what is in them.
    for (path, node) in names {
        let path = into.join(path);
        // What is in a folder that is not there is not there either.
        if path.parent().is_some_and(Path::is_dir) {
            let made = match node {
                Node::Folder => fs::create_dir(&path),
                Node::File(id) => file(&path, texts.get(&id), dates.get(&id)),
            };
            made.expect("an image of a folder");
        }
    }
}

fn file(path: &Path, text: Option<&Vec<u8>>, modified: Option<&SystemTime>) -> io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(text.map_or(&[], |text| text))?;
    modified.map_or(Ok(()), |modified| file.set_modified(*modified))
}

fn rename<'a>(names: &mut BTreeMap<&'a PathBuf, Node>, path: &'a PathBuf, node: Option<Node>) {
    match node {
        Some(node) => drop(names.insert(path, node)),
        None => names.retain(|name, _| !name.starts_with(path)),
    }
}

fn put(text: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if text.len() < end {
        text.resize(end, 0);
    }
    text[at..end].copy_from_slice(bytes);
}

/// Puts the whole, or some of the sectors.
fn put_in_part(text: &mut Vec<u8>, at: usize, bytes: &[u8], fate: &mut Fate) {
    if !fate.random.chance(fate.tears) {
        return put(text, at, bytes);
    }
    let (mut at, mut rest) = (at, bytes);
    while !rest.is_empty() {
        let (sector, after) = rest.split_at(rest.len().min(SECTOR - at % SECTOR));
        if fate.random.chance(50) {
            put(text, at, sector);
        }
        at += sector.len();
        rest = after;
    }
}
