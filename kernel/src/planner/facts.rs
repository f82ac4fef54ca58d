//! The sentences of a text, and those facts in it that a user wants kept, each in the user's own
//! words. The phrases that say something of a sentence are in `wording`, what is asked beside what is told
//! in `beside`, lists in `blocks`.

use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::beside::{Clause, asks_aloud, clauses, only_confirms};
use super::blocks::{
    Block, FACT_CHARS_MAX, LETTERS_MIN, asks_to_keep_a_list, blocks, is_heading, item, letters,
};
use super::wording::{after_request_to_keep, announces};
use crate::pattern::{laid_out, pattern};

/// The most facts that are taken from one text. Whatever is beyond them stays together in the
/// last one.
const FACTS_MAX: usize = 64;
/// As many facts have to follow a sentence that announces them.
const ANNOUNCED_MIN: usize = 2;

/// The facts that `text` states: its sentences and the items of its lists, without
/// questions, requests, and headings such as "Please remember:". A list whose lines say
/// nothing without the others, or without their heading, is one fact of several lines.
///
/// A text of one sentence is one fact, whatever it looks like.
pub fn facts(text: &str) -> Vec<String> {
    let mut facts: Vec<String> = Vec::new();
    for block in blocks(text) {
        match block {
            Block::List(list) => facts.extend(list),
            line => each_clause(&line, |clause| take_fact(clause, &mut facts)),
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
    facts.iter().flat_map(|fact| in_pieces(fact)).collect()
}

/// Adds what `clause` tells to `facts`.
fn take_fact(clause: Clause<'_>, facts: &mut Vec<String>) {
    let piece = clause.text;
    if clause.asks || is_heading(piece) || is_a_change_of_notes(piece) {
        return;
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

/// Does `with` each clause of a line, which has lost the mark of its list.
fn each_clause(line: &Block<'_>, mut with: impl FnMut(Clause<'_>)) {
    let (line, is_item) = match line {
        Block::Line(line) => (*line, false),
        Block::Item(line) => (*line, true),
        Block::List(_) => return,
    };
    for sentence in sentences(line) {
        let text = item(&sentence);
        match is_item && !asks_aloud(text) {
            true => with(Clause { text, asks: false }),
            false => clauses(text).into_iter().for_each(&mut with),
        }
    }
}

/// `fact` in pieces that are no longer than a fact may be.
fn in_pieces(fact: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = fact;
    while let Some((end, _)) = rest.char_indices().nth(FACT_CHARS_MAX) {
        let space = rest[..end].rfind(char::is_whitespace);
        let end = space.filter(|at| *at > 0).unwrap_or(end);
        pieces.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    pieces.push(rest.to_owned());
    pieces
}

/// Whether something in `text` is told with the request to keep it.
pub fn asks_to_keep(text: &str) -> bool {
    let mut is_asked = text.lines().any(asks_to_keep_a_list);
    for line in blocks(text) {
        each_clause(&line, |told| {
            is_asked |= !told.asks && without_request(told.text).len() < told.text.len();
        });
    }
    is_asked
}

/// Whether `text` asks so clearly for something to be kept that no model has to say so: it begins with
/// that, or tells nothing before it, and it is of whoever speaks. Within other tasks such words explain:
/// "Write a poem. Note that it has to rhyme."
pub(crate) fn tells_to_keep(text: &str) -> bool {
    static OWN: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)\b(?:i|my|mine|we|our|ours)\b|我|咱"));
    let text = text.trim();
    let asks = |told: &str| without_request(told).len() < told.len();
    let is_of_oneself = |told: &String| asks(told) && OWN.is_match(without_request(told));
    asks(text)
        || text.lines().next().is_some_and(asks_to_keep_a_list)
        || parted(text, false).first().is_some_and(is_of_oneself)
}

/// A fact without a request to keep it: the words after "Remember: …" and "please note that …".
/// In "remember to …" the thing to be done is itself the fact.
pub fn without_request(fact: &str) -> &str {
    let rest = after_request_to_keep(fact);
    if letters(rest) < LETTERS_MIN || rest.len() == fact.len() {
        fact
    } else {
        // "Would you note that …?"
        rest.trim_end().trim_end_matches(['?', '？'])
    }
}

/// Whether `text` has more than one sentence.
pub fn is_told_in_sentences(text: &str) -> bool {
    let pieces = text.lines().flat_map(sentences);
    pieces
        .filter(|piece| letters(piece) >= LETTERS_MIN)
        .nth(1)
        .is_some()
}

/// Whether `text` tells something and asks nothing, with or without the mark of a question.
pub fn only_tells(text: &str) -> bool {
    what_is_asked(text).is_empty()
}

/// Whether a sentence of `text` has the mark of a question.
pub(crate) fn asks_a_question(text: &str) -> bool {
    text.lines()
        .flat_map(sentences)
        .any(|said| asks_aloud(&said))
}

/// Whether `text` tells anything at all beside what it asks for.
pub(crate) fn tells_something(text: &str) -> bool {
    !parted(text, false).join("").trim().is_empty()
}

/// Whether each sentence of `text` is a question that asks who, what or how many: nothing is told by it,
/// whatever a small model makes of it.
pub(crate) fn only_asks(text: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^\W*(?:(?:and|but|so|then|now|ok|okay)\W+)*(?:who|whom|whose|what|when|where|which|why|how)\b
            |谁|什么|哪|几|多少|怎么|怎样|为何|何时",
        )
    });
    let text = text.trim();
    let asks = |said: &String| asks_aloud(said) && ASKS.is_match(said);
    let mut said = text.lines().flat_map(sentences);
    !text.is_empty()
        && !tells_something(text)
        && !asks_to_keep(text)
        && said.all(|said| asks(&said))
}

/// What `text` asks for, in its own words.
pub(crate) fn what_is_asked(text: &str) -> Vec<String> {
    parted(text, true)
}

/// What `text` tells beside what it asks for; all of it where it only asks.
pub(crate) fn what_is_told(text: &str) -> String {
    let told = parted(text, false).join("\n");
    match told.trim().is_empty() {
        true => text.to_owned(),
        false => told,
    }
}

/// What `text` asks for beside what it tells, where `answer` says only that this was kept.
pub(crate) fn left_beside(text: &str, answer: &str) -> Vec<String> {
    let told = parted(text, false).join("\n");
    match only_confirms(answer, &told) {
        true => what_is_asked(text),
        false => Vec::new(),
    }
}

/// The clauses of `text` that ask, or those that tell.
fn parted(text: &str, asks: bool) -> Vec<String> {
    let mut parted = Vec::new();
    for block in blocks(text) {
        match block {
            Block::List(list) if !asks => parted.extend(list),
            line => each_clause(&line, |clause| {
                if clause.asks == asks {
                    parted.push(clause.text.to_owned());
                }
            }),
        }
    }
    parted
}

/// Whether `piece` only asks for a note to be changed, and does not say what to: no fact of its own.
fn is_a_change_of_notes(piece: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^(?:(?:please|and|now|then|so),?\s+)*
            (?:change|correct|update|fix|adjust|amend)\s+(?:that|this|it|(?:your|my|the)\s+(?:notes?|memory|memories|records?|entry|list))\b
            |^(?:请|麻烦)?(?:你|帮我)?(?:改|更正|更新|修改|纠正)(?:一下|过来|正)?(?:吧)?[。！!.]?$",
        )
    });
    static GIVES: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)\b(?:that|this|it|entry|list|records?|notes?)\s+(?:to|into)\s+\S")
    });
    ASKS.is_match(piece.trim()) && !GIVES.is_match(piece)
}

/// Sentences by Unicode's rules, joined again where only an abbreviation ended them.
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

/// Whether a sentence seems to end only because of an abbreviation or a number of a list: `Dr.`,
/// `J. S.`, `2.`
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

#[cfg(test)]
mod tests {
    use super::*;

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
        check("Write this down: gate 4711", "gate 4711");
        check("Before I forget, jot it down: gate 4711", "gate 4711");
        check("Here's one for your notes: gate 4711", "gate 4711");
        check("Update your notes: gate 4711", "gate 4711");
        check("Would you mind noting that Ann is in?", "Ann is in");
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
            "Write down the first ten primes.",
            "Log the error: it is 404.",
            "",
        ] {
            check(whole, whole);
        }
    }

    #[test]
    fn who_asks_does_more_than_tell() {
        let check = |text: &str, want: bool| assert_eq!(only_tells(text), want, "{text}");
        check("Remember: the key is under the mat.", true);
        check("My key is 17. What is 3 times 4?", false);
        check("我搬家了。你在哪？", false);
        check("Would you mind noting that the pump is a Delta 20?", true);
        check("Can you remember what my pump is?", false);
        check("Change that to 7, then tell me who is on duty.", false);
        check(
            "Tell me who is on duty, and remember that my key is 17.",
            false,
        );
        check("Remember that my key is 17. What is my gate code", false);
        check("记住我的车位是B12，然后告诉我周五谁值班。", false);
        check("Remember to tell me nothing on Fridays.", true);
        check("Remember that Anna can show the flat.", true);
        check(
            "Please remember:\n- show me the flat at nine\n- the key is under the mat",
            true,
        );
        check("记得周五告诉我浇花。", true);
    }

    #[test]
    fn a_task_that_is_explained_tells_nothing_to_keep() {
        let check = |text: &str, want: bool| assert_eq!(tells_to_keep(text), want, "{text}");
        check("Remember: the key is under the mat.", true);
        check("Please remember the crew:\n- Ann\n- Bo", true);
        check(
            "Tell me who is on duty, and remember that my key is 17.",
            true,
        );
        check("告诉我周五谁值班，并记住：我的车位是B12。", true);
        check("Write a poem. Note that it has to rhyme.", false);
        check("Write me a poem, and note that it has to rhyme.", false);
        check(
            "Plan a dinner for six. Note that my aunt eats no fish.",
            false,
        );
        check("My boat is red.", false);
        check("", false);
    }

    #[test]
    fn what_is_asked_beside_is_left_by_a_bare_confirmation() {
        let check = |answer: &str, want: &[&str]| {
            let told = "My key is 17 now, then tell me who is on duty.";
            assert_eq!(left_beside(told, answer), want, "{answer}");
        };
        check(
            "I have noted that your key is 17.",
            &["tell me who is on duty."],
        );
        check("Noted. Ida is on duty.", &[]);
        assert!(left_beside("My key is 17 now.", "Noted.").is_empty());
    }

    #[test]
    fn a_question_alone_tells_nothing() {
        let check = |text: &str, want: bool| assert_eq!(only_asks(text), want, "{text}");
        check("Which locker is mine?", true);
        check("And how many are left? Where are they?", true);
        check("谁管钥匙？", true);
        check("你们几点关门？", true);
        check("Did you know that I sing?", false);
        check("Could you note that my locker is 12?", false);
        check("My locker is 12. Which one is yours?", false);
        check("What my aunt said is true.", false);
        check("", false);
    }

    #[test]
    fn what_is_to_be_kept_is_known_in_any_place() {
        let check = |text: &str, want: bool| assert_eq!(asks_to_keep(text), want, "{text}");
        check("Remember: my key is 17.", true);
        check(
            "Tell me who is on duty, and remember that my key is 17.",
            true,
        );
        check("Remember my passwords:\n- house 1234\n- boat 5678", true);
        check("Remember: what is my key?", false);
        check(
            "Store hours:\n- nine to five on Monday\n- ten to four on Friday",
            false,
        );
        check("Remember to feed the hen.", false);
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
            "Our boat is red now. Please change that in your notes, then tell me its berth.",
            &["Our boat is red now."],
        );
        check("船现在是红色的。请改一下。", &["船现在是红色的。"]);
        check("Change trains at Graz.", &["Change trains at Graz."]);
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
        check(
            "Change that to 7, then tell me who is on duty.",
            &["Change that to 7"],
        );
        check(
            "Tell me who is on duty, and remember that my key is 17.",
            &["remember that my key is 17."],
        );
        check(
            "Show me the list. What is it for",
            &["Show me the list. What is it for"],
        );
    }

    #[test]
    fn a_list_below_its_heading_is_one_fact() {
        check(
            "Remember the duty list:\n- Monday: Ann\n- Tuesday: Bo\n\nMy boat is red.",
            &[
                "the duty list:\nMonday: Ann\nTuesday: Bo",
                "My boat is red.",
            ],
        );
        check(
            "记住：\n周一：安娜\n周二：李明",
            &["周一：安娜\n周二：李明"],
        );
        check(
            "Please remember:\n- show me the flat at nine\n- the key is under the mat",
            &["show me the flat at nine", "the key is under the mat"],
        );
    }

    #[test]
    fn nothing_of_a_long_fact_is_lost() {
        let words: Vec<String> = (0..400).map(|n| format!("word{n}")).collect();
        let kept = facts(&words.join(" "));
        assert!(
            kept.len() > 1
                && kept
                    .iter()
                    .all(|fact| fact.chars().count() <= FACT_CHARS_MAX)
        );
        assert_eq!(kept.join(" "), words.join(" "));
        let lines: Vec<String> = (0..200)
            .map(|n| format!("Hook number {n} is Ida's."))
            .collect();
        assert_eq!(facts(&lines.join("\n")).join(" "), lines.join(" "));
    }
}
