//! Rules that name what is not there. A rule with a slip in its name forbids nothing; one for a
//! server of another day may.

use quipu_kernel::calls;
use quipu_kernel::gate::rules::Rules;
use quipu_tools::Bus;

/// What is to be said of `rules`, where a tool is on `bus` or a call is the kernel's own that is called
/// nearly as what a rule names: one line for each such rule.
pub fn notes(rules: &Rules, bus: &Bus) -> Vec<String> {
    let own = calls::names().filter(|name| name.contains('.'));
    let mut known: Vec<String> = own.map(str::to_owned).collect();
    known.extend(calls::NAMESPACES.map(str::to_owned));
    for device in bus.list() {
        let spec = device.spec();
        let functions = spec.functions.iter();
        known.extend(functions.map(|function| format!("{}.{}", spec.name, function.name)));
        known.push(spec.name.clone());
    }
    let strange = rules.rules.iter().filter_map(|rule| {
        let word = rule.tool.written();
        if word.contains('*') || known.iter().any(|name| rule.tool.names(name)) {
            return None;
        }
        // A tool is no function, and the other way round.
        let has_dot = word.contains('.');
        let alike = known.iter().filter(|name| name.contains('.') == has_dot);
        let near = quipu_models::near(word, alike.cloned());
        let near = (!near.is_empty()).then(|| near.join(" or "))?;
        let origin = &rule.origin;
        Some(format!(
            "note: {origin}: no tool here is called {word}; did you mean {near}?"
        ))
    });
    strange.collect()
}
