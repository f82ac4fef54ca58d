//! Decides what is due at a moment, from the moment, the schedule and its processes: there is no
//! clock here.

use std::str::FromStr;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Local};
use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};

use super::files::{self, Newer};
use super::{Cause, Missed, Past, Schedule, Trigger};
use crate::terminal::error::UserError;
use crate::terminal::output::counted;

/// How late a run may begin and still not count as missed.
const LATE: Duration = Duration::from_secs(60);
/// How long a file has to be left alone before a run is told of it: its writer may not be done.
const QUIET: Duration = Duration::from_millis(500);

/// What its processes did, according to the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Whether one of them is still under way.
    pub is_running: bool,
    /// Tokens that those of the day have generated.
    pub tokens: u32,
}

/// What to do about a schedule at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing before this moment, in nanoseconds since 1970; `None` where something else has
    /// to happen first.
    Later(Option<i64>),
    /// A run begins, and everything up to this moment is seen to.
    Run(Cause, i64),
    /// A run is left out for this reason, and everything up to this moment is seen to.
    Skip(String, i64),
}

/// Fields of a time.
const FIELDS: usize = 5;
/// What a number of a time may be.
const RANGES: &str = "a number is out of range: minutes are 0-59, hours 0-23, days 1-31, months \
                      1-12, days of the week 0-7";

/// Why cron's reader does not take `pattern`, in words about that: it tells of its own settings.
fn unreadable(pattern: &str, error: &CronError) -> String {
    let fields = pattern.split_whitespace().count();
    match error {
        _ if fields != FIELDS && !pattern.starts_with('@') => {
            format!(
                "it has {}, and a time has {FIELDS}",
                counted(fields, "field")
            )
        }
        CronError::ComponentError(why) if why.contains("out of bounds") => RANGES.to_owned(),
        CronError::ComponentError(why) | CronError::IllegalCharacters(why) => why.clone(),
        other => other.to_string(),
    }
}

/// Times, as cron writes them: five fields.
///
/// # Errors
/// What cannot be read, or never comes.
pub fn times(pattern: &str) -> Result<Cron> {
    let wrong = |reason: String| {
        UserError::usage(
            format!("--cron {pattern:?}: {reason}"),
            "minute, hour, day of the month, month, day of the week: \"0 8 * * 1-5\" is at eight \
             from Monday to Friday",
        )
    };
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    let cron = parser.parse(pattern);
    let cron = cron.map_err(|error| wrong(unreadable(pattern, &error)))?;
    match cron.find_next_occurrence(&Local::now(), false) {
        Ok(_) => Ok(cron),
        Err(_) => Err(wrong("that never comes".to_owned())),
    }
}

/// When `schedule` is due next by the clock, after `now`.
pub fn next(schedule: &Schedule, now: DateTime<Local>) -> Option<DateTime<Local>> {
    let Trigger::Cron(pattern) = &schedule.on else {
        return None;
    };
    let cron = Cron::from_str(pattern).ok()?;
    cron.find_next_occurrence(&now, false).ok()
}

/// What to do about `schedule` at `now`.
pub fn at(schedule: &Schedule, now: DateTime<Local>, spent: Spent) -> Due {
    match &schedule.on {
        Trigger::Hook(_) => Due::Later(None),
        Trigger::Cron(pattern) => by_clock(schedule, pattern, now, spent),
        Trigger::Change(path) => {
            let newer = files::newer(path, schedule.past.seen_ns);
            by_files(schedule, newer, now, spent)
        }
    }
}

fn by_clock(schedule: &Schedule, pattern: &str, now: DateTime<Local>, spent: Spent) -> Due {
    let later = Due::Later(next(schedule, now).map(ns));
    let cron = Cron::from_str(pattern).ok();
    let last = cron.and_then(|cron| cron.find_previous_occurrence(&now, true).ok());
    let Some(last) = last.map(ns).filter(|last| *last > schedule.past.seen_ns) else {
        return later;
    };
    let is_late = ns(now) - last > LATE.as_nanos() as i64;
    if schedule.missed == Missed::Skip && (is_late || spent.is_running) {
        let why = match spent.is_running {
            true => "the run before it was still under way",
            false => "no machine ran when it was due",
        };
        return Due::Skip(why.to_owned(), last);
    }
    if spent.is_running {
        return later;
    }
    match refusal(schedule, now, spent) {
        Some(why) => Due::Skip(why, last),
        None => Due::Run(Cause::Time, last),
    }
}

/// Changes that cannot be seen to now stay: a run is told of all of them later.
fn by_files(schedule: &Schedule, newer: Newer, now: DateTime<Local>, spent: Spent) -> Due {
    if newer.files.is_empty() || spent.is_running {
        return Due::Later(None);
    }
    let quiet = newer.newest_ns.saturating_add(QUIET.as_nanos() as i64);
    // A file may have a time that is still to come: its changes are not waited for.
    if quiet > ns(now) && newer.newest_ns <= ns(now) {
        return Due::Later(Some(quiet));
    }
    match refusal(schedule, now, spent) {
        Some(_) => Due::Later(None),
        None => Due::Run(Cause::Files(newer.files), newer.newest_ns),
    }
}

/// Why no run may begin on the day of `now`, if none may.
pub fn refusal(schedule: &Schedule, now: DateTime<Local>, spent: Spent) -> Option<String> {
    let past = &schedule.past;
    if spent.is_running {
        return Some("its last run is still under way".to_owned());
    }
    if past.day != day(now) {
        return None;
    }
    if past.runs >= schedule.runs_a_day {
        return Some(format!(
            "it had its {} today",
            counted(schedule.runs_a_day, "run")
        ));
    }
    (spent.tokens >= schedule.tokens_a_day).then(|| {
        format!(
            "it used its {} today",
            counted(schedule.tokens_a_day, "token")
        )
    })
}

/// Whether it was not said that day already that runs are left out for the reason `why`.
/// `seen_ns` is when one was due, in nanoseconds since 1970.
pub fn is_news(past: &Past, why: &str, seen_ns: i64) -> bool {
    let day_of = |ns: i64| day(DateTime::from_timestamp_nanos(ns).with_timezone(&Local));
    past.note.as_deref() != Some(why) || day_of(past.seen_ns) != day_of(seen_ns)
}

impl Past {
    /// Begins a new day, where `now` is in one.
    pub fn turn_to(&mut self, now: DateTime<Local>) {
        if self.day != day(now) {
            self.day = day(now);
            self.runs = 0;
            self.pids.clear();
        }
    }
}

fn day(now: DateTime<Local>) -> String {
    now.date_naive().to_string()
}

/// A moment in nanoseconds since 1970.
pub fn ns(moment: DateTime<Local>) -> i64 {
    moment.timestamp_nanos_opt().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    /// Monday, 2 March 2026, at this hour and minute; days may be added.
    fn at_time(day: u32, hour: u32, minute: u32) -> DateTime<Local> {
        let moment = Local.with_ymd_and_hms(2026, 3, 2 + day, hour, minute, 0);
        moment.earliest().unwrap()
    }

    fn schedule(on: Trigger) -> Schedule {
        Schedule {
            agent: None,
            prompt: "look".into(),
            missed: Missed::Once,
            runs_a_day: 2,
            tokens_a_day: 100,
            on,
            past: Past::default(),
        }
    }

    #[test]
    fn a_time_is_due_once_and_a_missed_one_is_made_up_once() {
        let daily = schedule(Trigger::Cron("0 8 * * 1-5".into()));
        let monday = at_time(0, 8, 0);
        let check = |seen: DateTime<Local>, now: DateTime<Local>, missed, running, want: Due| {
            let schedule = Schedule {
                missed,
                past: Past {
                    seen_ns: ns(seen),
                    ..Past::default()
                },
                ..daily.clone()
            };
            let spent = Spent {
                is_running: running,
                tokens: 0,
            };
            assert_eq!(at(&schedule, now, spent), want, "{seen} {now} {missed:?}");
        };
        use Missed::{Once, Skip};
        let run = |last| Due::Run(Cause::Time, ns(last));
        let later = |next| Due::Later(Some(ns(next)));
        // It was made at seven: nothing before eight, then one run.
        let made = at_time(0, 7, 0);
        check(made, at_time(0, 7, 59), Once, false, later(monday));
        check(made, monday, Once, false, run(monday));
        check(made, monday, Skip, false, run(monday));
        check(
            monday,
            at_time(0, 8, 1),
            Once,
            false,
            later(at_time(1, 8, 0)),
        );
        // From Monday to Thursday noon no machine ran: three runs are made up once.
        let thursday = at_time(3, 8, 0);
        check(monday, at_time(3, 12, 0), Once, false, run(thursday));
        let skipped = Due::Skip("no machine ran when it was due".into(), ns(thursday));
        check(monday, at_time(3, 12, 0), Skip, false, skipped);
        // The run of before goes on: it is made up afterwards, or left out.
        check(made, monday, Once, true, later(at_time(1, 8, 0)));
        let skipped = Due::Skip("the run before it was still under way".into(), ns(monday));
        check(made, monday, Skip, true, skipped);
        // Not on Saturday and Sunday.
        let friday = at_time(4, 8, 0);
        check(
            friday,
            at_time(6, 9, 0),
            Once,
            false,
            later(at_time(7, 8, 0)),
        );
    }

    #[test]
    fn a_day_has_an_end_to_its_runs_and_tokens() {
        let now = at_time(0, 9, 0);
        let check = |day: &str, runs: u32, tokens: u32, want: Option<&str>| {
            let mut schedule = schedule(Trigger::Hook(String::new()));
            schedule.past.day = day.to_owned();
            schedule.past.runs = runs;
            let spent = Spent {
                is_running: false,
                tokens,
            };
            assert_eq!(refusal(&schedule, now, spent).as_deref(), want);
        };
        check("2026-03-02", 1, 99, None);
        check("2026-03-02", 2, 0, Some("it had its 2 runs today"));
        check("2026-03-02", 1, 100, Some("it used its 100 tokens today"));
        check("2026-03-01", 2, 100, None);
        let mut past = Past {
            day: "2026-03-01".into(),
            runs: 2,
            pids: vec![1, 2],
            last: Some(2),
            ..Past::default()
        };
        past.turn_to(now);
        assert_eq!((past.runs, past.pids.len(), past.last), (0, 0, Some(2)));
    }

    #[test]
    fn a_reason_is_said_once_a_day() {
        let seen = at_time(0, 9, 0);
        let past = Past {
            seen_ns: ns(seen),
            note: Some("it had its 1 run today".into()),
            ..Past::default()
        };
        let check = |why: &str, minutes: i64, want: bool| {
            let now = seen + chrono::Duration::minutes(minutes);
            assert_eq!(is_news(&past, why, ns(now)), want, "{why} {minutes}");
        };
        check("it had its 1 run today", 1, false);
        check("its last run is still under way", 1, true);
        check("it had its 1 run today", 24 * 60, true);
        let fresh = Past::default();
        assert!(is_news(&fresh, "it had its 1 run today", ns(seen)));
    }

    #[test]
    fn files_are_waited_for_until_they_are_left_alone() {
        let inbox = schedule(Trigger::Change("/inbox".into()));
        let now = at_time(0, 9, 0);
        let check = |changed: &[&str], ms_ago: i64, running: bool, runs: u32, want: Due| {
            let mut schedule = inbox.clone();
            schedule.past.day = day(now);
            schedule.past.runs = runs;
            let newer = Newer {
                files: changed.iter().map(Into::into).collect(),
                newest_ns: ns(now) - ms_ago * 1_000_000,
            };
            let spent = Spent {
                is_running: running,
                tokens: 0,
            };
            assert_eq!(by_files(&schedule, newer, now, spent), want);
        };
        let files = Cause::Files(vec!["a".into(), "b".into()]);
        let run = |ms: i64| Due::Run(files.clone(), ns(now) - ms * 1_000_000);
        check(&[], 0, false, 0, Due::Later(None));
        check(
            &["a"],
            100,
            false,
            0,
            Due::Later(Some(ns(now) + 400_000_000)),
        );
        check(&["a", "b"], 600, false, 0, run(600));
        check(&["a", "b"], -9_000, false, 0, run(-9_000));
        // They wait for the run of before, and for another day.
        check(&["a"], 600, true, 0, Due::Later(None));
        check(&["a"], 600, false, 2, Due::Later(None));
    }

    #[test]
    fn times_are_checked() {
        let check = |pattern: &str, want: &str| {
            let said = match times(pattern) {
                Ok(_) => "fine".to_owned(),
                Err(error) => error.to_string(),
            };
            assert!(said.contains(want), "{pattern}: {said}");
        };
        check("0 8 * * 1-5", "fine");
        check("*/15 9-17 * * *", "fine");
        check("0 0 1 jan *", "fine");
        check("", "--cron \"\": ");
        check("soon", "--cron \"soon\": it has 1 field, and a time has 5");
        check("0 0 8 * * *", "it has 6 fields, and a time has 5");
        check("0 25 * * *", "\"0 25 * * *\": a number is out of range");
        check("0 0 30 2 *", "that never comes");
    }
}
