//! The models that run beside the machine's own.
//!
//! ```text
//! named ─> loaded ─> in use <─> idle ─> unloaded
//! ```
//!
//! A model is loaded when a process or a request first names it, and stays. Where there is no
//! room for another, the idle one that was used longest ago is unloaded. One that somebody has is
//! in use: a process that runs, or waits for its person, has its model until it ends.
//!
//! Which models there are, what they take and how much room there is says the [`Loader`].

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use quipu_cpu::{Cpu, CpuError, CpuInfo};
use quipu_tools::LeakScan;

use crate::event::Events;
use crate::exec::screened;
use crate::judgement::Judgement;
use crate::label::Secrecy;
use crate::process::{NoModel, Pid};

/// Names of the machine's own model that are remembered.
const OWN_NAMES_MAX: usize = 64;

/// What brings models to a machine. Whoever embeds the kernel knows where they are.
pub trait Loader: Send + Sync {
    /// What `name` means; nothing is loaded. May read the beginning of a file.
    ///
    /// # Errors
    /// [`NoModel::NotHere`] where nothing has this name, or it cannot be run.
    fn find(&self, name: &str) -> Result<Found, NoModel>;

    /// Loads what [`Loader::find`] found, in at most `room` bytes of memory.
    ///
    /// # Errors
    /// [`NoModel::Cpu`] where it cannot be run, or not in so many.
    fn load(&self, found: Found, room: u64) -> BoxFuture<'static, Result<Loaded, NoModel>>;

    /// The models that are taken in place of the one called `name` where that is not there, the
    /// first one first.
    fn instead_of(&self, name: &str) -> Vec<String>;

    /// How many bytes more models may take, where those beside the machine's own take `taken`.
    fn room(&self, taken: u64) -> u64;
}

/// A model that can be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// As it was named.
    pub name: String,
    /// What it is called whatever it was named: the path of its file, or an address.
    pub key: String,
    /// Bytes of memory that it needs at least; 0 when it computes elsewhere.
    pub bytes: u64,
    /// Whether it is the one that the machine was booted with.
    pub is_own: bool,
}

/// A model that was loaded.
pub struct Loaded {
    /// What computes.
    pub cpu: Arc<dyn Cpu>,
    /// What its odds are worth.
    pub judgement: Judgement,
    /// The most secret text that it may be shown. `None` is any where it computes on this
    /// machine, and what is public where it does not.
    pub clearance: Option<Secrecy>,
}

/// A model beside the machine's own. Whoever has it keeps it from being unloaded.
pub struct Model {
    /// As it was first named.
    pub name: String,
    /// What it is called whatever it was named.
    pub key: String,
    /// What computes.
    pub cpu: Arc<dyn Cpu>,
    /// What its odds are worth.
    pub judgement: Judgement,
    /// The most secret text that it may be shown.
    pub(super) clearance: Option<Secrecy>,
    /// Bytes of memory that it takes.
    bytes: u64,
}

/// A model beside the machine's own, as it is in one moment.
#[derive(Clone, Debug)]
pub struct Resident {
    /// As it was first named.
    pub name: String,
    /// What it is called whatever it was named.
    pub key: String,
    /// Bytes of memory that it takes.
    pub bytes: u64,
    /// Whether somebody has it.
    pub in_use: bool,
    /// What is known of it.
    pub info: CpuInfo,
}

/// Why a model was not unloaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnloadError {
    /// None beside the machine's own has this name.
    #[error("no model {0} is loaded beside the machine's own")]
    NotLoaded(String),
    /// Somebody has it.
    #[error("the model {0} is in use")]
    InUse(String),
}

/// `cpu` as a machine has it: nothing that `leaks` looks for is shown to it or comes out of it,
/// and what moves in its cache is heard by `events`.
pub(super) fn joined(cpu: Arc<dyn Cpu>, leaks: &LeakScan, events: &Arc<Events>) -> Arc<dyn Cpu> {
    let heard = events.clone();
    cpu.listen(Box::new(move |movement| heard.emit(movement.into())));
    screened(cpu, leaks)
}

/// The most secret text that `cpu` may be shown, where nothing else is granted than `granted`.
pub(super) fn cleared(cpu: &dyn Cpu, granted: Option<Secrecy>) -> Option<Secrecy> {
    match cpu.info().kind {
        "remote" => granted.or(Some(Secrecy::Public)),
        _ => granted,
    }
}

/// The models beside a machine's own.
pub(super) struct Models {
    loader: OnceLock<Arc<dyn Loader>>,
    /// Those that are loaded; the one that was used last is at the end.
    loaded: Mutex<Vec<Arc<Model>>>,
    /// Names that turned out to mean the machine's own model.
    own: Mutex<BTreeSet<String>>,
    /// Held while one is loaded or unloaded.
    changing: tokio::sync::Mutex<()>,
    leaks: LeakScan,
    events: Arc<Events>,
}

impl Models {
    /// None yet, for a machine that looks for `leaks` and tells `events`.
    pub(super) fn new(leaks: LeakScan, events: Arc<Events>) -> Arc<Self> {
        Arc::new(Self {
            loader: OnceLock::new(),
            loaded: Mutex::default(),
            own: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            leaks,
            events,
        })
    }

    /// Lets `loader` bring models; the first one counts.
    pub(super) fn bring_by(&self, loader: Arc<dyn Loader>) {
        let _ = self.loader.set(loader);
    }

    /// The model called `name`, loaded where it is not; `None` where that is the machine's own.
    /// Dropping the future leaves it loading.
    pub(super) async fn get(self: &Arc<Self>, name: &str) -> Result<Option<Arc<Model>>, NoModel> {
        if let Some(model) = self.resident(name) {
            return Ok(Some(model));
        }
        if self.is_own(name) {
            return Ok(None);
        }
        let Some(loader) = self.loader.get().cloned() else {
            return Err(NoModel::Alone { name: name.into() });
        };
        let (models, name) = (self.clone(), name.to_owned());
        let bringing = tokio::spawn(async move {
            let (finds, named) = (loader.clone(), name.clone());
            let found = tokio::task::spawn_blocking(move || finds.find(&named));
            let found = found.await.map_err(|_| broken())??;
            match found.is_own {
                true => {
                    models.note_own(name);
                    Ok(None)
                }
                false => models.bring(&*loader, found).await.map(Some),
            }
        });
        bringing.await.map_err(|_| broken())?
    }

    /// The models in place of the one called `name`, the first one first.
    pub(super) fn instead_of(&self, name: &str) -> Vec<String> {
        let loader = self.loader.get();
        loader.map_or_else(Vec::new, |loader| loader.instead_of(name))
    }

    /// Loads what was `found`, unless it is there by now.
    async fn bring(&self, loader: &dyn Loader, found: Found) -> Result<Arc<Model>, NoModel> {
        let _one = self.changing.lock().await;
        if let Some(model) = self.used(|model| model.key == found.key) {
            return Ok(model);
        }
        let loaded = loop {
            let room = self.make_room(loader, &found).await?;
            let error = match loader.load(found.clone(), room).await {
                Ok(loaded) => break loaded,
                Err(error) => error,
            };
            // Its weights had room, and its cache has not.
            let of_cache = matches!(error, NoModel::Cpu(CpuError::Cells { .. }));
            match self.take_idle(|_| of_cache) {
                Some(idle) => end(idle).await,
                None => return Err(error),
            }
        };
        let model = Arc::new(Model {
            name: found.name,
            key: found.key,
            bytes: loaded.cpu.info().bytes.max(found.bytes),
            clearance: cleared(&*loaded.cpu, loaded.clearance),
            judgement: loaded.judgement,
            cpu: joined(loaded.cpu, &self.leaks, &self.events),
        });
        self.loaded.lock().push(model.clone());
        Ok(model)
    }

    /// Bytes that one more model may take now, with none unloaded for it.
    pub(super) fn room(&self) -> u64 {
        let (taken, _) = self.bytes();
        let loader = self.loader.get();
        loader.map_or(u64::MAX, |loader| loader.room(taken))
    }

    /// Unloads idle models until there is room for what was `found`; none where that is not
    /// enough. Gives the bytes that there are then.
    async fn make_room(&self, loader: &dyn Loader, found: &Found) -> Result<u64, NoModel> {
        loop {
            let (taken, idle) = self.bytes();
            let room = loader.room(taken);
            if found.bytes <= room {
                return Ok(room);
            }
            let enough = found.bytes <= room.saturating_add(idle);
            match self.take_idle(|_| enough) {
                Some(model) => end(model).await,
                None => {
                    return Err(NoModel::NoRoom {
                        name: found.name.clone(),
                        needs: found.bytes,
                        room: room.saturating_add(idle),
                    });
                }
            }
        }
    }

    /// Bytes of all that are loaded, and of those that are idle.
    fn bytes(&self) -> (u64, u64) {
        let loaded = self.loaded.lock();
        let idle = loaded.iter().filter(|model| is_idle(model));
        let idle = idle.map(|model| model.bytes).sum();
        (loaded.iter().map(|model| model.bytes).sum(), idle)
    }

    /// The model called `name`, where it is loaded.
    pub(super) fn resident(&self, name: &str) -> Option<Arc<Model>> {
        self.used(|model| model.name == name || model.key == name)
    }

    /// Whether `name` is known to mean the machine's own model.
    pub(super) fn is_own(&self, name: &str) -> bool {
        self.own.lock().contains(name)
    }

    fn note_own(&self, name: String) {
        let mut own = self.own.lock();
        if own.len() < OWN_NAMES_MAX {
            own.insert(name);
        }
    }

    /// The first that is `wanted`, which counts as used now.
    fn used(&self, wanted: impl Fn(&Model) -> bool) -> Option<Arc<Model>> {
        let mut loaded = self.loaded.lock();
        let at = loaded.iter().position(|model| wanted(model))?;
        let model = loaded.remove(at);
        loaded.push(model.clone());
        Some(model)
    }

    /// Takes the idle one out that is `wanted` and was used longest ago.
    fn take_idle(&self, wanted: impl Fn(&Model) -> bool) -> Option<Arc<Model>> {
        let mut loaded = self.loaded.lock();
        let idle = |model: &Arc<Model>| is_idle(model) && wanted(model);
        let at = loaded.iter().position(idle)?;
        Some(loaded.remove(at))
    }

    /// Unloads the model called `name`.
    pub(super) async fn unload(&self, name: &str) -> Result<(), UnloadError> {
        let _one = self.changing.lock().await;
        let is_it = |model: &Model| model.name == name || model.key == name;
        if let Some(model) = self.take_idle(is_it) {
            end(model).await;
            return Ok(());
        }
        match self.loaded.lock().iter().any(|model| is_it(model)) {
            true => Err(UnloadError::InUse(name.to_owned())),
            false => Err(UnloadError::NotLoaded(name.to_owned())),
        }
    }

    /// Those that are loaded, by their names.
    pub(super) fn list(&self) -> Vec<Resident> {
        let loaded = self.loaded.lock();
        let resident = |model: &Arc<Model>| Resident {
            name: model.name.clone(),
            key: model.key.clone(),
            bytes: model.bytes,
            in_use: !is_idle(model),
            info: model.cpu.info().clone(),
        };
        let mut list: Vec<Resident> = loaded.iter().map(resident).collect();
        list.sort_by(|one, other| one.name.cmp(&other.name));
        list
    }

    /// Gives `pid` another priority on whichever it runs.
    pub(super) fn nice(&self, pid: Pid, priority: i8) {
        for model in &*self.loaded.lock() {
            model.cpu.nice(pid, priority);
        }
    }
}

/// Whether nobody has it but the table, which is locked.
fn is_idle(model: &Arc<Model>) -> bool {
    Arc::strong_count(model) == 1 && Arc::strong_count(&model.cpu) == 1
}

/// Unloads a model that is in no table any more; its memory is free then.
async fn end(model: Arc<Model>) {
    // An engine that ends may have a batch under way.
    let _ = tokio::task::spawn_blocking(move || drop(model)).await;
}

/// Loading it crashed. What a crash says of itself is told to no client.
fn broken() -> NoModel {
    CpuError::Decode("it crashed while it was loaded".to_owned()).into()
}
