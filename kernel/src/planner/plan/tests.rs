//! What the form of a plan admits.

use chrono::NaiveDate;
use quipu_cpu::grammar as engine;

use super::*;
use crate::gate::plan::{Plan, Planned};
use crate::lessons::PLAN;

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

#[test]
fn the_plans_of_the_lesson_can_be_read() {
    for (about, written) in PLAN.examples {
        let plan: Value = serde_json::from_str(written).expect(about);
        let effects = plan["effects"].as_array().expect(about);
        for effect in effects {
            let planned: Planned = serde_json::from_value(effect.clone()).expect(about);
            assert!(about.contains(&format!("{} ", planned.tool)), "{about}");
        }
    }
}
