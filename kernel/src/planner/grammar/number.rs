//! A bare number as the answer.

/// A number in plain digits.
const NUMBER: &str = r"start: /-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,12})?/";
/// The most decimals with which a number is answered as it was computed.
const DECIMALS_MAX: usize = 6;

/// The grammar of a bare number. With `computed`, only that number, so that a small model does
/// not miscopy it: a whole number without its point, and one with many decimals perhaps rounded.
/// Without it, any number.
pub(super) fn grammar(computed: Option<&str>) -> String {
    let plain = |text: &&str| {
        text.bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'))
    };
    let Some(text) = computed.filter(plain) else {
        return NUMBER.to_owned();
    };
    let text = without_zeros(text);
    let value: f64 = text.parse().unwrap_or_default();
    let forms = match text.split_once('.') {
        Some((_, decimals)) if decimals.len() > DECIMALS_MAX => {
            vec![
                text.to_owned(),
                format!("{value:.2}"),
                format!("{value:.4}"),
            ]
        }
        _ => vec![text.to_owned()],
    };
    let forms: Vec<String> = forms.iter().map(|form| format!("\"{form}\"")).collect();
    format!("start: {}", forms.join(" | "))
}

/// A whole number without its point: a small model writes "40.0" where it has worked out 40.
pub(crate) fn without_zeros(number: &str) -> &str {
    match number.split_once('.') {
        Some((whole, decimals)) if decimals.bytes().all(|b| b == b'0') => whole,
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_has_no_point() {
        let check = |number: &str, want: &str| assert_eq!(without_zeros(number), want);
        check("40.0", "40");
        check("-3.000", "-3");
        check("110.50", "110.50");
        check("40", "40");
    }

    #[test]
    fn a_number_that_was_computed_is_not_miscopied() {
        let check = |computed: Option<&str>, want: &str| assert_eq!(grammar(computed), want);
        check(None, NUMBER);
        check(Some("11286"), "start: \"11286\"");
        check(Some("-3"), "start: \"-3\"");
        check(Some("0.875"), "start: \"0.875\"");
        check(Some("4.0"), "start: \"4\"");
        check(
            Some("0.6666666666"),
            "start: \"0.6666666666\" | \"0.67\" | \"0.6667\"",
        );
        // Not in plain digits.
        check(Some("1e9"), NUMBER);
    }
}
