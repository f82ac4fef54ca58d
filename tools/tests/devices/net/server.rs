//! A web server on loopback, for the tests: it says what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use flate2::Compression;
use flate2::write::GzEncoder;

/// `hello` in brotli, as the reference tool writes it.
const HELLO_BROTLI: &[u8] = &[0x0b, 0x02, 0x80, b'h', b'e', b'l', b'l', b'o', 0x03];

/// Starts a server for as long as the test runs; gives its port.
pub fn start() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    port
}

fn serve(stream: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    lines.read_line(&mut head)?;
    let mut headers = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(n) = line.strip_prefix("content-length: ") {
            length = n.parse().unwrap_or(0);
        }
        headers.push_str(&line);
        headers.push('\n');
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body)?;
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let answer = |status: &str, more: &str, body: &[u8]| {
        let mut out = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n",
            body.len()
        )
        .into_bytes();
        out.extend_from_slice(body);
        (&stream).write_all(&out)
    };
    match path {
        "/ok" => answer("200 OK", "", b"fine"),
        "/echo" => answer("200 OK", "", format!("{method}\n{headers}").as_bytes()),
        "/gzip" => {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(b"hello")?;
            answer("200 OK", "content-encoding: gzip\r\n", &gzip.finish()?)
        }
        "/brotli" => answer("200 OK", "content-encoding: br\r\n", HELLO_BROTLI),
        // 100 MB of nothing in 100 kB.
        "/bomb" => {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            for _ in 0..100 {
                gzip.write_all(&vec![0; 1_000_000])?;
            }
            answer("200 OK", "content-encoding: gzip\r\n", &gzip.finish()?)
        }
        "/big" => answer("200 OK", "", &vec![b'x'; 300_000]),
        "/slow" => {
            // Until the client has had enough.
            let _ = (&stream).read(&mut [0]);
            Ok(())
        }
        "/see" => answer("303 See Other", &format!("location: {query}\r\n"), b""),
        "/keep" => answer(
            "307 Temporary Redirect",
            &format!("location: {query}\r\n"),
            b"",
        ),
        _ => answer("404 Not Found", "", b"nothing here"),
    }
}
