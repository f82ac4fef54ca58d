//! Who waits while a model is loading, and what is told of those that are loaded.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::*;

/// A model of so many bytes, and what lets it be loaded.
fn slow(bytes: u64) -> (Model, Arc<Notify>) {
    let waits = Arc::new(Notify::new());
    let model = Model {
        waits: Some(waits.clone()),
        ..local(bytes)
    };
    (model, waits)
}

/// Waits until the model called `name` is loading.
async fn is_loading(kernel: &Kernel, name: &str) {
    while kernel.unload(name).await != Err(UnloadError::InUse(name.into())) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nobody_waits_for_a_model_that_others_load() {
    let (model, comes) = slow(10);
    let shelf = Shelf::of([("slow", model), ("small", local(10)), ("other", local(10))]);
    let loaded = shelf.loaded.clone();
    let (kernel, _folder) = machine(shelf);
    kernel.model("small").await.expect("room");
    let mut one = Box::pin(kernel.model("slow"));
    let mut another = Box::pin(kernel.model("the-slow"));
    assert!((&mut one).now_or_never().is_none());
    assert!((&mut another).now_or_never().is_none());
    is_loading(&kernel, "slow").await;
    // One that is loaded, by a name that is not known yet, and one that is not.
    kernel.model("the-small").await.expect("it is there");
    kernel.model("other").await.expect("room");
    assert_eq!(*loaded.lock().unwrap(), ["small", "other"]);
    comes.notify_one();
    let one = one.await.expect("room").expect("another");
    let another = another.await.expect("room").expect("another");
    assert!(Arc::ptr_eq(&one, &another));
    assert_eq!(*loaded.lock().unwrap(), ["small", "other", "slow"]);
    drop((one, another));
    assert!(kernel.models().iter().all(|model| !model.in_use));
}

#[tokio::test]
async fn all_that_are_loaded_are_told() {
    let (kernel, _folder) = machine(Shelf::of([("b", local(10)), ("a", local(20))]));
    let told = || -> Vec<(String, bool, u64, bool)> {
        let now = kernel.models_now().into_iter();
        now.map(|model| (model.name, model.is_own, model.bytes, model.in_use))
            .collect()
    };
    let own = ("script:test".to_owned(), true, 0, false);
    assert_eq!(told(), std::slice::from_ref(&own));
    let b = kernel.model("b").await.expect("room");
    kernel.model("a").await.expect("room");
    let others = |b_in_use: bool| {
        let one = |name: &str, bytes: u64, in_use: bool| (name.to_owned(), false, bytes, in_use);
        [one("a", 20, false), one("b", 10, b_in_use)]
    };
    assert_eq!(told()[1..], others(true));
    drop(b);
    assert_eq!(told()[1..], others(false));
    // Who looked has left it.
    assert_eq!(kernel.unload("b").await, Ok(()));
}

#[tokio::test]
async fn a_model_waits_for_memory_that_another_may_take() {
    let (model, comes) = slow(60);
    let shelf = Shelf::of([("slow", model), ("b", local(30)), ("c", local(101))]);
    let (kernel, _folder) = machine(shelf);
    let mut first = Box::pin(kernel.model("slow"));
    assert!((&mut first).now_or_never().is_none());
    is_loading(&kernel, "slow").await;
    // Half of what it leaves is held for its cache.
    assert_eq!(kernel.room_for_models(), 20);
    let mut next = Box::pin(kernel.model("b"));
    assert!((&mut next).now_or_never().is_none());
    is_loading(&kernel, "b").await;
    let refused = kernel.model("c").await.err();
    let (name, needs, room) = ("c".to_owned(), 101, 100);
    assert_eq!(refused, Some(NoModel::NoRoom { name, needs, room }));
    comes.notify_one();
    let (first, next) = (first.await.expect("room"), next.await.expect("room"));
    assert!(first.is_some() && next.is_some());
    assert_eq!(kernel.room_for_models(), 10);
}

/// Models in memory that is free only once they have left it.
struct Tight {
    shelf: Shelf,
    memory: Memory,
}

#[derive(Clone)]
struct Memory {
    /// Bytes of all models, also of those that are being unloaded.
    used: Arc<AtomicU64>,
    /// What each waits for that is unloaded.
    leaves: Arc<Mutex<Receiver<()>>>,
}

/// The memory of one model.
struct Space(Memory, u64);

impl Space {
    /// What a model in it says.
    fn said(&self) -> String {
        format!("{} bytes", self.1)
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let Self(memory, bytes) = self;
        if let Ok(leaves) = memory.leaves.lock() {
            let _ = leaves.recv_timeout(Duration::from_secs(9));
        }
        memory.used.fetch_sub(*bytes, Ordering::SeqCst);
    }
}

impl Loader for Tight {
    fn find(&self, name: &str) -> Result<Found, NoModel> {
        self.shelf.find(name)
    }

    fn load(&self, found: Found, _: u64) -> BoxFuture<'static, Result<Loaded, NoModel>> {
        let Found { name, bytes, .. } = found;
        self.memory.used.fetch_add(bytes, Ordering::SeqCst);
        let space = Space(self.memory.clone(), bytes);
        let info = CpuInfo {
            model: name,
            bytes,
            ..CpuInfo::default()
        };
        let cpu = FunctionCpu::new(info, move |_: &Job| space.said());
        let loaded = Loaded {
            cpu: Arc::new(cpu),
            judgement: Judgement::default(),
            clearance: None,
        };
        std::future::ready(Ok(loaded)).boxed()
    }

    fn instead_of(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn room(&self, taken: u64) -> u64 {
        let free = ROOM - self.memory.used.load(Ordering::SeqCst);
        self.shelf.room(taken).min(free)
    }
}

#[tokio::test]
async fn a_model_waits_for_memory_of_one_that_is_unloaded_for_another() {
    let (leave, leaves) = channel();
    let sizes = [("a", 80), ("b", 50), ("c", 40), ("d", 101)];
    let (kernel, _folder) = machine(Tight {
        shelf: Shelf::of(sizes.map(|(name, bytes)| (name, local(bytes)))),
        memory: Memory {
            used: Arc::default(),
            leaves: Arc::new(Mutex::new(leaves)),
        },
    });
    kernel.model("a").await.expect("room");
    let mut next = Box::pin(kernel.model("b"));
    assert!((&mut next).now_or_never().is_none());
    is_loading(&kernel, "b").await;
    assert!(kernel.models().is_empty(), "a is being unloaded");
    // There is room for both once it has gone.
    let mut other = Box::pin(kernel.model("c"));
    assert!((&mut other).now_or_never().is_none());
    is_loading(&kernel, "c").await;
    // What will not fit then either is refused at once.
    let refused = kernel.model("d").await.err();
    let (name, needs, room) = ("d".to_owned(), 101, 100);
    assert_eq!(refused, Some(NoModel::NoRoom { name, needs, room }));
    leave.send(()).expect("it waits");
    let (next, other) = (next.await.expect("room"), other.await.expect("room"));
    assert!(next.is_some() && other.is_some());
    assert_eq!(kernel.room_for_models(), 10);
    drop(leave);
}
