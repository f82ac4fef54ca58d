//! A task in two steps whose parts stand in two documents: the machine searches for what the first one leads
//! to, once, and for nothing where the first one says it all.

use crate::common::{Desk, replayed};
use crate::small::machine;
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::process::{Attached, Program};
use quipu_memory::{Kind, NewPage};

const KEY: &str = "Who has the key to the room where the racing oars are?";
const OARS: &str = "The racing oars are in the boathouse.";
/// Shares no word with the task.
const OPENER: &str = "Boathouse: opened by Ms. Lund.";
const HOP: &str = "boathouse key room";

/// Says what it sees.
fn reader(_: &str, seen: &str) -> String {
    match (seen.contains("Ms. Lund"), seen.contains("九层")) {
        (true, _) => "Ms. Lund.".into(),
        (_, true) => "在九层。".into(),
        _ => "The boathouse.".into(),
    }
}

/// Runs `program` where there are these `texts` and `devices`: what was searched for, with the trust of what
/// came back, and the answer.
async fn searched(
    program: Program,
    texts: &[(&str, Trust)],
    devices: &[Desk],
) -> (Vec<(String, Trust)>, String) {
    let pages = texts.iter().enumerate().map(|(at, (text, trust))| NewPage {
        id: Some(format!("p{at}").into()),
        kind: Kind::Document,
        text: (*text).into(),
        source: format!("{at}.txt"),
        trust: *trust,
        ..NewPage::default()
    });
    let (kernel, _folder) = machine(reader, None, devices, pages.collect());
    let pid = kernel.spawn(program).expect("it starts");
    let exit = kernel.wait(pid).await.expect("it ends");
    let steps = kernel.journal().steps(pid).expect("steps").into_iter();
    let searches = steps.filter_map(|step| {
        let query = step.action["args"]["query"].as_str()?.to_owned();
        Some((query, step.outcome?.label.trust))
    });
    let searches = searches.collect();
    replayed(&kernel, pid).await;
    let answer = exit.answer.as_ref().and_then(|answer| answer.as_str());
    (searches, answer.unwrap_or_default().to_owned())
}

#[tokio::test]
async fn what_comes_to_mind_leads_to_a_search() {
    let check = async |task: &str, texts: [&str; 2], query: &str, want: &str| {
        let texts = texts.map(|text| (text, Trust::User));
        let (searches, answer) = searched(Program::new(task), &texts, &[]).await;
        assert_eq!(searches, [(query.to_owned(), Trust::User)], "{task}");
        assert_eq!(answer, want, "{task}");
    };
    check(KEY, [OARS, OPENER], HOP, "Ms. Lund.").await;
    let floor = "眼科从东门进，坐电梯到九层。";
    let task = "沈师傅在几楼？";
    check(task, ["沈师傅在眼科。", floor], "眼科 几楼", "在九层。").await;
}

#[tokio::test]
async fn what_a_search_finds_leads_to_another_one() {
    let texts = [OARS, OPENER].map(|text| (text, Trust::Untrusted));
    let (searches, answer) = searched(Program::new(KEY), &texts, &[]).await;
    let want = [KEY, HOP].map(|query| (query.to_owned(), Trust::Untrusted));
    assert_eq!((&searches[..], answer.as_str()), (&want[..], "Ms. Lund."));
}

#[tokio::test]
async fn the_second_search_is_the_last_one() {
    // It finds nothing more, and what it finds leads there again.
    let (searches, _) = searched(Program::new(KEY), &[(OARS, Trust::User)], &[]).await;
    assert_eq!(searches, [(HOP.to_owned(), Trust::User)]);
    let (searches, _) = searched(Program::new(KEY), &[(OARS, Trust::Untrusted)], &[]).await;
    assert_eq!(searches.len(), 2, "{searches:?}");
}

#[tokio::test]
async fn where_nothing_leads_on_nothing_is_searched_for() {
    let check = async |program: Program, first: &str, devices: &[Desk]| {
        let texts = [(first, Trust::User), (OPENER, Trust::User)];
        let (searches, _) = searched(program, &texts, devices).await;
        assert_eq!(searches, [], "{first}");
    };
    // The first says it, or leads nowhere.
    let said = "The racing oars are in the boathouse, opened by Ms. Lund.";
    check(Program::new(KEY), said, &[]).await;
    let red = "The racing oars of the boathouse are new and red.";
    check(Program::new(KEY), red, &[]).await;
    // What it leads to is what is asked for.
    check(Program::new("Where are the racing oars?"), OARS, &[]).await;
    // It is no question.
    let written = Program::new(format!("Translate into Dutch: {KEY}"));
    check(written, OARS, &[]).await;
    // A stranger's words could cost it an effect.
    let desk = [Desk::new("desk", Vec::new())];
    check(Program::new(KEY), OARS, &desk).await;
    // There is a text to be worked on.
    let mut beside = Program::new(KEY);
    beside.attached.push(Attached {
        picture: None,
        text: "The oars are wet.".into(),
        label: Label::new("file:wet.txt", Trust::User),
    });
    check(beside, OARS, &[]).await;
    let mut unreminded = Program::new(KEY);
    unreminded.agent.memory.recall_tokens = 0;
    check(unreminded, OARS, &[]).await;
}
