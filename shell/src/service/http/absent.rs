//! What other servers have and this one has not: clients that were made for them are told what to
//! ask instead, with the status 501. A path that nobody has is [`ApiError::nowhere`]'s 404.
//!
//! [`ApiError::nowhere`]: super::error::ApiError::nowhere

/// What Ollama's own API is replaced by.
const OLLAMA: &str = "Ollama's own API is not spoken here; set the client to OpenAI's, with the \
                      address of this server and /v1, as Ollama has too";
/// What the API of Letta, which keeps agents, is replaced by.
const LETTA: &str = "an agent is a file, and `agent/NAME` is asked in /v1/chat/completions; \
                     /v1/models lists them, GET /api/v1/memory/search looks into the memory, and \
                     POST /api/v1/processes with `after` goes on with a conversation";
/// Where files would have to be kept for a client.
const KEPT: &str = "nothing is kept for clients but responses; send what is needed with each \
                    request";
/// What orders texts by how they fit.
const RANKS: &str = "no model here ranks texts; compare vectors of /v1/embeddings, or ask \
                     /v1/decisions";

/// Paths, without the `/v1` before them, and what to do instead. What stands below one is as
/// absent as it.
const ABSENT: &[(&str, &str)] = &[
    ("/agents", LETTA),
    ("/api/blobs", OLLAMA),
    ("/api/chat", OLLAMA),
    ("/api/copy", OLLAMA),
    ("/api/create", OLLAMA),
    ("/api/delete", OLLAMA),
    ("/api/embed", OLLAMA),
    ("/api/embeddings", OLLAMA),
    ("/api/generate", OLLAMA),
    ("/api/ps", OLLAMA),
    ("/api/pull", OLLAMA),
    ("/api/push", OLLAMA),
    ("/api/show", OLLAMA),
    ("/api/tags", OLLAMA),
    ("/api/version", OLLAMA),
    (
        "/assistants",
        "ask `agent` in /v1/chat/completions, or POST /api/v1/processes",
    ),
    (
        "/audio/voices",
        "POST /v1/audio/speech names the voices where it is asked for another",
    ),
    (
        "/batches",
        "send the requests themselves, or use `quipu batch`",
    ),
    ("/blocks", LETTA),
    ("/classify", RANKS),
    (
        "/conversations",
        "go on with `previous_response_id` in /v1/responses",
    ),
    ("/embedding", "POST /v1/embeddings"),
    ("/files", KEPT),
    ("/fine_tuning", "no model is trained here"),
    ("/images", "no model here makes pictures"),
    (
        "/lora-adapters",
        "the model runs as it is, without adapters",
    ),
    (
        "/messages/batches",
        "send the messages themselves, or use `quipu batch`",
    ),
    ("/moderations", "no model here moderates; ask /v1/decisions"),
    ("/organization", "GET /metrics counts what was used"),
    (
        "/realtime",
        "stream /v1/chat/completions, and use /v1/audio for sound",
    ),
    ("/pooling", "POST /v1/embeddings"),
    ("/rerank", RANKS),
    ("/reranking", RANKS),
    ("/score", RANKS),
    (
        "/server_info",
        "GET /props, or GET /api/v1/machine with the token",
    ),
    (
        "/slots",
        "what was computed stays by itself, as long as there is room; nothing is saved or \
                restored",
    ),
    (
        "/threads",
        "ask `agent` in /v1/chat/completions, or POST /api/v1/processes",
    ),
    ("/tools", "GET /api/v1/tools, with the token"),
    ("/uploads", KEPT),
    (
        "/vector_stores",
        "add documents with `quipu mem add`, and ask `agent`",
    ),
    ("/version", "GET /health says it"),
];

/// What to do instead of asking `path`, where another server would have it.
pub fn instead(path: &str) -> Option<&'static str> {
    let plain = path.strip_prefix("/v1").unwrap_or(path);
    let below = |known: &str| {
        let rest = plain.strip_prefix(known);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let found = ABSENT.iter().find(|(known, _)| below(known));
    found.map(|(_, instead)| *instead)
}

#[cfg(test)]
mod tests {
    use super::super::routes;
    use super::*;

    #[test]
    fn what_another_server_has_is_known() {
        let check = |path: &str, want: bool| assert_eq!(instead(path).is_some(), want, "{path}");
        check("/api/tags", true);
        check("/v1/files", true);
        check("/v1/files/file_7/content", true);
        check("/rerank", true);
        check("/v1/agents/agent-7/messages", true);
        check("/api/delete", true);
        check("/slots/0", true);
        check("/v1/filesystem", false);
        check("/api/v1/processes", false);
        check("/nonsense", false);
    }

    /// Of what is here nobody is told that it is not.
    #[test]
    fn nothing_is_both_here_and_absent() {
        for route in routes::ROUTES {
            let told = instead(route.path);
            assert!(told.is_none() || route.path == "/slots", "{}", route.path);
        }
    }
}
