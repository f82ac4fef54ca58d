//! How a task is worked out by programs, on a CPU that is told what to write and to think.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::common::Setup;
use crate::common::cpus::FunctionCpu;
use parking_lot::Mutex;
use quipu_cpu::{CpuInfo, Form, Job};
use quipu_kernel::process::Program;
use quipu_tools::{CallContext, Device, DeviceSpec, Effect, FunctionSpec, ToolError};
use serde_json::{Value, json};

/// What the CPU is to write, and how it was asked.
struct Writer {
    programs: VecDeque<String>,
    /// The temperature of each program.
    temperatures: Vec<f32>,
}

/// A CPU that takes every task for something to be computed, and no tool for one that fits.
fn cpu(writer: Arc<Mutex<Writer>>) -> FunctionCpu {
    let info = CpuInfo {
        model: "writer".into(),
        kind: "local",
        window: 8192,
        constrains: true,
        ..CpuInfo::default()
    };
    let writes = move |job: &Job| match &job.form {
        Form::Lark(grammar) if grammar.contains("python") => {
            let mut writer = writer.lock();
            writer.temperatures.push(job.sampling.temperature);
            let code = writer.programs.pop_front().expect("a program");
            format!("```python\ndef solution():\n    return {code}\n```")
        }
        // A bare number, after words on the task alone.
        Form::Lark(_) if job.prompt.messages.len() == 2 => IN_WORDS.to_owned(),
        _ => job.history.last().cloned().unwrap_or_default(),
    };
    FunctionCpu::new(info, writes).weighing(|inquiry| match inquiry.options.len() {
        // What a message wants: to be computed.
        4 => vec![-5.0, -3.0, 5.0, 0.0],
        _ => vec![-9.0, 0.0],
    })
}

/// Prints what the function of a program returns, if that is a number.
struct Python(DeviceSpec);

impl Python {
    fn new() -> Self {
        Self(DeviceSpec {
            name: "python".into(),
            description: "Runs a program.".into(),
            origin: "test".into(),
            vouched: true,
            functions: vec![FunctionSpec {
                program: Some("python".into()),
                ..FunctionSpec::new(
                    "run",
                    "Runs a program.",
                    json!({
                        "type": "object", "properties": {"code": {"type": "string"}},
                        "required": ["code"], "additionalProperties": false
                    }),
                    json!({"type": "string"}),
                    Effect::Read,
                )
            }],
            ..DeviceSpec::default()
        })
    }
}

impl Device for Python {
    fn spec(&self) -> &DeviceSpec {
        &self.0
    }

    fn call(&self, _: &str, args: &Value, _: &CallContext) -> Result<Value, ToolError> {
        let code = args["code"].as_str().expect("a program");
        match code
            .split([' ', '\n'])
            .find_map(|word| word.parse::<i64>().ok())
        {
            Some(number) => Ok(number.to_string().into()),
            // Like the real one: what was printed before would stand beside the error.
            None => Ok(json!({"stderr": "line 2", "error": "a name is not defined"})),
        }
    }
}

/// What comes of the task in words.
const IN_WORDS: &str = "7";

const TOLD: &str = "A cask holds 9 litres. A jug takes 4 of them. How many litres are left?";

/// Runs a task for which the CPU writes `programs`, and says which of them were run at which
/// temperature, and what came of it.
async fn check(task: &str, programs: &[&str], run: &[(&str, f32)], answer: &str) {
    let writer = Arc::new(Mutex::new(Writer {
        programs: programs.iter().map(|code| (*code).to_owned()).collect(),
        temperatures: Vec::new(),
    }));
    let folder = crate::common::folder();
    let setup = Setup::with(Arc::new(Python::new()), &[]);
    let cpu = Arc::new(cpu(writer.clone()));
    let kernel = setup.kernel_on(cpu, &folder.path().join("journal.db"));
    let pid = kernel.spawn(Program::new(task)).expect("it starts");
    let exit = kernel.wait(pid).await.expect("it ends");
    let steps = kernel.journal().steps(pid).expect("steps");
    let codes: Vec<&str> = steps
        .iter()
        .filter_map(|step| step.action["args"]["code"].as_str())
        .collect();
    let whole = |(code, _): &(&str, f32)| {
        format!("def solution():\n    return {code}\n\nprint(solution())")
    };
    let wanted: Vec<String> = run.iter().map(whole).collect();
    assert_eq!(codes, wanted, "{task}");
    assert_eq!(exit.answer, Some(answer.into()), "{task}");
    let noted = writer.lock();
    for (at, (code, temperature)) in run.iter().enumerate() {
        assert_eq!(noted.temperatures[at], *temperature, "{code}");
    }
}

#[tokio::test]
async fn what_was_worked_out_is_the_answer() {
    check(TOLD, &["5"], &[("5", 0.0)], "5").await;
}

#[tokio::test]
async fn an_unlikely_result_is_worked_out_in_words() {
    check(TOLD, &["-5"], &[("-5", 0.0)], IN_WORDS).await;
    check(TOLD, &["0"], &[("0", 0.0)], IN_WORDS).await;
    check(TOLD, &["int('x')"], &[("int('x')", 0.0)], IN_WORDS).await;
    // An expression may well come to less than nothing.
    check("What is 4 less 9?", &["-5"], &[("-5", 0.0)], "-5").await;
}

#[tokio::test]
async fn a_program_that_fails_is_written_anew() {
    let codes = ["int('x')", "int('y')", "5"];
    let three = [(codes[0], 0.0), (codes[1], 0.7), (codes[2], 0.7)];
    check("What is 4 less than 9?", &codes, &three, "5").await;
}

#[tokio::test]
async fn two_programs_have_to_agree_on_work_that_is_for_a_program() {
    let task = "What is the digit sum of 3^5?";
    check(task, &["9", "9 + 0"], &[("9", 0.0), ("9 + 0", 0.7)], "9").await;
    // The same program says no more.
    check(task, &["9", "9"], &[("9", 0.0)], "9").await;
    // A third one decides.
    let three = [("9", 0.0), ("4", 0.7), ("9 + 0", 0.7)];
    check(task, &["9", "4", "9 + 0"], &three, "9").await;
}
