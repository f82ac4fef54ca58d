//! Numbers in words that an answer ends in: Chinese and English.

use crate::written::numbers::{HAN_SIGNS, han, word};

/// Characters that may follow a Chinese number. A single character such as 一 is mostly a part of
/// another word.
const MEASURES: &str =
    "个只条张本人天次元块页岁米公斤克千吨升年月日时分秒件辆种名位层颗支枚箱袋瓶杯里厘毫";

/// Words of an answer in which a number in English words is looked for.
const ANSWER_WORDS: usize = 8;

/// The last Chinese number in `text`, with where it ends in bytes.
pub(super) fn last_han(text: &str) -> Option<(f64, usize, usize)> {
    let is_han = |c: char| HAN_SIGNS.contains(c);
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
    let said = text[..start].ends_with([
        '是', '为', '有', '：', ':', '=', '共', '剩', '要', '得', '之',
    ]);
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
    let tens = |name: &str| word(name).filter(|number| *number >= 20);
    let number = match words.as_slice() {
        [.., before, last] if tens(before).is_some() => {
            tens(before)? + word(last).filter(|number| (1..10).contains(number))?
        }
        // "This one" is no number.
        [.., "one"] if words.len() > 1 => return None,
        [.., last] => word(last)?,
        [] => return None,
    };
    Some(f64::from(number))
}
