#!/usr/bin/env python3
"""Measures what links, aliases and tags are worth in a search of a vault of notes.

    evals/vault.py QUIPU [QUIPU]... [--notes N] [--questions N]

The vault is made of the manual pages in the Debian packages below, a note for each: its
SEE ALSO are links, the pages that only lead to it are its aliases, and its section and the
standards that it names are its tags. Three kinds of question are asked, each with one right note:

    alias   what a function returns, by another name of its page
    link    what a page that another one leads to is about, by the name of the other one
    tag     what a page is about, by its tags

Each program brings the vault in anew, without an embedding model, and is asked the same
questions: two of them say what changed. Prints the share of questions whose note is first and
among the first five, the mean reciprocal rank of ten, and the time of the import.

Needs apt-get and dpkg-deb; the packages go into a folder below `target/`.
"""

import argparse
import gzip
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "vault"
# Whose version is not said follows the security updates of Debian.
PACKAGES = [
    "manpages=6.03-2",
    "manpages-dev=6.03-2",
    "tcl8.6-doc=8.6.13+dfsg-2",
    "tk8.6-doc=8.6.13-2",
    "libxcb-doc=1.15-1",
    "libssl-doc",
    "erlang-manpages",
]
NOTES = 3_000
QUESTIONS = 150
HITS = 10
SEED = 20_260
# Parts of a page that are not about its subject.
LEFT_OUT = {"COLOPHON", "NAME", "SEE ALSO"}


def fetched():
    """The folder that the packages are unpacked in."""
    folder = WORK / "packages"
    for package in PACKAGES:
        name = package.split("=")[0]
        if (folder / name).is_dir():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        archive = next(folder.glob(f"{name}_*.deb"))
        subprocess.run(["dpkg-deb", "-x", archive, folder / name], check=True)
    return folder


def plain(line):
    """A line of roff as text."""
    line = re.sub(r"^\.(?:BR|RB|BI|IB|IR|RI|SM|SB|SH|SS|TP|IP|HP|B|I)\b ?", "", line)
    line = re.sub(r"\\f(?:\[[^]]*\]|\(..|.)", "", line)
    line = line.replace("\\-", "-").replace("\\&", "").replace("\\(aq", "'").replace("\\e", "\\")
    line = re.sub(r"\\\*\(..|\\\((?:..)|\\\[[^]]*\]|\\s[-+]?\d|\\[ |^/,:%!.'`cp]", " ", line)
    return line.replace('"', "").strip()


class Note:
    """A manual page: its name with its section, what it is about, its parts and its links."""

    def __init__(self, name, text):
        self.name = name
        self.about = ""
        self.parts = {}
        self.links = []
        self.aliases = []
        part = None
        for line in text.splitlines():
            if line.startswith(".SH"):
                part = plain(line).upper()
                self.parts.setdefault(part, [])
            elif part == "SEE ALSO":
                found = re.findall(r"([\w.:+-]+) *\((\d\w*)\)", plain(line))
                self.links += [f"{name}.{section}" for name, section in found]
            elif part and not re.match(r"\.(?:\\|TH|nf|fi|PP|P|RS|RE|in|sp|ad|hy|de|\.)|'", line):
                words = plain(line)
                if words and not words.startswith("."):
                    self.parts[part].append(words)
        said = " ".join(self.parts.get("NAME", []))
        self.about = said.split(" - ", 1)[1] if " - " in said else ""

    @property
    def word(self):
        return self.name.rsplit(".", 1)[0]

    @property
    def tags(self):
        standards = " ".join(self.parts.get("STANDARDS", []))
        named = re.findall(r"POSIX\.1-\d{4}|C\d\d|SVr4|4\.\d?BSD", standards)
        return [f"section/{self.name.rsplit('.', 1)[1]}"] + sorted({f"standard/{name.lower()}" for name in named})

    def markdown(self):
        """The note as a person might keep it."""
        lines = ["---"]
        if self.aliases:
            lines.append(f"aliases: [{', '.join(self.aliases)}]")
        lines += [f"tags: [{', '.join(self.tags)}]", "---", "", f"# {self.word}", "", self.about, ""]
        for part, words in self.parts.items():
            if part not in LEFT_OUT and words:
                lines += [f"## {part.capitalize()}", "", "\n".join(words), ""]
        if self.links:
            lines += ["## See also", "", ", ".join(f"[[{name}]]" for name in self.links), ""]
        return "\n".join(lines)


def read(folder):
    """The notes in a folder of manual pages, by name, with their aliases."""
    notes, others = {}, {}
    for path in sorted(folder.rglob("man[1-8]/*.gz")):
        if "/man/man" not in str(path):
            continue  # A translation.
        name = path.name.removesuffix(".gz")
        if path.is_symlink():
            others[name] = os.readlink(path).rsplit("/", 1)[-1].removesuffix(".gz")
            continue
        text = gzip.open(path, "rt", encoding="utf-8", errors="replace").read()
        leads = re.match(r"\.so (?:man\w+/)?(\S+)", text)
        if leads:
            others[name] = leads[1]
        else:
            notes[name] = Note(name, text)
    for name, target in others.items():
        if target in notes:
            notes[target].aliases.append(name.rsplit(".", 1)[0])
    # Pages name each other without the letters behind a section, and by their other names.
    short = {(name.rsplit(".", 1)[0], name.rsplit(".", 1)[1][:1]): name for name in [*others, *notes]}
    for note in notes.values():
        note.aliases = sorted({alias for alias in note.aliases if alias != note.word})
        links = [short.get(tuple(link.rsplit(".", 1)), link) for link in note.links]
        note.links = list(dict.fromkeys(others.get(link, link) for link in links))
    return notes


def questions(notes, count):
    """Questions with the name of the note that is right: as many of each kind."""
    draw = random.Random(SEED)
    by_about = {}
    for note in notes.values():
        by_about.setdefault(note.about, []).append(note)
    told = {name: note for name, note in notes.items() if note.about and len(by_about[note.about]) == 1}
    asked = []
    alias = [(alias, note) for note in notes.values() for alias in note.aliases if note.parts.get("RETURN VALUE")]
    for name, note in draw.sample(alias, min(count, len(alias))):
        asked.append(("alias", f"What is the return value of {name}?", note.name))
    link = [(note, told[to]) for note in notes.values() for to in note.links if to in told and to != note.name]
    for note, to in draw.sample(link, min(count, len(link))):
        asked.append(("link", f"Which page that {note.word} refers to is about this: {to.about}?", to.name))
    tag = [note for note in told.values() if len(note.tags) > 1]
    for note in draw.sample(tag, min(count, len(tag))):
        asked.append(("tag", f"Which page tagged {note.tags[-1]} is about this: {note.about}?", note.name))
    return asked


def ran(program, root, *args):
    """What a command of the program prints."""
    env = {**os.environ, "QUIPU_ROOT": str(root), "NO_COLOR": "1"}
    done = subprocess.run([program, *args], env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{program} {' '.join(map(str, args))}: {done.stderr.strip()}")
    return done.stdout


def measured(program, vault, asked):
    """The rank of the right note of each question, from one on, by its kind; seconds to import."""
    with tempfile.TemporaryDirectory() as root:
        pathlib.Path(root, "config.toml").write_text('embedder = "none"\n')
        begun = time.monotonic()
        ran(program, root, "mem", "add", vault)
        took = time.monotonic() - begun
        ranks = {}
        for kind, question, right in asked:
            hits = json.loads(ran(program, root, "mem", "search", "--json", "-k", str(HITS), question) or "[]")
            names = [pathlib.Path(hit["id"].rsplit("#", 1)[0]).name.removesuffix(".md") for hit in hits]
            documents = list(dict.fromkeys(names))
            rank = documents.index(right) + 1 if right in documents else 0
            ranks.setdefault(kind, []).append(rank)
    return ranks, took


def main():
    parser = argparse.ArgumentParser(description="Measures what links are worth in a search.")
    parser.add_argument("programs", nargs="+", metavar="QUIPU")
    parser.add_argument("--notes", type=int, default=NOTES)
    parser.add_argument("--questions", type=int, default=QUESTIONS)
    args = parser.parse_args()
    all_notes = read(fetched())
    # Whatever is left out, the rest is the same each time.
    names = sorted(all_notes)
    chosen = sorted(random.Random(SEED).sample(names, min(args.notes, len(names))))
    notes = {name: all_notes[name] for name in chosen}
    asked = questions(notes, args.questions)
    with tempfile.TemporaryDirectory() as vault:
        for name, note in notes.items():
            pathlib.Path(vault, f"{name}.md").write_text(note.markdown())
        links = sum(to in notes for note in notes.values() for to in note.links)
        print(f"{len(notes)} notes, {links} links between them, {len(asked)} questions")
        for program in args.programs:
            ranks, took = measured(program, vault, asked)
            print(f"{program}: brought in within {took:.1f} s")
            for kind, of in ranks.items():
                first = sum(rank == 1 for rank in of) / len(of)
                five = sum(0 < rank <= 5 for rank in of) / len(of)
                mean = sum(1 / rank for rank in of if rank) / len(of)
                print(f"  {kind:6} first {first:.3f}  among five {five:.3f}  MRR@{HITS} {mean:.3f}  ({len(of)})")


if __name__ == "__main__":
    main()
