//! Chinese numerals, alone or among digits: 一万二千, 3万5千, 二〇二四, 三点五.

/// A billionth: decimals further behind the point are not looked at.
const PARTS: i128 = 1_000_000_000;

/// The units within a section, and those between sections.
const SMALL: &[(char, i128)] = &[('十', 10), ('百', 100), ('千', 1_000)];
const LARGE: &[(char, i128)] = &[('万', 10_000), ('亿', 100_000_000)];

/// The number that `text` begins with, in digits, and how many bytes it takes; `None` where there is
/// none, or one that has no single reading.
pub fn number(text: &str) -> Option<(String, usize)> {
    let mut count = Count::default();
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let taken = if sign.is_ascii_digit() {
            count.digits(rest)?
        } else if let Some(digit) = digit(sign) {
            count.digit(digit)?;
            sign.len_utf8()
        } else if sign == '点'
            && count.now.is_some()
            && rest[sign.len_utf8()..].starts_with(of_digit)
        {
            sign.len_utf8() + count.decimals(&rest[sign.len_utf8()..])?
        } else if let Some(unit) = unit(SMALL, sign) {
            count.small(unit)?;
            sign.len_utf8()
        } else if let Some(unit) = unit(LARGE, sign) {
            count.large(unit)?;
            sign.len_utf8()
        } else {
            break;
        };
        rest = &rest[taken..];
    }
    let used = text.len() - rest.len();
    (used > 0).then_some(())?;
    Some((written(count.whole()?), used))
}

/// The digits in Chinese that `text` begins with, none of them a unit, as ASCII: 八五 is 85.
pub fn digits(text: &str) -> String {
    let digits = text
        .chars()
        .map_while(|sign| digit(sign).or(sign.to_digit(10).map(i128::from)));
    digits.map(|digit| digit.to_string()).collect()
}

fn of_digit(sign: char) -> bool {
    sign.is_ascii_digit() || digit(sign).is_some()
}

fn digit(sign: char) -> Option<i128> {
    let digits = "零一二三四五六七八九";
    match sign {
        '〇' => Some(0),
        '两' => Some(2),
        sign => digits
            .chars()
            .position(|known| known == sign)
            .map(|at| at as i128),
    }
}

fn unit(units: &[(char, i128)], sign: char) -> Option<i128> {
    let known = units.iter().find(|(name, _)| *name == sign);
    known.map(|(_, unit)| *unit)
}

/// A number of so many parts in digits.
fn written(parts: i128) -> String {
    let (whole, decimals) = (parts / PARTS, parts % PARTS);
    match decimals {
        0 => whole.to_string(),
        decimals => {
            let decimals = format!("{decimals:09}");
            format!("{whole}.{}", decimals.trim_end_matches('0'))
        }
    }
}

/// What was counted so far, in parts.
#[derive(Default)]
struct Count {
    /// The sections that are over.
    total: i128,
    /// The section: what stands between two large units.
    section: i128,
    /// The number whose unit is not known yet.
    now: Option<i128>,
    /// How many digits that has.
    length: usize,
    /// Whether it begins with a nought, or has a point.
    is_plain: bool,
    /// The last unit, the last one of this section, and the last one between sections.
    last: Option<i128>,
    last_small: Option<i128>,
    last_large: Option<i128>,
}

impl Count {
    fn digit(&mut self, digit: i128) -> Option<()> {
        let before = self.now.unwrap_or(0);
        self.is_plain |= self.length == 0 && digit == 0;
        self.now = Some(
            before
                .checked_mul(10)?
                .checked_add(digit.checked_mul(PARTS)?)?,
        );
        self.length += 1;
        (self.length <= 15).then_some(())
    }

    /// Takes the digits of ASCII that `text` begins with; gives back their bytes.
    fn digits(&mut self, text: &str) -> Option<usize> {
        let is_of_number = |sign: char| sign.is_ascii_digit() || matches!(sign, '.' | ',');
        let end = text.find(|sign| !is_of_number(sign)).unwrap_or(text.len());
        let number = text[..end].trim_end_matches(['.', ',']);
        if self.length > 0 {
            return None;
        }
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        for sign in whole.chars().filter(|sign| *sign != ',') {
            self.digit(i128::from(sign.to_digit(10)?))?;
        }
        if !decimals.is_empty() {
            self.decimals(decimals)?;
        }
        Some(number.len())
    }

    /// Takes the digits behind a point; gives back their bytes.
    fn decimals(&mut self, text: &str) -> Option<usize> {
        let mut part = PARTS;
        let mut taken = 0;
        for sign in text.chars().take_while(|sign| of_digit(*sign)) {
            let digit = digit(sign).or(sign.to_digit(10).map(i128::from))?;
            (part > 1).then_some(())?;
            part /= 10;
            self.now = Some(self.now? + digit * part);
            taken += sign.len_utf8();
        }
        self.is_plain = true;
        (taken > 0).then_some(taken)
    }

    fn small(&mut self, unit: i128) -> Option<()> {
        // 十二 is 12.
        let is_one = self.now.is_none() && unit == 10;
        let many = self.now.take().or(is_one.then_some(PARTS))?;
        if self.last_small.is_some_and(|last| last <= unit) {
            return None;
        }
        self.section = self.section.checked_add(many.checked_mul(unit)?)?;
        (self.last, self.last_small) = (Some(unit), Some(unit));
        (self.length, self.is_plain) = (0, false);
        Some(())
    }

    fn large(&mut self, unit: i128) -> Option<()> {
        let section = self.section + self.now.take().unwrap_or(0);
        self.total = match self.last_large {
            // 一万亿: so many ten thousands of them.
            Some(last) if last < unit => (self.total + section).checked_mul(unit)?,
            Some(last) if last == unit => return None,
            _ if section == 0 => return None,
            _ => self.total.checked_add(section.checked_mul(unit)?)?,
        };
        self.section = 0;
        (self.last, self.last_small, self.last_large) = (Some(unit), None, Some(unit));
        (self.length, self.is_plain) = (0, false);
        Some(())
    }

    fn whole(self) -> Option<i128> {
        let now = match (self.now, self.last) {
            // 三万五 is 35,000, and 三万零五 is 30,005.
            (Some(now), Some(last)) if self.length == 1 && !self.is_plain => now * last / 10,
            // Several digits behind a unit have to be fewer than it has.
            (Some(now), Some(last)) if now >= last * PARTS => return None,
            (now, _) => now.unwrap_or(0),
        };
        self.total.checked_add(self.section)?.checked_add(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerals_are_read() {
        let check = |text: &str, want: &str| {
            let found = number(text).map_or_else(String::new, |(number, used)| {
                format!("{number}{}", &text[used..])
            });
            assert_eq!(found, want, "{text}");
        };
        check("一万二千", "12000");
        check("3万5千", "35000");
        check("3.5万", "35000");
        check("三点五万", "35000");
        check("3万5", "35000");
        check("三万五", "35000");
        check("三万零五", "30005");
        check("3万500", "30500");
        check("一百二", "120");
        check("一百零二", "102");
        check("十", "10");
        check("十二个", "12个");
        check("二十五", "25");
        check("两千零二十四", "2024");
        check("二〇二四年", "2024年");
        check("一亿零三百万", "103000000");
        check("一万亿", "1000000000000");
        check("一万二千亿", "1200000000000");
        check("一百一十二", "112");
        check("1,200万", "12000000");
        check("零", "0");
        check("三点一四", "3.14");
        check("三点", "3点");
        check("12", "12");
        check("十百", "");
        check("三5", "");
        check("万", "");
        check("斤", "");
        assert_eq!(digits("八五折"), "85");
        assert_eq!(digits("折"), "");
    }
}
