//! The units that tasks and texts measure in, and the factors between those that one text mixes: a
//! small model divides litres by millilitres.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::{laid_out, pattern};
use crate::written::numbers::{HAN_SIGNS, any_word};

/// A unit. Longer words come first where one begins another.
pub(crate) struct Unit {
    /// Its words, a pattern each.
    pub(crate) words: &'static str,
    /// What it is for the calculator.
    pub(crate) is: &'static str,
    /// What it measures.
    pub(crate) of: Kind,
    /// How large it is beside others of its kind; `None` where it differs from place to place, or
    /// no factor leads from one to the other.
    pub(super) size: Option<f64>,
}

/// What is measured: only units of one kind are converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Area,
    Length,
    Mass,
    Volume,
    Speed,
    Time,
    Energy,
    Data,
    Pressure,
    Temperature,
}

const fn unit(of: Kind, words: &'static str, is: &'static str, size: f64) -> Unit {
    let size = Some(size);
    Unit {
        words,
        is,
        of,
        size,
    }
}

const fn without_size(of: Kind, words: &'static str, is: &'static str) -> Unit {
    let size = None;
    Unit {
        words,
        is,
        of,
        size,
    }
}

/// The mu is that of 1959, the jin half a kilogram; gallons, pints and ounces are those of the United
/// States, as the calculator has them.
pub(crate) static UNITS: [Unit; 67] = [
    unit(
        Kind::Area,
        "square kilomet(?:re|er)s?|km²|平方公里|平方千米",
        "km^2",
        1e6,
    ),
    unit(
        Kind::Area,
        "square centimet(?:re|er)s?|cm²|平方厘米",
        "cm^2",
        1e-4,
    ),
    unit(
        Kind::Area,
        "square decimet(?:re|er)s?|dm²|平方分米",
        "dm^2",
        0.01,
    ),
    unit(
        Kind::Area,
        "square inch(?:es)?|平方英寸",
        "inch^2",
        0.000_645_16,
    ),
    unit(
        Kind::Area,
        "square met(?:re|er)s?|m²|平方米|平米",
        "m^2",
        1.0,
    ),
    unit(
        Kind::Area,
        "square f(?:ee|oo)t|平方英尺",
        "foot^2",
        0.092_903_04,
    ),
    unit(Kind::Area, "hectares?|公顷", "10000 m^2", 1e4),
    unit(
        Kind::Area,
        "acres?|英亩",
        "4046.8564224 m^2",
        4_046.856_422_4,
    ),
    unit(Kind::Area, "mu|亩", "(2000/3) m^2", 2_000.0 / 3.0),
    unit(
        Kind::Speed,
        "kilomet(?:re|er)s? (?:per|an) hour|km/h|kph|公里每小时|千米每小时",
        "km/hour",
        1.0 / 3.6,
    ),
    unit(
        Kind::Speed,
        "met(?:re|er)s? (?:per|a) second|m/s|米每秒",
        "m/s",
        1.0,
    ),
    unit(
        Kind::Speed,
        "miles? (?:per|an) hour|mph|英里每小时",
        "mile/hour",
        0.447_04,
    ),
    unit(Kind::Speed, "knots?|节", "nautical_mile/hour", 1.852 / 3.6),
    unit(
        Kind::Length,
        "kilomet(?:re|er)s?|km|公里|千米",
        "km",
        1_000.0,
    ),
    unit(Kind::Length, "centimet(?:re|er)s?|cm|厘米|公分", "cm", 0.01),
    unit(Kind::Length, "decimet(?:re|er)s?|dm|分米", "dm", 0.1),
    unit(Kind::Length, "millimet(?:re|er)s?|mm|毫米", "mm", 0.001),
    unit(
        Kind::Length,
        "nautical miles?|海里",
        "nautical_mile",
        1_852.0,
    ),
    unit(Kind::Length, "miles?|英里", "mile", 1_609.344),
    unit(Kind::Length, "f(?:ee|oo)t|ft|英尺", "foot", 0.304_8),
    unit(Kind::Length, "inch(?:es)?|英寸", "inch", 0.025_4),
    unit(Kind::Length, "yards?", "yard", 0.914_4),
    unit(Kind::Length, "met(?:re|er)s?|m|米", "m", 1.0),
    unit(Kind::Length, "市?里", "500 m", 500.0),
    unit(Kind::Length, "丈", "(10/3) m", 10.0 / 3.0),
    unit(Kind::Length, "市?尺", "(1/3) m", 1.0 / 3.0),
    unit(Kind::Length, "寸", "(1/30) m", 1.0 / 30.0),
    unit(Kind::Mass, "milligrams?|mg|毫克", "mg", 0.001),
    unit(
        Kind::Mass,
        "kilograms?|kilos?|kgs?|公斤|千克",
        "kg",
        1_000.0,
    ),
    unit(Kind::Mass, "grams?|g|克", "g", 1.0),
    unit(Kind::Mass, "pounds?|lbs?|磅", "pound", 453.592_37),
    unit(Kind::Mass, "ounces?|oz|盎司", "ounce", 28.349_523_125),
    unit(Kind::Mass, "stones?", "stone", 6_350.293_18),
    unit(Kind::Mass, "tonnes?|吨", "tonne", 1e6),
    unit(Kind::Mass, "jin|市斤|斤", "0.5 kg", 500.0),
    // Also a word for two.
    without_size(Kind::Mass, "两", "0.05 kg"),
    unit(Kind::Volume, "millilit(?:re|er)s?|ml|毫升", "ml", 1.0),
    unit(Kind::Volume, "lit(?:re|er)s?|升", "liter", 1_000.0),
    unit(Kind::Volume, "gallons?|加仑", "gallon", 3_785.411_784),
    unit(Kind::Volume, "pints?|品脱", "pint", 473.176_473),
    without_size(Kind::Volume, "cups?", "cup"),
    without_size(Kind::Volume, "tablespoons?|tbsp", "tablespoon"),
    without_size(Kind::Volume, "teaspoons?|tsp", "teaspoon"),
    unit(
        Kind::Volume,
        "cubic centimet(?:re|er)s?|cm³|立方厘米",
        "ml",
        1.0,
    ),
    unit(
        Kind::Volume,
        "cubic decimet(?:re|er)s?|dm³|立方分米",
        "liter",
        1_000.0,
    ),
    unit(
        Kind::Volume,
        "cubic met(?:re|er)s?|m³|立方米",
        "1000 liter",
        1e6,
    ),
    unit(Kind::Time, "seconds?|secs?|秒钟?", "s", 1.0),
    unit(Kind::Time, "minutes?|mins?|分钟", "minute", 60.0),
    unit(Kind::Time, "hours?|hrs?|h|小时|钟头", "hour", 3_600.0),
    unit(Kind::Time, "days?|天", "day", 86_400.0),
    unit(Kind::Time, "weeks?|周|星期", "week", 604_800.0),
    unit(Kind::Pressure, "hectopascals?|hPa|百帕", "hPa", 1.0),
    unit(
        Kind::Pressure,
        "millimet(?:re|er)s? of mercury|mmHg|毫米汞柱",
        "mmHg",
        1.333_223_874_15,
    ),
    unit(Kind::Energy, "kilojoules?|kJ|千焦", "kJ", 1.0),
    unit(Kind::Energy, "kilocalories?|kcal|千卡|大卡", "kcal", 4.184),
    unit(
        Kind::Energy,
        "kilowatt[- ]hours?|kWh|千瓦时",
        "kWh",
        3_600.0,
    ),
    unit(Kind::Energy, "megajoules?|MJ|兆焦", "MJ", 1_000.0),
    unit(Kind::Energy, "joules?|J|焦耳?", "J", 0.001),
    unit(Kind::Data, "megabytes?|MB", "MB", 1e6),
    unit(Kind::Data, "gigabytes?|GB", "GB", 1e9),
    unit(Kind::Data, "kilobytes?|kB", "kB", 1e3),
    unit(Kind::Data, "terabytes?|TB", "TB", 1e12),
    unit(Kind::Data, "mebibytes?|MiB", "MiB", 1_048_576.0),
    unit(Kind::Data, "gibibytes?|GiB", "GiB", 1_073_741_824.0),
    without_size(Kind::Temperature, "(?:degrees? )?celsius|°C|摄氏度?", "°C"),
    without_size(
        Kind::Temperature,
        "(?:degrees? )?fahrenheit|°F|华氏度?",
        "°F",
    ),
    without_size(Kind::Temperature, "kelvin|开尔文", "K"),
];

/// The unit that `word` is.
pub(crate) fn known(word: &str) -> Option<&'static Unit> {
    static NAMES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        let name = |unit: &Unit| pattern(&format!("^(?i:{})$", unit.words));
        UNITS.iter().map(name).collect()
    });
    // Behind feet it is no word of a sentence.
    let word = if word == "in" { "inch" } else { word };
    let at = NAMES.iter().position(|name| name.is_match(word))?;
    UNITS.get(at)
}

/// A number with its unit, or a unit that something is counted by. What begins a longer word is a
/// unit only where no other alternative is one.
static MEASURES: LazyLock<Regex> = LazyLock::new(|| {
    let words: Vec<&str> = UNITS.iter().map(|unit| unit.words).collect();
    let (unit, number) = (words.join("|"), any_word());
    pattern(&format!(
        r"(?i)(?:\d|[{HAN_SIGNS}]|\b(?:{number}|per|each|every)\b|/|每)[ -]?(?:(?P<whole>{unit})(?-u:\b)|(?P<other>{unit}))"
    ))
});

/// The factors between the units of one kind that stand in what was `found` and in the task `told`,
/// each with a number or behind "per": "1 liter = 1000 ml." Empty where no kind has two units, or
/// the task only asks for a quantity in one of them that was found: that may stand there as it is.
/// What stands in an address or a path is no unit.
pub(crate) fn factors(found: &str, told: &str) -> String {
    static PATHS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r#"[!-~]*://[!-~]*
            |\b[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]{2,}/[!-~]*
            |(?:^|[\s"'(`])[.~]*/[\w.-]+/[!-~]*"#,
        )
    });
    let text = format!("{found}\n{told}");
    let (text, told) = (PATHS.replace_all(&text, " "), PATHS.replace_all(told, " "));
    let mut met = measures(&text);
    let given = measures(&told);
    let asked = asked_in(&told);
    let is_asked = |unit: &Unit| asked.iter().any(|asked| asked.is == unit.is);
    let read = met.iter().filter(|(unit, ..)| is_asked(unit));
    let read: Vec<Kind> = read.map(|(unit, ..)| unit.of).collect();
    met.retain(|(unit, ..)| {
        let is_given = given.iter().any(|(other, ..)| other.of == unit.of);
        is_given || !read.contains(&unit.of)
    });
    met.sort_by(|one, other| other.1.total_cmp(&one.1));
    let mut lines = Vec::new();
    for (at, (large, size, word)) in met.iter().enumerate() {
        let mut smaller = met[at + 1..].iter();
        if let Some((small, least, other)) = smaller.find(|(small, ..)| small.of == large.of) {
            let ratio = shown(size / least);
            let (one, many) = (singular(word, large), singular(other, small));
            lines.push(format!("1 {one} = {ratio} {many}."));
        }
    }
    lines.join(" ")
}

/// The units that `text` measures in, each once, with their sizes and their words.
fn measures(text: &str) -> Vec<(&'static Unit, f64, &str)> {
    let mut met: Vec<(&Unit, f64, &str)> = Vec::new();
    for found in MEASURES.captures_iter(text) {
        let Some(word) = found.name("whole").or(found.name("other")) else {
            continue;
        };
        let (word, rest) = (word.as_str(), &text[word.end()..]);
        let Some((unit, size)) = sized(word, rest, text) else {
            continue;
        };
        if met.iter().all(|(known, ..)| known.is != unit.is) {
            met.push((unit, size, word));
        }
    }
    met
}

/// The units in which `told` asks for quantities.
fn asked_in(told: &str) -> Vec<&'static Unit> {
    static ASKED: LazyLock<Regex> = LazyLock::new(|| {
        let words: Vec<&str> = UNITS.iter().map(|unit| unit.words).collect();
        let unit = words.join("|");
        pattern(&format!(
            r"(?i)\bhow (?:many|much) (?P<latin>{unit})(?-u:\b)|多少(?P<han>{unit})"
        ))
    });
    let all = ASKED.captures_iter(told);
    let words = all.filter_map(|found| found.name("latin").or(found.name("han")));
    words.filter_map(|word| known(word.as_str())).collect()
}

/// The unit that `word` of `text` is, which `rest` follows, and its size. Mb are bits, M a million,
/// and pounds may be money.
fn sized(word: &str, rest: &str, text: &str) -> Option<(&'static Unit, f64)> {
    let letter = |c: char| c.is_ascii_alphanumeric();
    let goes_on = word.ends_with(letter) && rest.starts_with(letter);
    let is_capital = word.len() == 1 && word != word.to_lowercase();
    let of_bits = word.len() == 2 && word.ends_with('b') && word != word.to_lowercase();
    let is_money = word.to_lowercase().starts_with("pound") && text.contains(['£', '€', '$']);
    if goes_on || is_capital || of_bits || is_money {
        return None;
    }
    let unit = known(word)?;
    Some((unit, unit.size?))
}

/// `word` for one `unit`.
fn singular<'a>(word: &'a str, unit: &Unit) -> &'a str {
    let mut shorter = ["s", "es"]
        .into_iter()
        .filter_map(|end| word.strip_suffix(end));
    let is_same = |word: &&str| known(word).is_some_and(|known| known.is == unit.is);
    shorter.find(is_same).unwrap_or(word)
}

/// A factor without zeros at its end.
fn shown(ratio: f64) -> String {
    let digits = format!("{ratio:.6}");
    digits
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_one_text_mixes_have_a_factor() {
        let check = |text: &str, want: &str| assert_eq!(factors(text, ""), want, "{text}");
        check(
            "A can holds 3 liters. A cup takes 250 ml.",
            "1 liter = 1000 ml.",
        );
        check(
            "The tour lasts 2 hours, with a break of 20 minutes and 40 seconds.",
            "1 hour = 60 minute. 1 minute = 60 second.",
        );
        check("It costs 12 per kg. Take 350 g.", "1 kg = 1000 g.");
        check("一桶3升，一杯250毫升", "1 升 = 1000 毫升.");
        check("每公斤12元，买350克的", "1 公斤 = 1000 克.");
        check("Four miles, then 300 m", "1 mile = 1609.344 m.");
        check("5 feet and 3 inches", "1 feet = 12 inch.");
        let told = "How many ml are 2 liters and 300 ml?";
        assert_eq!(factors("", told), "1 liter = 1000 ml.");
        let told = "How many km is it, and 300 m back?";
        assert_eq!(factors("The way is 4 km long.", told), "1 km = 1000 m.");
        // None of these is the unit that is asked for.
        let found = "The way is 4 miles and 300 m long.";
        let told = "How many km is the way?";
        assert_eq!(factors(found, told), "1 mile = 1609.344 m.");
        check("Rope costs 5 €/m. Take 3 km.", "1 km = 1000 m.");
        check(
            "It drips 12 ml/h/m, 5 liters in 3 days",
            "1 day = 24 h. 1 liter = 1000 ml.",
        );
    }

    #[test]
    fn other_texts_have_none() {
        let check = |text: &str| assert_eq!(factors(text, ""), "", "{text}");
        check("A can holds 3 liters and a jug 2 litres.");
        check("A can holds 3 liters and weighs 250 g.");
        // Without a number.
        check("Liters or ml?");
        check("The meter is read each quarter; 250 mm of rain fell.");
        // A cup is another one elsewhere, and degrees have no factor.
        check("2 cups of milk, 250 ml of water");
        check("20 °C or 68 °F");
        // Bits, millions and money.
        check("30 Mb in 2 GB");
        check("5 M people live on 300 km of coast");
        check("5 pounds (£5) for 500 g");
        // An address and a path.
        check("The page https://a.org/m/12 says 3 km.");
        check("见http://a.org/m/，全长3km");
        check("See a.org/m/mill: it lies 3 km off.");
        check("Read /data/m/mill.csv: 3 km");
        // It may stand there in the unit that is asked for.
        let found = "The way is 4 km long and climbs 300 m.";
        assert_eq!(factors(found, "How many km is the way?"), "");
        assert_eq!(factors("路长4公里，爬升300米", "这条路多少公里？"), "");
        // A longer word.
        check("3 mills at 4 km");
        check("");
    }
}
