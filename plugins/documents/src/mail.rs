//! E-mails: who wrote what to whom, the text, and what is attached.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Address, Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use crate::found::{Failed, Found, Paragraphs, Part, broken, failed, one_line};
use crate::{calendar, office, page};

mod uuencoded;

/// Mails within mails.
const DEPTH_MAX: usize = 4;
/// Bytes of an attached text that are read.
const ATTACHED_BYTES_MAX: usize = 64 << 10;
/// Letters of a text that may only say that there is HTML beside it.
const POINTER_LETTERS_MAX: usize = 400;
/// Reports of programs that carry mails: why one did not arrive.
const REPORTS: &[&str] = &[
    "message/delivery-status",
    "message/global-delivery-status",
    "message/disposition-notification",
    "message/feedback-report",
];
/// Parts that say how a page looks, and what it does.
const LOOKS: &[&str] = &[
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
];
/// What stands before whom a mail wants answered, where that is somebody else.
const REPLY_TO: &str = "Reply to";
/// Parts in which Outlook packs a whole mail, and how their files are called.
const PACKED: &[&str] = &["application/ms-tnef", "application/vnd.ms-tnef"];
const PACKED_NAME: &str = "winmail.dat";
/// Parts whose text only a mail program with a key can read.
const SEALED: &[&str] = &[
    "application/pkcs7-mime",
    "application/x-pkcs7-mime",
    "application/pgp-encrypted",
];

/// The text of the mail in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let bytes = in_lines(counted(bytes));
    let bytes = in_utf8(&bytes);
    let mail = MessageParser::default()
        .parse(&*bytes)
        .ok_or_else(|| broken("mail", &"it has no headers"))?;
    let title = subject(&mail);
    let mut found = Found::whole(title, text(&mail, &mail.raw_message, 0));
    if is_sealed(&mail) {
        found.left_out.push(
            "its text, which is encrypted or sealed (save it from its mail program, or as PDF)"
                .into(),
        );
    }
    Ok(found)
}

/// Whether the text of a mail is encrypted, or packed together with a signature.
fn is_sealed(mail: &Message<'_>) -> bool {
    mail.attachments()
        .any(|part| SEALED.contains(&kind(part).as_str()))
}

/// What a part is: `text/plain`; empty where it does not say.
fn kind(part: &MessagePart<'_>) -> String {
    let kind = part.content_type().map_or_else(String::new, |kind| {
        let sub = kind.subtype().map(|sub| format!("/{sub}"));
        format!("{}{}", kind.ctype(), sub.unwrap_or_default())
    });
    kind.to_ascii_lowercase()
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

/// The mail in `bytes` without blank lines before it, and with line ends of today: old programs of
/// Apple wrote others.
fn in_lines(bytes: &[u8]) -> Cow<'_, [u8]> {
    let bytes = bytes.trim_ascii_start();
    match bytes.contains(&b'\r') && !bytes.contains(&b'\n') {
        true => Cow::Owned(
            bytes
                .split(|byte| *byte == b'\r')
                .collect::<Vec<_>>()
                .join(&b'\n'),
        ),
        false => Cow::Borrowed(bytes),
    }
}

/// The mail in `bytes`, whose headers are in UTF-8. Some programs write them as they stand, in the
/// encoding of the text or in any.
fn in_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let is_header = |line: &&[u8]| !line.trim_ascii().is_empty();
    let end: usize = lines.take_while(is_header).map(<[u8]>::len).sum();
    let (headers, text) = bytes.split_at(end);
    if std::str::from_utf8(headers).is_ok() {
        return Cow::Borrowed(bytes);
    }
    let mut said = markup::decode(headers, "");
    if said.contains(char::REPLACEMENT_CHARACTER) {
        // They say what the text is in, and are not in that themselves.
        let lines = headers.split_inclusive(|byte| *byte == b'\n');
        said = lines.map(|line| markup::decode(line, "")).collect();
    }
    Cow::Owned([said.as_bytes(), text].concat())
}

/// The mails in one file, each introduced by a line that begins with "From ".
pub fn mailbox(bytes: &[u8]) -> Result<Found, Failed> {
    let mut found = Found::default();
    let (mut unread, mut sealed) = (0, 0);
    for (n, part) in messages(bytes).into_iter().enumerate() {
        let part = unquoted(part);
        let part = in_utf8(&part);
        let Some(mail) = MessageParser::default().parse(&*part) else {
            unread += 1;
            continue;
        };
        sealed += usize::from(is_sealed(&mail));
        found.parts.push(Part {
            place: format!("message {}", n + 1),
            title: subject(&mail),
            text: text(&mail, &mail.raw_message, 0),
        });
    }
    if sealed > 0 {
        found.left_out.push(format!(
            "the text of {sealed} messages, which is encrypted or sealed"
        ));
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
    // Where the message ends that says how long it is.
    let mut counted = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        // Programs that say how long each message is quote no line in it.
        let may_begin = (after_blank || at == counted) && at >= counted;
        let begins = may_begin && line.starts_with(b"From ");
        if begins && begins_headers(&bytes[at + line.len()..]) {
            starts.push((at, at + line.len()));
            counted = counted_end(bytes, at + line.len()).unwrap_or(at);
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

/// Where the message ends whose headers begin at the byte `at`, by the length that they state; `None`
/// where they state none, or where no other message follows: somebody has changed it since.
fn counted_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    let mut length: Option<usize> = None;
    for line in bytes[at..].split_inclusive(|byte| *byte == b'\n') {
        end += line.len();
        if line.trim_ascii().is_empty() {
            break;
        }
        let line = String::from_utf8_lossy(line);
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    let rest = bytes.get(end.checked_add(length?)?..)?;
    let follows = rest.trim_ascii_start();
    let is_next = follows.is_empty() || follows.starts_with(b"From ");
    is_next.then_some(bytes.len() - follows.len())
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

/// A mail as Markdown, which stands in `raw`.
fn text(mail: &Message<'_>, raw: &[u8], depth: usize) -> String {
    let mut whole = Paragraphs::default();
    whole.heading(1 + depth, mail.subject().unwrap_or_default());
    let mut head = Vec::new();
    for (name, addresses) in [
        ("From", mail.from()),
        (REPLY_TO, mail.reply_to()),
        ("To", mail.to()),
        ("Cc", mail.cc()),
        ("Bcc", mail.bcc()),
    ] {
        if let Some(addresses) = addresses.map(people).filter(|people| !people.is_empty()) {
            // Many name themselves once more.
            let is_sender = head.contains(&format!("From: {addresses}"));
            if name != REPLY_TO || !is_sender {
                head.push(format!("{name}: {addresses}"));
            }
        }
    }
    if let Some(date) = mail.date() {
        head.push(format!("Date: {}", date.to_rfc3339()));
    }
    whole.push(&head.join("\n"));
    let (said, files) = uuencoded::without(&body(mail, raw));
    whole.push(&said);
    let mut attached = Vec::new();
    for file in files {
        file.add(&mut whole, &mut attached);
    }
    for part in mail.attachments() {
        let kind = kind(part);
        let name = one_line(part.attachment_name().unwrap_or_default());
        if let PartType::Message(inner) = &part.body
            && depth < DEPTH_MAX
        {
            whole.push("Attached message:");
            whole.push(&text(inner, raw, depth + 1));
            continue;
        }
        // What says nothing of itself is text (RFC 2045, 5.2).
        if let PartType::Text(text) = &part.body
            && kind.is_empty()
            && name.is_empty()
        {
            whole.push(&mended(part, text, raw).replace("\r\n", "\n"));
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
        if let Some(file) = uuencoded::file(part.contents()) {
            file.add(&mut whole, &mut attached);
            continue;
        }
        attached.push(format!("{name} ({what}, {} bytes)", part.contents().len()));
        let shown = match &part.body {
            _ if PACKED.contains(&what.as_str()) || name.eq_ignore_ascii_case(PACKED_NAME) => {
                packed(part.contents())
            }
            _ if REPORTS.contains(&what.as_str()) => {
                String::from_utf8_lossy(part.contents()).replace("\r\n", "\n")
            }
            // What belongs to the look of a page says nothing.
            PartType::Text(_)
                if LOOKS.contains(&what.as_str()) && part.attachment_name().is_none() =>
            {
                String::new()
            }
            PartType::Text(text) => shown(&what, &mended(part, text, raw)),
            // One without a name is a part of the text.
            PartType::Html(html) if part.attachment_name().is_some() => {
                let html = mended(part, html, raw);
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

/// What Outlook packed for others of its kind: the text, and the names of what is attached.
fn packed(bytes: &[u8]) -> String {
    let found = office::tnef(bytes).ok();
    let parts = found.into_iter().flat_map(|found| found.parts);
    parts.map(|part| part.text).collect()
}

/// What an attached text of this kind says, up to a length: an invitation as its day and hour.
fn shown(kind: &str, text: &str) -> String {
    let text = &text[..text.floor_char_boundary(ATTACHED_BYTES_MAX)];
    if ["text/enriched", "text/richtext"].contains(&kind) {
        return enriched(text);
    }
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

/// What a text says that is enriched (RFC 1896): words between commands in angle brackets, of which
/// two are one that is meant, as are two line ends; what such a command says of itself goes.
fn enriched(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace("<<", "\u{0}");
    let mut whole = String::with_capacity(text.len());
    let mut is_aside = false;
    for (n, piece) in text.split('<').enumerate() {
        let (command, words) = match n {
            0 => ("", piece),
            _ => piece.split_once('>').unwrap_or(("", piece)),
        };
        match command.to_ascii_lowercase().as_str() {
            "param" => is_aside = true,
            "/param" => is_aside = false,
            "nl" | "paragraph" => whole.push('\n'),
            _ => {}
        }
        if !is_aside {
            whole.push_str(words);
        }
    }
    whole.replace('\u{0}', "<")
}

/// The text of a mail, of its own accord or made of its HTML.
fn body(mail: &Message<'_>, raw: &[u8]) -> String {
    let text = said(mail.text_bodies(), raw);
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let own = letters(&text);
    if own > POINTER_LETTERS_MAX {
        return text;
    }
    // Beside HTML some programs send a text that is blank, or says that there is HTML.
    let html = said(mail.html_bodies(), raw);
    match letters(&html) > 3 * own {
        true => html,
        false => text,
    }
}

/// What a part of `raw` says. Letters that could not be read as the mail says they are written,
/// or that it says nothing of, are read as they are most likely written.
fn mended<'a>(part: &MessagePart<'_>, said: &'a str, raw: &[u8]) -> Cow<'a, str> {
    let place = part.offset_body as usize..part.offset_end as usize;
    let Some(bytes) = raw
        .get(place)
        .filter(|_| said.contains(char::REPLACEMENT_CHARACTER))
    else {
        return Cow::Borrowed(said);
    };
    let bytes: Option<Vec<u8>> = match part.encoding {
        Encoding::None => Some(bytes.to_vec()),
        Encoding::QuotedPrintable => quoted_printable_decode(bytes),
        Encoding::Base64 => base64_decode(bytes),
    };
    let is_it = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).trim_end() == said.trim_end();
    match bytes.filter(is_it) {
        Some(bytes) => Cow::Owned(markup::decode(&bytes, "")),
        None => Cow::Borrowed(said),
    }
}

/// What these parts of a mail say, which stand in `raw`.
fn said<'a>(parts: impl Iterator<Item = &'a MessagePart<'a>>, raw: &[u8]) -> String {
    let mut bodies = Paragraphs::default();
    for part in parts {
        match &part.body {
            PartType::Text(text) => {
                let text = mended(part, text, raw).replace("\r\n", "\n");
                match flow(part) {
                    Some(deletes) => bodies.push(&unwrapped(&text, deletes)),
                    None => bodies.push(&text),
                }
            }
            PartType::Html(html) => {
                bodies.push(
                    &page::of_html(&mended(part, html, raw))
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
mod tests;
