//! Tasks about texts that a process gives to others, and the actions of all of them.

use quipu_kernel::label::{Label, Trust};
use quipu_kernel::process::{Attached, Pid, Program};
use serde_json::json;

/// A text that is attached, and has a mark which only its reader sees.
pub fn text(name: &str, mark: &str) -> Attached {
    Attached {
        picture: None,
        text: format!("The mark of this text is {mark}."),
        label: Label::new(format!("file:{name}"), Trust::Untrusted),
    }
}

/// A task about texts a.txt, b.txt, … that its process gives to others.
pub fn task(texts: usize) -> Program {
    let texts = (0..texts).map(|n| text(&format!("{n}.txt"), &format!("mark-{n}-")));
    Program {
        attached: texts.collect(),
        ..Program::new("For each of the texts, tell its mark.")
    }
}

pub fn spawn(n: usize) -> String {
    json!({"tool": "process.spawn", "args": {"task": "Tell.", "input": format!("{n}.txt")}})
        .to_string()
}

pub fn wait(pid: Pid) -> String {
    json!({"tool": "process.wait", "args": {"process": pid}}).to_string()
}

pub fn send(pid: Pid, text: &str) -> String {
    json!({"tool": "process.send", "args": {"process": pid, "text": text}}).to_string()
}

pub const MAP: &str = r#"{"tool":"process.map","args":{"task":"Tell."}}"#;
pub const DONE: &str = r#"{"answer":"done"}"#;

/// What the reader of text `n` does next.
pub fn reader(n: usize, action: &str) -> String {
    format!("{{\"seen\":\"mark-{n}-\",\"do\":{action}}}")
}

pub fn strings<const N: usize>(lines: [&str; N]) -> Vec<String> {
    lines.map(str::to_owned).into()
}
