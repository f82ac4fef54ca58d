//! Pages that link to each other lend each other a part of their scores in a search.
//!
//! Who asks often names two things, and the page with the answer only one of them: "what does
//! the dye of Ada's shop cost" is answered by a page on the dye, to which the page on the shop
//! leads. As with the pages before and after, a page that is near to a match is a better one.
//! (The idea is that of Cohen and Kjeldsen, "Information retrieval by constrained spreading
//! activation in semantic networks", 1987, with one step.)

use super::{Link, Names, links};
use crate::page::{Page, Place, Secrecy, Trust};
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
    origin: Origin,
    trust: Trust,
    secrecy: Secrecy,
}

/// Where a document comes from: what comes from one place was written, or chosen, by one person.
#[derive(Debug, PartialEq, Eq)]
enum Origin {
    /// A web page: from this host.
    Host(String),
    /// A file: from this folder.
    Folder(String),
    /// Something else, by its name.
    Name(String),
}

impl Origin {
    /// That of the document `of`.
    fn of(of: &str) -> Self {
        if let Some((_, rest)) = of.split_once("://") {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            return Self::Host(host.to_lowercase());
        }
        match of.rsplit_once('/') {
            Some((folder, _)) => Self::Folder(folder.to_owned()),
            None => Self::Name(of.to_owned()),
        }
    }

    /// Whether it is the same: one host, or one folder with all that is below it.
    fn is_that_of(&self, other: &Self) -> bool {
        let is_below = |folder: &str, above: &str| {
            let rest = folder.strip_prefix(above);
            // Everything is below the folder at the top.
            !above.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match (self, other) {
            (Self::Folder(one), Self::Folder(other)) => {
                one == other || is_below(one, other) || is_below(other, one)
            }
            (one, other) => one == other,
        }
    }
}

impl Linked {
    /// Of `page`; none where it is in no document.
    pub(crate) fn of(page: &Page) -> Option<Self> {
        let place = page.place.as_ref()?;
        let linked = Self::of_document(place, &page.title, &page.text);
        Some(linked.kept(page.trust, page.secrecy))
    }

    /// Of a page at this place, of which nobody vouches for a word.
    pub(crate) fn of_document(place: &Place, title: &str, text: &str) -> Self {
        let mut links = links(text);
        let count = links.len();
        links.truncate(LINKS_MAX);
        Self {
            names: Names::of(title, place),
            links,
            count,
            origin: Origin::of(&place.of),
            trust: Trust::Untrusted,
            secrecy: Secrecy::Public,
        }
    }

    /// The same, trusted and kept so.
    pub(crate) fn kept(self, trust: Trust, secrecy: Secrecy) -> Self {
        Self {
            trust,
            secrecy,
            ..self
        }
    }

    /// Whether a link of it to `other` counts. One to a page that is trusted further does not:
    /// whoever may write the one shall not gain by naming the other. So a stranger's page counts
    /// nothing for that of another stranger. Who may learn how a page scores may learn what it
    /// says: scores stay among pages that are as secret.
    fn may_name(&self, other: &Self) -> bool {
        let is_vouched = self.trust > Trust::Untrusted;
        self.secrecy == other.secrecy
            && self.trust >= other.trust
            && (is_vouched || self.origin.is_that_of(&other.origin))
    }
}

/// Adds to each candidate a part of the best score of those that it is linked with, in either
/// direction. `found` is sorted, best first; `read` looks pages up, each in its place. The result
/// is not sorted.
///
/// Which links count is in [`Linked::may_name`]; of a page that is trusted less than the one that
/// names it nothing comes back.
pub(crate) fn with_links<T, E>(
    found: &mut [Candidate<T>],
    read: impl FnOnce(&[&T]) -> Result<Vec<Option<Linked>>, E>,
) -> Result<(), E> {
    let looked = found.len().min(LOOKED_MAX);
    let whole = |at: usize| found[at].place.whole();
    // Without a place there is no document.
    let places: Vec<usize> = (0..looked).filter(|at| whole(*at).is_some()).collect();
    let first = places.first().and_then(|at| whole(*at));
    if places.iter().all(|at| whole(*at) == first) {
        // One document, or none, has no other that it is linked with.
        return Ok(());
    }
    let asked: Vec<&T> = places.iter().map(|at| &found[*at].page).collect();
    let pages = places.iter().copied().zip(read(&asked)?);
    let pages = pages.filter_map(|(at, page)| Some((at, page?)));
    let pages: Vec<(usize, Linked)> = pages.collect();
    let mut lent = vec![0.0_f32; looked];
    for (from, page) in pages.iter().filter(|(_, page)| !page.links.is_empty()) {
        let share = LINK_WEIGHT * LINKS_HALF / (LINKS_HALF + page.count as f32);
        for (to, other) in &pages {
            let is_own = whole(*from) == whole(*to);
            let leads = |link: &Link| link.leads_to(&page.names, &other.names);
            if !is_own && page.may_name(other) && page.links.iter().any(leads) {
                lent[*to] = lent[*to].max(share * found[*from].score);
                if other.trust >= page.trust {
                    lent[*from] = lent[*from].max(share * found[*to].score);
                }
            }
        }
    }
    for (candidate, lent) in found.iter_mut().zip(lent) {
        candidate.score += lent;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_one_host_or_one_folder() {
        let check = |one: &str, other: &str, same: bool| {
            let (one, other) = (Origin::of(one), Origin::of(other));
            assert_eq!(one.is_that_of(&other), same, "{one:?} {other:?}");
            assert_eq!(other.is_that_of(&one), same, "{other:?} {one:?}");
        };
        check("https://a.org/x", "http://A.org/y/z?q#h", true);
        check("https://a.org/x", "https://b.a.org/x", false);
        check("https://a.org", "/a.org/x.md", false);
        check("/n/a.md", "/n/b.md", true);
        check("/n/a.md", "/n/deep/down/b.md", true);
        check("/n/one/a.md", "/n/two/b.md", false);
        check("/notes/a.md", "/notes2/b.md", false);
        check("/a.md", "/n/b.md", false);
        check("/a.md", "/b.md", true);
        check("bot:/n/a.md", "/n/b.md", false);
        check("talk", "talk", true);
        check("talk", "another", false);
    }
}
