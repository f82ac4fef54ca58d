//! Requests go where they may, and nowhere else.

mod guest;
mod server;

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quipu_tools::net::secrets::Secrets;
use quipu_tools::net::{Addresses, Net, NetLimits, Permit, Request, Resolver, Response};
use quipu_tools::{Capability, Grants, Rights};

/// Names that the tests make up. `rebinding` is another address each time it is asked.
#[derive(Default)]
struct Names {
    known: HashMap<String, Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Resolver for Names {
    fn resolve<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        let n = self.asked.fetch_add(1, Ordering::SeqCst);
        let found = match self.known.get(host) {
            Some(addresses) if host.starts_with("rebinding") => {
                Ok(vec![addresses[n % addresses.len()]])
            }
            Some(addresses) => Ok(addresses.clone()),
            None => Err(io::Error::other("no such host")),
        };
        Box::pin(async { found })
    }
}

fn names(list: &[(&str, &str)]) -> Arc<Names> {
    let known = list.iter().map(|(name, addresses)| {
        let addresses = addresses.split(' ').map(|a| a.parse().unwrap()).collect();
        ((*name).to_owned(), addresses)
    });
    Arc::new(Names {
        known: known.collect(),
        asked: AtomicUsize::new(0),
    })
}

const LIMITS: NetLimits = NetLimits {
    time_max: Duration::from_millis(1500),
    connect_max: Duration::from_millis(500),
    body_bytes_max: 200_000,
};

/// Asks for `url` with `granted`, as a device that asks for every host and only reads.
fn ask(resolver: &Arc<Names>, granted: &str, request: Request) -> Result<Response, String> {
    let grants: Grants = granted
        .split_whitespace()
        .map(|g| g.parse().unwrap())
        .collect();
    let asked: Vec<Capability> = vec!["net:*".parse().unwrap()];
    let rights = Rights::new(&asked, &grants, &Grants::default());
    let permit = Permit {
        rights: &rights,
        secrets: &Secrets::default(),
        read_only: false,
    };
    let net = Net::new(resolver.clone(), LIMITS);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(net.send(request, &permit))
        .map_err(|error| error.to_string())
}

fn get(url: &str) -> Request {
    Request {
        url: url.to_owned(),
        ..Request::default()
    }
}

/// Addresses that mean this machine, its network or a cloud's metadata service, in all
/// the ways in which they are written.
const FORBIDDEN: &[&str] = &[
    "http://127.0.0.1:PORT/ok",
    "http://127.1:PORT/ok",
    "http://127.0.1:PORT/ok",
    "http://2130706433:PORT/ok",
    "http://0x7f000001:PORT/ok",
    "http://0x7f.0x0.0x0.0x1:PORT/ok",
    "http://0177.0.0.1:PORT/ok",
    "http://017700000001:PORT/ok",
    "http://0x7f.1:PORT/ok",
    "http://127.0.0.1.:PORT/ok",
    "http://127\u{3002}0\u{3002}0\u{3002}1:PORT/ok",
    "http://\u{ff11}\u{ff12}\u{ff17}.0.0.1:PORT/ok",
    "http://\u{2460}27.0.0.1:PORT/ok",
    "http://%31%32%37.0.0.1:PORT/ok",
    "http://0:PORT/ok",
    "http://0.0.0.0:PORT/ok",
    "http://[::1]:PORT/ok",
    "http://[::]:PORT/ok",
    "http://[::ffff:127.0.0.1]:PORT/ok",
    "http://[::ffff:7f00:1]:PORT/ok",
    "http://[0:0:0:0:0:ffff:7f00:0001]:PORT/ok",
    "http://[::127.0.0.1]:PORT/ok",
    "http://[64:ff9b::7f00:1]:PORT/ok",
    "http://[2002:7f00:1::]:PORT/ok",
    "http://[fe80::1]:PORT/ok",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://0xa9fea9fe/latest/meta-data/",
    "http://[::ffff:a9fe:a9fe]/latest/meta-data/",
    "http://100.100.100.200/latest/meta-data/",
    "http://168.63.129.16/metadata",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://localhost:PORT/ok",
    "http://LOCALHOST.:PORT/ok",
    "http://\u{24db}\u{24de}\u{24d2}\u{24d0}\u{24db}\u{24d7}\u{24de}\u{24e2}\u{24e3}:PORT/ok",
    "http://inside.example:PORT/ok",
    "http://mapped.example:PORT/ok",
    "http://metadata.google.internal/",
    // What looks like a name before the @ is a password.
    "http://site.example@127.0.0.1:PORT/ok",
    "http://site.example:80@127.0.0.1:PORT/ok",
    "http://user:pass@site.example:PORT/ok",
    "http://127.0.0.1:PORT\\@site.example/ok",
    "http:\\\\127.0.0.1:PORT\\ok",
    "ht\ttp://127.0.0.1:PORT/ok",
    // Not the web at all.
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1:PORT/_x",
    "data:text/html,x",
    "javascript:alert(1)",
    "//127.0.0.1/",
    "",
    "http://",
    "http://[::1",
    "http://127.0.0.1:99999/",
];

#[test]
fn no_notation_leads_inside() {
    let port = server::start().to_string();
    let resolver = names(&[
        ("localhost", "127.0.0.1 ::1"),
        ("inside.example", "127.0.0.1"),
        ("mapped.example", "::ffff:127.0.0.1"),
        ("metadata.google.internal", "169.254.169.254"),
        ("site.example", "127.0.0.1"),
    ]);
    for url in FORBIDDEN {
        let url = url.replace("PORT", &port);
        // Every host of the web is granted, and still.
        let result = ask(&resolver, "net:*", get(&url));
        assert!(result.is_err(), "{url} was answered: {result:?}");
        let words = result.unwrap_err();
        assert!(
            !words.contains("cannot be reached"),
            "{url} was tried: {words}"
        );
    }
}

#[test]
fn redirects_are_requests_of_their_own() {
    let port = server::start();
    let resolver = names(&[
        ("site.example", "127.0.0.1"),
        ("other.example", "127.0.0.1"),
    ]);
    let base = format!("http://site.example:{port}");
    // The name and its address are granted: this is the benign control.
    let granted = format!("net:site.example net:127.0.0.1:{port}");
    let check = |to: &str, want: Result<&str, &str>| {
        for way in ["see", "keep"] {
            let answer = ask(&resolver, &granted, get(&format!("{base}/{way}?{to}")));
            match (&answer, want) {
                (Ok(answer), Ok(body)) => assert_eq!(answer.body, body.as_bytes(), "{to}"),
                (Err(error), Err(words)) => assert!(error.contains(words), "{to}: {error}"),
                _ => panic!("{to}: {answer:?}"),
            }
        }
    };
    check("/ok", Ok("fine"));
    check(&format!("{base}/ok"), Ok("fine"));
    check(&format!("//site.example:{port}/ok"), Ok("fine"));
    check(&format!("/see?/see?{base}/ok"), Ok("fine"));
    check(
        "http://169.254.169.254/latest/",
        Err("net:169.254.169.254:80 was not granted"),
    );
    check("http://[::ffff:a9fe:a9fe]/", Err("was not granted"));
    check(
        "http://2130706433:1/",
        Err("net:127.0.0.1:1 was not granted"),
    );
    check(
        &format!("http://other.example:{port}/ok"),
        Err("was not granted"),
    );
    check("file:///etc/passwd", Err("only http and https"));
    check(
        &format!("http://u:p@site.example:{port}/ok"),
        Err("user name or password"),
    );
    check(&format!("{base}/slow"), Err("took longer than"));
    let circle = "/see?".repeat(20);
    let answer = ask(&resolver, &granted, get(&format!("{base}{circle}")));
    assert_eq!(answer.unwrap_err(), "more than 8 redirects");
}

#[test]
fn a_name_is_resolved_once_and_what_was_checked_is_used() {
    let port = server::start();
    // First a public address, where nobody answers; at a second look, this machine.
    let resolver = names(&[("rebinding.example", "192.0.2.1 127.0.0.1")]);
    let url = format!("http://rebinding.example:{port}/ok");
    for _ in 0..4 {
        assert!(ask(&resolver, "net:*", get(&url)).is_err());
    }
    let resolver = names(&[("rebinding.example", "1.1.1.1 127.0.0.1")]);
    let words = ask(&resolver, "net:rebinding.example", get(&url)).unwrap_err();
    assert!(!words.contains("not a public address"), "{words}");
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 1);
    let words = ask(&resolver, "net:rebinding.example", get(&url)).unwrap_err();
    assert!(
        words.contains("127.0.0.1, which is not a public address"),
        "{words}"
    );
}

#[test]
fn what_was_granted_is_answered() {
    let port = server::start();
    let resolver = names(&[
        ("site.example", "127.0.0.1"),
        ("both.example", "10.0.0.1 127.0.0.1"),
        ("localhost", "127.0.0.1"),
    ]);
    let check = |granted: &str, url: &str, want: Result<&str, &str>| {
        let granted = granted.replace("PORT", &port.to_string());
        let url = url.replace("PORT", &port.to_string());
        match (ask(&resolver, &granted, get(&url)), want) {
            (Ok(answer), Ok(body)) => {
                assert_eq!(String::from_utf8_lossy(&answer.body), body, "{url}");
            }
            (Err(error), Err(words)) => assert!(error.contains(words), "{url}: {error}"),
            (answer, _) => panic!("{url}: {answer:?}"),
        }
    };
    check("net:127.0.0.1:PORT", "http://127.0.0.1:PORT/ok", Ok("fine"));
    check(
        "net:127.0.0.1:PORT",
        "http://2130706433:PORT/ok",
        Ok("fine"),
    );
    check("net:127.0.0.1", "http://127.0.0.1:PORT/ok#part", Ok("fine"));
    check("net:localhost:PORT", "http://localhost:PORT/ok", Ok("fine"));
    check(
        "net:site.example net:127.0.0.1",
        "http://SITE.example.:PORT/ok",
        Ok("fine"),
    );
    check(
        "net:both.example net:127.0.0.1",
        "http://both.example:PORT/ok",
        Ok("fine"),
    );
    check("net:127.0.0.1", "http://127.0.0.1:PORT/gzip", Ok("hello"));
    check("net:127.0.0.1", "http://127.0.0.1:PORT/brotli", Ok("hello"));
    check(
        "net:127.0.0.1",
        "http://127.0.0.1:PORT/none",
        Ok("nothing here"),
    );

    check("", "http://127.0.0.1:PORT/ok", Err("was not granted"));
    check(
        "net:127.0.0.1:1",
        "http://127.0.0.1:PORT/ok",
        Err("was not granted"),
    );
    check(
        "net:localhost",
        "http://127.0.0.1:PORT/ok",
        Err("was not granted"),
    );
    let inside = Err("site.example is 127.0.0.1, which is not a public address");
    check("net:site.example", "http://site.example:PORT/ok", inside);
    check(
        "net:nobody.example",
        "http://nobody.example/",
        Err("no such host"),
    );
    check(
        "net:127.0.0.1",
        "http://127.0.0.1:1/",
        Err("127.0.0.1 cannot be reached"),
    );
    check(
        "net:127.0.0.1",
        "http://127.0.0.1:PORT/slow",
        Err("took longer than 1500 ms"),
    );
    let large = Err("sent more than 200000 bytes");
    check("net:127.0.0.1", "http://127.0.0.1:PORT/big", large);
    check("net:127.0.0.1", "http://127.0.0.1:PORT/bomb", large);
}

#[test]
fn credentials_stay_with_their_origin() {
    let port = server::start();
    let other = server::start();
    let resolver = names(&[]);
    let send = |to: &str| {
        let mut request = get(&format!("http://127.0.0.1:{port}/keep?{to}"));
        request.headers = [
            ("authorization", "Bearer abc"),
            ("Cookie", "id=1"),
            ("x-api-key", "k1"),
            ("accept-language", "qu"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let answer = ask(&resolver, "net:127.0.0.1", request).unwrap();
        String::from_utf8(answer.body).unwrap()
    };
    let same = send("/echo");
    for word in ["authorization: bearer abc", "cookie: id=1", "x-api-key: k1"] {
        assert!(same.contains(word), "{same}");
    }
    let elsewhere = send(&format!("http://127.0.0.1:{other}/echo"));
    for word in ["authorization", "cookie", "x-api-key", "referer"] {
        assert!(!elsewhere.contains(word), "{elsewhere}");
    }
    assert!(elsewhere.contains("accept-language: qu"), "{elsewhere}");
    assert!(elsewhere.contains("user-agent: quipu/"), "{elsewhere}");
}

#[test]
fn methods_and_headers() {
    let port = server::start();
    let resolver = names(&[]);
    let send = |method: &str, name: &str, path: &str| {
        let request = Request {
            method: method.to_owned(),
            url: format!("http://127.0.0.1:{port}{path}"),
            headers: vec![(name.to_owned(), "x".to_owned())],
            body: None,
        };
        ask(&resolver, "net:127.0.0.1", request)
            .map(|answer| String::from_utf8_lossy(&answer.body).into_owned())
    };
    assert!(send("post", "x-a", "/echo").unwrap().starts_with("POST\n"));
    assert!(
        send("POST", "x-a", "/see?/echo")
            .unwrap()
            .starts_with("GET\n")
    );
    assert!(
        send("POST", "x-a", "/keep?/echo")
            .unwrap()
            .starts_with("POST\n")
    );
    for (method, header) in [
        ("GET", "Host"),
        ("GET", "content-length"),
        ("GET", "Connection"),
        ("GET", "x\r\ny"),
        ("CONNECT", "x-a"),
        ("GET / HTTP/1.1\r\nX: y", "x-a"),
    ] {
        assert!(send(method, header, "/ok").is_err(), "{method} {header}");
    }
}
