//! `quipu agent schedule ls`: when each schedule runs next, and what became of its runs.

use anyhow::Result;
use chrono::{DateTime, Local};
use quipu_kernel::journal::Journal;
use serde_json::{Value, json};

use super::{DEFAULT, hint_where_nothing_runs};
use crate::session::Session;
use crate::session::schedule::book::Book;
use crate::session::schedule::{Past, Schedule, Trigger, due};
use crate::terminal::output::{self, ago, shortened};

/// Runs the command.
pub(super) fn run(session: &Session, as_json: bool) -> Result<u8> {
    let schedules = Book::of(&session.paths).read()?;
    let journal = session.journal()?;
    let now = Local::now();
    if as_json {
        let all = schedules.iter();
        let all: Vec<Value> = all
            .map(|(name, schedule)| described(name, schedule, &journal, now))
            .collect();
        output::json(&all)?;
        return Ok(0);
    }
    if schedules.is_empty() {
        say!("nothing is scheduled: `quipu agent schedule AGENT --cron TIMES --prompt TEXT`");
        return Ok(0);
    }
    let rows = schedules.iter().map(|(name, schedule)| {
        let past = &schedule.past;
        vec![
            name.clone(),
            agent_words(schedule),
            when(schedule),
            due::next(schedule, now).map_or_else(String::new, clock),
            format!("{} of {}", today(past, now), schedule.runs_a_day),
            last(past, &journal),
        ]
    });
    output::table(
        &["NAME", "AGENT", "WHEN", "NEXT", "RUNS TODAY", "LAST"],
        rows.collect(),
    )?;
    hint_where_nothing_runs(session);
    Ok(0)
}

fn today(past: &Past, now: DateTime<Local>) -> u32 {
    let mut past = past.clone();
    past.turn_to(now);
    past.runs
}

fn agent_words(schedule: &Schedule) -> String {
    let agent = schedule.agent.as_ref();
    agent.map_or_else(|| DEFAULT.to_owned(), |path| path.display().to_string())
}

fn when(schedule: &Schedule) -> String {
    match &schedule.on {
        Trigger::Cron(pattern) => format!("cron {pattern}"),
        Trigger::Change(path) => format!("change {}", path.display()),
        Trigger::Hook(_) => "hook".to_owned(),
    }
}

/// How the last run ended, and why none came after it.
fn last(past: &Past, journal: &Journal) -> String {
    let row = past.last.and_then(|pid| journal.process(pid).ok());
    let ended = row.map(|row| {
        let answer = row.exit.as_ref().and_then(|exit| exit.answer.as_ref());
        let answer = answer.map(|answer| match answer.as_str() {
            Some(text) => format!(": {}", shortened(&output::one_line(text), 40)),
            None => format!(": {}", shortened(&answer.to_string(), 40)),
        });
        format!(
            "process {} {}, {}{}",
            row.pid,
            row.standing(),
            ago(row.updated_ms),
            answer.unwrap_or_default()
        )
    });
    let parts: Vec<String> = ended.into_iter().chain(past.note.clone()).collect();
    parts.join("; ")
}

fn described(name: &str, schedule: &Schedule, journal: &Journal, now: DateTime<Local>) -> Value {
    let past = &schedule.past;
    let on = match &schedule.on {
        Trigger::Cron(pattern) => json!({ "cron": pattern }),
        Trigger::Change(path) => json!({ "change": path }),
        Trigger::Hook(_) => json!({"hook": format!("/api/v1/hooks/{name}")}),
    };
    let last = past.last.and_then(|pid| journal.process(pid).ok());
    json!({
        "name": name,
        "agent": schedule.agent,
        "prompt": schedule.prompt,
        "on": on,
        "missed": schedule.missed,
        "runs_a_day": schedule.runs_a_day,
        "tokens_a_day": schedule.tokens_a_day,
        "next": due::next(schedule, now).map(|next| next.to_rfc3339()),
        "runs_today": today(past, now),
        "last": last.map(|row| json!({
            "pid": row.pid,
            "status": row.standing(),
            "answer": row.exit.as_ref().and_then(|exit| exit.answer.clone()),
            "updated_ms": row.updated_ms,
        })),
        "note": past.note,
    })
}

/// A moment by the clock of this machine.
pub(super) fn clock(moment: DateTime<Local>) -> String {
    moment.format("%Y-%m-%d %H:%M").to_string()
}
