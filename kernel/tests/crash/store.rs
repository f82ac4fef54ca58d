//! A store whose pages come and go. After a power cut it is as it was after the last change that
//! was acknowledged, or after the one that was under way; and its index says the same.

use std::collections::BTreeMap;
use std::path::Path;

use quipu_memory::{Access, DiskStore, ImportedFile, NewPage, Place, Query, Store};
use serde_json::{Value, json};

use super::Sound;
use super::common::random::Random;
use super::disk::say;

/// Changes of one seed.
const CHANGES: usize = 24;
/// More pages at once than may wait for the index.
const MANY: usize = 260;
/// Files that are imported.
const FILES: usize = 2;
/// Pages that are put one at a time.
const SINGLE: usize = 12;

/// One change.
#[derive(Debug)]
enum Change {
    /// Puts these pages: a number and a version each.
    Put(Vec<(String, String)>),
    Remove(String),
    PutFile(String, Vec<(String, String)>),
    RemoveFile(String),
    /// Closes the store, and opens it again.
    Reopen,
    Purge,
    Rebuild,
}

/// The texts of pages, by their ids.
type Pages = BTreeMap<String, String>;

/// The changes of a seed, and what is there before and after each of them.
fn changes(seed: u64) -> (Vec<Change>, Vec<Pages>) {
    let mut random = Random(seed);
    let (mut changes, mut states) = (Vec::new(), vec![Pages::new()]);
    let once = random.below(CHANGES);
    for n in 0..CHANGES {
        let mut now = states[n].clone();
        // A word that no other text has.
        let text = |id: &str| format!("llama w{n}{id} of the herd");
        let pages = |ids: Vec<String>| -> Vec<(String, String)> {
            ids.into_iter().map(|id| (id.clone(), text(&id))).collect()
        };
        let file = format!("f{}", random.below(FILES));
        let part = |n: usize| format!("{file}x{n}");
        let change = match random.below(20) {
            _ if n == once => Change::Put(pages((0..MANY).map(|n| format!("m{n}")).collect())),
            0..8 => Change::Put(pages(vec![format!("p{}", random.below(SINGLE))])),
            8..12 => Change::Remove(format!("p{}", random.below(SINGLE))),
            12..15 => Change::PutFile(
                file.clone(),
                pages((0..1 + random.below(4)).map(part).collect()),
            ),
            15 => Change::RemoveFile(file.clone()),
            16 => Change::Purge,
            17 => Change::Rebuild,
            _ => Change::Reopen,
        };
        match &change {
            Change::Put(pages) => now.extend(pages.iter().cloned()),
            Change::Remove(id) => drop(now.remove(id)),
            Change::PutFile(file, pages) => {
                now.retain(|id, _| !id.starts_with(file.as_str()));
                now.extend(pages.iter().cloned());
            }
            Change::RemoveFile(file) => now.retain(|id, _| !id.starts_with(file.as_str())),
            Change::Reopen | Change::Purge | Change::Rebuild => {}
        }
        changes.push(change);
        states.push(now);
    }
    (changes, states)
}

fn open(folder: &Path) -> DiskStore {
    DiskStore::open(folder.join("memory"), Access::ReadWrite).expect("the store opens")
}

fn new(pages: &[(String, String)], of: Option<&str>) -> Vec<NewPage> {
    let pages = pages.iter().enumerate();
    pages
        .map(|(part, (id, text))| NewPage {
            id: Some(id.as_str().into()),
            text: text.clone(),
            source: "test".into(),
            place: of.map(|of| Place {
                of: of.to_owned(),
                part: part as u32,
            }),
            ..NewPage::default()
        })
        .collect()
}

/// Makes the changes of `seed`, and says after each that it was made.
pub fn work(folder: &Path, seed: u64) {
    let mut store = open(folder);
    for (n, change) in changes(seed).0.iter().enumerate() {
        match change {
            Change::Put(pages) => drop(store.put_all(new(pages, None)).expect("put")),
            Change::Remove(id) => drop(store.remove(&id.as_str().into()).expect("removed")),
            Change::PutFile(path, pages) => {
                let file = ImportedFile {
                    path: path.clone(),
                    bytes: 1,
                    modified_ns: 1,
                    sha256: n.to_string(),
                };
                store
                    .put_file(&file, new(pages, Some(path.as_str())))
                    .expect("put");
            }
            Change::RemoveFile(path) => drop(store.remove_file(path).expect("removed")),
            Change::Purge => store.purge().expect("purged"),
            Change::Rebuild => store.rebuild(&|_, _| {}).expect("rebuilt"),
            Change::Reopen => {
                drop(store);
                store = open(folder);
            }
        }
        say(json!({ "made": n }));
    }
}

/// Whether the store has all that was acknowledged, and nothing else but perhaps the next change.
pub fn check(folder: &Path, seed: u64, said: &[&Value]) -> Sound {
    let store = open(folder);
    let states = changes(seed).1;
    let may_be = &states[said.len()..(said.len() + 2).min(states.len())];
    let there = pages(&store)?;
    if !may_be.contains(&there) {
        return Err(format!("after {} changes there are {there:?}", said.len()));
    }
    found(&store, &there)?;
    // It goes on from there.
    let late = vec![("late".to_owned(), "one more llama".to_owned())];
    store
        .put_all(new(&late, None))
        .map_err(|error| error.to_string())?;
    drop(store);
    let store = open(folder);
    let mut now = there;
    now.extend(late);
    match pages(&store)? == now {
        true => found(&store, &now),
        false => Err("what was put after the power cut is lost".to_owned()),
    }
}

fn pages(store: &DiskStore) -> Result<Pages, String> {
    let list = store.list(0, 10_000).map_err(|error| error.to_string())?;
    let mut pages = Pages::new();
    for summary in list {
        let page = store.get(&summary.id).map_err(|error| error.to_string())?;
        let page = page.ok_or_else(|| format!("{} is listed and lost", summary.id))?;
        pages.insert(page.id.to_string(), page.text);
    }
    Ok(pages)
}

/// Whether a search finds all of these pages, and no other.
fn found(store: &DiskStore, pages: &Pages) -> Sound {
    let hits = store
        .search(&Query::new("llama", 1_000))
        .map_err(|error| error.to_string())?;
    let mut ids: Vec<String> = hits.iter().map(|hit| hit.id.to_string()).collect();
    ids.sort();
    match ids.iter().eq(pages.keys()) {
        true => Ok(()),
        false => Err(format!(
            "a search finds {ids:?}, and there are {:?}",
            pages.keys()
        )),
    }
}
