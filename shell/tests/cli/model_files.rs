//! Model files that are not there, not whole, or not models: a clear word instead of a crash.

use crate::sandbox::{Said, Sandbox, test_model};
use crate::terminal::Terminal;

fn run_on(sandbox: &Sandbox, model: &str) -> Said {
    sandbox.quipu(&["run", "--model", model, "task"])
}

/// A file that cannot be run is refused before anything is left behind.
#[track_caller]
fn check(name: &str, bytes: &[u8], wanted: &[&str]) {
    let sandbox = Sandbox::new();
    sandbox.write(name, bytes);
    let path = format!("./{name}");
    run_on(&sandbox, &path).check(2, wanted);
    let shown = sandbox.quipu(&["model", "show", &path]);
    shown.check(2, wanted);
    let ps = sandbox.quipu(&["ps", "--json"]);
    assert_eq!(ps.json(), serde_json::json!([]));
}

/// A GGUF with the given metadata, all texts, and one tensor that needs `bytes`.
fn gguf(metadata: &[(&str, &str)], bytes: u64) -> Vec<u8> {
    let mut file = Vec::from(*b"GGUF");
    let text = |file: &mut Vec<u8>, text: &str| {
        file.extend((text.len() as u64).to_le_bytes());
        file.extend(text.as_bytes());
    };
    file.extend(3u32.to_le_bytes());
    file.extend(1u64.to_le_bytes());
    file.extend((metadata.len() as u64).to_le_bytes());
    for (key, value) in metadata {
        text(&mut file, key);
        file.extend(8u32.to_le_bytes());
        text(&mut file, value);
    }
    text(&mut file, "weights");
    file.extend(1u32.to_le_bytes());
    // Single precision: four bytes each.
    file.extend((bytes / 4).to_le_bytes());
    file.extend(0u32.to_le_bytes());
    file.extend(0u64.to_le_bytes());
    file.resize(file.len().next_multiple_of(32), 0);
    file
}

const NAMED: &[(&str, &str)] = &[("general.architecture", "llama"), ("general.name", "tiny")];

#[test]
fn files_that_are_no_models() {
    check("empty.gguf", b"", &["empty.gguf", "hint: "]);
    check(
        "text.gguf",
        b"Not a model at all, but words.\n",
        &["is not a GGUF model"],
    );
    check(
        "page.gguf",
        b"<!doctype html><title>404</title>",
        &["is not a GGUF model"],
    );
    check(
        "old.gguf",
        b"GGUF\x01\0\0\0\0\0\0\0",
        &["is GGUF version 1"],
    );
}

#[test]
fn files_that_are_not_whole() {
    let whole = gguf(NAMED, 4096);
    check("head.gguf", &whole[..20], &["is cut short"]);
    check("tail.gguf", &whole, &["is cut short", "hint: "]);
    let nameless = gguf(&[("general.name", "tiny")], 4096);
    check("nameless.gguf", &nameless, &["names no architecture"]);
}

#[test]
fn a_well_formed_file_that_cannot_be_run() {
    let sandbox = Sandbox::new();
    let mut file = gguf(NAMED, 4096);
    file.resize(file.len() + 4096, 0);
    sandbox.write("hollow.gguf", file);
    let said = run_on(&sandbox, "./hollow.gguf");
    said.check(2, &["cannot load ./hollow.gguf", "quipu model show"]);
}

#[test]
fn models_that_are_not_here() {
    let sandbox = Sandbox::new();
    let said = run_on(&sandbox, "qwen2.5-coder-1.5b");
    said.check(
        2,
        &["is not downloaded", "quipu model pull qwen2.5-coder-1.5b"],
    );
    run_on(&sandbox, "qwen2.5-coder").check(2, &["no model is called", "qwen2.5-coder-1.5b"]);
    run_on(&sandbox, "./nowhere.gguf").check(2, &["there is no model file ./nowhere.gguf"]);
    run_on(&sandbox, "someone/something:Q4_K_M").check(2, &["is not downloaded"]);
}

/// The test model with the name of its template's key changed: a base model.
#[test]
fn model_without_a_chat_template_is_refused() {
    let Some(path) = test_model() else {
        return;
    };
    let mut bytes = std::fs::read(path).unwrap();
    let key = b"tokenizer.chat_template";
    let at = bytes.windows(key.len()).position(|window| window == key);
    bytes[at.expect("a chat model")] = b'T';
    let sandbox = Sandbox::new();
    sandbox.write("base.gguf", bytes);
    let said = run_on(&sandbox, "./base.gguf");
    said.check(
        2,
        &[
            "has no chat template: it is a base model",
            "hint: choose an instruct",
        ],
    );
}

#[test]
fn a_model_that_is_missing_is_offered_to_a_person() {
    let name = "qwen2.5-coder-1.5b";
    let mut shell = Terminal::shell(Sandbox::new(), &["--model", name]);
    shell.shows(&format!("{name} is not on this machine. Fetch it now ("));
    shell.types("n");
    shell.shows(&format!("quipu model pull {name}"));
    assert_eq!(shell.end().0, Some(2));
}
