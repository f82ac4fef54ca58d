//! Ctrl-C, once and twice, with and without a person at the terminal, and what else such
//! a person is asked.

use crate::sandbox::{ADD, DONE, ENDLESS, MENDED, PUT, SEARCH, SPIN, Sandbox};
use crate::terminal::Terminal;

fn with_slow() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    sandbox
}

#[test]
fn without_a_person_the_first_ends_the_run_and_it_can_be_resumed() {
    for signal in ["INT", "TERM"] {
        let sandbox = with_slow();
        let cpu = sandbox.script("script.jsonl", &[ADD, SPIN, DONE]);
        let run = ["run", "--format", "stream-json", "--cpu", &cpu, "task"];
        let mut running = sandbox.start(&run);
        running.event("action", 2);
        running.signal(signal);
        let said = running.end();
        said.check(130, &["hint: `quipu run --resume 1` carries it on"]);
        assert!(said.out.contains("\"status\":\"interrupted\""), "{said:#?}");

        // By one word everywhere.
        let ps = sandbox.quipu(&["ps", "--json"]).json();
        assert_eq!(ps[0]["state"], "interrupted");
        assert!(sandbox.quipu(&["ps"]).out.contains("interrupted"));
        let log = sandbox.quipu(&["log", "1", "--json"]).json();
        assert_eq!(log["process"]["state"], "interrupted", "{log}");
        assert_eq!(log["steps"][0]["outcome"]["ok"], true, "{log}");

        let resumed = sandbox.quipu(&["run", "--resume", "1", "--cpu", &cpu]);
        resumed.check(0, &[]);
        assert_eq!(resumed.out, "done\n");
    }
}

#[test]
fn a_batch_stops_what_runs_and_says_what_was_not_started() {
    let sandbox = with_slow();
    let cpu = sandbox.script("script.jsonl", &[SPIN, DONE]);
    let tasks: Vec<String> = (1..=3)
        .map(|id| format!("{{\"id\":{id},\"prompt\":\"task\"}}"))
        .collect();
    sandbox.write("tasks.jsonl", tasks.join("\n"));
    let batch = ["batch", "tasks.jsonl", "--jobs", "1", "--cpu", &cpu];
    let mut running = sandbox.start(&batch);
    sandbox.log_until("1", |log| log["steps"][0]["action"].is_object());
    running.signal("INT");
    let said = running.end();
    said.check(130, &["0 of 3 tasks done, 1 interrupted, 2 not started"]);
    assert!(said.out.contains("\"status\":\"interrupted\""), "{said:#?}");
}

#[test]
fn a_person_is_asked_what_to_do_instead() {
    // The person's words are the third step, so nothing is written in it.
    let mut terminal = Terminal::start(with_slow(), &[ADD, SPIN, "{}", DONE]);
    terminal.shows("slow.spin");
    terminal.interrupt();
    terminal.shows("What should be done instead?");
    terminal.types("just answer");
    assert_eq!(terminal.end(), (Some(0), "done\n".to_owned()));
}

#[test]
fn twice_ends_the_run() {
    let mut terminal = Terminal::start(with_slow(), &[SPIN, DONE]);
    terminal.shows("slow.spin");
    terminal.interrupt();
    terminal.shows("What should be done instead?");
    terminal.interrupt();
    terminal.shows("quipu run --resume 1");
    assert_eq!(terminal.end(), (Some(130), String::new()));
    // What reaches nothing has changed nothing.
    let log = terminal.sandbox.quipu(&["log", "1", "--json"]).json();
    let told = &log["steps"][0]["outcome"]["text"];
    assert_eq!(told, "stopped before it finished", "{log}");
}

#[test]
fn after_reading_a_strangers_words_an_effect_is_approved_or_refused() {
    for (too_early, answer, code) in [(false, "y", 0), (false, "n", 3), (true, "n", 3)] {
        let mut terminal = Terminal::start(Sandbox::with_page(), &[SEARCH, PUT, DONE]);
        if too_early {
            // No answer to a question that nobody has seen yet.
            terminal.types("y");
        }
        terminal.decides(answer, code);
    }
}

#[test]
fn an_answer_that_is_neither_yes_nor_no_is_asked_for_once_more() {
    for (second, granted) in [("y", true), ("what", false)] {
        let sandbox = Sandbox::new();
        sandbox.write("plugin.toml", "needs.clock = true");
        sandbox.install("slow", MENDED);
        let mut terminal = Terminal::start(sandbox, &[SPIN, DONE]);
        terminal.shows_times("Approve this once? [y/N]", 1);
        terminal.types("what");
        terminal.shows("say y for yes or n for no");
        terminal.shows_times("Approve this once? [y/N]", 2);
        terminal.types(second);
        // A grant that is refused is told to the process, and does not end it.
        assert_eq!(terminal.end().0, Some(0), "{second}");
        let log = terminal.sandbox.quipu(&["log", "1", "--json"]).json();
        assert_eq!(log["steps"][0]["outcome"]["ok"], granted, "{log}");
    }
}

#[test]
fn what_a_call_misses_is_granted_for_that_call_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("plugin.toml", "needs.clock = true");
    sandbox.install("slow", MENDED);
    let mut terminal = Terminal::start(sandbox, &[SPIN, ADD, SPIN, DONE]);
    for (n, answer) in [(1, "y"), (2, "n")] {
        terminal.shows_times("Grant it for this call?", n);
        terminal.shows_times("Approve this once? [y/N]", n);
        terminal.types(answer);
    }
    // A refusal is told to the process, and does not end it.
    assert_eq!(terminal.end(), (Some(0), "done\n".to_owned()));
    let log = terminal.sandbox.quipu(&["log", "1", "--json"]).json();
    let outcome = |n: usize| &log["steps"][n]["outcome"];
    assert_eq!(outcome(0)["text"], "42", "{log}");
    assert_eq!(outcome(2)["ok"], false, "{log}");
    let said = outcome(2)["text"].as_str().unwrap();
    assert!(
        said.starts_with("denied: ") && said.contains("clock"),
        "{said}"
    );
}
