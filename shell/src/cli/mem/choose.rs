//! `quipu mem rebuild --choose`: which embedding model this store is searched with.

use anyhow::Result;
use quipu_memory::Access;

use crate::service::lent::library;
use crate::session::Session;
use crate::session::embedder;
use crate::session::embedder_comparison::{self, PAGES_MAX, PAGES_MIN, Sought};
use crate::session::library::Library;
use crate::session::lock::MachineLock;
use crate::terminal::error::UserError;

/// Pages that are looked at for one that can be looked for.
const LOOKS: usize = 3;

/// Measures the embedding models that are here on the pages of the store, and keeps to the one
/// that finds them better.
///
/// # Errors
/// A model that is configured, fewer than two models, too few pages, a machine that has the store.
pub fn choose(session: &Session) -> Result<()> {
    if session.settings.embedder.is_some() {
        return Err(UserError::usage(
            "the configuration names the embedding model",
            "remove `embedder` from config.toml to have it chosen",
        ));
    }
    if MachineLock::holder(&session.paths.lock()).is_some() {
        return Err(UserError::failed(
            "a machine is running on this root, and has its model already",
            "end it first",
        ));
    }
    let models = session.embedders();
    if models.len() < 2 {
        return Err(UserError::failed(
            "there are fewer than two embedding models here to choose from",
            "`quipu model ls` lists them, `quipu model pull NAME` fetches one",
        ));
    }
    let sought = pages(library(session, Access::ReadOnly)?.as_ref())?;
    if sought.len() < PAGES_MIN {
        return Err(UserError::failed(
            format!("{} pages of the store can be looked for", sought.len()),
            format!("with fewer than {PAGES_MIN} pages of some sentences nothing can be measured"),
        ));
    }
    say!(
        "looking for {} pages by their first sentences with {} models",
        sought.len(),
        models.len()
    );
    let mut measured = Vec::new();
    for model in &models {
        let one = embedder_comparison::measure(model, &sought)?;
        say!(
            "  {:<24} mean reciprocal rank {:.3}, {:.0} ms a page",
            model.called(),
            one.rank,
            one.ms
        );
        measured.push(one);
    }
    let name = models[embedder_comparison::best(&measured)].called();
    embedder::choose(&session.paths.store, name)?;
    say!("this store is searched with {name} from now on");
    Ok(())
}

/// Some pages from all over the store that can be looked for.
fn pages(store: &dyn Library) -> Result<Vec<Sought>> {
    let all = usize::try_from(store.stats()?.pages).unwrap_or(usize::MAX);
    let looks = all.min(PAGES_MAX * LOOKS);
    let mut found = Vec::new();
    for n in 0..looks {
        if found.len() == PAGES_MAX {
            break;
        }
        for summary in store.list(n * all / looks, 1)? {
            let page = store.get(&summary.id)?;
            found.extend(page.and_then(|page| embedder_comparison::sought(&page.text)));
        }
    }
    Ok(found)
}
