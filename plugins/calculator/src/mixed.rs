//! A measure in several units at once: 200 minutes in hours and minutes.

/// The measure that `expression` asks for in units of which each is smaller than the one before, as
/// `value` works them out; `None` where it asks for no such thing, or the units do not go together.
pub fn measure(expression: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (measure, units) = asked(expression)?;
    let (last, larger) = units.split_last()?;
    let mut parts = Vec::new();
    let mut rest = format!("({measure})");
    for unit in larger {
        let count = value(&format!("floor(({rest}) / (1 {unit}))"))?;
        // Nothing below nought, and nothing that is no number.
        if !count.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        rest = format!("({rest} - {count} {unit})");
        if count != "0" {
            parts.push(value(&format!("({count} {unit}) to {unit}"))?);
        }
    }
    let end = value(&format!("{rest} to {last}"))?;
    if parts.is_empty() || !end.starts_with("0 ") {
        parts.push(end);
    }
    Some(parts.join(" "))
}

/// The measure that `expression` begins with, and the units that it is wanted in, two or more.
fn asked(expression: &str) -> Option<(&str, Vec<&str>)> {
    let wanted = [" to ", " in ", " into ", " as "];
    let ends = wanted
        .iter()
        .filter_map(|word| Some((expression.rfind(word)?, word.len())));
    let (at, len) = ends.max()?;
    let (measure, units) = (&expression[..at], &expression[at + len..]);
    let units: Vec<&str> = units
        .split([',', ' '])
        .filter(|word| !word.is_empty() && *word != "and")
        .collect();
    let is_unit = |unit: &&str| unit.chars().all(|c| c.is_alphabetic());
    let joined = expression[at + len..].contains(" and ");
    (joined && units.len() > 1 && units.iter().all(is_unit)).then_some((measure.trim(), units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_units_are_asked_for() {
        let check = |expression: &str, want: Option<(&str, &[&str])>| {
            let asked = asked(expression);
            let asked = asked
                .as_ref()
                .map(|(measure, units)| (*measure, &units[..]));
            assert_eq!(asked, want, "{expression}");
        };
        check(
            "200 minutes in hours and minutes",
            Some(("200 minutes", &["hours", "minutes"])),
        );
        check(
            "9000 s to hours, minutes and seconds",
            Some(("9000 s", &["hours", "minutes", "seconds"])),
        );
        check("200 minutes in hours", None);
        check("4 in and 5", None);
        check("4 and 5", None);
        check("", None);
    }
}
