//! Whole numbers of a ratio. The evaluator rounds a number before its units: five metres by thirty
//! centimetres are 0.1666… metres by a centimetre to it, rounded down to 0 and not to 16. So what is
//! rounded is made a number first, where it is one.

/// Functions that make a number whole.
const ROUNDING: [&str; 3] = ["floor", "ceil", "round"];

/// `expression`, in which what is rounded is turned into a number where it `is_number`, which is asked of
/// an expression that converts it.
pub fn of_numbers(expression: &str, is_number: &impl Fn(&str) -> bool) -> String {
    let Some((before, argument, behind)) = first(expression) else {
        return expression.to_owned();
    };
    let argument = of_numbers(argument, is_number);
    let behind = of_numbers(behind, is_number);
    let number = format!("({argument}) to 1");
    match is_number(&number) {
        true => format!("{before}({number}){behind}"),
        false => format!("{before}({argument}){behind}"),
    }
}

/// What stands before the brackets of the first function that rounds, in them, and behind them.
fn first(expression: &str) -> Option<(&str, &str, &str)> {
    let ends_a_word = |before: &str| {
        let whole = ROUNDING.iter().find_map(|name| before.strip_suffix(name));
        whole.is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    let mut opens = expression.match_indices('(').map(|(at, _)| at);
    let open = opens.find(|at| ends_a_word(expression[..*at].trim_end()))?;
    let mut depth = 0_usize;
    let close = expression[open..].char_indices().find(|(_, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    let close = open + close?.0;
    let (before, behind) = (&expression[..open], &expression[close + 1..]);
    Some((before, &expression[open + 1..close], behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rounded_becomes_a_number() {
        let check = |expression: &str, want: &str| {
            let is_number = |number: &str| !number.contains("kg");
            assert_eq!(of_numbers(expression, &is_number), want, "{expression}");
        };
        check("floor(5 m / 30 cm)", "floor((5 m / 30 cm) to 1)");
        check(
            "2 * ceil (a) + round(b)",
            "2 * ceil ((a) to 1) + round((b) to 1)",
        );
        check("floor(ceil(a) / 2)", "floor((ceil((a) to 1) / 2) to 1)");
        check("floor(4.5 kg)", "floor(4.5 kg)");
        check("floor((a)", "floor((a)");
        check("myfloor(a) + sqrt(4)", "myfloor(a) + sqrt(4)");
        check("(a)", "(a)");
        check("", "");
    }
}
