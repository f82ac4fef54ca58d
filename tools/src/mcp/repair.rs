//! What servers say nearly as the protocol has it.
//!
//! The library reads a result as a whole: one tool without a schema, or one part of content
//! of a kind that is not known, and nothing of it can be read. Such results are given the
//! form they were meant to have, which depends on what was asked, so that one odd tool never
//! stops the others.

use std::borrow::Cow;
use std::collections::HashMap;

use rmcp::model::{
    CallToolResult, ClientJsonRpcMessage, ClientNotification, ClientRequest, ErrorCode,
    ListToolsResult, ReadResourceResult, RequestId, ServerJsonRpcMessage, ServerResult,
};
use rmcp::service::{self, RoleClient};
use rmcp::transport::Transport;

use super::forms::{found, greeting, listing, outcome};
use super::stdio::TOO_LONG;

/// A connection on which results have the form that the protocol says.
pub(super) struct Repaired<T> {
    inner: T,
    /// Requests that wait for an answer, by their ids as text: some servers answer a number as
    /// text.
    asked: HashMap<String, (RequestId, Asked)>,
}

/// The kind of a request.
#[derive(Clone, Copy, Debug)]
enum Asked {
    /// The tools that there are.
    Tools,
    /// What a call comes to.
    Call,
    /// What is at an address.
    Read,
    /// A greeting, or something that is read as it is.
    Other,
}

impl<T> Repaired<T> {
    pub(super) fn new(inner: T) -> Self {
        Self {
            inner,
            asked: HashMap::new(),
        }
    }

    /// Notes what is asked, until it is answered or given up.
    fn note(&mut self, message: &ClientJsonRpcMessage) {
        match message {
            ClientJsonRpcMessage::Request(request) => {
                let asked = match &request.request {
                    ClientRequest::ListToolsRequest(_) => Asked::Tools,
                    ClientRequest::CallToolRequest(_) => Asked::Call,
                    ClientRequest::ReadResourceRequest(_) => Asked::Read,
                    // Has no answer while it stands.
                    ClientRequest::SubscriptionsListenRequest(_) => return,
                    _ => Asked::Other,
                };
                let id = request.id.clone();
                self.asked.insert(id.to_string(), (id, asked));
            }
            ClientJsonRpcMessage::Notification(told) => {
                if let ClientNotification::CancelledNotification(cancelled) = &told.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    self.asked.remove(&id.to_string());
                }
            }
            _ => {}
        }
    }

    fn repaired(&mut self, message: ServerJsonRpcMessage) -> ServerJsonRpcMessage {
        match message {
            ServerJsonRpcMessage::Response(mut response) => {
                let asked = self.asked.remove(&response.id.to_string());
                let (_, asked) = asked.unwrap_or((response.id.clone(), Asked::Other));
                response.result = meant(asked, response.result);
                ServerJsonRpcMessage::Response(response)
            }
            ServerJsonRpcMessage::Error(mut error) => {
                // Where one answer is waited for, it is the one that was too long, and that of the
                // call that could not be read.
                let waiting = match self.asked.len() {
                    1 => self.asked.values().next(),
                    _ => None,
                };
                let is_of = |asked: &Asked| match error.error.code {
                    TOO_LONG => true,
                    ErrorCode::PARSE_ERROR | ErrorCode::INVALID_REQUEST => {
                        matches!(asked, Asked::Call)
                    }
                    _ => false,
                };
                if error.id.is_none() {
                    let waiting = waiting.filter(|(_, asked)| is_of(asked));
                    error.id = waiting.map(|(id, _)| id.clone());
                }
                if let Some(id) = &error.id {
                    self.asked.remove(&id.to_string());
                }
                ServerJsonRpcMessage::Error(error)
            }
            other => other,
        }
    }
}

impl<T: Transport<RoleClient> + 'static> Transport<RoleClient> for Repaired<T> {
    type Error = T::Error;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn send(
        &mut self,
        item: service::TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.note(&item);
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<service::RxJsonRpcMessage<RoleClient>> {
        let message = self.inner.receive().await?;
        Some(self.repaired(message))
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}

/// A result in the form that an answer to what was `asked` has.
fn meant(asked: Asked, result: ServerResult) -> ServerResult {
    let is_known = match &result {
        ServerResult::CustomResult(_) => false,
        ServerResult::ListToolsResult(_) => matches!(asked, Asked::Tools | Asked::Other),
        // The library knows of results without content.
        ServerResult::CallToolResult(_)
        | ServerResult::CreateTaskResult(_)
        | ServerResult::TaskAckResult(_) => matches!(asked, Asked::Call | Asked::Other),
        ServerResult::ReadResourceResult(_) => matches!(asked, Asked::Read | Asked::Other),
        ServerResult::InputRequiredResult(_) => true,
        ServerResult::EmptyResult(_) => matches!(asked, Asked::Call | Asked::Other),
        _ => matches!(asked, Asked::Other),
    };
    if is_known {
        return result;
    }
    let Ok(value) = serde_json::to_value(&result) else {
        return result;
    };
    let repaired = match asked {
        Asked::Tools => {
            serde_json::from_value::<ListToolsResult>(listing(value)).map(ServerResult::from)
        }
        Asked::Call => {
            serde_json::from_value::<CallToolResult>(outcome(value)).map(ServerResult::from)
        }
        Asked::Read => {
            serde_json::from_value::<ReadResourceResult>(found(value)).map(ServerResult::from)
        }
        Asked::Other => serde_json::from_value::<ServerResult>(greeting(value)),
    };
    repaired.unwrap_or(result)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The result of a server that answers with `value` to what was `asked`.
    fn said(asked: Asked, value: Value) -> ServerResult {
        let message = json!({"jsonrpc": "2.0", "id": "1", "result": value});
        let message: ServerJsonRpcMessage = serde_json::from_value(message).unwrap();
        let mut connection = Repaired::new(());
        let asked = (RequestId::Number(1), asked);
        connection.asked.insert("1".to_owned(), asked);
        let answer = connection.repaired(message);
        assert!(connection.asked.is_empty());
        match answer {
            ServerJsonRpcMessage::Response(response) => response.result,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_odd_tool_stops_no_other() {
        let good = json!({"name": "good", "inputSchema": {"type": "object"}});
        let check = |odd: Value, want: Value| {
            let ServerResult::ListToolsResult(list) =
                said(Asked::Tools, json!({"tools": [good, odd]}))
            else {
                panic!("no list: {odd}")
            };
            assert_eq!(list.tools[0].name, "good");
            let tool = serde_json::to_value(&list.tools[1]).unwrap();
            assert_eq!(tool, want, "{odd}");
        };
        let any = json!({"type": "object"});
        check(
            json!({"name": "a"}),
            json!({"name": "a", "inputSchema": any}),
        );
        check(
            json!({"name": "a", "inputSchema": null, "description": 3, "icons": "a.png",
                   "annotations": {"readOnlyHint": "yes", "destructiveHint": true}}),
            json!({"name": "a", "inputSchema": any, "annotations": {"destructiveHint": true}}),
        );
        check(
            json!({"name": "a", "input_schema": {"type": "object", "properties": {}}}),
            json!({"name": "a", "inputSchema": {"type": "object", "properties": {}}}),
        );
        let text = json!({"type": "object", "properties": {"b": {"type": "string"}}});
        for tool in [
            json!({"name": "a", "parameters": text}),
            json!({"name": "a", "inputSchema": null, "schema": text}),
            json!({"name": "a", "inputSchema": text.to_string()}),
        ] {
            check(tool, json!({"name": "a", "inputSchema": text}));
        }
        check(
            json!({"function": {"name": "a", "parameters": text}}),
            json!({"name": "a", "inputSchema": text}),
        );
        check(json!("a"), json!({"name": "(no name)", "inputSchema": any}));
        check(
            json!({"name": "a", "inputSchema": ["b"]}),
            json!({"name": "a", "inputSchema": {"type": ["b"]}}),
        );
    }

    #[test]
    fn a_list_of_tools_is_read() {
        let check = |value: Value, want: &str, cursor: Option<&str>| {
            let ServerResult::ListToolsResult(list) = said(Asked::Tools, value.clone()) else {
                panic!("no list: {value}")
            };
            let names: Vec<&str> = list.tools.iter().map(|tool| &*tool.name).collect();
            assert_eq!(names.join(" "), want, "{value}");
            assert_eq!(list.next_cursor.as_deref(), cursor, "{value}");
        };
        let tool = |name: &str| json!({"name": name, "inputSchema": {"type": "object"}});
        let (a, b) = (tool("a"), tool("b"));
        check(
            json!({"tools": [a, b], "nextCursor": "2"}),
            "a b",
            Some("2"),
        );
        check(json!({"tools": [a], "nextCursor": 2}), "a", Some("2"));
        check(
            json!({"tools": [a], "nextCursor": null, "ttlMs": "long"}),
            "a",
            None,
        );
        check(json!([a, b]), "a b", None);
        check(
            json!({"tools": {"a": {"description": "A."}, "b": b}}),
            "a b",
            None,
        );
        check(json!({"tools": null}), "", None);
        check(json!({}), "", None);
        check(Value::Null, "", None);
    }

    #[test]
    fn what_is_at_an_address_is_read() {
        let check = |value: Value, want: &str| {
            let ServerResult::ReadResourceResult(found) = said(Asked::Read, value.clone()) else {
                panic!("nothing was read: {value}")
            };
            assert_eq!(super::super::content::read(&found), want, "{value}");
        };
        let part = json!({"uri": "x:a", "text": "high"});
        check(json!({"contents": [part]}), "high");
        check(json!({"contents": part}), "high");
        check(
            json!({"content": [{"type": "text", "text": "high"}]}),
            "high",
        );
        check(json!({"contents": ["high"]}), "high");
        check(json!("high"), "high");
        check(
            json!({"contents": [{"blob": "aGk=", "mimeType": "text/plain"}]}),
            "(no address):\nhi",
        );
        check(json!({"contents": null}), "");
        check(json!({"level": 4}), r#"{"level":4}"#);
    }

    #[test]
    fn a_refusal_without_an_id_belongs_to_the_one_that_is_waited_for() {
        let check = |code: ErrorCode, kind: Asked, asked: &[i64], want: Option<i64>| {
            let mut connection = Repaired::new(());
            for id in asked {
                let waits = (RequestId::Number(*id), kind);
                connection.asked.insert(id.to_string(), waits);
            }
            let error = rmcp::model::ErrorData::new(code, "no", None);
            let ServerJsonRpcMessage::Error(error) =
                connection.repaired(ServerJsonRpcMessage::error(error, None))
            else {
                panic!("no error")
            };
            assert_eq!(error.id, want.map(RequestId::Number), "{code:?} {asked:?}");
        };
        check(TOO_LONG, Asked::Call, &[], None);
        check(TOO_LONG, Asked::Tools, &[3], Some(3));
        check(TOO_LONG, Asked::Call, &[3, 4], None);
        check(ErrorCode::INVALID_REQUEST, Asked::Call, &[3], Some(3));
        check(ErrorCode::PARSE_ERROR, Asked::Call, &[3], Some(3));
        check(ErrorCode::INVALID_REQUEST, Asked::Call, &[3, 4], None);
        // It may be of a notification.
        check(ErrorCode::INVALID_REQUEST, Asked::Tools, &[3], None);
        check(ErrorCode::METHOD_NOT_FOUND, Asked::Call, &[3], None);
    }

    #[test]
    fn a_greeting_is_read() {
        let check = |value: Value| {
            let ServerResult::InitializeResult(greeting) = said(Asked::Other, value) else {
                panic!("no greeting")
            };
            assert!(greeting.capabilities.tools.is_some());
        };
        let begin = |more: Value| {
            let mut whole = json!({"protocolVersion": "2025-06-18"});
            let fields = whole.as_object_mut().unwrap();
            fields.extend(more.as_object().unwrap().clone());
            whole
        };
        let info = json!({"name": "s", "version": "1"});
        check(begin(
            json!({"capabilities": {"tools": {}}, "serverInfo": info}),
        ));
        check(begin(
            json!({"capabilities": {"tools": [], "logging": []}, "serverInfo": info}),
        ));
        check(begin(
            json!({"capabilities": {"tools": true, "prompts": false}}),
        ));
        check(begin(
            json!({"capabilities": {"tools": {}}, "serverInfo": {"name": "s"}}),
        ));
        check(begin(
            json!({"protocolVersion": 1, "capabilities": {"tools": {"listChanged": "true"},
                "experimental": [], "extensions": {"x": []}}}),
        ));
        check(json!({"capabilities": {"tools": {}}, "serverInfo": info}));
    }

    #[test]
    fn what_a_call_came_to_is_read() {
        let check = |value: Value, want: &[&str]| {
            let ServerResult::CallToolResult(result) = said(Asked::Call, value.clone()) else {
                panic!("no outcome: {value}")
            };
            let texts: Vec<String> = result
                .content
                .iter()
                .map(super::super::content::text)
                .collect();
            assert_eq!(texts, want, "{value}");
        };
        check(json!({"content": "just words"}), &["just words"]);
        check(
            json!({"content": {"type": "text", "text": "one"}}),
            &["one"],
        );
        check(
            json!({"content": ["a", {"text": "b"}, {"type": "text", "text": 3}]}),
            &["a", "b", "3"],
        );
        check(
            json!({"content": [{"type": "text", "text": "kept"}, {"type": "video", "url": "x"}]}),
            &["kept", r#"{"type":"video","url":"x"}"#],
        );
        check(
            json!({"content": [{"type": "image", "data": "AAAA"}], "isError": "false"}),
            &["[an image, of a kind that is not said, 3 bytes]"],
        );
        check(
            json!({"content": [{"type": "text", "text": null}], "isError": true}),
            &[""],
        );
        check(
            json!({"content": [{"type": "resource_link", "uri": "herd:1", "size": "12"}]}),
            &["[link herd:1, 12 bytes]"],
        );
        check(json!("just words"), &["just words"]);
        check(
            json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
            &["a", "b"],
        );
    }

    #[test]
    fn a_value_of_whatever_form_is_what_a_call_came_to() {
        let check = |value: Value, want: Value| {
            let ServerResult::CallToolResult(result) = said(Asked::Call, value.clone()) else {
                panic!("no outcome: {value}")
            };
            assert!(result.content.is_empty(), "{value}");
            assert_eq!(result.structured_content, Some(want), "{value}");
        };
        check(json!({"toolResult": {"a": 1}}), json!({"a": 1}));
        check(json!({"a": 1, "_meta": {}}), json!({"a": 1}));
        check(json!({"tools": []}), json!({"tools": []}));
        check(json!([1, 2]), json!([1, 2]));
        check(json!(7), json!(7));
    }
}
