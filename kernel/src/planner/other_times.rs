//! A weekday, a month or a year that a task asks of, where what was found speaks of others only. A
//! small model answers with what it has: the hour of Monday for that of Saturday.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::facts::sentences;
use super::particulars::Particulars;
use crate::pattern::{laid_out, pattern};

/// A weekday, a month, a year: the first letters of its name, or its number.
type Times = [BTreeSet<String>; 3];

/// Characters before a word that tell whether it is a time.
const CHARS_BEFORE_MAX: usize = 40;

/// Whether the question in `told` names a weekday, a month or a year, and `found` names others of
/// that kind, but none of these, where it says what `answer` says. Not where `found` speaks of a
/// span, or of all of them: these hold the one that is asked of; nor where the answer itself says
/// that it is of another.
pub(crate) fn asks_of_another_time(told: &str, found: &str, answer: &str) -> bool {
    let asks = |sentence: &String| sentence.contains(['?', '？']);
    let questions: Vec<String> = told.lines().flat_map(sentences).filter(asks).collect();
    let question = match questions.is_empty() {
        true => told.to_owned(),
        false => questions.join(" "),
    };
    if ASIDE.is_match(&question) {
        return false;
    }
    let (asked, known, named) = (times(&question), times(found), times(answer));
    let said = Particulars::of(answer, told);
    let of_another = |kind: usize| {
        let (asked, known, named) = (&asked[kind], &known[kind], &named[kind]);
        let others = !asked.is_empty() && !known.is_empty() && asked.is_disjoint(known);
        let says_so = !named.is_empty() && asked.is_disjoint(named);
        let mut told = found.lines().flat_map(sentences);
        let is_of_others = |sentence: String| match times(&sentence)[kind].is_empty() {
            true => !said.stand_in(&sentence),
            false => !HEDGES.is_match(&sentence),
        };
        others && !says_so && told.all(is_of_others)
    };
    let of_others = (0..asked.len()).any(of_another) && !SPANS.is_match(found);
    let of_a_weekend = asks_of_a_weekend(&asked[0], &named[0]) && !WORKING_DAYS.is_match(answer);
    of_others || of_a_weekend && is_of_working_days(found, &said)
}

/// Whether a Saturday or Sunday is `asked` of, and the answer `named` no other day.
fn asks_of_a_weekend(asked: &BTreeSet<String>, named: &BTreeSet<String>) -> bool {
    let is_of_a_weekend = |day: &String| day == "sat" || day == "sun";
    !asked.is_empty() && asked.iter().chain(named).all(is_of_a_weekend)
}

/// Whether `found` says what is `said` of working days alone, in the sentence itself or in a line above
/// the whole, and nothing of any other day.
fn is_of_working_days(found: &str, said: &Particulars) -> bool {
    if !WORKING_DAYS.is_match(found) || OTHER_DAYS.is_match(found) {
        return false;
    }
    let is_head = |line: &str| {
        let ends = line.ends_with(['.', '!', '?', '。', '！', '？']);
        let has_digits = line.contains(|c: char| c.is_ascii_digit());
        !ends && !has_digits && WORKING_DAYS.is_match(line)
    };
    let mut under = false;
    found.lines().map(str::trim).all(|line| {
        under |= is_head(line);
        let mut told = sentences(line).into_iter();
        under || told.all(|told| WORKING_DAYS.is_match(&told) || !said.stand_in(&told))
    })
}

fn times(text: &str) -> Times {
    static NAMED: LazyLock<[Regex; 3]> = LazyLock::new(|| {
        [
            laid_out(
                r"\b(?i:(mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|ur)?day)s?\b
                |\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:s|rs?)?\b|(?:周|星期|礼拜)([一二三四五六日天])",
            ),
            laid_out(
                r"(?:^|[.!?]\s+)May\s+(?:I|we|you)\b|\b(?i:(jan|feb)ruary|(apr)il|(jun)e|(jul)y|(aug)ust|(sep|oct|nov|dec)(?:t?em|o)?ber|(jan)uary)\b
                |\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec)t?\b
                |\b(Mar)ch\b|\b(May)\b
                |(?:^|[^\d])(\d{1,2})月|(十[一二]?月|[一二三四五六七八九]月)",
            ),
            pattern(r"\b((?:19|20)\d\d)\b|((?:19|20)\d\d)年"),
        ]
    });
    NAMED.each_ref().map(|named| {
        let names = named.captures_iter(text).filter_map(|found| {
            let name = found.iter().skip(1).flatten().next()?;
            let whole = found.get(0)?;
            let (before, after) = (last_of(&text[..whole.start()]), &text[whole.end()..]);
            is_a_time(whole.as_str(), before, after).then(|| one_name(name.as_str()))
        });
        names.collect()
    })
}

/// The end of `before`, as far as it says something of the word behind it: a long text has many of these.
fn last_of(before: &str) -> &str {
    let begins = before.char_indices().rev().nth(CHARS_BEFORE_MAX);
    begins.map_or(before, |(at, _)| &before[at..])
}

/// Whether `word` between `before` and `after` is a time: May and Jan are persons as well, 2000 may be
/// a price, and 周 a surname or a week that is counted.
fn is_a_time(word: &str, before: &str, after: &str) -> bool {
    static PERSONS: LazyLock<Regex> =
        LazyLock::new(|| pattern("^(?:April|May|June|August|Jan|Mar)$"));
    static SURELY_OF_A_DATE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)(?:\d(?:st|nd|rd|th)?\.?|\b(?:in|during|since|until|till|this|next|last|early|late|mid))[\s-]*$",
        )
    });
    static OF_A_DATE: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)(?:[|(\[/:;,–—-]|\b(?:of|for|on|by|from|to|before|after|between|through|than|and|or|each|every|the|our|my|a|is|was
            |about|around|month))\s*$",
        )
    });
    static BEHIND_A_DATE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^\s*(?:\d|[:|/–—.?!,;)-]|$|(?:and|or|to)\b)"));
    static A_NAME_FOLLOWS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^(?:\s+\p{Lu}\p{Ll}|['’])"));
    static VERB: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s+[a-z]"));
    static BEHIND_A_DAY: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^\s+(?:and|or|to|at|from|till|until|only|off)\b"));
    static MEASURES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^\s*(?:[€$£¥%°]|(?:euros?|dollars?|crowns?|pounds?|francs?|yuan|eur|usd|kg|g|km|m|cm|l|litres?|liters?|met(?:re|er)s?|miles?
            |people|persons?|guests|members|seats|times|words|pages|pieces|sacks?|hours|days|steps)\b|元|块|人|个|公里|米|公斤|克|升|页|次)",
        )
    });
    static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)(?:[€$£¥#]|\b(?:room|gate|code|pin|number|no\.?|nr\.?|flat|bus|line|model|page)(?:\s+is)?)\s*$",
        )
    });
    match word.trim_start() {
        year if year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) => {
            !MEASURES.is_match(after) && !COUNTED.is_match(before)
        }
        "Sun" => !before.trim_end().to_lowercase().ends_with("the"),
        "Sat" => !VERB.is_match(after) || BEHIND_A_DAY.is_match(after),
        month if PERSONS.is_match(month) => {
            let begins = before.trim_end_matches(' ');
            let begins = begins.is_empty() || begins.ends_with(['.', '!', '?', '\n']);
            let is_alone = begins && BEHIND_A_DATE.is_match(after);
            let is_dated = OF_A_DATE.is_match(before) || is_alone || begins_with_a_number(after);
            SURELY_OF_A_DATE.is_match(before) || is_dated && !A_NAME_FOLLOWS.is_match(after)
        }
        day if day.starts_with('周') => !is_no_day(before, after),
        _ => true,
    }
}

fn begins_with_a_number(text: &str) -> bool {
    text.trim_start().starts_with(|c: char| c.is_ascii_digit())
}

/// Whether 周 and a numeral between `before` and `after` are no day of the week: 一周五天, 每周一次, 周天宇.
fn is_no_day(before: &str, after: &str) -> bool {
    static COUNTS: LazyLock<Regex> = LazyLock::new(|| pattern("^[次天回趟小个节堂篇遍]"));
    static NAMES: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"^(?P<given>\p{Han})(?:的|先生|女士|老师|同学|医生|经理|教练|师傅|住在|叫|说)")
    });
    const NO_NAME: &str = "上下早晚中午夜前后到至和或有是不休开关去来几吗与这那我你他她";
    let weeks =
        before.ends_with(|c: char| c.is_ascii_digit() || "一两二三四五六七八九十几半".contains(c));
    let named = NAMES
        .captures(after)
        .and_then(|found| found["given"].chars().next());
    weeks || COUNTS.is_match(after) || named.is_some_and(|given| !NO_NAME.contains(given))
}

/// The same name for a day in both languages.
fn one_name(name: &str) -> String {
    let name = name.to_lowercase();
    let same = match name.as_str() {
        "一" => "mon",
        "二" => "tue",
        "三" => "wed",
        "四" => "thu",
        "五" => "fri",
        "六" => "sat",
        "日" | "天" => "sun",
        "1" | "一月" => "jan",
        "2" | "二月" => "feb",
        "3" | "三月" => "mar",
        "4" | "四月" => "apr",
        "5" | "五月" => "may",
        "6" | "六月" => "jun",
        "7" | "七月" => "jul",
        "8" | "八月" => "aug",
        "9" | "九月" => "sep",
        "10" | "十月" => "oct",
        "11" | "十一月" => "nov",
        "12" | "十二月" => "dec",
        other => other,
    };
    same.to_owned()
}

/// A question that asks of the time beside the one it names: how long before Friday.
static ASIDE: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"\b(?i:before|after|until|till|by|since|between|than|except|besides|not|instead\s+of)\s+(?i:(?:on|in|the|last|next|this|\d{1,2}|of)\s+)*
        (?:(?i:mon|tues?|wednes|thurs?|fri|satur|sun)day|(?i:january|february|april|june|july|august|september|october|november|december)|March|May|(?:19|20)\d\d)
        |(?:(?:周|星期|礼拜)[一二三四五六日天]|月|年)(?:之?[前后]|以[前后])|除了",
    )
});

/// Words for a span of time, for all of it, or for a date that may be any day.
static SPANS: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)\b(?:daily|weekly|monthly|yearly|annual\w*|weekdays?|weekends?|always|except|other|otherwise|since|until|till|through
        |from|between|after|before|(?:every|each|all|any)\s*(?:day|week|month|year|morning|afternoon|evening|night|season)s?
        |a\s+(?:week|month|year)|round\s+the|usual\w*|normal\w*|regular\w*|spring|summer|autumn|winter|quarters?)\b
        |\b(?:19|20)\d\d\s*[-–—/]\s*\d\d
        |day\s*(?:to|-|–|—)\s*\w+day|\b\w{3,9}\s*[-–—]\s*(?:mon|tue|wed|thu|fri|sat|sun)|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}
        |每|工作日|周末|平日|天天|其他|其余|以来|起|之前|以前|之后|以后|平时|通常|一般|正常|至今|春|夏|秋|冬|季|[一二三四五六日天月年]\s*(?:至|到|-|–|—|~)",
    )
});

/// Monday to Friday.
static WORKING_DAYS: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)\b(?:week-?days?|working\s+days?|mon(?:day)?s?\s*(?:to|-|–|—|till|until|through)\s*fri(?:day)?s?)\b
        |工作日|(?:周|星期)一(?:至|到|-|–|—|~)(?:周|星期)?五",
    )
});

/// What tells of other days than these, or may.
static OTHER_DAYS: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)\b(?:week-?ends?|daily|always|(?:every|each|any|all|other|seven|7)\s*(?:days?|week)|otherwise|except|holidays?|closed|shut
        |sat(?:urday)?s?|sun(?:day)?s?)\b
        |周末|天天|每[天日周]|(?:周|星期|礼拜)[六日天]|假|休|关|其[他余]",
    )
});

/// Words that say something of other times than the one beside them: what is closed on Mondays is
/// open on Sundays.
static HEDGES: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)\b(?:closed?|shut|off|not|no|without|rest|later|onwards?|next|previous|last|following|ago|now|still|same
        |holidays?)\b|n['’]t\b|休|闭|关门|除|不|现在|仍|次|同|去年|今年|明年",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_day_is_not_the_one_that_is_asked_of() {
        let check = |told: &str, found: &str, want: bool| {
            let is = asks_of_another_time(told, found, "");
            assert_eq!(is, want, "{told} {found}");
        };
        let choir = "The choir sings on Tuesday at 7 and on Thursday at 8.";
        check("When does the choir sing on Sunday?", choir, true);
        check("When does the choir sing on Thursdays?", choir, false);
        check("When does the choir sing?", choir, false);
        check("合唱团星期天几点唱？", "合唱团周二七点唱歌。", true);
        check("合唱团周二几点唱？", "合唱团星期二七点唱歌。", false);
        check("合唱团星期二几点唱？", choir, false);
        check("When on Sunday?", "Open daily, on Monday until 9.", false);
        check("When on Sunday?", "Monday to Friday 9, Saturday 10", false);
        check("When on Sunday?", "Mon-Fri at 9", true);
        check("When on Sunday?", "Mon-Sat at 9", false);
        check("When on Sunday?", "Mon and Tue at 9", true);
        check("When on Sunday?", "Opens at 10, closed on Mondays", false);
        check("When on Sunday?", "Usually at 9, on Monday at 10", false);
        check("周日几点？", "周一至周五九点", true);
        check("周日几点？", "周一至周六九点", false);
        check("周日几点？", "十点开门，周一休息", false);
        check("What was sold in March?", "January 40, May 55", true);
        check("What was sold in January?", "January 40, May 55", false);
        check("What was sold in March?", "In spring 40, in June 50", false);
        check("Sold in September?", "August 40, Sept 55", false);
        check("9月卖了多少？", "8月40箱，10月55箱", true);
        check("9月卖了多少？", "8月40箱，九月55箱", false);
        check("9月卖了多少？", "September: 40, October: 55", false);
        check("十一月卖了多少？", "一月40箱", true);
        check(
            "What did it cost in 2024?",
            "It cost 40 euros in 2023.",
            true,
        );
        check(
            "What did it cost in 2024?",
            "It costs 40 euros since 2023.",
            false,
        );
        check("Cost in 2024?", "It cost 40 euros in 2023-25.", false);
        check("What did it cost in 2024?", "It cost 40 euros.", false);
        check("Who may march in the sun?", "Ida sat there in 1999.", false);
        check("May I bring a dog?", "Dogs were let in in June.", false);
        // What is told beside the question is not asked of.
        check("My train goes on Saturday. When is it?", choir, false);
        check("", "", false);
    }

    #[test]
    fn a_timetable_of_working_days_says_nothing_of_a_weekend() {
        let check = |told: &str, found: &str, answer: &str, want: bool| {
            let is = asks_of_another_time(told, found, answer);
            assert_eq!(is, want, "{told} {found} {answer}");
        };
        let ferry = "Ferry to Lund, weekdays\n8:15 pier 3\n9:40 pier 6";
        let sunday = "From which pier does the 9:40 ferry leave on Sunday?";
        check(sunday, ferry, "From pier 6 on Sunday.", true);
        check(sunday, ferry, "On weekdays from pier 6.", false);
        check("From which pier on Tuesday?", ferry, "From pier 6.", false);
        let open = "The library is open on weekdays until 19:00. It has 40 seats.";
        check("Until when on Saturdays?", open, "Until 19:00.", true);
        check("How many seats on Saturdays?", open, "40 seats.", false);
        for also in [" Daily at 9.", " Closed on holidays.", " Saturday 10."] {
            let found = format!("{open}{also}");
            check("Until when on Saturdays?", &found, "Until 19:00.", false);
        }
        check("周六几点开门？", "图书馆工作日9点开门。", "9点。", true);
        check(
            "周六几点开门？",
            "图书馆工作日9点开门，周末10点。",
            "9点。",
            false,
        );
    }

    #[test]
    fn names_that_are_also_times_are_told_from_these() {
        let check = |text: &str, kind: usize, want: &[&str]| {
            let times = times(text);
            let found: Vec<&str> = times[kind].iter().map(String::as_str).collect();
            assert_eq!(found, want, "{text}");
        };
        check("May sings at 7.", 1, &[]);
        check("What is May Brook's number?", 1, &[]);
        check("Where does Jan live?", 1, &[]);
        check("Aunt June bakes.", 1, &[]);
        check("The rent is due in May.", 1, &["may"]);
        check("The fair is on 3 May.", 1, &["may"]);
        check("May 3: the fair", 1, &["may"]);
        check("June: 40 sacks", 1, &["jun"]);
        check("January 40, May 55", 1, &["jan", "may"]);
        check("Sold in April, May and June", 1, &["apr", "jun", "may"]);
        check("What does the Sun cost?", 0, &[]);
        check("Sat there was Ida.", 0, &[]);
        check("Sat and Sun at 9", 0, &["sat", "sun"]);
        check("周天宇的电话是多少？", 0, &[]);
        check("一周五天，每周一次", 0, &[]);
        check("周一上午的课，周日休息", 0, &["mon", "sun"]);
        check("每周五九点", 0, &["fri"]);
        check("Who pays 2000 euros for room 1984?", 2, &[]);
        check("$2000 in 1984, 在2024年", 2, &["1984", "2024"]);
        check(&"麦 1984，".repeat(20_000), 2, &["1984"]);
        check(&format!("{} in May", "麦".repeat(99)), 1, &["may"]);
    }

    #[test]
    fn a_right_answer_is_kept_beside_other_times() {
        let check = |told: &str, found: &str, answer: &str| {
            let is = asks_of_another_time(told, found, answer);
            assert!(!is, "{told} {found} {answer}");
        };
        check(
            "How long before Friday must I book?",
            "Book two days ahead, on Wednesday.",
            "Two days before.",
        );
        check(
            "What is May's number?",
            "In June Brook got phone 30 55.",
            "30 55",
        );
        check(
            "What time does the choir sing in June?",
            "May sings with the choir at 7.",
            "At 7.",
        );
        check(
            "Who pays 2000 euros?",
            "By the deed of 1999 Ida pays.",
            "Ida.",
        );
        check("每周一次的课几点？", "周三三点上课。", "三点。");
        check("周天宇的电话是多少？", "周一他的电话是30。", "30");
        check(
            "Which day but not Monday is market day?",
            "Market day is Tuesday.",
            "Tuesday.",
        );
    }

    #[test]
    fn what_is_said_of_no_day_may_be_of_the_one_that_is_asked_of() {
        let check = |found: &str, answer: &str, want: bool| {
            let told = "When does the choir sing on Sunday?";
            let is = asks_of_another_time(told, found, answer);
            assert_eq!(is, want, "{found} {answer}");
        };
        let choir = "The choir sings on Tuesday at 7. It has 20 singers.";
        check(choir, "On Sunday it sings at 7.", true);
        check(choir, "At seven.", true);
        check("The choir sings at 7. Tuesday: tea.", "At 7.", false);
        check("Monday:\nat 7", "At 7.", false);
        check(choir, "It sings on Tuesday at 7.", false);
        check(choir, "周二七点。", false);
    }
}
