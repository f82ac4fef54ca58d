//! What is kept of responses, for whom, and how long.

use super::*;

const STRANGER: Caller = Caller::Stranger;
const USER: Caller = Caller::User;

fn response(id: &str, before: Option<&str>, text: &str) -> Response {
    Response {
        id: id.to_owned(),
        before: before.map(str::to_owned),
        input: json!([item_of(text)]).to_string(),
        output: vec![json!({"type": "message", "id": format!("msg_{id}")})],
        told: json!({"id": id, "object": "response"}).to_string(),
    }
}

#[test]
fn a_conversation_is_found_by_its_last_response() {
    let kept = Kept::default();
    kept.keep(STRANGER, response("a", None, "one"));
    kept.keep(STRANGER, response("b", Some("a"), "two"));
    kept.keep(STRANGER, response("c", Some("gone"), "three"));
    let check = |id: &str, want: Option<&[&str]>| {
        let items = kept.conversation(STRANGER, id).ok();
        let said = items.map(|items| {
            let said = items.iter().filter_map(|item| item["content"].as_str());
            said.map(str::to_owned).collect::<Vec<_>>()
        });
        let want = want.map(|texts| texts.iter().map(|text| (*text).to_owned()).collect());
        assert_eq!(said, want, "{id}");
    };
    check("a", Some(&["one"]));
    check("b", Some(&["one", "two"]));
    check("c", None);
    check("d", None);
    assert_eq!(
        kept.conversation(STRANGER, "b").map(|items| items.len()),
        Ok(4)
    );
}

#[test]
fn an_item_stands_where_its_id_stood() {
    let kept = Kept::default();
    kept.keep(STRANGER, response("a", None, "one"));
    let check = |items: Value, want: Result<&str, &str>| {
        let items = items.as_array().cloned().unwrap_or_default();
        let got = kept.resolved(STRANGER, &items);
        let got = got.map(|got| got[0]["type"].as_str().unwrap_or_default().to_owned());
        let got = got.map_err(|error| error.param.unwrap_or_default());
        let want = want.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(got, want, "{items:?}");
    };
    let named = json!({"type": "item_reference", "id": "msg_a"});
    check(json!([named]), Ok("message"));
    check(json!([{"id": "msg_a"}]), Ok("message"));
    check(json!([{"id": "msg_a", "type": null}]), Ok("message"));
    check(json!([named, named]), Err("input[1].id"));
    check(json!([{"id": "msg_b"}]), Err("input[0].id"));
    // A whole item may have an id of its own.
    check(
        json!([{"id": "msg_b", "role": "user", "content": "x"}]),
        Ok(""),
    );
    check(
        json!([{"id": "rs_1", "type": "reasoning"}]),
        Ok("reasoning"),
    );
    check(json!([{"type": "item_reference"}]), Ok("item_reference"));
}

#[test]
fn items_that_were_sent_stand_where_their_ids_stood() {
    let kept = Kept::default();
    let said = ["one", "two", "three"].map(item_of);
    let mut own = response("a", None, "");
    own.input = json!(said).to_string();
    kept.keep(STRANGER, own);
    kept.keep(STRANGER, response("b", None, "four"));
    let ids = |id: &str| {
        let asked = kept.asked(STRANGER, id).unwrap_or_default().into_iter();
        asked.map(|item| json!({"id": item["id"]}))
    };
    let named: Vec<Value> = ids("b").chain(ids("a").rev()).collect();
    let got = kept.resolved(STRANGER, &named).unwrap_or_default();
    let texts = got.iter().map(|item| item["content"][0]["text"].as_str());
    let texts: Vec<&str> = texts.flatten().collect();
    assert_eq!(texts, ["four", "three", "two", "one"], "{got:?}");
    let last = named[1]["id"].as_str().unwrap_or_default();
    let beyond = [json!({"id": last.replace("_in2", "_in3")})];
    assert!(kept.resolved(STRANGER, &beyond).is_err(), "{beyond:?}");
}

#[test]
fn the_newest_are_kept() {
    let kept = Kept::default();
    for at in 0..=KEPT_MAX {
        kept.keep(STRANGER, response(&at.to_string(), None, "x"));
    }
    assert!(kept.conversation(STRANGER, "0").is_err());
    assert!(kept.conversation(STRANGER, "1").is_ok());
    let large = "x".repeat(KEPT_BYTES_MAX);
    kept.keep(STRANGER, response("large", None, &large));
    let refused = kept.conversation(STRANGER, "large");
    let refused = refused.map_err(|error| error.status.as_u16());
    assert_eq!(refused, Err(400));
    assert_eq!(kept.lock().strangers.all.len(), 1);
    kept.keep(STRANGER, response("next", None, "x"));
    assert!(kept.conversation(STRANGER, "next").is_ok());
    let rooms = kept.lock();
    assert_eq!(rooms.strangers.all.len(), 1);
    let bytes = rooms.strangers.all.iter().map(|held| held.bytes);
    assert_eq!(rooms.strangers.bytes, bytes.sum::<usize>());
}

#[test]
fn one_is_kept_for_whoever_asked_for_it() {
    let kept = Kept::default();
    kept.keep(USER, response("own", None, "one"));
    kept.keep(STRANGER, response("theirs", None, "two"));
    kept.keep(USER, response("both", Some("theirs"), "three"));
    let check = |caller: Caller, id: &str, want: bool| {
        let item = [json!({"id": format!("msg_{id}")})];
        let got = [
            kept.conversation(caller, id).is_ok(),
            kept.resolved(caller, &item).is_ok(),
            kept.told(caller, id).is_ok(),
            kept.asked(caller, id).is_ok(),
        ];
        assert_eq!(got, [want; 4], "{caller:?} {id}");
    };
    check(USER, "own", true);
    check(USER, "theirs", true);
    check(USER, "both", true);
    check(STRANGER, "own", false);
    check(STRANGER, "theirs", true);
    check(STRANGER, "both", false);
    // However many strangers ask, the user's stay.
    for at in 0..KEPT_MAX {
        kept.keep(STRANGER, response(&at.to_string(), None, "x"));
    }
    check(USER, "own", true);
    check(STRANGER, "theirs", false);
    let status = |caller: Caller, id: &str| {
        let done = kept.forget(caller, id);
        done.map_err(|error| error.status.as_u16())
    };
    assert_eq!(status(STRANGER, "own"), Err(404));
    assert_eq!(status(USER, "own"), Ok(()));
    assert_eq!(status(USER, "own"), Err(404));
    assert_eq!(status(USER, "7"), Ok(()));
}

#[test]
fn who_reads_a_long_one_keeps_nobody_waiting() {
    let kept = Kept::default();
    kept.keep(USER, response("a", None, "one"));
    let turns = kept.turns(USER, "a").unwrap_or_default();
    let held = kept.held(USER, "a").ok();
    // What was looked up is read while others keep theirs, also where it is gone meanwhile.
    assert!(kept.0.try_lock().is_ok());
    assert_eq!(
        kept.forget(USER, "a").map_err(|error| error.message),
        Ok(())
    );
    assert_eq!(turns.len(), 1);
    assert_eq!(turns[0].response.sent(), [item_of("one")]);
    assert!(held.is_some_and(|held| held.bytes > held.said_bytes));
}

#[test]
fn none_is_kept_for_ever() {
    let kept = Kept::default();
    kept.keep(USER, response("a", None, "one"));
    let begun = Instant::now();
    let left = |after: Duration| kept.lock_at(begun + after).user.all.len();
    assert_eq!(left(KEPT_FOR / 2), 1);
    assert_eq!(left(KEPT_FOR), 0);
    assert_eq!(kept.lock().user.bytes, 0);
}
