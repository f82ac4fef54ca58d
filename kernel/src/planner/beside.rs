//! What is asked for beside what is told: "My key is 17 now, then tell me who is on duty." A sentence is
//! taken apart into the clauses that tell and those that ask. Decided by words, in English and Chinese,
//! without a model. In doubt a clause tells: what was told must not be lost. What becomes of the clauses
//! is in `facts`.

use std::sync::LazyLock;

use regex::Regex;

use super::shared_words::telling_words;
use super::wording::after_request_to_keep;
use crate::pattern::{HAN, laid_out, pattern};

/// Bytes of a sentence that is taken apart: longer ones are data that was pasted. What stands before and
/// behind each comma is looked at, which takes the square of their number.
const BYTES_MAX: usize = 2_000;

/// A part of a sentence, in its own words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clause<'a> {
    pub(super) text: &'a str,
    /// Whether it asks for something now, rather than to be kept.
    pub(super) asks: bool,
}

/// The clauses of `sentence`, split only where telling turns to asking or asking to telling.
pub(super) fn clauses(sentence: &str) -> Vec<Clause<'_>> {
    static BETWEEN: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(r"(?i)[,;，；、]|\s[–—-]+\s|\s(?:and|then)\s|然后|接着|并且?|顺便|同时|另外|再")
    });
    let sentence = sentence.trim();
    let mut clauses = Vec::new();
    let (mut begins, mut asks) = (0, asks_at_once(sentence));
    let is_parted = sentence.len() <= BYTES_MAX;
    let joints = BETWEEN.find_iter(sentence).take_while(|_| is_parted);
    for found in joints {
        let (before, after) = (&sentence[begins..found.start()], &sentence[found.start()..]);
        let turns = match asks {
            true => turns_to_telling(after),
            false => turns_to_asking(before, after),
        };
        if turns && !before.trim().is_empty() {
            let text = bare(before, begins > 0);
            clauses.push(Clause { text, asks });
            (begins, asks) = (found.start(), !asks);
        }
    }
    let text = bare(&sentence[begins..], begins > 0);
    clauses.push(Clause { text, asks });
    if asks_aloud(sentence) && clauses.iter().all(|clause| !clause.asks) {
        clauses[0].asks = true;
    }
    clauses
}

/// Whether `sentence` ends with the mark of a question, and does not ask politely for something to be kept:
/// "could you note that …?"
pub(super) fn asks_aloud(sentence: &str) -> bool {
    static POLITE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)^\W*(?:please\s+)?(?:can|could|would|will)\s+you\b"));
    let is_marked = sentence.trim_end().ends_with(['?', '？']);
    is_marked && !(POLITE.is_match(sentence) && begins_to_keep(sentence))
}

/// Whether `answer` says no more than that something was kept, and what that was: words of `told`, which
/// is what was told beside a request.
pub(super) fn only_confirms(answer: &str, told: &str) -> bool {
    static CONFIRMS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:not(?:e|ed|ing)|remember(?:ed)?|kept|keep|sav(?:e|ed)|stored?|record(?:ed)?|updat(?:e|ed)
            |chang(?:e|ed)|done|got\s+it|okay|ok|sure|understood)\b|[记記改]|好的|知道了|明白|收到",
        )
    });
    let (said, known) = (telling_words(answer), telling_words(told));
    let is_known = |word: &String| {
        FILLERS.split_whitespace().any(|filler| filler == word) || known.contains(word)
    };
    CONFIRMS.is_match(answer) && said.iter().all(is_known)
}

/// Words of an answer that confirms, beside those of what was kept.
const FILLERS: &str = "i ve ll you noted note kept keep saved save stored recorded remembered updated update \
    changed change done got okay ok sure understood been memory notes 已 经 好 改 我 你 知 道";

/// `text` without the signs around it, and without the words that join it to what stands before.
fn bare(text: &str, joined: bool) -> &str {
    static JOINS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^(?:(?:and|then|now|so|but|also|afterwards|after\s+that|finally)\b[\s,]*|[–—-]+\s+
            |然后|接着|并且?|顺便|同时|另外|最后|现在|之后|再|也|就)+",
        )
    });
    let signs = |c: char| c.is_whitespace() || ",;，；、".contains(c);
    let text = text.trim_matches(signs);
    match joined {
        true => text[JOINS.find(text).map_or(0, |found| found.end())..].trim_matches(signs),
        false => text,
    }
}

/// Whether a sentence asks from its first word on.
fn asks_at_once(sentence: &str) -> bool {
    if begins_to_keep(sentence) {
        return false;
    }
    is_a_request(sentence).is_some() || is_an_open_question(sentence)
}

/// How a request is made.
struct Request {
    /// Whether what is asked for is a question: "tell me who".
    is_a_question: bool,
    /// Whether a word says that it is asked for now, or of the listener.
    is_clear: bool,
}

/// The request that `text` begins with, unless it is one for all times.
fn is_a_request(text: &str) -> Option<Request> {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        let question = r"(?P<wh>who|whom|whose|what|which|when|where|why|how|whether|if)";
        let thing = r"(?:the|a|an|all|my|our|his|her|its|their|this|these|those|both|each|it|them|one|two|three|four|five|\d+)";
        laid_out(&format!(
            r"(?i)^[\s,;–—-]*(?P<lead>(?:(?:please|kindly|and|now|then|so|but|also|next|finally|afterwards|after\s+that|ok|okay|just|quickly
            |(?:can|could|would|will)\s+you|i(?:['’]d|\s+would)\s+like\s+you\s+to|i\s+(?:want|need)\s+you\s+to)[\s,]+)*)
            (?:(?:tell|show|give|write|list|read|find|get|name)\s+(?:me|us)(?:\s+{question})?\b
            |let\s+(?:me|us)\s+know(?:\s+{question2})?\b
            |(?:remind\s+(?:me|us)|tell|say|show|explain|look\s+up|find\s+out|work\s+out|figure\s+out|check)\s+{question3}\b
            |(?:list|compute|calculate|work\s+out|figure\s+out|add\s+up|convert|translate|summari[sz]e|explain|describe|compare
                |suggest|recommend|write|draft|look\s+up|find\s+out)\s+{thing}\b
            |(?:give|show|say|name|state)\s+the\s+(?:list|answer|result|total|sum|number|names?|date|day|time|price|difference)\b
            |(?:compute|calculate)\s+\S)",
            question2 = question.replace("wh>", "wh2>"),
            question3 = question.replace("wh>", "wh3>"),
        ))
    });
    static CLEAR: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)\b(?:please|kindly|now|then|also|next|finally|afterwards|that|you)\b")
    });
    static FOR_ALL_TIMES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:always|never|whenever|from\s+now\s+on|in\s+(?:the\s+)?future|(?:every|each)\s+time)\b",
        )
    });
    static OFTEN: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:nothing|daily|weekly|(?:every|each)\s+(?:day|morning|evening|night|week|month|year|\w+day)|\w+days)\b",
        )
    });
    let Some(found) = ASKS.captures(text) else {
        return is_a_request_in_chinese(text);
    };
    let is_a_question = ["wh", "wh2", "wh3"]
        .iter()
        .any(|name| found.name(name).is_some());
    let stands = FOR_ALL_TIMES.is_match(text) || !is_a_question && OFTEN.is_match(text);
    let sign = text.trim_start().starts_with([';', '–', '—']);
    (!stands).then(|| Request {
        is_a_question,
        is_clear: sign || CLEAR.is_match(&found["lead"]),
    })
}

fn is_a_request_in_chinese(text: &str) -> Option<Request> {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"^[\s，,；;、]*(?P<lead>(?:然后|接着|并且?|同时|顺便|另外|还有|最后|现在|之后|再|也|就|请|麻烦|帮我|帮忙|你|能不能|能|可以)*)
            (?:(?:告诉|告知)我(?:[^的]|$)|列出|列一下|列个|算一下|算一算|算算|算出|计算(?:[^机器]|$)|查一下|查查|说说|说一下|讲讲
            |(?:翻译|介绍|总结|解释|显示|展示|概括)(?:[^是的人员器在者]|$)|写一[篇首封个段份]|给我(?:看|列|算|写|讲|说|查))",
        )
    });
    static FOR_ALL_TIMES: LazyLock<Regex> =
        LazyLock::new(|| pattern("以后|今后|每次|每当|每天|每周|每月|每年|总是|不要"));
    let found = ASKS
        .captures(text)
        .filter(|_| !FOR_ALL_TIMES.is_match(text))?;
    let lead = &found["lead"];
    Some(Request {
        is_a_question: ASKS_IN_CHINESE.is_match(text),
        is_clear: !lead.is_empty() || text.trim_start().starts_with(['；', ';']),
    })
}

/// Words that ask in Chinese. A bare "几" may mean some.
static ASKS_IN_CHINESE: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"谁|什么|哪|多少|几[点号岁月楼]|(?:星期|礼拜|周)几|怎么[样走办做]|为何|何时|何处|有没有|是不是|能不能|[吗呢][。！.!]*$",
    )
});

/// Whether `text` is a question without its mark.
fn is_an_open_question(text: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        let is =
            r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must|am)";
        laid_out(&format!(
            r"^\W*(?:(?i:and|then|now|so|but|also|ok|okay|please)[\s,]+)*(?:
            (?i:(?:in|at|on|for|to|from|with|of|by|since|until)\s+)?
            (?:(?i:who|what|where|when|why|how)(?:['’](?:s|re)|\s+{is})\b
            |(?i:what|which|whose|how\s+(?:many|much|long|old|far|tall|high|often|big|late))(?:\s+[a-z-]+){{0,3}}\s+{is}\s+(?:the|a|an|my|our|your|his|her|its|their|this|that|these|those|there|i|I|we|you|he|she|it|they|on|in|at|left|due|\p{{Lu}}\w*)\b)
            |(?:Is|Are|Was|Were|Does|Did|is|are|was|were|does|did)\s+(?:the|my|our|your|his|her|its|their|this|that|there|it|he|she|they|you|\p{{Lu}}\w+)\b
            |(?:[Dd]o|[Hh]ave|[Aa]m|[Ss]hould|[Cc]an|[Mm]ust)\s+(?:i|I|we)\b|[Dd]o\s+(?:you|they)\b)"
        ))
    });
    // "What Anna said is", "what I like is", "who is who: …"
    static STATES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"^\W*(?i:what|which|how\s+\w+|where|when|who|why)\s+(?:(?i:i|we|you|he|she|they|it|my|our|the|is\s+(?:why|how|where|when|who))\b|\p{Lu})
            |[:：]\s*\S|!\s*$|^\W*(?i:what['’]s\s+more)\b",
        )
    });
    match text.contains(|c: char| HAN.contains(&c)) {
        true => is_an_open_question_in_chinese(text),
        false => ASKS.is_match(text) && !STATES.is_match(text),
    }
}

fn is_an_open_question_in_chinese(text: &str) -> bool {
    // "谁都行", "不知道谁来", "谁先到谁开门"
    static STATES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"[都也就说问：:]|知道|清楚|[记記忘]|不管|无论|随便|决定|没什么|不怎么|多少有|谁.*谁|什么.*什么|哪.*哪|多少.*多少",
        )
    });
    ASKS_IN_CHINESE.is_match(text) && !STATES.is_match(text)
}

/// Whether what tells so far turns to a request, or a question, with `after`.
fn turns_to_asking(before: &str, after: &str) -> bool {
    if is_conditional(before) {
        return false;
    }
    let request = is_a_request(after);
    let Some(Request {
        is_a_question,
        is_clear,
    }) = request
    else {
        return turns_to_a_question(before, after);
    };
    let by_others = others_act(before);
    let joined = after.starts_with(char::is_whitespace) && !is_clear;
    match (joined, is_clear) {
        // "Bo will come and show me the flat."
        (true, _) => !by_others && (is_a_question || is_told_to(before)),
        (_, true) => is_a_question || !by_others,
        (_, false) => is_a_question || !by_others && (is_told_to(before) || states(before)),
    }
}

/// Whether a question without its mark follows with `after`. "Anna, who is on duty" tells.
fn turns_to_a_question(before: &str, after: &str) -> bool {
    static ASKS_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:who|whom|whose|what|which|when|where|why|how|know|knows|sure|tell|tells|told|asks?|asked|wonders?|see|says?|said|depends)\b
            |知道|清楚|[记記]得|忘|[问说]",
        )
    });
    static RELATES: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)^,\s*(?:who|whose|which|where|when)\b"));
    let follows = after.starts_with([',', ';', '，', '；']) || after.starts_with("然后");
    let after = after.trim_start_matches("然后");
    let is_chinese = after.contains(|c: char| HAN.contains(&c));
    let signs = after.trim_start_matches([',', ';', '，', '；', ' ']);
    // What follows a sign in Chinese may belong to what stands before it.
    let alone = !is_chinese || !signs.contains(['，', ',']);
    follows
        && alone
        && !ASKS_BEFORE.is_match(before)
        && !RELATES.is_match(after)
        && is_an_open_question(signs)
}

/// Whether what asks so far turns to what is to be kept with `after`.
fn turns_to_telling(after: &str) -> bool {
    static TELLS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"^(?i:(?:please|and|then|now|also)\s+)*(?:
            (?i:remember|memori[sz]e|note|keep\s+in\s+mind|don['’]?t\s+forget|do\s+not\s+forget)\s+(?:(?i:my|our|the|this|that|i|we|his|her|their)\b|\p{Lu})
            |(?i:change|correct|update|set)\s+(?i:my|our|the|that|it|this)\b.*\s(?i:to)\s+\S)
            |^(?:请|麻烦|你|帮我)*(?:记住|记下|记一下|把.{1,12}(?:改|记|更新))",
        )
    });
    let after = bare(after, true);
    begins_to_keep(after) || TELLS.is_match(after)
}

fn begins_to_keep(text: &str) -> bool {
    after_request_to_keep(text).len() < text.len()
}

/// Whether `before` says when something is to be done: "when I ask for lunch, …"
fn is_conditional(before: &str) -> bool {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^\W*(?:if|when|whenever|once|as\s+soon\s+as|unless|while|until|should|before|after|(?:every|each)\s+\w+|on\s+\w+days)\b
            |如果|要是|假如|每[当次天周月年]|一旦|时候|以后|今后|[等当].{0,10}[时后]",
        )
    });
    SAYS.is_match(after_request_to_keep(before.trim_start()))
}

/// Whether `before` says what somebody will do, or is to do: what follows may be a part of that.
fn others_act(before: &str) -> bool {
    // Will and May are names, and May is a month.
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"\b(?:will|would|can|could|must|should|shall|may|might|let|lets|come|comes|go|goes|always|never|often|usually)\b
            |['’]ll\b|\b(?i:remember|forget|wants?|wanted|asked(?:\s+\w+)?|has|have|had|needs?|going|promised|tr(?:y|ies)|agreed|offered|told\s+\w+)\s+to\s+\w
            |[会要来去他她让叫想]",
        )
    });
    SAYS.is_match(before)
}

/// Whether `before` tells its listener to keep or to change something.
fn is_told_to(before: &str) -> bool {
    static TELLS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^\W*(?:(?:please|ok|okay|hey|and|now|also|(?:can|could|would|will)\s+you)[\s,]+)*
            (?:change|correct|update|fix|adjust|amend|set|remember|memori[sz]e|note|keep|save|store|record|write|put|add|replace|do\s+not\s+forget|don['’]?t\s+forget)\b
            |^\W*(?:请|麻烦|帮我|你)*(?:[把将].{1,12})?(?:记|改|更正|更新|保存|写下|别忘)",
        )
    });
    TELLS.is_match(before)
}

/// Whether `before` states how something is.
fn states(before: &str) -> bool {
    static STATES: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)\b(?:am|is|are|was|were|has|have|now)\b|['’](?:s|m|re|ve)\b|[是有住叫在]")
    });
    STATES.is_match(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What asks stands in brackets.
    #[track_caller]
    fn check(sentence: &str, want: &str) {
        let shown = clauses(sentence)
            .into_iter()
            .map(|clause| match clause.asks {
                true => format!("[{}]", clause.text),
                false => clause.text.to_owned(),
            });
        assert_eq!(shown.collect::<Vec<_>>().join(" | "), want, "{sentence}");
    }

    #[test]
    fn a_request_beside_what_is_told_is_found() {
        check(
            "Change that to 7, then tell me who is on duty on Friday.",
            "Change that to 7 | [tell me who is on duty on Friday.]",
        );
        check(
            "Change that to 7 and tell me who is on duty.",
            "Change that to 7 | [tell me who is on duty.]",
        );
        check(
            "Remember that my key is 17; please list the names.",
            "Remember that my key is 17 | [please list the names.]",
        );
        check(
            "My boat is red now, and could you tell me its berth?",
            "My boat is red now | [could you tell me its berth?]",
        );
        check(
            "My key is 17 now, compute 3 * 4.",
            "My key is 17 now | [compute 3 * 4.]",
        );
        check(
            "Tell me who is on duty, and remember that my key is 17.",
            "[Tell me who is on duty] | remember that my key is 17.",
        );
        check(
            "Show me the list, then change my key to 17.",
            "[Show me the list] | change my key to 17.",
        );
        check(
            "Remember that my key is 17, what is my gate code",
            "Remember that my key is 17 | [what is my gate code]",
        );
        check(
            "记住我的车位是B12，然后告诉我周五谁值班。",
            "记住我的车位是B12 | [告诉我周五谁值班。]",
        );
        check("把车位改成7，列出值班的人", "把车位改成7 | [列出值班的人]");
        check(
            "请记住我的船是红色的，周五谁值班",
            "请记住我的船是红色的 | [周五谁值班]",
        );
        check(
            "告诉我周五谁值班，并记住车位是B12。",
            "[告诉我周五谁值班] | 记住车位是B12。",
        );
    }

    #[test]
    fn what_is_too_long_for_a_sentence_is_one_clause() {
        let check = |words: usize, want: usize| {
            let told = format!("{} 17, then tell me who is on duty", "key,".repeat(words));
            assert_eq!(clauses(&told).len(), want, "{words}");
        };
        check(9, 2);
        check(200_000, 1);
    }

    #[test]
    fn a_sentence_may_only_ask() {
        for asks in [
            "What is my gate code",
            "Who's on duty on Friday",
            "which bus is the last one",
            "How many sacks are left",
            "Is Anna on duty on Friday",
            "Do I have a key",
            "Now tell me the berth.",
            "Compute 3 * 4.",
            "Let me know when the shop opens.",
            "Remind me who is on duty.",
            "Where is it?",
            "周五谁值班",
            "算一下三加四。",
            "请告诉我泊位号。",
            "船是红色的吗",
        ] {
            check(asks, &format!("[{asks}]"));
        }
    }

    #[test]
    fn words_that_ask_elsewhere_ask_for_nothing_here() {
        for tells in [
            "Remember to tell me nothing on Fridays.",
            "Tell me nothing on Fridays.",
            "Remember that Anna can show the flat.",
            "Remember that Bo will come and show me the flat.",
            "Bo will come, show me the flat, and leave.",
            "My parents call and tell me everything.",
            "When I ask for lunch, tell me the menu.",
            "Remember that if it rains, tell me to take the bus.",
            "From now on, always tell me the time.",
            "Remember: list the guests by name.",
            "Anna, who is on duty on Friday, has the key.",
            "I know where it is, and who has it.",
            "What I like is tea.",
            "What Anna said is wrong.",
            "Who is who: Ann sings, Bo plays.",
            "Where we live is cold.",
            "What's more, Bo likes tea.",
            "Which is why I moved.",
            "May is warm, and Will is my brother.",
            "Can openers are in the drawer.",
            "Do the dishes on Friday.",
            "Show the guests the garden at nine.",
            "Remind me to call Ida.",
            "Count Otto lives in Graz.",
            "I asked Bo to call and tell me the price.",
            "Can you remember that my key is 17",
            "记得周五告诉我浇花。",
            "安娜会来，告诉我菜单。",
            "每周五告诉我菜单。",
            "如果下雨，告诉我带伞。",
            "我的计算机是新的，计算机在书房。",
            "谁先到谁开门。",
            "他什么都吃。",
            "我养了几只猫。",
            "告诉我的人是李明。",
            "",
        ] {
            check(tells, tells);
        }
    }

    #[test]
    fn a_bare_confirmation_leaves_the_question() {
        let check = |answer: &str, want: bool| {
            let got = only_confirms(answer, "My key is 17 now");
            assert_eq!(got, want, "{answer}");
        };
        check("I have noted that your key is 17.", true);
        check("Okay, noted.", true);
        check("Noted. Ida is on duty.", false);
        check("Ida.", false);
        check("Your key is 17.", false);
        check("I have noted it, but who is on duty is not known.", false);
        check("", false);
    }
}
