//! The date, for a task that depends on it. A model knows no date but those it was trained on,
//! and answers "next Friday" with one of these.
//!
//! Other tasks are not told it: what a process is shown would be another text each day.

use std::sync::LazyLock;

use chrono::{Local, NaiveDate};
use regex::Regex;

use super::facts::is_told_in_sentences;
use crate::numbers;
use crate::process::Program;

/// What is said of a day without its date.
static RELATIVE: LazyLock<Regex> = LazyLock::new(|| {
    let days = "monday|tuesday|wednesday|thursday|friday|saturday|sunday";
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
        |(?:what|which)\s+(?:date|weekday|day)(?:\s+of\s+the\s+week)?\s+is|what(?:\s+is|['’]s)\s+the\s+(?:date|day)
        |what\s+year\s+is|until\s+(?:christmas|easter|new\s+year))\b
        |\b(?:heute|gestern|übermorgen|vorgestern|hoy|ayer|mañana|demain|aujourd['’]hui|oggi|domani|ieri|hoje|ontem|amanhã)\b
        |\b(?:nächste[nrsm]?|diese[rnms]?|letzte[nrsm]?)\s+(?:woche|monat|jahr|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)\b
        |\b(?:la\s+semaine|le\s+mois|l['’]année|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\s+(?:prochaine?|dernière?)\b
        |сегодня|завтра|вчера|오늘|내일|어제|明日|昨日|明後日|来週|先週|今週|来月|今月|先月|来年
        |今天|今日|今晚|明天|后天|昨天|前天|[本这上下]个?(?:周|星期|礼拜|月)|今年|明年|去年|前年|天前|周前|年前|几号|星期几|截止"
    );
    // The pattern is laid out in lines for whoever reads it.
    let words = words.split('\n').map(str::trim_start).collect::<String>();
    Regex::new(&words).unwrap_or_else(|error| unreachable!("a constant: {error}"))
});

/// Numbers with which a task in several sentences is a word problem, whose days are its own.
const PROBLEM_NUMBERS_MIN: usize = 2;

/// Today, where the task of `program` depends on it.
pub(crate) fn needed_by(program: &Program) -> Option<NaiveDate> {
    let task = program.topic.as_ref().unwrap_or(&program.prompt);
    depends_on_it(task).then(|| Local::now().date_naive())
}

/// Whether what is right depends on the day on which `task` is told.
fn depends_on_it(task: &str) -> bool {
    let problem =
        || is_told_in_sentences(task) && numbers::numbers(task).len() >= PROBLEM_NUMBERS_MIN;
    RELATIVE.is_match(task) && !problem()
}

/// Whether `task` asks for a day, or how far off one is: a small model counts on its fingers.
pub(crate) fn asks_to_count(task: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        let asks = r"(?i)\b(?:what|which)\b[^.?!]*\b(?:date|day|weekday)\b|\bhow (?:many|long)\b[^.?!]*\b(?:days?|weeks?|until|till)\b|几号|星期几|周几|多少天|几天|哪天";
        Regex::new(asks).unwrap_or_else(|error| unreachable!("a constant: {error}"))
    });
    ASKS.is_match(task)
}

/// The words in which a task like `task` is told that it is `date`.
pub(crate) fn told(date: NaiveDate, task: &str) -> String {
    let kana = |c: char| ('\u{3041}'..='\u{30ff}').contains(&c);
    let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    match (task.contains(kana), task.contains(chinese)) {
        (true, _) => format!("今日は{}です。", date.format("%Y-%m-%d")),
        (false, true) => format!("今天是{}。", date.format("%Y-%m-%d")),
        (false, false) => format!("Today is {}.", date.format("%A, %Y-%m-%d")),
    }
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
    fn it_is_told_in_the_language_of_the_task() {
        let date = NaiveDate::from_ymd_opt(2026, 2, 3).unwrap();
        let check = |task: &str, want: &str| assert_eq!(told(date, task), want);
        check("What day is it?", "Today is Tuesday, 2026-02-03.");
        check("今天几号？", "今天是2026-02-03。");
        check("明日は何曜日ですか", "今日は2026-02-03です。");
    }
}
