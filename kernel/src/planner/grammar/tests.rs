//! Tests of the grammar of actions.

use quipu_cpu::Form;

use super::forms::words;
use super::*;
use crate::calls::object;

fn legal() -> Legal {
    Legal {
        told: true,
        calls: vec![Callable::new(
            "calculator.calculate",
            "evaluates",
            object(&[("expression", json!({"type": "string"}))]),
        )],
        ..Legal::default()
    }
}

#[test]
fn what_is_legal_is_accepted_and_what_is_not_is_explained() {
    let check = |action: Value, want: &str| {
        let said = legal().check(&action).err().unwrap_or_default();
        assert!(
            said.contains(want) && want.is_empty() == said.is_empty(),
            "{action}: {said}"
        );
    };
    check(json!({"answer": "4"}), "");
    check(
        json!({"tool": "calculator.calculate", "args": {"expression": "1"}}),
        "",
    );
    check(
        json!({"tool": "calculator.calculate", "args": {}}),
        "expression",
    );
    check(
        json!({"tool": "calculator.calculate", "args": {"expression": 3}}),
        "/args/expression",
    );
    check(
        json!({"tool": "shell.rm", "args": {}}),
        "there are calculator.calculate",
    );
    check(json!({"ask": "who?"}), "nobody is there");
    check(json!([1]), "one JSON object");
    check(json!({"answer": "4", "extra": 1}), "extra");
    let call = json!({"tool": "calculator.calculate", "args": {"expression": "1"}});
    check(json!({"calls": [call, call]}), "");
    check(json!({"calls": []}), "one to 16 calls");
    check(
        json!({"calls": [{"tool": "shell.rm", "args": {}}]}),
        "there are calculator.calculate",
    );
}

#[test]
fn answers_are_checked_by_the_whole_schema() {
    let check = |schema: Value, answer: Value, want: &str| {
        let legal = Legal {
            answer: Some(Answer::of(&schema)),
            ..legal()
        };
        let said = legal
            .check(&json!({ "answer": answer }))
            .err()
            .unwrap_or_default();
        assert!(
            said.contains(want) && want.is_empty() == said.is_empty(),
            "{answer}: {said}"
        );
    };
    let team = json!({"$id": "https://a.example/team", "type": "array", "items": {"$ref": "#/$defs/P"},
        "$defs": {"P": {"type": "object", "properties": {"age": {"type": "integer"}}}}});
    check(team.clone(), json!([{"age": 3}]), "");
    check(team, json!([{"age": "3"}]), "/answer/0/age: ");
    let nested = json!({"properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}}});
    check(nested.clone(), json!({"next": {"next": {"n": 1}}}), "");
    check(
        nested,
        json!({"next": {"next": {"n": "1"}}}),
        "/answer/next/next/n: ",
    );
    check(
        json!({"format": "date"}),
        json!("soon"),
        "\"soon\" is not a \"date\"",
    );
    check(
        json!({"type": "array", "uniqueItems": true}),
        json!([1, 1]),
        "/answer: ",
    );
}

#[test]
fn texts_become_actions() {
    let check = |chosen, text: &str, want: Value| {
        assert_eq!(
            legal().action(chosen, text).unwrap_or_default(),
            want,
            "{text}"
        );
    };
    check(Move::Answer, " It is 4.\n", json!({"answer": "It is 4."}));
    check(Move::Ask, "Which one?", json!({"ask": "Which one?"}));
    check(
        Move::Call,
        "{\"calls\":[{\"tool\":\"a\"}]}",
        json!({"tool": "a"}),
    );
    check(
        Move::Call,
        "{\"calls\":[{\"tool\":\"a\"},{\"tool\":\"b\"},{\"tool\":\"a\"}]}",
        json!({"calls": [{"tool": "a"}, {"tool": "b"}]}),
    );
    check(Move::Any, "no", Value::Null);
    // A call in a fence is one, where it is legal.
    let call = json!({"tool": "calculator.calculate", "args": {"expression": "1"}});
    let fenced = |call: &Value| format!("I call:\n```json\n{{\"calls\":[{call}]}}\n```\n");
    check(Move::Answer, &fenced(&call), call.clone());
    let on_one_line = format!("```{{\"calls\":[{call}]}}```");
    check(Move::Answer, &on_one_line, call.clone());
    let unfenced = format!("The result is:\n\n{{ \"calls\":[{call}]}} and so on {{.");
    check(Move::Answer, &unfenced, call.clone());
    let talked_on = format!("{}\nThis works it out.", fenced(&call));
    check(Move::Answer, &talked_on, call.clone());
    for tool in ["shell.rm", "none"] {
        let said = legal().action(Move::Answer, &fenced(&json!({"tool": tool, "args": {}})));
        assert!(said.is_err_and(|said| said.contains(tool)), "{tool}");
    }
    for own in [
        "{\"a\":1}",
        "{\"calls\":[\"Ann\",\"Bo\"]}",
        "{\"calls\":[],\"at\":9}",
    ] {
        let own = format!("```json\n{own}\n```");
        check(Move::Answer, &own, json!({"answer": own}));
    }
}

#[test]
fn a_program_in_place_of_an_answer_is_run() {
    let check = |asked_for_code: bool, text: &str, want: Value| {
        let mut legal = legal();
        let mut python = Callable::new("python.run", "", object(&[("code", words())]));
        python.program = Some("python".to_owned());
        legal.calls.push(python);
        legal.runs_answers = !asked_for_code;
        assert_eq!(legal.action(Move::Answer, text), Ok(want), "{text}");
    };
    let text = "We count:\n```python\nprint(6 * 7)\n```\n";
    let run = json!({"tool": "python.run", "args": {"code": "print(6 * 7)"}});
    check(false, text, run.clone());
    check(false, &format!("{text}It prints\n```\n41\n```"), run);
    check(true, text, json!({"answer": text.trim()}));
    // Its last value is told, also where it prints nothing.
    for code in ["x = 6 * 7", "def f():\n    return 42\n\nf()"] {
        let run = json!({"tool": "python.run", "args": {"code": code}});
        check(false, &format!("```python\n{code}\n```"), run);
    }
    let run = json!({"tool": "python.run", "args": {"code": "print(6 * 7)"}});
    check(false, "```\nprint(6 * 7)\n```", run);
    // What tells nothing, what is another language, and what was cut off.
    for text in [
        "```python\ndef f():\n    return 42\n```",
        "```\nx = 6 * 7\n```",
        "```bash\necho 42; print(1)\n```",
        "```python\nprint(6 * 7)",
    ] {
        check(false, text, json!({"answer": text}));
    }
    // A call in place of a program is that call.
    let mut legal = legal();
    let mut python = Callable::new("python.run", "", object(&[("code", words())]));
    python.program = Some("python".to_owned());
    legal.calls.push(python);
    let call = json!({"tool": "calculator.calculate", "args": {"expression": "6*7"}});
    let text = format!("```python\n{{\"calls\":[{call}]}}\n```");
    assert_eq!(legal.action(Move::Program, &text), Ok(call));
}

#[test]
fn what_opens_an_address_is_known_by_its_arguments() {
    let check = |parameters: Value, want: bool| {
        let call = Callable::new("d.f", "", parameters.clone());
        assert_eq!(call.opens_addresses(), want, "{parameters}");
    };
    let of = |name: &str, schema: Value, required: bool| {
        let required = if required { json!([name]) } else { json!([]) };
        json!({"type": "object", "properties": {name: schema}, "required": required})
    };
    check(of("url", json!({"type": "string"}), true), true);
    check(of("url", json!({"type": "string"}), false), false);
    check(
        of("page", json!({"type": "string", "format": "uri"}), true),
        true,
    );
    check(of("page", json!({"type": "string"}), true), false);
    check(json!({"type": "object"}), false);
}

#[test]
fn words_do_not_begin_like_a_call() {
    let Form::Lark(text) = legal().form(Move::Answer) else {
        panic!("no grammar");
    };
    let pattern = text.trim().strip_prefix("start: /").unwrap();
    let pattern = pattern.strip_suffix('/').unwrap();
    let pattern = regex::Regex::new(&format!("^(?:{pattern})$")).unwrap();
    let check = |text: &str, want: bool| assert_eq!(pattern.is_match(text), want, "{text}");
    check("It is 4.\nYes.", true);
    check("```json\n{\"city\": \"Graz\"}\n```", true);
    check("{\"calls [{\"tool\":\"none\"}]}", false);
    check("{\"calls\":[{\"tool\":\"none\"}]}", false);
    check(" {\"calls\"", false);
    assert!(matches!(Legal::default().form(Move::Answer), Form::Text));
}

#[test]
fn a_program_is_written_as_such() {
    let mut legal = legal();
    let call = &mut legal.calls[0];
    call.program = Some("python".into());
    call.name = "python.run".into();
    let check = |text: &str, code: &str| {
        let action = legal.action(Move::Program, text).unwrap();
        assert_eq!(
            action,
            json!({"tool": "python.run", "args": {"code": code}})
        );
        assert!(
            legal.calls[0]
                .program_in(&action)
                .unwrap()
                .starts_with(text)
        );
    };
    check("```python\nx = 1\nx\n```", "x = 1\nx");
    check("```python\nif a:\n    b()", "if a:\n    b()");
    // A function is called, too.
    let text = "```python\ndef solution():\n    return 2\n```";
    let action = legal.action(Move::Function, text).unwrap();
    let code = "def solution():\n    return 2\n\nprint(solution())";
    assert_eq!(action["args"]["code"], code);
}

#[test]
fn a_checker_is_called_on_each_answer() {
    let mut legal = legal();
    legal.calls[0].program = Some("python".into());
    legal.candidates = vec!["18".into(), "a \"b\"".into()];
    let text = "```python\ndef fits(answer):\n    return answer > 3\n```";
    let action = legal.action(Move::Checker, text).unwrap();
    let code = action["args"]["code"].as_str().unwrap();
    assert!(
        code.starts_with("def fits(answer):\n    return answer > 3\n"),
        "{code}"
    );
    assert!(
        code.ends_with("for answer in [18, \"a \\\"b\\\"\"]])"),
        "{code}"
    );
    let Form::Lark(grammar) = legal.form(Move::Checker) else {
        panic!("no grammar");
    };
    assert!(grammar.contains("def fits(answer):"), "{grammar}");
}

#[test]
fn one_of_the_words_is_answered() {
    let legal = Legal {
        choices: Some(vec!["yes".into(), "no".into()]),
        ..legal()
    };
    let Form::Lark(grammar) = legal.form(Move::Choice) else {
        panic!("no grammar");
    };
    assert_eq!(grammar, "start: \"yes\" | \"no\"");
    assert_eq!(
        legal.action(Move::Choice, "no\n"),
        Ok(json!({"answer": "no"}))
    );
}
