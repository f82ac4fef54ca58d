//! Questions and approvals, asked of the person at the terminal, and secrets that they type. Whether
//! an approval is needed is decided by the kernel's gate; here it is worded, and the reply is read.

use std::io::{BufRead, IsTerminal, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use anyhow::Result;
use quipu_kernel::event::{Event, WHAT_NOW};
use quipu_kernel::process::Reply;
use quipu_tools::Secret;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::terminal::error::UserError;
use crate::terminal::output::{seen, visible};
use crate::terminal::words::{fill, words};

/// Characters of a call that an approval shows at once: a few lines of a terminal.
const CALL_CHARS: usize = 600;
/// Characters of a rule that somebody can agree to.
const RULE_CHARS: usize = 1_000;
/// How soon the next line of what is pasted comes; nobody types as fast.
const PASTE_GAP: Duration = Duration::from_millis(50);

/// Whether somebody can be asked: a terminal on both sides, and no `--no-input`.
pub fn is_there(no_input: bool) -> bool {
    !no_input && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks what `event` asks. Dropping the future takes the question back.
pub async fn ask(event: &Event) -> Reply {
    let prompt = match event {
        Event::Question { text, .. } => format!("{}\n> ", visible(question(text))),
        Event::Approval {
            call,
            reason,
            rule,
            lasts,
            ..
        } => {
            let shown = Shown {
                call: call.to_string(),
                reason,
                rule: rule.as_deref().map(ToString::to_string),
                lasts: *lasts,
            };
            return approve(&shown).await;
        }
        _ => return Reply::Nobody,
    };
    show(&prompt);
    // What is pasted is one answer, however many lines it has.
    match lines().await {
        None => Reply::Nobody,
        Some(line) => Reply::Text(line.trim().to_owned()),
    }
}

/// A question of a process, which is a model's words, or the kernel's own in the language of the
/// shell.
fn question(text: &str) -> &str {
    match text {
        WHAT_NOW => words().what_now,
        text => text,
    }
}

/// What a person is asked to approve.
struct Shown<'a> {
    call: String,
    reason: &'a str,
    /// What is agreed to by an approval of more than this call.
    rule: Option<String>,
    /// Whether it can be agreed to for good.
    lasts: bool,
}

/// Whether the person agrees to this one `call`, about which they are asked for this `reason`.
pub async fn approves(call: String, reason: &str) -> bool {
    let shown = Shown {
        call,
        reason,
        rule: None,
        lasts: false,
    };
    approve(&shown).await == Reply::Approve
}

/// Asks for an approval. The reason comes last, so that no argument, however long, can
/// scroll it away.
async fn approve(shown: &Shown<'_>) -> Reply {
    let (mut whole, mut again) = (false, false);
    loop {
        let said = asked(&shown.prompt(whole)).await;
        let Some(said) = said else {
            return Reply::Nobody;
        };
        match (said.trim().to_lowercase().as_str(), shown.short_rule()) {
            ("a", _) if !whole => whole = true,
            (said, _) if is_yes(said) => return Reply::Approve,
            ("p", Some(rule)) => {
                say!("{}\n{rule}", words().approved_process);
                return Reply::ApproveProcess;
            }
            ("w", Some(rule)) if shown.lasts => {
                // What will be written is seen before.
                let question = format!("{rule}{}", words().add_rule);
                if asked(&question).await.is_some_and(|line| is_yes(&line)) {
                    return Reply::ApproveAlways;
                }
            }
            // A slip of the finger is no refusal: once it is told what can be said.
            (said, rule) if !again && !is_no(said) => {
                again = true;
                let more = shown.more(rule.is_some(), false);
                say!("{}", fill(words().approve_says, &[("all", &more)]));
            }
            _ => return Reply::Deny,
        }
    }
}

/// What a person types at `prompt`; `None` where nobody is there. One line agrees or does not:
/// what comes right behind it was pasted, and is meant for nothing here.
async fn asked(prompt: &str) -> Option<String> {
    show(prompt);
    let said = line().await;
    discard_typed();
    said
}

fn show(prompt: &str) {
    discard_typed();
    let mut err = std::io::stderr();
    let _ = write!(err, "{prompt}");
    let _ = err.flush();
}

impl Shown<'_> {
    /// The rule, if it is short enough to be read.
    fn short_rule(&self) -> Option<&str> {
        let rule = self.rule.as_deref()?;
        (rule.chars().count() <= RULE_CHARS).then_some(rule)
    }

    /// What can be said besides yes and no: where a `rule` can be agreed to, and where the call
    /// `is_cut`.
    fn more(&self, rule: bool, is_cut: bool) -> String {
        let more = [
            (rule, words().approve_process),
            (rule && self.lasts, words().approve_always),
            (is_cut, words().approve_all),
        ];
        let more = more.iter().filter(|(is, _)| *is);
        more.map(|(_, text)| *text).collect()
    }

    /// The words of an approval: the call, all of it or its beginning and its end, the reason,
    /// the question.
    fn prompt(&self, whole: bool) -> String {
        let call = seen(&self.call);
        let chars = call.chars().count();
        let is_cut = !whole && chars > CALL_CHARS;
        let call = match is_cut {
            false => call,
            true => {
                let part = CALL_CHARS / 2;
                let head: String = call.chars().take(part).collect();
                let tail: String = call.chars().skip(chars - part).collect();
                let left = chars - 2 * part;
                let more = fill(words().more_chars, &[("left", &left)]);
                format!("{head}\n{more}\n{tail}")
            }
        };
        let more = self.more(self.short_rule().is_some(), is_cut);
        let reason = seen(self.reason);
        let question = fill(words().approve, &[("all", &more)]);
        format!("{call}\n{reason}\n{question}")
    }
}

/// Which of two a person takes for better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The first.
    First,
    /// The second.
    Second,
}

/// Which of two answers the person takes for better; `None` for neither.
pub async fn better(first: &str, second: &str) -> Option<Better> {
    let question = format!("1: {first}\n2: {second}\n{}", words().which_is_better);
    let said = asked(&visible(&question)).await?;
    match said.trim() {
        "1" => Some(Better::First),
        "2" => Some(Better::Second),
        _ => None,
    }
}

/// Whether the person agrees to `question`.
pub async fn agrees(question: &str) -> bool {
    let said = asked(&visible(question)).await;
    said.is_some_and(|line| is_yes(&line))
}

/// The secret `name`: a line that is typed and not shown, or all that comes on standard input.
/// Never from the command line, which others can see; `command` is the one that reads it.
///
/// # Errors
/// What cannot be a secret, or cannot be read.
pub fn secret(name: &str, command: &str) -> Result<Secret> {
    let value = match std::io::stdin().is_terminal() {
        true => {
            say!("Type or paste the value of {name}, then Enter; it is not shown:");
            console::Term::stderr().read_secure_line()?
        }
        false => std::io::read_to_string(std::io::stdin().lock())?,
    };
    Secret::new(&value).map_err(|reason| {
        UserError::usage(
            reason,
            format!("the value is read from standard input: {command} < FILE"),
        )
    })
}

/// Whether `line` agrees, in a language of the shell.
fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_lowercase().as_str(), "y" | "yes" | "是")
}

/// Whether `said`, in lower case, refuses; an empty line does.
fn is_no(said: &str) -> bool {
    matches!(said, "" | "n" | "no" | "否")
}

/// Throws away what was typed before there was a question: it is no answer to it.
fn discard_typed() {
    // SAFETY: takes numbers; where standard input is no terminal it does nothing.
    unsafe {
        libc::tcflush(libc::STDIN_FILENO, libc::TCIFLUSH);
    }
}

/// What a person types: a line, or all lines of what is pasted. `None` at the end.
pub async fn lines() -> Option<String> {
    let mut text = line().await?;
    while is_more().await {
        match line().await {
            Some(more) => text.push_str(&more),
            None => break,
        }
    }
    Some(text)
}

/// Whether another line comes with the one that was read.
async fn is_more() -> bool {
    matches!(
        tokio::time::timeout(PASTE_GAP, readable()).await,
        Ok(Ok(()))
    )
}

/// A line of standard input; `None` at its end.
async fn line() -> Option<String> {
    // A thread that reads cannot be called back and would swallow the next line
    // typed, so none is started before there is something to read.
    readable().await.ok()?;
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line),
        }
    });
    read.await.ok().flatten()
}

/// Waits until a terminal has a line.
async fn readable() -> std::io::Result<()> {
    let stdin = std::io::stdin().as_fd().try_clone_to_owned()?;
    // SAFETY: the descriptor is this function's own and open for as long as it is
    // registered.
    let stdin = unsafe { AsyncFd::register_with_interest(stdin, Interest::READABLE) }?;
    stdin.readable().await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_own_question_is_in_the_catalogue() {
        let check = |text: &str| assert_eq!(question(text), text);
        check(WHAT_NOW);
        check("Which of them?");
        assert_eq!(words().what_now, WHAT_NOW);
    }

    #[test]
    fn an_approval_ends_with_its_reason() {
        let approval = |call: &str, reason: &str, whole: bool| {
            let shown = Shown {
                call: call.to_owned(),
                reason,
                rule: None,
                lasts: false,
            };
            shown.prompt(whole)
        };
        let check = |call: &str, whole: bool, want: &str| {
            let said = approval(call, "it writes; read from tool:web", whole);
            assert_eq!(said, want);
        };
        check(
            r#"{"tool":"a.b","args":{}}"#,
            false,
            "{\"tool\":\"a.b\",\"args\":{}}\nit writes; read from tool:web\nApprove this once? [y/N] ",
        );
        check(
            "a\u{200d}b\u{e0041}\u{fe0f}\u{ad}",
            false,
            "a\\u{200d}b\\u{e0041}\\u{fe0f}\\u{ad}\nit writes; read from tool:web\nApprove this once? [y/N] ",
        );
        let long = "x".repeat(50_000);
        let short = approval(&long, "why", false);
        assert!(short.len() < 1_000 && short.contains("[… 49400 more characters …]"));
        assert!(short.ends_with("\nwhy\nApprove this once? [y/N, a shows all of it] "));
        let all = approval(&long, "why", true);
        assert!(all.contains(&long) && all.ends_with("\nwhy\nApprove this once? [y/N] "));
        // Line ends are shown as such: a call is JSON.
        let lines = approval(&"\n".repeat(50_000), "why", false);
        assert!(lines.lines().count() < 10, "{}", lines.lines().count());
    }

    #[test]
    fn yes_and_no_are_understood_in_each_language() {
        for said in ["y", " YES\n", "是"] {
            assert!(is_yes(said) && !is_no(said), "{said}");
        }
        for said in ["", "n", "no", "否"] {
            assert!(is_no(said) && !is_yes(said), "{said}");
        }
        assert!(!is_yes("yes please") && !is_no("maybe"));
    }

    #[test]
    fn more_than_one_call_is_approved_by_a_rule_that_can_be_read() {
        let check = |rule: Option<String>, lasts: bool, want: &str| {
            let shown = Shown {
                call: "{}".into(),
                reason: "why",
                rule,
                lasts,
            };
            let said = shown.prompt(false);
            assert_eq!(said, format!("{{}}\nwhy\nApprove this once? [y/N{want}] "));
        };
        check(None, true, "");
        let rule = || Some("[[rule]]".to_owned());
        check(rule(), true, ", p for this process, w for good");
        check(rule(), false, ", p for this process");
        check(Some("x".repeat(2_000)), true, "");
    }
}
