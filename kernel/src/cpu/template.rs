//! Chat templates: the GGUF's own Jinja, rendered with minijinja.

use minijinja::{Environment, Error, ErrorKind, Value, context};

use super::{CpuError, Message, Role};

/// A compiled chat template with the special tokens it may name.
pub struct ChatTemplate {
    environment: Environment<'static>,
    model: String,
    bos: String,
    eos: String,
}

const NAME: &str = "chat";

impl ChatTemplate {
    /// Compiles `source`, the template of `model`.
    pub fn new(model: &str, source: String, bos: String, eos: String) -> Result<Self, CpuError> {
        let mut environment = Environment::new();
        // What Hugging Face's own renderer offers beyond plain Jinja.
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, message))
        });
        environment.add_function("strftime_now", |format: String| {
            chrono::Local::now().format(&format).to_string()
        });
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
        })
    }

    /// The prompt for `messages`, ready for the assistant to speak.
    ///
    /// Templates differ in the roles they know. One without a system role gets the
    /// system text at the head of the first user message.
    pub fn render(&self, messages: &[Message]) -> Result<String, CpuError> {
        self.try_render(messages)
            .or_else(|error| {
                let folded = fold_system(messages);
                self.try_render(&folded).map_err(|_| error)
            })
            .map_err(|error| CpuError::Template {
                model: self.model.clone(),
                reason: format!("{error:#}"),
            })
    }

    fn try_render(&self, messages: &[Message]) -> Result<String, Error> {
        let messages: Vec<Value> = messages
            .iter()
            .map(|message| {
                let role = match message.role {
                    Role::System => "system",
                    Role::User => "user",
                    Role::Assistant => "assistant",
                };
                context! { role => role, content => message.text }
            })
            .collect();
        self.environment.get_template(NAME)?.render(context! {
            messages => messages,
            add_generation_prompt => true,
            bos_token => self.bos,
            eos_token => self.eos,
        })
    }
}

fn fold_system(messages: &[Message]) -> Vec<Message> {
    let mut folded: Vec<Message> = Vec::new();
    let mut system = String::new();
    for message in messages {
        match message.role {
            Role::System => system.push_str(&message.text),
            _ => folded.push(message.clone()),
        }
    }
    if let Some(first) = folded.first_mut() {
        first.text = format!("{system}\n\n{}", first.text);
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
        let template =
            ChatTemplate::new("m", source.into(), "<s>".into(), "</s>".into()).unwrap();
        assert_eq!(template.render(&messages()).unwrap(), want);
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
