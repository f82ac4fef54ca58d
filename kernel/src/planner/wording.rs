//! What the words of a text say of it: lists of phrases in English and Chinese, one a question.
//! They decide before a model is asked, or beside its odds. A phrase that a list does not have
//! costs what the last column says:
//!
//! | function | what follows from it | where a phrase is not known |
//! | --- | --- | --- |
//! | [`announces`] | a sentence that is not kept as a fact itself | it becomes a memory |
//! | [`after_request_to_keep`] | what is kept without asking a model; the words of the memory | the model's odds decide; the request stays in the memory |
//! | [`says_it_changed`] | lower odds let a memory take the place of an older one | the usual odds; both may stay |
//! | [`is_about_its_words`] | nothing is kept, searched first or asked of the parts | what is to be translated may be kept as told |
//! | [`may_say_it_kept`] | a model is asked whether an answer claims to have kept something | a false claim stands |
//! | [`may_speak_of_its_user`] | memories are shown by their meaning too | in a language without a list always, else by shared words only |
//! | [`asks_of_oneself`] | lower odds show the memories of the user | the usual odds |
//! | [`has_a_word_for_keeping`] | a memory of what is read first is planned before | it is asked for, or denied, after reading |
//! | [`puts_numbers_together`] | a program computes from what was found | it is read, or the model chooses |
//! | [`sends_to_documents`] | nothing is computed before something was read | a model may compute with what it does not know |
//!
//! Phrases that serve one job alone stand with it: requests to keep what stands beside a task in
//! `pointed`, requests beside what is told in `beside`, tasks on each of several texts in `for_one`,
//! forms of answers in `answer_form` and `poor_answer`, words that join questions in `questions`,
//! days in `date` and `calendar`, numbers in `numbers`.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::{HAN, laid_out, pattern};
use crate::written::numbers;

/// Whether a sentence only says that facts follow: "Please remember these three things."
pub(super) fn announces(sentence: &str) -> bool {
    static ANNOUNCES: LazyLock<Regex> = LazyLock::new(|| {
        let announces = r"(?ix)
            ^(?:.*\b(?:remember|note|keep|save|store)\b.*\b(?:things|facts|points|details|changes)\b
            |.*\b(?:things|facts|points|details)\b.*\b(?:remember|note|keep|save|store)\b)
            |^.*[记記存].*(?:件事|几点|这些|以下|下面)|^.*(?:件事|几点|这些|以下|下面).*[记記存]";
        pattern(announces)
    });
    ANNOUNCES.is_match(sentence)
}

/// The rest of `text` after the request to keep it that it begins with: "Remember:", "please note
/// that". All of `text` if there is no request; "remember to …" is none.
pub(super) fn after_request_to_keep(text: &str) -> &str {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        let asks = r"(?ix)^\W*
            (?:(?:please|(?:can|could|would|will)\s+you(?:\s+mind)?|i\s+(?:want|need|would\s+like)\s+you\s+to
               |i['’]d\s+like\s+you\s+to|hey|ok|okay|also|and|just|before\s+i\s+forget|one\s+more\s+thing
               |make\s+sure\s+(?:that\s+)?you|be\s+so\s+kind(?:\s+(?:and|as\s+to))?)[\s,:]+)*
            (?:for\s+(?:next\s+time|the\s+record|later)|hold\s+on\s+to|remember(?:ing)?|memori[sz](?:e|ing)|not(?:e|ing)
               |keep(?:ing)?\s+(?:this\s+)?in\s+mind|bear(?:ing)?\s+in\s+mind|tak(?:e|ing)\s+note|mak(?:e|ing)\s+a\s+note
               |do\s+not\s+forget|don['’]?t\s+forget|never\s+forget|sav(?:e|ing)|stor(?:e|ing)|record(?:ing)?
               |writ(?:e|ing)\s+(?:(?:this|that|it)\s+)?down|jot(?:ting)?\s+(?:(?:this|that|it)\s+)?down|(?:log|pin|file)\s+(?:this|it)
               |update\s+your\s+(?:notes?|memory|records?)|(?:add|put)\s+(?:this|it)\s+(?:to|in|into|on)\s+your\s+(?:notes?|memory|records?|list)
               |(?:(?:here['’]?s|here\s+is|this\s+is|one)\s+)*(?:one\s+)?(?:more\s+)?for\s+your\s+(?:notes?|memory|records?))
            (?:\s+(?:down|for\s+me|for\s+later|this|it|these|the\s+following|of\s+this))*
            (?:\s*[:,]+\s*|\s+[–—-]+\s+|\s+that\s+)
            | ^\W*(?:请|麻烦你?|帮我|帮忙|你|要|一定|务必)*
            (?:记住|[记写]下来?|记到|记一下|记着|记得|别忘了|不要忘了?|牢记|保存|存一下|备注)(?:一下|这个|这点|这件事|以下内容?)*了?
            [\s:：，,。]+";
        pattern(asks)
    });
    ASKS.find(text).map_or(text, |found| &text[found.end()..])
}

/// Whether `task` gives a number of its own, or has a word for putting numbers together: "how much
/// dearer", "in all". What stands at an address does not count.
pub(crate) fn puts_numbers_together(task: &str) -> bool {
    static PUTS: LazyLock<Regex> = LazyLock::new(|| {
        let words = numbers::any_word();
        laid_out(&format!(
            r"(?i)\d|\b(?:{words}|total|altogether|together|sum|add|average|mean|median|difference|differ
            |more|less|fewer|than|left|remain\w*|between|both|each|every|per|twice|half|double|times
            |combined|in\s+all|dearer|cheaper|older|younger|longer|shorter|still|enough|how\s+many)\b
            |[二两三四五六七八九十百千]|一共|总共|共|合计|总和|平均|中位数|相差|比|还剩|剩下|加起来|来回|每|倍|一半|够|几[天个次张页箱盒本人]"
        ))
    });
    PUTS.is_match(&without_addresses(task))
}

/// Whether `task` asks in so many words for numbers to be put together: what it wants stands nowhere.
pub(crate) fn asks_for_a_total(task: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:totals?|altogether|the\s+sum|sum\s+of|adds?\s+up|averages?|medians?|combined
            |(?:how\s+(?:much|many)|what|which)\b[^.?!]*\b(?:together|comes?\s+to)
            |differences?\s+in\s+(?:price|cost|age|height|length|weight|size|time|number)s?
            |how\s+(?:much|many)\s+(?:more|less|fewer)|left\s+over|calculate|compute|(?:work|figure)\s+out(?:\s+\w+){0,5}\s+how\s+(?:many|much|long|far)
            )\b|\bin\s+all\s*(?:[?.,!]|$)
            |算一算|算算|算一下|算出|一共|总共|共计|合计|总和|总计|总额|平均|中位数|加起来|相差|差多少|[多少]多少|还剩",
        )
    });
    // 一共有哪些 asks for names.
    ASKS.is_match(&without_addresses(task)) && !task.contains("哪些")
}

/// Whether `task` asks which of several is the largest, or what that is, by whatever measure.
pub(crate) fn asks_for_the_most(task: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:(?:bright|calm|cheap|clean|clos|cold|cool|dark|dear|deep|fast|few|full|hard|high|larg|light|long
            |loud|low|narrow|near|new|old|poor|quick|quiet|rich|saf|short|slow|small|soft|steep|strong|sweet|tall|thick
            |tight|warm|weak|wid|young)est
            |(?:busi|dri|dusti|earli|easi|healthi|heavi|noisi|raini|sunni|tini|wealthi|windi)est
            |biggest|hottest|thinnest|wettest|furthest|farthest|(?:the|costs?|has|had|with)\s+(?:most|least))\b
            |最(?:高|低|长|短|多|少|大|小|贵|便宜|早|晚|重|轻|快|慢|远|近|深|热|冷|久)",
        )
    });
    ASKS.is_match(&without_addresses(task))
}

/// `text` without its addresses, which say nothing of what is asked.
/// Chinese may stand right behind one.
pub(crate) fn without_addresses(text: &str) -> Cow<'_, str> {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[!-~]*://[!-~]*"));
    ADDRESS.replace_all(text, " ")
}

/// Whether `text` says that something is no longer as it was.
pub(crate) fn says_it_changed(text: &str) -> bool {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:now|no longer|any\s?more|instead|rather than|actually|after all|changed?|moved|new|renamed?
            |wrong|mistaken?|correct(?:ed|ion)?|updated?|replaced?|swap(?:ped)?|switch(?:ed)?|these days)\b
            |现在|改|换|调成|调到|搬|不再|新|其实|更正|纠正|[说记弄搞]错|不对|不是.+是",
        )
    });
    SAYS.is_match(text)
}

/// Whether `text` has a word by which something is asked to be kept, in any place: "Read the
/// notice and remember the number". Only English and Chinese are known.
pub(crate) fn has_a_word_for_keeping(text: &str) -> bool {
    static KEEPS: LazyLock<Regex> = LazyLock::new(|| {
        let keeps = r"(?ix)\b(?:remember|memori[sz]e|keep|save|store|record|note
            |write\s+(?:\w+\s+)?down|in\s+mind)\b
            |(?:do\s+not|don['’]?t|never)\s+forget|[记記存]|别忘|不要忘";
        pattern(keeps)
    });
    KEEPS.is_match(text)
}

/// Whether `text` asks for work on words that stand in it. Nobody asserts what these words say.
pub(crate) fn is_about_its_words(text: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        let asks = r"(?ix)^\W*
            (?:(?:please|(?:can|could|would|will)\s+you)\s+)*
            (?:translate|summari[sz]e|rewrite|rephrase|paraphrase|proofread|shorten)\b
            | ^\W*(?:请|麻烦|帮|我|你|能|可以|忙)*(?:[把将][^。！？!?：:]{0,20})?
            (?:翻译|改写|润色|缩写|总结|概括|校对)";
        pattern(asks)
    });
    ASKS.is_match(text)
}

/// Whether `answer` may say that something was kept. In a language without a phrase here, every
/// answer may.
pub(crate) fn may_say_it_kept(answer: &str) -> bool {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        let says = r"(?ix)remember|memor|forg[eo]t|kept|keep|stor(?:e|ed|ing)\b|sav(?:e|ed|ing)\b
            |not(?:e|ed|ing)\b|record|add(?:ed|ing)|updat|got\s+it|understood|in\s+mind
            |[记記存忘]|知道了|明白|收到";
        pattern(says)
    });
    let known = |c: char| c.is_ascii() || HAN.contains(&c) || !c.is_alphabetic();
    !answer.chars().all(known) || SAYS.is_match(answer)
}

/// Whether `text` may speak of its writer, or of what was told before. In any language but
/// English and Chinese, every text may.
pub(crate) fn may_speak_of_its_user(text: &str) -> bool {
    static SPEAKS: LazyLock<Regex> = LazyLock::new(|| {
        let speaks = r"(?i)\b(?:i|me|my|mine|myself|we|us|our|ours|ourselves
            |remember|remind|recall|forg[eo]t|told|tell|said|mentioned|you\s+know)\b
            |[我咱俺]|[记記]得|说过|告诉|提过|家里";
        laid_out(speaks)
    });
    static ENGLISH: LazyLock<Regex> = LazyLock::new(|| {
        let words = r"(?i)\b(?:the|what|which|who|how|when|where|are|and|does|for|with)\b";
        pattern(words)
    });
    let is_chinese = text.contains(|c: char| HAN.contains(&c));
    let is_english = text.is_ascii() && ENGLISH.is_match(text);
    !(is_chinese || is_english) || SPEAKS.is_match(text)
}

/// Whether `text` is a question about what its user does or has: what was told before may well
/// answer it. Only English and Chinese are known.
pub(crate) fn asks_of_oneself(text: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        let asks = r"(?i)^(?:\S+[,，]\s*)?(?:(?:in|at|on|for|to|from|with|of|since|until)\s+)?
            (?:wh(?:at|ich|en|ere|o|om|ose|y)|how|do|does|did|am|is|are|was|were|have|has|can|must|may|should)\b
            [^?]*\b(?:i|my|mine|we|our|ours)\b[^?]*\?$
            |^[^？?]*[我咱俺][^？?]*[？?]$";
        laid_out(asks)
    });
    ASKS.is_match(text.trim())
}

/// Whether `text` says that something stands in documents or was told before.
pub(crate) fn sends_to_documents(text: &str) -> bool {
    SENDS.is_match(text)
}

/// The places where `text` says so, in bytes.
pub(super) fn documents_named(text: &str) -> Vec<Range<usize>> {
    SENDS.find_iter(text).map(|found| found.range()).collect()
}

static SENDS: LazyLock<Regex> = LazyLock::new(|| {
    let sends = r"(?ix)
        \b(?:in|among|from|to|of|at|under|see|read|check|search|consult|by|per)\s+(?:the|my|our|your|these|those)\s+
          (?:\w+\s+){0,2}(?:documents?|docs|notes?|files?|records?|papers?|archives?
            |memory|memories|manuals?|handbooks?|diar(?:y|ies)|regulations|guidelines|(?:spread|time)?sheets?|ledgers?
            |timetables?|rotas?|rosters?|inventor(?:y|ies)|invoices?
            |(?:price|phone|packing|guest|staff)\s+lists?)\b
        # Most libraries are buildings.
        | \b(?:see|read|check|search|consult|browse|(?:in|from|of)\s+(?:my|your))\s+(?:(?:the|my|our|your)\s+)?(?:\w+\s+)?library\b
        # With a number these are of wood, of time and of money.
        | \b(?:in|from|to|of|at|under|see|read|check|search|consult|by|per)\s+(?:the|my|our|your|these|those)\s+
          (?:\p{L}+\s+){0,2}(?:logs?|registers?|(?:board|club|council|committee|meeting)['’]?s?\s+minutes)\b
        | \b(?:in|from|to|see|read|check|consult|by|per)\s+(?:the|my|our|your)\s+minutes\b
        | \b(?:by|under|in|to|of)\s+(?:my|our|your)\s+(?:\w+\s+)?(?:rules|polic(?:y|ies)|contracts?|lists?)\b
        | \b(?:my|our)\s+(?:\w+\s+){0,2}(?:documents?|docs|notes?|files?|records?|papers?|manuals?|handbooks?|lists?|rules)\s+
          (?:says?|tells?|lists?|shows?|gives?|ha(?:ve|s)|holds?|names?|knows?)\b
        | \b(?:documents?|docs|notes?|files?|records?|papers?|minutes|e?-?mails?|letters?|contracts?|lists?|reports?|receipts?)\s+
          (?:is|are)\s+(?:all\s+)?(?:saved|stored|filed)\b
        | \b(?:put|saved|stored)\s+(?:it|them|those|that|all)\s+(?:all\s+)?in(?:to)?\s+(?:the|your|my)\s+(?:store|memory|files|archives?|documents)\b
        | (?:^|[.;,!?]\s+|\b(?:and|as)\s+)you\s+(?:already\s+)?know\s+(?:what|which|how|who|where|when|from)\b
        | \b(?:i|we)(?:['’]ve|\s+have)?\s+(?:already\s+|once\s+)?told\s+you\b
        | (?:查|翻|看|搜|找|根据|按照|依据|参照|参考)[^。，,！？]{0,6}
          (?:资料|文档|文件|笔记|手册|记录|记忆|档案|价目表|时刻表|课程表|值班表|排班表|名单|清单|账本|台账|合同|说明书)
        | (?:资料|文档|文件|笔记|手册|记录|记忆|档案|价目表|时刻表|课程表|值班表|排班表|名单|清单|账本|台账|合同|说明书)(?:里|中|上)
        | (?:告诉|跟你说|和你说|对你说)过";
    pattern(sends)
});

#[cfg(test)]
mod tests {
    use super::*;

    /// `says` holds of the texts in `yes`, and of none in `no`.
    #[track_caller]
    fn check(says: fn(&str) -> bool, yes: &[&str], no: &[&str]) {
        let all = yes.iter().map(|text| (text, true));
        for (text, want) in all.chain(no.iter().map(|text| (text, false))) {
            assert_eq!(says(text), want, "{text}");
        }
    }

    #[test]
    fn facts_may_be_announced() {
        check(
            announces,
            &[
                "Please remember these two things.",
                "Three facts to note down.",
                "请记住下面两件事。",
                "以下几点要记住。",
            ],
            &["The hen is Berta.", "Things are dear.", "记住车位", ""],
        );
    }

    #[test]
    fn what_follows_a_request_to_keep_is_found() {
        let check = |text: &str, want: &str| assert_eq!(after_request_to_keep(text), want);
        check("Remember: the hen is Berta.", "the hen is Berta.");
        check("麻烦你记一下，车位是B12", "车位是B12");
        check("Remember to feed the hen.", "Remember to feed the hen.");
        check("", "");
    }

    #[test]
    fn numbers_are_put_together() {
        check(
            puts_numbers_together,
            &[
                "See http://127.0.0.1/mill for the price of a sack. What do nine sacks cost?",
                "What do 9 sacks cost, by the page?",
                "How much dearer is a sack of rye than one of oats?",
                "According to the notes, how many sacks were sold in all?",
                "看一下笔记，两袋米多少钱？",
                "笔记里的米一共有多少公斤？",
                "How many sacks are still there, by my notes?",
                "照笔记，这袋米几天能吃完？",
                "打开http://127.0.0.1/mill看看，九袋多少钱？",
            ],
            &[
                "What does http://127.0.0.1:80/mill9 say a sack costs?",
                "How long does the dough rest, by my notes?",
                "笔记里的米多少钱？",
                "",
            ],
        );
    }

    #[test]
    fn a_total_is_asked_for() {
        check(
            asks_for_a_total,
            &[
                "What do both halls have together?",
                "How many sacks were sold in all?",
                "What does a week of it come to, by the page?",
                "What is the difference in price?",
                "What is the sum of the fees?",
                "Can you work out from my notes how many sacks are free?",
                "帮我算算袋子够不够",
                "两袋一共多少钱？",
            ],
            &[
                "Who runs the mill together with Ida?",
                "Figure out how to get there.",
                "你打算几点走？",
                "Who comes to the fair on 3 May?",
                "What is the difference between the gold and the silver ticket?",
                "Sum up the 3 pages.",
                "How warm is it in all rooms?",
                "What does http://127.0.0.1/total say?",
                "一共有哪些活动？",
                "",
            ],
        );
    }

    #[test]
    fn the_most_is_asked_for() {
        check(
            asks_for_the_most,
            &[
                "Which sack is the cheapest?",
                "Which is the lightest sack for three?",
                "Who carried the most sacks?",
                "哪一袋最重？",
            ],
            &[
                "What does a sack cost?",
                "Most sacks are red. Who paints them?",
                "See http://127.0.0.1/largest.html for the name.",
                "",
            ],
        );
    }

    #[test]
    fn a_change_is_said() {
        check(
            says_it_changed,
            &[
                "Ann plays the harp now.",
                "It is on Mondays, after all.",
                "Can you change the mooring to pier nine?",
                "我搬到青岛了。",
                "It is on Mondays rather than on Sundays.",
                "其实她在青岛。",
                "课不是周一，是周二。",
            ],
            &["Ann knows Bo.", "我住在青岛。"],
        );
    }

    #[test]
    fn keeping_has_words_of_its_own() {
        check(
            has_a_word_for_keeping,
            &[
                "Read the notice and remember the number of the gate.",
                "Open it, and don't forget who signed.",
                "看一下公告，记住门牌号。",
            ],
            &[
                "Read the notice and tell me the number of the gate.",
                "看一下公告，门牌号是多少？",
                "",
            ],
        );
    }

    #[test]
    fn who_has_words_worked_on_tells_nothing() {
        check(
            is_about_its_words,
            &[
                "Translate into Greek: my boat leaves at nine.",
                "Could you please rephrase this? I live in Oslo.",
                "请把这句话翻译成法语：商店八点开门。",
                "帮我总结：我住在青岛。",
            ],
            &[
                "I translate novels for a living.",
                "我是做翻译的",
                "记住：我把书翻译完了",
                "",
            ],
        );
    }

    #[test]
    fn a_claim_to_have_kept_has_a_word_for_it() {
        check(
            may_say_it_kept,
            &[
                "I've noted that.",
                "我记住了。",
                "Ich habe es mir gemerkt, größer.",
            ],
            &["The flight leaves at nine.", "图书馆六点关门。", ""],
        );
    }

    #[test]
    fn who_speaks_of_themselves_says_so() {
        check(
            may_speak_of_its_user,
            &[
                "What is my shoe size?",
                "Which of us is older?",
                "What was said about the ladder?",
                "我的鞋码是多少？",
                // Languages of which no words are known.
                "Wie alt ist mein Hund?",
                "Où est mon vélo ?",
                "",
            ],
            &[
                "What weekday is the 9th of May?",
                "Which of these was the dearest?",
                "长江有多长？",
            ],
        );
    }

    #[test]
    fn who_asks_of_themselves_is_the_one_who_does_it() {
        check(
            asks_of_oneself,
            &[
                "Which nuts must I avoid?",
                "At what time do I get up?",
                "When is our wedding day?",
                "我几点起床？",
            ],
            &[
                "我家有几口人",
                "What is the tallest hill in Wales?",
                "Write me a limerick.",
                "I have a question. What is 3 + 4?",
                "",
            ],
        );
    }

    #[test]
    fn what_stands_in_documents_is_read_there() {
        check(
            sends_to_documents,
            &[
                "See my notes for the fee of a stall, and work out nine of them.",
                "According to the old handbook, how long is a shift?",
                "How long is a shift, by our handbook?",
                "I told you how far the mill is. How far is it both ways?",
                "What does a stall cost? It should be in the old price list.",
                "Have a look at my rain logs: how often did it hail?",
                "Search the library for the fee of a stall.",
                "Our old harbour rules say who may moor there. May I?",
                "What does a stall cost? You know which one I have.",
                "Who mends the pier? The minutes are saved.",
                "Where do we moor? We wrote about it, I have put them in the store.",
                "When does the lease end? It is among my documents.",
                "What is the fee of a stall, in my library?",
                "How much is a second boat under our harbour rules?",
                "Who was absent, by the minutes?",
                "Who was absent according to the board's minutes?",
                "翻一下笔记，一袋米多重？",
                "手册里写着一班几小时，五班呢？",
                "我跟你说过磨坊有多远",
            ],
            &[
                "Do you know what a stall costs in Riga?",
                "The 20 minutes are over. How many seconds are that?",
                "A library has 9 shelves of 30 books. How many books?",
                "How far is it from the mill to the library?",
                "Who works at the library on Sundays?",
                "How many pages has a document of 3 files with 40 pages each?",
                "By the rules of chess, how many squares does a queen reach?",
                "Sort the list 3, 1, 2.",
                "How many logs of 2 m are in a raft of 9 m?",
                "How heavy are two of the 12 logs, of 30 kg each?",
                "She runs 4 km in the first 20 minutes. How far does she run in the last 10 minutes?",
                "一份文件有三页，五份有几页？",
            ],
        );
    }
}
