//! What programs for messages export: JSON, of which the keys tell what it is.

/// Keys that stand together in the first bytes of an export, without spaces.
const SIGNS: &[&[&str]] = &[
    &["\"type\":\"message\"", "\"ts\":", "\"text\":"],
    &["\"messages\":[", "\"from_id\":"],
    &["\"chats\":{", "\"list\":[", "\"messages\":["],
    &["\"guild\":{", "\"channel\":{"],
    &["\"mapping\":{", "\"message\":", "\"children\":["],
    &["\"chat_messages\":["],
    &["\"sender_name\":", "\"timestamp_ms\":"],
    &["\"creator\":{", "\"created_date\":", "\"topic_id\":"],
    &["\"m.room.", "\"sender\":", "\"content\":{"],
    &["\"createdDateTime\":", "\"from\":{", "\"body\":{"],
];

/// Whether a file of JSON that begins like this holds conversations.
pub fn is_chat(head: &[u8]) -> bool {
    let mut head = String::from_utf8_lossy(head).into_owned();
    head.retain(|c| !c.is_whitespace());
    let has_all = |signs: &&[&str]| signs.iter().all(|sign| head.contains(sign));
    SIGNS.iter().any(has_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_told_from_other_json() {
        let check = |head: &str, want: bool| assert_eq!(is_chat(head.as_bytes()), want, "{head}");
        check(
            "[{\"type\": \"message\",\n \"text\": \"a\", \"ts\": \"1.0\"",
            true,
        );
        check("{\"messages\": [\n{\"from_id\": \"user1\"", true);
        check("[{\"uuid\":\"a\",\"chat_messages\":[", true);
        check("{\"guild\":{\"id\":\"1\"},\"channel\":{", true);
        // A request to a model, and words of a program in a language.
        check("{\"model\":\"a\",\"messages\":[{\"role\":\"user\"", false);
        check("{\"messages\":{\"en\":\"Red\"}}", false);
        check("", false);
    }
}
