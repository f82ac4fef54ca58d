//! What a detector says of strangers' texts: it is in their labels, in the journal and in what a
//! person is asked; a page is looked at once, and only a rule of the user changes what happens.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{DONE, Desk, Setup, attended, live};
use quipu_kernel::gate::rules::{Rule, Rules};
use quipu_kernel::gate::{Detection, Detector};
use quipu_kernel::label::{Label, Suspicion, Trust};
use quipu_kernel::process::{Attached, Program, Reply};
use quipu_kernel::signal::Signal;
use quipu_kernel::window::PageKind;
use quipu_memory::{Kind, NewPage};
use serde_json::{Value, json};

/// Takes every text for an attack that says `obey`, fails at one that says `fail`, and counts
/// the texts.
struct Obey(Arc<AtomicUsize>);

impl Detector for Obey {
    fn detect(
        &self,
        text: &str,
        _is_wanted: &dyn Fn() -> bool,
    ) -> Result<Suspicion, Box<dyn Error + Send + Sync>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        if text.contains("fail") {
            return Err("no score".into());
        }
        let score = if text.contains("obey") { 0.97 } else { 0.03 };
        Ok(Suspicion::new(score, 0.5))
    }
}

/// A machine with that detector, a desk of a stranger's and these rules; each text of `reads` is
/// read there before something is written.
fn machine(rules: &Value, reads: &[&str]) -> (Setup, Arc<AtomicUsize>) {
    let looks = Arc::new(AtomicUsize::new(0));
    let read = |text: &&str| json!({"tool": "stranger.echo", "args": {"text": text}}).to_string();
    let mut script: Vec<String> = reads.iter().map(read).collect();
    script.push(json!({"tool": "desk.send", "args": {"text": "hello"}}).to_string());
    script.push(DONE.to_owned());
    let mut setup = Setup::new(&script.join("\n"));
    let stranger = Desk::new("stranger", Vec::new()).by_a_stranger();
    setup.devices.push(stranger);
    let rules: Vec<Rule> = serde_json::from_value(rules.clone()).expect("rules");
    setup.policy.rules = Arc::new(Rules {
        rules: rules.into_iter().map(Arc::new).collect(),
        ..Rules::default()
    });
    setup.policy.detection = Detection::of(Obey(looks.clone()));
    setup.replies = vec![Reply::Approve; 9];
    (setup, looks)
}

/// A task with a text beside it that a stranger wrote.
fn beside(text: &str) -> Program {
    Program {
        attached: vec![Attached {
            text: text.into(),
            label: Label::new("file:mail.txt", Trust::Untrusted),
            picture: None,
        }],
        ..attended("task")
    }
}

#[tokio::test]
async fn a_page_is_looked_at_once_and_its_label_says_what_was_found() {
    let check = async |program: Program, reads: &[&str], scores: &[Option<f64>], count: usize| {
        let (setup, looks) = machine(&json!([]), reads);
        let folder = crate::common::folder();
        let kernel = setup.kernel(&folder.path().join("journal.db"));
        // It is replayed too, without the detector.
        let (pid, said) = live(&kernel, program, &setup.replies).await;
        let steps = kernel.journal().steps(pid).expect("steps");
        let found: Vec<Option<f64>> = steps
            .iter()
            .take(reads.len())
            .filter_map(|step| step.outcome.as_ref())
            .map(|outcome| outcome.label.suspicion.map(Suspicion::score))
            .collect();
        assert_eq!(found, scores, "{said}");
        assert_eq!(looks.load(Ordering::Relaxed), count, "{said}");
        // The answer is as suspicious as the worst that the process has read.
        let answer = steps.last().and_then(|step| step.outcome.as_ref());
        let answer = answer.and_then(|outcome| outcome.label.suspicion);
        (said, answer.map(Suspicion::score))
    };
    // What the desk turns over in a process that a stranger has spoken to is not looked at.
    let (harmless, attack) = (Some(0.03), Some(0.97));
    let task = || attended("task");
    check(task(), &["a page"], &[harmless], 1).await;
    let (said, worst) = check(
        task(),
        &["a page", "obey", "a page"],
        &[harmless, attack, harmless],
        2,
    )
    .await;
    assert_eq!(worst, attack, "{said}");
    let asked = "approve? desk.send changes something, and this process has read untrusted text \
                 from tool:stranger, which reads like an attack (0.97, 50 % of it looked at)";
    assert!(said.contains(asked), "{said}");
    // A text beside the task is looked at before anything is done, and is told.
    let (said, worst) = check(beside("please obey"), &["a page"], &[harmless], 2).await;
    assert_eq!(worst, attack, "{said}");
    assert!(said.contains("looked at file:mail.txt: 0.97"), "{said}");
    assert!(said.contains("which reads like an attack (0.97"), "{said}");
    // The same text as a page: it was looked at already.
    check(beside("obey"), &["obey"], &[attack], 1).await;
    // One that cannot be looked at is marked so, and stops nothing.
    let unseen = Some(Suspicion::UNSEEN.score());
    let (said, worst) = check(beside("fail"), &["fail again"], &[unseen], 2).await;
    assert_eq!(worst, unseen, "{said}");
    let told = "looked at file:mail.txt: unknown, it was not looked at";
    assert!(said.contains(told), "{said}");
    assert!(said.contains("\"exited\" \"done\""), "{said}");
    assert!(!said.contains("reads like"), "{said}");
    // What its user wrote is not looked at.
    let trusted = Program {
        attached: vec![Attached {
            text: "obey".into(),
            label: Label::user(),
            picture: None,
        }],
        ..task()
    };
    check(trusted, &[], &[], 0).await;
}

#[tokio::test]
async fn what_a_program_writes_out_is_looked_at_where_strangers_have_spoken() {
    let check = async |calls: &[Value], count: usize, last: Option<f64>| {
        let (mut setup, looks) = machine(&json!([]), &[]);
        setup
            .devices
            .push(Desk::new("lab", Vec::new()).with_programs());
        let mut script: Vec<String> = calls.iter().map(Value::to_string).collect();
        script.push(DONE.to_owned());
        setup.script = script.join("\n");
        let folder = crate::common::folder();
        let kernel = setup.kernel(&folder.path().join("journal.db"));
        let (pid, said) = live(&kernel, attended("task"), &setup.replies).await;
        let steps = kernel.journal().steps(pid).expect("steps");
        let found = steps[calls.len() - 1].outcome.as_ref();
        let found = found.and_then(|outcome| outcome.label.suspicion);
        assert_eq!(found.map(Suspicion::score), last, "{said}");
        assert_eq!(looks.load(Ordering::Relaxed), count, "{said}");
    };
    let page = json!({"tool": "stranger.echo", "args": {"text": "a page"}});
    let echo = json!({"tool": "desk.echo", "args": {"text": "hello"}});
    // It decodes an attack.
    let run = json!({"tool": "lab.run", "args": {"code": "# yebo"}});
    check(std::slice::from_ref(&run), 0, None).await;
    check(&[page, echo, run], 2, Some(0.97)).await;
}

#[tokio::test]
async fn only_a_rule_changes_what_happens() {
    let check = async |rules: Value, text: &str, asked: usize, want: &str| {
        let (setup, _) = machine(&rules, &[text]);
        let folder = crate::common::folder();
        let kernel = setup.kernel(&folder.path().join("journal.db"));
        let (_, said) = live(&kernel, attended("task"), &setup.replies).await;
        assert_eq!(said.matches("approve?").count(), asked, "{said}");
        assert!(said.contains(want), "no {want:?} in {said}");
    };
    let allow = json!({"tool": "desk.send", "label": "untrusted", "do": "allow"});
    let ask = json!({"tool": "desk.*", "suspicious": 0.9, "do": "ask"});
    let deny = json!({"tool": "desk.*", "suspicious": 0.9, "do": "deny"});
    let done = "\"exited\" \"done\"";
    check(json!([]), "obey", 1, done).await;
    check(json!([]), "a page", 1, done).await;
    check(json!([allow]), "obey", 0, done).await;
    check(json!([allow, ask]), "a page", 0, done).await;
    check(json!([allow, ask]), "obey", 1, done).await;
    check(json!([allow, deny]), "a page", 0, done).await;
    let denied = "! denied: desk.send is denied by a rule";
    check(json!([allow, deny]), "obey", 0, denied).await;
    // What the detector failed at may be the worst.
    check(json!([allow, ask]), "fail", 1, done).await;
    check(json!([allow, deny]), "fail", 0, denied).await;
}

#[tokio::test]
async fn what_was_found_is_known_after_a_restart() {
    let check = async |program: Program, read: &str, count: usize| {
        let rule = json!([{"tool": "desk.*", "suspicious": 0.9, "do": "deny"}]);
        let (mut setup, looks) = machine(&rule, &[read]);
        let mut script: Vec<&str> = setup.script.lines().collect();
        script.insert(1, r#"{"ask":"Go on?"}"#);
        setup.script = script.join("\n");
        let folder = crate::common::folder();
        let journal = folder.path().join("journal.db");
        // Nobody answers, so it waits to be resumed.
        let pid = {
            let kernel = setup.kernel(&journal);
            live(&kernel, program, &[]).await.0
        };
        // Another machine, without a detector: the journal has the label.
        let mut later = setup.clone();
        later.policy.detection = Detection::default();
        let kernel = later.kernel(&journal);
        kernel.journal().verify(pid).expect("as it was written");
        let mut events = kernel.subscribe();
        kernel.resume(pid, None, true).expect("it goes on");
        let replies = [Reply::Text("yes".into())];
        let said = crate::common::transcript(&kernel, pid, &replies, &mut events).await;
        assert!(said.contains("! denied: desk.send"), "{said}");
        assert_eq!(looks.load(Ordering::Relaxed), count, "{said}");
        // A copy knows it too.
        let label = kernel.journal().label_of(pid).expect("a label");
        let copy = kernel.journal().fork(pid, Some(1)).expect("a copy");
        let copied = kernel.journal().label_of(copy).expect("a label");
        let score = |label: &Label| label.suspicion.map(Suspicion::score);
        assert_eq!((score(&label), score(&copied)), (Some(0.97), Some(0.97)));
    };
    check(attended("task"), "obey", 1).await;
    check(beside("obey"), "a page", 2).await;
}

#[tokio::test]
async fn a_memory_is_as_suspicious_as_what_its_process_had_read() {
    // Its words are harmless: what they were made of was not.
    let text = "Bruno the dog wants a bone.";
    let kept = async |read: &str| {
        let (mut setup, _) = machine(&json!([]), &[read]);
        let put = json!({"tool": "memory.put", "args": {"text": text}}).to_string();
        setup.script = setup.script.replacen('\n', &format!("\n{put}\n"), 1);
        let folder = crate::common::folder();
        let kernel = setup.kernel(&folder.path().join("journal.db"));
        let (_, said) = live(&kernel, attended("task"), &setup.replies).await;
        let page = kernel.store().get(&"m1-2".into()).expect("read");
        page.unwrap_or_else(|| panic!("it is kept: {said}"))
            .suspicion
    };
    let found = async |suspicion: Option<Suspicion>, detection: Detection| {
        let search = json!({"tool": "memory.search", "args": {"query": "Bruno"}}).to_string();
        let mut setup = Setup::new(&[search.as_str(), DONE].join("\n"));
        setup.policy.detection = detection;
        let folder = crate::common::folder();
        let kernel = setup.kernel(&folder.path().join("journal.db"));
        let page = NewPage {
            id: Some("m1".into()),
            kind: Kind::Memory,
            text: text.into(),
            trust: Trust::Untrusted,
            suspicion,
            ..NewPage::default()
        };
        kernel.store().put(page).expect("stored");
        let (pid, said) = live(&kernel, attended("task"), &[]).await;
        let steps = kernel.journal().steps(pid).expect("steps");
        let outcome = steps[0].outcome.as_ref().expect("found");
        assert!(outcome.text.contains("a bone"), "{said}");
        outcome.label.suspicion.map(Suspicion::score)
    };
    for (read, score) in [("a page", 0.03), ("obey", 0.97)] {
        let suspicion = kept(read).await;
        assert_eq!(suspicion.map(Suspicion::score), Some(score), "{read}");
        // With and without a detector, which finds nothing in these words.
        let on = Detection::of(Obey(Arc::default()));
        assert_eq!(found(suspicion, Detection::default()).await, Some(score));
        assert_eq!(found(suspicion, on).await, Some(score));
    }
    let on = Detection::of(Obey(Arc::default()));
    assert_eq!(found(None, on).await, Some(0.03));
    assert_eq!(found(None, Detection::default()).await, None);
}

#[tokio::test]
async fn each_text_beside_the_task_has_its_own_score() {
    let (setup, looks) = machine(&json!([]), &[]);
    let folder = crate::common::folder();
    let kernel = setup.kernel(&folder.path().join("journal.db"));
    let mut program = beside("please obey");
    program.attached.extend(beside("a page").attached);
    program.attached.push(Attached {
        text: "obey".into(),
        label: Label::user(),
        picture: None,
    });
    let (pid, _) = live(&kernel, program, &setup.replies).await;
    assert_eq!(looks.load(Ordering::Relaxed), 2);
    let window = kernel.window(pid).expect("a window").expect("it fits");
    let scores: Vec<Option<f64>> = window
        .pages
        .iter()
        .filter(|page| page.kind == PageKind::Attached)
        .map(|page| page.label.suspicion.map(Suspicion::score))
        .collect();
    assert_eq!(scores, [Some(0.97), Some(0.03), None]);
}

/// Looks at a text for as long as somebody waits for it, and says when it has begun.
struct Endless(tokio::sync::mpsc::UnboundedSender<()>);

impl Detector for Endless {
    fn detect(
        &self,
        _text: &str,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Suspicion, Box<dyn Error + Send + Sync>> {
        self.0.send(())?;
        while is_wanted() {
            std::thread::yield_now();
        }
        Err("nobody waits".into())
    }
}

#[tokio::test]
async fn a_look_ends_with_its_process_and_what_was_not_looked_at_is_told() {
    let (begins, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let (mut setup, _) = machine(&json!([]), &[]);
    setup.policy.detection = Detection::of(Endless(begins));
    let folder = crate::common::folder();
    let kernel = setup.kernel(&folder.path().join("journal.db"));
    for signal in [Signal::Kill, Signal::Suspend] {
        let mut events = kernel.subscribe();
        let pid = kernel.spawn(beside("a page")).expect("it starts");
        begun.recv().await.expect("it is looked at");
        kernel.signal(pid, signal).expect("it runs");
        let said = crate::common::transcript(&kernel, pid, &[], &mut events).await;
        let told = "looked at file:mail.txt: unknown, it was not looked at";
        assert!(said.contains(told), "{said}");
        // What was not looked at is, once the process is taken up again.
        let (program, _) = kernel.journal().program(pid).expect("a program");
        assert_eq!(program.attached[0].label.suspicion, None);
    }
}
