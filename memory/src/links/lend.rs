//! Pages that link to each other lend each other a part of their scores in a search.
//!
//! Who asks often names two things, and the page with the answer only one of them: "what does
//! the dye of Ada's shop cost" is answered by a page on the dye, to which the page on the shop
//! leads. As with the pages before and after, a page that is near to a match is a better one.
//! (The idea is that of Cohen and Kjeldsen, "Information retrieval by constrained spreading
//! activation in semantic networks", 1987, with one step.)

use super::{Link, Names, links};
use crate::page::{Page, Trust};
use crate::rank::Candidate;

/// Candidates between which links are looked for: the best.
const LOOKED_MAX: usize = 40;
/// What a page gets of the best score among those that it is linked with. Of 0.1 to 0.8, this
/// found most of what questions with a link or a tag ask for in the notes of `evals/vault.py`.
const LINK_WEIGHT: f32 = 0.3;
/// Links of a page that lends and gets half of that: a list of everything says little of each.
const LINKS_HALF: f32 = 10.0;
/// Links of one page that are followed.
const LINKS_MAX: usize = 200;

/// What counts of a page where links are looked for.
pub(crate) struct Linked {
    names: Names,
    links: Vec<Link>,
    /// How many links it has, of which some may not be followed.
    count: usize,
    trust: Trust,
}

impl Linked {
    /// Of `page`; none where it is in no document.
    pub(crate) fn of(page: &Page) -> Option<Self> {
        let place = page.place.as_ref()?;
        let mut links = links(&page.text);
        let count = links.len();
        links.truncate(LINKS_MAX);
        Some(Self {
            names: Names::of(&page.title, place),
            links,
            count,
            trust: page.trust,
        })
    }
}

/// Adds to each candidate a part of the best score of those that it is linked with, in either
/// direction. `found` is sorted, best first; `read` looks a page up. The result is not sorted.
///
/// A link of a page to one that is trusted further counts nothing: whoever may write the one
/// shall not gain by naming the other.
pub(crate) fn with_links<T, E>(
    found: &mut [Candidate<T>],
    mut read: impl FnMut(&T) -> Result<Option<Linked>, E>,
) -> Result<(), E> {
    let looked = found.len().min(LOOKED_MAX);
    let mut pages: Vec<(usize, Linked)> = Vec::new();
    for (at, candidate) in found[..looked].iter().enumerate() {
        // Without a place there is no document.
        if candidate.place.whole().is_some() {
            pages.extend(read(&candidate.page)?.map(|page| (at, page)));
        }
    }
    let mut lent = vec![0.0_f32; looked];
    for (from, page) in &pages {
        let share = LINK_WEIGHT * LINKS_HALF / (LINKS_HALF + page.count as f32);
        for (to, other) in &pages {
            let is_own = found[*from].place.whole() == found[*to].place.whole();
            let leads = |link: &Link| link.leads_to(&page.names, &other.names);
            if !is_own && page.trust >= other.trust && page.links.iter().any(leads) {
                lent[*to] = lent[*to].max(share * found[*from].score);
                lent[*from] = lent[*from].max(share * found[*to].score);
            }
        }
    }
    for (candidate, lent) in found.iter_mut().zip(lent) {
        candidate.score += lent;
    }
    Ok(())
}
