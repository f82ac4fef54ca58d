//! Numbers in words: Chinese and English.

const DIGITS: &str = "〇一二三四五六七八九";
const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

/// Characters of a Chinese number.
pub(crate) const HAN_SIGNS: &str = "零〇一二两三四五六七八九十百千万亿点";

/// A pattern of the English words that [`word`] reads, from one to ninety, in small letters.
pub(crate) fn any_word() -> String {
    [&ONES[1..], &TENS[..]].concat().join("|")
}

/// The number that an English word is, from zero to ninety. Capital letters do not count.
pub(crate) fn word(word: &str) -> Option<u32> {
    let at = |names: &[&str]| {
        names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(word))
    };
    let one = at(&ONES).map(|at| at as u32);
    one.or_else(|| at(&TENS).map(|at| at as u32 * 10 + 20))
}

/// The value of a Chinese number as a whole: 十八, 两千三百, 三万五千, 三万五, 3万5千, 一点五.
pub(crate) fn han(text: &str) -> Option<f64> {
    if let Some((whole, part)) = text.split_once('点') {
        let digits: Option<Vec<u32>> = part.chars().map(digit).collect();
        let digits: String = digits?.iter().map(u32::to_string).collect();
        let part: f64 = format!("0.{digits}").parse().ok()?;
        return Some(han(whole)? + part);
    }
    let (mut sum, mut section, mut one) = (0.0, 0.0, None::<u32>);
    let mut largest = 0.0;
    // The last unit, and how many digits stand behind it.
    let (mut last, mut digits) = (1.0, 0);
    for c in text.chars() {
        let scale = match c {
            '十' => 10.0,
            '百' => 100.0,
            '千' => 1_000.0,
            '万' | '亿' => {
                let large = if c == '万' { 1e4 } else { 1e8 };
                section += f64::from(one.take().unwrap_or(0));
                // 一万亿 is so many times ten thousand; in 一亿二千万 the rest follows.
                sum = match large < largest {
                    true => sum + section * large,
                    false => (sum + section) * large,
                };
                (section, largest) = (0.0, large);
                (last, digits) = (large, 0);
                continue;
            }
            c => {
                let more = c.to_digit(10).or_else(|| digit(c))?;
                one = Some(one.unwrap_or(0).checked_mul(10)?.checked_add(more)?);
                digits += 1;
                continue;
            }
        };
        section += f64::from(one.take().unwrap_or(1)) * scale;
        (last, digits) = (scale, 0);
    }
    let one = f64::from(one.unwrap_or(0));
    // One digit right behind a unit counts tenths of it.
    let rest = if digits == 1 && last > 1.0 {
        one * last / 10.0
    } else {
        one
    };
    (!text.is_empty()).then_some(sum + section + rest)
}

/// The year that a text of four digits is: 二〇二四, 2024.
pub(crate) fn year(text: &str) -> Option<i32> {
    let digits = text.chars().map(|c| c.to_digit(10).or_else(|| digit(c)));
    let digits: Option<Vec<u32>> = digits.collect();
    let digits = digits.filter(|digits| digits.len() == 4)?;
    let year = digits.iter().fold(0, |year, digit| year * 10 + digit);
    i32::try_from(year).ok()
}

/// A Chinese count from one to ninety-nine: 两, 十, 二十一. Two digits in a row, such as 三四,
/// are no count.
pub(crate) fn han_count(text: &str) -> Option<u32> {
    let ones = |part: &str, none: u32| {
        let mut chars = part.chars();
        match (chars.next(), chars.next()) {
            (None, _) => Some(none),
            (Some(c), None) => digit(c).filter(|digit| *digit > 0),
            _ => None,
        }
    };
    match text.split_once('十') {
        Some((tens, rest)) => Some(ones(tens, 1)? * 10 + ones(rest, 0)?),
        None => ones(text, 0).filter(|count| *count > 0),
    }
}

fn digit(c: char) -> Option<u32> {
    match c {
        '零' => Some(0),
        '两' => Some(2),
        c => DIGITS
            .chars()
            .position(|digit| digit == c)
            .map(|at| at as u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_numbers() {
        let check = |text: &str, want: Option<u32>| assert_eq!(word(text), want, "{text}");
        check("zero", Some(0));
        check("One", Some(1));
        check("nineteen", Some(19));
        check("NINETY", Some(90));
        check("hundred", None);
        check("", None);
        let all: Vec<Option<u32>> = any_word().split('|').map(word).collect();
        assert!(
            all.iter().all(Option::is_some) && all.len() == 27,
            "{all:?}"
        );
    }

    #[test]
    fn chinese_numbers_are_read() {
        let check = |text: &str, want: Option<f64>| assert_eq!(han(text), want, "{text}");
        check("十八", Some(18.0));
        check("两千三百", Some(2300.0));
        check("三万五千", Some(35_000.0));
        check("一点五", Some(1.5));
        check("三万五", Some(35_000.0));
        check("三万零五", Some(30_005.0));
        check("一百二", Some(120.0));
        check("一百二十", Some(120.0));
        check("3万5千", Some(35_000.0));
        check("1亿2000万", Some(120_000_000.0));
        check("一亿二千万", Some(120_000_000.0));
        check("一万亿", Some(1e12));
        check("二〇二四", Some(2024.0));
        check("99999999999", None);
        check("", None);
        assert_eq!(year("二〇二四"), Some(2024));
        assert_eq!(year("2024"), Some(2024));
        assert_eq!(year("二十四"), None);
        check("人", None);
        let check = |text: &str, want: Option<u32>| assert_eq!(han_count(text), want, "{text}");
        check("两", Some(2));
        check("十", Some(10));
        check("二十一", Some(21));
        check("三四", None);
        check("十一二", None);
        check("零", None);
        check("", None);
        let unread = |sign: &char| han(&sign.to_string()).is_none();
        let unread: String = HAN_SIGNS.chars().filter(unread).collect();
        assert_eq!(unread, "点", "which stands between two numbers");
    }
}
