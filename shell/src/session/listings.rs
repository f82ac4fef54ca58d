//! The functions that MCP servers listed: kept, so that no server is asked without need, and
//! shown to the user, who vouches for what a model will read.

use std::io;
use std::path::Path;

use quipu_kernel::planner::signature;
use quipu_tools::grants::component_hash;
use quipu_tools::{ErrorKind, FunctionSpec, Grants, ToolError};

use crate::config::private;
use crate::terminal::output::{one_line, seen, shortened};

/// Characters of a function that are shown when it is granted: more than a card has.
const SHOWN_CHARS: usize = 2_000;
/// Functions that are shown; of the others there is the number.
const SHOWN_MAX: usize = 100;

/// The hash of a listing.
pub fn hash(functions: &[FunctionSpec]) -> String {
    component_hash(&serde_json::to_vec(functions).unwrap_or_default())
}

/// The listing that is kept at `path`, if it is the one that its user `saw`.
pub fn kept(path: &Path, saw: Option<&str>) -> Option<Vec<FunctionSpec>> {
    let text = std::fs::read(path).ok()?;
    let functions: Vec<FunctionSpec> = serde_json::from_slice(&text).ok()?;
    saw.is_none_or(|saw| hash(&functions) == saw)
        .then_some(functions)
}

/// Keeps a listing.
///
/// # Errors
/// Where it cannot be written.
pub fn keep(path: &Path, functions: &[FunctionSpec]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    private::folder(folder)?;
    private::replace(path, &serde_json::to_vec(functions)?)
}

/// Shows the functions of the server `name`: what a model will read of them.
pub fn show(name: &str, functions: &[FunctionSpec]) {
    say!("{name} offers, in its own words:");
    for function in functions.iter().take(SHOWN_MAX) {
        let words = format!(
            "{name}.{} {} {}",
            function.name,
            signature(&function.parameters),
            one_line(&function.description)
        );
        say!("  {}", seen(&shortened(&words, SHOWN_CHARS)));
    }
    if let Some(more @ 1..) = functions.len().checked_sub(SHOWN_MAX) {
        say!("  and {more} more: `quipu tool show {name}`");
    }
}

/// Says that a server lists something else than its user saw.
pub fn changed(name: &str, grants: &Grants) -> ToolError {
    let grant = grants.iter().next().map(ToString::to_string);
    ToolError::new(
        ErrorKind::Unavailable,
        format!("what the MCP server {name} lists has changed since it was granted"),
        format!(
            "`quipu tool grant {name} {}` shows the new list, and accepts it",
            grant.unwrap_or_default()
        ),
    )
}

#[cfg(test)]
mod tests {
    use quipu_tools::Effect;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_its_user_saw_is_taken_from_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mcp/x.json");
        let listing = |effect| vec![FunctionSpec::new("f", "F.", json!({}), json!({}), effect)];
        let (saw, other) = (listing(Effect::Write), listing(Effect::Read));
        assert!(kept(&path, None).is_none());
        keep(&path, &saw).unwrap();
        assert!(kept(&path, None).is_some());
        assert!(kept(&path, Some(&hash(&saw))).is_some());
        keep(&path, &other).unwrap();
        assert!(kept(&path, Some(&hash(&saw))).is_none());
    }
}
