//! The body of `/v1/chat/completions`, and what of it is asked of the plain model.

use std::collections::HashMap;

use quipu_cpu::Sampling;
use quipu_kernel::grammar::Callable;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::error::ApiError;
use super::super::known::{self, Api};
use super::super::plain::{Ask, Said, Speaker, function, schema};
use super::choosing::{sampling, shaping};
use super::elsewhere;
use super::fields::{
    Stop, add, arguments, choice, content_of, few, no_picture, odds, stop_words, tokens, whole,
};

/// The most answers of one request.
pub const ANSWERS_MAX: u32 = 16;

/// The body of a request. What becomes of a field that it may have beside these, `known` says.
#[derive(Debug, Deserialize)]
pub struct Body {
    /// Which model, or which agent.
    pub model: Option<String>,
    /// The conversation.
    #[serde(default)]
    pub messages: Vec<Turn>,
    /// Whether pieces are sent as they come.
    pub stream: Option<bool>,
    /// What a stream has beside them.
    pub stream_options: Option<StreamOptions>,
    #[serde(default, deserialize_with = "whole")]
    n: Option<u32>,
    #[serde(default, deserialize_with = "whole")]
    max_tokens: Option<i64>,
    #[serde(default, deserialize_with = "whole")]
    max_completion_tokens: Option<i64>,
    /// What llama.cpp's server calls it.
    #[serde(default, deserialize_with = "whole")]
    n_predict: Option<i64>,
    temperature: Option<f32>,
    #[serde(default, deserialize_with = "whole")]
    seed: Option<i64>,
    stop: Option<Stop>,
    response_format: Option<Value>,
    tools: Option<Vec<Tool>>,
    tool_choice: Option<Value>,
    parallel_tool_calls: Option<bool>,
    logprobs: Option<bool>,
    top_logprobs: Option<u32>,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

/// What a stream has beside the pieces.
#[derive(Debug, Default, Deserialize)]
pub struct StreamOptions {
    include_usage: Option<bool>,
    include_steps: Option<bool>,
}

impl StreamOptions {
    /// Whether the usage comes at its end.
    pub fn usage(options: Option<&Self>) -> bool {
        options.is_some_and(|options| options.include_usage == Some(true))
    }

    /// Of an agent: whether its steps are told, as a text of their own.
    pub fn steps(options: Option<&Self>) -> bool {
        options.is_some_and(|options| options.include_steps == Some(true))
    }
}

#[derive(Debug, Deserialize)]
struct Tool {
    r#type: Option<String>,
    function: Option<Function>,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    description: Option<String>,
    parameters: Option<Value>,
    strict: Option<bool>,
}

/// A message.
#[derive(Debug, Deserialize)]
pub struct Turn {
    role: String,
    content: Option<Value>,
    tool_calls: Option<Vec<Call>>,
    tool_call_id: Option<String>,
    /// Of the result of a function, which; of others, whose name the model is not told.
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Call {
    id: Option<String>,
    function: Called,
}

#[derive(Debug, Deserialize)]
struct Called {
    name: String,
    #[serde(default)]
    arguments: Value,
}

impl Body {
    /// How many answers are wanted.
    ///
    /// # Errors
    /// None, or more than are given.
    pub fn answers(&self) -> Result<u32, ApiError> {
        match self.n.unwrap_or(1) {
            n @ 1..=ANSWERS_MAX => Ok(n),
            n => Err(ApiError::invalid(
                "n",
                format!("{n} answers cannot be given; ask for 1 to {ANSWERS_MAX}"),
            )),
        }
    }

    /// The most tokens of the answer, and the field that says so.
    pub fn tokens_max(&self) -> (&'static str, Option<i64>) {
        let fields = [
            ("max_completion_tokens", self.max_completion_tokens),
            ("max_tokens", self.max_tokens),
            ("n_predict", self.n_predict),
        ];
        let given = fields.iter().find(|(_, most)| most.is_some());
        *given.unwrap_or(&fields[0])
    }

    /// Names the first field that asks for what is not done.
    ///
    /// # Errors
    /// Where there is one.
    pub fn supported(&self) -> Result<(), ApiError> {
        known::supported(Api::Chat, &self.rest)
    }

    /// Names the first field that an agent cannot be asked with. How tokens are chosen is the
    /// machine's to say for its processes.
    ///
    /// # Errors
    /// Where there is one.
    pub fn askable_of_an_agent(&self) -> Result<(), ApiError> {
        let refuse = |param: &str, message: &str| Err(ApiError::unsupported(param, message));
        if self.tools.as_ref().is_some_and(|tools| !tools.is_empty()) {
            return refuse(
                "tools",
                "an agent has tools of its own; ask the plain model",
            );
        }
        if !stop_words("stop", self.stop.as_ref())?.is_empty() {
            return refuse(
                "stop",
                "an agent ends its answer by itself; ask the plain model",
            );
        }
        if odds(self.logprobs, self.top_logprobs)?.is_some() {
            return refuse(
                "logprobs",
                "an agent writes more than its answer; ask the plain model",
            );
        }
        match self.n.unwrap_or(1) {
            1 => Ok(()),
            _ => refuse("n", "an agent gives one answer; ask again for another"),
        }
    }

    /// What is asked of the plain model, where `usual` says how tokens are chosen.
    ///
    /// # Errors
    /// The first field that cannot be used.
    pub fn ask(&self, usual: Sampling) -> Result<Ask, ApiError> {
        self.supported()?;
        let mut functions = self.functions()?;
        let choice = choice(self.tool_choice.as_ref(), &mut functions)?;
        let (field, most) = self.tokens_max();
        Ok(Ask {
            said: said(&self.messages)?,
            choice,
            functions,
            parallel: self.parallel_tool_calls.unwrap_or(true),
            schema: self.schema()?,
            tokens_max: tokens(field, most)?,
            odds: odds(self.logprobs, self.top_logprobs)?,
            sampling: sampling(self.temperature, self.seed, usual)?,
            shaping: shaping(&self.rest)?,
            stops: stop_words("stop", self.stop.as_ref())?,
            plain: None,
        })
    }

    fn functions(&self) -> Result<Vec<Callable>, ApiError> {
        let tools = self.tools.as_deref().unwrap_or_default();
        few(tools.len())?;
        let mut functions: Vec<Callable> = Vec::new();
        for (at, tool) in tools.iter().enumerate() {
            let param = format!("tools[{at}].function");
            let is_function = tool.r#type.as_deref().is_none_or(|kind| kind == "function");
            let given = tool.function.as_ref().filter(|_| is_function);
            let given = given.ok_or_else(|| {
                ApiError::unsupported(
                    format!("tools[{at}].type"),
                    "only tools of type `function` are taken; an agent (`agent/NAME`) has tools \
                     of its own",
                )
            })?;
            let description = given.description.as_deref().unwrap_or_default();
            let parameters = given.parameters.as_ref();
            let held = given.strict.unwrap_or(false);
            let read = function(&param, &given.name, description, parameters, held)?;
            add(&mut functions, read, &param)?;
        }
        Ok(functions)
    }

    /// The schema of the answer.
    ///
    /// # Errors
    /// A format that is not known, or a schema that no model can be held to.
    pub fn schema(&self) -> Result<Option<Value>, ApiError> {
        let format = self.response_format.as_ref();
        let format = format.filter(|format| !format.is_null() && format["type"] != "text");
        let Some(format) = format else {
            return elsewhere::schema_in(&self.rest);
        };
        // OpenAI's place of the schema, and that of llama.cpp's server.
        let given = match format.get("json_schema") {
            Some(given) if !given.is_null() => given,
            _ => format,
        };
        let held = given["strict"].as_bool().unwrap_or(false);
        let param = "response_format.json_schema.schema";
        let own = given.get("schema").filter(|schema| !schema.is_null());
        match (format["type"].as_str(), own) {
            (Some("json_object"), None) => Ok(Some(json!({"type": "object"}))),
            (Some("json_object" | "json_schema"), Some(own)) => schema(param, own, held).map(Some),
            (Some("json_schema"), None) => Err(ApiError::invalid(param, "the schema is missing")),
            _ => Err(ApiError::invalid(
                "response_format.type",
                "a format is `text`, `json_object` or `json_schema`",
            )),
        }
    }
}

/// Who says the message `turn`, which stands at `param`. `names` has the function of each tool call
/// before it.
fn speaker(param: &str, turn: &Turn, names: &HashMap<&str, &str>) -> Result<Speaker, ApiError> {
    match turn.role.as_str() {
        "system" | "developer" => Ok(Speaker::System),
        "user" => Ok(Speaker::User),
        "assistant" => Ok(Speaker::Assistant),
        "tool" | "function" => {
            let id = turn.tool_call_id.as_deref().unwrap_or_default();
            let name = names.get(id).copied().or(turn.name.as_deref());
            let name = name.ok_or_else(|| {
                ApiError::invalid(
                    format!("{param}.tool_call_id"),
                    format!("no message before it has a tool call with the id {id:?}"),
                )
            })?;
            Ok(Speaker::Function(name.to_owned()))
        }
        other => Err(ApiError::invalid(
            format!("{param}.role"),
            format!("{other:?} is not a role; use system, developer, user, assistant or tool"),
        )),
    }
}

/// The conversation.
///
/// # Errors
/// A message that cannot be read, by its place.
pub fn said(messages: &[Turn]) -> Result<Vec<Said>, ApiError> {
    if messages.is_empty() {
        return Err(ApiError::invalid("messages", "there are no messages"));
    }
    let mut names: HashMap<&str, &str> = HashMap::new();
    let mut said = Vec::new();
    for (at, turn) in messages.iter().enumerate() {
        let param = format!("messages[{at}]");
        let content = turn.content.as_ref();
        let (text, images) = content_of(&format!("{param}.content"), content)?;
        let by = speaker(&param, turn, &names)?;
        let calls = turn.tool_calls.as_deref().unwrap_or_default();
        if text.is_none() && by == Speaker::User {
            return Err(ApiError::invalid(
                format!("{param}.content"),
                "it says nothing",
            ));
        }
        if matches!(by, Speaker::System | Speaker::Assistant) && !images.is_empty() {
            return Err(no_picture(&format!("{param}.content")));
        }
        let mut read = Said::new(by, text.unwrap_or_default());
        read.images = images;
        for call in calls {
            if let Some(id) = &call.id {
                names.insert(id, &call.function.name);
            }
            read.calls.push((
                call.function.name.clone(),
                arguments(&call.function.arguments),
            ));
        }
        // With nothing in it, templates would show an empty turn.
        let answers = matches!(read.by, Speaker::User | Speaker::Function(_));
        if answers || !read.text.is_empty() || !read.calls.is_empty() {
            said.push(read);
        }
    }
    if said.is_empty() {
        return Err(ApiError::invalid("messages", "they say nothing"));
    }
    Ok(said)
}
