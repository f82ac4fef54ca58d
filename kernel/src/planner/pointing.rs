//! Answers that only say where an answer may be: the address of the page, the name of a file or of a tool,
//! "you can open the page and look". Decided by what is left of an answer without places, words for looking
//! and words of the task: where that is nothing, it says nothing.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::answer_form::asks_for_an_address;
use super::facts::sentences;
use super::numbers::{alike, in_any_form};
use super::poor_answer::{says_no, stem};
use super::shared_words::telling_words;
use crate::pattern::{laid_out, pattern};

/// Words of an answer that only say where and how to look, each in the singular.
const LOOKING: &str = " about above according after answer at available below browse browser browsing call calling check \
    checking click clicking com command consult could detail directly do document documentation enter exact fetch fetching \
    file find finding first follow following for found from function get getting give given go going here http https i if \
    info information into let link listed look looking may me memory might more must need next note now official online \
    open opening org our out page perform performing please provide provided query read reading refer result retrieve \
    retrieving run running search searching section see should site so source specific store them then there thi title to \
    tool try trying under up url use using user via view viewing visit visiting want web webpage website were what where \
    which will would you your yourself i d ll m ve s www ";
/// The same in Chinese, a character each.
const LOOKING_HAN: &str = "请打开该页面网链接您你可以使用调工具查看访问搜索找询获取信息这个此文件档通过来到去点击详情细更多答案在的我会将要先需能及根据从里中上下并和或者以后然后了解读浏览器内容资料笔记记忆存储参考阅见原地址";
/// Characters of an answer that may say nothing; longer ones say something.
const ANSWER_CHARS_MAX: usize = 400;

/// Whether `answer` to the task `told` only says where to look: it names an address, a file or one of
/// `tools`, or speaks of looking, and says nothing beside that and the words of the task. Not where it
/// says no, nor where the task asks for a place or for what to do.
pub(crate) fn only_points<'a>(
    answer: &str,
    told: &str,
    tools: impl Iterator<Item = &'a str>,
) -> bool {
    static ASKS_FOR_PLACES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:which|what)\s+(?:\w+\s+)?(?:files?|documents?|pages?|tools?|commands?|sources?|notes?|programs?|folders?|sites?|sections?)\b
            |\bhow\s+(?:to|do|can|could|should|must)\b|\bwhat\s+(?:should|do|must|can|shall|am|are)\s+(?:i|we|you)\b|\bwhere\b
            |哪个?(?:文件|文档|页|工具|命令|网站|来源|笔记)|文件名|怎么|如何|怎样|做什么|干什么|哪里|哪儿|在哪",
        )
    });
    let is_short = answer.chars().count() <= ANSWER_CHARS_MAX;
    if !is_short || says_no(answer) || asks_for_an_address(told) || ASKS_FOR_PLACES.is_match(told) {
        return false;
    }
    let mut rest = PLACES.replace_all(answer, " ").into_owned();
    let mut is_place = rest.len() < answer.len();
    for tool in tools.filter(|tool| tool.contains('.')) {
        is_place |= rest.contains(tool) && !told.contains(tool);
        rest = rest.replace(tool, " ");
    }
    let known = words(told);
    let told_numbers = in_any_form(told);
    let is_new = |number: &f64| !told_numbers.iter().any(|known| alike(*known, *number));
    let says_a_word = words(&rest)
        .iter()
        .any(|word| !known.contains(word) && !is_looking(word));
    let says_something = says_a_word || in_any_form(&rest).iter().any(is_new);
    !says_something && (is_place || LOOKS.is_match(answer))
}

/// Whether `answer` is one of the questions of `told` in the same words, with or without its mark.
pub(crate) fn is_a_question_of(answer: &str, told: &str) -> bool {
    let plain = |text: &str| -> Vec<String> {
        let lower = text.to_lowercase();
        lower.unicode_words().map(str::to_owned).collect()
    };
    let said = plain(answer);
    let mut questions = told.lines().flat_map(sentences);
    !said.is_empty() && questions.any(|asked| asked.contains(['?', '？']) && plain(&asked) == said)
}

/// Addresses, files, and the ids of passages.
static PLACES: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)[!-~]*://[!-~]*|\bwww\.[!-~]+|\b[\w-]+(?:\.[\w-]+)+(?::\d+)?/[!-~]*
        |[\w./-]+\.(?:md|txt|pdf|docx?|xlsx?|csv|html?|json|ya?ml|log|pptx?)\b|\[[a-z]+\d[\w-]*\]",
    )
});

/// Words that say that somebody looks, and at what. A search needs no place.
static LOOKS: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)\b(?:open|visit|check|go\s+to|see|refer\s+to|look|click|consult|use|try|call|run|read|access|view)(?:ing)?\b[^.!?]*
        \b(?:pages?|web\s?pages?|web\s?sites?|sites?|links?|urls?|browser|documents?|files?|tools?|notes?|memory|sources?|search|functions?)\b
        |\b(?:search|look\s+up|look\s+for|browse|query|retrieve|fetch)(?:ing)?\b
        |(?:打开|访问|查看|点击|参考|参阅|查阅|使用|调用|通过|阅读).{0,12}(?:页|网|链接|文件|文档|工具|资料|笔记|浏览器|记忆|地址)|搜索|检索|浏览网|查询",
    )
});

fn is_looking(word: &str) -> bool {
    LOOKING.contains(&format!(" {word} ")) || word.chars().all(|c| LOOKING_HAN.contains(c))
}

/// The words of `text` that say something, each in the singular.
fn words(text: &str) -> BTreeSet<String> {
    static NUMBERED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^\s*\d+[.)]\s"));
    let plain = NUMBERED.replace_all(text, " ").replace(['_', '`'], " ");
    let words = telling_words(&plain);
    let words = words.iter().map(|word| stem(word).to_owned());
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOLS: [&str; 2] = ["shelf.find", "web.open"];

    #[test]
    fn who_says_only_where_to_look_says_nothing() {
        let check = |told: &str, answer: &str| {
            assert!(
                only_points(answer, told, TOOLS.into_iter()),
                "{told} / {answer}"
            );
        };
        let pier = "From which pier does the ferry to Lund leave, by http://127.0.0.1/ferry.html?";
        check(pier, "http://127.0.0.1/ferry.html");
        check(
            pier,
            "See http://127.0.0.1/ferry.html for the pier of the ferry.",
        );
        check(pier, "You can use `web.open` to open the page.");
        check(pier, "I would search for the ferry to Lund.");
        check(pier, "Please visit the website for more information.");
        check(pier, "ferry.html");
        check(pier, "shelf.find");
        check("渡轮从几号码头出发？", "请打开该页面查看渡轮的码头。");
        check("渡轮从几号码头出发？", "您可以使用 web.open 查看网页。");
        check("渡轮从几号码头出发？", "http://127.0.0.1/ferry.html");
    }

    #[test]
    fn who_says_more_has_an_answer() {
        let check = |told: &str, answer: &str| {
            assert!(
                !only_points(answer, told, TOOLS.into_iter()),
                "{told} / {answer}"
            );
        };
        let pier = "From which pier does the ferry to Lund leave?";
        check(pier, "From pier nine (http://127.0.0.1/ferry.html).");
        check(pier, "Pier 9, see ferry.html.");
        check(pier, "The page does not say it.");
        check(pier, "Ask the harbour office on the page.");
        check(pier, "Open.");
        check(pier, "The ferry leaves.");
        check(pier, "");
        check("Which file has the times?", "ferry.html");
        check("Where are the times?", "On http://127.0.0.1/ferry.html");
        check("What is the link?", "http://127.0.0.1/ferry.html");
        check("How do I see the times?", "Open the page.");
        check("What should I do first?", "Open the file.");
        check("渡轮从几号码头出发？", "见网页：九号码头。");
        check("哪个文件里有时刻？", "ferry.html");
        check("渡轮从几号码头出发？", "页面里没有提到。");
    }

    #[test]
    fn a_question_is_known_again() {
        let check = |answer: &str, want: bool| {
            let told = "The fair is near. Who runs the fair?";
            assert_eq!(is_a_question_of(answer, told), want, "{answer}");
        };
        check("Who runs the fair?", true);
        check("who runs the fair", true);
        check("The fair is near.", false);
        check("Ida runs the fair.", false);
        check("", false);
    }
}
