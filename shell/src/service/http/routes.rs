//! Every route: what it is for, and what a request needs for it. `guard` asks this table and
//! nothing else, and `openapi` is written from it.
//!
//! Without a token a request is a stranger's: another user of this machine can send it. A
//! stranger may ask the model, start a process, and see and stop the processes that he holds
//! the key of. What other processes did, the memory and the tools are the user's.

use axum::http::Method;

use super::absent;
use Needs::{Entry, Hook, Nothing, ProcessKey, Token};

/// What a request needs to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: the answer says nothing of anybody.
    Nothing,
    /// To be let in at all: the token where there is a file with one, else nothing.
    Entry,
    /// The token, or the key that whoever started the process was given.
    ProcessKey,
    /// The token.
    Token,
    /// The token of the hook, which the hook itself checks.
    Hook,
}

/// A method of a path.
#[derive(Debug)]
pub struct Route {
    /// In small letters.
    pub method: &'static str,
    /// With its parameters in braces.
    pub path: &'static str,
    /// What a request needs.
    pub needs: Needs,
    /// What it is for.
    pub about: &'static str,
}

const fn get(path: &'static str, needs: Needs, about: &'static str) -> Route {
    Route {
        method: "get",
        path,
        needs,
        about,
    }
}

const fn post(path: &'static str, needs: Needs, about: &'static str) -> Route {
    Route {
        method: "post",
        path,
        needs,
        about,
    }
}

const fn delete(path: &'static str, needs: Needs, about: &'static str) -> Route {
    Route {
        method: "delete",
        path,
        needs,
        about,
    }
}

/// What the paths of the machine's own API begin with.
const OWN: &str = "/api/";
/// What the paths of other services' APIs begin with.
const V1: &str = "/v1";
/// The name of all paths that no route has.
const OTHER: &str = "other";

/// Every route.
pub const ROUTES: &[Route] = &[
    get("/", Nothing, "The page"),
    get("/app.js", Nothing, "A file of the page"),
    get("/views.js", Nothing, "A file of the page"),
    get("/style.css", Nothing, "A file of the page"),
    get("/favicon.ico", Nothing, "Nothing"),
    get("/health", Nothing, "Whether it runs"),
    get("/metrics", Entry, "Counters, in Prometheus's text format"),
    get("/v1/models", Entry, "The plain model, and the agents"),
    get("/v1/models/{id}", Entry, "One of them"),
    post("/models/load", Token, "Load a model beside the plain one"),
    post("/models/unload", Token, "Unload it"),
    post(
        "/models/pull",
        Token,
        "Fetch a model; how far it is comes as events",
    ),
    post("/v1/chat/completions", Entry, "OpenAI's chat completions"),
    post(
        "/v1/completions",
        Entry,
        "OpenAI's completions: a text goes on, without a template",
    ),
    post("/v1/responses", Entry, "OpenAI's responses"),
    post(
        "/v1/responses/input_tokens",
        Entry,
        "How many tokens the prompt of a response has",
    ),
    get(
        "/v1/responses/{id}",
        Entry,
        "A response that is kept, for whoever asked for it",
    ),
    delete("/v1/responses/{id}", Entry, "Keep it no longer"),
    get(
        "/v1/responses/{id}/input_items",
        Entry,
        "What it was asked for with",
    ),
    post(
        "/v1/responses/{id}/cancel",
        Entry,
        "End one in the background: there are none, so it is always refused",
    ),
    post("/v1/messages", Entry, "Anthropic's messages"),
    post(
        "/v1/messages/count_tokens",
        Entry,
        "How many tokens the prompt of a message has",
    ),
    post("/v1/embeddings", Entry, "OpenAI's embeddings"),
    post(
        "/v1/audio/speech",
        Entry,
        "OpenAI's speech: a text as sound",
    ),
    post(
        "/v1/audio/transcriptions",
        Entry,
        "OpenAI's transcriptions: what is said in a recording",
    ),
    post(
        "/v1/audio/translations",
        Entry,
        "OpenAI's translations of recordings, which the ears do not make: always refused",
    ),
    post(
        "/v1/decisions",
        Entry,
        "Typed questions, answered with probabilities",
    ),
    post(
        "/v1/systemone",
        Entry,
        "The same in the form of llama.cpp's server",
    ),
    post(
        "/completion",
        Entry,
        "A text goes on, in the form of llama.cpp's server",
    ),
    post(
        "/infill",
        Entry,
        "What goes between two texts, in the form of llama.cpp's server",
    ),
    post(
        "/tokenize",
        Entry,
        "The tokens of a text, for the plain model",
    ),
    post("/detokenize", Entry, "The text of tokens"),
    post(
        "/apply-template",
        Entry,
        "Messages as the plain model reads them, with its template around them",
    ),
    get(
        "/slots",
        Entry,
        "How many answers are under way, in the form of llama.cpp's server",
    ),
    get(
        "/props",
        Entry,
        "What the plain model runs with, in the form of llama.cpp's server",
    ),
    get("/api/v1/openapi.json", Entry, "This document"),
    get("/api/v1/processes", Token, "The newest processes"),
    post(
        "/api/v1/processes",
        Entry,
        "Start a process; the reply has its key",
    ),
    get("/api/v1/processes/{pid}", ProcessKey, "A process"),
    get(
        "/api/v1/processes/{pid}/events",
        ProcessKey,
        "What happens to it, until it ends",
    ),
    get(
        "/api/v1/processes/{pid}/log",
        ProcessKey,
        "A process with its steps",
    ),
    get(
        "/api/v1/processes/{pid}/window",
        ProcessKey,
        "What is in its window, page by page",
    ),
    get(
        "/api/v1/processes/{pid}/conversation",
        ProcessKey,
        "The turns of the conversation that it is the last of",
    ),
    post(
        "/api/v1/processes/{pid}/reply",
        ProcessKey,
        "Answer what it asks",
    ),
    post(
        "/api/v1/processes/{pid}/signal",
        ProcessKey,
        "Interrupt or kill it",
    ),
    post(
        "/api/v1/processes/{pid}/nice",
        ProcessKey,
        "Give it another priority",
    ),
    post(
        "/api/v1/processes/{pid}/fork",
        ProcessKey,
        "Start a copy of it; the reply has the copy's key",
    ),
    post("/api/v1/processes/{pid}/resume", ProcessKey, "Carry it on"),
    get("/api/v1/events", Token, "What happens to all processes"),
    get(
        "/api/v1/machine",
        Token,
        "The CPU in this moment: its cache, what each process holds of it, and the models that are loaded",
    ),
    post(
        "/api/v1/hooks/{name}",
        Hook,
        "Start a scheduled agent; the body is a text for it, and the token the hook's own",
    ),
    get(
        "/api/v1/memory/search",
        Token,
        "Look something up in the memory",
    ),
    get("/api/v1/memory/page", Token, "A page of the memory, whole"),
    get(
        "/api/v1/conversations",
        Token,
        "The conversations, the newest first",
    ),
    get(
        "/api/v1/tools",
        Token,
        "The tools, and what they were granted",
    ),
];

/// What a request needs. A path that is not in the table has nothing to tell but that it is not
/// there; below [`OWN`] it needs the token all the same, so that a route that somebody forgets
/// to enter here is closed.
pub fn needs(method: &Method, path: &str) -> Needs {
    let method = match method.as_str() {
        // It is answered by what answers `GET`.
        "HEAD" => "GET",
        other => other,
    };
    let is_asked =
        |route: &&Route| route.method.eq_ignore_ascii_case(method) && fits(route.path, path);
    match ROUTES.iter().find(is_asked) {
        Some(route) => route.needs,
        None if absent::instead(path).is_some() => Entry,
        None if path.starts_with(OWN) => Token,
        None => Entry,
    }
}

/// The route of a path, whatever the method; `other` where there is none, so that no client can
/// make ever new names.
pub fn name(path: &str) -> &'static str {
    let known = ROUTES.iter().find(|route| fits(route.path, path));
    known.map_or(OTHER, |route| route.path)
}

/// What may be asked of a path, for programs that look before they ask; nothing of one that is
/// not there.
pub fn methods(path: &str) -> Vec<&'static str> {
    let named = name(path);
    let known = ROUTES.iter().filter(|route| route.path == named);
    let mut methods: Vec<&str> = known
        .flat_map(|route| match route.method {
            "get" => &["GET", "HEAD"][..],
            "delete" => &["DELETE"],
            _ => &["POST"],
        })
        .copied()
        .collect();
    if !methods.is_empty() {
        methods.push("OPTIONS");
    }
    methods
}

/// What `path` is called in the table, where it stands there under another name: with slashes
/// too many, or with or without the `/v1` that clients put before what they were given. Paths
/// of the machine's own API have one name.
pub fn canonical(path: &str) -> Option<String> {
    if path.starts_with(OWN) || is_known(path) {
        return None;
    }
    let parts = path.split('/').filter(|part| !part.is_empty());
    let plain = format!("/{}", parts.collect::<Vec<_>>().join("/"));
    let without = plain.strip_prefix(V1).map(str::to_owned);
    let with = format!("{V1}{plain}");
    let names = [Some(plain), Some(with), without];
    let mut names = names.into_iter().flatten();
    names.find(|name| !name.starts_with(OWN) && is_known(name))
}

/// Whether a route has this path.
fn is_known(path: &str) -> bool {
    // The names of models may have slashes.
    let model = path.strip_prefix("/v1/models/");
    name(path) != OTHER || model.is_some_and(|model| !model.is_empty())
}

/// Whether `path` is one of those that `route` stands for.
fn fits(route: &str, path: &str) -> bool {
    let (mut given, mut parts) = (path.split('/'), route.split('/'));
    loop {
        match (given.next(), parts.next()) {
            (None, None) => return true,
            (Some(given), Some(part))
                if part == given || (part.starts_with('{') && !given.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_known_by_its_route() {
        let check = |path: &str, want: &str| assert_eq!(name(path), want);
        check("/v1/models", "/v1/models");
        check("/api/v1/processes/17/log", "/api/v1/processes/{pid}/log");
        check("/v1/models/", "other");
        check("/nonsense/17", "other");
    }

    #[test]
    fn a_path_may_be_written_otherwise() {
        let check = |path: &str, want: Option<&str>| {
            assert_eq!(canonical(path).as_deref(), want, "{path}");
        };
        check("/v1/chat/completions", None);
        check("/v1/chat/completions/", Some("/v1/chat/completions"));
        check("/v1//chat/completions", Some("/v1/chat/completions"));
        check("/chat/completions", Some("/v1/chat/completions"));
        check("/v1/v1/messages", Some("/v1/messages"));
        check("/v1/health", Some("/health"));
        check("/v1/models/", Some("/v1/models"));
        check("/models/org/name", Some("/v1/models/org/name"));
        check("/responses/resp_7/", Some("/v1/responses/resp_7"));
        check("/v1/models/org/name", None);
        check("/models/load", None);
        check("/", None);
        check("//", Some("/"));
        // Nothing leads to the machine's own API but its names.
        check("/api/v1/processes/", None);
        check("//api/v1/processes", None);
        check("/v1/api/v1/processes", None);
        check("/nonsense", None);
    }

    #[test]
    fn a_path_tells_its_methods() {
        let check = |path: &str, want: &[&str]| assert_eq!(methods(path), want, "{path}");
        check("/v1/models", &["GET", "HEAD", "OPTIONS"]);
        check("/v1/completions", &["POST", "OPTIONS"]);
        check("/api/v1/processes", &["GET", "HEAD", "POST", "OPTIONS"]);
        check("/v1/responses/input_tokens", &["POST", "OPTIONS"]);
        check(
            "/v1/responses/resp_7",
            &["GET", "HEAD", "DELETE", "OPTIONS"],
        );
        check("/nonsense", &[]);
    }

    #[test]
    fn what_is_not_in_the_table_is_closed() {
        let check = |method: &str, path: &str, want: Needs| {
            let method: Method = method.parse().unwrap();
            assert_eq!(needs(&method, path), want, "{method} {path}");
        };
        check("GET", "/api/v1/processes", Token);
        check("HEAD", "/api/v1/processes", Token);
        check("POST", "/api/v1/processes", Entry);
        check("DELETE", "/api/v1/processes", Token);
        check("GET", "/api/v1/processes/1/log", ProcessKey);
        check("GET", "/api/v1/processes/1/log/", Token);
        check("GET", "/api/v1/processes//log", Token);
        check("GET", "/api/v2/anything", Token);
        check("GET", "/v1/models/agent/adder", Entry);
        check("POST", "/models/pull", Token);
        check("POST", "/models/load/", Entry);
        check("DELETE", "/v1/models", Entry);
        check("GET", "/nonsense", Entry);
        // What other servers have there is told to everybody.
        check("GET", "/api/tags", Entry);
        check("POST", "/api/chat", Entry);
        check("POST", "/api/chats", Token);
    }
}
