//! Expressions as people type them, in the signs and words that the other files look for: digits of
//! other scripts, brackets of every kind, names of currencies, durations in one word, and a price
//! with so much off. What has two readings is left to `doubt.rs`.

/// From a sign as wide as a Chinese one to the same sign of ASCII.
const WIDE: u32 = 0xfee0;
/// The noughts of the scripts that count in tens; their other digits follow them.
const NOUGHTS: &[char] = &[
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}',
    '\u{be6}', '\u{c66}', '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}',
    '\u{1040}', '\u{17e0}', '\u{1810}',
];
/// Names of currencies whose sign stands for no other.
const CURRENCIES: &[(&str, &str)] = &[
    ("USD", "$"),
    ("dollars", "$"),
    ("dollar", "$"),
    ("EUR", "€"),
    ("euros", "€"),
    ("euro", "€"),
    ("GBP", "£"),
    ("INR", "₹"),
    ("rupees", "₹"),
];
/// Words for a share of a hundred.
const PERCENT: &[&str] = &["per cent", "percent", "pct"];

/// `expression` with the symbols of books, wide signs, and digits of other scripts in ASCII.
pub fn ascii(expression: &str) -> String {
    let ascii = |c: char| match c {
        '！'..='～' => char::from_u32(u32::from(c) - WIDE).unwrap_or(c),
        '\u{3000}' => ' ',
        '×' | '·' | '•' | '∙' | '⋅' | '∗' | '✕' | '✖' => '*',
        '÷' | '∕' | '⁄' => '/',
        '−' | '–' | '—' => '-',
        '٪' => '%',
        '٫' => '.',
        '٬' => ',',
        '￥' => '¥',
        '￡' => '£',
        c => digit(c).unwrap_or(c),
    };
    let brackets = |c: char| match c {
        '[' | '{' => '(',
        ']' | '}' => ')',
        c => c,
    };
    expression.chars().map(ascii).map(brackets).collect()
}

/// The digit of ASCII that `c`, one of another script, stands for.
fn digit(c: char) -> Option<char> {
    let value = |nought: &char| u32::from(c).checked_sub(u32::from(*nought));
    let value = NOUGHTS.iter().filter_map(value).find(|value| *value < 10)?;
    char::from_digit(value, 10)
}

/// `expression` with its words as signs. What none of them is in stays.
pub fn with_signs(expression: &str) -> String {
    let bare = expression.trim_start();
    let bare = bare.strip_prefix('=').unwrap_or(expression);
    let text = with_names(&bare.replace("US$", "$"));
    let text = with_durations(&text);
    reduced(&text).unwrap_or(text)
}

/// Whether `c` may be of a word.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `text` with the signs of currencies and of percentages behind numbers, for their names.
fn with_names(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let is_behind_number = whole.trim_end().ends_with(|c: char| c.is_ascii_digit());
        let begins = !whole.ends_with(char::is_alphabetic) && is_behind_number;
        let named = |name: &&str| {
            let behind = rest.strip_prefix(*name);
            behind.is_some_and(|behind| !behind.starts_with(is_of_word))
        };
        let currency = CURRENCIES.iter().find(|(name, _)| named(name));
        let percent = PERCENT.iter().find(|name| named(name));
        let found = currency
            .map(|(name, sign)| (*name, *sign))
            .or(percent.map(|name| (*name, "%")))
            .filter(|_| begins);
        match found {
            Some((name, sign)) => {
                whole.truncate(whole.trim_end().len());
                whole.push_str(sign);
                rest = &rest[name.len()..];
            }
            None => {
                whole.push(sign);
                rest = &rest[sign.len_utf8()..];
            }
        }
    }
    whole
}

/// `text` with each duration such as "3h45m", "1h30" and "2h 15min" in brackets, in units that mean
/// nothing else: behind hours an m is no metre.
fn with_durations(text: &str) -> String {
    let said = replaced(text, duration);
    // What is added to a duration is one: 20m are minutes there, and no metres.
    match said != text && !text.contains(['*', '/', '^']) {
        true => replaced(&said, minutes),
        false => said,
    }
}

/// `text` with what `found` says of each of its words, and the bytes that this takes the place of.
fn replaced(text: &str, found: impl Fn(&str) -> Option<(String, usize)>) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let begins = !whole.ends_with(|c: char| is_of_word(c) || matches!(c, '.' | ','));
        match found(rest).filter(|_| begins) {
            Some((said, used)) => {
                whole.push_str(&said);
                rest = &rest[used..];
            }
            None => {
                whole.push(sign);
                rest = &rest[sign.len_utf8()..];
            }
        }
    }
    whole
}

/// The hours and minutes that `text` begins with, and the bytes that they take.
fn duration(text: &str) -> Option<(String, usize)> {
    let (hours, rest) = counted(text)?;
    let rest = rest.trim_start_matches(' ').strip_prefix('h')?;
    let (minutes, behind) = counted(rest.trim_start_matches(' '))?;
    let (unit, after) = named(behind, &["minutes", "mins", "min", "m"]);
    // "1h30" is one word; "1 h 30" is not.
    if unit.is_empty() && rest.starts_with(' ') || is_longer(after) {
        return None;
    }
    let mut said = format!("({hours} hours + {minutes} minutes");
    let mut end = after;
    if let Some((seconds, behind)) = counted(after.trim_start_matches(' ')) {
        let (unit, after) = named(behind, &["seconds", "secs", "sec", "s"]);
        if !unit.is_empty() && !is_longer(after) {
            said.push_str(&format!(" + {seconds} seconds"));
            end = after;
        }
    }
    Some((said + ")", text.len() - end.len()))
}

/// The minutes that `text` begins with, as "20m", and the bytes that they take.
fn minutes(text: &str) -> Option<(String, usize)> {
    let (minutes, rest) = counted(text)?;
    let after = rest.trim_start_matches(' ').strip_prefix('m')?;
    let used = text.len() - after.len();
    (!is_longer(after)).then(|| (format!("{minutes} minutes"), used))
}

/// The whole number that `text` begins with, and what follows it.
fn counted(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The first of `names` that `text` begins with behind spaces, or nothing; and what follows.
fn named<'a>(text: &'a str, names: &[&'static str]) -> (&'static str, &'a str) {
    let bare = text.trim_start_matches(' ');
    let found = names
        .iter()
        .find_map(|name| Some((*name, bare.strip_prefix(*name)?)));
    found.unwrap_or(("", text))
}

/// Whether the unit before `after` goes on, as in m/s and m^2, or the number does.
fn is_longer(after: &str) -> bool {
    after.starts_with(|c: char| is_of_word(c) || matches!(c, '/' | '^' | '.' | ':' | '²' | '³'))
}

/// "20% off 60" as what is left of it, where it is of one amount.
fn reduced(text: &str) -> Option<String> {
    let (share, amount) = text.split_once("off")?;
    let share = share.trim().strip_suffix('%')?.trim_end();
    let amount = amount.trim();
    let amount = amount.strip_prefix("of ").unwrap_or(amount);
    let is_number = |text: &str| {
        let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
        text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(digits)
    };
    let is_amount = is_number(amount.trim_matches(['$', '€', '£', '¥', '₹', ' ']));
    (is_number(share) && is_amount).then(|| format!("{amount} * (100 - {share}) / 100"))
}

#[cfg(test)]
mod tests {
    use super::{ascii, with_signs};

    #[test]
    fn signs_of_other_scripts_are_ascii() {
        let check = |expression: &str, want: &str| assert_eq!(ascii(expression), want);
        check("１２＋３", "12+3");
        check("٣٤ × ٥٫٥", "34 * 5.5");
        check("۱۲٪", "12%");
        check("१२ + ৩ + ๔", "12 + 3 + 4");
        check("[2+3]*{4-1}", "(2+3)*(4-1)");
        check("6 • 7 — 2", "6 * 7 - 2");
        check("1⁄2", "1/2");
        check("￥100", "¥100");
        check("½", "½");
    }

    #[test]
    fn words_are_signs() {
        let check = |expression: &str, want: &str| assert_eq!(with_signs(expression), want);
        check("50 USD + 25 USD", "50$ + 25$");
        check("20 dollars * 3", "20$ * 3");
        check("50 percent of 90", "50% of 90");
        check("10 per cent of 50", "10% of 50");
        check("200/800 to percent", "200/800 to percent");
        check("percentage", "percentage");
        check("US$ 5 * 2", "$ 5 * 2");
        check("= 12*12", " 12*12");
        check("17 * 23 =", "17 * 23 =");
        check(
            "3h45m + 1h30m",
            "(3 hours + 45 minutes) + (1 hours + 30 minutes)",
        );
        check("1h05m + 20m", "(1 hours + 05 minutes) + 20 minutes");
        check(
            "20 m - 1h05m + 3 mm",
            "20 minutes - (1 hours + 05 minutes) + 3 mm",
        );
        check("60m / 1h05m", "60m / (1 hours + 05 minutes)");
        check("20m + 5m", "20m + 5m");
        check("2h 15min * 4", "(2 hours + 15 minutes) * 4");
        check("1h30 in minutes", "(1 hours + 30 minutes) in minutes");
        check(
            "1h 20m 30s in seconds",
            "(1 hours + 20 minutes + 30 seconds) in seconds",
        );
        check("1 h 30 min to s", "(1 hours + 30 minutes) to s");
        check("1 h 30", "1 h 30");
        check("2h 3m/s", "2h 3m/s");
        check("5 km / 2 h", "5 km / 2 h");
        check("12h * 3", "12h * 3");
        check("0.5h 3m", "0.5h 3m");
        check("1,200h 3min", "1,200h 3min");
        check("20% off 59.99", "59.99 * (100 - 20) / 100");
        check("15% off $40", "$40 * (100 - 15) / 100");
        check("20% off 60 + 5", "20% off 60 + 5");
        check("2 + 2", "2 + 2");
    }
}
