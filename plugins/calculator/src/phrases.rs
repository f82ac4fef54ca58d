//! Words for what is done to a few numbers: half of 50, the average of 4, 8 and 15.

/// Names of a fraction before "of".
const FRACTIONS: [(&str, &str); 8] = [
    ("half", "1/2"),
    ("a half", "1/2"),
    ("a third", "1/3"),
    ("two thirds", "2/3"),
    ("a quarter", "1/4"),
    ("three quarters", "0.75"),
    ("a fifth", "1/5"),
    ("a tenth", "1/10"),
];
/// Functions by their names before "of".
const FUNCTIONS: [(&str, &str); 3] = [
    ("square root", "sqrt"),
    ("cube root", "cbrt"),
    ("absolute value", "abs"),
];
/// What "of" may follow in a list of numbers, and whether their sum is divided by how many they are.
const OF_LISTS: [(&str, bool); 5] = [
    ("average", true),
    ("mean", true),
    ("arithmetic mean", true),
    ("sum", false),
    ("total", false),
];

/// Words that stand where a sign would.
const SIGNS: [(&str, &str); 8] = [
    (" multiplied by ", " * "),
    (" divided by ", " / "),
    (" times ", " * "),
    (" plus ", " + "),
    (" minus ", " - "),
    (" squared", "^2"),
    (" cubed", "^3"),
    ("how many ", ""),
];
/// What is done to a number by a percentage of it.
const CHANGES: [(&str, char); 4] = [
    (" increased by ", '+'),
    (" decreased by ", '-'),
    (" reduced by ", '-'),
    (" raised by ", '+'),
];
/// What stands between a unit and that of which it is counted how many are in it.
const WITHIN: [&str; 3] = [" are there in ", " are in ", " in "];
/// One, in words.
const ONE: [&str; 3] = ["a ", "an ", "one "];

/// `expression` in signs where words say what is done, as it is where they do not.
///
/// # Errors
/// Why a list of numbers is not clear.
pub fn in_signs(expression: &str) -> Result<String, String> {
    let mut signs = expression.to_owned();
    for (words, sign) in SIGNS {
        signs = signs.replace(words, sign);
    }
    let changed = CHANGES.iter().find_map(|(words, sign)| {
        let (number, by) = signs.split_once(words)?;
        let by = by.trim();
        by.ends_with('%')
            .then(|| format!("({number}) * (1 {sign} {by})"))
    });
    if let Some(changed) = changed {
        return Ok(changed);
    }
    match counted(&signs) {
        Some(conversion) => Ok(conversion),
        None => of_words(&signs),
    }
}

/// The conversion that is meant where it is asked how many of a unit are in another: "inches in a
/// foot".
fn counted(expression: &str) -> Option<String> {
    let (unit, of) = WITHIN
        .iter()
        .find_map(|words| expression.trim().split_once(words))?;
    let is_unit = !unit.is_empty() && unit.chars().all(|c| c.is_alphabetic() || c == ' ');
    let one = ONE.iter().find_map(|one| of.strip_prefix(one));
    let of = match one {
        Some(of) => format!("1 {of}"),
        None => of.to_owned(),
    };
    (is_unit && of.starts_with(|c: char| c.is_ascii_digit())).then(|| format!("{of} to {unit}"))
}

/// As [`in_signs`], for what "of" stands in.
fn of_words(expression: &str) -> Result<String, String> {
    let lower = expression.trim().to_lowercase();
    let lower = lower.strip_prefix("the ").unwrap_or(&lower);
    let of = |name: &str| {
        let rest = lower.strip_prefix(name)?.strip_prefix(" of ")?;
        // What has letters in capitals, such as a unit, stays as it was.
        Some(expression.trim_end()[expression.trim_end().len() - rest.len()..].trim())
    };
    if !lower.is_ascii() {
        return Ok(expression.to_owned());
    }
    if let Some((value, rest)) = FRACTIONS
        .iter()
        .find_map(|(name, value)| Some((value, of(name)?)))
    {
        return Ok(format!("({value}) * ({rest})"));
    }
    if let Some((fraction, rest)) = lower.split_once(" of ")
        && is_fraction(fraction)
    {
        // As a percentage: of what stands right behind it.
        let rest = &expression.trim_end()[expression.trim_end().len() - rest.len()..];
        return Ok(format!("({fraction}) * {rest}"));
    }
    let function = FUNCTIONS
        .iter()
        .find_map(|(name, function)| Some((function, of(name)?)));
    // What it is of has to be clear.
    if let Some((function, rest)) = function.filter(|(_, rest)| is_one(rest)) {
        return Ok(format!("{function}({rest})"));
    }
    let Some((divides, rest)) = OF_LISTS
        .iter()
        .find_map(|(name, divides)| Some((divides, of(name)?)))
    else {
        return Ok(expression.to_owned());
    };
    let list = listed(rest)?;
    let sum = format!("({})", list.join(" + "));
    Ok(match divides {
        true => format!("{sum} / {}", list.len()),
        false => sum,
    })
}

/// Whether `text` is a fraction, as 3/4.
fn is_fraction(text: &str) -> bool {
    let digits = |part: &str| {
        let part = part.trim();
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    text.split_once('/')
        .is_some_and(|(over, under)| digits(over) && digits(under))
}

/// Whether `text` is one value: a number, or what stands in one pair of brackets.
fn is_one(text: &str) -> bool {
    let inside = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'));
    let of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-');
    match inside {
        Some(inside) => !inside.contains(['(', ')']),
        None => text.chars().all(of_number),
    }
}

/// The numbers of a list, each in brackets.
fn listed(text: &str) -> Result<Vec<String>, String> {
    let spaced = text.contains(", ") || text.contains(';') || text.contains(" and ");
    let grouped = |part: &str| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !spaced && text.contains(',') && text.split(',').skip(1).all(|part| grouped(part.trim())) {
        return Err(
            "1,200 may be one number or two: write a space behind each comma of a list".into(),
        );
    }
    let text = text.replace(" and ", ", ").replace(';', ", ");
    let parts: Vec<&str> = match spaced {
        true => text.split(", ").collect(),
        false => text.split(',').collect(),
    };
    let parts = parts.iter().map(|part| part.trim().trim_end_matches(','));
    let parts: Vec<String> = parts
        .filter(|part| !part.is_empty())
        .map(|part| format!("({part})"))
        .collect();
    match parts.len() {
        0 | 1 => Err(
            "a list of one number is no list: write the numbers with commas between them".into(),
        ),
        _ => Ok(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_signs() {
        let check = |expression: &str, want: &str| {
            assert_eq!(in_signs(expression).as_deref(), Ok(want), "{expression}");
        };
        check("half of 50", "(1/2) * (50)");
        check("the half of 50", "(1/2) * (50)");
        check("Two thirds of 90 kB", "(2/3) * (90 kB)");
        check("average of 4, 8, 15", "((4) + (8) + (15)) / 3");
        check("The average of 4, 8 and 15", "((4) + (8) + (15)) / 3");
        check("mean of 4, 8, and 15", "((4) + (8) + (15)) / 3");
        check("mean of 4,8,15", "((4) + (8) + (15)) / 3");
        check("sum of 1,200 and 3", "((1,200) + (3))");
        check("sum of 3 kg; 4 kg", "((3 kg) + (4 kg))");
        check("3/4 of 120 + 8", "(3/4) * 120 + 8");
        check("3 / 4 of 2 kB", "(3 / 4) * 2 kB");
        check("square root of 144", "sqrt(144)");
        check("the cube root of (20 + 7)", "cbrt((20 + 7))");
        check("square root of 16 + 9", "square root of 16 + 9");
        check("20% of 50", "20% of 50");
        check("half an hour", "half an hour");
        check("2 plus 3 times 4 minus 1", "2 + 3 * 4 - 1");
        check("10 divided by 4 squared", "10 / 4^2");
        check("80 increased by 15%", "(80) * (1 + 15%)");
        check("80 reduced by 5", "80 reduced by 5");
        check("square metres in 1 hectare", "1 hectare to square metres");
        check("how many inches are in a foot", "1 foot to inches");
        check("5 km in miles", "5 km in miles");
        check("feet in inches", "feet in inches");
        check("2 + 3", "2 + 3");
        check("平均 of 3", "平均 of 3");
        check("", "");
        for expression in ["average of 1,200", "sum of 5", "mean of , "] {
            assert!(in_signs(expression).is_err(), "{expression}");
        }
    }
}
