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
/// What "of" may follow in a list of numbers, and whether their sum is divided by how many they are.
const OF_LISTS: [(&str, bool); 5] = [
    ("average", true),
    ("mean", true),
    ("arithmetic mean", true),
    ("sum", false),
    ("total", false),
];

/// `expression` in signs where words say what is done, as it is where they do not.
///
/// # Errors
/// Why a list of numbers is not clear.
pub fn in_signs(expression: &str) -> Result<String, String> {
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
        check("20% of 50", "20% of 50");
        check("half an hour", "half an hour");
        check("2 + 3", "2 + 3");
        check("平均 of 3", "平均 of 3");
        check("", "");
        for expression in ["average of 1,200", "sum of 5", "mean of , "] {
            assert!(in_signs(expression).is_err(), "{expression}");
        }
    }
}
