//! What is in `contrib/` fits the program of today: its commands, options, folders and ports.

use std::path::{Path, PathBuf};

use crate::sandbox::{DONE, Sandbox};

const UNIT: &str = "contrib/quipu.service";
const CONTAINER: &str = "contrib/Containerfile";

/// The text of a file of the repository.
fn text(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    std::fs::read_to_string(root.join(name)).unwrap()
}

/// What `text` has after `key` on a line of its own.
fn value<'a>(text: &'a str, key: &str) -> &'a str {
    let mut lines = text.lines();
    lines.find_map(|line| line.strip_prefix(key)).unwrap()
}

/// The arguments of each call of the program in `text`: what a service starts, lists in JSON as
/// containers have them, and the commands in comments.
fn calls(text: &str) -> Vec<Vec<String>> {
    let mut calls = Vec::new();
    for line in text.replace("\\\n#", " ").lines() {
        if let Some(command) = line.strip_prefix("ExecStart=") {
            calls.push(shell_words::split(command).unwrap());
        }
        if let Some((_, list)) = line.split_once("CMD [") {
            let words: Vec<String> = serde_json::from_str(&format!("[{list}")).unwrap();
            // That of the container stands behind the program.
            let program = ["quipu".to_owned()];
            let program = program.iter().filter(|_| words[0] != "quipu");
            calls.push(program.chain(&words).cloned().collect());
        }
        let comment = line.strip_prefix("# ").unwrap_or_default().trim();
        let words = shell_words::split(comment).unwrap_or_default();
        let is_call = match words.first().map(String::as_str) {
            Some("quipu") => true,
            // Behind the name of the image or of the program in it.
            Some("podman") => words[1] == "run" || words[1] == "exec",
            _ => false,
        };
        let at = words.iter().rposition(|word| word == "quipu");
        calls.extend(at.filter(|_| is_call).map(|at| words[at..].to_vec()));
    }
    for call in &mut calls {
        call.remove(0);
    }
    calls
}

#[test]
fn every_command_and_option_there_exists() {
    let sandbox = Sandbox::new();
    // What comes before `--help` is parsed, and nothing is done.
    let code = |call: &[String]| {
        let mut args: Vec<&str> = call.iter().map(String::as_str).collect();
        args.push("--help");
        sandbox.quipu(&args).code
    };
    let unknown = ["serve", "--no-such-option"].map(str::to_owned);
    assert_eq!(code(&unknown), Some(2));
    for (file, fewest) in [(UNIT, 2), (CONTAINER, 5)] {
        let calls = calls(&text(file));
        assert!(calls.len() >= fewest, "{file}: {calls:?}");
        for call in calls {
            assert_eq!(code(&call), Some(0), "{file}: quipu {}", call.join(" "));
        }
    }
}

#[test]
fn the_container_serves_where_it_says_and_keeps_its_root_where_the_program_looks() {
    let container = text(CONTAINER);
    let port = value(&container, "EXPOSE ");
    let served = value(&container, "CMD [");
    assert!(served.contains(&format!(":{port}\"")), "{served}");
    let (variable, root) = value(&container, "ENV ").split_once('=').unwrap();
    assert_eq!(value(&container, "VOLUME "), root);
    let help = Sandbox::new().quipu(&["--help"]).out;
    let mut lines = help.lines();
    assert!(lines.any(|line| line.trim_start().starts_with(variable)));
}

/// The files below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let found = entries.map(|entry| entry.unwrap().path());
    found
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .collect()
}

#[test]
fn the_service_may_write_all_that_the_program_writes() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    sandbox.write("note.txt", "buy milk");
    // Where a user without a root of their own has it.
    for args in [
        ["mem", "add", "note.txt", "--vouch"],
        ["run", "--cpu", &cpu, "task"],
    ] {
        let mut command = sandbox.command(&args);
        let said = command.env_remove("QUIPU_ROOT").output().unwrap();
        assert!(said.status.success(), "{said:?}");
    }
    let unit = text(UNIT);
    let home = sandbox.path().to_str().unwrap();
    let folders: Vec<PathBuf> = value(&unit, "ReadWritePaths=")
        .split(' ')
        .map(|folder| folder.trim_start_matches('-').replace("%h", home).into())
        .collect();
    let mut written = files(sandbox.path());
    written.retain(|file| !file.ends_with("note.txt") && !file.ends_with("script.jsonl"));
    written.retain(|file| !file.starts_with(sandbox.path().join("root")));
    assert!(!written.is_empty());
    for file in written {
        let may = folders.iter().any(|folder| file.starts_with(folder));
        assert!(may, "{} is in none of {folders:?}", file.display());
    }
}
