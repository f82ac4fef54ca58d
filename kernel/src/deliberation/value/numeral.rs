//! Numbers in words: Chinese and English.

const DIGITS: &str = "〇一二三四五六七八九";
/// Characters of a Chinese number.
const HAN: &str = "零〇一二两三四五六七八九十百千万亿点";
/// What may follow a Chinese number that counts something: one character such as 一 alone is
/// mostly a part of another word.
const MEASURES: &str = "个只条张本人天次元块页岁米公斤克千吨升年月日时分秒件辆种名位层颗支枚箱袋瓶杯里厘毫";

const ONES: [&str; 20] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];
/// Words of an answer in which a number in English words is looked for.
const ANSWER_WORDS: usize = 8;

/// The value of a Chinese number as a whole: 十八, 两千三百, 三万五千, 一点五.
pub(super) fn han(text: &str) -> Option<f64> {
    if let Some((whole, part)) = text.split_once('点') {
        let digits: Option<Vec<u32>> = part.chars().map(digit).collect();
        let digits: String = digits?.iter().map(u32::to_string).collect();
        let part: f64 = format!("0.{digits}").parse().ok()?;
        return Some(han(whole)? + part);
    }
    let (mut sum, mut section, mut one, mut any) = (0.0, 0.0, None, false);
    for c in text.chars() {
        any = true;
        let scale = match c {
            '十' => 10.0,
            '百' => 100.0,
            '千' => 1_000.0,
            '万' | '亿' => {
                let large = if c == '万' { 1e4 } else { 1e8 };
                section += f64::from(one.take().unwrap_or(0));
                sum = (sum + section) * large;
                section = 0.0;
                continue;
            }
            c => {
                one = Some(digit(c)?);
                continue;
            }
        };
        section += f64::from(one.take().unwrap_or(1)) * scale;
    }
    any.then(|| sum + section + f64::from(one.unwrap_or(0)))
}

fn digit(c: char) -> Option<u32> {
    match c {
        '零' => Some(0),
        '两' => Some(2),
        c => DIGITS.chars().position(|digit| digit == c).map(|at| at as u32),
    }
}

/// The last Chinese number in `text`, with where it ends in bytes.
pub(super) fn last_han(text: &str) -> Option<(f64, usize, usize)> {
    let is_han = |c: char| HAN.contains(c);
    let last = text.rfind(is_han)?;
    let end = last + text[last..].chars().next()?.len_utf8();
    let start = text[..end]
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_han(*c))
        .last()
        .map(|(at, _)| at)?;
    let run = &text[start..end];
    let next = text[end..].chars().next();
    let counts = next.is_none_or(|c| !c.is_alphanumeric() || MEASURES.contains(c));
    let alone = start == 0 || run.chars().count() > 1;
    let said = text[..start].ends_with(['是', '为', '有', '：', ':', '=', '共', '剩', '要', '得', '之']);
    if !counts || !(alone || said) {
        return None;
    }
    Some((han(run)?, start, end))
}

/// The number that a short English answer ends in: `eighteen`, `There are twenty-one.`
pub(super) fn english(text: &str) -> Option<f64> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    if words.len() > ANSWER_WORDS {
        return None;
    }
    let one = |word: &str| ONES.iter().position(|name| *name == word);
    let ten = |word: &str| TENS.iter().position(|name| *name == word).map(|at| at * 10 + 20);
    let number = match words.as_slice() {
        [.., tens, ones] if ten(tens).is_some() => {
            ten(tens)? + one(ones).filter(|number| (1..10).contains(number))?
        }
        // "This one" is no number.
        [.., "one"] if words.len() > 1 => return None,
        [.., last] => one(last).or_else(|| ten(last))?,
        [] => return None,
    };
    Some(number as f64)
}
