//! A held text that comes back out of a tool is no more the tool's for that.

use quipu_kernel::gate::rules::Rules;
use serde_json::json;

use super::{DONE, READ, has, lacks, planned, run, send};

#[tokio::test]
async fn a_word_of_a_held_text_is_not_what_a_tool_made() {
    let note = json!({"tool": "post.note", "args": {"body": "${page:s1}"}}).to_string();
    // The note says its last word again, which a stranger wrote, and its id, which is its own.
    for (take, to, want, never) in [
        (
            "last",
            "eve@b.example",
            "not approved: post.send",
            "sent to",
        ),
        ("id", "26", "= sent to 26: hello", "not approved"),
    ] {
        let created = json!({"created": {"by": "post.note", "take": take}});
        let program = planned(&json!([
            {"tool": "post.note", "args": {"body": "text"}},
            {"tool": "post.send", "args": {"to": created, "body": "text"}},
        ]));
        let sent = send(to, "hello");
        let script = [READ, &note, &sent, DONE];
        let (said, _) = run(&script, Rules::default(), program).await;
        has(&said, &[want]);
        lacks(&said, &[never]);
    }
}
