//! The values of a column as numbers that can be compared: money with its thousands parted, grams beside
//! kilograms, "1 h 20", times of day and days.

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate, Timelike};
use regex::{Captures, Regex};

use super::measure::{Measure, of_head, of_text};
use super::table::Table;
use super::units::{Kind, UNITS, known};
use super::when::dates;
use crate::pattern::{laid_out, pattern};
use crate::written::clock::time_of_day;

/// The fewest values of a column.
const VALUES_MIN: usize = 2;
/// The hour before which a time may be of the night before.
const NIGHT_ENDS: f64 = 4.0 * 60.0;
/// A year that has every day.
const LEAP: i32 = 2024;

/// What values are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sort {
    /// Days of the calendar.
    Day,
    /// Times of day.
    Clock,
    /// Money of one currency.
    Money,
    /// Degrees.
    Heat,
    /// Measured in units of one kind.
    Of(Kind),
    /// Other numbers of one kind.
    Count,
}

/// The values of a column, one for each row that has one.
#[derive(Debug, PartialEq)]
pub(super) struct Amounts {
    pub(super) values: Vec<Option<f64>>,
    pub(super) sort: Sort,
}

/// A number in a cell, and what stands beside it.
struct Measured {
    value: f64,
    measure: Option<Measure>,
    /// What stands beside it, where that is no unit of a known size.
    beside: String,
}

/// The values in the column `at` of `table`. `None` where a cell has anything else, or another unit that
/// cannot be converted, or where it is not clear which sign parts thousands.
pub(super) fn amounts(table: &Table, at: usize) -> Option<Amounts> {
    let head = &table.head[at];
    let cells: Vec<&str> = table.rows.iter().map(|row| row[at].trim()).collect();
    let given = cells.iter().filter(|cell| !is_empty(cell)).count();
    if given < VALUES_MIN {
        return None;
    }
    let days = of_days(table, at);
    let times = || of_clock(&cells, head);
    let terms = || each(&cells, term).map(|values| (values, Sort::Of(Kind::Time)));
    let (values, sort) = days
        .or_else(times)
        .or_else(terms)
        .or_else(|| of_numbers(&cells, head))?;
    Some(Amounts { values, sort })
}

/// Whether `cell` says that there is no value.
fn is_empty(cell: &str) -> bool {
    ["", "-", "–", "—", "n/a", "无"].contains(&cell)
}

/// What `read` makes of each of `cells`; `None` where it can make nothing of one.
fn each(cells: &[&str], read: impl Fn(&str) -> Option<f64>) -> Option<Vec<Option<f64>>> {
    let value = |cell: &&str| match is_empty(cell) {
        true => Some(None),
        false => read(cell).map(Some),
    };
    cells.iter().map(value).collect()
}

/// The days of a column, all with their years or all without.
fn of_days(table: &Table, at: usize) -> Option<(Vec<Option<f64>>, Sort)> {
    let dates = dates(table, at)?;
    let begins = |year: Option<i32>| -> Option<Vec<Option<f64>>> {
        let day = |date: NaiveDate| f64::from(date.num_days_from_ce());
        let all = dates.iter().map(|when| match when {
            Some(when) => when.begins(year).map(|date| Some(day(date))),
            None => Some(None),
        });
        all.collect()
    };
    let without_years = dates.iter().flatten().all(|when| !when.has_year());
    let year = without_years.then_some(LEAP);
    begins(year).map(|values| (values, Sort::Day))
}

/// The times of a column, in minutes; below the name of a length they say how long something takes.
fn of_clock(cells: &[&str], head: &str) -> Option<(Vec<Option<f64>>, Sort)> {
    static LENGTHS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:durations?|lengths?|takes?|lasts?|travel(?:ling)?\s+times?|times?\s+taken|hours|h)\b|时长|用时|耗时|历时",
        )
    });
    let values = each(cells, |cell| time(cell).map(|(minutes, _)| minutes))?;
    if LENGTHS.is_match(head) {
        return Some((values, Sort::Of(Kind::Time)));
    }
    let halves = cells.iter().filter_map(|cell| time(cell));
    let halves: Vec<bool> = halves.map(|(_, has_half)| has_half).collect();
    // Half past six may be in the morning or not; half past twelve at night is late.
    let is_clear = halves.iter().all(|half| *half == halves[0]);
    let is_by_day = values
        .iter()
        .flatten()
        .all(|minutes| *minutes >= NIGHT_ENDS);
    (is_clear && is_by_day).then_some((values, Sort::Clock))
}

/// The time that `cell` is, in minutes, and whether it says of which half of the day.
fn time(cell: &str) -> Option<(f64, bool)> {
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^(?P<early>上午|早上|凌晨)?(?P<late>下午|晚上|傍晚)?\s?(?P<hour>\d{1,2})
            (?:[:：](?P<minute>\d{2})|点(?:(?P<han>\d{1,2})分?|(?P<half>半))?)?\s?(?P<part>[ap]\.?m\.?)?$",
        )
    });
    let found = TIME.captures(cell)?;
    let part = |name: &str| found.name(name).map(|part| part.as_str());
    let has_sign = cell.contains([':', '：', '点']) || part("part").is_some();
    let hour: u32 = found["hour"].parse().ok()?;
    let minute = part("minute").or(part("han"));
    let minute = match (minute, part("half")) {
        (Some(minute), _) => minute.parse().ok()?,
        (None, Some(_)) => 30,
        (None, None) => 0,
    };
    let half = part("part")
        .or(part("early").map(|_| "am"))
        .or(part("late").map(|_| "pm"));
    let time = time_of_day(hour, minute, half).filter(|_| has_sign)?;
    let minutes = time.hour() * 60 + time.minute();
    Some((f64::from(minutes), half.is_some()))
}

/// How long "1 h 20" is, in seconds. `None` where hours are not named.
fn term(cell: &str) -> Option<f64> {
    static TERM: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^(?:(?P<hours>\d+(?:\.\d+)?)\s?(?:h(?:(?:ou)?rs?)?|个?小时|个?钟头)(?:\s?(?P<rest>\d{1,2})\s?(?:m(?:in(?:ute)?s?)?|分钟?)?|(?P<half>半))?
            |(?P<minutes>\d+(?:\.\d+)?)\s?(?:min(?:ute)?s?|分钟?))\.?$",
        )
    });
    let found = TERM.captures(cell)?;
    let part = |name: &str| -> Option<f64> { found.name(name)?.as_str().parse().ok() };
    let half = found.name("half").map_or(0.0, |_| 0.5);
    match part("hours") {
        Some(hours) => Some((hours + half) * 3_600.0 + part("rest").unwrap_or(0.0) * 60.0),
        None => Some(part("minutes")? * 60.0),
    }
}

/// The numbers of a column, in the base of their units.
fn of_numbers(cells: &[&str], head: &str) -> Option<(Vec<Option<f64>>, Sort)> {
    let has_comma = has_decimal_comma(cells)?;
    let read = |cell: &&str| match is_empty(cell) {
        true => Some(None),
        false => measured(cell, has_comma).map(Some),
    };
    let read: Vec<Option<Measured>> = cells.iter().map(read).collect::<Option<_>>()?;
    let first = read.iter().flatten().next()?;
    let sort = sort_of(first.measure.or_else(|| of_head(head)));
    let is_alike = |other: &Measured| {
        let has_unit = other.measure.is_some() == first.measure.is_some();
        let is_same_sort = other.measure.is_none() || sort_of(other.measure) == sort;
        has_unit && is_same_sort && other.beside == first.beside
    };
    let values = || read.iter().map(|read| read.as_ref().map(|read| read.value));
    read.iter()
        .flatten()
        .all(is_alike)
        .then(|| (values().collect(), sort))
}

/// What values with this `measure` are.
fn sort_of(measure: Option<Measure>) -> Sort {
    match measure {
        Some(Measure::Money(_)) => Sort::Money,
        Some(Measure::Degrees) => Sort::Heat,
        Some(Measure::Unit("month" | "year")) => Sort::Of(Kind::Time),
        Some(Measure::Unit(name)) => match UNITS.iter().find(|unit| unit.is == name) {
            Some(unit) if unit.of == Kind::Temperature => Sort::Heat,
            Some(unit) => Sort::Of(unit.of),
            None => Sort::Count,
        },
        Some(Measure::Share) | None => Sort::Count,
    }
}

/// A number as people part it.
const NUMBER: &str = r"\d(?:[\d.,'’\u{a0}\u{202f} ]*\d)?";

/// The number that `cell` is, with a currency before it or a unit behind.
fn measured(cell: &str, has_comma: bool) -> Option<Measured> {
    static CELL: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"^(?P<before>[€$£¥￥]|[A-Z]{{3}}\s)?\s?(?P<sign>[-−+])?(?P<number>{NUMBER})\s?(?P<large>[万亿])?\s?(?P<behind>[^\d\s.,:;/–-][^\d:;,–-]{{0,15}})?$"
        ))
    });
    let found = CELL.captures(cell)?;
    let part = |name: &str| found.name(name).map_or("", |part| part.as_str().trim());
    let (thousands, decimal) = if has_comma { ('.', ',') } else { (',', '.') };
    let apart = |c: char| c == thousands || "'’ \u{a0}\u{202f}".contains(c);
    let number = found["number"].replace(apart, "").replace(decimal, ".");
    let number: f64 = number.parse().ok()?;
    let sign = if ["-", "−"].contains(&part("sign")) {
        -1.0
    } else {
        1.0
    };
    let large = match part("large") {
        "万" => 1e4,
        "亿" => 1e8,
        _ => 1.0,
    };
    let beside = [part("before"), part("behind")].concat();
    let size = known(&beside).and_then(|unit| unit.size);
    Some(Measured {
        value: sign * number * large * size.unwrap_or(1.0),
        measure: of_text(&beside),
        beside: match size {
            Some(_) => String::new(),
            None => beside,
        },
    })
}

/// Whether a comma stands before the decimals of `cells`, and a full stop between thousands. `None` where
/// both do, or a full stop before three digits may be either.
fn has_decimal_comma(cells: &[&str]) -> Option<bool> {
    static PARTED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"\d+(?P<parts>(?:[.,]\d{3})*)(?:(?P<sign>[.,])(?P<digits>\d+))?")
    });
    let (mut by_comma, mut by_stop, mut is_open) = (false, false, false);
    let found = cells.iter().filter_map(|cell| PARTED.captures(cell));
    let part = |found: &Captures<'_>, name: &str| {
        found.name(name).map_or("", |part| part.as_str()).to_owned()
    };
    for found in found {
        let (parts, sign) = (part(&found, "parts"), part(&found, "sign"));
        by_comma |= sign == "," || parts.matches('.').count() > 1;
        by_stop |= sign == "." || parts.matches(',').count() > 1;
        is_open |= sign.is_empty() && parts.matches('.').count() == 1 && !parts.contains(',');
    }
    match (by_comma, by_stop) {
        (true, true) => None,
        (false, false) if is_open => None,
        _ => Some(by_comma),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::tables;
    use super::*;

    /// The values below `head`, and what they are.
    fn read(head: &str, cells: &[&str]) -> Option<(Vec<f64>, Sort)> {
        let rows = cells.iter().map(|cell| format!("\n| R | {cell} |"));
        let text = format!("| Row | {head} |\n|---|---|{}", rows.collect::<String>());
        let found = amounts(&tables(&text).remove(0), 1)?;
        Some((found.values.into_iter().flatten().collect(), found.sort))
    }

    #[test]
    fn values_are_read_in_one_measure() {
        let check = |head: &str, cells: &[&str], want: &[f64], sort: Sort| {
            assert_eq!(read(head, cells), Some((want.to_vec(), sort)), "{cells:?}");
        };
        let time = Sort::Of(Kind::Time);
        check(
            "Time",
            &["1 h 20", "80 min", "2 h"],
            &[4_800.0, 4_800.0, 7_200.0],
            time,
        );
        check(
            "时长",
            &["1小时20分", "50分钟", "2个小时"],
            &[4_800.0, 3_000.0, 7_200.0],
            time,
        );
        check("Duration", &["1:20", "0:45"], &[80.0, 45.0], time);
        check("Leaves", &["9:30", "18:05"], &[570.0, 1_085.0], Sort::Clock);
        check("Leaves", &["9 am", "1:30 pm"], &[540.0, 810.0], Sort::Clock);
        check(
            "开车",
            &["上午9点", "下午2点半"],
            &[540.0, 870.0],
            Sort::Clock,
        );
        check(
            "Size",
            &["500 g", "1.5 kg", "2 kg"],
            &[500.0, 1_500.0, 2_000.0],
            Sort::Of(Kind::Mass),
        );
        check(
            "重量",
            &["2斤", "800克"],
            &[1_000.0, 800.0],
            Sort::Of(Kind::Mass),
        );
        check(
            "Price",
            &["€1,234.50", "€980.00"],
            &[1_234.5, 980.0],
            Sort::Money,
        );
        check(
            "Preis",
            &["1.234,50 €", "980,00 €"],
            &[1_234.5, 980.0],
            Sort::Money,
        );
        check(
            "Price",
            &["1 234 kr", "980 kr"],
            &[1_234.0, 980.0],
            Sort::Money,
        );
        check(
            "Price",
            &["1,234", "980", "-"],
            &[1_234.0, 980.0],
            Sort::Money,
        );
        check(
            "价格",
            &["1.2万元", "9800元"],
            &[12_000.0, 9_800.0],
            Sort::Money,
        );
        check("Seats", &["40", "55"], &[40.0, 55.0], Sort::Count);
        check("Night", &["-3 °C", "4 °C"], &[-3.0, 4.0], Sort::Heat);
        let (days, sort) = read("When", &["2026-03-14", "2026-04-01"]).unwrap();
        assert_eq!((days[1] - days[0], sort), (18.0, Sort::Day));
    }

    #[test]
    fn what_cannot_be_compared_is_no_value() {
        let check = |head: &str, cells: &[&str]| assert_eq!(read(head, cells), None, "{cells:?}");
        check("Size", &["500 g", "2 m"]);
        check("Size", &["500 g", "2"]);
        check("Price", &["€5", "$4"]);
        check("Price", &["1.234", "980"]);
        check("Price", &["1,50", "1.50"]);
        check("Days", &["7-9", "10"]);
        check("Size", &["about 5", "6"]);
        check("Leaves", &["9:30", "6:15 pm"]);
        check("Leaves", &["23:50", "0:15"]);
        check("Name", &["Ida", "Bo"]);
        check("Seats", &["40", ""]);
        check("When", &["2026-03-14", "4 May"]);
    }
}
