use super::*;

/// What comes over the output of a program that writes `text`: its messages as JSON,
/// errors by their messages; and its words.
fn read(text: &[u8]) -> (Vec<String>, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let said = Said {
        lines: Lines::default(),
        hidden: Hidden::default(),
    };
    let lines = said.lines.clone();
    let output = io::Cursor::new(text.to_vec());
    let mut stdio = Stdio::new(output, tokio::io::sink(), said);
    let mut messages = Vec::new();
    while let Some(message) = runtime.block_on(stdio.receive()) {
        messages.push(match message {
            ServerJsonRpcMessage::Response(response) => {
                let result = serde_json::to_value(&response.result).unwrap();
                format!("{}: {result}", response.id)
            }
            ServerJsonRpcMessage::Error(error) => {
                let id = error.id.map_or("?".to_owned(), |id| id.to_string());
                let data = error.error.data.unwrap_or_default();
                format!(
                    "{id}! {} {} {data}",
                    error.error.code.0, error.error.message
                )
            }
            ServerJsonRpcMessage::Request(request) => format!("{}?", request.id),
            ServerJsonRpcMessage::Notification(_) => "…".to_owned(),
        });
    }
    let words = lines.lock().iter().cloned().collect();
    (messages, words)
}

#[track_caller]
fn check(text: &str, want: &[&str], words: &[&str]) {
    let (messages, said) = read(text.as_bytes());
    assert_eq!(messages, want, "{text}");
    assert_eq!(said, words, "{text}");
}

#[test]
fn a_message_is_found_wherever_it_stands() {
    let one = r#"{"jsonrpc":"2.0","id":1,"result":{"x":1}}"#;
    let two = r#"{"jsonrpc":"2.0","id":2,"result":{"x":2}}"#;
    let both = ["1: {\"x\":1}", "2: {\"x\":2}"];
    check(&format!("{one}\n{two}\n"), &both, &[]);
    check(&format!("\u{feff}{one}\r\n\r\n  {two}"), &both, &[]);
    check(&format!("{one}{two}\n"), &both, &[]);
    check(&format!("[{one},{two}]\n"), &both, &[]);
    check(
        &format!("[info] on stdio {one}\nlistening\n{two}\n"),
        &both,
        &["[info] on stdio", "listening"],
    );
    // Logs in JSON are no messages, whatever they have.
    let log = r#"{"level":30,"method":"GET","msg":"up"}"#;
    check(
        &format!("{log}\n42\nnull\n{one}\n"),
        &both[..1],
        &[log, "42", "null"],
    );
    let log = r#"{"level":50,"id":1,"error":"boom"}"#;
    check(&format!("{log}\n{one}\n"), &both[..1], &[log]);
    let log = r#"stored {"id":1,"result":true}"#;
    check(&format!("{log}\n{one}\n"), &both[..1], &[log]);
    let ping = r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#;
    let told = r#"{"jsonrpc":"2.0","id":null,"method":"notifications/tools/list_changed"}"#;
    check(&format!("{ping}\n{told}\n"), &["p?", "…"], &[]);
    check("", &[], &[]);
}

#[test]
fn an_answer_is_read_as_it_was_meant() {
    let check = |text: &str, want: &str| check(text, &[want], &[]);
    check(r#"{"id":1,"result":{"x":1}}"#, r#"1: {"x":1}"#);
    check(r#"{"jsonrpc":"2.0","id":1,"result":null}"#, "1: null");
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","result":{"x":1}}"#,
        r#"1: {"x":1}"#,
    );
    check(
        r#"{"jsonrpc":"2.0","id":1.0,"result":{"x":1},"error":null}"#,
        r#"1: {"x":1}"#,
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"result":null,"error":{"code":-32602,"message":"bad"}}"#,
        "1! -32602 bad null",
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"error":"no such file"}"#,
        "1! -32603 no such file null",
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":"E1","message":"no","data":{"a":2}}}"#,
        r#"1! -32603 no {"a":2}"#,
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":7,"reason":"dry"}}"#,
        r#"1! 7 {"code":7,"reason":"dry"} null"#,
    );
}

#[test]
fn a_message_over_several_lines_is_one() {
    let spread =
        "{\n  \"jsonrpc\": \"2.0\",\n  \"id\": 1,\n  \"result\": {\n    \"x\": 1\n  }\n}\n";
    let two = r#"{"jsonrpc":"2.0","id":2,"result":{"x":2}}"#;
    let both = ["1: {\"x\":1}", "2: {\"x\":2}"];
    check(&format!("{spread}{two}\n"), &both, &[]);
    check(
        &format!("up\r\n{}", spread.replace('\n', "\r\n")),
        &both[..1],
        &["up"],
    );
    // What is no message is words, and keeps no other back.
    check("{\n\"a\": 1\n}\n", &[], &["{", "\"a\": 1", "}"]);
    check(&format!("{{\nso\n{two}\n"), &both[1..], &["{", "so"]);
}

#[test]
fn what_no_library_reads_is_read_all_the_same() {
    check(
        r#"{"jsonrpc":"2.0","id":1,"result":{"x":NaN}}"#,
        &["1: {\"x\":null}"],
        &[],
    );
    check(
        r#"up {"jsonrpc":"2.0","id":1,"result":{"x":"\ud83d"}}"#,
        &["1: {\"x\":\"\u{fffd}\"}"],
        &["up"],
    );
    check("NaN", &[], &["NaN"]);
}

#[test]
fn an_event_is_read_as_it_was_meant() {
    let check = |text: &str, want: &[&str]| assert_eq!(as_meant(text.to_owned()), want);
    let good = r#"{"jsonrpc":"2.0","id":1,"result":{"x":1}}"#;
    let other = r#"{"jsonrpc":"2.0","id":2,"result":{"x":2}}"#;
    check(good, &[good]);
    let odd = r#"{"jsonrpc":"2.0","id":1,"result":{"x":1},"error":null}"#;
    check(odd, &[good]);
    check(&format!("[{other},{odd}]"), &[other, good]);
    check("", &[""]);
    check("ping", &["ping"]);
}

#[test]
fn of_several_messages_the_one_that_answers_is_taken() {
    let check = |text: &str, asked: i64, want: Option<&str>| {
        let reply = reply_in(text, Some(&RequestId::Number(asked)));
        let result = reply.map(|reply| match reply {
            ServerJsonRpcMessage::Response(response) => {
                serde_json::to_string(&response.result).unwrap()
            }
            other => format!("{other:?}"),
        });
        assert_eq!(result.as_deref(), want, "{text}");
    };
    let told = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
    let one = r#"{"jsonrpc":"2.0","id":1,"result":{"x":1}}"#;
    let two = r#"{"jsonrpc":"2.0","id":"2","result":{"x":2}}"#;
    let all = format!("[{told},{one},{two}]");
    check(&all, 1, Some(r#"{"x":1}"#));
    check(&all, 2, Some(r#"{"x":2}"#));
    check(one, 5, Some(r#"{"x":1}"#));
    check("up", 1, None);
}

#[test]
fn a_message_of_too_many_values_is_not_read() {
    let items = vec!["0"; VALUES_MAX].join(",");
    let text = format!(r#"{{"jsonrpc":"2.0","id":5,"result":{{"x":[{items}]}}}}"#);
    // Whoever asked is told so.
    let want = format!("5! {} {} null", TOO_LONG.0, too_many());
    assert_eq!(read(text.as_bytes()).0, [want]);
    // In a text these signs are none.
    let commas = ",[{\\\"".repeat(VALUES_MAX / 4);
    let text = format!(r#"{{"jsonrpc":"2.0","id":5,"result":{{"x":"{commas}"}}}}"#);
    assert!(beyond_limits(text.as_bytes()).is_none());
}

#[test]
fn a_message_that_is_nested_too_deep_is_told_to_whoever_asked() {
    let nested = |depth: usize| {
        let (opened, closed) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"jsonrpc":"2.0","id":5,"result":{{"x":{opened}{closed}}}}}"#)
    };
    // The message and its result are two of them.
    let most = DEPTH_MAX - 2;
    let (opened, closed) = ("[".repeat(most), "]".repeat(most));
    let whole = format!(r#"5: {{"x":{opened}{closed}}}"#);
    check(&nested(most), &[&whole], &[]);
    let want = format!("5! {} {} null", TOO_LONG.0, too_deep());
    check(&nested(most + 1), &[&want], &[]);
    // Brackets in a text are none, and neither are words a message.
    let text = format!(r#"{{"jsonrpc":"2.0","id":5,"result":{{"x":"[[{opened}"}}}}"#);
    assert!(beyond_limits(text.as_bytes()).is_none(), "{text}");
    assert!(beyond_limits("[".repeat(DEPTH_MAX + 1).as_bytes()).is_none());
}

#[test]
fn what_is_no_text_is_read_too() {
    let mut line = br#"{"jsonrpc":"2.0","id":1,"result":{"x":"caf"#.to_vec();
    line.extend(b"\xe9\"}}\n");
    assert_eq!(read(&line).0, ["1: {\"x\":\"caf\u{fffd}\"}"]);
    assert_eq!(read(b"caf\xe9\n").1, ["caf\u{fffd}"]);
}

#[test]
fn an_answer_that_is_too_long_is_told_to_whoever_asked() {
    let check = |before: &str, after: &str, want: Option<&str>| {
        let id = id_of(before.as_bytes(), after.as_bytes());
        assert_eq!(
            id.map(|id| id.to_string()).as_deref(),
            want,
            "{before} … {after}"
        );
    };
    check(
        r#"{"jsonrpc": "2.0", "id": 5, "result": {"id":"#,
        r#""}}"#,
        Some("5"),
    );
    check(
        r#"{"result":{"id":9"#,
        r#""}},"jsonrpc":"2.0","id":5}"#,
        Some("5"),
    );
    check(
        r#"{"result":{"content""#,
        r#"}, "id": "a", "jsonrpc": "2.0"}"#,
        Some("a"),
    );
    check(r#"{"result":{"content""#, r#"{"id":7}}"#, None);
    check(r#"{"result":{"content""#, r#","id":7,"x":1}"#, None);

    let mut splitter = Splitter::new(2 * END_BYTES);
    let mut bytes = BytesMut::from(&b"short\n"[..]);
    for _ in 0..8 {
        bytes.extend_from_slice(&[b'x'; END_BYTES]);
    }
    let whole = |bytes: &[u8]| Some(Line::Whole(BytesMut::from(bytes)));
    assert_eq!(splitter.decode(&mut bytes).unwrap(), whole(b"short\n"));
    assert_eq!(splitter.decode(&mut bytes).unwrap(), None);
    assert!(bytes.len() <= END_BYTES);
    bytes.extend_from_slice(b"end\nlast");
    let Some(Line::TooLong { head, tail }) = splitter.decode(&mut bytes).unwrap() else {
        panic!("it is not too long")
    };
    assert_eq!((head.len(), tail.len()), (END_BYTES, END_BYTES));
    assert!(tail.ends_with(b"xend\n"));
    assert_eq!(splitter.decode_eof(&mut bytes).unwrap(), whole(b"last"));
    assert_eq!(splitter.decode_eof(&mut bytes).unwrap(), None);
}
