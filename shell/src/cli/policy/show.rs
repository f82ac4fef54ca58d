//! `quipu policy show`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use quipu_kernel::gate::rules::{Rule, Rules};
use serde_json::{Value, json};

use crate::config::settings::ApproveWord;
use crate::session::Session;
use crate::session::bus::Servers;
use crate::terminal::output;

/// Show the rules in force, with where each stands
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The rules of another file
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What the gate does by itself, for what no rule speaks of.
const BUILT_IN: [(&str, &str, &str); 6] = [
    ("deny", "*", "needs a capability that was not granted"),
    (
        "deny",
        "*",
        "would tell others a secret, or something secret that was read",
    ),
    (
        "ask",
        "*",
        "changes something, after untrusted text was read",
    ),
    (
        "ask",
        "*",
        "carries out what the user did not say, after untrusted or private text was read",
    ),
    ("ask", "*", "changes something that no capability covers"),
    ("allow", "*", "everything else"),
];

/// Runs the command.
pub fn run(session: &Session, args: &ShowArgs) -> Result<u8> {
    let rules = super::rules(session, args.policy.as_ref())?;
    let approve = session.settings.approve;
    if args.json {
        output::json(&value(&rules, approve))?;
        return Ok(0);
    }
    let mut rows: Vec<Vec<String>> = rules.rules.iter().map(|rule| row(rule)).collect();
    for (word, tool, when) in BUILT_IN {
        let cells = [word, tool, when, "", "built in"];
        rows.push(cells.map(str::to_owned).to_vec());
    }
    let (bus, _) = session.bus(Servers::Known)?;
    super::tell_strange_names(&rules, &bus);
    output::table(&["DO", "TOOL", "WHEN", "WHY", "ORIGIN"], rows)?;
    for (tool, roles) in &rules.roles {
        for (name, role) in roles {
            let role = json!(role);
            let role = role.as_str().unwrap_or_default();
            output::line(&output::visible(&format!(
                "role of {name} of {}: {role}",
                tool.written()
            )))?;
        }
    }
    for vouched in &rules.vouched {
        let fields: Vec<&str> = vouched.fields.iter().map(|field| field.written()).collect();
        let (tool, fields) = (vouched.tool.written(), fields.join(", "));
        let line = format!("vouched for: {fields} of {tool} ({})", vouched.origin);
        output::line(&output::visible(&line))?;
    }
    for confided in &rules.private {
        let (tool, secrecy) = (confided.tool.written(), confided.secrecy);
        let line = format!("{secrecy}: what {tool} returns ({})", confided.origin);
        output::line(&output::visible(&line))?;
    }
    if approve != ApproveWord::Ask {
        let answer = if approve == ApproveWord::All {
            "yes"
        } else {
            "no"
        };
        say!("config.toml answers {answer} to every question");
    }
    Ok(0)
}

fn row(rule: &Rule) -> Vec<String> {
    let text = rule.to_string();
    // Its conditions as they are written in the file.
    let is_other = |line: &&str| {
        let shown = ["[[rule]]", "tool = ", "do = ", "reason = "];
        !shown.iter().any(|start| line.starts_with(start))
    };
    let conditions: Vec<&str> = text.lines().filter(is_other).collect();
    vec![
        rule.verdict.as_str().to_owned(),
        rule.tool.written().to_owned(),
        conditions.join(" and "),
        rule.reason.clone().unwrap_or_default(),
        rule.origin.clone(),
    ]
}

fn value(rules: &Rules, approve: ApproveWord) -> Value {
    let all: Vec<&Rule> = rules.rules.iter().map(|rule| &**rule).collect();
    let roles: serde_json::Map<String, Value> = rules
        .roles
        .iter()
        .map(|(tool, roles)| (tool.written().to_owned(), json!(roles)))
        .collect();
    json!({
        "rules": all, "roles": roles, "vouched": rules.vouched, "private": rules.private,
        "approve": approve,
    })
}
