//! Agents as other programs keep them: what of these files has a meaning here, and what is only named.

use serde::Deserialize;

use super::front_matter::Front;

/// What stands behind the name of an agent in that of its file.
const KINDS: &[&str] = &[".agent", ".chatmode"];

/// An agent in a file of JSON.
#[derive(Deserialize)]
struct Described {
    #[serde(flatten)]
    front: Front,
    #[serde(
        alias = "instructions",
        alias = "system_prompt",
        alias = "systemPrompt"
    )]
    prompt: Option<String>,
}

/// The name of the agent whose file has this `stem`.
pub fn name(stem: &str) -> &str {
    let kind = KINDS.iter().find_map(|kind| stem.strip_suffix(kind));
    kind.filter(|name| !name.is_empty()).unwrap_or(stem)
}

/// What an agent in JSON says of itself, and its instructions.
///
/// # Errors
/// Why it is none, without what it says.
pub fn of_json(text: &str) -> Result<(Front, String), String> {
    let described: Described = serde_json::from_str(text)
        .map_err(|error| format!("line {}: it describes no agent in JSON", error.line()))?;
    match described.prompt {
        None => Err("it has no `prompt`, which are the instructions of an agent in JSON".into()),
        Some(prompt) if prompt.starts_with("file:") => {
            Err("its prompt stands in a file of its own: name that file as the agent".into())
        }
        Some(prompt) => Ok((described.front, prompt)),
    }
}

/// What is told of an agent, `whom`, whose file has these keys that count for nothing here.
pub fn told(whom: &str, keys: &[&str]) -> Option<String> {
    if keys.is_empty() {
        return None;
    }
    let instead = match keys.contains(&"model") {
        true => " (`--model NAME` names a model)",
        false => "",
    };
    let keys = keys.join(", ");
    Some(format!(
        "{whom} was written for another program; what it says of {keys} counts for nothing here{instead}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_in_json_has_a_prompt() {
        let check = |text: &str, want: Result<&str, &str>| {
            let read = of_json(text).map(|(front, body)| {
                let name = front.name.as_deref().unwrap_or("-");
                let does = front.description.as_deref().unwrap_or("-");
                let tools = front.allowed_tools().join("+");
                let left = front.not_taken().join("+");
                format!("{name} | {does} | {tools} | {left} | {body}")
            });
            let want = want.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(read, want, "{text}");
        };
        check(
            r#"{"name": "a", "description": "Helps.", "prompt": "Be exact.", "model": "m", "tools": ["read", "write"], "mcpServers": {}, "resources": []}"#,
            Ok("a | Helps. | read+write | model+mcpServers | Be exact."),
        );
        check(r#"{"instructions": "Go."}"#, Ok("- | - |  |  | Go."));
        check(
            r#"{"name": "a", "url": "https://a.example"}"#,
            Err("it has no `prompt`, which are the instructions of an agent in JSON"),
        );
        check(
            r#"{"prompt": "file://./a.md"}"#,
            Err("its prompt stands in a file of its own: name that file as the agent"),
        );
        check("{\n]", Err("line 2: it describes no agent in JSON"));
    }

    #[test]
    fn a_file_has_the_name_of_its_agent() {
        let check = |stem: &str, want: &str| assert_eq!(name(stem), want);
        check("plan.agent", "plan");
        check("plan.chatmode", "plan");
        check("plan", "plan");
        check(".agent", ".agent");
    }

    #[test]
    fn what_counts_for_nothing_is_named() {
        let check = |keys: &[&str], want: Option<&str>| {
            assert_eq!(told("the agent a", keys).as_deref(), want);
        };
        check(&[], None);
        check(
            &["hooks", "tools"],
            Some(
                "the agent a was written for another program; what it says of hooks, tools counts for nothing here",
            ),
        );
        check(
            &["model"],
            Some(
                "the agent a was written for another program; what it says of model counts for nothing here (`--model NAME` names a model)",
            ),
        );
    }
}
