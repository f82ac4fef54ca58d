//! `policy.toml`: the user's rules for single tools and calls, read and added to.
//!
//! ```toml
//! [[rule]]
//! tool = "mail.send"
//! args.to = "*@example.com"
//! label = "untrusted"
//! do = "allow"
//! reason = "colleagues may be told anything"
//!
//! [roles."mail.send"]
//! to = "destination"
//! body = "content"
//!
//! [[vouch]]
//! tool = "bank.balance"
//! fields = ["balance", "date"]
//!
//! [[private]]
//! tool = "mail.*"
//! ```
//!
//! What a rule means is in the kernel, `gate/rules`. A running machine reads the file when it
//! starts; a rule that a person agrees to there counts at once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use quipu_kernel::gate::rules::{Confided, Pattern, Rule, Rules, Vouched};
use quipu_kernel::process::Reply;
use quipu_tools::Roles;
use serde::Deserialize;
use toml::Spanned;

use super::private;
use crate::terminal::error::UserError;
use crate::terminal::toml_words;
use crate::terminal::words::{fill, words};

/// The hint for a file that cannot be read as a policy.
const FORM: &str = "a rule is [[rule]] with tool = \"…\" and do = \"allow\", \"ask\" or \"deny\", and \
                    may have args.NAME, role.ROLE, effect, label, reason and, if it asks or denies, \
                    suspicious";

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    rule: Vec<Spanned<Rule>>,
    roles: BTreeMap<String, Roles>,
    vouch: Vec<Spanned<Vouched>>,
    private: Vec<Spanned<Confided>>,
}

/// The rules in the file at `path`; none where there is no file.
///
/// # Errors
/// Names the line that is not understood, and what may stand there.
pub fn load(path: &Path) -> Result<Rules> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text, path),
        // A link to nothing is where rules were meant to be.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !path.is_symlink() => {
            Ok(Rules::default())
        }
        Err(error) => Err(UserError::usage(
            format!("{}: {error}", path.display()),
            "the policy is a text file that you can read",
        )),
    }
}

fn parse(text: &str, path: &Path) -> Result<Rules> {
    let file: File = toml::from_str(text).map_err(|error| {
        let words = toml_words::wrong(&error);
        UserError::usage(format!("{}: {words}", path.display()), FORM)
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let origin = |at: usize| {
        let before = text.get(..at).unwrap_or_default();
        format!("{name}:{}", before.matches('\n').count() + 1)
    };
    let rules = file.rule.iter();
    let rules = rules.map(|rule| (rule.span().start, rule.get_ref().problem()));
    let vouched = file.vouch.iter();
    let vouched = vouched.map(|vouch| (vouch.span().start, vouch.get_ref().tool.problem()));
    let private = file.private.iter();
    let private = private.map(|private| (private.span().start, private.get_ref().tool.problem()));
    for (at, problem) in rules.chain(vouched).chain(private) {
        if let Some(problem) = problem {
            let place = origin(at);
            return Err(UserError::usage(format!("{place}: {problem}"), FORM));
        }
    }
    for tool in file.roles.keys() {
        if let Some(problem) = Pattern::from(tool.clone()).problem() {
            let what = format!("{name}: the roles of {tool:?}: {problem}");
            return Err(UserError::usage(what, FORM));
        }
    }
    let rules = file.rule.into_iter().map(|rule| {
        let origin = origin(rule.span().start);
        Arc::new(Rule {
            origin,
            ..rule.into_inner()
        })
    });
    let vouched = file.vouch.into_iter().map(|vouched| {
        let origin = origin(vouched.span().start);
        Vouched {
            origin,
            ..vouched.into_inner()
        }
    });
    let private = file.private.into_iter().map(|private| {
        let origin = origin(private.span().start);
        Confided {
            origin,
            ..private.into_inner()
        }
    });
    Ok(Rules {
        rules: rules.collect(),
        private: private.collect(),
        vouched: vouched.collect(),
        roles: file
            .roles
            .into_iter()
            .map(|(tool, roles)| (Pattern::from(tool), roles))
            .collect(),
    })
}

/// Adds `rule` at the end of the file at `path`, and leaves everything before it as it is. The
/// file is replaced whole or not at all.
///
/// # Errors
/// When the file is not understood, or cannot be written.
pub fn add(path: &Path, rule: &Rule) -> Result<()> {
    // A link stays one.
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let unwritable = || format!("{} cannot be written", path.display());
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(unwritable)?;
    // Two programs may add a rule at once: the lock is held to the end of this function.
    let held = private::file(&path.with_extension("lock")).with_context(unwritable)?;
    held.lock()?;
    let known = load(path)?.rules.len();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error.into()),
    };
    let text = match text.trim_end() {
        "" => rule.to_string(),
        before => format!("{before}\n\n{rule}"),
    };
    // The file has to say what was shown.
    let read = parse(&text, path)?;
    let added = read.rules.last().map(ToString::to_string);
    if read.rules.len() != known + 1 || added != Some(rule.to_string()) {
        return Err(UserError::failed(
            format!("{}: the rule cannot be added", path.display()),
            "write it into the file yourself",
        ));
    }
    private::replace(path, text.as_bytes()).with_context(unwritable)
}

/// A person's `reply` to an approval that shows `rule`, once the rule is kept in the file at
/// `path` where it is to last. Where that fails, it is an approval for the process.
pub fn keep(path: &Path, rule: Option<&Rule>, reply: Reply) -> Reply {
    let (Reply::ApproveAlways, Some(rule)) = (&reply, rule) else {
        return reply;
    };
    match add(path, rule) {
        Ok(()) => {
            say!("{}", fill(words().rule_added, &[("file", &path.display())]));
            reply
        }
        Err(error) => {
            say!("error: {error:#}");
            say!("{}", words().rule_not_added);
            Reply::ApproveProcess
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules of `text`, one a line, or the error.
    fn read(text: &str) -> String {
        match parse(text, Path::new("/home/x/policy.toml")) {
            Ok(rules) => {
                let rules = rules.rules.iter();
                let lines = rules.map(|rule| format!("{} {}", rule.origin, rule.verdict.as_str()));
                lines.collect::<Vec<_>>().join("\n")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn rules_are_read_with_their_lines() {
        let check = |text: &str, want: &str| assert_eq!(read(text), want);
        check("", "");
        check(
            "# mine\n\n[[rule]]\ntool = \"a.b\"\ndo = \"ask\"\n\n[[rule]]\ntool = '*'\n\
             args.to = ['x\\*', 7]\nrole.amount = { at_most = 3 }\neffect = \"egress\"\n\
             label = \"untrusted\"\ndo = \"deny\"\n\
             [roles.\"a.b\"]\nto = \"destination\"\n",
            "policy.toml:3 ask\npolicy.toml:7 deny",
        );
    }

    #[test]
    fn mistakes_are_named_with_their_lines() {
        let check = |text: &str, line: &str, want: &str| {
            let said = read(text);
            assert!(said.contains(line) && said.contains(want), "{said}");
        };
        check(
            "[[rules]]\n",
            "line 1",
            "unknown field `rules` (did you mean `roles` or `rule`?), expected one of `rule`",
        );
        check(
            "[[rule]]\ntool = \"*\"\ndo = \"permit\"\n",
            "line 3",
            "expected one of `allow`, `ask`, `deny`",
        );
        check("[[rule]]\ndo = \"ask\"\n", "line 1", "missing field `tool`");
        check(
            "[[rule]]\ntool = \"*\"\ndo = \"ask\"\nargs.to = []\n",
            "line 4",
            "an empty list fits nothing",
        );
        check(
            "[[rule]]\ntool = \"*\"\ndo = \"ask\"\nlabel = \"tainted\"\n",
            "line 4",
            "label is \"untrusted\", \"private\"",
        );
        let none = "names no tool";
        check("[[rule]]\ntool = \"a b\"\ndo = \"deny\"\n", ":1", none);
        check("\n[[private]]\ntool = \"\"\n", ":2", none);
        let vouch = "[[vouch]]\ntool = \"a.b \"\nfields = [\"x\"]\n";
        check(vouch, ":1", none);
        let roles = "[roles.\"a.b \"]\nto = \"destination\"\n";
        check(roles, "the roles of \"a.b \"", none);
        check(
            "[roles.x]\nto = \"place\"\n",
            "line 2",
            "unknown variant `place`",
        );
    }

    #[test]
    fn a_rule_is_added_and_nothing_else_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/policy.toml");
        let json =
            r#"{"tool":"a.b","args":{"to":"x\\*\n","n":7,"m":{"at_most":2.0}},"do":"allow"}"#;
        let rule: Rule = serde_json::from_str(json).unwrap();
        add(&path, &rule).unwrap();
        let first = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            first,
            "[[rule]]\ntool = \"a.b\"\nargs.m = { at_most = 2.0 }\nargs.n = 7\n\
             args.to = \"x\\\\*\\U0000000A\"\ndo = \"allow\"\n"
        );
        assert_eq!(
            *load(&path).unwrap().rules[0],
            Rule {
                origin: "policy.toml:1".into(),
                ..rule.clone()
            }
        );
        let mine = "# mine\n[roles.x]\nto = \"content\" # as it is\n";
        std::fs::write(&path, mine).unwrap();
        add(&path, &rule).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{mine}\n{first}"));
        // Several programs that agree at once.
        std::fs::remove_file(&path).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| add(&path, &rule).unwrap());
            }
        });
        assert_eq!(load(&path).unwrap().rules.len(), 8);
        let lost = folder.path().join("lost.toml");
        assert!(load(&lost).unwrap().rules.is_empty());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.path().join("gone"), &lost).unwrap();
            assert!(
                load(&lost).is_err(),
                "a link to nothing is no file of rules"
            );
        }
        for wrong in ["rule = []\n", "[[rule]]\n"] {
            std::fs::write(&path, wrong).unwrap();
            assert!(add(&path, &rule).is_err());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), wrong);
        }
        let kept = keep(&path, Some(&rule), Reply::ApproveAlways);
        assert_eq!(kept, Reply::ApproveProcess);
        assert_eq!(keep(&path, Some(&rule), Reply::Deny), Reply::Deny);
    }
}
