//! Days that tasks name, and words that only look like them.

use super::*;

/// A Tuesday.
fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 2, 3).unwrap()
}

#[test]
fn days_are_worked_out() {
    let check = |task: &str, want: &[(&str, &str)]| {
        let days = days_in(task, today());
        let days: Vec<(String, String)> = days
            .into_iter()
            .map(|day| (day.words, day.date.to_string()))
            .collect();
        let want: Vec<(String, String)> = want
            .iter()
            .map(|(words, date)| ((*words).to_owned(), (*date).to_owned()))
            .collect();
        assert_eq!(days, want, "{task}");
    };
    check(
        "Which date is next Friday?",
        &[("next Friday", "2026-02-06")],
    );
    check(
        "Which date is next Tuesday?",
        &[("next Tuesday", "2026-02-10")],
    );
    check("What was last Monday?", &[("last Monday", "2026-02-02")]);
    check("What was last Tuesday?", &[("last Tuesday", "2026-01-27")]);
    check(
        "What was last Wednesday?",
        &[("last Wednesday", "2026-01-28")],
    );
    check("Is it open on Sunday?", &[("Sunday", "2026-02-08")]);
    check(
        "The day after tomorrow, or tomorrow?",
        &[
            ("The day after tomorrow", "2026-02-05"),
            ("tomorrow", "2026-02-04"),
        ],
    );
    check(
        "What day is it in two weeks?",
        &[("in two weeks", "2026-02-17")],
    );
    check("And 40 days ago?", &[("40 days ago", "2025-12-25")]);
    check("In a month?", &[("In a month", "2026-03-03")]);
    check("How far is Christmas?", &[("Christmas", "2026-12-25")]);
    check("Until New Year's Eve?", &[("New Year's Eve", "2026-12-31")]);
    check("Until 1st of March?", &[("1st of March", "2026-03-01")]);
    check("Until January 2?", &[("January 2", "2027-01-02")]);
    check("Since January 2?", &[]);
    check("Until Feb 29?", &[("Feb 29", "2028-02-29")]);
    check("Until 2027-01-15?", &[("2027-01-15", "2027-01-15")]);
    check("下周五是几号？", &[("下周五", "2026-02-13")]);
    check("本周一是几号？", &[("本周一", "2026-02-02")]);
    check("周一开会", &[("周一", "2026-02-09")]);
    check("大后天星期几？", &[("大后天", "2026-02-06")]);
    check("三天前是几号？", &[("三天前", "2026-01-31")]);
    check("二十一天后？", &[("二十一天后", "2026-02-24")]);
    check("上周三是几号？", &[("上周三", "2026-01-28")]);
    check("下个月5号开会", &[("下个月5号", "2026-03-05")]);
    check("上月二十日呢？", &[("上月二十日", "2026-01-20")]);
    check("这个月十五号", &[("这个月十五号", "2026-02-15")]);
    check("下个月30号和31号", &[("下个月30号", "2026-03-30")]);
    check("半年后是几号？", &[("半年后", "2026-08-03")]);
    check("三月五日是星期几？", &[("三月五日", "2026-03-05")]);
    check("明年3月5日", &[("明年3月5日", "2027-03-05")]);
    check("去年的三月五日", &[("去年的三月五日", "2025-03-05")]);
    check(
        "Until 3 May next year?",
        &[("3 May next year", "2027-05-03")],
    );
    check("On May 3 last year", &[("May 3 last year", "2025-05-03")]);
    check("离12月25日还有几天？", &[("12月25日", "2026-12-25")]);
    check("Mondays are long. 31 February?", &[]);
    check("", &[]);
}

#[test]
fn what_means_something_else_is_no_day() {
    let check = |task: &str, want: &[&str]| {
        let days = days_in(task, today());
        let words: Vec<&str> = days.iter().map(|day| day.words.as_str()).collect();
        assert_eq!(words, want, "{task}");
    };
    let none = |task: &str| check(task, &[]);
    none("Who may 5 people ask about it?");
    none("May 5 people come along?");
    none("Only 12 may come in.");
    none("March 3 miles north, then rest.");
    none("We march 20 km a day.");
    none("The mayor had 5 guests and 12 marbles.");
    none("How many hours are in 3 days?");
    none("How many minutes are there in a day?");
    none("How many weeks does a year have, and how many are in 30 years?");
    none("It rains for the first time in 3 months.");
    none("The result is the best in 10 years.");
    none("He swims twice in a week.");
    none("What is a 30 year bond, and in 30 year bonds, what is safe?");
    none("It came to an end in a year of drought.");
    none("When is the last Friday of March?");
    none("And the last Friday in June?");
    none("Is it open on Friday of the week after?");
    none("Who sang “Yesterday”?");
    none("Translate \"next Friday\" into German.");
    none("Write a Christmas carol.");
    none("Merry Christmas!");
    none("Mondays are long.");
    none("Chapter 5, mar 3 and dec");
    none("公元2000年前的建筑有哪些？");
    none("1990年后出生的作家");
    none("请在3月前完成");
    none("请在5日前提交");
    none("他一周五天工作");
    none("每周三次锻炼");
    none("两周一次的例会");
    none("她聪明天真");
    none("三楼以前天天开会");
    none("写一首圣诞歌");
    none("第3天后怎么办");
    none("12月30人报名");
    none("这个月30号");
    none("工作了两个半年后");
    none("每月五号以上月五日");
    // And what does mean one.
    check("My exam is in 3 days.", &["in 3 days"]);
    check("The exams are in two weeks.", &["in two weeks"]);
    check("Twenty days ago?", &["Twenty days ago"]);
    check("Book may 5 at noon", &["may 5"]);
    check("Is May 5 free?", &["May 5"]);
    check("Are we open next Friday in Oslo?", &["next Friday"]);
    check("What day is Christmas?", &["Christmas"]);
    check("下周三天气怎么样？", &["下周三"]);
    check("三年后是哪年？", &["三年后"]);
    check("3个月后是几号？", &["3个月后"]);
    check("10天后开会", &["10天后"]);
    check("聪明的人明天来", &["明天"]);
    check("12月25日前提交", &["12月25日"]);
    check("", &[]);
}

#[test]
fn a_day_is_told_on_a_line() {
    let check = |task: &str, chinese: bool, want: &str| {
        let days = days_in(task, today());
        assert_eq!(days[0].line(today(), chinese), want);
    };
    check(
        "next Friday",
        false,
        "\"next Friday\" is Friday, 2026-02-06, in 3 days.",
    );
    check(
        "yesterday",
        false,
        "\"yesterday\" is Monday, 2026-02-02, 1 day ago.",
    );
    check("明天", true, "“明天”是2026-02-04，星期三，1天后。");
}
