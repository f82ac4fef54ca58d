//! A value out of a result, taken by the kernel and never by a model.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::measure::Measure;
use super::records::{self, field};
use super::said::stands_in;
use super::times::moment;
use super::{is_nothing, same};
use crate::gate::digits::{number_of, same_number};

/// The most values that a pick takes together.
const ALL_MAX: usize = 100;
/// By what an argument of a read says that it is picked too.
const PICK: &str = "pick";

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
    /// The arguments that the call of this tool has: each a value, or `{"pick": …}` for what is
    /// picked out of an earlier result. Without them, a call counts that was decided before
    /// untrusted text was read, and one that has none.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub given: Map<String, Value>,
    /// Fields that have these values, capital letters aside; of `{"pick": …}` one of those that are
    /// picked out of another result.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub is: BTreeMap<String, Value>,
    /// Fields that have these words in them, capital letters aside.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub has: BTreeMap<String, String>,
    /// Fields that are no less than these values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub at_least: BTreeMap<String, Value>,
    /// Fields that are no more than these values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub at_most: BTreeMap<String, Value>,
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
    /// All of them, as a list; nothing where one has not what is taken, or where there are more
    /// than a hundred.
    All,
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
        let records = records::of(result, &self.names());
        let mut left = records
            .iter()
            .map(|record| &**record)
            .filter(|record| self.fits(record));
        let record = match self.how {
            How::First => left.next(),
            How::Last => left.next_back(),
            How::Only => left.next().filter(|_| left.next().is_none()),
            How::Max => self.outmost(left.collect(), Ordering::Greater),
            How::Min => self.outmost(left.collect(), Ordering::Less),
            How::All => return self.all(left),
        }?;
        let value = field(record, &self.take)?;
        (!is_nothing(value)).then(|| value.clone())
    }

    /// The same pick of all records that fit.
    pub(super) fn of_all(&self) -> Self {
        Self {
            how: How::All,
            ..self.clone()
        }
    }

    /// The pick that the argument `value` of a read is, where it is one.
    pub(super) fn in_argument(value: &Value) -> Option<Self> {
        let fields = value.as_object().filter(|fields| fields.len() == 1)?;
        serde_json::from_value(fields.get(PICK)?.clone()).ok()
    }

    /// The picks in it: those of the arguments of its read, and those of values to find records by.
    pub(super) fn inner(&self) -> impl Iterator<Item = Self> + '_ {
        let values = self.given.values().chain(self.is.values());
        values.filter_map(Self::in_argument)
    }

    /// The fields of a record that it looks at.
    fn names(&self) -> Vec<&str> {
        let named = self.is.keys().chain(self.has.keys());
        let named = named.chain(self.at_least.keys()).chain(self.at_most.keys());
        let named = named.chain([&self.by, &self.take]);
        let named = named.map(String::as_str);
        named.filter(|name| !name.is_empty()).collect()
    }

    /// What is taken of each record, each value once; of a list its members.
    fn all<'a>(&self, left: impl Iterator<Item = &'a Value>) -> Option<Value> {
        let mut all: Vec<Value> = Vec::new();
        for record in left {
            let value = field(record, &self.take)?;
            let values = match value {
                Value::Array(list) => list.as_slice(),
                one => std::slice::from_ref(one),
            };
            for value in values.iter().filter(|value| !is_nothing(value)) {
                if !all.iter().any(|known| same(known, value)) {
                    all.push(value.clone());
                }
            }
            if all.len() > ALL_MAX {
                return None;
            }
        }
        (!all.is_empty()).then_some(Value::Array(all))
    }

    /// Whether `result` has a record that fits, be it that it is not the one that is taken.
    pub(super) fn fits_some(&self, result: &Value) -> bool {
        let records = records::of(result, &self.names());
        records.iter().any(|record| self.fits(record))
    }

    fn fits(&self, record: &Value) -> bool {
        let is = |(name, want): (&String, &Value)| {
            let value = field(record, name);
            value.is_some_and(|value| {
                let among = |members: &Vec<Value>| members.iter().any(|one| alike(one, want));
                alike(value, want) || value.as_array().is_some_and(among)
            })
        };
        let bounded = |bounds: &BTreeMap<String, Value>, beyond: Ordering| {
            bounds.iter().all(|(name, bound)| {
                let value = field(record, name);
                value.is_some_and(|value| is_within(value, bound, beyond))
            })
        };
        let has = |(name, want): (&String, &String)| {
            let stands = |value: &Value| {
                let text = value.as_str();
                text.is_some_and(|text| stands_in(&text.to_lowercase(), &want.to_lowercase()))
            };
            field(record, name).is_some_and(|value| match value {
                Value::Array(members) => members.iter().any(stands),
                one => stands(one),
            })
        };
        self.is.iter().all(is)
            && self.has.iter().all(has)
            && bounded(&self.at_least, Ordering::Less)
            && bounded(&self.at_most, Ordering::Greater)
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

/// Whether a field has a value that somebody wrote down, capital letters aside.
fn alike(value: &Value, want: &Value) -> bool {
    match (value, want) {
        // One of several that were picked.
        (one, Value::Array(several)) if !one.is_array() => {
            several.iter().any(|want| alike(one, want))
        }
        (Value::String(a), Value::String(b)) => {
            same(value, want) || a.trim().to_lowercase() == b.trim().to_lowercase()
        }
        // A number is often written as a text.
        (Value::String(text), Value::Number(n)) | (Value::Number(n), Value::String(text)) => {
            number_of(text.trim()).is_some_and(|number| same_number(&number, n))
        }
        _ => same(value, want),
    }
}

/// How two fields stand to each other: numbers, also with units, moments, else texts by their
/// letters. What is of two kinds does not.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    if let (Value::String(a), Value::String(b)) = (a, b) {
        let moments = moment(a.trim()).zip(moment(b.trim()));
        if let Some((a, b)) = moments {
            let of_a_kind =
                (a.date.is_some(), a.time.is_some()) == (b.date.is_some(), b.time.is_some());
            return of_a_kind.then(|| (a.date, a.time).cmp(&(b.date, b.time)));
        }
        if Measure::of(a).is_none() && Measure::of(b).is_none() {
            return Some(a.cmp(b));
        }
    }
    measure(a)?.compared(&measure(b)?)
}

fn measure(value: &Value) -> Option<Measure> {
    match value {
        Value::Number(number) => number.as_f64().map(Measure::bare),
        Value::String(text) => Measure::of(text),
        _ => None,
    }
}

/// Whether a field does not lie `beyond` a bound that somebody wrote down, who leaves away what is
/// counted.
fn is_within(value: &Value, bound: &Value, beyond: Ordering) -> bool {
    let measures = measure(value).zip(measure(bound));
    let order = match measures {
        Some((value, bound)) => value.compared(&bound.counting_as(&value)),
        None => compare(value, bound),
    };
    order.is_some_and(|order| order != beyond)
}
