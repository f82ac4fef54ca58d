//! Links between notes: which pages lead to a page, and where its own links lead.
//!
//! Links name notes and not pages. They are looked for when somebody asks, among the pages
//! that have the words of a note's name, so that they are never out of date.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Result;
use quipu_memory::{HITS_MAX, Mode, Page, PageId, Query, Store};
use unicode_normalization::UnicodeNormalization;

/// Pages looked at to find the note that a link names.
const CANDIDATES: usize = 50;
/// How the files of notes end.
const NOTES: &[&str] = &[".md", ".markdown", ".mdx", ".qmd", ".org", ".rst", ".adoc"];
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
    let names = names(page);
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for name in &names {
        let query = Query {
            mode: Mode::Lexical,
            ..Query::new(name.clone(), HITS_MAX)
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
            if targets(&other.text)
                .iter()
                .any(|target| names.contains(&folded(target)))
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
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for target in targets(&page.text).into_iter().take(LINKS_MAX) {
        if !seen.insert(folded(&target)) {
            continue;
        }
        let query = Query {
            mode: Mode::Lexical,
            ..Query::new(target.clone(), CANDIDATES)
        };
        let hits = store.search(&query)?;
        let mut pages = Vec::new();
        for hit in hits {
            if let Some(other) = store.get(&hit.id)?
                && document(other.place.as_ref()) != document(page.place.as_ref())
                && names(&other).contains(&folded(&target))
            {
                pages.push(other);
            }
        }
        let first = pages
            .into_iter()
            .min_by_key(|page| page.place.as_ref().map(|place| place.part));
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

/// What the document of `page` is called in links: its file's name, and its other names.
fn names(page: &Page) -> Vec<String> {
    let Some(place) = &page.place else {
        return Vec::new();
    };
    let stem = Path::new(&place.of)
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let title = page.title.split(" › ").next().unwrap_or_default();
    let (own, others) = title.split_once(" (").unwrap_or((title, ""));
    let others = others.trim_end_matches(')').split(", ");
    let mut names: Vec<String> = stem
        .into_iter()
        .chain([own.to_owned()])
        .chain(others.map(str::to_owned))
        .map(|name| folded(&name))
        .collect();
    names.retain(|name| !name.is_empty());
    names.dedup();
    names
}

/// A name as it is compared: some file systems write accents and Korean in parts.
fn folded(name: &str) -> String {
    let name: String = name.trim().trim_end_matches(".md").nfc().collect();
    name.to_lowercase()
}

/// The names of the notes that `text` links to: `[[folder/Name#Heading|words]]` and
/// `[words](folder/Name.md#heading)`.
fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("[[").into_iter().chain(rest.find("](")).min() {
        let inside = &rest[at + 2..];
        let close = if rest[at..].starts_with("[[") {
            "]]"
        } else {
            ")"
        };
        let Some(end) = inside
            .find(close)
            .filter(|end| !inside[..*end].contains('\n'))
        else {
            rest = inside;
            continue;
        };
        let target = match close {
            "]]" => of_name(&inside[..end]),
            _ => of_path(&inside[..end]),
        };
        let is_note = close == "]]" || NOTES.iter().any(|ending| target.ends_with(ending));
        let name = unescaped(target);
        let name = name.rsplit('/').next().unwrap_or_default();
        let name = NOTES.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
        let name = name.trim();
        if is_note && !target.contains("://") && !name.is_empty() {
            found.push(name.to_owned());
        }
        rest = &inside[end..];
    }
    found
}

/// The note in `Name#Heading|words`, or in `file:name.org][words` as Org has it.
fn of_name(inside: &str) -> &str {
    let target = inside.split("][").next().unwrap_or_default();
    let target = target.split(['|', '#']).next().unwrap_or_default().trim();
    let target = target.trim_end_matches('\\');
    target.split_once("file:").map_or(target, |(_, path)| path.split("::").next().unwrap_or(path))
}

/// The path in `path#heading "words"`, or in `<path> "words"`, in which it may have spaces.
fn of_path(inside: &str) -> &str {
    let inside = inside.trim();
    let path = match inside.strip_prefix('<') {
        Some(rest) => rest.split('>').next(),
        None => inside.split([' ', '\t']).next(),
    };
    path.unwrap_or_default().split('#').next().unwrap_or_default()
}

/// `path` with its percent signs decoded.
fn unescaped(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path);
    decoded.decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use quipu_memory::{NewPage, Place, RamStore};

    use super::*;

    #[test]
    fn links_name_notes() {
        let check = |text: &str, expected: &[&str]| assert_eq!(targets(text), expected, "{text}");
        check(
            "see [[Wool]] and [[a/Dye#Red|the red]] ![[Cord#^end]]",
            &["Wool", "Dye", "Cord"],
        );
        check(
            "[x](Old%20Cord.md#a) [y](https://example.org/z.md) [z](z.png)",
            &["Old Cord"],
        );
        check(
            "[x](<Old Cord.md> 'a') [y](wool.md \"the wool\") [z](dye.org) [w](a.rst#b)",
            &["Old Cord", "wool", "dye", "a"],
        );
        check(
            "[[file:notes/wool.org::*Red][the red]] [[file:dye.org]] [[Cord][a cord]]",
            &["wool", "dye", "Cord"],
        );
        check("| [[Wool\\|w]] | [[ ]] [[open", &["Wool"]);
        check("no links [ [a] ] (b)", &[]);
    }

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
