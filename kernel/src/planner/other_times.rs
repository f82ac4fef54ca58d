//! A weekday, a month or a year that a task asks of, where what was found speaks of others only. A
//! small model answers with what it has: the hour of Monday for that of Saturday.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::{laid_out, pattern};

/// A weekday, a month, a year: the first letters of its name, or its number.
type Times = [BTreeSet<String>; 3];

/// Whether `told` names a weekday, a month or a year, and `found` names others of that kind, but none
/// of these. Not where `found` speaks of a span, or of all of them: these hold the one that is asked
/// of.
pub(crate) fn asks_of_another_time(told: &str, found: &str) -> bool {
    let (asked, known) = (times(told), times(found));
    let other = asked
        .iter()
        .zip(&known)
        .any(|(asked, known)| !asked.is_empty() && !known.is_empty() && asked.is_disjoint(known));
    other && !SPANS.is_match(found)
}

fn times(text: &str) -> Times {
    static NAMED: LazyLock<[Regex; 3]> = LazyLock::new(|| {
        [
            laid_out(
                r"\b(?i:(mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|ur)?day)s?\b
                |\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:s|rs?)?\b|(?:周|星期|礼拜)([一二三四五六日天])",
            ),
            laid_out(
                r"\b(?i:(jan|feb)ruary|(apr)il|(jun)e|(jul)y|(aug)ust|(sep|oct|nov|dec)(?:t?em|o)?ber|(jan)uary)\b
                |\b(Mar)ch\b|\b(May)\b|(?:^|[^\d])(\d{1,2})月",
            ),
            pattern(r"\b((?:19|20)\d\d)\b|((?:19|20)\d\d)年"),
        ]
    });
    NAMED.each_ref().map(|named| {
        let names = named.captures_iter(text).filter_map(|found| {
            let name = found.iter().skip(1).flatten().next()?;
            Some(one_name(name.as_str()))
        });
        names.collect()
    })
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
        "1" => "jan",
        "2" => "feb",
        "3" => "mar",
        "4" => "apr",
        "5" => "may",
        "6" => "jun",
        "7" => "jul",
        "8" => "aug",
        "9" => "sep",
        "10" => "oct",
        "11" => "nov",
        "12" => "dec",
        other => other,
    };
    same.to_owned()
}

/// Words for a span of time, for all of it, or for a date that may be any day.
static SPANS: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)\b(?:daily|weekly|monthly|yearly|annual\w*|weekdays?|weekends?|always|except|other|otherwise|since|until|till|through
        |from|between|after|before|(?:every|each|all)\s+(?:day|week|month|year)s?|a\s+(?:week|month|year)|round\s+the)\b
        |day\s*(?:to|-|–|—)\s*\w+day|\b\w{3,9}\s*[-–—]\s*(?:mon|tue|wed|thu|fri|sat|sun)|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}
        |每|工作日|周末|平日|天天|其他|其余|以来|起|之前|以前|之后|以后|[一二三四五六日天月年]\s*(?:至|到|-|–|—|~)",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_day_is_not_the_one_that_is_asked_of() {
        let check = |told: &str, found: &str, want: bool| {
            assert_eq!(asks_of_another_time(told, found), want, "{told} {found}");
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
        check("When on Sunday?", "Mon-Fri at 9", false);
        check("When on Sunday?", "Mon and Tue at 9", true);
        check("周日几点？", "周一至周五九点", false);
        check("What was sold in March?", "January 40, May 55", true);
        check("What was sold in January?", "January 40, May 55", false);
        check("9月卖了多少？", "8月40箱，10月55箱", true);
        check("9月卖了多少？", "September: 40, October: 55", false);
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
        check("What did it cost in 2024?", "It cost 40 euros.", false);
        check("Who may march in the sun?", "Ida sat there in 1999.", false);
        check("", "", false);
    }
}
