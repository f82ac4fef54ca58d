//! Conversations that programs for messages export as JSON: who said what, and when. No format has
//! a name here: a message is what has a text, and somebody who wrote it.

use serde_json::Value;

use crate::found::{Failed, Found, Part, broken, one_line};
use crate::notebook::unmarked;
use crate::page;

/// Lists and objects within each other that are looked into for conversations.
const DEPTH_MAX: usize = 6;
/// Keys below which the messages of a conversation stand.
const MESSAGES: &[&str] = &["messages", "chat_messages", "conversations", "MessageList"];
/// Keys of the text of a message, and of what it may be wrapped in.
const TEXTS: &[&str] = &["text", "content", "body", "message", "value"];
/// Keys of who wrote a message, and of what they are called where that is an object.
const WRITERS: &[&str] = &[
    "user_profile",
    "sender_name",
    "sender_full_name",
    "displayName",
    "from",
    "author",
    "sender",
    "creator",
    "username",
    "user",
    "role",
    "actor",
    "source",
];
const NAMES: &[&str] = &[
    "real_name",
    "display_name",
    "displayName",
    "nickname",
    "name",
    "role",
    "user",
];
/// Keys of when a message was written.
const TIMES: &[&str] = &[
    "date",
    "timestamp",
    "timestamp_ms",
    "ts",
    "created_at",
    "create_time",
    "createdDateTime",
    "created_date",
    "originalarrivaltime",
    "origin_server_ts",
    "sent_at",
];
/// Keys of lists of files beside a message, and of the name of one.
const FILES: &[&str] = &["files", "attachments", "attached_files"];
const FILE_NAMES: &[&str] = &["name", "fileName", "file_name", "title", "export_name"];
/// Keys of what a conversation is called.
const TITLES: &[&str] = &["title", "name", "room_name", "displayName"];
/// Seconds since 1970 above which a number counts milliseconds.
const SECONDS_MAX: f64 = 1e11;

/// The conversations in `bytes`; any other JSON is given as it is.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let bytes = unmarked(bytes);
    let export = value(bytes).map_err(|error| broken("export", &error))?;
    let mut parts = Vec::new();
    gather(&export, 0, &mut parts);
    if parts.is_empty() {
        return Ok(Found::whole("", String::from_utf8_lossy(bytes)));
    }
    if parts.len() == 1 {
        let one = parts.remove(0);
        return Ok(Found::whole(one.title, one.text));
    }
    for (n, part) in parts.iter_mut().enumerate() {
        part.place = format!("conversation {}", n + 1);
    }
    Ok(Found {
        parts,
        ..Found::default()
    })
}

/// The JSON in `bytes`; a list where each line is a value.
fn value(bytes: &[u8]) -> serde_json::Result<Value> {
    let values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let mut values: Vec<Value> = values.collect::<Result<_, _>>()?;
    Ok(match values.len() {
        1 => values.remove(0),
        _ => Value::Array(values),
    })
}

/// Adds the conversations within `value`, the outermost of those that lie in each other.
fn gather(value: &Value, depth: usize, parts: &mut Vec<Part>) {
    let lines = lines(value);
    if !lines.is_empty() {
        parts.push(Part {
            place: String::new(),
            title: title(value),
            text: lines.join("\n\n"),
        });
        return;
    }
    if depth == DEPTH_MAX {
        return;
    }
    match value {
        Value::Array(inner) => inner.iter().for_each(|one| gather(one, depth + 1, parts)),
        Value::Object(inner) => inner.values().for_each(|one| gather(one, depth + 1, parts)),
        _ => {}
    }
}

/// The messages of a conversation in the order in which they were written; none where `value` is
/// no conversation.
fn lines(value: &Value) -> Vec<String> {
    let listed = MESSAGES.iter().find_map(|key| value[*key].as_array());
    let mut messages: Vec<&Value> = match listed.or_else(|| value.as_array()) {
        Some(messages) => messages.iter().collect(),
        None => thread(value),
    };
    // Some programs write the newest first.
    let at = |message: &&Value| TIMES.iter().find_map(|key| message[*key].as_f64());
    let (first, last) = (messages.first().and_then(at), messages.last().and_then(at));
    if first.zip(last).is_some_and(|(first, last)| first > last) {
        messages.reverse();
    }
    messages.into_iter().filter_map(line).collect()
}

/// The messages of a conversation that branches: those on the way to where it stands now.
fn thread(value: &Value) -> Vec<&Value> {
    let nodes = &value["mapping"];
    let mut messages = Vec::new();
    let mut at = value["current_node"].as_str();
    while let Some(node) = at.and_then(|id| nodes.get(id)) {
        messages.push(&node["message"]);
        at = node["parent"].as_str();
        // A way that goes round in a circle has no end.
        if messages.len() > nodes.as_object().map_or(0, serde_json::Map::len) {
            break;
        }
    }
    messages.reverse();
    messages
}

/// What a conversation is called: its own name, or that of its channel.
fn title(value: &Value) -> String {
    let channel = called(&value["channel"]);
    let title = match (called(&value["guild"]), channel) {
        (Some(guild), Some(channel)) => format!("{guild} › {channel}"),
        _ => called(value).or(channel).unwrap_or_default().to_owned(),
    };
    one_line(&meant(title))
}

fn called(value: &Value) -> Option<&str> {
    TITLES.iter().find_map(|key| value[*key].as_str())
}

/// A message as a line: "2026-03-02 10:00 Ada: The wool is red."
fn line(message: &Value) -> Option<String> {
    let who = WRITERS.iter().find_map(|key| name(&message[*key]))?;
    let mut said = TEXTS
        .iter()
        .map(|key| words(&message[*key]))
        .find(|text| !text.trim().is_empty())
        .unwrap_or_default();
    let files = FILES.iter().filter_map(|key| message[*key].as_array());
    let files = files.flatten().filter_map(|file| {
        let name = FILE_NAMES.iter().find_map(|key| file[*key].as_str())?;
        let says = file["extracted_content"].as_str().unwrap_or_default();
        Some(format!("[{name}]\n{says}").trim().to_owned())
    });
    let files: Vec<String> = files.collect();
    if !files.is_empty() {
        said = format!("{said}\n{}", files.join("\n"));
    }
    let said = meant(said);
    let when = TIMES.iter().find_map(|key| time(&message[*key]));
    let when = when.map_or_else(String::new, |when| format!("{when} "));
    let said = said.trim();
    (!said.is_empty()).then(|| format!("{when}{}: {said}", one_line(&meant(who))))
}

/// What somebody is called, who may be an object, or an object in one.
fn name(writer: &Value) -> Option<String> {
    let inner = || match writer.is_object() {
        true => NAMES.iter().find_map(|key| name(&writer[*key])),
        false => None,
    };
    let own = writer.as_str().filter(|name| !name.trim().is_empty());
    own.map(str::to_owned).or_else(inner)
}

/// The words of a text, which may be a list of parts, or wrapped in an object.
fn words(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(words).collect(),
        Value::Object(wrapped) => {
            let parts = wrapped.get("parts").into_iter();
            let texts = TEXTS.iter().filter_map(|key| wrapped.get(*key));
            let said = parts.chain(texts).map(words).find(|said| !said.is_empty());
            let is_html = wrapped.get("contentType").and_then(Value::as_str) == Some("html");
            let said = said.unwrap_or_default();
            match is_html.then(|| page::of_html(&said).ok()).flatten() {
                Some((_, text)) => text,
                None => said,
            }
        }
        _ => String::new(),
    }
}

/// `text` as it was meant: some programs write the bytes of UTF-8 as letters.
fn meant(text: String) -> String {
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    match bytes.filter(|bytes| !bytes.is_ascii()) {
        Some(bytes) => String::from_utf8(bytes).unwrap_or(text),
        None => text,
    }
}

/// When a message was written: a day and an hour, or as its program writes it.
fn time(value: &Value) -> Option<String> {
    let digits = |text: &str| text.parse::<f64>().ok();
    let number = value.as_f64().or_else(|| value.as_str().and_then(digits));
    if let Some(number) = number {
        let seconds = match number > SECONDS_MAX {
            true => number / 1000.0,
            false => number,
        };
        return moment(seconds);
    }
    let said = value.as_str().filter(|said| !said.trim().is_empty())?;
    let is_iso = said.len() >= 16
        && said.is_char_boundary(16)
        && said.as_bytes()[4] == b'-'
        && said.as_bytes()[10] == b'T';
    Some(match is_iso {
        true => said[..16].replacen('T', " ", 1),
        false => one_line(said),
    })
}

/// A moment, in seconds since 1970, as a day and an hour of UTC; `None` outside of the years that
/// people write messages in.
fn moment(seconds: f64) -> Option<String> {
    if !(0.0..SECONDS_MAX).contains(&seconds) {
        return None;
    }
    let seconds = seconds as u64;
    let (mut days, clock) = (seconds / 86_400, seconds % 86_400);
    let is_leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while let Some(length) = lengths.get(month) {
        let length = length + u64::from(month == 1 && is_leap(year));
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (day, month) = (days + 1, month + 1);
    let (hour, minute) = (clock / 3600, clock % 3600 / 60);
    Some(format!(
        "{year}-{month:02}-{day:02} {hour:02}:{minute:02} UTC"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_who_said_what_and_when() {
        let check = |export: &str, title: &str, text: &str| {
            let found = read(export.as_bytes()).expect("an export");
            assert_eq!(
                (found.title.as_str(), found.parts[0].text.as_str()),
                (title, text),
                "{export}"
            );
        };
        // A text in parts, and a line of the program.
        check(
            r#"{"name":"Herd","messages":[{"id":1,"type":"message","date":"2026-03-02T10:00:00","from":"Ada","text":["See ",{"type":"link","text":"https://x.example"},"."]},{"type":"service","actor":"Bo","text":""}]}"#,
            "Herd",
            "2026-03-02 10:00 Ada: See https://x.example.",
        );
        check(
            r#"[{"type":"message","user":"U1","text":"Wool","ts":"1772445600.0001","user_profile":{"real_name":"Ada"}},{"user":"U2","text":"Plan","ts":"1772445660.0","files":[{"name":"plan.pdf"}]}]"#,
            "",
            "2026-03-02 10:00 UTC Ada: Wool\n\n2026-03-02 10:01 UTC U2: Plan\n[plan.pdf]",
        );
        // The newest first, and UTF-8 as letters.
        check(
            "{\"title\":\"J\u{c3}\u{bc}rg\",\"messages\":[{\"sender_name\":\"J\u{c3}\u{bc}rg\",\"timestamp_ms\":1772445660000,\"content\":\"Gr\u{c3}\u{bc}n\"},{\"sender_name\":\"Ada\",\"timestamp_ms\":1772445600000,\"content\":\"Red\"}]}",
            "Jürg",
            "2026-03-02 10:00 UTC Ada: Red\n\n2026-03-02 10:01 UTC Jürg: Grün",
        );
        check(
            r#"{"guild":{"name":"Herders"},"channel":{"name":"wool"},"messages":[{"timestamp":"2026-03-02T10:00:00+00:00","content":"Red","author":{"name":"ada","nickname":"Ada"},"attachments":[]}]}"#,
            "Herders › wool",
            "2026-03-02 10:00 Ada: Red",
        );
        check(
            r#"{"room_name":"Barn","messages":[{"type":"m.room.message","sender":"@ada:x.example","origin_server_ts":1772445600000,"content":{"msgtype":"m.text","body":"Red"}}]}"#,
            "Barn",
            "2026-03-02 10:00 UTC @ada:x.example: Red",
        );
        check(
            r#"[{"createdDateTime":"2026-03-02T10:00:00Z","from":{"user":{"displayName":"Ada"}},"body":{"contentType":"html","content":"<p>The <b>wool</b>"}}]"#,
            "",
            "2026-03-02 10:00 Ada: The **wool**",
        );
        check(
            r#"{"conversations":[{"displayName":"Ada","MessageList":[{"displayName":null,"originalarrivaltime":"2026-03-02T10:00:00.5Z","content":"Red","from":"8:ada"}]}]}"#,
            "Ada",
            "2026-03-02 10:00 8:ada: Red",
        );
        check(
            r#"{"messages":[{"sender_full_name":"Ada","content":"Red","timestamp":1772445600}]}"#,
            "",
            "2026-03-02 10:00 UTC Ada: Red",
        );
        // Of a conversation that branches, the branch that counts.
        check(
            r#"[{"title":"Wool","mapping":{"r":{"message":null},"a":{"message":{"author":{"role":"user"},"content":{"parts":["What?"]}},"parent":"r"},"b":{"message":{"author":{"role":"assistant"},"content":{"parts":["Hair."]}},"parent":"a"},"c":{"message":{"author":{"role":"assistant"},"content":{"parts":["No."]}},"parent":"a"}},"current_node":"b"}]"#,
            "Wool",
            "user: What?\n\nassistant: Hair.",
        );
        check(
            r#"[{"name":"Plan","chat_messages":[{"text":"When?","sender":"human","created_at":"2026-03-02T10:00:00Z","attachments":[{"file_name":"x.txt","extracted_content":"In May."}]}]}]"#,
            "Plan",
            "2026-03-02 10:00 human: When?\n[x.txt]\nIn May.",
        );
        // A line for each message, and messages that only say from whom they came.
        check(
            "{\"date\":\"2026-03-02 10:00:01\",\"sender\":\"Me\",\"body\":\"Red\",\"quote\":\"\",\"attachments\":[]}\n{\"date\":\"2026-03-02 10:00:02\",\"sender\":\"Ada\",\"body\":\"Blue\",\"quote\":\"\"}\n",
            "",
            "2026-03-02 10:00:01 Me: Red\n\n2026-03-02 10:00:02 Ada: Blue",
        );
        check(
            r#"{"messages":[{"type":"outgoing","sent_at":1772445600000,"body":"Red","source":"+49"}]}"#,
            "",
            "2026-03-02 10:00 UTC +49: Red",
        );
        // What is no conversation stays as it is.
        check(
            r#"{"messages":{"en":"Red"}}"#,
            "",
            r#"{"messages":{"en":"Red"}}"#,
        );
        assert!(read(b"[{\"messages\":").is_err());
    }

    #[test]
    fn each_conversation_is_a_part() {
        let export = r#"{"chats":{"list":[
            {"name":"Ada","messages":[{"from":"Ada","text":"Red"}]},
            {"name":"Bo","messages":[]},
            {"name":"Cy","messages":[{"from":"Cy","text":"Blue"}]}]}}"#;
        let found = read(export.as_bytes()).expect("an export");
        let parts = found.parts.iter().map(|part| {
            let Part { place, title, text } = part;
            format!("{place}|{title}|{text}")
        });
        assert_eq!(
            parts.collect::<Vec<_>>(),
            ["conversation 1|Ada|Ada: Red", "conversation 2|Cy|Cy: Blue"]
        );
    }

    #[test]
    fn a_moment_has_its_day() {
        let check = |seconds: f64, want: Option<&str>| {
            assert_eq!(moment(seconds).as_deref(), want);
        };
        check(0.0, Some("1970-01-01 00:00 UTC"));
        check(951_782_400.0, Some("2000-02-29 00:00 UTC"));
        check(1_772_445_659.9, Some("2026-03-02 10:00 UTC"));
        check(1_798_761_599.0, Some("2026-12-31 23:59 UTC"));
        check(-1.0, None);
        check(f64::NAN, None);
    }
}
