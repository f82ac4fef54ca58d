//! How far a model is with a prompt, as a person at a terminal sees it.

use regex::Regex;

use crate::sandbox::{Sandbox, test_model};
use crate::terminal::Terminal;

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
