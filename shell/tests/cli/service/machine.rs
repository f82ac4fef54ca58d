//! `quipu serve` on a free port, and requests to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::sandbox::{Said, Sandbox, read_until, signal, until};

/// A program that serves; killed when the test is over.
pub struct Machine {
    child: Child,
    err: BufReader<std::process::ChildStderr>,
    /// What it said until it listened.
    pub said: String,
    /// Where it listens.
    pub url: String,
    /// The token that it made for itself; empty where it was given one.
    pub token: String,
    client: reqwest::Client,
}

/// The reply to a request.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub text: String,
}

impl Reply {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Checks the status, and that the value at each JSON pointer is as wanted.
    #[track_caller]
    pub fn check(&self, status: u16, wanted: &[(&str, Value)]) {
        assert_eq!(self.status, status, "{self:#?}");
        let body = self.json();
        for (pointer, want) in wanted {
            assert_eq!(body.pointer(pointer), Some(want), "{pointer} of {self:#?}");
        }
    }

    /// The events of a stream: their names, where they have any, and their data.
    #[track_caller]
    pub fn events(&self) -> Vec<(String, Value)> {
        let blocks = self.text.split("\n\n").filter(|block| !block.is_empty());
        let field = |block: &str, name: &str| {
            let found = block.lines().find_map(|line| line.strip_prefix(name));
            found.unwrap_or_default().trim().to_owned()
        };
        blocks
            .map(|block| {
                let data = field(block, "data:");
                let value = serde_json::from_str(&data).unwrap_or(Value::String(data));
                (field(block, "event:"), value)
            })
            .collect()
    }
}

impl Machine {
    /// Starts it on the script with these `lines`.
    pub fn start(sandbox: &Sandbox, lines: &[&str], args: &[&str]) -> Self {
        let cpu = sandbox.script("service.jsonl", lines);
        Self::serve(sandbox, &[&["--cpu", &cpu], args].concat())
    }

    /// Starts it with these `args`.
    pub fn serve(sandbox: &Sandbox, args: &[&str]) -> Self {
        let base = ["serve", "--addr", "127.0.0.1:0"];
        let mut command = sandbox.command(&[&base, args].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let url = loop {
            let begin = said.len();
            assert_ne!(err.read_line(&mut said).unwrap(), 0, "it ended: {said}");
            if let Some(url) = said[begin..].trim().strip_prefix("listening on ") {
                break url.to_owned();
            }
        };
        let client = quipu_tls::client().no_proxy().build().unwrap();
        let token = std::fs::read_to_string(sandbox.path().join("root/state/http_token"));
        Self {
            child,
            err,
            said,
            url,
            token: token.unwrap_or_default(),
            client,
        }
    }

    /// A request that can be changed before it is sent.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().unwrap();
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Sends the bytes of a request as they are; what comes until the other side closes.
    pub fn raw(&self, request: &str) -> String {
        let address = self.url.trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    /// A request of the machine's user: with the token that the machine made for itself.
    pub fn user(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.request(method, path).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Reply {
        reply(self.request("GET", path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        reply(self.request("POST", path).json(body)).await
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Reads what it says until a line has `text`.
    #[track_caller]
    pub fn says(&mut self, text: &str) {
        read_until(&mut self.err, &mut self.said, text);
    }

    /// Sends a signal by its name, and waits for the end.
    pub fn end(mut self, signal: &str) -> Said {
        self.signal(signal);
        let status = until(|| self.child.try_wait().unwrap());
        let mut err = std::mem::take(&mut self.said);
        self.err.read_to_string(&mut err).unwrap();
        let mut out = String::new();
        let mut pipe = self.child.stdout.take().unwrap();
        pipe.read_to_string(&mut out).unwrap();
        Said {
            code: status.code(),
            out,
            err,
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request, and reads the reply to its end.
pub async fn reply(request: reqwest::RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    Reply {
        status: response.status().as_u16(),
        text: response.text().await.unwrap(),
    }
}
