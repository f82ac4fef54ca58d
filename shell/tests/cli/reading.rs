//! How far a model is, as a person at a terminal sees it: while it is loaded, and with a prompt.

use regex::Regex;

use crate::sandbox::{Sandbox, test_model};
use crate::terminal::Terminal;

#[test]
fn model_is_loaded_while_its_person_types() {
    let Some(model) = test_model() else {
        return;
    };
    let mut shell = Terminal::shell(Sandbox::new(), &["--model", &model]);
    shell.enters("/turns");
    shell.shows("nothing was said yet");
    // What the start has to say of the model stands below the line that was typed meanwhile.
    let screen = shell.screen();
    let at = |text: &str| screen.find(text).unwrap_or_else(|| panic!("no {text:?}"));
    assert!(at("Type a task") < at("/turns"), "{screen}");
    assert!(at("/turns") < at(" threads"), "{screen}");
    assert_eq!(screen.matches("Type a task").count(), 1, "{screen}");
    shell.enters("/quit");
    assert_eq!(shell.end().0, Some(0));
}

#[test]
fn model_progress_with_a_prompt_is_a_line_that_is_written_over() {
    let Some(model) = test_model() else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "plain.toml",
        "name = \"plain\"\ninstructions = \"Answer.\"\ntools = []\n",
    );
    // Several batches long.
    let task = format!("Say yes. {}", "The llama walks on. ".repeat(150));
    let limits = ["--max-steps", "1", "--max-tokens", "8"];
    let run = ["run", "--agent", "plain.toml", "--model", &model, &task];
    let mut terminal = Terminal::of(sandbox, &[&run[..], &limits].concat());
    terminal.shows(" generated");

    let progress = Regex::new(r"reading (\d+) of (\d+) tokens \((\d+)%").unwrap();
    let screen = terminal.screen();
    let mut before = (0, 0);
    for told in progress.captures_iter(&screen) {
        let number = |nth: usize| told[nth].parse::<usize>().unwrap();
        let (tokens, of) = (number(1), number(2));
        assert!(tokens < of, "{screen}");
        assert!(of != before.1 || tokens > before.0, "{screen}");
        assert_eq!(number(3), tokens * 100 / of, "{screen}");
        before = (tokens, of);
    }
    assert!(before.0 > 0, "no progress in {screen}");
    // A person sees one of them at a time, and none in the end.
    let seen = terminal.seen();
    assert!(!seen.contains("reading"), "{seen}");
    terminal.end();
}
