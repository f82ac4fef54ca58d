//! Answers that are worth another try. A small model refuses, denies what it has just read, or
//! says how a tool is called instead of calling it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::derived::has_a_number_from_nowhere;
use super::facts::{is_told_in_sentences, sentences};
use super::guard::AGAIN;
use super::numbers::{alike, in_any_form};
use super::shared_words::telling_words;
use crate::pattern::{laid_out, pattern};

/// The fewest letters of a name.
const NAME_CHARS_MIN: usize = 3;

/// Whether `answer` is nothing but a refusal, in the words that small models use for it even
/// where nothing speaks against the task.
pub(crate) fn only_refuses(answer: &str) -> bool {
    static REFUSES: LazyLock<Regex> = LazyLock::new(|| {
        let refuses = r"(?i)^(?:i['’]m\s+)?(?:(?:very\s+|so\s+)?sorry|i\s+apologi[sz]e)?[,.]?\s*(?:but\s+)?
            (?:as\s+an\s+ai[^,.]*,\s*)?
            i\s*(?:can(?:['’]t|\s?not)|am\s+(?:unable|not\s+able)\s+to|['’]m\s+(?:unable|not\s+able)\s+to)\s+
            (?:assist|help|do\s+that|fulfil?l|complete|comply|provide\s+assistance)\b[^.!?]*[.!]?$
            |^(?:很?抱歉|对不起|不好意思)[，,。]?\s*(?:但是?)?我?(?:无法|不能|没办法)
            (?:提供帮助|帮助您|帮助你|协助|满足|完成|回答)[^。！？]*[。！]?$";
        laid_out(refuses)
    });
    REFUSES.is_match(answer.trim())
}

/// Whether `answer` tells its reader to call `tool`, in a sentence that does not say no.
pub(crate) fn leaves_to_call(answer: &str, tool: &str) -> bool {
    static USES: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:us(?:e|ing)|call(?:ing)?|run(?:ning)?|try|through)\b|使用|调用|可以用|通过",
        )
    });
    let tells = |sentence: &String| {
        sentence.contains(tool) && USES.is_match(sentence) && !says_no(sentence)
    };
    answer.contains(tool) && answer.lines().flat_map(sentences).any(|said| tells(&said))
}

/// Whether `answer` tells its reader to call `tool`, or names its device for that: "you could run
/// python".
pub(crate) fn tells_how(answer: &str, tool: &str) -> bool {
    static USES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:you\s+(?:can|could|may|might|should|need\s+to|have\s+to)|please|try\s+to|to\s+(?:find|get|answer|know)\b[^.!?]*,)
            [^.!?]*?\b(?:use|run|call|try|query)\s+(?:the\s+|a\s+|an\s+|your\s+)?[`'*\x22]*(?P<device>[\w-]+)[`'*\x22]*
            (?:\s+(?:tools?|functions?|commands?|programs?|scripts?)\b|\s+(?:to|for|with)\b|[.,!]?\s*$)
            |(?:可以|请|建议|需要)(?:先)?(?:使用|用|调用|运行|通过)\s*[`“]?(?P<han>[a-zA-Z0-9_-]+)[`”]?\s*(?:工具|函数|命令|程序|来|进行|$)",
        )
    });
    let device = tool.split('.').next().unwrap_or(tool);
    let names = |sentence: &String| {
        let found = USES.captures(sentence);
        let named = found.and_then(|found| found.name("device").or(found.name("han")));
        let is_it = named.is_some_and(|named| named.as_str().eq_ignore_ascii_case(device));
        is_it && !says_no(sentence)
    };
    leaves_to_call(answer, tool) || answer.lines().flat_map(sentences).any(|said| names(&said))
}

/// Whether `answer` only says that its writer will look. Not where `told` asks what who asks will do:
/// "when do we have to fetch the parcel?"
pub(crate) fn only_promises(answer: &str, told: &str) -> bool {
    static OF_ONESELF: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:do|did|will|shall|should|must|can|have|need|are|am)\s+(?:i|we)\b
            |\b(?:what|which|when|where|who|how)\b[^.?!]*\b(?:i|we)\s+(?:have|need|want|will|should|must)\b
            |(?:^|[\s，。？])我",
        )
    });
    static PROMISES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^(?:(?:okay|ok|sure|certainly|of\s+course|alright|right)\b[,.!\s]*)*(?:
            (?:to\s+(?:find|answer|determine|get|know)\b[^.!?]*,\s*)?
            (?:let\s+(?:me|us)|let['’]s|i(?:['’]ll|\s+will|\s+(?:need|have|want)\s+to|(?:\s+am|['’]m)\s+going\s+to)|i['’]?d?\s+(?:first|now)|we\s+(?:will|need\s+to))\s+
            (?:(?:first|now|just|quickly|need\s+to|have\s+to)\s+)*
            (?:check|search|consult|query|retrieve|fetch|look\s+(?:it|that|this|for|into|in|at|through|up)|find\s+(?:out|it|that|this)|use\s+the\s+\S+\s+tool|see\s+what)\b[^:]*
            |(?:just\s+)?(?:one|a)\s+moment(?:,?\s+please)?|please\s+wait[^:]*
            |(?:好的?[，,。]?)?(?:(?:让我|我来|我(?:会|将|要|先|去|现在)+|我需要)(?:先|来|去|再)*(?:查|搜|检索|找|看)[^：:]{0,24}|请?稍等(?:一下|片刻)?))
            [.!…。！]*$",
        )
    });
    static FILLS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)^(?:okay|ok|sure|certainly|of course|alright|好的?)?[.,!…。！]*$")
    });
    if OF_ONESELF.is_match(told) {
        return false;
    }
    let all: Vec<String> = answer.lines().flat_map(sentences).collect();
    let mut said = all.iter().map(|said| said.trim());
    let promises = all.iter().any(|said| PROMISES.is_match(said.trim()));
    promises && said.all(|said| PROMISES.is_match(said) || FILLS.is_match(said))
}

/// Whether `answer` says nearly all that the question `told` says, and nothing else. Not where the
/// question says itself what may be the answer.
pub(crate) fn only_repeats(answer: &str, told: &str) -> bool {
    static OFFERS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must|may)\b
            |\b(?:or|whether|if|either|yes|no|is\s+it|isn['’]t|among|between)\b|还是|或|是不是|是否|吗",
        )
    });
    if OFFERS.is_match(told) || is_told_in_sentences(told) {
        return false;
    }
    let stems = |text: &str| -> BTreeSet<String> {
        let words = telling_words(text);
        words.iter().map(|word| stem(word).to_owned()).collect()
    };
    let (mut asked, said) = (stems(told), stems(answer));
    let known = in_any_form(told);
    let is_new = |number: f64| !known.iter().any(|known| alike(*known, number));
    let adds = !said.is_subset(&asked) || in_any_form(answer).into_iter().any(is_new);
    asked.retain(|word| !ASKING.split_whitespace().any(|asking| asking == word));
    let shared = asked.intersection(&said).count();
    !adds && shared >= REPEATED_MIN && 5 * shared >= 4 * asked.len()
}

/// Words of a question that its answer need not have, without the ending of a plural.
const ASKING: &str = "who whom whose what which when where why how doe do did many much long old far please tell \
    i you know can could 请 问 谁 什 么 哪 多 少 几 告 诉 我 你";
/// The fewest words of a question that an answer repeats.
const REPEATED_MIN: usize = 2;

/// Whether `answer` has a question: a small model says again what it was asked. An address and the
/// title of a book may have such a mark too.
pub(crate) fn asks_back(answer: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\?(?:\s|$)|？(?:[^”’」》]|$)"));
    ASKS.is_match(answer)
}

/// Whether `answer` asks for what there is to know instead of saying or doing anything.
pub(crate) fn asks_for_context(answer: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:provide|give|share|send|tell)\b[^.?!]*\b(?:information|context|details|specifics)\b
            |(?:提供|告诉我|补充)[^。？！]*(?:信息|背景|上下文|细节|详情|情况)",
        )
    });
    asks_back(answer) && ASKS.is_match(answer)
}

/// Whether `answer` has the border of a result, or what stands before one that is shown once more: a
/// small model copies what it sees.
pub(crate) fn copies_a_result(answer: &str) -> bool {
    static BORDER: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?m)^\[(?:from \S.*|end) #[0-9a-f]{4,}\]$"));
    answer.contains(AGAIN.trim()) || BORDER.is_match(answer)
}

/// Whether `text` has a word that says no.
pub(crate) fn says_no(text: &str) -> bool {
    static DENIES: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)\b(?:not|no|none|nothing|cannot|unable|without)\b|n['’]t\b|不|没|无法")
    });
    DENIES.is_match(text)
}

/// Whether `answer` to the task `told` has a number or a name that does not stand in `read`. A
/// number may follow from what stands there; small ones count things, or stand there in words. A
/// name is known by a capital letter within a sentence. Days, months and units are written in many
/// ways and do not count, nor do names from a text in other letters than Latin ones.
pub(crate) fn says_what_was_not_read(answer: &str, read: &str, told: &str) -> bool {
    has_a_number_from_nowhere(answer, read, told) || !names_not_read(answer, read).is_empty()
}

/// The names in `answer` that do not stand in `read`, in lower case.
pub(crate) fn names_not_read(answer: &str, read: &str) -> BTreeSet<String> {
    // German writes all things with capital letters.
    static GERMAN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"\b(?:ist|sind|und|nicht|das|ein|eine|einen|wird|für|zum|zur|mit|auf|beim)\b")
    });
    // A name in other letters may be written in any.
    if read.contains(is_of_another_script) || GERMAN.find_iter(answer).nth(1).is_some() {
        return BTreeSet::new();
    }
    let lower = read.to_lowercase();
    let known: BTreeSet<&str> = lower.unicode_words().map(stem).collect();
    let new_name = |word: &str| {
        let capital = word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase);
        let word = word.to_lowercase();
        let is_long = word.chars().count() >= NAME_CHARS_MIN;
        let new = capital && is_long && !known.contains(stem(&word)) && !COMMON.is_match(&word);
        new.then(|| stem(&word).to_owned())
    };
    let mut names = BTreeSet::new();
    for sentence in answer.lines().flat_map(sentences) {
        names.extend(sentence.unicode_words().skip(1).filter_map(new_name));
    }
    names
}

/// Whether `c` is a letter that is not Latin.
fn is_of_another_script(c: char) -> bool {
    // Among these are letters for sounds, raised ones and such in circles.
    let is_latin = c < '\u{370}' || ('\u{1d00}'..='\u{24ff}').contains(&c);
    c.is_alphabetic() && !is_latin
}

/// Whether `said` has all of `names`.
pub(crate) fn has_all_names(said: &str, names: &BTreeSet<String>) -> bool {
    let lower = said.to_lowercase();
    let words: BTreeSet<&str> = lower.unicode_words().map(stem).collect();
    names.iter().all(|name| words.contains(name.as_str()))
}

/// A word without the ending of a plural or a possessive.
pub(super) fn stem(word: &str) -> &str {
    let bare = word.split(['\'', '’']).next().unwrap_or_default();
    bare.strip_suffix('s').unwrap_or(bare)
}

/// Whether `word`, in small letters, names nobody though it may have a capital letter.
pub(super) fn is_common(word: &str) -> bool {
    COMMON.is_match(word)
}

/// Words with a capital letter that are no names.
static COMMON: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"^(?:mon|tues|wednes|thurs|fri|satur|sun)days?$|^(?:mon|tues?|wed|thu|thurs?|fri|sat|sun)$
        |^(?:january|february|march|april|may|june|july|august|september|october|november|december)$
        |^(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)$
        |^(?:celsius|fahrenheit|kelvin|euros?|dollars?|english|chinese|german|french|spanish|italian|mrs|sir)$
        |^(?:the|and|but|for|she|her|his|its|they|their|this|that|these|those|there|yes|not|you|your|our|are|was)$";
    laid_out(words)
});

/// Whether `answer` only says that the texts do not answer the question. Only English and Chinese
/// phrases are known.
pub(crate) fn only_denies(answer: &str) -> bool {
    static DENIES: LazyLock<Regex> = LazyLock::new(|| {
        let denies = r"(?i)^(?:no[,.]\s*|(?:i['’]m\s+)?sorry[,.]?\s*(?:but\s+)?|unfortunately,?\s*)*
            (?:(?:the|your|these|this|those|my|our)\s+(?:\w+\s+){0,2}
            (?:stores?|documents?|notes?|passages?|texts?|memory|memories|files?|pages?|results?|quotations?|sources?)
            \s+(?:do|does|did)(?:\s+not|n['’]t)(?:\s+(?:\w+\s+)?(?:say|mention|tell|contain|have|hold|include|state|specify|provide|give
            |describe|answer|know|cover|list|name|show|explain|indicate|refer|speak|talk|discuss)\b|[.!]?$)
            |none\s+of\s+\w+(?:\s+\w+)?\s+(?:says?|mentions?|tells?)\b
            |there\s+is\s+(?:nothing|no\s+(?:\w+\s+)?(?:info|information|answer|data|details?|records?|reference|indication)
            |no\b[^.!?]*\b(?:mention|mentioned|given|stated|found|provided|(?:in|of)\s+(?:\w+\s+){0,2}(?:documents?|notes?|texts?|pages?|store|memory)))\b
            |i\s+(?:do\s+not|don['’]t|can(?:not|['’]t))\s+(?:know|find|have|see)\b)
            [^.!?]*[.!]?$
            |^(?:抱歉|对不起)?[，,。]?(?:(?:文档|文件|资料|记忆|存储|商店|笔记|文中|以上|引用)[^。！？]{0,20}(?:没有|未|不知道|无法|不包含)
            |(?:没有|未)(?:提|找|查|说|写|给|记|包含|相关|信息|关于|任何|足够|明确)|我?(?:不知道|无法|不包含))
            [^。！？]{0,40}[。！]?$";
        laid_out(denies)
    });
    DENIES.is_match(answer.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_result_is_no_answer() {
        let check =
            |answer: &str, want: bool| assert_eq!(copies_a_result(answer), want, "{answer}");
        check("not done again. Its result: {\"title\":\"Soup\"}", true);
        check("Soup: 4 euros\n[end #2f8b]", true);
        check("[from tool:web #2f8b]\nSoup: 4 euros", true);
        check("Soup is 4 euros.", false);
        check("See [from the book] on page 4.", false);
        check("It was not done again.", false);
        check("", false);
    }

    #[test]
    fn who_asks_for_context_says_nothing() {
        let check =
            |answer: &str, want: bool| assert_eq!(asks_for_context(answer), want, "{answer}");
        check("Could you please give me more context?", true);
        check(
            "I would need details. Can you share more information with me?",
            true,
        );
        check("请提供更多信息，好吗？", true);
        check(
            "Dear Ms Lund, could you tell me when the ferry leaves?",
            false,
        );
        check("The details are in the letter.", false);
        check("", false);
    }

    #[test]
    fn who_is_told_how_to_call_a_tool_could_have_been_spared_it() {
        let check = |answer: &str, want: bool| {
            assert_eq!(leaves_to_call(answer, "shelf.find"), want, "{answer}");
        };
        check(
            "To find it, you can use the `shelf.find` tool with \"tea\".",
            true,
        );
        check("Look it up.\nTry shelf.find first.", true);
        check("您可以使用 shelf.find 查找。", true);
        check("It stands in row 4, as shelf.find says.", false);
        check("You cannot use `shelf.find` for that.", false);
        check("无法使用 shelf.find 查询天气。", false);
        check("You can use a calculator.", false);
        check("", false);
    }

    #[test]
    fn who_is_told_which_device_to_use_has_no_answer() {
        let check = |answer: &str, want: bool| {
            assert_eq!(tells_how(answer, "shelf.find"), want, "{answer}");
        };
        check("You can use the `shelf` tool for that.", true);
        check("To find the tea, use shelf.", true);
        check("Please try shelf to look it up.", true);
        check("You can use `shelf.find` with \"tea\".", true);
        check("您可以使用shelf工具查找。", true);
        check("You can use the shelf in the hall.", false);
        check("The tea stands on the shelf.", false);
        check("You cannot use the shelf tool for that.", false);
        check("You could take the ferry.", false);
        check("请用茶。", false);
        check("", false);
    }

    #[test]
    fn a_promise_to_look_is_no_answer() {
        let asked = "From which pier does the ferry leave?";
        let check = |answer: &str, want: bool| {
            assert_eq!(only_promises(answer, asked), want, "{answer}");
        };
        check("Let me check.", true);
        check("Sure! I will search the documents for that.", true);
        check("I'll look it up in your notes.", true);
        check("One moment, please.", true);
        check("To find the pier, I need to check the timetable.", true);
        check("让我查一下。", true);
        check("好的，我来搜索一下资料。", true);
        check("请稍等。", true);
        check("Let me check: it is pier nine.", false);
        check("I will check. It leaves from pier nine.", false);
        check("Let Ida check the oil.", false);
        check("I can see that it opens at nine.", false);
        check("Ida will search the barn.", false);
        check("让我查一下：九号码头。", false);
        check("王伟会来找你。", false);
        for (told, answer) in [
            ("When do we fetch the parcel?", "We will fetch it at nine."),
            ("What do I have to check?", "I need to check the oil."),
            ("我几点去找李明？", "我要找李明。"),
        ] {
            assert!(!only_promises(answer, told), "{told} {answer}");
        }
        check("Okay.", false);
        check("", false);
    }

    #[test]
    fn a_question_that_is_said_again_is_no_answer() {
        let check = |told: &str, answer: &str, want: bool| {
            assert_eq!(only_repeats(answer, told), want, "{told} {answer}");
        };
        let mill = "When does the old mill open on Sunday?";
        check(mill, "The old mill opens on Sunday.", true);
        check(mill, "When the old mill opens on Sunday", true);
        check("磨坊几点开门？", "磨坊几点开门。", true);
        check(mill, "The old mill opens on Sunday at 9.", false);
        check(mill, "The old mill opens on Sunday at noon.", false);
        check(mill, "It is closed.", false);
        check(
            "How many wheels has the old mill?",
            "The old mill has 2 wheels.",
            false,
        );
        check("Who is older, Ann or Bo?", "Ann is older than Bo.", false);
        check(
            "Which of Ann, Bo and Kim is on duty?",
            "Kim is on duty.",
            false,
        );
        check("Who runs the mill? Is it Ida?", "Ida runs the mill.", false);
        check("磨坊几点开门？", "磨坊九点开门。", false);
        check("谁先到，安娜还是李明？", "安娜先到。", false);
        check(
            "Does the boat that Ida steers leave on Sunday?",
            "The boat that Ida steers leaves on Sunday.",
            false,
        );
        check("", "", false);
    }

    #[test]
    fn a_bare_refusal_is_told_from_an_answer() {
        let check = |answer: &str, want: bool| assert_eq!(only_refuses(answer), want, "{answer}");
        check("I'm sorry, but I can't assist with that.", true);
        check("I’m sorry, I cannot help with that request.", true);
        check("I am unable to assist with this.", true);
        check("Sorry, but I can't do that.", true);
        check("抱歉，我无法提供帮助。", true);
        check("对不起，我不能协助您完成这个请求。", true);
        // What says why, or says more, is an answer.
        check("I can't find a ferry on that day.", false);
        check(
            "I'm sorry, but I can't help with that. Try a locksmith.",
            false,
        );
        check("I'm sorry to hear that.", false);
        check("对不起，图书馆今天不开门。", false);
        check("", false);
    }

    #[test]
    fn a_question_in_an_answer_asks_back() {
        let check = |answer: &str, want: bool| assert_eq!(asks_back(answer), want, "{answer}");
        check("When does the mill open?", true);
        check("Which mill? There are two.", true);
        check("哪个磨坊？", true);
        check("It is at https://example.com/a?b=c.", false);
        check("It is called \"Who Goes There?\".", false);
        check("书名是《谁在那里？》。", false);
        check("The mill opens at 9.", false);
        check("", false);
    }

    #[test]
    fn what_stands_nowhere_was_not_read() {
        let read = "Who runs the old mill, and since when?\nThe mill of Hollow Lane is run by \
                    Ida Brook since 1987. It has two wheels.";
        let check = |answer: &str, want: bool| {
            assert_eq!(says_what_was_not_read(answer, read, ""), want, "{answer}");
        };
        check("Ida Brook runs it since 1987.", false);
        check("Since 1987 it is Brook's.", false);
        check("The mill has 2 wheels.", false);
        check("The mill is closed on Sundays.", false);
        check("The old Mill's owner is Brook.", false);
        check("It is run by Otto Brook.", true);
        check("She runs it since 1978.", true);
        assert!(!says_what_was_not_read(
            "It is run by Ivan Petrov.",
            "Мельницей управляет Иван Петров.",
            ""
        ));
        check("Answer: She runs it, Mrs. Brook, from Mon to Sat.", false);
        check("She has run it for 39 years, from 9 AM to 5 PM.", false);
        check("It is 12 degrees Celsius there.", false);
        check(
            "Das Mühlrad ist alt und wird von der Stadt gepflegt.",
            false,
        );
        check("", false);
    }

    #[test]
    fn a_bare_denial_is_told_from_an_answer() {
        let check = |answer: &str, want: bool| {
            assert_eq!(only_denies(answer), want, "{answer}");
        };
        check("The store does not.", true);
        check("None of these says where it is.", true);
        check("The ladder does not need paint.", false);
        check("The store does not open on Sundays.", false);
        check("The documents don't really say.", true);
        check("There is no fee for children.", false);
        check("There is no ladder in your notes.", true);
        check("There is no fee, by the notes.", false);
        check("There is nothing about ladders.", true);
        check("没有费用。", false);
        check("资料里没有梯子。", true);
        check("未提及。", true);
        check("我不知道梯子在哪。", true);
        check("王伟无法参加。", false);
        check("The documents do not mention a ladder.", true);
        check("I don't know where the ladder is.", true);
        check("There is no information on ladders.", true);
        check("Sorry, but I cannot find it.", true);
        check("文档中没有提到梯子。", true);
        check("没有找到相关信息。", true);
        check(
            "The ladder does not stand in the barn. It stands in the shed.",
            false,
        );
        check("The ladder stands in the barn.", false);
        check("文档说梯子在谷仓里。", false);
        check("47", false);
        check("", false);
    }
}
