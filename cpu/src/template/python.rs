//! Methods of Python's texts that the library does not have.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use super::sizes::within;

/// What the method `name` of `text` gives; `None` where it is none of these.
pub(super) fn of_text(text: &str, name: &str, args: &[Value]) -> Option<Result<Value, Error>> {
    let given = args.first().and_then(Value::as_str);
    let written = match (name, given) {
        ("removeprefix", Some(begin)) => text.strip_prefix(begin).unwrap_or(text).to_owned(),
        ("removesuffix", Some(end)) => text.strip_suffix(end).unwrap_or(text).to_owned(),
        ("casefold", None) => text.to_lowercase(),
        ("swapcase", None) => text.chars().map(swapped).collect(),
        ("partition", Some(mark)) if !mark.is_empty() => {
            let parts = text.split_once(mark);
            let whole = vec![text, "", ""];
            let parts = parts.map_or(whole, |(before, after)| vec![before, mark, after]);
            return Some(Ok(parts.into_iter().collect()));
        }
        ("rpartition", Some(mark)) if !mark.is_empty() => {
            let parts = text.rsplit_once(mark);
            let whole = vec!["", "", text];
            let parts = parts.map_or(whole, |(before, after)| vec![before, mark, after]);
            return Some(Ok(parts.into_iter().collect()));
        }
        ("rsplit", Some(mark)) if !mark.is_empty() => return Some(Ok(split(text, mark, args))),
        ("index", Some(part)) => return Some(place(text, text.find(part))),
        ("rindex", Some(part)) => return Some(place(text, text.rfind(part))),
        ("zfill" | "ljust" | "rjust" | "center", _) => match padded(text, name, args)? {
            Ok(text) => text,
            Err(error) => return Some(Err(error)),
        },
        _ => return None,
    };
    Some(Ok(Value::from(written)))
}

/// The values that a form is filled with: those of a list, or one.
pub(super) fn filling(value: &Value) -> Vec<Value> {
    match value.kind() {
        ValueKind::Seq => value.try_iter().into_iter().flatten().collect(),
        _ => vec![value.clone()],
    }
}

fn swapped(c: char) -> char {
    match c.is_ascii_lowercase() {
        true => c.to_ascii_uppercase(),
        false => c.to_ascii_lowercase(),
    }
}

/// The parts of `text` between each `mark`, from the end as many as the second argument says.
fn split(text: &str, mark: &str, args: &[Value]) -> Value {
    let most = args.get(1).and_then(Value::as_usize);
    let mut parts: Vec<&str> = match most {
        Some(most) => text.rsplitn(most.saturating_add(1), mark).collect(),
        None => text.rsplit(mark).collect(),
    };
    parts.reverse();
    parts.into_iter().collect()
}

/// The number of the letter at `byte`.
fn place(text: &str, byte: Option<usize>) -> Result<Value, Error> {
    let missing = || Error::new(ErrorKind::InvalidOperation, "substring not found");
    let before = &text[..byte.ok_or_else(missing)?];
    Ok(Value::from(before.chars().count()))
}

/// `text` made as wide as the first argument says; `None` where that is no number.
fn padded(text: &str, name: &str, args: &[Value]) -> Option<Result<String, Error>> {
    let width = match within(args.first()?.as_usize()?) {
        Ok(width) => width,
        Err(error) => return Some(Err(error)),
    };
    let gap = width.saturating_sub(text.chars().count());
    let fill = match name {
        "zfill" => Some('0'),
        _ => args.get(1).and_then(|fill| fill.as_str()?.chars().next()),
    };
    let fill = |letters: usize| fill.unwrap_or(' ').to_string().repeat(letters);
    let (before, after) = match name {
        "ljust" => (0, gap),
        "center" => (gap / 2, gap - gap / 2),
        _ => (gap, 0),
    };
    Some(Ok(format!("{}{text}{}", fill(before), fill(after))))
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::super::jinja::{Jinja, words};

    #[test]
    fn texts_can_what_they_can_in_python() {
        let check = |source: &str, want: &str| {
            let context = context! { s => "a-b-ü", n => 7 };
            let rendered = Jinja::new(source).and_then(|mut jinja| jinja.render(&context, 1));
            assert_eq!(rendered.as_deref().map_err(words), Ok(want), "{source}");
        };
        check(
            "{{ s.partition('-')[0] }} {{ s.rpartition('-')[2] }}",
            "a ü",
        );
        check(
            "{{ s.rsplit('-', 1) | join('|') }} {{ s.rsplit('-') | join('|') }}",
            "a-b|ü a|b|ü",
        );
        check(
            "{{ s.removeprefix('a-') }} {{ s.removesuffix('x') }}",
            "b-ü a-b-ü",
        );
        check(
            "{{ s.partition('+')[0] }}|{{ s.rpartition('+')[0] }}",
            "a-b-ü|",
        );
        check("{{ s.index('b') }} {{ s.rindex('-') }}", "2 3");
        check("{{ 'aB'.swapcase() }} {{ 'AB'.casefold() }}", "Ab ab");
        check(
            "{{ '7'.zfill(3) }}|{{ 'a'.ljust(3) }}|{{ 'a'.center(3, '.') }}",
            "007|a  |.a.",
        );
        check(
            "{{ '%s is %d' % (s, n) }} {{ '%s!' % s }} {{ n % 4 }}",
            "a-b-ü is 7 a-b-ü! 3",
        );
        let check = |source: &str, want: &str| {
            let rendered = Jinja::new(source).and_then(|mut jinja| jinja.render(&context! {}, 1));
            let error = rendered.unwrap_err();
            assert!(words(&error).contains(want), "{source}: {}", words(&error));
        };
        check("{{ 'a'.index('b') }}", "substring not found");
        check("{{ 'a'.zfill(99999999) }}", "more than 10000");
        check(
            "{% set f = '%99999d' %}{{ f % 1 }}",
            "a width that is too large",
        );
    }
}
