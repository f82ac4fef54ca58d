//! The facts in a text that a user wants kept, each in the user's own words.

use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use crate::pattern::{HAN, laid_out, pattern};

/// Facts taken from one text; what is beyond stays together in the last one.
const FACTS_MAX: usize = 64;
/// Characters of one fact.
const FACT_CHARS_MAX: usize = 1_000;
/// Facts that have to follow a sentence that announces them.
const ANNOUNCED_MIN: usize = 2;
/// A piece with fewer letters than this says nothing by itself.
const LETTERS_MIN: usize = 4;

/// The facts that `text` states: its sentences and the items of its lists, without
/// questions and without headings such as "Please remember:".
///
/// A text of one sentence is one fact, whatever it looks like.
pub fn facts(text: &str) -> Vec<String> {
    let mut facts: Vec<String> = Vec::new();
    for line in text.lines() {
        for piece in sentences(line) {
            let piece = item(&piece);
            if is_heading(piece) || is_question(piece) {
                continue;
            }
            match facts.last_mut() {
                // Too short to stand alone, or too many.
                Some(last) if letters(piece) < LETTERS_MIN => {
                    last.push(' ');
                    last.push_str(piece);
                }
                _ if letters(piece) == 0 => {}
                _ => facts.push(piece.to_owned()),
            }
        }
    }
    if facts.len() > ANNOUNCED_MIN && announces(&facts[0]) {
        facts.remove(0);
    }
    if facts.len() > FACTS_MAX {
        let rest = facts.split_off(FACTS_MAX - 1).join(" ");
        facts.push(rest);
    }
    if facts.is_empty() {
        facts.push(text.trim().to_owned());
    }
    for fact in &mut facts {
        if let Some((at, _)) = fact.char_indices().nth(FACT_CHARS_MAX) {
            fact.truncate(at);
        }
    }
    facts
}

/// Whether a sentence only says that facts follow: "Please remember these three things."
fn announces(sentence: &str) -> bool {
    static ANNOUNCES: LazyLock<Regex> = LazyLock::new(|| {
        let announces = r"(?ix)
            ^(?:.*\b(?:remember|note|keep|save|store)\b.*\b(?:things|facts|points|details|changes)\b
            |.*\b(?:things|facts|points|details)\b.*\b(?:remember|note|keep|save|store)\b)
            |^.*[记記存].*(?:件事|几点|这些|以下|下面)|^.*(?:件事|几点|这些|以下|下面).*[记記存]";
        pattern(announces)
    });
    ANNOUNCES.is_match(sentence)
}

/// Whether `text` begins with the request to keep what follows.
pub fn asks_to_keep(text: &str) -> bool {
    without_request(text).len() < text.len()
}

/// A fact without the request to keep it before it: of "Remember: …" and "please note that …" what
/// follows. What is asked to be done, "remember to …", is the fact itself.
pub fn without_request(fact: &str) -> &str {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        let asks = r"(?ix)^\W*
            (?:(?:please|(?:can|could|would|will)\s+you|hey|ok|okay|also|and
               |be\s+so\s+kind(?:\s+(?:and|as\s+to))?)[\s,]+)*
            (?:for\s+(?:next\s+time|the\s+record|later)|hold\s+on\s+to|remember|memori[sz]e|note|keep\s+in\s+mind|bear\s+in\s+mind|take\s+note|make\s+a\s+note
               |do\s+not\s+forget|don['’]?t\s+forget|never\s+forget|save|store|record|write\s+down)
            (?:\s+(?:down|for\s+me|for\s+later|this|it|these|the\s+following|of\s+this))*
            (?:\s*[:,]+\s*|\s+[–—-]+\s+|\s+that\s+)
            | ^\W*(?:请|麻烦你?|帮我|帮忙|你|要|一定|务必)*
            (?:记住|[记写]下来?|记到|记一下|记着|记得|别忘了|不要忘了?|牢记|保存|存一下|备注)(?:一下|这个|这点|这件事|以下内容?)*了?
            [\s:：，,。]+";
        pattern(asks)
    });
    let rest = ASKS.find(fact).map_or(fact, |found| &fact[found.end()..]);
    if letters(rest) < LETTERS_MIN {
        fact
    } else {
        rest
    }
}

/// Whether `text` has a word by which something is asked to be kept, wherever it stands: "Read the
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

/// Whether `text` has more than one sentence.
pub fn is_told_in_sentences(text: &str) -> bool {
    let pieces = text.lines().flat_map(sentences);
    pieces
        .filter(|piece| letters(piece) >= LETTERS_MIN)
        .nth(1)
        .is_some()
}

/// Whether `text` tells something and asks nothing.
pub fn only_tells(text: &str) -> bool {
    !text
        .lines()
        .flat_map(sentences)
        .any(|piece| is_question(piece.trim_end()))
}

/// Whether `text` asks to work on words that stand in it: what these say, nobody tells.
pub fn is_about_its_words(text: &str) -> bool {
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

/// Whether `answer` may say that something was kept. Only the languages that have a word here are
/// known; any other may.
pub fn may_say_it_kept(answer: &str) -> bool {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        let says = r"(?ix)remember|memor|forg[eo]t|kept|keep|stor(?:e|ed|ing)\b|sav(?:e|ed|ing)\b
            |not(?:e|ed|ing)\b|record|add(?:ed|ing)|updat|got\s+it|understood|in\s+mind
            |[记記存忘]|知道了|明白|收到";
        pattern(says)
    });
    let known = |c: char| c.is_ascii() || HAN.contains(&c) || !c.is_alphabetic();
    !answer.chars().all(known) || SAYS.is_match(answer)
}

/// Whether `text` may speak of who writes it, or of what was told before. Only English and Chinese
/// are known; what is in another language may.
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

/// Whether `text` is a question in which its user is who does something or has something: what was
/// told before may well be the answer. Only English and Chinese are known.
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

/// A line without the mark of a list.
fn item(line: &str) -> &str {
    let line = line.trim();
    let bare = line.trim_start_matches(['-', '*', '•', '·']).trim_start();
    let digits = bare.len() - bare.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    match bare[digits..].strip_prefix(['.', ')', '、']) {
        Some(rest) if (1..=2).contains(&digits) => rest.trim_start(),
        _ => bare,
    }
}

/// Sentences by Unicode's rules, with what follows an abbreviation put back.
pub(crate) fn sentences(line: &str) -> Vec<String> {
    let mut whole: Vec<String> = Vec::new();
    for piece in line.split_sentence_bounds() {
        match whole.last_mut().filter(|last| is_abbreviated(last)) {
            Some(last) => last.push_str(piece),
            None => whole.push(piece.to_owned()),
        }
    }
    whole
}

/// Whether a sentence seems to end only because of an abbreviation or of a list's number:
/// `Dr.`, `J. S.`, `2.`
fn is_abbreviated(sentence: &str) -> bool {
    let Some(text) = sentence.trim_end().strip_suffix('.') else {
        return false;
    };
    let word = text.rsplit([' ', '.']).next().unwrap_or_default();
    if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) && word == text.trim() {
        return true;
    }
    let initial = word.chars().next().is_some_and(char::is_uppercase);
    let vowels = word.chars().any(|c| "aeiouyAEIOUY".contains(c));
    initial && (word.chars().count() == 1 || word.len() <= 3 && !vowels) || word == "St"
}

fn is_heading(piece: &str) -> bool {
    piece.ends_with([':', '：'])
}

fn is_question(piece: &str) -> bool {
    piece.ends_with(['?', '？'])
}

fn letters(piece: &str) -> usize {
    // An ideograph says as much as some letters.
    let weight = |c: char| match c {
        '\u{2E80}'.. => 2,
        c if c.is_alphanumeric() => 1,
        _ => 0,
    };
    piece.chars().map(weight).sum()
}

/// Whether `told` says that something stands in documents or was told before.
pub fn sends_to_documents(told: &str) -> bool {
    static SENDS: LazyLock<Regex> = LazyLock::new(|| {
        let sends = r"(?ix)
            \b(?:in|from|to|of|see|read|check|search|consult|by|per)\s+(?:the|my|our|your|these|those)\s+
              (?:\w+\s+)?(?:documents?|docs|notes?|files?|records?|papers?|archives?|library
                |memory|memories|manuals?|handbooks?)\b
            | \b(?:i|we)(?:['’]ve|\s+have)?\s+(?:already\s+|once\s+)?told\s+you\b
            | (?:查|翻|看|搜|找|根据|按照|依据|参照|参考)[^。，,！？]{0,6}
              (?:资料|文档|文件|笔记|手册|记录|记忆|档案)
            | (?:资料|文档|文件|笔记|手册|记录|记忆|档案)(?:里|中|上)
            | (?:告诉|跟你说|和你说|对你说)过";
        pattern(sends)
    });
    SENDS.is_match(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_documents_is_read_there() {
        let check = |told: &str, want: bool| assert_eq!(sends_to_documents(told), want, "{told}");
        check(
            "See my notes for the fee of a stall, and work out nine of them.",
            true,
        );
        check("According to the old handbook, how long is a shift?", true);
        check("How long is a shift, by our handbook?", true);
        check(
            "I told you how far the mill is. How far is it both ways?",
            true,
        );
        check("翻一下笔记，一袋米多重？", true);
        check("手册里写着一班几小时，五班呢？", true);
        check("我跟你说过磨坊有多远", true);
        check(
            "A library has 9 shelves of 30 books. How many books?",
            false,
        );
        check(
            "How many pages has a document of 3 files with 40 pages each?",
            false,
        );
        check("一份文件有三页，五份有几页？", false);
    }

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        assert_eq!(facts(text), want, "{text}");
    }

    #[test]
    fn a_fact_is_said_without_the_request_to_keep_it() {
        let check = |fact: &str, want: &str| assert_eq!(without_request(fact), want);
        check(
            "Remember: my hen is called Berta.",
            "my hen is called Berta.",
        );
        check(
            "Please remember that the hen is Berta.",
            "the hen is Berta.",
        );
        check("Could you note this down: gate 4711", "gate 4711");
        check("For next time: no milk for Ann.", "no milk for Ann.");
        check("Be so kind and write down that Ann is in.", "Ann is in.");
        check("写下来，车位是B12", "车位是B12");
        check(
            "Don't forget, my aunt lives in Graz",
            "my aunt lives in Graz",
        );
        check("请记住：我的狗叫豆豆。", "我的狗叫豆豆。");
        check("记一下，车位是B12", "车位是B12");
        for whole in [
            "Remember to feed the hen.",
            "My hen remembers that day.",
            "Remember the hen is Berta.",
            "我记得你说过",
            "Remember: ok",
            "Store-bought eggs are small.",
            "",
        ] {
            check(whole, whole);
        }
    }

    #[test]
    fn keeping_has_words_of_its_own() {
        let check = |text: &str, want: bool| {
            assert_eq!(has_a_word_for_keeping(text), want, "{text}");
        };
        check("Read the notice and remember the number of the gate.", true);
        check("Open it, and don't forget who signed.", true);
        check("看一下公告，记住门牌号。", true);
        check("Read the notice and tell me the number of the gate.", false);
        check("看一下公告，门牌号是多少？", false);
        check("", false);
    }

    #[test]
    fn who_has_words_worked_on_tells_nothing() {
        let check = |text: &str, want: bool| assert_eq!(is_about_its_words(text), want, "{text}");
        check("Translate into Greek: my boat leaves at nine.", true);
        check("Could you please rephrase this? I live in Oslo.", true);
        check("请把这句话翻译成法语：商店八点开门。", true);
        check("帮我总结：我住在青岛。", true);
        check("I translate novels for a living.", false);
        check("我是做翻译的", false);
        check("记住：我把书翻译完了", false);
        check("", false);
    }

    #[test]
    fn a_claim_to_have_kept_has_a_word_for_it() {
        let check = |text: &str, want: bool| assert_eq!(may_say_it_kept(text), want, "{text}");
        check("I've noted that.", true);
        check("我记住了。", true);
        check("Ich habe es mir gemerkt, größer.", true);
        check("The flight leaves at nine.", false);
        check("图书馆六点关门。", false);
        check("", false);
    }

    #[test]
    fn who_speaks_of_themselves_says_so() {
        let check = |text: &str, want: bool| {
            assert_eq!(may_speak_of_its_user(text), want, "{text}");
        };
        check("What is my shoe size?", true);
        check("Which of us is older?", true);
        check("What was said about the ladder?", true);
        check("What weekday is the 9th of May?", false);
        check("Which of these was the dearest?", false);
        check("我的鞋码是多少？", true);
        check("长江有多长？", false);
        // Languages of which no words are known.
        check("Wie alt ist mein Hund?", true);
        check("Où est mon vélo ?", true);
        check("", true);
    }

    #[test]
    fn who_asks_of_themselves_is_the_one_who_does_it() {
        let check = |text: &str, want: bool| {
            assert_eq!(asks_of_oneself(text), want, "{text}");
        };
        check("Which nuts must I avoid?", true);
        check("At what time do I get up?", true);
        check("When is our wedding day?", true);
        check("我几点起床？", true);
        check("我家有几口人", false);
        check("What is the tallest hill in Wales?", false);
        check("Write me a limerick.", false);
        check("I have a question. What is 3 + 4?", false);
        check("", false);
    }

    #[test]
    fn who_asks_does_more_than_tell() {
        let check = |text: &str, want: bool| assert_eq!(only_tells(text), want, "{text}");
        check("Remember: the key is under the mat.", true);
        check("My key is 17. What is 3 times 4?", false);
        check("我搬家了。你在哪？", false);
    }

    #[test]
    fn sentences_are_more_than_one() {
        let check = |text: &str, want: bool| {
            assert_eq!(is_told_in_sentences(text), want, "{text}");
        };
        check("What is 12.5% of 80, rounded?", false);
        check("Dr. Ash has 3 cats. How many legs is that?", true);
        check("盒子里有12支笔。拿走5支，还剩几支？", true);
        check("", false);
    }

    #[test]
    fn each_sentence_and_item_is_a_fact() {
        check(
            "Remember that the hen is Berta.",
            &["Remember that the hen is Berta."],
        );
        check(
            "Please remember:\n- the gate code is 4711\n- Dr. Weiss is our vet. She closes at 5.",
            &[
                "the gate code is 4711",
                "Dr. Weiss is our vet.",
                "She closes at 5.",
            ],
        );
        check(
            "1. 我的狗叫豆豆。2. 我住在杭州。\n3、车位是B12",
            &["我的狗叫豆豆。", "我住在杭州。", "车位是B12"],
        );
        check(
            "My aunt lives in Graz. OK? Thanks.",
            &["My aunt lives in Graz.", "Thanks."],
        );
        check("Is it late?", &["Is it late?"]);
        check(
            "Two things have changed, please note them. My boat is red now. Its berth is 7.",
            &["My boat is red now.", "Its berth is 7."],
        );
        check(
            "请记住下面两件事。我的船是红色的。泊位是7号。",
            &["我的船是红色的。", "泊位是7号。"],
        );
        check(
            "I keep three things in the shed.",
            &["I keep three things in the shed."],
        );
        check("Note J. S. Bach. Ja.", &["Note J. S. Bach. Ja."]);
    }
}
