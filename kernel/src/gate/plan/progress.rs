//! What is left of a plan, and which of its effects a call matches.

use serde_json::{Map, Value};

use super::check::TODAY;
use super::echo::repeats;
use super::records::field;
use super::role::makes_something;
use super::{Created, Pick, Plan, Planned, Slot, is_nothing, same};

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

/// How far an effect is.
#[derive(Clone, Debug, Default)]
struct State {
    /// Whether it is used up.
    used_up: bool,
    /// Of one for each of several values, those that had theirs.
    had: Vec<Value>,
    /// What it returned, each with the free texts that it was made with.
    made: Vec<(Value, Vec<Value>)>,
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
            state: vec![State::default(); effects],
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

    /// Whether an effect of the plan is under way.
    pub(crate) fn is_under_way(&self) -> bool {
        self.running.is_some()
    }

    /// Takes in what came of a call that worked, with the `args` that the tool was given: texts in
    /// the place of their handles. `before` says whether the call was decided before the process
    /// read untrusted text.
    pub fn saw(&mut self, tool: &str, args: &Value, text: &str, before: bool) {
        if self.plan.is_none() {
            return;
        }
        let result: Value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        if let Some(at) = self.running.take() {
            let texts = self.free_texts(at, args);
            if let Some(state) = self.state.get_mut(at) {
                state.made.push((result, texts));
                return;
            }
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
        let effects = self.plan.as_ref()?.effects.iter().zip(&self.state);
        let mut effects = effects.enumerate();
        let found = effects.find(|(_, (planned, state))| {
            !state.used_up && planned.tool == tool && self.fits(planned, args, state)
        });
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

    /// The values in `args` of a call that the effect `at` is, which any text could have been.
    fn free_texts(&self, at: usize, args: &Value) -> Vec<Value> {
        let planned = self.plan.as_ref().and_then(|plan| plan.effects.get(at));
        let slots = planned.into_iter().flat_map(|planned| &planned.args);
        let free = slots.filter(|(_, slot)| matches!(slot, Slot::Text));
        free.filter_map(|(name, _)| args.get(name).cloned())
            .collect()
    }

    /// Whether there is anything that it may do on its own but calls of `tool`.
    pub fn has_effects_beside(&self, tool: &str) -> bool {
        let mut effects = self.plan.iter().flat_map(|plan| &plan.effects);
        effects.any(|planned| planned.tool != tool)
    }

    /// Whether a call of `tool` with `args` is a read that the plan takes from. What is picked for
    /// its arguments may be `told` to whoever answers it, or may not: then only what the user said
    /// counts.
    pub fn expects(&self, tool: &str, args: &Value, told: bool) -> bool {
        let effects = self.plan.iter().flat_map(|plan| &plan.effects);
        let slots = effects.flat_map(|effect| effect.args.values());
        let mut picks = slots.filter_map(|slot| match slot {
            Slot::Pick(pick) | Slot::Each(pick) | Slot::AtMost(pick) => Some(pick),
            _ => None,
        });
        let args = given(args.as_object());
        picks.any(|pick| self.reads_for(pick, tool, &args, told))
    }

    /// Whether a call of `tool` with `args` is what `pick` takes from, or a pick that stands in it.
    fn reads_for(&self, pick: &Pick, tool: &str, args: &Map<String, Value>, told: bool) -> bool {
        let is_picked = pick
            .given
            .values()
            .any(|value| Pick::in_argument(value).is_some());
        if pick.from == tool && (told || !is_picked) {
            let planned = self.arguments(pick);
            if planned.is_some_and(|planned| self.are(args, &planned)) {
                return true;
            }
        }
        let mut inner = pick.inner();
        inner.any(|inner| self.reads_for(&inner, tool, args, told))
    }

    /// The effect `at` begins with a call that has `args`: nothing else matches it from now on, but
    /// for the other values of one for each of several.
    pub fn use_up(&mut self, at: usize, args: &Value) {
        let each = self.each(at, args);
        let Some(state) = self.state.get_mut(at) else {
            return;
        };
        self.running = Some(at);
        state.used_up = match each {
            None => true,
            Some((value, all)) => {
                state.had.push(value);
                state.had.len() >= all
            }
        };
    }

    /// Of an effect for each of several values, which of them a call with `args` is for, and how
    /// many there are; `None` where it is for one call, or for a value that is not among them.
    fn each(&self, at: usize, args: &Value) -> Option<(Value, usize)> {
        let planned = self.plan.as_ref()?.effects.get(at)?;
        let mut slots = planned.args.iter();
        let (name, pick) = slots.find_map(|(name, slot)| match slot {
            Slot::Each(pick) => Some((name, pick)),
            _ => None,
        })?;
        let all = self.picked(&pick.of_all())?;
        let all = all.as_array()?;
        let given = args.get(name)?;
        let value = all.iter().find(|value| meets(value, given))?;
        Some((value.clone(), all.len()))
    }

    /// The effect under way has ended, whatever became of it.
    pub fn settle(&mut self) {
        self.running = None;
    }

    fn fits(&self, planned: &Planned, args: &Value, state: &State) -> bool {
        // What is there already can be emptied by an empty argument.
        let makes = makes_something(&planned.tool);
        let is_left_out = |value: &Value| value.is_null() || (makes && is_nothing(value));
        let given = |name: &str| args.get(name).filter(|value| !is_left_out(value));
        let no_others = args.as_object().is_some_and(|args| {
            let mut all = args.iter();
            all.all(|(name, value)| is_left_out(value) || planned.args.contains_key(name))
        });
        no_others
            && planned
                .args
                .iter()
                .all(|(name, slot)| self.takes(slot, given(name), state))
    }

    /// Whether a slot of an effect that is so far takes `value`; `None` where the argument was left
    /// out.
    fn takes(&self, slot: &Slot, value: Option<&Value>, state: &State) -> bool {
        let Some(value) = value else {
            // Content may stay away, and what was planned to be nothing.
            return match slot {
                Slot::Text => true,
                Slot::Literal(planned) => is_nothing(planned),
                _ => false,
            };
        };
        match slot {
            // A text and nothing with parts, whatever the schema of the tool lets through.
            Slot::Text => value.is_string(),
            Slot::Literal(planned) => self.is(planned, value),
            Slot::OneOf(planned) => planned.iter().any(|planned| self.is(planned, value)),
            Slot::Pick(pick) => self.picked(pick).is_some_and(|taken| meets(&taken, value)),
            Slot::Each(pick) => match self.picked(&pick.of_all()) {
                Some(Value::Array(all)) => {
                    let mut left = all.iter().filter(|one| !state.had.contains(one));
                    left.any(|one| meets(one, value))
                }
                _ => false,
            },
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

    /// Whether the arguments of a call are those that were planned.
    fn are(&self, args: &Map<String, Value>, planned: &Map<String, Value>) -> bool {
        let met = |(name, value): (&String, &Value)| {
            let planned = planned.get(name);
            planned.is_some_and(|planned| self.is(planned, value))
        };
        args.len() == planned.len() && args.iter().all(met)
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
        let wanted = self.arguments(pick);
        let pick = &Pick {
            is: self.known(&pick.is)?,
            ..pick.clone()
        };
        let planned = |read: &Read| {
            let args = read.args.as_object();
            let fixed =
                !pick.given.is_empty() || args.is_none_or(|args| args.values().all(is_nothing));
            let wanted = wanted.as_ref();
            fixed && wanted.is_some_and(|wanted| self.are(&given(args), wanted))
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

    /// The arguments of the call that `pick` takes from; `None` where one is picked out of a result
    /// that is not there.
    fn arguments(&self, pick: &Pick) -> Option<Map<String, Value>> {
        self.known(&pick.given)
    }

    /// `values` with what is picked in the place of each pick; `None` where one picks nothing.
    fn known<'a, T>(&self, values: impl IntoIterator<Item = (&'a String, &'a Value)>) -> Option<T>
    where
        T: FromIterator<(String, Value)>,
    {
        let known = |(name, value): (&String, &Value)| {
            let value = match Pick::in_argument(value) {
                Some(inner) => self.picked(&inner)?,
                None => value.clone(),
            };
            Some((name.clone(), value))
        };
        values.into_iter().map(known).collect()
    }

    /// What the effects that `created` names returned, but for what repeats a text that was free
    /// in them, or in another one.
    fn made<'a>(&'a self, created: &'a Created) -> impl Iterator<Item = &'a Value> {
        let effects = self.plan.iter().flat_map(|plan| &plan.effects);
        let theirs = effects.zip(&self.state);
        let theirs = theirs.filter(move |(effect, _)| effect.tool == created.by);
        let made = theirs.flat_map(|(_, state)| &state.made);
        made.filter_map(move |(result, _)| {
            let taken = field(result, &created.take)?;
            let all = self.state.iter().flat_map(|state| &state.made);
            let mut texts = all.flat_map(|(_, texts)| texts);
            let repeated = texts.any(|text| repeats(text, &created.take, taken));
            (!repeated).then_some(taken)
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
