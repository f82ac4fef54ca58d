//! Several models in one machine: each process runs on the one that its program names, within the
//! room that models have.

mod loading;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::common::cpus::FunctionCpu;
use crate::common::{Setup, followed, line, replayed};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use quipu_cpu::{CpuInfo, Job};
use quipu_kernel::event::Event;
use quipu_kernel::gate::Secrecy;
use quipu_kernel::judgement::Judgement;
use quipu_kernel::label::Label;
use quipu_kernel::process::{Attached, Example, Failure, NoModel, Program, State, Status, Turn};
use quipu_kernel::{Found, Kernel, Loaded, Loader, UnloadError};
use serde_json::json;
use tokio::sync::Notify;

/// Bytes that models may take.
const ROOM: u64 = 100;

/// A model for tests, which answers with its name.
#[derive(Clone)]
struct Model {
    bytes: u64,
    kind: &'static str,
    granted: Option<Secrecy>,
    /// What its loading waits for.
    waits: Option<Arc<Notify>>,
}

/// A model of so many bytes on this machine.
fn local(bytes: u64) -> Model {
    Model {
        bytes,
        kind: "local",
        granted: None,
        waits: None,
    }
}

/// A model on another machine, which is `granted` so much.
fn remote(granted: Option<Secrecy>) -> Model {
    Model {
        bytes: 0,
        kind: "remote",
        granted,
        waits: None,
    }
}

/// Loads them, and notes what it loads.
struct Shelf {
    models: BTreeMap<&'static str, Model>,
    instead: Vec<&'static str>,
    loaded: Arc<Mutex<Vec<String>>>,
}

impl Shelf {
    fn of<const N: usize>(models: [(&'static str, Model); N]) -> Self {
        Self {
            models: models.into(),
            instead: Vec::new(),
            loaded: Arc::default(),
        }
    }
}

impl Loader for Shelf {
    fn find(&self, name: &str) -> Result<Found, NoModel> {
        let missing = || NoModel::NotHere {
            reason: format!("no model is called {name}"),
        };
        // Each has a second name.
        let key = name.trim_start_matches("the-");
        let is_own = key == "own";
        let bytes = match is_own {
            true => 0,
            false => self.models.get(key).ok_or_else(missing)?.bytes,
        };
        Ok(Found {
            name: name.to_owned(),
            key: format!("/models/{key}"),
            bytes,
            is_own,
        })
    }

    fn load(&self, found: Found, _: u64) -> BoxFuture<'static, Result<Loaded, NoModel>> {
        let name = found.key.trim_start_matches("/models/").to_owned();
        let model = self.models[name.as_str()].clone();
        let loaded = self.loaded.clone();
        async move {
            if let Some(waits) = &model.waits {
                waits.notified().await;
            }
            loaded.lock().expect("nobody panics").push(name.clone());
            let info = CpuInfo {
                model: name.clone(),
                kind: model.kind,
                window: 8192,
                bytes: model.bytes,
                ..CpuInfo::default()
            };
            let answer = format!("{{\"answer\":\"{name}\"}}");
            Ok::<_, NoModel>(Loaded {
                cpu: Arc::new(FunctionCpu::new(info, move |_: &Job| answer.clone())),
                judgement: Judgement::default(),
                clearance: model.granted,
            })
        }
        .boxed()
    }

    fn instead_of(&self, _: &str) -> Vec<String> {
        self.instead.iter().map(|name| (*name).to_owned()).collect()
    }

    fn room(&self, taken: u64) -> u64 {
        ROOM.saturating_sub(taken)
    }
}

/// A machine whose own model answers `own`, and the folder of its journal.
fn machine(shelf: impl Loader + 'static) -> (Kernel, tempfile::TempDir) {
    let folder = crate::common::folder();
    let setup = Setup::new(r#"{"answer":"own"}"#);
    let kernel = setup.kernel(&folder.path().join("journal.db"));
    kernel.bring_models_by(Arc::new(shelf));
    (kernel, folder)
}

fn on(model: &str) -> Program {
    Program {
        model: Some(model.to_owned()),
        ..Program::new("Who answers?")
    }
}

/// The label of words of the user's that are so secret.
fn of_user(secrecy: Secrecy) -> Label {
    let mut label = Label::user();
    label.secrecy = secrecy;
    label
}

/// The answer of `program`, or the error.
async fn answer(kernel: &Kernel, program: Program) -> String {
    let pid = kernel.spawn(program).expect("it starts");
    let exit = kernel.wait(pid).await.expect("an end");
    if exit.status == Status::Exited {
        replayed(kernel, pid).await;
    }
    let answer = exit
        .answer
        .and_then(|answer| Some(answer.as_str()?.to_owned()));
    answer.or(exit.error).unwrap_or_default()
}

#[tokio::test]
async fn a_process_runs_on_the_model_that_its_program_names() {
    let shelf = Shelf::of([("small", local(10)), ("large", local(60))]);
    let loaded = shelf.loaded.clone();
    let (kernel, _folder) = machine(shelf);
    let check = async |program: Program, want: &str| {
        assert_eq!(answer(&kernel, program).await, want);
    };
    check(Program::new("Who answers?"), "own").await;
    check(on("small"), "small").await;
    check(on("large"), "large").await;
    // By another name it is the same.
    check(on("the-small"), "small").await;
    check(on("own"), "own").await;
    check(on("none"), "no model is called none").await;
    assert_eq!(*loaded.lock().unwrap(), ["small", "large"]);
    let rows = kernel.journal().processes().expect("a journal");
    let models: Vec<&str> = rows.iter().map(|row| row.model.as_str()).collect();
    assert!(models.contains(&"large"), "{models:?}");
    let names: Vec<String> = kernel
        .models()
        .into_iter()
        .map(|model| model.name)
        .collect();
    assert_eq!(names, ["large", "small"]);
    assert!(kernel.models().iter().all(|model| !model.in_use));
}

#[tokio::test]
async fn the_machines_own_model_is_here_by_any_name() {
    let (kernel, _folder) = machine(Shelf::of([("small", local(10))]));
    for name in ["own", "the-own"] {
        let pid = kernel.spawn(on(name)).expect("it starts");
        kernel.wait(pid).await.expect("an end");
        let window = kernel.window(pid).expect("a journal");
        assert!(window.is_some(), "{name}");
    }
}

#[tokio::test]
async fn a_machine_without_a_loader_has_its_own_model_only() {
    let folder = crate::common::folder();
    let kernel = Setup::new("").kernel(&folder.path().join("journal.db"));
    let said = answer(&kernel, on("small")).await;
    assert!(said.contains("no other model"), "{said}");
}

#[tokio::test]
async fn idle_models_make_room_and_those_in_use_do_not() {
    let shelf = Shelf::of([
        ("a", local(40)),
        ("b", local(40)),
        ("c", local(40)),
        ("d", local(90)),
        ("e", local(101)),
    ]);
    let (kernel, _folder) = machine(shelf);
    let names = || -> Vec<String> {
        let models = kernel.models().into_iter();
        models.map(|model| model.name).collect()
    };
    let get = async |name: &str| {
        kernel
            .model(name)
            .await
            .map(|model| model.expect("another"))
    };
    get("a").await.expect("room");
    let b = get("b").await.expect("room");
    // `a` was used longest ago.
    get("c").await.expect("room");
    assert_eq!(names(), ["b", "c"]);
    assert_eq!(
        kernel.unload("b").await,
        Err(UnloadError::InUse("b".into()))
    );
    assert_eq!(
        kernel.unload("a").await,
        Err(UnloadError::NotLoaded("a".into()))
    );
    // What cannot be loaded in any case unloads nothing.
    let refused = get("d").await.err();
    let no_room = |name: &str, needs: u64, room: u64| {
        let name = name.to_owned();
        Some(NoModel::NoRoom { name, needs, room })
    };
    assert_eq!(refused, no_room("d", 90, 60));
    assert_eq!(names(), ["b", "c"]);
    drop(b);
    get("d").await.expect("room");
    assert_eq!(names(), ["d"]);
    assert_eq!(get("e").await.err(), no_room("e", 101, 100));
    assert_eq!(kernel.unload("/models/d").await, Ok(()));
    assert!(names().is_empty());
}

#[tokio::test]
async fn a_process_has_its_model_until_it_ends() {
    let shelf = Shelf::of([("a", local(60)), ("b", local(60))]);
    let (kernel, _folder) = machine(shelf);
    let a = kernel.model("a").await.expect("room");
    let said = answer(&kernel, on("b")).await;
    assert_eq!(
        said,
        "there is no room for b: it needs 1 MB of memory, and 0 MB are left for models"
    );
    drop(a);
    assert_eq!(answer(&kernel, on("b")).await, "b");
}

#[tokio::test]
async fn who_waits_for_a_model_can_be_stopped() {
    let shelf = Shelf::of([(
        "slow",
        Model {
            // It never comes.
            waits: Some(Arc::new(Notify::new())),
            ..local(10)
        },
    )]);
    let (kernel, _folder) = machine(shelf);
    let pid = kernel.spawn(on("slow")).expect("it starts");
    kernel.kill(pid).expect("it runs");
    let exit = kernel.wait(pid).await.expect("an end");
    assert!(exit.is_killed(), "{exit:?}");
    assert_eq!(
        kernel.journal().process(pid).expect("a row").state,
        State::Exited
    );
    // One that is suspended meanwhile goes on with the next machine.
    let pid = kernel.spawn(on("slow")).expect("it starts");
    assert_eq!(
        kernel.suspend(std::time::Duration::from_secs(9)).await,
        [pid]
    );
    assert_eq!(
        kernel.journal().process(pid).expect("a row").state,
        State::Suspended
    );
}

#[tokio::test]
async fn each_model_is_shown_what_is_granted_to_it() {
    let shelf = Shelf::of([
        ("here", local(1)),
        ("open", remote(None)),
        ("granted", remote(Some(Secrecy::Private))),
    ]);
    let (kernel, _folder) = machine(shelf);
    let check = async |model: &str, secrecy: Secrecy, want: Option<&str>| {
        let program = Program {
            attached: vec![Attached {
                picture: None,
                text: "My diary.".into(),
                label: of_user(secrecy),
            }],
            ..on(model)
        };
        let pid = kernel.spawn(program).expect("it starts");
        let exit = kernel.wait(pid).await.expect("an end");
        let withheld = matches!(exit.failure, Some(Failure::Withheld { .. }));
        assert_eq!(withheld, want.is_none(), "{model} {secrecy}: {exit:?}");
        if let Some(want) = want {
            assert_eq!(exit.answer, Some(want.into()));
        }
    };
    check("here", Secrecy::Secret, Some("here")).await;
    check("open", Secrecy::Public, Some("open")).await;
    check("open", Secrecy::Private, None).await;
    check("granted", Secrecy::Private, Some("granted")).await;
    check("granted", Secrecy::Secret, None).await;
}

#[tokio::test]
async fn another_model_is_taken_where_one_is_not_there() {
    let shelf = || {
        let models = [
            ("open", remote(None)),
            ("here", local(1)),
            ("large", local(101)),
        ];
        Shelf {
            instead: vec!["none", "open", "here"],
            ..Shelf::of(models)
        }
    };
    let check = async |secrecy: Secrecy, want: &str| {
        let (kernel, _folder) = machine(shelf());
        let program = Program {
            label: of_user(secrecy),
            ..on("large")
        };
        let (said, pid) = followed(&kernel, program).await;
        let action = format!("1 {{\"answer\":\"{want}\"}}");
        let told = format!("{want} in place of large\n{action}\n\"exited\" \"{want}\"");
        assert_eq!(said, told);
        replayed(&kernel, pid).await;
        let (program, _) = kernel.journal().program(pid).expect("a row");
        assert_eq!(program.model.as_deref(), Some(want));
        assert_eq!(kernel.journal().process(pid).expect("a row").model, want);
    };
    check(Secrecy::Public, "open").await;
    // The endpoint may not be shown that.
    check(Secrecy::Private, "here").await;
}

#[tokio::test]
async fn what_stands_in_for_a_model_may_be_shown_all_of_the_window() {
    let check = async |change: fn(&mut Program), want: Option<&str>| {
        let models = [
            ("open", remote(None)),
            ("here", local(1)),
            ("large", local(101)),
        ];
        let instead = match want {
            Some(_) => vec!["open", "here"],
            None => vec!["open"],
        };
        let (kernel, _folder) = machine(Shelf {
            instead,
            ..Shelf::of(models)
        });
        let mut program = on("large");
        change(&mut program);
        let pid = kernel.spawn(program).expect("it starts");
        let exit = kernel.wait(pid).await.expect("an end");
        assert_eq!(exit.answer, want.map(Into::into));
        // Nothing was taken that could not be shown it.
        let missing = matches!(exit.failure, Some(Failure::Model(NoModel::NoRoom { .. })));
        assert_eq!(missing, want.is_none(), "{exit:?}");
    };
    fn diary(program: &mut Program) {
        program.attached.push(Attached {
            picture: None,
            text: "My diary.".into(),
            label: of_user(Secrecy::Private),
        });
    }
    fn example(program: &mut Program) {
        program.examples.push(Example {
            id: "e".into(),
            task: "Who am I?".into(),
            turns: vec![Turn {
                action: json!({"answer": "Ann"}),
                observation: None,
            }],
            label: of_user(Secrecy::Private),
        });
    }
    check(|_| (), Some("open")).await;
    check(diary, Some("here")).await;
    check(diary, None).await;
    check(example, Some("here")).await;
    check(example, None).await;
}

#[tokio::test]
async fn a_model_that_fails_to_load_is_no_end_of_the_machine() {
    let shelf = Shelf::of([("large", local(101)), ("small", local(1))]);
    let (kernel, _folder) = machine(shelf);
    let mut events = kernel.subscribe();
    let pid = kernel.spawn(on("large")).expect("it starts");
    let exit = kernel.wait(pid).await.expect("an end");
    assert_eq!(exit.status, Status::Failed);
    assert!(matches!(exit.failure, Some(Failure::Model(_))), "{exit:?}");
    let event = events.try_recv().expect("its end");
    assert!(matches!(event, Event::Exited { .. }), "{:?}", line(&event));
    assert_eq!(answer(&kernel, on("small")).await, "small");
}
