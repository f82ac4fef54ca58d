//! Pulls from a hub of our own on the loopback.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::super::progress::{Event, Progress, Silent};
use super::super::{ModelError, Settings, pull};
use super::{model, nowhere, sha256, write};

const FILE: &str = "tiny-Q4_K_M.gguf";

struct House {
    hub: MockServer,
    root: tempfile::TempDir,
    settings: Settings,
}

impl House {
    async fn new() -> House {
        let hub = MockServer::start().await;
        let mut settings = nowhere();
        settings.hub.endpoint = hub.uri();
        House {
            hub,
            root: tempfile::tempdir().unwrap(),
            settings,
        }
    }

    /// The hub lists these files: path, size, SHA-256.
    async fn lists(&self, files: &[(&str, u64, Option<&str>)]) {
        let sibling = |(file, size, sha): &(&str, u64, Option<&str>)| -> Value {
            json!({ "rfilename": file, "size": size, "lfs": sha.map(|sha| json!({ "sha256": sha, "size": size })) })
        };
        let siblings: Vec<Value> = files.iter().map(sibling).collect();
        Mock::given(method("GET"))
            .and(path("/api/models/org/repo"))
            .and(query_param("blobs", "true"))
            .respond_with(
                ResponseTemplate::new(200)
                    .set_body_json(json!({ "sha": "c0ffee", "siblings": siblings })),
            )
            .mount(&self.hub)
            .await;
    }

    /// The hub serves `bytes`, by ranges if asked.
    async fn serves(&self, file: &str, bytes: Vec<u8>, ranges: bool) {
        Mock::given(path(format!("/org/repo/resolve/c0ffee/{file}")))
            .respond_with(move |request: &Request| {
                let asked = request.headers.get("range").filter(|_| ranges);
                let Some(range) = asked else {
                    return ResponseTemplate::new(200).set_body_bytes(bytes.clone());
                };
                let start: usize = range.to_str().unwrap()["bytes=".len()..]
                    .trim_end_matches('-')
                    .parse()
                    .unwrap();
                let end = bytes.len() - 1;
                ResponseTemplate::new(206)
                    .insert_header(
                        "content-range",
                        format!("bytes {start}-{end}/{}", bytes.len()),
                    )
                    .set_body_bytes(&bytes[start..])
            })
            .mount(&self.hub)
            .await;
    }

    async fn answers(&self, at: &str, status: u16) {
        Mock::given(path(at))
            .respond_with(ResponseTemplate::new(status))
            .mount(&self.hub)
            .await;
    }

    fn path(&self) -> PathBuf {
        self.root.path().join("org/repo").join(FILE)
    }

    /// Where the bytes of a file with this checksum are gathered.
    fn part(&self, sha: &str) -> PathBuf {
        let key = format!("org--repo--{FILE}");
        self.root
            .path()
            .join(".partial")
            .join(key)
            .join(format!("hub-{}.part", &sha[..16]))
    }

    async fn pull(&self, spec: &str) -> Result<PathBuf, ModelError> {
        pull(spec, self.root.path(), &self.settings, &Silent).await
    }

    async fn check_fault(&self, spec: &str, expected: &str) {
        let error = self.pull(spec).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{spec}: {error}");
    }

    /// The hub refuses `spec`, and the error tells whether a token was sent.
    async fn check_denied(&self, spec: &str, sent: bool) {
        let error = self.pull(spec).await.unwrap_err();
        assert!(
            matches!(error, ModelError::Denied { token, .. } if token == sent),
            "{error:?}"
        );
    }

    /// The ranges asked for, one entry for each request of the file.
    async fn ranges(&self) -> Vec<Option<String>> {
        let requests = self.hub.received_requests().await.unwrap();
        let files = requests
            .iter()
            .filter(|request| request.url.path().contains("/resolve/"));
        let range = |request: &Request| {
            request
                .headers
                .get("range")
                .map(|range| range.to_str().unwrap().to_owned())
        };
        files.map(range).collect()
    }
}

#[tokio::test]
async fn a_quantisation_is_found_fetched_and_kept() {
    let (house, bytes) = (House::new().await, model(1000));
    let sha = sha256(&bytes);
    house
        .lists(&[
            ("README.md", 5, None),
            (FILE, bytes.len() as u64, Some(&sha)),
        ])
        .await;
    house.serves(FILE, bytes.clone(), true).await;
    assert_eq!(house.pull("org/repo:Q4_K_M").await.unwrap(), house.path());
    assert_eq!(fs::read(house.path()).unwrap(), bytes);
    let asked = house.hub.received_requests().await.unwrap().len();
    house.pull("org/repo:Q4_K_M").await.unwrap();
    house.pull("org/repo").await.unwrap();
    assert_eq!(
        house.hub.received_requests().await.unwrap().len(),
        asked,
        "nothing was asked again"
    );
}

#[tokio::test]
async fn half_a_file_is_continued() {
    let (house, bytes) = (House::new().await, model(1000));
    let sha = sha256(&bytes);
    house.lists(&[(FILE, bytes.len() as u64, Some(&sha))]).await;
    house.serves(FILE, bytes.clone(), true).await;
    write(&house.part(&sha), &bytes[..1234]);
    house.pull("org/repo").await.unwrap();
    assert_eq!(house.ranges().await, [Some("bytes=1234-".to_owned())]);
    assert_eq!(fs::read(house.path()).unwrap(), bytes);
    assert!(!house.part(&sha).exists());
}

#[tokio::test]
async fn a_server_without_ranges_is_read_from_the_start() {
    let (house, bytes) = (House::new().await, model(1000));
    let sha = sha256(&bytes);
    house.lists(&[(FILE, bytes.len() as u64, Some(&sha))]).await;
    house.serves(FILE, bytes.clone(), false).await;
    write(&house.part(&sha), b"other bytes");
    house.pull("org/repo").await.unwrap();
    assert_eq!(fs::read(house.path()).unwrap(), bytes);
}

#[tokio::test]
async fn a_broken_transfer_is_continued_at_once() {
    let bytes = model(50_000);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = nowhere();
    settings.hub.endpoint = format!("http://{}", listener.local_addr().unwrap());
    let served = bytes.clone();
    // A hub whose first transfer of the file breaks in the middle.
    let hub = tokio::spawn(async move {
        let mut asked = Vec::new();
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let len = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..len]).into_owned();
            let range = request
                .lines()
                .find_map(|line| line.strip_prefix("range: bytes="));
            let start: Option<usize> =
                range.map(|range| range.trim_end_matches('-').parse().unwrap());
            let (status, body, all) = match start {
                _ if request.starts_with("GET /api") => {
                    let list = json!({ "siblings": [{ "rfilename": FILE, "size": served.len() }] });
                    let list = list.to_string().into_bytes();
                    let all = list.len();
                    ("200 OK".to_owned(), list, all)
                }
                None => (
                    "200 OK".to_owned(),
                    served[..100_000].to_vec(),
                    served.len(),
                ),
                Some(start) => {
                    let (all, end) = (served.len() - start, served.len() - 1);
                    let range = format!("content-range: bytes {start}-{end}/{}", served.len());
                    (
                        format!("206 Partial Content\r\n{range}"),
                        served[start..].to_vec(),
                        all,
                    )
                }
            };
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {all}\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&body).await.unwrap();
            stream.shutdown().await.unwrap();
            asked.push(start);
        }
        asked
    });
    let root = tempfile::tempdir().unwrap();
    let path = pull("org/repo", root.path(), &settings, &Silent)
        .await
        .unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(hub.await.unwrap(), [None, None, Some(100_000)]);
}

#[tokio::test]
async fn refusals_say_what_was_refused() {
    let mut house = House::new().await;
    house.answers("/api/models/org/none", 404).await;
    house.answers("/api/models/org/gated", 401).await;
    house.answers("/api/models/org/broken", 500).await;
    house
        .check_fault("org/none", "the model hub has no org/none")
        .await;
    house.check_denied("org/gated", false).await;
    house
        .check_fault("org/broken", "500 Internal Server Error")
        .await;
    house.settings.hub.token = Some("secret".into());
    house.check_denied("org/gated", true).await;
    assert!(!format!("{:?}", house.settings).contains("secret"));
    house.settings.hub.endpoint = "http://127.0.0.1:9".into();
    house
        .check_fault(
            "org/none",
            "the model hub http://127.0.0.1:9 cannot be reached",
        )
        .await;
    house.settings.hub.endpoint = "not an address".into();
    house
        .check_fault("org/none", "cannot be reached: relative URL")
        .await;
    house.check_fault("quen", "no model is called quen").await;
}

#[tokio::test]
async fn the_token_of_the_hubs_home_is_sent() {
    let (mut house, bytes) = (House::new().await, model(10));
    let home = house.root.path().join("home");
    write(&home.join("token"), b"hf_abc\n");
    house.settings.hub.home = Some(home);
    let list = json!({ "siblings": [{ "rfilename": FILE, "size": bytes.len() }] });
    for (at, answer) in [
        (
            "/api/models/org/repo".to_owned(),
            ResponseTemplate::new(200).set_body_json(list),
        ),
        (
            format!("/org/repo/resolve/main/{FILE}"),
            ResponseTemplate::new(200).set_body_bytes(bytes),
        ),
    ] {
        Mock::given(path(at))
            .and(header("authorization", "Bearer hf_abc"))
            .respond_with(answer)
            .mount(&house.hub)
            .await;
    }
    house.pull("org/repo").await.unwrap();
}

#[tokio::test]
async fn wrong_bytes_are_refused_and_removed() {
    let (house, bytes) = (House::new().await, model(1000));
    let sha = sha256(b"something else");
    house.lists(&[(FILE, bytes.len() as u64, Some(&sha))]).await;
    house.serves(FILE, bytes.clone(), true).await;
    house
        .check_fault(
            "org/repo",
            &format!("have SHA-256 {}, not {sha}", sha256(&bytes)),
        )
        .await;
    assert!(!house.path().exists() && !house.part(&sha).exists());
}

#[tokio::test]
async fn a_file_that_is_no_model_is_refused() {
    let house = House::new().await;
    let page = b"<!doctype html><title>Sign in to the hotel network</title>";
    house.lists(&[(FILE, page.len() as u64, None)]).await;
    house.serves(FILE, page.to_vec(), true).await;
    house.check_fault("org/repo", "looks like a web page").await;
    assert!(!house.path().exists());
}

#[tokio::test]
async fn more_than_announced_is_not_taken() {
    let (house, bytes) = (House::new().await, model(1000));
    house.lists(&[(FILE, 100, None)]).await;
    house.serves(FILE, bytes, true).await;
    house
        .check_fault("org/repo", "more than the 100 bytes it announced")
        .await;
}

#[tokio::test]
async fn wishes_that_cannot_be_met_are_explained() {
    let house = House::new().await;
    house
        .lists(&[
            ("a-Q4_K_M.gguf", 1, None),
            ("b-Q4_K_M.gguf", 1, None),
            ("c-Q8_0-00001-of-00002.gguf", 1, None),
            ("../../evil-Q2_K.gguf", 1, None),
        ])
        .await;
    house
        .check_fault(
            "org/repo:Q4_K_M",
            "several files for org/repo:Q4_K_M: a-Q4_K_M.gguf, b-",
        )
        .await;
    house
        .check_fault("org/repo:Q8_0", "keeps this model in several files")
        .await;
    house
        .check_fault("org/repo:Q2_K", "org/repo has no file for org/repo:Q2_K")
        .await;
    // What the repository has instead, without what would lead out of the folder.
    let error = house.pull("org/repo:Q6_K").await.unwrap_err();
    let ModelError::NoSuchQuant { have, .. } = error else {
        panic!("{error}");
    };
    let wanted = [
        "a-Q4_K_M.gguf",
        "b-Q4_K_M.gguf",
        "c-Q8_0-00001-of-00002.gguf",
    ];
    assert_eq!(have, wanted);
}

/// Keeps which projectors it was told of.
#[derive(Default)]
struct Projectors(Mutex<Vec<String>>);

impl Progress for Projectors {
    fn event(&self, event: Event<'_>) {
        if let Event::Projector { name } = event {
            self.0.lock().unwrap().push(name.to_owned());
        }
    }

    fn bytes(&self, _: u64, _: u64) {}
}

#[tokio::test]
async fn a_projector_is_named_where_there_is_one() {
    let check = async |file: &str, others: &[&str], want: &[&str]| {
        let house = House::new().await;
        let bytes = model(10);
        let sha = sha256(&bytes);
        let mut files = vec![(file, bytes.len() as u64, Some(sha.as_str()))];
        files.extend(others.iter().map(|other| (*other, 9, None)));
        house.lists(&files).await;
        house.serves(file, bytes, true).await;
        let told = Projectors::default();
        let spec = format!("org/repo:{file}");
        let pulled = pull(&spec, house.root.path(), &house.settings, &told).await;
        pulled.unwrap();
        assert_eq!(*told.0.lock().unwrap(), want, "{file} {others:?}");
    };
    check(FILE, &[], &[]).await;
    check(FILE, &["other-Q8_0.gguf"], &[]).await;
    let both = ["mmproj-BF16.gguf", "mmproj-F16.gguf"];
    check(FILE, &both, &["org/repo:mmproj-F16.gguf"]).await;
    check("mmproj-Q8_0.gguf", &both, &[]).await;
}
