//! Conversations that programs for messages export as text: who said what, and when. A message
//! begins with its time and who wrote it, and goes on in the lines below.
//!
//! Every line keeps its number: what is left out leaves a blank line.

/// Words for a half of the day, and whether that is the second one.
const HALVES: &[(&str, bool)] = &[
    ("a.m.", false),
    ("p.m.", true),
    ("a. m.", false),
    ("p. m.", true),
    ("am", false),
    ("pm", true),
    ("上午", false),
    ("凌晨", false),
    ("早上", false),
    ("下午", true),
    ("晚上", true),
    ("午前", false),
    ("午後", true),
    ("오전", false),
    ("오후", true),
];
/// Letters of a time and of a name at most.
const STAMP_CHARS_MAX: usize = 40;
const NAME_CHARS_MAX: usize = 80;
/// Messages with a name that a conversation has at least.
const MESSAGES_MIN: usize = 2;
/// What stands before words that the program says itself.
const OWN: char = '\u{200e}';

/// A conversation as text.
#[derive(Debug, Default, PartialEq)]
pub struct Said {
    /// A line for each message, and those below it that it goes on in.
    pub text: String,
    /// How many messages were left out: files, and what the program says itself.
    pub left_out: usize,
}

/// What comes first in a day that is written in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    Day,
    Month,
}

/// When a message was written.
#[derive(Debug)]
struct Stamp {
    /// As its program writes it.
    written: String,
    /// The numbers of its day, in the order in which they are written.
    day: [u32; 3],
    /// Whether the year comes first.
    is_from_year: bool,
    /// What stands between the numbers of its day.
    sign: char,
    hour: u32,
    minute: u32,
}

/// The conversation in `text`, the text of a file with this `name`; `None` where it is none.
pub fn of(text: &str, name: &str) -> Option<Said> {
    let (first, _) = head(text.lines().find(|line| !line.trim().is_empty())?)?;
    let name = name.to_lowercase();
    // Records of programs write their times so.
    let is_record = name.ends_with(".log") || first.is_from_year && first.sign == '-';
    if is_record && !name.contains("chat") {
        return None;
    }
    let lines: Vec<&str> = text.lines().collect();
    let heads: Vec<Option<(Stamp, &str)>> = lines.iter().map(|line| head(line)).collect();
    let all = || heads.iter().flatten();
    if all().filter_map(|(_, rest)| message(rest)).count() < MESSAGES_MIN {
        return None;
    }
    let stamps: Vec<&Stamp> = all().map(|(stamp, _)| stamp).collect();
    let order = order(&stamps);
    let goes_on = |n: usize| {
        let below = heads.get(n + 1).zip(lines.get(n + 1));
        below.is_some_and(|(head, line)| head.is_none() && !line.trim().is_empty())
    };
    let mut said = Said::default();
    for (n, head) in heads.iter().enumerate() {
        match head.as_ref().map(|(stamp, rest)| (stamp, message(rest))) {
            None => said.text.push_str(lines[n]),
            Some((_, None)) => said.left_out += 1,
            Some((stamp, Some((who, says)))) => {
                let is_file = is_left_out(says);
                said.left_out += usize::from(is_file);
                if !is_file || goes_on(n) {
                    let says = if is_file { "" } else { says.trim() };
                    let line = format!("{} {who}: {says}", stamp.said(order));
                    said.text.push_str(seen(&line).trim_end());
                }
            }
        }
        said.text.push('\n');
    }
    Some(said)
}

/// The time that `line` begins with, and what follows it: `[5.3.24, 10:12:33] …`,
/// `3/5/24, 10:12 AM - …`.
fn head(line: &str) -> Option<(Stamp, &str)> {
    let line = line.trim_start_matches(is_unseen);
    let (written, rest) = match line.strip_prefix('[') {
        Some(inside) => inside.split_once("] ")?,
        None => line.split_once(" - ")?,
    };
    Some((stamp(written)?, rest))
}

/// Who wrote a message, and what it says; `None` where the program says something itself.
fn message(rest: &str) -> Option<(&str, &str)> {
    let alone = || Some((rest.trim_end().strip_suffix(':')?, ""));
    let (who, says) = rest.split_once(": ").or_else(alone)?;
    let who = who.trim_matches(|c: char| is_unseen(c) || c.is_whitespace());
    (!who.is_empty() && who.chars().count() <= NAME_CHARS_MAX).then_some((who, says))
}

/// Whether what a message says is only that there was a file, or is the program's own.
fn is_left_out(says: &str) -> bool {
    let says = says.trim();
    let is_note =
        says.starts_with('<') && says.ends_with('>') && says.contains(char::is_alphabetic);
    let is_file = says.split_once(" (").is_some_and(|(name, note)| {
        name.contains("-WA") && name.contains('.') && !name.contains(' ') && note.ends_with(')')
    });
    let is_link =
        says.starts_with(['!', '[']) && says.ends_with(')') && says.contains("](./media/");
    says.starts_with(OWN) || is_note || is_file || is_link
}

/// The moment that is `written` so.
fn stamp(written: &str) -> Option<Stamp> {
    if written.chars().count() > STAMP_CHARS_MAX {
        return None;
    }
    let written = seen(written);
    let mut rest = written.to_lowercase();
    let half = HALVES.iter().find(|(word, _)| rest.contains(word));
    if let Some((word, _)) = half {
        rest = rest.replacen(word, " ", 1);
    }
    let is_sign = |c: char| c.is_ascii_digit() || "./-:, 年月日".contains(c);
    if !rest.chars().all(is_sign) {
        return None;
    }
    let numbers = rest.split(|c: char| !c.is_ascii_digit());
    let numbers: Vec<&str> = numbers.filter(|number| !number.is_empty()).collect();
    // Seconds may follow.
    let [first, second, third, hour, minute]: [&str; 5] = numbers.get(..5)?.try_into().ok()?;
    let is_from_year = first.len() == 4;
    let has_year = is_from_year || matches!(third.len(), 2 | 4);
    if numbers.len() > 6 || !has_year || minute.len() != 2 {
        return None;
    }
    let number = |digits: &str| digits.parse::<u32>().ok();
    let hour = match (number(hour)?, half.map(|(_, is_second)| *is_second)) {
        (hour @ 0..12, Some(true)) => hour + 12,
        (12, Some(false)) => 0,
        (hour, _) => hour,
    };
    let minute = number(minute)?;
    let day = [number(first)?, number(second)?, number(third)?];
    let sign = rest.chars().find(|c| !c.is_ascii_digit())?;
    (hour < 24 && minute < 60).then_some(Stamp {
        written,
        day,
        is_from_year,
        sign,
        hour,
        minute,
    })
}

impl Stamp {
    /// Its year, month and day, where the days of the conversation are written in this `order`.
    fn date(&self, order: Option<Order>) -> Option<[u32; 3]> {
        let [first, second, third] = self.day;
        let (year, month, day) = match (self.is_from_year, order) {
            (true, _) => (first, second, third),
            (false, Some(Order::Day)) => (third, second, first),
            (false, Some(Order::Month)) => (third, first, second),
            (false, None) => return None,
        };
        let year = if year < 100 { 2000 + year } else { year };
        let is_day = (1..=12).contains(&month) && (1..=31).contains(&day);
        is_day.then_some([year, month, day])
    }

    /// It in one form, or as it is written where nothing says which number is the month.
    fn said(&self, order: Option<Order>) -> String {
        match self.date(order) {
            Some([year, month, day]) => {
                let Self { hour, minute, .. } = self;
                format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}")
            }
            None => self.written.trim().to_owned(),
        }
    }
}

/// What comes first in the days of `stamps`: days are in the calendar and follow each other; where
/// that fits both, it is told by how they are written.
fn order(stamps: &[&Stamp]) -> Option<Order> {
    let fit = |order: Order| {
        let dates = stamps.iter().map(|stamp| stamp.date(Some(order)));
        let dates: Option<Vec<[u32; 3]>> = dates.collect();
        dates.map(|dates| dates.is_sorted())
    };
    let (day, month) = (fit(Order::Day), fit(Order::Month));
    if day != month {
        return Some(if day > month {
            Order::Day
        } else {
            Order::Month
        });
    }
    let first = stamps.first()?;
    let is_american = first.written.contains(['A', 'P']) && !first.written.starts_with('0');
    match first.sign {
        '/' if is_american => Some(Order::Month),
        '/' if !first.written.starts_with('0') => None,
        _ => Some(Order::Day),
    }
}

/// `text` without signs that nobody sees, and with one kind of space.
fn seen(text: &str) -> String {
    let signs = text.chars().filter(|c| !is_unseen(*c));
    let plain = |c: char| match c {
        '\u{a0}' | '\u{202f}' => ' ',
        c => c,
    };
    signs.map(plain).collect()
}

/// Whether `c` only says in which direction a text runs, or marks the beginning of a file.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_who_said_what_and_when() {
        let check = |name: &str, text: &str, want: &str, left_out: usize| {
            let said = of(text, name).expect("a conversation");
            assert_eq!((said.text.as_str(), said.left_out), (want, left_out));
            assert_eq!(want.matches('\n').count(), text.lines().count());
        };
        // Of an iPhone in America: a message of two lines, a picture, the program's own words.
        check(
            "_chat.txt",
            "[3/5/24, 10:12:33\u{202f}AM] Ada: Red, the \u{200e}one\n[3/5/24, 1:13:01\u{202f}PM] Bo: Thanks\nand blue\n\u{200e}[3/5/24, 1:14:00\u{202f}PM] Ada: \u{200e}image omitted\n[3/13/24, 12:14:00\u{202f}AM] Ada: 10:30: late\n",
            "2024-03-05 10:12 Ada: Red, the one\n2024-03-05 13:13 Bo: Thanks\nand blue\n\n2024-03-13 00:14 Ada: 10:30: late\n",
            1,
        );
        // Of an Android in Germany, a picture with words below it.
        check(
            "WhatsApp Chat mit Ada.txt",
            "05.03.24, 10:12 - Nachrichten sind verschlüsselt.\n05.03.24, 10:12 - Ada: Rot\n05.03.24, 10:14 - Ada: <Medien ausgeschlossen>\n05.03.24, 10:16 - Ada: IMG-20240305-WA0001.jpg (Datei angehängt)\nDer Topf\n05.03.24, 10:17 - +49 151 1: <3\n",
            "\n2024-03-05 10:12 Ada: Rot\n\n2024-03-05 10:16 Ada:\nDer Topf\n2024-03-05 10:17 +49 151 1: <3\n",
            3,
        );
        check(
            "聊天.txt",
            "2024/3/5 上午12:12 - 小王: 红\n2024/3/5 下午3:13 - 小李: 蓝\n2024年3月6日 晚上9:13 - 小李: 绿\n",
            "2024-03-05 00:12 小王: 红\n2024-03-05 15:13 小李: 蓝\n2024-03-06 21:13 小李: 绿\n",
            0,
        );
        // Signal, which writes files as links.
        check(
            "chat.md",
            "[2024-03-05 10:12] Me: Red  \n[2024-03-05 10:13] Ada: Thanks  \nand blue  \n[2024-03-05 10:14] Ada: ![photo](./media/a.jpg)  \n",
            "2024-03-05 10:12 Me: Red\n2024-03-05 10:13 Ada: Thanks\nand blue  \n\n",
            1,
        );
    }

    #[test]
    fn the_order_of_a_day_is_told_by_the_others() {
        let check = |days: &[&str], want: &str| {
            let line = |day: &&str| format!("[{day}] Ada: Red\n");
            let text: String = days.iter().map(line).collect();
            let said = of(&text, "a.txt").expect("a conversation");
            assert!(said.text.starts_with(want), "{}", said.text);
        };
        check(&["3/5/24, 10:12", "3/13/24, 10:12"], "2024-03-05 10:12 Ada");
        check(&["3/5/24, 10:12", "13/5/24, 10:12"], "2024-05-03 10:12 Ada");
        // Days follow each other.
        check(&["1/5/24, 10:12", "2/4/24, 10:12"], "2024-01-05 10:12 Ada");
        check(
            &["3/5/24, 10:12 PM", "3/5/24, 10:13 PM"],
            "2024-03-05 22:12",
        );
        check(
            &["03/05/2024 10.12", "03/05/2024 10.13"],
            "2024-05-03 10:12",
        );
        // Nothing says it.
        check(&["3/5/24, 10:12", "3/5/24, 10:13"], "3/5/24, 10:12 Ada");
    }

    #[test]
    fn other_texts_are_no_conversations() {
        let check = |name: &str, text: &str| assert_eq!(of(text, name), None, "{text}");
        check("a.txt", "");
        check("a.txt", "Ada: Red\nBo: Blue\n");
        check(
            "a.txt",
            "[2024-03-05 10:12:33] INFO: a\n[2024-03-05 10:12:34] INFO: b\n",
        );
        check(
            "a.log",
            "05.03.24, 10:12 - INFO: a\n05.03.24, 10:13 - INFO: b\n",
        );
        check("a.md", "- [x] 3.5.24 10:12\n- [ ] a: b\n");
        check("a.txt", "[1.2.3] a: b\n[1.2.4] a: b\n");
        check("a.txt", "05.03.24, 10:12 - Ada: Red\nand no more\n");
    }
}
