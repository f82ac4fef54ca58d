//! A crash leaves nothing on the disk of what a program had in memory: not of this one, nor of
//! those that it starts.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::sandbox::{DONE, Running, Sandbox, until};

/// `quipu` with `args`, started where the system would write as large a dump as it may.
fn allowed(sandbox: &Sandbox, args: &[&str]) -> Command {
    let quipu = sandbox.command(args);
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", "ulimit -S -c \"$(ulimit -H -c)\"; exec \"$0\" \"$@\""])
        .arg(quipu.get_program())
        .args(args)
        .current_dir(sandbox.path())
        .env_clear()
        .envs(
            quipu
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::null());
    shell
}

#[test]
fn a_program_that_has_secrets_leaves_no_dump() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let mut shell = allowed(&sandbox, &["--cpu", &cpu]);
    // The shell waits for a task until the test is over.
    shell.stdin(Stdio::piped());
    let running = Running::of(shell);
    let limits = format!("/proc/{}/limits", running.id());
    until(|| {
        let said = std::fs::read_to_string(&limits).ok()?;
        let mut lines = said.lines();
        let core = lines.find(|line| line.starts_with("Max core file size"))?;
        let core: Vec<&str> = core.split_whitespace().collect();
        // The soft limit and the hard one, which nobody but root can raise again.
        (core[4..6] == ["0", "0"]).then_some(())
    });
}

#[test]
fn a_server_that_is_started_leaves_no_dump_either() {
    let sandbox = Sandbox::new();
    let server = sandbox.write("server", "#!/bin/sh\nulimit -H -c >limit\n");
    std::fs::set_permissions(server, PermissionsExt::from_mode(0o755)).unwrap();
    let servers = json!({"mcpServers": {"mine": {"command": "./server"}}});
    sandbox.write(".mcp.json", servers.to_string());
    sandbox.quipu(&["trust", "."]).check(0, &["trusted: "]);
    let grant = ["tool", "grant", "mine", "spawn"];
    sandbox.quipu(&grant).check(0, &["granted"]);
    // It is no server, but it was started.
    let listed = allowed(&sandbox, &["tool", "ls"]).output().unwrap();
    let limit = std::fs::read_to_string(sandbox.path().join("limit"));
    assert_eq!(limit.unwrap_or_default(), "0\n", "{listed:?}");
}

#[test]
fn doctor_says_whether_dumps_are_off() {
    let sandbox = Sandbox::new();
    let said = allowed(&sandbox, &["doctor", "--json"]).output().unwrap();
    let findings: Value = serde_json::from_slice(&said.stdout).unwrap();
    let mut findings = findings.as_array().unwrap().iter();
    let dumps = findings.find(|finding| finding["check"] == "dumps");
    assert_eq!(dumps.unwrap()["state"], "ok");
}
