//! Which functions a model is shown: those that few tasks need, where something speaks of them.

use std::sync::Arc;

use crate::common::cpus::WatchedCpu;
use crate::common::{DONE, Desk, ECHO, Setup, transcript};
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::planner::Planner;
use quipu_kernel::process::{Attached, Program};
use quipu_tools::{Bus, Topics};

#[test]
fn what_few_tasks_need_is_shown_where_a_task_speaks_of_it() {
    let topics = Topics::of("photo 照片", "png");
    let mut bus = Bus::default();
    let eyes = Desk::new("eyes", Vec::new()).alone("echo").about(topics);
    for desk in [eyes, Desk::new("desk", Vec::new())] {
        bus.add(Arc::new(desk)).expect("names differ");
    }
    let page = |program: &Program| Planner::new(program, &bus, true).boot_page();
    let check = |program: Program, shown: bool| {
        let page = page(&program);
        assert_eq!(page.contains("eyes.echo"), shown, "{}", program.prompt);
        assert!(page.contains("desk.echo"));
    };
    check(Program::new("What is 2+2?"), false);
    check(Program::new("What is on the photos?"), true);
    check(Program::new("照片里写了什么？"), true);
    check(Program::new("Sum up a/b.PNG"), true);
    let with = |text: &str, source: &str| {
        let mut program = Program::new("Sum it up.");
        program.attached.push(Attached {
            picture: None,
            text: text.into(),
            label: Label::new(source, Trust::Untrusted),
        });
        program
    };
    check(with("a photo of us", "file:a.txt"), false);
    check(with("see bill.png", "file:a.txt"), true);
    check(with("Total: 12", "file:bill.png"), true);
    // An agent that names it has it in all of its tasks.
    let mut named = Program::new("What is 2+2?");
    named.agent.tools = Some(vec!["eyes".into(), "desk".into()]);
    check(named, true);
    // The page before it is the same for all.
    let (with, without) = (Program::new("a photo"), Program::new("a word"));
    assert!(page(&with).starts_with(&page(&without)));
}

#[tokio::test]
async fn a_file_that_comes_into_sight_brings_what_reads_it() {
    let topics = Topics::of("photo", "png");
    let look = r#"{"tool":"desk.echo","args":{"text":"there is a.png"}}"#;
    let other = r#"{"tool":"desk.echo","args":{"text":"bye"}}"#;
    let mut setup = Setup::new(&[ECHO, look, other, DONE].join("\n"));
    let eyes = Desk::new("eyes", Vec::new()).alone("echo").about(topics);
    setup.devices.push(eyes);
    let folder = crate::common::folder();
    let cpu = WatchedCpu::new(&setup.script, Some(setup.window));
    let kernel = setup.kernel_on(cpu.clone(), &folder.path().join("journal"));
    let mut events = kernel.subscribe();
    let pid = kernel.spawn(Program::new("task")).expect("it starts");
    transcript(&kernel, pid, &[], &mut events).await;
    let prompts: Vec<String> = cpu.shown().into_iter().map(|(_, text)| text).collect();
    let shown: Vec<bool> = prompts
        .iter()
        .map(|text| text.contains("eyes.echo"))
        .collect();
    assert_eq!(shown, [false, false, true, true]);
    let at = prompts[2].find("eyes.echo").expect("it is shown");
    assert!(prompts[2][..at].contains("there is a.png"));
}
