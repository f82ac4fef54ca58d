//! Rules for the libraries: what has an effect passes the gate.

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
