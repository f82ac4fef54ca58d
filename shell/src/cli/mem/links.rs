//! Links between notes: which pages lead to a page, and where its own links lead.
//!
//! Links name notes and not pages. They are looked for when somebody asks, among the pages
//! that have the words of a note's name, so that they are never out of date.

use std::collections::HashSet;

use anyhow::Result;
use quipu_memory::{HITS_MAX, Mode, Names, Page, PageId, Query, Store, links};

/// Pages looked at to find the note that a link names.
const CANDIDATES: usize = 50;
/// Links of one page that are followed.
const LINKS_MAX: usize = 50;

/// A page at the other end of a link.
#[derive(Debug, PartialEq)]
pub struct Linked {
    /// Its id.
    pub id: PageId,
    /// Its title.
    pub title: String,
}

/// The pages of other documents that link to the document of `page`.
///
/// # Errors
/// Those of the store.
pub fn to(store: &dyn Store, page: &Page) -> Result<Vec<Linked>> {
    let Some(names) = names(page) else {
        return Ok(Vec::new());
    };
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for name in names.iter() {
        let query = Query {
            mode: Mode::Lexical,
            ..Query::new(name, HITS_MAX)
        };
        for hit in store.search(&query)? {
            if document(hit.place.as_ref()) == document(page.place.as_ref())
                || !seen.insert(hit.id.clone())
            {
                continue;
            }
            let Some(other) = store.get(&hit.id)? else {
                continue;
            };
            let Some(from) = self::names(&other) else {
                continue;
            };
            if links(&other.text)
                .iter()
                .any(|link| link.leads_to(&from, &names))
            {
                found.push(Linked {
                    id: hit.id,
                    title: hit.title,
                });
            }
        }
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// The first page of each document that `page` links to and that is stored.
///
/// # Errors
/// Those of the store.
pub fn from(store: &dyn Store, page: &Page) -> Result<Vec<Linked>> {
    let Some(from) = names(page) else {
        return Ok(Vec::new());
    };
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for link in links(&page.text).into_iter().take(LINKS_MAX) {
        let query = Query {
            mode: Mode::Lexical,
            ..Query::new(link.name.clone(), CANDIDATES)
        };
        let mut pages = Vec::new();
        for hit in store.search(&query)? {
            if let Some(other) = store.get(&hit.id)?
                && document(other.place.as_ref()) != document(page.place.as_ref())
                && names(&other).is_some_and(|to| link.leads_to(&from, &to))
            {
                pages.push(other);
            }
        }
        let first = pages
            .into_iter()
            .min_by_key(|page| page.place.as_ref().map(|place| place.part))
            .filter(|page| seen.insert(page.id.clone()));
        found.extend(first.map(|page| Linked {
            id: page.id,
            title: page.title,
        }));
    }
    Ok(found)
}

fn document(place: Option<&quipu_memory::Place>) -> Option<&str> {
    place.map(|place| place.of.as_str())
}

/// The names of the document of `page` in links; `None` where the page is not part of a document.
fn names(page: &Page) -> Option<Names> {
    let place = page.place.as_ref()?;
    Some(Names::of(&page.title, place))
}

#[cfg(test)]
mod tests {
    use quipu_memory::{NewPage, Place, RamStore};

    use super::*;

    #[test]
    fn links_are_followed_both_ways() {
        let store = RamStore::new();
        for (name, title, part, text) in [
            (
                "/n/Wool.md",
                "Wool.md (Fleece)",
                0,
                "Spun by [[Ada Quill]].",
            ),
            ("/n/Wool.md", "Wool.md (Fleece) › Dye", 1, "Red."),
            (
                "/n/Ada Quill.md",
                "Ada Quill.md",
                0,
                "Keeps the [[Fleece|wool]].",
            ),
            ("/n/Day.md", "Day.md", 0, "Bought [more](Wool.md)."),
            ("/n/Other.md", "Other.md", 0, "Wool without a link."),
        ] {
            let page = NewPage {
                id: Some(format!("{name}#{}", part + 1).into()),
                title: title.into(),
                text: text.into(),
                place: Some(Place {
                    of: name.into(),
                    part,
                }),
                ..NewPage::default()
            };
            store.put(page).expect("put");
        }
        let page = |id: &str| store.get(&id.into()).expect("got").expect("a page");
        let ids = |linked: Vec<Linked>| -> Vec<String> {
            linked
                .into_iter()
                .map(|linked| linked.id.to_string())
                .collect()
        };
        let here = ids(to(&store, &page("/n/Wool.md#2")).expect("found"));
        assert_eq!(here, ["/n/Ada Quill.md#1", "/n/Day.md#1"]);
        let there = ids(from(&store, &page("/n/Ada Quill.md#1")).expect("found"));
        assert_eq!(there, ["/n/Wool.md#1"]);
    }
}
