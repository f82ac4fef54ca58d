//! Whether a Chinese name stands in a task by itself: no space parts 夏 from 华夏, or 一班 from 十一班.

use crate::pattern::HAN;

/// What makes a longer word of a column's name of one sign, which still means it: 夏天, 早上, 大号.
const ENDINGS: &str = "天季月日上午饭餐间班组生性杯号份边面侧";
/// What stands behind a whole name: words that ask, and those that lead on.
const BEHIND: &str = "的那这几多少是要怎什哪有为呢吗能可该得用每各要会和与及";
/// Digits: 一班 is not 十一班.
const DIGITS: &str = "零〇一二两三四五六七八九十";
/// What makes another word of the sign behind it: 最早, 周一.
const BEFORE: &str = "最周期第";
/// Words that stand between a verb and its thing: 浇一次水.
const COUNTS: [&[&str]; 9] = [
    &["一", "次"],
    &["几", "次"],
    &["两", "次"],
    &["多", "少", "次"],
    &["一", "回"],
    &["几", "回"],
    &["一", "遍"],
    &["几", "遍"],
    &["一", "个"],
];

/// Whether the `length` words of `words` from `at` on are a name of their own. Words in other letters than
/// ideographs are.
pub(super) fn stands_apart(words: &[String], at: usize, length: usize) -> bool {
    let sign = |at: usize| words.get(at).and_then(|word| han(word));
    let (Some(first), Some(last)) = (sign(at), sign(at + length - 1)) else {
        return true;
    };
    let before = at.checked_sub(1);
    let previous = before.and_then(sign);
    let next = sign(at + length);
    let counts = |sign: Option<char>| sign.is_some_and(|sign| DIGITS.contains(sign));
    let has_digits = |at: usize| {
        let word = words.get(at);
        word.is_some_and(|word| word.ends_with(|c: char| c.is_ascii_digit()))
    };
    let follows_a_number = counts(previous) || before.is_some_and(has_digits);
    let is_part_of_a_number =
        counts(Some(first)) && follows_a_number || counts(Some(last)) && counts(next);
    if is_part_of_a_number {
        return false;
    }
    if length > 1 {
        // 小王 is not 小王子.
        return next != Some('子');
    }
    let ends = next.is_none_or(|next| ENDINGS.contains(next) || BEHIND.contains(next));
    ends && previous.is_none_or(|previous| !BEFORE.contains(previous))
}

/// Whether the two signs of `name` stand in `words` with a count between: 浇一次水.
pub(super) fn stands_around_a_count(words: &[String], name: &[String]) -> bool {
    let [verb, thing] = name else {
        return false;
    };
    let begins = (0..words.len()).filter(|at| words[*at] == *verb && han(verb).is_some());
    let mut rests = begins.map(|at| &words[at + 1..]);
    rests.any(|rest| {
        COUNTS.iter().any(|count| {
            let stands = count.iter().zip(rest).all(|(one, other)| one == other);
            stands && rest.get(count.len()) == Some(thing)
        })
    })
}

/// The ideograph that `word` is.
fn han(word: &str) -> Option<char> {
    let mut signs = word.chars();
    let sign = signs.next().filter(|sign| HAN.contains(sign))?;
    signs.next().is_none().then_some(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(text: &str) -> Vec<String> {
        text.chars().map(String::from).collect()
    }

    #[test]
    fn a_name_is_no_part_of_a_longer_word() {
        let check = |task: &str, name: &str, want: bool| {
            let (task, name) = (signs(task), signs(name));
            let mut places = (0..task.len()).filter(|at| task[*at..].starts_with(&name));
            let at = places.next().unwrap();
            assert_eq!(
                stands_apart(&task, at, name.len()),
                want,
                "{task:?} {name:?}"
            );
        };
        check("绿萝夏天多久浇一次水", "夏", true);
        check("绿萝夏天多久浇一次水", "绿萝", true);
        check("绿萝在冬季几天浇水", "冬", true);
        check("晚上几点", "晚", true);
        check("大号多少钱", "大", true);
        check("那个红的多少钱", "红", true);
        check("绿萝要几天水", "水", true);
        check("一班几个人", "一班", true);
        check("夏洛特多大", "夏", false);
        check("最早的是哪班", "早", false);
        check("周一有什么", "一", false);
        check("十一班几个人", "一班", false);
        check("2一班", "一班", false);
        check("小王子在哪", "小王", false);
        check("小王在哪", "小王", true);
        check("甜点一份多少钱", "甜点", true);
        check("room", "room", true);
    }

    #[test]
    fn a_count_may_part_a_verb_from_its_thing() {
        let check = |task: &str, name: &str, want: bool| {
            let found = stands_around_a_count(&signs(task), &signs(name));
            assert_eq!(found, want, "{task} {name}");
        };
        check("绿萝多久浇一次水", "浇水", true);
        check("绿萝一年施几次肥", "施肥", true);
        check("一天浇多少次水", "浇水", true);
        check("绿萝多久浇水", "浇水", false);
        check("浇一次花换水", "浇水", false);
        check("浇一次", "浇水", false);
        check("", "浇水", false);
    }
}
