//! The rows of a table that fit the condition of a task. Where it is not clear which columns are
//! meant, where rows may be missing, or where many fit, none is said.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::condition::Condition;
use super::measure::{Measure, fit, is_time, of_head, of_text, without_per};
use super::names::words;
use super::row::in_words;
use super::table::Table;
use crate::pattern::{HAN, laid_out, pattern};
use crate::planner::shared_words::telling_words;

/// Rows that are said.
const ROWS_MAX: usize = 3;
/// The fewest numbers of a column.
const NUMBERS_MIN: usize = 2;
/// How many times larger or smaller values of the same order are.
const ORDER: f64 = 10.0;
/// Years, which are numbers of another kind.
const YEARS: std::ops::RangeInclusive<f64> = 1_900.0..=2_100.0;

/// A column of numbers.
struct Column {
    at: usize,
    /// Its numbers, one for each row that has one.
    values: Vec<Option<f64>>,
    measure: Option<Measure>,
    /// Whether they count something that is no measure: "8 men".
    counts: bool,
    /// Whether its name shares a word with the task.
    is_named: bool,
}

/// The rows of `table` that fit the `condition` of `task`, whose words are `told`, each in words
/// behind the condition. Of the rows only those with the most `keys`, cells that the task names,
/// count, and of these those that `has` what else it says. `None` where none fits, or more than three do.
pub(super) fn rows_that_fit(
    table: &Table,
    condition: &Condition,
    task: &str,
    told: &[String],
    keys: &[BTreeSet<usize>],
    has: &[bool],
) -> Option<Vec<String>> {
    if table.has_gaps || counts_rows(table, condition) {
        return None;
    }
    let columns = columns_meant(columns_of_numbers(table, told, &condition.thing), condition)?;
    if adds_up(table, task, &columns) {
        return None;
    }
    let fits = |at: usize| {
        let mut values = columns.iter().filter_map(|column| column.values[at]);
        values.any(|value| condition.holds(value))
    };
    let most = keys.iter().map(BTreeSet::len).max()?;
    let is_meant = |at: &usize| keys[*at].len() == most && has[*at] && !is_a_sum(&table.rows[*at]);
    let fitting = (0..table.rows.len()).filter(|at| is_meant(at) && fits(*at));
    let fitting: Vec<usize> = fitting.collect();
    if !(1..=ROWS_MAX).contains(&fitting.len()) {
        return None;
    }
    let line = |at: usize| Some(format!("{}: {}", condition.said, in_words(table, at)?));
    fitting.into_iter().map(line).collect()
}

/// Whether `row` says what the others come to.
pub(super) fn is_a_sum(row: &[String]) -> bool {
    static SUMS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^\W*(?:(?:sub|grand)?[\s-]?totals?|sum|averages?|mean|overall|all)\W*$
            |^(?:合计|总计|小计|共计|总和|平均)",
        )
    });
    row.first().is_some_and(|cell| SUMS.is_match(cell))
}

/// Whether the number of `condition` counts rows of `table`: "at least 3 suppliers".
fn counts_rows(table: &Table, condition: &Condition) -> bool {
    let thing = words(&condition.thing);
    let is_of_words = |at: &usize| table.rows.iter().any(|row| has_letters_only(&row[*at]));
    let mut heads = (0..table.head.len()).filter(is_of_words);
    !thing.is_empty() && heads.any(|at| words(&table.head[at]) == thing)
}

fn has_letters_only(cell: &str) -> bool {
    cell.contains(char::is_alphabetic) && !cell.contains(char::is_numeric)
}

/// Whether `task` asks for what several rows come to, and that is none of `columns`.
fn adds_up(table: &Table, task: &str, columns: &[Column]) -> bool {
    static SUMS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:totals?|altogether|together|combined|averages?|on\s+average|means?|sums?)\b
            |总|平均|一共|合计|共计",
        )
    });
    let is_named = |word: &str| {
        let mut heads = columns
            .iter()
            .map(|column| table.head[column.at].to_lowercase());
        heads.any(|head| head.contains(word))
    };
    let mut sums = SUMS.find_iter(task);
    sums.any(|found| !is_named(&found.as_str().to_lowercase()))
}

/// The `columns` that `condition` is of: those of its measure, of these those that the task names;
/// without both, those whose values are of its order.
fn columns_meant(columns: Vec<Column>, condition: &Condition) -> Option<Vec<Column>> {
    let measure = condition.measure;
    let is_of_it = |column: &Column| matches!((column.measure, measure), (Some(one), Some(other)) if fit(one, other));
    let (of_it, others): (Vec<Column>, Vec<Column>) = columns.into_iter().partition(is_of_it);
    if !of_it.is_empty() {
        return one_measure(named_or_all(of_it));
    }
    if measure.is_some_and(is_time) {
        return None;
    }
    // Those of another measure are not meant.
    let may_be = |column: &Column| measure.is_none() || column.measure.is_none() && !column.counts;
    let others: Vec<Column> = others.into_iter().filter(may_be).collect();
    if others.iter().any(|column| column.is_named) {
        return one_measure(named_or_all(others));
    }
    // It counts something that is none of these columns.
    let thing = &condition.thing;
    let counts = thing.ends_with('s') || thing.starts_with(|c: char| HAN.contains(&c));
    if measure.is_none() && counts {
        return None;
    }
    let of_its_order = |column: &Column| is_of_the_order(column, condition.number);
    one_measure(others.into_iter().filter(of_its_order).collect())
}

/// Those of `columns` that the task names, or all where it names none.
fn named_or_all(mut columns: Vec<Column>) -> Vec<Column> {
    if columns.iter().any(|column| column.is_named) {
        columns.retain(|column| column.is_named);
    }
    columns
}

/// `columns`, where there is one or all measure the same. Of several that do not say what they
/// measure, such as an age and a score, nobody knows.
fn one_measure(columns: Vec<Column>) -> Option<Vec<Column>> {
    let first = columns.first()?.measure;
    let is_same = first.is_some() && columns.iter().all(|column| column.measure == first);
    (columns.len() == 1 || is_same).then_some(columns)
}

/// Whether the values of `column` are of the order of `number`. The first column names its rows.
fn is_of_the_order(column: &Column, number: f64) -> bool {
    let mut values: Vec<f64> = column.values.iter().flatten().copied().collect();
    values.sort_by(f64::total_cmp);
    let are_years = values
        .iter()
        .all(|value| YEARS.contains(value) && value.fract() == 0.0);
    let Some(middle) = values.get(values.len() / 2).map(|value| value.abs()) else {
        return false;
    };
    let (least, most) = (number.abs() / ORDER, number.abs() * ORDER);
    column.at > 0 && !are_years && number != 0.0 && (least..=most).contains(&middle)
}

/// The columns of numbers in `table`, but for those that number or date its rows.
fn columns_of_numbers(table: &Table, told: &[String], thing: &str) -> Vec<Column> {
    let column = |at: usize| {
        let head = &table.head[at];
        let (values, unit) = values(table, at).filter(|_| !numbers_rows(head))?;
        let measure = of_head(head).or_else(|| of_text(&unit));
        Some(Column {
            at,
            values,
            measure,
            counts: measure.is_none() && !unit.is_empty(),
            is_named: shares_a_word(head, told) || is_of_thing(head, &unit, thing),
        })
    };
    (0..table.head.len()).filter_map(column).collect()
}

/// Whether a column that is called `head`, with this `unit` beside its numbers, has as many of a `thing` as
/// its numbers say: 人 below 人数, people below "seats".
fn is_of_thing(head: &str, unit: &str, thing: &str) -> bool {
    static PEOPLE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^(?:people|persons?|guests?|places?|seats?|人|座位?|位)$"));
    static PLACES: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)\b(?:seats?|places?|capacity|people|persons?|guests?)\b|人数|容量|座位|容纳")
    });
    let is_han = thing.starts_with(|c: char| HAN.contains(&c));
    let is_said = unit == thing || is_han && head.contains(thing);
    !thing.is_empty() && (is_said || PEOPLE.is_match(thing) && PLACES.is_match(head))
}

/// Whether a column that is called `head` numbers or dates the rows.
pub(super) fn numbers_rows(head: &str) -> bool {
    static NAMES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^\s*(?:ids?|no\.?|nr\.?|№|\#|numbers?|codes?|zip|postcode|phone|telephone|tel\.?|year|day|date|month|week|room|row
            |日|日期|周|月|月份|年|年份|编号|序号|号码|电话|学号|工号|房间|房号)\s*$",
        )
    });
    NAMES.is_match(head)
}

/// The numbers in the column `at` of `table`, and the unit that stands beside them all. `None` where a
/// cell has more than a number with that unit.
pub(super) fn values(table: &Table, at: usize) -> Option<(Vec<Option<f64>>, String)> {
    static VALUE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^(?P<before>[€$£¥￥]|[A-Z]{3}\s)?\s?(?P<number>[-−+]?\d+(?:,\d{3})*(?:\.\d+)?)\s?(?P<behind>[^\d\s.,:/–-]{0,12})$",
        )
    });
    static DAYS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)^(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec|st$|nd$|rd$|th$|am$|pm$|[日号月点])",
        )
    });
    let mut units = BTreeSet::new();
    let mut values = Vec::new();
    for row in &table.rows {
        let cell = row[at].trim();
        if ["", "-", "–", "—", "n/a"].contains(&cell) {
            values.push(None);
            continue;
        }
        let found = VALUE.captures(cell)?;
        let part = |name: &str| found.name(name).map_or("", |part| part.as_str().trim());
        units.insert([part("before"), part("behind")].concat());
        let number = found["number"].replace([',', '+'], "").replace('−', "-");
        values.push(Some(number.parse::<f64>().ok()?));
    }
    let unit = units.pop_first().filter(|_| units.is_empty())?;
    let is_enough = values.iter().flatten().count() >= NUMBERS_MIN;
    (is_enough && !DAYS.is_match(&unit)).then_some((values, unit))
}

/// Whether the name `head` of a column shares a word with a task, whose words are `told`. Of
/// ideographs two have to stand side by side.
pub(super) fn shares_a_word(head: &str, told: &[String]) -> bool {
    let head = without_per(head);
    let is_han = |word: &String| word.contains(|c: char| HAN.contains(&c));
    let names = words(&head);
    let has_pair = |pair: &[String]| {
        pair.iter().all(is_han) && told.windows(pair.len()).any(|other| other == pair)
    };
    let is_shared = |word: &String| {
        let tells = word.len() > 2 && !telling_words(word).is_empty();
        tells && !is_han(word) && told.contains(word)
    };
    names.iter().any(is_shared) || names.windows(2).any(has_pair)
}

#[cfg(test)]
mod tests {
    use super::super::names::{named_cells, said};
    use super::super::table::tables;
    use super::*;

    const STORE: &str = "[d4] from file:log.md: «\n  …\n  | Date | Morning °C | Evening °C | Initials |\n  |---|---|---|---|\n  \
        | 2025-03-13 | 4.1 | 5.0 | AB |\n  | 2025-03-14 | 9.3 | 6.2 | CD |\n  | 2025-03-15 | 4.4 | 8.0 | AB |»";
    const ROOMS: &str = "Room;Seats;Rent;Built\nHall;120;900;1990\nLoft;40;300;2004\nDen;12;;2011\nBarn;80;450;1931";
    const TEA: &str = "茶,价格,重量\n绿茶,35元,200克\n红茶,40元,250克\n白茶,60元,100克";

    #[track_caller]
    fn check(task: &str, text: &str, want: &[&str]) {
        let told = words(task);
        let fitting = |table: Table| {
            let keys = named_cells(&table, &said(&table, &told));
            let has = vec![true; table.rows.len()];
            rows_that_fit(&table, &Condition::of(task)?, task, &told, &keys, &has)
        };
        let found = tables(text).into_iter().filter_map(fitting);
        let found: Vec<String> = found.flatten().collect();
        assert_eq!(found, want, "{task}");
    }

    #[test]
    fn rows_are_found_by_a_condition() {
        let warm = "above 8: Date: 2025-03-14 | Morning °C: 9.3 | Evening °C: 6.2 | Initials: CD";
        let day = "On which day in March did the seed store go above 8 degrees?";
        check(day, STORE, &[warm]);
        check("Who wrote the log when it was above 8?", STORE, &[warm]);
        let evening =
            "at least 8: Date: 2025-03-15 | Morning °C: 4.4 | Evening °C: 8.0 | Initials: AB";
        check("Which evening had at least 8 °C?", STORE, &[evening]);
        check(
            "Which room has fewer than 50 seats?",
            ROOMS,
            &[
                "fewer than 50: Room: Loft | Seats: 40 | Rent: 300 | Built: 2004",
                "fewer than 50: Room: Den | Seats: 12 | Built: 2011",
            ],
        );
        check(
            "Which rent is more than 800?",
            ROOMS,
            &["more than 800: Room: Hall | Seats: 120 | Rent: 900 | Built: 1990"],
        );
        check(
            "哪种茶超过50元？",
            TEA,
            &["超过50: 茶: 白茶 | 价格: 60元 | 重量: 100克"],
        );
        check(
            "哪种茶的重量不低于250？",
            TEA,
            &["不低于250: 茶: 红茶 | 价格: 40元 | 重量: 250克"],
        );
        check(
            "哪种茶35元以下？",
            TEA,
            &["35元以下: 茶: 绿茶 | 价格: 35元 | 重量: 200克"],
        );
        // People are counted below another word, and what all come to is none of them.
        check(
            "Which room is for more than 100 people?",
            &format!("{ROOMS}\nTotal;252;1650;"),
            &["more than 100: Room: Hall | Seats: 120 | Rent: 900 | Built: 1990"],
        );
        check(
            "50人以上的房间是哪间？",
            "房间;可容纳人数;租金\n大厅;120;900\n阁楼;40;300",
            &["50人以上: 房间: 大厅 | 可容纳人数: 120 | 租金: 900"],
        );
        check(
            "50人以上的房间是哪间？",
            "房间;容量;租金\n大厅;120人;900\n阁楼;40人;300",
            &["50人以上: 房间: 大厅 | 容量: 120人 | 租金: 900"],
        );
        // Of the rows that are named.
        check(
            "How much of rye was over 30 kg?",
            "Grain,Mill,kg\nRye,Old,35\nRye,New,20\nOats,Old,40",
            &["over 30: Grain: Rye | Mill: Old | kg: 35"],
        );
    }

    #[test]
    fn no_row_is_found_where_the_condition_may_be_of_others() {
        let check = |task: &str, text: &str| check(task, text, &[]);
        // Rows are missing, none fits, or many do.
        let day = "Which day was above 8 degrees?";
        check(day, &STORE.replace("AB |»", "AB |\n  …»"));
        check(day, &STORE.replace("  | 2025-03-14", "  …\n  | 2025-03-14"));
        check("Which day was above 12 degrees?", STORE);
        check("Which rooms have over 10 seats?", ROOMS);
        // Another measure, or another thing.
        check("Which day had above 8 kg?", STORE);
        check("Which rooms were let over 30 days?", ROOMS);
        check("Which has more than 3 doors?", ROOMS);
        check("Name at least 100 rooms.", ROOMS);
        check("哪种茶超过3家店有？", TEA);
        check("哪种茶超过50公斤？", TEA);
        // Seats or rent, an age or a score.
        check("Which has more than 100?", ROOMS);
        let scores = "Name;Age;Score\nIda;12;45\nBo;40;15\nUma;31;60";
        check("Who is under 18?", scores);
        // It counts men, and these are no metres.
        let crews = "Crew;Strength\nOne;8 men\nTwo;15 men\nThree;9 men";
        check("Which crew dug over 10 m?", crews);
        // Years, and numbers that are no values.
        check(
            "Which was above 2005?",
            "Room;Built\nHall;1990\nLoft;2004\nDen;2011",
        );
        check(
            "Which was above 12?",
            "Run;When\nOne;12 March\nTwo;13 March\nThree;9 March",
        );
        check(
            "Which was above 12?",
            "Run;When\nOne;12:30\nTwo;13:10\nThree;9:20",
        );
        check(
            "Which was above 12?",
            "Run;kg\nOne;12,5\nTwo;13,1\nThree;9,2",
        );
        // Sums of rows, the length of the answer, and what is turned round.
        check("Which have more than 100 seats altogether?", ROOMS);
        check("Describe the rooms in under 50 words.", ROOMS);
        check("Which room has not more than 50 seats?", ROOMS);
        check("Which room has above 30 and below 100 seats?", ROOMS);
        check("", ROOMS);
    }
}
