//! This machine as a server of the Model Context Protocol: its tools and its memory, offered
//! to another program.
//!
//! What is not listed cannot be called, and every call passes the gate as a stranger's: the
//! words are another program's, which may have read anything. What was not granted to this
//! machine is refused. What changes something is refused too, unless the other program is said
//! to ask its user. Of a tool whose words its user keeps private the other program does not
//! learn. The servers that this machine uses are in `config/mcp` and `session/bus`.

use std::collections::BTreeMap;
use std::sync::Arc;

use quipu_kernel::gate::{DeviceCall, Gate, Guarded, Known, Passed, Policy, Request, Verdict};
use quipu_kernel::label::Label;
use quipu_memory::{Kind, NewPage, PageId, Query, Space, StoreError, Trust};
use quipu_tools::device::ArgsCheck;
use quipu_tools::{
    Bus, CallContext, Capability, Effect, ErrorKind, FunctionSpec, Grants, Resolved, ToolError,
};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest,
    CustomResult, ErrorCode, Implementation, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Map, Value, json};

use super::lent::Shelf;
use crate::terminal::{error, hints};

/// Pages a search brings when the caller does not say.
const HITS: usize = 5;
const HITS_MAX: usize = 50;
/// Tools that are named where another was called.
const NAMED: usize = 20;
/// Some clients take no name of more than 64 characters; a number may follow.
const NAME_CHARS_MAX: usize = 60;
/// Names of the calls on the store.
const SEARCH: &str = "memory_search";
const SHOW: &str = "memory_show";
const PUT: &str = "memory_put";

/// The label of a call here: a model's words, and nobody knows what that model has read.
fn stranger() -> Label {
    Label::new("another program, over MCP", Trust::Untrusted)
}

/// The tools and the memory on offer.
#[derive(Clone)]
pub struct Offer(Arc<Machine>);

struct Machine {
    /// Where the memory is.
    shelf: Shelf,
    gate: Gate,
    /// The tools, in the order in which they are listed.
    tools: Vec<Tool>,
    /// The function and what is behind it, by each name that is listed. Nothing else can
    /// be called.
    listed: BTreeMap<String, (FunctionSpec, Behind)>,
}

/// What carries out a call.
enum Behind {
    Search,
    Show,
    Put,
    Device(Box<Resolved>),
}

impl Behind {
    /// The name that a process would use, for the user's rules.
    fn name<'a>(&self, function: &'a FunctionSpec) -> &'a str {
        match self {
            Behind::Search => "memory.search",
            Behind::Show => "memory.show",
            Behind::Put => "memory.put",
            Behind::Device(_) => &function.name,
        }
    }
}

/// A call on the store.
struct MemoryCall<'a> {
    function: &'a FunctionSpec,
    behind: &'a Behind,
    args: &'a Value,
    held: Grants,
}

impl Guarded for MemoryCall<'_> {
    fn request(&self) -> Request<'_> {
        Request {
            name: self.behind.name(self.function),
            effect: self.function.effect,
            needs: &self.function.needs,
            held: &self.held,
            known: Known::default(),
            key: "",
            args: Some(self.args),
            roles: &self.function.roles,
        }
    }
}

impl Offer {
    /// Offers the tools on `bus`, within `policy`, and the memory on the `shelf`; nothing that the
    /// policy says is private.
    pub fn new(shelf: Shelf, bus: &Bus, policy: Policy) -> Self {
        let mut machine = Machine {
            shelf,
            gate: Gate::new(policy),
            tools: Vec::new(),
            listed: BTreeMap::new(),
        };
        let rules = machine.gate.policy().rules.clone();
        let is_open = |tool: &str| rules.secrecy_of(tool).is_public();
        for (behind, function) in memory_calls() {
            if is_open(behind.name(&function)) {
                machine.offer(&function.name.clone(), function, behind);
            }
        }
        for device in bus.list() {
            let spec = device.spec();
            // A device that cannot work yet, such as eyes without weights, offers no functions.
            let is_offered = spec.functions.iter().any(|function| function.offered);
            for function in spec.functions.iter().filter(|_| is_offered) {
                if !is_open(&format!("{}.{}", spec.name, function.name)) {
                    continue;
                }
                let name = written(&format!("{}_{}", spec.name, function.name));
                // The device has every function that it lists.
                if let Ok(behind) = Resolved::of(&device, &function.name) {
                    machine.offer(&name, function.clone(), Behind::Device(Box::new(behind)));
                }
            }
        }
        Self(Arc::new(machine))
    }
}

impl Machine {
    /// Lists `function` as `name`. Two tools may come to the same name; the first has it,
    /// and the other gets a number.
    fn offer(&mut self, name: &str, function: FunctionSpec, behind: Behind) {
        let numbered = (2..).map(|n| format!("{name}_{n}"));
        let free = |name: &String| !self.listed.contains_key(name);
        let Some(name) = std::iter::once(name.to_owned()).chain(numbered).find(free) else {
            return;
        };
        self.tools.push(tool(&name, &function));
        self.listed.insert(name, (function, behind));
    }
}

/// `name` in characters that every client can write, without dots, and no more of them.
fn written(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let chars = name.chars().take(NAME_CHARS_MAX);
    chars.map(|c| if plain(c) { c } else { '_' }).collect()
}

fn tool(name: &str, function: &FunctionSpec) -> Tool {
    let parameters: Map<String, Value> =
        function.parameters.as_object().cloned().unwrap_or_default();
    let mut tool = Tool::new(name.to_owned(), function.description.clone(), parameters);
    let reads = function.effect == Effect::Read;
    tool.annotations = Some(ToolAnnotations::new().read_only(reads));
    tool
}

/// The calls on the store, as functions.
fn memory_calls() -> [(Behind, FunctionSpec); 3] {
    let function = |name: &str, description: &str, effect, needs: &[Capability], fields: Value| {
        let required = match name {
            SEARCH => "query",
            SHOW => "id",
            _ => "text",
        };
        let parameters = json!({"type": "object", "properties": fields, "required": [required],
                                "additionalProperties": false});
        FunctionSpec {
            needs: needs.to_vec(),
            ..FunctionSpec::new(name, description, parameters, json!({}), effect)
        }
    };
    let text = json!({"type": "string"});
    [
        (
            Behind::Search,
            function(
                SEARCH,
                "Look something up in the user's documents and memories.",
                Effect::Read,
                &[],
                json!({"query": text, "k": {"type": "integer", "minimum": 1, "maximum": HITS_MAX}}),
            ),
        ),
        (
            Behind::Show,
            function(
                SHOW,
                "Show a document or a memory, by its id.",
                Effect::Read,
                &[],
                json!({ "id": text }),
            ),
        ),
        (
            Behind::Put,
            function(
                PUT,
                "Keep a fact for later, when the user asks to remember it.",
                Effect::Write,
                &[Capability::MemWrite],
                json!({ "text": text }),
            ),
        ),
    ]
}

impl ServerHandler for Offer {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("quipu", env!("CARGO_PKG_VERSION")))
            .with_instructions(
                "Sandboxed tools and a searchable memory on this machine. Search the memory \
                 before asking the user for what they may have told already.",
            )
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.0.tools.clone()))
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        // The library takes a call that it cannot read for one of a method of its own.
        Err(match request.method.as_str() {
            "tools/call" => ErrorData::invalid_params(
                "tools/call takes {\"name\": a string, \"arguments\": an object}",
                None,
            ),
            method => {
                let words = format!("there is no method {method}");
                ErrorData::new(ErrorCode::METHOD_NOT_FOUND, words, None)
            }
        })
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let machine = self.0.clone();
        let call = CallContext {
            grants: machine.gate.policy().grants.clone(),
            ..CallContext::default()
        };
        let cancel = call.cancel.clone();
        let work = tokio::task::spawn_blocking(move || {
            let args = Value::Object(request.arguments.unwrap_or_default());
            machine.call(&request.name, &args, &call)
        });
        let result = tokio::select! {
            done = work => done.unwrap_or_else(|_| Err(crashed())),
            () = context.ct.cancelled() => {
                cancel.cancel();
                Err(ToolError::new(ErrorKind::Cancelled, "the call was cancelled", ""))
            }
        };
        Ok(CallToolResponse::Complete(match result {
            Ok(Value::String(text)) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Ok(value @ Value::Object(_)) => CallToolResult::structured(value),
            // Structured content has to be an object.
            Ok(value) => CallToolResult::success(vec![ContentBlock::text(value.to_string())]),
            Err(error) => CallToolResult::error(vec![ContentBlock::text(words(&error))]),
        }))
    }
}

impl Machine {
    fn call(&self, name: &str, args: &Value, context: &CallContext) -> Result<Value, ToolError> {
        let (function, behind) = self.listed.get(name).ok_or_else(|| {
            let hint = self.instead_of(name);
            ToolError::new(
                ErrorKind::UnknownTool,
                format!("there is no tool {name}"),
                hint,
            )
        })?;
        match behind {
            Behind::Device(resolved) => {
                let call = DeviceCall::new((**resolved).clone(), args.clone());
                self.gate.clean(self.pass(call)?.run(context))
            }
            of_memory => {
                ArgsCheck::of(function).check(args)?;
                let call = MemoryCall {
                    function,
                    behind: of_memory,
                    args,
                    held: Grants::default(),
                };
                // A page may have had a secret in it before that was known as one.
                self.gate.clean(self.memory(self.pass(call)?))
            }
        }
    }

    /// The listed tools that somebody who called `name` may have meant.
    fn instead_of(&self, name: &str) -> String {
        let near = written(name);
        if self.listed.contains_key(&near) {
            return format!("it is called {near}");
        }
        let names: Vec<&str> = self.tools.iter().map(|tool| tool.name.as_ref()).collect();
        let first = names[..names.len().min(NAMED)].join(", ");
        match names.len() {
            0..=NAMED => format!("there are {first}"),
            many => format!("there are {many}, such as {first}"),
        }
    }

    /// Passes a call of a stranger, or says why not.
    fn pass<T: Guarded>(&self, call: T) -> Result<Passed<T>, ToolError> {
        let denied = |reason: &str, hint: &str| ToolError::new(ErrorKind::Denied, reason, hint);
        match self.gate.pass(call, &stranger()) {
            Verdict::Passed(passed) => Ok(passed),
            // There is nobody to ask: standard input belongs to the other program.
            Verdict::Ask(ask) => Err(denied(
                ask.reason(),
                "start `quipu serve --mcp --approve all` where the other program asks its user",
            )),
            Verdict::Denied(missing) => Err(missing.into()),
        }
    }

    /// Carries a call on the store out.
    fn memory(&self, passed: Passed<MemoryCall<'_>>) -> Result<Value, ToolError> {
        let call = passed.into_inner();
        match call.behind {
            Behind::Search => self.search(call.args),
            Behind::Show => self.show(call.args),
            Behind::Put | Behind::Device(_) => self.put(call.args),
        }
    }

    fn search(&self, args: &Value) -> Result<Value, ToolError> {
        let k = args["k"]
            .as_u64()
            .map_or(HITS, |k| k as usize)
            .min(HITS_MAX);
        let query = Query {
            // An agent's own pages are not for other programs, nor are private ones.
            spaces: Some(vec![Space::SHARED]),
            ..Query::new(string(args, "query")?, k)
        };
        let store = self.shelf.read().map_err(not_open)?;
        let mut hits = store.search(&query).map_err(store_failed)?;
        hits.retain(|hit| hit.secrecy.is_public());
        Ok(json!({ "hits": hits }))
    }

    fn show(&self, args: &Value) -> Result<Value, ToolError> {
        let id = string(args, "id")?;
        let store = self.shelf.read().map_err(not_open)?;
        let page = store.get(&PageId::from(id.clone()));
        let shared = page
            .map_err(store_failed)?
            .filter(|page| page.space.is_shared() && page.secrecy.is_public());
        match shared {
            Some(page) => Ok(json!(page)),
            // For a page of another space, or a private one, the answer does not even say that it
            // exists.
            None => Err(ToolError::new(
                ErrorKind::Failed,
                format!("there is no page {id}"),
                "memory_search gives the ids of pages",
            )),
        }
    }

    fn put(&self, args: &Value) -> Result<Value, ToolError> {
        let leaks = &self.gate.policy().leaks;
        let page = NewPage {
            id: None,
            kind: Kind::Memory,
            title: String::new(),
            text: leaks.redacted(&string(args, "text")?).into_owned(),
            source: stranger().source,
            trust: stranger().trust,
            space: Space::SHARED,
            ..NewPage::default()
        };
        let page = self.shelf.write(|store| store.put(page));
        Ok(json!({"id": page.map_err(not_open)?.id}))
    }
}

fn string(args: &Value, name: &str) -> Result<String, ToolError> {
    args[name].as_str().map(str::to_owned).ok_or_else(|| {
        ToolError::new(
            ErrorKind::InvalidArgs,
            format!("the argument {name} is missing"),
            "it is a string",
        )
    })
}

/// Why the store could not be opened or written.
fn not_open(error: anyhow::Error) -> ToolError {
    ToolError::new(ErrorKind::Failed, format!("{error:#}"), error::hint(&error))
}

fn store_failed(error: StoreError) -> ToolError {
    ToolError::new(
        ErrorKind::Failed,
        error.to_string(),
        error.hint().to_string(),
    )
}

/// What the other program is told of a call that crashed: what a crash says of itself may quote what
/// was worked on.
fn crashed() -> ToolError {
    ToolError::new(ErrorKind::Trap, "the call crashed", "")
}

/// A failed call in words: what went wrong and what to try.
fn words(error: &ToolError) -> String {
    match hints::tool(error) {
        hint if hint.is_empty() => error.message.clone(),
        hint => format!("{}\nhint: {hint}", error.message),
    }
}

#[cfg(test)]
mod tests;
