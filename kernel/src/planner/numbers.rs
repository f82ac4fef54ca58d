//! The numbers that a task gives, and the numbers that a call makes up.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::pattern::{laid_out, pattern};
use crate::written::numbers as written;

static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d+(?:[,_ ]\d{3}\b)*(?:\.\d+)?"));
/// Words that let a number be worked out. Beside such a word a number is not called made up.
/// Where this list lacks the word, the number counts as made up: an optional one is left out, a
/// required one is asked for.
static VAGUE: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)\b(?:hundreds?|thousands?|millions?|billions?|dozens?|half|halves|thirds?
        |quarters?|fifths?|sixths?|eighths?|tenths?|couple|few|several|once|twice|thrice
        |double|triple|last|next|weeks?|weekly|fortnight|months?|monthly|years?|yearly
        |annual|annually|decades?|daily|hourly|today|tomorrow|yesterday|noon|midnight)\b
        |[零一二两三四五六七八九十百千万亿半几双]",
    )
});
static WORD: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"(?i)\b(?:{})\b", written::any_word())));
/// Words from which a number may be known without being told, or worked out. Where this list
/// lacks the word, a required number is asked for.
static KNOWN: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)\b(?:quarterly|semi\w*|bi\w+ly|pair|zero|minutes?|hours?|seconds?|free[sz]\w*
        |boil\w*|room\s+temperature|sea\s+level|atmospher\w*|gravity|earth|moon|sun|mars
        |light|sound|vacuum|water|standard|default|usual|normal|typical|average|square|cube
        |right\s+angle|circle|coins?|dice|die|deck|fair|leap|pi|all|any|every|each|both
        |no)\b",
    )
});
/// Names of arguments that only say how or where something is asked for. A model may fill these
/// in. If this list lacks the name, and the task gives no number for it, the number is asked for.
static SETTING: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)lat|lon|year|seed|precision|decimal|round|limit|page|index|offset|max|min|top
        |result|timeout|step|iteration|resolution|port|version|zoom|level|priority",
    )
});

/// Words for large numbers. Where this list lacks the word, an expression with such a number is
/// not computed.
pub(super) static LARGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:hundred|thousand|million|billion|trillion|dozen|score)s?\b|\d\s?[km]\b|[百千万亿]",
    )
});
/// The largest difference between a number and a rounded one that stands for it, as a share.
const ROUNDED: f64 = 0.01;
/// Numbers up to this one need not be told: they count things, or are percentages.
pub(crate) const COUNTS_MAX: f64 = 100.0;
/// Factors between days, hours, seconds, degrees, bytes, feet and yards. Powers of ten count
/// beside these.
pub(super) const CONVERTS: [f64; 13] = [
    144.0, 168.0, 180.0, 273.15, 360.0, 365.0, 366.0, 1024.0, 1440.0, 1760.0, 3600.0, 5280.0,
    86_400.0,
];

/// The numbers of a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    /// In digits: each is there to be used.
    digits: Vec<f64>,
    /// In words; these may only count things that are told of.
    words: Vec<f64>,
    /// Whether further numbers may have to be worked out.
    vague: bool,
    /// Whether further numbers may be known.
    guessable: bool,
}

impl Numbers {
    /// The numbers in `told`.
    pub fn of(told: &str) -> Self {
        let value = |found: regex::Match| written::word(found.as_str()).map(f64::from);
        Self {
            digits: numbers(told),
            words: WORD.find_iter(told).filter_map(value).collect(),
            vague: VAGUE.is_match(told),
            guessable: KNOWN.is_match(told),
        }
    }

    /// Whether `calls`, each `{"tool", "args"}`, leave out a number that the task gives in
    /// digits.
    pub fn are_left_out_of(&self, calls: &[Value]) -> bool {
        let placed: Vec<f64> = calls
            .iter()
            .flat_map(|call| numbers(&call["args"].to_string()))
            .collect();
        !self.all_in(&placed)
    }

    fn all_in(&self, placed: &[f64]) -> bool {
        let is_placed = |number: &f64| placed.iter().any(|placed| alike(*placed, *number));
        self.digits.iter().all(is_placed)
    }

    /// Removes from `calls`, each `{"tool", "args"}`, the optional numbers that the task does not
    /// give, if every number that it does give has its place in another argument. A small model
    /// fills in what it may leave out. `parameters` gives the schema of a tool.
    pub fn without_inventions<'a>(
        &self,
        calls: &mut [Value],
        parameters: impl Fn(&str) -> Option<&'a Value>,
    ) {
        if self.vague {
            return;
        }
        let invented: Vec<BTreeSet<String>> = calls
            .iter()
            .map(|call| {
                let tool = call["tool"].as_str().unwrap_or_default();
                parameters(tool).map_or_else(BTreeSet::new, |of| self.invented(&call["args"], of))
            })
            .collect();
        let placed: Vec<f64> = calls
            .iter()
            .zip(&invented)
            .flat_map(|(call, invented)| {
                let args = call["args"].as_object().into_iter().flatten();
                let kept = args.filter(|(name, _)| !invented.contains(*name));
                kept.flat_map(|(_, value)| numbers(&value.to_string()))
            })
            .collect();
        if !self.all_in(&placed) {
            return;
        }
        for (call, invented) in calls.iter_mut().zip(&invented) {
            if let Some(args) = call["args"].as_object_mut() {
                args.retain(|name, _| !invented.contains(name));
            }
        }
    }

    /// The names of required arguments in `args` whose numbers are made up: the task does not
    /// give them, and every number that it does give has its place in another argument. Zero and
    /// one are never made up. `parameters` is the schema of the arguments.
    pub fn made_up(&self, args: &Value, parameters: &Value) -> Vec<String> {
        if self.vague || self.guessable || !self.words.is_empty() {
            return Vec::new();
        }
        let required = parameters["required"].as_array().into_iter().flatten();
        let required = required.filter_map(Value::as_str);
        let made_up = |name: &&str| {
            let schema = &parameters["properties"][*name];
            let free = ["default", "enum", "const"]
                .iter()
                .all(|key| schema[*key].is_null());
            let said = args[*name].as_f64().is_some_and(|number| {
                let size = number.abs();
                let given = self.digits.iter().any(|given| alike(*given, size));
                !given && size != 0.0 && size != 1.0
            });
            said && free && !SETTING.is_match(name)
        };
        let made_up: Vec<String> = required.filter(made_up).map(str::to_owned).collect();
        let args = args.as_object().into_iter().flatten();
        let others = args.filter(|(name, _)| !made_up.contains(name));
        let placed: Vec<f64> = others
            .flat_map(|(_, value)| numbers(&value.to_string()))
            .collect();
        match self.all_in(&placed) {
            true => made_up,
            false => Vec::new(),
        }
    }

    /// The optional arguments that are numbers which the task does not give.
    fn invented(&self, args: &Value, parameters: &Value) -> BTreeSet<String> {
        let required = parameters["required"].as_array().into_iter().flatten();
        let required: BTreeSet<&str> = required.filter_map(Value::as_str).collect();
        let given = || self.digits.iter().chain(&self.words);
        let is_given = |n: f64| given().any(|given| alike(*given, n));
        let args = args.as_object().into_iter().flatten();
        args.filter(|(name, value)| {
            let number = value.as_f64().filter(|_| !required.contains(name.as_str()));
            number.is_some_and(|n| !is_given(n))
        })
        .map(|(name, _)| name.clone())
        .collect()
    }
}

/// Whether `expression` has a number that stands nowhere in what was `read`, or is nothing but a
/// number. Small numbers and factors between units are always allowed. Where a word may stand for
/// a large number, the answer is no.
pub(crate) fn is_invented(expression: &str, read: &str) -> bool {
    if expression.trim().parse::<f64>().is_ok() {
        return true;
    }
    let known = numbers(read);
    let given = |number: f64| known.iter().any(|known| alike(*known, number));
    let converts = |number: f64| number.log10().fract() == 0.0 || CONVERTS.contains(&number);
    let invented = |number: &f64| *number > COUNTS_MAX && !converts(*number) && !given(*number);
    !LARGE.is_match(read) && numbers(expression).iter().any(invented)
}

static HAN_NUMBER: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!("[{}]+", written::HAN_SIGNS)));

/// Whether `args` has an expression with a number that `told` does not give: a small model that
/// looks something up and computes in one step computes with what it has not read yet.
pub(crate) fn sums_more_than(args: &Value, told: &str) -> bool {
    let known = in_any_form(told);
    let new = |said: &f64| !known.iter().any(|known| alike(*known, *said));
    let expression = args["expression"].as_str().unwrap_or_default();
    !LARGE.is_match(told) && numbers(expression).iter().any(new)
}

/// Whether `answer` says numbers, and none of them is `result`, exactly or rounded.
pub(crate) fn says_other_numbers(answer: &str, result: &str) -> bool {
    let Ok(result) = result.parse::<f64>() else {
        return false;
    };
    // A number in words has no sign.
    let result = result.abs();
    let said = numbers(answer);
    let rounded = |number: &f64| (number - result).abs() <= ROUNDED * result;
    !said.is_empty()
        && !said
            .iter()
            .any(|said| rounded(said) || alike(*said, result))
}

/// Whether `answer` has a number above `most` that does not stand in `read`.
pub(crate) fn has_another_number(answer: &str, read: &str, most: f64) -> bool {
    let known = numbers(read);
    let new = |said: &f64| *said > most && !known.iter().any(|known| alike(*known, *said));
    !LARGE.is_match(read) && numbers(answer).iter().any(new)
}

/// The numbers that stand in `text` in digits or in words, in no order. One has no word here: "one
/// of them", 一起.
pub(super) fn in_any_form(text: &str) -> Vec<f64> {
    let word = |found: regex::Match| written::word(found.as_str()).map(f64::from);
    let han = |found: regex::Match| written::han(found.as_str());
    let words = WORD.find_iter(text).filter_map(word);
    let words = words.chain(HAN_NUMBER.find_iter(text).filter_map(han));
    let mut all = numbers(text);
    all.extend(words.filter(|number| *number != 1.0));
    all
}

/// Whether two numbers are the same, or one is the other in percent.
pub(super) fn alike(one: f64, other: f64) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
    near(one, other) || near(one / 100.0, other) || near(one, other / 100.0)
}

/// The numbers in digits that stand in `text`, in their order.
pub(crate) fn numbers(text: &str) -> Vec<f64> {
    let plain = |found: regex::Match| found.as_str().replace([',', '_', ' '], "").parse().ok();
    NUMBER.find_iter(text).filter_map(plain).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sum_beside_a_look_has_the_numbers_of_the_task_only() {
        let check = |expression: &str, want: bool| {
            let told = "How many seats have both halls together, and what is 12 * 30?";
            let args = json!({ "expression": expression });
            assert_eq!(sums_more_than(&args, told), want, "{expression}");
        };
        check("12 * 30", false);
        check("40 + 55", true);
        check("", false);
        let told = "How long is the hall, and what is twelve times thirty?";
        assert!(!sums_more_than(&json!({"expression": "12 * 30"}), told));
        assert!(!sums_more_than(&json!({"query": "halls 40"}), "both halls"));
    }

    #[test]
    fn what_is_computed_from_stands_somewhere() {
        let check = |expression: &str, read: &str, want: bool| {
            assert_eq!(is_invented(expression, read), want, "{expression}");
        };
        let read = "The mill was built in 1874. It grinds 2,350 kg a week, 12 % of it rye.";
        check("1874 - 1790", read, true);
        check("1874", read, true);
        check(" -7 ", read, true);
        check("1926 - 1874", read, true);
        check("2350 * 12 / 100", read, false);
        check("2350 * 0.12 * 52", read, false);
        check("2350 / 7 / 24 / 3600 * 1000", read, false);
        check("round(2350 / 365)", read, false);
        check(
            "2350 * 4000",
            "It grinds 2,350 kg for four thousand people.",
            false,
        );
        check("2350 * 2000", "每周2350公斤，两千人", false);
    }

    #[test]
    fn an_answer_says_what_was_computed() {
        let check = |answer: &str, result: &str, want: bool| {
            assert_eq!(says_other_numbers(answer, result), want, "{answer}");
        };
        check("A sack weighs 35 kg.", "1225", true);
        check("35 sacks of 35 kg weigh 1,225 kg.", "1225", false);
        check("About 3.33 each.", "3.3333333333", false);
        check("It is 12.5 %.", "0.125", false);
        check("-7 degrees", "-7", false);
        check("No, they do not fit.", "1225", false);
        check("No, 3 are too many.", "nothing", false);
    }

    #[test]
    fn a_number_from_nowhere_is_left_out() {
        let parameters = json!({"type": "object", "required": ["place", "size"], "properties": {
            "place": {"type": "string"}, "size": {"type": "integer"},
            "days": {"type": "integer"}, "rate": {"type": "number"}
        }});
        let check = |told: &str, args: Value, want: Value| {
            let mut calls = [json!({"tool": "boat", "args": args})];
            Numbers::of(told).without_inventions(&mut calls, |_| Some(&parameters));
            assert_eq!(calls[0]["args"], want, "{told}");
        };
        let kept = |told: &str, args: Value| check(told, args.clone(), args);
        let rest = json!({"place": "Oslo", "size": 3});
        check(
            "Is a boat of 3 m free in Oslo?",
            json!({"place": "Oslo", "size": 3, "days": 1, "rate": 0.0}),
            rest.clone(),
        );
        // What is asked for, in percent as well.
        kept(
            "A boat of 3 m in Oslo for 4 days at 5%",
            json!({"place": "Oslo", "size": 3, "days": 4, "rate": 0.05}),
        );
        // A number without a place may have been turned into the one that is there.
        kept(
            "A boat of 3 m in Oslo for 48 hours",
            json!({"place": "Oslo", "size": 3, "days": 2}),
        );
        // What only counts needs no place.
        check(
            "Two boats: is the first, of 3 m, free in Oslo?",
            json!({"place": "Oslo", "size": 3, "days": 1}),
            rest.clone(),
        );
        // Words may stand for a number, and what is required has to be there.
        for told in [
            "A boat of 3 m in Oslo for two days",
            "A boat of 3 m in Oslo for a week",
            "奥斯陆，3米的船，租两天",
        ] {
            kept(told, json!({"place": "Oslo", "size": 3, "days": 2}));
        }
        kept("A boat in Oslo", json!({"place": "Oslo", "size": 3}));
        // Within a text it has its place as well.
        check(
            "The boat of 12 May 2021 in Oslo, 3 m",
            json!({"place": "Oslo 2021-05-12", "size": 3, "days": 1}),
            json!({"place": "Oslo 2021-05-12", "size": 3}),
        );
    }

    #[test]
    fn a_required_number_from_nowhere_is_made_up() {
        let parameters = json!({"type": "object", "required": ["price", "percent"], "properties": {
            "price": {"type": "number"}, "percent": {"type": "number"},
            "currency": {"type": "string"}
        }});
        let check = |told: &str, args: Value, want: &[&str]| {
            assert_eq!(
                Numbers::of(told).made_up(&args, &parameters),
                want,
                "{told}"
            );
        };
        let both = json!({"price": 100, "percent": 20});
        check(
            "Take 20% off the price of the lamp",
            both.clone(),
            &["price"],
        );
        check(
            "What is left of the price after the discount?",
            both.clone(),
            &["price", "percent"],
        );
        check("Take 20% off 100 euros", both.clone(), &[]);
        check(
            "Take a fifth off 100",
            json!({"price": 100, "percent": 0.2}),
            &[],
        );
        // A number without a place may have been turned into the one that is there.
        check(
            "Take 20% off 3 lamps of 30 each",
            json!({"price": 90, "percent": 20}),
            &[],
        );
        check(
            "Take half off 100",
            json!({"price": 100, "percent": 50}),
            &[],
        );
        check("Take twenty percent off a lamp", both, &[]);
        check(
            "Take 20% off the lamp",
            json!({"price": 1, "percent": 20}),
            &[],
        );
        check(
            "Take 20% off -30",
            json!({"price": -30, "percent": 20}),
            &[],
        );
        check(
            "Take 20% off with a fair coin",
            json!({"price": 0.5, "percent": 20}),
            &[],
        );
        check("", json!({}), &[]);
    }

    #[test]
    fn the_calls_of_a_step_share_the_numbers() {
        let parameters = json!({"required": ["size"]});
        let mut calls = [3, 5].map(|size| json!({"tool": "b", "args": {"size": size, "days": 1}}));
        let numbers = Numbers::of("Boats of 3 m and of 5 m");
        assert!(numbers.are_left_out_of(&calls[..1]));
        assert!(!numbers.are_left_out_of(&calls));
        numbers.without_inventions(&mut calls, |_| Some(&parameters));
        assert_eq!(calls[0]["args"], json!({"size": 3}));
        assert_eq!(calls[1]["args"], json!({"size": 5}));
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let check = |text: &str, want: &[f64]| assert_eq!(numbers(text), want, "{text}");
        check("1,250 and 3.5, then 7", &[1250.0, 3.5, 7.0]);
        check("3, 4, 5", &[3.0, 4.0, 5.0]);
        check(
            "25 March 2026, March 25 2026",
            &[25.0, 2026.0, 25.0, 2026.0],
        );
        check("no. 12-34", &[12.0, 34.0]);
        check("", &[]);
    }
}
