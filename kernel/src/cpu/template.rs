//! Chat templates: the GGUF's own Jinja, rendered with minijinja.

use std::collections::HashMap;
use std::sync::Arc;

use minijinja::{Environment, Error, ErrorKind, Value, context};
use parking_lot::Mutex;

use super::{CpuError, Message, Role, thought};

/// A compiled chat template with the special tokens it may name.
pub struct ChatTemplate {
    environment: Environment<'static>,
    model: String,
    bos: String,
    eos: String,
    /// What the template wrote for a sequence of roles, which is all it depends on:
    /// it never sees the texts. `None` for a template that asks for the time.
    rendered: Option<Mutex<HashMap<Vec<Role>, Arc<str>>>>,
}

/// Sequences of roles remembered; a window rarely holds more messages than this.
const RENDERED_MAX: usize = 256;

const NAME: &str = "chat";

impl ChatTemplate {
    /// Compiles `source`, the template of `model`.
    pub fn new(model: &str, source: String, bos: String, eos: String) -> Result<Self, CpuError> {
        let mut environment = Environment::new();
        // What Hugging Face's own renderer offers beyond plain Jinja.
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function(
            "raise_exception",
            |message: String| -> Result<Value, Error> {
                Err(Error::new(ErrorKind::InvalidOperation, message))
            },
        );
        environment.add_function("strftime_now", |format: String| {
            chrono::Local::now().format(&format).to_string()
        });
        let timeless = !source.contains("strftime_now");
        environment
            .add_template_owned(NAME, source)
            .map_err(|error| CpuError::Template {
                model: model.to_owned(),
                reason: error.to_string(),
            })?;
        Ok(Self {
            environment,
            model: model.to_owned(),
            bos,
            eos,
            rendered: timeless.then(Mutex::default),
        })
    }

    /// The prompt for `messages`, ready for the assistant to speak, in segments.
    ///
    /// The template sees a placeholder for each text, which is put back afterwards:
    /// so the tokenizer can be told that special tokens count in what the template
    /// wrote and not in what was said. Text that imitates `<|im_end|>` stays text.
    ///
    /// Templates differ in the roles they know. One without a system role gets the
    /// system text at the head of the first user message.
    pub fn render(&self, messages: &[Message]) -> Result<Vec<Segment>, CpuError> {
        let roles: Vec<Role> = messages.iter().map(|message| message.role).collect();
        let known = self.rendered.as_ref().map(Mutex::lock);
        if let Some(text) = known.as_ref().and_then(|known| known.get(&roles)) {
            return Ok(split(text, messages));
        }
        drop(known);
        let text: Arc<str> = self.render_roles(&roles)?.into();
        if let Some(rendered) = &self.rendered {
            let mut rendered = rendered.lock();
            if rendered.len() >= RENDERED_MAX {
                rendered.clear();
            }
            rendered.insert(roles, text.clone());
        }
        Ok(split(&text, messages))
    }

    fn render_roles(&self, roles: &[Role]) -> Result<String, CpuError> {
        let turns: Vec<(Role, String)> = roles
            .iter()
            .enumerate()
            .map(|(i, role)| (*role, format!("{OPEN}{i}{CLOSE}")))
            .collect();
        self.try_render(&turns)
            .or_else(|error| self.try_render(&fold_system(&turns)).map_err(|_| error))
            .map(|text| {
                let closing = thought::closing(&text);
                text + closing
            })
            .map_err(|error| CpuError::Template {
                model: self.model.clone(),
                reason: format!("{error:#}"),
            })
    }

    fn try_render(&self, turns: &[(Role, String)]) -> Result<String, Error> {
        let messages: Vec<Value> = turns
            .iter()
            .map(|(role, content)| {
                let role = match role {
                    Role::System => "system",
                    Role::User => "user",
                    Role::Assistant => "assistant",
                };
                context! { role => role, content => content }
            })
            .collect();
        self.environment.get_template(NAME)?.render(context! {
            messages => messages,
            add_generation_prompt => true,
            // Qwen3 and others; a template that does not know it does not look.
            enable_thinking => false,
            bos_token => self.bos,
            eos_token => self.eos,
        })
    }
}

/// A piece of a rendered prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The text.
    pub text: String,
    /// Whether special tokens in it are meant as such: only in the template's own.
    pub special: bool,
}

// From a private use area, so that no template writes them by itself.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

fn split(rendered: &str, messages: &[Message]) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut push = |text: &str, special: bool| {
        if !text.is_empty() {
            let text = text.to_owned();
            segments.push(Segment { text, special });
        }
    };
    let mut pieces = rendered.split(OPEN);
    push(pieces.next().unwrap_or_default(), true);
    for piece in pieces {
        let (index, rest) = piece.split_once(CLOSE).unwrap_or(("", piece));
        if let Some(message) = index.parse().ok().and_then(|i: usize| messages.get(i)) {
            push(&message.text, false);
        }
        push(rest, true);
    }
    segments
}

fn fold_system(turns: &[(Role, String)]) -> Vec<(Role, String)> {
    let is_system = |turn: &&(Role, String)| turn.0 == Role::System;
    let system: String = turns
        .iter()
        .filter(is_system)
        .map(|turn| turn.1.as_str())
        .collect();
    let mut folded: Vec<_> = turns
        .iter()
        .filter(|turn| !is_system(turn))
        .cloned()
        .collect();
    if let Some(first) = folded.first_mut() {
        first.1 = format!("{system}\n\n{}", first.1);
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Label;

    fn messages() -> Vec<Message> {
        [(Role::System, "Be brief."), (Role::User, "Hi")]
            .map(|(role, text)| Message {
                role,
                text: text.into(),
                label: Label::kernel(),
            })
            .to_vec()
    }

    fn check(source: &str, want: &str) {
        let template = ChatTemplate::new("m", source.into(), "<s>".into(), "</s>".into()).unwrap();
        let segments = template.render(&messages()).unwrap();
        let text: String = segments
            .iter()
            .map(|segment| segment.text.as_str())
            .collect();
        assert_eq!(text, want);
        for segment in segments {
            let said = ["Be brief.", "Hi"].contains(&segment.text.as_str());
            assert_eq!(segment.special, !said, "{segment:?}");
        }
    }

    #[test]
    fn templates_of_several_families() {
        check(
            "{% for m in messages %}<|{{ m['role'] }}|>{{ m.content.strip() }}{{ eos_token }}{% endfor %}\
             {% if add_generation_prompt %}<|assistant|>{% endif %}",
            "<|system|>Be brief.</s><|user|>Hi</s><|assistant|>",
        );
        check(
            "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}\
             {{ bos_token }}{{ messages[0].content }}",
            "<s>Be brief.\n\nHi",
        );
    }

    #[test]
    fn a_broken_template_is_named() {
        let error = ChatTemplate::new("m", "{% if %}".into(), String::new(), String::new());
        assert!(matches!(error, Err(CpuError::Template { .. })));
    }
}
