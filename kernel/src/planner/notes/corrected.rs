//! The same said with another value. "My rent is 910" takes the place of "my rent is 840" whatever a
//! model says of it, and "it's the 17th now" is said of the note that has such a day. Days and numbers
//! that name a thing rather than say something of it, "room 4 is warm", correct nothing.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::taken_back::{after_taking_back, takes_back};
use super::values::{Kind, Value, only_value, values, without_values};
use crate::pattern::{laid_out, pattern};
use crate::planner::facts::sentences;
use crate::planner::poor_answer::stem;
use crate::planner::shared_words::telling_words;
use crate::planner::wording::says_it_changed;

/// Words of a correction that say of what it is neither by a name nor by a thing. Each in the singular.
const CHANGES: &str = " a about actually again after all already also anymore be been back brought but changed \
    correct date day done earlier forward from got has have he her here him his hour instead it later longer made make \
    mean meant mistake move moved new next no not now oh one only postponed please push pushed put rather remember \
    rescheduled she should shifted sorry start still than that the their them then there they thi thing this time \
    today until updated wait wa wasn were will wrong ";
/// The same in Chinese, a character each.
const CHANGES_HAN: &str =
    "改到成为现在是了换调推迟提前它那这不对应该说错其实又新变已经而从往后再就要会可于定记住请";
/// Characters of a note that a value without its subject can be said of.
const NOTE_CHARS_MAX: usize = 300;

/// Whether `new` says what `old` says, of the same, with another value: both state one day, hour or number
/// of one kind at their end, and the words before it are the same. What adds to `old` does not, nor what
/// was so at some time.
pub(crate) fn says_another_value(old: &str, new: &str) -> bool {
    static ADDS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:also|too|as\s+well|another|second|other|both|an?\s+\w+|one\s+of|was|were|had|used\s+to|from|until|till|every|each|\w+days)\b|[也还另曾]|一[个次场份]|每",
        )
    });
    static STATES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:is|are|has|costs?|starts?|begins?|ends?|opens?|closes?|leaves?|arrives?|meets?|weighs?|lasts?|sings?|plays?)\b|['’](?:s|re)\b|[是在叫有到]",
        )
    });
    let Some((said, value)) = stated(old) else {
        return false;
    };
    let is_about_it = |clause: &str| {
        let clause = after_taking_back(clause);
        let Some((new_said, new_value)) = stated(clause) else {
            return false;
        };
        let is_sure = STATES.is_match(clause) || says_it_changed(new) || takes_back(new);
        let of_one_kind = value.kind == new_value.kind && said == new_said && is_sure;
        of_one_kind && old[value.at.clone()].to_lowercase() != clause[new_value.at].to_lowercase()
    };
    !ADDS.is_match(old)
        && !ADDS.is_match(new)
        && clauses(new)
            .iter()
            .any(|clause| is_about_it(clause.as_str()))
}

/// What a clause says of what, and its only value, which stands at its end.
fn stated(clause: &str) -> Option<(BTreeSet<String>, Value)> {
    // Its unit may follow.
    static ENDS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^\s*[%°€$£]?(?:\p{Latin}+|[元块钱米里斤岁楼层度分钟小时天周月年人位张公克升]{1,3})?(?:\s+(?:now|instead|again|already))?了?[\s.!。！]*$",
        )
    });
    let value = only_value(clause)?;
    let (before, behind) = (&clause[..value.at.start], &clause[value.at.end..]);
    let mut said = things(before);
    let is_whole = !said.is_empty() && ENDS.is_match(behind);
    said.extend(things(behind));
    is_whole.then_some((said, value))
}

/// `old` with the value of `new` in the place of its own, where `new` says neither by a name nor by a
/// thing of what it is: "it's the 17th now". `None` where `old` has no such value, or several; and where an
/// hour, a weekday or a number may be said of anything: then `new` has to say that something changed.
pub(crate) fn with_the_value_of(old: &str, new: &str) -> Option<String> {
    let (new_value, said) = value_alone(new)?;
    if old.chars().count() > NOTE_CHARS_MAX || things(old).is_empty() {
        return None;
    }
    let mut same = values(old)
        .into_iter()
        .filter_map(|value| place_in(old, value, new_value));
    let (at, only) = (same.next()?, same.next().is_none());
    let known = &old[at.clone()];
    let differs = !known.eq_ignore_ascii_case(said);
    // A number may be of anything, unless the one that it was is named too.
    let is_named = || {
        values(new)
            .iter()
            .any(|value| &new[value.at.clone()] == known)
    };
    let is_meant = new_value != Kind::Number || is_named();
    (only && differs && is_meant).then(|| format!("{}{said}{}", &old[..at.start], &old[at.end..]))
}

/// Whether `new` gives a value and does not say of what.
pub(crate) fn names_no_subject(new: &str) -> bool {
    value_alone(new).is_some()
}

/// The kind and the words of the only value of `new`, where it says nothing else.
fn value_alone(new: &str) -> Option<(Kind, &str)> {
    // "Not the 12th" says what it was.
    static NOT: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)[\s,;]*\b(?:(?:and\s+|but\s+)?not|instead\s+of|rather\s+than|no\s+longer)\b[^,.;!]*$|[，,]?(?:而?不是|不再是)[^，。；！]*$",
        )
    });
    static CHANGED: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:moved|changed|rescheduled|postponed|pushed|shifted|brought\s+forward|put\s+back|make\s+(?:it|that)|not|instead|rather|longer|meant|should)\b|改|换|调|推|提前|不是|应该",
        )
    });
    static ASKS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)[?？]|\btoday\b|今天|几|多少"));
    let told = new.trim().trim_end_matches(['.', '!', '。', '！']);
    let is_marked = CHANGED.is_match(told) || takes_back(told);
    let told = after_taking_back(told);
    let told = NOT.find(told).map_or(told, |found| &told[..found.start()]);
    let value = only_value(told)?;
    let speaks_of_nothing = things(&without_values(told)).is_empty();
    let is_clear = is_marked || matches!(value.kind, Kind::Date | Kind::Day | Kind::Code);
    let alone = speaks_of_nothing && is_clear && !ASKS.is_match(new);
    alone.then(|| (value.kind, &told[value.at]))
}

/// Where in `old` a value of `kind` may take the place of `value`; the day alone of a whole date.
fn place_in(old: &str, value: Value, kind: Kind) -> Option<Range<usize>> {
    static DAY: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\d{1,2}[日号]|\b\d{1,2}(?:st|nd|rd|th)?\b"));
    if value.kind == kind || (value.kind, kind) == (Kind::Day, Kind::Date) {
        return Some(value.at);
    }
    if (value.kind, kind) != (Kind::Date, Kind::Day) {
        return None;
    }
    let mut days = DAY.find_iter(&old[value.at.clone()]);
    let (day, only) = (days.next()?, days.next().is_none());
    let start = value.at.start;
    only.then(|| start + day.start()..start + day.end())
}

/// The words of `text` that say of what it is, each in the singular, without those that only say that
/// something changed.
fn things(text: &str) -> BTreeSet<String> {
    let is_change = |word: &str| {
        CHANGES.contains(&format!(" {word} ")) || word.chars().all(|c| CHANGES_HAN.contains(c))
    };
    let words = telling_words(text);
    let words = words.iter().map(|word| stem(word));
    words
        .filter(|word| !word.is_empty() && !is_change(word))
        .map(str::to_owned)
        .collect()
}

/// The clauses of a text.
fn clauses(text: &str) -> Vec<String> {
    static BETWEEN: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"[;；：，。！]\s*|[:,!]\s+|\s+(?:so|and|but|that|because)\s+"));
    let sentences = text.lines().flat_map(sentences);
    let parts = sentences.flat_map(|sentence| {
        let parts = BETWEEN.split(&sentence).map(str::trim);
        parts.map(str::to_owned).collect::<Vec<_>>()
    });
    parts.filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_value_of_the_same_is_a_correction() {
        let check = |old: &str, new: &str| assert!(says_another_value(old, new), "{old} / {new}");
        check("The keel is 4 metres.", "The keel is 5 metres.");
        check(
            "Our regatta is on Sunday.",
            "Actually, our regatta is on Saturday.",
        );
        check("Ole's berth is K7.", "Scratch that, Ole's berth is K9.");
        check(
            "The sauna opens at 8:15.",
            "They wrote: the sauna opens at 8:40 now.",
        );
        check("The dues are 55.", "The dues are 60");
        check(
            "Wim's fitting is on the 9th.",
            "Wim's fitting is on the 17th now.",
        );
        check("比赛在周六。", "比赛改到周日。");
        check("会费是55", "会费现在是60");
    }

    #[test]
    fn what_is_of_another_thing_corrects_nothing() {
        let check = |old: &str, new: &str| assert!(!says_another_value(old, new), "{old} / {new}");
        check("Ole's berth is K7.", "Pia's berth is K9.");
        check("The keel is 4 metres.", "The mast is 9 metres.");
        check("The keel is 4 metres.", "The keel is 4 metres.");
        check("The keel is 4 metres.", "The keel is on 3 May.");
        // The number names the thing.
        check("Room 4 is warm.", "Room 5 is warm.");
        check("Sunday is for Ole.", "Monday is for Ole.");
        // Both may be true.
        check(
            "The choir sings on Sunday.",
            "The choir also sings on Monday.",
        );
        check("I have a fitting on 3 May.", "I have a fitting on 9 June.");
        check("The choir sings on Sundays.", "The choir sings on Mondays.");
        check("The keel was 4 metres.", "The keel is 5 metres.");
        check("Fitting, 3 May", "Fitting, 9 June");
        check("My rent is 840.", "From May on my rent is 910.");
        check("比赛在周六。", "比赛也在周日。");
        check("房间4很热", "房间5很热");
        check("", "");
    }

    #[test]
    fn a_value_without_its_subject_goes_to_the_note_that_has_one() {
        let check = |old: &str, new: &str, want: Option<&str>| {
            assert_eq!(
                with_the_value_of(old, new).as_deref(),
                want,
                "{old} / {new}"
            );
        };
        let fitting = "Wim's fitting is on the 9th.";
        let moved = Some("Wim's fitting is on the 17th.");
        check(fitting, "it's the 17th now", moved);
        check(fitting, "No, it's the 17th, not the 9th.", moved);
        check(fitting, "Sorry, I meant the 17th.", moved);
        check(
            "Wim's fitting is on 9 May.",
            "It is the 17th now.",
            Some("Wim's fitting is on 17th May."),
        );
        check(
            "The regatta is on Sunday.",
            "It was moved to Monday.",
            Some("The regatta is on Monday."),
        );
        check("理发约在9号。", "改到17号了。", Some("理发约在17号。"));
        check("比赛在周六。", "现在改成周日了", Some("比赛在周日。"));
        check(
            "The keel is 4 metres.",
            "Make that 5, not 4.",
            Some("The keel is 5 metres."),
        );
        check("The keel is 4 metres.", "Make that 5.", None);
        // Of something else, of another kind, or nobody knows of which.
        check(fitting, "It's Monday now.", None);
        check(fitting, "The regatta is on the 17th.", None);
        check(fitting, "Pia's is the 17th.", None);
        check(fitting, "It's the 9th now.", None);
        check("From the 9th to the 12th.", "It's the 17th now.", None);
        check("Ole: the 9th, Pia: the 12th", "it's the 17th now", None);
        check("The gate is green.", "it's the 17th now", None);
    }

    #[test]
    fn an_hour_or_a_number_may_be_said_of_anything() {
        let check = |new: &str, want: bool| assert_eq!(names_no_subject(new), want, "{new}");
        check("It's 9:30 now.", false);
        check("It's Sunday.", false);
        check("It's the 17th today.", false);
        check("Is it the 17th?", false);
        check("It's 5.", false);
        check("I have two cats.", false);
        check("现在9点了", false);
        check("今天是17号", false);
        check("It was moved to 9:30.", true);
        check("Make that 5, not 4.", true);
        check("改成9点", true);
        check("", false);
    }
}
