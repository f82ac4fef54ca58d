//! The records of a result: what a pick chooses from.
//!
//! | result | its records |
//! | --- | --- |
//! | a list | its members; one that is a value has it as `name` and `value` |
//! | an object with one list of objects | the members of that list |
//! | an object with the fields that the pick names | the object |
//! | another object, of names and things | one for each name: the fields of the thing, or of its lines; with the name as `name` and `key`, a plain thing as `value` |
//! | lines that all have the same names (`Airline: …, Price: …`) | one for each line |
//! | lines of which only the first has a name (`Rooms: …`) | one for each line, with the line as `name` |
//! | another text | one, with the values of its lines (`Rating: 4.2`), and its `email` and `url` where it has one of each |
//!
//! Names in a text are written as those of fields: `Price range` is `price_range`.
//!
//! Whoever wrote a part of a text may have written lines of it. So a name that stands twice in a
//! record has no value, and lines that are not all alike are no records of their own.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::measure::Measure;
use crate::pattern::pattern;

/// The most lines of a text that are looked at; a longer one has no records.
const LINES_MAX: usize = 2_000;

/// A name with its colon, at the beginning of a line or behind a comma. A time or an address has
/// no space behind its colon.
static NAME: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:^|[,;|]\s+)(\p{L}[\p{L}\p{N} _/&-]{0,39}):(?:\s+|$)"));
static EMAIL: LazyLock<Regex> = LazyLock::new(|| pattern(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"));
static URL: LazyLock<Regex> = LazyLock::new(|| pattern(r#"(?:https?://|www\.)[^\s<>"'()\[\]]+"#));

/// The records of `result` for a pick that names the fields `wanted`.
pub(super) fn of<'a>(result: &'a Value, wanted: &[&str]) -> Vec<Cow<'a, Value>> {
    match result {
        Value::Array(list) => list
            .iter()
            .map(|member| of_member(member, wanted))
            .collect(),
        Value::Object(fields) => {
            let mut lists = fields.values().filter_map(list_of_objects);
            match (lists.next(), lists.next()) {
                (Some(list), None) => list.iter().map(Cow::Borrowed).collect(),
                _ if wanted.iter().all(|name| field(result, name).is_some()) => {
                    vec![Cow::Borrowed(result)]
                }
                _ => match entries(fields) {
                    Some(entries) => entries.into_iter().map(Cow::Owned).collect(),
                    None => vec![Cow::Borrowed(result)],
                },
            }
        }
        Value::String(text) => of_text(text).into_iter().map(Cow::Owned).collect(),
        _ => Vec::new(),
    }
}

/// What stands in `record` at `path`, names with dots between them. A name that is not there stands
/// for the only one that is written like it: `price_range` for `Price range`.
pub(super) fn field<'a>(record: &'a Value, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.').filter(|name| !name.is_empty());
    names.try_fold(record, |value, name| {
        let fields = value.as_object()?;
        fields.get(name).or_else(|| {
            let plain = plain(name);
            let mut alike = fields
                .iter()
                .filter(|(other, _)| self::plain(other) == plain);
            let (_, only) = alike.next()?;
            alike.next().is_none().then_some(only)
        })
    })
}

/// A name as fields of programs are written.
pub(super) fn plain(name: &str) -> String {
    let name = name.trim().to_lowercase();
    name.replace(|c: char| !c.is_alphanumeric(), "_")
}

fn list_of_objects(value: &Value) -> Option<&Vec<Value>> {
    let list = value.as_array()?;
    list.iter().all(Value::is_object).then_some(list)
}

/// A member of a list. A value is itself where no field of it is wanted.
fn of_member<'a>(member: &'a Value, wanted: &[&str]) -> Cow<'a, Value> {
    match member {
        Value::Object(_) => Cow::Borrowed(member),
        _ if wanted.is_empty() => Cow::Borrowed(member),
        Value::String(text) => match the_only(of_text(text)) {
            Some(record) if wanted.iter().all(|name| field(&record, name).is_some()) => {
                Cow::Owned(record)
            }
            _ => Cow::Owned(of_value(member)),
        },
        _ => Cow::Owned(of_value(member)),
    }
}

/// The record of a value that has no fields.
fn of_value(value: &Value) -> Value {
    let fields = [("name", value), ("value", value)];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.clone()));
    Value::Object(fields.into_iter().collect())
}

/// The records of an object that has a thing for each name; `None` where it does not look like
/// one: plain texts are fields.
fn entries(fields: &Map<String, Value>) -> Option<Vec<Value>> {
    let entry = |(key, thing): (&String, &Value)| {
        let key = Value::from(key.as_str());
        let mut record = match thing {
            Value::Object(fields) => fields.clone(),
            Value::String(text) => match the_only(of_text(text)) {
                // A line with the name of another thing does not rename this one.
                Some(Value::Object(mut fields)) if text.lines().any(has_names) => {
                    fields.insert("name".to_owned(), key.clone());
                    fields
                }
                _ if Measure::of(text).is_some() => Map::new(),
                _ => return None,
            },
            Value::Number(_) | Value::Array(_) => Map::new(),
            Value::Bool(_) | Value::Null => return None,
        };
        if !thing.is_object() {
            record.insert("value".to_owned(), thing.clone());
        }
        record.entry("name").or_insert_with(|| key.clone());
        record.insert("key".to_owned(), key);
        Some(Value::Object(record))
    };
    fields.iter().map(entry).collect()
}

fn has_names(line: &str) -> bool {
    !named(line.trim()).is_empty()
}

fn the_only(mut records: Vec<Value>) -> Option<Value> {
    let record = records.pop()?;
    records.is_empty().then_some(record)
}

/// The records of a text.
fn of_text(text: &str) -> Vec<Value> {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.trim().trim_start_matches(['-', '*', '•']).trim_start())
        .filter(|line| !line.is_empty())
        .collect();
    if lines.len() > LINES_MAX {
        return Vec::new();
    }
    let parts: Vec<Vec<(String, &str)>> = lines.iter().map(|line| named(line)).collect();
    let names = |parts: &[(String, &str)]| -> Vec<String> {
        parts.iter().map(|(name, _)| name.clone()).collect()
    };
    let Some((first, others)) = parts.split_first() else {
        return Vec::new();
    };
    let first_names = names(first);
    let alike = !first.is_empty() && others.iter().all(|other| names(other) == first_names);
    if alike && (lines.len() > 1 || first.len() > 1) {
        return parts.iter().map(|parts| record(parts)).collect();
    }
    if let ([(name, value)], true) = (first.as_slice(), others.iter().all(Vec::is_empty)) {
        let values = std::iter::once(*value).chain(lines.iter().skip(1).copied());
        return values
            .filter(|value| !value.is_empty())
            .map(|value| Value::from_iter([(name.as_str(), value), ("name", value)]))
            .collect();
    }
    let mut all: Vec<(String, &str)> = parts.into_iter().flatten().collect();
    for (name, form) in [("email", &EMAIL), ("url", &URL)] {
        let found = only_match(form, text);
        if let Some(found) = found.filter(|_| all.iter().all(|(known, _)| known != name)) {
            all.push((name.to_owned(), found));
        }
    }
    vec![record(&all)]
}

/// The parts of a line that have names, with these as the names of fields.
fn named(line: &str) -> Vec<(String, &str)> {
    let found: Vec<_> = NAME.captures_iter(line).collect();
    let begins = found.first().and_then(|found| found.get(0));
    // What stands before its first name belongs to no name: then it is a sentence.
    if begins.is_none_or(|begins| begins.start() > 0) {
        return Vec::new();
    }
    let ends = found.iter().skip(1).filter_map(|found| found.get(0));
    let ends: Vec<usize> = ends.map(|next| next.start()).chain([line.len()]).collect();
    let part = |(found, end): (&regex::Captures<'_>, usize)| {
        let from = found.get(0)?.end();
        let value = line.get(from..end).unwrap_or_default().trim();
        Some((plain(found.get(1)?.as_str()), value))
    };
    let parts = found.iter().zip(ends).map(part);
    // The value of a name is not known where one of them is not.
    parts.collect::<Option<_>>().unwrap_or_default()
}

/// The fields with these values, but for names that stand there twice.
fn record(parts: &[(String, &str)]) -> Value {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, _) in parts {
        *counts.entry(name.as_str()).or_default() += 1;
    }
    let once = parts
        .iter()
        .filter(|(name, _)| counts.get(name.as_str()) == Some(&1));
    let fields = once.map(|(name, value)| (name.clone(), Value::from(*value)));
    Value::Object(fields.collect())
}

/// What `form` finds in `text`, where all that it finds is the same.
fn only_match<'t>(form: &Regex, text: &'t str) -> Option<&'t str> {
    let mut found = form.find_iter(text).map(|found| {
        let found = found.as_str();
        found.trim_end_matches(['.', ',', ';', ':', '!', '?'])
    });
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn records_are_found_in_objects_and_texts() {
        let check = |result: Value, wanted: &[&str], want: Value| {
            assert_eq!(json!(of(&result, wanted)), want, "{result}");
        };
        // Lists and objects.
        check(json!([{"id": 1}]), &["id"], json!([{"id": 1}]));
        check(json!(["a", 2]), &[], json!(["a", 2]));
        check(
            json!(["a"]),
            &["name"],
            json!([{"name": "a", "value": "a"}]),
        );
        check(
            json!({"n": 1, "all": [{"id": 1}]}),
            &["id"],
            json!([{"id": 1}]),
        );
        check(
            json!({"id": {"a": 1}}),
            &["id.a"],
            json!([{"id": {"a": 1}}]),
        );
        check(json!({"Due day": 1}), &["due_day"], json!([{"Due day": 1}]));
        check(
            json!({"North": "Rating: 4.2\nReviews: Fine.", "South": "Rating: 3.9\nReviews: -"}),
            &["rating"],
            json!([
                {"key": "North", "name": "North", "rating": "4.2", "reviews": "Fine.",
                    "value": "Rating: 4.2\nReviews: Fine."},
                {"key": "South", "name": "South", "rating": "3.9", "reviews": "-",
                    "value": "Rating: 3.9\nReviews: -"},
            ]),
        );
        check(
            json!({"North": 45, "South": "$30"}),
            &["name"],
            json!([{"key": "North", "name": "North", "value": 45},
                {"key": "South", "name": "South", "value": "$30"}]),
        );
        check(
            json!({"7": {"name": "North"}}),
            &["name"],
            json!([{"key": "7", "name": "North"}]),
        );
        // Plain texts are fields of one thing.
        let one = json!({"title": "x", "owner": "y"});
        check(one.clone(), &["id"], json!([one]));
        // Texts.
        check(
            json!("Airline: A, Price: 200\nAirline: B, Price: 150"),
            &[],
            json!([{"airline": "A", "price": "200"}, {"airline": "B", "price": "150"}]),
        );
        check(
            json!("Room names: Blue\nGreen\n"),
            &[],
            json!([{"name": "Blue", "room_names": "Blue"}, {"name": "Green", "room_names": "Green"}]),
        );
        check(
            json!("Ann works here.\nPhone: 12 34\nWrite to ann@a.example, or ann@a.example."),
            &[],
            json!([{"phone": "12 34", "email": "ann@a.example"}]),
        );
        check(
            json!("It opens at 10:30; see http://a.example/b."),
            &[],
            json!([{"url": "http://a.example/b"}]),
        );
        check(json!(""), &[], json!([]));
    }

    #[test]
    fn a_name_stands_for_the_only_one_like_it() {
        let check = |record: Value, want: Option<i64>| {
            let found = field(&record, "price_range").and_then(Value::as_i64);
            assert_eq!(found, want, "{record}");
        };
        check(json!({"price_range": 1, "Price range": 2}), Some(1));
        check(json!({"Price range": 2, "price": 3}), Some(2));
        check(json!({"Price range": 2, "PRICE-RANGE": 3}), None);
        check(json!({"price": 3}), None);
        check(json!([{"price_range": 1}]), None);
    }

    #[test]
    fn lines_that_somebody_else_added_say_nothing() {
        let check = |text: &str, name: &str, want: Option<&str>| {
            let records = of_text(text);
            let values: Vec<_> = records
                .iter()
                .filter_map(|record| field(record, name))
                .collect();
            let found = values.first().and_then(|value| value.as_str());
            assert_eq!(found.filter(|_| values.len() == 1), want, "{text}");
        };
        check("Rating: 4.2\nReviews: Fine.", "rating", Some("4.2"));
        // Two of one name: nobody knows which is meant.
        check("Rating: 4.2\nReviews: Fine.\nRating: 5", "rating", None);
        check("Rating: 4.2\nReviews: Fine, Rating: 5", "rating", None);
        check("Airline: A, Price: 200\nAirline: B", "price", Some("200"));
        check(
            "Airline: A, Price: 2\nObey!\nAirline: B, Price: 1",
            "price",
            None,
        );
        // Two addresses.
        check("Write to a@a.example. No, to b@b.example.", "email", None);
        let renamed = json!({"North": "Rating: 4\nName: South"});
        assert_eq!(of(&renamed, &["rating"])[0]["name"], "North");
    }
}
