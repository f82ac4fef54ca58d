//! The part of a text below a heading with a day, where a task names that day or its month: of the minutes
//! of several meetings a small model reads the first.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use regex::Regex;

use super::names::words;
use super::passage::{GAP, passage_id};
use crate::pattern::laid_out;
use crate::planner::facts::sentences;
use crate::written::{days, numbers};

/// Characters of a part that is said.
const CHARS_MAX: usize = 300;
/// Characters of a line that is a heading because it has a day and ends no sentence.
const HEADING_CHARS_MAX: usize = 40;
/// A year that has every day.
const LEAP: i32 = 2024;

/// A month, and a day of it where that is named too.
type Wanted = (u32, Option<u32>);

/// The part of `text` that is of the day or the month which `task` names, behind its heading. `None`
/// where none or several are, where it is long, and where the text has no other part with a day.
pub(super) fn part_of_the_day(task: &str, text: &str) -> Option<String> {
    let wanted = wanted(task)?;
    let parts = parts(text);
    let days: BTreeSet<NaiveDate> = parts.iter().map(|(day, _)| *day).collect();
    let is_it = |day: &NaiveDate| {
        day.month() == wanted.0 && wanted.1.is_none_or(|of_month| of_month == day.day())
    };
    let mut found = parts.iter().filter(|(day, _)| is_it(day));
    let (_, part) = found
        .next()
        .filter(|_| found.next().is_none() && days.len() > 1)?;
    let is_long = part.chars().count() > CHARS_MAX || part.contains(GAP);
    (!is_long).then(|| only_the_named(task, part).unwrap_or_else(|| part.clone()))
}

/// Of a `part` that says "chair: Bo" and the like only what the task names, behind the heading.
fn only_the_named(task: &str, part: &str) -> Option<String> {
    let told = words(task);
    let (heading, rest) = part.split_once(": ")?;
    let sentences = sentences(rest);
    let mut named = sentences.iter().filter(|sentence| {
        let name = sentence
            .split_once([':', '：'])
            .map(|(name, _)| words(name));
        let is_said = |name: &Vec<String>| told.windows(name.len()).any(|some| some == &name[..]);
        name.is_some_and(|name| !name.is_empty() && is_said(&name))
    });
    let only = named.next().filter(|_| named.next().is_none())?;
    Some(format!("{heading} | {}", only.trim()))
}

/// The parts of `text` whose headings have a day, each in one line behind it.
fn parts(text: &str) -> Vec<(NaiveDate, String)> {
    let mut parts: Vec<(Option<NaiveDate>, Vec<&str>)> = Vec::new();
    for line in text.lines().map(str::trim) {
        let heading = line.starts_with('#') || passage_id(line).is_some();
        let day = day_of(line).filter(|_| heading || is_short(line));
        let bare = line.trim_start_matches('#').trim();
        if heading || day.is_some() {
            parts.push((day, vec![bare]));
        } else if let Some((_, lines)) = parts.last_mut().filter(|_| !line.is_empty()) {
            lines.push(line);
        }
    }
    let dated = parts.into_iter().filter(|(_, lines)| lines.len() > 1);
    let said = dated.filter_map(|(day, lines)| {
        let (heading, rest) = lines.split_first()?;
        Some((day?, format!("{heading}: {}", rest.join(" "))))
    });
    said.collect()
}

fn is_short(line: &str) -> bool {
    let ends = line.ends_with(['.', '!', '?', '。', '！', '？']);
    let has_cells = line.contains(['|', '\t', ';', ',', '，']);
    !ends && !has_cells && line.chars().count() <= HEADING_CHARS_MAX
}

/// The only day in `line`; one without a year is of a leap year.
fn day_of(line: &str) -> Option<NaiveDate> {
    let written = days::written(line);
    match &written[..] {
        [day] => day.in_year(day.year.unwrap_or(LEAP)),
        _ => None,
    }
}

/// The day or the month that `task` names, if it names one.
fn wanted(task: &str) -> Option<Wanted> {
    static MONTH: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"\b(?:(?P<jan>January)|(?P<feb>February)|(?P<mar>March)|(?P<apr>April)|(?P<may>May)|(?P<jun>June)|(?P<jul>July)
            |(?P<aug>August)|(?P<sep>September)|(?P<oct>October)|(?P<nov>November)|(?P<dec>December))\b
            |(?P<number>\d{1,2}|十[一二]?|[一二三四五六七八九])月",
        )
    });
    if let [day] = &days::written(task)[..] {
        let day = day.in_year(day.year.unwrap_or(LEAP))?;
        return Some((day.month(), Some(day.day())));
    }
    let mut months: Vec<u32> = Vec::new();
    for found in MONTH.captures_iter(task) {
        let month = match found.name("number") {
            Some(number) => {
                let number = number.as_str();
                number.parse().ok().or_else(|| numbers::han_count(number))?
            }
            None => (1..=12).find(|at| found.get(*at as usize).is_some())?,
        };
        months.push(month);
    }
    months.dedup();
    match months[..] {
        [month] if (1..=12).contains(&month) => Some((month, None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUB: &str = "[d1: Mill club]\n  # Meetings\n\n  ## 2026-05-12\n  Chair: Ida. Notes: Bo.\n\n  ## 2026-06-09\n  \
        Chair: Bo. Notes: Cy.\n  The wheel was spoken of.\n\n  ## 2026-07-14\n  Chair: Cy.\n  (club.md)";
    const JOURNAL: &str = "5月3日\n磨了两袋麦。\n6月1日\n修了水轮。\n";

    #[test]
    fn the_part_of_a_month_is_found() {
        let check = |task: &str, text: &str, want: Option<&str>| {
            assert_eq!(part_of_the_day(task, text).as_deref(), want, "{task}");
        };
        let june = "2026-06-09: Chair: Bo. Notes: Cy. The wheel was spoken of.";
        check("Who wrote at the meeting in June?", CLUB, Some(june));
        check(
            "Who took the notes at the meeting in June?",
            CLUB,
            Some("2026-06-09 | Notes: Cy."),
        );
        check(
            "Who was in the chair on 9 June?",
            CLUB,
            Some("2026-06-09 | Chair: Bo."),
        );
        check(
            "Who was in the chair and who took notes on 9 June?",
            CLUB,
            Some(june),
        );
        check("六月开会说了什么？", CLUB, Some(june));
        check("6月做了什么？", JOURNAL, Some("6月1日: 修了水轮。"));
        check("Who took notes at the meeting in August?", CLUB, None);
        check("Who took notes on 10 June?", CLUB, None);
        check("Who took notes in May and in June?", CLUB, None);
        check("Who may take notes?", CLUB, None);
        check("Who took notes?", CLUB, None);
        check(
            "Who took notes in June?",
            &CLUB.replace("05-12", "06-02"),
            None,
        );
        check("Who took notes in June?", "## 2026-06-09\nChair: Bo.", None);
        check(
            "What was paid in June?",
            "2026-05-01, rye, 4\n2026-06-01, oats, 5\n2026-07-01, rye, 6",
            None,
        );
        check("", "", None);
    }
}
