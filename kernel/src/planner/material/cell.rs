//! What a task asks for in a table: the cell, by the names of its row and its column; the row, where
//! it does not name one column; the rows that fit its condition; and the row that a number is of. A
//! small model takes the value of another row, and says how much where it is asked who. Where two rows
//! could be meant, nothing is said.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::column::column;
use super::condition::Condition;
use super::described::described_row;
use super::fitting::rows_that_fit;
use super::matching::{has_what_is_told, rows_that_match};
use super::names::{name, named_cells, said, words};
use super::row::{Found, in_words, rows_in_words, told_apart};
use super::table::{Table, tables};
use super::when::{few_named, of_the_time};
use crate::numbers::numbers;
use crate::pattern::laid_out;
use crate::planner::answer_form::asks_for_a_person;
use crate::planner::poor_answer::stem;
use crate::planner::shared_words::telling_words;
use crate::planner::wording::asks_for_the_most;

/// What `task` asks for in the tables of `text`, each as a line: the cell that it names by row and
/// column, "large | price: 12.50", the row that it names, "size: large | price: 12.50 | weight: 35",
/// and up to three rows that fit its condition, "above 30: size: large | price: 12.50 | weight: 35".
pub(crate) fn cells_asked_for(task: &str, text: &str) -> Vec<String> {
    let words = words(task);
    let condition = Condition::of(task);
    let found = |table: Table| found_in(&table, task, &words, condition.as_ref(), None);
    told_apart(task, tables(text).into_iter().filter_map(found))
}

/// What `task`, whose `words` and `condition` these are, asks for in `table`, the rows of which are those of
/// the day or month that it names where `dates` is their column.
fn found_in(
    table: &Table,
    task: &str,
    words: &[String],
    condition: Option<&Condition>,
    dates: Option<usize>,
) -> Option<Found> {
    let said = said(table, words);
    let mut keys = named_cells(table, &said);
    let is_list = table.head.iter().all(String::is_empty);
    // What is named a list says as clearly.
    if is_list && (condition.is_some() || keys.iter().any(|keys| !keys.is_empty())) {
        return None;
    }
    let mut row = row_asked_for(table, &keys);
    let may_be_of_a_time = row.is_none() && dates.is_none() && !is_list;
    if may_be_of_a_time && let Some((part, at)) = of_the_time(table, task) {
        return found_in(&part, task, words, condition, Some(at));
    }
    let by_words = condition.is_none() && !asks_for_the_most(task);
    let mut others = match row {
        None if by_words && !is_list => rows_that_match(table, words, &keys).unwrap_or_default(),
        _ => Vec::new(),
    };
    if let [only] = others[..] {
        row = Some(only);
    }
    if let (Some(at), true) = (dates, by_words) {
        if row.is_none() && others.is_empty() {
            others = few_named(&keys);
        }
        if let [only] = others[..] {
            row = Some(only);
            others.clear();
        }
        for keys in &mut keys {
            keys.insert(at);
        }
    }
    let may_describe = row.is_none() && others.is_empty() && by_words;
    if may_describe && let Some((at, cells)) = described_row(table, task, &keys) {
        keys[at] = cells;
        row = Some(at);
    }
    let named = row.filter(|_| !is_list && others.is_empty());
    let column = named.and_then(|row| column(table, task, &keys[row], &said));
    let (lines, is_cell) = match (row, column, condition) {
        (Some(row), Some(column), _) => (vec![cell(table, row, column, &keys[row])?], true),
        (_, _, Some(condition)) => {
            let has = has_what_is_told(table, words);
            let rows = rows_that_fit(table, condition, task, words, &keys, &has);
            (rows?, false)
        }
        // It is found by its value, whatever else is named.
        (Some(_), None, None) if asks_for_the_most(task) => return None,
        (Some(row), None, None) => (vec![in_words(table, row)?], false),
        (None, _, None) if others.is_empty() => return None,
        (None, _, None) => (rows_in_words(table, &others), false),
    };
    Some(Found {
        lines,
        is_cell,
        passage: table.passage.clone(),
        title: table.title.clone(),
    })
}

/// The only row of `table` of which the most cells are named: `keys` are those of each row.
fn row_asked_for(table: &Table, keys: &[BTreeSet<usize>]) -> Option<usize> {
    let most = keys
        .iter()
        .map(BTreeSet::len)
        .max()
        .filter(|most| *most > 0)?;
    let mut best = (0..keys.len()).filter(|at| keys[*at].len() == most);
    let (Some(at), None) = (best.next(), best.next()) else {
        return None;
    };
    let row = &table.rows[at];
    // Who names a cell of another row too asks about both.
    let is_of_it = |other: usize, column: &usize| table.rows[other][*column] == row[*column];
    let mut others = keys.iter().enumerate();
    let only = others.all(|(other, keys)| keys.iter().all(|column| is_of_it(other, column)));
    only.then_some(at)
}

/// The value in a `column` of a row of `table`, behind its names, the cells `keys`.
fn cell(table: &Table, row: usize, column: usize, keys: &BTreeSet<usize>) -> Option<String> {
    let (head, row) = (&table.head[column], &table.rows[row]);
    let value = row.get(column).filter(|value| !value.is_empty())?;
    let names: Vec<&str> = keys.iter().map(|key| row[*key].as_str()).collect();
    Some(format!("{} | {head}: {value}", names.join(", ")))
}

/// The name of the one row in the tables of `text` that has the number which is all that `answer`
/// says to `task`. `None` where the answer names anything, or that number may itself be the name.
pub(crate) fn row_of_the_number(task: &str, answer: &str, text: &str) -> Option<String> {
    let said = numbers(answer);
    let [number] = said[..] else {
        return None;
    };
    let has_it = |cell: &String| numbers(cell)[..] == [number];
    let asked: BTreeSet<String> = words(task).into_iter().collect();
    let mut known = asked.clone();
    let mut names = BTreeSet::new();
    for table in &tables(text) {
        known.extend(table.head.iter().flat_map(|head| words(head)));
        let named = column_behind_which(table, task);
        let column = named.or_else(|| column_of_words(table, task));
        for row in &table.rows {
            if row.get(named.unwrap_or(0)).is_some_and(has_it) {
                return None;
            }
            let (Some(cell), Some(column)) = (row.iter().find(|cell| has_it(cell)), column) else {
                continue;
            };
            // The row that the task names is not the one that it asks for.
            if named.is_none() && words(&row[column]).iter().any(|word| asked.contains(word)) {
                return None;
            }
            known.extend(words(cell));
            names.insert(row[column].clone());
        }
    }
    let mut said = telling_words(answer).into_iter();
    let adds_nothing = said.all(|word| {
        let is_number = word.contains(|c: char| c.is_ascii_digit());
        is_number || known.contains(stem(&word))
    });
    let mut names = names.into_iter().filter(|name| !name.is_empty());
    let name = names.next().filter(|_| names.next().is_none())?;
    adds_nothing.then_some(name)
}

/// The column of `table` whose name stands behind "which" in `task`, with at most one word between.
fn column_behind_which(table: &Table, task: &str) -> Option<usize> {
    static WHICH: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:which|whose)\s+(?:(?:one\s+)?of\s+(?:the|these|those|my|our|your)\s+)?(?P<en>.+)
            |哪(?:一|几)?[个种家位款座间本条台支队张名只辆片道些]?(?P<zh>.+)",
        )
    });
    let found = WHICH.captures(task)?;
    let behind = found.name("en").or(found.name("zh"))?;
    let behind = words(behind.as_str());
    let stands_there = |at: &usize| {
        let head = name(&table.head[*at]);
        head.is_some_and(|head| {
            let mut places = behind.windows(head.len()).take(2);
            places.any(|window| *window == *head)
        })
    };
    (0..table.head.len()).find(stands_there)
}

/// The column of `table` that has the names, where `task` asks for a person or for the largest of
/// something that is no measure: that of persons, else the first one without numbers.
fn column_of_words(table: &Table, task: &str) -> Option<usize> {
    static MEASURES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\bwhich\s+(?:of\s+(?:the|these|those)\s+)?(?:\w+\s+)?(?:ages?|areas?|depths?|distances?|fares?|fees?
            |grades?|heights?|lengths?|levels?|marks?|rates?|results?|scores?|sizes?|speeds?|sums?|temperatures?|totals?|values?
            |volumes?|weights?|widths?)\b
            |哪(?:一|几)?[个种项]?(?:价|温度|气温|分数|得分|成绩|重量|体重|高度|身高|长度|距离|速度|数值|年龄|金额|费用|面积)",
        )
    });
    let has_words = |at: &usize| {
        let mut cells = table.rows.iter().filter_map(|row| row.get(*at));
        cells.all(|cell| numbers(cell).is_empty() && cell.contains(char::is_alphabetic))
    };
    let mut columns = (0..table.head.len()).filter(has_words);
    if asks_for_a_person(task) {
        return column_of_persons(table, columns);
    }
    let asks = asks_for_the_most(task) && !MEASURES.is_match(task);
    columns.next().filter(|_| asks)
}

/// The only one of the `columns` of `table` that can hold persons: by its name, or where the table has
/// no names, by what stands in it.
fn column_of_persons(table: &Table, columns: impl Iterator<Item = usize>) -> Option<usize> {
    static PERSONS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:names?|whom?|persons?|people|m[ae]n|wom[ae]n|child(?:ren)?|boys?|girls?|friends?|guests?|students?|pupils?
            |teams?|clubs?|crews?|staff|clients?|candidates?|patients?|agents?|captains?|chefs?|nurses?|cooks?|guides?
            |\w{2,}(?:er|or|ist|ian|man|woman|ee)s?)\b|姓名|名字|谁|人|员|者|师|学生|手$|司机|队",
        )
    });
    static THINGS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:colou?rs?|containers?|doors?|errors?|floors?|folders?|letters?|numbers?|orders?|papers?|quarters?|rivers?
            |sectors?|supper|towers?|water|weather|winter)\b|人数|年|月|日",
        )
    });
    static DAYS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?
            |jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?
            |nov(?:ember)?|dec(?:ember)?)\.?$|^(?:周|星期|礼拜)[一二三四五六日天末]$|月$",
        )
    });
    let is_of_days = |at: usize| {
        let mut cells = table.rows.iter().filter_map(|row| row.get(at));
        cells.all(|cell| DAYS.is_match(cell))
    };
    let can = |at: &usize| match table.head[*at].as_str() {
        "" => !is_of_days(*at),
        head => PERSONS.is_match(head) && !THINGS.is_match(head),
    };
    let mut persons = columns.filter(can);
    persons.next().filter(|_| persons.next().is_none())
}

#[cfg(test)]
mod tests {
    mod documents;
    mod told;

    use super::*;

    const SACKS: &str = "| Sack | Size | Price (EUR) | Weight |\n|---|---|---|---|\n\
        | Rye | large | 12.50 | 35 |\n| Rye | small | 7.00 | 15 |\n| Oats | large | 9.90 | 40 |\n\
        | Green oats | small | 6.10 | 12 |";
    const ROOMS: &str = "Room | Seats | 2023\n--- | --- | ---\nA | 40 | 7\nB | 55 | 9\n12 | 60 | 3";
    const TEA: &str =
        "| 茶 | 价格 | 重量 |\n|---|---|---|\n| 绿茶 | 35元 | 200克 |\n| 红茶 | 40元 | 250克 |";

    #[test]
    fn a_cell_is_found_by_its_row_and_its_column() {
        let check = |task: &str, text: &str, want: &str| {
            assert_eq!(cells_asked_for(task, text), [want], "{task}");
        };
        let rye = "Rye, large | Price (EUR): 12.50";
        check("What is the price of a large sack of rye?", SACKS, rye);
        check("How much is the large rye?", SACKS, rye);
        check(
            "What is the weight of the green oats?",
            SACKS,
            "Green oats | Weight: 12",
        );
        check("How many seats has room B?", ROOMS, "B | Seats: 55");
        check("How many seats has room 12?", ROOMS, "12 | Seats: 60");
        check("What did room A have in 2023?", ROOMS, "A | 2023: 7");
        check("绿茶多少钱？", TEA, "绿茶 | 价格: 35元");
        check("红茶的重量是多少？", TEA, "红茶 | 重量: 250克");
        let one = "sack,kg\nrye,35\noats,40";
        check("How heavy are the oats?", one, "oats | kg: 40");
    }

    #[test]
    fn no_cell_is_picked_where_two_could_be_meant() {
        let check = |task: &str, text: &str| {
            assert_eq!(cells_asked_for(task, text), [""; 0], "{task}");
        };
        // Two rows.
        check("What is the price of rye?", SACKS);
        check("What is the price of a large sack?", SACKS);
        check("What is the price of large rye and small rye?", SACKS);
        check("How many seats have room A and room B?", ROOMS);
        check("绿茶和红茶的价格是多少？", TEA);
        // No row.
        check("What is the price of barley?", SACKS);
        check("I have 12 friends and plan B. How many seats?", ROOMS);
        check("A seat, please.", "Rye: 35\nOats: 40");
        check("", SACKS);
        check("What is the price of rye?", "Rye is dear.");
    }

    const PRICES: &str = "[w1] from file:prices.csv: «\n  supplier,product,units_per_case,price_per_case\n  …\n  \
        Reed Trading,rye crackers,24,13.62\n  …\n  Alder Goods,lentils,12,29.33\n  \
        Alder Goods,rye crackers,12,16.20\n  …»";

    #[test]
    fn a_row_is_said_where_its_column_is_not_clear() {
        let check = |task: &str, text: &str, want: &[&str]| {
            assert_eq!(cells_asked_for(task, text), want, "{task}");
        };
        let oats = "supplier: Alder Goods | product: rye crackers | units_per_case: 12 | price_per_case: 16.20";
        let pay = "What do we pay Alder Goods for a case of rye crackers?";
        check(pay, PRICES, &[oats]);
        check(
            "How many units has a case of lentils?",
            PRICES,
            &[
                "supplier: Alder Goods | product: lentils | units_per_case: 12 | price_per_case: 29.33",
            ],
        );
        check(
            "What is the price per case of the rye crackers of Alder Goods?",
            PRICES,
            &["Alder Goods, rye crackers | price_per_case: 16.20"],
        );
        let green = "Sack: Green oats | Size: small | Price (EUR): 6.10 | Weight: 12";
        check(
            "What are price and weight of the green oats?",
            SACKS,
            &[green],
        );
        check("Who packs the green oats?", SACKS, &[green]);
        check(
            "绿茶是哪里的？",
            TEA,
            &["茶: 绿茶 | 价格: 35元 | 重量: 200克"],
        );
        // Of which passage it is, where several have one. Copies are one.
        let other = "[w2: Old] \n  supplier;product;euros;since\n  Alder Goods;rye crackers;17;2020\n  Moss;rice;9;2021\n  (b)";
        check(
            pay,
            &format!("{PRICES}\n{other}"),
            &[
                &format!("From [w1] (file:prices.csv): {oats}"),
                "From [w2] (Old): supplier: Alder Goods | product: rye crackers | euros: 17 | since: 2020",
            ],
        );
        check(
            pay,
            &format!("{PRICES}\n{}", PRICES.replace("w1", "w3")),
            &[oats],
        );
    }

    #[test]
    fn rows_that_fit_a_condition_are_said() {
        let check = |task: &str, text: &str, want: &[&str]| {
            assert_eq!(cells_asked_for(task, text), want, "{task}");
        };
        let heavy = "over 38: Sack: Oats | Size: large | Price (EUR): 9.90 | Weight: 40";
        let task = "Which sacks have a weight over 38?";
        check(task, SACKS, &[heavy]);
        let [one, other] = ["a", "b"].map(|id| format!("[{id}: Mill]\n{SACKS}"));
        let other = other.replace("| 40 |", "| 39 |");
        let less = heavy.replace("40", "39");
        check(
            task,
            &format!("{one}\n{other}"),
            &[&format!("From [a]: {heavy}"), &format!("From [b]: {less}")],
        );
        // Nothing is said twice, nor of a list, nor where the cell itself is named.
        check(task, &format!("{one}\n[c: Mill]\n{SACKS}"), &[heavy]);
        check(
            "Which weighs over 38 kg?",
            "- Rye: 35 kg\n- Oats: 40 kg",
            &[],
        );
        check(
            "Is the weight of the green oats over 10?",
            SACKS,
            &["Green oats | Weight: 12"],
        );
    }

    #[test]
    fn no_row_is_said_where_another_could_be_meant() {
        let check = |task: &str, text: &str| {
            assert_eq!(cells_asked_for(task, text), [""; 0], "{task}");
        };
        check("What do we pay Alder Goods?", PRICES);
        check("What do we pay for rye crackers?", PRICES);
        check("What does Reed Trading take for lentils?", PRICES);
        check("What do we pay for rice?", PRICES);
        check(
            "Which small sack beside the green oats is the cheapest?",
            SACKS,
        );
        // Many tables.
        let many: Vec<String> = (0..20)
            .map(|n| format!("Sack | kg\n---|---\nSpelt | {n}\n"))
            .collect();
        check("How heavy is spelt?", &many.join("\n"));
        // Two tables of one passage.
        let two = "Mill | Sack | kg\n---|---|---\nOld | Spelt | 3\n\nMill | Sack | lb\n---|---|---\nNew | Spelt | 4";
        check("What do you know of spelt?", two);
        // A line that would look like a passage.
        let forged = "  [m1] Sack | Use | Of\n  ---|---|---\n  Spelt | flour | Graz";
        check("Who has spelt?", forged);
        let forged = "  Sack | Of\n  ---|---\n  [m1] Spelt | Graz\n  [m2] Rye | Enns";
        check("Who has m1 spelt?", forged);
        // Long rows, and many columns.
        let long = format!(
            "Sack | Use | Of\n---|---|---\nSpelt | {} | Graz",
            "bread ".repeat(60)
        );
        check("Who has spelt?", &long);
        let wide = format!("Sack{}\nSpelt{}", " | a".repeat(12), " | b".repeat(12));
        check("Who has spelt?", &wide);
    }

    #[test]
    fn the_row_of_a_number_has_a_name() {
        let check = |task: &str, answer: &str, text: &str, want: &str| {
            let found = row_of_the_number(task, answer, text);
            assert_eq!(found.unwrap_or_default(), want, "{task} {answer}");
        };
        let list = "- Rye: 35 kg\n- Oats: 40 kg";
        check("Which grain is the heaviest?", "40 kg", list, "Oats");
        check("Which grain is the heaviest?", "It is 40.", list, "Oats");
        check(
            "Who carried the most?",
            "40 kg",
            "- Ida: 35 kg\n- Bo: 40 kg",
            "Bo",
        );
        let weight = "Which sack has the most weight?";
        check(weight, "The most weight is 12.", SACKS, "Green oats");
        check("Which of the rooms had 9 in 2023?", "55", ROOMS, "B");
        check("Which room is the largest?", "60", ROOMS, "12");
        check("哪种茶最贵？", "40元", TEA, "红茶");
        // A person is in the column of persons.
        let most = "Who carried the most?";
        let days = "Day,Carrier,Sacks\nMonday,Ida,35\nTuesday,Bo,40";
        check(most, "40", days, "Bo");
        let places = "Carrier,Place,Sacks\nIda,Mill,35\nBo,Quay,40";
        check(most, "40 sacks", places, "Bo");
        let chinese = "星期,搬运工人,袋数\n周一,小李,35\n周二,老王,40";
        check("谁搬得最多？", "40", chinese, "老王");
    }

    #[test]
    fn a_number_that_may_be_the_answer_stays() {
        let check = |task: &str, answer: &str, text: &str| {
            assert_eq!(
                row_of_the_number(task, answer, text),
                None,
                "{task} {answer}"
            );
        };
        let list = "- Rye: 35 kg\n- Oats: 40 kg";
        // It says a name, or what the table does not have.
        check("Which grain is the heaviest?", "Oats, 40 kg", list);
        check("Which grain is the heaviest?", "Barley has 40.", list);
        check("Which grain is the heaviest?", "41", list);
        check("Which grain is the heaviest?", "35 or 40", list);
        // Two rows have it.
        check("Which grain is the heaviest?", "5", "- Rye: 5\n- Oats: 5");
        // A name may be a number.
        check("Which room is the largest?", "12", ROOMS);
        let piers = "Ship,Pier,Crew\nAda,4,30\nBea,7,20";
        check("Which pier has the Ada?", "4", piers);
        check("Which berth is that of the Ada?", "4", piers);
        check("Which berth has the most of the Ada's crew?", "4", piers);
        check("哪个站台停慢车？", "4", "- 慢车：4\n- 快车：7");
        check("Which grain is it?", "40", "It weighs 40.");
        let lines = "Line,Stop,Minutes\n12,Mill,20\n14,Quay,35";
        check("Which tram is the fastest?", "12", lines);
        // A measure is a number.
        let days = "- Monday: 21 °C\n- Tuesday: 25 °C";
        check("Which temperature was the highest?", "25 °C", days);
        check("哪个温度最高？", "25", "- 周一：21\n- 周二：25");
        // No column can hold persons, or two can.
        let who = "Who carried the most?";
        check(who, "40", "Day,Grain,Sacks\nMonday,Rye,35\nTuesday,Oats,40");
        check(who, "40", "- Monday: 35\n- Tuesday: 40");
        check(who, "40", "Carrier,Driver,Sacks\nIda,Jo,35\nBo,Kim,40");
        check("", "", "");
    }
}
