//! JSON to component values and back, by the component's own types; the mapping is
//! in the table of [`crate::schema`].

use serde_json::{Map, Number, Value};
use wasmtime::component::{Type, Val, types};

use crate::device::{ErrorKind, ToolError};
use crate::schema::{SOME, json_name};

/// The arguments of a call, in the order of its parameters. `args` has passed the
/// schema; an error here means that the two disagree.
pub(super) fn params(args: &Value, ty: &types::ComponentFunc) -> Result<Vec<Val>, String> {
    ty.params()
        .map(|(name, ty)| {
            let name = json_name(name);
            let value = args.get(&name).unwrap_or(&Value::Null);
            to_val(value, &ty).map_err(|reason| format!("{name}: {reason}"))
        })
        .collect()
}

/// The result of a call. The error side of a `result` is a failed call.
pub(super) fn outcome(result: Option<Val>) -> Result<Value, ToolError> {
    match result {
        None => Ok(Value::Null),
        Some(Val::Result(Ok(value))) => Ok(value.map_or(Value::Null, |value| to_json(&value))),
        Some(Val::Result(Err(error))) => Err(failed(error.as_deref())),
        Some(value) => Ok(to_json(&value)),
    }
}

/// The error that a tool itself gave: text, or a record with a `message` and perhaps a
/// `hint`, or whatever it is as JSON.
fn failed(error: Option<&Val>) -> ToolError {
    let (message, hint) = match error {
        None => ("it failed without a reason".to_owned(), String::new()),
        Some(Val::String(text)) => (text.clone(), String::new()),
        Some(other) => {
            let json = to_json(other);
            let field = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
            match field("message") {
                Some(message) => (message, field("hint").unwrap_or_default()),
                None => (json.to_string(), String::new()),
            }
        }
    };
    ToolError::new(ErrorKind::Failed, message, hint)
}

/// `value` as a value of the type `ty`, or why it is none.
fn to_val(value: &Value, ty: &Type) -> Result<Val, String> {
    let wrong = || misfit(value);
    macro_rules! integer {
        ($variant:ident, $kind:ident) => {
            Val::$variant(whole(value, stringify!($kind))?)
        };
    }
    Ok(match ty {
        Type::Bool => Val::Bool(value.as_bool().ok_or_else(wrong)?),
        Type::S8 => integer!(S8, s8),
        Type::S16 => integer!(S16, s16),
        Type::S32 => integer!(S32, s32),
        Type::S64 => integer!(S64, s64),
        Type::U8 => integer!(U8, u8),
        Type::U16 => integer!(U16, u16),
        Type::U32 => integer!(U32, u32),
        Type::U64 => integer!(U64, u64),
        Type::Float32 => Val::Float32(single(value)?),
        Type::Float64 => Val::Float64(value.as_f64().ok_or_else(wrong)?),
        Type::Char => Val::Char(only_char(value).ok_or_else(wrong)?),
        Type::String => Val::String(value.as_str().ok_or_else(wrong)?.to_owned()),
        Type::List(list) => Val::List(items(value, &list.ty())?),
        Type::FixedLengthList(list) => Val::FixedLengthList(items(value, &list.ty())?),
        Type::Tuple(tuple) => Val::Tuple(members(value, tuple)?),
        Type::Record(record) => Val::Record(fields(value, record)?),
        Type::Option(option) => match value {
            Value::Null => Val::Option(None),
            value => {
                let ty = option.ty();
                let inner = match (&ty, only_entry(value)) {
                    (Type::Option(_), Some((name, inner))) if name == SOME => inner,
                    (Type::Option(_), _) => return Err(wrong()),
                    _ => value,
                };
                Val::Option(Some(Box::new(to_val(inner, &ty)?)))
            }
        },
        Type::Enum(cases) => Val::Enum(name_among(value, cases.names()).ok_or_else(wrong)?),
        Type::Flags(flags) => {
            let names = value.as_array().ok_or_else(wrong)?.iter();
            let names = names.map(|name| name_among(name, flags.names()));
            Val::Flags(names.collect::<Option<_>>().ok_or_else(wrong)?)
        }
        Type::Variant(variant) => {
            let (name, payload) = only_entry(value).ok_or_else(wrong)?;
            let mut cases = variant.cases();
            let case = cases.find(|case| json_name(case.name) == *name);
            let case = case.ok_or_else(wrong)?;
            Val::Variant(case.name.to_owned(), boxed(payload, case.ty.as_ref())?)
        }
        Type::Result(result) => match only_entry(value).ok_or_else(wrong)? {
            (name, payload) if name == "ok" => {
                Val::Result(Ok(boxed(payload, result.ok().as_ref())?))
            }
            (name, payload) if name == "error" => {
                Val::Result(Err(boxed(payload, result.err().as_ref())?))
            }
            _ => return Err(wrong()),
        },
        _ => return Err("this type has no JSON form".to_owned()),
    })
}

/// A whole number, however it is written: `1`, `1.0` and `1e3` are.
fn whole<N: TryFrom<i128>>(value: &Value, kind: &str) -> Result<N, String> {
    let exact = value.as_i64().map(i128::from);
    let exact = exact.or_else(|| value.as_u64().map(i128::from));
    // Where it is one at all, the conversion is exact: both ends are beyond 64 bits.
    let written = || {
        value
            .as_f64()
            .filter(|n| n.fract() == 0.0)
            .map(|n| n as i128)
    };
    let number = exact.or_else(written);
    let number = number.ok_or_else(|| format!("{value} is not a whole number"))?;
    let word = if number < 0 { "small" } else { "large" };
    N::try_from(number).map_err(|_| format!("{value} is too {word} for {kind}"))
}

fn misfit(value: &Value) -> String {
    format!("{value} does not fit")
}

/// A number as an f32, which may not be infinite.
fn single(value: &Value) -> Result<f32, String> {
    let number = value.as_f64().ok_or_else(|| misfit(value))? as f32;
    match number.is_infinite() {
        true => Err(format!("{value} is too large for f32")),
        false => Ok(number),
    }
}

/// The one character of a text that has no other.
fn only_char(value: &Value) -> Option<char> {
    let mut chars = value.as_str()?.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// A text that is one of the names `known`.
fn name_among<'a>(value: &Value, mut known: impl Iterator<Item = &'a str>) -> Option<String> {
    let name = value.as_str()?;
    known.any(|one| one == name).then(|| name.to_owned())
}

fn members(value: &Value, tuple: &types::Tuple) -> Result<Vec<Val>, String> {
    let values = value.as_array().ok_or_else(|| misfit(value))?;
    if values.len() != tuple.types().len() {
        return Err(misfit(value));
    }
    let pairs = values.iter().zip(tuple.types());
    pairs.map(|(value, ty)| to_val(value, &ty)).collect()
}

fn fields(value: &Value, record: &types::Record) -> Result<Vec<(String, Val)>, String> {
    let map = value.as_object().ok_or_else(|| misfit(value))?;
    let field = |field: types::Field<'_>| {
        let value = map.get(&json_name(field.name)).unwrap_or(&Value::Null);
        Ok((field.name.to_owned(), to_val(value, &field.ty)?))
    };
    record.fields().map(field).collect()
}

fn items(value: &Value, ty: &Type) -> Result<Vec<Val>, String> {
    let values = value
        .as_array()
        .ok_or_else(|| format!("{value} is not an array"))?;
    values.iter().map(|value| to_val(value, ty)).collect()
}

fn boxed(value: &Value, ty: Option<&Type>) -> Result<Option<Box<Val>>, String> {
    ty.map(|ty| to_val(value, ty).map(Box::new)).transpose()
}

fn only_entry(value: &Value) -> Option<(&String, &Value)> {
    let map = value.as_object()?;
    (map.len() == 1).then(|| map.iter().next()).flatten()
}

fn to_json(val: &Val) -> Value {
    let payload = |value: &Option<Box<Val>>| value.as_deref().map_or(Value::Null, to_json);
    match val {
        Val::Bool(value) => (*value).into(),
        Val::S8(value) => (*value).into(),
        Val::S16(value) => (*value).into(),
        Val::S32(value) => (*value).into(),
        Val::S64(value) => (*value).into(),
        Val::U8(value) => (*value).into(),
        Val::U16(value) => (*value).into(),
        Val::U32(value) => (*value).into(),
        Val::U64(value) => (*value).into(),
        Val::Float32(value) => short(*value),
        Val::Float64(value) => number(*value),
        Val::Char(value) => value.to_string().into(),
        Val::String(value) | Val::Enum(value) => value.clone().into(),
        Val::List(values) | Val::Tuple(values) | Val::FixedLengthList(values) => {
            values.iter().map(to_json).collect()
        }
        Val::Map(pairs) => pairs
            .iter()
            .map(|(key, value)| Value::Array(vec![to_json(key), to_json(value)]))
            .collect(),
        // As in arguments: what is not there is left out.
        Val::Record(fields) => fields
            .iter()
            .filter(|(_, value)| !matches!(value, Val::Option(None)))
            .map(|(name, value)| (json_name(name), to_json(value)))
            .collect::<Map<_, _>>()
            .into(),
        // What is there and empty is something else than what is not there.
        Val::Option(Some(inner)) if matches!(**inner, Val::Option(_)) => {
            entry(SOME, to_json(inner))
        }
        Val::Option(value) => payload(value),
        Val::Flags(names) => names.iter().map(String::as_str).collect(),
        Val::Variant(name, value) => entry(&json_name(name), payload(value)),
        Val::Result(Ok(value)) => entry("ok", payload(value)),
        Val::Result(Err(value)) => entry("error", payload(value)),
        // Refused when the component was loaded.
        Val::Resource(_) | Val::Future(_) | Val::Stream(_) | Val::ErrorContext(_) => Value::Null,
    }
}

fn entry(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}

/// The shortest decimal that means this very number: 0.1 and not 0.10000000149011612.
fn short(value: f32) -> Value {
    let decimal = value.to_string().parse();
    number(decimal.unwrap_or_else(|_| f64::from(value)))
}

/// JSON has no NaN and no infinities; they become text.
fn number(value: f64) -> Value {
    Number::from_f64(value).map_or_else(|| value.to_string().into(), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_taken_as_json_has_them() {
        let check = |value: Value, ty: Type, want: Result<Val, &str>| {
            assert_eq!(to_val(&value, &ty), want.map_err(str::to_owned), "{value}");
        };
        check(json!(1.0), Type::U64, Ok(Val::U64(1)));
        check(json!(1e3), Type::S8, Err("1000.0 is too large for s8"));
        check(json!(1e3), Type::S16, Ok(Val::S16(1000)));
        check(json!(u64::MAX), Type::U64, Ok(Val::U64(u64::MAX)));
        check(json!(i64::MIN), Type::S64, Ok(Val::S64(i64::MIN)));
        check(
            json!(1.8446744073709552e19),
            Type::U64,
            Err("1.8446744073709552e+19 is too large for u64"),
        );
        check(json!(-1), Type::U8, Err("-1 is too small for u8"));
        check(json!(1.5), Type::U8, Err("1.5 is not a whole number"));
        check(json!("1"), Type::U8, Err("\"1\" is not a whole number"));
        check(
            json!(1e300),
            Type::Float32,
            Err("1e+300 is too large for f32"),
        );
        check(json!(0.1), Type::Float32, Ok(Val::Float32(0.1)));
        check(json!(1), Type::Float64, Ok(Val::Float64(1.0)));
        assert_eq!(to_json(&Val::Float32(0.1)), json!(0.1));
        assert_eq!(to_json(&Val::Float32(1e10)), json!(1e10));
        assert_eq!(to_json(&Val::Float32(f32::NAN)), json!("NaN"));
    }
    #[test]
    fn an_option_within_another_is_told_from_none() {
        let check = |value: Val, want: Value| assert_eq!(to_json(&value), want);
        let some = |value: Val| Val::Option(Some(Box::new(value)));
        let none = || Val::Option(None);
        check(none(), json!(null));
        check(some(Val::U8(1)), json!(1));
        check(some(none()), json!({"some": null}));
        check(some(some(Val::U8(1))), json!({"some": 1}));
        check(some(some(none())), json!({"some": {"some": null}}));
        check(
            Val::Record(vec![("a".into(), none()), ("b".into(), some(none()))]),
            json!({"b": {"some": null}}),
        );
    }
}
