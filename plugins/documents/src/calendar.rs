//! iCalendar and vCard: events, tasks and people.

use crate::found::{Failed, Found, Paragraphs, failed, one_line};

/// A line of such a file.
struct Line {
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
    ("EXDATE", "Not on"),
    ("LOCATION", "Where"),
    ("ORGANIZER", "Organised by"),
    ("ATTENDEE", "With"),
    ("STATUS", "Status"),
    ("CATEGORIES", "Categories"),
    ("URL", "Address"),
    ("COMMENT", "Comment"),
    ("DESCRIPTION", ""),
    ("NICKNAME", "Called"),
    ("ORG", "Organisation"),
    ("TITLE", "Title"),
    ("ROLE", "Role"),
    ("EMAIL", "E-mail"),
    ("TEL", "Telephone"),
    ("ADR", "Address"),
    ("BDAY", "Born"),
    ("ANNIVERSARY", "Anniversary"),
    ("NOTE", ""),
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
            _ if is_entry(&open) => entry.push(line),
            _ => {}
        }
    }
    match entries {
        0 => Err(failed("a calendar without entries", "export it again")),
        _ => Ok(Found::whole(title, whole.text())),
    }
}

fn is_entry(open: &[String]) -> bool {
    let innermost = open.last().map(String::as_str);
    matches!(innermost, Some("VEVENT" | "VTODO" | "VJOURNAL" | "VCARD"))
}

/// The lines of a file: one that begins with a space goes on from the one before.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
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
    let name = name
        .rsplit('.')
        .next()
        .unwrap_or(name)
        .trim()
        .to_uppercase();
    let mut value = value.trim_end().to_owned();
    if params.to_uppercase().contains("QUOTED-PRINTABLE") {
        value = quoted_printable(&value);
    }
    Some(Line {
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
        .or_else(|| of("N").map(|name| name.replace(';', " ")));
    whole.heading(2, &name.unwrap_or_else(|| "Without a name".into()));
    let mut lines = Vec::new();
    let mut texts = Vec::new();
    for line in entry {
        let Some((_, word)) = WORDS.iter().find(|(name, _)| *name == line.name) else {
            continue;
        };
        let value = value(line);
        if value.trim().is_empty() {
            continue;
        }
        match *word {
            "" => texts.push(value),
            word => lines.push(format!("{word}: {}", one_line(&value))),
        }
    }
    whole.push(&lines.join("\n"));
    whole.push(&texts.join("\n\n"));
}

/// The value of a line in words.
fn value(line: &Line) -> String {
    let param = |name: &str| {
        line.params.split(';').find_map(|param| {
            let (key, value) = param.split_once('=')?;
            key.eq_ignore_ascii_case(name)
                .then(|| value.trim_matches('"').to_owned())
        })
    };
    match line.name.as_str() {
        "DTSTART" | "DTEND" | "DUE" | "EXDATE" => {
            let zone = param("TZID")
                .map(|zone| format!(" ({zone})"))
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
                Some(name) => format!("{name} <{address}>"),
                None => address.to_owned(),
            }
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

fn quoted_printable(value: &str) -> String {
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
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_and_people_have_their_words() {
        let check = |file: &str, title: &str, text: &str| {
            let found = read(file.as_bytes()).expect("entries");
            assert_eq!(
                (found.title.as_str(), found.parts[0].text.as_str()),
                (title, text)
            );
        };
        check(
            "BEGIN:VCALENDAR\r\nX-WR-CALNAME:Farm\r\nBEGIN:VEVENT\r\nSUMMARY:Shearing\\, day one\r\nDTSTART;TZID=\"America/Lima\":20260305T083000\r\nDTEND:20260306\r\nATTENDEE;CN=Ada:mailto:ada@example.org\r\nDESCRIPTION:Bring\\nthe lo\r\n ng shears.\r\nBEGIN:VALARM\r\nDESCRIPTION:ring\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            "Farm",
            "## Shearing, day one\n\nBegins: 2026-03-05 08:30 (America/Lima)\nEnds: 2026-03-06\nWith: Ada <ada@example.org>\n\nBring\nthe long shears.",
        );
        check(
            "BEGIN:VCARD\nFN:Bo Reed\nitem1.EMAIL;TYPE=work:bo@example.org\nNOTE;ENCODING=QUOTED-PRINTABLE:caf=C3=A9\nADR:;;Calle 1;Pisac;;;Peru\nEND:VCARD\n",
            "",
            "## Bo Reed\n\nE-mail: bo@example.org\nAddress: Calle 1, Pisac, Peru\n\ncafé",
        );
        assert!(read(b"BEGIN:VCALENDAR\nEND:VCALENDAR\n").is_err());
    }
}
