//! Rows of a month, rows of two conditions, and names in Chinese.

use super::cells_asked_for;

#[track_caller]
fn check(task: &str, text: &str, want: &[&str]) {
    assert_eq!(cells_asked_for(task, text), want, "{task}");
}

const PAID: &str = "Date | Payer | Sum\n--- | --- | ---\n2026-02-10 | Ilse | 40\n2026-03-14 | Ilse | 55\n\
    2026-03-20 | Bruno | 35\n2026-04-02 | Bruno | 60";

#[test]
fn rows_of_a_month_are_told() {
    check(
        "How much did Ilse pay in March?",
        PAID,
        &["2026-03-14, Ilse | Sum: 55"],
    );
    check(
        "What was paid on 2 April?",
        PAID,
        &["Date: 2026-04-02 | Payer: Bruno | Sum: 60"],
    );
    check(
        "What was paid in March?",
        PAID,
        &[
            "Date: 2026-03-14 | Payer: Ilse | Sum: 55",
            "Date: 2026-03-20 | Payer: Bruno | Sum: 35",
        ],
    );
    check(
        "Which payments in March were over 50?",
        &PAID.replace("Bruno | 60", "Bruno | 70"),
        &["over 50: Date: 2026-03-14 | Payer: Ilse | Sum: 55"],
    );
    check(
        "三月谁值班？",
        "日期;值班\n2月1日;小李\n3月1日;小王\n4月1日;小陈",
        &["3月1日 | 值班: 小王"],
    );
    // Another month, or rows that may be missing.
    check("What was paid in May?", PAID, &[]);
    check("What was paid in March?", &format!("{PAID}\n…"), &[]);
}

const ROOMS: &str = "Room | Places | Projector | Floor\n--- | --- | --- | ---\nElm | 12 | yes | 1\nOak | 30 | yes | 2\n\
    Ash | 40 | no | 2\nFir | 24 | yes | 3\nYew | 60 | no | 1\nBox | 25 | no | 1";

#[test]
fn rows_have_all_that_is_told_beside_a_condition() {
    check(
        "Which rooms with over 20 places have a projector?",
        ROOMS,
        &[
            "over 20: Room: Oak | Places: 30 | Projector: yes | Floor: 2",
            "over 20: Room: Fir | Places: 24 | Projector: yes | Floor: 3",
        ],
    );
    check(
        "Which room with over 50 places has no projector?",
        ROOMS,
        &["over 50: Room: Yew | Places: 60 | Projector: no | Floor: 1"],
    );
    check(
        "20人以上且有投影仪的会议室是哪间？",
        "会议室;人数;投影仪\n甲厅;12;有\n乙厅;30;有\n丙厅;40;无",
        &["20人以上: 会议室: 乙厅 | 人数: 30 | 投影仪: 有"],
    );
    // None is so, many are, or rows may be missing.
    check(
        "Which rooms with over 50 places have a projector?",
        ROOMS,
        &[],
    );
    check("Which rooms have over 20 places?", ROOMS, &[]);
    check(
        "Which rooms with over 20 places have a projector?",
        &format!("{ROOMS}\n…"),
        &[],
    );
}

const PLANTS: &str = "植物 | 春 | 夏 | 秋 | 冬\n---|---|---|---|---\n绿萝 | 5天 | 3天 | 6天 | 10天\n\
    吊兰 | 4天 | 2天 | 5天 | 8天\n仙人掌 | 15天 | 10天 | 20天 | 40天";

#[test]
fn a_column_is_named_in_the_middle_of_a_question() {
    check("绿萝夏天多久浇一次水？", PLANTS, &["绿萝 | 夏: 3天"]);
    check("冬季的吊兰几天浇一次水？", PLANTS, &["吊兰 | 冬: 8天"]);
    check(
        "那盆仙人掌到了秋天要多少天浇水？",
        PLANTS,
        &["仙人掌 | 秋: 20天"],
    );
    check(
        "吊兰多久浇一次水？",
        "植物;浇水;施肥\n绿萝;7天;30天\n吊兰;5天;20天",
        &["吊兰 | 浇水: 5天"],
    );
    check(
        "绿萝怎么养？",
        PLANTS,
        &["植物: 绿萝 | 春: 5天 | 夏: 3天 | 秋: 6天 | 冬: 10天"],
    );
    // Two rows, none, and a longer name.
    check("绿萝和吊兰夏天多久浇一次水？", PLANTS, &[]);
    check("月季夏天多久浇一次水？", PLANTS, &[]);
    let classes = "班级;人数;教室\n一班;30;东楼\n二班;35;西楼\n十二班;40;南楼";
    check("十一班在哪个教室？", classes, &[]);
    check("十二班在哪个教室？", classes, &["十二班 | 教室: 南楼"]);
    check("二班在哪个教室？", classes, &["二班 | 教室: 西楼"]);
}
