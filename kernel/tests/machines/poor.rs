//! An answer that says nothing, where a text that was found says it: it is given once more.

use crate::common::replayed;
use crate::small::{Write, machine, timetable};
use quipu_kernel::label::Trust;
use quipu_kernel::process::Program;

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
