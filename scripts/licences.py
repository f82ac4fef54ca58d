"""Prints what a program is made of besides its own code, and under which licences.

    licences.py TARGET MANIFEST [TARGET MANIFEST]... [NAME=PATH]...

Of each workspace the packages that its members are built from count, on that target; what only
builds or tests them does not. A PATH is one more package, which has no manifest: its folder, or
the text itself. A list comes first, then the texts: each once, with the packages that have it.
"""

import json
import pathlib
import re
import subprocess
import sys

NAMED = re.compile(r"(un)?licen[cs]e|copying|copyright|notice", re.IGNORECASE)
# Sources that are named so, and pictures.
NO_TEXT = {".rs", ".c", ".h", ".cpp", ".hpp", ".py", ".js", ".json", ".toml", ".svg", ".png", ".html"}


def packages(target, manifest):
    """The packages of others that the members of the workspace of `manifest` are built from."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    command += ["--filter-platform", target, "--manifest-path", manifest]
    metadata = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    waiting, reached = list(metadata["workspace_members"]), set()
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            for dependency in nodes[one]["deps"]:
                if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                    waiting.append(dependency["pkg"])
    others = (package for package in metadata["packages"] if package["source"])
    return [package for package in others if package["id"] in reached]


def texts(place):
    """The texts of licences in the folder `place`, in the order of their paths, or that one file."""
    if not place.exists():
        sys.exit(f"licences.py: there is no {place}")
    if place.is_file():
        yield place.read_text(errors="replace").strip()
    for path in sorted(place.rglob("*")):
        if NAMED.match(path.name) and path.suffix.lower() not in NO_TEXT and path.is_file():
            yield path.read_text(errors="replace").strip()


listed, found = set(), {}


def add(name, licence, address, place):
    """Lists a package, and keeps its texts; one that differs in white space only is the same."""
    listed.add((name, licence, address))
    for text in texts(place):
        kept, owners = found.setdefault(" ".join(text.split()), (text, set()))
        owners.add(name)


arguments = sys.argv[1:]
places = [argument.split("=", 1) for argument in arguments if "=" in argument]
pairs = [argument for argument in arguments if "=" not in argument]
for target, manifest in zip(pairs[::2], pairs[1::2], strict=True):
    for package in packages(target, manifest):
        add(
            f"{package['name']} {package['version']}",
            package["license"] or "see its text below",
            package["repository"] or "",
            pathlib.Path(package["manifest_path"]).parent,
        )
for name, place in places:
    add(name, "see its text below", "", pathlib.Path(place))

print("What this program is made of besides its own code, and under which licences.\n")
for package in sorted(listed):
    print("  ".join(part for part in package if part))
for _, (text, owners) in sorted(found.items(), key=lambda item: (sorted(item[1][1]), item[0])):
    print(f"\n{'-' * 78}\n{', '.join(sorted(owners))}\n\n{text}")
