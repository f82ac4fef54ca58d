//! Two notes in one frame: "my blood pressure is 135" and "my blood pressure is 122" say two values of one
//! thing, while "my sister is tall" and "my sister is kind" are both true. The frame alone decides
//! nothing; it makes a correction likelier.

use std::sync::LazyLock;

use regex::Regex;

use super::facts::sentences;
use super::poor_answer::is_common;
use super::shared_words::share_a_thing;
use crate::pattern::{laid_out, pattern};

/// Words that may stand before the subject in a correction: "measured it again: my …", 其实.
const BEFORE_MAX: usize = 24;

/// Whether a clause of `new` has the subject and the verb of `old`, and another value; or says that `old`
/// is not so.
pub(crate) fn gives_another_value(old: &str, new: &str) -> bool {
    let Some(old) = Frame::of(old.trim()) else {
        return false;
    };
    clauses(new)
        .iter()
        .filter_map(|clause| Frame::of(clause))
        .any(|new| old.has_another_value_in(&new))
}

/// Whether `new` says of another subject what `old` says of its own: "Ida is allergic to nuts" leaves
/// "Otto is allergic to fish" true; so does any other value of another person. Not where the subject of
/// one is the value of the other.
pub(crate) fn speaks_of_another(old: &str, new: &str) -> bool {
    let frames = |text: &str| -> Vec<Frame> {
        let clauses = clauses(text);
        clauses
            .iter()
            .filter_map(|clause| Frame::of(clause))
            .collect()
    };
    let (old, new) = (frames(old), frames(new));
    let are_apart = |old: &Frame| new.iter().all(|new| new.is_of_another(old));
    !old.is_empty() && !new.is_empty() && old.iter().all(are_apart)
}

/// What a clause says of what: `my house`, `is`, `yellow`.
struct Frame {
    subject: String,
    link: String,
    value: String,
    is_denied: bool,
    /// Whether the subject is nothing but a name.
    is_named: bool,
}

impl Frame {
    fn of(clause: &str) -> Option<Self> {
        static SAYS: LazyLock<Regex> = LazyLock::new(|| {
            laid_out(
                r"(?i)^(?<subject>\S+(?:\s+\S+){0,8}?)(?:\s+(?<link>(?:is|are|was|were)(?:\s+(?:called|named|in|at|on|from|by|to|with))?)
                |(?<short>['’]s|['’]re))\s+(?<not>not\s+)?(?<value>\S.{0,60})$",
            )
        });
        static SAYS_IN_CHINESE: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^(?<subject>\p{Han}.{0,14}?)(?<not>不)?(?<link>是|叫|在|为)(?<value>.{1,14})$",
            )
        });
        let clause = clause.trim().trim_end_matches(['.', '!', '。', '！']);
        let clause = clause.replace("isn't", "is not").replace("isn’t", "is not");
        let found = SAYS
            .captures(&clause)
            .or_else(|| SAYS_IN_CHINESE.captures(&clause))?;
        let part = |name| found.name(name).map_or("", |part| part.as_str());
        let words: Vec<&str> = part("link").split_whitespace().collect();
        let link = words.join(" ").to_lowercase();
        Some(Self {
            subject: part("subject").to_lowercase(),
            link: match link.as_str() {
                "" => "is".to_owned(),
                _ => link,
            },
            value: part("value").to_lowercase(),
            is_denied: found.name("not").is_some(),
            is_named: is_a_name(part("subject")),
        })
    }

    fn is_of_another(&self, other: &Self) -> bool {
        let shares = |one: &str, other: &str| share_a_thing(one, other) || one == other;
        let are_named = self.is_named && other.is_named;
        self.link == other.link
            && (are_named || shares(&self.value, &other.value))
            && self.value != other.value
            && !shares(&self.subject, &other.subject)
            && !shares(&self.subject, &other.value)
            && !shares(&self.value, &other.subject)
    }

    fn has_another_value_in(&self, new: &Self) -> bool {
        static ADDS: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"\b(?:also|too|as well|another)\b|[也还]"));
        let before = new.subject.strip_suffix(&self.subject);
        let same = before.is_some_and(|before| {
            let ends = self.subject.starts_with(|c: char| !c.is_ascii())
                || before.is_empty()
                || before.ends_with(|c: char| !c.is_alphanumeric());
            ends && before.len() <= BEFORE_MAX
        });
        let adds = ADDS.is_match(&format!("{} {}", new.subject, new.value));
        match same && self.link == new.link && !self.is_denied && !adds {
            true if new.is_denied => new.value == self.value,
            true => new.value != self.value,
            false => false,
        }
    }
}

/// Whether `subject` is a name in Latin letters: one or two words with capital letters, none of which may
/// begin any sentence.
fn is_a_name(subject: &str) -> bool {
    let is_of_a_name = |word: &str| {
        let letters = |c: char| c.is_alphabetic() || c == '-';
        let capital = word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase);
        let lower = word.to_lowercase();
        capital
            && word.chars().all(letters)
            && !is_common(&lower)
            && !OPENING.contains(&lower.as_str())
    };
    let words: Vec<&str> = subject.split_whitespace().collect();
    (1..=2).contains(&words.len()) && words.into_iter().all(is_of_a_name)
}

/// Words before the verb of a sentence that name nobody, beside those that never do.
const OPENING: [&str; 26] = [
    "he",
    "we",
    "it",
    "who",
    "what",
    "where",
    "when",
    "which",
    "how",
    "here",
    "my",
    "one",
    "both",
    "all",
    "some",
    "today",
    "tomorrow",
    "everybody",
    "everyone",
    "nobody",
    "somebody",
    "someone",
    "dinner",
    "lunch",
    "breakfast",
    "school",
];

/// The clauses of a text, without what ends them.
fn clauses(text: &str) -> Vec<String> {
    static BETWEEN: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"[;；：，。！]\s*|[:,!]\s+|\s+(?:so|and|but|that|because)\s+"));
    let sentences = sentences(text);
    let clauses = sentences
        .iter()
        .flat_map(|sentence| BETWEEN.split(sentence));
    clauses.map(|clause| clause.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_another_one_in_the_same_frame() {
        let check = |old: &str, new: &str, want: bool| {
            assert_eq!(gives_another_value(old, new), want, "{old} / {new}");
        };
        check("my rent is 840.", "They raised it: my rent is 910.", true);
        check(
            "our gate is green.",
            "The painter came, our gate is dark red.",
            true,
        );
        check("my tutor is Selma.", "Selma left. My tutor is Igor.", true);
        check(
            "the bikes are in the shed.",
            "Actually the bikes are in the cellar now.",
            true,
        );
        check(
            "the office is on Elm Road.",
            "The office was on Ash Road then.",
            false,
        );
        check("my car isn't blue", "my car is blue", false);
        check(
            "my uncle is a cook",
            "My uncle isn't a cook, he is a driver.",
            true,
        );
        check("my uncle is a cook", "my uncle is not a driver", false);
        check("my uncle is a cook", "my uncle is also a driver", false);
        check("my uncle is a cook", "my aunt is a driver", false);
        check("my uncle is in Riga", "my uncle is called Tom", false);
        check("the code is 12", "the barcode is 13", false);
        check("my alarm is at 8:15", "My alarm is at 8:15!", false);
        check("my alarm is at 8:15", "My alarm is at 8:40.", true);
        check("I like plums", "I like pears", false);
        check("Remember", "", false);
        check("我姐姐在桂林上学。", "其实我姐姐在柳州上学。", true);
        check("我的小猫叫米粒。", "说错了，我的小猫叫饭团。", true);
        check("他是木匠。", "他不是木匠，是瓦匠。", true);
        check("他是木匠。", "他也是瓦匠。", false);
        check("我姐姐在桂林上学。", "我姐姐叫小云。", false);
        check("我姐姐在桂林上学。", "我哥哥在柳州上学。", false);
    }

    #[test]
    fn what_is_said_of_another_subject_leaves_a_note_true() {
        let check = |old: &str, new: &str, want: bool| {
            assert_eq!(speaks_of_another(old, new), want, "{old} / {new}");
        };
        check(
            "A word on the boat trip: Otto is allergic to fish.",
            "Another word on the trip: Ida is allergic to nuts.",
            true,
        );
        check("哥哥是三班的班长。", "妹妹是五班的班长。", true);
        check("my tutor is Mr Selma", "Mr Igor is my tutor", false);
        check("Otto is in row 4.", "Ida is in row 9.", true);
        check("Otto is at the mill", "Ida is at the harbour", true);
        check("It is at the mill", "Ida is at the harbour", false);
        check("Dinner is at noon", "Lunch is at two", false);
        check("My boat is at the mill", "Ida is at the harbour", false);
        check(
            "Otto is allergic to fish",
            "Otto is allergic to nuts",
            false,
        );
        check("the gate is green", "the door is open", false);
        check("Otto is the coach", "Ida is the coach", false);
        check("I like plums", "Ida is allergic to nuts", false);
        check("", "", false);
    }
}
