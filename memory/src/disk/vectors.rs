//! Vectors for pages that have none of the store's embedder.

use std::time::{Duration, Instant};

use super::db::Db;
use super::meaning::Meaning;
use super::open::{Open, Writing};
use crate::error::StoreError;
use crate::vector::Embedder;

/// Pages given their vectors in one transaction when they had none: the fewest, and the most.
/// One takes microseconds or half a second, by the model, and what is under way is lost when
/// somebody stops it.
const VECTORS_BATCH: [usize; 2] = [8, 512];
/// How long the vectors of one transaction should take to compute.
const VECTORS_TIME: Duration = Duration::from_secs(2);

/// How many pages have no vector of `embedder`; `None` where its vectors are all there.
pub(super) fn missing(db: &Db, embedder: &dyn Embedder) -> Result<Option<u64>, StoreError> {
    let pages = match db.head()?.embedder == Meaning::kind_of(embedder) {
        true => db.count_without_vector()?,
        false => return Ok(Some(db.count()?)),
    };
    Ok((pages > 0).then_some(pages))
}

/// Gives every page a vector of the embedder. Others may write while vectors are computed.
pub(super) fn give(
    open: &Open,
    meaning: &Meaning,
    progress: &dyn Fn(u64, u64),
) -> Result<(), StoreError> {
    let total = prepare(&mut open.writing.lock(), meaning.embedder())?;
    let (mut done, mut last) = (0, 0);
    let [fewest, most] = VECTORS_BATCH;
    let mut batch = fewest;
    if total > 0 {
        progress(done, total);
    }
    loop {
        let mut writing = open.writing.lock();
        let pages = writing.db.without_vector(last, batch)?;
        let Some(newest) = pages.last() else {
            // Before anybody writes again: pages get their vectors with them from now on.
            writing.change(|changes| changes.drop_other_vectors())?;
            meaning.completed();
            return Ok(());
        };
        drop(writing);
        last = newest.seq;
        let texts = pages
            .iter()
            .map(|page| (page.title.as_str(), page.text.as_str()));
        let begun = Instant::now();
        let vectors = Meaning::of(meaning.embedder(), texts)?;
        batch = match begun.elapsed() < VECTORS_TIME / 2 {
            true => (2 * batch).min(most),
            false => (batch / 2).max(fewest),
        };
        open.writing.lock().change(|changes| {
            let mut both = pages.iter().zip(&vectors);
            both.try_for_each(|(page, vector)| changes.set_vector(page.seq, vector))
        })?;
        done += pages.len() as u64;
        progress(done, total.max(done));
    }
}

/// Notes that `embedder` makes the vectors from now on; says how many pages have none.
pub(super) fn prepare(writing: &mut Writing, embedder: &dyn Embedder) -> Result<u64, StoreError> {
    let kind = Meaning::kind_of(embedder);
    if writing.db.head()?.embedder != kind {
        writing.change(|changes| changes.set_embedder(&kind))?;
    }
    writing.db.count_without_vector()
}
