//! Messages with pictures, as a template knows them.
//!
//! The projector lays out a picture with the tokens around it, so what the template writes for
//! the picture itself is taken out again: [`Segment::pictures`](super::Segment::pictures) goes
//! there. What else the template writes stays, and differs from what it writes for a text alone:
//! SmolVLM's has no blank behind `User:` where a picture follows.
//!
//! What a template writes for a picture is what it writes more for two than for one. Where that
//! does not stand right before the text, or the pictures are numbered, messages are written
//! without them, and the pictures stand before their text: llama.cpp lays out all of them so.

use minijinja::{Value, context};

use super::marks::{added_before, mark, without_before};
use super::{ChatTemplate, Outline, named};
use crate::Role;

impl ChatTemplate {
    /// Whether pictures are written as the template has them: else they stand before their text,
    /// and the template knows nothing of them.
    pub fn knows_pictures(&self) -> bool {
        self.placeholder().is_some()
    }

    /// What the template writes for `outline` without what it writes for the pictures themselves;
    /// `None` where there are none, or where it does not know them.
    pub(super) fn with_pictures(&self, outline: &[Outline]) -> Option<String> {
        if outline.iter().all(|(_, pictures)| *pictures == 0) {
            return None;
        }
        let placeholder = self.placeholder()?;
        let messages = outline.iter().enumerate().map(message).collect();
        let text = self.whole(messages, outline).ok()?;
        let mut pictures = outline.iter().map(|(_, pictures)| *pictures).enumerate();
        pictures.try_fold(text, |text, (index, count)| {
            without_before(&text, index, placeholder, count)
        })
    }

    /// What the template writes for one picture.
    fn placeholder(&self) -> Option<&str> {
        let placeholder = self.placeholder.get_or_init(|| {
            let written = |count| {
                let outline = [(Role::User, count)];
                let messages = outline.iter().enumerate().map(message).collect();
                self.whole(messages, &outline).ok()
            };
            added_before(&written(1)?, &written(2)?, 0)
        });
        placeholder.as_deref()
    }
}

/// Message `index` of an outline: its pictures, then the mark of its text.
fn message((index, (role, pictures)): (usize, &Outline)) -> Value {
    let pictures = (0..*pictures).map(|_| context! { type => "image" });
    let text = context! { type => "text", text => mark(index) };
    let parts: Vec<Value> = pictures.chain([text]).collect();
    context! { role => named(*role), content => parts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, Picture};

    fn template(source: &str) -> ChatTemplate {
        ChatTemplate::new("m", source.into(), "<s>".into(), "</s>".into()).unwrap()
    }

    fn messages(pictures: usize) -> [Message; 2] {
        let picture = Picture::new(1, 1, vec![0; 3]).unwrap();
        let system = Message::new(Role::System, "Be brief.");
        let user = Message::new(Role::User, "Hi");
        let pictures = vec![picture; pictures];
        [system, Message { pictures, ..user }]
    }

    /// What `source` makes of a window whose user shows as many pictures, each as `#`.
    fn rendered(source: &str, pictures: usize) -> String {
        let segments = template(source).render(&messages(pictures)).unwrap();
        let shown = segments
            .iter()
            .map(|segment| "#".repeat(segment.pictures.len()) + &segment.text);
        shown.collect()
    }

    /// As SmolVLM has it.
    const BLANK: &str = "{% for m in messages %}{{ m.role }}{% if m.content[0].type == 'image' %}:\
        {% else %}: {% endif %}{% for part in m.content %}{% if part.type == 'text' %}\
        {{ part.text }}{% elif part.type == 'image' %}<image>{% endif %}{% endfor %}</s>{% endfor %}";
    /// As Qwen2.5-VL has it, with texts alone in another form.
    const AROUND: &str = "{% for m in messages %}<{{ m.role }}>{% if m.content is string %}\
        {{ m.content }}{% else %}{% for part in m.content %}{% if part.type == 'image' %}\
        <start><pad><end>{% else %}{{ part.text | trim }}{% endif %}{% endfor %}{% endif %}{% endfor %}";
    /// One that knows nothing but texts.
    const TEXT: &str = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}";
    /// One that counts pictures.
    const NUMBERED: &str = "{% for m in messages %}<{{ m.role }}>{% for part in m.content %}\
        {% if part.type == 'image' %}<image {{ loop.index }}>{% else %}{{ part.text }}{% endif %}\
        {% endfor %}{% endfor %}";

    #[test]
    fn pictures_stand_where_the_template_has_them() {
        let check = |source: &str, pictures: usize, want: &str| {
            assert_eq!(rendered(source, pictures), want, "{source}");
        };
        check(BLANK, 0, "system: Be brief.</s>user: Hi</s>");
        check(BLANK, 1, "system: Be brief.</s>user:#Hi</s>");
        check(BLANK, 2, "system: Be brief.</s>user:##Hi</s>");
        check(AROUND, 0, "<system>Be brief.<user>Hi");
        check(AROUND, 1, "<system>Be brief.<user>#Hi");
        check(AROUND, 2, "<system>Be brief.<user>##Hi");
        check(TEXT, 1, "<system>Be brief.<user>#Hi");
        check(NUMBERED, 2, "<system>Be brief.<user>##Hi");
    }

    #[test]
    fn a_template_that_knows_no_pictures_says_so() {
        let check = |source: &str, want: bool| {
            assert_eq!(template(source).knows_pictures(), want, "{source}");
        };
        check(BLANK, true);
        check(AROUND, true);
        check(TEXT, false);
        check(NUMBERED, false);
    }
}
