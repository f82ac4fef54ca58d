//! Who may learn what a process has read: what leaves the machine, and what no model, journal or
//! tool is ever told.

use std::sync::Arc;

use crate::common::{Desk, Setup, attended, run, transcript};
use quipu_kernel::Kernel;
use quipu_kernel::gate::plan::Plan;
use quipu_kernel::gate::rules::{Confided, Rules};
use quipu_kernel::gate::{Approve, Secrecy};
use quipu_kernel::judgement::Question;
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::process::{Agent, Attached, Example, Memory, Program, Turn};
use quipu_memory::{Kind, NewPage};
use quipu_tools::{Capability, LeakScan, Role, Secret};
use serde_json::{Value, json};

const DONE: &str = r#"{"answer":"done"}"#;

fn call(tool: &str, text: &str) -> String {
    json!({"tool": tool, "args": {"text": text}}).to_string()
}

fn net() -> Capability {
    "net:example.com".parse().expect("a capability")
}

/// A machine with a desk, a web desk with the net, and a vault whose results are `secrecy`.
fn setup(script: &[&str], secrecy: Secrecy) -> Setup {
    let mut setup = Setup::new(&script.join("\n"));
    setup.policy.grants = [net(), Capability::MemWrite].into_iter().collect();
    setup.devices.push(Desk::new("web", vec![net()]));
    setup.devices.push(Desk::new("vault", Vec::new()));
    setup.policy.rules = Arc::new(Rules {
        private: vec![Confided {
            tool: "vault.*".to_owned().into(),
            secrecy,
            origin: String::new(),
        }],
        roles: vec![(
            "web.send".to_owned().into(),
            [("text".to_owned(), Role::Destination)].into(),
        )],
        ..Rules::default()
    });
    setup
}

async fn check(setup: Setup, program: Program, want: &[&str], never: &[&str]) {
    let said = run(setup, program).await;
    for want in want {
        assert!(said.contains(want), "no {want:?} in {said}");
    }
    for never in never {
        assert!(!said.contains(never), "{never:?} in {said}");
    }
}

#[tokio::test]
async fn private_text_leaves_only_where_its_user_sends_it() {
    let task = || Program::new("Open page two and write to bob");
    let read = call("vault.echo", "my diary");
    let private = "= my diary (tool:vault, user, private)";
    // What is only read tells what it is asked.
    for (out, passes) in [
        (call("web.echo", "page two"), true),
        (call("web.echo", "my diary"), false),
        (call("web.send", "bob"), true),
        (call("web.send", "eve"), false),
        // Nothing leaves the machine.
        (call("desk.echo", "my diary"), true),
    ] {
        let setup = setup(&[&read, &out, DONE], Secrecy::Private);
        let want = match passes {
            true => "\"exited\" \"done\"",
            false => "this process has read private text from tool:vault",
        };
        check(setup, task(), &[private, want], &[]).await;
    }
    // Of a process that has read nothing of it nothing is asked.
    let out = call("web.echo", "my diary");
    let open = setup(&[&out, DONE], Secrecy::Private);
    check(open, task(), &["\"exited\" \"done\""], &["not approved"]).await;
    // Its user may answer for all of it.
    let out = call("web.echo", "my diary");
    let mut all = setup(&[&read, &out, DONE], Secrecy::Private);
    all.policy.approve = Approve::All;
    check(all, task(), &["\"exited\" \"done\""], &[]).await;
}

#[tokio::test]
async fn both_reasons_are_told() {
    let (read, web) = (call("vault.echo", "diary"), call("web.echo", "page two"));
    let out = call("web.echo", "diary");
    let setup = setup(&[&read, &web, &out, DONE], Secrecy::Private);
    let want = "not approved: web.echo carries words out of this machine that the user did not \
                say, and this process has read untrusted text from tool:web and private text from \
                tool:vault";
    check(setup, Program::new("Read page two"), &[want], &[]).await;
}

#[tokio::test]
async fn an_address_on_an_open_page_may_be_followed() {
    let open = |address: &str| call("net.open", address);
    let first = open("https://example.com/");
    let check = async |script: &[&str], secrecy: Secrecy, needs: &[&str], want: &str| {
        let mut setup = setup(script, secrecy);
        let needs = needs.iter().map(|need| need.parse().expect("a capability"));
        // Few enough that none is out of sight.
        let net = Desk::new("net", needs.collect()).with_pages().alone("open");
        setup.devices[0] = net;
        setup.policy.grants = ["net:example.com", "env:KEY", "mem:write"]
            .map(|need| need.parse().expect("a capability"))
            .into_iter()
            .collect();
        let said = run(setup, Program::new("Read https://example.com/")).await;
        assert!(said.contains(want), "no {want:?} in {said}");
    };
    let done = "\"exited\" \"done\"";
    let asked = "not approved: net.open carries words out";
    let net = ["net:example.com"];
    let next = open("https://example.com/more");
    check(&[&first, &next, DONE], Secrecy::Private, &net, done).await;
    let told = open("https://example.com/more?diary");
    check(&[&first, &told, DONE], Secrecy::Private, &net, asked).await;
    // A host that the device never asked for: what it does with the words nobody knows.
    let elsewhere = open("https://other.example/?diary");
    check(&[&first, &elsewhere, DONE], Secrecy::Private, &net, asked).await;
    // Nobody showed it.
    let echo = call("web.echo", "page");
    check(&[&echo, &next, DONE], Secrecy::Private, &net, asked).await;
    // With a key it is not the page that everybody sees.
    let with_key = ["net:example.com", "env:KEY"];
    check(&[&first, &next, DONE], Secrecy::Private, &with_key, asked).await;
    // Also after private text; and after secret text no more than that.
    let read = call("vault.echo", "my diary");
    for secrecy in [Secrecy::Private, Secrecy::Secret] {
        check(&[&first, &read, &next, DONE], secrecy, &net, done).await;
    }
    check(
        &[&first, &read, &told, DONE],
        Secrecy::Secret,
        &net,
        "denied: net.open",
    )
    .await;
}

#[tokio::test]
async fn a_planned_effect_takes_private_text_where_it_was_planned() {
    let read = call("vault.echo", "my diary");
    let plan = |to: &str| -> Plan {
        serde_json::from_value(json!({"effects": [
            {"tool": "web.send", "args": {"text": {"is": to}}}], "made_on": "2024-05-15"}))
        .expect("a plan")
    };
    for (to, want) in [
        ("bob", "\"exited\" \"done\""),
        (
            "eve",
            "goes out of this machine to where the user did not send it",
        ),
    ] {
        let send = call("web.send", to);
        let program = Program {
            plan: Some(plan("bob")),
            ..Program::new("Tell him what I wrote")
        };
        let setup = setup(&[&read, &send, DONE], Secrecy::Private);
        check(setup, program, &[want], &[]).await;
    }
}

#[tokio::test]
async fn what_is_secret_never_leaves() {
    let read = call("vault.echo", "my diary");
    let held = "denied: web.echo goes out of this machine, and this process has read secret text \
                from tool:vault, which never leaves it";
    for approve in [Approve::All, Approve::Ask, Approve::Never] {
        let out = call("web.echo", "my diary");
        let said = call("web.echo", "page two");
        let mut setup = setup(&[&read, &out, &said, DONE], Secrecy::Secret);
        setup.policy.approve = approve;
        let want = [held, "= page two", "\"exited\" \"done\""];
        check(setup, Program::new("Open page two"), &want, &[]).await;
    }
}

#[tokio::test]
async fn what_is_made_of_private_text_is_private() {
    let read = call("vault.echo", "my diary");
    let put = json!({"tool": "memory.put", "args": {"text": "a note on it"}}).to_string();
    let edit = json!({"tool": "memory.edit", "args": {"block": "person", "text": "Likes tea."}});
    let script = [read.as_str(), &put, &edit.to_string(), DONE];
    let folder = crate::common::folder();
    let check = async |setup: &Setup, memory: Memory, name: &str, want: Secrecy| {
        let kernel = setup.kernel(&folder.path().join(name));
        let program = Program {
            agent: Agent {
                memory: Memory {
                    blocks: vec!["person".into()],
                    ..memory
                },
                ..Agent::default()
            },
            ..Program::new("task")
        };
        let mut events = kernel.subscribe();
        let pid = kernel.spawn(program).expect("it starts");
        let said = transcript(&kernel, pid, &[], &mut events).await;
        assert!(said.contains("kept as"), "{said}");
        let pages = kernel.store().list(0, 9).expect("pages");
        assert_eq!(pages.len(), 2, "{said}");
        for page in pages {
            assert_eq!(page.secrecy, want, "{} {said}", page.id);
        }
    };
    let usual = Memory::default;
    let read_it = setup(&script, Secrecy::Private);
    check(&read_it, usual(), "a.db", Secrecy::Private).await;
    let not_read = setup(&script[1..], Secrecy::Private);
    check(&not_read, usual(), "b.db", Secrecy::Public).await;
    // An agent whose space is private keeps nothing else.
    let private = Memory {
        secrecy: Secrecy::Private,
        ..usual()
    };
    check(&not_read, private, "c.db", Secrecy::Private).await;
}

/// Pages of the store, one of each secrecy.
fn fill(kernel: &Kernel) {
    for (id, text, secrecy) in [
        ("m1", "The llama is called Inti.", Secrecy::Public),
        ("m2", "The llama door code is 4711.", Secrecy::Private),
        ("m3", "The llama safe code is 0815.", Secrecy::Secret),
    ] {
        let page = NewPage {
            id: Some(id.into()),
            kind: Kind::Memory,
            text: text.into(),
            trust: Trust::User,
            secrecy,
            ..NewPage::default()
        };
        kernel.store().put(page).expect("put");
    }
}

#[tokio::test]
async fn a_model_on_another_machine_is_shown_what_it_may_be() {
    let search = json!({"tool": "memory.search", "args": {"query": "llama code"}}).to_string();
    let vault = call("vault.echo", "a private word");
    let check = async |clearance: Option<Secrecy>, seen: &[&str], unseen: &[&str]| {
        let mut setup = setup(&[&search, &vault, DONE], Secrecy::Private);
        setup.policy.clearance = clearance;
        let folder = crate::common::folder();
        let kernel = setup.kernel(&folder.path().join("journal.db"));
        fill(&kernel);
        let mut events = kernel.subscribe();
        let pid = kernel
            .spawn(Program::new("What of the llama?"))
            .expect("it starts");
        let said = transcript(&kernel, pid, &[], &mut events).await;
        for seen in seen {
            assert!(said.contains(seen), "no {seen:?} in {said}");
        }
        for unseen in unseen {
            assert!(!said.contains(unseen), "{unseen:?} in {said}");
        }
        assert!(said.contains("\"exited\" \"done\""), "{said}");
    };
    let withheld = "what tool:vault says is private and was not read";
    check(None, &["4711", "0815", "= a private word"], &[withheld]).await;
    check(
        Some(Secrecy::Private),
        &["4711", "= a private word", "more are private"],
        &["0815"],
    )
    .await;
    check(
        Some(Secrecy::Public),
        &["more are private", withheld],
        &["4711", "0815", "= a private word"],
    )
    .await;
}

#[tokio::test]
async fn a_task_that_is_private_is_not_begun_elsewhere() {
    let mut setup = setup(&[DONE], Secrecy::Private);
    setup.policy.clearance = Some(Secrecy::Public);
    let program = Program {
        attached: vec![Attached {
            picture: None,
            text: "my letter".into(),
            label: Label::new("file:letter.txt", Trust::Untrusted).kept(Secrecy::Private),
        }],
        ..Program::new("Sum up")
    };
    let want = "\"failed\" private text from file:letter.txt is not for its model, on another \
                machine, or for who started it";
    check(setup, program, &[want], &["done"]).await;
}

const CANARY: &str = "CANARY-7f3a9b2c4d5e6f70";

/// The canary as somebody may write it who wants it to pass.
fn forms() -> Vec<String> {
    let backwards: String = CANARY.chars().rev().collect();
    let hex = |text: &str| -> String { text.bytes().map(|b| format!("{b:02x}")).collect() };
    vec![
        CANARY.to_owned(),
        CANARY.to_lowercase(),
        backwards.clone(),
        hex(CANARY),
        hex(&backwards),
        "Q0FOQVJZLTdmM2E5YjJjNGQ1ZTZmNzA=".to_owned(),
        "dXNlcjpDQU5BUlktN2YzYTliMmM0ZDVlNmY3MA==".to_owned(),
        "CANARY%2D7f3a9b2c4d5e6f70".to_owned(),
        CANARY.chars().map(|c| format!("{c} ")).collect(),
        "CANARY-7f3a9 b2c4d5e6f70".to_owned(),
        "the first half is CANARY-7f3a9b".to_owned(),
    ]
}

/// A machine that knows the canary.
fn watched(script: &str) -> Setup {
    let mut setup = Setup::new(script);
    setup.policy.grants = [net(), Capability::MemWrite].into_iter().collect();
    setup.policy.approve = Approve::All;
    setup.devices.push(Desk::new("web", vec![net()]));
    let secret = Secret::new(CANARY).expect("a secret");
    setup.policy.leaks = LeakScan::of([("bank", &secret)]);
    setup
}

#[tokio::test]
async fn no_form_of_a_secret_is_in_a_window_a_journal_a_store_or_a_tools_input() {
    for form in forms() {
        // It comes from a tool, goes out by each way, and is the answer.
        let parts: Vec<&str> = vec![&form[..form.len() / 2], &form[form.len() / 2..]];
        let script = [
            call("desk.echo", &form),
            call("web.echo", &form),
            call("web.send", &form),
            json!({"tool": "memory.put", "args": {"text": form}}).to_string(),
            json!({"tool": "memory.search", "args": {"query": form}}).to_string(),
            json!({"tool": "web.fail", "args": {"text": parts.join("\", \"")}}).to_string(),
            json!({"answer": format!("it is {form}")}).to_string(),
        ];
        let setup = watched(&script.join("\n"));
        let folder = crate::common::folder();
        let journal = folder.path().join("journal.db");
        let kernel = setup.kernel(&journal);
        let mut events = kernel.subscribe();
        let done = Turn {
            action: json!({"answer": {"is": form}}),
            observation: None,
        };
        let program = Program {
            agent: Agent {
                name: format!("agent {form}"),
                ..Agent::default()
            },
            attached: vec![Attached {
                picture: None,
                text: format!("from a file: {form}"),
                label: Label::new(format!("file:{form}.txt"), Trust::User),
            }],
            examples: vec![Example {
                id: "e1".to_owned(),
                task: format!("Look at {form}, too"),
                turns: vec![done],
                label: Label::user(),
            }],
            ..Program::new(format!("Look at {form}"))
        };
        let pid = kernel.spawn(program).expect("it starts");
        let said = transcript(&kernel, pid, &[], &mut events).await;
        assert!(
            said.contains("web.echo would be told the secret bank"),
            "{said}"
        );
        assert!(said.contains("kept as"), "{said}");
        let kept = kernel.store().list(0, 9).expect("pages");
        let texts: Vec<String> = kept
            .iter()
            .filter_map(|page| kernel.store().get(&page.id).expect("got"))
            .map(|page| page.text)
            .collect();
        drop(kernel);
        let written = std::fs::read(&journal).expect("read");
        let written = String::from_utf8_lossy(&written);
        for place in [said.as_str(), &texts.join("\n"), &written] {
            assert!(!place.contains(&form), "{form} in {place}");
            assert!(!place.contains("7f3a9b"), "a part of {form} in {place}");
        }
    }
}

#[tokio::test]
async fn a_message_from_rust_has_no_secret() {
    let folder = crate::common::folder();
    let path = folder.path().join("journal.db");
    let kernel = watched(r#"{"ask":"What now?"}"#).kernel(&path);
    let [from, to] = ["one", "two"].map(|task| kernel.spawn(attended(task)).expect("it starts"));
    let text = format!("log in with {CANARY}");
    kernel.send(from, to, text).expect("it is sent");
    let journal = rusqlite::Connection::open(&path).expect("opens");
    let sql = "SELECT text FROM posted";
    let kept = journal.query_row(sql, [], |row| row.get::<_, String>(0));
    assert_eq!(kept.expect("a message"), "log in with ⟦secret bank⟧");
}

#[tokio::test]
async fn what_is_only_asked_for_odds_is_kept_without_a_secret() {
    for form in forms() {
        let folder = crate::common::folder();
        let path = folder.path().join("journal.db");
        let kernel = watched("").kernel(&path);
        let program = Program {
            attached: vec![Attached {
                picture: None,
                text: format!("from a file: {form}"),
                label: Label::new(format!("file:{form}.txt"), Trust::User),
            }],
            ..Program::new(format!("Keep {form}"))
        };
        let odds = kernel.odds(program, Question::Keep).await;
        assert_eq!(odds.expect("a journal"), None);
        let rows = kernel.journal().processes().expect("a journal");
        let (kept, _) = kernel.journal().program(rows[0].pid).expect("a row");
        assert!(kept.prompt.contains("⟦secret bank"), "{}", kept.prompt);
        drop(kernel);
        let written = std::fs::read(&path).expect("read");
        let written = String::from_utf8_lossy(&written);
        assert!(!written.contains(&form), "{form}");
        assert!(!written.contains("7f3a9b"), "a part of {form}");
    }
}

#[tokio::test]
async fn a_secret_goes_only_where_it_is_a_credential() {
    let check = async |role: Option<Role>, granted: bool, text: &str, want: &str| {
        let mut setup = watched(&[call("web.echo", text).as_str(), DONE].join("\n"));
        let mut grants: Vec<Capability> = vec![net()];
        grants.extend(granted.then(|| "secret:bank".parse().expect("a capability")));
        setup.policy.grants = grants.into_iter().collect();
        setup.policy.rules = Arc::new(Rules {
            roles: role
                .into_iter()
                .map(|role| {
                    let roles = [("text".to_owned(), role)].into();
                    ("web.echo".to_owned().into(), roles)
                })
                .collect(),
            ..Rules::default()
        });
        let said = run(setup, Program::new("Log in")).await;
        assert!(said.contains(want), "no {want:?} in {said}");
    };
    let handle = "${secret:bank}";
    let misplaced = "stands where web.echo takes no credential";
    check(None, true, handle, misplaced).await;
    check(Some(Role::Content), true, handle, misplaced).await;
    check(Some(Role::Credential), true, "my ${secret:bank}", misplaced).await;
    // The desk fills nothing in, as nothing does but the boundary.
    check(Some(Role::Credential), true, handle, "= ${secret:bank}").await;
    check(
        Some(Role::Credential),
        false,
        handle,
        "web.echo needs secret:bank",
    )
    .await;
}

#[test]
fn a_label_that_is_public_is_written_as_before() {
    let label = Label::new("memory", Trust::User).kept(Secrecy::Private);
    let text = serde_json::to_string(&label).expect("written");
    let value: Value = serde_json::from_str(&text).expect("read");
    assert_eq!(
        value,
        json!({"source": "memory", "trust": "user", "secrecy": "private"})
    );
    // What an earlier release wrote says nothing of it.
    let old: Label =
        serde_json::from_value(json!({"source": "user", "trust": "user"})).expect("read");
    assert_eq!(old, Label::user());
}
