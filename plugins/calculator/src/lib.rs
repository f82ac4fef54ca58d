//! The calculator: arbitrary precision and units, by `fend-core`.
//!
//! It knows no clock, no random numbers and no exchange rates, so the same
//! expression always comes to the same value.

mod chinese;
mod clock;
mod day;
mod doubt;
mod measure;
mod mixed;
mod numeral;
mod phrases;
mod quotient;
mod reach;
mod span;
mod typed;
mod units;
mod variants;
mod whole;

use measure::Measure;

wit_bindgen::generate!({ world: "calculator", path: "wit" });

/// What the plugin asks for, where the host looks for it.
#[used]
#[unsafe(link_section = "quipu:plugin")]
static MANIFEST: [u8; include_bytes!("../plugin.toml").len()] = *include_bytes!("../plugin.toml");

/// Its WIT, for the comments in it, which a component does not keep.
#[used]
#[unsafe(link_section = "quipu:wit")]
static WIT: [u8; include_bytes!("../wit/world.wit").len()] = *include_bytes!("../wit/world.wit");

struct Calculator;

export!(Calculator);

/// The longest expression; a longer one is a mistake.
const EXPRESSION_BYTES_MAX: usize = 4096;

/// What to do after an error. It shows no expression: a model would copy that.
const INSTEAD: &str = "write only numbers, operators and units; for anything else use python.run";

impl Guest for Calculator {
    fn calculate(expression: String) -> Result<Outcome, String> {
        if expression.trim().is_empty() {
            return Err(format!("the expression is empty; {INSTEAD}"));
        }
        if expression.len() > EXPRESSION_BYTES_MAX {
            return Err(format!(
                "the expression is longer than {EXPRESSION_BYTES_MAX} bytes; {INSTEAD}"
            ));
        }
        // The signs of books first: a dash may be a minus.
        let ascii = typed::ascii(&expression);
        let asked = asked(&ascii);
        if let Some(value) = clock::value(asked) {
            return Ok(Outcome { value, exact: true });
        }
        let typed = typed::with_signs(asked);
        let instead = |reason: String| format!("{reason}; {INSTEAD}");
        let written = chinese::written(&typed).map_err(instead)?;
        let dated = day::written(&written.expression);
        if let Some(value) = day::value(&dated) {
            return Ok(Outcome { value, exact: true });
        }
        if let Some(reason) = day::missing(&dated) {
            return Err(reason);
        }
        let in_parts = |part: &str| number(&quotient::bracketed(part)).ok();
        if let Some(value) = mixed::measure(&dated, in_parts) {
            let exact = !value.contains("approx.");
            let value = value.replace("approx. ", "");
            return Ok(Outcome { value, exact });
        }
        let clear = reach::bracketed(&phrases::in_signs(&dated).map_err(instead)?)?;
        let Measure { expression, unit } = measure::measure(&clear)?;
        let unit = written.unit.or(unit);
        if let Some(reason) = doubt::doubt(&expression) {
            return Err(reason);
        }
        let plain = plain(&quotient::bracketed(&expression));
        let mut text = number(&plain).map_err(|error| format!("{error}; {INSTEAD}"))?;
        if is_percentage(&text) && !wants_percentage(&plain) {
            // What it is a percentage of is a number, so a number was meant.
            text = evaluate(&format!("({plain}) to 1")).unwrap_or(text);
        }
        if text.is_empty() || reach::is_function(&text) {
            return Err(format!("the expression has no value; {INSTEAD}"));
        }
        if let Some(unit) = unit {
            text = in_unit(&text, unit)?;
        }
        Ok(match text.strip_prefix("approx. ") {
            Some(value) => Outcome {
                value: value.to_owned(),
                exact: false,
            },
            None => Outcome {
                value: text.to_owned(),
                exact: true,
            },
        })
    }
}

/// What `expression` comes to; numbers are rounded with their units taken into account.
fn number(expression: &str) -> Result<String, String> {
    evaluate(&whole::of_numbers(expression, &|part| {
        evaluate(part).is_ok()
    }))
}

fn evaluate(expression: &str) -> Result<String, String> {
    let result = fend_core::evaluate(expression, &mut fend_core::Context::new());
    let result = result.map_err(|error| match error.contains("exchange rates") {
        // The evaluator takes many a short word for a currency.
        true => "words and exchange rates are not known".to_owned(),
        false => error,
    })?;
    Ok(result.get_main_result().to_owned())
}

/// `value`, which has to be a plain number, with the unit that it is counted in: what has a unit of
/// its own cannot be converted into that.
fn in_unit(value: &str, unit: &str) -> Result<String, String> {
    let number = value.strip_prefix("approx. ").unwrap_or(value);
    let is_number = number
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-'));
    match is_number {
        true => Ok(format!("{value} {unit}")),
        false => Err(format!("that is not measured in {unit}; {INSTEAD}")),
    }
}

/// The evaluator counts in per cent whatever was multiplied by a percentage: 5% * 40 is
/// 200% to it.
fn is_percentage(value: &str) -> bool {
    value.ends_with('%') || value.ends_with(" percent")
}

/// Whether the expression ends in a conversion to per cent.
fn wants_percentage(expression: &str) -> bool {
    let mut words = expression.split_whitespace().rev();
    matches!(words.next(), Some("%" | "percent"))
        && matches!(words.next(), Some("to" | "in" | "as"))
}

/// How a question begins that is one for a calculator.
const ASKS: [&str; 5] = [
    "what is ",
    "what's ",
    "how much is ",
    "calculate ",
    "compute ",
];

/// What is asked for: somebody may write it as a question, or with an equals sign behind it and what
/// stands for the value.
fn asked(expression: &str) -> &str {
    let expression = expression.trim().trim_end_matches(['?', ' ']);
    let begins = |lead: &&&str| {
        let head = expression.get(..lead.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(lead))
    };
    let lead = ASKS.iter().find(begins).map_or(0, |lead| lead.len());
    let expression = &expression[lead..];
    let bare = expression.trim_end_matches(['?', '_', ' ']);
    bare.strip_suffix('=').unwrap_or(expression).trim()
}

/// Fractions that are one sign, with what stands over the line and under it. Behind a number the
/// evaluator would multiply by them.
const FRACTIONS: &[(char, u8, u8)] = &[
    ('½', 1, 2),
    ('⅓', 1, 3),
    ('⅔', 2, 3),
    ('¼', 1, 4),
    ('¾', 3, 4),
    ('⅕', 1, 5),
    ('⅖', 2, 5),
    ('⅗', 3, 5),
    ('⅘', 4, 5),
    ('⅛', 1, 8),
    ('⅜', 3, 8),
    ('⅝', 5, 8),
    ('⅞', 7, 8),
];

/// The expression as the evaluator reads it: without the commas of thousands and the signs
/// of currencies, with fractions behind a number added to it, roots as a function, and an x
/// between numbers as the sign that it stands for.
fn plain(expression: &str) -> String {
    let chars: Vec<char> = with_roots(&with_bars(expression)).chars().collect();
    let digit = |i: usize| chars.get(i).is_some_and(char::is_ascii_digit);
    // Whether a number ends right before, or before one space.
    let behind = |i: usize| {
        let space = usize::from(i > 0 && chars[i - 1] == ' ');
        i > space && digit(i - space - 1)
    };
    let mut plain = String::with_capacity(expression.len());
    for (i, &c) in chars.iter().enumerate() {
        let fraction = FRACTIONS.iter().find(|(sign, ..)| *sign == c);
        if let Some((_, over, under)) = fraction.filter(|_| behind(i)) {
            plain.push_str(&format!(" {over}/{under}"));
            continue;
        }
        if let Some((_, over, under)) = fraction {
            plain.push_str(&format!("({over}/{under})"));
            continue;
        }
        if c.is_ascii_digit() && is_factor(&chars, i) {
            plain.push('*');
        }
        match c {
            'x' | 'X' if is_times(&chars, i) => plain.push('*'),
            // 1,000 but not f(2, 3): three digits follow and no fourth.
            ',' if i > 0 && digit(i - 1) && (1..=3).all(|n| digit(i + n)) && !digit(i + 4) => {}
            c if doubt::is_currency(c)
                && (digit(i + 1) || chars.get(i + 1) == Some(&'.') || behind(i)) => {}
            c => plain.push(c),
        }
    }
    plain
}

/// Whether the number at `i` stands right behind a bracket that it is multiplied by: behind the
/// bracket of a function, a divisor or a power that is not clear.
fn is_factor(chars: &[char], i: usize) -> bool {
    if i == 0 || chars[i - 1] != ')' {
        return false;
    }
    let mut depth = 0_usize;
    let open = chars[..i].iter().rposition(|c| {
        match *c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    let before = open.and_then(|open| chars[..open].iter().rev().find(|c| **c != ' '));
    open.is_some() && !before.is_some_and(|c| matches!(c, '/' | '÷' | '^') || c.is_alphabetic())
}

/// `expression` with what stands between the only two bars as an absolute value.
fn with_bars(expression: &str) -> String {
    let parts: Vec<&str> = expression.split('|').collect();
    let [before, inside, behind] = parts[..] else {
        return expression.to_owned();
    };
    let begins = before
        .trim_end()
        .chars()
        .next_back()
        .is_none_or(|c| "+-*/(^,=".contains(c));
    match begins && !inside.trim().is_empty() {
        true => format!("{before} abs({inside}){behind}"),
        false => expression.to_owned(),
    }
}

/// `expression` with each sign of a root, before a number or a bracket, as a function.
fn with_roots(expression: &str) -> String {
    let mut whole = String::with_capacity(expression.len());
    let mut rest = expression;
    while let Some((before, after)) = rest.split_once('√') {
        whole.push_str(before);
        let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
        let number = after.find(|c| !is_of_number(c)).unwrap_or(after.len());
        let (number, after) = after.split_at(number);
        match (number, after.starts_with('(')) {
            ("", true) => whole.push_str(" sqrt"),
            ("", false) => whole.push('√'),
            (number, _) => whole.push_str(&format!(" sqrt({number})")),
        }
        rest = after;
    }
    whole.push_str(rest);
    whole
}

/// Whether the letter at `i` stands between two numbers, and is not that of 0x1F.
fn is_times(chars: &[char], i: usize) -> bool {
    let is_space = |c: &&char| **c == ' ';
    let before = chars[..i].iter().rev().find(|c| !is_space(c));
    let after = chars[i + 1..].iter().find(|c| !is_space(c));
    let is_hexadecimal = i > 0
        && chars[i - 1] == '0'
        && !chars[..i - 1]
            .last()
            .is_some_and(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
    before.is_some_and(|c| c.is_ascii_digit() || *c == ')')
        && after.is_some_and(|c| c.is_ascii_digit() || *c == '(')
        && !is_hexadecimal
}

#[cfg(test)]
mod tests {
    use super::{Calculator, Guest, asked, plain};

    #[test]
    fn measures_and_chinese_are_computed() {
        let check = |expression: &str, want: &str| {
            let value = match Calculator::calculate(expression.to_owned()) {
                Ok(outcome) => outcome.value,
                Err(reason) => reason,
            };
            assert!(value.contains(want), "{expression}: {value}");
        };
        check("3 ft 4 in to cm", "101.6 cm");
        check("1 h 30 min to s", "5400 s");
        check("5 lb 3 oz in kg", "2.35301041");
        check("6'2\" in cm", "187.96 cm");
        check("2.5 dozen", "30");
        check("30 mpg to l/100km", "7.8404861");
        check("7.8404861 l/100km to mpg", "mpg");
        check("100 C to F", "212 °F");
        check("98.6 °F in °C", "37 °C");
        check("1 kWh to J", "3600000 J");
        check("7200000 J to kWh", "2 kWh");
        check("20 kn to km/h", "37.04 km");
        check("760 mmHg to hPa", "1013.25 hPa");
        check("5 dm2 to m^2", "0.05 m^2");
        check("2 m³ to l", "2000 l");
        check("3斤等于多少克？", "1500 克");
        check("5 m² 换算成平方分米", "500 平方分米");
        check("20摄氏度换算成华氏度", "68 °F");
        check("5斤3两是多少公斤", "2.65 公斤");
        check("10亩是多少公顷", "公顷");
        check("1.5公里换算成米", "1500 米");
        check("250毫升换算成升", "0.25 升");
        check("一万二千加三万五", "47000");
        check("3万5千除以七", "5000");
        check("300的百分之十五", "45");
        check("200打八五折", "170");
        check("2024年3月5日到2025年1月1日", "302 days");
        check("2024年3月5日加30天", "2024-04-04");
        check("3斤等于多少米", "not measured in 米");
        check("上周三加两天", "depends on today");
        check("5 km to 英里", "3.1068559612 英里");
        check("3 ft 4 in to 厘米", "101.6 厘米");
        check("1小时 in 分钟", "60 分钟");
        check("100 F to 摄氏度", "37.7777777778 °C");
        check("5 公里 换算成 英里", "3.1068559612 英里");
        check("6英尺 2英寸换算成厘米", "187.96 厘米");
        check("一半的八", "4");
        check("2的10次方", "1024");
        check("5的阶乘", "120");
        check("100 Mbit/s to MB/s", "12.5 MB / s");
        check("3 fl oz to ml", "88.7205886875 ml");
        check("2 nautical miles to km", "3.704 km");
        check("1 sq ft to m^2", "0.09290304 m^2");
        check("1 cu ft to liters", "28.316846592 liters");
        check("1 metric ton to kg", "1000 kg");
        check("2 tons to kg", "two things");
        check("3000 rpm to Hz", "divide by 60");
        check("2023-02-29 + 1 day", "there is no day 2023-02-29");
    }

    #[test]
    fn what_people_type_is_computed() {
        let check = |expression: &str, want: &str| {
            let value = match Calculator::calculate(expression.to_owned()) {
                Ok(outcome) => outcome.value,
                Err(reason) => reason,
            };
            assert!(value.starts_with(want), "{expression}: {value}");
        };
        check("120 km / 3 h", "40 km / h");
        check("90 miles / 30 mph", "10800 seconds");
        check("900+(25)2", "950");
        check("(2+3)4 - 1", "19");
        check("|3 - 8| * 2", "10");
        check("2 + |−5|", "7");
        check("3/4 of 120 + 8", "98");
        check("square root of 144", "12");
        check("square metres in 1 hectare", "10000");
        check("6 times 7 plus 3 squared", "51");
        check("80 increased by 15%", "92");
        check("floor(5 m / 30 cm)", "16");
        check("ceil((26 mile) / (1 km)) * 2", "84");
        check("round(250%) + floor(ceil(90 minutes / 1 hour) / 2)", "4");
        check("floor(4.5 kg)", "4 kg");
        check("200 minutes in hours and minutes", "3 hours 20 minutes");
        check("180 minutes in hours and minutes", "3 hours");
        check("45 minutes in hours and minutes", "45 minutes");
        check("9000 s to hours, minutes and seconds", "2 hours 30 minutes");
        check("75 inches in feet and inches", "6 feet 3 inches");
        check("1/2 cup in ml", "118.29411825 ml");
        check("٣٤ + ١", "35");
        check("๔๒ / ৬", "7");
        check("[2+6]*{5-1}", "32");
        check("2h 15min * 4", "9 hours");
        check("1h 20m 30s in seconds", "4830 seconds");
        check("30 percent of 90", "27");
        check("25% off 60", "45");
        check("1000 * (1 + 10%)^2", "1210");
        check("40 USD * 3", "120");
        check("100 USD in EUR", "words and exchange rates");
        check("50 EUR + 20 USD", "amounts in € and $");
        check("₹500 + ₹250", "750");
        check("2.5萬", "25000");
        check("壹佰贰拾加五", "125");
        check("根号16", "4");
        check("负5加8", "3");
        check("200 的 50%", "100");
        check("2024/03/01 - 2024/02/28", "2 days");
        check("3 Mar 2024 - 28 Feb 2024", "4 days");
        check("days between March 1, 2024 and March 8, 2024", "7 days");
        check("9:40 + 1 h 25 min", "11:05");
        check("7.30pm + 90 min", "9:00 pm");
        check("from 22:30 to 6:15", "7 hours 45 minutes");
        check("8:50 - 17:05", "times of a clock");
        check("2026-03-01 + 18 months", "2027-09-01");
        check("weeks between 5 Jan 2026 and 2 Mar 2026", "8 weeks");
        check("average of 4, 8, 15", "9");
        check("What is half of 50?", "25");
        check("sum of 2 kg and 500 g", "2.5 kg");
        check("average of 1,200", "1,200 may be one number or two");
        check("10 mb in kb", "10000 kB");
        check("((1+2)", "a bracket is opened and not closed");
        check("3+4)", "a bracket is closed that was not opened");
        check("1+1; 2+2", "several expressions");
        check("100 : 8", "a colon");
        check("a = 3; a * 2", "6");
    }

    #[test]
    fn a_function_reaches_as_far_as_it_is_read() {
        let check = |expression: &str, want: &str| {
            let value = match Calculator::calculate(expression.to_owned()) {
                Ok(outcome) => outcome.value,
                Err(reason) => reason,
            };
            assert!(value.starts_with(want), "{expression}: {value}");
        };
        check("sin 30°", "0.5");
        check("cos 60 degrees", "0.5");
        check("2 sqrt 16", "8");
        check("3 * sqrt 16 + 1", "13");
        check("sin 30", "sin(30) can mean two things");
        check("sqrt 16 m^2", "how far sqrt reaches");
        check("sqrt", "the expression has no value");
        check("3!!", "!! can mean two things");
    }

    #[test]
    fn what_is_asked_for_ends_before_the_equals_sign() {
        let check = |expression: &str, want: &str| assert_eq!(asked(expression), want);
        check("17 * 23 =", "17 * 23");
        check("17 * 23 = ?", "17 * 23");
        check("17 * 23 ?", "17 * 23");
        check("What is 17 * 23?", "17 * 23");
        check("calculate 17 * 23 =", "17 * 23");
        check("what", "what");
        check("2 + 2 = 4", "2 + 2 = 4");
        check("5!", "5!");
        check(" ", "");
    }

    #[test]
    fn an_expression_is_written_as_the_evaluator_reads_it() {
        let check = |expression: &str, want: &str| assert_eq!(plain(expression), want);
        check("1,234 + f(2, 3)", "1234 + f(2, 3)");
        check("$1.50 * 3", "1.50 * 3");
        check("5.50€ + 3 €", "5.50 + 3 ");
        check("2½ * 4", "2 1/2 * 4");
        check("1 ¾ cups", "1  3/4 cups");
        check("½ + €", "(1/2) + €");
        check("√16 + 2√(9)", " sqrt(16) + 2 sqrt(9)");
        check("√x", "√x");
        check("3 x 4 + 2x5", "3 * 4 + 2*5");
        check("10x2 + 0x1F + max(1)", "10*2 + 0x1F + max(1)");
    }
}
