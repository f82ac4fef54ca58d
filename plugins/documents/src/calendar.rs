//! iCalendar and vCard: events, tasks and people.

mod repeats;

use encoding_rs::{Encoding, UTF_8};

use crate::found::{Failed, Found, Paragraphs, failed, one_line};
use crate::page;

/// A line of such a file.
struct Line {
    /// What lines of one contact share that belong together: `item1` in `item1.TEL`.
    group: String,
    name: String,
    params: String,
    value: String,
}

/// What stands before the value of a line that says something.
const WORDS: &[(&str, &str)] = &[
    ("DTSTART", "Begins"),
    ("DTEND", "Ends"),
    ("DUE", "Due"),
    ("DURATION", "Lasts"),
    ("RRULE", "Repeats"),
    ("RDATE", "Also on"),
    ("EXDATE", "Not on"),
    ("RECURRENCE-ID", "Instead of"),
    ("COMPLETED", "Completed"),
    ("LOCATION", "Where"),
    ("ORGANIZER", "Organised by"),
    ("ATTENDEE", "With"),
    ("STATUS", "Status"),
    ("CATEGORIES", "Categories"),
    ("URL", "Address"),
    ("CONFERENCE", "Join at"),
    ("CONTACT", "Contact"),
    ("RESOURCES", "Needs"),
    ("PRIORITY", "Priority"),
    ("PERCENT-COMPLETE", "Done, in percent"),
    ("ATTACH", "Attached"),
    ("FREEBUSY", "Busy"),
    ("TRIGGER", "Reminder"),
    ("COMMENT", "Comment"),
    ("DESCRIPTION", ""),
    ("NICKNAME", "Called"),
    ("ORG", "Organisation"),
    ("TITLE", "Title"),
    ("ROLE", "Role"),
    ("EMAIL", "E-mail"),
    ("TEL", "Telephone"),
    ("IMPP", "Messages"),
    ("ADR", "Address"),
    ("BDAY", "Born"),
    ("ANNIVERSARY", "Anniversary"),
    ("RELATED", "Related"),
    ("X-ABRELATEDNAMES", "Related"),
    ("X-SOCIALPROFILE", "Profile"),
    ("X-SKYPE", "Skype"),
    ("X-SKYPE-USERNAME", "Skype"),
    ("X-JABBER", "Jabber"),
    ("GENDER", "Gender"),
    ("LANG", "Language"),
    ("TZ", "Time zone"),
    ("GEO", "Position"),
    ("HOBBY", "Hobby"),
    ("INTEREST", "Interest"),
    ("EXPERTISE", "Knows"),
    ("NOTE", ""),
];

/// What a number or an address is for.
const USES: &[&str] = &[
    "home", "work", "cell", "mobile", "fax", "pager", "main", "iphone",
];

/// The text of the calendar or the contacts in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let text = markup::decode(bytes, "");
    let mut whole = Paragraphs::default();
    let mut title = String::new();
    let mut entries = 0;
    // What the lines belong to, the innermost last.
    let mut open: Vec<String> = Vec::new();
    let mut entry: Vec<Line> = Vec::new();
    for line in unfolded(&text).iter().filter_map(|line| parsed(line)) {
        match line.name.as_str() {
            "BEGIN" => {
                open.push(line.value.to_uppercase());
                if is_entry(&open) {
                    entry.clear();
                }
            }
            "END" => {
                if is_entry(&open) {
                    entries += 1;
                    written(&entry, &mut whole);
                }
                open.pop();
            }
            "X-WR-CALNAME" | "NAME" if open.len() == 1 && title.is_empty() => {
                title = unescaped(&line.value)
            }
            // When an alarm reminds of the entry that it lies in.
            "TRIGGER" if open.last().is_some_and(|last| last == "VALARM") => entry.push(line),
            _ if is_entry(&open) => entry.push(line),
            _ => {}
        }
    }
    // A file that is cut off has what it says up to there.
    if is_entry(&open) && !entry.is_empty() {
        entries += 1;
        written(&entry, &mut whole);
    }
    match entries {
        0 => Err(failed("a calendar without entries", "export it again")),
        _ => Ok(Found::whole(title, whole.text())),
    }
}

fn is_entry(open: &[String]) -> bool {
    let innermost = open.last().map(String::as_str);
    let entries = ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VCARD"];
    innermost.is_some_and(|innermost| entries.contains(&innermost))
}

/// The lines of a file: one that begins with a space goes on from the one before.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let last = lines.last_mut();
        // Older contacts break such a line with a sign of equality at its end.
        let is_open = last
            .as_ref()
            .is_some_and(|last| last.ends_with('=') && is_quoted(last));
        match (line.strip_prefix([' ', '\t']), last) {
            (_, Some(last)) if is_open => {
                last.pop();
                last.push_str(line);
            }
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// Whether the value of a line has bytes written as `=E9`.
fn is_quoted(line: &str) -> bool {
    let head = line.split(':').next().unwrap_or_default();
    head.to_ascii_uppercase().contains("QUOTED-PRINTABLE")
}

fn parsed(line: &str) -> Option<Line> {
    // A colon in quotes is part of a parameter.
    let mut quoted = false;
    let colon = line.find(|c| {
        quoted ^= c == '"';
        c == ':' && !quoted
    })?;
    let (head, value) = (&line[..colon], &line[colon + 1..]);
    let (name, params) = head.split_once(';').unwrap_or((head, ""));
    // vCards put names of groups before it: "item1.EMAIL".
    let (group, name) = name.rsplit_once('.').unwrap_or(("", name));
    let name = name.trim().to_uppercase();
    let mut value = value.trim_end().to_owned();
    if is_quoted(line) {
        let charset = param(params, "CHARSET").unwrap_or_default();
        let encoding = Encoding::for_label(charset.as_bytes()).unwrap_or(UTF_8);
        value = encoding.decode(&quoted_printable(&value)).0.into_owned();
    }
    Some(Line {
        group: group.trim().to_uppercase(),
        name,
        params: params.to_owned(),
        value,
    })
}

fn written(entry: &[Line], whole: &mut Paragraphs) {
    let of = |name: &str| {
        entry
            .iter()
            .find(|line| line.name == name)
            .map(|line| unescaped(&line.value))
    };
    let name = of("SUMMARY")
        .or_else(|| of("FN"))
        .or_else(|| entry.iter().find(|line| line.name == "N").map(person));
    let is_busy = entry.iter().any(|line| line.name == "FREEBUSY");
    let unnamed = if is_busy { "Busy" } else { "Without a name" };
    whole.heading(2, &name.unwrap_or_else(|| unnamed.into()));
    let mut lines = Vec::new();
    let mut texts = Vec::new();
    let begins = entry.iter().find(|line| line.name == "DTSTART");
    let begins = begins.map_or("", |line| line.value.as_str());
    for line in entry {
        let Some((_, word)) = WORDS.iter().find(|(name, _)| *name == line.name) else {
            continue;
        };
        let value = match (line.name.as_str(), is_day(begins) && is_day(&line.value)) {
            // What lasts whole days ends before this one.
            ("DTEND", true) => match day_before(&line.value) {
                Some(last) if last.as_str() > begins => time(&last),
                _ => continue,
            },
            _ => value(line),
        };
        if value.trim().is_empty() {
            continue;
        }
        match *word {
            "" => texts.push(without_marks(value)),
            word => {
                let uses = label(entry, line).unwrap_or_else(|| uses(line));
                lines.push(format!("{word}{uses}: {}", one_line(&value)));
            }
        }
    }
    // Some programs write a description as HTML only.
    let html = entry.iter().find(|line| line.name == "X-ALT-DESC");
    if let Some(html) = html.filter(|_| texts.is_empty()) {
        let text = page::of_html(&unescaped(&html.value));
        texts.extend(text.map(|(_, text)| text));
    }
    whole.push(&lines.join("\n"));
    whole.push(&texts.join("\n\n"));
}

/// A description without the marks of HTML that some programs write into it.
fn without_marks(text: String) -> String {
    let lower = text.to_ascii_lowercase();
    let marks = [
        "<br", "<p>", "<p ", "<a href", "<b>", "<ul>", "<div", "<span", "<html",
    ];
    if !marks.iter().any(|mark| lower.contains(mark)) {
        return text;
    }
    // Where no mark ends a line, its end does.
    let blocks = ["<br", "<p", "<ul", "<div", "<html"];
    let html = match blocks.iter().any(|mark| lower.contains(mark)) {
        true => text.clone(),
        false => text.replace('\n', "<br>"),
    };
    page::of_html(&html).map_or(text, |(_, plain)| plain)
}

/// The parts of a name in the order in which one says them: the family comes first in the line,
/// then the given name, others, titles before and after.
fn person(line: &Line) -> String {
    let parts: Vec<&str> = line.value.split(';').collect();
    let said = [3, 1, 2, 0, 4].into_iter().filter_map(|n| parts.get(n));
    one_line(&unescaped(&said.copied().collect::<Vec<_>>().join(" ")))
}

/// What the owner of a contact calls a line: " (Car)"; words of the program stand between marks.
fn label(entry: &[Line], line: &Line) -> Option<String> {
    let entry = (!line.group.is_empty()).then_some(entry)?;
    let mut group = entry.iter().filter(|other| other.group == line.group);
    let label = group.find(|other| other.name == "X-ABLABEL")?;
    let label = unescaped(&label.value);
    let label = label.trim_start_matches("_$!<").trim_end_matches(">!$_");
    (!label.trim().is_empty()).then(|| format!(" ({})", one_line(label)))
}

/// What the value of a line is for: " (cell)".
fn uses(line: &Line) -> String {
    if !matches!(line.name.as_str(), "TEL" | "EMAIL" | "ADR" | "URL" | "IMPP") {
        return String::new();
    }
    let words = line
        .params
        .split([';', ',', '=', '"'])
        .map(str::to_ascii_lowercase);
    let mut uses: Vec<String> = words.filter(|word| USES.contains(&word.as_str())).collect();
    uses.dedup();
    match uses.is_empty() {
        true => String::new(),
        false => format!(" ({})", uses.join(", ")),
    }
}

/// The value of a parameter.
fn param(params: &str, name: &str) -> Option<String> {
    params.split(';').find_map(|param| {
        let (key, value) = param.split_once('=')?;
        // Quotes and line ends in it are written so (RFC 6868).
        let value = value
            .trim_matches('"')
            .replace("^'", "\"")
            .replace("^n", " ");
        key.eq_ignore_ascii_case(name)
            .then(|| value.replace("^^", "^"))
    })
}

/// Whether a value is a day without a time: `20260305`.
fn is_day(value: &str) -> bool {
    value.len() == 8 && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// The day before a day.
fn day_before(day: &str) -> Option<String> {
    let number = |range: std::ops::Range<usize>| day.get(range)?.parse::<u32>().ok();
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (year, month, day) = match (month, day) {
        (month, 2..) => (year, month, day - 1),
        (1, _) => (year.checked_sub(1)?, 12, 31),
        (3, _) => (year, 2, if is_leap { 29 } else { 28 }),
        (5 | 7 | 10 | 12, _) => (year, month - 1, 30),
        (month, _) => (year, month.checked_sub(1)?, 31),
    };
    Some(format!("{year:04}{month:02}{day:02}"))
}

/// The value of a line in words.
fn value(line: &Line) -> String {
    let param = |name: &str| param(&line.params, name);
    match line.name.as_str() {
        "RRULE" => repeats::rule(&line.value),
        "DURATION" => repeats::duration(&line.value),
        "TRIGGER" => reminder(line),
        "BDAY" | "ANNIVERSARY" => time(&line.value),
        "TEL" => unescaped(line.value.trim_start_matches("tel:")),
        "DTSTART" | "DTEND" | "DUE" | "EXDATE" | "RDATE" | "RECURRENCE-ID" | "COMPLETED" => {
            let zone = param("TZID")
                .map(|zone| format!(" ({})", place_of(&zone)))
                .unwrap_or_default();
            let times: Vec<String> = line.value.split(',').map(time).collect();
            format!("{}{zone}", times.join(", "))
        }
        "ORGANIZER" | "ATTENDEE" => {
            let address = line
                .value
                .trim_start_matches("mailto:")
                .trim_start_matches("MAILTO:");
            match param("CN") {
                Some(name) => format!("{name} <{address}>{}", answer(line)),
                None => format!("{address}{}", answer(line)),
            }
        }
        // A file that stands in the line says nothing.
        "ATTACH" if param("ENCODING").is_some() || line.value.starts_with("data:") => String::new(),
        "FREEBUSY" => {
            let spans = line
                .value
                .split(',')
                .map(|span| match span.split_once('/') {
                    Some((from, last)) if last.starts_with('P') => {
                        format!("{} for {}", time(from), repeats::duration(last))
                    }
                    Some((from, to)) => format!("{} to {}", time(from), time(to)),
                    None => time(span),
                });
            spans.collect::<Vec<_>>().join(", ")
        }
        "ADR" | "ORG" => {
            let parts: Vec<&str> = line
                .value
                .split(';')
                .filter(|part| !part.trim().is_empty())
                .collect();
            unescaped(&parts.join(", "))
        }
        _ => unescaped(&line.value),
    }
}

/// A time zone without the name of the program that some put before it:
/// `/example.org/2026/Europe/Berlin` as `Europe/Berlin`.
fn place_of(zone: &str) -> &str {
    let mut slashes = zone.rmatch_indices('/').map(|(at, _)| at);
    match slashes.nth(1) {
        Some(at) if zone.starts_with('/') => &zone[at + 1..],
        _ => zone,
    }
}

/// When an alarm reminds: so long before or after an entry begins or ends, or at an hour.
fn reminder(line: &Line) -> String {
    let of_end = param(&line.params, "RELATED").is_some_and(|of| of.eq_ignore_ascii_case("END"));
    let moment = if of_end { "it ends" } else { "it begins" };
    let (span, side) = match line.value.strip_prefix('-') {
        Some(span) => (span, "before"),
        None => (line.value.as_str(), "after"),
    };
    match (repeats::duration(span), span.starts_with(['P', '+'])) {
        (words, true) if words == span => format!("when {moment}"),
        (words, true) => format!("{words} {side} {moment}"),
        (_, false) => time(&line.value),
    }
}

/// What somebody who was asked has answered: " (declined)".
fn answer(line: &Line) -> String {
    let answer = param(&line.params, "PARTSTAT").unwrap_or_default();
    match answer.to_ascii_lowercase().as_str() {
        answer @ ("accepted" | "declined" | "tentative" | "delegated") => format!(" ({answer})"),
        _ => String::new(),
    }
}

/// `20260305T100000Z` as `2026-03-05 10:00 UTC`; anything else as it is.
fn time(value: &str) -> String {
    let (bare, zone) = match value.strip_suffix('Z') {
        Some(bare) => (bare, " UTC"),
        None => (value, ""),
    };
    let (day, clock) = bare.split_once('T').unwrap_or((bare, ""));
    let digits = |text: &str, len: usize| {
        text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    // A day of any year.
    if let Some(day) = day.strip_prefix("--").filter(|day| digits(day, 4)) {
        return format!("{}-{}", &day[..2], &day[2..]);
    }
    if !digits(day, 8) || !(clock.is_empty() || digits(clock, 6)) {
        return value.to_owned();
    }
    let day = format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]);
    match clock {
        "" => day,
        clock => format!("{day} {}:{}{zone}", &clock[..2], &clock[2..4]),
    }
}

fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(c) => text.push(c),
                None => {}
            },
            c => text.push(c),
        }
    }
    text
}

fn quoted_printable(value: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match hex
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .filter(|_| *first == b'=')
        {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests;
