//! Jinja as chat templates expect it: what Hugging Face's own renderer offers, with a bound on
//! the work and on the output. A template comes with a model's file, from a stranger. What each
//! step of it may make is in `bounded`.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use minijinja::functions::range;
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Output, State, Value, escape_formatter, filters};
use regex::Regex;

use super::bounded::{self, going_on};
use super::dumps::tojson;
use super::sizes::{indent, within};

/// Steps that a template may take, and more for each message. Real ones take some hundred.
const FUEL: u64 = 2_000_000;
const FUEL_OF_A_MESSAGE: u64 = 20_000;
/// Bytes that a template may write beside the texts.
const OUTPUT_BYTES_MAX: usize = 4 << 20;

/// What fuel does not bound: one step may go through a long list, or double a text.
const BOUNDS: Bounds = Bounds {
    time: Duration::from_secs(10),
    bytes: 1 << 30,
};
/// How often it is looked at whether a template keeps within them.
const LOOK: Duration = Duration::from_millis(10);
/// Bytes of stack for macros within macros.
const STACK_BYTES: usize = 16 << 20;

/// What one run of a template may take.
#[derive(Clone, Copy)]
struct Bounds {
    /// Real ones take milliseconds.
    time: Duration,
    /// Memory, as far as this system tells what it takes.
    bytes: u64,
}

/// The tags around what a model is trained on, which change nothing that is written.
static GENERATION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}").ok());

/// A compiled template.
pub(super) struct Jinja {
    environment: Environment<'static>,
    source: Arc<str>,
    /// The most steps that its texts between the tags leave.
    steps_max: u64,
    bounds: Bounds,
    /// Set once it went beyond its bounds. What it does then ends at the next thing that it
    /// writes or goes through, and it is not run a second time.
    stopped: Arc<AtomicBool>,
}

impl Jinja {
    /// Compiles `source`.
    pub(super) fn new(source: &str) -> Result<Self, Error> {
        let mut environment = Environment::new();
        let stopped = Arc::<AtomicBool>::default();
        minijinja_contrib::add_to_environment(&mut environment);
        bounded::put_into(&mut environment, &stopped);
        let stop = stopped.clone();
        environment.set_formatter(move |out, state, value| {
            going_on(&stop)?;
            match value.as_str() {
                Some(text) if text.len() > OUTPUT_BYTES_MAX => Err(ErrorKind::WriteFailure.into()),
                _ => as_python(out, state, value),
            }
        });
        environment.add_function("raise_exception", raise_exception);
        environment.add_function("strftime_now", strftime_now);
        let stop = stopped.clone();
        let numbers = move |lower: isize, upper: Option<isize>, step: Option<isize>| {
            numbers(lower, upper, step, &stop)
        };
        environment.add_function("range", numbers);
        environment.add_filter("tojson", tojson);
        environment.add_filter("indent", indent);
        environment.add_filter("slice", slice);
        environment.add_filter("batch", batch);
        for name in ["length", "count"] {
            let stop = stopped.clone();
            environment.add_filter(name, move |value: Value| -> Result<usize, Error> {
                going_on(&stop)?;
                length(&value)
            });
        }
        environment.add_test("iterable", is_iterable);
        environment.add_test("sequence", is_sequence);
        let source: Arc<str> = plain(source).into();
        let steps_max = bounded::steps_max(&bounded::compiled(&source)?);
        Ok(Self {
            environment,
            source,
            steps_max,
            bounds: BOUNDS,
            stopped,
        })
    }

    /// What the template writes for `context`, which has as many `messages`.
    pub(super) fn render(&mut self, context: &Value, messages: usize) -> Result<String, Error> {
        going_on(&self.stopped)?;
        let mut environment = self.environment.clone();
        let fuel = FUEL + FUEL_OF_A_MESSAGE * messages as u64;
        environment.set_fuel(Some(fuel.min(self.steps_max)));
        let (context, source) = (context.clone(), self.source.clone());
        let (done, written) = mpsc::channel();
        let stopped = self.stopped.clone();
        // On a thread of its own, which is not waited for where it takes too long.
        let spawned = thread::Builder::new()
            .name("template".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let written = written_by(&environment, &source, &context, &stopped);
                // Whoever has stopped waiting needs no answer.
                let _ = done.send(written);
            });
        if let Err(error) = spawned {
            let words = "no thread can be started for it";
            return Err(Error::new(ErrorKind::InvalidOperation, words).with_source(error));
        }
        let (start, taken) = (Instant::now(), taken_bytes());
        loop {
            match written.recv_timeout(LOOK) {
                Ok(written) => return written,
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    let words = "what renders it failed";
                    return Err(Error::new(ErrorKind::InvalidOperation, words));
                }
            }
            let grown = taken_bytes().saturating_sub(taken);
            if start.elapsed() > self.bounds.time || grown > self.bounds.bytes {
                self.stopped.store(true, Ordering::Relaxed);
                return Err(ErrorKind::OutOfFuel.into());
            }
        }
    }
}

/// As `range` of the library, with numbers that end where the template was stopped.
fn numbers(
    lower: isize,
    upper: Option<isize>,
    step: Option<isize>,
    stopped: &Arc<AtomicBool>,
) -> Result<Value, Error> {
    let numbers = Numbers {
        next: upper.map_or(0, |_| lower),
        step: step.unwrap_or(1),
        left: range(lower, upper, step)?.len().unwrap_or(0),
        stopped: stopped.clone(),
    };
    Ok(Value::make_iterable(move || numbers.clone()))
}

/// Numbers in even steps, until the template is stopped.
#[derive(Clone)]
struct Numbers {
    next: isize,
    step: isize,
    left: usize,
    stopped: Arc<AtomicBool>,
}

impl Iterator for Numbers {
    type Item = isize;

    fn next(&mut self) -> Option<isize> {
        if self.left == 0 || self.stopped.load(Ordering::Relaxed) {
            return None;
        }
        self.left -= 1;
        let number = self.next;
        self.next = number.wrapping_add(self.step);
        Some(number)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

fn written_by(
    environment: &Environment<'_>,
    source: &str,
    context: &Value,
    stopped: &AtomicBool,
) -> Result<String, Error> {
    let written = bounded::rendered(environment, source, context)?;
    going_on(stopped)?;
    match written.len() > OUTPUT_BYTES_MAX {
        true => Err(ErrorKind::WriteFailure.into()),
        false => Ok(written),
    }
}

/// Bytes of data that this program has taken; 0 where the system does not tell.
fn taken_bytes() -> u64 {
    // The sixth number, in pages: proc(5). Pages have at least so many bytes.
    const PAGE_BYTES: u64 = 4096;
    let told = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = told.split_whitespace().nth(5).map(str::parse::<u64>);
    pages.and_then(Result::ok).unwrap_or(0) * PAGE_BYTES
}

/// What went wrong in a template, in words: the innermost reason and its line.
pub(super) fn words(error: &Error) -> String {
    match error.kind() {
        ErrorKind::OutOfFuel => "it does not come to an end".to_owned(),
        ErrorKind::WriteFailure => format!("it writes more than {OUTPUT_BYTES_MAX} bytes"),
        // On one line: the words may be the template's own, and longer forms quote it.
        _ => {
            let said = error.to_string();
            said.split_whitespace().collect::<Vec<_>>().join(" ")
        }
    }
}

/// `source` with the line ends that Jinja has, and without tags that change nothing.
fn plain(source: &str) -> String {
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let Some(generation) = GENERATION.as_ref() else {
        return source;
    };
    let branch = |found: &regex::Captures<'_>| {
        let word = if found.get(2).is_some() {
            "endif"
        } else {
            "if true"
        };
        format!("{{%{} {word} {}%}}", &found[1], &found[3])
    };
    generation.replace_all(&source, branch).into_owned()
}

/// Values that Python writes in another way.
fn as_python(out: &mut Output<'_>, state: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None => out.write_str("None").map_err(Error::from),
        ValueKind::Bool if value.is_true() => out.write_str("True").map_err(Error::from),
        ValueKind::Bool => out.write_str("False").map_err(Error::from),
        _ => escape_formatter(out, state, value),
    }
}

fn raise_exception(message: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

fn strftime_now(format: String) -> Result<String, Error> {
    let mut text = String::new();
    write!(text, "{}", chrono::Local::now().format(&format)).map_err(|_| {
        let words = format!("{format:?} is not a form of a date");
        Error::new(ErrorKind::InvalidOperation, words)
    })?;
    Ok(text)
}

/// As Python has it: what is not there has no length, and is no mistake.
fn length(value: &Value) -> Result<usize, Error> {
    if value.is_undefined() {
        return Ok(0);
    }
    value.len().ok_or_else(|| {
        let words = format!("a value of type {} has no length", value.kind());
        Error::new(ErrorKind::InvalidOperation, words)
    })
}

fn slice(
    state: &State<'_, '_>,
    value: Value,
    count: usize,
    filler: Option<Value>,
) -> Result<Value, Error> {
    filters::slice(state, value, within(count)?, filler)
}

fn batch(
    state: &State<'_, '_>,
    value: Value,
    count: usize,
    filler: Option<Value>,
) -> Result<Value, Error> {
    filters::batch(state, value, within(count)?, filler)
}

/// As Python has it: nothing cannot be gone through, but a text can.
fn is_iterable(value: &Value) -> bool {
    !value.is_none() && (value.as_str().is_some() || value.try_iter().is_ok())
}

/// As jinja2 has it: whatever has a length and places, so a text and a mapping too.
fn is_sequence(value: &Value) -> bool {
    let kind = value.kind();
    matches!(
        kind,
        ValueKind::Seq | ValueKind::Map | ValueKind::String | ValueKind::Undefined
    )
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[track_caller]
    fn check(source: &str, want: &str) {
        let context =
            context! { tools => (), text => " a\n", map => context!{ z => 1, a => "ü<" } };
        let rendered = Jinja::new(source).and_then(|mut jinja| jinja.render(&context, 1));
        assert_eq!(rendered.as_deref().map_err(words), Ok(want), "{source}");
    }

    #[test]
    fn what_other_renderers_know_is_known() {
        check("{% generation %}\nx\n{%- endgeneration -%}\n y", "xy");
        check("a {%- generation -%} x {% endgeneration %} y", "ax  y");
        check(
            "a\r\n{% if true %}\r\n  b\r\n{% endif %}\r\nc\r\n",
            "a\n  b\nc",
        );
        check(
            "{{ tools is none }} {{ gone | length }} {{ gone is defined }}",
            "True 0 False",
        );
        check("{{ map | tojson }}", "{\"z\": 1, \"a\": \"ü<\"}");
        check(
            "{{ {'b': [1, {}], 'a': none} | tojson(indent=2, sort_keys=true) }}",
            "{\n  \"a\": null,\n  \"b\": [\n    1,\n    {}\n  ]\n}",
        );
        check(
            "{{ 'ü😀' | tojson(ensure_ascii=true) }}",
            "\"\\u00fc\\ud83d\\ude00\"",
        );
        check("{{ [1, 2] | tojson(separators=(',', ':')) }}", "[1,2]");
        check(
            "{{ text.strip() }}{{ text | trim }}{{ [1, 2, 3][::-1] }}",
            "aa[3, 2, 1]",
        );
        check(
            "{% for x in [1, 2, 3] %}{% if x == 2 %}{% break %}{% endif %}{{ x }}{% endfor %}",
            "1",
        );
        check(
            "{%- macro f(x) %}<{{ x }}>{% endmacro %}{{ f(1) ~ f('b') }}",
            "<1><b>",
        );
        check(
            "{% set ns = namespace(n=0) %}{% for x in [1, 2] %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
            "2",
        );
        check("{{ strftime_now('%Y') | length }}", "4");
        check(
            "{% for x in range(3) %}{{ x }}/{{ loop.length }}{{ ' ' if not loop.last }}{% endfor %}",
            "0/3 1/3 2/3",
        );
        check("{{ 'a\nb\n\nc' | indent }}|", "a\n    b\n\n    c|");
        check(
            "{{ 'a\n\nb' | indent(1, true, blank=true) }}|",
            " a\n \n b|",
        );
        check(
            "{{ [1, 2, 3] | batch(2) }}{{ [1, 2, 3] | slice(2) }}",
            "[[1, 2], [3]][[1, 2], [3]]",
        );
        check(
            "{{ range(5, 0, -2) }} {{ range(-2) | length }}",
            "[5, 3, 1] 0",
        );
        // With a variable, so that they are not worked out before it runs.
        let with = |inner: &str| format!("{{% set a = 'ab' %}}{{% set n = 2 %}}{inner}");
        check(
            &with("{{ a ~ n ~ a }} {{ a + a }} {{ n + 1 }}"),
            "ab2ab abab 3",
        );
        check(
            &with("{{ a * n }} {{ n * 3 }} {{ ([n] + [a]) | length }}"),
            "abab 6 2",
        );
        check(
            &with("{{ [a, n] | join('-') }} {{ '-'.join([a, a]) }}"),
            "ab-2 ab-ab",
        );
        check(
            &with("{{ a | replace('b', n) }} {{ a.replace('a', '') }}"),
            "a2 b",
        );
        check(
            &with("{{ [n, 1] | sort }} {{ '%s!' | format(a) }}"),
            "[1, 2] ab!",
        );
        check(
            "{% for x in [none, 1, 'a', [], {}, gone] %}{{ x is iterable }} {% endfor %}",
            "False False True True True True ",
        );
        check(
            "{% for x in [none, 1, 'a', [], {}, gone] %}{{ x is sequence }} {% endfor %}",
            "False False True True True True ",
        );
    }

    #[test]
    fn what_has_no_end_is_stopped() {
        let check = |source: &str, want: &str| {
            let mut jinja = Jinja::new(source).unwrap();
            jinja.bounds = Bounds {
                time: Duration::from_millis(200),
                bytes: 64 << 20,
            };
            let error = jinja.render(&context! {}, 1).unwrap_err();
            assert!(words(&error).contains(want), "{source}: {}", words(&error));
            // One hold is the template's own, one for each way to stop it: none is a thread's.
            let (begun, holds) = (Instant::now(), Jinja::new("").unwrap());
            let ended = || Arc::strong_count(&jinja.stopped) == Arc::strong_count(&holds.stopped);
            while !ended() {
                assert!(begun.elapsed() < BOUNDS.time, "{source}: it goes on");
                thread::yield_now();
            }
        };
        let loops =
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
        check(loops, "does not come to an end");
        check(
            "{% for a in range(9999) %}{{ 'x' * 999 }}{% endfor %}",
            "writes more than",
        );
        check(
            "{% for a in range(99999) %}{% set b = range(99999) | list | sort | length %}{% endfor %}",
            "does not come to an end",
        );
        let too_long = "a value has more than 65536 bytes";
        check(
            "{% set n = namespace(s='ab') %}{% for a in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
            too_long,
        );
        // No loop is needed.
        let again = |step: &str| format!("{{% set s = 'ab' %}}{}", step.repeat(60));
        check(&again("{% set s = s ~ s %}"), too_long);
        check(&again("{% set s = s + s %}"), too_long);
        check(&again("{% set s = s.replace('a', s) %}"), too_long);
        check(&again("{% set s = s | replace('a', s) %}"), too_long);
        check(&again("{% set s = s.join([s, s]) %}"), too_long);
        check(
            &again("{% set s %}{{ s }}{{ s }}{% endset %}"),
            "writes more than",
        );
        let long = "{% set l = [1] %}".to_owned() + &"{% set l = l + l %}".repeat(60);
        check(&long, "a list has more than 100000 members");
        // Nor does a list have to know how long it is.
        let unsized_list = "{% set l = range(40000) | list | chain([1]) %}";
        for twice in ["{% set l = l + l %}", "{% set l = l | chain(l) %}"] {
            let source = format!("{unsized_list}{}", twice.repeat(60));
            check(&source, "a list has more than 100000 members");
        }
        check("{% set n = 99999 %}{{ 'x' * n }}", too_long);
        check(
            "{% set n = 999999 %}{{ ([1] * n) | list }}",
            "a list has more than 100000 members",
        );
        check("{{ '%99999d' | format(1) }}", "a width that is too large");
        check(
            "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
            "recursion",
        );
        check("{{ strftime_now('%Q') }}", "not a form of a date");
        let too_many = "more than 10000";
        check("{{ 'a' | indent(99999999999) }}", too_many);
        check("{{ [1] | slice(99999999999) }}", too_many);
        check("{{ [1] | batch(99999999999) }}", too_many);
        check("{{ [1] | tojson(indent=99999999999) }}", too_many);
        check("{{ raise_exception('only users') }}", "only users");
    }
}
