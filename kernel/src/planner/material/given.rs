//! The table or the text that a program computes with, as a value that is there before the program runs:
//! a small model that writes a long table out writes half of it, and computes with that.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::names::{best_named, telling};
use super::table::{Table, tables};
use crate::pattern::laid_out;

/// The fewest rows: a shorter table is written out without a fault.
const ROWS_MIN: usize = 6;
/// The fewest characters of a text: a word is written out without a fault.
const TEXT_CHARS_MIN: usize = 24;
/// The longest value, in bytes: the window holds it beside the table.
const BYTES_MAX: usize = 12_000;

/// A table or a text as a value of a program; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// What it is called.
    name: &'static str,
    /// Python that defines it.
    code: String,
    /// What the writer of the program is told of it.
    said: String,
}

impl Given {
    /// The one long table of `text` that is whole and whose columns have names. Of several it is the one
    /// whose title and columns have the most words of `task`.
    pub(crate) fn of(task: &str, text: &str) -> Self {
        let mut long: Vec<Table> = Vec::new();
        let holds =
            |one: &Table, other: &Table| other.rows.iter().all(|row| one.rows.contains(row));
        for table in tables(text) {
            let is_long = table.rows.len() >= ROWS_MIN && !table.has_gaps;
            if is_long && !long.iter().any(|known| holds(known, &table)) {
                long.retain(|known| !holds(&table, known));
                long.push(table);
            }
        }
        let asked = telling(task);
        let said = |table: &Table| -> BTreeSet<String> {
            let names = telling(&format!("{} {}", table.title, table.head.join(" ")));
            names.intersection(&asked).cloned().collect()
        };
        let table = match &long[..] {
            [only] => Some(only),
            _ => best_named(&long.iter().map(said).collect::<Vec<_>>()).map(|at| &long[at]),
        };
        let given = table.and_then(Self::of_table);
        given.or_else(|| Self::of_quoted(task)).unwrap_or_default()
    }

    /// The only text that `task` quotes, if that is long.
    fn of_quoted(task: &str) -> Option<Self> {
        static QUOTED: LazyLock<Regex> =
            LazyLock::new(|| laid_out(r#""(?P<a>[^"]+)"|“(?P<b>[^”]+)”|「(?P<c>[^」]+)」"#));
        let mut quoted = QUOTED.captures_iter(task);
        let found = quoted.next().filter(|_| quoted.next().is_none())?;
        let text = ["a", "b", "c"]
            .iter()
            .find_map(|name| found.name(name))?
            .as_str();
        let code = format!("text = {}\n\n", json!(text));
        let said = "The quoted text is there already as text. Use text, and do not write it again.";
        let is_long = text.chars().count() >= TEXT_CHARS_MIN && code.len() <= BYTES_MAX;
        is_long.then(|| Self {
            name: "text",
            code,
            said: said.to_owned(),
        })
    }

    fn of_table(table: &Table) -> Option<Self> {
        let names: BTreeSet<&String> = table.head.iter().collect();
        let named =
            names.len() == table.head.len() && table.head.iter().all(|name| !name.is_empty());
        if !named {
            return None;
        }
        let columns = (0..table.head.len()).map(|at| column(table.rows.iter().map(|row| &row[at])));
        let columns: Vec<Vec<Value>> = columns.collect();
        let row = |at: usize| {
            let cells = table.head.iter().zip(&columns);
            let cells =
                cells.map(|(name, column)| format!("{}: {}", json!(name), python(&column[at])));
            format!("{{{}}}", cells.collect::<Vec<_>>().join(", "))
        };
        let rows: Vec<String> = (0..table.rows.len()).map(row).collect();
        let code = format!("rows = [\n    {},\n]\n\n", rows.join(",\n    "));
        let said = format!(
            "The table is there already as rows, a list of {} dicts such as {}. Use rows, and do not \
             write the table again.",
            rows.len(),
            rows[0]
        );
        let name = "rows";
        (code.len() <= BYTES_MAX).then_some(Self { name, code, said })
    }

    /// What the writer of a program is told of the value.
    pub(crate) fn said(&self) -> Option<&str> {
        Some(self.said.as_str()).filter(|said| !said.is_empty())
    }

    /// `code` below the value, where it uses that.
    pub(crate) fn above<'a>(&self, code: &'a str) -> Cow<'a, str> {
        let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
        let mut words = code.split(|c: char| !is_of_name(c));
        match self.code.is_empty() || !words.any(|word| word == self.name) {
            true => Cow::Borrowed(code),
            false => Cow::Owned(format!("{}{code}", self.code)),
        }
    }
}

/// The cells of a column: as numbers where all are numbers of one unit, otherwise as they stand.
fn column<'a>(cells: impl Iterator<Item = &'a String> + Clone) -> Vec<Value> {
    let mut units = BTreeSet::new();
    let mut read = |cell: &'a String| -> Option<Value> {
        if cell.is_empty() {
            return Some(Value::Null);
        }
        let (number, unit) = number(cell)?;
        units.insert(unit);
        Some(number)
    };
    let numbers: Option<Vec<Value>> = cells.clone().map(&mut read).collect();
    let as_they_stand = || cells.map(|cell| json!(cell)).collect();
    numbers
        .filter(|_| units.len() == 1)
        .unwrap_or_else(as_they_stand)
}

/// The number that `cell` is, and what stands around it: a currency before it, a unit behind it. A
/// number that begins with zeros is a name.
fn number(cell: &str) -> Option<(Value, (&str, &str))> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"^(?P<money>[$€£¥￥]?)\s?
            (?P<number>-?(?:[1-9]\d{0,2}(?:,\d{3})+|0|[1-9]\d*)(?:\.\d+)?)
            (?P<unit>\s?%|\s\p{Alphabetic}{1,12}|\p{Han}{1,3})?$",
        )
    });
    let found = NUMBER.captures(cell)?;
    let number = found["number"].replace(',', "");
    let whole = number.parse::<i64>().map(Value::from);
    let number = whole
        .or_else(|_| number.parse::<f64>().map(Value::from))
        .ok()?;
    let part = |name: &str| found.name(name).map_or("", |part| part.as_str().trim());
    Some((number, (part("money"), part("unit"))))
}

/// A cell in Python, in which JSON's texts and numbers are the same.
fn python(cell: &Value) -> String {
    match cell {
        Value::Null => "None".to_owned(),
        _ => cell.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SACKS: &str = "[d1: Mill]\nday,sack,kg,price\n2026-05-04,Rye,35,€1.20\n2026-05-05,Oats,40,€2\n\
        2026-05-06,Rye,5,€0.90\n2026-05-07,Oats,,€2\n2026-05-08,Bran,12,€3\n2026-05-09,Rye,\"1,035\",€1";

    #[test]
    fn a_long_table_is_a_list_of_dicts() {
        let given = Given::of("", SACKS);
        let first = r#"{"day": "2026-05-04", "sack": "Rye", "kg": 35, "price": 1.2}"#;
        assert_eq!(
            given.said(),
            Some(
                format!(
                    "The table is there already as rows, a list of 6 dicts such as {first}. Use rows, \
                     and do not write the table again."
                )
                .as_str()
            )
        );
        let code = given.above("def solution():\n    return sum(row['kg'] or 0 for row in rows)");
        assert!(
            code.starts_with(&format!("rows = [\n    {first},\n")),
            "{code}"
        );
        assert!(
            code.contains(r#""sack": "Oats", "kg": None, "price": 2}"#),
            "{code}"
        );
        assert!(code.contains(r#""kg": 1035, "price": 1},"#), "{code}");
        assert_eq!(
            given.above("def solution():\n    return 35 + 40"),
            "def solution():\n    return 35 + 40"
        );
    }

    #[test]
    fn a_text_that_the_task_quotes_is_given() {
        let check = |task: &str, want: Option<&str>| {
            let given = Given::of(task, task);
            let code = given.above("print(len(text))");
            let value = code
                .strip_suffix("print(len(text))")
                .filter(|value| !value.is_empty());
            assert_eq!(value, want, "{task}");
        };
        check(
            "How many words has \"the old mill stands by the river\"?",
            Some("text = \"the old mill stands by the river\"\n\n"),
        );
        check(
            "“老磨坊在河边的小山坡上，已经有一百多年的历史了，没有人住”有几个字？",
            Some("text = \"老磨坊在河边的小山坡上，已经有一百多年的历史了，没有人住\"\n\n"),
        );
        check("How many words has \"the old mill\"?", None);
        check(
            "Is \"the old mill stands by the river\" longer than \"the river runs by the old mill\"?",
            None,
        );
        check(
            "How many words are these: the old mill stands by the river",
            None,
        );
    }

    #[test]
    fn what_is_no_whole_long_table_is_not_given() {
        let check = |text: &str| assert_eq!(Given::of("", text), Given::default(), "{text}");
        check("");
        check("Rye costs 4.");
        check("sack,kg\nRye,35\nOats,40\nBran,12");
        check(&format!("{SACKS}\n…\n2026-05-10,Rye,1,€1"));
        // Whose rows are meant, nobody can tell.
        check(&format!("{SACKS}\n\n{}", SACKS.replace("35", "36")));
        let other = SACKS.replace("Mill", "Shed").replace("35", "36");
        let both = format!("{SACKS}\n\n{other}");
        assert_eq!(
            Given::of("What was sold in the shed?", &both),
            Given::of("", &other)
        );
        check(&SACKS.replace("sack,kg", "kg,kg"));
        // Found twice, it is one table.
        assert_eq!(
            Given::of("", &format!("{SACKS}\n\n{SACKS}")),
            Given::of("", SACKS)
        );
        let excerpt = "[d2]\nday,sack,kg,price\n…\n2026-05-06,Rye,5,€0.90\n2026-05-07,Oats,,€2";
        assert_eq!(
            Given::of("", &format!("{excerpt}\n\n{SACKS}")),
            Given::of("", SACKS)
        );
    }

    #[test]
    fn a_column_has_numbers_where_all_its_cells_are_numbers_of_one_unit() {
        let check = |cells: &[&str], want: Value| {
            let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
            assert_eq!(json!(column(cells.iter())), want, "{cells:?}");
        };
        check(&["35 kg", "4.5 kg"], json!([35, 4.5]));
        check(&["35公斤", "4公斤"], json!([35, 4]));
        check(&["12 %", "8%"], json!([12, 8]));
        check(&["-3", "0"], json!([-3, 0]));
        check(&["35 kg", "4 g"], json!(["35 kg", "4 g"]));
        check(&["007", "012"], json!(["007", "012"]));
        check(&["2026-05-04", "7"], json!(["2026-05-04", "7"]));
        check(&["9:30", "10:15"], json!(["9:30", "10:15"]));
        check(&["", ""], json!(["", ""]));
    }
}
