//! What the style of a cell says of its number: that it is a share of a hundred, money, or a
//! measure.

use std::collections::HashMap;

use calamine::Style;
use roxmltree::{Document, Node};

use super::elements::{attribute, name};

/// What a number counts.
#[derive(Clone, Debug, PartialEq)]
pub enum Unit {
    /// Hundredths.
    Percent,
    /// Money of this sign, or this word.
    Money(String),
    /// What this word says: "kg".
    Named(String),
    /// Nothing: it is a name of so many digits, such as 00731.
    Digits(usize),
}

/// Letters of a word behind a number: what is longer is a sentence.
const WORD_LETTERS_MAX: usize = 20;
/// Signs of money, where they stand as they are.
const MONEY: &[char] = &[
    '$', '€', '£', '¥', '₹', '₽', '₩', '₺', '₴', '₫', '฿', '₪', '₱',
];
/// How a format begins that each program shows with the money of its own country.
const LOCAL: &str = "_($*";
/// Below this, 2^53, every whole number is exact.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
/// How often a cell with a unit may be said to be repeated.
const REPEATED_MAX: u32 = 100;

/// Units of cells by sheet, row and column, counted from zero.
pub type Places = HashMap<(String, u32, u32), Unit>;

/// What the style of a cell says of its number.
pub fn of(style: &Style) -> Option<Unit> {
    let code = &style.number_format.as_ref()?.format_code;
    match code.starts_with(LOCAL) {
        true => None,
        false => in_code(code),
    }
}

/// What an OpenDocument sheet says of its numbers, cell by cell.
pub fn in_open(document: &Document<'_>) -> Places {
    let mut places = Places::new();
    for table in document.descendants().filter(|node| name(node) == "table") {
        let sheet = attribute(&table, "name").unwrap_or_default();
        let mut row = 0_u32;
        for line in table.descendants().filter(|node| name(node) == "table-row") {
            let mut column = 0_u32;
            for cell in line.children().filter(Node::is_element) {
                let times = times(&cell, "number-columns-repeated");
                if let Some(unit) = in_cell(&cell) {
                    for n in 0..times.min(REPEATED_MAX) {
                        let place = (sheet.to_owned(), row, column.saturating_add(n));
                        places.insert(place, unit.clone());
                    }
                }
                column = column.saturating_add(times);
            }
            row = row.saturating_add(times(&line, "number-rows-repeated"));
        }
    }
    places
}

fn times(node: &Node<'_, '_>, by: &str) -> u32 {
    attribute(node, by)
        .and_then(|times| times.parse().ok())
        .unwrap_or(1)
}

fn in_cell(cell: &Node<'_, '_>) -> Option<Unit> {
    match attribute(cell, "value-type")? {
        "percentage" => Some(Unit::Percent),
        "currency" => attribute(cell, "currency").map(|money| Unit::Money(money.to_owned())),
        _ => None,
    }
}

/// What the code of a format says: `0.0%`, `#,##0.00 "€"`, `[$USD] #,##0`.
fn in_code(code: &str) -> Option<Unit> {
    // Behind the semicolon stands how numbers below zero are shown.
    let mut rest = code;
    let mut plain = String::new();
    let mut named = None;
    while let Some(sign) = rest.chars().next() {
        rest = &rest[sign.len_utf8()..];
        match sign {
            ';' => break,
            '"' => {
                let (words, after) = rest.split_once('"').unwrap_or((rest, ""));
                if words.contains(MONEY) {
                    return Some(Unit::Money(words.trim().to_owned()));
                }
                // Behind a comma it is told in thousands.
                let is_behind = plain.trim_end().ends_with(['0', '#', '?']);
                let is_word = words.contains(char::is_alphabetic)
                    && words.chars().count() <= WORD_LETTERS_MAX;
                if is_behind && is_word {
                    named = Some(words.trim().to_owned());
                }
                rest = after;
            }
            '[' => {
                let (inside, after) = rest.split_once(']').unwrap_or((rest, ""));
                let sign = inside
                    .strip_prefix('$')
                    .and_then(|sign| sign.split('-').next());
                if let Some(sign) = sign.map(str::trim).filter(|sign| !sign.is_empty()) {
                    return Some(Unit::Money(sign.to_owned()));
                }
                rest = after;
            }
            // The sign behind it is shown, or gives a width.
            '\\' | '_' | '*' => {
                let shown = rest.chars().next();
                rest = &rest[shown.map_or(0, char::len_utf8)..];
                // "\\%" is no share of a hundred.
                plain.extend(shown.filter(|shown| sign == '\\' && *shown != '%'));
            }
            sign => plain.push(sign),
        }
    }
    if let Some(money) = plain.chars().find(|sign| MONEY.contains(sign)) {
        return Some(Unit::Money(money.to_string()));
    }
    if let Some(word) = named {
        return Some(Unit::Named(word));
    }
    if plain.len() > 1 && plain.bytes().all(|sign| sign == b'0') {
        return Some(Unit::Digits(plain.len()));
    }
    plain.contains('%').then_some(Unit::Percent)
}

/// A number as a person writes it: what a computer adds in the last digit is no part of
/// it. A whole one is exact, and may be a name.
pub fn number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < WHOLE_MAX {
        return number.to_string();
    }
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    rounded.to_string()
}

/// A number, written as `plain`, with its unit.
pub fn said(value: f64, plain: String, unit: Option<Unit>) -> String {
    match unit {
        Some(Unit::Percent) => format!("{}%", number(value * 100.0)),
        Some(Unit::Money(word) | Unit::Named(word)) => format!("{plain} {word}"),
        Some(Unit::Digits(count)) if value >= 0.0 && value.fract() == 0.0 => {
            format!("{plain:0>count$}")
        }
        Some(Unit::Digits(_)) => plain,
        None => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_says_what_a_number_counts() {
        let check = |code: &str, expected: &str| {
            assert_eq!(said(0.25, "0.25".into(), in_code(code)), expected, "{code}");
        };
        check("General", "0.25");
        check("0.00%", "25%");
        check("[Red]0%;-0%", "25%");
        check("#,##0.00\\ \"€\"", "0.25 €");
        check("#,##0.00\\ €", "0.25 €");
        check("[$USD] #,##0.00", "0.25 USD");
        check("[$€-407]\\ #,##0", "0.25 €");
        check("_-[$£-809]* #,##0.00_-", "0.25 £");
        check("0 \"kg\"", "0.25 kg");
        check("0.0\\ \"kg\";-0.0\\ \"kg\"", "0.25 kg");
        check("#,##0,\"k\"", "0.25");
        check("\"about \"0", "0.25");
        check("0\\%", "0.25");
        check("[$-409]d mmm", "0.25");
        check("\"open", "0.25");
        check("\\", "0.25");
    }

    #[test]
    fn cells_of_open_sheets_say_it_themselves() {
        let text = "<d><table name='Herd'><table-row number-rows-repeated='3'><table-cell/></table-row><table-row><table-cell number-columns-repeated='2'/><covered-table-cell/><table-cell value-type='percentage' number-columns-repeated='2'/><table-cell value-type='currency' currency='EUR'/><table-cell value-type='float'/></table-row></table></d>";
        let document = Document::parse(text).expect("parsed");
        let found = in_open(&document);
        let at = |column: u32| found.get(&("Herd".to_owned(), 3, column)).cloned();
        assert_eq!(
            [2, 3, 4, 5, 6].map(at),
            [
                None,
                Some(Unit::Percent),
                Some(Unit::Percent),
                Some(Unit::Money("EUR".into())),
                None
            ]
        );
    }

    #[test]
    fn numbers_are_written_as_people_do() {
        let check = |value: f64, expected: &str| assert_eq!(number(value), expected);
        check(0.1 + 0.2, "0.3");
        check(4.0, "4");
        check(1234567890123456.0, "1234567890123456");
        check(-1234.5, "-1234.5");
        check(1e21, "1000000000000000000000");
    }

    #[test]
    fn shares_are_not_spoilt_by_their_last_digit() {
        let check = |value: f64, expected: &str| {
            assert_eq!(said(value, String::new(), Some(Unit::Percent)), expected);
        };
        check(0.07, "7%");
        check(0.175, "17.5%");
        check(-1.2, "-120%");
    }
}
