//! Divisors with a unit. The evaluator divides by the number alone and multiplies by what stands
//! behind it, so that 100 km / 2 h would come to 50 hours times kilometres.

use crate::doubt::is_currency;

/// Words behind which no unit of the divisor follows.
const WORDS: &[&str] = &[
    "to", "in", "as", "into", "of", "mod", "per", "and", "or", "xor", "choose", "permute",
];

/// Words that are no units: of powers of ten, constants and functions.
const NO_UNITS: &[&str] = &[
    "e", "E", "x", "X", "pi", "π", "tau", "τ", "phi", "i", "sqrt", "cbrt", "abs", "ln", "log",
    "exp", "floor", "ceil", "round", "sin", "cos", "tan",
];

/// `expression` with brackets around each divisor that has a unit, where what is divided has one too:
/// 1/2 cup is a half.
pub fn bracketed(expression: &str) -> String {
    let mut whole = String::with_capacity(expression.len());
    let mut rest = expression;
    while let Some(sign) = rest.chars().next() {
        let slash = match rest.strip_prefix("per ") {
            Some(_) if whole.ends_with(' ') => "per",
            _ if sign == '/' => "/",
            _ => {
                whole.push(sign);
                rest = &rest[sign.len_utf8()..];
                continue;
            }
        };
        let is_quotient = has_unit(&whole) && !is_fraction(&whole, &rest[slash.len()..]);
        whole.push_str(slash);
        rest = &rest[slash.len()..];
        let bare = rest.trim_start_matches(' ');
        if let Some(end) = divisor(bare).filter(|_| is_quotient) {
            whole.push_str(&format!(
                "{}({})",
                &rest[..rest.len() - bare.len()],
                &bare[..end]
            ));
            rest = &bare[end..];
        }
    }
    whole
}

/// Whether the product that `before` ends in has a unit, or is an amount of money.
fn has_unit(before: &str) -> bool {
    let product = product(before);
    let is_sign = |c: char| is_currency(c) || c == '°';
    let mut words = product.split(|c: char| !c.is_alphabetic());
    product.contains(is_sign) || words.any(|word| !word.is_empty() && !NO_UNITS.contains(&word))
}

/// Whether a fraction stands around the slash between `before` and `after`, as in 50% of 1/2 cup and
/// 5 m * 3/4 m: two numbers without spaces, of which the first is no price and no power.
fn is_fraction(before: &str, after: &str) -> bool {
    let over = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let begins = over.is_empty() || over.ends_with([' ', '(', '*', '+', '-']);
    over.len() < before.len()
        && begins
        && !over.ends_with("^-")
        && after.starts_with(|c: char| c.is_ascii_digit())
}

/// What is multiplied with each other at the end of `before`.
fn product(before: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in before.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' if depth > 0 => depth -= 1,
            '(' => return &before[at + 1..],
            '+' | '-' if depth == 0 && !before[..at].ends_with(['e', 'E', '^']) => {
                return &before[at + 1..];
            }
            _ => {}
        }
    }
    before
}

/// Where the number with units ends that `text` begins with, such as "4 hours 30 minutes" and
/// "5 m/s"; none where no unit stands behind the number.
fn divisor(text: &str) -> Option<usize> {
    let mut end = 0;
    while let Some(next) = measured(&text[end..]) {
        end += next;
    }
    (end > 0).then_some(end)
}

/// Where the number and the units right behind it end that `text` begins with.
fn measured(text: &str) -> Option<usize> {
    let bare = text.trim_start_matches(' ');
    let number = bare.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')?;
    let mut end = number;
    while let Some(next) = unit(&bare[end..]) {
        end += next;
    }
    (number > 0 && end > number).then(|| text.len() - bare.len() + end)
}

/// Where the unit with its power ends that `text` begins with, behind a space or a slash without one.
fn unit(text: &str) -> Option<usize> {
    let bare = match text.strip_prefix('/') {
        Some(bare) => bare,
        None => text.trim_start_matches(' '),
    };
    let word = bare
        .find(|c: char| !c.is_alphabetic() && !matches!(c, '_' | '°' | '²' | '³'))
        .unwrap_or(bare.len());
    if word == 0 || WORDS.contains(&&bare[..word]) || is_exponent(&bare[..word], &bare[word..]) {
        return None;
    }
    let behind = &bare[word..];
    let power = behind.strip_prefix('^').map_or(0, |power| {
        let digits = power.find(|c: char| !c.is_ascii_digit() && c != '-');
        1 + digits.unwrap_or(power.len())
    });
    // The name of a function is no unit.
    (!behind.starts_with('(')).then(|| text.len() - bare.len() + word + power)
}

/// Whether `word` is that of a power of ten, as in 1e6, or stands between two factors.
fn is_exponent(word: &str, behind: &str) -> bool {
    let is_factor = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-');
    matches!(word, "e" | "E") && behind.starts_with(is_factor)
        || matches!(word, "x" | "X")
            && behind
                .trim_start()
                .starts_with(|c: char| c.is_ascii_digit() || c == '(')
}

#[cfg(test)]
mod tests {
    use super::bracketed;

    #[test]
    fn a_divisor_keeps_its_unit() {
        let check = |expression: &str, want: &str| assert_eq!(bracketed(expression), want);
        check("100 km / 2 h", "100 km / (2 h)");
        check("100 km/2h", "100 km/(2h)");
        check("10 kg / 2 m^3 + 1", "10 kg / (2 m^3) + 1");
        check("1 km / 5 min in km/h", "1 km / (5 min) in km/h");
        check(
            "300 miles / 4 hours 30 minutes",
            "300 miles / (4 hours 30 minutes)",
        );
        check("100 m / 5 m/s", "100 m / (5 m/s)");
        check("$100 / 5 h", "$100 / (5 h)");
        check("(5 km + 3 km) / 2 h", "(5 km + 3 km) / (2 h)");
        check("500 MB per 2 min", "500 MB per (2 min)");
        check("1/2 cup in ml", "1/2 cup in ml");
        check("3 km + 1/2 mile", "3 km + 1/2 mile");
        check("12 kg / 4", "12 kg / 4");
        check("5 km / 2 in m", "5 km / 2 in m");
        check("10 m / 2 x 3", "10 m / 2 x 3");
        check("10 m / 2e3", "10 m / 2e3");
        check("10 m / 2 * 3 s", "10 m / 2 * 3 s");
        check("10 kg * 9.8 m/s^2", "10 kg * 9.8 m/s^2");
        check("8 / 2", "8 / 2");
        check("sin(pi / 2 radians)", "sin(pi / 2 radians)");
        check("1e3 / 4 kg", "1e3 / 4 kg");
        for fraction in [
            "50% of 1/2 cup",
            "5 kg * 1/2 m",
            "5 inches * 1/4 inches",
            "1 mile-1/2 mile",
        ] {
            check(fraction, fraction);
        }
        check("$100/5 h", "$100/(5 h)");
        check("10 m^2/5 s", "10 m^2/(5 s)");
    }
}
