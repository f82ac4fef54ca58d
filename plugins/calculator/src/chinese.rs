//! Expressions in Chinese, as the evaluator reads them: 5斤3两等于多少克, 打八折, 百分之十五, and days.
//!
//! Numerals are read in `numeral.rs`, units are those of `units.rs`. What has no single reading is refused with a reason.

use crate::measure::Measure;
use crate::numeral;
use crate::units::unit;
use crate::variants::simplified;

/// Words for signs; a longer one stands before its beginning.
const SIGNS: &[(&str, &str)] = &[
    ("的一半", " * 0.5"),
    ("的平方根", ""),
    ("的平方", "^2"),
    ("的立方", "^3"),
    ("的阶乘", "!"),
    ("加上", " + "),
    ("加", " + "),
    ("减去", " - "),
    ("减", " - "),
    ("乘以", " * "),
    ("乘", " * "),
    ("除以", " / "),
    ("负", " -"),
    ("根号", "√"),
    ("到", UNTIL),
    ("至", UNTIL),
    ("距离", UNTIL),
    ("距", UNTIL),
];
/// What stands between two days.
const UNTIL: &str = " until ";

/// Words that ask, and say nothing of what is computed.
const ASKING: &[&str] = &[
    "等于多少",
    "是多少",
    "等于几",
    "一共",
    "总共",
    "相差",
    "之间",
    "有多少天",
    "多少天",
    "有几天",
    "几天",
    "请问",
    "计算",
    "从",
    "共",
    "呢",
    "吗",
    "。",
    "倍",
];

/// Words for a conversion, and words for one where it is asked how many that are.
const INTO: &[&str] = &[
    "换算成",
    "换算为",
    "转换成",
    "转换为",
    "折合成",
    "换成",
    "化成",
    "转成",
];
/// The same in English, before a unit in Chinese.
const TO: &[&str] = &[" to ", " into ", " in ", " as "];
const HOW_MANY: &[&str] = &["相当于", "等于", "折合", "合", "是", "有", "为"];

/// Days that depend on the day on which they are said.
const OF_TODAY: &[&str] = &[
    "今天",
    "明天",
    "昨天",
    "后天",
    "前天",
    "今年",
    "明年",
    "去年",
    "上周",
    "下周",
    "本周",
    "这周",
    "上个月",
    "下个月",
    "上月",
    "下月",
    "本月",
    "上星期",
    "下星期",
];

/// `text` for the evaluator, or why it cannot be computed. What has no Chinese in it stays.
pub fn written(text: &str) -> Result<Measure, String> {
    let text = &simplified(text);
    let plain = |expression: &str| Measure {
        expression: expression.to_owned(),
        unit: None,
    };
    if !text.contains(is_han) {
        return Ok(plain(text));
    }
    if let Some(word) = OF_TODAY.iter().find(|word| text.contains(**word)) {
        return Err(format!(
            "which day {word} is depends on today, which is not known here: write each day as YYYY-MM-DD"
        ));
    }
    let mut whole = String::new();
    let mut rest = text.as_str();
    while let Some(sign) = rest.chars().next() {
        // How many days there are between two is not asked of a measure.
        if let Some(target) = target(rest).filter(|_| !is_day(&whole)) {
            return converted(&whole, target);
        }
        let (said, used) = match part(rest, &whole)? {
            Some(found) => found,
            None if is_han(sign) => return Err(unknown(sign)),
            None => (sign.to_string(), sign.len_utf8()),
        };
        if runs_on(&whole, &said) {
            return Err(unknown(sign));
        }
        whole.push_str(&said);
        rest = &rest[used..];
    }
    let whole = whole.trim();
    match whole.split_once(UNTIL) {
        Some((first, last)) => Ok(plain(&format!("{} - {}", last.trim(), first.trim()))),
        None => Ok(plain(whole)),
    }
}

fn unknown(sign: char) -> String {
    format!("{sign} is not known here, or has two readings")
}

/// Whether `said` is an amount right behind another in `before`: the evaluator would read two numbers
/// as one, and multiply by what has brackets.
fn runs_on(before: &str, said: &str) -> bool {
    let of_amount = |c: char| c.is_ascii_digit() || c == ')';
    let is_amount = said.starts_with('(') && said.len() > 1;
    is_amount && before.trim_end().ends_with(of_amount)
        || said.starts_with(|c: char| c.is_ascii_digit()) && before.ends_with(of_amount)
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '〇' | '℃' | '℉')
}

/// What is said at the beginning of `rest` behind `before`, and the bytes that it takes: a day, a
/// number with its units, a sign, or a word that asks.
fn part(rest: &str, before: &str) -> Result<Option<(String, usize)>, String> {
    if let Some(found) = day(rest)? {
        return Ok(Some(found));
    }
    if let Some(found) = amount(rest, before)? {
        return Ok(Some(found));
    }
    if let Some((_, sign)) = [("℃", "°C"), ("℉", "°F")]
        .iter()
        .find(|(sign, _)| rest.starts_with(sign))
    {
        return Ok(Some(((*sign).to_owned(), "℃".len())));
    }
    if let Some(word) = ASKING.iter().find(|word| rest.starts_with(**word)) {
        return Ok(Some((String::new(), word.len())));
    }
    if let Some((word, sign)) = SIGNS.iter().find(|(word, _)| rest.starts_with(word)) {
        return match sign.is_empty() {
            true => Err(format!("{word} is written sqrt(A) here")),
            false => Ok(Some(((*sign).to_owned(), word.len()))),
        };
    }
    if let Some(found) = power(rest) {
        return Ok(Some(found));
    }
    // 300的15%
    let of = rest
        .strip_prefix('的')
        .map(str::trim_start)
        .filter(|rest| value(rest).is_some() || rest.starts_with("百分之"));
    Ok(of.map(|_| (" * ".to_owned(), '的'.len_utf8())))
}

/// The power that `rest` begins with, as in 2的10次方, and its bytes.
fn power(rest: &str) -> Option<(String, usize)> {
    let (number, used) = value(rest.strip_prefix('的')?)?;
    let after = &rest['的'.len_utf8() + used..];
    let name = ["次方", "次幂"]
        .iter()
        .find(|name| after.starts_with(**name))?;
    Some((format!("^{number}"), '的'.len_utf8() + used + name.len()))
}

/// The number that `rest` begins with, as it is written for the evaluator, and its bytes.
fn value(rest: &str) -> Option<(String, usize)> {
    if let Some(after) = rest.strip_prefix('半') {
        let counted = if after.starts_with('个') {
            '个'.len_utf8()
        } else {
            0
        };
        return Some(("0.5".to_owned(), '半'.len_utf8() + counted));
    }
    if rest.starts_with("一半") {
        return Some(("0.5".to_owned(), "一半".len()));
    }
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let end = rest.find(|c| !is_of_number(c)).unwrap_or(rest.len());
    let (plain, after) = rest.split_at(end);
    let is_plain = plain.starts_with(|c: char| c.is_ascii_digit());
    match is_plain && !after.starts_with(['十', '百', '千', '万', '亿'])
        || is_plain && is_unit_of_thousand(after)
    {
        true => Some((plain.to_owned(), end)),
        false => numeral::number(rest),
    }
}

/// Whether `after` begins with a unit whose name begins as a numeral does: 千克, 百帕.
fn is_unit_of_thousand(after: &str) -> bool {
    after.starts_with(['千', '百']) && unit(after).is_some()
}

/// A percentage, a share, a discount, or a number with the units behind it.
fn amount(rest: &str, before: &str) -> Result<Option<(String, usize)>, String> {
    if let Some(after) = rest.strip_prefix("百分之") {
        let Some((number, used)) = value(after) else {
            return Err(unknown('百'));
        };
        return Ok(Some((format!("{number}%"), "百分之".len() + used)));
    }
    if let Some(after) = rest.strip_prefix('打') {
        let found = discount(after).map(|(share, used)| (share, '打'.len_utf8() + used));
        return found.map(Some).ok_or_else(|| unknown('打'));
    }
    let Some((number, used)) = value(rest) else {
        return Ok(None);
    };
    let after = &rest[used..];
    if after.starts_with('折') {
        return Ok(discount(rest));
    }
    if let Some((over, more)) = after.strip_prefix("分之").and_then(value) {
        let used = used + "分之".len() + more;
        return Ok(Some((format!("({over}/{number})"), used)));
    }
    if after.starts_with('成') {
        return Ok(Some((format!("({number} * 10%)"), used + '成'.len_utf8())));
    }
    if after.starts_with(['多', '几', '来']) {
        return Err(format!(
            "{number} is followed by a word for about: write one number"
        ));
    }
    Ok(Some(with_units(rest, number, used, before)))
}

/// What 八折, 八五折 and 7.5折 leave, as a factor, and the bytes of that.
fn discount(text: &str) -> Option<(String, usize)> {
    let (number, _) = text.split_once('折')?;
    let used = number.len() + '折'.len_utf8();
    let digits = numeral::digits(number);
    let share = match (digits.len(), number.split_once('.')) {
        // Ten of ten are no discount.
        (2, None) if digits.ends_with('0') => return None,
        (1 | 2, None) if digits.len() == number.chars().count() => format!("0.{digits}"),
        (1, Some((whole, tenths))) if whole.len() == 1 && tenths.len() == 1 => {
            format!("0.{whole}{tenths}")
        }
        _ => return None,
    };
    Some((format!(" * {share}"), used))
}

/// `number`, which takes `used` bytes of `rest`, with the units behind it: 5斤3两, 两个半小时. Behind a
/// day it stays as `day.rs` reads it.
fn with_units(rest: &str, number: String, used: usize, before: &str) -> (String, usize) {
    let Some((first, is, mut end)) = with_unit(rest, &number, used, false) else {
        return (number, used);
    };
    if is_day(before) && matches!(is, "day" | "week") {
        return (format!("{number} {is}s"), end);
    }
    let (mut parts, mut last) = (vec![first], is);
    loop {
        let next = rest[end..].trim_start_matches(' ');
        let found = value(next).and_then(|(number, used)| {
            let ends = rest.len() - next.len() + used;
            with_unit(rest, &number, ends, last == "hour")
        });
        let Some((part, is, ends)) = found else {
            break;
        };
        parts.push(part);
        (last, end) = (is, ends);
    }
    (format!("({})", parts.join(" + ")), end)
}

/// `number`, which ends at the byte `end` of `rest`, times the unit behind it: that, the unit, and
/// where it ends. Behind hours, minutes are short.
fn with_unit(
    rest: &str,
    number: &str,
    end: usize,
    behind_hours: bool,
) -> Option<(String, &'static str, usize)> {
    let counted = rest[end..].trim_start_matches(' ');
    let (after, mut is_half) = match counted.strip_prefix("个半") {
        Some(after) => (after, true),
        None => (counted.strip_prefix('个').unwrap_or(counted), false),
    };
    let minutes = behind_hours && after.starts_with('分');
    let (name, is) = unit(after).or(minutes.then_some(("分", "minute")))?;
    let mut after = &after[name.len()..];
    // 两斤半
    if let Some(next) = after.strip_prefix('半').filter(|next| unit(next).is_none()) {
        (after, is_half) = (next, true);
    }
    let number = match is_half {
        true => format!("({number} + 0.5)"),
        false => number.to_owned(),
    };
    let part = match is {
        "°C" | "°F" | "K" => format!("{number} {is}"),
        is => format!("{number} * {is}"),
    };
    Some((part, is, rest.len() - after.len()))
}

/// Whether `before` begins with a day.
fn is_day(before: &str) -> bool {
    let mut parts = before.trim_start().splitn(3, '-');
    let year = parts.next().unwrap_or_default();
    year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) && parts.count() == 2
}

/// The day that `rest` begins with, as YYYY-MM-DD, and its bytes.
fn day(rest: &str) -> Result<Option<(String, usize)>, String> {
    let field = |at: usize, names: &[&str]| {
        let (number, used) = numeral::number(&rest[at..])?;
        let name = names
            .iter()
            .find(|name| rest[at + used..].starts_with(**name))?;
        Some((number, at + used + name.len()))
    };
    if let Some((_, at)) = field(0, &["月"])
        && field(at, &["日", "号"]).is_some()
    {
        return Err(
            "a day is computed with only where its year is known: write it as YYYY-MM-DD".into(),
        );
    }
    let found = || {
        let (year, at) = field(0, &["年"])?;
        let (month, at) = field(at, &["月"])?;
        let (day, at) = field(at, &["日", "号"])?;
        Some((format!("{year:0>4}-{month:0>2}-{day:0>2}"), at))
    };
    Ok(found())
}

/// What `rest` says that the value is converted into: a unit of these, or one of the evaluator's.
fn target(rest: &str) -> Option<Target<'_>> {
    let into = INTO.iter().find_map(|word| rest.strip_prefix(*word));
    let english = TO.iter().find_map(|word| rest.strip_prefix(*word));
    let how_many = || {
        let rest = HOW_MANY.iter().find_map(|word| rest.strip_prefix(*word))?;
        rest.strip_prefix("多少")
            .or_else(|| rest.strip_prefix('几'))
    };
    let named = into.or(english).or_else(how_many)?;
    let named = named.trim_start_matches("多少").trim_start_matches('个');
    let named = named.trim_matches([' ', '?', '=', '。', '呢', '啊']);
    match unit(named) {
        Some((name, is)) if name == named => Some(Target::Known(name, is)),
        // The evaluator reads the rest of a conversion that is all English.
        _ if english.is_none() && !named.is_empty() && named.is_ascii() => {
            Some(Target::Ascii(named))
        }
        _ => None,
    }
}

enum Target<'a> {
    /// A unit of these: its name, and what it is.
    Known(&'static str, &'static str),
    /// One of the evaluator's.
    Ascii(&'a str),
}

/// `from` in another unit.
fn converted(from: &str, target: Target<'_>) -> Result<Measure, String> {
    let from = from.trim();
    let (expression, unit) = match target {
        Target::Known(_, is @ ("°C" | "°F" | "K")) => (format!("{from} to {is}"), None),
        Target::Known(name, is) => (format!("({from}) / (1 * {is})"), Some(name)),
        Target::Ascii(name) => (format!("{from} to {name}"), None),
    };
    Ok(Measure { expression, unit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_written_for_the_evaluator() {
        let check = |text: &str, want: &str| {
            let said = match written(text) {
                Ok(found) => match found.unit {
                    Some(unit) => format!("{} = {unit}", found.expression),
                    None => found.expression,
                },
                Err(reason) => reason,
            };
            assert_eq!(said, want, "{text}");
        };
        check("2 + 2", "2 + 2");
        check("一万二千加三万五", "12000 + 35000");
        check("25乘4等于多少", "25 * 4");
        check("3万5千除以七", "35000 / 7");
        check("300的百分之十五", "300 * 15%");
        check("300的15%", "300 * 15%");
        check("200的三成", "200 * (3 * 10%)");
        check("90的三分之二", "90 * (2/3)");
        check("80的一半", "80 * 0.5");
        check("200元打八折", "(200 * 1) * 0.8");
        check("200打八五折", "200 * 0.85");
        check("200打7.5折", "200 * 0.75");
        check("3斤等于多少克", "((3 * 0.5 kg)) / (1 * g) = 克");
        check(
            "5斤3两是多少公斤",
            "((5 * 0.5 kg + 3 * 0.05 kg)) / (1 * kg) = 公斤",
        );
        check("两斤半换算成克", "(((2 + 0.5) * 0.5 kg)) / (1 * g) = 克");
        check("6尺换算成 cm", "(6 * (1/3) m) to cm");
        check(
            "10亩是多少平方米",
            "((10 * (2000/3) m^2)) / (1 * m^2) = 平方米",
        );
        check("5里合多少公里", "((5 * 500 m)) / (1 * km) = 公里");
        check(
            "两个半小时等于多少分钟",
            "(((2 + 0.5) * hour)) / (1 * minute) = 分钟",
        );
        check("半小时换算成秒", "((0.5 * hour)) / (1 * s) = 秒");
        check(
            "1小时30分是多少秒",
            "((1 * hour + 30 * minute)) / (1 * s) = 秒",
        );
        check("3千克换算成磅", "((3 * kg)) / (1 * pound) = 磅");
        check("20摄氏度换算成华氏度", "(20 °C) to °F");
        check("20℃ to °F", "20°C to °F");
        check("5 公里换算成 英里", "((5 * km)) / (1 * mile) = 英里");
        check(
            "6英尺 2英寸换算成厘米",
            "((6 * foot + 2 * inch)) / (1 * cm) = 厘米",
        );
        check("20℃ to 华氏度", "20°C to °F");
        check("5 km to 英里", "(5 km) / (1 * mile) = 英里");
        check("1天 in 秒", "((1 * day)) / (1 * s) = 秒");
        check("一半的八", "0.5 * 8");
        check("一半", "0.5");
        check("2的10次方加1", "2^10 + 1");
        check("三的二次幂", "3^2");
        check("5的阶乘", "5!");
        check("负5加3", "-5 + 3");
        check("根号9", "√9");
        check("300 的 15%", "300  *  15%");
        check("三萬減兩千", "30000 - 2000");
        check("2024年3月5日到2025年1月1日", "2025-01-01 - 2024-03-05");
        check(
            "从2024年3月5日到2025年1月1日有多少天",
            "2025-01-01 - 2024-03-05",
        );
        check("二〇二四年三月五日加30天", "2024-03-05 + 30 days");
        check("2024年3月5号减两周", "2024-03-05 - 2 weeks");
        let refused = |text: &str, want: &str| {
            let said = written(text).map_or_else(|reason| reason, |found| found.expression);
            assert!(said.contains(want), "{text}: {said}");
        };
        refused("三月五日加10天", "its year");
        refused("上周三", "depends on today");
        refused("下个月5号", "depends on today");
        refused("三百多加2", "about");
        refused("16的平方根", "sqrt");
        refused("9除3", "not known");
        refused("三半", "not known");
        refused("2 3斤", "not known");
        refused("5 km to 中", "not known");
        refused("五只羊", "not known");
    }
}
