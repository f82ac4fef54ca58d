//! The kind of thing that a task asks for, and whether a text says one: a person, a time, a floor.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::{HAN, laid_out, pattern};
use crate::planner::poor_answer::is_common;
use crate::written::days::any_weekday;
use crate::written::numbers::any_word;

/// A kind of thing that is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Person,
    Place,
    Time,
    Amount,
    Phone,
    Mail,
    Floor,
    /// A gate, a pier, a counter.
    Gate,
}

/// What a task asks for.
pub(super) struct Asked {
    pub(super) kind: Kind,
    /// The words that ask for it.
    pub(super) words: String,
}

/// How a kind is asked for, and how it is said.
struct Signs {
    kind: Kind,
    asks: Regex,
    says: Regex,
    /// Whether it is one of what another kind asks for as well: the number of a phone is no amount.
    is_narrow: bool,
}

static SIGNS: LazyLock<[Signs; 8]> = LazyLock::new(|| {
    let signs = |kind, is_narrow, asks: &str, says: &str| Signs {
        kind,
        asks: laid_out(asks),
        says: laid_out(says),
        is_narrow,
    };
    let times = format!(
        r"(?i)\b\d{{1,2}}[:.]\d{{2}}\b|\b\d{{1,2}}\s*(?:am|pm|a\.m|p\.m|h|o'clock|uhr)\b|\b(?:{})s?\b
        |\b(?:mon|tue|tues|wed|thu|thurs|fri|sat|sun|january|february|march|april|may|june|july)\b
        |\b(?:august|september|october|november|december|noon|midnight|daily|weekly|monthly|every)\b
        |\b(?:today|tomorrow|tonight|mornings?|afternoons?|evenings?|nights?|weekends?)\b
        |\b(?:19|20)\d\d\b|[\d一二两三四五六七八九十]\s*[点时月日号]|(?:星期|周|礼拜)[一二三四五六日天末]
        |[上下中]午|早上|晚上|每天|今天|明天",
        any_weekday(),
    );
    let amounts = format!(
        r"(?i)[\d一二两三四五六七八九十百千]|\b(?:{}|free|none|dozens?|hundreds?|thousands?)\b|免费",
        any_word(),
    );
    [
        signs(
            Kind::Phone,
            true,
            r"(?i)\b(?:phone|telephone|mobile|extension)\s+(?:number|no\b)
            |\b(?:what|which)\b[^?.]*\b(?:phone|telephone|extension)\b|电话|手机|分机|号码",
            r"\d(?:[ ./()-]?\d){2,}",
        ),
        signs(
            Kind::Mail,
            true,
            r"(?i)\b(?:what|which)\b[^?.]*\be-?mail\b|邮箱",
            "@",
        ),
        signs(
            Kind::Floor,
            true,
            r"(?i)\b(?:which|what)\s+(?:floor|storey|level)\b|[几哪]一?[楼层]",
            r"(?i)\b(?:floors?|storeys?|basement|upstairs|downstairs)\b|\blevel\s+\d
            |[\d一二两三四五六七八九十]\s*[楼层]|[楼层]\s*[:：]|地下",
        ),
        signs(
            Kind::Gate,
            true,
            r"(?i)\b(?:which|what)\s+(?:gate|pier|platform|terminal|track|counter)\b
            |[几哪]个?号?(?:码头|登机口|站台|柜台)",
            r"(?i)\b(?:gate|pier|platform|terminal|track|counter)s?\b|码头|登机口|站台|柜台",
        ),
        signs(
            Kind::Person,
            false,
            r"(?i)\b(?:who|whom|whose)\b|谁|哪位",
            r"\b(?:Mr|Ms|Mrs|Dr|Prof|Miss|Sir)\b
            |\p{Han}(?:师傅|老师|医生|大夫|先生|女士|小姐|经理|主任|阿姨|叔叔|教授|队长)",
        ),
        signs(
            Kind::Place,
            false,
            r"(?i)\bwhere\b|在哪|哪里|哪儿|什么地方",
            r"(?i)\b(?:in|at|on|under|behind|near|opposite)\b|[在于住]",
        ),
        signs(
            Kind::Time,
            false,
            r"(?i)\bwhen\b|\b(?:what|which)\s+(?:time|day|date|weekday|month|hour)\b
            |几点|什么时候|何时|哪一?天|(?:星期|周|礼拜)几|几[月号]",
            &times,
        ),
        signs(
            Kind::Amount,
            false,
            r"(?i)\bhow\s+(?:much|many)\b|\b(?:what|which)\b[^?.]*\b(?:price|fee|rent|fare|cost)s?\b
            |多少|几[个块元人次张台件间]",
            &amounts,
        ),
    ]
});

/// What `task` asks for: of several kinds the first one; in Chinese, which asks at the end, the last.
pub(super) fn asked(task: &str) -> Option<Asked> {
    let asks_last = has_han(task);
    let place = |signs: &Signs| {
        let mut places = signs.asks.find_iter(task);
        let place = match asks_last {
            true => places.last(),
            false => places.next(),
        };
        place.map(|place| (signs.kind, place.range()))
    };
    let mut narrow = SIGNS.iter().filter(|signs| signs.is_narrow);
    let wide = SIGNS.iter().filter(|signs| !signs.is_narrow);
    let wide = wide.filter_map(place);
    let first = |(_, at): &(Kind, Range<usize>)| at.start;
    let (kind, at) = narrow.find_map(place).or_else(|| match asks_last {
        true => wide.max_by_key(first),
        false => wide.min_by_key(first),
    })?;
    let words = task[at].to_owned();
    Some(Asked { kind, words })
}

/// Whether `text` says something of this `kind`.
pub(super) fn says(kind: Kind, text: &str) -> bool {
    let mut signs = SIGNS.iter().filter(|signs| signs.kind == kind);
    signs.any(|signs| signs.says.is_match(text)) || kind == Kind::Person && has_two_names(text)
}

/// Whether `text` has two names in a row, and they are no place.
fn has_two_names(text: &str) -> bool {
    static NAMES: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\b\p{Lu}\p{Ll}+(?:[ -]\p{Lu}\p{Ll}+)+\b"));
    let is_name = |name: &str| {
        let begins = name.split([' ', '-']).next().unwrap_or_default();
        !is_common(&begins.to_lowercase()) && !ends_as_a_place(name)
    };
    NAMES.find_iter(text).any(|name| is_name(name.as_str()))
}

/// Whether the last word of `text` is one for a place, or for those who work together there.
pub(super) fn ends_as_a_place(text: &str) -> bool {
    const PLACES: &str = " attic barn basement building cellar centre center chapel class closet company \
        department floor gallery garage group gym hall house kitchen library lobby location loft office \
        place room school shed shelf shop stable store street studio team tower unit ward where wing workshop ";
    const HAN_PLACES: &str = "室房楼间库厅科部馆店院厂区柜层班队组处所";
    let text = text.trim();
    let is_han = text.ends_with(|c: char| HAN_PLACES.contains(c));
    // The number of a room stands behind it.
    let is_number = |word: &&str| word.chars().all(|c| c.is_ascii_digit());
    let last = text.rsplit([' ', '-']).find(|word| !is_number(word));
    let is_place = |word: &str| PLACES.contains(&format!(" {} ", word.to_lowercase()));
    is_han || last.is_some_and(is_place)
}

/// Whether there is an ideograph in `text`.
pub(super) fn has_han(text: &str) -> bool {
    text.contains(|c: char| HAN.contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_asks_for_a_kind() {
        let check = |task: &str, want: Option<Kind>| {
            assert_eq!(asked(task).map(|asked| asked.kind), want, "{task}");
        };
        check(
            "Who has the key to the room where the oars are?",
            Some(Kind::Person),
        );
        check("Where does the man who rows live?", Some(Kind::Place));
        check("When is the boat out?", Some(Kind::Time));
        check(
            "What is the phone number of the one who rows?",
            Some(Kind::Phone),
        );
        check("On which floor does Pia sit?", Some(Kind::Floor));
        check("How many row?", Some(Kind::Amount));
        check("谁管仓库，他在几楼？", Some(Kind::Floor));
        check("管仓库的人电话是多少？", Some(Kind::Phone));
        check("桨在哪里？", Some(Kind::Place));
        check("Row the boat.", None);
        check("", None);
    }

    #[test]
    fn a_text_says_a_kind() {
        let check = |kind: Kind, text: &str, want: bool| {
            assert_eq!(says(kind, text), want, "{kind:?}: {text}");
        };
        check(Kind::Person, "oars: Ms. Lund", true);
        check(Kind::Person, "oars: Pia Lund", true);
        check(Kind::Person, "桨：王师傅", true);
        check(Kind::Person, "oars: Blue Room", false);
        check(Kind::Person, "The Oars are there", false);
        check(Kind::Time, "Pia: 7:45", true);
        check(Kind::Time, "Pia: Mondays", true);
        check(Kind::Time, "王师傅：九点", true);
        check(Kind::Time, "Pia: shed 3", false);
        check(Kind::Amount, "Pia: Blue Team", false);
        check(Kind::Amount, "Pia: four", true);
        check(Kind::Phone, "Pia: 55 71 08", true);
        check(Kind::Phone, "Pia: shed 3", false);
        check(Kind::Floor, "眼科9楼", true);
        check(Kind::Floor, "王师傅在眼科", false);
    }

    #[test]
    fn a_place_is_told_by_its_last_word() {
        let check = |text: &str, want: bool| assert_eq!(ends_as_a_place(text), want, "{text}");
        check("Blue Room", true);
        check("Room 3", true);
        check("眼科", true);
        check("Pia Lund", false);
        check("王芳", false);
        check("", false);
    }
}
