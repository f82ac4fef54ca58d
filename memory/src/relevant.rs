//! What a store holds on a task, before anybody asks: the few passages that match it
//! strongly, within a budget.
//!
//! A search always finds something; here it has to be worth its place. So a page counts
//! only if it shares enough of the telling words of the task, or means nearly the same.
//! What strangers wrote is only counted unless it is asked for: reading it has a price
//! that whoever reads has to choose.

use std::collections::{HashMap, HashSet};

use crate::error::StoreError;
use crate::page::{Kind, Page, PageId, Trust};
use crate::present::{Passage, Presentation, present};
use crate::rank::QUERY_TERMS_MAX;
use crate::shape::folded;
use crate::snippet::{SNIPPET_CHARS_MAX, within};
use crate::space::Space;
use crate::store::{Mode, Query, Store};
use crate::text;

/// Passages considered.
const PASSAGES: usize = 8;
/// Telling words of a task that count; a longer one is a text with a task in it.
const TERMS_MAX: usize = 64;
/// Memories up to this length come whole; of longer pages, the passage that matches.
const WHOLE_CHARS_MAX: usize = 600;
/// From which cosine on a page is near enough by its meaning alone.
const NEAR: f32 = 0.6;

/// What may be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relevance {
    /// Tokens that all passages together may have.
    pub tokens_max: usize,
    /// Only pages of these spaces.
    pub spaces: Vec<Space>,
    /// Whether passages come too that nobody vouches for, as quotations.
    pub untrusted: bool,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Relevant {
    /// The passages, best first.
    pub passages: Vec<Passage>,
    /// Passages that match as strongly, and come from nobody who is trusted; they were
    /// not asked for.
    pub strangers: usize,
    /// Whether one of these matches best of all.
    pub strangers_lead: bool,
}

/// The passages of `store` that match `task` strongly, as many as `how` has room for by
/// `tokens`.
///
/// # Errors
/// Those of [`Store::search`].
///
/// ```
/// use quipu_memory::{NewPage, RamStore, Relevance, Space, Store, Trust, relevant};
///
/// # fn main() -> Result<(), quipu_memory::StoreError> {
/// let store = RamStore::new();
/// store.put(NewPage {
///     text: "The museum opens at ten, and the cords are on the second floor.".into(),
///     trust: Trust::User,
///     ..NewPage::default()
/// })?;
///
/// let how = Relevance { tokens_max: 200, spaces: vec![Space::SHARED], untrusted: false };
/// let words = |text: &str| text.split_whitespace().count();
/// let found = relevant(&store, "On which floor of the museum are the cords?", &how, &words)?;
/// assert_eq!(found.passages.len(), 1);
/// // A task that shares no telling word with it gets nothing.
/// assert!(relevant(&store, "Translate this poem.", &how, &words)?.passages.is_empty());
/// # Ok(())
/// # }
/// ```
pub fn relevant(
    store: &dyn Store,
    task: &str,
    how: &Relevance,
    tokens: &dyn Fn(&str) -> usize,
) -> Result<Relevant, StoreError> {
    let mut relevant = Relevant::default();
    let asked = telling(task);
    if how.tokens_max == 0 || asked.is_empty() {
        return Ok(relevant);
    }
    let query = Query {
        spaces: Some(how.spaces.clone()),
        ..Query::new(task, PASSAGES)
    };
    let passages = present(store, &query, &Presentation::default())?;
    let near = near(store, &query)?;
    let mut found = Vec::with_capacity(passages.len());
    for passage in passages {
        if let Some(page) = store.get(&passage.hit.id)? {
            found.push((passage, page));
        }
    }
    let strength = Strength::of(&asked, found.iter().map(|(_, page)| page));
    let mut left = how.tokens_max;
    let mut is_best = true;
    for (mut passage, page) in found {
        let is_near = near.contains(&page.id);
        if !is_near && !strength.is_enough(&page) {
            continue;
        }
        let leads = std::mem::replace(&mut is_best, false);
        if passage.hit.trust == Trust::Untrusted && !how.untrusted {
            relevant.strangers_lead |= leads;
            relevant.strangers += 1;
            continue;
        }
        if page.kind == Kind::Memory && page.text.chars().count() <= WHOLE_CHARS_MAX {
            passage.hit.snippet = folded(&page.text);
        }
        let mut needed = tokens(&passage.quoted()) + 1;
        if needed > left && passage.hit.snippet.chars().count() > SNIPPET_CHARS_MAX {
            // Fewer rows of a table are better than none.
            let terms = text::query_terms(task, QUERY_TERMS_MAX);
            passage.hit.snippet = within(&page.text, &terms, SNIPPET_CHARS_MAX);
            needed = tokens(&passage.quoted()) + 1;
        }
        if needed <= left {
            left -= needed;
            relevant.passages.push(passage);
        }
    }
    Ok(relevant)
}

/// Whether two texts share a word that tells something; of scripts without spaces, two signs in
/// a row.
///
/// ```
/// use quipu_memory::share_a_telling_word;
///
/// assert!(share_a_telling_word("Where do my llamas graze?", "The llama grazes on the hill."));
/// assert!(!share_a_telling_word("What is my name?", "What I like is on my list."));
/// assert!(!share_a_telling_word("我的猫在哪", "他在看书"));
/// ```
pub fn share_a_telling_word(one: &str, other: &str) -> bool {
    let words = |text: &str| -> HashSet<String> {
        let mut words = telling(text);
        words.retain(|word| word.is_ascii() || word.chars().nth(1).is_some());
        words.into_iter().collect()
    };
    !words(one).is_disjoint(&words(other))
}

/// The words of a task that tell something: none that every sentence has, and no short
/// number, which is in as many pages.
fn telling(task: &str) -> Vec<String> {
    let mut terms = text::query_terms(task, TERMS_MAX);
    terms.retain(|term| {
        let is_number = term.bytes().all(|byte| byte.is_ascii_digit());
        !(text::is_function_word(term) || is_number && term.len() < 3)
    });
    terms
}

/// The pages that mean nearly what is asked, where the store knows meanings.
fn near(store: &dyn Store, query: &Query) -> Result<HashSet<PageId>, StoreError> {
    let by_meaning = Query {
        mode: Mode::Semantic,
        ..query.clone()
    };
    let hits = store.search(&by_meaning)?.into_iter();
    let near = hits.filter(|hit| hit.score >= NEAR);
    Ok(near.map(|hit| hit.id).collect())
}

/// How much each word of a task tells about the pages found.
struct Strength<'a> {
    /// Each word with its weight: the fewer of the pages have it, the more.
    weights: HashMap<&'a str, f32>,
    /// The weight a page has to reach.
    enough: f32,
    /// The words it has to have.
    words: usize,
}

impl<'a> Strength<'a> {
    fn of<'p>(asked: &'a [String], pages: impl Iterator<Item = &'p Page>) -> Self {
        let pages: Vec<HashSet<String>> = pages.map(terms).collect();
        let n = pages.len() as f32;
        let weight = |term: &str| {
            let df = pages.iter().filter(|page| page.contains(term)).count() as f32;
            (1.0 + n / df.max(1.0)).ln()
        };
        let weights: HashMap<&str, f32> = asked
            .iter()
            .map(|term| (term.as_str(), weight(term)))
            .collect();
        // Half of a short task; of a long one each further word counts less.
        let words = asked.len();
        let words_needed = match words {
            0..=2 => words,
            3..=8 => words.div_ceil(2).max(2),
            _ => 4 + (words - 8).div_ceil(6),
        };
        let mean = weights.values().sum::<f32>() / words.max(1) as f32;
        Self {
            enough: 0.8 * mean * words_needed as f32,
            words: words_needed,
            weights,
        }
    }

    fn is_enough(&self, page: &Page) -> bool {
        let there = terms(page);
        let shared = self
            .weights
            .iter()
            .filter(|(term, _)| there.contains(**term));
        let (words, weight) = shared.fold((0, 0.0), |(words, sum), (_, weight)| {
            (words + 1, sum + weight)
        });
        words >= self.words && weight >= self.enough
    }
}

fn terms(page: &Page) -> HashSet<String> {
    let title = text::tokens(&page.title);
    title
        .chain(text::tokens(&page.text))
        .map(|token| token.term)
        .collect()
}
