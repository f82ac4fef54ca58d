//! A value out of a result, taken by the kernel and never by a model.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::said::stands_in;
use super::same;

/// Which record of a result is meant, and which field of it.
///
/// ```
/// use quipu_kernel::gate::plan::{How, Pick};
/// use serde_json::json;
///
/// let largest = Pick {
///     how: How::Max,
///     by: "size".into(),
///     take: "id".into(),
///     ..Pick::from("files.list")
/// };
/// let result = json!([{"id": "7", "size": 12}, {"id": "9", "size": 30}]);
/// assert_eq!(largest.of(&result), Some(json!("9")));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pick {
    /// The tool whose result it is taken from.
    pub from: String,
    /// The arguments that the call of this tool has. Without them, a call counts that was
    /// decided before untrusted text was read, and one that has none.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub given: Map<String, Value>,
    /// Fields that have these values, capital letters aside.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub is: BTreeMap<String, Value>,
    /// Fields that have these words in them, capital letters aside.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub has: BTreeMap<String, String>,
    /// Which of the records that are left.
    #[serde(default)]
    pub how: How,
    /// The field by which the greatest and the least are told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// The field that is taken, with dots between the names; the record itself when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub take: String,
}

/// Which of several records is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The only one; nothing where there are more.
    #[default]
    Only,
    /// The first one.
    First,
    /// The last one.
    Last,
    /// The one with the greatest value; nothing where two have it.
    Max,
    /// The one with the least value; nothing where two have it.
    Min,
}

impl Pick {
    /// The only record of what `tool` returned.
    pub fn from(tool: impl Into<String>) -> Self {
        Self {
            from: tool.into(),
            ..Self::default()
        }
    }

    /// What it takes out of `result`; `None` where no record fits, or more than may.
    pub fn of(&self, result: &Value) -> Option<Value> {
        let mut left = records(result)
            .into_iter()
            .filter(|record| self.fits(record));
        let record = match self.how {
            How::First => left.next(),
            How::Last => left.next_back(),
            How::Only => left.next().filter(|_| left.next().is_none()),
            How::Max => self.outmost(left.collect(), Ordering::Greater),
            How::Min => self.outmost(left.collect(), Ordering::Less),
        }?;
        let value = field(record, &self.take)?;
        (!super::is_nothing(value)).then(|| value.clone())
    }

    /// Whether `result` has a record that fits, be it that it is not the one that is taken.
    pub(super) fn fits_some(&self, result: &Value) -> bool {
        records(result).into_iter().any(|record| self.fits(record))
    }

    fn fits(&self, record: &Value) -> bool {
        let is = |(name, want): (&String, &Value)| {
            field(record, name).is_some_and(|value| alike(value, want))
        };
        let has = |(name, want): (&String, &String)| {
            let value = field(record, name).and_then(Value::as_str);
            value.is_some_and(|text| stands_in(&text.to_lowercase(), &want.to_lowercase()))
        };
        self.is.iter().all(is) && self.has.iter().all(has)
    }

    /// The record whose field `by` stands on the side `want` of all the others'.
    fn outmost<'a>(&self, records: Vec<&'a Value>, want: Ordering) -> Option<&'a Value> {
        let beats = |a: &Value, b: &Value| {
            let pair = field(a, &self.by).zip(field(b, &self.by));
            pair.and_then(|(a, b)| compare(a, b)) == Some(want)
        };
        // Whoever beats all others is not beaten once it was met. Each record is looked at twice:
        // who returns them says how many there are.
        let mut best = 0;
        for at in 1..records.len() {
            if beats(records[at], records[best]) {
                best = at;
            }
        }
        let others = records.iter().copied().enumerate();
        let mut others = others.filter(|(at, _)| *at != best);
        let record = *records.get(best)?;
        // One record beats nobody: it has to have the field all the same.
        let is_outmost = others.all(|(_, other)| beats(record, other));
        field(record, &self.by).filter(|_| is_outmost)?;
        Some(record)
    }
}

/// The records of a result: of a list its members, of an object with one list those of this
/// list, else the result itself.
fn records(result: &Value) -> Vec<&Value> {
    match result {
        Value::Array(list) => list.iter().collect(),
        Value::Object(fields) => {
            let of_objects = |value: &&Value| {
                let list = value.as_array();
                list.is_some_and(|list| list.iter().all(Value::is_object))
            };
            let mut lists = fields.values().filter(of_objects);
            match (lists.next(), lists.next()) {
                (Some(Value::Array(list)), None) => list.iter().collect(),
                _ => vec![result],
            }
        }
        _ => Vec::new(),
    }
}

/// What stands in `record` at `path`, names with dots between them.
pub(super) fn field<'a>(record: &'a Value, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.').filter(|name| !name.is_empty());
    names.try_fold(record, |value, name| value.get(name))
}

/// Whether a field has a value that somebody wrote down, capital letters aside.
fn alike(value: &Value, want: &Value) -> bool {
    match (value, want) {
        (Value::String(a), Value::String(b)) => {
            same(value, want) || a.trim().to_lowercase() == b.trim().to_lowercase()
        }
        // A number is often written as a text.
        (Value::String(text), Value::Number(n)) | (Value::Number(n), Value::String(text)) => {
            let number = text.trim().parse::<f64>().ok();
            number.is_some() && number == n.as_f64()
        }
        _ => same(value, want),
    }
}

fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    }
}
