//! Which reading is meant beside others: measure words after numbers, verbs before what they are
//! done to, and the 儿 that only curls the syllable before it.
//!
//! Dictionaries of phrases hold what is read otherwise within a word. Here is what stands in no
//! list, because any number or thing can be beside it.

use super::sandhi::Read;
use super::syllables::Syllable;

/// Numbers, as they are written by then.
const NUMBERS: &str = "零一二两三四五六七八九十百千万亿０１２３４５６７８９";
/// What else stands before a measure word.
const POINTERS: &str = "几每第各数这那哪某半多";
/// What a value is said of.
const VALUES: &str = "果案值度量率额均则即长宽高积价";

/// A character, what stands before it and after it, what may not follow, and its reading then.
/// Where nothing is named, anything may stand there; the first that fits counts.
struct Rule(
    char,
    &'static [&'static str],
    &'static str,
    &'static str,
    &'static str,
);

const RULES: &[Rule] = &[
    // 三只猫, but 这只是.
    Rule(
        '只',
        &[NUMBERS, POINTERS],
        "",
        "是有能要会好怕得不剩想用需见可在说让为占",
        "zhī",
    ),
    // 第三行, but 一行人 and 统一行动.
    Rule(
        '行',
        &[NUMBERS, "第几每各"],
        "",
        "人走驶为动政程使李星",
        "háng",
    ),
    // 结果为三, but 为三个人.
    Rule('为', &[VALUES], NUMBERS, "", "wéi"),
    // 三种花, but 种花.
    Rule('种', &[NUMBERS, POINTERS], "", "", "zhǒng"),
    Rule('种', &[], "树花菜地田草瓜粮", "", "zhòng"),
    Rule('还', &[], "钱书给债款贷账清", "", "huán"),
    Rule('重', &[], "新复写建启试装置构申返演叠播", "", "chóng"),
    Rule('得', &[], "去先赶", "", "děi"),
    Rule('倒', &[], "水茶酒车垃", "", "dào"),
];

/// Nouns in which 儿 is a child, or a word of its own, by the character before it.
const CHILDREN: &str = "女婴幼孤胎少健男宠产生患弃运能血小";

/// Chooses readings by what stands beside a character, and curls syllables, in the words of a
/// phrase.
pub fn settle(words: &mut [Vec<Read>]) {
    let all: Vec<char> = words.iter().flatten().map(|read| read.character).collect();
    for (n, read) in words.iter_mut().flatten().enumerate() {
        let before = n.checked_sub(1).map(|n| all[n]);
        let next = all.get(n + 1).copied();
        let fits = |rule: &&Rule| {
            let Rule(character, after, ahead, never, _) = rule;
            let is_after = |c: char| after.iter().any(|all| all.contains(c));
            *character == read.character
                && (after.is_empty() || before.is_some_and(is_after))
                && (ahead.is_empty() || next.is_some_and(|c| ahead.contains(c)))
                && !next.is_some_and(|c| never.contains(c))
        };
        if let Some(Rule(.., pinyin)) = RULES.iter().find(fits) {
            read.syllable = Syllable::parse(pinyin);
        }
    }
    curl(words);
}

/// 儿 at the end of a word is a sound at the end of the syllable before it: 花儿, 一点儿.
fn curl(words: &mut [Vec<Read>]) {
    for n in 1..words.len() {
        let is_alone = matches!(words[n].as_slice(), [read] if read.character == '儿');
        // What stands alone belongs to the word before.
        if is_alone && !words[n - 1].is_empty() {
            let curl = std::mem::take(&mut words[n]);
            words[n - 1].extend(curl);
        }
    }
    for word in words {
        let [.., before, last] = word.as_mut_slice() else {
            continue;
        };
        if last.character != '儿' || CHILDREN.contains(before.character) {
            continue;
        }
        last.syllable = Syllable::parse("er");
        // The n before it goes.
        let short = before
            .syllable
            .letters
            .strip_suffix('n')
            .map(|letters| Syllable {
                letters: letters.to_owned(),
                tone: before.syllable.tone,
            });
        if let Some(short) = short.filter(|short| short.phonemes().is_some()) {
            before.syllable = short;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words with `_` between their characters, each with its pinyin.
    fn words(text: &str) -> Vec<Vec<Read>> {
        let read = |item: &str| {
            let mut chars = item.chars();
            Read {
                character: chars.next().expect("a character"),
                syllable: Syllable::parse(chars.as_str()),
            }
        };
        let words = text.split(' ');
        words
            .map(|word| word.split('_').map(read).collect())
            .collect()
    }

    #[test]
    fn readings_depend_on_what_is_beside() {
        let check = |text: &str, expected: &str| {
            let mut words = words(text);
            settle(&mut words);
            let all = words.iter().flatten();
            let found: Vec<String> = all
                .map(|read| format!("{}{}", read.syllable.letters, read.syllable.tone))
                .collect();
            assert_eq!(found.join(" "), expected, "{text}");
        };
        check("三sān 只zhǐ 猫māo", "san1 zhi1 mao1");
        check("这zhè 只zhǐ_是shì", "zhe4 zhi3 shi4");
        check("我wǒ 只zhǐ 看kàn", "wo3 zhi3 kan4");
        check("第dì_三sān 行xíng", "di4 san1 hang2");
        check("一yī 行xíng 人rén", "yi1 xing2 ren2");
        check("结jié_果guǒ 为wèi 五wǔ", "jie2 guo3 wei2 wu3");
        check("为wèi 三sān 人rén", "wei4 san1 ren2");
        check("还hái_钱qián", "huan2 qian2");
        check("还hái 在zài", "hai2 zai4");
        check("种zhǒng 树shù", "zhong4 shu4");
        check("这zhè 种zhǒng 树shù", "zhe4 zhong3 shu4");
        check("统tǒng_一yī 行xíng_动dòng", "tong3 yi1 xing2 dong4");
        check("重zhòng 写xiě", "chong2 xie3");
    }

    #[test]
    fn a_curl_belongs_to_its_syllable() {
        let check = |text: &str, expected: &str| {
            let mut words = words(text);
            settle(&mut words);
            let said: Vec<String> = words
                .iter()
                .filter(|word| !word.is_empty())
                .map(|word| {
                    let said = word.iter().filter_map(|read| read.syllable.phonemes());
                    said.collect()
                })
                .collect();
            assert_eq!(said.join(" "), expected, "{text}");
        };
        check("花huā_儿ér", "xwa→ɚ");
        check("玩wán 儿ér", "wa↗ɚ");
        check("一yī_点diǎn_儿ér", "i→tja↓ɚ");
        check("女nǚ_儿ér", "ny↓ɚ↗");
        check("空kòng_儿ér", "kʰʊ↘ŋɚ");
        check("儿ér_子zi", "ɚ↗ʦɨ");
    }
}
