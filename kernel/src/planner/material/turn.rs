//! The next and the last of what comes again: "the next delivery", 上一次体检. Of rows, parts and sentences
//! with dates a small model takes the first, whatever day it is.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::Regex;

use super::dated::{asked_of, parts};
use super::names::{named_cells, said, telling, words};
use super::passage::{leaves_out, passage_id};
use super::row::{Found, in_words, told_apart};
use super::table::{Table, tables};
use super::when::{column_of_dates, only_year};
use crate::pattern::{laid_out, pattern};
use crate::planner::facts::sentences;
use crate::planner::poor_answer::stem;
use crate::planner::wording::without_addresses;
use crate::written::days::written;

/// Rows of one day that are said.
const ROWS_MAX: usize = 3;
/// Letters that two forms of a word begin with: "delivered", "delivery".
const LETTERS_SAME: usize = 5;
/// Characters of a sentence that is said.
const CHARS_MAX: usize = 240;

/// Which one a task asks for.
struct Turn {
    is_next: bool,
    today: NaiveDate,
    /// The words for what it is the next one of, the first one first; of Chinese every two ideographs.
    thing: Vec<String>,
    is_han: bool,
}

/// The rows of the tables of `text`, the part of it or its sentence which is the next or the last that `task`
/// asks for: the first from `today` on, the latest before. Each is a line.
pub(super) fn of_the_turn(task: &str, text: &str, today: Option<NaiveDate>) -> Vec<String> {
    let Some(turn) = today.and_then(|today| Turn::of(task, today)) else {
        return Vec::new();
    };
    let told = words(task);
    let found = tables(text).into_iter();
    let rows = told_apart(task, found.filter_map(|table| turn.in_table(&table, &told)));
    // What is left out may be the one.
    if !rows.is_empty() || text.lines().any(leaves_out) {
        return rows;
    }
    let part = turn.in_parts(task, text);
    let line = part.or_else(|| turn.in_sentences(text));
    line.into_iter().collect()
}

impl Turn {
    /// Which one `task` asks for, told on `today`. `None` where it says "next Friday", "last week" and the
    /// like, or both.
    fn of(task: &str, today: NaiveDate) -> Option<Self> {
        static ASKS: LazyLock<Regex> = LazyLock::new(|| {
            laid_out(
                r"(?i)\b(?:(?P<next>next|upcoming)|(?P<last>last|previous|latest|most\s+recent))\s+(?P<one>\p{Latin}{3,})(?:\s+(?P<two>\p{Latin}{3,}))?
                |(?P<xia>下一[次个场回期届轮]|下[次场回期届轮])|(?P<shang>上一[次个场回期届轮]|上[次场回期届轮]|最近一次)",
            )
        });
        static TIMES: LazyLock<Regex> = LazyLock::new(|| {
            laid_out(
                r"(?i)^(?:days?|weeks?|weekends?|months?|years?|quarters?|nights?|evenings?|mornings?|hours?|minutes?|seconds?|times?
                |names?|words?|letters?|lines?|rows?|columns?|pages?|items?|steps?|sentences?|for|from|the|and|one|two|three|four|five|few|door
                |spring|summer|autumn|winter|\w+day|january|february|march|april|may|june|july|august|september|october|november|december)$",
            )
        });
        // 上次 of what was said, 下个月.
        static HAN_TIMES: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"^(?:[月周天年]|星期|礼拜|小时|[说问告提讲聊])"));
        let task = without_addresses(task);
        let mut found = ASKS.captures_iter(&task);
        let (found, None) = (found.next()?, found.next()) else {
            return None;
        };
        let is_next = found.name("next").or(found.name("xia")).is_some();
        let rest = &task[found.get(0)?.end()..];
        if let Some(one) = found.name("one") {
            if TIMES.is_match(one.as_str()) {
                return None;
            }
            let all = [Some(one), found.name("two")].into_iter().flatten();
            let all = all.map(|word| stem(&word.as_str().to_lowercase()).to_owned());
            return Some(Self {
                is_next,
                today,
                thing: all.collect(),
                is_han: false,
            });
        }
        if HAN_TIMES.is_match(rest) {
            return None;
        }
        let plain: String = task.replace(&found[0], " ");
        let pairs = telling(&plain).into_iter();
        let pairs = pairs.filter(|pair| !pair.contains(|c: char| EMPTY.contains(c)));
        Some(Self {
            is_next,
            today,
            thing: pairs.collect(),
            is_han: true,
        })
    }

    /// How many of its words are among `known`, those of a text.
    fn shared(&self, known: &BTreeSet<String>) -> usize {
        let begins = |word: &str| word.chars().take(LETTERS_SAME).collect::<String>();
        let is_known = |word: &String| {
            let is_long = word.chars().count() >= LETTERS_SAME;
            let is_form = |other: &String| is_long && begins(other) == begins(word);
            known.contains(word) || !self.is_han && known.iter().any(is_form)
        };
        self.thing.iter().filter(|word| is_known(word)).count()
    }

    /// Whether a text with the words `known` is of the thing: its first word may say of which kind that is.
    fn is_of_it(&self, known: &BTreeSet<String>) -> bool {
        match self.is_han {
            true => self.shared(known) > 0,
            false => {
                let first = Self {
                    thing: self.thing.iter().take(1).cloned().collect(),
                    ..*self
                };
                first.shared(known) > 0
            }
        }
    }

    /// The day of `days` that is the next or the last one.
    fn pick(&self, days: impl Iterator<Item = NaiveDate>) -> Option<NaiveDate> {
        match self.is_next {
            true => days.filter(|day| *day >= self.today).min(),
            false => days.filter(|day| *day < self.today).max(),
        }
    }

    /// `line` behind the words that say what it is.
    fn line(&self, line: &str) -> String {
        let today = self.today;
        match (self.is_next, self.is_han) {
            (true, false) => format!("next from {today} on: {line}"),
            (false, false) => format!("last before {today}: {line}"),
            (true, true) => format!("{today}起的下一次: {line}"),
            (false, true) => format!("{today}前的上一次: {line}"),
        }
    }

    /// The rows of `table` that are asked for in a task, whose words are `told`.
    fn in_table(&self, table: &Table, told: &[String]) -> Option<Found> {
        static TURNS: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"(?i)\b(?:next|last|previous)\b|下一?次|上一?次|最近"));
        let named = table.head.iter().any(|head| TURNS.is_match(head));
        if named || table.has_gaps {
            return None;
        }
        let (at, dates) = column_of_dates(table)?;
        let year = only_year(&table.title);
        let day = |row: usize| dates[row].and_then(|when| when.date(year));
        let all = telling(&format!("{} {}", table.title, table.head.join(" ")));
        let cells = |row: usize| {
            let cells = table.rows[row].iter().enumerate();
            let cells = cells.filter(|(column, _)| *column != at);
            let cells: Vec<&str> = cells.map(|(_, cell)| cell.as_str()).collect();
            telling(&cells.join(" "))
        };
        let keys = named_cells(table, &said(table, told));
        let fits: Vec<(usize, usize)> = (0..table.rows.len())
            .filter(|row| {
                let known: BTreeSet<String> = all.union(&cells(*row)).cloned().collect();
                self.is_of_it(&known)
            })
            .map(|row| (row, self.shared(&cells(row)).max(keys[row].len())))
            .collect();
        let most = fits.iter().map(|(_, shared)| *shared).max()?;
        let fits: Vec<usize> = fits
            .into_iter()
            .filter(|(_, shared)| *shared == most)
            .map(|(row, _)| row)
            .collect();
        let picked = self.pick(fits.iter().filter_map(|row| day(*row)))?;
        let rows = fits.into_iter().filter(|row| day(*row) == Some(picked));
        let rows: Vec<usize> = rows.collect();
        if rows.len() > ROWS_MAX {
            return None;
        }
        let is_list = table.head.iter().all(String::is_empty);
        let line = |row: usize| match is_list {
            true => Some(self.line(&table.rows[row].join(": "))),
            false => in_words(table, row).map(|words| self.line(&words)),
        };
        Some(Found {
            lines: rows.into_iter().map(line).collect::<Option<_>>()?,
            is_cell: false,
            passage: table.passage.clone(),
            title: table.title.clone(),
        })
    }

    /// The part of `text` below a heading with the day that `task` asks for.
    fn in_parts(&self, task: &str, text: &str) -> Option<String> {
        let is_heading = |line: &&str| line.starts_with('#') || passage_id(line).is_some();
        let headings = text.lines().map(str::trim).filter(is_heading);
        if !self.is_of_it(&telling(&headings.collect::<Vec<_>>().join(" "))) {
            return None;
        }
        let parts = parts(text).into_iter();
        let dated = parts.map(|(day, part)| Some((day.in_year(day.year?)?, part)));
        let dated: Vec<(NaiveDate, String)> = dated.collect::<Option<_>>()?;
        self.only_one(&dated)
            .and_then(|part| asked_of(task, part))
            .map(|part| self.line(&part))
    }

    /// The sentence of `text` on the thing that has the day. `None` where another one has several days, or
    /// says that something was put off.
    fn in_sentences(&self, text: &str) -> Option<String> {
        static PUT_OFF: LazyLock<Regex> = LazyLock::new(|| {
            laid_out(
                r"(?i)\b(?:cancel\w*|postpone\w*|put\s+off|moved|instead|brought\s+forward|not)\b|n['’]t\b|取消|改|推迟|提前|没",
            )
        });
        let lines = text.lines().filter(|line| !line.contains('|'));
        let mut dated: Vec<(NaiveDate, String)> = Vec::new();
        for sentence in lines.flat_map(|line| sentences(&bare(line))) {
            let days = written(&sentence);
            if days.is_empty() || !self.is_of_it(&telling(&sentence)) {
                continue;
            }
            let [day] = &days[..] else {
                return None;
            };
            if PUT_OFF.is_match(&sentence) || sentence.chars().count() > CHARS_MAX {
                return None;
            }
            dated.push((day.in_year(day.year?)?, sentence.trim().to_owned()));
        }
        self.only_one(&dated).map(|sentence| self.line(sentence))
    }

    /// The only one of `dated`, of several days, that has the day which is asked for.
    fn only_one<'a>(&self, dated: &'a [(NaiveDate, String)]) -> Option<&'a str> {
        let days: BTreeSet<NaiveDate> = dated.iter().map(|(day, _)| *day).collect();
        let picked = self.pick(days.iter().copied())?;
        let mut found = dated.iter().filter(|(day, _)| *day == picked);
        let (_, text) = found
            .next()
            .filter(|_| found.next().is_none() && days.len() > 1)?;
        Some(text)
    }
}

/// Ideographs of words that ask or only lead on.
const EMPTY: &str = "的了是在我你他她它们这那哪什么几有谁吗呢时候号天";

/// `line` without the id of its passage, where that is from, and the marks of a list.
fn bare(line: &str) -> String {
    static SOURCE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s*\(process \d+\)\s*$"));
    let line = line.trim();
    let rest = passage_id(line).and_then(|_| line.split_once(']'));
    let line = rest.map_or(line, |(_, rest)| rest);
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || "-*#>".contains(c));
    SOURCE.replace(line, "").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: &str = "[d1: Mill calendar]\n  | Date | Event | Place |\n  |---|---|---|\n  | 2026-02-14 | Board meeting | Loft |\n  \
        | 2026-03-02 | Delivery | Yard |\n  | 2026-03-20 | Delivery | Yard |\n  | 2026-03-14 | Board meeting | Hall |\n  \
        | 2026-04-11 | Members' meeting | Barn |";
    const BINS: &str = "[d2: Bins 2026]\n  Collected,Bin\n  2 March,paper\n  9 March,glass\n  16 March,paper\n  16 March,glass";
    const MINUTES: &str = "[d3: Meetings of the club]\n  ## 2026-01-12\n  Chair: Ida. Notes: Bo.\n\n  ## 2026-02-09\n  Chair: Bo. Notes: Cy.\n\n  \
        ## 2026-04-13\n  Chair: Cy.";
    const NOTES: &str = "[m1] The boiler was inspected on 3 February 2026. (process 2)\n\
        [m2] The next inspection of the boiler is on 5 May 2026.\n[m3] Ida was born on 2 March 1990.";
    const HAN: &str =
        "[d4: 体检安排]\n  日期;地点\n  2026-02-01;东区\n  2026-03-15;西区\n  2026-05-01;南区";

    #[track_caller]
    fn check(task: &str, text: &str, want: &[&str]) {
        let today = NaiveDate::from_ymd_opt(2026, 3, 10);
        assert_eq!(of_the_turn(task, text, today), want, "{task}");
    }

    #[test]
    fn the_next_and_the_last_are_counted_from_today() {
        let board =
            "next from 2026-03-10 on: Date: 2026-03-14 | Event: Board meeting | Place: Hall";
        check("Where is the next board meeting?", CALENDAR, &[board]);
        check("Where is the next meeting?", CALENDAR, &[board]);
        check(
            "When was the last delivery?",
            CALENDAR,
            &["last before 2026-03-10: Date: 2026-03-02 | Event: Delivery | Place: Yard"],
        );
        check(
            "When is the next delivery?",
            CALENDAR,
            &["next from 2026-03-10 on: Date: 2026-03-20 | Event: Delivery | Place: Yard"],
        );
        // The year is that of the title; of one day there are two.
        check(
            "When are the next bins collected?",
            BINS,
            &[
                "next from 2026-03-10 on: Collected: 16 March | Bin: paper",
                "next from 2026-03-10 on: Collected: 16 March | Bin: glass",
            ],
        );
        check(
            "When was the last bin of glass collected?",
            BINS,
            &["last before 2026-03-10: Collected: 9 March | Bin: glass"],
        );
        check(
            "下一次体检在哪里？",
            HAN,
            &["2026-03-10起的下一次: 日期: 2026-03-15 | 地点: 西区"],
        );
        check(
            "上次体检是什么时候？",
            HAN,
            &["2026-03-10前的上一次: 日期: 2026-02-01 | 地点: 东区"],
        );
        check(
            "When is the next fair?",
            "Fairs:\n- Spring fair: 2026-03-01\n- Summer fair: 2026-06-01",
            &["next from 2026-03-10 on: Summer fair: 2026-06-01"],
        );
    }

    #[test]
    fn parts_and_sentences_have_their_turn() {
        check(
            "Who took the notes at the last meeting?",
            MINUTES,
            &["last before 2026-03-10: 2026-02-09 | Notes: Cy."],
        );
        check(
            "Who is in the chair at the next meeting?",
            MINUTES,
            &["next from 2026-03-10 on: 2026-04-13 | Chair: Cy."],
        );
        check(
            "When was the last inspection of the boiler?",
            NOTES,
            &["last before 2026-03-10: The boiler was inspected on 3 February 2026."],
        );
    }

    #[test]
    fn nothing_has_its_turn_where_that_is_not_clear() {
        // A time, another thing, no day of that kind, or no year.
        check("Where is it next Saturday?", CALENDAR, &[]);
        check("What was there last week?", CALENDAR, &[]);
        check("When is the next concert?", CALENDAR, &[]);
        check("When was the last members' meeting?", CALENDAR, &[]);
        check("Where is the board meeting?", CALENDAR, &[]);
        check(
            "When is the next delivery after the last one?",
            CALENDAR,
            &[],
        );
        check(
            "When are the next bins collected?",
            &BINS.replace(" 2026", ""),
            &[],
        );
        // Rows and parts may be missing.
        check(
            "When is the next delivery?",
            &format!("{CALENDAR}\n  …"),
            &[],
        );
        check(
            "Who took the notes at the last meeting?",
            &format!("{MINUTES}\n  …"),
            &[],
        );
        // The column is asked for by its name.
        check(
            "When is the next service of the lift?",
            "Machine | Next service\nLift | 2026-02-01\nMill | 2026-05-01",
            &[],
        );
        check(
            "When is the next inspection of the boiler?",
            &NOTES.replace("is on", "was moved to"),
            &[],
        );
        check("下次我们在哪里吃饭？", HAN, &[]);
        check("下个月有什么？", HAN, &[]);
        check("上次说的体检在哪？", HAN, &[]);
        check("", CALENDAR, &[]);
        assert!(of_the_turn("Where is the next board meeting?", CALENDAR, None).is_empty());
    }
}
