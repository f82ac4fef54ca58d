//! A task that names a page and documents: both are read before anything is answered, and what is
//! computed takes a number of each.

use std::sync::Arc;

use crate::common::cpus::FunctionCpu;
use crate::common::post::{Post, Takes};
use crate::common::{Desk, Setup, folder, replayed};
use quipu_cpu::{CpuInfo, Form, Job};
use quipu_kernel::process::Program;
use quipu_memory::{Kind, NewPage, Trust};
use quipu_tools::{Capability, Effect};
use serde_json::{Value, json};

const OPENS: &str = r#"{"calls":[{"tool":"post.open","args":{"url":"http://127.0.0.1/fares"}}]}"#;

/// The page.
fn page(_: &str, _: &Value) -> Value {
    json!("A seat costs 35 euros. A dog costs 9.")
}

/// A CPU that wants nothing by itself, opens the page where it has to call something, and writes a
/// program that returns the first of `codes`, and the second one where it is written anew.
fn cpu(codes: [&'static str; 2]) -> FunctionCpu {
    let info = CpuInfo {
        model: "small".into(),
        kind: "local",
        window: 8192,
        constrains: true,
        ..CpuInfo::default()
    };
    let writes = move |job: &Job| match &job.form {
        Form::Json(_) => OPENS.to_owned(),
        Form::Lark(grammar) if grammar.contains("solution()") => {
            let code = codes[usize::from(job.sampling.temperature > 0.0)];
            format!("def solution():\n    return {code}")
        }
        _ => "It costs 35 euros.".to_owned(),
    };
    FunctionCpu::new(info, writes).weighing(|inquiry| {
        let mut weights = vec![-9.0; inquiry.options.len()];
        if let Some(last) = weights.last_mut() {
            *last = 0.0;
        }
        weights
    })
}

/// Runs `task` where a stranger's notes say `notes`: the tools that were called, and the program that
/// was run among them.
async fn called(task: &str, notes: &str, codes: [&'static str; 2]) -> (Vec<String>, String) {
    let net = Capability::Net {
        host: "127.0.0.1".into(),
        port: None,
    };
    let functions: [Takes<'_>; 1] = [("open", Effect::Read, &["url"])];
    let post = Post::new(&functions, &net, page);
    let mut setup = Setup::with(post, &[net]);
    setup.devices = vec![Desk::new("desk", Vec::new()).with_programs().alone("run")];
    let folder = folder();
    let kernel = setup.kernel_on(Arc::new(cpu(codes)), &folder.path().join("journal.db"));
    let stored = NewPage {
        id: Some("notes".into()),
        kind: Kind::Document,
        text: notes.into(),
        source: "notes.txt".into(),
        trust: Trust::Untrusted,
        ..NewPage::default()
    };
    kernel.store().put(stored).expect("stored");
    let pid = kernel.spawn(Program::new(task)).expect("it starts");
    kernel.wait(pid).await.expect("it ends");
    let steps = kernel.journal().steps(pid).expect("steps");
    let tools = steps.iter().filter_map(|step| step.action["tool"].as_str());
    let tools = tools.map(str::to_owned).collect();
    let mut codes = steps.iter();
    let ran = codes.find_map(|step| step.action["args"]["code"].as_str());
    let ran = ran.unwrap_or_default().to_owned();
    replayed(&kernel, pid).await;
    (tools, ran)
}

const NOTES: &str = "My notes: we are 12 on the boat.";
const BOTH: &str = "Take the price of a seat from http://127.0.0.1/fares and how many we are from my notes. \
    What do we pay in all?";

#[tokio::test]
async fn page_and_documents_are_both_read_and_computed_from() {
    let check = async |task: &str, notes: &str, codes: [&'static str; 2]| {
        let (tools, ran) = called(task, notes, codes).await;
        // What the desk makes of the program is no number: more may follow.
        let looks = ["post.open", "memory.search", "desk.run"];
        assert!(tools.iter().take(3).eq(looks), "{task} {tools:?}");
        assert!(ran.contains("return 12 * 35"), "{ran}");
    };
    check(BOTH, NOTES, ["12 * 35", "35"]).await;
    // The first program leaves the notes out.
    check(BOTH, NOTES, ["35 * 9", "12 * 35"]).await;
    let chinese =
        "打开 http://127.0.0.1/fares 看看一个座位多少钱，再看我的笔记里有几个人，一共多少钱？";
    check(chinese, "笔记：我们一共12个人。", ["12 * 35", "35"]).await;
}

#[tokio::test]
async fn a_program_that_leaves_one_of_them_out_is_not_run() {
    for codes in [["35 * 9", "35"], ["12", "9 * 35"], ["12 * 500", "12 * 35"]] {
        let (tools, ran) = called(BOTH, NOTES, codes).await;
        assert_eq!(tools, ["post.open", "memory.search"], "{codes:?}");
        assert_eq!(ran, "", "{codes:?}");
    }
}

#[tokio::test]
async fn what_the_task_does_not_name_is_not_read() {
    let page = "What does a seat cost, by http://127.0.0.1/fares?";
    let (tools, _) = called(page, NOTES, ["35", "35"]).await;
    assert_eq!(tools, ["post.open"]);
    let list = "What does a seat cost, by the price list at http://127.0.0.1/fares?";
    let (tools, _) = called(list, NOTES, ["35", "35"]).await;
    assert_eq!(tools, ["post.open"]);
    let notes = "How many are we on the boat, by my notes?";
    let (tools, _) = called(notes, NOTES, ["12", "12"]).await;
    assert!(!tools.contains(&"post.open".to_owned()), "{tools:?}");
}
