//! This machine as a server: its tools and its memory, offered to another program.
//!
//! The other program is the one that asks its user; the gate here still refuses what
//! was not granted to this machine.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use quipu_kernel::label::Label;
use quipu_kernel::policy::{Approve, Policy, Request, Verdict};
use quipu_memory::{Access, DiskStore, Kind, NewPage, PageId, Query, Store, StoreError, Trust};
use quipu_tools::{Bus, CallContext, Capability, Effect, ErrorKind, Grants, ToolError};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
    ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Map, Value, json};

/// Pages a search brings when the caller does not say.
const HITS: usize = 5;
const HITS_MAX: usize = 50;

/// What is offered.
#[derive(Clone)]
pub struct Offer(Arc<Machine>);

struct Machine {
    /// The folder of the store: opened for each call, so that a machine may run beside.
    store: PathBuf,
    bus: Bus,
    policy: Policy,
    tools: Vec<Tool>,
    /// From the name of a tool to the function it stands for: not every client can
    /// write the dot between a device and its function.
    functions: BTreeMap<String, String>,
}

impl Offer {
    /// Offers the tools on `bus`, within `policy`, and the memory in the folder `store`.
    pub fn new(store: PathBuf, bus: Bus, policy: Policy) -> Self {
        let mut tools = memory_tools();
        let mut functions = BTreeMap::new();
        for device in bus.list() {
            let spec = device.spec();
            for function in &spec.functions {
                let name = written(&format!("{}_{}", spec.name, function.name));
                let reads = function.effect == Effect::Read;
                tools.push(tool(
                    &name,
                    &function.description,
                    &function.parameters,
                    reads,
                ));
                functions.insert(name, format!("{}.{}", spec.name, function.name));
            }
        }
        Self(Arc::new(Machine {
            store,
            bus,
            policy,
            tools,
            functions,
        }))
    }
}

/// `name` with the characters that every client can write.
fn written(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    name.chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect()
}

fn tool(name: &str, description: &str, parameters: &Value, reads: bool) -> Tool {
    let parameters: Map<String, Value> = parameters.as_object().cloned().unwrap_or_default();
    let mut tool = Tool::new(name.to_owned(), description.to_owned(), parameters);
    tool.annotations = Some(ToolAnnotations::new().read_only(reads));
    tool
}

fn memory_tools() -> Vec<Tool> {
    let object = |fields: Value, required: &[&str]| {
        json!({"type": "object", "properties": fields, "required": required,
               "additionalProperties": false})
    };
    let text = json!({"type": "string"});
    vec![
        tool(
            "memory_search",
            "Look something up in the user's documents and memories.",
            &object(
                json!({"query": text, "k": {"type": "integer", "minimum": 1, "maximum": HITS_MAX}}),
                &["query"],
            ),
            true,
        ),
        tool(
            "memory_show",
            "Show a document or a memory, by its id.",
            &object(json!({"id": text}), &["id"]),
            true,
        ),
        tool(
            "memory_put",
            "Keep a fact for later, when the user asks to remember it.",
            &object(json!({"text": text}), &["text"]),
            false,
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

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let machine = self.0.clone();
        let call = CallContext {
            grants: machine.policy.grants.clone(),
            ..CallContext::default()
        };
        let cancel = call.cancel.clone();
        let work = tokio::task::spawn_blocking(move || {
            let args = Value::Object(request.arguments.unwrap_or_default());
            machine.call(&request.name, &args, &call)
        });
        let result = tokio::select! {
            done = work => done.unwrap_or_else(|error| Err(crashed(&error.to_string()))),
            () = context.ct.cancelled() => {
                cancel.cancel();
                Err(ToolError::new(ErrorKind::Cancelled, "the call was cancelled", ""))
            }
        };
        Ok(CallToolResponse::Complete(match result {
            Ok(Value::String(text)) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Ok(value @ Value::Object(_)) => CallToolResult::structured(value),
            // What is structured has to be an object.
            Ok(value) => CallToolResult::success(vec![ContentBlock::text(value.to_string())]),
            Err(error) => CallToolResult::error(vec![ContentBlock::text(words(&error))]),
        }))
    }
}

impl Machine {
    fn call(&self, name: &str, args: &Value, context: &CallContext) -> Result<Value, ToolError> {
        if let Some(function) = self.functions.get(name) {
            let (device, short) = self.bus.resolve(function)?;
            let spec = device.spec();
            let called = spec.function(&short)?;
            let needs = called.needs_for(args);
            self.gate(function, called.effect, &needs, &spec.granted)?;
            return device.call(&short, args, context);
        }
        match name {
            "memory_search" => self.search(args),
            "memory_show" => self.show(args),
            "memory_put" => {
                let needs = [Capability::MemWrite];
                self.gate("memory.put", Effect::Write, &needs, &Grants::default())?;
                self.put(args)
            }
            _ => self.bus.call(name, args, context),
        }
    }

    fn gate(
        &self,
        name: &str,
        effect: Effect,
        needs: &[Capability],
        held: &Grants,
    ) -> Result<(), ToolError> {
        let request = Request {
            name,
            effect,
            needs,
            held,
        };
        let denied =
            |reason: String, hint: &str| Err(ToolError::new(ErrorKind::Denied, reason, hint));
        match self.policy.check(&request, &Label::user()) {
            Verdict::Allow => Ok(()),
            // Nobody is here to be asked: standard input belongs to the other program.
            Verdict::Ask(_) if self.policy.approve == Approve::All => Ok(()),
            Verdict::Ask(reason) => denied(
                reason,
                "start `quipu serve --mcp --approve all` where the other program asks its user",
            ),
            Verdict::Missing(_, reason) => denied(reason, ""),
        }
    }

    fn search(&self, args: &Value) -> Result<Value, ToolError> {
        let k = args["k"]
            .as_u64()
            .map_or(HITS, |k| k as usize)
            .min(HITS_MAX);
        let query = Query {
            // What an agent keeps for itself is not other programs' to find.
            spaces: Some(vec![String::new()]),
            ..Query::new(string(args, "query")?, k)
        };
        let hits = self.open(Access::ReadOnly)?.search(&query);
        let hits = hits.map_err(store_failed)?;
        Ok(json!({ "hits": hits }))
    }

    fn show(&self, args: &Value) -> Result<Value, ToolError> {
        let id = string(args, "id")?;
        let page = self.open(Access::ReadOnly)?.get(&PageId::from(id.clone()));
        match page.map_err(store_failed)? {
            Some(page) => Ok(json!(page)),
            None => Err(ToolError::new(
                ErrorKind::Failed,
                format!("there is no page {id}"),
                "memory_search gives the ids of pages",
            )),
        }
    }

    fn put(&self, args: &Value) -> Result<Value, ToolError> {
        let page = NewPage {
            id: None,
            kind: Kind::Memory,
            title: String::new(),
            text: string(args, "text")?,
            source: "another program, over MCP".into(),
            // The words are a model's, and who knows what that has read.
            trust: Trust::Untrusted,
            place: None,
            derived_from: Vec::new(),
            space: String::new(),
        };
        let page = self.open(Access::ReadWrite)?.put(page);
        Ok(json!({"id": page.map_err(store_failed)?.id}))
    }

    fn open(&self, access: Access) -> Result<DiskStore, ToolError> {
        DiskStore::open(&self.store, access).map_err(store_failed)
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

fn store_failed(error: StoreError) -> ToolError {
    ToolError::new(
        ErrorKind::Failed,
        error.to_string(),
        error.hint().to_string(),
    )
}

fn crashed(reason: &str) -> ToolError {
    ToolError::new(ErrorKind::Trap, format!("the call crashed: {reason}"), "")
}

/// A failed call in words: what went wrong and what to try.
fn words(error: &ToolError) -> String {
    match error.hint.is_empty() {
        true => error.message.clone(),
        false => format!("{}\nhint: {}", error.message, error.hint),
    }
}
