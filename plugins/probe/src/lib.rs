//! A guest for the tests of the sandbox: it tries what it should not, and says how far
//! it came.

use quipu::plugin::http;
use wasip2::clocks::monotonic_clock;
use wasip2::filesystem::{preopens, types as fs};
use wasip2::random::random as wasi_random;

wit_bindgen::generate!({
    path: ["../wit/quipu.wit", "wit"],
    world: "quipu:probe/probe",
    generate_all,
});

/// Its WIT, for the comments in it, which a component does not keep.
#[used]
#[unsafe(link_section = "quipu:wit")]
static WIT: [u8; include_bytes!("../wit/world.wit").len()] = *include_bytes!("../wit/world.wit");

struct Probe;

export!(Probe);

/// Bytes read of a file that could be opened.
const READ_BYTES: u64 = 200;

impl Guest for Probe {
    fn echo(value: Everything) -> Everything {
        value
    }

    fn folders() -> Vec<String> {
        let folders = preopens::get_directories();
        folders.into_iter().map(|(_, name)| name).collect()
    }

    fn open(folder: String, path: String, write: Option<String>) -> Result<String, String> {
        let folders = preopens::get_directories();
        let found = folders.iter().find(|(_, name)| *name == folder);
        let (folder, _) = found.ok_or("there is no such folder")?;
        let code = |error: fs::ErrorCode| format!("{error:?}");
        let follow = fs::PathFlags::SYMLINK_FOLLOW;
        match write {
            None => {
                let none = fs::OpenFlags::empty();
                let file = folder
                    .open_at(follow, &path, none, fs::DescriptorFlags::READ)
                    .map_err(code)?;
                let (bytes, _) = file.read(READ_BYTES, 0).map_err(code)?;
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
            Some(text) => {
                let flags = fs::DescriptorFlags::WRITE;
                let file = folder
                    .open_at(follow, &path, fs::OpenFlags::CREATE, flags)
                    .map_err(code)?;
                let bytes = file.write(text.as_bytes(), 0).map_err(code)?;
                Ok(bytes.to_string())
            }
        }
    }

    fn variable(name: String) -> Option<String> {
        std::env::var(name).ok()
    }

    fn now() -> u64 {
        wasip2::clocks::wall_clock::now().seconds
    }

    fn sleep(ms: u64) {
        monotonic_clock::subscribe_duration(ms * 1_000_000).block();
    }

    fn print() {
        loop {
            println!("again and again and again and again and again and again");
        }
    }

    fn persist(words: String, ms: Option<u64>) {
        println!("{words}");
        match ms {
            Some(ms) => Self::sleep(ms),
            None => loop {
                std::hint::spin_loop();
            },
        }
    }

    fn hoard(count: u32) -> u32 {
        let held: Vec<_> = (0..count)
            .map(|_| monotonic_clock::subscribe_duration(1))
            .collect();
        held.len() as u32
    }

    fn random(bytes: u64) -> u64 {
        wasi_random::get_random_bytes(bytes).len() as u64
    }

    fn panic(words: String) {
        panic!("{words}");
    }

    fn request(
        method: String,
        url: String,
        headers: Vec<(String, String)>,
    ) -> Result<String, String> {
        let request = http::Request {
            method,
            url,
            headers,
            body: None,
        };
        let response = http::send(&request).map_err(|failure| failure.message)?;
        let body = String::from_utf8_lossy(&response.body).into_owned();
        Ok(format!("{} {} {body}", response.status, response.url))
    }
}
