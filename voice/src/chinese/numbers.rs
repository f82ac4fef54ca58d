//! Numbers as Chinese words.
//!
//! Digits that are read one by one are written as full-width digits: their tones never change,
//! as those of the same numerals in a number do.

const NUMERALS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
const PLACES: [&str; 4] = ["", "十", "百", "千"];
const GROUPS: [&str; 5] = ["", "万", "亿", "万亿", "亿亿"];
/// Numbers with more digits are read digit by digit.
const DIGITS_MAX: usize = 16;

/// A whole number: `10203` is 一万零二百零三.
pub fn cardinal(value: u64) -> String {
    if value == 0 {
        return "零".to_owned();
    }
    let mut said = String::new();
    let mut is_gap = false;
    for (power, name) in GROUPS.iter().enumerate().rev() {
        let group = value / 10_000u64.pow(power as u32) % 10_000;
        if group == 0 {
            is_gap = !said.is_empty();
            continue;
        }
        if !said.is_empty() && (is_gap || group < 1000) {
            said.push('零');
        }
        is_gap = false;
        match (group, power) {
            // Two of a large number are 两 where it begins with them.
            (2, 1..) if said.is_empty() => said.push('两'),
            _ => said += &group_of_four(group, said.is_empty()),
        }
        said += name;
    }
    said
}

/// A number below ten thousand; one that is `first` begins with 十, not with 一十.
fn group_of_four(group: u64, first: bool) -> String {
    let mut said = String::new();
    let mut is_gap = false;
    for (place, name) in PLACES.iter().enumerate().rev() {
        let digit = (group / 10u64.pow(place as u32) % 10) as usize;
        if digit == 0 {
            is_gap = !said.is_empty();
            continue;
        }
        if is_gap {
            said.push('零');
            is_gap = false;
        }
        match (first && said.is_empty(), digit, place) {
            (true, 1, 1) => {}
            (true, 2, 3) => said.push('两'),
            _ => said.push(NUMERALS[digit]),
        }
        said += name;
    }
    said
}

/// A number as it is written, with commas and a point.
pub fn number(written: &str) -> String {
    let plain = written.replace([',', '，'], "");
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let whole = match whole.len() {
        0 => "零".to_owned(),
        2.. if whole.starts_with('0') => digits(whole),
        length if length > DIGITS_MAX => digits(whole),
        _ => cardinal(whole.parse().unwrap_or_default()),
    };
    match part.is_empty() {
        true => whole,
        false => format!("{whole}点{}", digits(part)),
    }
}

/// Each digit of `written`, to be read one by one.
pub fn digits(written: &str) -> String {
    let digits = written.chars().filter_map(|c| c.to_digit(10));
    digits
        .filter_map(|digit| char::from_u32('０' as u32 + digit))
        .collect()
}

/// Each digit of a telephone's number: its ones are said so that nobody takes them for sevens.
pub fn telephone(written: &str) -> String {
    digits(written).replace('１', "幺")
}

/// The numeral for a full-width digit.
pub fn numeral(c: char) -> Option<char> {
    let digit = (c as u32).checked_sub('０' as u32)?;
    NUMERALS.get(digit as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_words() {
        for (value, expected) in [
            (0, "零"),
            (10, "十"),
            (15, "十五"),
            (110, "一百一十"),
            (205, "二百零五"),
            (1_000, "一千"),
            (10_203, "一万零二百零三"),
            (100_000, "十万"),
            (1_050_000, "一百零五万"),
            (100_000_001, "一亿零一"),
            (120_000_000, "一亿二千万"),
            (2, "二"),
            (200, "二百"),
            (2_024, "两千零二十四"),
            (20_000, "两万"),
            (22_000, "两万二千"),
            (220_000, "二十二万"),
            (20_000_000, "两千万"),
        ] {
            assert_eq!(cardinal(value), expected);
        }
        assert_eq!(number("3.14"), "三点１４");
        assert_eq!(number("1,200"), "一千二百");
        assert_eq!(number("007"), "００７");
        assert_eq!(telephone("110-1"), "幺幺０幺");
        assert_eq!(numeral('７'), Some('七'));
        assert_eq!(numeral('7'), None);
    }
}
