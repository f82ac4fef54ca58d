//! Finds what was changed in a journal since it was written.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
use rusqlite::{Connection, OptionalExtension};

use super::{Chain, Link, Mac, digest, links, process_digest};
use crate::journal::error::wrap;
use crate::journal::tape::{Piece, Told, hash_of};
use crate::journal::{Journal, JournalError, Result, pictures};
use crate::process::Pid;

/// What is wrong, in words; `None` where nothing is.
type Fault = rusqlite::Result<Option<String>>;

/// The last link of each kind and step.
type Latest<'a> = BTreeMap<(&'a str, u32), &'a Link>;

impl Journal {
    /// Checks that the rows of `pid` are as they were written.
    ///
    /// # Errors
    /// [`JournalError::Changed`] where they are not; [`JournalError::KeyLost`] where nobody can
    /// know.
    pub fn verify(&self, pid: Pid) -> Result<()> {
        let Some(chain) = &self.chain else {
            return Ok(());
        };
        let connection = self.connection.lock();
        // Read in one transaction, whatever a machine writes meanwhile.
        let snapshot = connection.unchecked_transaction();
        let found = snapshot.and_then(|snapshot| chain.fault(&snapshot, pid));
        let what = match found {
            Ok(None) => return Ok(()),
            Ok(Some(what)) => match &chain.keyless {
                // Nothing fits another key.
                Some(path) => return Err(JournalError::KeyLost { path: path.clone() }),
                None => what,
            },
            Err(
                InvalidColumnType(..) | FromSqlConversionFailure(..) | IntegralValueOutOfRange(..),
            ) => "a row of it is not in its form".to_owned(),
            Err(error) => return Err(wrap(&self.path, error)),
        };
        Err(JournalError::Changed { pid, what })
    }
}

impl Chain {
    /// What is wrong with the links of `pid`, or with the rows they stand for.
    fn fault(&self, connection: &Connection, pid: Pid) -> Fault {
        // Read before the links: the note is never newer than they are.
        let head = self.heads.of(pid).map_err(unreadable)?;
        let links = links(connection, pid)?;
        if links.is_empty() {
            let there = "SELECT count(*) FROM process WHERE pid=?1";
            let there: u32 = connection.query_row(there, [pid], |row| row.get(0))?;
            return Ok((there > 0).then(|| "it has no links".into()));
        }
        let mut latest = Latest::new();
        for link in &links {
            latest.insert((link.kind.as_str(), link.n), link);
        }
        let checks: [&dyn Fn() -> Fault; 7] = [
            &|| Ok(self.broken(pid, &links, head.as_ref())),
            &|| changed(connection, pid, &latest),
            &|| added(connection, pid, &latest),
            &|| state_changed(connection, pid, &links),
            &|| content_changed(connection, pid, &links),
            &|| parent_changed(connection, pid),
            &|| pictures::fault(connection, pid),
        ];
        for check in checks {
            if let Some(what) = check()? {
                return Ok(Some(what));
            }
        }
        Ok(None)
    }

    /// A link that does not fit the one before, or links that are missing at the end.
    fn broken(&self, pid: Pid, links: &[Link], head: Option<&Mac>) -> Option<String> {
        let mut before: &[u8] = &[];
        for link in links {
            if self.mac(before, pid, link).as_slice() != link.mac {
                return Some(format!("a link of {}", place(&link.kind, link.n)));
            }
            before = &link.mac;
        }
        let missing = head.is_some_and(|head| !links.iter().any(|link| link.mac == *head));
        missing.then(|| "its last rows are missing".into())
    }
}

/// An error of a file, as an error of the journal.
fn unreadable(error: std::io::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

/// A row that does not fit its link.
fn changed(connection: &Connection, pid: Pid, latest: &Latest<'_>) -> Fault {
    for (&(kind, n), link) in latest {
        // An outcome before the last intent belongs to a step that was decided anew.
        let intent = latest.get(&("intent", n)).map(|intent| intent.id);
        if kind == "outcome" && intent > Some(link.id) {
            continue;
        }
        if digest(connection, pid, kind, n)?.as_slice() != link.digest {
            return Ok(Some(place(kind, n)));
        }
    }
    Ok(None)
}

/// A row without a link.
fn added(connection: &Connection, pid: Pid, latest: &Latest<'_>) -> Fault {
    let written = |kind: &'static str, n: u32| match latest.get(&(kind, n)) {
        Some(link) => latest.get(&("intent", n)).is_none_or(|i| i.id <= link.id),
        None => false,
    };
    let there = "SELECT recalled IS NOT NULL, exit IS NOT NULL FROM process WHERE pid=?1";
    let there: Option<(bool, bool)> = connection
        .query_row(there, [pid], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (recalled, exit) = there.unwrap_or_default();
    for (kind, there) in [("recalled", recalled), ("exit", exit)] {
        if there && !latest.contains_key(&(kind, 0)) {
            return Ok(Some(place(kind, 0)));
        }
    }
    let mut rows = connection.prepare("SELECT n, outcome IS NOT NULL FROM step WHERE pid=?1")?;
    for row in rows.query_map([pid], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (n, done): (u32, bool) = row?;
        if !written("intent", n) || done != written("outcome", n) {
            return Ok(Some(place("outcome", n)));
        }
    }
    Ok(None)
}

/// Whether the state or the times of the process are not those of its last link.
fn state_changed(connection: &Connection, pid: Pid, links: &[Link]) -> Fault {
    let Some(noted) = links.last().and_then(|link| link.process.as_ref()) else {
        return Ok(None);
    };
    let now = process_digest(connection, pid)?;
    Ok((now.as_slice() != noted.as_slice()).then(|| "its state or its times".into()))
}

/// Whether the process has another parent than its program says.
fn parent_changed(connection: &Connection, pid: Pid) -> Fault {
    let sql = "SELECT parent IS NOT
            (CASE WHEN imported IS NULL THEN json_extract(program, '$.child_of.pid') END)
        FROM process WHERE pid=?1";
    let differs: Option<bool> = connection
        .query_row(sql, [pid], |row| row.get(0))
        .optional()?;
    Ok(differs
        .unwrap_or_default()
        .then(|| "which process started it".into()))
}

/// Whether a text that a run names by its hash is another, or missing.
fn content_changed(connection: &Connection, pid: Pid, links: &[Link]) -> Fault {
    let mut named = BTreeSet::new();
    for said in links.iter().filter_map(|link| link.said.as_ref()) {
        let Ok(piece) = serde_json::from_str::<Piece>(said) else {
            return Ok(Some("its tape".into()));
        };
        for told in piece.told {
            if let Told::Run(run) = told {
                named.extend([run.policy, run.judgement]);
                named.extend(run.tools);
            }
        }
    }
    let mut uses = connection.prepare("SELECT hash FROM uses WHERE pid=?1")?;
    let uses = uses.query_map([pid], |row| row.get(0))?;
    let uses: BTreeSet<String> = uses.collect::<rusqlite::Result<_>>()?;
    if uses != named {
        return Ok(Some("which rules and tools it had".into()));
    }
    for hash in named {
        let text: Option<String> = connection
            .prepare_cached("SELECT text FROM content WHERE hash=?1")?
            .query_row([&hash], |row| row.get(0))
            .optional()?;
        if text.is_none_or(|text| hash_of(&text) != hash) {
            return Ok(Some("the rules or the tools it had".into()));
        }
    }
    Ok(None)
}

fn place(kind: &str, n: u32) -> String {
    match (kind, n) {
        ("program", _) => "its task".to_owned(),
        ("recalled", _) => "what it was reminded of".to_owned(),
        ("exit", _) => "how it ended".to_owned(),
        ("state", _) => "its state".to_owned(),
        (_, n) => format!("step {n}"),
    }
}
