//! The models that are there, and those that are loading.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::OnceCell;

use super::{Found, Model};
use crate::process::NoModel;

/// What is loaded, and what is not yet or no longer.
#[derive(Default)]
pub(super) struct Table {
    /// Those that are loaded; the one that was used last is at the end.
    pub(super) loaded: Vec<Arc<Model>>,
    /// Those that are loading.
    pub(super) loading: Vec<Loading>,
    /// Bytes of memory that models may take which are loading, and that those have which are being
    /// unloaded.
    pub(super) held: u64,
    /// Those of `held` that models have which are being unloaded: they come back in any case.
    pub(super) ending: u64,
}

/// A model that is loading.
pub(super) struct Loading {
    pub(super) name: String,
    pub(super) key: String,
    /// All who wait for it have this.
    pub(super) brought: Arc<Brought>,
}

/// A model that was loaded, or why it was not.
pub(super) type Brought = OnceCell<Result<Arc<Model>, NoModel>>;

impl Table {
    /// Bytes of all that are loaded, and of those that are idle.
    pub(super) fn bytes(&self) -> (u64, u64) {
        let idle = self.loaded.iter().filter(|model| is_idle(model));
        let idle = idle.map(|model| model.bytes).sum();
        (self.loaded.iter().map(|model| model.bytes).sum(), idle)
    }

    /// The first that is `wanted`, which counts as used now.
    pub(super) fn used(&mut self, wanted: impl Fn(&Model) -> bool) -> Option<Arc<Model>> {
        let at = self.loaded.iter().position(|model| wanted(model))?;
        let model = self.loaded.remove(at);
        self.loaded.push(model.clone());
        Some(model)
    }

    /// Takes the idle one out that is `wanted` and was used longest ago.
    pub(super) fn take_idle(&mut self, wanted: impl Fn(&Model) -> bool) -> Option<Arc<Model>> {
        let idle = |model: &Arc<Model>| is_idle(model) && wanted(model);
        let at = self.loaded.iter().position(idle)?;
        Some(self.loaded.remove(at))
    }

    /// What those wait for who wait for what was `found`.
    pub(super) fn wait_for(&mut self, found: &Found) -> Arc<Brought> {
        let same = self.loading.iter().find(|one| one.key == found.key);
        if let Some(one) = same {
            return one.brought.clone();
        }
        let brought = Arc::<Brought>::default();
        self.loading.push(Loading {
            name: found.name.clone(),
            key: found.key.clone(),
            brought: brought.clone(),
        });
        brought
    }
}

/// Whether nobody has it but the table, which is locked, and those who only look.
pub(super) fn is_idle(model: &Arc<Model>) -> bool {
    let looks = model.looks.load(Ordering::SeqCst);
    Arc::strong_count(model) <= 1 + looks && Arc::strong_count(&model.cpu) == 1
}

/// A model that somebody has only to look how things are: it may be unloaded meanwhile.
pub(super) struct Look {
    pub(super) model: Arc<Model>,
}

impl Look {
    /// Looks at a `model` of a table, which is locked.
    pub(super) fn at(model: &Arc<Model>) -> Self {
        model.looks.fetch_add(1, Ordering::SeqCst);
        Self {
            model: model.clone(),
        }
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        // Before the model goes: in between it seems to be in use, and never idle while it is.
        self.model.looks.fetch_sub(1, Ordering::SeqCst);
    }
}
