//! The date, for a task that depends on it. A model knows no date but those it was trained on,
//! and answers "next Friday" with one of these.
//!
//! Other tasks are not told it: what a process is shown would be another text each day.

use std::sync::LazyLock;

use chrono::{Local, NaiveDate};
use regex::Regex;

use super::calendar::days_in;
use super::facts::is_told_in_sentences;
use crate::numbers;
use crate::pattern::{HAN, laid_out};
use crate::process::Program;
use crate::written::days;

/// Words for a day that do not give its date.
static RELATIVE: LazyLock<Regex> = LazyLock::new(|| {
    let days = days::any_weekday();
    let spans = format!(
        "day|week|weekend|month|quarter|year|decade|spring|summer|autumn|fall|winter|{days}"
    );
    let words = format!(
        r"(?i)\b(?:today|tonight|tomorrow|yesterday|nowadays|deadline|overdue
        |current\s+(?:date|day|week|month|quarter|year)
        |(?:this|next|last|past|coming|upcoming)\s+(?:{spans})
        |(?:on|by|until|till|before)\s+(?:{days})
        |this\s+(?:morning|afternoon|evening)|(?:later|earlier)\s+this
        |(?:beginning|start|middle|end)\s+of\s+(?:the|this|next)\s+(?:week|month|quarter|year)
        |(?:days?|weeks?|months?|years?)\s+(?:ago|from\s+now)|how\s+old\s+(?:is|am|are)
        |how\s+(?:long|many\s+(?:days|weeks|months|years))\s+(?:is|are|has|have)?[^.?!]*\b(?:since|left)
        |(?:what|which)\s+(?:date|weekday|day)(?:\s+of\s+the\s+week)?\s+(?:is|will\s+it\s+be)|what(?:\s+is|['’]s)\s+the\s+(?:date|day)
        |(?:when|how\s+(?:many\s+)?(?:days|weeks|long))\b[^.?!]*\b(?:christmas|easter|new\s+year)
        |what\s+year\s+is|until\s+(?:christmas|easter|new\s+year))\b
        |\b(?:heute|gestern|übermorgen|vorgestern|hoy|ayer|mañana|demain|aujourd['’]hui|oggi|domani|ieri|hoje|ontem|amanhã)\b
        |\b(?:nächste[nrsm]?|diese[rnms]?|letzte[nrsm]?)\s+(?:woche|monat|jahr|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)\b
        |\b(?:la\s+semaine|le\s+mois|l['’]année|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\s+(?:prochaine?|dernière?)\b
        |сегодня|завтра|вчера|오늘|내일|어제|明日|昨日|明後日|来週|先週|今週|来月|今月|先月|来年
        |今天|今日|今晚|明天|后天|昨天|前天|[本这上下]个?(?:周|星期|礼拜|月)|今年|明年|去年|前年|天前|周前|年前|几号|星期几|截止
        |[\d一二两三四五六七八九十]个?(?:天|周|星期|礼拜|月)[之以]?后|半年[之以]?[后前]"
    );
    laid_out(&words)
});

/// A task in several sentences with at least this many numbers is a word problem. Its days are
/// its own.
const PROBLEM_NUMBERS_MIN: usize = 2;

/// Today, where the task of `program` depends on it.
pub(crate) fn needed_by(program: &Program) -> Option<NaiveDate> {
    depends_on_it(program.told()).then(|| Local::now().date_naive())
}

/// Whether the right answer depends on the day on which `task` is told.
fn depends_on_it(task: &str) -> bool {
    let problem =
        || is_told_in_sentences(task) && numbers::numbers(task).len() >= PROBLEM_NUMBERS_MIN;
    RELATIVE.is_match(task) && !problem()
}

/// Whether `task` asks for a day, or how far off one is: a small model counts on its fingers.
pub(crate) fn asks_to_count(task: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        let asks = r"(?i)\b(?:what|which)\b[^.?!]*\b(?:date|day|weekday)\b
            |\bhow (?:many|long)\b[^.?!]*\b(?:days?|weeks?|until|till)\b
            |几号|星期几|周几|多少天|几天|哪天";
        laid_out(asks)
    });
    ASKS.is_match(task)
}

/// Whether the day that `task` asks for is worked out already, in the words of [`told`] beside
/// it.
pub(crate) fn is_worked_out(today: NaiveDate, task: &str) -> bool {
    static FURTHER: LazyLock<Regex> = LazyLock::new(|| {
        let words = r"(?i)\d|\b(?:weeks?|weekends?|hours?|minutes?|months?|years?|work\w*|business|after
            |before|between|since|old)\b
            |周|小时|个月|年|之间|工作日";
        laid_out(words)
    });
    let days = days_in(task, today);
    let [day] = days.as_slice() else {
        return false;
    };
    let beside = format!("{} {}", &task[..day.at.start], &task[day.at.end..]);
    !is_told_in_sentences(task) && !FURTHER.is_match(&beside)
}

/// Words of a question after a day that has nothing in it but the calendar.
const OF_DAYS: &str = " a after ago an and are april august be before between business christmas coming date \
    dates day days december do does easter fall falls february friday from go how in is it january july june \
    last left long many march may me monday month months new next november now october of on past please \
    remain saturday september since sunday tell that the there this thursday till to today tomorrow tuesday \
    until upcoming was wednesday week weekday weekdays weekend weeks what when which will work workday \
    workdays working year years yesterday eve s ";
/// The same in Chinese, a character each.
const OF_DAYS_HAN: &str = "今明后昨前大天几号星期周礼拜下上本这个月年日是什么多少哪离还有过到从之以的〇零一二两三四五六七八九十末请告诉我问圣诞节元旦工作吗呢";

/// Whether `task` asks for nothing but a day of the calendar. Then nothing that was told before
/// matters.
pub(crate) fn is_only_of_days(task: &str) -> bool {
    let han = |c: char| HAN.contains(&c) || c == '〇';
    let lower = task.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    let mut words = words.filter(|word| !word.is_empty());
    words.all(|word| {
        let number = word.starts_with(|c: char| c.is_ascii_digit());
        let known = || OF_DAYS.contains(&format!(" {word} "));
        let in_chinese = || {
            word.chars()
                .all(|c| OF_DAYS_HAN.contains(c) && han(c) || c.is_ascii_digit())
        };
        known() || in_chinese() || number && word.chars().all(|c| c.is_ascii_alphanumeric())
    })
}

/// The words that tell a task like `task` that it is `date`, with the dates of the days that the
/// task names.
pub(crate) fn told(date: NaiveDate, task: &str) -> String {
    let kana = |c: char| ('\u{3041}'..='\u{30ff}').contains(&c);
    let han = |c: char| HAN.contains(&c);
    if task.contains(kana) {
        return format!("今日は{}です。", date.format("%Y-%m-%d"));
    }
    let chinese = task.contains(han);
    let today = match chinese {
        true => format!(
            "今天是{}，{}。",
            date.format("%Y-%m-%d"),
            days::weekday_in_chinese(date)
        ),
        false => format!("Today is {}.", date.format("%A, %Y-%m-%d")),
    };
    let days = days_in(task, date);
    let days = days.iter().map(|day| day.line(date, chinese));
    let lines: Vec<String> = std::iter::once(today).chain(days).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_depends_on_the_day_is_seen() {
        let check = |task: &str, want: bool| assert_eq!(depends_on_it(task), want, "{task}");
        check("What day is it tomorrow?", true);
        check("What's the date?", true);
        check("What’s the date?", true);
        check("How many days until Christmas?", true);
        check("When is Christmas?", true);
        check("In how many days is Christmas?", true);
        check("Book a table for next Friday.", true);
        check("Is the office open on Sunday", true);
        check("Which papers came out this\tyear?", true);
        check("What is due at the end of the month?", true);
        check("How old is somebody born on 3 May 1990?", true);
        check("How many days are left in the year?", true);
        check("How long is it since 1 March?", true);
        check("Was haben wir heute für ein Datum?", true);
        check("Trag den Termin für nächsten Freitag ein", true);
        check("¿Qué día es mañana?", true);
        check("Quel jour sommes-nous aujourd’hui ?", true);
        check("Какой завтра день?", true);
        check("明日は何曜日ですか", true);
        check("How many apples are left?", false);
        check("How long is the Nile?", false);
        check("后天星期几？", true);
        check("下周三开会", true);
        check("三天后提醒我开会", true);
        check("下个月5号开会", true);
        check("What is 17 times 23?", false);
        check("Which weekday was 14 July 1989?", false);
        check("What dates grow on palms?", false);
        check("Who wrote Frankenstein?", false);
        check("写一首关于雨的诗", false);
        // Its yesterday is that of a story.
        let problem = "Yesterday Ann sold 5 pies. Today she sold 3 more. How many is that?";
        check(problem, false);
        check("", false);
    }

    #[test]
    fn who_asks_for_a_day_has_it_counted() {
        let check = |task: &str, want: bool| assert_eq!(asks_to_count(task), want, "{task}");
        check("What date is next Friday?", true);
        check("How many days until Christmas?", true);
        check("明天星期几？", true);
        check("Book a table for next Friday.", false);
        check("Write a poem about today.", false);
        check("", false);
    }

    #[test]
    fn what_the_calendar_says_is_worked_out() {
        let today = NaiveDate::from_ymd_opt(2026, 2, 3).unwrap();
        let check = |task: &str, want: bool| assert_eq!(is_worked_out(today, task), want, "{task}");
        check("What date is next Friday?", true);
        check("How many days until Christmas?", true);
        check("下周五是几号？", true);
        check("How many weeks until Christmas?", false);
        check("What date is 3 days after next Friday?", false);
        check("Which comes first, next Friday or Christmas?", false);
        check("What day is it?", false);
    }

    #[test]
    fn a_question_of_the_calendar_alone_is_known() {
        let check = |task: &str, want: bool| assert_eq!(is_only_of_days(task), want, "{task}");
        check("What date is next Friday?", true);
        check("How many workdays until Christmas?", true);
        check("Which weekday will it be 45 days from now?", true);
        check("Tell me what day the 1st of March is, please.", true);
        check("下周五是几号？", true);
        check("离12月25日还有多少天？", true);
        check("What date is my appointment next week?", false);
        check("Which day is the concert this week?", false);
        check("我的航班是几号？", false);
        check("小王的生日是几号？", false);
    }

    #[test]
    fn it_is_told_in_the_language_of_the_task() {
        let date = NaiveDate::from_ymd_opt(2026, 2, 3).unwrap();
        let check = |task: &str, want: &str| assert_eq!(told(date, task), want);
        check("What day is it?", "Today is Tuesday, 2026-02-03.");
        check("今天几号？", "今天是2026-02-03，星期二。");
        check("明日は何曜日ですか", "今日は2026-02-03です。");
        check(
            "What date is next Friday?",
            "Today is Tuesday, 2026-02-03.\n\"next Friday\" is Friday, 2026-02-06, in 3 days.",
        );
        check("明日は何曜日ですか", "今日は2026-02-03です。");
    }
}
