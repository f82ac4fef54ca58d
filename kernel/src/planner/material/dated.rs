//! The part of a text below a heading with a day, where a task names that day or its month: of the minutes
//! of several meetings a small model reads the first.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::names::words;
use super::passage::{GAP, passage_id};
use super::when::wanted;
use crate::planner::facts::sentences;
use crate::written::days::{Written, written};

/// Characters of a part that is said.
const CHARS_MAX: usize = 300;
/// Characters of a line that is a heading because it has a day and ends no sentence.
const HEADING_CHARS_MAX: usize = 40;
/// A year that has every day.
const LEAP: i32 = 2024;

/// The part of `text` that is of the day or the month which `task` names, behind its heading. `None`
/// where none or several are, where it is long, and where the text has no other part with a day.
pub(super) fn part_of_the_day(task: &str, text: &str) -> Option<String> {
    let wanted = wanted(task)?;
    let parts = parts(text);
    let dated = parts.iter().filter_map(|(day, part)| {
        let day = day.in_year(day.year.unwrap_or(LEAP))?;
        Some((day, part))
    });
    let dated: Vec<(NaiveDate, &String)> = dated.collect();
    let days: BTreeSet<NaiveDate> = dated.iter().map(|(day, _)| *day).collect();
    let is_it = |day: &NaiveDate| {
        day.month() == wanted.month && wanted.day.is_none_or(|of_month| of_month == day.day())
    };
    let mut found = dated.iter().filter(|(day, _)| is_it(day));
    let (_, part) = found
        .next()
        .filter(|_| found.next().is_none() && days.len() > 1)?;
    asked_of(task, part)
}

/// What `task` asks for of `part`, or all of it. `None` where it is long, or something is left out.
pub(super) fn asked_of(task: &str, part: &str) -> Option<String> {
    let is_long = part.chars().count() > CHARS_MAX || part.contains(GAP);
    (!is_long).then(|| only_the_named(task, part).unwrap_or_else(|| part.to_owned()))
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
pub(super) fn parts(text: &str) -> Vec<(Written, String)> {
    let mut parts: Vec<(Option<Written>, Vec<&str>)> = Vec::new();
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

/// The only day in `line`.
fn day_of(line: &str) -> Option<Written> {
    let mut days = written(line);
    match days.len() {
        1 => days.pop(),
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
        check("May I take notes?", CLUB, None);
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
