//! The models that run beside the machine's own.
//!
//! ```text
//! named ─> loading ─> in use <─> idle ─> unloaded
//! ```
//!
//! A model is loaded when a process or a request first names it, and stays. All who name it while
//! it is loading wait for the same loading; nobody else waits, unless memory is short. Where there
//! is no room for another, the idle one that was used longest ago is unloaded. One that somebody
//! has is in use: a process that runs, or waits for its person, has its model until it ends.
//!
//! Which models there are, what they take and how much room there is says the [`Loader`].

mod table;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use quipu_cpu::{Cpu, CpuError, CpuInfo};
use quipu_tools::LeakScan;
use tokio::sync::Notify;

use super::look::ModelNow;
use crate::event::Events;
use crate::exec::screened;
use crate::judgement::Judgement;
use crate::label::Secrecy;
use crate::process::{NoModel, Pid};
use table::{Look, Table, is_idle};

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

    /// How many bytes more models may take, where those beside the machine's own take `taken`. One
    /// that is being unloaded is none of these, and its memory may not be free yet.
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
    /// How many have it only to look how things are.
    looks: Arc<AtomicUsize>,
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
    table: Mutex<Table>,
    /// Told whenever memory that was held is held no longer.
    freed: Notify,
    /// Names that turned out to mean the machine's own model.
    own: Mutex<BTreeSet<String>>,
    leaks: LeakScan,
    events: Arc<Events>,
}

/// How much of the room a model may take.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Share {
    /// Its weights, and half of what is left: others may be named while it is loading.
    Half,
    /// All of it, while no other is loading.
    Whole,
}

/// What comes next for a model that is to be loaded.
enum Next<'a> {
    /// It is loaded, in at most so many bytes.
    Load(u64, Held<'a>),
    /// This one is unloaded.
    Unload(Arc<Model>, Held<'a>),
    /// Memory is held that could be enough.
    Wait,
    /// There are so many bytes at most.
    Full(u64),
}

/// Bytes of memory that are given to nobody else while this is there.
struct Held<'a> {
    models: &'a Models,
    bytes: u64,
    /// Those of them that a model has which is being unloaded.
    ending: u64,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut table = self.models.table.lock();
        table.held -= self.bytes;
        table.ending -= self.ending;
        drop(table);
        self.models.freed.notify_waiters();
    }
}

impl Models {
    /// None yet, for a machine that looks for `leaks` and tells `events`.
    pub(super) fn new(leaks: LeakScan, events: Arc<Events>) -> Arc<Self> {
        Arc::new(Self {
            loader: OnceLock::new(),
            table: Mutex::default(),
            freed: Notify::new(),
            own: Mutex::default(),
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

    /// Loads what was `found`, unless it is there by now; once, for all who ask meanwhile.
    async fn bring(&self, loader: &dyn Loader, found: Found) -> Result<Arc<Model>, NoModel> {
        let brought = {
            let mut table = self.table.lock();
            if let Some(model) = table.used(|model| model.key == found.key) {
                return Ok(model);
            }
            table.wait_for(&found)
        };
        let loaded = brought
            .get_or_init(|| self.load(loader, found))
            .await
            .clone();
        // What holds the outcome would keep the model in use.
        let mut table = self.table.lock();
        table
            .loading
            .retain(|one| !Arc::ptr_eq(&one.brought, &brought));
        loaded
    }

    /// Loads what was `found`; idle models make room for it.
    async fn load(&self, loader: &dyn Loader, found: Found) -> Result<Arc<Model>, NoModel> {
        let mut share = Share::Half;
        let (loaded, _held) = loop {
            let (room, held) = self.make_room(loader, &found, share).await?;
            let error = match loader.load(found.clone(), room).await {
                Ok(loaded) => break (loaded, held),
                Err(error) => error,
            };
            drop(held);
            if !matches!(error, NoModel::Cpu(CpuError::Cells { .. })) {
                return Err(error);
            }
            // Its weights had room, and its cache has not.
            if !self.has_more_room(&mut share).await {
                return Err(error);
            }
        };
        let model = Arc::new(Model {
            name: found.name,
            key: found.key,
            bytes: loaded.cpu.info().bytes.max(found.bytes),
            clearance: cleared(&*loaded.cpu, loaded.clearance),
            judgement: loaded.judgement,
            cpu: joined(loaded.cpu, &self.leaks, &self.events),
            looks: Arc::default(),
        });
        self.table.lock().loaded.push(model.clone());
        Ok(model)
    }

    /// Whether a model whose cache had no room in its `share` may find more now.
    async fn has_more_room(&self, share: &mut Share) -> bool {
        if *share == Share::Half {
            *share = Share::Whole;
            return true;
        }
        let idle = {
            let mut table = self.table.lock();
            let idle = table.take_idle(|_| true);
            idle.map(|model| self.ending(&mut table, model))
        };
        match idle {
            Some((model, held)) => {
                end(model, held).await;
                true
            }
            None => false,
        }
    }

    /// Bytes that one more model may take now, with none unloaded for it.
    pub(super) fn room(&self) -> u64 {
        let table = self.table.lock();
        let (taken, _) = table.bytes();
        let loader = self.loader.get();
        let room = loader.map_or(u64::MAX, |loader| loader.room(taken));
        room.saturating_sub(table.held)
    }

    /// Unloads idle models until there is room for what was `found`; none where that is not
    /// enough. Gives the bytes that it may take.
    async fn make_room(
        &self,
        loader: &dyn Loader,
        found: &Found,
        share: Share,
    ) -> Result<(u64, Held<'_>), NoModel> {
        loop {
            let freed = self.freed.notified();
            match self.next(loader, found, share) {
                Next::Load(room, held) => return Ok((room, held)),
                Next::Unload(model, held) => end(model, held).await,
                Next::Wait => freed.await,
                Next::Full(room) => {
                    return Err(NoModel::NoRoom {
                        name: found.name.clone(),
                        needs: found.bytes,
                        room,
                    });
                }
            }
        }
    }

    fn next(&self, loader: &dyn Loader, found: &Found, share: Share) -> Next<'_> {
        let mut table = self.table.lock();
        if share == Share::Whole && table.held > 0 {
            return Next::Wait;
        }
        let (taken, idle) = table.bytes();
        let (needs, all) = (found.bytes, loader.room(taken));
        let room = all.saturating_sub(table.held);
        if needs <= room {
            let room = match share {
                Share::Half => needs + (room - needs) / 2,
                Share::Whole => room,
            };
            // What computes elsewhere takes no memory.
            let bytes = if needs == 0 { 0 } else { room };
            return Next::Load(room, self.hold(&mut table, bytes));
        }
        let enough = needs <= room.saturating_add(idle);
        if let Some(model) = table.take_idle(|_| enough) {
            let (model, held) = self.ending(&mut table, model);
            return Next::Unload(model, held);
        }
        let most = all.saturating_add(idle).saturating_add(table.ending);
        match needs <= most && table.held > 0 {
            true => Next::Wait,
            false => Next::Full(most),
        }
    }

    fn hold(&self, table: &mut Table, bytes: u64) -> Held<'_> {
        // A system that tells no memory has as much as there are numbers.
        let bytes = bytes.min(u64::MAX - table.held);
        table.held += bytes;
        Held {
            models: self,
            bytes,
            ending: 0,
        }
    }

    /// The `model` that left the `table`, with its memory, which is not free yet.
    fn ending(&self, table: &mut Table, model: Arc<Model>) -> (Arc<Model>, Held<'_>) {
        let mut held = self.hold(table, model.bytes);
        held.ending = held.bytes;
        table.ending += held.ending;
        (model, held)
    }

    /// The model called `name`, where it is loaded.
    pub(super) fn resident(&self, name: &str) -> Option<Arc<Model>> {
        let is_it = |model: &Model| model.name == name || model.key == name;
        self.table.lock().used(is_it)
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

    /// Unloads the model called `name`. One that is loading is in use.
    pub(super) async fn unload(&self, name: &str) -> Result<(), UnloadError> {
        let is_it = |model: &Model| model.name == name || model.key == name;
        let (model, held) = {
            let mut table = self.table.lock();
            let Some(model) = table.take_idle(is_it) else {
                let mut loading = table.loading.iter();
                let is_loading = loading.any(|one| one.name == name || one.key == name);
                let is_there = table.loaded.iter().any(|model| is_it(model));
                return Err(match is_loading || is_there {
                    true => UnloadError::InUse(name.to_owned()),
                    false => UnloadError::NotLoaded(name.to_owned()),
                });
            };
            self.ending(&mut table, model)
        };
        end(model, held).await;
        Ok(())
    }

    /// Those that are loaded, by their names.
    pub(super) fn list(&self) -> Vec<Resident> {
        let table = self.table.lock();
        let resident = |model: &Arc<Model>| Resident {
            name: model.name.clone(),
            key: model.key.clone(),
            bytes: model.bytes,
            in_use: !is_idle(model),
            info: model.cpu.info().clone(),
        };
        let mut list: Vec<Resident> = table.loaded.iter().map(resident).collect();
        list.sort_by(|one, other| one.name.cmp(&other.name));
        list
    }

    /// What those compute that are loaded, and for whom, by their names. May wait for the batches
    /// under way.
    pub(super) fn now(&self) -> Vec<ModelNow> {
        let looked: Vec<(bool, Look)> = {
            let table = self.table.lock();
            let look = |model: &Arc<Model>| (!is_idle(model), Look::at(model));
            table.loaded.iter().map(look).collect()
        };
        let now = |(in_use, look): (bool, Look)| ModelNow {
            name: look.model.name.clone(),
            key: look.model.key.clone(),
            is_own: false,
            bytes: look.model.bytes,
            in_use,
            cpu: look.model.cpu.stats(),
        };
        let mut all: Vec<ModelNow> = looked.into_iter().map(now).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// Gives `pid` another priority on whichever it runs.
    pub(super) fn nice(&self, pid: Pid, priority: i8) {
        for model in &self.table.lock().loaded {
            model.cpu.nice(pid, priority);
        }
    }
}

/// Unloads a model that is in no table any more; its memory is `held` until then.
async fn end(model: Arc<Model>, held: Held<'_>) {
    // An engine that ends may have a batch under way.
    let _ = tokio::task::spawn_blocking(move || drop(model)).await;
    drop(held);
}

/// Loading it crashed. What a crash says of itself is told to no client.
fn broken() -> NoModel {
    CpuError::Decode("it crashed while it was loaded".to_owned()).into()
}
