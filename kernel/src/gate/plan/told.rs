//! A plan in words for people.

use serde_json::Value;

use super::{How, Pick, Plan, Planned, Slot};

impl Plan {
    /// A line for each effect.
    pub fn told(&self) -> Vec<String> {
        self.effects.iter().map(Planned::told).collect()
    }
}

impl Planned {
    /// The effect in a line: `mail.send: to is "bob@a.example", body is any text`.
    pub fn told(&self) -> String {
        let args = self.args.iter();
        let args: Vec<String> = args
            .map(|(name, slot)| format!("{name} is {}", slot.told()))
            .collect();
        match args.is_empty() {
            true => self.tool.clone(),
            false => format!("{}: {}", self.tool, args.join(", ")),
        }
    }
}

impl Slot {
    fn told(&self) -> String {
        match self {
            Slot::Literal(value) => value.to_string(),
            Slot::OneOf(values) => {
                let values: Vec<String> = values.iter().map(Value::to_string).collect();
                values.join(" or ")
            }
            Slot::Pick(pick) => pick.told(),
            Slot::Each(pick) => format!("each of {}", pick.of_all().told()),
            Slot::AtMost(pick) => format!("at most {}", pick.told()),
            Slot::Created(created) if created.take.is_empty() => {
                format!("what {} made", created.by)
            }
            Slot::Created(created) => format!("{} of what {} made", created.take, created.by),
            Slot::Text => "any text".to_owned(),
        }
    }
}

impl Pick {
    /// `the id of the entry of files.list with the greatest size`.
    fn told(&self) -> String {
        let which = match self.how {
            How::Only => "the only entry",
            How::First => "the first entry",
            How::Last => "the last entry",
            How::Max | How::Min => "the entry",
            How::All => "all entries",
        };
        let mut told = match self.take.as_str() {
            "" => format!("{which} of {}", self.from),
            field => format!("the {field} of {which} of {}", self.from),
        };
        if !self.given.is_empty() {
            let given = self.given.iter().map(|(name, value)| argument(name, value));
            told.push_str(&format!(" ({})", given.collect::<Vec<_>>().join(", ")));
        }
        let is = self.is.iter().map(|(name, value)| argument(name, value));
        let has = self
            .has
            .iter()
            .map(|(name, words)| format!("\"{words}\" in {name}"));
        let bounds = [(&self.at_least, "at least"), (&self.at_most, "at most")];
        let bounds = bounds.into_iter().flat_map(|(bounds, word)| {
            let bounds = bounds.iter();
            bounds.map(move |(name, bound)| format!("{name} {word} {bound}"))
        });
        let mut with: Vec<String> = is.chain(has).chain(bounds).collect();
        match self.how {
            How::Max => with.push(format!("the greatest {}", self.by)),
            How::Min => with.push(format!("the least {}", self.by)),
            _ => {}
        }
        if !with.is_empty() {
            told.push_str(&format!(" with {}", with.join(" and ")));
        }
        told
    }
}

/// An argument or a field with its value, or with what is picked for it.
fn argument(name: &str, value: &Value) -> String {
    match Pick::in_argument(value) {
        Some(pick) => format!("{name} {}", pick.told()),
        None => format!("{name} {value}"),
    }
}
