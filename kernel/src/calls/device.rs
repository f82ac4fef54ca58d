//! `device.function`: a call of a tool.

use quipu_tools::{Bus, Capability, Effect, KEY_ARGUMENT, Resolved, ToolError};
use serde_json::Value;

use super::world::Hands;
use super::{Body, Facts, InWorld, Said, Sight, Spec, Syscall, SystemCall, Written};
use crate::gate::secrets_wanted;
use crate::label::{Label, Trust};

/// Call a function of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// `device.function`.
    pub tool: String,
    /// Its arguments.
    pub args: Value,
}

impl SystemCall for Call {
    const SPEC: Spec = Spec {
        name: "tool",
        written: Written::AnyTool,
        description: "Runs a tool.",
        // Each function of a device has a schema of its own.
        parameters: |_| None,
        sight: Sight::Always,
        useful: |_| true,
        effect: Effect::Read,
        needs: &[],
        parse: |action| {
            Ok(Syscall::Call(Self {
                tool: action.name.to_owned(),
                args: action.args.clone(),
            }))
        },
    };

    fn body(self) -> Body {
        Body::World(Box::new(self))
    }

    fn facts(&self, bus: &Bus, said: &dyn Fn() -> String) -> Facts {
        let own = Facts::of(&Self::SPEC);
        match bus.resolve(&self.tool) {
            Ok(function) => Facts {
                // All of its arguments, however many were written: a rule is about the function.
                name: function.name(),
                effect: function.effect(),
                needs: needs(&function, &self.args),
                held: function.device().granted.clone(),
                said: said(),
                args: Some(self.args.clone()),
                roles: function.roles(),
                function: Some(Ok(function)),
                ..own
            },
            // No function, nothing to guard: the call itself says what is wrong.
            Err(error) => Facts {
                function: Some(Err(error)),
                ..own
            },
        }
    }
}

impl InWorld for Call {
    fn run(self: Box<Self>, hands: &Hands<'_>) -> Said {
        let level = hands.level();
        let floor = level.trust;
        let nothing = Label::kernel().held_to(level);
        let function = match hands.function() {
            Some(Ok(function)) => function,
            Some(Err(error)) => return Said::new(false, failure(error), nothing),
            None => return Said::new(false, "error: no tool was looked up", nothing),
        };
        let device = function.device();
        // A closed device that comes with this program only transforms the process's own words.
        // An open one brings in words of strangers, and a stranger's device says what it likes.
        // The needs of the function count, not those of these arguments.
        let is_news = !device.is_vouched_for() || reads_the_world(&function.function().needs);
        let trust = match is_news {
            true => Trust::Untrusted,
            false => floor,
        };
        // A device that remembers may repeat what it was told.
        let secrecy = hands.rules().secrecy_of(&function.name()).max(hands.told());
        let label = |trust| Label::new(format!("tool:{}", device.name), trust).kept(secrecy);
        let mut args = self.args;
        if function.function().takes_a_key() {
            args[KEY_ARGUMENT] = hands.key().into();
        }
        let said = match function.call(&args, hands.context()) {
            Ok(value) => {
                let vouched = hands.rules().vouch_for(&function.name(), &value);
                let label = label(if vouched { floor } else { trust });
                let text = match value {
                    Value::String(text) => text,
                    value => concise(value),
                };
                Said::new(true, text, label)
            }
            Err(error) => Said::new(false, failure(&error), label(trust)),
        };
        // A program may make a text readable that was not: by decoding it, or by joining its
        // parts.
        let is_news = is_news || function.function().program.is_some();
        Said { is_news, ..said }
    }
}

/// The capabilities that a call of `function` with `args` needs, including the secrets that the
/// arguments name.
fn needs(function: &Resolved, args: &Value) -> Vec<Capability> {
    let mut needs = function.needs(args);
    needs.extend(
        secrets_wanted(args)
            .filter(|need| !needs.contains(need))
            .collect::<Vec<_>>(),
    );
    needs
}

/// Whether `function` returns a page of the open network, which everybody can read: it opens an
/// address, on behalf of nobody in particular.
pub(crate) fn reads_open_pages(function: &Resolved) -> bool {
    let device = function.device();
    let is_net = |need: &Capability| matches!(need, Capability::Net { .. });
    let mut needs = function.function().needs.iter().chain(&device.requests);
    device.is_vouched_for() && function.function().url_argument.is_some() && needs.all(is_net)
}

/// The function `name` of a device, to see what a call of it would do; `None` where there is
/// none.
pub(crate) fn look_up(bus: &Bus, name: &str) -> Option<Resolved> {
    bus.resolve(name).ok()
}

/// Whether the function `name` of a device does more than look at something.
pub(crate) fn changes_something(bus: &Bus, name: &str) -> bool {
    let function = look_up(bus, name);
    function.is_some_and(|function| function.effect() == Effect::Write)
}

/// Whether a device with these capabilities brings in untrusted text: anything from outside the
/// machine is untrusted.
pub(crate) fn reads_the_world(requests: &[Capability]) -> bool {
    requests.iter().any(|need| {
        matches!(
            need,
            Capability::Net { .. }
                | Capability::FsRead { .. }
                // What may be written may be read again later.
                | Capability::FsWrite { .. }
                | Capability::Env { .. }
                | Capability::Secret { .. }
                | Capability::Spawn
        )
    })
}

/// A result in few words: without empty fields, and as bare text if nothing else is left.
fn concise(value: Value) -> String {
    let whole = value.to_string();
    let Value::Object(mut fields) = value else {
        return whole;
    };
    fields.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
    let mut values = fields.values();
    match (values.next(), values.next()) {
        (None, _) => whole,
        (Some(Value::String(text)), None) => text.trim_end().to_owned(),
        _ => Value::Object(fields).to_string(),
    }
}

/// A failed call in words for the model: what went wrong and what to try.
fn failure(error: &ToolError) -> String {
    let mut text = format!("error: {}", error.message);
    if !error.hint.is_empty() {
        text.push_str(&format!(" ({})", error.hint));
    }
    text
}
