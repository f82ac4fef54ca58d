//! What a rule asks of the values of an argument.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Number, Value, json};

use super::pattern::Pattern;
use crate::gate::digits::same_number;

/// How a condition is written.
const FORM: &str = "a pattern such as \"*@example.com\", a number, true or false, a list of \
                    these, or { is = …, not = …, at_least = …, at_most = … }";

/// What a value has to be. Written as one pattern, number or truth value, a list of them, or
/// with the keys `is`, `not`, `at_least` and `at_most`, all of which have to hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// One of these; anything where there are none.
    pub is: Vec<Scalar>,
    /// None of these.
    pub not: Vec<Scalar>,
    /// A number not less than this.
    pub at_least: Option<f64>,
    /// A number not more than this.
    pub at_most: Option<f64>,
}

/// One value that a condition names.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A text.
    Text(Pattern),
    /// A number.
    Number(Number),
    /// A truth value.
    Truth(bool),
}

impl Scalar {
    /// Exactly `value`; `None` for what has parts or is nothing.
    pub fn exactly(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(Pattern::exactly(text))),
            Value::Number(number) => Some(Self::Number(number.clone())),
            Value::Bool(truth) => Some(Self::Truth(*truth)),
            _ => None,
        }
    }

    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(Self::Text(text.clone().into())),
            other => Self::exactly(other).ok_or_else(|| format!("expected {FORM}")),
        }
    }

    /// Whether `value` is this one; loosely, where more is to be found.
    fn fits(&self, value: &Value, loosely: bool) -> bool {
        match (self, value) {
            (Self::Text(pattern), Value::String(text)) => match loosely {
                true => pattern.fits_loosely(text),
                false => pattern.fits(text),
            },
            (Self::Text(pattern), other) => pattern.fits(&other.to_string()),
            (Self::Number(number), Value::Number(other)) => equal(number, other, loosely),
            (Self::Number(number), Value::String(text)) => {
                let other = text.trim().parse::<Number>();
                other.is_ok_and(|other| equal(number, &other, loosely))
            }
            (Self::Truth(truth), Value::Bool(other)) => truth == other,
            (Self::Truth(truth), Value::String(text)) => {
                loosely && text.trim() == truth.to_string()
            }
            _ => false,
        }
    }
}

/// Whether two numbers are the same; whole ones to the last digit. `loosely`, one of them may be
/// written as a fraction and stand for several.
fn equal(a: &Number, b: &Number, loosely: bool) -> bool {
    let is_fraction = a.is_f64() || b.is_f64();
    same_number(a, b) || (loosely && is_fraction && a.as_f64() == b.as_f64())
}

impl Condition {
    /// That a value is one of `values`.
    pub fn one_of(values: Vec<Scalar>) -> Self {
        Self {
            is: values,
            ..Self::default()
        }
    }

    /// Whether it holds of `value`, which has no parts. A rule that `tightens` finds more: it
    /// does not tell upper from lower case, and what is no number is beyond every bound.
    pub fn holds(&self, value: &Value, tightens: bool) -> bool {
        let fits = |scalar: &Scalar, loosely| scalar.fits(value, loosely);
        let is = self.is.is_empty() || self.is.iter().any(|scalar| fits(scalar, tightens));
        let not = self.not.iter().any(|scalar| fits(scalar, !tightens));
        is && !not && self.is_within(value, tightens)
    }

    fn is_within(&self, value: &Value, tightens: bool) -> bool {
        if self.at_least.is_none() && self.at_most.is_none() {
            return true;
        }
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_f64(),
        };
        match number.filter(|number: &f64| number.is_finite()) {
            None => tightens,
            Some(number) => {
                self.at_least.is_none_or(|least| number >= least)
                    && self.at_most.is_none_or(|most| number <= most)
            }
        }
    }

    fn read(value: &Value) -> Result<Self, String> {
        let Value::Object(fields) = value else {
            return scalars(value).map(Self::one_of);
        };
        let mut condition = Self::default();
        for (name, value) in fields {
            let number = || {
                value
                    .as_f64()
                    .ok_or_else(|| format!("`{name}` takes a number"))
            };
            match name.as_str() {
                "is" => condition.is = scalars(value)?,
                "not" => condition.not = scalars(value)?,
                "at_least" => condition.at_least = Some(number()?),
                "at_most" => condition.at_most = Some(number()?),
                _ => {
                    return Err(format!(
                        "unknown key `{name}`, expected one of `is`, `not`, `at_least`, \
                         `at_most`; a field of an argument is written as args.\"message.to\""
                    ));
                }
            }
        }
        match condition == Self::default() {
            true => Err(format!("expected {FORM}")),
            false => Ok(condition),
        }
    }

    fn written(&self) -> Value {
        let several = |scalars: &[Scalar]| match scalars {
            [one] => json!(one),
            many => json!(many),
        };
        let mut fields = Map::new();
        for (name, scalars) in [("is", &self.is), ("not", &self.not)] {
            if !scalars.is_empty() {
                fields.insert(name.into(), several(scalars));
            }
        }
        for (name, bound) in [("at_least", self.at_least), ("at_most", self.at_most)] {
            if let Some(bound) = bound {
                fields.insert(name.into(), json!(bound));
            }
        }
        match fields.len() == 1 && fields.contains_key("is") {
            true => several(&self.is),
            false => Value::Object(fields),
        }
    }
}

fn scalars(value: &Value) -> Result<Vec<Scalar>, String> {
    match value {
        Value::Array(values) if values.is_empty() => Err("an empty list fits nothing".into()),
        Value::Array(values) => values.iter().map(Scalar::read).collect(),
        one => Ok(vec![Scalar::read(one)?]),
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::read(&value).map_err(de::Error::custom)
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written().serialize(serializer)
    }
}
