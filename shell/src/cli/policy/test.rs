//! `quipu policy test`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use quipu_kernel::calls::Trial;
use quipu_kernel::gate::{Gate, Policy, Verdict};
use quipu_kernel::label::{Label, Secrecy, Suspicion, Trust};
use quipu_tools::Bus;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::session::Session;
use crate::session::bus::Servers;
use crate::terminal::error::{FAILED, UserError};
use crate::terminal::lines::{file_words, lines, object};
use crate::terminal::output;
use crate::terminal::toml_words;

/// Say what becomes of calls, and which rule decides; nothing is carried out
///
/// A line of FILE is {"tool":"NAME","args":{…}}, and may have "label" ("user" or "untrusted": what
/// the process has read), "secrecy" ("public", "private" or "secret": the same), "suspicious" (how
/// much that reads like an attack, from 0 to 1), "said" (the user's words) and "expect" ("allow",
/// "ask" or "deny"). The exit code is 1 where a verdict is not the expected one.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// The calls, one JSON object a line; `-` reads them from standard input
    #[arg(value_name = "FILE")]
    calls: PathBuf,
    /// Judge by the rules of another file
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Print one JSON value a line
    #[arg(long)]
    json: bool,
}

/// A line of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    tool: String,
    #[serde(default)]
    args: Map<String, Value>,
    #[serde(default = "users")]
    label: Trust,
    #[serde(default)]
    secrecy: Secrecy,
    suspicious: Option<f32>,
    #[serde(default)]
    said: String,
    expect: Option<Word>,
}

fn users() -> Trust {
    Trust::User
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Allow,
    Ask,
    Deny,
}

/// The verdict on a call.
#[derive(Debug, Serialize)]
struct Judged {
    tool: String,
    verdict: Word,
    /// The rule that decided, by where it stands; none where the gate did by itself.
    rule: Option<String>,
    /// Why a person is asked, or what is denied.
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expect: Option<Word>,
    ok: bool,
}

/// Runs the command.
pub fn run(session: &Session, args: &TestArgs) -> Result<u8> {
    let (bus, _) = session.bus(Servers::Known)?;
    let rules = super::rules(session, args.policy.as_ref())?;
    super::tell_strange_names(&rules, &bus);
    let gate = Gate::new(Policy {
        rules,
        ..session.policy(&[], None)
    });
    let mut judged = Vec::new();
    for (n, line) in lines(&args.calls)? {
        let done = line
            .and_then(object)
            .and_then(|line| {
                serde_json::from_value::<Given>(line)
                    .map_err(|error| toml_words::meant(&error.to_string()))
            })
            .and_then(|given| judge(&gate, &bus, given))
            .map_err(|reason| {
                UserError::usage(
                    format!("{}, line {n}: {reason}", args.calls.display()),
                    "one call a line: {\"tool\": …, \"args\": {…}}, and perhaps \"label\", \
                     \"secrecy\", \"suspicious\", \"said\" and \"expect\"",
                )
            })?;
        judged.push(done);
    }
    if judged.is_empty() {
        return Err(UserError::usage(
            format!("{} has no calls", file_words(&args.calls)),
            "one call a line: {\"tool\": …, \"args\": {…}}",
        ));
    }
    let wrong = judged.iter().filter(|judged| !judged.ok).count();
    match args.json {
        true => judged.iter().try_for_each(output::json)?,
        false => output::table(
            &["", "VERDICT", "TOOL", "DECIDED BY", "WHY"],
            judged.iter().map(row).collect(),
        )?,
    }
    if wrong > 0 {
        say!("{wrong} of {} are not as expected", judged.len());
        return Ok(FAILED);
    }
    Ok(0)
}

/// The verdict on a call, or what is wrong with it.
fn judge(gate: &Gate, bus: &Bus, given: Given) -> Result<Judged, String> {
    if given.label == Trust::System {
        return Err("\"label\" is \"user\" or \"untrusted\"".to_owned());
    }
    let is_a_share = |score: &f32| (0.0..=1.0).contains(score);
    if given.suspicious.is_some_and(|score| !is_a_share(&score)) {
        return Err("\"suspicious\" is a number from 0 to 1".to_owned());
    }
    let args = Value::Object(given.args);
    let call = Trial::of(bus, &given.tool, &args, &given.said)?;
    let known = call.is_known();
    let label = match given.label {
        Trust::Untrusted => Label::new("what it read", Trust::Untrusted),
        trust => Label::new("user", trust),
    };
    let suspicion = given.suspicious.map(|score| Suspicion::new(score, 1.0));
    let label = label.kept(given.secrecy).suspected(suspicion);
    let (verdict, rule, reason) = match gate.pass(call, &label) {
        Verdict::Passed(passed) => {
            let rule = passed.rule().map(|rule| rule.origin.clone());
            let reason = passed.agreed().map(|agreed| agreed.reason.clone());
            (Word::Allow, rule, reason)
        }
        Verdict::Ask(ask) => {
            let rule = ask.rule().map(|rule| rule.origin.clone());
            (Word::Ask, rule, Some(ask.reason().to_owned()))
        }
        Verdict::Denied(denied) => {
            let rule = denied.rule().map(|rule| rule.origin.clone());
            (Word::Deny, rule, Some(denied.reason()))
        }
    };
    let unknown = (!known)
        .then(|| "there is no such tool here: taken as one that changes something".to_owned());
    let reason = [reason, unknown]
        .into_iter()
        .flatten()
        .reduce(|a, b| format!("{a}; {b}"));
    Ok(Judged {
        ok: given.expect.is_none_or(|expect| expect == verdict),
        expect: given.expect,
        tool: given.tool,
        verdict,
        rule,
        reason,
    })
}

fn row(judged: &Judged) -> Vec<String> {
    let word = |word: Word| match word {
        Word::Allow => "allow",
        Word::Ask => "ask",
        Word::Deny => "deny",
    };
    let verdict = match judged.expect.filter(|_| !judged.ok) {
        Some(expect) => format!("{}, not {}", word(judged.verdict), word(expect)),
        None => word(judged.verdict).to_owned(),
    };
    vec![
        if judged.ok { "ok" } else { "FAIL" }.to_owned(),
        verdict,
        judged.tool.clone(),
        judged.rule.clone().unwrap_or_else(|| "the gate".to_owned()),
        judged.reason.clone().unwrap_or_default(),
    ]
}
