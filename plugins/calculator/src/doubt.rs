//! What an expression could mean beside what the evaluator takes it for. Where two
//! readings exist it is refused with how to write each, because a plain number that nobody
//! meant is believed.

/// Why `expression` is not evaluated as it stands, if it is not.
pub fn doubt(expression: &str) -> Option<String> {
    let chars: Vec<char> = expression.chars().collect();
    brackets(&chars)
        .or_else(|| several(expression))
        .or_else(|| time(&chars))
        .or_else(|| date(&chars))
        .or_else(|| colon(&chars))
        .or_else(|| number(&chars))
        .or_else(|| percentage(&chars))
        .or_else(|| currencies(&chars))
        .or_else(|| slope(&chars))
        .or_else(|| whole_division(&chars))
        .or_else(|| angle(&chars))
        .or_else(|| factorials(&chars))
}

/// A bracket without its other half, which the evaluator would think at the end.
fn brackets(chars: &[char]) -> Option<String> {
    let mut open = 0_usize;
    for c in chars {
        match c {
            '(' => open += 1,
            ')' if open == 0 => {
                return Some("a bracket is closed that was not opened: write both".into());
            }
            ')' => open -= 1,
            _ => {}
        }
    }
    (open > 0).then(|| "a bracket is opened and not closed: write where it ends".into())
}

/// Several expressions, of which the evaluator tells the last one only.
fn several(expression: &str) -> Option<String> {
    let mut parts = expression.trim_end_matches([';', ' ']).split(';').rev();
    // What gives a name to a value is needed by what follows.
    let is_lost = |part: &str| !part.contains('=') && !part.trim().is_empty();
    parts.next();
    parts
        .any(is_lost)
        .then(|| "several expressions are not computed in one call: write one".into())
}

/// A colon of no clock and no function (f = x: x^2): a division to some, and a ratio to others.
fn colon(chars: &[char]) -> Option<String> {
    let is_name = |at: usize| {
        let before = chars[..at].rsplit(|c| "=(;:".contains(*c)).next();
        let name: String = before.into_iter().flatten().collect();
        !name.trim().is_empty() && name.trim().chars().all(char::is_alphabetic)
    };
    let mut colons = (0..chars.len()).filter(|at| chars[*at] == ':');
    colons.any(|at| !is_name(at)).then(|| {
        "a colon can mean several things: write A / B to divide, and a share as A / (A + B)".into()
    })
}

/// Two factorials of each other, or every other number multiplied?
fn factorials(chars: &[char]) -> Option<String> {
    let is_there = chars.windows(2).any(|pair| pair == ['!', '!']);
    is_there.then(|| {
        "!! can mean two things: write (A!)!, or multiply every other number yourself".into()
    })
}

/// A division as some languages write one that leaves the rest out; the evaluator would
/// multiply.
fn whole_division(chars: &[char]) -> Option<String> {
    let is_there = chars.windows(2).any(|pair| pair == ['/', '/']);
    is_there.then(|| "// is no operator here: write floor(A / B), or A / B".into())
}

/// Functions of an angle.
const OF_ANGLES: &[&str] = &["sin", "cos", "tan"];
/// From here on a whole number is hardly meant in radians: it is more than a turn.
const TURN: u32 = 7;

/// A whole number for an angle that is more than a turn, and has no unit.
fn angle(chars: &[char]) -> Option<String> {
    let text: String = chars.iter().filter(|c| !c.is_whitespace()).collect();
    let text = text.to_lowercase();
    OF_ANGLES.iter().find_map(|name| {
        text.match_indices(name).find_map(|(at, _)| {
            // Not the end of another word, such as asin.
            let is_word = !text[..at].ends_with(|c: char| c.is_alphanumeric());
            let rest = text[at + name.len()..].strip_prefix('(')?;
            let rest = rest.strip_prefix('-').unwrap_or(rest);
            let (inside, _) = rest.split_once(')')?;
            let number: u32 = inside.parse().ok().filter(|_| is_word)?;
            (number >= TURN).then(|| {
                format!(
                    "{name}({number}) can mean two things: write {name}({number} degrees), or \
                     {name}({number} radians)"
                )
            })
        })
    })
}

/// Whether `c` is the sign of a currency.
pub fn is_currency(c: char) -> bool {
    matches!(
        c,
        '$' | '€' | '£' | '¥' | '₹' | '₩' | '₽' | '₺' | '₫' | '฿' | '₴' | '₦' | '₱'
    )
}

/// Amounts of two currencies, whose signs are not looked at further on.
fn currencies(chars: &[char]) -> Option<String> {
    let mut signs = chars.iter().filter(|c| is_currency(**c));
    let first = signs.next()?;
    let other = signs.find(|sign| *sign != first)?;
    Some(format!(
        "amounts in {first} and {other} are not computed with each other: exchange rates are not known"
    ))
}

/// A bracket right behind what is divided by: does it belong to the divisor?
fn slope(chars: &[char]) -> Option<String> {
    let bare: Vec<char> = chars
        .iter()
        .copied()
        .filter(|c| !c.is_whitespace())
        .collect();
    let mut slopes = (0..bare.len()).filter(|at| bare[*at] == '/');
    let is_open = |at: usize| {
        let rest = &bare[at + 1..];
        let number = rest
            .iter()
            .take_while(|c| c.is_ascii_digit() || **c == '.')
            .count();
        number > 0 && rest.get(number) == Some(&'(')
    };
    slopes.any(is_open).then(|| {
        "a bracket behind a divisor can mean two things: write A / (B * C), or A / B * C".into()
    })
}

/// The whole number at `at`, its value and where it ends; of digits only.
fn digits(chars: &[char], at: usize) -> Option<(u32, usize)> {
    let count = chars[at..]
        .iter()
        .take_while(|c| c.is_ascii_digit())
        .count();
    let text: String = chars[at..at + count].iter().collect();
    Some((text.parse().ok()?, at + count))
}

/// Whether a number or a word begins at `at`, and is not the rest of one.
fn begins(chars: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).map(|at| chars[at]);
    before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '.' | ',' | '_'))
}

/// A time of a clock.
fn time(chars: &[char]) -> Option<String> {
    let is_time = |at: usize| {
        let (hours, end) = digits(chars, at)?;
        let (minutes, last) = digits(chars, (chars.get(end) == Some(&':')).then_some(end + 1)?)?;
        (hours < 100 && minutes < 60 && last == end + 3).then_some(())
    };
    let found = (0..chars.len()).any(|at| begins(chars, at) && is_time(at).is_some());
    let word = |at: usize| {
        let (hours, end) = digits(chars, at)?;
        let end = end + chars[end..].iter().take_while(|c| **c == ' ').count();
        let word: String = chars[end..]
            .iter()
            .take_while(|c| c.is_alphabetic())
            .collect();
        (hours <= 12 && matches!(word.as_str(), "am" | "pm" | "AM" | "PM")).then_some(())
    };
    let found = found || (0..chars.len()).any(|at| begins(chars, at) && word(at).is_some());
    found.then(|| {
        "times of a clock: only a time plus or minus hours and minutes, or a time to another, is known"
            .into()
    })
}

/// A day, in whichever order it is written.
fn date(chars: &[char]) -> Option<String> {
    // 3/1/24 may be a division; two of them are none.
    let mut short_dates = 0;
    for at in (0..chars.len()).filter(|at| begins(chars, *at)) {
        let Some((first, end)) = digits(chars, at) else {
            continue;
        };
        let Some(mark) = chars.get(end).filter(|c| matches!(c, '-' | '/' | '.')) else {
            continue;
        };
        let Some((second, middle)) = digits(chars, end + 1) else {
            continue;
        };
        if *mark == '-' && is_year(first) && chars[end + 1] == '0' && middle == end + 3 {
            return Some(DATES.into());
        }
        if chars.get(middle) != Some(mark) {
            continue;
        }
        let Some((third, last)) = digits(chars, middle + 1) else {
            continue;
        };
        let short = |n: u32| (1..=31).contains(&n);
        let year_first = end == at + 4 && is_year(first) && short(second) && short(third);
        let year_last = last == middle + 5 && is_year(third) && short(first) && short(second);
        let year_short = *mark == '/' && last == middle + 3 && short(first) && short(second);
        short_dates += usize::from(year_short && first.min(second) <= 12);
        if year_first || year_last || short_dates > 1 {
            return Some(DATES.into());
        }
    }
    None
}

const DATES: &str = "this is a date, and its parts are no numbers to subtract or divide: only a \
                     day minus a day, and a day plus or minus so many days, weeks, months or years, \
                     each day written as YYYY-MM-DD";

fn is_year(n: u32) -> bool {
    (1000..=2999).contains(&n)
}

/// A number with signs between its digits that others read in another way.
fn number(chars: &[char]) -> Option<String> {
    let mut at = 0;
    let mut calls: Vec<Option<String>> = Vec::new();
    while at < chars.len() {
        let c = chars[at];
        match c {
            '(' => calls.push(called(&chars[..at])),
            ')' => drop(calls.pop()),
            _ => {}
        }
        if !c.is_ascii_digit() || !begins(chars, at) {
            at += 1;
            continue;
        }
        let sign = |c: &char| matches!(c, '.' | ',' | '\'' | '’');
        let run = chars[at..]
            .iter()
            .take_while(|c| c.is_ascii_digit() || sign(c));
        let mut text: String = run.collect();
        at += text.chars().count();
        let listed = text.ends_with(',');
        text.truncate(text.trim_end_matches(|c| sign(&c)).len());
        let call = calls.last().and_then(Option::as_deref);
        let is_several = listed || text.contains(',') && !is_grouped(&text);
        if let Some(name) =
            call.filter(|name| is_several || text.contains(',') && takes_several(name))
        {
            return Some(format!(
                "{name} of several values is not computed here: write it out with operators, or \
                 use python.run"
            ));
        }
        if let Some(reason) = misread(&text) {
            return Some(reason);
        }
        if let Some(next) = beside(chars, at).filter(|_| !listed) {
            return Some(format!(
                "{text} and {next} stand side by side: write a number without spaces, or an \
                 operator between two"
            ));
        }
    }
    None
}

/// The name of the function whose bracket opens behind `chars`.
fn called(chars: &[char]) -> Option<String> {
    let name = chars
        .iter()
        .rev()
        .take_while(|c| c.is_alphabetic() || **c == '_');
    let name: Vec<char> = name.copied().collect();
    (!name.is_empty()).then(|| name.into_iter().rev().collect())
}

/// Whether a function has several values, so that 1,200 is two of them. The evaluator knows
/// functions of one only, and takes commas for those between thousands.
fn takes_several(name: &str) -> bool {
    let known = [
        "average", "mean", "median", "max", "min", "sum", "gcd", "lcm", "mod", "pow", "log", "C",
        "P", "nCr", "nPr", "choose", "binom", "hypot", "atan2", "avg",
    ];
    known.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether the commas in `text` stand between thousands.
fn is_grouped(text: &str) -> bool {
    let whole = text.split('.').next().unwrap_or_default();
    let groups: Vec<&str> = whole.split(',').collect();
    groups.len() == 1
        || (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3)
}

/// Why `text`, digits with signs between them, is no number that all read alike.
fn misread(text: &str) -> Option<String> {
    let points = text.matches('.').count();
    let tail = text.split_once('.').map_or("", |(_, tail)| tail);
    let swiss = |mark: char| {
        text.split(mark).skip(1).any(|part| {
            part.starts_with(|c: char| c.is_ascii_digit())
                && part.chars().take_while(char::is_ascii_digit).count() == 3
        })
    };
    if tail.contains(',') {
        return Some(format!(
            "{text} has a comma behind its point: a point stands before the decimals, and a \
             comma only between thousands"
        ));
    }
    if points > 1 {
        return Some(format!(
            "{text} has several points: one stands before the decimals"
        ));
    }
    if swiss('\'') || swiss('’') {
        return Some(format!(
            "{text}: thousands are written with commas, or with nothing"
        ));
    }
    if !is_grouped(text) {
        return Some(format!(
            "{text}: a comma stands only between thousands; before the decimals stands a point"
        ));
    }
    None
}

/// The number that follows with nothing but spaces between, and is no part of a fraction.
fn beside(chars: &[char], end: usize) -> Option<String> {
    let space = |c: &char| matches!(c, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}');
    let spaces = chars[end..].iter().take_while(|c| space(c)).count();
    let at = end + spaces;
    let is_digit = |c: &char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let next: String = chars[at..].iter().take_while(|c| is_digit(c)).collect();
    let fraction = chars.get(at + next.len()) == Some(&'/');
    (spaces > 0 && next.starts_with(|c: char| c.is_ascii_digit()) && !fraction).then_some(next)
}

/// A percentage after a plus or a minus: of what stands before it, or of one?
fn percentage(chars: &[char]) -> Option<String> {
    let text: String = chars.iter().collect();
    let text = text.replace(" percent", "%").replace(" per cent", "%");
    let chars: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut odd = false;
    for at in (0..chars.len()).filter(|at| chars[*at] == '%') {
        let digits = chars[..at].iter().rev();
        let digits = digits.take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
        let (mut begin, mut end) = (at - digits.count(), at + 1);
        // (10%) is 10%.
        while begin > 0 && chars[begin - 1] == '(' && chars.get(end) == Some(&')') {
            (begin, end) = (begin - 1, end + 1);
        }
        // "10% of 90", "10% * 90", and the rest of a division are clear.
        let is_last = matches!(chars.get(end), None | Some('+' | '-' | ')'));
        let (left, sign) = match chars[..begin] {
            [.., left, sign] => (left, sign),
            _ => continue,
        };
        let is_amount = left.is_alphanumeric() || ".)!°".contains(left) || is_currency(left);
        // Of one, both readings come to the same.
        let is_one = matches!(chars[..begin], ['1', _] | [.., '(', '1', _]);
        let added = matches!(sign, '+' | '-') && is_amount && !is_one;
        odd |= is_last && added;
    }
    odd.then(|| {
        "a percentage after a plus or a minus can mean two things: write A + 10% of A, or \
         A + 0.1 (here A is the number before it)"
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_two_readings_is_refused() {
        let check = |expression: &str, want: &str| {
            let said = doubt(expression).unwrap_or_else(|| "fine".into());
            assert!(said.contains(want), "{expression}: {said}");
        };
        for expression in [
            "70 + 15%",
            "300 - 5 %",
            "8 + 2 percent",
            "(70 + 15%) * 2",
            "60 - (5%)",
            "3*4+10%",
            "50 € + 10%",
            "50£ - 10 %",
            "3! + 5%",
        ] {
            check(expression, "two things");
        }
        for expression in [
            "15% of 70",
            "70 + 15% of 70",
            "70 * 15%",
            "15% * 70",
            "17 % 5",
            "4 + 17 % 5",
            "-5%",
            "70 / 15%",
            "5%",
            "5% + 3%",
            "50 € + 10% of 50 €",
            "1 + 5%",
            "300 * (1 - 5%)^2",
        ] {
            check(expression, "fine");
        }
        check("21 + 5%", "two things");
        for expression in ["(8", "2 * (3 + (4)"] {
            check(expression, "not closed");
        }
        check("8) / 2", "not opened");
        check("2 + 3; 4 * 5", "several expressions");
        check("a = 3; a * 5;", "fine");
        check("6 : 2", "a colon");
        check("f = x: x^2; f(3)", "fine");
        for expression in [
            "2023-05-06 - 2023-04-01",
            "06/05/2023 - 01/04/2023",
            "06.05.2023",
            "2023-05",
            "2023/05/06",
            "5/6/23 - 28/2/23",
        ] {
            check(expression, "this is a date");
        }
        check("2023 - 5 - 6", "fine");
        check("1990-7", "fine");
        check("6/3/12 + 1", "fine");
        for expression in ["13:45 - 9:30", "1:02:03", "9 am + 3", "7pm"] {
            check(expression, "times of a clock");
        }
        check("$5 + €3", "exchange rates");
        check("$5 + $3", "fine");
        for expression in ["8/2(3+1)", "9 / 3 (2)"] {
            check(expression, "a bracket behind a divisor");
        }
        for expression in ["8/(2*(3+1))", "1/sqrt(4)", "8/2*(3+1)", "8/2"] {
            check(expression, "fine");
        }
        for expression in [
            "f(2, 3)",
            "mod(2,3)",
            "average(1,2,3)",
            "C(10,3)",
            "max(3,7)",
            "mean(1,200)",
        ] {
            check(expression, "of several values");
        }
        for expression in [
            "sqrt(1,000)",
            "(1,000 + 2) * 3",
            "sin(30 degrees)",
            "sin(1)",
        ] {
            check(expression, "fine");
        }
        for expression in ["sin(30)", "2 * cos( 60 )", "tan(-45)"] {
            check(expression, "can mean two things");
        }
        check("asin(7)", "fine");
        check("7 // 2", "floor(A / B)");
        check("3!!", "can mean two things");
        check("(3!)! + 2! * 3!", "fine");
        check("2.345,67 + 1", "comma behind its point");
        check("2.345.678", "several points");
        check("2,5 * 2", "only between thousands");
        check("12,34,567", "only between thousands");
        check("2'345", "thousands are written");
        check("12 345 + 1", "side by side");
        check("12\u{202f}345", "side by side");
        for expression in [
            "12,345.67",
            "1,234,567",
            "1 1/2",
            "5 feet 3 inches",
            "1e3",
            "0x1F",
            "5'3",
            "3.",
            "2.5*4",
            "log10 100",
            "2 cm",
            "12,345",
        ] {
            check(expression, "fine");
        }
    }
}
