//! The user's rules at the command line: what a process may do by them, what a person adds to
//! them, and what is said of a file that is not understood.

use crate::sandbox::{DONE, PUT, SEARCH, Sandbox};
use crate::terminal::Terminal;

const OTHER: &str = r#"{"tool":"memory.put","args":{"text":"It is in Dock Road."}}"#;

/// A sandbox with a page of a stranger, whose rules are `policy`.
fn bank(policy: &str) -> Sandbox {
    let sandbox = Sandbox::with_page();
    if !policy.is_empty() {
        sandbox.write("root/policy.toml", policy);
    }
    sandbox
}

fn kept(sandbox: &Sandbox) -> usize {
    sandbox.pages().len() - 1
}

#[test]
fn a_rule_decides_where_nobody_is() {
    let check = |policy: &str, more: &[&str], code: i32, pages: usize, said: &str| {
        let sandbox = bank(policy);
        let cpu = sandbox.script("script.jsonl", &[SEARCH, PUT, DONE]);
        let run = [&["run", "--cpu", &cpu, "task"], more].concat();
        sandbox.quipu(&run).check(code, &[said]);
        assert_eq!(kept(&sandbox), pages, "{policy}");
        let log = sandbox.quipu(&["log", "1", "--json"]);
        assert!(
            log.out.contains("policy.toml:1") != policy.is_empty(),
            "{log:?}"
        );
    };
    let rule = |more: &str, word: &str| {
        format!("[[rule]]\ntool = \"memory.put\"\n{more}\ndo = \"{word}\"\nreason = \"mine\"\n")
    };
    let refused = "not approved: memory.put changes something";
    check("", &[], 3, 0, refused);
    check("", &[], 3, 0, "hint: nobody was there to approve it");
    check("", &["--approve", "never"], 3, 0, refused);
    let allow = rule("label = \"untrusted\"", "allow");
    check(&allow, &["--approve", "never"], 0, 1, "kept as");
    let denied = "denied: memory.put is denied by a rule (policy.toml:1: mine)";
    check(&rule("", "deny"), &["--approve", "all"], 0, 0, denied);
    let asked = "asked for by a rule (policy.toml:1: mine)";
    check(&rule("", "ask"), &[], 3, 0, asked);
}

#[test]
fn what_is_approved_for_good_is_written_once_and_holds_from_then_on() {
    let mut terminal = Terminal::start(bank(""), &[SEARCH, PUT, OTHER, DONE]);
    terminal.shows("Approve this once? [y/N, p for this process, w for good]");
    terminal.types("w");
    terminal.shows("Add this rule to your policy? [y/N]");
    terminal.types("n");
    terminal.shows_times("Approve this once?", 2);
    terminal.types("w");
    terminal.shows_times("Add this rule to your policy? [y/N]", 2);
    terminal.types("y");
    assert_eq!(terminal.end(), (Some(0), "done\n".to_owned()));
    assert_eq!(kept(&terminal.sandbox), 2);
    let path = terminal.sandbox.path().join("root/policy.toml");
    let rule =
        "[[rule]]\ntool = \"memory.put\"\nargs = {}\nlabel = \"untrusted\"\ndo = \"allow\"\n";
    assert_eq!(std::fs::read_to_string(&path).unwrap(), rule);

    // The next program goes by it, without a person.
    let sandbox = &terminal.sandbox;
    let cpu = sandbox.script("next.jsonl", &[SEARCH, PUT, DONE]);
    let run = ["run", "--cpu", &cpu, "task"];
    sandbox.quipu(&run).check(0, &["kept as"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), rule);
}

#[test]
fn what_is_approved_for_a_process_ends_with_it() {
    let mut terminal = Terminal::start(bank(""), &[SEARCH, PUT, OTHER, DONE]);
    terminal.shows("Approve this once?");
    terminal.types("p");
    assert_eq!(terminal.end(), (Some(0), "done\n".to_owned()));
    let sandbox = &terminal.sandbox;
    assert!(!sandbox.path().join("root/policy.toml").exists());
    let cpu = sandbox.script("next.jsonl", &[SEARCH, PUT, DONE]);
    let run = ["run", "--cpu", &cpu, "task"];
    sandbox.quipu(&run).check(3, &["not approved"]);
}

#[test]
fn a_file_that_is_not_understood_stops_everything() {
    let check = |text: &str, said: &[&str]| {
        let sandbox = Sandbox::new();
        sandbox.write("root/policy.toml", text);
        for command in [&["policy", "show"][..], &["run", "--cpu", "local", "task"]] {
            sandbox.quipu(command).check(2, said);
        }
    };
    check(
        "[[rule]]\ntool = \"*\"\ndo = \"permit\"\n",
        &["line 3", "`allow`, `ask`, `deny`"],
    );
    check(
        "[[rule]]\ntool = \"*\"\nverdict = \"ask\"\n",
        &["line 3", "unknown field `verdict`"],
    );
}

/// A call that its user types, and a file of such calls.
const SUM: [&str; 4] = ["tool", "call", "calculator", r#"{"expression":"1 + 1"}"#];
const SUMS: [&str; 5] = ["tool", "call", "calculator", "--jsonl", "sums.jsonl"];

/// A sandbox whose rule for the calculator is `word`.
fn calculator(word: &str, config: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let rule = format!("[[rule]]\ntool = \"calculator.*\"\ndo = \"{word}\"\n");
    sandbox.write("root/policy.toml", rule);
    sandbox.write("root/config.toml", config);
    let sums = ["{\"expression\":\"1 + 1\"}\n"; 2].concat();
    sandbox.write("sums.jsonl", sums);
    sandbox
}

#[test]
fn a_rule_holds_for_what_its_user_types_too() {
    let check = |word: &str, config: &str, code: i32, said: &str| {
        let sandbox = calculator(word, config);
        sandbox.quipu(&SUM).check(code, &[said]);
        let each = sandbox.quipu(&SUMS);
        each.check(code, &[]);
        assert_eq!(each.out.lines().count(), 2, "{each:?}");
        assert!(each.out.contains(said), "{each:?}");
    };
    let denied = "calculator.calculate is denied by a rule (policy.toml:1)";
    check("deny", "", 3, denied);
    check("deny", "approve = \"all\"\n", 3, denied);
    let asked = "not approved: calculator.calculate is asked for by a rule (policy.toml:1)";
    check("ask", "", 3, asked);
    check("ask", "approve = \"never\"\n", 3, asked);
    check("ask", "approve = \"all\"\n", 0, "");
    check("allow", "", 0, "");
}

#[test]
fn a_rule_that_asks_asks_who_types_a_call() {
    for (word, end) in [("y", (Some(0), true)), ("n", (Some(3), false))] {
        let mut terminal = Terminal::of(calculator("ask", ""), &SUM);
        terminal.shows("asked for by a rule (policy.toml:1)");
        terminal.shows("Approve this once? [y/N]");
        terminal.types(word);
        let (code, out) = terminal.end();
        assert_eq!((code, out.contains('2')), end, "{out}");
    }
}

#[test]
fn an_address_is_not_imported_past_a_rule_that_denies() {
    let sandbox = Sandbox::new();
    let rule = "[[rule]]\ntool = \"browser.*\"\ndo = \"deny\"\n";
    sandbox.write("root/policy.toml", rule);
    let add = ["mem", "add", "http://127.0.0.1:9/page"];
    sandbox
        .quipu(&add)
        .check(1, &["browser.fetch is denied by a rule (policy.toml:1)"]);
}

#[test]
fn a_rule_that_names_no_tool_is_told_with_what_is_called_nearly_so() {
    let check = |tool: &str, want: Option<&str>| {
        let sandbox = bank(&format!("[[rule]]\ntool = \"{tool}\"\ndo = \"deny\"\n"));
        let shown = sandbox.quipu(&["policy", "show"]);
        assert_eq!(shown.code, Some(0), "{shown:?}");
        match want {
            Some(want) => assert!(shown.err.contains(want), "{shown:?}"),
            None => assert!(!shown.err.contains("note:"), "{shown:?}"),
        }
    };
    check(
        "calculator.calculat",
        Some("no tool here is called calculator.calculat; did you mean calculator.calculate?"),
    );
    check(
        "memory.pu",
        Some("no tool here is called memory.pu; did you mean memory.put?"),
    );
    check("calculatr", Some("did you mean calculator?"));
    check("calculator", None);
    check("Calculator.Calculate", None);
    check("mail.send", None);
    check("calculator.*", None);
    check("memory.put", None);
    check("process.spawn", None);
    check("*", None);
}
