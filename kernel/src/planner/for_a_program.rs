//! Tasks that a program does and no expression: work on a list or a text that stands in them, and on
//! the digits, the divisors and the order of numbers. A small model searches its memory for such a
//! list, and takes 2^90 for the sum of its digits.

use std::sync::LazyLock;

use regex::Regex;

use super::material::in_the_task::has_list_or_text;
use super::program::has_data;
use super::wording::{is_about_its_words, without_addresses};
use crate::pattern::laid_out;

/// Whether `task` is of that kind, if something has to be computed for it at all.
pub(crate) fn is_for_a_program(task: &str) -> bool {
    if is_about_its_words(task) {
        return false;
    }
    let task = without_addresses(task);
    let has_data = || has_data(&task) || has_list_or_text(&task);
    BEYOND.is_match(&task) || WORKS_ON_IT.is_match(&task) && has_data()
}

/// What is asked about the parts of what stands in a task. A small list of numbers that are added up is
/// an expression.
static WORKS_ON_IT: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)\b(?:sort(?:ed|ing)?|order(?:ed)?|alphabetical(?:ly)?|ascending|descending|rank|longest|shortest|different|distinct|unique|duplicates?|twice
        |repeat(?:s|ed)?|reverse[ds]?|backwards?|letters?|characters?|vowels?|consonants?|words?|appears?|occurs?
        |(?:how\s+many|count)\b.{0,40}\b(?:in|of|are)|(?:second|third|fourth|fifth|\d+(?:st|nd|rd|th))\b
        |larger|largest|smaller|smallest|greatest|even|odd|divisible|most\s+(?:often|common|frequent)\w*)\b
        |排序|排列|排一?下|[升降逆倒]序|从[大小高低长短多少]到[大小高低长短多少]|[几多]少?次|众数|首字母|最长|最短|不同|不重复|重复|去重|倒过来|反过来|颠倒|几个字|多少个|几个|第[一二三四五六七八九十\d]+[个长短大小]|出现|最大|最小|偶数|奇数|整除",
    )
});

/// What numbers and words are asked for that no expression says.
static BEYOND: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)\b(?:digits?|prime\s+(?:numbers?|factors?)|(?:\d+(?:st|nd|rd|th)|next|previous|largest|smallest|how\s+many)\s+primes?|primes\s+(?:below|under|between|up\s+to)
        |divisors?|factors\s+of|common\s+multiple|fibonacci|palindrom\w+|anagrams?|median|standard\s+deviation|variance
        |caesar|rot\s?13|ciphers?|(?:en|de)crypt\w*|roman\s+numerals?|perfect\s+(?:numbers?|squares?|cubes?)|trailing\s+zeroe?s|zeroe?s\s+at\s+the\s+end|leap\s+years
        |(?:largest|greatest|biggest|smallest)\s+(?:proper\s+)?factor|(?:in|to|into|from)\s+(?:binary|octal|hexadecimal|base\s?\d+)
        |(?:shift|mov)\w*\b.{0,40}\bletters?|letters?\b.{0,40}\b(?:shift|mov)\w*)\b
        |\bis\s[^.?!]{0,40}\d[^.?!]{0,10}\bprime\s*\?
        |[二八十]六?进制|末尾.{0,6}[零0]|多少个[零0]|完全平方数|闰年|各位数字|数字之和|各位之和|几位数|多少位|质数|素数|约数|因数|公倍数|斐波那契|回文|中位数|标准差|方差|罗马数字|凯撒|字母[^。]{0,8}[移挪]|[加解]密",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_on_what_stands_in_a_task_is_for_a_program() {
        let check = |task: &str, want: bool| assert_eq!(is_for_a_program(task), want, "{task}");
        check(
            "Which is the second longest word in: the mill stands above rivers",
            true,
        );
        check(
            "Put these in alphabetical order: oats, rye, bran, barley",
            true,
        );
        check(
            "How many different grains are in this list: rye, oats, rye, bran, oats?",
            true,
        );
        check("把这些词按长度排序：黑麦、燕麦、小麦片、荞麦", true);
        check(
            "How many times does the letter e appear in \"the old mill\"?",
            true,
        );
        check("What is the digit sum of 3^40?", true);
        check("How many digits has 2^300?", true);
        check("How many numbers up to 500 contain the digit 4?", true);
        check("What are the prime factors of 1001?", true);
        check("What is the median of 4, 9, 1?", true);
        check("What is the 12th Fibonacci number?", true);
        check(
            "Each letter was moved 3 places on: what does \"ubh\" say?",
            true,
        );
        check("把每个字母往后移三位，cat变成什么？", true);
        check("Sort 4 9 1 12 7", true);
        check("把4、9、1、12、7从大到小排", true);
        check("\"老磨坊在河边的小山坡上，河水很急\"里“河”出现几次？", true);
        check("100以内有多少个质数？", true);
        check("Is 2^13 - 1 prime?", true);
        check("Is 1001 a prime?", true);
        check("What is the largest factor of 1001 below 1001?", true);
        check(
            "How many zeros are at the end of 40 factorial? Count the trailing zeros.",
            true,
        );
        check("Write 300 in binary", true);
        check("300的二进制是什么？", true);
        check("40的阶乘末尾有几个零？", true);
        // These are expressions, questions of another kind, or work on the words.
        check("What is 4 + 9 + 1?", false);
        check("Add up: 4, 9, 1, 12", false);
        check("Add up 4, 9, 1, 12 and 7", false);
        check("从小到大我搬过几次家？", false);
        check("How many times was the mill sold?", false);
        check("Which of the mills is the oldest?", false);
        check("How many sacks are in the barn?", false);
        check("Translate these words: oats, rye, bran, barley", false);
        check("Who shares the prime minister's name?", false);
        check("Is the 19th of May in prime time?", false);
        check("Which factor was the largest in the year 300?", false);
        check("He has 300 binary files.", false);
        check("末班车几点？", false);
        check("What does 5 factorial come to?", false);
        check("By what factor is 8 larger than 2?", false);
        check("The digital clock shows 9:40.", false);
        check("See http://127.0.0.1/median for the fee.", false);
        check("", false);
    }
}
