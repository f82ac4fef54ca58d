//! What it costs a step to be judged and proved: the gate with rules and a plan, the chain of the
//! journal, and the tape that it is replayed from. No disk is waited for.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use quipu_kernel::gate::Policy;
use quipu_kernel::gate::plan::Plan;
use quipu_kernel::gate::rules::{Rule, Rules};
use quipu_kernel::journal::Journal;
use rusqlite::{Connection, params};
use serde_json::json;

use crate::overhead::{STEPS, micros, steps};
use crate::{Bench, report};

/// Rules and planned effects of a careful user.
const RULES: usize = 20;
const EFFECTS: usize = 5;
/// The rows of a journal as they are without proofs.
const ROWS: &str = "
    PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
    CREATE TABLE step (pid INTEGER, n INTEGER, action TEXT, usage TEXT, decide_ms INTEGER,
        outcome TEXT, ok INTEGER, label TEXT, act_ms INTEGER, ruling TEXT, PRIMARY KEY (pid, n));";

/// Each figure with its own rounds, taking turns.
pub fn run(bench: &Bench) {
    let mut figures: [Vec<f64>; 5] = Default::default();
    for _ in 0..bench.rounds.max(5) {
        let folder = shared_memory();
        let journal = |name: &str| Journal::open(&folder.path().join(name), true).unwrap();
        let memory = || Journal::in_memory().unwrap();
        let round = [
            steps(memory(), Policy::default(), None),
            steps(memory(), rules(), Some(plan())),
            steps(journal("a.db"), Policy::default(), None),
            rows(&Connection::open_in_memory().unwrap()),
            rows(&Connection::open(folder.path().join("b.db")).unwrap()),
        ];
        for (figure, now) in figures.iter_mut().zip(round) {
            figure.push(now);
        }
    }
    let [bare, judged, proved, in_memory, in_file] = figures.map(|figure| report::median(&figure));
    let gate = judged - bare;
    let journal = (proved - bare) - (in_file - in_memory);
    report::alone("a step without proofs", &micros(bare + in_file - in_memory));
    report::alone("  20 rules and a plan of 5 effects", &micros(gate));
    report::alone("  the chain and the tape of its journal", &micros(journal));
    report::alone("  both", &micros(gate + journal));
}

/// A folder that no disk is behind, where there is one.
fn shared_memory() -> tempfile::TempDir {
    let folder = Path::new("/dev/shm");
    match folder.is_dir() {
        true => tempfile::tempdir_in(folder).unwrap(),
        false => tempfile::tempdir().unwrap(),
    }
}

fn rules() -> Policy {
    let rule = |n: usize| -> Arc<Rule> {
        let table =
            json!({"tool": "memory.search", "args": {"query": format!("*{n}?*")}, "do": "allow"});
        Arc::new(serde_json::from_value(table).unwrap())
    };
    Policy {
        rules: Arc::new(Rules {
            rules: (0..RULES).map(rule).collect(),
            ..Rules::default()
        }),
        ..Policy::default()
    }
}

fn plan() -> Plan {
    let effect = |n: usize| json!({"tool": "memory.put", "args": {"text": {"is": format!("{n}")}}});
    let effects: Vec<_> = (0..EFFECTS).map(effect).collect();
    serde_json::from_value(json!({"effects": effects, "made_on": "2026-01-02"})).unwrap()
}

/// The two rows of a step, each on its own, in microseconds.
fn rows(connection: &Connection) -> f64 {
    connection.execute_batch(ROWS).unwrap();
    let intent = "INSERT INTO step (pid, n, action, usage, decide_ms) VALUES (1, ?1, ?2, ?3, 5)";
    let outcome = "UPDATE step SET outcome=?2, ok=1, label=?3, act_ms=5 WHERE pid=1 AND n=?1";
    let (action, usage) = ("a".repeat(60), "u".repeat(70));
    let times: Vec<f64> = (0..STEPS)
        .map(|n| {
            let begun = Instant::now();
            for (sql, with) in [(intent, &action), (outcome, &usage)] {
                let mut row = connection.prepare_cached(sql).unwrap();
                row.execute(params![n as i64, with, usage]).unwrap();
            }
            begun.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    report::median(&times)
}
