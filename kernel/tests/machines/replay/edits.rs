//! Somebody changes a journal, at a place by chance: it is found, and the other runs are sound.

use quipu_kernel::journal::Journal;
use quipu_kernel::label::Label;
use quipu_kernel::process::{Attached, Picture, Program, Reply};
use quipu_kernel::replay::replay;
use rusqlite::Connection;
use rusqlite::types::Value as Cell;

use super::{block, run, setup};
use crate::common::random::Random;
use crate::common::{DONE, ECHO, SEND, attended, cases, folder, live};

/// The tables with their columns, and how a row of process 1 is found in each.
const COLUMNS: &[(&str, &str, &[&str])] = &[
    (
        "process",
        "pid=1",
        &[
            "program",
            "model",
            "state",
            "exit",
            "created_ms",
            "updated_ms",
            "spent_ms",
            "recalled",
            "imported",
            "parent",
            "pid",
        ],
    ),
    (
        "step",
        "pid=1",
        &[
            "n",
            "action",
            "usage",
            "decide_ms",
            "outcome",
            "ok",
            "label",
            "act_ms",
            "ruling",
            "pid",
        ],
    ),
    (
        "chain",
        "pid=1",
        &["id", "n", "kind", "digest", "mac", "process", "said", "pid"],
    ),
    (
        "content",
        "hash IN (SELECT hash FROM uses WHERE pid=1)",
        &["hash", "text"],
    ),
    ("uses", "pid=1", &["hash", "pid"]),
    (
        "picture",
        "digest IN (SELECT digest FROM shown WHERE pid=1)",
        &["digest", "file"],
    ),
    ("shown", "pid=1", &["digest", "pid"]),
];

/// Changes one byte, one digit or one kind of value in `cell`.
fn edited(cell: Cell, at: usize, by: u8) -> Cell {
    match cell {
        Cell::Null => Cell::Text("{}".into()),
        Cell::Integer(n) => Cell::Integer(n + 1_000 + i64::from(by)),
        Cell::Real(x) => Cell::Real(x + 1.0),
        Cell::Blob(mut bytes) => {
            let at = at % bytes.len().max(1);
            bytes[at] ^= by.max(1);
            Cell::Blob(bytes)
        }
        Cell::Text(text) => {
            let mut chars: Vec<char> = text.chars().collect();
            let at = at % chars.len().max(1);
            let new = char::from(b'a' + by % 26);
            match chars.get_mut(at) {
                Some(old) if *old != new => *old = new,
                _ => chars.push('!'),
            }
            Cell::Text(chars.into_iter().collect())
        }
    }
}

#[test]
fn torture_each_random_edit_is_found_and_leaves_the_other_runs() {
    let folder = folder();
    let path = folder.path().join("journal.db");
    block(async {
        let put = r#"{"tool":"memory.put","args":{"text":"The dog is called Bruno."}}"#;
        let mut setup = setup(&[ECHO, put, SEND, DONE], 8192);
        setup.replies = vec![Reply::Approve];
        let mut task = attended("Look after the dog.");
        task.attached.push(Attached {
            text: "Bruno".into(),
            label: Label::user(),
            picture: Some(Picture::new(2, 2, vec![7; 12]).expect("a picture")),
        });
        let (kernel, _) = run(&setup, &path, task).await;
        live(&kernel, Program::new("another"), &[]).await;
    });
    // What belongs together.
    let files = ["journal.db", "journal.last", "key"];
    let whole = Connection::open(&path).expect("opens");
    whole
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .expect("one file");
    drop(whole);
    for seed in 0..cases(80, 2_000) {
        let mut random = Random(seed);
        let copy = crate::common::folder();
        for file in files {
            std::fs::copy(folder.path().join(file), copy.path().join(file)).expect("copied");
        }
        let mut pick = |below: usize| random.below(below);
        let (table, rows, columns) = COLUMNS[pick(COLUMNS.len())];
        let column = columns[pick(columns.len())];
        let edit = Connection::open(copy.path().join("journal.db")).expect("opens");
        let key = match table {
            "chain" | "process" | "step" => "rowid",
            "picture" | "shown" => "digest",
            _ => "hash",
        };
        let mut found = edit
            .prepare(&format!("SELECT {key}, {column} FROM {table} WHERE {rows}"))
            .expect("a query");
        let cells: Vec<(Cell, Cell)> = found
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .and_then(Iterator::collect)
            .expect("rows");
        drop(found);
        let (row, cell) = cells[pick(cells.len())].clone();
        let new = edited(cell, pick(1 << 20), pick(256) as u8);
        let sql = format!("UPDATE {table} SET {column}=?1 WHERE {key}=?2 AND {rows}");
        edit.execute("PRAGMA foreign_keys=OFF", []).ok();
        let sets = edit.execute(&sql, rusqlite::params![new, row]);
        assert_eq!(sets.expect("edited"), 1, "{table}.{column}");
        drop(edit);
        let journal = Journal::open(&copy.path().join("journal.db"), false).expect("a journal");
        let what = format!("seed {seed}: {table}.{column} is now {new:?}");
        assert!(journal.verify(1).is_err(), "{what}");
        assert!(!journal.processes().expect("a list").is_empty(), "{what}");
        if table != "content" {
            // Texts that both name are damaged for both.
            let other = block(replay(&journal, 2)).expect("the other run");
            assert_eq!(other.difference, None, "{what}");
        }
    }
}
