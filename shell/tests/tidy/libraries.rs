//! Rules for the libraries: what has an effect passes the gate, what chooses has none, and what a
//! user can do about an error is said by the shell.

use super::{Complaints, File, check, starts};

/// A device is called, and the disk is written, by what has passed the gate.
fn effects_pass_the_gate(files: &[File]) -> Complaints {
    const HOMES: &[&str] = &["kernel/src/calls/", "kernel/src/gate/"];
    const EFFECTS: &[&str] = &[
        "Passed {",
        "bus.resolve(",
        "device.call(",
        "function.call(",
        "store.put",
        "store.remove",
        "store().put",
        "store().remove",
    ];
    let inside = |file: &&File| {
        file.path.starts_with("kernel/src/") && !HOMES.iter().any(|h| file.path.starts_with(h))
    };
    let mut complaints = Vec::new();
    for file in files.iter().filter(inside) {
        for (n, code) in file.code() {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            if let Some(effect) = EFFECTS.iter().find(|effect| starts(code, effect, word)) {
                complaints.push(format!("{}:{n}: {effect} goes round the gate", file.path));
            }
        }
    }
    complaints
}

/// What chooses reaches nothing by which something is done, and a part of the state of a process
/// knows no process.
fn rooms_keep_to_themselves(files: &[File]) -> Complaints {
    const ROOMS: &[(&str, &[&str])] = &[
        (
            "kernel/src/exec/choose/",
            &[
                ".rows",
                ".approvals",
                ".progress",
                ".agenda",
                ".journal",
                ".gate",
                ".store",
            ],
        ),
        ("kernel/src/exec/state/", &["Execution"]),
    ];
    let mut complaints = Vec::new();
    for file in files {
        let room = ROOMS.iter().find(|(home, _)| file.path.starts_with(*home));
        let Some((_, others)) = room else {
            continue;
        };
        for (n, code) in file.code() {
            if let Some(other) = others.iter().find(|other| code.contains(**other)) {
                complaints.push(format!(
                    "{}:{n}: {other} is out of reach here: take an argument, or do it in effects/",
                    file.path
                ));
            }
        }
    }
    complaints
}

/// An option, a command or a hint is the shell's to name; errors carry data.
fn libraries_name_no_option_or_command(files: &[File]) -> Complaints {
    const LIBRARIES: &[&str] = &[
        "cpu/src/",
        "kernel/src/",
        "memory/src/",
        "tools/src/",
        "voice/src/",
    ];
    let commands: Vec<String> = files.iter().filter_map(command).collect();
    let library = |file: &&File| {
        LIBRARIES.iter().any(|home| file.path.starts_with(home)) && !file.path.ends_with("tests.rs")
    };
    let mut complaints = Vec::new();
    for file in files.iter().filter(library) {
        let shipped = file
            .code()
            .take_while(|(_, code)| !code.contains("#[cfg(test)]"));
        for (n, code) in shipped {
            let said: String = code.split('"').skip(1).step_by(2).collect();
            let named = commands.iter().find(|name| said.contains(name.as_str()));
            let what = match named {
                Some(name) => name.as_str(),
                None if said.contains("hint:") => "hint:",
                None if names_an_option(&said) => "an option",
                None => continue,
            };
            complaints.push(format!("{}:{n}: a library names {what}", file.path));
        }
    }
    complaints
}

/// The command that `file` holds, as a user writes it.
fn command(file: &File) -> Option<String> {
    let rest = file.path.strip_prefix("shell/src/cli/")?;
    let name = rest.split(['/', '.']).next()?;
    (name != "mod").then(|| format!("quipu {name} "))
}

/// Whether `--` and a letter stand in `text`, not within a word.
fn names_an_option(text: &str) -> bool {
    text.match_indices("--").any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + 2..].chars().next();
        before.is_none_or(|c| " `(".contains(c)) && after.is_some_and(|c| c.is_ascii_lowercase())
    })
}

#[test]
fn words() {
    let samples = [
        ("shell/src/cli/ps.rs", "\"quipu ps lists them --json\""),
        (
            "kernel/src/a.rs",
            "f(\"quipu ps lists\");\nf(\"give --window\");\nf(\"{e}\\nhint: {h}\");\n// --window",
        ),
        ("memory/src/a.rs", "f(\"quipu sound 1\", a--b, \"a--b\");"),
        ("tools/src/a.rs", "#[cfg(test)]\nf(\"--mode\");"),
    ];
    check(libraries_name_no_option_or_command, 3, &samples);
}

#[test]
fn gate() {
    let samples = [
        (
            "kernel/src/exec/a.rs",
            "let passed = Passed { what };\nself.device.call(name)?;\nself.call(n)?;",
        ),
        ("kernel/src/window/a.rs", "shared.store.put_within(page)?;"),
        ("kernel/src/calls/a.rs", "store.put_within(page)?;"),
        ("shell/src/a.rs", "device.call(name)?;"),
    ];
    check(effects_pass_the_gate, 3, &samples);
}

#[test]
fn rooms() {
    let samples = [
        (
            "kernel/src/exec/choose/a.rs",
            "self.rows.intent(&step)?;\nself.shared.cpu.prepare();\nself.shared.gate.pass();",
        ),
        ("kernel/src/exec/effects/a.rs", "self.rows.intent(&step)?;"),
        (
            "kernel/src/exec/state/a.rs",
            "// Execution\nuse crate::exec::Execution;",
        ),
    ];
    check(rooms_keep_to_themselves, 3, &samples);
}
