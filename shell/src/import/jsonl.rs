//! Pages that are written down as JSON lines, one a line: checked and stored, not cut. What a line
//! says is read in `line`.

mod line;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::Result;
use indicatif::ProgressBar;
use quipu_memory::{NewPage, Page, PageId, Store};

use super::document::Shelf;
use crate::terminal::bar::busy;
use crate::terminal::error::UserError;
use crate::terminal::lines::{file_words, json_lines};
use crate::terminal::words::{fill, words};
use line::Line;

pub use line::is_of_a_process;

/// Pages, and versions of them, written in one transaction.
const BATCH_PAGES: usize = 500;

/// Adds the pages of a file of JSON lines to the `shelf`, each trusted no further and kept at
/// least as it says: what a file says of itself may only be less trust, or more secrecy. Says
/// how many. No page takes the place of one that is trusted further, kept more secret, or in
/// another space: an id is nobody's right. What `quipu mem export` wrote comes back as it was where
/// the shelf is its user's own.
pub fn add(store: &dyn Store, path: &Path, shelf: &Shelf) -> Result<usize> {
    let mut adding = Adding::to(store);
    for line in json_lines(path)? {
        let (number, value) = line?;
        let line = Line::of(&value, &file_words(path)).map_err(|what| {
            UserError::usage(
                format!("{}, line {number}: {what}", file_words(path)),
                "lines are {\"_id\", \"title\", \"text\"[, \"source\", \"trust\", \"secrecy\"]}, or what \
                 `quipu mem export` writes; the lines before may be stored",
            )
        })?;
        let mut line = line.on(shelf);
        adding.make_way(&mut line)?;
        if let Some(id) = &line.page.id
            && let Some(there) = store.get(id)?
            && !may_replace(&line.page, &there)
        {
            return Err(UserError::usage(
                format!(
                    "{}, line {number}: the page {id} is there already, and is trusted further, \
                     kept more secret, or in another space",
                    file_words(path)
                ),
                "give it another \"_id\", or add it with --vouch, --private or --space as that \
                 page was; the lines before may be stored",
            ));
        }
        adding.add(line)?;
    }
    adding.flush()?;
    Ok(adding.added)
}

/// Pages on their way into a store.
struct Adding<'a> {
    store: &'a dyn Store,
    /// Those that are not stored yet.
    batch: Vec<Waiting>,
    /// The ids that these have, or had where a process wrote them.
    names: HashSet<PageId>,
    /// How many versions they have together.
    versions: usize,
    /// The ids that pages of processes have here, by those that they had.
    moved: HashMap<PageId, PageId>,
    /// The ids that the store gave to pages of the file.
    given: HashSet<PageId>,
    added: usize,
    /// Goes away when it is dropped, even after an error.
    sign: Option<ProgressBar>,
}

/// A page that is not stored yet.
struct Waiting {
    /// The id that it had where a process wrote it.
    was: Option<PageId>,
    /// What it said before, oldest first.
    before: Vec<NewPage>,
    page: NewPage,
}

impl<'a> Adding<'a> {
    fn to(store: &'a dyn Store) -> Self {
        Self {
            store,
            batch: Vec::new(),
            names: HashSet::new(),
            versions: 0,
            moved: HashMap::new(),
            given: HashSet::new(),
            added: 0,
            sign: None,
        }
    }

    /// Lets the page of a line have another id where its own was given to another page of the file.
    fn make_way(&mut self, line: &mut Line) -> Result<()> {
        let Some(id) = line.page.id.clone().filter(PageId::is_given) else {
            return Ok(());
        };
        let waits = |waiting: &Waiting| {
            let is_told = waiting.was.is_some() || !waiting.before.is_empty();
            is_told && waiting.page.id.is_none()
        };
        if self.batch.iter().any(waits) {
            self.flush()?;
        }
        if self.given.contains(&id) {
            line.page.id = None;
            line.was = Some(id);
        }
        Ok(())
    }

    /// Adds the page of a line, behind what it said before.
    fn add(&mut self, line: Line) -> Result<()> {
        let Line {
            mut page,
            was,
            history: mut before,
        } = line;
        let waits = |id: &PageId| self.names.contains(id);
        let is_there_soon = !before.is_empty() && page.id.as_ref().is_some_and(waits);
        let versions = before.iter().chain([&page]);
        // What it was made from has its id here only once it is stored.
        let is_made_of_it = versions.flat_map(|page| &page.derived_from).any(waits);
        if is_there_soon || is_made_of_it {
            self.flush()?;
        }
        if let Some(id) = &page.id
            && self.store.get(id)?.is_some()
        {
            // It has a history of its own.
            before.clear();
        }
        for version in before.iter_mut().chain([&mut page]) {
            version.derived_from = self.here(std::mem::take(&mut version.derived_from));
        }
        for version in &mut before {
            version.id = page.id.clone();
        }
        self.versions += before.len() + 1;
        self.names
            .extend([&page.id, &was].into_iter().flatten().cloned());
        self.batch.push(Waiting { was, before, page });
        if self.versions >= BATCH_PAGES {
            let pages = self.added + self.batch.len();
            let storing = fill(words().storing, &[("pages", &pages)]);
            self.sign
                .get_or_insert_with(|| busy(String::new()))
                .set_message(storing);
            self.flush()?;
        }
        Ok(())
    }

    /// The pages of these ids by the ids that they have here. What only a process could have given
    /// and did not come along is left out: another page may have that id here.
    fn here(&self, ids: Vec<PageId>) -> Vec<PageId> {
        let here = |id: PageId| match self.moved.get(&id) {
            Some(here) => Some(here.clone()),
            None => (!is_of_a_process(id.as_str())).then_some(id),
        };
        ids.into_iter().filter_map(here).collect()
    }

    /// Stores what is not stored yet.
    fn flush(&mut self) -> Result<()> {
        let mut batch = std::mem::take(&mut self.batch);
        self.names.clear();
        self.versions = 0;
        self.name(&mut batch)?;
        let (mut notes, mut pages) = (Vec::new(), Vec::new());
        for Waiting { was, before, page } in batch {
            notes.extend(before.iter().map(|_| None));
            notes.push(Some((was, page.id.is_none())));
            pages.extend(before);
            pages.push(page);
        }
        let stored = self.store.put_all(pages)?;
        for (note, page) in notes.into_iter().zip(stored) {
            // What a page said before is no page of its own.
            let Some((was, is_given)) = note else {
                continue;
            };
            self.added += 1;
            if is_given {
                self.given.insert(page.id.clone());
            }
            if let Some(was) = was {
                self.moved.insert(was, page.id);
            }
        }
        Ok(())
    }

    /// Stores the oldest version of each page of `batch` that has several and no id: they are versions
    /// of one page by the id that the store gives to it.
    fn name(&mut self, batch: &mut [Waiting]) -> Result<()> {
        let nameless =
            |waiting: &&mut Waiting| waiting.page.id.is_none() && !waiting.before.is_empty();
        let mut nameless: Vec<&mut Waiting> = batch.iter_mut().filter(nameless).collect();
        if nameless.is_empty() {
            return Ok(());
        }
        let oldest = nameless.iter_mut().map(|waiting| waiting.before.remove(0));
        let stored = self.store.put_all(oldest.collect())?;
        for (waiting, Page { id, .. }) in nameless.into_iter().zip(stored) {
            for version in waiting.before.iter_mut().chain([&mut waiting.page]) {
                version.id = Some(id.clone());
            }
            self.given.insert(id);
        }
        Ok(())
    }
}

/// Whether `page` may take the place of the one that is `there`.
fn may_replace(page: &NewPage, there: &Page) -> bool {
    there.trust <= page.trust && there.secrecy <= page.secrecy && there.space == page.space
}

#[cfg(test)]
mod tests {
    use quipu_memory::{Secrecy, Space, Trust};

    use super::*;

    #[test]
    fn pages_with_a_history_come_in_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages.jsonl");
        let lines = [
            r#"{"_id":"a","kind":"memory","text":"a3","history":[{"text":"a1"},{"text":"a2"}]}"#,
            // It is there by then, with a history of its own.
            r#"{"_id":"a","kind":"memory","text":"a4","history":[{"text":"x"}]}"#,
            r#"{"was":"m1-2","kind":"memory","text":"b3","history":[{"text":"b1"},{"text":"b2"}]}"#,
            r#"{"was":"m1-3","kind":"memory","text":"c2","history":[{"text":"c1"}],"derived_from":["m1-2"]}"#,
            r#"{"_id":"d","kind":"memory","text":"d1"}"#,
        ];
        std::fs::write(&path, lines.join("\n")).unwrap();
        let store = quipu_memory::RamStore::new();
        let own = Shelf {
            trust: Trust::User,
            ..Shelf::default()
        };
        assert_eq!(add(&store, &path, &own).unwrap(), lines.len());
        let mut said = Vec::new();
        for page in store.list(0, 10).unwrap() {
            let now = store.get(&page.id).unwrap().unwrap();
            let before = store.history(&page.id).unwrap();
            let texts = std::iter::once(&now).chain(&before);
            let texts: Vec<&str> = texts.map(|page| page.text.as_str()).collect();
            said.push((texts.join(" "), now.derived_from.len()));
        }
        let want = [("a4 a3 a2 a1", 0), ("b3 b2 b1", 0), ("c2 c1", 1), ("d1", 0)];
        assert_eq!(said, want.map(|(texts, of)| (texts.to_owned(), of)));
    }

    #[test]
    fn a_file_takes_the_place_of_nothing_that_is_worth_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages.jsonl");
        std::fs::write(&path, r#"{"_id":"wool","text":"sheep"}"#).unwrap();
        let store = quipu_memory::RamStore::new();
        let check = |trust: Trust, secrecy: Secrecy, space: Space, want: bool| {
            let shelf = Shelf {
                space,
                trust,
                secrecy,
            };
            let said = add(&store, &path, &shelf);
            assert_eq!(said.is_ok(), want, "{trust:?} {secrecy:?} {said:?}");
        };
        let shared = || Space::SHARED;
        check(Trust::Untrusted, Secrecy::Public, shared(), true);
        check(Trust::Untrusted, Secrecy::Public, shared(), true);
        check(Trust::User, Secrecy::Private, shared(), true);
        check(Trust::Untrusted, Secrecy::Private, shared(), false);
        check(Trust::User, Secrecy::Public, shared(), false);
        check(Trust::User, Secrecy::Private, "home".into(), false);
        check(Trust::User, Secrecy::Secret, shared(), true);
    }
}
