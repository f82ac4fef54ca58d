//! What is done before a small model would go wrong: days are worked out, an answer has the
//! form that was asked for, and no call is made with a number that nobody told.

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use quipu_cpu::{
    Chunk, Completion, Cpu, CpuError, CpuInfo, Form, Inquiry, Job, Message, Prompt, Sampling,
    Ticket, Usage,
};
use quipu_kernel::gate::Policy;
use quipu_kernel::journal::Journal;
use quipu_kernel::judgement::Judgement;
use quipu_kernel::process::{Branch, Program, Way};
use quipu_kernel::{Kernel, Parts};
use quipu_memory::RamStore;
use quipu_tools::{Bus, CallContext, Device, DeviceSpec, Effect, FunctionSpec, ToolError};
use serde_json::{Value, json};

/// The weights of what a message wants: to be remembered, recalled, computed, or else.
type Sorted = [f32; 4];
const RECALL: Sorted = [-5.0, 5.0, -5.0, 0.0];
const OTHER: Sorted = [-5.0, -5.0, -5.0, 0.0];

/// What the model writes as words, and in place of a call and of a program.
const WORDS: &str = "Which one?";
const TEST: &str = "def fits(answer):\n    return answer < 0";
const CODE: &str = "def solution():\n    return 4";

/// Writes what it is asked for, and always calls a tool where it is asked for that.
struct Writer {
    info: CpuInfo,
    sorted: Sorted,
    call: Option<Value>,
    /// The last message of each prompt that something was written to.
    asked: Mutex<Vec<String>>,
}

impl Cpu for Writer {
    fn info(&self) -> &CpuInfo {
        &self.info
    }

    fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
        Ok(Prompt {
            messages: messages.to_vec(),
            tokens: Vec::new(),
            len: 100,
            boot: 0,
        })
    }

    fn count(&self, text: &str) -> usize {
        text.len() / 4
    }

    fn lead(&self, prompt: &Prompt, _: &str) -> Option<Prompt> {
        Some(prompt.clone())
    }

    fn weigh(&self, inquiry: Inquiry) -> Ticket {
        let weights = match (inquiry.options.len(), &self.call) {
            (4, _) => self.sorted.to_vec(),
            // A tool fits, and so does everything that is asked of it; or none does.
            (count, Some(_)) => (0..count)
                .map(|at| if at == 0 { 9.0 } else { 0.0 })
                .collect(),
            (count, None) => (0..count)
                .map(|at| if at == 0 { -9.0 } else { 0.0 })
                .collect(),
        };
        let (sink, ticket) = Ticket::new(0);
        let _ = sink.try_send(Ok(Chunk::Weighed(weights, Usage::default())));
        ticket
    }

    fn submit(&self, job: Job) -> Ticket {
        let last = job
            .prompt
            .messages
            .last()
            .map(|message| message.text.clone());
        let tests = last
            .as_ref()
            .is_some_and(|last| last.contains("fits(answer)"));
        self.asked.lock().extend(last);
        let text = match (&job.form, &self.call) {
            (Form::Json(_), Some(call)) => json!({ "calls": [call] }).to_string(),
            (Form::Lark(grammar), _) if grammar.contains("python") => {
                format!("```python\n{}\n```", if tests { TEST } else { CODE })
            }
            (Form::Lark(grammar), _) if grammar.contains("| \"no\"") => "no".to_owned(),
            (Form::Lark(grammar), _) if grammar.contains("[0-9]{0,17}") => "46".to_owned(),
            _ => WORDS.to_owned(),
        };
        let (sink, ticket) = Ticket::new(2);
        let _ = sink.try_send(Ok(Chunk::Text(text.clone())));
        let _ = sink.try_send(Ok(Chunk::Done(Completion {
            text,
            ..Completion::default()
        })));
        ticket
    }
}

/// A tool that answers 4 to everything.
struct Four(DeviceSpec);

impl Four {
    fn new(device: &str, function: &str, parameters: Value, program: Option<&str>) -> Self {
        Self(DeviceSpec {
            name: device.into(),
            description: "A tool.".into(),
            origin: "test".into(),
            vouched: true,
            functions: vec![FunctionSpec {
                program: program.map(str::to_owned),
                ..FunctionSpec::new(
                    function,
                    "Works something out.",
                    parameters,
                    json!({"type": "string"}),
                    Effect::Read,
                )
            }],
            ..DeviceSpec::default()
        })
    }
}

impl Device for Four {
    fn spec(&self) -> &DeviceSpec {
        &self.0
    }

    fn call(&self, _: &str, _: &Value, _: &CallContext) -> Result<Value, ToolError> {
        Ok("4".into())
    }
}

fn tools() -> Bus {
    let text = json!({"type": "string"});
    let number = json!({"type": "number"});
    let object = |properties: Value, required: Value| {
        json!({"type": "object", "properties": properties, "required": required,
            "additionalProperties": false})
    };
    let code = object(json!({"code": text}), json!(["code"]));
    let sale = object(
        json!({"price": number, "percent": number}),
        json!(["price", "percent"]),
    );
    let expression = object(json!({"expression": text}), json!(["expression"]));
    let mut bus = Bus::default();
    for tool in [
        Four::new("calculator", "calculate", expression, None),
        Four::new("python", "run", code, Some("python")),
        Four::new("shop", "sale", sale, None),
    ] {
        bus.add(Arc::new(tool)).expect("names differ");
    }
    bus
}

/// The actions of a process on `task`, and what the model was asked.
async fn run(task: &str, sorted: Sorted, call: Option<Value>) -> (Vec<Value>, Vec<String>) {
    run_as(Program::new(task), sorted, call).await
}

/// A machine on a CPU that writes and weighs so.
fn machine(folder: &Path, sorted: Sorted, call: Option<Value>) -> (Kernel, Arc<Writer>) {
    let cpu = Arc::new(Writer {
        info: CpuInfo {
            model: "writer".into(),
            kind: "local",
            window: 8192,
            constrains: true,
            ..CpuInfo::default()
        },
        sorted,
        call,
        asked: Mutex::default(),
    });
    let kernel = Kernel::boot(Parts {
        cpu: cpu.clone(),
        store: Arc::new(RamStore::new()),
        bus: Arc::new(tools()),
        journal: Journal::open(&folder.join("journal.db"), true).expect("a journal"),
        policy: Policy::default(),
        sampling: Sampling {
            temperature: 0.0,
            seed: 0,
        },
        judgement: Judgement::default(),
    })
    .expect("it boots");
    (kernel, cpu)
}

/// The same of `program`.
async fn run_as(
    program: Program,
    sorted: Sorted,
    call: Option<Value>,
) -> (Vec<Value>, Vec<String>) {
    let folder = crate::common::folder();
    let (kernel, cpu) = machine(folder.path(), sorted, call);
    let pid = kernel.spawn(program).expect("it starts");
    kernel.wait(pid).await.expect("it ends");
    let steps = kernel.journal().steps(pid).expect("steps");
    let actions = steps.into_iter().map(|step| step.action).collect();
    let asked = cpu.asked.lock().clone();
    (actions, asked)
}

#[tokio::test]
async fn a_day_is_worked_out_and_not_guessed() {
    // Whatever the model takes the question for.
    for sorted in [RECALL, OTHER] {
        let (actions, asked) = run("What date is next Friday?", sorted, None).await;
        assert_eq!(actions, [json!({ "answer": WORDS })]);
        let told = asked.last().expect("it was asked");
        assert!(told.contains("\"next Friday\" is Friday, 2"), "{told}");
        let (actions, _) = run("How many workdays until Christmas?", sorted, None).await;
        assert_eq!(actions[0]["tool"], "python.run", "{actions:?}");
    }
    // A day of the user's own may have been told before.
    let own = "What date is my workday next week?";
    let (actions, _) = run(own, RECALL, None).await;
    assert_eq!(actions, [json!({ "answer": WORDS })]);
}

#[tokio::test]
async fn an_answer_has_the_form_that_was_asked_for() {
    async fn check(task: &str, want: &str) {
        let (actions, _) = run(task, OTHER, None).await;
        assert_eq!(actions, [json!({ "answer": want })], "{task}");
    }
    check("Is a whale a fish? Answer yes or no.", "no").await;
    check("How tall is the gate? Answer with just the number.", "46").await;
    check("How tall is the gate?", WORDS).await;
}

#[tokio::test]
async fn no_call_is_made_with_a_number_that_nobody_told() {
    let call = |price: u32| json!({"tool": "shop.sale", "args": {"price": price, "percent": 20}});
    let (actions, asked) = run("Take 20% off the price of the lamp", OTHER, Some(call(100))).await;
    assert_eq!(actions, [json!({ "answer": WORDS })]);
    let told = asked.last().expect("it was asked");
    assert!(told.ends_with("ask for: price."), "{told}");
    let (actions, _) = run("Take 20% off 100 for the lamp", OTHER, Some(call(100))).await;
    assert_eq!(actions[0], call(100));
}

#[tokio::test]
async fn a_branch_goes_about_its_task_by_its_own_means() {
    let sum = json!({"tool": "calculator.calculate", "args": {"expression": "1 + 3"}});
    let branch = |way: Way, candidates: &[&str]| Program {
        branch: Some(Branch {
            candidates: candidates.iter().map(|one| (*one).to_owned()).collect(),
            ..Branch::new(1, way)
        }),
        ..Program::new("What is 4 less 9?")
    };
    let calculator = branch(Way::Calculator, &[]);
    let (actions, _) = run_as(calculator, OTHER, Some(sum.clone())).await;
    assert_eq!(actions[0], sum);
    // What its program says of each answer is all that it says.
    let (actions, asked) = run_as(branch(Way::Check, &["-5", "5"]), OTHER, None).await;
    let code = actions[0]["args"]["code"].as_str().expect("a program");
    assert!(code.ends_with("for answer in [-5, 5]])"), "{code}");
    assert_eq!(actions[1], json!({"answer": "4"}));
    assert!(asked[0].contains("fits(answer)"), "{asked:?}");
    // This one writes nothing at all.
    let (actions, asked) = run_as(branch(Way::Weigh, &["-5", "5"]), OTHER, None).await;
    assert_eq!(actions[0]["tool"], "decide");
    assert!(
        actions[1]["answer"].is_string() && asked.is_empty(),
        "{actions:?}"
    );
}

#[tokio::test]
async fn a_text_is_as_likely_as_its_tokens_together() {
    let folder = crate::common::folder();
    let (kernel, cpu) = machine(folder.path(), OTHER, None);
    // This CPU takes every character for a token, and each for as likely.
    let texts = ["yes".to_owned(), "n".to_owned()];
    let program = Program::new("Is a whale a fish?");
    let likely = kernel
        .likelihoods(program, &texts)
        .await
        .expect("a journal");
    let likely = likely.expect("it tells odds");
    let seen: Vec<(f32, u32)> = likely.iter().map(|text| (text.log, text.tokens)).collect();
    assert_eq!(seen, [(-27.0, 3), (-9.0, 1)]);
    assert!(cpu.asked.lock().is_empty());
}
