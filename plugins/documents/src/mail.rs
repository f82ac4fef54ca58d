//! E-mails: who wrote what to whom, the text, and what is attached.

use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use crate::found::{Failed, Found, Paragraphs, Part, broken, failed, one_line};
use crate::{calendar, page};

/// Mails within mails.
const DEPTH_MAX: usize = 4;
/// Bytes of an attached text that are read.
const ATTACHED_BYTES_MAX: usize = 64 << 10;

/// The text of the mail in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let mail = MessageParser::default()
        .parse(counted(bytes))
        .ok_or_else(|| broken("mail", &"it has no headers"))?;
    let title = subject(&mail);
    Ok(Found::whole(title, text(&mail, 0)))
}

/// The mail in a file of Apple Mail (.emlx): its length stands in a line of its own before it,
/// and what the program knows of it behind it. Any other is given as it is.
fn counted(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let length = std::str::from_utf8(&bytes[..end])
        .unwrap_or_default()
        .trim();
    match length.parse::<usize>() {
        Ok(length) => &bytes[end + 1..bytes.len().min((end + 1).saturating_add(length))],
        Err(_) => bytes,
    }
}

/// The mails in one file, each introduced by a line that begins with "From ".
pub fn mailbox(bytes: &[u8]) -> Result<Found, Failed> {
    let mut found = Found::default();
    let mut unread = 0;
    for (n, part) in messages(bytes).into_iter().enumerate() {
        let part = unquoted(part);
        let Some(mail) = MessageParser::default().parse(&part) else {
            unread += 1;
            continue;
        };
        found.parts.push(Part {
            place: format!("message {}", n + 1),
            title: subject(&mail),
            text: text(&mail, 0),
        });
    }
    if unread > 0 {
        found
            .left_out
            .push(format!("{unread} messages that are broken"));
    }
    match found.parts.is_empty() {
        true => Err(failed(
            "a mailbox without messages",
            "export the mails again, each as .eml",
        )),
        false => Ok(found),
    }
}

/// The messages of a mailbox, without the lines that introduce them.
fn messages(bytes: &[u8]) -> Vec<&[u8]> {
    let mut starts = Vec::new();
    let mut at = 0;
    let mut after_blank = true;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        // Programs that say how long each message is quote no line in it.
        if after_blank && line.starts_with(b"From ") && begins_headers(&bytes[at + line.len()..]) {
            starts.push((at, at + line.len()));
        }
        after_blank = line.trim_ascii().is_empty();
        at += line.len();
    }
    let ends = starts
        .iter()
        .skip(1)
        .map(|(start, _)| *start)
        .chain([bytes.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|((_, start), end)| &bytes[*start..end])
        .collect()
}

/// Whether a line of headers is next: "Name: value".
fn begins_headers(rest: &[u8]) -> bool {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'>');
    let name = rest.iter().take_while(is_name).count();
    name > 0 && rest.get(name) == Some(&b':')
}

/// A message whose lines that begin with "From " were quoted in the mailbox.
fn unquoted(message: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(message.len());
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let bare = line.strip_prefix(b">").filter(|rest| {
            rest.iter()
                .skip_while(|byte| **byte == b'>')
                .take(5)
                .eq(b"From ")
        });
        plain.extend_from_slice(bare.unwrap_or(line));
    }
    plain
}

fn subject(mail: &Message<'_>) -> String {
    one_line(mail.subject().unwrap_or_default())
}

/// A mail as Markdown.
fn text(mail: &Message<'_>, depth: usize) -> String {
    let mut whole = Paragraphs::default();
    whole.heading(1 + depth, mail.subject().unwrap_or_default());
    let mut head = Vec::new();
    for (name, addresses) in [
        ("From", mail.from()),
        ("To", mail.to()),
        ("Cc", mail.cc()),
        ("Bcc", mail.bcc()),
    ] {
        if let Some(addresses) = addresses.map(people).filter(|people| !people.is_empty()) {
            head.push(format!("{name}: {addresses}"));
        }
    }
    if let Some(date) = mail.date() {
        head.push(format!("Date: {}", date.to_rfc3339()));
    }
    whole.push(&head.join("\n"));
    whole.push(&body(mail));
    let mut attached = Vec::new();
    for part in mail.attachments() {
        let kind = part.content_type().map_or_else(String::new, |kind| {
            let sub = kind.subtype().map(|sub| format!("/{sub}"));
            format!("{}{}", kind.ctype(), sub.unwrap_or_default())
        });
        let name = one_line(part.attachment_name().unwrap_or_default());
        if let PartType::Message(inner) = &part.body
            && depth < DEPTH_MAX
        {
            whole.push("Attached message:");
            whole.push(&text(inner, depth + 1));
            continue;
        }
        let what = if kind.is_empty() {
            "unknown".to_owned()
        } else {
            kind
        };
        let name = if name.is_empty() {
            "without a name".to_owned()
        } else {
            name
        };
        attached.push(format!("{name} ({what}, {} bytes)", part.contents().len()));
        let shown = match &part.body {
            PartType::Text(text) => shown(&what, text),
            // One without a name is a part of the text.
            PartType::Html(html) if part.attachment_name().is_some() => {
                let html = &html[..html.floor_char_boundary(ATTACHED_BYTES_MAX)];
                page::of_html(html).map_or_else(|_| String::new(), |(_, text)| text)
            }
            _ => String::new(),
        };
        if !shown.trim().is_empty() {
            whole.push(&format!("Attached {name}:\n\n{}", shown.trim()));
        }
    }
    if !attached.is_empty() {
        whole.push(&format!("Attachments: {}", attached.join(", ")));
    }
    whole.text()
}

/// What an attached text of this kind says, up to a length: an invitation as its day and hour.
fn shown(kind: &str, text: &str) -> String {
    let text = &text[..text.floor_char_boundary(ATTACHED_BYTES_MAX)];
    let is_calendar = ["text/calendar", "text/vcard", "text/x-vcard"].contains(&kind);
    let read = is_calendar
        .then(|| calendar::read(text.as_bytes()).ok())
        .flatten();
    match read {
        Some(found) => {
            let parts = found.parts.into_iter().map(|part| part.text);
            parts.collect::<Vec<_>>().join("\n\n")
        }
        None => text.to_owned(),
    }
}

/// The text of a mail, of its own accord or made of its HTML.
fn body(mail: &Message<'_>) -> String {
    let text = said(mail.text_bodies());
    // Beside HTML some programs send a text that is blank.
    match text.trim().is_empty() {
        true => said(mail.html_bodies()),
        false => text,
    }
}

/// What these parts of a mail say.
fn said<'a>(parts: impl Iterator<Item = &'a MessagePart<'a>>) -> String {
    let mut bodies = Paragraphs::default();
    for part in parts {
        match &part.body {
            PartType::Text(text) => {
                let text = text.replace("\r\n", "\n");
                match flow(part) {
                    Some(deletes) => bodies.push(&unwrapped(&text, deletes)),
                    None => bodies.push(&text),
                }
            }
            PartType::Html(html) => {
                bodies.push(
                    &page::of_html(html)
                        .map(|(_, text)| text)
                        .unwrap_or_default(),
                );
            }
            _ => {}
        }
    }
    bodies.text()
}

/// Whether the lines of a part that end with a space go on in the next (RFC 3676), and if so
/// whether that space is none of the text.
fn flow(part: &MessagePart<'_>) -> Option<bool> {
    let kind = part.content_type()?;
    let is = |name: &str, value: &str| {
        let said = kind.attribute(name);
        said.is_some_and(|said| said.eq_ignore_ascii_case(value))
    };
    is("format", "flowed").then(|| is("delsp", "yes"))
}

/// Lines that were only wrapped for their width are whole again: they end with a space, which
/// is left out where it `deletes` itself.
fn unwrapped(text: &str, deletes: bool) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut flows = false;
    for (n, line) in text.lines().enumerate() {
        if n > 0 && !flows {
            whole.push('\n');
        }
        // A space before what could be taken for something else was put there.
        let line = line.strip_prefix(' ').unwrap_or(line);
        flows = line.ends_with(' ') && line != "-- " && !line.starts_with('>');
        let shown = match flows && deletes {
            true => &line[..line.len() - 1],
            false => line,
        };
        whole.push_str(shown);
    }
    whole
}

fn people(addresses: &Address<'_>) -> String {
    let one = |person: &mail_parser::Addr<'_>| match (person.name(), person.address()) {
        (Some(name), Some(address)) => format!("{} <{address}>", one_line(name)),
        (Some(name), None) => one_line(name),
        (None, Some(address)) => address.to_owned(),
        (None, None) => String::new(),
    };
    let people: Vec<String> = addresses
        .iter()
        .map(one)
        .filter(|person| !person.is_empty())
        .collect();
    people.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: =?utf-8?b?QWRhIMOJdG9pbGU=?= <ada@example.org>\r\nTo: bo@example.org\r\nSubject: =?utf-8?q?The_wool_=E2=80=93_again?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\nRml2ZSBiYWxlcyBmb3IgdGhlIGNhZuku\r\n--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"=?utf-8?q?n=C3=B3ta.pdf?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--x--\r\n";

    #[test]
    fn a_mail_is_decoded() {
        let found = read(MAIL.as_bytes()).expect("a mail");
        assert_eq!(found.title, "The wool – again");
        assert_eq!(
            found.parts[0].text,
            "# The wool – again\n\nFrom: Ada Étoile <ada@example.org>\nTo: bo@example.org\n\nFive bales for the café.\n\nAttachments: nóta.pdf (application/pdf, 4 bytes)"
        );
    }

    #[test]
    fn html_is_read_where_there_is_no_text() {
        let mail = "Subject: a\nContent-Type: text/html; charset=utf-8\n\n<h2>Wool</h2><p>of the <b>llama</b>";
        let found = read(mail.as_bytes()).expect("a mail");
        assert_eq!(found.parts[0].text, "# a\n\n## Wool\n\nof the **llama**");
    }

    #[test]
    fn a_blank_text_beside_html_says_nothing() {
        let mail = "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\n \n--x\nContent-Type: text/html\n\n<p>The wool is <b>red</b>.\n--x--\n";
        let found = read(mail.as_bytes()).expect("a mail");
        assert_eq!(found.parts[0].text, "# a\n\nThe wool is **red**.");
    }

    #[test]
    fn an_invitation_says_when_it_is() {
        let mail = "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nCome.\n--x\nContent-Type: text/calendar; method=REQUEST; name=\"i.ics\"\nContent-Disposition: attachment; filename=\"i.ics\"\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Shearing\nLOCATION:Yard\nEND:VEVENT\nEND:VCALENDAR\n--x--\n";
        let found = read(mail.as_bytes()).expect("a mail");
        let text = &found.parts[0].text;
        assert!(
            text.contains("Attached i.ics:\n\n## Shearing\n\nWhere: Yard"),
            "{text}"
        );
        assert!(!text.contains("BEGIN:"), "{text}");
    }

    #[test]
    fn lines_flow_where_the_mail_says_so() {
        let check = |kind: &str, expected: &str| {
            let mail = format!("Subject: a\nContent-Type: {kind}\n\nThe wool \nof the\nllama");
            let found = read(mail.as_bytes()).expect("a mail");
            assert_eq!(found.parts[0].text, format!("# a\n\n{expected}"), "{kind}");
        };
        check("text/plain; format=flowed", "The wool of the\nllama");
        check(
            "text/plain; format=flowed; delsp=yes",
            "The woolof the\nllama",
        );
        check("text/plain", "The wool \nof the\nllama");
    }

    #[test]
    fn a_mail_of_apple_says_how_long_it_is() {
        let mail = "Subject: a\n\nwool\n";
        let file = format!("{}     \n{mail}<?xml version='1.0'?><plist/>", mail.len());
        let found = read(file.as_bytes()).expect("a mail");
        assert_eq!(found.parts[0].text, "# a\n\nwool");
    }

    #[test]
    fn a_mailbox_has_its_messages() {
        let mails = "From ada Thu Mar  5 10:00:00 2026\nSubject: one\n\nfirst\n>From here on\n\nFrom bo Fri Mar  6 10:00:00 2026\nSubject: two\n\nsecond\n";
        let found = mailbox(mails.as_bytes()).expect("a mailbox");
        let parts: Vec<(&str, &str, &str)> = found
            .parts
            .iter()
            .map(|part| (part.place.as_str(), part.title.as_str(), part.text.as_str()))
            .collect();
        assert_eq!(
            parts,
            [
                ("message 1", "one", "# one\n\nfirst\nFrom here on"),
                ("message 2", "two", "# two\n\nsecond"),
            ]
        );
        assert!(mailbox(b"no mail").is_err());
        // A line that is not quoted, since each message says how long it is.
        let mails = "From ada Thu Mar  5 10:00:00 2026\nSubject: one\n\nfirst\n\nFrom here on\nwe walk: far\n";
        let found = mailbox(mails.as_bytes()).expect("a mailbox");
        assert_eq!(found.parts.len(), 1);
        assert!(found.parts[0].text.ends_with("From here on\nwe walk: far"));
    }
}
