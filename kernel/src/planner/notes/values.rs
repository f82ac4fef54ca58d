//! The values of a note: days, hours, numbers. Two notes can say two values of one thing only where
//! these are of one kind.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::laid_out;
use crate::written::{days, numbers};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A day with its month.
    Date,
    /// The day of a month, without the month.
    Day,
    Weekday,
    Hour,
    /// Letters and digits in one word, such as that of a room.
    Code,
    Number,
}

/// A value, and where it stands in its text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) kind: Kind,
    pub(super) at: Range<usize>,
}

/// How values are written, those first that others are a part of.
static FORMS: LazyLock<[(Kind, Regex); 5]> = LazyLock::new(|| {
    let (weekdays, words) = (days::any_weekday(), numbers::any_word());
    [
        (
            Kind::Hour,
            laid_out(&format!(
                r"(?i)\b\d{{1,2}}:\d{{2}}\b(?:\s?[ap]m\b)?|\b\d{{1,2}}\s?(?:[ap]m|o['’]clock)\b
                |\b(?:half\s+past|quarter\s+(?:past|to))\s+(?:{words}|\d{{1,2}})\b
                |(?:上午|下午|早上|晚上|中午|凌晨)?(?:\d{{1,2}}|[一二两三四五六七八九十]{{1,3}})[点时](?:半|一刻|\d{{1,2}}分)?"
            )),
        ),
        (
            Kind::Weekday,
            laid_out(&format!(
                r"(?i)\b(?:{weekdays})s?\b|(?:周|星期|礼拜)[一二三四五六日天]"
            )),
        ),
        (
            Kind::Day,
            laid_out(&format!(
                r"(?i)\b\d{{1,2}}(?:st|nd|rd|th)\b|\d{{1,2}}[号日]|(?:{})号",
                days::HAN_DAY
            )),
        ),
        (Kind::Code, laid_out(r"\b[A-Za-z]{1,3}-?\d{1,5}[A-Za-z]?\b")),
        (
            Kind::Number,
            laid_out(&format!(r"(?i)\b(?:{words})\b|\d+(?:[.,]\d+)*")),
        ),
    ]
});

/// The values of `text`, in their order.
pub(super) fn values(text: &str) -> Vec<Value> {
    let dates = days::written(text).into_iter();
    let mut all: Vec<Value> = dates
        .map(|day| Value {
            kind: Kind::Date,
            at: day.at,
        })
        .collect();
    for (kind, form) in FORMS.iter() {
        for found in form.find_iter(text) {
            let is_apart =
                |known: &Value| known.at.end <= found.start() || found.end() <= known.at.start;
            if all.iter().all(is_apart) {
                let (kind, at) = (*kind, found.range());
                all.push(Value { kind, at });
            }
        }
    }
    all.sort_by_key(|value| value.at.start);
    all
}

/// The only value of `text`.
pub(super) fn only_value(text: &str) -> Option<Value> {
    let mut all = values(text);
    let only = all.pop()?;
    all.is_empty().then_some(only)
}

/// `text` without its values.
pub(super) fn without_values(text: &str) -> String {
    let (mut rest, mut from) = (String::new(), 0);
    for value in values(text) {
        rest.push_str(&text[from..value.at.start]);
        rest.push(' ');
        from = value.at.end;
    }
    rest.push_str(&text[from..]);
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_has_values() {
        let check = |text: &str, want: &[(Kind, &str)]| {
            let all = values(text);
            let said: Vec<(Kind, &str)> = all
                .iter()
                .map(|value| (value.kind, &text[value.at.clone()]))
                .collect();
            assert_eq!(said, want, "{text}");
        };
        check(
            "The fair is on 3 May at 9:30.",
            &[(Kind::Date, "3 May"), (Kind::Hour, "9:30")],
        );
        check("It's the 17th now.", &[(Kind::Day, "17th")]);
        check("The choir sings on Fridays.", &[(Kind::Weekday, "Fridays")]);
        check("My berth is K7.", &[(Kind::Code, "K7")]);
        check("The rent is 12.50.", &[(Kind::Number, "12.50")]);
        check("We are nine.", &[(Kind::Number, "nine")]);
        check("The mill opens at 8 am.", &[(Kind::Hour, "8 am")]);
        check("聚餐在周六。", &[(Kind::Weekday, "周六")]);
        check("理发约在17号。", &[(Kind::Day, "17号")]);
        check("房租3200", &[(Kind::Number, "3200")]);
        check("The gate is green.", &[]);
        check("", &[]);
    }

    #[test]
    fn what_is_left_has_no_value() {
        let check = |text: &str, want: &str| assert_eq!(without_values(text), want, "{text}");
        check("The rent is 840 now.", "The rent is   now.");
        check("The gate is green.", "The gate is green.");
        assert_eq!(only_value("Room 3, at 9:30."), None);
        assert_eq!(only_value("No value."), None);
        assert_eq!(only_value("It is 4.").map(|value| value.at), Some(6..7));
    }
}
