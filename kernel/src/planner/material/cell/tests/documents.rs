//! Rows that are found in two documents, and rows that a task describes by several words.

use super::cells_asked_for;

#[track_caller]
fn check(task: &str, text: &str, want: &[&str]) {
    assert_eq!(cells_asked_for(task, text), want, "{task}");
}

/// Two documents with a table each: their first lines, and what a sack of rye costs there.
fn two(one: (&str, u32), other: (&str, u32)) -> String {
    let passage = |(begins, euros): (&str, u32)| {
        format!("{begins}\n  | Sack | Euros |\n  |---|---|\n  | Rye | {euros} |\n  | Oats | 9 |")
    };
    format!("{}\n{}", passage(one), passage(other))
}

#[test]
fn the_document_whose_title_the_task_says_counts() {
    let mills = two(
        ("[d1: Prices of the east mill]", 35),
        ("[d2: Prices of the west mill]", 40),
    );
    check(
        "What does a sack of rye cost at the west mill?",
        &mills,
        &["From [d2] (Prices of the west mill): Rye | Euros: 40"],
    );
    let years = two(("[d1: Prices 2031]", 35), ("[d2: Prices 2032]", 40));
    check(
        "What did rye cost in 2031?",
        &years,
        &["From [d1] (Prices 2031): Rye | Euros: 35"],
    );
    let wards = two(("[d1: Ward 3]", 35), ("[d2: Ward 4]", 40));
    check(
        "How many euros is rye in ward 4?",
        &wards,
        &["From [d2] (Ward 4): Rye | Euros: 40"],
    );
    let parts = two(("[d1: Mill]\n  ## East side", 35), ("  ## West side", 40));
    check(
        "What does rye cost on the east side?",
        &parts,
        &["From [d1] (Mill, East side): Rye | Euros: 35"],
    );
    let files = two(
        ("[d1] from east.md: «", 35),
        ("[d2] from west.md: «West hall:", 40),
    );
    check(
        "What does rye cost in the west hall?",
        &files,
        &["From [d2] (West hall): Rye | Euros: 40"],
    );
}

#[test]
fn both_documents_are_told_where_no_title_fits_better() {
    let both = |east: &str, west: &str| {
        [
            format!("From [d1] ({east}): Rye | Euros: 35"),
            format!("From [d2] ({west}): Rye | Euros: 40"),
        ]
    };
    let check = |task: &str, east: &str, west: &str| {
        let [one, other] = [format!("[d1: {east}]"), format!("[d2: {west}]")];
        let text = two((one.as_str(), 35), (other.as_str(), 40));
        assert_eq!(cells_asked_for(task, &text), both(east, west), "{task}");
    };
    // None is said, or both are.
    check("What does rye cost?", "East mill", "West mill");
    check(
        "What does rye cost in the east and in the west?",
        "East mill",
        "West mill",
    );
    check(
        "What does rye cost in the north-east and in the west?",
        "North east mill",
        "West mill",
    );
    // Only what both titles have.
    check("What does rye cost at the mill?", "East mill", "West mill");
    check(
        "See http://127.0.0.1/east for the way. What does rye cost?",
        "East mill",
        "West mill",
    );
}

#[test]
fn a_row_that_both_say_alike_is_told_once() {
    let same = two(("[d1: East mill]", 35), ("[d2: West mill]", 35));
    check(
        "What does rye cost at the west mill?",
        &same,
        &["Rye | Euros: 35"],
    );
    // Titles that are the same tell nothing.
    let mills = two(("[d1: Mill]", 35), ("[d2: Mill]", 40));
    check(
        "What does rye cost at the mill?",
        &mills,
        &["From [d1]: Rye | Euros: 35", "From [d2]: Rye | Euros: 40"],
    );
}

const ROOMS: &str = "| Room | Beds | Price |\n|---|---|---|\n\
    | Big, upstairs, to the street | 5 | 90 |\n| Big, upstairs, at the back | 4 | 80 |\n\
    | Small, upstairs, at the back | 2 | 50 |";

#[test]
fn a_row_that_several_words_describe_is_told() {
    check(
        "What does the big room upstairs at the back cost?",
        ROOMS,
        &["Big, upstairs, at the back | Price: 80"],
    );
    check(
        "What do you know of the big room upstairs at the back?",
        ROOMS,
        &["Room: Big, upstairs, at the back | Beds: 4 | Price: 80"],
    );
    check(
        "How dear is the green lamp for the desk?",
        "- Lamp for the desk, green: 35 EUR\n- Lamp for the desk, red: 40 EUR",
        &["Lamp for the desk, green | 35 EUR"],
    );
}

#[test]
fn no_row_is_told_that_few_words_describe() {
    check("What does the room upstairs cost?", ROOMS, &[]);
    check("What does the big room cost?", ROOMS, &[]);
    check(
        "Which room upstairs at the back is the cheapest?",
        ROOMS,
        &[],
    );
    check(
        "What does the small big room to the street cost?",
        ROOMS,
        &[],
    );
    check(
        "Which lamp is it?",
        "- Lamp, green: 35 EUR\n- Chair, red: 40 EUR",
        &[],
    );
}
