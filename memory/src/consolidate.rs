//! Many memories into few: those that say the same, and those on one subject, each
//! become one page that is made from them. The originals stay, word for word.
//!
//! What is told of several memories at once has to be written by somebody; this module
//! only says which belong together, and whether what was written can be believed.

use std::collections::{HashMap, HashSet};

use crate::codes::codes;
use crate::error::StoreError;
use crate::page::{Kind, NewPage, Page, PageId, SOURCES_MAX, Secrecy, Trust};
use crate::store::Store;
use crate::text;

/// Memories of one subject that are worth a page.
const RELATED_MIN: usize = 3;
/// The most that one page is made from, in pages and in characters.
const RELATED_MAX: usize = 8;
const RELATED_CHARS_MAX: usize = 2_000;
/// Words of a memory that are compared.
const TERMS_MAX: usize = 64;
/// Words that two memories of one subject have in common, and the share of the shorter.
const COMMON_MIN: usize = 2;
const COMMON_SHARE_MIN: f32 = 0.34;
/// The share of its telling words that a page has to have from those it was made from.
const GROUNDED_MIN: f32 = 0.8;

/// Why memories belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    /// They say the same, but for case, punctuation and endings.
    Copies,
    /// They are on one subject.
    Related,
}

/// Memories that belong together, of one space and one trust and secrecy, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Why.
    pub why: Together,
    /// The memories; at least two.
    pub pages: Vec<Page>,
}

impl Group {
    /// The ids of its memories.
    pub fn ids(&self) -> Vec<PageId> {
        self.pages.iter().map(|page| page.id.clone()).collect()
    }

    /// Stores `text` as the page made from these memories, which stay as they are.
    ///
    /// # Errors
    /// Those of [`Store::put`].
    pub fn keep(&self, store: &dyn Store, text: &str, source: &str) -> Result<Page, StoreError> {
        let last = self.pages.last();
        store.put(NewPage {
            kind: Kind::Memory,
            text: text.to_owned(),
            source: source.to_owned(),
            trust: last.map(|page| page.trust).unwrap_or_default(),
            secrecy: last.map(|page| page.secrecy).unwrap_or_default(),
            space: last.map(|page| page.space.clone()).unwrap_or_default(),
            derived_from: self.ids(),
            ..NewPage::default()
        })
    }

    /// Whether `text` says only what the memories say, as far as words can tell: each of
    /// its numbers is one of theirs, and so are nearly all of its telling words.
    pub fn grounds(&self, text: &str) -> bool {
        let theirs: HashSet<String> = self
            .pages
            .iter()
            .flat_map(|page| terms(&page.text))
            .collect();
        let own = text::query_terms(text, usize::MAX);
        let known = own.iter().filter(|term| theirs.contains(*term)).count();
        let is_number = |term: &&String| term.bytes().any(|byte| byte.is_ascii_digit());
        let chars: usize = self
            .pages
            .iter()
            .map(|page| page.text.chars().count())
            .sum();
        own.iter()
            .filter(is_number)
            .all(|term| theirs.contains(term))
            && known > 0
            && known as f32 >= GROUNDED_MIN * own.len() as f32
            && text.chars().count() <= chars
    }
}

/// The groups among `memories`, which are of one space, newest first. A memory that
/// another was made from is in none; so nothing is made twice.
pub fn groups(memories: &[Page]) -> Vec<Group> {
    let used: HashSet<&PageId> = memories
        .iter()
        .flat_map(|page| &page.derived_from)
        .collect();
    let mut fresh: Vec<&Page> = memories
        .iter()
        .rev()
        .filter(|page| page.kind == Kind::Memory && !page.id.is_block())
        .filter(|page| !used.contains(&page.id))
        .collect();
    let mut groups = copies(&fresh);
    let grouped: HashSet<PageId> = groups.iter().flat_map(Group::ids).collect();
    // What was made of others is not summed up again: it would be told from hearsay.
    fresh.retain(|page| !grouped.contains(&page.id) && page.derived_from.is_empty());
    groups.extend(related(&fresh));
    groups
}

/// What copies have in common: their words, their numbers and codes, and whose they are.
type Said = (Vec<String>, Vec<String>, Trust, Secrecy);

/// Those that say the same.
fn copies(pages: &[&Page]) -> Vec<Group> {
    let mut order = Vec::new();
    let mut same: HashMap<Said, Vec<Page>> = HashMap::new();
    for page in pages {
        let words: Vec<String> = text::tokens(&page.text).map(|token| token.term).collect();
        if words.is_empty() {
            continue;
        }
        let key = (words, codes(&page.text), page.trust, page.secrecy);
        let known = same.entry(key.clone()).or_default();
        if known.is_empty() {
            order.push(key);
        }
        if known.len() < SOURCES_MAX {
            known.push((*page).clone());
        }
    }
    let groups = order.iter().filter_map(|key| same.remove(key));
    groups
        .filter(|pages| pages.len() > 1)
        .map(|pages| Group {
            why: Together::Copies,
            pages,
        })
        .collect()
}

/// Those on the subject of the first of them.
fn related(pages: &[&Page]) -> Vec<Group> {
    let mut groups: Vec<(HashSet<String>, usize, Vec<Page>)> = Vec::new();
    for page in pages {
        let words: HashSet<String> = text::query_terms(&page.text, TERMS_MAX)
            .into_iter()
            .collect();
        let chars = page.text.chars().count();
        let fits = |(first, so_far, pages): &&mut (HashSet<String>, usize, Vec<Page>)| {
            pages.len() < RELATED_MAX
                && *so_far + chars <= RELATED_CHARS_MAX
                && (pages[0].trust, pages[0].secrecy) == (page.trust, page.secrecy)
                && on_one_subject(first, &words)
        };
        match groups.iter_mut().find(fits) {
            Some((_, so_far, pages)) => {
                *so_far += chars;
                pages.push((*page).clone());
            }
            None => groups.push((words, chars, vec![(*page).clone()])),
        }
    }
    groups
        .into_iter()
        .filter(|(_, _, pages)| pages.len() >= RELATED_MIN)
        .map(|(_, _, pages)| Group {
            why: Together::Related,
            pages,
        })
        .collect()
}

fn on_one_subject(a: &HashSet<String>, b: &HashSet<String>) -> bool {
    let common = a.intersection(b).count();
    let shorter = a.len().min(b.len());
    common >= COMMON_MIN && common as f32 >= COMMON_SHARE_MIN * shorter as f32
}

fn terms(text: &str) -> Vec<String> {
    text::tokens(text).map(|token| token.term).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ram::RamStore;
    use crate::space::Space;

    fn store(texts: &[(&str, &str, Trust)]) -> RamStore {
        let store = RamStore::new();
        for (id, text, trust) in texts {
            let page = NewPage {
                id: Some((*id).into()),
                kind: Kind::Memory,
                text: (*text).into(),
                trust: *trust,
                ..NewPage::default()
            };
            store.put(page).expect("put");
        }
        store
    }

    fn found(store: &RamStore) -> Vec<Group> {
        groups(&store.memories(&Space::SHARED, 1_000).expect("memories"))
    }

    fn words(groups: &[Group]) -> Vec<String> {
        let words = |group: &Group| {
            let ids: Vec<String> = group.ids().iter().map(ToString::to_string).collect();
            format!("{:?} {}", group.why, ids.join(" "))
        };
        groups.iter().map(words).collect()
    }

    #[test]
    fn copies_and_subjects_are_told_apart() {
        use Trust::{Untrusted, User};
        let store = store(&[
            ("m1", "The dog Bruno was born on 3 May 2019.", User),
            ("m2", "The garden door is green.", User),
            ("m3", "Bruno the dog likes long walks.", User),
            ("m4", "the garden door is GREEN!", User),
            ("m5", "Bruno the dog is afraid of thunder.", User),
            ("m6", "Bruno the dog bites.", Untrusted),
            ("m7", "The garden door is green", Untrusted),
            ("m8", "…", User),
            ("m9", "?", User),
        ]);
        let groups = found(&store);
        assert_eq!(words(&groups), ["Copies m2 m4", "Related m1 m3 m5"]);

        // Each becomes a page, once, and nothing is lost.
        let newest = &groups[0].pages[1].text;
        let page = groups[0].keep(&store, newest, "test").expect("kept");
        assert_eq!((page.text.as_str(), page.trust), (newest.as_str(), User));
        let note =
            "Bruno the dog was born on 3 May 2019, likes long walks and is afraid of thunder.";
        assert!(groups[1].grounds(note));
        groups[1].keep(&store, note, "test").expect("kept");
        assert_eq!(words(&found(&store)), [""; 0]);
        for id in ["m1", "m2", "m3", "m4", "m5"] {
            assert!(store.get(&id.into()).expect("get").is_some(), "{id}");
        }
        let lineage = store.lineage(&page.id).expect("lineage");
        assert_eq!(lineage.len(), 2);

        // A further copy joins the page that was made.
        let again = NewPage {
            kind: Kind::Memory,
            text: "Garden door: green".into(),
            trust: User,
            id: Some("m20".into()),
            ..NewPage::default()
        };
        store.put(again).expect("put");
        assert_eq!(words(&found(&store)), [""; 0], "other words in between");
        let again = NewPage {
            kind: Kind::Memory,
            text: "The garden door is green".into(),
            trust: User,
            id: Some("m21".into()),
            ..NewPage::default()
        };
        store.put(again).expect("put");
        assert_eq!(words(&found(&store)), [format!("Copies {} m21", page.id)]);
    }

    #[test]
    fn numbers_and_codes_are_the_same_to_the_last_sign() {
        let store = store(&[
            ("m1", "Frost came at -5 degrees.", Trust::User),
            ("m2", "Frost came at 5 degrees.", Trust::User),
            ("m3", "The vault opens with Rose7.", Trust::User),
            ("m4", "The vault opens with rose7.", Trust::User),
            ("m5", "the VAULT opens with Rose7", Trust::User),
        ]);
        assert_eq!(words(&found(&store)), ["Copies m3 m5"]);
    }

    #[test]
    fn what_nobody_said_is_not_kept() {
        let store = store(&[
            ("m1", "Bruno the dog was born in 2019.", Trust::User),
            ("m2", "Bruno the dog likes walks.", Trust::User),
            ("m3", "Bruno the dog is brown.", Trust::User),
        ]);
        let groups = found(&store);
        let check = |text: &str, expected: bool| {
            assert_eq!(groups[0].grounds(text), expected, "{text}");
        };
        check("The brown dog Bruno, born in 2019, likes walks.", true);
        check("The brown dog Bruno, born in 2018, likes walks.", false);
        check("Bruno is a brown horse that hates rain and snow.", false);
        check("", false);
        check("It is so.", false);
        check(&"Bruno the dog likes walks. ".repeat(9), false);
    }
}
