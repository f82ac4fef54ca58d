//! An answer that says nothing, where a text that was found says it: it is given once more.

use crate::common::replayed;
use crate::small::{Write, machine, timetable};
use quipu_kernel::label::Trust;
use quipu_kernel::process::Program;
use quipu_memory::NewPage;

/// Answers from the text, where nothing but that is in sight.
fn from_the_text(seen: &str, else_says: &str) -> String {
    match seen.contains("Answer from this text only") {
        true => "It leaves from pier nine.".into(),
        false => else_says.into(),
    }
}

fn guides(_: &str, seen: &str) -> String {
    from_the_text(seen, "You can use `memory.search` to find the pier.")
}

fn promises(_: &str, seen: &str) -> String {
    from_the_text(seen, "Let me check the documents.")
}

fn repeats(_: &str, seen: &str) -> String {
    from_the_text(seen, "The ferry to Torshavn leaves from that pier.")
}

fn answers(_: &str, _: &str) -> String {
    "From pier nine, at noon.".into()
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_given_once_more() {
    let check = async |write: Write, want: &str| {
        let (kernel, _folder) = machine(write, None, &[], vec![timetable(Trust::Untrusted)]);
        let task = "From which pier does the ferry to Torshavn leave?";
        let pid = kernel.spawn(Program::new(task)).expect("it starts");
        let exit = kernel.wait(pid).await.expect("it ends");
        assert_eq!(exit.answer, Some(want.into()));
        replayed(&kernel, pid).await;
    };
    for write in [guides as Write, promises, repeats] {
        check(write, "It leaves from pier nine.").await;
    }
    check(answers, "From pier nine, at noon.").await;
}

/// Says of the axe who has the saw, where it reads both.
fn mixes(_: &str, seen: &str) -> String {
    match seen.contains("Answer from this text only") {
        true => "Otto has it.".into(),
        false => "Ida has the axe.".into(),
    }
}

/// Gives the name of a file for an answer, whatever it reads.
fn points(_: &str, _: &str) -> String {
    "See ferries.txt.".into()
}

#[tokio::test]
async fn an_answer_of_another_or_of_none_is_not_the_last_word() {
    let check = async |write: Write, text: &str, task: &str, want: &str| {
        let page = NewPage {
            text: text.into(),
            ..timetable(Trust::Untrusted)
        };
        let (kernel, _folder) = machine(write, None, &[], vec![page]);
        let pid = kernel.spawn(Program::new(task)).expect("it starts");
        let exit = kernel.wait(pid).await.expect("it ends");
        assert_eq!(exit.answer, Some(want.into()), "{text}");
        replayed(&kernel, pid).await;
    };
    let axe = "By the documents, who has the axe of the rowing club?";
    let two = "Ida has the saw and Otto the axe of the rowing club.";
    check(mixes, two, axe, "Otto has it.").await;
    let one = "Ida has the saw and the axe of the rowing club.";
    check(mixes, one, axe, "Ida has the axe.").await;
    let pier = "The ferry to Torshavn leaves from pier nine.";
    let nothing = "Nothing that was found says this. Looked at: the documents here.";
    let asked = "From which pier does the ferry to Torshavn leave?";
    check(points, pier, asked, nothing).await;
}
