//! A process that is killed while it writes, imports, removes and merges, again and again.
//!
//! The child says what was acknowledged after each write; the parent kills it after a
//! random time, opens the store, and looks whether all of that is there and found.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use quipu_memory::{Access, DiskStore, PageId, Query, Store};

use crate::Args;
use crate::report::Report;
use crate::store::page;

/// The variable that makes this program the child: the folder of the store.
pub const CHILD: &str = "QUIPU_EVALS_CRASH_CHILD";
/// The longest a child lives, in milliseconds after its first word.
const LIFE_MS_MAX: u64 = 120;
/// Rounds after which the store is begun anew, so that opening stays short.
const FRESH_AFTER: usize = 40;
/// Pages of one import.
const IMPORT: usize = 300;

/// Writes until it is killed.
pub fn child(dir: &Path) -> Result<()> {
    let store = DiskStore::open(dir, Access::ReadWrite)?;
    let mut out = std::io::stdout();
    let first = store.stats()?.pages as usize * 1_000;
    for n in first.. {
        let id = format!("k{n}");
        let said = match n % 97 {
            96 => {
                let pages = (0..IMPORT)
                    .map(|i| page(&format!("{id}i{i}"), "", &text(&format!("{id}i{i}"))));
                store.put_all(pages.collect())?;
                format!("import {id}")
            }
            95 => {
                store.purge()?;
                continue;
            }
            r if r % 7 == 6 => {
                let id = format!("k{}", n - 3);
                store.remove(&PageId::from(id.as_str()))?;
                format!("removed {id}")
            }
            _ => {
                store.put(page(&id, "", &text(&id)))?;
                format!("put {id}")
            }
        };
        writeln!(out, "{said}")?;
        out.flush()?;
    }
    Ok(())
}

/// Words of its own, and some that all share.
fn text(id: &str) -> String {
    format!("llama w{id} of the herd")
}

pub fn run(args: &Args) -> Result<Report> {
    let mut folder = tempfile::tempdir()?;
    let mut alive: BTreeMap<String, bool> = BTreeMap::new();
    let (mut acknowledged, mut longest) = (0_usize, 0.0_f64);
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..args.rounds {
        if round % FRESH_AFTER == 0 {
            folder = tempfile::tempdir()?;
            alive.clear();
        }
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let life = Duration::from_micros(random % (LIFE_MS_MAX * 1_000));
        acknowledged += one_life(folder.path(), life, &mut alive)?;
        let begun = Instant::now();
        let store = DiskStore::open(folder.path(), Access::ReadWrite)
            .with_context(|| format!("round {round}: it does not open"))?;
        longest = longest.max(begun.elapsed().as_secs_f64());
        check(&store, &alive).with_context(|| format!("round {round}"))?;
    }
    let mut report = Report::default();
    report.add("crash kills", args.rounds as f64, None, "kills");
    report.add(
        "crash writes acknowledged, none lost",
        acknowledged as f64,
        None,
        "writes",
    );
    report.add("crash longest opening afterwards", longest, None, "s");
    Ok(report)
}

/// Starts a child, kills it, and notes what it said.
fn one_life(dir: &Path, life: Duration, alive: &mut BTreeMap<String, bool>) -> Result<usize> {
    let mut child = Command::new(env::current_exe()?)
        .env(CHILD, dir)
        .stdout(Stdio::piped())
        .spawn()?;
    let out = child.stdout.take().context("it is piped")?;
    let mut lines = BufReader::new(out).lines();
    let first = lines.next();
    std::thread::sleep(life);
    child.kill()?; // SIGKILL
    let mut said = 0;
    for line in first.into_iter().chain(lines).map_while(Result::ok) {
        said += 1;
        match line.split_once(' ') {
            Some(("put", id)) => drop(alive.insert(id.to_owned(), true)),
            Some(("removed", id)) => drop(alive.insert(id.to_owned(), false)),
            Some(("import", id)) => {
                let ids = (0..IMPORT).map(|i| (format!("{id}i{i}"), true));
                alive.extend(ids);
            }
            // The last line may be cut short.
            _ => said -= 1,
        }
    }
    child.wait()?;
    Ok(said)
}

fn check(store: &DiskStore, alive: &BTreeMap<String, bool>) -> Result<()> {
    for (n, (id, is_there)) in alive.iter().enumerate() {
        let page = store.get(&PageId::from(id.as_str()))?;
        // What the child did last may not have been acknowledged: a removal, here.
        if page.is_none() && *is_there && !may_be_gone(id, alive) {
            bail!("{id} was acknowledged and is lost");
        }
        ensure!(*is_there || page.is_none(), "{id} was removed and is back");
        // Each search takes a moment; some of them will do.
        if page.is_some() && n % 17 == 0 {
            let hits = store.search(&Query::new(format!("w{id}"), 5))?;
            let found = hits.iter().any(|hit| hit.id.as_str() == id);
            ensure!(found, "{id} is stored and not found");
        }
    }
    Ok(())
}

/// Whether a child may have removed the page without living to say so: the next thing
/// it would have said is that.
fn may_be_gone(id: &str, alive: &BTreeMap<String, bool>) -> bool {
    let number = id
        .strip_prefix('k')
        .and_then(|number| number.parse::<usize>().ok());
    let Some(number) = number else { return false };
    !(number + 4..number + 8).any(|after| alive.contains_key(&format!("k{after}")))
}
