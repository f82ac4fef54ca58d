//! `kill -9` in the middle of a run: nothing acknowledged is lost, and the process goes
//! on from there.

use crate::sandbox::{ADD, DONE, ENDLESS, MENDED, SPIN, Sandbox};

const PUT: &str = r#"{"tool":"memory.put","args":{"text":"The key is under the mat."}}"#;

#[test]
fn a_killed_machine_resumes_after_the_last_completed_step() {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    let cpu = sandbox.script("script.jsonl", &[ADD, PUT, SPIN, DONE]);
    let run = ["run", "--format", "stream-json", "--cpu", &cpu, "task"];
    let mut running = sandbox.start(&run);
    running.event("action", 3);
    // The intent is on disk; the effect is under way.
    let before = sandbox.log_until("1", |log| log["steps"][2]["action"].is_object());
    assert!(before["steps"][2]["outcome"].is_null(), "{before}");
    running.signal("KILL");
    assert_eq!(running.end().code, None);

    let ps = sandbox.quipu(&["ps", "--json"]).json();
    assert_eq!(
        (&ps[0]["pid"], &ps[0]["state"]),
        (&1.into(), &"ready".into())
    );
    assert_eq!(ps[0]["steps"], 2);

    sandbox.install("slow", MENDED);
    let resumed = sandbox.quipu(&["run", "--resume", "1", "--cpu", &cpu, "--format", "json"]);
    resumed.check(0, &["process 1 goes on after step 2"]);
    let report = resumed.json();
    assert_eq!(report["answer"], "done");
    assert_eq!(report["steps"].as_array().unwrap().len(), 4, "{report}");
    assert_eq!(report["steps"][2]["observation"], "42");

    // Both runs are replayed: the one that was cut off, up to where it was.
    let replayed = sandbox.quipu(&["replay", "1", "--json"]).json();
    assert_eq!(
        (&replayed[0]["same"], &replayed[0]["runs"]),
        (&true.into(), &2.into()),
        "{replayed}"
    );

    // What was done before the crash is as it was, and was done once.
    let after = sandbox.quipu(&["log", "1", "--json"]).json();
    for step in 0..2 {
        assert_eq!(after["steps"][step], before["steps"][step]);
    }
    assert_eq!(sandbox.pages().len(), 1);
}

#[test]
fn a_finished_process_is_not_run_again() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    sandbox.quipu(&["run", "--cpu", &cpu, "task"]).check(0, &[]);
    let again = sandbox.quipu(&["run", "--resume", "1", "--cpu", &cpu]);
    again.check(
        2,
        &["process 1 has already finished", "hint: `quipu log PID`"],
    );
}

#[test]
fn a_process_that_cannot_go_on_is_told_before_a_model_is_looked_for() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    sandbox.quipu(&["run", "--cpu", &cpu, "task"]).check(0, &[]);
    let rows: &[(&[&str], &str)] = &[
        (&["run", "--resume", "7"], "there is no process 7"),
        (&["run", "--fork", "7"], "there is no process 7"),
        (&["--resume", "7"], "there is no process 7"),
        (&["run", "--resume", "1"], "process 1 has already finished"),
        (&["run", "--fork", "1@9"], "process 1 has no step 9"),
    ];
    for (args, want) in rows {
        let said = sandbox.quipu(&[*args, &["--model", "./nowhere.gguf"]].concat());
        said.check(2, &[*want, "hint: "]);
    }
}

/// A batch of two tasks, killed in their second step, and its `--cpu`.
fn a_killed_batch(options: &[&str]) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    let cpu = sandbox.script("script.jsonl", &[ADD, SPIN, DONE]);
    let tasks = "{\"id\":\"a\",\"prompt\":\"a\"}\n{\"id\":\"b\",\"prompt\":\"b\"}\n";
    sandbox.write("tasks.jsonl", tasks);
    let mut running = sandbox.start(&[&["batch", "tasks.jsonl", "--cpu", &cpu], options].concat());
    for pid in ["1", "2"] {
        sandbox.log_until(pid, |log| log["steps"][1]["action"].is_object());
    }
    running.signal("KILL");
    running.end();
    sandbox.install("slow", MENDED);
    (sandbox, cpu)
}

#[test]
fn a_batch_that_was_killed_can_be_taken_up_one_by_one() {
    let (sandbox, cpu) = a_killed_batch(&[]);
    for pid in ["1", "2"] {
        let resumed = sandbox.quipu(&["run", "--resume", pid, "--cpu", &cpu]);
        resumed.check(0, &["goes on after step 1"]);
        assert_eq!(resumed.out, "done\n");
    }
}

#[test]
fn a_batch_that_was_killed_is_taken_up_as_one() {
    let out = ["--out", "results"];
    // With other limits they are the same tasks.
    for limits in [&[][..], &["--max-steps", "50"]] {
        let (sandbox, cpu) = a_killed_batch(&out);
        sandbox.quipu(&["nice", "2", "5"]).check(0, &[]);
        let resume = ["batch", "tasks.jsonl", "--resume", "--cpu", &cpu];
        let resume = [&resume[..], &out, limits].concat();
        sandbox.quipu(&resume).check(0, &[]);
        // The same processes, with the step that they had done.
        let results = std::fs::read_to_string(sandbox.path().join("results")).unwrap();
        let mut of: Vec<_> = results
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .map(|result| format!("{} {} {}", result["id"], result["pid"], result["steps"]))
            .collect();
        of.sort();
        assert_eq!(of, ["\"a\" 1 3", "\"b\" 2 3"], "{limits:?}");
    }
}

#[test]
fn what_goes_on_takes_new_limits_and_keeps_its_others() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[ADD, ADD, DONE]);
    let limits = ["--max-steps", "1", "--max-tokens", "900"];
    let run = [&["run", "task", "--cpu", &cpu], &limits[..]].concat();
    sandbox.quipu(&run).check(3, &["the limit of 1 step"]);
    for how in ["--fork", "--resume"] {
        let said = sandbox.quipu(&["run", how, "1", "--max-steps", "5", "--cpu", &cpu]);
        said.check(0, &[]);
        assert_eq!(said.out, "done\n");
    }
    for pid in ["1", "2"] {
        let log = sandbox.quipu(&["log", pid, "--json"]).json();
        let last = &log["runs"].as_array().unwrap().last().unwrap()["limits"];
        assert_eq!(
            (&last["steps"], &last["tokens"]),
            (&5.into(), &900.into()),
            "{log}"
        );
    }
}

#[test]
fn a_branch_that_was_cut_off_is_not_offered_to_be_carried_on() {
    let sandbox = Sandbox::new();
    let endless = r#"{"tool":"python.run","args":{"code":"while True: pass"}}"#;
    let cpu = sandbox.script("script.jsonl", &[endless, DONE]);
    let mut running = sandbox.start(&["run", "task", "--think", "2", "--cpu", &cpu]);
    for pid in ["1", "2"] {
        sandbox.log_until(pid, |log| log["steps"][0]["action"].is_object());
    }
    running.signal("KILL");
    assert_eq!(running.end().code, None);
    let hint = "hint: `quipu run --resume 1` carries process 1 on";
    sandbox.quipu(&["ps"]).check(0, &[hint]);
}
