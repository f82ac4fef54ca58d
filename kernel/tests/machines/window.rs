//! The window is never exceeded and nothing is lost, whatever a process does.

use proptest::prelude::*;
use quipu_cpu::scripted::ScriptedCpu;
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::window::{Vm, VmError};

fn cpu(window: usize) -> ScriptedCpu {
    ScriptedCpu::parse("none", "", Some(window)).expect("an empty script")
}

/// Puts a page together again from `recall`, piece by piece.
fn recall_all(vm: &Vm, cpu: &ScriptedCpu, page: &str) -> String {
    let mut whole = String::new();
    loop {
        let from = whole.chars().count();
        let (text, _) = vm.recall(cpu, page, from).expect("a page that was pushed");
        let marker = format!("\n[page {page} goes on: recall it from ");
        match text.rfind(&marker) {
            Some(at) => whole.push_str(&text[..at]),
            None => {
                whole.push_str(&text);
                return whole;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn prompt_and_answer_always_fit_and_every_page_comes_back(
        window in 600usize..4000,
        reserve in 16usize..600,
        task in ".{0,300}",
        // Without what could be a template's marker: these are broken.
        reminder in "[^<\\[]{0,600}",
        observations in prop::collection::vec("\\PC{0,2000}", 1..40),
    ) {
        let cpu = cpu(window);
        let mut vm = match Vm::new(&cpu, "boot".into(), (task, Label::user()), reserve) {
            Ok(vm) => vm,
            Err(VmError::TaskTooLong { .. }) => return Ok(()),
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        };
        let label = Label::new("memory", Trust::Untrusted);
        let pinned = vm.pin_reminder(&cpu, reminder.clone(), label);
        prop_assert_eq!(vm.lowest_label().trust == Trust::Untrusted, pinned);
        for (i, observation) in observations.iter().enumerate() {
            let action = format!("{{\"tool\":\"t.f\",\"args\":{{\"n\":{i}}}}}");
            vm.push(&cpu, i as u32 + 1, action, observation.clone(), Label::new("tool:t", Trust::User));
            let (prompt, _) = vm.fit(&cpu).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert!(prompt.len + vm.reserve() <= window);
            let shown = prompt.messages[1].text.starts_with(&reminder);
            prop_assert!(shown || !pinned, "it stays before the task");
            let map = vm.map(&cpu).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!((map.prompt as usize, map.size as usize), (prompt.len, window));
            let out = map.pages.iter().filter(|page| !page.resident);
            let out: Vec<String> = out.filter_map(|page| page.id.clone()).collect();
            prop_assert_eq!(out, vm.evicted());
        }
        for (i, observation) in observations.iter().enumerate() {
            prop_assert_eq!(&recall_all(&vm, &cpu, &format!("s{}", i + 1)), observation);
        }
    }
}

#[test]
fn an_answer_that_only_names_pages_of_the_reminder_is_what_they_say() {
    let cpu = cpu(2048);
    let task = ("Where is the ladder?".to_owned(), Label::user());
    let mut vm = Vm::new(&cpu, "boot".into(), task, 256).expect("it fits");
    let named = |vm: &Vm, answer: &str| vm.named_in_reminder(answer);
    assert_eq!(named(&vm, "[m1-2]"), None);
    let reminder = "Your memory says:\n[m1-2] The ladder is in the barn.\n\
         [m1-3] Bo has a key. (process 1)\n[7] The barn has two doors.\n[MED-10] Bo is at home.";
    assert!(vm.pin_reminder(&cpu, reminder.into(), Label::user()));
    let check = |answer: &str, want: Option<&str>| {
        assert_eq!(named(&vm, answer).as_deref(), want, "{answer}");
    };
    check("[m1-2]", Some("The ladder is in the barn."));
    check("m1-3.", Some("Bo has a key."));
    check(
        "[m1-3], [m1-2]",
        Some("Bo has a key.\nThe ladder is in the barn."),
    );
    check("In the barn [m1-2]", None);
    check("[m1-9]", None);
    check("[m1]", None);
    // What a caller chose for an id may be an answer.
    check("7", None);
    check("7.", None);
    check("MED-10", None);
    check("m1-2 7", None);
    check("[7].", Some("The barn has two doors."));
    check("[MED-10] m1-3", Some("Bo is at home.\nBo has a key."));
    check("[]", None);
    check("", None);
}

#[test]
fn thirty_long_steps_and_a_page_from_twenty_steps_ago() {
    let cpu = cpu(2048);
    let task = ("Read thirty pages.".to_owned(), Label::user());
    let mut vm = Vm::new(&cpu, "boot ".repeat(60), task, 256).expect("it fits");
    let page = |n: u32| format!("page {n}: {}", "lorem ipsum ".repeat(90));
    let mut evicted = Vec::new();
    for n in 1..=30 {
        vm.push(&cpu, n, format!("{{\"read\":{n}}}"), page(n), Label::user());
        let (prompt, gone) = vm.fit(&cpu).expect("it fits");
        assert!(prompt.len + vm.reserve() <= 2048, "step {n}");
        evicted.extend(gone.into_iter().map(|eviction| eviction.page));
    }
    assert!(evicted.contains(&"s10".to_owned()));
    assert_eq!(recall_all(&vm, &cpu, "s10"), page(10));
    let (prompt, _) = vm.fit(&cpu).expect("it fits");
    let front = &prompt.messages[1].text;
    assert!(
        front.contains("[pages s1 to "),
        "old stubs are summed up: {front}"
    );
}

#[test]
fn what_cannot_fit_is_refused_with_figures() {
    let check = |window, task: &str, want: &str| {
        let said = Vm::new(
            &cpu(window),
            "boot".into(),
            (task.into(), Label::user()),
            256,
        )
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
        assert!(said.contains(want), "{said}");
    };
    check(2048, &"x".repeat(8000), "needs 2009 tokens");
    check(2048, "short", "");
}

#[test]
fn unknown_pages_are_explained() {
    let cpu = cpu(2048);
    let mut vm =
        Vm::new(&cpu, "boot".into(), ("task".into(), Label::user()), 256).expect("it fits");
    assert_eq!(
        vm.recall(&cpu, "s1", 0).unwrap_err(),
        "there is no page s1 yet"
    );
    vm.push(&cpu, 1, "{}".into(), "abc".into(), Label::user());
    assert_eq!(
        vm.recall(&cpu, "s7", 0).unwrap_err(),
        "there is no page s7; pages go from s1 to s1"
    );
    assert_eq!(
        vm.recall(&cpu, "s1", 9).unwrap_err(),
        "page s1 has 3 characters; 9 is past its end"
    );
}

#[test]
fn the_lowest_label_counts() {
    let cpu = cpu(2048);
    let mut vm =
        Vm::new(&cpu, "boot".into(), ("task".into(), Label::user()), 256).expect("it fits");
    assert_eq!(vm.lowest_label().trust, Trust::User);
    vm.push(
        &cpu,
        1,
        "{}".into(),
        "x".into(),
        Label::new("web", Trust::Untrusted),
    );
    vm.push(&cpu, 2, "{}".into(), "y".into(), Label::kernel());
    assert_eq!(vm.lowest_label(), Label::new("web", Trust::Untrusted));
}
