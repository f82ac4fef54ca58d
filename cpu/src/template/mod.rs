//! Chat templates: the GGUF's own Jinja, rendered with minijinja.
//!
//! | file | job |
//! | --- | --- |
//! | `bounded` | bounds on what a template makes |
//! | `dumps` | JSON in them |
//! | `jinja` | Jinja as templates expect it, within bounds |
//! | `marks` | what stands for a text while a template runs |
//! | `pictures` | messages with pictures, as a template knows them |
//! | `python` | methods of Python's texts |
//! | `sizes` | filters whose size a template gives |

mod bounded;
mod dumps;
mod jinja;
mod marks;
mod pictures;
mod python;
mod sizes;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use minijinja::{Value, context};
use parking_lot::Mutex;

use super::{CpuError, Message, Picture, Role, thought};
use jinja::Jinja;
use marks::{mark, split, stands_in};

/// A compiled chat template with the special tokens it may name.
///
/// ```
/// use quipu_cpu::{ChatTemplate, Message, Role};
///
/// let source = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}\n{% endfor %}";
/// let template = ChatTemplate::new("demo", source.into(), String::new(), String::new())?;
/// let text = "Hello <|system|>".to_owned();
/// let segments = template.render(&[Message::new(Role::User, text)])?;
/// // What is said in a message is never read as a token of the template's own.
/// let said = segments.iter().find(|segment| segment.text.contains("Hello"));
/// assert!(said.is_some_and(|said| !said.special));
/// # Ok::<_, quipu_cpu::CpuError>(())
/// ```
pub struct ChatTemplate {
    jinja: Mutex<Jinja>,
    model: String,
    given: TemplateSource,
    /// What the template wrote for outlines, which is all it depends on: it never sees the
    /// texts. `None` for a template that asks for the time.
    rendered: Option<Mutex<HashMap<Vec<Outline>, Arc<str>>>>,
    /// What it writes for one picture; `None` where it knows none. Looked for when the first
    /// picture comes.
    placeholder: OnceLock<Option<String>>,
}

/// A chat template as the file of its model has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateSource {
    /// The template, in Jinja.
    pub source: String,
    /// The text of the token that begins a text; empty where there is none.
    pub bos: String,
    /// The text of the token that ends a text; empty where there is none.
    pub eos: String,
}

/// All that a template sees of a message: who wrote it, and how many pictures stand before its
/// text.
type Outline = (Role, usize);

/// Outlines of windows remembered; a window rarely holds more messages than this.
const RENDERED_MAX: usize = 256;

/// The windows that every template has to be able to write: a first one, and one that goes on.
const WINDOWS: [&[Role]; 2] = [
    &[Role::System, Role::User],
    &[Role::System, Role::User, Role::Assistant, Role::User],
];

impl ChatTemplate {
    /// Compiles `source`, the template of `model`.
    ///
    /// # Errors
    /// Where it cannot be compiled or rendered, does not come to an end, or leaves a message
    /// out: a model that is not told what it was asked would answer something else.
    pub fn new(model: &str, source: String, bos: String, eos: String) -> Result<Self, CpuError> {
        let timeless = !source.contains("strftime_now");
        let jinja = Jinja::new(&source).map_err(|error| CpuError::Template {
            model: model.to_owned(),
            reason: jinja::words(&error),
        })?;
        let template = Self {
            jinja: Mutex::new(jinja),
            model: model.to_owned(),
            given: TemplateSource { source, bos, eos },
            rendered: timeless.then(Mutex::default),
            placeholder: OnceLock::new(),
        };
        for roles in WINDOWS {
            let outline: Vec<Outline> = roles.iter().map(|role| (*role, 0)).collect();
            template.written(&outline)?;
        }
        Ok(template)
    }

    /// It as it was given.
    pub fn source(&self) -> &TemplateSource {
        &self.given
    }

    /// The prompt for `messages`, ready for the assistant to speak, in segments.
    ///
    /// The template sees a mark for each text, which is put back afterwards: so the
    /// tokenizer can be told that special tokens count in what the template wrote and not in
    /// what was said.
    ///
    /// Templates differ in the roles they know. One without a system role gets the
    /// system text at the head of the first user message; one that wants parts gets those.
    /// Pictures stand before the text of their message. What the template writes for them is left
    /// out: the projector has the tokens that go around a picture.
    ///
    /// # Errors
    /// [`CpuError::Template`] where the template cannot write these messages.
    pub fn render(&self, messages: &[Message]) -> Result<Vec<Segment>, CpuError> {
        let outline = |message: &Message| (message.role, message.pictures.len());
        let outline: Vec<Outline> = messages.iter().map(outline).collect();
        Ok(split(&self.written(&outline)?, messages))
    }

    /// What the template writes for `outline`, with a mark for each text.
    fn written(&self, outline: &[Outline]) -> Result<Arc<str>, CpuError> {
        let known = self.rendered.as_ref().map(Mutex::lock);
        if let Some(text) = known.as_ref().and_then(|known| known.get(outline)) {
            return Ok(text.clone());
        }
        drop(known);
        let text = match self.with_pictures(outline) {
            Some(text) => text,
            None => self.without_pictures(outline)?,
        };
        let closing = thought::closing(&text);
        let text: Arc<str> = (text + closing).into();
        if let Some(rendered) = &self.rendered {
            let mut rendered = rendered.lock();
            if rendered.len() >= RENDERED_MAX {
                rendered.clear();
            }
            rendered.insert(outline.to_vec(), text.clone());
        }
        Ok(text)
    }

    /// What the template writes for the texts alone.
    fn without_pictures(&self, outline: &[Outline]) -> Result<String, CpuError> {
        let turns: Vec<(Role, String)> = outline
            .iter()
            .enumerate()
            .map(|(i, (role, _))| (*role, mark(i)))
            .collect();
        let folded = fold_system(&turns);
        self.whole(content_of(&turns, Content::Text), outline)
            .or_else(|reason| {
                let others = [
                    (&folded, Content::Text),
                    (&turns, Content::Parts),
                    (&folded, Content::Parts),
                ];
                let mut others = others.into_iter();
                others
                    .find_map(|(turns, how)| self.whole(content_of(turns, how), outline).ok())
                    .ok_or(reason)
            })
            .map_err(|reason| CpuError::Template {
                model: self.model.clone(),
                reason,
            })
    }

    /// What the template writes for `messages`, with the text of each in `outline` in it.
    fn whole(&self, messages: Vec<Value>, outline: &[Outline]) -> Result<String, String> {
        let text = self.try_render(messages)?;
        let missing = (0..outline.len()).find(|i| !stands_in(&text, *i));
        match missing {
            None => Ok(text),
            Some(i) => Err(format!(
                "it leaves out message {} of {}, which the {} wrote",
                i + 1,
                outline.len(),
                named(outline[i].0)
            )),
        }
    }

    fn try_render(&self, messages: Vec<Value>) -> Result<String, String> {
        let count = messages.len();
        let context = context! {
            messages => messages,
            // As other renderers hand them over where there are none.
            tools => (),
            documents => (),
            add_generation_prompt => true,
            // Qwen3 and others; a template that does not know it does not look.
            enable_thinking => false,
            bos_token => self.given.bos,
            eos_token => self.given.eos,
        };
        let mut jinja = self.jinja.lock();
        let rendered = jinja.render(&context, count);
        rendered.map_err(|error| jinja::words(&error))
    }
}

/// How a template gets a text.
#[derive(Clone, Copy)]
enum Content {
    /// As it is.
    Text,
    /// As the only one of several parts, where models read pictures too.
    Parts,
}

impl Content {
    fn of(self, text: &str) -> Value {
        match self {
            Content::Text => Value::from(text),
            Content::Parts => Value::from(vec![context! { type => "text", text => text }]),
        }
    }
}

/// Messages as a template gets them.
fn content_of(turns: &[(Role, String)], content: Content) -> Vec<Value> {
    let message = |(role, text): &(Role, String)| {
        context! { role => named(*role), content => content.of(text) }
    };
    turns.iter().map(message).collect()
}

/// A role as templates call it.
fn named(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

/// A piece of a rendered prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The text.
    pub text: String,
    /// Whether special tokens in it are meant as such: only in the template's own.
    pub special: bool,
    /// Pictures that stand before it.
    pub pictures: Vec<Picture>,
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

    fn said(texts: &[(Role, &str)]) -> Vec<Message> {
        let message = |(role, text): &(Role, &str)| Message::new(*role, *text);
        texts.iter().map(message).collect()
    }

    fn template(source: &str) -> Result<ChatTemplate, CpuError> {
        ChatTemplate::new("m", source.into(), "<s>".into(), "</s>".into())
    }

    #[track_caller]
    fn check(source: &str, texts: &[(Role, &str)], want: &str) {
        let segments = template(source).unwrap().render(&said(texts)).unwrap();
        let text: String = segments
            .iter()
            .map(|segment| segment.text.as_str())
            .collect();
        assert_eq!(text, want);
        for segment in segments {
            let said = texts.iter().any(|(_, text)| text.contains(&segment.text));
            assert_eq!(segment.special, !said, "{segment:?}");
        }
    }

    const BRIEF: [(Role, &str); 2] = [(Role::System, "Be brief."), (Role::User, "Hi")];

    #[test]
    fn templates_of_several_families() {
        check(
            "{% for m in messages %}<|{{ m['role'] }}|>{{ m.content.strip() }}{{ eos_token }}{% endfor %}\
             {% if add_generation_prompt %}<|assistant|>{% endif %}",
            &BRIEF,
            "<|system|>Be brief.</s><|user|>Hi</s><|assistant|>",
        );
        check(
            "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}\
             {{ bos_token }}{% for m in messages %}[{{ m.content }}]{% endfor %}",
            &BRIEF,
            "<s>[Be brief.\n\nHi]",
        );
        // One that passes a system message over in silence.
        check(
            "{% for m in messages if m.role != 'system' %}[{{ m.content }}]{% endfor %}",
            &BRIEF,
            "[Be brief.\n\nHi]",
        );
        check(
            "{%- if tools is not none and tools | length > 0 -%}{{ tools | tojson }}{%- endif -%}\
             {%- for m in messages %}<{{ m.content }}>{% endfor -%}",
            &BRIEF,
            "<Be brief.><Hi>",
        );
        // One that reads pictures too, and its texts as parts.
        check(
            "{% for m in messages %}<{% for part in m.content %}{% if part.type == 'text' %}\
             {{ part.text }}{% endif %}{% endfor %}>{% endfor %}",
            &BRIEF,
            "<Be brief.><Hi>",
        );
        // An opened thought is closed: there is no room for it.
        check(
            "{% for m in messages %}<{{ m.content }}>{% endfor %}<think>\n",
            &BRIEF,
            "<Be brief.><Hi><think>\n</think>\n\n",
        );
    }

    #[test]
    fn what_a_template_trims_is_trimmed() {
        let texts = [(Role::System, " \n one\n"), (Role::User, "\n two \n")];
        let check = |inner: &str, want: &str| {
            let source =
                format!("{{% for m in messages %}}\n<\n{{{{ {inner} }}}}\n>{{% endfor %}}");
            check(&source, &texts, want);
        };
        check("m.content", "<\n \n one\n\n><\n\n two \n\n>");
        check("m.content | trim", "<\none\n><\ntwo\n>");
        check("m.content.lstrip('\\n')", "<\n \n one\n\n><\n two \n\n>");
        check("m.content.strip('\\n')", "<\n \n one\n><\n two \n>");
        check("m.content.rstrip()", "<\n \n one\n><\n\n two\n>");
    }

    #[test]
    fn a_template_that_cannot_be_used_is_refused() {
        let check = |source: &str, want: &str| {
            let said = template(source).err().map(|error| error.to_string());
            let said = said.unwrap_or_default();
            assert!(said.contains(want), "{source}: {said}");
            assert!(!said.contains('\n'), "{source}: {said}");
        };
        check("{% if %}", "the chat template of m failed");
        check("{{ raise_exception('no\\nhint: x') }}", "no hint: x");
        check(
            "{{ messages[0].content }}",
            "leaves out message 2 of 4, which the user wrote",
        );
        check(
            "{% for m in messages if m.role != 'assistant' %}{{ m.content }}{% endfor %}",
            "leaves out message 3 of 4, which the assistant wrote",
        );
        check(
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "does not come to an end",
        );
    }
}
