//! Numbers as lists have them: b, iv, 十二.

/// Characters of what stands before an item: a longer one, before many items, is a mistake.
pub const SIGN_CHARS_MAX: usize = 64;
/// How often a letter stands behind the last one of the alphabet: zz, and no longer.
const TIMES_MAX: usize = 8;

/// `number` as lists of this format have it.
pub fn written(number: usize, format: &str) -> String {
    let found = match format {
        "lowerLetter" => letters(number),
        "upperLetter" => letters(number).map(|letters| letters.to_uppercase()),
        "lowerRoman" => roman(number).map(|roman| roman.to_lowercase()),
        "upperRoman" => roman(number),
        "decimalZero" => Some(format!("{number:02}")),
        "none" => Some(String::new()),
        _ if ["chinese", "japanese", "taiwanese", "ideographDigital"]
            .iter()
            .any(|script| format.starts_with(*script)) =>
        {
            chinese(number)
        }
        _ => None,
    };
    found.unwrap_or_else(|| number.to_string())
}

/// a, b, … z, aa, bb.
fn letters(number: usize) -> Option<String> {
    let at = number.checked_sub(1)?;
    let letter = char::from_u32(u32::from('a') + u32::try_from(at % 26).ok()?)?;
    let times = at / 26 + 1;
    (times <= TIMES_MAX).then(|| letter.to_string().repeat(times))
}

fn roman(number: usize) -> Option<String> {
    const SIGNS: [(usize, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let mut text = String::new();
    let mut rest = (1..4000).contains(&number).then_some(number)?;
    for (value, sign) in SIGNS {
        text.push_str(&sign.repeat(rest / value));
        rest %= value;
    }
    Some(text)
}

/// 一, 十二, 二十三.
fn chinese(number: usize) -> Option<String> {
    let digit = |digit: usize| "零一二三四五六七八九".chars().nth(digit);
    let (tens, ones) = (number / 10, number % 10);
    let mut text = String::new();
    match tens {
        0 => {}
        1 => text.push('十'),
        2..10 => text.extend([digit(tens)?, '十']),
        _ => return None,
    }
    if ones > 0 || tens == 0 {
        text.push(digit(ones)?);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn numbers_have_forms() {
        let check = |number: usize, format: &str, want: &str| {
            assert_eq!(written(number, format), want);
        };
        check(4, "decimal", "4");
        check(4, "decimalZero", "04");
        check(28, "lowerLetter", "bb");
        check(3, "upperLetter", "C");
        check(0, "upperLetter", "0");
        check(1994, "upperRoman", "MCMXCIV");
        check(9, "lowerRoman", "ix");
        check(10, "chineseCounting", "十");
        check(23, "japaneseCounting", "二十三");
        check(123, "chineseCounting", "123");
        check(5, "ordinal", "5");
    }
}
