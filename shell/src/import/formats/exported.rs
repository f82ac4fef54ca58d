//! What programs for messages and browsers export: JSON, of which the keys tell what it is.

/// Keys that stand together in the first bytes of an export, without spaces, and what reads it.
const SIGNS: &[(&[&str], &str)] = &[
    (&["\"type\":\"message\"", "\"ts\":", "\"text\":"], "chat"),
    (&["\"messages\":[", "\"from_id\":"], "chat"),
    (&["\"chats\":{", "\"list\":[", "\"messages\":["], "chat"),
    (&["\"guild\":{", "\"channel\":{"], "chat"),
    (&["\"mapping\":{", "\"message\":", "\"children\":["], "chat"),
    (&["\"chat_messages\":["], "chat"),
    (&["\"sender_name\":", "\"timestamp_ms\":"], "chat"),
    (
        &["\"creator\":{", "\"created_date\":", "\"topic_id\":"],
        "chat",
    ),
    (&["\"m.room.", "\"sender\":", "\"content\":{"], "chat"),
    (
        &["\"createdDateTime\":", "\"from\":{", "\"body\":{"],
        "chat",
    ),
    (&["\"MessageList\":[", "\"content\":"], "chat"),
    (&["\"sender_full_name\":", "\"content\":"], "chat"),
    // Of Signal: a line for each message, and what older ones write.
    (
        &["\"date\":", "\"sender\":", "\"body\":", "\"quote\":"],
        "chat",
    ),
    (&["\"messages\":[", "\"sent_at\":", "\"body\":"], "chat"),
    (&["\"roots\":{", "\"bookmark_bar\":{"], "bookmarks"),
    (
        &["\"children\":[", "text/x-moz-place-container"],
        "bookmarks",
    ),
];

/// What reads a file of JSON that begins like this; `None` where it is no such export.
pub fn kind(head: &[u8]) -> Option<&'static str> {
    let mut head = String::from_utf8_lossy(head).into_owned();
    head.retain(|c| !c.is_whitespace() && c != '\u{feff}');
    let is_json = head.starts_with(['{', '[']);
    let has_all = |signs: &[&str]| signs.iter().all(|sign| head.contains(sign));
    let found = SIGNS.iter().find(|(signs, _)| is_json && has_all(signs));
    found.map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_told_from_other_json() {
        let check = |head: &str, want: Option<&str>| {
            assert_eq!(kind(head.as_bytes()), want, "{head}");
        };
        let chat = Some("chat");
        check(
            "[{\"type\": \"message\",\n \"text\": \"a\", \"ts\": \"1.0\"",
            chat,
        );
        check("\u{feff}{\"messages\": [\n{\"from_id\": \"user1\"", chat);
        check("[{\"uuid\":\"a\",\"chat_messages\":[", chat);
        check(
            "{\"date\": \"2026-03-02 10:00\", \"sender\": \"Me\", \"body\": \"a\", \"quote\": \"\"",
            chat,
        );
        check(
            "{\"messages\":[{\"type\":\"outgoing\",\"sent_at\":1,\"body\":\"a\"",
            chat,
        );
        check("{\"guild\":{\"id\":\"1\"},\"channel\":{", chat);
        check(
            "{\"checksum\":\"a\",\"roots\": {\n\"bookmark_bar\": {",
            Some("bookmarks"),
        );
        // A request to a model, words of a program in a language, and a text about an export.
        check("{\"model\":\"a\",\"messages\":[{\"role\":\"user\"", None);
        check("{\"messages\":{\"en\":\"Red\"}}", None);
        check("It has \"chat_messages\":[", None);
        check("", None);
    }
}
