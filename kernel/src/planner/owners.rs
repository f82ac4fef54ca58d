//! Whose something is: the birthday of Ida, where what was found tells that of Otto. A small model
//! says the one it has, with the name that was asked of.

use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::facts::sentences;
use crate::pattern::laid_out;

/// Something, and whose it is, both in lower case: one word each, in Chinese two characters.
#[derive(Debug, PartialEq)]
struct Owned {
    owner: String,
    thing: String,
}

/// Whether `told` asks for something of somebody that `found` speaks of, while all that `found` says
/// of such a thing it says of others.
pub(crate) fn asks_of_another_owner(told: &str, found: &str) -> bool {
    let lower = found.to_lowercase();
    owned(told).iter().any(|asked| {
        // By another name it may be there.
        let is_known = has(&lower, &asked.owner);
        let told: Vec<bool> = found
            .lines()
            .flat_map(|line| said_of_its_owner(line, asked))
            .collect();
        is_known && !told.is_empty() && !told.contains(&true)
    })
}

/// For each sentence of `line` with such a thing, whether it may be that of the owner who was
/// `asked` of: it names them, or nobody else while they were named before.
fn said_of_its_owner(line: &str, asked: &Owned) -> Vec<bool> {
    let mut named_before = false;
    let mut said = Vec::new();
    for sentence in sentences(line) {
        let sentence = sentence.to_lowercase();
        let named = has(&sentence, &asked.owner);
        if has(&sentence, &asked.thing) {
            let others = owned(&sentence);
            let of_another = others.iter().any(|other| other.thing == asked.thing);
            said.push(named || named_before && !of_another);
        }
        named_before |= named;
    }
    said
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
            |\bthe\s+(?P<t2>[a-z-]+)\s+of\s+(?:the\s+|our\s+|my\s+)?(?P<o2>\w+)
            |(?P<o3>\p{Han}{1,2})的(?P<t3>\p{Han}{2})",
        )
    });
    let found = OWNED.captures_iter(text).filter_map(|found| {
        let part = |names: [&str; 3]| names.into_iter().find_map(|name| found.name(name));
        let (owner, thing) = (part(["o1", "o2", "o3"])?, part(["t1", "t2", "t3"])?);
        Some(Owned {
            owner: owner.as_str().to_lowercase(),
            thing: thing.as_str().to_lowercase(),
        })
    });
    found
        .filter(|owned| !ANYBODY.is_match(&owned.owner))
        .collect()
}

/// Words in the place of an owner that name nobody.
static ANYBODY: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"^(?:it|that|this|there|what|who|where|when|here|how|let|today|tomorrow|yesterday|year|week|month
        |.*(?:[他她它谁]|这|那|我|你|里|中|上|下|说|有)|什么|文档|资料|笔记)$",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

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
        check("", &[]);
    }

    #[test]
    fn what_is_told_of_others_is_not_what_was_asked() {
        let check = |told: &str, found: &str, want: bool| {
            assert_eq!(asks_of_another_owner(told, found), want, "{told} {found}");
        };
        let ida = "When is Ida's birthday?";
        check(ida, "Otto's birthday is 3 May. Ida plays chess.", true);
        check(ida, "Ida plays chess. Otto's birthday is 3 May.", true);
        check(ida, "Ida plays chess. Her birthday is 3 May.", false);
        check(
            ida,
            "Ida plays chess, and has her birthday on 3 May.",
            false,
        );
        check(ida, "[d1: Ida] The birthday is on 3 May.", false);
        check(ida, "Otto's birthday is 3 May.", false);
        check(ida, "Ida was born on 3 May.", false);
        check(
            ida,
            "Ida's birthday is 3 May, Otto's birthday 4 May.",
            false,
        );
        let roof = "Who paints the roof of the barn?";
        check(
            roof,
            "The roof of the mill is painted by Bo. The barn is red.",
            true,
        );
        check(roof, "Bo paints the barn's roof.", false);
        check(
            "外婆的生日是哪天？",
            "外公的生日是三月四日。外婆爱下棋。",
            true,
        );
        check("外婆的生日是哪天？", "外婆爱下棋，生日是三月四日。", false);
        check(
            "外婆的生日是哪天？",
            "外婆爱下棋。她的生日是三月四日。",
            false,
        );
        check("", "", false);
    }
}
