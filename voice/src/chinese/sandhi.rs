//! How tones change beside others: 一, 不, and third tones in a row.

use super::syllables::Syllable;

/// A character of a word with its reading.
#[derive(Clone, Debug)]
pub struct Read {
    /// The character.
    pub character: char,
    /// Its syllable.
    pub syllable: Syllable,
}

/// Changes the tones of the words of a phrase in place, as they are said.
pub fn change(words: &mut [Vec<Read>]) {
    one_and_not(words);
    for word in words.iter_mut() {
        thirds(word);
    }
    // Short words lean on each other: 我 很 好.
    for n in 1..words.len() {
        let (before, after) = words.split_at_mut(n);
        let before = before.last_mut().map(Vec::as_mut_slice);
        let after = after.first().map(Vec::as_slice);
        if let (Some([one]), Some([next, ..])) = (before, after)
            && one.syllable.tone == 3
            && next.syllable.tone == 3
        {
            one.syllable.tone = 2;
        }
    }
}

/// 一 is said yí before a fourth tone and yì before others, but yī at the end, and where it
/// counts an order; 不 is said bú before a fourth tone.
fn one_and_not(words: &mut [Vec<Read>]) {
    let all = words.iter().flatten();
    let all: Vec<(char, u8)> = all
        .map(|read| (read.character, read.syllable.tone))
        .collect();
    // Whether each character is the end of a longer word: 统一, 唯一.
    let ends = words.iter().flat_map(|word| {
        let count = word.len();
        (1..=count).map(move |n| count > 1 && n == count)
    });
    let ends: Vec<bool> = ends.collect();
    for (n, read) in words.iter_mut().flatten().enumerate() {
        let before = n.checked_sub(1).map(|n| all[n].0);
        let next = all.get(n + 1).copied();
        let twice = matches!((before, next), (Some(before), Some((next, _))) if before == next);
        let tone = match (read.character, next) {
            ('一' | '不', Some(_)) if twice => 5,
            ('不', Some((_, 4))) => 2,
            ('不', _) => 4,
            ('一', _) if before.is_some_and(|c| "第十初周期二三四五六七八九".contains(c)) => {
                1
            }
            ('一', _) if next.is_none() || ends[n] => 1,
            ('一', Some((c, _))) if "月日号楼级等二三四五六七八九十".contains(c) => {
                1
            }
            // 个 is said without a tone, and counts as the fourth.
            ('一', Some((c, tone))) if tone == 4 || c == '个' => 2,
            ('一', Some(_)) => 4,
            _ => continue,
        };
        read.syllable.tone = tone;
    }
}

/// Of third tones in a row all but the last are said as second ones.
fn thirds(word: &mut [Read]) {
    for n in 1..word.len() {
        if word[n - 1].syllable.tone == 3 && word[n].syllable.tone == 3 {
            word[n - 1].syllable.tone = 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_change_beside_others() {
        let check = |text: &str, expected: &str| {
            let read = |item: &str| {
                let mut chars = item.chars();
                Read {
                    character: chars.next().expect("a character"),
                    syllable: Syllable::parse(chars.as_str()),
                }
            };
            let words = text.split(' ');
            let mut words: Vec<Vec<Read>> = words
                .map(|word| word.split('_').map(read).collect())
                .collect();
            change(&mut words);
            let tones: String = words
                .iter()
                .flatten()
                .map(|read| read.syllable.tone.to_string())
                .collect();
            assert_eq!(tones, expected, "{text}");
        };
        check("一yī_个gè", "24");
        check("一yī_天tiān", "41");
        check("第dì_一yī 天tiān", "411");
        check("不bù_是shì", "24");
        check("不bù_好hǎo", "43");
        check("看kàn_一yī_看kàn", "454");
        check("你nǐ_好hǎo", "23");
        check("我wǒ 很hěn 好hǎo", "223");
        check("唯wéi_一yī 的de", "215");
        check("一yī_号hào", "14");
        check("一yī_样yàng", "24");
        check("不bù_一yī_定dìng", "424");
        check("我wǒ 想xiǎng 买mǎi 水shuǐ", "2223");
    }
}
