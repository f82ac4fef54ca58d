//! Size and speed: many pages in one store, next to SQLite's FTS5 and, where a Python that
//! has it is named, bm25s, on the same pages and queries in one run. Then what a single
//! write costs next to an append and an fdatasync.
//!
//! The pages are made of the MS MARCO sample: two parts of different passages each, so
//! that words are as frequent as in real text, and no two pages the same.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use quipu_memory::{Query, Store};
use rusqlite::Connection;
use serde_json::json;

use crate::Args;
use crate::data::{Document, Question, lines};
use crate::metrics::quantile;
use crate::report::Report;
use crate::store::{Shelf, page, size};

/// Pages put at once.
const BATCH: usize = 2_000;
/// Queries asked.
const QUERIES: usize = 500;
/// Hits wanted of each.
const HITS: usize = 10;
/// Single writes that are timed.
const WRITES: usize = 300;
/// Commits whose size is compared with that of one batch.
const COMMITS: usize = 10_000;

pub fn run(args: &Args) -> Result<Report> {
    let made = Made::of(args)?;
    let mut report = Report::default();
    let shelf = Shelf::new(args)?;
    ours(&mut report, &shelf, &made)?;
    let (shelf, took) = shelf.reopened()?;
    for (what, took) in ["closing", "opening", "opening to read"].iter().zip(took) {
        report.add(format!("scale {what}"), took * 1e3, None, "ms");
    }
    fts5(&mut report, &made)?;
    if let Some(python) = &args.python {
        bm25s(&mut report, &made, python)?;
    }
    writes(&mut report, args, &shelf)?;
    sizes(&mut report, args, &made)?;
    Ok(report)
}

/// Pages and queries that can be made again and again, always the same.
struct Made {
    passages: Vec<String>,
    pages: usize,
    queries: Vec<String>,
}

impl Made {
    fn of(args: &Args) -> Result<Self> {
        let folder = args.data.join("msmarco_sample");
        let corpus: Vec<Document> = lines(&folder.join("corpus.jsonl"))?;
        let questions: Vec<Question> = lines(&folder.join("queries.jsonl"))?;
        ensure!(!corpus.is_empty(), "the sample has no passages");
        let passages: Vec<String> = corpus.into_iter().map(|document| document.text).collect();
        // The questions that people asked, and then words out of passages.
        let asked = questions.into_iter().map(|question| question.text);
        let made = (0..QUERIES).map(|n| {
            let passage = &passages[n * 7_919 % passages.len()];
            let words: Vec<&str> = passage.split_whitespace().collect();
            let from = n * 31 % words.len().max(1);
            words[from..]
                .iter()
                .take(3 + n % 5)
                .copied()
                .collect::<Vec<_>>()
                .join(" ")
        });
        let queries = asked.chain(made).take(QUERIES).collect();
        Ok(Self {
            pages: args.pages,
            queries,
            passages,
        })
    }

    fn page(&self, n: usize) -> String {
        let passage = |n: usize| self.passages[n % self.passages.len()].as_str();
        let half = |text: &str, last: bool| {
            let words: Vec<&str> = text.split_whitespace().collect();
            let (a, b) = words.split_at(words.len() / 2);
            if last { b.join(" ") } else { a.join(" ") }
        };
        let other = n.wrapping_mul(2_654_435_761) / 7 + n / self.passages.len();
        format!(
            "{} {} page{n}",
            half(passage(n), false),
            half(passage(other), true)
        )
    }
}

fn ours(report: &mut Report, shelf: &Shelf, made: &Made) -> Result<()> {
    let begun = Instant::now();
    let mut longest: f64 = 0.0;
    for from in (0..made.pages).step_by(BATCH) {
        let to = (from + BATCH).min(made.pages);
        let pages = (from..to).map(|n| page(&format!("p{n}"), "", &made.page(n)));
        let batch = Instant::now();
        shelf.store.put_all(pages.collect())?;
        longest = longest.max(batch.elapsed().as_secs_f64());
    }
    let seconds = begun.elapsed().as_secs_f64();
    let n = made.pages;
    report.add(
        format!("scale {n} pages stored and indexed"),
        n as f64 / seconds,
        None,
        "/s",
    );
    report.add(
        format!("scale longest batch of {BATCH}"),
        longest,
        None,
        "s",
    );
    let bytes = size(shelf.store.dir())? as f64 / 1e6;
    report.add("scale size on disk", bytes, None, "MB");
    report.add("scale peak memory", peak_mb(), None, "MB");
    let times = time_each(&made.queries, |text| {
        let found = shelf.store.search(&Query::new(text, HITS))?;
        Ok(found.len())
    })?;
    add_times(report, "scale search", &times);
    Ok(())
}

fn fts5(report: &mut Report, made: &Made) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut database = Connection::open(folder.path().join("fts.sqlite"))?;
    database.execute_batch(
        "PRAGMA journal_mode = WAL;
         CREATE VIRTUAL TABLE pages USING fts5(text, tokenize = 'porter unicode61');",
    )?;
    let begun = Instant::now();
    for from in (0..made.pages).step_by(BATCH) {
        let transaction = database.transaction()?;
        {
            let mut insert = transaction.prepare("INSERT INTO pages (text) VALUES (?1)")?;
            for n in from..(from + BATCH).min(made.pages) {
                insert.execute([made.page(n)])?;
            }
        }
        transaction.commit()?;
    }
    let rate = made.pages as f64 / begun.elapsed().as_secs_f64();
    report.add("scale FTS5 stored and indexed", rate, None, "/s");
    let mut select = database.prepare(
        "SELECT rowid, snippet(pages, 0, '', '', '…', 32) FROM pages WHERE pages MATCH ?1
         ORDER BY bm25(pages) LIMIT ?2",
    )?;
    let times = time_each(&made.queries, |text| {
        // Its query language has to be kept away from the words.
        let words: Vec<String> = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(|word| format!("\"{word}\""))
            .collect();
        let mut rows = select.query(rusqlite::params![words.join(" OR "), HITS as i64])?;
        let mut found = 0;
        while rows.next()?.is_some() {
            found += 1;
        }
        Ok(found)
    })?;
    add_times(report, "scale FTS5 search", &times);
    Ok(())
}

fn bm25s(report: &mut Report, made: &Made, python: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut out = BufWriter::new(File::create(folder.path().join("corpus.jsonl"))?);
    for n in 0..made.pages {
        writeln!(out, "{}", json!(made.page(n)))?;
    }
    out.flush()?;
    let queries: Vec<String> = made
        .queries
        .iter()
        .map(|query| json!(query).to_string())
        .collect();
    fs::write(folder.path().join("queries.jsonl"), queries.join("\n"))?;
    let output = Command::new(python)
        .arg("-c")
        .arg(include_str!("bm25s.py"))
        .arg(folder.path())
        .arg(HITS.to_string())
        .output()
        .context("could not run Python")?;
    ensure!(
        output.status.success(),
        "bm25s failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let times: Vec<f64> = serde_json::from_slice(&output.stdout)?;
    add_times(report, "scale bm25s search", &times);
    Ok(())
}

/// A single acknowledged write, and an append with fdatasync, by turns.
fn writes(report: &mut Report, args: &Args, shelf: &Shelf) -> Result<()> {
    let small = Shelf::new(args)?;
    let text = "a memory of some two hundred bytes: ".repeat(6);
    let mut log = File::create(small.store.dir().join("appended"))?;
    let (mut ours, mut in_large, mut plain) = (vec![], vec![], vec![]);
    for n in 0..WRITES {
        let begun = Instant::now();
        log.write_all(text.as_bytes())?;
        log.sync_data()?;
        plain.push(begun.elapsed().as_secs_f64() * 1e3);
        for (store, times) in [(&small.store, &mut ours), (&shelf.store, &mut in_large)] {
            let begun = Instant::now();
            store.put(page(&format!("w{n}"), "", &format!("{text} w{n}")))?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    let base = quantile(&plain, 0.5);
    report.add("scale append and fdatasync p50", base, None, "ms");
    for (what, times) in [("an empty store", ours), ("the large store", in_large)] {
        let p50 = quantile(&times, 0.5);
        report.add(
            format!("scale acknowledged write to {what} p50"),
            p50,
            None,
            "ms",
        );
        report.add(
            format!("scale acknowledged write to {what} p99"),
            quantile(&times, 0.99),
            None,
            "ms",
        );
        report.add(
            format!("scale write to {what}, by append"),
            p50 / base,
            Some((2.5, "at most")),
            "x",
        );
    }
    Ok(())
}

/// The same pages in ten thousand commits and in one.
fn sizes(report: &mut Report, args: &Args, made: &Made) -> Result<()> {
    let pages = |n: usize| page(&format!("p{n}"), "", &made.page(n));
    let one = Shelf::new(args)?;
    one.store.put_all((0..COMMITS).map(pages).collect())?;
    let one = one.closed_size()?;
    let many = Shelf::new(args)?;
    let begun = Instant::now();
    for n in 0..COMMITS {
        many.store.put(pages(n))?;
    }
    let rate = COMMITS as f64 / begun.elapsed().as_secs_f64();
    let many = many.closed_size()?;
    report.add("scale commits of one page", rate, None, "/s");
    let ratio = many as f64 / one as f64;
    report.add(
        format!("scale size after {COMMITS} commits, by one batch"),
        ratio,
        Some((2.0, "at most")),
        "x",
    );
    Ok(())
}

/// How long each query takes, in milliseconds.
fn time_each(queries: &[String], mut ask: impl FnMut(&str) -> Result<usize>) -> Result<Vec<f64>> {
    for query in queries.iter().take(20) {
        ask(query)?;
    }
    let timed = queries.iter().map(|query| {
        let begun = Instant::now();
        ask(query)?;
        Ok(begun.elapsed().as_secs_f64() * 1e3)
    });
    timed.collect()
}

fn add_times(report: &mut Report, what: &str, times: &[f64]) {
    report.add(format!("{what} p50"), quantile(times, 0.5), None, "ms");
    report.add(format!("{what} p99"), quantile(times, 0.99), None, "ms");
}

/// The most memory this process has had, where the system says.
fn peak_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1e3
}
