//! Which effects of a plan may stand, whatever wrote them.

use serde_json::Value;

use super::records::plain;
use super::role::{argument, choices, role_of, types};
use super::{Created, EFFECTS_MAX, Pick, Plan, Planned, Role, Said, Slot};

/// A function whose effects may be planned.
#[derive(Clone, Debug)]
pub struct Target {
    /// `device.function`.
    pub name: String,
    /// JSON Schema of its arguments.
    pub parameters: Value,
}

/// A function that reads, from whose results a pick may take.
#[derive(Clone, Debug)]
pub struct Reader {
    /// `device.function`.
    pub name: String,
    /// JSON Schema of its arguments.
    pub parameters: Value,
    /// JSON Schema of its result.
    pub returns: Value,
}

/// The most picks of which each has the arguments for the next.
const PICKS_MAX: usize = 3;
/// Numbers below this tell little of what the user did not say.
const SMALL: u64 = 1_000;
/// The word for the day of the plan, in an argument that says when.
pub(super) const TODAY: &str = "today";

impl Plan {
    /// The plan with only those effects that may stand, and why each of the others may not.
    /// `said` is all that its user said, `targets` are the functions whose effects may be
    /// planned, `readers` those that a pick may take from.
    pub fn checked(
        self,
        said: &Said,
        targets: &[Target],
        readers: &[Reader],
    ) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let mut effects: Vec<Planned> = Vec::new();
        for planned in self.effects {
            let check = Check {
                said,
                readers,
                earlier: &effects,
            };
            match check.effect(&planned, targets) {
                Ok(()) if effects.len() < EFFECTS_MAX => effects.push(planned),
                Ok(()) => problems.push(format!("a plan has at most {EFFECTS_MAX} effects")),
                Err(problem) => problems.push(format!("{}: {problem}", planned.tool)),
            }
        }
        (Self { effects, ..self }, problems)
    }
}

struct Check<'a> {
    said: &'a Said,
    readers: &'a [Reader],
    earlier: &'a [Planned],
}

impl Check<'_> {
    fn effect(&self, planned: &Planned, targets: &[Target]) -> Result<(), String> {
        let target = targets.iter().find(|target| target.name == planned.tool);
        let target = target.ok_or("it is not a tool whose effects may be planned")?;
        for name in required(&target.parameters) {
            if !planned.args.contains_key(name) {
                return Err(format!("the argument {name} is missing"));
            }
        }
        let each = planned.args.values();
        if each.filter(|slot| matches!(slot, Slot::Each(_))).count() > 1 {
            return Err("only one argument may be each of several".to_owned());
        }
        for (name, slot) in &planned.args {
            let schema =
                argument(&target.parameters, name).ok_or(format!("it has no argument {name}"))?;
            let role = role_of(&target.name, name, schema);
            let wrong = |problem: String| format!("{name} {problem}");
            self.slot(slot, role, schema).map_err(wrong)?;
        }
        Ok(())
    }

    fn slot(&self, slot: &Slot, role: Role, schema: &Value) -> Result<(), String> {
        match slot {
            Slot::Literal(value) => self.literal(value, role, schema),
            Slot::OneOf(values) if values.is_empty() => Err("has nothing to choose from".into()),
            Slot::OneOf(values) => values
                .iter()
                .try_for_each(|value| self.literal(value, role, schema)),
            Slot::Text if role == Role::Content => Ok(()),
            Slot::Text => Err("may not be any text: it is no content".into()),
            _ if role == Role::Credential => Err("has to be said by the user".into()),
            Slot::Pick(pick) => self.pick(pick, PICKS_MAX),
            Slot::Each(_) if !matches!(role, Role::Destination | Role::Selector) => {
                Err("may not be each of several: it says neither where nor which".into())
            }
            Slot::Each(pick) => self.pick(pick, PICKS_MAX),
            Slot::AtMost(_) if role != Role::Amount => Err("is no amount".into()),
            Slot::AtMost(pick) => self.pick(pick, PICKS_MAX),
            Slot::Created(created) => self.created(created),
        }
    }

    /// A literal is what the user said, one of the few values that the schema has, or today.
    fn literal(&self, value: &Value, role: Role, schema: &Value) -> Result<(), String> {
        let listed = choices(schema).is_some_and(|all| all.contains(value));
        let today = role == Role::Time && value == TODAY;
        let of_its_kind = !value.is_boolean() || types(schema).iter().any(|t| t == "boolean");
        match listed || today || (of_its_kind && self.said.has(value)) {
            true => Ok(()),
            false => Err(format!("is {value}, which the user did not say")),
        }
    }

    /// What an earlier effect made: nothing that was free in it, which a result often repeats.
    fn created(&self, created: &Created) -> Result<(), String> {
        let Created { by, take } = created;
        let mut made = self.earlier.iter().filter(|effect| effect.tool == *by);
        let name = take.rsplit('.').next().unwrap_or_default();
        let is_free = |effect: &Planned| {
            let mut args = effect.args.iter();
            args.any(|(arg, slot)| *slot == Slot::Text && plain(arg) == plain(name))
        };
        match (made.clone().next(), made.any(is_free)) {
            (None, _) => Err(format!("is of {by}, which is not planned before")),
            (_, true) => Err(format!("is the {name} of {by}, which may be any text")),
            _ => Ok(()),
        }
    }

    /// Whether a read that a pick takes from may have this argument: what the user said, one of a
    /// few, today, or a small number, such as how many are wanted.
    fn may_ask_for(&self, reader: &Reader, name: &str, value: &Value) -> bool {
        let schema = argument(&reader.parameters, name);
        let listed = schema.and_then(choices);
        let is_time = |schema| role_of(&reader.name, name, schema) == Role::Time;
        listed.is_some_and(|all| all.contains(value))
            || value == TODAY && schema.is_some_and(is_time)
            || value.as_u64().is_some_and(|number| number < SMALL)
            || self.said.has_in_any_case(value)
    }

    /// A pick, and those in the arguments of the read that it takes from, `depth` in a row at most.
    fn pick(&self, pick: &Pick, depth: usize) -> Result<(), String> {
        if depth == 0 {
            return Err("is picked out of too many results in a row".into());
        }
        let from = &pick.from;
        let reader = self.readers.iter().find(|reader| reader.name == *from);
        let reader = reader.ok_or(format!("is picked from {from}, which does not read"))?;
        // The gate lets such a read tell these to whoever answers it.
        for (name, value) in &pick.given {
            match Pick::in_argument(value) {
                Some(inner) => self.pick(&inner, depth - 1)?,
                None if self.may_ask_for(reader, name, value) => {}
                None => {
                    return Err(format!(
                        "is picked from {from} with the {name} {value}, which the user did not say"
                    ));
                }
            }
        }
        for inner in pick.is.values().filter_map(Pick::in_argument) {
            self.pick(&inner, depth - 1)?;
        }
        let has = pick.has.values().map(|words| Value::from(words.as_str()));
        let bounds = pick.at_least.values().chain(pick.at_most.values());
        let is = pick.is.values();
        let is = is.filter(|value| Pick::in_argument(value).is_none());
        let mut values = is.chain(bounds).cloned().chain(has);
        let unsaid = values.find(|value| !self.said.has_in_any_case(value));
        match unsaid {
            Some(value) => Err(format!("is picked by {value}, which the user did not say")),
            None => Ok(()),
        }
    }
}

/// The arguments that a call has to give.
pub(super) fn required(parameters: &Value) -> impl Iterator<Item = &str> {
    let names = parameters["required"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str)
}
