//! Filters whose size a template gives: one step of it could take all the memory there is.

use minijinja::value::Kwargs;
use minijinja::{Error, ErrorKind};

/// The largest size that a template may give, and lines by width in all.
const SIZE_MAX: usize = 10_000;
const PADDING_MAX: usize = 1 << 20;

/// `size`, unless it is one that only an attacker would ask for.
pub(super) fn within(size: usize) -> Result<usize, Error> {
    match size > SIZE_MAX {
        true => {
            let words = format!("{size} is more than {SIZE_MAX}");
            Err(Error::new(ErrorKind::InvalidOperation, words))
        }
        false => Ok(size),
    }
}

/// As Jinja has it: each line but the first, and empty ones, stands further in.
pub(super) fn indent(
    text: String,
    width: Option<usize>,
    first: Option<bool>,
    blank: Option<bool>,
    options: Kwargs,
) -> Result<String, Error> {
    let flag = |given: Option<bool>, name: &str| match given {
        Some(given) => Ok(given),
        None => options
            .get::<Option<bool>>(name)
            .map(Option::unwrap_or_default),
    };
    let width = match width {
        Some(width) => width,
        None => options.get::<Option<usize>>("width")?.unwrap_or(4),
    };
    let (first, blank) = (flag(first, "first")?, flag(blank, "blank")?);
    options.assert_all_used()?;
    let padding = within(width)?.saturating_mul(text.matches('\n').count() + 1);
    if padding > PADDING_MAX.max(text.len()) {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "it indents too much",
        ));
    }
    let indent = " ".repeat(width);
    let mut indented = String::with_capacity(text.len() + padding);
    for (n, line) in text.split('\n').enumerate() {
        let goes_in = match n {
            0 => first,
            _ => blank || !line.is_empty(),
        };
        if n > 0 {
            indented.push('\n');
        }
        if goes_in {
            indented.push_str(&indent);
        }
        indented.push_str(line);
    }
    Ok(indented)
}
