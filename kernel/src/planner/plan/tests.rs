//! What the form of a plan admits.

use chrono::NaiveDate;
use quipu_cpu::grammar as engine;

use super::*;
use crate::gate::plan::{Plan, Planned};
use crate::lessons::PLAN;
use quipu_cpu::Message;

fn schema(fields: &[(&str, Value)], required: &[&str]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({"type": "object", "properties": properties, "required": required,
        "additionalProperties": false})
}

fn ground() -> Ground {
    let text = || json!({"type": "string"});
    let texts = || json!({"anyOf": [{"type": "array", "items": text()}, {"type": "null"}]});
    let target = |name: &str, parameters| Target {
        name: name.into(),
        parameters,
    };
    let reader = |name: &str, parameters, returns| Reader {
        name: name.into(),
        parameters,
        returns,
    };
    let send = [("to", texts()), ("cc", texts()), ("body", text())];
    let pay = [
        ("to", text()),
        ("amount", json!({"type": ["number", "null"]})),
        ("date", text()),
        ("monthly", json!({"type": "boolean"})),
    ];
    let entry = schema(
        &[("id", text()), ("amount", json!({"type": "number"}))],
        &[],
    );
    Ground {
        targets: vec![
            target("mail.send", schema(&send, &["to", "body"])),
            target("bank.pay", schema(&pay, &["to", "amount"])),
            target("files.delete", schema(&[("id", text())], &["id"])),
        ],
        readers: vec![
            reader("files.list", schema(&[], &[]), json!({"type": "string"})),
            reader(
                "mail.search",
                schema(&[("words", text())], &["words"]),
                json!({}),
            ),
            reader(
                "bank.list",
                schema(&[], &[]),
                json!({"type": "array", "items": entry}),
            ),
        ],
        shown: String::new(),
    }
}

#[test]
fn a_model_can_write_what_may_stand_and_no_other_literals() {
    let day = NaiveDate::from_ymd_opt(2024, 5, 15).unwrap();
    let said = Said::of(
        "Send ann@a.example 'the minutes', pay 12.50 to NL22 on May 20th",
        day,
    );
    let ground = ground();
    let form = ground.form(&said).unwrap();
    assert_eq!(engine::compiles(&form), Ok(()));
    let check = |effect: Value, want: bool| {
        let text = json!({ "effects": [effect] }).to_string();
        assert_eq!(engine::admits(&form, &text), want, "{text}");
        if want {
            let plan: Planned = serde_json::from_value(effect).unwrap();
            let plan = Plan {
                effects: vec![plan],
                made_on: day,
                approved: false,
            };
            let (_, problems) = plan.checked(&said, &ground.targets, &ground.readers);
            assert_eq!(problems, Vec::<String>::new());
        }
    };
    let send =
        |to: Value, body: Value| json!({"tool": "mail.send", "args": {"to": to, "body": body}});
    check(send(json!({"is": ["ann@a.example"]}), json!("text")), true);
    check(send(json!({"is": ["eve@a.example"]}), json!("text")), false);
    check(send(json!("text"), json!("text")), false);
    check(
        send(json!({"is": ["ann@a.example"]}), json!({"is": "x"})),
        false,
    );
    let pay = |to: Value, amount: Value, date: &str| {
        json!({"tool": "bank.pay", "args": {"to": to, "amount": amount, "date": {"is": date},
            "monthly": {"is": true}}})
    };
    check(
        pay(json!({"is": "NL22"}), json!({"is": 12.5}), "2024-05-20"),
        true,
    );
    check(
        pay(json!({"is": "NL22"}), json!({"is": 12.5}), "today"),
        true,
    );
    check(
        pay(json!({"is": "NL22"}), json!({"is": 13}), "today"),
        false,
    );
    check(
        pay(json!({"is": "NL2"}), json!({"is": 12.5}), "today"),
        false,
    );
    let last = json!({"from": "bank.list", "how": "last", "take": "amount"});
    check(
        pay(json!({"is": "NL22"}), json!({"at_most": last}), "today"),
        true,
    );
    let of_one = |field: &str| json!({"from": "bank.list", "where": {field: 12.5}, "how": "last", "take": "amount"});
    check(
        pay(
            json!({"is": "NL22"}),
            json!({"at_most": of_one("amount")}),
            "today",
        ),
        true,
    );
    check(
        pay(
            json!({"is": "NL22"}),
            json!({"at_most": of_one("sum")}),
            "today",
        ),
        false,
    );
    let without_by = json!({"from": "files.list", "how": "max", "take": "id"});
    check(
        pay(
            json!({"is": "NL22"}),
            json!({"at_most": without_by}),
            "today",
        ),
        false,
    );
    let no_field = json!({"from": "bank.list", "how": "last", "take": "sum"});
    check(
        pay(json!({"is": "NL22"}), json!({"pick": no_field}), "today"),
        false,
    );
    let delete = |pick: Value| json!({"tool": "files.delete", "args": {"id": {"pick": pick}}});
    check(
        delete(json!({"from": "files.list", "how": "max", "by": "size", "take": "id_"})),
        true,
    );
    check(
        delete(
            json!({"from": "mail.search", "given": {"words": "the minutes"},
            "where": {"name": "minutes"}, "how": "only", "take": "id"}),
        ),
        true,
    );
    check(
        delete(json!({"from": "web.search", "how": "only", "take": "id"})),
        false,
    );
}

#[test]
fn what_is_done_for_each_and_asked_of_what_was_found_can_be_written() {
    let day = NaiveDate::from_ymd_opt(2024, 5, 15).unwrap();
    let mut ground = ground();
    let rooms = json!({"type": "array", "items": {"type": "string"}});
    ground.readers.push(Reader {
        name: "rooms.rate".into(),
        parameters: schema(&[("rooms", rooms)], &["rooms"]),
        returns: json!({}),
    });
    let check = |words: &str, id: Value, want: bool| {
        let form = ground.form(&Said::of(words, day)).unwrap();
        assert_eq!(engine::compiles(&form), Ok(()));
        let effect = json!({"tool": "files.delete", "args": {"id": id}});
        let text = json!({ "effects": [effect] }).to_string();
        assert_eq!(engine::admits(&form, &text), want, "{text}");
    };
    let each = || json!({"each": {"from": "files.list", "how": "only", "take": "id"}});
    check("Delete each old file", each(), true);
    check("Delete the old file", each(), false);
    let all = || json!({"from": "files.list", "how": "all", "take": "name"});
    check("Delete the old file", json!({"pick": all()}), false);
    let best = json!({"pick": {"from": "rooms.rate", "given": {"rooms": {"pick": all()}},
        "how": "max", "by": "rating", "take": "name"}});
    check("Delete the old file", best, true);
    let within = || {
        let cheap = json!({"from": "files.list", "at_most": {"price": 200}, "how": "only",
            "take": "name"});
        json!({"pick": {"from": "mail.search", "given": {"words": "file"},
            "where": {"name": {"pick": cheap}}, "how": "max", "by": "rating", "take": "id"}})
    };
    check("Delete the best file under 200", within(), true);
    check("Delete the best file, 200", within(), false);
}

/// What an example of the lesson shows of a function: its name, and the schemas of its arguments
/// and of its result.
fn declared(line: &str) -> (String, Value, Value) {
    let (name, rest) = line.split_once(' ').expect(line);
    let (taken, rest) = rest.split_once('}').expect(line);
    let taken = taken.trim_start_matches('{').split(", ");
    let mut fields = Vec::new();
    let mut required = Vec::new();
    for field in taken.filter(|field| !field.is_empty()) {
        let (name, kind) = field.split_once(": ").expect(line);
        let bare = name.trim_end_matches('?').trim_matches('"');
        if !name.ends_with('?') {
            required.push(bare);
        }
        let listed = || -> Vec<&str> { kind.split('|').map(|v| v.trim_matches('"')).collect() };
        let schema = match kind {
            "[string]" => json!({"type": "array", "items": {"type": "string"}}),
            kind if kind.starts_with('"') => json!({ "enum": listed() }),
            kind => json!({ "type": kind }),
        };
        fields.push((bare, schema));
    }
    let parameters = schema(&fields, &required);
    // As a model is shown the tools of a task.
    let shown = format!("{name} {}", signature(&parameters));
    assert!(line.starts_with(&shown), "{line}: {shown}");
    let returned = rest.strip_prefix(" -> ");
    let returned = returned.and_then(|rest| rest.split_once("  #"));
    let returns = returned.map(|(names, _)| {
        let names = names
            .split(", ")
            .map(|name| (name, json!({"type": "string"})));
        let record = schema(&names.collect::<Vec<_>>(), &[]);
        json!({"type": "array", "items": record})
    });
    (name.to_owned(), parameters, returns.unwrap_or(json!({})))
}

/// The tools of an example, and its message.
fn taken_apart(about: &str) -> (Ground, &str) {
    let (tools, message) = about.split_once("Message: ").expect(about);
    let lines = tools.strip_prefix("Tools that read:\n").expect(about);
    let (reads, changes) = lines
        .split_once("Tools that change something:\n")
        .expect(about);
    let reader = |line: &str| {
        let (name, parameters, returns) = declared(line);
        Reader {
            name,
            parameters,
            returns,
        }
    };
    let target = |line: &str| {
        let (name, parameters, _) = declared(line);
        Target { name, parameters }
    };
    let ground = Ground {
        targets: changes.lines().map(target).collect(),
        readers: reads.lines().map(reader).collect(),
        shown: tools.to_owned(),
    };
    (ground, message)
}

#[test]
fn the_plans_of_the_lesson_can_be_written_and_may_stand() {
    let day = NaiveDate::from_ymd_opt(2024, 5, 15).unwrap();
    let more = [EACH, CHAIN, BOUND, WITHIN];
    for (about, written) in PLAN.examples.iter().chain(&more) {
        let (ground, message) = taken_apart(about);
        let said = Said::of(message, day);
        let form = ground.form(&said).expect(about);
        assert!(engine::admits(&form, written), "{written}");
        let plan: Value = serde_json::from_str(written).expect(about);
        let plan = Plan {
            effects: serde_json::from_value(plan["effects"].clone()).expect(about),
            made_on: day,
            approved: false,
        };
        let (_, problems) = plan.checked(&said, &ground.targets, &ground.readers);
        assert_eq!(problems, Vec::<String>::new(), "{about}");
    }
}

#[test]
fn a_task_has_the_examples_that_its_words_and_tools_ask_for() {
    let day = NaiveDate::from_ymd_opt(2024, 5, 15).unwrap();
    let put = |tools: Example, words: &str| {
        let (ground, _) = taken_apart(tools.0);
        let more = ground.examples(&Said::of(words, day));
        PLAN.with(&more, &ground.about(words))
    };
    let check = |tools: Example, words: &str, want: &[Example]| {
        let messages = put(tools, words);
        let want = PLAN.with(want, &messages.last().unwrap().text);
        let texts = |all: &[Message]| -> Vec<String> {
            all.iter().map(|message| message.text.clone()).collect()
        };
        assert_eq!(texts(&messages), texts(&want), "{words}");
        // What all tasks share comes first.
        let base = 1 + 2 * PLAN.examples.len();
        let shared = PLAN.messages("");
        assert_eq!(texts(&messages[..base]), texts(&shared[..base]));
    };
    check(EACH, "Remind Ann of the race.", &[]);
    check(EACH, "Remind everybody of the race.", &[EACH]);
    check(BOUND, "Order the cheapest seeds.", &[]);
    check(BOUND, "Order them over the weekend.", &[]);
    check(BOUND, "Order seeds for under 4 euros.", &[BOUND]);
    check(WITHIN, "Order seeds for under 4 euros.", &[BOUND, WITHIN]);
    check(CHAIN, "Order plums.", &[CHAIN]);
    let all = "Order plums at each stall, for 4 euros at most: up to 4.";
    check(CHAIN, all, &[EACH, CHAIN, BOUND, WITHIN]);
    // A letter to all of them is one letter.
    check(PLAN.examples[1], "Write to all of them.", &[]);

    let messages = put(EACH, "Remind everybody of the race.");
    let base = 1 + 2 * PLAN.examples.len();
    let shown: Vec<&str> = messages[base..]
        .iter()
        .map(|message| message.text.as_str())
        .collect();
    insta::assert_snapshot!(shown.join("\n\n"), @r##"
    Tools that read:
    club.members {} -> id, name, role, phone  # Lists the members
    Tools that change something:
    club.remind {"phone": string, "text": string}  # Sends a short message
    Message: Remind every rower of the race.

    {"effects":[{"tool":"club.remind","args":{"phone":{"each":{"from":"club.members","where":{"role":"rower"},"how":"all","take":"phone"}},"text":"text"}}]}

    Tools that read:
    club.members {} -> id, name, role, phone  # Lists the members
    Tools that change something:
    club.remind {"phone": string, "text": string}  # Sends a short message
    Message: Remind everybody of the race.
    "##);
}
