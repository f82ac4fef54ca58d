//! Functions that stand without brackets. The evaluator takes what is right behind the name and
//! nothing more: sin 30° would be the sine of 30 radians, counted in degrees. A number in front of
//! the name would be taken for a part of it.

/// Functions of one value, as the evaluator calls them.
const FUNCTIONS: &[&str] = &[
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "sqrt", "cbrt", "ln", "log", "log2", "log10", "exp", "abs", "floor", "ceil", "round",
];
/// Units of an angle; a longer one stands before its beginning.
const OF_ANGLES: &[&str] = &["°", "degrees", "degree", "deg", "radians", "radian", "rad"];
/// Words behind which a conversion follows.
const TO: &[&str] = &["to", "in", "as", "into"];

/// `expression` with brackets around what each function is of, or why that is not clear.
pub fn bracketed(expression: &str) -> Result<String, String> {
    let mut whole = String::with_capacity(expression.len());
    let mut rest = expression;
    while let Some(sign) = rest.chars().next() {
        if !sign.is_alphabetic() {
            whole.push(sign);
            rest = &rest[sign.len_utf8()..];
            continue;
        }
        let (name, behind) = rest.split_at(word(rest));
        whole.push_str(name);
        rest = behind;
        if FUNCTIONS.contains(&name)
            && let Some((value, behind)) = value(name, behind)?
        {
            whole.push_str(&format!("({value})"));
            rest = behind;
        }
    }
    Ok(whole)
}

/// Whether `value` is no value but a function that waits for one.
pub fn is_function(value: &str) -> bool {
    value.starts_with('\\') || FUNCTIONS.contains(&value)
}

/// The bytes of the word that `text` begins with.
fn word(text: &str) -> usize {
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.find(|c| !is_of_word(c)).unwrap_or(text.len())
}

/// What the function `name` is of where that stands without brackets at the beginning of `text`, and
/// what follows it.
fn value<'a>(name: &str, text: &'a str) -> Result<Option<(&'a str, &'a str)>, String> {
    let text = text.trim_start();
    let bare = text.strip_prefix('-').unwrap_or(text);
    let is_number = bare.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let end = match is_number {
        true => number(bare),
        false if bare.starts_with(char::is_alphabetic) => word(bare),
        false => return Ok(None),
    };
    let mut end = end + text.len() - bare.len();
    if is_number && matches!(name, "sin" | "cos" | "tan") {
        end += unit_of_angle(&text[end..]);
    }
    let (value, behind) = text.split_at(end);
    match ends(behind) {
        true => Ok(Some((value, behind))),
        false => Err(format!(
            "how far {name} reaches is not clear: write what it is of in brackets, {name}(A)"
        )),
    }
}

/// The bytes of the number that `text` begins with.
fn number(text: &str) -> usize {
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let end = text.find(|c| !is_of_number(c)).unwrap_or(text.len());
    end + power_of_ten(&text[end..])
}

/// The bytes of the power of ten that `text` begins with, as in 1e6.
fn power_of_ten(text: &str) -> usize {
    let power = text.strip_prefix(['e', 'E']).unwrap_or_default();
    let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
    let behind = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    match behind.len() < digits.len() {
        true => text.len() - behind.len(),
        false => 0,
    }
}

/// The bytes of the unit of an angle that `text` begins with, with the spaces before it.
fn unit_of_angle(text: &str) -> usize {
    let bare = text.trim_start();
    let unit = OF_ANGLES
        .iter()
        .find_map(|unit| bare.strip_prefix(unit))
        .filter(|behind| !behind.starts_with(char::is_alphanumeric));
    unit.map_or(0, |behind| text.len() - behind.len())
}

/// Whether what a function is of is over where `behind` follows.
fn ends(behind: &str) -> bool {
    let behind = behind.trim_start();
    let is_power = behind.starts_with("**");
    behind.is_empty()
        || behind.starts_with(['+', '-', '*', ')']) && !is_power
        || TO.contains(&&behind[..word(behind)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_brackets() {
        let check = |expression: &str, want: &str| {
            let said = bracketed(expression).unwrap_or_else(|reason| reason);
            assert_eq!(said, want, "{expression}");
        };
        check("sin 30°", "sin(30°)");
        check("cos 60 degrees + 1", "cos(60 degrees) + 1");
        check("tan -45deg", "tan(-45deg)");
        check("5 sin 30 deg * 2", "5 sin(30 deg) * 2");
        check("2 sqrt 16", "2 sqrt(16)");
        check("2sqrt 16", "2sqrt(16)");
        check("sqrt 2 to 3 dp", "sqrt(2) to 3 dp");
        check("(ln 2) * 3", "(ln(2)) * 3");
        check("sin pi", "sin(pi)");
        check("log10 1,000", "log10(1,000)");
        check("sqrt 1e6", "sqrt(1e6)");
        check("log10 1e-3 + 1", "log10(1e-3) + 1");
        check("sqrt(16) m^2", "sqrt(16) m^2");
        check("sqrt (16) + abs(-3)", "sqrt (16) + abs(-3)");
        check("√16 + sinus", "√16 + sinus");
        check("12 km to m", "12 km to m");
        check("sqrt", "sqrt");
        check("", "");
    }

    #[test]
    fn what_may_reach_further_is_refused() {
        let check = |expression: &str| {
            let reason = bracketed(expression).expect_err(expression);
            assert!(reason.contains("in brackets"), "{expression}: {reason}");
        };
        check("sqrt 16 m^2");
        check("sin pi/2");
        check("sqrt 4^2");
        check("sqrt 4 ** 2");
        check("sqrt 16!");
        check("ln 2 kg");
        check("ln 2 eV");
        check("ln 2e");
        check("log 8 base 2");
        check("sqrt 16 / 4");
        check("sqrt sqrt(16)");
    }

    #[test]
    fn a_function_is_no_value() {
        let check = |value: &str, want: bool| assert_eq!(is_function(value), want, "{value}");
        check("\\x.(x^((1/2)))", true);
        check("sin", true);
        check("4 m", false);
        check("-1.5", false);
    }
}
