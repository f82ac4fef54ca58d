//! The table, the list or the text that a program computes with, as a value that is there before the
//! program runs: a small model that writes a long one out writes half of it, and computes with that.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::code::{Kind, tokens};
use super::in_the_task::{Data, data};
use super::names::{best_named, telling};
use super::spelled::{Spelled, lists};
use super::table::{Table, tables};
use super::unbound::unbound;
use crate::pattern::{laid_out, pattern};

/// The fewest rows: a shorter table is written out without a fault.
const ROWS_MIN: usize = 6;
/// The fewest elements of a list in a program that is part of a longer one.
const PART_MIN: usize = 3;
/// The longest value, in bytes: the window holds it beside the table.
const BYTES_MAX: usize = 12_000;
/// How the function of a program begins.
const FUNCTION: &str = "def solution():";

/// A table, a list or a text as a value of a program; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// What it is called, and its words where they are given too.
    names: Vec<&'static str>,
    /// Python that defines it.
    code: String,
    /// What the writer of the program is told of it.
    said: String,
    /// The values of each of its elements; a text is one.
    elements: Vec<Vec<String>>,
}

impl Given {
    /// The one long table of `text` that is whole and whose columns have names; otherwise the list or
    /// the text that stands in `task`. Of several tables it is the one whose title and columns have the
    /// most words of `task`.
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
        let of_task = || data(task).map(|data| Self::of_data(data, task));
        let given = given.or_else(of_task);
        given
            .filter(|given| given.code.len() <= BYTES_MAX)
            .unwrap_or_default()
    }

    /// The list or the text that stands in `task`.
    fn of_data(data: Data, task: &str) -> Self {
        let texts =
            |texts: Vec<String>| -> Vec<Value> { texts.into_iter().map(Value::from).collect() };
        match data {
            Data::Numbers(numbers) => Self::of_list("numbers", numbers),
            Data::Items(items) => Self::of_list("items", texts(items)),
            Data::Lines(lines) => Self::of_list("lines", texts(lines)),
            Data::Text(text) => Self::of_text(text, task),
        }
    }

    fn of_list(name: &'static str, list: Vec<Value>) -> Self {
        let first = list.first().map(python).unwrap_or_default();
        let count = list.len();
        Self {
            names: vec![name],
            code: format!("{name} = {}\n\n", json!(list)),
            said: format!(
                "The list is there already as {name}, a list of {count} values such as {first}. Use \
                 {name}, and do not write the list again."
            ),
            elements: list.iter().map(|value| vec![as_text(value)]).collect(),
        }
    }

    /// A text, with its words where `task` speaks of these: a small model counts the full stop to the
    /// last one.
    fn of_text(text: String, task: &str) -> Self {
        static WORDS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bwords?\b|单词"));
        let mut names = vec!["text"];
        let mut code = format!("text = {}\n", json!(text));
        let mut also = String::new();
        let words = text.split_whitespace();
        let words = words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        if words.len() > 1 && WORDS.is_match(task) {
            names.push("words");
            code.push_str(&format!("words = {}\n", json!(words)));
            also = format!(", and its {} words as words", words.len());
        }
        code.push('\n');
        Self {
            names,
            code,
            said: format!(
                "The text is there already as text{also}. Use text, and do not write it again."
            ),
            elements: vec![vec![text]],
        }
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
        // A copy may have a cell as a number or as it stands.
        let values = |at: usize| {
            let cells = columns.iter().map(|column| as_text(&column[at]));
            cells.chain(table.rows[at].iter().cloned()).collect()
        };
        Some(Self {
            names: vec!["rows"],
            code: format!("rows = [\n    {},\n]\n\n", rows.join(",\n    ")),
            said: format!(
                "The table is there already as rows, a list of {} dicts such as {}. Use rows, and do \
                 not write the table again.",
                rows.len(),
                rows[0]
            ),
            elements: (0..table.rows.len()).map(values).collect(),
        })
    }

    /// What the writer of a program is told of the value.
    pub(crate) fn said(&self) -> Option<&str> {
        Some(self.said.as_str()).filter(|said| !said.is_empty())
    }

    /// `code` below the value, where it uses that. The function has it as an argument too: it may
    /// change what the name stands for.
    pub(crate) fn above<'a>(&self, code: &'a str) -> Cow<'a, str> {
        let used = self.used_in(code);
        if used.is_empty() {
            return Cow::Borrowed(code);
        }
        let mut code = self.without_copies(code);
        if !code.contains("global ") {
            let arguments = used.iter().map(|name| format!("{name}={name}"));
            let arguments: Vec<String> = arguments.collect();
            let function = format!("def solution({}):", arguments.join(", "));
            code = code.replacen(FUNCTION, &function, 1);
        }
        Cow::Owned(format!("{}{code}", self.code))
    }

    /// `code` below the value, where it takes that without having defined it.
    pub(crate) fn where_missing<'a>(&self, code: &'a str) -> Cow<'a, str> {
        let is_missing = |name: &str| self.names.contains(&name);
        match unbound(code).is_some_and(|missing| is_missing(missing.name)) {
            true => self.above(code),
            false => Cow::Borrowed(code),
        }
    }

    /// What the writer of `code` is told, where that spells out a part of the value and does not use it.
    pub(crate) fn said_of_a_part(&self, code: &str) -> Option<&str> {
        let is_whole = |text: &String| code.contains(text.as_str());
        let is_copied = match &self.elements[..] {
            [] => false,
            [text] if self.names.contains(&"text") => {
                !text.iter().all(is_whole) && texts_in(code).any(|said| self.is_near(said))
            }
            all => {
                let part = PART_MIN..all.len();
                lists(code)
                    .iter()
                    .any(|list| part.contains(&list.elements.len()) && self.has_all_of(list))
            }
        };
        self.said()
            .filter(|_| is_copied && self.used_in(code).is_empty())
    }

    /// Its names that `code` uses.
    fn used_in(&self, code: &str) -> Vec<&'static str> {
        let Some(tokens) = tokens(code) else {
            return Vec::new();
        };
        let is_part = |at: usize| at > 0 && tokens[at - 1].text == ".";
        let is_used = |name: &str| {
            let mut all = tokens.iter().enumerate();
            all.any(|(at, token)| token.kind == Kind::Name && token.text == name && !is_part(at))
        };
        let names = self.names.iter().copied();
        names.filter(|name| is_used(name)).collect()
    }

    /// `code` with the value itself where its name is given a copy.
    fn without_copies(&self, code: &str) -> String {
        static TEXT: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r#"(?m)^(?P<name>[ \t]*text[ \t]*=[ \t]*)(?:"(?P<a>[^"\n]*)"|'(?P<b>[^'\n]*)')[ \t]*$"#,
            )
        });
        let mut plain = code.to_owned();
        for list in lists(code).iter().rev() {
            let before = code[..list.at.start].trim_end();
            let line = before.rsplit('\n').next().unwrap_or_default().trim();
            let is_table = self.names.contains(&"rows");
            let copied = self.names.iter().find(|name| {
                let value = line.strip_prefix(**name);
                value.is_some_and(|value| value.trim() == "=")
            });
            if let Some(name) = copied
                && !list.elements.is_empty()
                && list.has_dicts == is_table
                && self.has_all_of(list)
            {
                plain.replace_range(list.at.clone(), name);
            }
        }
        if !self.names.contains(&"text") {
            return plain;
        }
        let with_value = |found: &regex::Captures<'_>| {
            let text = found.name("a").or_else(|| found.name("b"));
            match text.is_some_and(|text| self.is_near(text.as_str())) {
                true => format!("{}text", &found["name"]),
                false => found[0].to_owned(),
            }
        };
        TEXT.replace_all(&plain, with_value).into_owned()
    }

    /// Whether all values of `list` are values of it.
    fn has_all_of(&self, list: &Spelled) -> bool {
        let known: BTreeSet<&String> = self.elements.iter().flatten().collect();
        list.elements
            .iter()
            .flatten()
            .all(|value| known.contains(value))
    }

    /// Whether `said` is as long as a copy of the text would be, even one in part.
    fn is_near(&self, said: &str) -> bool {
        let text = self.elements.iter().flatten().next();
        text.is_some_and(|text| said.chars().count() * 2 > text.chars().count())
    }
}

/// The texts that `code` spells out.
fn texts_in(code: &str) -> impl Iterator<Item = &str> {
    static TEXT: LazyLock<Regex> =
        LazyLock::new(|| pattern(r#""(?P<a>[^"\n]+)"|'(?P<b>[^'\n]+)'"#));
    let found = TEXT.captures_iter(code);
    found.filter_map(|found| Some(found.name("a").or_else(|| found.name("b"))?.as_str()))
}

/// A value as a program spells it out, without quotes.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => python(other),
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
mod tests;
