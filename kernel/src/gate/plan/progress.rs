//! What is left of a plan, and which of its effects a call matches.

use serde_json::{Map, Value};

use super::check::TODAY;
use super::{Created, Pick, Plan, Planned, Slot, is_nothing, pick, same, same_fields};

/// A plan while its process runs: what was read, what was used up, what was made.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    plan: Option<Plan>,
    /// Of each effect of the plan, how far it is.
    state: Vec<State>,
    reads: Vec<Read>,
    /// The effect under way.
    running: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    Open,
    /// Begun, with what it returned once that is known.
    Used(Option<Value>),
}

/// A result that a pick may take from.
#[derive(Clone, Debug)]
struct Read {
    tool: String,
    args: Value,
    result: Value,
    /// Whether the call was decided before the process read untrusted text.
    before: bool,
}

impl Progress {
    /// The beginning of `plan`; of none, nothing ever matches.
    pub fn of(plan: Option<Plan>) -> Self {
        let effects = plan.as_ref().map_or(0, |plan| plan.effects.len());
        Self {
            plan,
            state: vec![State::Open; effects],
            ..Self::default()
        }
    }

    /// The plan.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// The values that are planned as they are, a line each: the user said them.
    pub fn literals(&self) -> String {
        let effects = self.plan.iter().flat_map(|plan| &plan.effects);
        let slots = effects.flat_map(|effect| effect.args.values());
        let values = slots.flat_map(|slot| match slot {
            Slot::Literal(value) => std::slice::from_ref(value),
            Slot::OneOf(values) => values,
            _ => &[],
        });
        let texts = values.map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        texts.collect::<Vec<_>>().join("\n")
    }

    /// Whether a person agreed to the plan as a whole.
    pub fn is_approved(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.approved)
    }

    /// Takes in what came of a call that worked. `before` says whether the call was decided
    /// before the process read untrusted text.
    pub fn saw(&mut self, tool: &str, args: &Value, text: &str, before: bool) {
        if self.plan.is_none() {
            return;
        }
        let result: Value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        if let Some(at) = self.running.take()
            && let Some(state) = self.state.get_mut(at)
        {
            *state = State::Used(Some(result));
            return;
        }
        self.reads.push(Read {
            tool: tool.to_owned(),
            args: args.clone(),
            result,
            before,
        });
    }

    /// The first effect left that a call of `tool` with `args` matches, counted from 0.
    pub fn matches(&self, tool: &str, args: &Value) -> Option<usize> {
        let effects = self.plan.as_ref()?.effects.iter().enumerate();
        let mut open = effects.filter(|(at, _)| self.state.get(*at) == Some(&State::Open));
        let found = open.find(|(_, planned)| planned.tool == tool && self.fits(planned, args));
        found.map(|(at, _)| at)
    }

    /// The arguments that any text may be, of the effect that a call of `tool` with `args`
    /// matches.
    pub fn texts(&self, tool: &str, args: &Value) -> Option<Vec<String>> {
        let at = self.matches(tool, args)?;
        let planned = self.plan.as_ref()?.effects.get(at)?;
        let texts = planned.args.iter();
        let texts = texts.filter(|(_, slot)| matches!(slot, Slot::Text));
        Some(texts.map(|(name, _)| name.clone()).collect())
    }

    /// Whether there is anything that it may do on its own but calls of `tool`.
    pub fn has_effects_beside(&self, tool: &str) -> bool {
        let mut effects = self.plan.iter().flat_map(|plan| &plan.effects);
        effects.any(|planned| planned.tool != tool)
    }

    /// Whether a call of `tool` with `args` is a read that the plan takes from.
    pub fn expects(&self, tool: &str, args: &Value) -> bool {
        let effects = self.plan.iter().flat_map(|plan| &plan.effects);
        let slots = effects.flat_map(|effect| effect.args.values());
        let mut picks = slots.filter_map(|slot| match slot {
            Slot::Pick(pick) | Slot::AtMost(pick) => Some(pick),
            _ => None,
        });
        let args = given(args.as_object());
        picks.any(|pick| pick.from == tool && same_fields(&args, &pick.given))
    }

    /// The effect `at` begins: nothing else matches it from now on.
    pub fn use_up(&mut self, at: usize) {
        if let Some(state) = self.state.get_mut(at) {
            *state = State::Used(None);
            self.running = Some(at);
        }
    }

    /// The effect under way has ended, whatever became of it.
    pub fn settle(&mut self) {
        self.running = None;
    }

    fn fits(&self, planned: &Planned, args: &Value) -> bool {
        let given = |name: &str| args.get(name).filter(|value| !is_nothing(value));
        let no_others = args.as_object().is_some_and(|args| {
            let mut all = args.iter();
            all.all(|(name, value)| is_nothing(value) || planned.args.contains_key(name))
        });
        no_others
            && planned
                .args
                .iter()
                .all(|(name, slot)| self.takes(slot, given(name)))
    }

    /// Whether a slot takes `value`; `None` where the argument was left out.
    fn takes(&self, slot: &Slot, value: Option<&Value>) -> bool {
        let Some(value) = value else {
            // Content may stay away, and what was planned to be nothing.
            return match slot {
                Slot::Text => true,
                Slot::Literal(planned) => is_nothing(planned),
                _ => false,
            };
        };
        match slot {
            Slot::Text => true,
            Slot::Literal(planned) => self.is(planned, value),
            Slot::OneOf(planned) => planned.iter().any(|planned| self.is(planned, value)),
            Slot::Pick(pick) => self.picked(pick).is_some_and(|taken| meets(&taken, value)),
            Slot::AtMost(pick) => {
                let most = self.picked(pick).and_then(|taken| taken.as_f64());
                let value = value.as_f64().filter(|value| *value > 0.0);
                value.zip(most).is_some_and(|(value, most)| value <= most)
            }
            Slot::Created(created) => {
                let mut made = self.made(created);
                made.any(|made| meets(made, value))
            }
        }
    }

    fn is(&self, planned: &Value, value: &Value) -> bool {
        let day = self.plan.as_ref().map(|plan| plan.made_on);
        let today = || day.map(|day| Value::from(day.format("%Y-%m-%d").to_string()));
        match planned == TODAY {
            true => value == TODAY || today().is_some_and(|today| same(&today, value)),
            false => meets(planned, value),
        }
    }

    /// What `pick` takes out of a result that counts: of the first call with just the
    /// arguments that were planned, else of the call that was decided before anything
    /// untrusted was read.
    fn picked(&self, pick: &Pick) -> Option<Value> {
        let of_the_tool = self.reads.iter().filter(|read| read.tool == pick.from);
        let of_the_tool: Vec<&Read> = of_the_tool.collect();
        let planned = |read: &Read| {
            let args = read.args.as_object();
            let fixed =
                !pick.given.is_empty() || args.is_none_or(|args| args.values().all(is_nothing));
            fixed && same_fields(&given(args), &pick.given)
        };
        // The first that has such a record counts, also where it has too many: whoever wrote them
        // cannot have the call made again for a better one.
        let mut as_planned = of_the_tool.iter().filter(|read| planned(read));
        if let Some(first) = as_planned.find(|read| pick.fits_some(&read.result)) {
            return pick.of(&first.result);
        }
        let before = of_the_tool.iter().filter(|read| read.before);
        let before: Vec<&&Read> = before.collect();
        match (before.as_slice(), pick.given.is_empty()) {
            ([only], _) => pick.of(&only.result),
            (several, true) => several.iter().find_map(|read| pick.of(&read.result)),
            (_, false) => None,
        }
    }

    /// What the effects that `created` names returned.
    fn made<'a>(&'a self, created: &'a Created) -> impl Iterator<Item = &'a Value> {
        let effects = self.plan.iter().flat_map(|plan| &plan.effects);
        effects.zip(&self.state).filter_map(move |(effect, state)| {
            match (effect.tool == created.by, state) {
                (true, State::Used(Some(result))) => pick::field(result, &created.take),
                _ => None,
            }
        })
    }
}

/// Whether `value` is what was planned: the same, or a list of it alone.
fn meets(planned: &Value, value: &Value) -> bool {
    match (planned, value) {
        (Value::Array(_), Value::Array(_)) => same(planned, value),
        (one, Value::Array(list)) => matches!(list.as_slice(), [only] if same(one, only)),
        (Value::Array(list), one) => matches!(list.as_slice(), [only] if same(only, one)),
        _ => same(planned, value),
    }
}

/// The arguments that say something.
fn given(args: Option<&Map<String, Value>>) -> Map<String, Value> {
    let args = args.into_iter().flatten();
    args.filter(|(_, value)| !is_nothing(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
