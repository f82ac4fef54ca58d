//! Each row of the table: what is done is read, what is passed over changes nothing, what is refused
//! is refused by its name.

use quipu_cpu::Sampling;
use quipu_cpu::scripted::ScriptedCpu;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::chat::request;
use super::super::plain::Ask;
use super::super::{completion, completions, messages, responses};
use super::*;

const USUAL: Sampling = Sampling {
    temperature: 0.0,
    seed: 0,
};

/// The APIs that write an answer, with a body that each takes.
fn bodies() -> [(Api, Value); 5] {
    let said = json!([{"role": "user", "content": "Hi"}]);
    [
        (Api::Chat, json!({ "messages": said })),
        (Api::TextCompletions, json!({"prompt": "Hi"})),
        (Api::Responses, json!({"input": "Hi"})),
        (Api::Messages, json!({"messages": said, "max_tokens": 9})),
        (Api::Llama, json!({"prompt": "Hi"})),
    ]
}

fn read<T: DeserializeOwned>(body: &Value) -> Result<T, ApiError> {
    let read = serde_json::from_value(body.clone());
    read.map_err(|error| ApiError::malformed(error.to_string()))
}

/// What `body` asks for.
fn asked(api: Api, body: &Value) -> Result<Ask, ApiError> {
    let cpu = ScriptedCpu::parse("s", "", None).map_err(|_| ApiError::internal("no script"))?;
    match api {
        Api::Chat => {
            let body: request::Body = read(body)?;
            body.answers()?;
            body.ask(USUAL)
        }
        Api::TextCompletions => {
            let body: completions::request::Body = read(body)?;
            let mut asks = body.asks(&cpu, USUAL)?;
            Ok(asks.remove(0))
        }
        Api::Responses => responses::ask(&read(body)?, USUAL),
        Api::Messages => messages::ask(&read(body)?, USUAL),
        _ => {
            let body: completion::Body = read(body)?;
            // Those of `/infill` are read there.
            body.filling(&cpu, USUAL)?;
            body.completion(&cpu, USUAL)
        }
    }
}

/// Values of which no field takes all.
fn junk() -> [Value; 4] {
    [json!(-7.5), json!("junk"), json!({"junk": 1}), json!([7])]
}

/// A value that is one of a kind.
fn sample(kind: Kind) -> Value {
    match kind {
        Kind::Any | Kind::Object => json!({"any": 1}),
        Kind::Flag => json!(true),
        Kind::Number => json!(7),
        Kind::Text => json!("any"),
        Kind::List => json!(["any"]),
        Kind::Words(words) => json!(words[0]),
        Kind::Keys(keys) => json!({ keys[0]: true }),
    }
}

fn with(body: &Value, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[name] = value;
    body
}

#[test]
fn each_row_is_as_it_says() {
    for (api, body) in bodies() {
        let plain = asked(api, &body).map(|ask| format!("{ask:?}"));
        assert!(plain.is_ok(), "{api:?} {plain:?}");
        let told = |name: &str, value: Value| {
            let ask = asked(api, &with(&body, name, value));
            ask.map(|ask| format!("{ask:?}"))
        };
        for field in api.fields() {
            let name = field.name;
            let refused = |value: Value| {
                let refused = told(name, value.clone()).err();
                let refused = refused.unwrap_or_else(|| panic!("{api:?} takes {name} {value}"));
                refused.param.unwrap_or_default()
            };
            match field.fate {
                Fate::Done => {
                    let taken = junk()
                        .into_iter()
                        .filter(|junk| told(name, junk.clone()).is_ok());
                    assert!(taken.count() < 4, "{api:?} takes any {name}");
                }
                Fate::Passed(kind) => {
                    assert_eq!(told(name, sample(kind)), plain, "{api:?} {name}");
                    assert_eq!(told(name, Value::Null), plain, "{api:?} {name}");
                    let wrong = match kind {
                        Kind::Any => continue,
                        Kind::Number | Kind::Keys(_) => json!("junk"),
                        _ => json!(7),
                    };
                    assert_eq!(refused(wrong), name, "{api:?}");
                }
                Fate::Refused { nothing, .. } => {
                    assert_eq!(told(name, Value::Null), plain, "{api:?} {name}");
                    for nothing in nothing {
                        let value: Value = nothing.parse().unwrap_or_default();
                        assert!(!value.is_null(), "{nothing}");
                        assert_eq!(told(name, value), plain, "{api:?} {name} {nothing}");
                    }
                    assert_eq!(refused(json!({"junk": 1})), name, "{api:?}");
                }
            }
        }
    }
    // A word for a template that nobody knows would make another prompt.
    let mut chat = json!({"messages": [{"role": "user", "content": "Hi"}]});
    chat["chat_template_kwargs"] = json!({"persona": "pirate"});
    let refused = asked(Api::Chat, &chat).map_err(|error| error.param);
    let param = "chat_template_kwargs.persona".to_owned();
    assert_eq!(refused.err(), Some(Some(param)));
}

#[test]
fn each_field_has_one_fate_in_each_api() {
    for (at, field) in FIELDS.iter().enumerate() {
        let others = FIELDS[at + 1..]
            .iter()
            .filter(|other| other.name == field.name);
        for other in others {
            let both = other.of.iter().find(|api| field.of.contains(api));
            assert_eq!(both, None, "{}", field.name);
        }
    }
}

#[test]
fn what_nobody_knows_is_named() {
    let check = |path: &str, body: Value, want: Result<&[&str], &str>| {
        let got = unknown(path, body.to_string().as_bytes());
        let got = got.map_err(|error| error.message);
        let want = want.map(|names| {
            let names = names.iter().map(|name| (*name).to_owned());
            names.collect::<Vec<String>>()
        });
        match want {
            Ok(names) => assert_eq!(got, Ok(names), "{body}"),
            Err(meant) => {
                let message = got.err().unwrap_or_default();
                assert!(
                    message.ends_with(&format!("did you mean `{meant}`?")),
                    "{message}"
                );
            }
        }
    };
    let chat = "/v1/chat/completions";
    check(
        chat,
        json!({"model": "m", "top_k": 1, "user": "me"}),
        Ok(&[]),
    );
    check(chat, json!({"x": 1, "chat_id": "a"}), Ok(&["chat_id", "x"]));
    check(chat, json!([7]), Ok(&[]));
    check(chat, json!({"temprature": 1}), Err("temperature"));
    check(chat, json!({"tempature": 1}), Err("temperature"));
    check(chat, json!({"temperatuer": 1}), Err("temperature"));
    check(chat, json!({"maxTokens": 1}), Err("max_tokens"));
    check(chat, json!({"max-tokens": 1}), Err("max_tokens"));
    check(chat, json!({"topP": 1}), Err("top_p"));
    check(
        chat,
        json!({"frequency_penality": 1}),
        Err("frequency_penalty"),
    );
    // Short names are near to each other by nature.
    check(chat, json!({"top_n": 1, "tool": 1}), Ok(&["tool", "top_n"]));
    check(
        "/v1/embeddings",
        json!({"input": "a", "dimension": 3}),
        Err("dimensions"),
    );
    check(
        "/v1/messages",
        json!({"max_tokens_to_sample": 9}),
        Ok(&["max_tokens_to_sample"]),
    );
    check("/api/v1/processes", json!({"x": 1}), Ok(&[]));
    for (path, slip, meant) in [
        ("/v1/decisions", "question", "questions"),
        ("/v1/systemone", "quesitons", "questions"),
        ("/tokenize", "add_specail", "add_special"),
        ("/detokenize", "tokenss", "tokens"),
        ("/apply-template", "mesages", "messages"),
    ] {
        check(path, json!({ slip: 1 }), Err(meant));
        check(path, json!({"model": "m", "foreign": 1}), Ok(&["foreign"]));
    }
    let many: HashMap<String, u8> = (0..300).map(|at| (at.to_string(), 0)).collect();
    let refused = unknown(chat, json!(many).to_string().as_bytes());
    assert_eq!(refused.map_err(|error| error.status.as_u16()), Err(400));
}

#[test]
fn what_nobody_knows_in_an_address_is_named() {
    let check = |given: &[&str], want: Result<&[&str], &str>| {
        let got = parameters(given.to_vec(), &["fail_on_no_slot"]);
        match want {
            Ok(names) => assert_eq!(got.unwrap_or_default(), names, "{given:?}"),
            Err(named) => {
                let param = got.err().and_then(|error| error.param);
                assert_eq!(param.as_deref(), Some(named), "{given:?}");
            }
        }
    };
    check(&[], Ok(&[]));
    check(&["fail_on_no_slot"], Ok(&[]));
    check(&["fail_on_no_slot", "model"], Ok(&["model"]));
    check(&["fail_on_no_slots"], Err("fail_on_no_slots"));
}
