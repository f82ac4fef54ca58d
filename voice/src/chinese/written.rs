//! What is written otherwise than it is said in Chinese: numbers, dates, times, money, units.
//!
//! The rules are applied one after another, so that a date is read before its numbers are.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::numbers::{cardinal, digits, number};

/// What replaces a match.
type Said = fn(&Captures<'_>) -> String;

/// Each pattern with what is said in its place, in the order in which they are applied.
const RULES: &[(&str, Said)] = &[
    // Dates and times.
    (
        r"\b((?:1[1-9]|20)\d\d)[-/.](0?[1-9]|1[0-2])[-/.](0?[1-9]|[12]\d|3[01])\b",
        |m| format!("{}年{}月{}日", digits(&m[1]), plain(&m[2]), plain(&m[3])),
    ),
    (r"\b((?:1[1-9]|20)\d\d)\s?年", |m| {
        format!("{}年", digits(&m[1]))
    }),
    (
        r"\b([01]?\d|2[0-4])[:：]([0-5]\d)(?:[:：]([0-5]\d))?\b",
        |m| time(&m[1], &m[2], m.get(3).map(|at| at.as_str())),
    ),
    // Money.
    (
        r"([$€£¥￥])\s?(\d[\d,]*(?:\.\d+)?)\s?([万亿]?)",
        |m| format!("{}{}{}", counted(&m[2]), &m[3], coin(&m[1])),
    ),
    // Numbers that are names: telephones, addresses of machines, versions.
    (r"\b(?:1\d{10}|\d{3,4}-\d{7,8}|\d{7,})\b", |m| digits(&m[0])),
    (r"\b[vV]?(\d+(?:\.\d+){2,})\b", |m| {
        m[1].split('.').map(number).collect::<Vec<_>>().join("点")
    }),
    // Parts and spans.
    (r"(-?\d[\d,]*(?:\.\d+)?)\s?([%％‰])", |m| {
        let whole = if &m[2] == "‰" { "千" } else { "百" };
        format!("{whole}分之{}", signed(&m[1]))
    }),
    (r"\b(\d{1,3})/(\d{1,3})\b", |m| {
        format!("{}分之{}", plain(&m[2]), plain(&m[1]))
    }),
    (r"(\d)(?:[-–—~～]+| [-–—~～]+ )(\d)", |m| {
        format!("{}到{}", &m[1], &m[2])
    }),
    (r"\b(\d+)[:：](\d+)\b", |m| {
        format!("{}比{}", plain(&m[1]), plain(&m[2]))
    }),
    (r"第(\d+)", |m| format!("第{}", plain(&m[1]))),
    // Measures.
    (
        r"(-?\d[\d,]*(?:\.\d+)?)\s?([A-Za-zμµ°℃℉²]+(?:/[a-z]+)?)",
        |m| measure(&m[1], &m[2]).unwrap_or_else(|| m[0].to_owned()),
    ),
    (
        r"\b2([个位名只条张本件次种天年岁分小公元块米斤倍层家台部间支双对场篇封杯瓶])",
        |m| format!("两{}", &m[1]),
    ),
    (r"(^|[\s(（=])[-−](\d)", |m| {
        format!("{}负{}", &m[1], &m[2])
    }),
    // What is left of numbers.
    (r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+", |m| {
        number(&m[0])
    }),
    // Signs.
    (r"\s*[+=×÷±≈&@]\s*", |m| sign(m[0].trim()).to_owned()),
];

static COMPILED: LazyLock<Vec<(Regex, Said)>> = LazyLock::new(|| {
    let compiled = RULES.iter().map(|(pattern, said)| {
        // Characters of Chinese are letters to Unicode: a number would have no border to them.
        // The digits that a rule has written are not to be read again by the next one.
        let pattern = pattern.replace(r"\b", r"(?-u:\b)").replace(r"\d", "[0-9]");
        let pattern = Regex::new(&pattern).expect("the patterns are part of the program");
        (pattern, *said)
    });
    compiled.collect()
});

/// `text` as it is said.
pub fn spoken(text: &str) -> String {
    let mut text: String = text.chars().map(narrow).collect();
    for (pattern, said) in COMPILED.iter() {
        if pattern.is_match(&text) {
            text = pattern.replace_all(&text, *said).into_owned();
        }
    }
    text
}

/// A digit or a sign of numbers in its narrow form.
fn narrow(c: char) -> char {
    match c {
        '０'..='９' | '％' | '＋' | '＝' | '＄' | '＠' | '／' => {
            char::from_u32(c as u32 - 0xfee0).unwrap_or(c)
        }
        c => c,
    }
}

/// A whole number without what it began with.
fn plain(written: &str) -> String {
    cardinal(written.parse().unwrap_or_default())
}

fn signed(written: &str) -> String {
    match written.strip_prefix('-') {
        Some(plain) => format!("负{}", number(plain)),
        None => number(written),
    }
}

/// How many of something there are: 两, not 二.
fn counted(written: &str) -> String {
    match written {
        "2" => "两".to_owned(),
        other => signed(other),
    }
}

fn time(hour: &str, minute: &str, second: Option<&str>) -> String {
    let hour = match hour {
        "2" | "02" => "两".to_owned(),
        hour => plain(hour),
    };
    let minute = match minute {
        "00" if second.is_none() => "整".to_owned(),
        "30" if second.is_none() => "半".to_owned(),
        minute if minute.starts_with('0') => format!("零{}分", plain(minute)),
        minute => format!("{}分", plain(minute)),
    };
    let second = second.map(|second| format!("{}秒", plain(second)));
    format!("{hour}点{minute}{}", second.unwrap_or_default())
}

fn coin(sign: &str) -> &'static str {
    match sign {
        "$" => "美元",
        "€" => "欧元",
        "£" => "英镑",
        _ => "元",
    }
}

/// A number with its unit; none where that is no unit.
fn measure(count: &str, unit: &str) -> Option<String> {
    const UNITS: &[(&str, &str)] = &[
        ("km", "公里"),
        ("m", "米"),
        ("cm", "厘米"),
        ("mm", "毫米"),
        ("m²", "平方米"),
        ("km²", "平方公里"),
        ("kg", "公斤"),
        ("g", "克"),
        ("mg", "毫克"),
        ("L", "升"),
        ("ml", "毫升"),
        ("mL", "毫升"),
        ("km/h", "公里每小时"),
        ("m/s", "米每秒"),
        ("h", "小时"),
        ("min", "分钟"),
        ("s", "秒"),
        ("ms", "毫秒"),
        ("°C", "摄氏度"),
        ("℃", "摄氏度"),
        ("°F", "华氏度"),
        ("°", "度"),
        ("W", "瓦"),
        ("kW", "千瓦"),
        ("V", "伏"),
        ("Hz", "赫兹"),
    ];
    let (_, name) = UNITS.iter().find(|(short, _)| *short == unit)?;
    Some(format!("{}{name}", counted(count)))
}

fn sign(written: &str) -> &'static str {
    match written {
        "+" => "加",
        "=" => "等于",
        "×" => "乘",
        "÷" => "除以",
        "±" => "正负",
        "≈" => "约等于",
        "&" => "和",
        _ => "，",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_becomes_words() {
        let check =
            |written: &str, expected: &str| assert_eq!(spoken(written), expected, "{written}");
        check("2024年3月5日", "２０２４年三月五日");
        check("在2024-03-05", "在２０２４年三月五日");
        check("下午3:05开会", "下午三点零五分开会");
        check("2:30", "两点半");
        check("涨了12.5%", "涨了百分之十二点５");
        check("花了¥250", "花了二百五十元");
        check("共2个人", "共两个人");
        check("12个月", "十二个月");
        check("5km", "五公里");
        check("零下-5℃", "零下负五摄氏度");
        check("10-20人", "十到二十人");
        check("第2名", "第二名");
        check("电话13800138000", "电话１３８００１３８０００");
        check("比分3:2", "比分三比二");
        check("1/3的人", "三分之一的人");
        check("12,345元", "一万二千三百四十五元");
        check("２０２４年", "２０２４年");
        check("共１２人", "共十二人");
    }
}
