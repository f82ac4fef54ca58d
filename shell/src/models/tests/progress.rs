use super::super::progress::{Lines, Progress};

#[test]
fn a_log_gets_a_line_for_each_tenth() {
    let lines = Lines::new(Vec::new());
    lines.message("fetching");
    for done in [0, 1, 99, 100, 150, 550, 551, 1000, 1000] {
        lines.bytes(done, 1000);
    }
    lines.done("here");
    let text = String::from_utf8(lines.into_inner()).unwrap();
    let expected = "fetching\n  0 %  0 B of 1.00 kB\n 10 %  100 B of 1.00 kB\n 50 %  550 B of 1.00 kB\n100 %  1.00 kB of 1.00 kB\nhere\n";
    assert_eq!(text, expected);
}

#[test]
fn nothing_to_fetch_is_no_division_by_zero() {
    let lines = Lines::new(Vec::new());
    lines.bytes(0, 0);
    assert!(!lines.into_inner().is_empty());
}
