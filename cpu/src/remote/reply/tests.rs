//! What replies of different servers come to.

use super::*;

/// What a body comes to, taken a few bytes at a time.
fn read(body: &str) -> Result<(String, Completion, bool), String> {
    let mut reply = Reply::default();
    let mut text = String::new();
    for bytes in body.as_bytes().chunks(7) {
        text.push_str(&reply.take(bytes)?);
    }
    text.push_str(&reply.finish()?);
    Ok((text, reply.completion, reply.ended))
}

#[test]
fn a_reply_is_read_by_what_it_means() {
    let check = |body: &str, want: &str| {
        let said = match read(body) {
            Ok((text, completion, _)) => {
                assert_eq!(text, completion.text, "{body}");
                format!(
                    "{text}{}",
                    if completion.thought { " (thought)" } else { "" }
                )
            }
            Err(reason) => format!("failed: {reason}"),
        };
        assert_eq!(said, want, "{body}");
    };
    let delta = |content: &str| format!(r#"{{"choices":[{{"delta":{{"content":{content}}}}}]}}"#);
    let hi = delta("\"hi\"");
    check(&format!("data: {hi}\n\ndata: [DONE]\n\n"), "hi");
    check(&format!("data:{hi}\r\n\r\ndata:{hi}"), "hihi");
    check(&format!("\u{feff}{hi}"), "hi");
    check(&format!("\u{feff}data: {hi}\n\n"), "hi");
    check(
        &format!(": wait\n\nevent: x\ndata: {hi}\n\ndata: [DONE]\n\ndata: {hi}\n\n"),
        "hi",
    );
    check(
        "data: {\"choices\":[{\"delta\":\ndata: {\"content\":\"hi\"}}]}\n\n",
        "hi",
    );
    check(
        &format!("data: {}\n\n", delta(r#"[{"type":"text","text":"h"},"i"]"#)),
        "hi",
    );
    check(
        &format!(
            "data: {}\n\n",
            delta(r#"[{"type":"thinking","thinking":[]},{"type":"text","text":"hi"}]"#)
        ),
        "hi (thought)",
    );
    for quiet in [
        r#"{"choices":[]}"#,
        r#"{"choices":null}"#,
        r#"{"error":null,"choices":[{"delta":null}]}"#,
        r#"{"error":{},"usage":null,"choices":[{"delta":{"content":null,"reasoning":null,"refusal":null}}]}"#,
    ] {
        check(&format!("data: {quiet}\n\ndata: {hi}\n\n"), "hi");
    }
    check(
        r#"data: {"choices":[{"delta":{"reasoning":"hm"}}]}"#,
        " (thought)",
    );
    check(
        r#"data: {"choices":[{"delta":{"reasoning_details":[{}]}}]}"#,
        " (thought)",
    );
    check(r#"data: {"choices":[{"text":"hi"}]}"#, "hi");
    // Whatever else stands in a stream.
    for quiet in [
        "data: ping",
        "data: : wait",
        "done",
        "retry: 100",
        "data: \"[DO\"",
    ] {
        check(&format!("{quiet}\n\ndata: {hi}\n\n"), "hi");
    }
    check(
        "data: {\"choices\":[{\"delta\":\r\ndata: {\"content\":\"hi\"}}]}\r\n\r\n",
        "hi",
    );
    check(
        r#"data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"null"}]}"#,
        "hi",
    );
    check(
        r#"data: {"choices":[{"delta":{"content":{"answer":"hi"}}}]}"#,
        r#"{"answer":"hi"}"#,
    );
    check(
        r#"data: {"choices":[{"delta":{"content":""},"message":{"content":"hi"}}]}"#,
        "hi",
    );
    check(
        &format!(
            "data: {hi}\n\ndata: {}\n\n",
            r#"{"choices":[{"delta":{},"message":{"content":"hi"}}]}"#
        ),
        "hi",
    );
    // No stream at all.
    check(
        "{\n \"choices\": [{\"message\": {\"content\": \"hi\"}}]\n}",
        "hi",
    );
    check(
        "{\"message\":{\"content\":\"h\"},\"done\":false}\n{\"message\":{\"content\":\"i\",\"thinking\":\"hm\"},\"done\":true}\n",
        "hi (thought)",
    );
    check("", "");
    // Failures, in their own words.
    for error in [
        r#"{"error":"no memory"}"#,
        r#"{"error":{"message":"no memory","code":500}}"#,
        r#"{"error":{"error":{"msg":"no memory"}}}"#,
        r#"{"object":"error","message":"no memory","code":400}"#,
        r#"{"type":"error","error":{"message":"no memory"}}"#,
        r#"{"detail":"no memory"}"#,
        r#"{"detail":[{"loc":["body"],"msg":"no memory"}]}"#,
        r#"{"code":500,"message":"no memory"}"#,
    ] {
        check(&format!("data: {error}\n\n"), "failed: no memory");
        check(error, "failed: no memory");
        check(
            &format!("data: {hi}\n\nevent: error\ndata: {error}\n\n"),
            "failed: no memory",
        );
        check(&format!(": x\n{error}\n"), "failed: no memory");
    }
    check(
        "event: error\r\ndata: \"no memory\"\r\n\r\n",
        "failed: no memory",
    );
    check("event: error\ndata: no memory\n\n", "failed: no memory");
    check(
        "error: {\"message\":\"no memory\"}\n\n",
        "failed: no memory",
    );
    check(
        r#"[{"error":{"message":"no memory"}}]"#,
        "failed: no memory",
    );
    check(
        r#"{"error":{"message":"upstream","metadata":{"raw":"no memory"}}}"#,
        "failed: upstream: no memory",
    );
    check(
        r#"data: {"choices":[{"delta":{"refusal":"never"}}]}"#,
        "failed: it refused to answer: never",
    );
    check(
        r#"data: {"choices":[{"finish_reason":"content_filter","delta":{}}]}"#,
        "failed: it withheld its answer: a filter of content",
    );
}

#[test]
fn a_reason_is_read_by_what_it_means() {
    let check = |text: &str, reason: &str, want: &str| {
        let choice = serde_json::json!({"delta": {"content": text}, "finish_reason": reason});
        let event = serde_json::json!({ "choices": [choice] });
        let said = match read(&format!("data: {event}\n\n")) {
            Ok((_, completion, _)) if completion.closed_early.is_some() => "full".to_owned(),
            Ok((_, _, true)) => "whole".to_owned(),
            Ok((_, _, false)) => "goes on".to_owned(),
            Err(reason) => reason,
        };
        assert_eq!(said, want, "{text} {reason}");
    };
    check("{", "null", "goes on");
    check("{}", "eos_token", "whole");
    check("{", "model_length", "full");
    check("{", "MAX_TOKENS", "full");
    check("{", "network_error", "it broke off: network_error");
    check(
        "",
        "insufficient_system_resource",
        "it broke off: insufficient_system_resource",
    );
    check(
        "{",
        "content_filter: SAFETY",
        "it withheld its answer: a filter of content",
    );
    check(
        "",
        "sensitive",
        "it withheld its answer: a filter of content",
    );
    // What came whole is not the worse for it.
    check("{}", "abort", "whole");
    check("{}", "content_filter", "whole");
}

#[test]
fn what_was_taken_for_a_thought_is_kept() {
    let check = |body: &str, thoughts: &str, stray: &str| {
        let mut reply = Reply::default();
        reply.take(body.as_bytes()).unwrap();
        reply.finish().unwrap();
        assert_eq!(
            (reply.thoughts.as_str(), reply.stray.as_str()),
            (thoughts, stray)
        );
    };
    let thinks = r#"data: {"choices":[{"delta":{"reasoning_content":"{}","reasoning":"{}"}}]}"#;
    check(&format!("{thinks}\n\n{thinks}\n\n"), "{}{}", "");
    check("<!doctype html>\n<title>A</title>\n", "", "<!doctype html>");
    check(": wait\n\nInternal error\n", "", "Internal error");
}

#[test]
fn calls_that_nobody_offered_are_noticed() {
    let check = |delta: &str, want: bool| {
        let mut reply = Reply::default();
        let body = format!("data: {{\"choices\":[{{\"delta\":{delta}}}]}}\n\n");
        reply.take(body.as_bytes()).unwrap();
        assert_eq!(reply.called, want, "{delta}");
    };
    check(r#"{"tool_calls":[{"function":{"name":"a"}}]}"#, true);
    check(r#"{"function_call":{"name":"a"}}"#, true);
    check(r#"{"content":"a","tool_calls":[]}"#, false);
    check(
        r#"{"content":"a","tool_calls":null,"function_call":null}"#,
        false,
    );
}

#[test]
fn what_it_took_comes_behind_the_last_word() {
    let check = |body: &str, tokens: u32, over: bool| {
        let mut reply = Reply::default();
        for bytes in body.as_bytes().chunks(7) {
            reply.take(bytes).unwrap();
        }
        let found = (reply.completion.usage.generated_tokens, reply.is_over());
        assert_eq!(found, (tokens, over), "{body}");
    };
    let stop = r#"data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#;
    let usage = r#"data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}"#;
    check(&format!("{stop}\n\n"), 0, false);
    check(&format!("{stop}\n\n{usage}\n\n"), 4, true);
    check(&format!("{stop}\n\ndata: [DONE]\n\n"), 0, true);
    check(&format!("{stop}\n\ndata: no json\n\n{usage}\n\n"), 4, true);
    check(&format!("{usage}\n\n"), 4, false);
    let other =
        r#"data: {"usage":{"input_tokens":9,"output_tokens":4,"prompt_cache_hit_tokens":2}}"#;
    check(&format!("{stop}\n\n{other}\n\n"), 4, true);
}

#[test]
fn an_end_is_known_from_a_break() {
    let check = |body: &str, ended: bool, full: bool| {
        let (_, completion, said) = read(body).unwrap();
        assert_eq!(
            (said, completion.closed_early.is_some()),
            (ended, full),
            "{body}"
        );
    };
    check(
        r#"data: {"choices":[{"delta":{"content":"a"}}]}"#,
        false,
        false,
    );
    check(
        r#"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
        true,
        false,
    );
    check(
        r#"data: {"choices":[{"delta":{},"finish_reason":"length"}]}"#,
        true,
        true,
    );
    check("data: [DONE]", true, false);
}

proptest::proptest! {
    /// What a stream comes to does not depend on where the network cuts it.
    #[test]
    fn torture_a_reply_is_the_same_however_it_is_cut(
        lines in proptest::collection::vec(
            "(data: ?)?(\\[DONE\\]|\\{\"choices\":\\[\\{\"delta\":\\{\"content\":\"[a-zé\\\\\"]{0,4}\"\\}\\}\\]\\}|(.|[\x00-\x1f]){0,12})\r?\n",
            0..6,
        ),
        size in 1usize..9,
    ) {
        let body = lines.concat();
        let taken = |size: usize| {
            let mut reply = Reply::default();
            let mut text = String::new();
            for bytes in body.as_bytes().chunks(size) {
                text.push_str(&reply.take(bytes)?);
            }
            text.push_str(&reply.finish()?);
            Ok::<_, String>((text, reply.completion.text, reply.ended))
        };
        proptest::prop_assert_eq!(taken(size), taken(body.len().max(1)), "{}", body);
    }
}
