//! Time as an expression of the calculator. How long it is from one time of day to another; and the day on
//! which something ends that was found with its beginning and how long it lasts,
//! "bought 2026-03-09, guaranteed for 24 months": a small model takes the first day for the last one,
//! counts the months wrong, and from 21:40 to 6:25 it is minus fifteen hours to it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::{Captures, Regex};

use super::facts::sentences;
use super::material::telling;
use crate::pattern::laid_out;
use crate::written::{days, numbers};

/// The expression for how long it is from the first of the two times of day in `task` to the second.
/// `None` where it asks for anything else, or has another number.
pub(crate) fn between_times(task: &str) -> Option<String> {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\bhow\s+(?:long|many\s+(?:hours|minutes))\b|多久|多长时间|几个?小时|多少(?:个?小时|分钟)",
        )
    });
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        let half = r"(?:\s?[ap]\.?m\b\.?)";
        laid_out(&format!(
            r"(?i)(?:^|[^\d:.])(?P<time>\d{{1,2}}(?:[:：]\d{{2}}{half}?|{half}))"
        ))
    });
    let times = TIME
        .captures_iter(task)
        .filter_map(|found| found.name("time"));
    let times: Vec<&str> = times.map(|time| time.as_str()).collect();
    let [first, last] = times[..] else {
        return None;
    };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let plain = |time: &str| time.replace('：', ":").replace('.', "").to_lowercase();
    let is_all = digits(task) == digits(first) + digits(last);
    (is_all && ASKS.is_match(task)).then(|| format!("from {} to {}", plain(first), plain(last)))
}

/// Whether `task` asks for the day on which something ends.
fn asks_for_the_end(task: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:when|what\s+(?:date|day)|which\s+(?:date|day))\b[^?]*\b(?:runs?\s+out|expires?|expiry|ends?|is\s+over|lapses?|due\s+back|up)\b
            |\b(?:until|till|up\s+to)\s+(?:when|what|which)\b
            |[到至](?:哪一?[天年日]|什么时候|何时|几号|几月)|(?:什么时候|哪一?天|何时|几号|几月几号)[^？?]{0,8}(?:到期|过期|截止|结束|失效|期满)",
        )
    });
    ASKS.is_match(task)
}

/// The expression for the day that `task` asks for, from the one sentence or row of `found` that says
/// when it began and how long it lasts. `None` where another may be meant, or nothing of the kind is
/// asked or said.
pub(crate) fn expression(task: &str, found: &str) -> Option<String> {
    if !asks_for_the_end(task) {
        return None;
    }
    let asked = telling(task);
    let mut best: Vec<(BTreeSet<String>, String)> = Vec::new();
    for clause in found.lines().flat_map(sentences) {
        let shared: BTreeSet<String> = telling(&clause).intersection(&asked).cloned().collect();
        let Some(expression) = said_in(&clause).filter(|_| !shared.is_empty()) else {
            continue;
        };
        best.retain(|(known, _)| known.len() >= shared.len());
        let is_less = best.iter().any(|(known, _)| known.len() > shared.len());
        if !is_less && best.iter().all(|(_, known)| *known != expression) {
            best.push((shared, expression));
        }
    }
    match &best[..] {
        [(_, only)] => Some(only.clone()),
        [] => said_apart(&asked, found),
        _ => None,
    }
}

/// Words that ask for an end, each in the singular, and say nothing of what ends.
const ENDING: [&str; 14] = [
    "when", "what", "which", "until", "till", "doe", "do", "run", "out", "end", "expire", "over",
    "date", "day",
];

/// The expression where one sentence says when something that is `asked` for began, and another one how
/// long it lasts. `None` where either is said of two things.
fn said_apart(asked: &BTreeSet<String>, found: &str) -> Option<String> {
    static BEGINS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:bought|purchased|delivered|signed|issued|beg[aiu]ns?|started|starts|opened|installed|came|since|from|joined|moved)\b
            |[买购签订]|办理|开始|起租|交付|安装",
        )
    });
    static LASTS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:guarantees?|guaranteed|warrant(?:y|ies)|warranted|valid|lasts?|runs?\s+for|terms?|periods?|leases?|contracts?|good\s+for)\b
            |保修|质保|有效|期限|为期|租期",
        )
    });
    let mut asked = asked.clone();
    asked.retain(|word| !ENDING.contains(&word.as_str()));
    let (mut begins, mut lasts) = (BTreeSet::new(), BTreeSet::new());
    for clause in found.lines().flat_map(sentences) {
        let is_of_it = !telling(&clause).is_disjoint(&asked);
        let written = days::written(&clause);
        let spans: Vec<_> = SPAN
            .captures_iter(&clause)
            .filter_map(|span| read(&span))
            .collect();
        match (&written[..], &spans[..]) {
            ([day], _) if is_of_it && BEGINS.is_match(&clause) => {
                begins.insert(day.in_year(day.year?)?);
            }
            ([], [span]) if is_of_it && LASTS.is_match(&clause) => {
                lasts.insert(*span);
            }
            // A span of several, or of a day that is not asked for.
            ([], [_, ..]) if is_of_it => return None,
            _ => {}
        }
    }
    match (begins.pop_first(), lasts.pop_first()) {
        (Some(date), Some((count, unit))) if begins.is_empty() && lasts.is_empty() => {
            Some(format!("{} + {count} {unit}", date.format("%Y-%m-%d")))
        }
        _ => None,
    }
}

/// The only day of `clause` and the only span after it.
fn said_in(clause: &str) -> Option<String> {
    let written = days::written(clause);
    let [day] = &written[..] else {
        return None;
    };
    let date: NaiveDate = day.in_year(day.year?)?;
    let rest = format!("{} {}", &clause[..day.at.start], &clause[day.at.end..]);
    let mut spans = SPAN.captures_iter(&rest).filter_map(|span| read(&span));
    let (count, unit) = spans.next().filter(|_| spans.next().is_none())?;
    Some(format!("{} + {count} {unit}", date.format("%Y-%m-%d")))
}

static SPAN: LazyLock<Regex> = LazyLock::new(|| {
    let words = numbers::any_word();
    laid_out(&format!(
        r"(?i)\b(?P<count>\d{{1,3}}|{words})[\s-]*(?P<unit>day|week|month|year)s?\b
        |(?P<number>\d{{1,3}}|[一二两三四五六七八九十]+)\s?(?:个?(?P<months>月)|(?P<years>年)|(?P<days>[天日])|个?(?P<weeks>周|星期))"
    ))
});

fn read(span: &Captures<'_>) -> Option<(u32, &'static str)> {
    let units = [
        ("days", "days"),
        ("weeks", "weeks"),
        ("months", "months"),
        ("years", "years"),
    ];
    let han = units.iter().find(|(name, _)| span.name(name).is_some());
    let unit = match (han, span.name("unit")) {
        (Some((_, unit)), _) => *unit,
        (None, Some(unit)) => {
            let unit = unit.as_str().to_lowercase();
            units.iter().find(|(name, _)| name.starts_with(&unit))?.1
        }
        (None, None) => return None,
    };
    let count = span.name("count").or(span.name("number"))?.as_str();
    let count = count.parse().ok();
    let spelled = || {
        let count = span.name("count").or(span.name("number"))?.as_str();
        numbers::word(&count.to_lowercase()).or_else(|| numbers::han_count(count))
    };
    Some((count.or_else(spelled)?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAPERS: &str = "# Papers\n\nMill stone: bought 2025-02-20, guaranteed for 30 months.\nThe scales came on \
        3 May 2024 with a guarantee of two years.\n磨盘：2026年3月9日买的，保修24个月。\n筛子是2025年7月1日买的，保修两年。";

    #[test]
    fn the_end_is_a_day_and_a_span() {
        let check = |task: &str, want: Option<&str>| {
            assert_eq!(expression(task, PAPERS).as_deref(), want, "{task}");
        };
        check(
            "When does the guarantee of the mill stone run out?",
            Some("2025-02-20 + 30 months"),
        );
        check(
            "Until when are the scales under guarantee?",
            Some("2024-05-03 + 2 years"),
        );
        check("磨盘保修到哪一天？", Some("2026-03-09 + 24 months"));
        check("筛子的保修什么时候到期？", Some("2025-07-01 + 2 years"));
        // It is asked for something else, or for what nobody knows.
        check("When was the mill stone bought?", None);
        check("How long is the mill stone guaranteed?", None);
        check("When does the fair end?", None);
        check("磨盘是哪天买的？", None);
    }

    #[test]
    fn from_one_time_to_another_it_is_so_long() {
        let check = |task: &str, want: Option<&str>| {
            assert_eq!(between_times(task).as_deref(), want, "{task}");
        };
        check(
            "The mill opens at 8:15 and closes at 17:30. How long is it open?",
            Some("from 8:15 to 17:30"),
        );
        check(
            "How many hours are there from 10 p.m. to 6:30 a.m.?",
            Some("from 10 pm to 6:30 am"),
        );
        check(
            "磨坊21:40关门，6:25开门，关门多久？",
            Some("from 21:40 to 6:25"),
        );
        check("How long is it from 8:15 to 17:30 on 3 days?", None);
        check("When does the mill open, at 8:15 or 9:15?", None);
        check("How long is the way?", None);
        check("How long is it until 8:15?", None);
    }

    #[test]
    fn the_beginning_and_the_span_may_stand_apart() {
        let check = |found: &str, want: Option<&str>| {
            let task = "When does the guarantee of the mill stone run out?";
            assert_eq!(expression(task, found).as_deref(), want, "{found}");
        };
        let bought = "The mill stone was bought on 2025-02-20.";
        let both = format!("{bought}\nThe guarantee of all our stones lasts 30 months.");
        check(&both, Some("2025-02-20 + 30 months"));
        check(
            &format!("{both}\nThe guarantee of an oak door lasts 2 years."),
            None,
        );
        check(
            &format!("{both}\nA mill stone was bought on 2024-01-02."),
            None,
        );
        check(
            &format!("{bought}\nThe lease of the barn runs for 30 months."),
            None,
        );
        check(&format!("{bought}\nThe miller takes 2 weeks off."), None);
        check(bought, None);
        let apart = "磨盘是2026年3月9日买的。\n磨盘保修24个月。";
        let task = "磨盘保修到哪一天？";
        assert_eq!(
            expression(task, apart).as_deref(),
            Some("2026-03-09 + 24 months")
        );
    }

    #[test]
    fn two_that_fit_as_well_say_nothing() {
        let check = |found: &str| {
            assert_eq!(
                expression("When does the guarantee end?", found),
                None,
                "{found}"
            );
        };
        check("A guarantee from 2025-01-01 for 2 years. A guarantee from 2025-02-01 for 2 years.");
        check("The guarantee begins on 2025-01-01.");
        check("The guarantee runs from 2025-01-01 to 2026-12-31, for 2 years.");
        check("The guarantee begins on 2025-01-01: 2 years for parts, 1 year for the rest.");
        check("The guarantee begins on 3 May and lasts 2 years.");
        check("");
    }
}
