//! The other side: llama.cpp's server and benchmark tools, as processes.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Bench;

/// A llama-server, started fresh; ended when dropped.
pub struct Server {
    child: Child,
    url: String,
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

impl Server {
    /// Starts one with `slots` slots of `window` tokens, and no cache of prompts in
    /// host memory.
    pub fn start(bench: &Bench, slots: usize, window: usize) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new(bench.peers.join("llama-server"))
            .arg("--model")
            .arg(&bench.model)
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .args(["--parallel", &slots.to_string()])
            .args(["--ctx-size", &(slots * window).to_string()])
            .args(["--threads", &bench.threads.to_string(), "--cache-ram", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let server = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            runtime,
            client: quipu_tls::client().no_proxy().build().unwrap(),
        };
        let start = Instant::now();
        while !server.is_ready() {
            assert!(
                start.elapsed() < Duration::from_secs(120),
                "llama-server did not start"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    fn is_ready(&self) -> bool {
        let asked = self.client.get(format!("{}/health", self.url)).send();
        self.runtime
            .block_on(asked)
            .is_ok_and(|answer| answer.status().is_success())
    }

    /// Sends all requests at once; the seconds until the last has its answer, and the
    /// answers.
    pub fn run(&self, requests: Vec<Value>) -> (f64, Vec<Value>) {
        let start = Instant::now();
        let ask = |request: Value| async move {
            let url = format!("{}/completion", self.url);
            let answer = self.client.post(url).json(&request).send().await.unwrap();
            answer.json::<Value>().await.unwrap()
        };
        let all = futures_util::future::join_all(requests.into_iter().map(ask));
        let answers = self.runtime.block_on(all);
        (start.elapsed().as_secs_f64(), answers)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request for exactly `count` tokens after a prompt of tokens.
pub fn request(tokens: &[i32], count: u32) -> Value {
    json!({"prompt": tokens, "n_predict": count, "ignore_eos": true, "temperature": 0.0, "cache_prompt": true})
}

/// Tokens per second that llama-bench measures for a prompt, and for generation after
/// a prompt of that length.
pub fn llama_bench(bench: &Bench, prompt: usize, generate: usize) -> (f64, f64) {
    let speed = |prompt: usize, generate: usize, depth: usize| {
        let out = Command::new(bench.peers.join("llama-bench"))
            .arg("--model")
            .arg(&bench.model)
            .args(["-p", &prompt.to_string(), "-n", &generate.to_string()])
            .args(["-d", &depth.to_string()])
            .args(["-t", &bench.threads.to_string(), "-r", "1", "-o", "json"])
            .stderr(Stdio::null())
            .output()
            .unwrap();
        let rows: Value = serde_json::from_slice(&out.stdout).unwrap();
        rows[0]["avg_ts"].as_f64().unwrap()
    };
    (speed(prompt, 0, 0), speed(0, generate, prompt))
}

/// Tokens per second that llama-batched-bench measures while generating for
/// `sequences` prompts of their own: each with a cache of its own, or all in one cache,
/// as sharing between them takes.
pub fn batched_bench(bench: &Bench, sequences: usize, len: usize, unified: bool) -> f64 {
    let out = Command::new(bench.peers.join("llama-batched-bench"))
        .arg("--model")
        .arg(&bench.model)
        .args(["-npp", &len.to_string(), "-ntg", &len.to_string()])
        .args(["-npl", &sequences.to_string(), "-c", "8192"])
        .args(unified.then_some("--kv-unified"))
        .args(["-t", &bench.threads.to_string(), "--output-format", "jsonl"])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    let row = text.lines().rfind(|line| line.starts_with('{')).unwrap();
    let row: Value = serde_json::from_str(row).unwrap();
    row["speed_tg"].as_f64().unwrap()
}
