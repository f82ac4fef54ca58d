//! A call with all that is known of it: looked up once, before the gate.

use std::sync::Arc;

use quipu_tools::{Bus, Capability, Effect, Grants, Role, Roles, ToolError};
use serde_json::{Value, json};

use super::world::World;
use super::{Body, Spec, Syscall};
use crate::gate::{Guarded, Known, Request, tells_nothing};
use crate::label::Secrecy;

/// What the gate has to know of a call.
pub(crate) struct Facts {
    pub(crate) name: String,
    pub(crate) effect: Effect,
    pub(crate) needs: Vec<Capability>,
    /// What was granted to its device in particular.
    pub(crate) held: Grants,
    /// What the user said to the process, and what was planned.
    pub(crate) said: String,
    /// Pages of the open network that the process has read.
    pub(crate) pages: Vec<Arc<str>>,
    /// How many values that each tell a little it and its family have told with earlier calls.
    pub(crate) told: usize,
    /// The function of the device, or why there is none; `None` for a call of the kernel's own.
    pub(crate) function: Option<Result<quipu_tools::Resolved, ToolError>>,
    /// Its arguments, if the user's rules speak of it.
    pub(crate) args: Option<Value>,
    /// The roles of the arguments, as far as they are known.
    pub(crate) roles: Roles,
}

impl Facts {
    /// The facts of a call of the kernel's own.
    pub(crate) fn of(spec: &Spec) -> Self {
        Self {
            name: spec.name.to_owned(),
            effect: spec.effect,
            needs: spec.needs.to_vec(),
            held: Grants::default(),
            said: String::new(),
            pages: Vec::new(),
            told: 0,
            function: None,
            args: None,
            roles: Roles::new(),
        }
    }

    /// The same with arguments and their roles, so that the user's rules speak of the call.
    pub(crate) fn with_args(self, args: Value, roles: &[(&str, Role)]) -> Self {
        let roles = roles.iter().map(|(name, role)| ((*name).to_owned(), *role));
        Self {
            args: Some(args),
            roles: roles.collect(),
            ..self
        }
    }

    fn request<'a>(&'a self, key: &'a str) -> Request<'a> {
        let function = self.function.as_ref().and_then(|found| found.as_ref().ok());
        Request {
            name: &self.name,
            effect: self.effect,
            needs: &self.needs,
            held: &self.held,
            known: Known {
                said: &self.said,
                pages: &self.pages,
                form: function.map(|function| &function.function().parameters),
                told: self.told,
            },
            key,
            args: self.args.as_ref(),
            roles: &self.roles,
        }
    }
}

/// A call that is judged and never carried out.
pub struct Trial(Facts);

impl Trial {
    /// A call of `tool` with `args` by a process whose user has said the words `said`. A tool
    /// that is not on the `bus` is taken to change something and to need nothing.
    ///
    /// # Errors
    /// What is wrong with the call, in words.
    pub fn of(bus: &Bus, tool: &str, args: &Value, said: &str) -> Result<Self, String> {
        let call = Syscall::from_action(&json!({ "tool": tool, "args": args }))?;
        let facts = call.facts(bus, &|| said.to_owned());
        let unknown = matches!(facts.function, Some(Err(_)));
        Ok(Self(match unknown {
            false => facts,
            true => Facts {
                name: tool.to_owned(),
                effect: Effect::Write,
                ..facts.with_args(args.clone(), &[])
            },
        }))
    }

    /// Whether there is such a tool.
    pub fn is_known(&self) -> bool {
        !matches!(self.0.function, Some(Err(_)))
    }
}

impl Guarded for Trial {
    fn request(&self) -> Request<'_> {
        self.0.request("")
    }
}

/// A system call of one step of a process, looked up.
pub(crate) struct Resolved {
    call: Syscall,
    body: Body,
    facts: Facts,
    /// Hash of its process, its step, its tool as it is, and its arguments.
    key: String,
}

impl Resolved {
    /// `call` as `world` reaches it.
    pub(crate) fn of(world: &World, call: Syscall) -> Self {
        let mut facts = world.facts(&call);
        if matches!(facts.function, Some(Ok(_))) {
            facts.pages = world.pages.clone();
            facts.told = world.told;
        }
        let component = match &facts.function {
            Some(Ok(function)) => function.device().hash.clone().unwrap_or_default(),
            _ => String::new(),
        };
        let text = format!("{:?}", (world.pid, world.n, component, &call));
        Self {
            key: blake3::hash(text.as_bytes()).to_hex()[..32].to_owned(),
            body: call.clone().body(),
            facts,
            call,
        }
    }

    /// The key that tells this very call from every other.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The secrecy of what the call tells, if the process that makes it has read text as secret
    /// as `floor`.
    pub(crate) fn told(&self, floor: Secrecy) -> Secrecy {
        match tells_nothing(&self.request()) {
            true => Secrecy::Public,
            false => floor,
        }
    }

    /// Whether the call only reads, outside the process, so that others may run beside it.
    pub(crate) fn reads_the_world(&self) -> bool {
        self.facts.effect == Effect::Read && self.is_in_world()
    }

    /// Whether a device or the disk carries it out.
    pub(crate) fn is_in_world(&self) -> bool {
        matches!(self.body, Body::World(_))
    }

    /// Whether the call may be repeated when its outcome was not recorded.
    pub(crate) fn is_redoable(&self, world: &World) -> bool {
        match &self.facts.function {
            // A device that uses the key can tell a repeated call from a new one.
            Some(Ok(function)) if function.function().takes_a_key() => {
                function.device().is_vouched_for()
            }
            // A stranger's tool may call itself read-only. That is not believed if it can reach
            // anything.
            Some(_) => self.facts.effect == Effect::Read,
            None => self.call.is_redoable(world),
        }
    }

    /// The part that carries the call out, and the function of a device for it.
    pub(crate) fn into_parts(self) -> (Body, Option<Result<quipu_tools::Resolved, ToolError>>) {
        (self.body, self.facts.function)
    }
}

impl Guarded for Resolved {
    fn request(&self) -> Request<'_> {
        self.facts.request(&self.key)
    }
}
