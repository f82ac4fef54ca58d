//! What of a search is shown to a process: each thing once, the newer word first, and
//! strangers not too loud.
//!
//! Two texts of trusted sources that differ in a word differ in what they say, be it a
//! number or a "not": both are shown, and which is the newer.
//!
//! Whoever can plant pages can plant many that say the same in a row. So copies count
//! once, untrusted passages get a bounded share of the places, and they are shown as
//! quotations (compare Zou et al., "PoisonedRAG", 2024, where five planted texts for a
//! question are enough to turn an answer round).
//!
//! Whoever reads that a copy was left out learns what it says. So only pages that are as secret
//! are compared.

use std::collections::HashSet;

use crate::codes::codes;
use crate::error::StoreError;
use crate::page::{Kind, Page, PageId, Trust};
use crate::shape::in_lines;
use crate::store::{HITS_MAX, Hit, Query, Store};
use crate::text;

/// Hits looked at for each passage that is shown.
const LOOKED_AT: usize = 8;
/// Bytes of a text that are compared.
const COMPARED_BYTES: usize = 4 << 10;

/// Different words of a memory that is one statement, the share of words that two of them have in
/// common of which the newer may correct the older, and how many words each may have alone: of two
/// doors, or of two people, more differs than a value.
const STATEMENT_WORDS: usize = 48;
const STATEMENT_ALIKE_MIN: f32 = 0.5;
const STATEMENT_OWN_MAX: usize = 1;

/// How much of what is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Presentation {
    /// The largest share of the places that untrusted passages get where there are others
    /// to show: 0 to 1.
    pub untrusted_share_max: f32,
    /// From which share of common word pairs on two texts are copies: 0 to 1.
    pub alike_min: f32,
}

impl Default for Presentation {
    fn default() -> Self {
        Self {
            untrusted_share_max: 0.4,
            alike_min: 0.6,
        }
    }
}

/// Characters of the name of a stranger's page that are shown.
const NAME_CHARS: usize = 200;

/// The share of the best score from which on what somebody vouches for is shown first.
const OWN_WORDS_MIN: f32 = 0.5;

/// A hit to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// The most trusted of those that say the same; of strangers' words the document, and not
    /// what a process made of it.
    pub hit: Hit,
    /// How many others say the same and are left out; beside a trusted text only those that are
    /// trusted too, since strangers may say anything as often as they like.
    pub copies: usize,
    /// The passages that say nearly the same and are older.
    pub newer_than: Vec<PageId>,
    /// The newest passage that says nearly the same, if it is newer.
    pub older_than: Option<PageId>,
}

impl Passage {
    /// The passage for a model: where it is from, and for an untrusted one that it is a
    /// quotation, which it cannot end by itself. It is one line; a table, a list or a record keeps
    /// its lines, and each of these is indented, so that none looks like another passage.
    pub fn quoted(&self) -> String {
        let Hit {
            id,
            title,
            snippet,
            source,
            trust,
            ..
        } = &self.hit;
        let colon = if title.is_empty() { "" } else { ": " };
        let copies = match self.copies {
            0 => String::new(),
            n if *trust > Trust::Untrusted => format!("; {n} more say the same"),
            n => format!("; {n} more say nearly the same"),
        };
        let (id, title, source) = (one_line(id.as_str()), one_line(title), one_line(source));
        if *trust > Trust::Untrusted {
            let age = self.age();
            let body = in_lines(snippet);
            let (before, after) = match body.starts_with('\n') {
                true => ("", "\n  "),
                false => (" ", " "),
            };
            return format!("[{id}{colon}{title}]{before}{body}{after}({source}{copies}{age})");
        }
        let plain = |text: &str| text.replace(['«', '»'], "\"");
        // Whoever wrote a page may have chosen the name of its file, and with it the id.
        let name = |text: &str| plain(&bounded(text)).replace(['[', ']'], "_");
        let (id, source) = (name(&id), name(&source));
        let (title, body) = (plain(&title), plain(&without_controls(&in_lines(snippet))));
        let colon = if body.starts_with('\n') {
            colon.trim_end()
        } else {
            colon
        };
        format!("[{id}] from {source}{copies}: «{title}{colon}{body}»")
    }
}

/// `text` in one line: a line of a name could look like another passage.
fn one_line(text: &str) -> String {
    let text = without_controls(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `text` with a space for every sign without a shape, but for the ends of its lines.
fn without_controls(text: &str) -> String {
    let plain = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.chars().map(plain).collect()
}

/// A name, or the end of a long one: of a path that is the name of its file.
fn bounded(name: &str) -> String {
    let more = name.chars().count().saturating_sub(NAME_CHARS);
    match more {
        0 => name.to_owned(),
        more => format!("…{}", name.chars().skip(more).collect::<String>()),
    }
}

impl Passage {
    fn of(hit: Hit) -> Self {
        Self {
            hit,
            copies: 0,
            newer_than: Vec::new(),
            older_than: None,
        }
    }

    /// Which of the passages that are nearly alike it is, in words.
    fn age(&self) -> String {
        if let Some(newer) = &self.older_than {
            return format!("; older than {newer}");
        }
        let older: Vec<&str> = self.newer_than.iter().map(PageId::as_str).collect();
        match older.as_slice() {
            [] => String::new(),
            older => format!("; newer than {}", older.join(", ")),
        }
    }
}

/// The passages to show of what `store` finds for `query`, at most `query.k`, best first.
///
/// # Errors
/// Those of [`Store::search`].
pub fn present(
    store: &dyn Store,
    query: &Query,
    how: &Presentation,
) -> Result<Vec<Passage>, StoreError> {
    let k = query.k.min(HITS_MAX);
    let wide = Query {
        k: k.saturating_mul(LOOKED_AT).min(HITS_MAX),
        ..query.clone()
    };
    let mut hits = store.search(&wide)?;
    if hits.iter().any(|hit| hit.trust == Trust::Untrusted) {
        // However many strangers there are, what others say has its places.
        let others = Query {
            min_trust: Some(query.min_trust.unwrap_or(Trust::User).max(Trust::User)),
            ..wide
        };
        let known: HashSet<_> = hits.iter().map(|hit| hit.id.clone()).collect();
        let others = store.search(&others)?.into_iter();
        hits.extend(others.filter(|hit| !known.contains(&hit.id)));
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
    }
    let any_trusted = hits.iter().any(|hit| hit.trust > Trust::Untrusted);
    let untrusted_max = match any_trusted {
        true => (k as f32 * how.untrusted_share_max) as usize,
        false => k,
    };
    let mut found = Vec::with_capacity(hits.len());
    for hit in hits {
        if let Some(page) = store.get(&hit.id)? {
            found.push((hit, page));
        }
    }
    leave_out_originals(&mut found);
    let asked = text::query_terms(&query.text, usize::MAX);
    let mut passages = once_each(found, how, &asked);
    put_own_words_first(&mut passages);
    let mut untrusted = 0;
    passages.retain(|passage| {
        untrusted += usize::from(passage.hit.trust == Trust::Untrusted);
        passage.hit.trust > Trust::Untrusted || untrusted <= untrusted_max
    });
    passages.truncate(k);
    Ok(passages)
}

/// Puts what somebody vouches for before what strangers wrote, where it fits about as well: who
/// corrects a document says so in a memory, and a small model takes the first that it reads.
fn put_own_words_first(passages: &mut [Passage]) {
    let best = passages.first().map_or(0.0, |passage| passage.hit.score);
    passages.sort_by_key(|passage| {
        let hit = &passage.hit;
        !(hit.trust > Trust::Untrusted && hit.score >= best * OWN_WORDS_MIN)
    });
}

/// A passage, and by what it is compared with others.
struct Shown {
    passage: Passage,
    kind: Kind,
    pairs: HashSet<(String, String)>,
    words: HashSet<String>,
    /// The first of its words: what a statement is about.
    first: Option<String>,
    /// The numbers and codes in it, as they are written.
    codes: Vec<String>,
}

/// The passages of what was found, each thing once; of those that are nearly alike the
/// newer one stands first. `asked` are the words of the query.
fn once_each(found: Vec<(Hit, Page)>, how: &Presentation, asked: &[String]) -> Vec<Passage> {
    let mut shown: Vec<Shown> = Vec::new();
    for (hit, page) in found {
        let next = Shown {
            pairs: word_pairs(&page.text),
            words: text::tokens(compared(&page.text))
                .map(|token| token.term)
                .collect(),
            first: text::tokens(compared(&page.text))
                .next()
                .map(|token| token.term),
            codes: codes(compared(&page.text)),
            passage: Passage::of(hit),
            kind: page.kind,
        };
        let same = shown.iter_mut().find(|other| {
            alike(&next.pairs, &other.pairs) >= how.alike_min && is_copy(&next, other)
        });
        let Some(other) = same else {
            shown.push(next);
            continue;
        };
        let is_better = next.rank() > other.rank();
        let copies = match (next.is_trusted() == other.is_trusted(), is_better) {
            (true, _) => other.passage.copies + 1,
            // All before it were strangers'.
            (false, true) => 0,
            (false, false) => other.passage.copies,
        };
        if is_better {
            *other = next;
        }
        other.passage.copies = copies;
    }
    newer_first(&mut shown, how, asked);
    shown.into_iter().map(|shown| shown.passage).collect()
}

impl Shown {
    /// Whether somebody vouches for it.
    fn is_trusted(&self) -> bool {
        self.passage.hit.trust > Trust::Untrusted
    }

    /// Which one of copies is shown: the highest. A process that has read a stranger's page can
    /// keep one that says nearly the same: that does not hide the page.
    fn rank(&self) -> (Trust, bool, (i64, Vec<u64>)) {
        let hit = &self.passage.hit;
        let is_first_hand = hit.trust > Trust::Untrusted || self.kind == Kind::Document;
        (hit.trust, is_first_hand, put_at(hit))
    }
}

/// Whether two texts that are nearly alike say the same. Strangers can write the same in
/// as many ways as they like; what others wrote is taken at its word.
fn is_copy(a: &Shown, b: &Shown) -> bool {
    let is_as_secret = a.passage.hit.secrecy == b.passage.hit.secrecy;
    let says_the_same = a.words == b.words && a.codes == b.codes;
    is_as_secret && (!(a.is_trusted() && b.is_trusted()) || says_the_same)
}

/// Whether one of two texts may correct the other: they are nearly alike, or two statements that
/// differ in nothing that is asked for. "Where does Ann live?" is answered by what names Ann.
fn may_correct(a: &Shown, b: &Shown, how: &Presentation, asked: &[String]) -> bool {
    let is_statement =
        |text: &Shown| text.kind == Kind::Memory && text.words.len() <= STATEMENT_WORDS;
    let own = |one: &Shown, other: &Shown| one.words.difference(&other.words).count();
    alike(&a.pairs, &b.pairs) >= how.alike_min
        || is_statement(a)
            && is_statement(b)
            && a.first == b.first
            && alike(&a.words, &b.words) >= STATEMENT_ALIKE_MIN
            && own(a, b) <= STATEMENT_OWN_MAX
            && own(b, a) <= STATEMENT_OWN_MAX
            && !a
                .words
                .symmetric_difference(&b.words)
                .any(|word| asked.contains(word))
}

/// Puts those of the trusted passages that are nearly alike in the order of their age, the
/// newest at the best place of them, and says which is newer.
fn newer_first(shown: &mut [Shown], how: &Presentation, asked: &[String]) {
    let mut done = vec![false; shown.len()];
    for first in 0..shown.len() {
        if done[first] {
            continue;
        }
        let mut places: Vec<usize> = vec![first];
        for other in first + 1..shown.len() {
            let near = |place: &usize| may_correct(&shown[*place], &shown[other], how, asked);
            let level = |at: usize| {
                let hit = &shown[at].passage.hit;
                (hit.trust, hit.secrecy)
            };
            if !done[other] && level(other) == level(first) && places.iter().any(near) {
                places.push(other);
            }
        }
        places.iter().for_each(|place| done[*place] = true);
        if places.len() < 2 || shown[first].passage.hit.trust == Trust::Untrusted {
            continue;
        }
        // Few: by exchange, so that each keeps what it is compared by.
        for end in (1..places.len()).rev() {
            for n in 0..end {
                let (a, b) = (places[n], places[n + 1]);
                if put_at(&shown[a].passage.hit) < put_at(&shown[b].passage.hit) {
                    shown.swap(a, b);
                }
            }
        }
        let ids: Vec<PageId> = places
            .iter()
            .map(|place| shown[*place].passage.hit.id.clone())
            .collect();
        for (n, place) in places.iter().enumerate() {
            let passage = &mut shown[*place].passage;
            passage.newer_than = ids[n + 1..].to_vec();
            passage.older_than = ids.first().filter(|_| n > 0).cloned();
        }
    }
}

/// When a page was put; pages of one moment in the order of their numbers.
fn put_at(hit: &Hit) -> (i64, Vec<u64>) {
    let numbers = hit.id.as_str().split(|c: char| !c.is_ascii_digit());
    let numbers = numbers.filter_map(|number| number.parse().ok()).collect();
    (hit.created_ms, numbers)
}

/// The part of a text that is compared.
fn compared(text: &str) -> &str {
    &text[..text.floor_char_boundary(COMPARED_BYTES)]
}

/// Leaves out memories that a memory made from them speaks for: one that was found too,
/// is trusted as far, is no more secret, and has every telling word of theirs.
fn leave_out_originals(found: &mut Vec<(Hit, Page)>) {
    let words = |page: &Page| -> HashSet<String> {
        text::query_terms(&page.text, usize::MAX)
            .into_iter()
            .collect()
    };
    let is_made =
        |(_, page): &&(Hit, Page)| page.kind == Kind::Memory && !page.derived_from.is_empty();
    let made: Vec<(Page, HashSet<String>)> = found
        .iter()
        .filter(is_made)
        .map(|(_, page)| (page.clone(), words(page)))
        .collect();
    found.retain(|(hit, page)| {
        !made.iter().any(|(made, says)| {
            made.derived_from.contains(&hit.id)
                && made.trust >= hit.trust
                && made.secrecy <= hit.secrecy
                && words(page).is_subset(says)
        })
    });
}

/// The pairs of neighbouring words of a text; its words, where it has only one.
fn word_pairs(text: &str) -> HashSet<(String, String)> {
    let terms: Vec<String> = text::tokens(compared(text))
        .map(|token| token.term)
        .collect();
    match terms.as_slice() {
        [only] => HashSet::from([(only.clone(), String::new())]),
        terms => terms
            .windows(2)
            .map(|pair| (pair[0].clone(), pair[1].clone()))
            .collect(),
    }
}

/// The share of what both have in what either has (Jaccard); one for two empty texts.
fn alike<T: Eq + std::hash::Hash>(a: &HashSet<T>, b: &HashSet<T>) -> f32 {
    let both = a.intersection(b).count();
    let either = a.len() + b.len() - both;
    match either {
        0 => 1.0,
        _ => both as f32 / either as f32,
    }
}
