//! What is written otherwise than it is said in English: numbers, money, dates, times, units,
//! abbreviations, signs. All of it becomes words; what is pronounced how is not known here.
//!
//! The rules are applied one after another, so that a date is read before its numbers are. What
//! is spelled letter by letter is written with points between the letters: `U.S`. What a rule
//! says in place of what it found is in `verbalization`.

use std::sync::LazyLock;

use super::numbers::{cardinal, digits, number, number_or_year, ordinal, plural, year};
use super::units::ABBREVIATIONS;
use super::verbalization::{
    address, coin_of, date, fraction, greek, half_of_day, measure, money, month, numbered, per,
    plural_coin, relation, scale, short_year, sign, street, time, value, vulgar,
};
use crate::rules::{Rules, Said};

#[cfg(test)]
mod tests;

/// What stands for a longer pattern in the rules.
const PARTS: &[(&str, &str)] = &[
    (
        "MONTH",
        r"(?:January|February|March|April|May|June|July|August|September|October|November|December)\b|(?:SHORT)\b\.?",
    ),
    ("SHORT", "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"),
    (
        "RULER",
        "Albert|Alexander|Benedict|Catherine|Charles|Christian|Clement|Edward|Elizabeth|Ferdinand|Francis|Frederick|George|Gregory|Gustav|Henry|Innocent|Ivan|James|John|Juan|Leo|Leopold|Louis|Mary|Napoleon|Nicholas|Otto|Paul|Peter|Philip|Pius|Ptolemy|Ramses|Richard|Wilhelm|William",
    ),
    ("HALF", r"(?:AM|PM|am|pm)\b|a\.m\.|p\.m\."),
    ("AMOUNT", r"(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)"),
    ("YEAR", r"(?:1[1-9]\d\d|20\d\d)"),
    ("COIN", "[$€£¥₹]"),
    ("CODE", "USD|EUR|GBP|CNY|RMB|INR"),
    ("UNIT", "[A-Za-zµ°℃℉Ω]+[²³]?"),
    // Digits of other scripts are not read.
    (r"\d", "[0-9]"),
];

/// Each pattern with what is said in its place, in the order in which they are applied.
const RULES: &[(&str, Said)] = &[
    // Addresses and names of files.
    (r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b", |m| address(&m[0])),
    (r"<?\bhttps?://(?:www\.)?([^\s<>()]*[\w/])>?", |m| {
        address(&m[1])
    }),
    (
        r"\b(?:www\.)?((?:[A-Za-z0-9-]+\.)+(?:com|org|net|io|dev|edu|gov|ai|app|cn|de|eu|fr|info|jp|uk)\b(?:/[\w./-]*\w)?)",
        |m| address(&m[1]),
    ),
    (r"\b[A-Za-z_][\w-]+(?:\.[a-z][a-z0-9]{0,4})+\b", |m| {
        address(&m[0])
    }),
    // Dates.
    (
        r"\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z\b)?",
        |m| {
            let zone = if m.get(3).is_some() { " UTC" } else { "" };
            format!("{}, {}{zone}", &m[1], &m[2])
        },
    ),
    (
        r"\b(YEAR)[-/](0?[1-9]|1[0-2])[-/](0?[1-9]|[12]\d|3[01])\b",
        |m| date(value(&m[2]), value(&m[3]), value(&m[1])),
    ),
    (r"\b(1[0-2]|0?[1-9])/([0-3]?\d)/(YEAR)\b", |m| {
        date(value(&m[1]), value(&m[2]), value(&m[3]))
    }),
    (r"\b(1[3-9]|2\d|3[01])/(0?[1-9]|1[0-2])/(YEAR)\b", |m| {
        date(value(&m[2]), value(&m[1]), value(&m[3]))
    }),
    (r"\b(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])/(\d\d)\b", |m| {
        date(value(&m[1]), value(&m[2]), short_year(&m[3]))
    }),
    (
        r"\b(0?[1-9]|[12]\d|3[01])\.(0?[1-9]|1[0-2])\.(YEAR)\b",
        |m| date(value(&m[2]), value(&m[1]), value(&m[3])),
    ),
    (
        r"\b(MONTH) (\d{1,2})(?:st|nd|rd|th)?\s?[-–—]\s?(\d{1,2})(?:st|nd|rd|th)?\b",
        |m| {
            let days = (ordinal(value(&m[2])), ordinal(value(&m[3])));
            format!("{} {} to {}", month(&m[1]), days.0, days.1)
        },
    ),
    (r"\b(MONTH) (\d{1,2})(?:st|nd|rd|th)?\b", |m| {
        format!("{} {}", month(&m[1]), ordinal(value(&m[2])))
    }),
    (
        r"\b(\d{1,2})(?:st|nd|rd|th)?\s?[-–—]\s?(\d{1,2})(?:st|nd|rd|th)? (MONTH)",
        |m| {
            let days = (ordinal(value(&m[1])), ordinal(value(&m[2])));
            format!("the {} to the {} of {}", days.0, days.1, month(&m[3]))
        },
    ),
    (
        r"\b(?:the )?(\d{1,2})(?:st|nd|rd|th)? (?:of )?(MONTH)",
        |m| format!("the {} of {}", ordinal(value(&m[1])), month(&m[2])),
    ),
    (r"\b(SHORT)\b\.? (YEAR)\b", |m| {
        format!("{} {}", month(&m[1]), &m[2])
    }),
    // Times.
    (
        r"\b(\d{1,2}(?::\d\d)?)\s?(HALF)?\s?[-–—]\s?(\d{1,2}(?::\d\d)?\s?(?:HALF))",
        |m| {
            let half = m.get(2).map_or("", |half| half.as_str());
            format!("{} {half} to {}", &m[1], &m[3])
        },
    ),
    (r"\b(\d{1,2}:\d\d)\s?[-–—]\s?(\d{1,2}:\d\d)\b", |m| {
        format!("{} to {}", &m[1], &m[2])
    }),
    (r"\b(\d{1,2})\.([0-5]\d)\s?(HALF)", |m| {
        format!("{}:{} {}", &m[1], &m[2], &m[3])
    }),
    (
        r"\b([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(?:\s?(HALF))?",
        |m| {
            time(
                &m[1],
                &m[2],
                m.get(3).map(|at| at.as_str()),
                m.get(4).map(|at| at.as_str()),
            )
        },
    ),
    (r"\b(\d{1,2})\s?(HALF)", |m| {
        format!("{} {}", number(&m[1]), half_of_day(&m[2]))
    }),
    (r"\b(\d+):(\d+)\b", |m| format!("{} to {}", &m[1], &m[2])),
    // Money.
    (r"\bUS\$", |_| "$".to_owned()),
    (r"\b(CODE)\s?(AMOUNT)", |m| {
        format!("{}{}", coin_of(&m[1]), &m[2])
    }),
    (r"(AMOUNT)\s?(CODE)\b", |m| {
        format!("{}{}", coin_of(&m[2]), &m[1])
    }),
    (r"(AMOUNT)\s?([€£₹])(\D|$)", |m| {
        format!("{}{}{}", &m[2], &m[1], &m[3])
    }),
    (r"(^|[\s(])[-−](COIN)", |m| {
        format!("{}minus {}", &m[1], &m[2])
    }),
    (r"(COIN)\s?(AMOUNT)\s?[-–—]\s?COIN?(\d)", |m| {
        format!("{} to {}{}", &m[2], &m[1], &m[3])
    }),
    (
        r"(COIN)\s?(AMOUNT)\s?(thousand|million|billion|trillion|mn|bn|tn|[kKmMBT])\b",
        |m| format!("{} {} {}", number(&m[2]), scale(&m[3]), plural_coin(&m[1])),
    ),
    (r"(COIN)\s?(AMOUNT)", |m| money(&m[1], &m[2])),
    // Telephone numbers, versions, addresses of machines.
    (
        r"(^|[^\d.])\(?(\d{3})\)?[-.\s]\s?(\d{3})[-.\s](\d{4})\b",
        |m| {
            let parts = [&m[2], &m[3], &m[4]].map(digits);
            format!("{}{}", &m[1], parts.join(", "))
        },
    ),
    (r"\+\d{1,3}(?:[ -]\d{2,4}){2,4}\b", |m| {
        let parts: Vec<String> = m[0].split([' ', '-']).map(digits).collect();
        format!("plus {}", parts.join(", "))
    }),
    (r"\b(\d{3})-(\d{4})\b", |m| {
        // Round numbers are a span.
        match m[1].ends_with('0') && m[2].ends_with('0') {
            true => m[0].to_owned(),
            false => format!("{}, {}", digits(&m[1]), digits(&m[2])),
        }
    }),
    (r"\b[vV]?(\d+(?:\.\d+){2,})\b", |m| {
        m[1].split('.')
            .map(number)
            .collect::<Vec<_>>()
            .join(" point ")
    }),
    (r"\b[vV](\d+(?:\.\d+)?)\b", |m| {
        format!("version {}", number(&m[1]))
    }),
    // Decades, spans and measures.
    (r"\b(1[1-9]|20)(\d0)'?s\b", |m| {
        plural(&year(value(&m[1]) * 100 + value(&m[2])))
    }),
    (r"\b(the|early|mid|late)[ -]'?([2-9]0)s\b", |m| {
        format!("{} {}", &m[1], plural(&cardinal(value(&m[2]))))
    }),
    // A difference, where its result follows.
    (r"(\d%?)\s?[-–−]\s?(\d[\d,.]*%?\s?=)", |m| {
        format!("{} minus {}", &m[1], &m[2])
    }),
    (
        r"(\d(?:\s?(?:%|°[CF]?|[kcm]?m|k?g|[kKMG]B))?)(?:[–—-]| [–—-] )(\d)",
        |m| format!("{} to {}", &m[1], &m[2]),
    ),
    (r"\b[1-9]\d*(?:\.\d+)?(?:\s?x\s?\d+(?:\.\d+)?)+", |m| {
        m[0].replace('x', " by ")
    }),
    (r"(\d)[x×](\s|[.,;!?)]|$)", |m| {
        format!("{} times{}", &m[1], &m[2])
    }),
    (r#"\b(\d{1,2})['′](\d{1,2})(?:"|″|'')"#, |m| {
        format!("{} feet {} inches", number(&m[1]), number(&m[2]))
    }),
    (r"\b(\d[\d,.]*)([kMB])\b", |m| {
        format!("{} {}", &m[1], scale(&m[2]))
    }),
    (r"([A-Za-z]-?|[-−])?(AMOUNT)\s?(UNIT(?:/UNIT)?)", |m| {
        let before = m.get(1).map_or("", |at| at.as_str());
        // A number within a name counts nothing: B2B.
        let is_name = before.ends_with(|c: char| c.is_ascii_alphabetic());
        match (measure(&m[2], &m[3]).filter(|_| !is_name), before) {
            (Some(said), "-" | "−") => format!("minus {said}"),
            (Some(said), before) => format!("{before}{said}"),
            (None, _) => m[0].to_owned(),
        }
    }),
    (r"(\d)\s?%", |m| format!("{} percent ", &m[1])),
    // Places and fractions.
    (r"\b(\d+)(?:st|nd|rd|th|ST|ND|RD|TH)\b", |m| {
        ordinal(value(&m[1]))
    }),
    (r"\b24/7\b", |_| "twenty-four seven".to_owned()),
    (r"\b(\d+) (\d)/(\d{1,2})\b", |m| {
        format!("{} and {}", &m[1], fraction(value(&m[2]), value(&m[3])))
    }),
    (r"\b(\d{1,3})/(\d{1,3})\b", |m| {
        fraction(value(&m[1]), value(&m[2]))
    }),
    (r"(\d)\s?([½¼¾⅓⅔⅛])", |m| {
        format!("{} and {}", &m[1], vulgar(&m[2]))
    }),
    (r"[½¼¾⅓⅔⅛]", |m| vulgar(&m[0]).to_owned()),
    (r"(^|[\s(=<>,^*/+×÷])[-−](\d)", |m| {
        format!("{}minus {}", &m[1], &m[2])
    }),
    (r"(?:#|№\s?|\b[Nn]os?\. ?)(\d)", |m| {
        format!("number {}", &m[1])
    }),
    (r"\bp\. ?(\d)", |m| format!("page {}", &m[1])),
    // Roman numerals: a place among rulers of one name, a plain number elsewhere.
    (
        r"\b(Act|Annex|Appendix|Article|Book|Chapter|Class|Episode|Figure|Grade|Level|Mark|Module|Part|Phase|Saturn|Scene|Season|Section|Stage|Step|Table|Title|Type|Unit|Volume|War) ([IVX]+|[IVXLC]{2,})\b",
        |m| numbered(&m[0], &m[1], &m[2], cardinal),
    ),
    (r"\b(RULER) ([IVX]{2,6}|[VX])\b", |m| {
        numbered(&m[0], &m[1], &m[2], |place| {
            format!("the {}", ordinal(place))
        })
    }),
    (r"\b([A-Z][a-z]{3,}) ([IVX]{2,6})\b", |m| {
        numbered(&m[0], &m[1], &m[2], cardinal)
    }),
    // What is left of numbers.
    (r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+", |m| {
        format!(" {} ", number_or_year(&m[0]))
    }),
    // Abbreviations and signs.
    (r"\b([A-Za-z]+) (St|Rd|Ln|Ct)\b\.?(\s+[a-z]|[,;]|$)", |m| {
        format!("{} {}{}", &m[1], street(&m[2]), &m[3])
    }),
    (r"\b(Mr|Mrs|Ms|Dr|Prof|St|Mt)\s([A-Z])", |m| {
        let said = abbreviation(&m[1]).unwrap_or_default();
        format!("{said} {}", &m[2])
    }),
    (r"\b([A-Za-z]+(?:\.[A-Za-z]+)*)\.", |m| {
        abbreviation(&m[1]).unwrap_or_else(|| m[0].to_owned())
    }),
    (r"\bw/o\b", |_| "without".to_owned()),
    (r"\b([CF])#", |m| format!("{} sharp", &m[1])),
    (
        r"\b(dollars?|euros?|pounds?|yuan|rupees?|cents?|pence|percent|times|thousand|million|calls?|pages?|requests?|steps?|tokens?|words?) ?/ ?(second|minute|hour|day|night|week|month|year|person|user|hr|wk|mo|yr)\b",
        |m| format!("{} per {}", &m[1], per(&m[2])),
    ),
    (r"(\w)/(\w)", |m| format!("{} slash {}", &m[1], &m[2])),
    (r"<=|>=|!=|==|=>|->", |m| format!(" {} ", relation(&m[0]))),
    (r"\s(?:-{1,3}|–)\s", |_| " — ".to_owned()),
    (r"(\w)--(\w)", |m| format!("{}—{}", &m[1], &m[2])),
    (r"([A-Za-z0-9)])([²³])", |m| {
        let power = if &m[2] == "²" { "squared" } else { "cubed" };
        format!("{} {power} ", &m[1])
    }),
    (r"\b[αβγδεθλµπρσφωΔΣΩ]\b", |m| {
        greek(&m[0]).to_owned()
    }),
    (r"[&+=@<>×÷±°~^→%$€£_≈≤≥≠√∞§¢−]", |m| sign(&m[0])),
];

static COMPILED: LazyLock<Rules> = LazyLock::new(|| Rules::new(RULES, PARTS));

/// `text` as it is said.
pub fn spoken(text: &str) -> String {
    COMPILED.apply(text.chars().map(narrow).collect())
}

/// A character in the form that the rules know: full width becomes narrow (both are in Unicode
/// in the same order), and what looks alike becomes one.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '’' | '‘' => '\'',
        '\u{a0}' | '\u{202f}' => ' ',
        // The letter and the sign of micro.
        'μ' => 'µ',
        // The sign of ohm is the letter.
        '\u{2126}' => 'Ω',
        c => c,
    }
}

/// What an abbreviation stands for, written without its last point.
pub fn abbreviation(written: &str) -> Option<String> {
    let mut known = ABBREVIATIONS.iter();
    if let Some((_, said)) = known.find(|(short, _)| *short == written) {
        return Some((*said).to_owned());
    }
    // Single letters with points between them: their last point goes.
    let mut letters = written.split('.');
    (written.contains('.') && letters.all(|letter| letter.len() == 1)).then(|| written.to_owned())
}
