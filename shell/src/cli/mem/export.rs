//! `quipu mem export`: the pages as JSON lines, as `quipu mem add --jsonl` reads them.

use std::collections::HashSet;

use anyhow::Result;
use clap::Args;
use quipu_memory::{Access, Page, PageId, PageSummary, Store, Trust};
use serde_json::{Value, json};

use super::{EMPTY, summaries};
use crate::config::process::SpaceName;
use crate::import::jsonl::is_of_a_process;
use crate::service::lent::library;
use crate::session::Session;
use crate::terminal::output::{self, counted};

/// Arguments of `mem export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Only pages of this space
    #[arg(long, value_name = "NAME")]
    space: Option<SpaceName>,
}

/// Prints the pages, a line for each.
///
/// # Errors
/// Those of the store and of standard output.
pub fn run(session: &Session, args: &ExportArgs) -> Result<u8> {
    let store = library(session, Access::ReadOnly)?;
    let pages = summaries(store.as_ref(), args.space.as_ref())?;
    let written = lines(store.as_ref(), &pages, &mut |line| output::json(line))?;
    match written {
        0 => say!("{EMPTY}"),
        _ => say!(
            "{}: `quipu mem add --jsonl FILE` brings them in again; with --vouch, as they are here",
            counted(written, "page")
        ),
    }
    Ok(0)
}

/// Writes the line of each of `pages`, behind those of the pages that it was made from; says how
/// many there are. One that was removed meanwhile is passed over.
fn lines(
    store: &dyn Store,
    pages: &[PageSummary],
    write: &mut dyn FnMut(&Value) -> Result<()>,
) -> Result<u64> {
    let mut left: HashSet<PageId> = pages.iter().map(|page| page.id.clone()).collect();
    let mut written = 0;
    for page in pages {
        let mut waiting: Vec<Page> = store.get(&page.id)?.into_iter().collect();
        while let Some(page) = waiting.pop() {
            if !left.contains(&page.id) {
                continue;
            }
            let on_the_way = |id: &PageId| waiting.iter().any(|page| page.id == *id);
            let mut sources = page.derived_from.iter();
            let waits = |id: &PageId| left.contains(id) && *id != page.id && !on_the_way(id);
            let next = sources.find(|id| waits(id)).cloned();
            let source = match &next {
                Some(id) => store.get(id)?,
                None => None,
            };
            match (next, source) {
                (Some(_), Some(source)) => waiting.extend([page, source]),
                (Some(gone), None) => {
                    left.remove(&gone);
                    waiting.push(page);
                }
                (None, _) => {
                    left.remove(&page.id);
                    write(&line(&page, &store.history(&page.id)?))?;
                    written += 1;
                }
            }
        }
    }
    Ok(written)
}

/// What is told of a page, and of its `history`, newest first. An id that only processes give is
/// told as what it was: the page gets another where it is brought in.
fn line(page: &Page, history: &[Page]) -> Value {
    let id = page.id.as_str();
    let is_given = is_of_a_process(id);
    let mut line = said(page, (!is_given).then_some(id));
    if is_given {
        line["was"] = id.into();
    }
    if !history.is_empty() {
        line["history"] = history.iter().rev().map(|page| said(page, None)).collect();
    }
    line
}

/// What a page says, under this `id`, and all that is known of it. Nothing but the machine itself
/// is trusted like the machine.
fn said(page: &Page, id: Option<&str>) -> Value {
    let mut said = json!({
        "_id": id,
        "title": page.title,
        "text": page.text,
        "source": page.source,
        "trust": page.trust.min(Trust::User),
        "secrecy": page.secrecy,
        "kind": page.kind,
        "created_ms": page.created_ms,
    });
    if let Some(space) = page.space.name() {
        said["space"] = space.into();
    }
    if let Some(place) = &page.place {
        said["place"] = json!(place);
    }
    if let Some(suspicion) = &page.suspicion {
        said["suspicion"] = json!(suspicion);
    }
    if !page.derived_from.is_empty() {
        said["derived_from"] = json!(page.derived_from);
    }
    said
}

#[cfg(test)]
mod tests {
    use quipu_memory::{Kind, NewPage, Place, RamStore, Secrecy, Space, Suspicion};

    use super::*;
    use crate::import::job::Shelf;
    use crate::import::jsonl;

    /// All lines of a store.
    fn exported(store: &dyn Store) -> Vec<Value> {
        let pages = store.list(0, 1_000).unwrap();
        let mut all = Vec::new();
        let written = lines(store, &pages, &mut |line| {
            all.push(line.clone());
            Ok(())
        });
        assert_eq!(written.unwrap(), all.len() as u64);
        all
    }

    /// The same store in an empty root.
    fn moved(store: &dyn Store) -> RamStore {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages.jsonl");
        let lines: Vec<String> = exported(store).iter().map(Value::to_string).collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
        let own = Shelf {
            trust: Trust::User,
            ..Shelf::default()
        };
        let other = RamStore::new();
        assert_eq!(jsonl::add(&other, &path, &own).unwrap(), lines.len());
        other
    }

    fn page(id: &str, text: &str) -> NewPage {
        NewPage {
            id: Some(id.into()),
            title: "T".into(),
            text: text.into(),
            source: "s".into(),
            trust: Trust::User,
            created_ms: Some(1_000),
            ..NewPage::default()
        }
    }

    #[test]
    fn pages_of_every_kind_come_back_as_they_were() {
        let check = |pages: Vec<NewPage>| {
            let store = RamStore::new();
            for page in pages {
                store.put(page).unwrap();
            }
            let other = moved(&store);
            let ids = |store: &RamStore| -> Vec<PageId> {
                let pages = store.list(0, 100).unwrap();
                pages.into_iter().map(|page| page.id).collect()
            };
            // What a process named has another name there, also where it is named.
            let were = exported(&store).into_iter().map(|line| {
                let was = line.get("was").unwrap_or(&line["_id"]);
                PageId::from(was.as_str().unwrap())
            });
            let names: Vec<(PageId, PageId)> = were.zip(ids(&other)).collect();
            let renamed = |id: &PageId| {
                let found = names.iter().find(|(was, _)| was == id);
                found.map_or_else(|| id.clone(), |(_, is)| is.clone())
            };
            let as_there = |page: Page| Page {
                id: renamed(&page.id),
                derived_from: page.derived_from.iter().map(renamed).collect(),
                ..page
            };
            for (was, is) in &names {
                let want = store.get(was).unwrap().map(as_there);
                assert_eq!(other.get(is).unwrap(), want);
                let want: Vec<Page> = store
                    .history(was)
                    .unwrap()
                    .into_iter()
                    .map(as_there)
                    .collect();
                assert_eq!(other.history(is).unwrap(), want);
            }
        };
        let memory = |id: &str, text: &str| NewPage {
            kind: Kind::Memory,
            ..page(id, text)
        };
        check(vec![page("a", "one"), page("d7", "two")]);
        for kind in Kind::ALL {
            for secrecy in Secrecy::ALL {
                for trust in [Trust::Untrusted, Trust::User] {
                    for space in [Space::SHARED, "notes".into()] {
                        check(vec![NewPage {
                            kind: *kind,
                            secrecy: *secrecy,
                            trust,
                            space,
                            ..page("a", "one")
                        }]);
                    }
                }
            }
        }
        check(vec![NewPage {
            place: Some(Place {
                of: "/x/notes.md".into(),
                part: 3,
            }),
            suspicion: Some(Suspicion::new(0.5, 0.25)),
            ..page("/x/notes.md#3", "part")
        }]);
        // What a process kept, changed and summed up, and its core memory.
        let later = |text: &str, created_ms: i64| NewPage {
            created_ms: Some(created_ms),
            ..memory("m1-2", text)
        };
        let block = NewPage {
            id: Some(PageId::of_block(&"notes".into(), "person")),
            space: "notes".into(),
            ..memory("", "Ann")
        };
        check(vec![
            later("first", 1),
            later("second", 2),
            memory("m1-3", "other"),
            NewPage {
                derived_from: vec!["m1-3".into(), "m1-2".into()],
                ..memory("m9", "sum")
            },
            later("third", 3),
            block,
        ]);
    }

    #[test]
    fn pages_that_were_made_of_each_other_are_all_written() {
        let store = RamStore::new();
        let made = |id: &str, of: &[&str]| NewPage {
            derived_from: of.iter().map(|id| PageId::from(*id)).collect(),
            ..page(id, id)
        };
        let pages = [
            made("a", &["b", "gone"]),
            made("b", &["a"]),
            made("c", &["c", "a"]),
        ];
        for page in pages {
            store.put(page).unwrap();
        }
        let ids: Vec<Value> = exported(&store)
            .iter()
            .map(|line| line["_id"].clone())
            .collect();
        assert_eq!(ids, ["b", "a", "c"]);
    }
}
