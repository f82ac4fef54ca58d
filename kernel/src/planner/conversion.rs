//! A measure that a task asks for in another unit, as an expression of the calculator, which knows
//! the units: a small model knows half of the factors, and says a hundred square metres for a hectare.

use std::sync::LazyLock;

use regex::Regex;

use super::material::units::{Kind, UNITS, known};
use super::program::asks_for_code;
use super::wording::{has_a_word_for_keeping, is_about_its_words};
use crate::pattern::pattern;
use crate::written::numbers::{HAN_SIGNS, han};

/// What says in Chinese, or with a sign, that a number is below nought.
const BELOW: &[&str] = &["零下", "负", "-", "−"];

/// The forms of such a question: a number with its unit, and the unit that it is wanted in. Nothing
/// but these stands in its sentence, or more than a conversion is asked for.
static ASKED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let words: Vec<&str> = UNITS.iter().map(|unit| unit.words).collect();
    let unit = words.join("|");
    // Elsewhere a comma is a point: "1,5 km". A second number counts a smaller unit: "3 ft 4 in".
    let number = r"(?P<number>[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)";
    let small = format!(r"(?:(?:,? and)? ?(?P<more>\d+(?:\.\d+)?) ?(?P<small>{unit}|in))?");
    let measure = format!("{number} ?(?P<from>{unit}){small}");
    // In Chinese numbers are also spelled: 三万五千米, 半斤, 五斤三两.
    let spelled = format!(r"\d*[{HAN_SIGNS}][\d{HAN_SIGNS}]*");
    let han_number = format!(
        r"(?P<number>(?:零下|负|[-−])?(?:(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?|{spelled}|半))"
    );
    let han_small = format!(r"(?: ?(?P<more>\d+(?:\.\d+)?|{spelled}) ?(?P<small>{unit}))?");
    let han_measure = format!("{han_number} ?个?(?P<from>{unit}){han_small}地?");
    // The rest may be wanted in a smaller unit: in hours and minutes.
    let wanted = format!(r"(?P<to>{unit})(?: and (?P<rest>{unit}))?");
    let han_wanted = format!(r"(?P<to>{unit})(?:零?(?:多少|几)(?P<rest>{unit}))?");
    let forms = [
        format!(
            r"(?i)\bhow (?:many|much) {wanted} (?:(?:are|is|do|does|make|makes|equals?|has) )?(?:there )?(?:in |make )?{measure}\b(?: (?:have|make|equal))?[\s?.!]*$"
        ),
        format!(
            r"(?i)(?:^|[:,.] |\b(?:convert|is|are|what's|express|change|turn) ){measure} (?:in|to|into|as|expressed in|(?:is|are|equals?) how many) (?:how many )?{wanted}(?:,? please)?[\s?.!]*$"
        ),
        format!(
            r"{han_measure}[，,]?(?:换算成|换成|折合成?|相当于|等于|合|是|有|为)(?:多少|几)个?{han_wanted}(?:呢|啊)?[\s？?。]*$"
        ),
        format!(
            r"[把将]?{han_measure}[，,]?(?:换算成|换算为|换成|转换成|转换为|化成)(?P<to>{unit})(?:是多少|等于多少|是几)?[\s？?。]*$"
        ),
    ];
    forms.iter().map(|form| pattern(form)).collect()
});

/// The expression that converts the measure in `task`; `None` where more or something else is asked
/// for, or the units do not go together.
pub(crate) fn expression(task: &str) -> Option<String> {
    let task = task.trim();
    // Beside a program that converts, a text about it, or something to keep, it is not the answer.
    if asks_for_code(task) || is_about_its_words(task) || has_a_word_for_keeping(task) {
        return None;
    }
    let found = ASKED.iter().find_map(|form| form.captures(task))?;
    // Another number may have a part in it: 三分之一公里, 几十公里.
    let before = &task[..found.get(0)?.start()];
    if before.ends_with(['几', '数', '第']) {
        return None;
    }
    let is_spelled = !found["number"].contains(|c: char| c.is_ascii_digit());
    if before.contains(|c: char| c.is_ascii_digit() || is_spelled && HAN_SIGNS.contains(c)) {
        return None;
    }
    // Mb are bits.
    let is_of_bits =
        |word: &str| word.len() == 2 && word.ends_with('b') && word != word.to_lowercase();
    if is_of_bits(&found["from"]) || is_of_bits(&found["to"]) {
        return None;
    }
    let (from, to) = (known(&found["from"])?, known(&found["to"])?);
    let number = amount(&found["number"])?;
    let more = found.name("more").zip(found.name("small"));
    if let Some(rest) = found.name("rest") {
        let rest = known(rest.as_str())?;
        let is_a_word = |unit: &str| unit.bytes().all(|byte| byte.is_ascii_lowercase());
        let units = [from, to, rest];
        let fit = units
            .iter()
            .all(|unit| unit.of == from.of && is_a_word(unit.is));
        let fit = fit && from.of != Kind::Temperature && to.is != rest.is && more.is_none();
        return fit.then(|| format!("{number} {} to {} and {}", from.is, to.is, rest.is));
    }
    if from.of != to.of || from.is == to.is {
        return None;
    }
    let Some((more, small)) = more else {
        return Some(match from.of {
            Kind::Temperature => format!("{number} {} to {}", from.is, to.is),
            _ => format!("({number} * {}) / (1 * {})", from.is, to.is),
        });
    };
    let small = known(small.as_str())?;
    let more = amount(more.as_str())?;
    // Degrees are not added up, nor is something else.
    let fits = small.of == from.of && from.of != Kind::Temperature && !number.starts_with('-');
    fits.then(|| {
        format!(
            "({number} * {} + {more} * {}) / (1 * {})",
            from.is, small.is, to.is
        )
    })
}

/// A number of a task in digits; `None` where it is nought in words, or may be two: 三四公里.
fn amount(text: &str) -> Option<String> {
    let below = BELOW.iter().find_map(|sign| text.strip_prefix(sign));
    let (sign, number) = below.map_or(("", text), |number| ("-", number));
    if number == "半" {
        return Some(format!("{sign}0.5"));
    }
    if !number.contains(|c: char| HAN_SIGNS.contains(c)) {
        return Some(format!("{sign}{}", number.replace(',', "")));
    }
    let is_digit = |c: &char| "一二两三四五六七八九".contains(*c);
    let whole: Vec<char> = number.chars().take_while(|c| *c != '点').collect();
    let may_be_two = whole.windows(2).any(|pair| pair.iter().all(is_digit));
    let value = han(number).filter(|value| *value > 0.0 && !may_be_two)?;
    Some(format!("{sign}{value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_asked_for_in_another_unit() {
        let check = |task: &str, want: &str| {
            assert_eq!(expression(task).unwrap_or_default(), want, "{task}");
        };
        check(
            "How many square metres are 2.5 hectares?",
            "(2.5 * 10000 m^2) / (1 * m^2)",
        );
        check(
            "how many kilometers are in 26 miles",
            "(26 * mile) / (1 * km)",
        );
        check(
            "Convert 1,500 grams to pounds, please.",
            "(1500 * g) / (1 * pound)",
        );
        check("What is 12 stone in kg?", "(12 * stone) / (1 * kg)");
        check("What's -40 °F in °C?", "-40 °F to °C");
        check(
            "How many hours and minutes are 200 minutes?",
            "200 minute to hour and minute",
        );
        check(
            "Convert 75 inches to feet and inches",
            "75 inch to foot and inch",
        );
        check("200分钟等于几小时几分钟？", "200 minute to hour and minute");
        check("How many hours and miles are 200 minutes?", "");
        check(
            "For the oven: 200 degrees celsius in fahrenheit?",
            "200 °C to °F",
        );
        check(
            "院子有2.5公顷，合多少平方米？",
            "(2.5 * 10000 m^2) / (1 * m^2)",
        );
        check("7斤等于多少公斤？", "(7 * 0.5 kg) / (1 * kg)");
        check("把26英里换算成公里", "(26 * mile) / (1 * km)");
        check("3 hours in minutes", "(3 * hour) / (1 * minute)");
        check(
            "What is 3 ft 4 in in cm?",
            "(3 * foot + 4 * inch) / (1 * cm)",
        );
        check(
            "How many minutes are 2 hours and 15 minutes?",
            "(2 * hour + 15 * minute) / (1 * minute)",
        );
        check(
            "1 h 15 min to seconds",
            "(1 * hour + 15 * minute) / (1 * s)",
        );
        check("5斤3两等于多少克？", "(5 * 0.5 kg + 3 * 0.05 kg) / (1 * g)");
        check("一亩等于多少平方米？", "(1 * (2000/3) m^2) / (1 * m^2)");
        check("一亩地是多少平方米", "(1 * (2000/3) m^2) / (1 * m^2)");
        check("五斤三两是多少克？", "(5 * 0.5 kg + 3 * 0.05 kg) / (1 * g)");
        check("半斤等于几两？", "(0.5 * 0.5 kg) / (1 * 0.05 kg)");
        check("把三万五千米换算成公里", "(35000 * m) / (1 * km)");
        check("两个小时是多少分钟？", "(2 * hour) / (1 * minute)");
        check("零下5摄氏度是多少华氏度？", "-5 °C to °F");
        check("负二十摄氏度等于多少华氏度", "-20 °C to °F");
        check("36摄氏度换算成华氏度是多少？", "36 °C to °F");
        check("三公里换算为米", "(3 * km) / (1 * m)");
        check("怎样把公里换算成米？", "");
        check("三分之一公里是多少米？", "");
        check("三四公里是多少米？", "");
        check("几十公里是多少米？", "");
        check("第三天是多少小时？", "");
        check("两个半小时是多少分钟？", "");
        check("把6尺换算成厘米", "(6 * (1/3) m) / (1 * cm)");
        check(
            "How many litres are 2 cubic metres?",
            "(2 * 1000 liter) / (1 * liter)",
        );
        check("760 mmHg in hPa", "(760 * mmHg) / (1 * hPa)");
        check("How many metres are 3 km and 2 hours?", "");
        check("How much is 20 °C 5 °F in kelvin?", "");
        // More is asked for, or something else.
        check("How many hours does 300 km take at 60 km/h?", "");
        check("How many metres is it around a field of 2 hectares?", "");
        check(
            "I ran 5 km in 30 minutes. How many metres is that in a minute?",
            "",
        );
        check("How many days are 3 days?", "");
        check("Is 5 miles far?", "");
        check("How many Mb are 2 GB?", "");
        check("What is 1,5 km in m?", "");
        check("1,5公里是多少米？", "");
        check("Write a Python function to convert 5 miles to km.", "");
        check("Translate into Greek: convert 5 miles to km", "");
        check("Remember that it is 5 km. How many miles are 5 km?", "");
        check("How many cups of tea are in 2 litres of water?", "");
        check("他3天跑了多少公里？", "");
        check("", "");
    }
}
