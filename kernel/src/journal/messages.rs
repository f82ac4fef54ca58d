//! Messages that whoever embeds the kernel sends to a process in the name of another one.
//!
//! A message is on disk before [`crate::Kernel::send`] comes back. It is taken out in the same
//! change that writes the outcome of the call that read it: so a machine that ends in between
//! loses none, and the next one tells none twice. A code made with the journal's key tells a
//! message from a row that somebody else wrote. It counts the messages between two processes, so
//! that no row that was read before is read again where somebody puts it back.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde_json::Value;

use super::chain::Mac;
use super::{Journal, JournalError, Message, Outcome, Result, json_column, wrap};
use crate::process::Pid;

/// The table, which earlier releases did not have. They leave it alone.
const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS posted (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        sender INTEGER NOT NULL,
        recipient INTEGER NOT NULL,
        text TEXT NOT NULL,
        label TEXT NOT NULL,
        mac BLOB NOT NULL
    );";
/// The call that reads messages. Its name is defined in `calls/wait.rs`, a floor above.
const WAIT: &str = "process.wait";
/// The beginning of an outcome that tells a message; `exec/effects/kin.rs` writes it.
const BEGINS: &str = "{\"process\":";

impl Journal {
    /// Keeps a `message` of `from` for `to`, if fewer than `most` of them are unread. Returns
    /// whether it was kept.
    pub(crate) fn post(&self, from: Pid, to: Pid, message: &Message, most: usize) -> Result<bool> {
        let wrap = |error| wrap(&self.path, error);
        let label = serde_json::to_string(&message.label)?;
        let mut connection = self.connection.lock();
        // It reads before it writes: another program that writes in between would end it.
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let change = change.map_err(wrap)?;
        change.execute_batch(TABLE).map_err(wrap)?;
        let waiting: i64 = change
            .query_row(
                "SELECT count(*) FROM posted WHERE sender=?1 AND recipient=?2",
                [from, to],
                |row| row.get(0),
            )
            .map_err(wrap)?;
        if waiting >= most as i64 {
            return Ok(false);
        }
        let had = told(&change, from, to).map_err(wrap)?;
        let mac = self.seal(had + waiting + 1, [from, to], &message.text, &label);
        let insert = "INSERT INTO posted (sender, recipient, text, label, mac)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        change
            .execute(
                insert,
                params![from, to, message.text, label, mac.as_slice()],
            )
            .map_err(wrap)?;
        change.commit().map_err(wrap)?;
        Ok(true)
    }

    /// The oldest unread message of `from` to `to`. It stays until the outcome that tells it is
    /// written.
    pub(crate) fn posted(&self, from: Pid, to: Pid) -> Result<Option<Message>> {
        let wrap = |error| wrap(&self.path, error);
        let connection = self.connection.lock();
        if !is_there(&connection).map_err(wrap)? {
            return Ok(None);
        }
        let oldest = "SELECT text, label, mac FROM posted WHERE sender=?1 AND recipient=?2
            ORDER BY id LIMIT 1";
        let row: Option<(String, String, Vec<u8>)> = connection
            .query_row(oldest, [from, to], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()
            .map_err(wrap)?;
        let Some((text, label, mac)) = row else {
            return Ok(None);
        };
        let had = told(&connection, from, to).map_err(wrap)?;
        if self.seal(had + 1, [from, to], &text, &label).as_slice() != mac {
            let what = format!("a message of process {from}");
            return Err(JournalError::Changed { pid: to, what });
        }
        let label = serde_json::from_str(&label)?;
        Ok(Some(Message { text, label }))
    }

    /// The code of the message with this number `between` two processes, counted from 1.
    fn seal(&self, number: i64, between: [Pid; 2], text: &str, label: &str) -> Mac {
        let Some(chain) = &self.chain else {
            return Mac::default();
        };
        let numbers = [number, between[0], between[1]].map(i64::to_le_bytes);
        let mut parts: Vec<&[u8]> = numbers.iter().map(|number| number.as_slice()).collect();
        parts.extend([text.as_bytes(), label.as_bytes()]);
        chain.seal(&parts)
    }
}

/// Removes the message that the `outcome` of step `n` of `to` tells, if it tells one.
pub(super) fn taken(
    change: &Connection,
    to: Pid,
    n: u32,
    outcome: &Outcome,
) -> rusqlite::Result<()> {
    let Some(from) = told_of(outcome) else {
        return Ok(());
    };
    if !is_there(change)? {
        return Ok(());
    }
    // The result of another tool may look the same.
    let sql = "DELETE FROM posted
        WHERE id = (SELECT min(id) FROM posted WHERE sender=?1 AND recipient=?2)
          AND EXISTS (SELECT 1 FROM step WHERE pid=?2 AND n=?3
                      AND json_extract(action, '$.tool')=?4
                      AND json_extract(action, '$.args.process')=?1)";
    change.execute(sql, params![from, to, n, WAIT]).map(drop)
}

/// Removes the messages to `pid`, and those in its name.
pub(super) fn forget(change: &Connection, pid: Pid) -> rusqlite::Result<()> {
    if is_there(change)? {
        let sql = "DELETE FROM posted WHERE sender=?1 OR recipient=?1";
        change.execute(sql, [pid])?;
    }
    Ok(())
}

/// How many messages of `from` the process `to` was told, by its steps: these are chained.
fn told(connection: &Connection, from: Pid, to: Pid) -> rusqlite::Result<i64> {
    let sql = "SELECT action, outcome FROM step WHERE pid=?1 AND ok AND outcome LIKE ?2";
    let mut steps = connection.prepare_cached(sql)?;
    let steps = steps.query_map(params![to, format!("{BEGINS}%")], |row| {
        Ok((json_column::<Value>(row, 0)?, row.get::<_, String>(1)?))
    })?;
    let mut told = 0;
    for step in steps {
        let (action, text) = step?;
        let asked = action["args"]["process"].as_f64();
        let waited = action["tool"] == WAIT && asked == Some(from as f64);
        told += i64::from(waited && sender(&text) == Some(from));
    }
    Ok(told)
}

/// Whether any message was ever sent.
fn is_there(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_master WHERE type='table' AND name='posted'";
    let tables: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(tables > 0)
}

/// The process in whose name a message was sent that an outcome tells.
fn told_of(outcome: &Outcome) -> Option<Pid> {
    sender(outcome.ok.then_some(&outcome.text)?)
}

/// The same, from the text of an outcome.
fn sender(text: &str) -> Option<Pid> {
    // Most outcomes are something else, and long ones are not parsed in vain.
    let may_be = text.starts_with(BEGINS);
    let told: Value = serde_json::from_str(may_be.then_some(text)?).ok()?;
    told["process"]
        .as_i64()
        .filter(|_| told["told"].is_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::StepRow;
    use crate::label::Label;
    use crate::process::{Program, Usage};
    use serde_json::json;

    fn message(text: &str) -> Message {
        Message {
            text: text.into(),
            label: Label::user(),
        }
    }

    /// Writes step `n` of process 2, a call of `tool` whose outcome tells of process 1.
    fn step(journal: &Journal, n: u32, tool: &str) {
        let step = StepRow {
            n,
            action: json!({"tool": tool, "args": {"process": 1}}),
            usage: Usage::default(),
            decide_ms: 0,
            outcome: None,
        };
        journal.intent(2, &step, None, None).unwrap();
        let outcome = Outcome {
            text: json!({"process": 1, "told": "x"}).to_string(),
            ok: true,
            label: Label::user(),
            ms: 0,
        };
        journal.outcome(2, n, &outcome, 0, None).unwrap();
    }

    #[test]
    fn a_message_is_there_until_its_outcome_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let open = || Journal::open(&path, true).unwrap();
        let journal = open();
        for task in ["one", "two"] {
            journal.create(&Program::new(task), "test").unwrap();
        }
        let next = |journal: &Journal| {
            let found = journal.posted(1, 2).unwrap();
            found.map(|message| message.text)
        };
        assert_eq!(next(&journal), None);
        assert!(journal.post(1, 2, &message("first"), 2).unwrap());
        assert!(journal.post(1, 2, &message("second"), 2).unwrap());
        // No more than may wait, and each has its own.
        assert!(!journal.post(1, 2, &message("third"), 2).unwrap());
        assert!(journal.post(2, 1, &message("back"), 2).unwrap());
        drop(journal);

        let journal = open();
        assert_eq!(next(&journal).as_deref(), Some("first"));
        // Reading takes nothing away, nor does another call that brings the same.
        step(&journal, 1, "other.wait");
        assert_eq!(next(&journal).as_deref(), Some("first"));
        step(&journal, 2, WAIT);
        drop(journal);

        let journal = open();
        assert_eq!(next(&journal).as_deref(), Some("second"));
        {
            let connection = journal.connection.lock();
            let sql = "UPDATE posted SET text='another' WHERE recipient=2";
            connection.execute(sql, []).unwrap();
        }
        let changed = journal.posted(1, 2);
        assert!(
            matches!(changed, Err(JournalError::Changed { pid: 2, .. })),
            "{changed:?}"
        );
        journal.forget(1).unwrap();
        assert_eq!(next(&journal), None);
    }

    #[test]
    fn a_message_that_was_told_is_not_told_again() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal.db"), true).unwrap();
        for task in ["one", "two"] {
            journal.create(&Program::new(task), "test").unwrap();
        }
        let sql = |sql: &str| journal.connection.lock().execute_batch(sql).unwrap();
        let is_refused = |why: &str| {
            let read = journal.posted(1, 2);
            let refused = matches!(read, Err(JournalError::Changed { pid: 2, .. }));
            assert!(refused, "{why}: {read:?}");
        };
        assert!(journal.post(1, 2, &message("first"), 9).unwrap());
        sql("CREATE TABLE old AS SELECT * FROM posted");
        step(&journal, 1, WAIT);
        assert_eq!(journal.posted(1, 2).unwrap(), None);
        sql("INSERT INTO posted SELECT * FROM old");
        is_refused("put back");

        sql("DELETE FROM posted");
        assert!(journal.post(1, 2, &message("second"), 9).unwrap());
        assert!(journal.post(1, 2, &message("third"), 9).unwrap());
        sql("DELETE FROM posted WHERE text='second'");
        is_refused("one before it was taken away");
    }

    #[test]
    fn the_call_has_this_name() {
        assert_eq!(WAIT, crate::calls::WAIT);
    }
}
