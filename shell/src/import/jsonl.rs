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

/// Pages written in one transaction.
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
    /// Those that are not stored yet, each with the id that it had where a process wrote it.
    batch: Vec<(Option<PageId>, NewPage)>,
    /// The ids that pages of processes have here, by those that they had.
    moved: HashMap<PageId, PageId>,
    /// The ids that the store gave to pages of the file.
    given: HashSet<PageId>,
    added: usize,
    /// Goes away when it is dropped, even after an error.
    sign: Option<ProgressBar>,
}

impl<'a> Adding<'a> {
    fn to(store: &'a dyn Store) -> Self {
        Self {
            store,
            batch: Vec::new(),
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
        let waits = |(was, page): &(Option<PageId>, NewPage)| was.is_some() && page.id.is_none();
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
            history,
        } = line;
        if !page.derived_from.is_empty() || !history.is_empty() {
            // What it was made from has its id here only once it is stored.
            self.flush()?;
        }
        page.derived_from = self.here(page.derived_from);
        let is_new = match &page.id {
            Some(id) => self.store.get(id)?.is_none(),
            None => true,
        };
        // A page that is there has a history of its own.
        for before in history.into_iter().filter(|_| is_new) {
            let before = NewPage {
                id: page.id.clone(),
                derived_from: self.here(before.derived_from),
                ..before
            };
            let given = self.store.put(before)?.id;
            if page.id.is_none() {
                self.given.insert(given.clone());
            }
            page.id = Some(given);
        }
        self.batch.push((was, page));
        if self.batch.len() == BATCH_PAGES {
            let storing = fill(words().storing, &[("pages", &(self.added + BATCH_PAGES))]);
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
        let batch = std::mem::take(&mut self.batch);
        let (were, pages): (Vec<Option<PageId>>, Vec<NewPage>) = batch.into_iter().unzip();
        let are_given: Vec<bool> = pages.iter().map(|page| page.id.is_none()).collect();
        let stored = self.store.put_all(pages)?;
        self.added += stored.len();
        for ((was, is_given), page) in were.into_iter().zip(are_given).zip(stored) {
            if is_given {
                self.given.insert(page.id.clone());
            }
            if let Some(was) = was {
                self.moved.insert(was, page.id);
            }
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
