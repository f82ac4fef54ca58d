#!/usr/bin/env python3
"""Measures what `quipu mem add` reads of documents, against programs that convert them.

    evals/readers.py QUIPU [pdf|documents|made]...

The documents are the test data of the packages in `PACKAGES`, each with its version; `made`
are files that pandoc and LibreOffice write of texts in such packages, in every format that a
person may have. The reference for PDF is `pdftotext` (Debian's poppler-utils), for the rest
`pandoc`, out of the package pypandoc-binary; both read the same files in the same run. The word recall of a file
is the share of the reference's words, counted as often as they stand there, that are on its
pages in the store. Prints the pooled recall, the median of the files, files that are lost
(the reference reads words, Quipu none), and the pages a second of both.

Needs pip, apt-get, pdftotext and, for `made`, LibreOffice (Debian's libreoffice-writer-nogui,
libreoffice-calc-nogui and libreoffice-impress-nogui); packages go into a folder below `target/`. Files are only unpacked:
nothing of a package is run but pandoc.
"""

import collections
import csv
import email.message
import email.policy
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import unicodedata
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "readers"
PANDOC = "pypandoc-binary==1.17"
PACKAGES = {
    "pdf": [
        "pypdf==7.1.1",
        "ocrmypdf==17.13.0",
        "deb:texlive-latex-recommended-doc=2022.20230122-3",
        "deb:texlive-humanities-doc=2022.20230122-4",
        "deb:texlive-lang-german=2022.20230122-1",
        "deb:texlive-games=2022.20230122-4",
    ],
    "documents": [
        "python-docx==1.2.0",
        "mammoth==1.13.0",
        "odfpy==1.4.1",
        "EbookLib==0.20",
        "nbconvert==7.17.2",
        "nbformat==5.11.1",
        "python-pptx==1.0.2",
    ],
    "made": ["docutils==0.23", "pypinyin==0.55.0"],
}
# The texts that files are made of: lists, tables, notes, code; one of them is Chinese.
TEXTS = ["docs/user/tools.rst", "docs/peps/pep-0258.rst", "docs/ref/rst/introduction.rst", "pypinyin-0.55.0/README.rst"]
# What LibreOffice makes of which of the files that pandoc made: programs differ in what they write.
OFFICE = [
    (".docx", ["odt", "fodt", "rtf"]),
    (".odt", ["docx", "epub", "html"]),
    (".pptx", ["odp", "pptx"]),
    (".csv", ["xlsx", "ods", "xls"]),
]
# What pandoc calls the formats it reads.
FORMATS = {
    ".docx": "docx",
    ".pptx": "pptx",
    ".odt": "odt",
    ".epub": "epub",
    ".ipynb": "ipynb",
    ".rtf": "rtf",
    ".html": "html",
    ".rst": "rst",
    ".org": "org",
    ".adoc": "asciidoc",
    ".tex": "latex",
    ".xlsx": "xlsx",
    ".csv": "csv",
}
# Formats that pandoc does not write.
UNWRITTEN = [".xlsx", ".csv"]
SECONDS_MAX = 60
# Larger files are books, of which one would count as much as all others.
BYTES_MAX = 400_000
FILES_MAX = 700
# Fewer words than this make no measure.
WORDS_MIN = 5
WORST = 12
# Where more of the reference's words are single letters, it is the reference that is torn.
LETTERS_MAX = 0.25


def words(text):
    """The words of a text with their number, folded so that only letters count."""
    text = unicodedata.normalize("NFKC", text).replace("\u00ad", "").lower()
    # Letters of scripts without spaces count one by one.
    return collections.Counter(re.findall(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]|[^\W_]+", text))


def is_torn(counted):
    """Whether a reference has single letters where words stand."""
    latin = {word: n for word, n in counted.items() if re.fullmatch("[a-z]+", word)}
    letters = sum(n for word, n in latin.items() if len(word) == 1)
    return letters > LETTERS_MAX * max(1, sum(latin.values()))


def download(package, extra=()):
    """The archive of a package, downloaded once and not installed."""
    folder = WORK / "archives" / package.replace("/", "_")
    if not folder.exists():
        kept = folder.with_name(folder.name + ".part")
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        if package.startswith("deb:"):
            command = ["apt-get", "-q", "download", package.removeprefix("deb:")]
        else:
            command = [sys.executable, "-m", "pip", "-q", "download", "--no-deps", *extra, package]
        subprocess.run(command, check=True, cwd=kept)
        kept.rename(folder)
    return next(path for path in folder.iterdir() if path.is_file())


def sources(package):
    """The folder with the files of a package's source."""
    archive = download(package, ["--no-binary", ":all:"])
    folder = WORK / "sources" / package
    if not folder.exists():
        kept = folder.with_name(folder.name + ".part")
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        if archive.suffix == ".deb":
            subprocess.run(["dpkg-deb", "-x", archive, kept], check=True)
        else:
            with tarfile.open(archive) as tar:
                tar.extractall(kept, filter="data")
        kept.rename(folder)
    return folder


def pandoc():
    """The program pandoc."""
    folder = WORK / "pandoc"
    program = folder / "pypandoc" / "files" / "pandoc"
    if not program.exists():
        with zipfile.ZipFile(download(PANDOC)) as wheel:
            wheel.extractall(folder)
        program.chmod(0o755)
    return program


def run(command, **more):
    """Standard output of a program, or None where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS_MAX, **more)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def mail(text, path):
    """Writes a mail with the text in base64, as mail programs send what is not ASCII."""
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = "The text – as promised"
    message["From"] = "Zoë <z@example.org>"
    message.set_content(text, cte="base64")
    path.write_bytes(message.as_bytes())


def made():
    """Makes the files; gives each with the file whose text it has, itself where pandoc reads it."""
    folder = WORK / "made"
    shutil.rmtree(folder, ignore_errors=True)
    origins = {}
    for number, name in enumerate(TEXTS):
        text = next(path for package in PACKAGES["made"] for path in sources(package).rglob("*.rst") if str(path).endswith(name))
        base = folder / f"{number}-{text.stem}"
        base.parent.mkdir(parents=True, exist_ok=True)
        for ending, format in FORMATS.items():
            if ending not in UNWRITTEN:
                to = ["-s", "-f", "rst", "-t", format, "-o", base.with_suffix(ending)]
                # It reads no other files: pictures are missing, and nothing is fetched.
                subprocess.run([pandoc(), *to, text], check=True, capture_output=True, cwd=text.parent)
        plain = reference("made", text)
        mail(plain, base.with_suffix(".eml"))
        base.with_suffix(".txt").write_text(plain)
        origins[base.with_suffix(".eml")] = base.with_suffix(".txt")
        paragraphs = [" ".join(part.split()) for part in plain.split("\n\n")]
        with base.with_suffix(".csv").open("w", newline="") as file:
            csv.writer(file).writerows([["Number", "Says"], *enumerate(paragraphs)])
        for ending, others in OFFICE:
            for other in others:
                to = folder / f"by-office-{ending[1:]}"
                # With a profile of its own: a second one beside an open LibreOffice does nothing.
                profile = f"-env:UserInstallation=file://{WORK / 'office'}"
                command = ["soffice", profile, "--headless", "--convert-to", other, "--outdir", to, base.with_suffix(ending)]
                subprocess.run(command, check=True, capture_output=True)
                written = to / f"{base.name}.{other}"
                if written.suffix not in FORMATS:
                    origins[written] = base.with_suffix(ending)
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in FORMATS or path in origins]
    return {path: origins.get(path, path) for path in paths}


def reference(kind, path):
    """The text of a file as the other program has it."""
    if kind == "pdf":
        return run(["pdftotext", "-enc", "UTF-8", path, "-"])
    if path.suffix == ".txt":
        return path.read_text()
    # Nothing that a page links is fetched.
    text = run([pandoc(), "--sandbox", "-f", FORMATS[path.suffix.lower()], "-t", "plain", "--wrap=none", path])
    # What pandoc puts in the place of pictures, charts and the edges of slides.
    return text and re.sub(r"^Slide \d+$|\[(?:Graphic|Diagram|Picture|Image)[^\]]*\]", "", text, flags=re.MULTILINE)


def stored(quipu, paths):
    """The text that a fresh store has of each file, and the seconds that adding took."""
    with tempfile.TemporaryDirectory() as root:
        env = {**os.environ, "QUIPU_ROOT": root, "NO_COLOR": "1"}
        # Without vectors, which take longer than the reading.
        pathlib.Path(root, "config.toml").write_text('embedder = "none"\n')
        # The readers are compiled once, which is not what is measured.
        warm = pathlib.Path(root, "warm.html")
        warm.write_text("<p>warm")
        subprocess.run([quipu, "mem", "add", warm, paths[0]], env=env, capture_output=True)
        begun = time.monotonic()
        subprocess.run([quipu, "mem", "add", "--no-ignore", *paths], env=env, capture_output=True)
        seconds = time.monotonic() - begun
        # Thousands of `mem show` would take longer than the reading.
        store = sqlite3.connect(pathlib.Path(root, "store", "pages.sqlite"))
        texts = collections.defaultdict(str)
        pages = 0
        for name, title, text in store.execute("SELECT id, title, text FROM pages ORDER BY part"):
            texts[name.rsplit("#", 1)[0]] += f"\n{title}\n{text}"
            pages += 1
        store.close()
        return texts, seconds, pages


def files(kind):
    """The files of a kind, each content once, with the files whose text they should have."""
    if kind == "made":
        return made()
    found = {}
    for package in PACKAGES[kind]:
        for path in sorted(sources(package).rglob("*")):
            suffix = path.suffix.lower()
            wanted = suffix == ".pdf" if kind == "pdf" else suffix in FORMATS
            if not (wanted and path.is_file()) or path.is_symlink():
                continue
            if path.stat().st_size <= BYTES_MAX:
                found.setdefault(path.read_bytes(), path)
    paths = list(found.values())
    step = max(1, len(paths) / FILES_MAX)
    return {path: path for path in (paths[int(n * step)] for n in range(min(len(paths), FILES_MAX)))}


def measure(quipu, kind):
    """Prints the figures of one kind."""
    origins = files(kind)
    begun = time.monotonic()
    references = {path: reference(kind, origin) for path, origin in origins.items()}
    theirs = time.monotonic() - begun
    texts, ours, pages = stored(quipu, list(origins))
    rows, lost, both_none, torn = [], [], 0, []
    for path, text in references.items():
        want = words(text or "")
        have = words(texts.get(str(path), ""))
        if sum(want.values()) < WORDS_MIN:
            both_none += 1
            continue
        if is_torn(want):
            torn.append(path.name)
            continue
        found = sum((want & have).values())
        rows.append((found / sum(want.values()), sum(want.values()), found, path))
        if not have:
            lost.append(path)
    total = sum(row[1] for row in rows)
    print(f"{kind}: {len(rows)} files with {total} words ({both_none} without words left out)")
    print(f"  left out, as the reference tears their words: {' '.join(torn) or 'none'}")
    print(f"  recall pooled {sum(row[2] for row in rows) / total:.4f}, median {statistics.median(row[0] for row in rows):.4f}")
    print(f"  lost {len(lost)}; quipu {ours:.1f} s for {pages} pages, reference {theirs:.1f} s")
    for recall, count, _, path in sorted(rows, key=lambda row: row[:2])[:WORST]:
        print(f"  {recall:.3f} of {count:6} words  {path.relative_to(WORK)}")
    kinds = collections.defaultdict(list)
    for row in rows:
        kinds[row[3].suffix.lower()].append(row)
    for suffix, some in sorted(kinds.items()):
        print(f"  {suffix}: {len(some)} files, {sum(row[2] for row in some) / sum(row[1] for row in some):.4f}")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    quipu = os.path.abspath(sys.argv[1])
    for kind in sys.argv[2:] or list(PACKAGES):
        measure(quipu, kind)


if __name__ == "__main__":
    main()
