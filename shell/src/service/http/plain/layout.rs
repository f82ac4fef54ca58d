//! A conversation as the model reads it. All that is said to it as the system stands at the
//! head, with the cards of the functions; results of calls are the user's turn.

use quipu_cpu::{Message, Role};
use quipu_kernel::planner::how_to_act;
use serde_json::{Value, json};

use super::super::pictures::Image;
use super::{Ask, Choice};

/// A message of a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Who speaks.
    pub by: Speaker,
    /// What is said.
    pub text: String,
    /// Calls that were made: the name and the arguments of each.
    pub calls: Vec<(String, Value)>,
    /// What was shown with it.
    pub images: Vec<Image>,
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// Whoever set the model up.
    System,
    /// The user.
    User,
    /// The model.
    Assistant,
    /// A function, by its name.
    Function(String),
}

impl Said {
    /// A text without calls.
    pub fn new(by: Speaker, text: impl Into<String>) -> Self {
        Self {
            by,
            text: text.into(),
            calls: Vec::new(),
            images: Vec::new(),
        }
    }

    /// What it looks like in the window.
    fn shown(&self) -> String {
        match &self.by {
            Speaker::Function(name) => format!("Result of {name}:\n{}", self.text),
            _ if self.calls.is_empty() => self.text.clone(),
            _ => {
                let calls = self.calls.iter();
                let calls: Vec<Value> = calls
                    .map(|(name, args)| json!({"tool": name, "args": args}))
                    .collect();
                let calls = json!({ "calls": calls }).to_string();
                match self.text.trim() {
                    "" => calls,
                    text => format!("{text}\n{calls}"),
                }
            }
        }
    }
}

/// The messages of `ask`, for a CPU that `constrains` what it writes or not.
pub fn messages(ask: &Ask, constrains: bool) -> Vec<Message> {
    let mut head: Vec<String> = ask
        .said
        .iter()
        .filter(|said| said.by == Speaker::System)
        .map(|said| said.text.clone())
        .collect();
    if !ask.functions.is_empty() && ask.choice != Choice::None {
        head.push(how_to_act(&ask.functions, constrains));
    }
    let mut messages = Vec::new();
    if !head.is_empty() {
        add(&mut messages, Role::System, head.join("\n\n"));
    }
    for said in &ask.said {
        let role = match said.by {
            Speaker::System => continue,
            Speaker::Assistant => Role::Assistant,
            Speaker::User | Speaker::Function(_) => Role::User,
        };
        add(&mut messages, role, said.shown());
        let pictures = said.images.iter().filter_map(|image| image.picture.clone());
        if let Some(last) = messages.last_mut() {
            last.pictures.extend(pictures);
        }
    }
    messages
}

/// Whether the last thing that was said is the beginning of the answer: a text of the model's,
/// where the answer is no call and has no form of its own, which would begin again.
pub fn is_begun(ask: &Ask) -> bool {
    let last = ask
        .said
        .iter()
        .rev()
        .find(|said| said.by != Speaker::System);
    let begun = last.is_some_and(|last| last.by == Speaker::Assistant && last.calls.is_empty());
    begun && ask.functions.is_empty() && ask.schema.is_none()
}

/// Adds a message; templates want the roles in turns, so one of the same role goes on.
fn add(messages: &mut Vec<Message>, role: Role, text: String) {
    match messages.last_mut() {
        Some(last) if last.role == role => {
            last.text.push_str("\n\n");
            last.text.push_str(&text);
        }
        _ => messages.push(Message::new(role, text)),
    }
}

/// What came after each turn of the model: a script's position.
pub fn history(said: &[Said]) -> Vec<String> {
    let mut history: Vec<String> = Vec::new();
    for said in said {
        match (&said.by, history.last_mut()) {
            (Speaker::Assistant, _) => history.push(String::new()),
            (Speaker::System, _) | (_, None) => {}
            (_, Some(last)) => last.push_str(&said.text),
        }
    }
    history
}

/// What the user asked last.
pub fn asked(said: &[Said]) -> &str {
    let last = said.iter().rev().find(|said| said.by == Speaker::User);
    last.map_or("", |said| said.text.as_str())
}

/// All that was said, where that is one request, with what the model was set up with.
pub fn only_request(said: &[Said]) -> Option<String> {
    let spoken = said.iter().filter(|said| said.by != Speaker::System);
    let only = spoken.map(|said| &said.by).eq([&Speaker::User]);
    let texts = || said.iter().map(|said| said.text.as_str());
    only.then(|| texts().collect::<Vec<_>>().join("\n"))
}

/// The calls since the user spoke, with their results, oldest first.
pub fn done(said: &[Said]) -> Vec<(&str, &Value, &str)> {
    let asked = said.iter().rposition(|said| said.by == Speaker::User);
    let since = &said[asked.map_or(0, |at| at + 1)..];
    let calls = since.iter().flat_map(|said| &said.calls);
    let results = since
        .iter()
        .filter(|said| matches!(said.by, Speaker::Function(_)));
    calls
        .zip(results)
        .map(|((name, args), result)| (name.as_str(), args, result.text.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use quipu_cpu::Sampling;

    use super::*;

    #[test]
    fn roles_take_turns() {
        let said = |by, text: &str| Said::new(by, text);
        let call = Said {
            calls: vec![("clock".into(), json!({"zone": "UTC"}))],
            ..said(Speaker::Assistant, "")
        };
        let ask = Ask {
            odds: None,
            said: vec![
                said(Speaker::User, "one"),
                said(Speaker::System, "Be brief."),
                said(Speaker::User, "two"),
                call,
                said(Speaker::Function("clock".into()), "noon"),
            ],
            functions: Vec::new(),
            choice: Choice::Auto,
            parallel: true,
            schema: None,
            tokens_max: None,
            sampling: Sampling {
                temperature: 0.0,
                seed: 0,
            },
            shaping: quipu_cpu::Shaping::default(),
            stops: Vec::new(),
            plain: None,
        };
        let got: Vec<(Role, String)> = messages(&ask, true)
            .into_iter()
            .map(|message| (message.role, message.text))
            .collect();
        let want = [
            (Role::System, "Be brief."),
            (Role::User, "one\n\ntwo"),
            (
                Role::Assistant,
                r#"{"calls":[{"tool":"clock","args":{"zone":"UTC"}}]}"#,
            ),
            (Role::User, "Result of clock:\nnoon"),
        ];
        let want = want.map(|(role, text)| (role, text.to_owned()));
        assert_eq!(got, want);
        assert_eq!(history(&ask.said), ["noon"]);
        assert_eq!(asked(&ask.said), "two");
        assert_eq!(
            done(&ask.said),
            [("clock", &json!({"zone": "UTC"}), "noon")]
        );

        // The model goes on with what was begun for it, and not with a call.
        assert!(!is_begun(&ask));
        let begun = |said: Vec<Said>| {
            is_begun(&Ask {
                said,
                ..ask.clone()
            })
        };
        let user = said(Speaker::User, "Name a colour.");
        let begins = said(Speaker::Assistant, "The colour is");
        let later = said(Speaker::System, "Be brief.");
        assert!(!begun(vec![begins.clone(), user.clone()]));
        assert!(begun(vec![user.clone(), begins.clone()]));
        assert!(begun(vec![user, begins, later]));
    }
}
