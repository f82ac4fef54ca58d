//! What the kernel does for a small model: it looks up what others wrote where that matches the
//! task, reminds it of nothing that has nothing to do with it, takes a bare refusal for no answer,
//! and says of an answer that went round in circles that it was cut.

use std::sync::Arc;

use crate::common::cpus::FunctionCpu;
use crate::common::{Desk, Setup, folder, replayed};
use quipu_cpu::{ClosedEarly, CpuInfo, Inquiry, Job, Weights};
use quipu_kernel::Kernel;
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::limits::Limit;
use quipu_kernel::process::{Attached, Exit, Program, Status};
use quipu_memory::{Kind, NewPage, Space};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What a message can want, by the place of its weight: what was told before, a result.
const RECALLED: usize = 1;
pub(crate) const COMPUTED: usize = 2;

/// What is written after the system's message in a whole window.
pub(crate) type Write = fn(&str, &str) -> String;

/// The weights where no option fits but the last.
fn none_of(inquiry: &Inquiry) -> Weights {
    let mut weights = vec![-9.0; inquiry.options.len()];
    if let Some(last) = weights.last_mut() {
        *last = 0.0;
    }
    weights
}

/// A machine with these devices and pages. Its CPU takes no tool for one that fits, and no task
/// for a special one; each for what it `wants`, where that is given.
pub(crate) fn machine(
    write: Write,
    wants: Option<usize>,
    devices: &[Desk],
    pages: Vec<NewPage>,
) -> (Kernel, TempDir) {
    let info = CpuInfo {
        model: "small".into(),
        kind: "local",
        window: 8192,
        constrains: true,
        ..CpuInfo::default()
    };
    let writes = move |job: &Job| {
        let messages = job.prompt.messages.iter();
        let texts: Vec<&str> = messages.map(|one| one.text.as_str()).collect();
        write(texts[0], &texts.join("\n"))
    };
    let cpu = FunctionCpu::new(info, writes).weighing(move |inquiry| {
        let mut weights = none_of(inquiry);
        // What a message wants.
        if let (4, Some(wants)) = (weights.len(), wants) {
            weights[wants] = 9.0;
        }
        weights
    });
    let mut setup = Setup::new("");
    setup.devices = devices.to_vec();
    let folder = folder();
    let kernel = setup.kernel_on(Arc::new(cpu), &folder.path().join("journal.db"));
    for page in pages {
        kernel.store().put(page).expect("stored");
    }
    (kernel, folder)
}

/// Runs `program`: the tools that it called, the trust of what came back, and how it ended.
async fn ran(kernel: &Kernel, program: Program) -> (Vec<(String, Trust)>, Exit) {
    let pid = kernel.spawn(program).expect("it starts");
    let exit = kernel.wait(pid).await.expect("it ends");
    let steps = kernel.journal().steps(pid).expect("steps").into_iter();
    let calls = steps.filter_map(|step| {
        let tool = step.action["tool"].as_str()?.to_owned();
        Some((tool, step.outcome?.label.trust))
    });
    let calls = calls.collect();
    replayed(kernel, pid).await;
    (calls, exit)
}

const ASKED: &str = "From which pier does the ferry to Torshavn leave?";

pub(crate) fn timetable(trust: Trust) -> NewPage {
    NewPage {
        id: Some("ferries".into()),
        kind: Kind::Document,
        text: "The ferry to Torshavn leaves from pier nine at noon.".into(),
        source: "ferries.txt".into(),
        trust,
        ..NewPage::default()
    }
}

/// Says what it sees.
fn reader(_: &str, seen: &str) -> String {
    match (
        seen.contains("pier nine"),
        seen.contains("from ferries.txt: «"),
    ) {
        (true, true) => "Pier nine, a stranger says.".into(),
        (true, false) => "Pier nine.".into(),
        _ => "I don't know.".into(),
    }
}

/// Runs `program` where a stranger, or its user, wrote when ferries leave: whether that is looked
/// up, and what is said.
async fn check(program: Program, trust: Trust, devices: &[Desk], looks: bool, said: &str) {
    let (kernel, _folder) = machine(reader, None, devices, vec![timetable(trust)]);
    let (calls, exit) = ran(&kernel, program).await;
    let want = match looks {
        true => vec![("memory.search".to_owned(), Trust::Untrusted)],
        false => Vec::new(),
    };
    assert_eq!(calls, want, "{said}");
    assert_eq!(exit.answer, Some(said.into()));
}

#[tokio::test]
async fn a_question_that_others_pages_match_is_looked_up() {
    let found = "Pier nine, a stranger says.";
    check(Program::new(ASKED), Trust::Untrusted, &[], true, found).await;
    // What its user vouches for is in the window already.
    check(Program::new(ASKED), Trust::User, &[], false, "Pier nine.").await;
    let unknown = "I don't know.";
    let other = Program::new("Who built the lighthouse of Torshavn, and from what?");
    check(other, Trust::Untrusted, &[], false, unknown).await;
    // Nothing was planned, and a tool could change something without asking before.
    let desk = [Desk::new("desk", Vec::new())];
    check(Program::new(ASKED), Trust::Untrusted, &desk, false, unknown).await;
    let mut unreminded = Program::new(ASKED);
    unreminded.agent.memory.recall_tokens = 0;
    check(unreminded, Trust::Untrusted, &[], false, unknown).await;
    let mut beside = Program::new(ASKED);
    beside.attached.push(Attached {
        picture: None,
        text: "The ferry is late.".into(),
        label: Label::new("file:late.txt", Trust::Untrusted),
    });
    check(beside, Trust::Untrusted, &[], false, unknown).await;
    // Its words are there to be worked on.
    let worked_on = Program::new(format!("Translate into Dutch: {ASKED}"));
    check(worked_on, Trust::Untrusted, &[], false, unknown).await;
}

const REFUSAL: &str = "I'm sorry, but I can't assist with that.";

fn among_tools(system: &str, _: &str) -> String {
    match system.contains("Tools:") {
        true => REFUSAL.into(),
        false => "It is.".into(),
    }
}

fn never(_: &str, _: &str) -> String {
    REFUSAL.into()
}

fn cannot_tell(_: &str, _: &str) -> String {
    "I can't tell odd from even.".into()
}

#[tokio::test]
async fn a_refusal_among_tools_is_tried_without_them() {
    let check = async |write: Write, said: &str| {
        let desk = [Desk::new("desk", Vec::new())];
        let (kernel, _folder) = machine(write, None, &desk, Vec::new());
        let (calls, exit) = ran(&kernel, Program::new("Is 17 odd?")).await;
        assert!(calls.is_empty(), "{calls:?}");
        assert_eq!(exit.answer, Some(said.into()));
    };
    check(among_tools, "It is.").await;
    check(never, REFUSAL).await;
    // What says more than that stands.
    check(cannot_tell, "I can't tell odd from even.").await;
}

/// Finds the sentence once nothing else is in sight; before, it calls what is not there.
fn calls_what_is_not_there(system: &str, seen: &str) -> String {
    match (
        system.contains("Answer from this text only"),
        seen.contains("pier nine"),
    ) {
        (true, _) => "Pier nine.".into(),
        (false, true) => {
            let call = r#"{"calls":[{"tool":"harbour.find","args":{}}]}"#;
            format!("```json\n{call}\n```")
        }
        _ => "I don't know.".into(),
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_given_from_what_was_read() {
    let pages = vec![timetable(Trust::Untrusted)];
    let (kernel, _folder) = machine(calls_what_is_not_there, None, &[], pages);
    let (calls, exit) = ran(&kernel, Program::new(ASKED)).await;
    let search = ("memory.search".to_owned(), Trust::Untrusted);
    assert_eq!(
        (calls, exit.answer),
        (vec![search], Some("Pier nine.".into()))
    );
}

/// Writes a program from what stands beside the task, and takes what it has found for the answer.
fn programmer(_: &str, seen: &str) -> String {
    let asked = seen.contains("Write one Python function");
    match (
        asked,
        seen.contains("carries 35 carts"),
        seen.contains("carries many carts"),
    ) {
        (true, true, _) => "def solution():\n    return 12 * 35".into(),
        (true, _, true) => "def solution():\n    return 12 * 500".into(),
        _ => "It carries carts.".into(),
    }
}

#[tokio::test]
async fn what_was_looked_up_is_computed_from() {
    let check = async |found: &str, wants: Option<usize>, code: Option<&str>| {
        let page = NewPage {
            text: found.into(),
            ..timetable(Trust::Untrusted)
        };
        let desk = [Desk::new("desk", Vec::new()).with_programs().alone("run")];
        let (kernel, _folder) = machine(programmer, wants, &desk, vec![page]);
        let task = "How many carts does the ferry to Torshavn carry on 12 trips?";
        let pid = kernel.spawn(Program::new(task)).expect("it starts");
        let exit = kernel.wait(pid).await.expect("it ends");
        assert_eq!(exit.status, Status::Exited, "{found}");
        let steps = kernel.journal().steps(pid).expect("steps");
        assert_eq!(steps[0].action["tool"], "memory.search", "{found}");
        let run = steps
            .iter()
            .find_map(|step| step.action["args"]["code"].as_str());
        assert_eq!(run.is_some(), code.is_some(), "{found}: {run:?}");
        if let (Some(run), Some(code)) = (run, code) {
            assert!(run.contains(code), "{run}");
        }
        replayed(&kernel, pid).await;
    };
    let number = "The ferry to Torshavn carries 35 carts on each of its trips.";
    check(number, Some(COMPUTED), Some("return 12 * 35")).await;
    // What so many carry is computed, whatever the CPU says of that.
    check(number, None, Some("return 12 * 35")).await;
    // A program would have to make up a number.
    let no_number = "The ferry to Torshavn carries many carts on each of its trips.";
    check(no_number, Some(COMPUTED), None).await;
    let other = "The ferry to Torshavn carries many carts on its 3 trips.";
    check(other, Some(COMPUTED), None).await;
}

/// Finds it at once where nothing else is in sight, and goes on and on else.
fn rambler(_: &str, seen: &str) -> String {
    match seen.contains("Answer this from the text above only") {
        true => "It leaves from pier nine.".into(),
        false => "To find the pier, open the timetable, and look for the ferry.".into(),
    }
}

/// Makes it up, however it is asked.
fn inventor(_: &str, _: &str) -> String {
    "It leaves from pier 47, which is run by Wim Blom.".into()
}

/// Makes it up, and something else where nothing but the task is in sight.
fn guesser(_: &str, seen: &str) -> String {
    match seen.contains("Answer in one short sentence.") {
        true => "It leaves from the pier of Ole Dahl.".into(),
        false => inventor("", ""),
    }
}

#[tokio::test]
async fn what_was_looked_up_is_said_and_nothing_else() {
    let check = async |write: Write, task: &str, want: &str| {
        let pages = vec![timetable(Trust::Untrusted)];
        let (kernel, _folder) = machine(write, None, &[], pages);
        let (calls, exit) = ran(&kernel, Program::new(task)).await;
        assert_eq!(calls.len(), 1, "{task}");
        assert_eq!(exit.answer, Some(want.into()), "{task}");
    };
    check(rambler, ASKED, "It leaves from pier nine.").await;
    // It asks for more than a fact.
    let why = "Why does the ferry to Torshavn leave from pier nine?";
    check(rambler, why, &rambler("", "")).await;
    // Only what stands in the documents counts where the task says so.
    let there = "By the documents, from which pier does the ferry to Torshavn leave?";
    let nothing = "Nothing that was found says this. Looked at: the documents here.";
    check(inventor, there, nothing).await;
    // A name that is said again each time is known; one that comes out different is a guess.
    check(inventor, ASKED, &inventor("", "")).await;
    check(guesser, ASKED, nothing).await;
}

#[tokio::test]
async fn an_answer_that_went_round_in_circles_names_its_limit() {
    let check = async |schema: Option<Value>, written: &'static str, want: Value| {
        let info = CpuInfo {
            model: "small".into(),
            kind: "local",
            window: 8192,
            constrains: true,
            ..CpuInfo::default()
        };
        let cpu = FunctionCpu::new(info, move |_: &Job| written.to_owned());
        let cpu = Arc::new(cpu.weighing(none_of).closing(ClosedEarly::Repeating));
        let folder = folder();
        let kernel = Setup::new("").kernel_on(cpu, &folder.path().join("journal.db"));
        let program = Program {
            answer_schema: schema,
            ..Program::new("What is it?")
        };
        let (_, exit) = ran(&kernel, program).await;
        assert_eq!(exit.answer, Some(want), "{written}");
        assert_eq!(exit.status, Status::Limit, "{written}");
        assert_eq!(exit.limits_hit, [Limit::Repetition], "{written}");
    };
    let schema = json!({"type": "object", "properties": {"said": {"type": "string"}},
        "required": ["said"], "additionalProperties": false});
    let round = r#"{"said":"It is a pen. It is a pen. It is"}"#;
    let want = json!({"said": "It is a pen. It is a pen. It is"});
    check(Some(schema), round, want).await;
    let plain = "It is a pen. It is a pen. It is";
    check(None, plain, plain.into()).await;
}

/// Answers the first of two questions, and the second where that is all that is asked.
fn first_of_two(_: &str, seen: &str) -> String {
    let asked = seen.lines().last().unwrap_or_default();
    match asked.starts_with("Answer only this now") && asked.ends_with("the bell that Wim rings?") {
        true => "The bell is 90 years old.".into(),
        false => "Jaap tunes the organ.".into(),
    }
}

fn both(_: &str, _: &str) -> String {
    "Jaap tunes the organ, and the bell is 90 years old.".into()
}

#[tokio::test]
async fn two_questions_are_both_answered() {
    let check = async |write: Write, task: &str, want: &str| {
        let (kernel, _folder) = machine(write, None, &[], Vec::new());
        let (_, exit) = ran(&kernel, Program::new(task)).await;
        assert_eq!(exit.answer, Some(want.into()), "{task}");
        assert_eq!(exit.status, Status::Exited);
    };
    let two = "Who tunes the organ, and how old is the bell that Wim rings?";
    let answers = "Jaap tunes the organ.\nThe bell is 90 years old.";
    check(first_of_two, two, answers).await;
    check(both, two, &both("", "")).await;
    check(
        first_of_two,
        "Who tunes the organ?",
        "Jaap tunes the organ.",
    )
    .await;
}

pub(crate) fn memory(id: &str, text: &str) -> NewPage {
    NewPage {
        id: Some(id.into()),
        kind: Kind::Memory,
        text: text.into(),
        source: "test".into(),
        trust: Trust::User,
        ..NewPage::default()
    }
}

/// Answers for a text on anvils only where no tools are in sight, and for any other at once.
fn child(system: &str, seen: &str) -> String {
    let sees_the_store = seen.contains("Your memory says") || system.contains("memory.search");
    match (
        sees_the_store,
        seen.contains("anvils"),
        system.contains("Tools:"),
    ) {
        (true, ..) => "Mixed up.".into(),
        _ if !seen.contains("this document") => "Lost.".into(),
        (_, true, true) => REFUSAL.into(),
        (_, true, false) => "Anvils.".into(),
        _ => "Boats.".into(),
    }
}

#[tokio::test]
async fn who_answers_for_one_text_of_several_sees_that_text_alone() {
    let check = async |task: &str, want: &str| {
        let pages = vec![memory(
            "kept",
            "Each document about a budget is in the blue box.",
        )];
        let desk = [Desk::new("desk", Vec::new())];
        let (kernel, _folder) = machine(child, None, &desk, pages);
        let text = |name: &str, text: &str| Attached {
            picture: None,
            text: text.into(),
            label: Label::new(format!("file:{name}"), Trust::Untrusted),
        };
        let texts = vec![
            text("a.txt", "We forge anvils."),
            text("b.txt", "We mend boats."),
        ];
        let program = Program {
            attached: texts,
            ..Program::new(task)
        };
        let (_, exit) = ran(&kernel, program).await;
        assert_eq!(exit.answer, Some(want.into()), "{task}");
    };
    let task = "For each document, what is it about in five words?";
    check(task, "a.txt: Anvils.\nb.txt: Boats.").await;
    // One that speaks of what is kept sees that too.
    let task = "For each document, is there one about a budget in your memory?";
    check(task, "a.txt: Mixed up.\nb.txt: Mixed up.").await;
}

#[tokio::test]
async fn what_was_told_comes_to_mind_where_it_may_matter() {
    let pages = vec![
        memory("lock", "The lock of the bicycle has the code 4471."),
        memory("cat", "The cat is called Miso."),
    ];
    let (kernel, _folder) = machine(reader, Some(RECALLED), &[], pages);
    let check = async |task: &str, want: &[&str]| {
        let pid = kernel.spawn(Program::new(task)).expect("it starts");
        kernel.wait(pid).await.expect("it ends");
        let reminder = kernel.journal().reminder(pid).expect("read");
        let pages = reminder.into_iter().flat_map(|reminder| reminder.pages);
        let mut ids: Vec<String> = pages.map(|page| page.id.to_string()).collect();
        ids.sort();
        assert_eq!(ids, want, "{task}");
    };
    // It says that it is its user's.
    check("What is my shoe size?", &["cat", "lock"]).await;
    check("What is the code of the bicycle lock?", &["lock"]).await;
    check("What weekday is the 9th of May?", &[]).await;
    check("Which cat is the largest?", &["cat"]).await;
}

#[tokio::test]
async fn what_a_user_points_at_is_kept_and_not_the_words_for_it() {
    let check = async |told: &str, trust: Trust, kept: &[&str], status: Status| {
        let (kernel, _folder) = machine(never, None, &[], Vec::new());
        let mut program = Program::new(told);
        program.attached.push(Attached {
            picture: None,
            text: "Tel. 555-0134\n".into(),
            label: Label::new("file:letter.txt", trust),
        });
        let (_, exit) = ran(&kernel, program).await;
        let memories = kernel.store().memories(&Space::default(), 9);
        let memories = memories.expect("a store").into_iter();
        let texts: Vec<String> = memories.map(|page| page.text).collect();
        assert_eq!(texts, kept, "{told}");
        assert_eq!(exit.status, status, "{told}: {:?}", exit.error);
    };
    let number = "the phone number in this letter: Tel. 555-0134";
    let told = "Remember the phone number in this letter.";
    check(told, Trust::User, &[number], Status::Exited).await;
    check(
        "Remember this.",
        Trust::User,
        &["Tel. 555-0134"],
        Status::Exited,
    )
    .await;
    let own = "Remember: my gate code is 4711";
    check(own, Trust::User, &["my gate code is 4711"], Status::Exited).await;
    // What a stranger wrote is kept once a person has agreed to it.
    check(told, Trust::Untrusted, &[], Status::Denied).await;
}

/// Says that it has kept something, and answers where nothing else is asked.
fn keeper(_: &str, seen: &str) -> String {
    match seen.contains("Answer only this now, in a sentence: tell me who is on duty.") {
        true => "Ida is on duty.".into(),
        false => "I have noted it.".into(),
    }
}

#[tokio::test]
async fn what_is_asked_beside_a_fact_is_answered() {
    let (kernel, _folder) = machine(keeper, None, &[], Vec::new());
    let told = "Remember: my gate code is 4711, then tell me who is on duty.";
    let (_, exit) = ran(&kernel, Program::new(told)).await;
    let memories = kernel.store().memories(&Space::default(), 9);
    assert_eq!(memories.expect("a store")[0].text, "my gate code is 4711");
    let both = "I have noted it.\nIda is on duty.";
    assert_eq!(exit.answer, Some(both.into()));
}
