//! Bounds on what a template makes while it runs.
//!
//! Fuel counts steps, and one step can double a text: forty in a row, without any loop, take all
//! the memory there is. So what joins, repeats and replaces is ours here, and knows how long its
//! result may be. The operators of a compiled template become calls of filters, one instruction
//! for another, so that no jump changes. The library shows compiled templates without a promise
//! that they stay as they are (`unstable_machinery`): nothing else here depends on that.

use std::fmt::{self, Display, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use minijinja::machinery::{
    CompiledTemplate, Instruction, Instructions, TemplateConfig, Token, Vm, WhitespaceConfig,
    make_string_output, tokenize,
};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Rest, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, Value, context};
use minijinja_contrib::pycompat;

use super::python;

/// The name of a template in its errors.
const NAME: &str = "chat";
/// The longest template, in bytes. Those of models have some thousand.
const SOURCE_BYTES_MAX: usize = 128 << 10;
/// Bytes of a text that a template keeps. It has a mark of some bytes for each message.
pub(super) const VALUE_BYTES_MAX: usize = 64 << 10;
/// Members of a list that it keeps: as many as the library's `range` gives.
const ITEMS_MAX: usize = 100_000;
/// Multiplications in a template. The library works out those of constants while it compiles.
const TIMES_MAX: usize = 8;
/// Bytes that texts between its tags may come to, each written as often as there is fuel for.
const RAW_BYTES_MAX: u64 = 1 << 30;
/// The filters that stand for operators: no template can write these names.
const JOIN: &str = "~";
const PLUS: &str = "+";
const TIMES: &str = "*";
const REMAINDER: &str = "%";
/// Filters of the library that go through all of a value. Those that call other filters are not
/// among them: they would find the library's.
const WHOLE: [&str; 11] = [
    "chain", "dictsort", "groupby", "items", "lines", "list", "reverse", "sort", "split", "unique",
    "zip",
];

/// An error where the template was stopped.
pub(super) fn going_on(stopped: &AtomicBool) -> Result<(), Error> {
    match stopped.load(Ordering::Relaxed) {
        true => Err(ErrorKind::OutOfFuel.into()),
        false => Ok(()),
    }
}

/// Gives `environment` operators, filters and methods that end where they make too much, or where
/// the template was `stopped`.
pub(super) fn put_into(environment: &mut Environment<'static>, stopped: &Arc<AtomicBool>) {
    let library = Arc::new(Environment::new());
    for name in WHOLE {
        let (library, stopped) = (library.clone(), stopped.clone());
        let whole = move |args: Rest<Value>| -> Result<Value, Error> {
            going_on(&stopped)?;
            let all = args.iter().map(items).fold(0, usize::saturating_add);
            within_items(all)?;
            library.empty_state().apply_filter(name, &args)
        };
        environment.add_filter(name, whole);
    }
    let format = move |args: Rest<Value>| -> Result<Value, Error> {
        within_widths(args.first().and_then(Value::as_str).unwrap_or_default())?;
        library.empty_state().apply_filter("format", &args)
    };
    environment.add_filter("format", format);
    environment.add_filter("join", joined);
    environment.add_filter("replace", replaced);
    environment.add_filter(JOIN, together);
    environment.add_filter(PLUS, plus);
    environment.add_filter(TIMES, times);
    environment.add_filter(REMAINDER, remainder);
    let stopped = stopped.clone();
    environment.set_unknown_method_callback(move |state, value, name, args| {
        going_on(&stopped)?;
        method(state, value, name, args)
    });
}

/// Compiles `source`.
///
/// # Errors
/// Also where it is too long, or multiplies too often.
pub(super) fn compiled(source: &str) -> Result<CompiledTemplate<'_>, Error> {
    if source.len() > SOURCE_BYTES_MAX {
        return Err(too_much(&format!(
            "it has more than {SOURCE_BYTES_MAX} bytes"
        )));
    }
    let ws_config = WhitespaceConfig {
        keep_trailing_newline: false,
        lstrip_blocks: true,
        trim_blocks: true,
    };
    let tokens = tokenize(source, false, SyntaxConfig, ws_config);
    // One that cannot be read is the last, and is told of below.
    let tokens = tokens.map_while(Result::ok);
    let times = tokens.filter(|(token, _)| matches!(token, Token::Mul));
    if times.take(TIMES_MAX + 1).count() > TIMES_MAX {
        return Err(too_much(&format!(
            "it multiplies more than {TIMES_MAX} times"
        )));
    }
    let config = TemplateConfig {
        syntax_config: SyntaxConfig,
        ws_config,
        default_auto_escape: Arc::new(|_: &str| AutoEscape::None),
    };
    let mut compiled = CompiledTemplate::new(NAME, source, &config)?;
    call_filters(&mut compiled.instructions);
    compiled.blocks.values_mut().for_each(call_filters);
    Ok(compiled)
}

/// Puts a call of a filter in the place of each operator that can make a long value.
fn call_filters(instructions: &mut Instructions<'_>) {
    for at in 0..instructions.len() as u32 {
        let Some(instruction) = instructions.get_mut(at) else {
            return;
        };
        let filter = match instruction {
            Instruction::StringConcat => JOIN,
            Instruction::Add => PLUS,
            Instruction::Mul => TIMES,
            Instruction::Rem => REMAINDER,
            _ => continue,
        };
        // Two arguments, and a place that means that nothing is kept for the next call.
        *instruction = Instruction::ApplyFilter(filter, Some(2), !0);
    }
}

/// The most steps that a template may take whose texts between the tags are all written in each.
pub(super) fn steps_max(compiled: &CompiledTemplate<'_>) -> u64 {
    let all = compiled.blocks.values().chain([&compiled.instructions]);
    let raw = all.flat_map(|instructions| {
        (0..instructions.len() as u32).filter_map(move |at| match instructions.get(at) {
            Some(Instruction::EmitRaw(text)) => Some(text.len() as u64),
            _ => None,
        })
    });
    RAW_BYTES_MAX / raw.max().unwrap_or(1).max(1)
}

/// What the template `source` writes for `context`.
pub(super) fn rendered<'env>(
    environment: &'env Environment<'env>,
    source: &'env str,
    context: &Value,
) -> Result<String, Error> {
    let compiled = compiled(source)?;
    let mut text = String::new();
    Vm::new(environment).eval(
        &compiled.instructions,
        context.clone(),
        &compiled.blocks,
        &mut make_string_output(&mut text),
        compiled.initial_auto_escape,
    )?;
    Ok(text)
}

fn too_much(words: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, words.to_owned())
}

/// An error where a text would have more `bytes` than one may have.
pub(super) fn within_bytes(bytes: usize) -> Result<(), Error> {
    match bytes > VALUE_BYTES_MAX {
        true => Err(too_much(&format!(
            "a value has more than {VALUE_BYTES_MAX} bytes"
        ))),
        false => Ok(()),
    }
}

fn within_items(items: usize) -> Result<(), Error> {
    match items > ITEMS_MAX {
        true => Err(too_much(&format!(
            "a list has more than {ITEMS_MAX} members"
        ))),
        false => Ok(()),
    }
}

/// An error where a form gives a width that no text has.
fn within_widths(form: &str) -> Result<(), Error> {
    let mut numbers = form.split(|c: char| !c.is_ascii_digit());
    match form.contains('*') || numbers.any(|digits| digits.len() > 4) {
        true => Err(too_much("a form has a width that is too large")),
        false => Ok(()),
    }
}

/// A text that takes as much as a value may have.
#[derive(Default)]
struct Room(String);

impl Write for Room {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > VALUE_BYTES_MAX {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

impl Room {
    fn add(&mut self, value: &dyn Display) -> Result<(), Error> {
        let written = write!(self, "{value}");
        written.or_else(|_| within_bytes(usize::MAX))
    }
}

/// `left ~ right`.
fn together(left: Value, right: Value) -> Result<Value, Error> {
    let mut room = Room::default();
    room.add(&left)?;
    room.add(&right)?;
    Ok(Value::from(room.0))
}

/// `left + right`.
fn plus(state: &State<'_, '_>, left: Value, right: Value) -> Result<Value, Error> {
    if left.as_str().is_some() && right.as_str().is_some() {
        return together(left, right);
    }
    within_items(items(&left).saturating_add(items(&right)))?;
    by_library(state, "left + right", left, right)
}

/// `left * right`.
fn times(state: &State<'_, '_>, left: Value, right: Value) -> Result<Value, Error> {
    let count = |value: &Value| value.as_usize().unwrap_or(0);
    for (one, other) in [(&left, &right), (&right, &left)] {
        let bytes = one.as_str().map_or(0, str::len);
        within_bytes(bytes.saturating_mul(count(other)))?;
        within_items(items(one).saturating_mul(count(other)))?;
    }
    by_library(state, "left * right", left, right)
}

/// `left % right`: of a text, a form that is filled in.
fn remainder(state: &State<'_, '_>, left: Value, right: Value) -> Result<Value, Error> {
    if left.as_str().is_none() {
        return by_library(state, "left % right", left, right);
    }
    let mut args = vec![left];
    args.extend(python::filling(&right));
    let filled = state.apply_filter("format", &args)?;
    within_bytes(filled.as_str().map_or(0, str::len))?;
    Ok(filled)
}

fn items(value: &Value) -> usize {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => value.len().unwrap_or_else(|| counted(value)),
        _ => 0,
    }
}

/// Members of what does not know how many it has, up to one more than a list may have.
fn counted(value: &Value) -> usize {
    let members = value.try_iter().into_iter().flatten();
    members.take(ITEMS_MAX + 1).count()
}

/// What the library makes of an `operation` on `left` and `right`.
fn by_library(
    state: &State<'_, '_>,
    operation: &'static str,
    left: Value,
    right: Value,
) -> Result<Value, Error> {
    let operation = state.env().compile_expression(operation)?;
    operation.eval(context! { left => left, right => right })
}

/// The members of `value`, with `between` between them.
fn joined(value: Value, between: Option<String>) -> Result<Value, Error> {
    let between = between.unwrap_or_default();
    let mut room = Room::default();
    if let Some(text) = value.as_str() {
        for (n, letter) in text.chars().enumerate() {
            if n > 0 {
                room.add(&between)?;
            }
            room.add(&letter)?;
        }
        return Ok(Value::from(room.0));
    }
    for (n, member) in value.try_iter()?.enumerate() {
        // Members that say nothing take no room.
        within_items(n + 1)?;
        if n > 0 {
            room.add(&between)?;
        }
        room.add(&member)?;
    }
    Ok(Value::from(room.0))
}

/// `text` with `new` in the place of each `old`.
fn replaced(text: String, old: String, new: String) -> Result<String, Error> {
    within_bytes(grown(&text, &old, &new))?;
    Ok(text.replace(&old, &new))
}

/// The most bytes that `text` has with `new` in the place of each `old`.
fn grown(text: &str, old: &str, new: &str) -> usize {
    let places = text.matches(old).count();
    text.len().saturating_add(places.saturating_mul(new.len()))
}

/// A method of Python's texts, lists and mappings.
fn method(
    state: &State<'_, '_>,
    value: &Value,
    name: &str,
    args: &[Value],
) -> Result<Value, Error> {
    match (value.as_str(), name, args) {
        (Some(between), "join", [members]) => {
            return joined(members.clone(), Some(between.to_owned()));
        }
        (Some(text), "replace", [old, new, ..]) => {
            let (old, new) = (old.to_string(), new.to_string());
            within_bytes(grown(text, &old, &new))?;
        }
        (Some(text), "format", _) => within_widths(text)?,
        _ => {}
    }
    let own = value
        .as_str()
        .and_then(|text| python::of_text(text, name, args));
    own.unwrap_or_else(|| pycompat::unknown_method_callback(state, value, name, args))
}
