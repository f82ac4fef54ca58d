//! What is written otherwise than it is said in Chinese: numbers, dates, times, money, units,
//! addresses.
//!
//! The rules are applied one after another, so that a date is read before its numbers are.

use std::sync::LazyLock;

use super::numbers::{cardinal, digits, number, telephone};
use crate::rules::{Rules, Said};

#[cfg(test)]
mod tests;

/// What stands for a longer pattern in the rules.
const PARTS: &[(&str, &str)] = &[
    ("AMOUNT", r"(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)"),
    ("YEAR", r"(?:(?:1[1-9]|20)\d\d)"),
    ("COIN", "[$€£¥￥]"),
    ("CODE", "USD|EUR|GBP|CNY|RMB"),
    ("TO", "[-–—~～]+"),
    // Characters of Chinese are letters to Unicode: a number would have no border to them.
    (r"\b", r"(?-u:\b)"),
    // The digits that a rule has written are not to be read again by the next one.
    (r"\d", "[0-9]"),
];

/// Each pattern with what is said in its place, in the order in which they are applied.
const RULES: &[(&str, Said)] = &[
    // Addresses: their letters are said in English.
    (r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", |m| {
        address(&m[0])
    }),
    (
        r"https?://(?:www\.)?([A-Za-z0-9._~/?#&=%+:-]*[A-Za-z0-9/])",
        |m| address(&m[1]),
    ),
    (
        r"\b(?:www\.)?((?:[A-Za-z0-9-]+\.)+(?:com|cn|org|net|io|dev|edu|gov|ai)\b(?:/[A-Za-z0-9._/-]*[A-Za-z0-9])?)",
        |m| address(&m[1]),
    ),
    // Dates and times.
    (
        r"\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?Z?\b",
        |m| format!("{} {}", &m[1], &m[2]),
    ),
    (
        r"\b(YEAR)[-/.](0?[1-9]|1[0-2])[-/.](0?[1-9]|[12]\d|3[01])\b",
        |m| format!("{}年{}月{}日", digits(&m[1]), plain(&m[2]), plain(&m[3])),
    ),
    (r"\b(YEAR)[-/](0[1-9]|1[0-2])\b", |m| {
        format!("{}年{}月", digits(&m[1]), plain(&m[2]))
    }),
    (r"\b(YEAR)年?\s?TO\s?(YEAR)\s?年", |m| {
        format!("{}到{}年", digits(&m[1]), digits(&m[2]))
    }),
    (r"\b(YEAR)\s?年", |m| format!("{}年", digits(&m[1]))),
    (r"(\d[:：]\d\d)\s?TO\s?(\d)", |m| {
        format!("{}到{}", &m[1], &m[2])
    }),
    (
        r"\b([01]?\d|2[0-4])[:：]([0-5]\d)(?:[:：]([0-5]\d))?\b",
        |m| time(&m[1], &m[2], m.get(3).map(|at| at.as_str())),
    ),
    // Money.
    (r"(^|[\s(（])[-−](COIN)", |m| {
        format!("{}负{}", &m[1], &m[2])
    }),
    (r"(COIN)\s?(AMOUNT)\s?TO\s?COIN?(\d)", |m| {
        format!("{}到{}{}", &m[2], &m[1], &m[3])
    }),
    (r"(COIN|CODE)\s?(AMOUNT)\s?([万亿]?)", |m| {
        format!("{}{}{}", counted(&m[2]), &m[3], coin(&m[1]))
    }),
    (r"(AMOUNT)\s?([万亿]?)\s?(CODE)\b", |m| {
        format!("{}{}{}", counted(&m[1]), &m[2], coin(&m[3]))
    }),
    // Numbers that are names: telephones, addresses of machines, versions.
    (
        r"\b(?:1\d{10}|1\d\d[- ]\d{4}[- ]\d{4}|\d{3,4}-\d{7,8}|\d{3}-\d{3,4}-\d{4})\b",
        |m| telephone(&m[0]),
    ),
    (r"\b(\d{7,16})\s?([万亿元人个块次条吨米])", |m| {
        format!("{}{}", number(&m[1]), &m[2])
    }),
    (r"\b\d{7,}\b", |m| digits(&m[0])),
    (r"\b[vV]?(\d+(?:\.\d+){2,})\b", |m| {
        m[1].split('.').map(number).collect::<Vec<_>>().join("点")
    }),
    // A difference, where its result follows; spans and parts.
    (r"(\d)\s?[-−]\s?(\d[\d,.]*\s?=)", |m| {
        format!("{}减{}", &m[1], &m[2])
    }),
    (
        r"(\d(?:\s?(?:[%‰℃°万亿元]|°C))?)(?:TO| TO )(\d)",
        |m| format!("{}到{}", &m[1], &m[2]),
    ),
    (
        r"([年月日号点分秒元度岁人页章楼级])TO(\d)",
        |m| format!("{}到{}", &m[1], &m[2]),
    ),
    (r"(-?AMOUNT)\s?([%‰])", |m| {
        let whole = if &m[2] == "‰" { "千" } else { "百" };
        format!("{whole}分之{}", signed(&m[1]))
    }),
    (r"\b(\d+)分之(\d+)", |m| {
        format!("{}分之{}", plain(&m[1]), plain(&m[2]))
    }),
    (r"\b(\d{1,3})/(\d{1,3})\b", |m| {
        format!("{}分之{}", plain(&m[2]), plain(&m[1]))
    }),
    (r"\b(\d+)[:：](\d+)\b", |m| {
        format!("{}比{}", plain(&m[1]), plain(&m[2]))
    }),
    (r"第(\d+)", |m| format!("第{}", place(&m[1]))),
    (r"(^|[^0-9])[~～](\d)", |m| format!("{}约{}", &m[1], &m[2])),
    // Measures.
    (
        r"(-?AMOUNT)\s?([A-Za-zμµ°℃℉]+[²³]?(?:/[a-z]+)?)",
        |m| measure(&m[1], &m[2]).unwrap_or_else(|| m[0].to_owned()),
    ),
    (r"(元|块|分)/(\p{Han})", |m| {
        format!("{}每{}", &m[1], &m[2])
    }),
    (r"(\p{Han})/(\p{Han})", |m| format!("{}、{}", &m[1], &m[2])),
    (r"(^|[\s(（=])[-−](\d)", |m| {
        format!("{}负{}", &m[1], &m[2])
    }),
    // What is left of numbers. Those with a point first: the two of 3.2倍 counts nothing.
    (r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*\.\d+", |m| number(&m[0])),
    (r"\b2\s?(年级|次方|次元|进制)", |m| {
        format!("二{}", &m[1])
    }),
    (
        r"\b2\s?([个位名只条张本件次种天年岁分小公元块米斤倍层家台部间支双对场篇封杯瓶点秒周星克升吨页段句遍套座辆头颗根首道项类组批片份滴桶盒袋匹朵口轮步碗盘门架艘户亩千万亿毫厘平立英美欧人者处款])",
        |m| format!("两{}", &m[1]),
    ),
    (r"\d+", |m| number(&m[0])),
    // Signs.
    (r"\s*[+=×÷±≈&@<>≤≥≠√→]\s*", |m| {
        sign(m[0].trim()).to_owned()
    }),
];

static COMPILED: LazyLock<Rules> = LazyLock::new(|| Rules::new(RULES, PARTS));

/// `text` as it is said.
pub fn spoken(text: &str) -> String {
    COMPILED.apply(text.chars().map(narrow).collect())
}

/// A digit or a sign of numbers in its narrow form.
fn narrow(c: char) -> char {
    match c {
        '０'..='９' | '％' | '＋' | '＝' | '＄' | '＠' | '／' | '．' | '＜' | '＞' => {
            char::from_u32(c as u32 - 0xfee0).unwrap_or(c)
        }
        c => c,
    }
}

/// An address of a page or of mail: signs in Chinese, digits one by one.
fn address(written: &str) -> String {
    let mut said = String::new();
    for c in written.trim_end_matches('/').chars() {
        match c {
            '.' => said.push('点'),
            '/' => said.push_str("斜杠"),
            '@' => said.push_str(" at "),
            '-' => said.push('杠'),
            '_' => said.push_str("下划线"),
            ':' => said.push_str("冒号"),
            '?' => said.push_str("问号"),
            '#' => said.push_str("井号"),
            '%' => said.push_str("百分号"),
            '=' => said.push_str("等于"),
            '&' => said.push('和'),
            '+' => said.push('加'),
            c if c.is_ascii_digit() => said += &digits(c.encode_utf8(&mut [0; 4])),
            c => said.push(c),
        }
    }
    said
}

/// A whole number without what it began with.
fn plain(written: &str) -> String {
    cardinal(written.parse().unwrap_or_default())
}

/// A place in an order: 二, not 两.
fn place(written: &str) -> String {
    plain(written).replacen('两', "二", 1)
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

/// The name of a coin by its sign or code.
fn coin(sign: &str) -> &'static str {
    match sign {
        "$" | "USD" => "美元",
        "€" | "EUR" => "欧元",
        "£" | "GBP" => "英镑",
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
        ("µm", "微米"),
        ("μm", "微米"),
        ("nm", "纳米"),
        ("m²", "平方米"),
        ("cm²", "平方厘米"),
        ("km²", "平方公里"),
        ("m³", "立方米"),
        ("ha", "公顷"),
        ("kg", "公斤"),
        ("g", "克"),
        ("mg", "毫克"),
        ("t", "吨"),
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
        ("℉", "华氏度"),
        ("°", "度"),
        ("W", "瓦"),
        ("kW", "千瓦"),
        ("kWh", "千瓦时"),
        ("V", "伏"),
        ("mAh", "毫安时"),
        ("dB", "分贝"),
        ("Pa", "帕"),
        ("kcal", "千卡"),
        ("Hz", "赫兹"),
        ("kHz", "千赫"),
        ("MHz", "兆赫"),
        ("GHz", "吉赫"),
    ];
    let (_, name) = UNITS.iter().find(|(short, _)| *short == unit)?;
    match count.strip_prefix('-') {
        // What is below zero is said as people do.
        Some(plain) if name.ends_with('度') => Some(format!("零下{}{name}", number(plain))),
        _ => Some(format!("{}{name}", counted(count))),
    }
}

fn sign(written: &str) -> &'static str {
    match written {
        "+" => "加",
        "=" => "等于",
        "×" => "乘",
        "÷" => "除以",
        "±" => "正负",
        "≈" => "约等于",
        "<" => "小于",
        ">" => "大于",
        "≤" => "小于等于",
        "≥" => "大于等于",
        "≠" => "不等于",
        "√" => "根号",
        "→" => "到",
        "&" => "和",
        _ => "，",
    }
}
