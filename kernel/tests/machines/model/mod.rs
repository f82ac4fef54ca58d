//! A machine on a real model: the file that QUIPU_TEST_MODEL names, the smallest will do.
//!
//! What a small model says is of no interest here, only what the machine makes of it. Where a
//! test needs a certain action, [`Guided`] has the real model write that very one, through
//! the real grammar. Tests share one loaded model and one thread, and take turns.

mod company;
mod pictures;
#[path = "../../../../cpu/tests/llama/projector.rs"]
mod projector;

use std::sync::{Arc, OnceLock};

use quipu_cpu::llama::{LocalCpu, LocalSettings, Tokenizer};
use quipu_cpu::{Cpu, CpuError, CpuInfo, CpuStats, Form, Job, Message, Movement, Prompt, Ticket};
use quipu_kernel::Kernel;
use quipu_kernel::calls::object;
use quipu_kernel::event::Event;
use quipu_kernel::grammar::{Callable, Legal};
use quipu_kernel::limits::Limits;
use quipu_kernel::planner::Planner;
use quipu_kernel::process::{Pid, Program, Status};
use quipu_kernel::signal::Signal;
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

use crate::common::{Desk, Setup, list};

/// Small enough that a dozen steps do not fit.
const WINDOW: usize = 2048;
/// Steps of a process that leaves the window: more are evicted than get a stub of their own.
const LISTS: usize = 18;

/// The model, loaded once; `None` when there is none to test with. The guard keeps
/// others waiting.
async fn model() -> Option<(Arc<dyn Cpu>, MutexGuard<'static, ()>)> {
    static MODEL: OnceLock<Option<Arc<LocalCpu>>> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::const_new(());
    let turn = TURN.lock().await;
    let model = MODEL.get_or_init(|| {
        let path = std::env::var_os("QUIPU_TEST_MODEL").filter(|path| !path.is_empty())?;
        let settings = LocalSettings {
            window: Some(WINDOW),
            threads: Some(1),
            kv_cells: Some(4 * WINDOW),
            ..LocalSettings::default()
        };
        Some(Arc::new(
            LocalCpu::load(path.as_ref(), &settings).expect("a model"),
        ))
    });
    let Some(model) = model else {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: QUIPU_TEST_MODEL names no model");
        }
        return None;
    };
    Some((model.clone(), turn))
}

/// The real model, made to write the n-th action of a list in the n-th step.
struct Guided {
    cpu: Arc<dyn Cpu>,
    /// That of a CPU which is not asked what it would rather do.
    info: CpuInfo,
    actions: Vec<Value>,
}

impl Guided {
    fn new(cpu: Arc<dyn Cpu>, actions: Vec<Value>) -> Self {
        let info = CpuInfo {
            constrains: false,
            ..cpu.info().clone()
        };
        Self { cpu, info, actions }
    }
}

impl Cpu for Guided {
    fn info(&self) -> &CpuInfo {
        &self.info
    }

    fn sees(&self) -> bool {
        self.cpu.sees()
    }

    fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
        self.cpu.prepare(messages)
    }

    fn count(&self, text: &str) -> usize {
        self.cpu.count(text)
    }

    fn submit(&self, mut job: Job) -> Ticket {
        // The promise this rests on: prompt and answer fit the window, by the model's own count.
        assert_eq!(job.prompt.len, job.prompt.tokens.len());
        assert!(job.prompt.len + job.tokens_max as usize <= WINDOW);
        if let Some(action) = self.actions.get(job.history.len()) {
            job.form = Form::Json(exactly(action));
        }
        self.cpu.submit(job)
    }

    fn nice(&self, pid: Pid, priority: i8) {
        self.cpu.nice(pid, priority);
    }

    fn retire(&self, pid: Pid) {
        self.cpu.retire(pid);
    }

    fn stats(&self) -> CpuStats {
        self.cpu.stats()
    }

    fn listen(&self, listener: Box<dyn Fn(Movement) + Send + Sync>) {
        self.cpu.listen(listener);
    }
}

/// The schema that admits `value` and nothing else.
fn exactly(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let fields: Vec<(&str, Value)> = map
                .iter()
                .map(|(key, value)| (key.as_str(), exactly(value)))
                .collect();
            object(&fields)
        }
        other => json!({ "const": other }),
    }
}

fn echo(text: &str) -> Value {
    json!({"tool": "desk.echo", "args": {"text": text}})
}

/// A journal in a folder of its own, and a kernel over `cpu` with it.
fn machine(cpu: Arc<dyn Cpu>) -> (tempfile::TempDir, Kernel) {
    let folder = crate::common::folder();
    let kernel = Setup::new("").kernel_on(cpu, &folder.path().join("journal.db"));
    (folder, kernel)
}

fn program(prompt: &str) -> Program {
    let mut program = Program::new(prompt);
    program.limits = Limits {
        steps: 40,
        action_tokens: 200,
        ..Limits::default()
    };
    program
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn model_writes_only_what_is_legal() {
    let Some((cpu, _turn)) = model().await else {
        return;
    };
    let legal = Legal {
        told: true,
        calls: vec![Callable::new(
            "lamp.switch",
            "switch a lamp",
            object(&[
                ("room", json!({"enum": ["kitchen", "hall"]})),
                ("on", json!({"type": "boolean"})),
                (
                    "percent",
                    json!({"type": "integer", "minimum": 0, "maximum": 100}),
                ),
            ]),
        )],
        ask: true,
        ..Legal::default()
    };
    for task in [
        "Light up the kitchen.",
        "Write a poem about wool.",
        "}]\" \\ \u{1f999}",
    ] {
        let message = Message::new(quipu_cpu::Role::User, task);
        let prompt = cpu.prepare(&[message]).expect("a prompt");
        let mut ticket = cpu.submit(Job {
            pid: 1,
            priority: 0,
            prompt,
            form: Form::Json(legal.schema()),
            tokens_max: 48,
            sampling: quipu_cpu::Sampling {
                temperature: 0.8,
                seed: 7,
            },
            history: Arc::default(),
        });
        let mut streamed = String::new();
        let done = loop {
            match ticket.next().await.expect("a chunk") {
                quipu_cpu::Chunk::Text(text) => streamed.push_str(&text),
                quipu_cpu::Chunk::Done(done) => break done,
                quipu_cpu::Chunk::Begun(_) => {}
                quipu_cpu::Chunk::Weighed(..) | quipu_cpu::Chunk::Odds(_) => {
                    unreachable!("nothing was asked")
                }
            }
        };
        assert_eq!(streamed, done.text);
        assert!(done.usage.generated_tokens <= 48, "{done:?}");
        // Closed early or not, it is whole.
        let action: Value = serde_json::from_str(&done.text).expect("JSON");
        legal.check(&action).expect("a legal action");
    }
    cpu.retire(1);
}

/// With more functions than there is room for, and instructions.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn model_computes_the_boot_page_of_an_agent_once() {
    let Some((cpu, _turn)) = model().await else {
        return;
    };
    let done = Guided::new(cpu.clone(), vec![json!({"answer": "done"})]);
    let folder = crate::common::folder();
    let mut setup = Setup::new("");
    setup.devices = (0..8)
        .map(|n| Desk::new(&format!("desk{n}"), Vec::new()))
        .collect();
    setup.devices.push(Desk::new("printer", Vec::new()));
    let kernel = setup.kernel_on(Arc::new(done), &folder.path().join("journal.db"));
    let program = |prompt: &str| {
        let mut program = program(prompt);
        program.agent.instructions = "You keep the books of a stationer. ".repeat(12);
        program
    };
    // One task names a tool of those that are out of sight, one does not.
    let tasks = ["Add up the tills.", "Use the printer.", "Count the pens."].map(program);
    let pages = tasks.each_ref().map(|task| {
        let planner = Planner::new(task, kernel.bus(), false);
        planner.boot_page()
    });
    assert_ne!(pages[0], pages[1]);
    let same = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let shared = same(&pages[0], &pages[1]);
    assert!(pages[0][..shared].contains("stationer"), "{}", pages[0]);
    assert!(pages[0][..shared].contains("find_tool"), "{}", pages[0]);
    // What is the same is taken over in whole blocks of tokens.
    let tokens = cpu.count(&pages[0][..shared]) as u32 - 64;
    for (n, task) in tasks.into_iter().enumerate() {
        let pid = kernel.spawn(task).expect("it starts");
        let exit = kernel.wait(pid).await.expect("it ends");
        let cached = exit.usage.cached_tokens;
        assert!(n == 0 || cached >= tokens, "{n}: {cached} of {tokens}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn model_serves_two_processes_by_turns() {
    let Some((cpu, _turn)) = model().await else {
        return;
    };
    let (_folder, kernel) = machine(cpu);
    let mut events = kernel.subscribe();
    // The same task twice: both go the same way to the answer, so that they write at the
    // same time.
    let pids = [(); 2].map(|()| {
        let mut program = program("Tell a long story about wool.");
        program.answer_schema = Some(json!({"type": "string", "minLength": 160, "maxLength": 200}));
        // Nothing but the answer, and room for it whatever it is made of.
        program.limits.steps = 1;
        program.limits.action_tokens = 300;
        kernel.spawn(program).expect("it starts")
    });
    let mut speakers = Vec::new();
    let mut left = 2;
    while left > 0 {
        match events.recv().await.expect("the machine runs") {
            Event::Token { pid, .. } => speakers.push(pid),
            Event::Exited { exit, .. } => {
                let answer = exit.answer.expect("an answer");
                assert!(
                    answer
                        .as_str()
                        .is_some_and(|text| text.chars().count() >= 160)
                );
                left -= 1;
            }
            _ => {}
        }
    }
    let turns = speakers
        .windows(2)
        .filter(|pair| pair[0] != pair[1])
        .count();
    assert!(
        turns > 10,
        "{turns} turns of {pids:?} in {} pieces",
        speakers.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn model_never_leaves_its_window_and_gets_a_page_back_verbatim() {
    let Some((cpu, _turn)) = model().await else {
        return;
    };
    let title = |n: usize| format!("list {n}");
    let mut actions: Vec<Value> = (1..=LISTS)
        .map(|n| json!({"tool": "desk.list", "args": {"text": title(n)}}))
        .collect();
    actions.push(json!({"tool": "memory.recall", "args": {"page": "s2"}}));
    actions.push(json!({"answer": "done"}));
    let mut setup = Setup::new("");
    setup.devices = vec![Desk::new("desk", Vec::new()).with_lists()];
    let folder = crate::common::folder();
    let journal = folder.path().join("journal.db");
    let kernel = setup.kernel_on(Arc::new(Guided::new(cpu, actions)), &journal);
    let mut events = kernel.subscribe();
    let pid = kernel
        .spawn(program("Go through the list."))
        .expect("it starts");
    let mut evicted = Vec::new();
    let mut prompts = Vec::new();
    let exit = loop {
        match events.recv().await.expect("the machine runs") {
            Event::Step { prompt_tokens, .. } => prompts.push(prompt_tokens as usize),
            Event::Evicted { page, .. } => evicted.push(page),
            Event::Exited { exit, .. } => break exit,
            _ => {}
        }
    };
    assert_eq!(
        (exit.status, exit.answer),
        (Status::Exited, Some("done".into())),
        "{:?}",
        exit.error
    );
    assert_eq!(prompts.len(), LISTS + 2);
    assert!(prompts.iter().all(|tokens| *tokens < WINDOW), "{prompts:?}");
    assert!(evicted.contains(&"s2".to_owned()), "{evicted:?}");
    let steps = kernel.journal().steps(pid).expect("steps");
    let text = |n: usize| &steps[n - 1].outcome.as_ref().expect("an outcome").text;
    assert_eq!(text(2), &list(&title(2)));
    assert_eq!(text(LISTS + 1), text(2), "recalled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn model_carries_a_process_on_after_its_machine_is_gone() {
    let Some((cpu, _turn)) = model().await else {
        return;
    };
    let actions = vec![
        echo("one"),
        echo("two"),
        echo("three"),
        json!({"answer": "done"}),
    ];
    let cpu: Arc<dyn Cpu> = Arc::new(Guided::new(cpu, actions));
    let (folder, kernel) = machine(cpu.clone());
    let mut events = kernel.subscribe();
    let pid = kernel.spawn(program("Say it.")).expect("it starts");
    // Stopped while the model is writing the second action.
    loop {
        if let Event::Step { n: 2, .. } = events.recv().await.expect("the machine runs") {
            kernel.signal(pid, Signal::Interrupt).expect("it runs");
            break;
        }
    }
    let exit = kernel.wait(pid).await.expect("an exit");
    assert_eq!(exit.status, Status::Interrupted);
    let before = kernel.journal().steps(pid).expect("steps");
    assert!(!before.is_empty());
    drop(kernel);

    let kernel = Setup::new("").kernel_on(cpu, &folder.path().join("journal.db"));
    kernel.resume(pid, None, false).expect("it goes on");
    let exit = kernel.wait(pid).await.expect("an exit");
    assert_eq!(exit.answer, Some("done".into()), "{:?}", exit.error);
    let after = kernel.journal().steps(pid).expect("steps");
    assert_eq!(after.len(), 4);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(
            (&before.action, &before.outcome),
            (&after.action, &after.outcome)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn model_and_its_tokenizer_alone_count_the_same() {
    let Some((cpu, _turn)) = model().await else {
        return;
    };
    let path = std::env::var_os("QUIPU_TEST_MODEL").expect("there is a model");
    let tokenizer = Tokenizer::load(path.as_ref()).expect("a vocabulary");
    for text in [
        "",
        "wool",
        "Two llamas, 3 knots.\n",
        "日本語です 🦙",
        "<|im_end|>",
    ] {
        assert_eq!(tokenizer.count(text), cpu.count(text), "{text}");
    }
}
