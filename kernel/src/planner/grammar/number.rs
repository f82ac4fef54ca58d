//! A bare number as the answer.

/// A number in plain digits.
const NUMBER: &str = r"start: /-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,12})?/";

/// The grammar of a bare number: `computed`, as it is or rounded, so that a small model does
/// not miscopy it; any number without one.
pub(super) fn grammar(computed: Option<&str>) -> String {
    let plain = |text: &&str| {
        text.bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'))
    };
    let Some(text) = computed.filter(plain) else {
        return NUMBER.to_owned();
    };
    let mut forms = vec![text.to_owned()];
    if let (true, Ok(value)) = (text.contains('.'), text.parse::<f64>()) {
        let rounded = [value.floor(), value.ceil()].map(|whole| format!("{whole:.0}"));
        forms.extend(rounded);
        forms.extend([1, 2].map(|places| format!("{value:.places$}")));
        let mut seen = Vec::new();
        forms.retain(|form| {
            !seen.contains(form) && {
                seen.push(form.clone());
                true
            }
        });
    }
    let forms: Vec<String> = forms.iter().map(|form| format!("\"{form}\"")).collect();
    format!("start: {}", forms.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_computed_is_not_miscopied() {
        let check = |computed: Option<&str>, want: &str| assert_eq!(grammar(computed), want);
        check(None, NUMBER);
        check(Some("11286"), "start: \"11286\"");
        check(Some("-3"), "start: \"-3\"");
        check(
            Some("2.126"),
            "start: \"2.126\" | \"2\" | \"3\" | \"2.1\" | \"2.13\"",
        );
        check(Some("4.0"), "start: \"4.0\" | \"4\" | \"4.00\"");
        // Not in plain digits.
        check(Some("1e9"), NUMBER);
    }
}
