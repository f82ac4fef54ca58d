//! Dates in the cells of a table, and the day or the month that a task names: a small model does not see
//! that 2026-03-14 is in March.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use regex::{Captures, Regex};

use super::table::Table;
use crate::pattern::{laid_out, pattern};
use crate::written::{days, numbers};

/// Rows of one month that are said.
const ROWS_MAX: usize = 3;
/// The fewest dates of a column.
const DATES_MIN: usize = 2;
/// Letters of a cell beside its date: those of a weekday.
const LETTERS_MAX: usize = 10;
/// A year that has every day.
const LEAP: i32 = 2024;

/// The day or the month that a task names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Wanted {
    /// The year, where the task names one and no other.
    pub(super) year: Option<i32>,
    /// The month, from 1 on.
    pub(super) month: u32,
    /// The day of the month; `None` where all of it is meant.
    pub(super) day: Option<u32>,
}

/// A date in a cell, as far as it is written there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct When {
    year: Option<i32>,
    month: u32,
    day: Option<u32>,
}

impl When {
    /// Whether it may be what was `wanted`.
    fn is(&self, wanted: &Wanted) -> bool {
        let is_year = match (self.year, wanted.year) {
            (Some(year), Some(other)) => year == other,
            _ => true,
        };
        is_year && self.month == wanted.month && (wanted.day.is_none() || self.day == wanted.day)
    }

    /// Its day, in `year` where the cell names none. `None` where it is a month.
    pub(super) fn date(&self, year: Option<i32>) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(self.year.or(year)?, self.month, self.day?)
    }

    /// Its day or the first one of its month, in `year` where the cell names none.
    pub(super) fn begins(&self, year: Option<i32>) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(self.year.or(year)?, self.month, self.day.unwrap_or(1))
    }

    /// Whether the cell names its year.
    pub(super) fn has_year(&self) -> bool {
        self.year.is_some()
    }
}

/// The day or the month that `task` names, if it names one.
pub(super) fn wanted(task: &str) -> Option<Wanted> {
    static MONTH: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"\b(?:(?P<jan>January)|(?P<feb>February)|(?P<mar>March)|(?P<apr>April)|(?P<may>May)|(?P<jun>June)|(?P<jul>July)
            |(?P<aug>August)|(?P<sep>September)|(?P<oct>October)|(?P<nov>November)|(?P<dec>December))\b
            |(?P<number>\d{1,2}|十[一二]?|[一二三四五六七八九])月",
        )
    });
    // "May I come?" asks for leave.
    static ASKS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^\s+(?:I|we|you|he|she|they|it|one|my|our|the)\b"));
    let year = only_year(task);
    if let [day] = &days::written(task)[..] {
        let date = day.in_year(day.year.unwrap_or(LEAP))?;
        return Some(Wanted {
            year: day.year.or(year),
            month: date.month(),
            day: Some(date.day()),
        });
    }
    let mut months: Vec<u32> = Vec::new();
    for found in MONTH.captures_iter(task) {
        let end = found.get(0)?.end();
        if found.name("may").is_some() && ASKS.is_match(&task[end..]) {
            continue;
        }
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
        [month] if (1..=12).contains(&month) => Some(Wanted {
            year,
            month,
            day: None,
        }),
        _ => None,
    }
}

/// The only year that `text` names.
pub(super) fn only_year(text: &str) -> Option<i32> {
    static YEAR: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?-u:\b)(?:19|20)[0-9]{2}(?-u:\b)"));
    let found = YEAR.find_iter(text);
    let years: BTreeSet<i32> = found
        .filter_map(|found| found.as_str().parse().ok())
        .collect();
    match years.len() {
        1 => years.first().copied(),
        _ => None,
    }
}

/// The rows of `table` that are of the day or the month which `task` names, as a table of its own, and its
/// column of dates. `None` where all rows are or none is, where several columns have dates, and where more
/// rows of the month may be missing.
pub(super) fn of_the_time(table: &Table, task: &str) -> Option<(Table, usize)> {
    let wanted = wanted(task)?;
    if table.has_gaps && wanted.day.is_none() {
        return None;
    }
    let (at, dates) = column_of_dates(table)?;
    let is_it = |row: &usize| dates[*row].is_some_and(|when| when.is(&wanted));
    let rows: Vec<Vec<String>> = (0..table.rows.len())
        .filter(is_it)
        .map(|row| table.rows[row].clone())
        .collect();
    let is_part = !rows.is_empty() && rows.len() < table.rows.len();
    is_part.then(|| (table.with_rows(rows), at))
}

/// Whether `task` names a day or a month, and `table` has dates of which none is of it.
pub(super) fn is_of_another_time(table: &Table, task: &str) -> bool {
    let found = wanted(task).zip(column_of_dates(table));
    found.is_some_and(|(wanted, (_, dates))| !dates.iter().flatten().any(|when| when.is(&wanted)))
}

/// The rows with the most `keys`, cells that a task names, where these are few.
pub(super) fn few_named(keys: &[BTreeSet<usize>]) -> Vec<usize> {
    let most = keys.iter().map(BTreeSet::len).max().unwrap_or_default();
    let named = (0..keys.len()).filter(|at| keys[*at].len() == most);
    let named: Vec<usize> = named.collect();
    match named.len() {
        1..=ROWS_MAX => named,
        _ => Vec::new(),
    }
}

/// The only column of `table` with dates, and what it has in each row.
pub(super) fn column_of_dates(table: &Table) -> Option<(usize, Vec<Option<When>>)> {
    let mut all = (0..table.head.len()).filter_map(|at| Some((at, dates(table, at)?)));
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

/// The dates in the column `at` of `table`, one for each row that has one. `None` where a cell has anything
/// else, and where it is not clear which number is the month.
pub(super) fn dates(table: &Table, at: usize) -> Option<Vec<Option<When>>> {
    let cells: Vec<&str> = table.rows.iter().map(|row| row[at].trim()).collect();
    let day_first = is_day_first(&cells);
    let read = |cell: &&str| match *cell {
        "" | "-" | "–" | "—" => Some(None),
        cell => date_in(cell, day_first).map(Some),
    };
    let dates: Vec<Option<When>> = cells.iter().map(read).collect::<Option<_>>()?;
    (dates.iter().flatten().count() >= DATES_MIN).then_some(dates)
}

/// Days with bars: 14/03/2026.
static BARS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?P<one>\d{1,2})[/-](?P<other>\d{1,2})[/-](?P<year>\d{4})$"));

/// Whether the day stands before the month where both are numbers; `None` where that is not clear.
fn is_day_first(cells: &[&str]) -> Option<bool> {
    let found = cells.iter().filter_map(|cell| BARS.captures(cell));
    let part = |found: &Captures<'_>, name: &str| found[name].parse::<u32>().unwrap_or_default();
    let pairs: Vec<(u32, u32)> = found
        .map(|found| (part(&found, "one"), part(&found, "other")))
        .collect();
    let days_come_first = pairs.iter().any(|(one, _)| *one > 12);
    let months_come_first = pairs.iter().any(|(_, other)| *other > 12);
    (days_come_first != months_come_first).then_some(days_come_first)
}

/// The date that `cell` is, with nothing beside it but a weekday and a time.
fn date_in(cell: &str, day_first: Option<bool>) -> Option<When> {
    if let Some(found) = BARS.captures(cell) {
        let (day, month) = match day_first? {
            true => ("one", "other"),
            false => ("other", "one"),
        };
        let (year, month) = (found["year"].parse().ok()?, found[month].parse().ok()?);
        let day: u32 = found[day].parse().ok()?;
        NaiveDate::from_ymd_opt(year, month, day)?;
        return Some(When {
            year: Some(year),
            month,
            day: Some(day),
        });
    }
    month_in(cell).or_else(|| day_in(cell))
}

/// The day that `cell` is.
fn day_in(cell: &str) -> Option<When> {
    static TIME: LazyLock<Regex> = LazyLock::new(|| pattern(r"T?\d{1,2}[:：]\d{2}(?::\d{2})?"));
    let written = days::written(cell);
    let [day] = &written[..] else {
        return None;
    };
    let rest = format!("{} {}", &cell[..day.at.start], &cell[day.at.end..]);
    let rest = TIME.replace(&rest, "");
    let is_alone = !rest.contains(char::is_numeric)
        && rest.chars().filter(|c| c.is_alphabetic()).count() <= LETTERS_MAX;
    let date = day.in_year(day.year.unwrap_or(LEAP)).filter(|_| is_alone)?;
    Some(When {
        year: day.year,
        month: date.month(),
        day: Some(date.day()),
    })
}

/// The month that `cell` is: 2026-03, 03.2026, March 2026, 2026年3月, 三月.
fn month_in(cell: &str) -> Option<When> {
    static FORMS: LazyLock<[Regex; 4]> = LazyLock::new(|| {
        [
            pattern(r"^(?P<year>(?:19|20)\d{2})[-/.](?P<month>\d{1,2})$"),
            pattern(r"^(?P<month>\d{1,2})[-/.](?P<year>(?:19|20)\d{2})$"),
            pattern(
                r"^(?:(?P<year>\d{4})\s?年\s?)?(?P<month>\d{1,2}|十[一二]?|[一二三四五六七八九])\s?月份?$",
            ),
            pattern(r"^(?P<month>[A-Za-z]{3,9})\.?(?:,?\s+(?P<year>\d{4}))?$"),
        ]
    });
    let found = FORMS.iter().find_map(|form| form.captures(cell))?;
    let name = &found["month"];
    let number = name.parse().ok().or_else(|| numbers::han_count(name));
    let month = number.or_else(|| days::month_named(name))?;
    let year = match found.name("year") {
        Some(year) => Some(year.as_str().parse().ok()?),
        None => None,
    };
    let when = When {
        year,
        month,
        day: None,
    };
    (1..=12).contains(&month).then_some(when)
}

#[cfg(test)]
mod tests {
    use super::super::table::tables;
    use super::*;

    #[test]
    fn rows_of_a_month_are_found_however_their_dates_are_written() {
        let check = |task: &str, cells: [&str; 3], want: &[usize]| {
            let rows: Vec<String> = (0..3)
                .map(|at| format!("\nR{at} | {}", cells[at]))
                .collect();
            let text = format!("Row | Date\n--- | ---{}", rows.concat());
            let table = tables(&text).remove(0);
            let rows = of_the_time(&table, task).map(|(part, _)| part.rows);
            let names: Vec<String> = rows
                .into_iter()
                .flatten()
                .map(|row| row[0].clone())
                .collect();
            let want: Vec<String> = want.iter().map(|at| format!("R{at}")).collect();
            assert_eq!(names, want, "{task} {cells:?}");
        };
        let march = "What was paid in March?";
        let iso = ["2026-02-10", "2026-03-14", "2026-03-20"];
        check(march, iso, &[1, 2]);
        check("三月付了多少？", iso, &[1, 2]);
        check("What was paid on 14 March?", iso, &[1]);
        check("What was paid on 2026-03-20?", iso, &[2]);
        check(march, ["02.2026", "03.2026", "04.2026"], &[1]);
        check(march, ["2026-02", "2026-03", "2026-04"], &[1]);
        check(march, ["14/02/2026", "13/03/2026", "02/03/2026"], &[1, 2]);
        check(march, ["03/14/2026", "04/13/2026", "05/02/2026"], &[0]);
        check(march, ["2月10日", "3月14日", "4月2日"], &[1]);
        check(march, ["February", "March", "April"], &[1]);
        check(march, ["Mon, 9 Feb 2026", "Sat, 14 Mar 2026", ""], &[1]);
        check(march, ["2026-02-10 9:00", "2026-03-14 18:30", "-"], &[1]);
        // Of the year that is named.
        let years = ["2025-03-14", "2026-03-14", "2026-04-14"];
        check(march, years, &[0, 1]);
        check("What was paid in March 2026?", years, &[1]);
        // Not clear which number is the month, other cells, all rows or none.
        check(march, ["03/04/2026", "04/03/2026", "05/03/2026"], &[]);
        check(march, ["1-31 March", "2026-03-14", "2026-04-14"], &[]);
        check(march, ["soon", "2026-03-14", "2026-04-14"], &[]);
        check(march, ["2026-03-01", "2026-03-14", "2026-03-20"], &[]);
        check("What was paid in May?", iso, &[]);
        check("What was paid in February and in March?", iso, &[]);
        check("What was paid?", iso, &[]);
        check("", iso, &[]);
    }

    #[test]
    fn a_month_is_none_where_a_word_is_meant() {
        let check = |task: &str, want: Option<(Option<i32>, u32, Option<u32>)>| {
            let wanted = wanted(task).map(|found| (found.year, found.month, found.day));
            assert_eq!(wanted, want, "{task}");
        };
        check("Who came in May?", Some((None, 5, None)));
        check("May I come in June?", Some((None, 6, None)));
        check("May I come?", None);
        check("Who may come?", None);
        check("十二月谁来？", Some((None, 12, None)));
        check("Who came in June 2026?", Some((Some(2026), 6, None)));
        check("Who came on 3 June 2026?", Some((Some(2026), 6, Some(3))));
        check("Who came in 2026?", None);
    }

    #[test]
    fn a_month_is_not_whole_where_rows_are_missing() {
        let rows = "Row,Date,Sum\n…\nR0,2026-02-10,4\nR1,2026-03-14,5\nR2,2026-03-20,6";
        let table = tables(rows).remove(0);
        assert!(table.has_gaps);
        assert!(of_the_time(&table, "What was paid in March?").is_none());
        assert!(of_the_time(&table, "What was paid on 14 March?").is_some());
    }
}
