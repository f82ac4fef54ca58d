//! The store of a session: opened with the embedding models that are here, kept free of secrets,
//! and waited for while another program writes it.
//!
//! Which machine has a store open is no concern of this file: see `service/lent`.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Result;
use quipu_memory::{Access, DiskStore, Embedder, Screen, StoreError};
use quipu_tools::LeakScan;

use super::Session;
use super::embedder::{self, LazyEmbedder};
use super::library::Library;
use super::lock::MachineLock;
use crate::config::paths;
use crate::terminal::bar;

/// Pages that get vectors whenever the store is opened, a few seconds' work; more wait for
/// `quipu mem add` or `quipu mem rebuild`, and are found by their words meanwhile, and by the
/// vectors of another model that they may have.
const VECTORS_AT_ONCE_MAX: u64 = 20;
/// How long another writer of the store is waited for before that is said: most are done by
/// then.
const TOLD_AFTER: Duration = Duration::from_millis(500);

/// Opens the store in `folder`, and waits no longer than `patience` for a program that writes it.
/// One of an earlier release is brought up to date before it is read: by who has the lock to write
/// it, so not beside a machine of that release.
///
/// # Errors
/// Those of the store; `Locked` where another program writes one of an earlier release.
pub fn current(folder: &Path, access: Access, patience: Duration) -> Result<DiskStore, StoreError> {
    let open = |access| DiskStore::open_with(folder, access, patience, &|_, _| {});
    match open(access) {
        Err(StoreError::Older { .. }) => {
            drop(open(Access::ReadWrite)?);
            open(access)
        }
        opened => opened,
    }
}

impl Session {
    /// The store in `folder`.
    pub(super) fn store_in(&self, folder: &Path, access: Access) -> Result<Arc<DiskStore>> {
        if access == Access::ReadWrite {
            paths::create(folder)?;
        }
        let store = self.opened(folder, access)?;
        let store = match self.leaks.is_empty() {
            true => store,
            false => store.with_screen(screen(self.leaks.clone())),
        };
        let Some(embedder) = self.embedder()? else {
            return Ok(Arc::new(store));
        };
        let threads = self.settings.threads.map(usize::from);
        let others = embedder::others(&embedder, &self.places(), threads);
        let all = std::iter::once(embedder).chain(others);
        let all = all.map(|embedder| Arc::new(embedder) as Arc<dyn Embedder>);
        let store = store.with_embedders(all.collect(), VECTORS_AT_ONCE_MAX)?;
        Ok(Arc::new(store))
    }

    /// Opens the store in `folder`. What is stored at the same time is stored one after the
    /// other: a program that writes it is waited for, and after a moment that is said.
    ///
    /// # Errors
    /// Those of the store; `Locked` where a machine of another program has it, which may run
    /// for hours and lends it.
    fn opened(&self, folder: &Path, access: Access) -> Result<DiskStore> {
        let mut is_told = false;
        loop {
            let patience = match self.is_anothers() {
                true => Duration::ZERO,
                false => TOLD_AFTER,
            };
            match current(folder, access, patience) {
                Err(StoreError::Locked { holder, .. }) if patience > Duration::ZERO => {
                    if !is_told {
                        say!(
                            "waiting for {holder}, which writes the memory of this root (Ctrl-C \
                             ends the waiting)"
                        );
                        is_told = true;
                    }
                }
                opened => return Ok(opened?),
            }
        }
    }

    /// Whether a machine of another program runs on this root.
    fn is_anothers(&self) -> bool {
        let own = std::process::id();
        MachineLock::holder(&self.paths.lock()).is_some_and(|holder| holder != own)
    }

    /// The embedding model that the settings name, that was chosen for the store, or the best
    /// that is here.
    ///
    /// # Errors
    /// One that is named and not here.
    pub fn embedder(&self) -> Result<Option<LazyEmbedder>> {
        let (threads, places) = (self.settings.threads.map(usize::from), self.places());
        let named = self.settings.embedder.as_deref();
        let wanted = named.or_else(|| embedder::chosen(&self.paths.store, &places));
        embedder::find(wanted, &places, threads)
    }

    /// The embedding models of the catalogue that are here beside `chosen`.
    pub fn other_embedders(&self, chosen: &LazyEmbedder) -> Vec<LazyEmbedder> {
        let threads = self.settings.threads.map(usize::from);
        embedder::others(chosen, &self.places(), threads)
    }

    /// The embedding models that are taken without being named, as far as they are here.
    pub fn embedders(&self) -> Vec<LazyEmbedder> {
        let threads = self.settings.threads.map(usize::from);
        embedder::preferred(&self.places(), threads)
    }

    /// Gives the pages of `library` that have none their vectors.
    pub fn give_vectors(&self, library: &dyn Library) -> Result<()> {
        let shown = OnceLock::new();
        library.give_vectors(&|done, total| {
            let (bar, _) = shown.get_or_init(|| {
                if total > VECTORS_AT_ONCE_MAX {
                    say!(
                        "preparing {total} pages to be found by meaning; they are found already \
                         as before, and Ctrl-C loses nothing: `quipu mem rebuild` goes on"
                    );
                }
                let bar = bar::bar(total);
                let silence = bar::silence(&bar);
                (bar, silence)
            });
            bar.set_position(done);
        })?;
        if let Some((bar, _)) = shown.get() {
            bar.finish_and_clear();
        }
        Ok(())
    }
}

/// Takes secrets out of what is stored, and says so.
fn screen(leaks: LeakScan) -> Screen {
    Arc::new(move |text: &str| match leaks.redacted(text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(clean) => {
            say!("warning: a secret was found in what is to be stored; a mark takes its place");
            Some(clean)
        }
    })
}
