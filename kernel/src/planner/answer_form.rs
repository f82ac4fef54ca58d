//! The form in which a task asks for its answer, where its words say so: a bare number, or one of
//! the words that it names. A small model answers with a sentence all the same.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::{HAN, laid_out, pattern};
use crate::written::numbers;

/// The most words to choose from.
const CHOICES_MAX: usize = 8;

/// A word to choose, perhaps in quotes.
const WORD: &str = r#"["'“”‘’「」]?[\p{L}\d][\p{L}\d_-]*["'“”‘’「」]?"#;

static LISTS: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    let or = format!(r"(?P<list>{WORD}(?:\s*,\s*{WORD}){{0,6}}\s*,?\s+or\s+{WORD})");
    let asks = r"\b(?:answer|reply|respond|choose)\s+(?:(?:only|just|simply|either|exactly|with|from|one|of|word|a|the|between)\s*:?\s+)*";
    let end = r"(?:\s+only)?\s*(?:[.!?:;\n]|$)";
    let han = r#"[“"「]?(?P<one>[\p{Han}\w]{1,4}?)[”"」]?"#;
    let other = r#"[“"「]?(?P<other>[\p{Han}\w]{1,4}?)[”"」]?"#;
    [
        // "Should I choose tea or coffee?" asks for advice.
        pattern(&format!(r"(?i){asks}{or}(?:\s+only)?\s*(?:[.!:;\n]|$)")),
        // As the first words: "True or false: …".
        pattern(&format!(r"(?i)^\W*{or}\s*:")),
        pattern(&format!(
            r"(?i)\b(?:classify|label|rate|mark)\b[^.?!\n]*\bas\s+(?:either\s+)?{or}{end}"
        )),
        // As the last: "… (yes/no)".
        pattern(
            r"(?i)[(（]\s*(?P<list>(?:yes|true|是|对)\s*/\s*(?:no|false|否|不是|错))\s*[)）]\W*$",
        ),
        pattern(&format!(
            r"(?:回答|答|回复|说|选)\s*[:：]?\s*{han}\s*(?:或者|或是|或|还是)\s*{other}\s*(?:[。！!.；;\n]|即可|就行|$)"
        )),
    ]
});

/// Words that ask for more than the bare answer. A task with such a word that this list does not
/// have may get only the bare answer.
static MORE: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)\b(?:explain|explanation|why|because|reasons?|justify|justification|describe
        |details?|steps?|show|compare|comparison|differ|differences?|discuss)\b
        |为什么|对比|理由|原因|解释|说明(?:[^书]|$)|过程|步骤",
    )
});

/// The words that `task` names as the only possible answers, as it writes them.
pub(crate) fn choices(task: &str) -> Option<Vec<String>> {
    if MORE.is_match(task) {
        return None;
    }
    let found = LISTS.iter().find_map(|list| list.captures(task))?;
    let list = match found.name("list") {
        Some(list) => list.as_str().to_owned(),
        None => format!("{}/{}", &found["one"], &found["other"]),
    };
    let mut choices: Vec<String> = Vec::new();
    for word in list.replace(" or ", "/").split(['/', ',']) {
        let quotes = |c: char| c.is_whitespace() || "\"'“”‘’「」".contains(c);
        let word = word.trim_matches(quotes);
        if !word.is_empty() && !choices.iter().any(|choice| choice == word) {
            choices.push(word.to_owned());
        }
    }
    (2..=CHOICES_MAX)
        .contains(&choices.len())
        .then_some(choices)
}

/// Whether `task` asks for something that a text can say in a few words: who, when, how much.
pub(crate) fn asks_for_a_fact(task: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?ix)\b(?:whos?|whom|whose|whens?|wheres?|which|whats?
            |how\s+(?:many|much|long|far|old|tall|high|often|big|large|heavy|deep|wide|late|early|fast))\b
            # Requests: find the meeting point of a walk.
            |(?:^|[.!?;:,\n]\s*|\b(?:please|and|to|then|you|just|also)\s+)
             (?:find(?:\s+(?:out|me))?|look\s+up|(?:tell|give|get)\s+me)\s+(?:the|my|our|his|her|its|their)\b
            |谁|哪|几|多少|多久|多远|多大|多高|多长|多重|什么|何时
            |(?:查(?:一下|一查|查|找|到|出)?|找(?:一下|找|到|出)?|告诉我)[^。，！？,.!?\n]{1,20}的\p{Han}{2,5}(?:[。，！？,.!?\n]|$)",
        )
    });
    static WORKS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?ix)\b(?:(?:what|which|who)\s+(?:\w+\s+)?(?:are|were)|summar\w*|translat\w*|rewrite|suggest|recommend|how\s+(?:to|do|does|can)|a\s+(?:short\s+)?list\s+of)\b
            # Elsewhere these are things: a price list, a quote, a copy.
            |(?:^|[.!?;:,\n]\s*|\b(?:please|and|to|then|you|just|also|me)\s+)(?:list|write|draft|outline|quote|copy)\b
            # What is told at length.
            |\b(?:find|tell|give|get|look)\s+(?:me\s+|up\s+|out\s+)?(?:the|my|our|his|her|its|their)\s+(?:(?:whole|full|entire|main)\s+)?
             (?:story|plot|gist|essence|points?|history|background|meaning|moral|joke|recipe|lyrics|text)\b
            |的(?:故事|看法|意思|区别|优缺点|内容)(?:[。，！？,.!?\n]|$)
            |哪些|翻译|总结|概括|列出|写(?:[^在着的了道有过]|$)|介绍|描述|摘要|怎么|如何|建议",
        )
    });
    let asks = ASKS.is_match(task) || NAMES_A_FACT.is_match(task);
    asks && !WORKS.is_match(task) && !MORE.is_match(task)
}

/// Wishes and beginnings that name what a few words say: I need the address of the hall; price of a key?
static NAMES_A_FACT: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)(?:\b(?:need|want|like|looking\s+for|(?:have|know|see|check))\s+(?:the|my|our|his|her|its|their)\s+(?:[\w'’-]+\s+){0,2}
        |^\s*(?:the\s+)?(?:(?:exact|full|phone|mobile|e-?mail|street|postal|closing|total|unit|day|room|account|order|new|old|last|first|next)\s+){0,2})
        (?:number|e-?mail|address|name|date|time|price|cost|fee|fare|total|amount|code|password|pin|room|platform|gate|size|age|weight
        |height|length|capacity|deadline|birthday|opening\s+(?:times|hours))
        \s+(?:of|for|at|in|on|from)\s+(?-i:the|my|our|his|her|its|their|an?|who(?:m|ever)?|\p{Lu})",
    )
});

/// Whether `answer` has a number, or a word in the place of one, where `task` asks for one.
pub(crate) fn gives_the_number(task: &str, answer: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\bhow\s+(?:many|much|old|tall|long|far|high|deep|wide|heavy|big|late|early)\b|\b(?:what|which)\s+(?:time|number)\b|几|多少|多久|多远|多大|多高|多长|多重|号码",
        )
    });
    // 哪几 asks who or which, 星期几 for a name; 这几 and 好几 count what is known.
    static OTHERS: LazyLock<Regex> =
        LazyLock::new(|| pattern("[哪这好茶]几|(?:星期|礼拜|周)几|几乎|几何"));
    static GIVES: LazyLock<Regex> = LazyLock::new(|| {
        let words = numbers::any_word();
        laid_out(&format!(
            r"(?i)\d|[〇零一二两三四五六七八九十百千万半几]|\b(?:{words}|zero|hundreds?|thousands?|millions?|dozens?|half|quarter
            |few|several|many|some|included|gratis|complimentary|unlimited|centur(?:y|ies)|ages|couple|fortnight|once|twice|free|nothing|none|noon|midnight|dawn|dusk|sunrise|sunset|morning|evening|night
            |until|till|since|always|never|forever|a|an|all)\b|免费|没有|直到|一直|永远|终身|整|全|[中正]午|午夜|早上|晚上|傍晚|凌晨|天亮|天黑|日[出落]"
        ))
    });
    !ASKS.is_match(&OTHERS.replace_all(task, " "))
        || GIVES.is_match(&ADDRESS.replace_all(answer, " "))
}

/// Whether `task` asks for a name and for nothing else: who, or which of several. What is counted,
/// dated or measured has a number for its name, and who wants a bare number gets that.
pub(crate) fn asks_for_a_name(task: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:whos?|whom|whose|which)\b|谁|哪(?:一|几)?(?:[个种家位款座间本条台支队张名只辆片道些]|里)",
        )
    });
    static COUNTS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:how\s+(?:many|much|old|tall|long|far|high|deep|wide|heavy|big|large|late|early|often|fast)|when|what
            |(?:which|whose)\s+(?:\w+\s+)?(?:years?|months?|days?|dates?|times?|hours?|numbers?|prices?|amounts?|shares?|percent\w*|codes?))\b
            |多少|多久|多远|多大|多高|多长|多重|(?:^|[^哪])几|什么|何时|哪个?(?:年|月|日|天|时|数|号)",
        )
    });
    let task = ADDRESS.replace_all(task, " ");
    ASKS.is_match(&task) && !COUNTS.is_match(&task) && !MORE.is_match(&task) && !for_a_number(&task)
}

/// Whether `task` asks for a person, and for nothing else.
pub(crate) fn asks_for_a_person(task: &str) -> bool {
    static ASKS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)\b(?:whos?|whom|whose)\b|谁|哪(?:一|几)?[位名]"));
    asks_for_a_name(task) && ASKS.is_match(&ADDRESS.replace_all(task, " "))
}

/// Whether `answer` is nothing but a number, perhaps with its unit.
pub(crate) fn is_a_bare_number(answer: &str) -> bool {
    static IS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^[^\p{L}\d]*\d+(?:[.,]\d+)*\s?%?\s?\p{L}{0,12}[^\p{L}\d]*$"));
    IS.is_match(answer)
}

/// Whether `task` asks for an address of the web.
pub(crate) fn asks_for_an_address(task: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:links?|urls?|address(?:es)?|web\s?(?:site|page)s?)\b|网址|链接|地址|网站",
        )
    });
    ASKS.is_match(&ADDRESS.replace_all(task, " "))
}

/// An address, which is in no language.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[!-~]*://[!-~]*"));

/// A request, in the language of `task`, to answer in that language. `None` where the task is
/// itself about a language, and for languages of which no words are known.
pub(crate) fn language_request(task: &str) -> Option<&'static str> {
    static LANGUAGE: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)[英法德日韩俄西意泰拉]文|[英法德日韩俄意泰汉粤双外母]语|西班牙|葡萄牙|阿拉伯|翻译|拼音|原文|原话|摘录
            |english|french|german|spanish|italian|portuguese|japanese|korean|russian|arabic|chinese",
        )
    });
    let words = ADDRESS.replace_all(task, " ");
    let count = |is: fn(char) -> bool| words.chars().filter(|c| is(*c)).count();
    let is_chinese = count(|c| HAN.contains(&c)) > count(|c| c.is_ascii_alphabetic());
    // Japanese has ideographs too.
    let has_kana = task.contains(|c: char| ('\u{3040}'..='\u{30FF}').contains(&c));
    (is_chinese && !has_kana && !LANGUAGE.is_match(task)).then_some("请用中文回答上面的问题。")
}

/// Whether `task` says that it wants a bare number.
pub(crate) fn for_a_number(task: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?ix)\b(?:only|just|nothing\s+but)\s+(?:with\s+|as\s+)?(?:the|a|one)\s+number\b
            |\b(?:number|digits|numeral)s?\s+only\b|\bas\s+a\s+(?:bare|plain|single)\s+number\b
            |\b(?:answer|reply|respond)\s+(?:only\s+|just\s+)?(?:with|in|by)\s+(?:just\s+|only\s+)?(?:a|one|the)\s+(?:single\s+|bare\s+|plain\s+)?number\b
            |只(?:要|需|用|回答|回复|写|给|说|给出|输出)*(?:一个)?数字|(?:用|以)(?:一个)?数字回答",
        )
    });
    ASKS.is_match(task) && !MORE.is_match(task)
}

/// Whether `task` asks one question about a number and nothing else: "How many … ?"
pub(crate) fn how_many(task: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)^\W*how\s+(?:many|much)\b[^.?!\n]*\W*$|^[^。！？!?\n]*(?:多少|几[个只条张本人天次元块页岁])[^。！？!?\n]*\W*$",
        )
    });
    static AND: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)\band\s+(?:what|which|who|where|when|how|why|whose)\b|并|和什么|以及|分别")
    });
    ASKS.is_match(task) && !AND.is_match(task) && !MORE.is_match(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_for_a_fact_asks_for_it_too() {
        let check = |task: &str, want: bool| assert_eq!(asks_for_a_fact(task), want, "{task}");
        for task in [
            "Who has the key?",
            "Find the meeting point of the walk.",
            "Please look up the opening hours of the pool.",
            "Open http://a.example/ and tell me the price of a ticket",
            "Give me our account number.",
            "How many points does the team have?",
            "查一下图书馆的开放时间。",
            "告诉我牙医诊所的电话",
            "故事书多少钱？",
        ] {
            check(task, true);
        }
        for task in [
            "Tell me a joke about cats.",
            "Tell me the story of Frankenstein.",
            "Find me the full text, please.",
            "Give me three ideas for a gift.",
            "I find the noise unbearable.",
            "Summarise what the page says.",
            "告诉我孙悟空的故事。",
            "找一个词",
            "",
        ] {
            check(task, false);
        }
    }

    #[test]
    fn the_words_to_choose_from_are_those_of_the_task() {
        let check = |task: &str, want: &[&str]| {
            let words: Vec<String> = want.iter().map(|word| (*word).to_owned()).collect();
            let want = Some(words).filter(|words| !words.is_empty());
            assert_eq!(choices(task), want, "{task}");
        };
        check("Is a whale a fish? Answer yes or no.", &["yes", "no"]);
        check(
            "Is a whale a fish? Answer only with Yes or No",
            &["Yes", "No"],
        );
        check("Is a whale a fish? (yes/no)", &["yes", "no"]);
        check("True or false: a whale is a fish.", &["True", "false"]);
        check(
            "Classify the review as positive, negative, or neutral: I slept well.",
            &["positive", "negative", "neutral"],
        );
        check(
            "Reply with one word: \"hot\" or \"cold\".",
            &["hot", "cold"],
        );
        check("鲸是鱼吗？请回答是或否。", &["是", "否"]);
        check("鲸是鱼吗？只回答“对”或“错”。", &["对", "错"]);
        // More is asked for, or nothing of the kind.
        for task in [
            "Answer yes or no, and say which.",
            "Answer yes or no. Explain.",
            "Is it a boy or a girl?",
            "How fast is it? (km/h)",
            "Answer in English or French.",
            "Should I say hello or goodbye to him",
            "Should I choose tea or coffee?",
            "Did she answer yes or no?",
            "Tea or coffee: compare them.",
            "你想喝茶还是咖啡？",
            "",
        ] {
            check(task, &[]);
        }
    }

    #[test]
    fn what_a_text_says_in_a_few_words_is_a_fact() {
        let check = |task: &str, want: bool| assert_eq!(asks_for_a_fact(task), want, "{task}");
        check("钥匙放在哪？写在文档里了。", true);
        check("说明书里说几个小时充满？", true);
        check("whos got the key? its in my notes", true);
        check("写一封信，说说哪天开会", false);
        check("Tell me who runs the mill.", true);
        check("By what date is the rent due? Look in my notes.", true);
        check("How long is the bridge on that page?", true);
        check("看一下那一页，桥有多长？", true);
        check("What does the page say? Summarize it.", false);
        check("Why is the bridge closed, and since when?", false);
        check("Which of the two is better? Compare them.", false);
        check("List all who signed.", false);
        check("What is a mill stone? It is in the price list.", true);
        check("What does the quote of the roofer come to?", true);
        check("Who signed? Please list them.", false);
        check("Make a list of those who signed.", false);
        check("What are the dangers of the bridge, by the report?", false);
        check("报告里有哪些危险？", false);
        check("把那一页翻译成英语，写了什么？", false);
        check("Read the page.", false);
        check("I need the address of the mill.", true);
        check("I'd like the e-mail address of whoever runs the mill", true);
        check("we want the exact date of the fair", true);
        check("Price of a day ticket, please.", true);
        check("the opening hours of our library", true);
        check("I need the bridge to be closed.", false);
        check("I want a name for my boat.", false);
        check("Time for bed", false);
        check("Explain the size of the universe.", false);
        check("Double the price of a key.", false);
        check("I need the number 4 on the door.", false);
        check("", false);
    }

    #[test]
    fn what_is_said_in_the_place_of_a_number_gives_it() {
        let check = |task: &str, answer: &str, want: bool| {
            assert_eq!(gives_the_number(task, answer), want, "{task} {answer}");
        };
        check("How many wheels has it?", "Two.", true);
        check("How many wheels has it?", "See the page.", false);
        check("How late is it open?", "Until sunset.", true);
        check("How long does the pass count?", "Forever.", true);
        check("Who runs it?", "Ida Brook.", true);
        check("几点开门？", "天亮就开。", true);
        check("几点开门？", "请看网页。", false);
        check("哪几个人去了？", "王伟和李明。", true);
        check("合唱团星期几唱？", "星期天。", true);
        check("茶几是什么颜色？", "红色。", true);
        check("How much is breakfast?", "It is included.", true);
        check("How many came?", "Hundreds.", true);
        check("", "", true);
    }

    #[test]
    fn a_name_is_asked_for() {
        let check = |task: &str, name: bool, person: bool| {
            assert_eq!(asks_for_a_name(task), name, "{task}");
            assert_eq!(asks_for_a_person(task), person, "{task}");
        };
        check("Which sack weighs the most?", true, false);
        check("Who carried the most sacks?", true, true);
        check(
            "Whose sack is the heaviest, by http://127.0.0.1/what?",
            true,
            true,
        );
        check("哪种茶最贵？", true, false);
        check("谁搬得最多？", true, true);
        // Names that may be numbers, and numbers beside a name.
        check("Which year had the most rain?", false, false);
        check("Which telephone number is it?", false, false);
        check(
            "Who carried the most, and how many sacks was that?",
            false,
            false,
        );
        check("What does the sack weigh?", false, false);
        check("When did she come, and who saw her?", false, false);
        check("Explain who carried the most.", false, false);
        check(
            "Who carried the most sacks? Say only the number of sacks.",
            false,
            false,
        );
        check("哪年雨最多？", false, false);
        check("谁搬了几个？", false, false);
        check("哪几个人搬了？", true, false);
        check("多少钱？", false, false);
        check("", false, false);
    }

    #[test]
    fn a_bare_number_is_told_from_words() {
        let check =
            |answer: &str, want: bool| assert_eq!(is_a_bare_number(answer), want, "{answer}");
        check("40", true);
        check("**40 kg**", true);
        check("12,50€.", true);
        check("40公斤。", true);
        check("12.5 %", true);
        check("Room 12", false);
        check("It is 40.", false);
        check("12 and 40", false);
        check("Ida", false);
        check("", false);
    }

    #[test]
    fn an_address_is_asked_for_in_words() {
        let check = |task: &str, want: bool| assert_eq!(asks_for_an_address(task), want, "{task}");
        check("Which link leads to the timetable?", true);
        check("报名的网址是什么？", true);
        check(
            "What does http://127.0.0.1/link.html say of the fee?",
            false,
        );
    }

    #[test]
    fn a_chinese_task_is_answered_in_chinese() {
        let check = |task: &str, want: bool| {
            assert_eq!(language_request(task).is_some(), want, "{task}");
        };
        check("桥有多长？", true);
        check("打开 http://127.0.0.1/a.html 看看桥有多长", true);
        check("桥用英语怎么说？", false);
        check("Who is 王伟, by my notes?", false);
        check("请用 English 说桥有多长", false);
        check("摘录原文里桥有多长", false);
        check("請把這句話翻译成德文", false);
        check("橋はどれくらい長いですか。", false);
        check("How long is the bridge?", false);
    }

    #[test]
    fn a_bare_number_is_asked_for() {
        let check = |task: &str, want: bool| assert_eq!(for_a_number(task), want, "{task}");
        check(
            "How tall is it in metres? Answer with just the number.",
            true,
        );
        check("How tall is it? Number only, please.", true);
        check("Reply with a number.", true);
        check("有多高？只回答数字。", true);
        check("What is your phone number?", false);
        check("Give me just the phone number.", false);
        check("Answer with a number and explain it.", false);
        check("Write the number of the house on the letter.", false);
    }

    #[test]
    fn one_question_after_a_number_is_known() {
        let check = |task: &str, want: bool| assert_eq!(how_many(task), want, "{task}");
        check("How many legs do six ants have?", true);
        check("一共有多少条腿？", true);
        check(
            "How many legs do six ants have, and what do they eat?",
            false,
        );
        check("How many are there? Name them.", false);
        check("Tell me how many.", false);
        check("", false);
    }
}
