//! Measures as people write them: inches that are no "in", degrees without their sign, square
//! decimetres, and how much a car burns. What the evaluator would take for something else is written
//! for it here.

/// An expression for the evaluator, and the unit that its value has where it cannot say that itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// What is evaluated.
    pub expression: String,
    /// What stands behind the value, which has to be a plain number.
    pub unit: Option<&'static str>,
}

/// Words in front of a unit to which is converted.
const TO: &[&str] = &["to", "in", "as", "into"];
/// Names of what is burnt on a hundred kilometres.
const LITRES: &[&str] = &["l/100km", "l/(100km)", "litersper100km", "litresper100km"];
/// Names of how far a gallon of the United States goes.
const MILES: &[&str] = &["mpg", "mpgus", "mpg(us)", "usmpg", "milespergallon"];

/// `expression` as the evaluator reads it, or why it cannot be computed.
pub fn measure(expression: &str) -> Result<Measure, String> {
    let lower = expression.to_lowercase();
    let imperial = ["imperial mpg", "imp mpg", "mpg (uk)", "mpg uk", "uk mpg"];
    if imperial.iter().any(|name| lower.contains(name)) {
        return Err(
            "mpg is counted here in gallons of the United States: divide miles per \
                    imperial gallon by 1.20095 first"
                .into(),
        );
    }
    if let Some(reason) = ambiguous(&lower) {
        return Err(reason.into());
    }
    if let Some(found) = burnt(&lower) {
        return Ok(found);
    }
    let expression = with_bytes(expression).unwrap_or_else(|| expression.to_owned());
    let expression = with_degrees(&with_inches(&with_primes(&with_names(&expression))));
    Ok(Measure {
        expression: with_powers(&with_hundreds(&expression)),
        unit: None,
    })
}

/// Why a unit in `lower` is not converted that has two readings, if there is one.
fn ambiguous(lower: &str) -> Option<&'static str> {
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphabetic() && c != '_')
        .collect();
    let has = |names: &[&str]| words.iter().any(|word| names.contains(word));
    if has(&["rpm"]) && has(&["hz", "hertz"]) {
        // The evaluator counts a turn as 2 pi, and a hertz as one.
        return Some("turns a minute are not converted into hertz here: divide by 60");
    }
    (has(&["ton", "tons"]) && !has(&["metric", "short", "long", "us"])).then_some(
        "a ton can mean two things: write tonne for 1000 kg, or short_ton for 2000 pounds",
    )
}

/// Names of units that people write and the evaluator does not know, and what it calls them.
const NAMES: &[(&str, &str)] = &[
    ("kbit", "kilobit"),
    ("Mbit", "megabit"),
    ("Gbit", "gigabit"),
    ("Tbit", "terabit"),
    ("nautical miles", "nautical_miles"),
    ("nautical mile", "nautical_mile"),
    ("fluid ounces", "fluid_ounce"),
    ("fluid ounce", "fluid_ounce"),
    ("fl. oz.", "fluid_ounce"),
    ("fl oz", "fluid_ounce"),
    ("sq.", "square"),
    ("sq", "square"),
    ("cu.", "cubic"),
    ("cu", "cubic"),
    ("metric tons", "tonnes"),
    ("metric ton", "tonne"),
    ("short tons", "short_tons"),
    ("short ton", "short_ton"),
    ("US tons", "short_tons"),
    ("US ton", "short_ton"),
    ("troy ounces", "troy_ounces"),
    ("troy ounce", "troy_ounce"),
];

/// `expression` with the evaluator's names for those units. A name is no part of another word.
fn with_names(expression: &str) -> String {
    let is_of_word = |c: char| c.is_alphabetic() || c == '_';
    let mut whole = String::with_capacity(expression.len());
    let mut rest = expression;
    while let Some(sign) = rest.chars().next() {
        let known = NAMES.iter().find(|(name, _)| {
            let behind = rest.strip_prefix(name);
            behind.is_some_and(|behind| !behind.starts_with(|c: char| c.is_alphanumeric()))
        });
        match known.filter(|_| !whole.ends_with(is_of_word)) {
            Some((name, known)) => {
                whole.push_str(known);
                rest = &rest[name.len()..];
            }
            None => {
                whole.push(sign);
                rest = &rest[sign.len_utf8()..];
            }
        }
    }
    whole
}

/// Amounts of bytes as many write them, and with the letters that mean bytes: the evaluator takes an
/// m for a thousandth, and a b for a bit.
const BYTES: [(&str, &str); 5] = [
    ("kb", "kB"),
    ("mb", "MB"),
    ("gb", "GB"),
    ("tb", "TB"),
    ("pb", "PB"),
];

/// `expression` with the letters of bytes, where it converts one amount of them into another.
fn with_bytes(expression: &str) -> Option<String> {
    // Mb is a megabit to most.
    let is = |word: &str, name: &str| word == name || word == name.to_uppercase();
    let bytes = |word: &str| {
        BYTES
            .iter()
            .find(|(name, known)| is(word, name) || word == *known)
    };
    let words: Vec<&str> = expression.split(|c: char| !c.is_alphabetic()).collect();
    let mut words = words.into_iter().filter(|word| !word.is_empty());
    let (from, to, into) = (words.next()?, words.next()?, words.next()?);
    let all = bytes(from).is_some() && TO.contains(&to) && bytes(into).is_some();
    if !all || words.next().is_some() {
        return None;
    }
    let known = [bytes(from)?, bytes(into)?];
    let (head, tail) = expression.rsplit_once(into)?;
    let head = head.replacen(from, known[0].1, 1);
    Some(format!("{head}{}{tail}", known[1].1))
}

/// How much is burnt on a way, or how far one gets, each of which is one over the other.
fn burnt(lower: &str) -> Option<Measure> {
    let words: Vec<&str> = lower.split_whitespace().collect();
    let at = words.iter().rposition(|word| TO.contains(word))?;
    let (from, to) = (words[..at].concat(), words[at + 1..].concat());
    let amount = |names: &[&str]| {
        let is_number = |text: &&str| {
            let is_sign = |sign: u8| sign.is_ascii_digit() || sign == b'.';
            !text.is_empty() && text.bytes().all(is_sign)
        };
        let named = |name: &&str| from.strip_suffix(*name).filter(is_number);
        names.iter().find_map(named).map(str::to_owned)
    };
    let is = |names: &[&str]| names.contains(&to.as_str());
    let (expression, unit) = match (amount(MILES), amount(LITRES)) {
        (Some(miles), _) if is(LITRES) => (
            format!("(100 km / ({miles} mile / gallon)) / (1 liter)"),
            "L/100 km",
        ),
        (_, Some(litres)) if is(MILES) => (
            format!("(100 km / ({litres} liter)) / (1 mile / gallon)"),
            "mpg",
        ),
        (_, Some(litres)) if is(&["km/l", "kmperliter", "kmperlitre"]) => {
            (format!("100 / {litres}"), "km/L")
        }
        _ => return None,
    };
    Some(Measure {
        expression,
        unit: Some(unit),
    })
}

/// The signs of feet and inches that are not those of a keyboard; beside degrees they are minutes and
/// seconds of these.
fn with_primes(expression: &str) -> String {
    let lower = expression.to_lowercase();
    match ["°", "deg", "arc"].iter().any(|word| lower.contains(word)) {
        true => expression.to_owned(),
        false => expression.replace('′', "'").replace('″', "\""),
    }
}

/// "in" behind a number is an inch where no unit follows to which it could be converted.
fn with_inches(expression: &str) -> String {
    let mut written: Vec<String> = Vec::new();
    let words: Vec<&str> = expression
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect();
    for (n, word) in words.iter().enumerate() {
        let next = words.get(n + 1).copied().unwrap_or_default();
        let ends = next.is_empty()
            || TO.contains(&next)
            || next.starts_with(|c: char| "+-*/)^".contains(c));
        let (number, rest) = split_number(word);
        let bare = rest.trim_end_matches(')');
        let (ends, brackets) = (ends || bare != rest, &rest[bare.len()..]);
        let before = written.last().map_or("", String::as_str);
        let is_behind_number = before.ends_with(|c: char| c.is_ascii_digit());
        match bare {
            "in" if ends && !number.is_empty() => {
                written.push(format!("{number} inches{brackets}"));
            }
            "in" if ends && is_behind_number => written.push(format!("inches{brackets}")),
            _ => written.push((*word).to_owned()),
        }
    }
    written.join(" ")
}

/// The number that `word` is up to its last digit, and what follows.
fn split_number(word: &str) -> (&str, &str) {
    let end = word
        .rfind(|c: char| c.is_ascii_digit())
        .map_or(0, |at| at + 1);
    word.split_at(end)
}

/// Degrees of temperature with the sign that the evaluator knows them by: C and F alone are the
/// coulomb and the farad to it, which nobody converts into each other.
fn with_degrees(expression: &str) -> String {
    let mut text = expression.to_owned();
    let spelled = [
        ("degrees Celsius", "°C"),
        ("degrees celsius", "°C"),
        ("degree celsius", "°C"),
        ("degrees Fahrenheit", "°F"),
        ("degrees fahrenheit", "°F"),
        ("degree fahrenheit", "°F"),
        ("degrees C", "°C"),
        ("degrees F", "°F"),
        ("deg C", "°C"),
        ("deg F", "°F"),
        ("degC", "°C"),
        ("degF", "°F"),
        ("° C", "°C"),
        ("° F", "°F"),
        ("℃", "°C"),
        ("℉", "°F"),
    ];
    for (words, sign) in spelled {
        text = replaced(&text, words, sign, char::is_alphabetic);
    }
    with_letters(&text).unwrap_or(text)
}

/// `text` with the sign of degrees for letters, where it converts one temperature into another.
fn with_letters(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split(' ').collect();
    let at = words.iter().rposition(|word| TO.contains(word))?;
    let of_degrees =
        |word: &str| ["C", "F", "K", "°C", "°F", "celsius", "fahrenheit"].contains(&word);
    let (_, from) = split_number(words[..at].last()?);
    let to = words[at + 1..].concat();
    if !of_degrees(from) || !of_degrees(&to) {
        return None;
    }
    let signed = |word: &&str| {
        let (number, rest) = split_number(word);
        match rest {
            "C" | "F" if number.is_empty() => format!("°{rest}"),
            "C" | "F" => format!("{number} °{rest}"),
            _ => (*word).to_owned(),
        }
    };
    let signed: Vec<String> = words.iter().map(signed).collect();
    Some(signed.join(" "))
}

/// `text` with `sign` for `words`, where they do not go on with a sign that `goes_on`.
fn replaced(text: &str, words: &str, sign: &str, goes_on: fn(char) -> bool) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(words) {
        let is_part = after.starts_with(goes_on);
        whole.push_str(before);
        whole.push_str(if is_part { words } else { sign });
        rest = after;
    }
    whole + rest
}

/// "l/100 km": the evaluator would divide by a hundred, and multiply by kilometres.
fn with_hundreds(expression: &str) -> String {
    let known = ["/ 100 km", "/100 km", "/100km", "per 100 km", "per 100km"];
    let is_speed = |c: char| c.is_alphanumeric() || matches!(c, '/' | '^');
    known.iter().fold(expression.to_owned(), |text, words| {
        replaced(&text, words, "/(100 km)", is_speed)
    })
}

/// Powers of units: the evaluator knows the small digits behind numbers only, and takes square
/// decimetres for centimetres.
fn with_powers(expression: &str) -> String {
    let mut text = String::with_capacity(expression.len());
    for sign in expression.chars() {
        let power = ['²', '³'].iter().position(|known| *known == sign);
        match power.filter(|_| text.ends_with(char::is_alphabetic)) {
            Some(power) => text.push_str(&format!("^{}", power + 2)),
            None => text.push(sign),
        }
    }
    let known = [
        ("sqdm", "dm^2"),
        ("cbdm", "dm^3"),
        ("dm2", "dm^2"),
        ("dm3", "dm^3"),
    ];
    known.iter().fold(text, |text, (words, power)| {
        replaced(&text, words, power, char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_written_for_the_evaluator() {
        let check = |expression: &str, want: &str| {
            let found = measure(expression).expect("it can be computed");
            let unit = found
                .unit
                .map_or_else(String::new, |unit| format!(" = {unit}"));
            assert_eq!(format!("{}{unit}", found.expression), want, "{expression}");
        };
        check("3 ft 4 in to cm", "3 ft 4 inches to cm");
        check("4in in cm", "4 inches in cm");
        check("12 in + 3 in", "12 inches + 3 inches");
        check("12 in cm", "12 in cm");
        check("(3 ft 4 in) / (1 * cm)", "(3 ft 4 inches) / (1 * cm)");
        check("(4in) * 2", "(4 inches) * 2");
        check("100Mbit/s to MB/s", "100megabit/s to MB/s");
        check("10 mb in kb", "10 MB in kB");
        check("1.5gb to KB", "1.5GB to kB");
        check("1.5GB to Mb", "1.5GB to Mb");
        check("10 mb + 2 kb", "10 mb + 2 kb");
        check("10 mb to liters", "10 mb to liters");
        check("5 sq ft + 2 sqm", "5 square ft + 2 sqm");
        check("16 fl oz to ml", "16 fluid_ounce to ml");
        check("2 nautical miles to km", "2 nautical_miles to km");
        check("3 metric tons to US tons", "3 tonnes to short_tons");
        check("5 lb 3 oz in kg", "5 lb 3 oz in kg");
        check("6'2\" in cm", "6'2\" in cm");
        check("6′2″ in cm", "6'2\" in cm");
        check("1 h 30 min to s", "1 h 30 min to s");
        check("100 C to F", "100 °C to °F");
        check("100C to F", "100 °C to °F");
        check("-40 °F in C", "-40 °F in °C");
        check("20 degrees Celsius to fahrenheit", "20 °C to fahrenheit");
        check("5 C / 2 F", "5 C / 2 F");
        check("300 K to C", "300 K to °C");
        check(
            "30 mpg to l/100km",
            "(100 km / (30 mile / gallon)) / (1 liter) = L/100 km",
        );
        check(
            "7.8 L/100 km to mpg",
            "(100 km / (7.8 liter)) / (1 mile / gallon) = mpg",
        );
        check("5 l/100km in km/l", "100 / 5 = km/L");
        check("250 km * 7 l/100km", "250 km * 7 l/(100 km)");
        check("300 km/100 km/h", "300 km/100 km/h");
        check("5 dm2 to m^2", "5 dm^2 to m^2");
        check("2 m³ + 3 m² * 1 m", "2 m^3 + 3 m^2 * 1 m");
        check("20²", "20²");
        check("30° 15′ to degrees", "30° 15′ to degrees");
        check("2 + 2", "2 + 2");
        check("", "");
        let refused = measure("30 mpg (UK) to l/100km").expect_err("two gallons");
        assert!(refused.contains("United States"), "{refused}");
        let refused = measure("2 tons to kg").expect_err("two tons");
        assert!(refused.contains("tonne"), "{refused}");
        let refused = measure("3000 rpm to Hz").expect_err("turns or radians");
        assert!(refused.contains("60"), "{refused}");
    }
}
