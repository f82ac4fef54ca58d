//! Whose something is: the birthday of Ida, where what was found tells that of Otto. A small model
//! says the one it has, with the name that was asked of.

use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::facts::sentences;
use super::particulars::Particulars;
use super::poor_answer::{is_common, names_not_read, stem};
use crate::pattern::{laid_out, pattern};
use crate::written::numbers;

/// Something, and whose it is, both in lower case: one word each, in Chinese two characters.
#[derive(Debug, PartialEq)]
struct Owned {
    owner: String,
    thing: String,
}

/// Whether `told` asks for something of somebody that `found` speaks of, while all that `found` says
/// of such a thing it says of others, and what `answer` says too.
pub(crate) fn asks_of_another_owner(told: &str, found: &str, answer: &str) -> bool {
    let asker = told.to_lowercase();
    // By capital letters, so before these are gone.
    let sentences = found.lines().flat_map(sentences);
    let sentences: Vec<String> = sentences.map(|sentence| sentence.to_lowercase()).collect();
    let said = Particulars::of(answer, told);
    owned(told).iter().any(|asked| {
        let names = |sentence: &&String| has(sentence, &asked.owner);
        let of_owner: Vec<&String> = sentences.iter().filter(names).collect();
        // By another name it may be there.
        if of_owner.is_empty() || of_owner.iter().any(|sentence| said.stand_in(sentence)) {
            return false;
        }
        let mut told: Vec<&String> = sentences.iter().collect();
        told.retain(|sentence| has(sentence, &asked.thing));
        // Who is named beside the owner may be the same one by another name.
        let is_another = |other: &Owned| {
            let beside = of_owner.iter().any(|sentence| has(sentence, &other.owner));
            other.thing == asked.thing && !beside && !has(&asker, &other.owner)
        };
        let of_another = |sentence: &&String| {
            !has(sentence, &asked.owner) && owned(sentence).iter().any(is_another)
        };
        !told.is_empty() && told.iter().all(of_another)
    })
}

/// Whether `old` and `new` tell of the same thing of two owners, and `new` does not name the one of `old`:
/// "Ida's boat is green" leaves "Otto's boat is red" true.
pub(crate) fn tell_of_two_owners(old: &str, new: &str) -> bool {
    let lower = new.to_lowercase();
    let (before, now) = (owned(old), owned(new));
    let is_of_another = |known: &Owned| {
        let is_same = |other: &Owned| other.thing == known.thing;
        !has(&lower, &known.owner) && now.iter().any(is_same)
    };
    before.iter().any(is_of_another)
}

/// Whether what `answer` says stands only in passages of `found` that name nobody of `told`, while
/// other passages do, and no name leads from these to those: the number of a taxi is not that of the
/// landlady. Names are known by their capital letters, so in English only.
pub(crate) fn stands_apart(told: &str, found: &str, answer: &str) -> bool {
    static ENGLISH: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)\b(?:the|what|which|who|whose|when|where|how|of|does|my|our)\b")
    });
    if !ENGLISH.is_match(told) {
        return false;
    }
    let asked = names_not_read(told, "");
    let mut passages: Vec<String> = Vec::new();
    for line in found.lines() {
        match passages.last_mut().filter(|_| !line.starts_with('[')) {
            Some(passage) => passage.extend([" ", line]),
            None => passages.push(line.to_owned()),
        }
    }
    let names = |passage: &&String| asked.iter().any(|name| has_name(passage, name));
    let (of_them, others): (Vec<&String>, Vec<&String>) = passages.iter().partition(names);
    let said = Particulars::of(answer, told);
    let says = |passage: &&&String| said.stand_in(&passage.to_lowercase());
    if asked.is_empty() || of_them.is_empty() || of_them.iter().any(|of| says(&of)) {
        return false;
    }
    let beside: Vec<String> = of_them.iter().flat_map(|of| capitalized(of)).collect();
    let mut apart = others.iter().filter(says).peekable();
    apart.peek().is_some()
        && !apart.any(|passage| beside.iter().any(|name| has_name(passage, name)))
}

/// The words of `text` that begin with a capital letter, in small letters, but for common ones.
fn capitalized(text: &str) -> Vec<String> {
    let words = text
        .unicode_words()
        .filter(|word| word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase));
    let words = words.map(str::to_lowercase);
    words
        .filter(|word| word.len() > 2 && !is_common(word))
        .collect()
}

/// Whether `text` has the name `name`, which is in small letters, perhaps with the mark of an owner.
fn has_name(text: &str, name: &str) -> bool {
    let lower = text.to_lowercase();
    lower.unicode_words().any(|word| stem(word) == stem(name))
}

/// Whether `text`, in lower case, has the word `word`, also as the beginning of one.
fn has(text: &str, word: &str) -> bool {
    match word.is_ascii() {
        true => text.unicode_words().any(|known| known.starts_with(word)),
        false => text.contains(word),
    }
}

/// What `text` says to be whose: "Ida's birthday", "the roof of the barn", 外婆的生日.
fn owned(text: &str) -> Vec<Owned> {
    static OWNED: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)(?P<o1>\w+)['’]s\s+(?:[\w-]+\s+){0,2}?(?P<t1>[a-z-]+)(?:\s+(?:is|are|was|were|has|have|starts?|ends?|begins?|costs?|opens?|closes?)\b|[?.,;:!]|$)
            |\bthe\s+(?P<t2>[a-z-]+)\s+of\s+(?:(?:the|our|my|your|his|her|their|this|that|an|a)\s+)?(?P<o2>\w+)
            |(?P<o3>\p{Han}{1,2})的(?P<t3>\p{Han}{2})",
        )
    });
    let found = OWNED.captures_iter(text).filter_map(|found| {
        let part = |names: [&str; 3]| names.into_iter().find_map(|name| found.name(name));
        let (owner, thing) = (part(["o1", "o2", "o3"])?, part(["t1", "t2", "t3"])?);
        Some(Owned {
            owner: stem(&owner.as_str().to_lowercase()).to_owned(),
            thing: stem(&thing.as_str().to_lowercase()).to_owned(),
        })
    });
    found
        .filter(|owned| !ANYBODY.is_match(&owned.owner))
        .collect()
}

/// Words in the place of an owner that name nobody, without the ending of a plural: what is counted, and what
/// a thing is like.
static ANYBODY: LazyLock<Regex> = LazyLock::new(|| {
    let words = numbers::any_word();
    laid_out(&format!(
        r"^(?:it|that|thi|these|those|there|what|who|where|when|here|how|let|today|tomorrow|yesterday|year|week|month
        |all|both|each|every|any|some|many|several|most|one|another|other|everyone|someone|anyone|everybody|somebody|anybody
        |\d\w*|{words}
        |.*(?:[他她它谁]|这|那|我|你|里|中|上|下|说|有|新|旧|最|大|小|好|色|高|低|长|短|快|慢|多|少|贵|宜)|老|什么|文档|资料|笔记)$",
    ))
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_apart_is_of_somebody_else() {
        let check = |found: &str, answer: &str, want: bool| {
            let told = "What is the phone number of Mr Alder, who lent us the boat?";
            assert_eq!(
                stands_apart(told, found, answer),
                want,
                "{found} / {answer}"
            );
        };
        let pier = "[d2: Pier] Ask for Wim, phone 30 55 81.";
        let apart = format!("[d1: Boat] Mr Alder leaves the oars in the shed.\n{pier}");
        check(&apart, "Mr Alder's number is 30 55 81.", true);
        check(&apart, "It is not told.", false);
        let led = format!("[d1: Boat] The boat is Mr Alder's; Wim is his son.\n{pier}");
        check(&led, "30 55 81", false);
        let told = format!("[d1: Boat] Mr Alder, phone 30 55 81.\n{pier}");
        check(&told, "30 55 81", false);
        check(pier, "30 55 81", false);
        check("", "", false);
        // Where all things have capital letters, these are no names.
        let german = "Wie ist die Telefonnummer von Herrn Alder?";
        let apart = "[d1] Alder hat das Boot.\n[d2] Telefon 30 55 81";
        assert!(!stands_apart(german, apart, "30 55 81"));
    }

    #[test]
    fn a_thing_of_two_owners_is_two_things() {
        let check = |old: &str, new: &str, want: bool| {
            assert_eq!(tell_of_two_owners(old, new), want, "{old} / {new}");
        };
        let ida = "Ida's fitting is on the 9th.";
        check(ida, "Otto's fitting is on the 12th.", true);
        check(ida, "Otto's fitting is on the 12th now.", true);
        check("外婆的生日是三月四日。", "外公的生日是五月六日。", true);
        check(ida, "Ida's fitting is on the 12th.", false);
        check(ida, "Otto's fitting was Ida's fitting before.", false);
        check(ida, "Otto's recital is on the 12th.", false);
        check(ida, "The fitting is on the 12th.", false);
        check("The fitting is on the 9th.", ida, false);
        check("", "", false);
    }

    #[test]
    fn who_owns_what_is_read_off() {
        let check = |text: &str, want: &[(&str, &str)]| {
            let found = owned(text);
            let found: Vec<(&str, &str)> = found
                .iter()
                .map(|owned| (owned.owner.as_str(), owned.thing.as_str()))
                .collect();
            assert_eq!(found, want, "{text}");
        };
        check("When is Ida's birthday?", &[("ida", "birthday")]);
        check("Who paints the roof of the barn?", &[("barn", "roof")]);
        check("What's the time?", &[]);
        check("外婆的生日是哪天？", &[("外婆", "生日")]);
        check("请问李明的电话号码是多少", &[("李明", "电话")]);
        check("它的屋顶是谁刷的？", &[]);
        check("What is the price of two sacks?", &[]);
        check("What is the price of a sack?", &[("sack", "price")]);
        check("What is the size of these rooms?", &[]);
        check("The keys of the boats are here.", &[("boat", "key")]);
        check("新的电话号码是多少？", &[]);
        check("红色的船是谁的？", &[]);
        check("", &[]);
    }

    #[test]
    fn what_is_told_of_others_is_not_what_was_asked() {
        let check = |told: &str, found: &str, answer: &str, want: bool| {
            let is = asks_of_another_owner(told, found, answer);
            assert_eq!(is, want, "{told} {found} {answer}");
        };
        let ida = "When is Ida's birthday?";
        let may = "Ida's birthday is 3 May.";
        check(ida, "Otto's birthday is 3 May. Ida plays chess.", may, true);
        check(ida, "Ida plays chess. Otto's birthday is 3 May.", may, true);
        let roof = "Who paints the roof of the barn?";
        check(
            roof,
            "The roof of the mill is painted by Bo. The barn is red.",
            "Bo paints it.",
            true,
        );
        let granny = "外婆的生日是哪天？";
        let march = "外婆的生日是三月四日。";
        check(granny, "外公的生日是三月四日。外婆爱下棋。", march, true);
        // It may be that of the owner, or of nobody in particular.
        for found in [
            "Ida plays chess. Her birthday is 3 May.",
            "Ida plays chess, and has her birthday on 3 May.",
            "[d1: Ida] The birthday is on 3 May.",
            "# Ida\n\nBirthday: 3 May\n\n# Otto\n\nBirthday: 4 June",
            "Otto's birthday is 3 May.",
            "Ida was born on 3 May.",
            "Ida's birthday is 3 May, Otto's birthday 4 May.",
            // In other words.
            "Ida was born on 3 May. Otto's birthday is 4 June.",
            // By another name.
            "Grandma Ida plays chess. Grandma's birthday is 3 May.",
            "Ida and Otto are twins. Otto's birthday is 3 May.",
            "",
        ] {
            check(ida, found, may, false);
        }
        check(roof, "Bo paints the barn's roof.", "Bo paints it.", false);
        check(
            "Who paints the roof of the old barn?",
            "The old barn stands on a hill. Bert paints the roof of the barn.",
            "Bert paints it.",
            false,
        );
        check(
            "When is Ida's brother's birthday?",
            "Ida's brother is Otto. Otto's birthday is 3 May.",
            "It is on 3 May.",
            false,
        );
        check(
            "What is the number of seats?",
            "The hall has 40 seats. The number of rows is 8.",
            "The number of seats is 40.",
            false,
        );
        // What is counted, or what it is like, owns nothing.
        check(
            "What is the price of two sacks?",
            "We have two barns. The price of a sack is 4.",
            "4 each.",
            false,
        );
        check(
            "What is the colour of Ida's boat?",
            "Ida has a boat. The colour of the boat is red.",
            "Red.",
            false,
        );
        check(
            "新的电话号码是多少？",
            "他有新车。王伟的电话是30。",
            "30",
            false,
        );
        check(granny, "外婆爱下棋，生日是三月四日。", march, false);
        check(granny, "外婆爱下棋。她的生日是三月四日。", march, false);
        check(
            granny,
            "外婆生于三月四日。外公的生日是五月六日。",
            march,
            false,
        );
        check("", "", "", false);
    }
}
