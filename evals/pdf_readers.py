#!/usr/bin/env python3
"""Compares readers of PDF that can be built for the sandbox.

    evals/pdf_readers.py FOLDER [N]

FOLDER has PDF files, at any depth; N of them are taken, evenly spread (all by default).
The words that pdfium finds in each page are the reference: a reader should find the same
ones (recall) and no others (precision). Torn words, as "shear ed", cost both. A page is
lost if pdfium finds words on it and the reader none.

`quipu` is the reader in `plugins/pdf`, built from its source; the others are the newest
releases of libraries. Needs cargo, and pip for pdfium; both go into a folder below
`target/`. Nothing of what is measured here is shipped.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "pdf-readers"
GUEST = ROOT / "plugins" / "pdf" / "src"
READERS = ["quipu", "pdf-extract", "lopdf", "pdf_oxide"]
SECONDS_MAX = 30
PAGES_MAX = 60

CARGO = """[package]
name = "pdf-readers"
version = "0.1.0"
edition = "2024"
[workspace]
[dependencies]
hayro-interpret = "0.9"
lopdf = "0.47"
miniz_oxide = "0.9"
pdf-extract = "0.12"
pdf_oxide = { version = "0.3", default-features = false }
serde_json = "1"
skrifa = "0.49"
unicode-normalization = "0.1"
[profile.release]
opt-level = 2
"""

# READER FILE: the text of each page as JSON, null for one that cannot be read.
MAIN = """
use std::panic::{AssertUnwindSafe, catch_unwind};

fn each(count: usize, read: impl Fn(usize) -> Option<String>) -> Vec<Option<String>> {
    let page = |n| catch_unwind(AssertUnwindSafe(|| read(n))).ok().flatten();
    (1..=count).map(page).collect()
}

fn main() {
    let mut args = std::env::args().skip(1);
    let (reader, path) = (args.next().unwrap(), args.next().unwrap());
    let bytes = std::fs::read(path).unwrap();
    let pages = match reader.as_str() {
        "quipu" => {
            let pdf = read::open(bytes).unwrap();
            each(pdf.pages().len(), |n| match read::pages(&pdf, n, n).pop() {
                Some(read::PageText::Text(text) | read::PageText::Cut(text)) => Some(text),
                _ => None,
            })
        }
        "pdf-extract" => {
            use pdf_extract::{Document, PlainTextOutput, output_doc_page};
            let mut pdf = Document::load_mem(&bytes).unwrap();
            if pdf.is_encrypted() {
                pdf.decrypt("").unwrap();
            }
            each(pdf.get_pages().len(), |n| {
                let mut text = String::new();
                output_doc_page(&pdf, &mut PlainTextOutput::new(&mut text), n as u32).ok()?;
                Some(text)
            })
        }
        "lopdf" => {
            let pdf = lopdf::Document::load_mem(&bytes).unwrap();
            each(pdf.get_pages().len(), |n| pdf.extract_text(&[n as u32]).ok())
        }
        _ => {
            let pdf = pdf_oxide::PdfDocument::from_bytes(bytes).unwrap();
            each(pdf.page_count().unwrap(), |n| pdf.extract_text(n - 1).ok())
        }
    };
    println!("{}", serde_json::to_string(&pages).unwrap());
}
"""

REFERENCE = """
import json, sys, pypdfium2
pdf = pypdfium2.PdfDocument(sys.argv[1])
count = min(len(pdf), int(sys.argv[2]))
print(json.dumps([pdf[n].get_textpage().get_text_range() for n in range(count)]))
"""


def build():
    """The program with all readers, and a Python that has pdfium."""
    (WORK / "src").mkdir(parents=True, exist_ok=True)
    names = sorted(path.stem for path in GUEST.glob("*.rs") if path.stem != "lib")
    modules = "".join(f'#[path = "{GUEST / name}.rs"]\n#[allow(dead_code)]\nmod {name};\n' for name in names)
    (WORK / "Cargo.toml").write_text(CARGO)
    (WORK / "src" / "main.rs").write_text(modules + MAIN)
    subprocess.run(["cargo", "build", "--quiet", "--release"], cwd=WORK, check=True)
    python = WORK / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(WORK / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "pypdfium2"], check=True)
    return WORK / "target" / "release" / "pdf-readers", python


def pages(command):
    """What a program prints as JSON; None if it fails or takes too long."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX)
        return json.loads(ended.stdout) if ended.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError):
        return None


def words(texts):
    """How often each word occurs; one broken at the end of a line is one word."""
    text = "\n".join(text or "" for text in texts)
    return collections.Counter(re.findall(r"\w+", re.sub("[-\u00ad\ufffe]\r?\n", "", text)))


def main():
    """Prints a line for each reader."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    files = sorted(pathlib.Path(sys.argv[1]).rglob("*.pdf"))
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else len(files)
    files = files[:: max(1, len(files) // max(1, wanted))]
    program, python = build()
    references = {file: pages([python, "-c", REFERENCE, file, str(PAGES_MAX)]) for file in files}
    files = [file for file in files if references[file]]
    print(f"{len(files)} files, {sum(len(references[file]) for file in files)} pages")
    print(f"{'reader':12} {'recall':>7} {'precision':>9} {'files lost':>10} {'pages lost':>10} {'seconds':>8}")
    for reader in READERS:
        hit = said = there = lost_files = lost_pages = 0
        began = time.monotonic()
        for file in files:
            found = pages([program, reader, file])
            lost_files += found is None
            found = (found or [])[:PAGES_MAX]
            reference = references[file]
            lost_pages += sum(
                1
                for n, text in enumerate(reference)
                if text.strip() and not (n < len(found) and (found[n] or "").strip())
            )
            a, b = words(reference), words(found)
            hit, there, said = hit + (a & b).total(), there + a.total(), said + b.total()
        seconds = time.monotonic() - began
        print(
            f"{reader:12} {hit / max(1, there):7.3f} {hit / max(1, said):9.3f}"
            f" {lost_files:10} {lost_pages:10} {seconds:8.1f}"
        )


if __name__ == "__main__":
    main()
