#!/bin/sh
# A package of files sent to an OCI registry and fetched again with the Python client of ORAS.
#
# Guess:   what is fetched is what was sent: each file under the name and folder that it was sent from, and en/ is the
#          folder en. A folder sent twice has one digest. A file has a media type that says nothing, or one by its name.
# Reality: 1. A file is kept under its last name only. en/config.json and de/config.json both become config.json: the
#             fetch writes one over the other, returns the same path twice, and there is no error. The order of the list
#             decides which language is left.
#          2. A folder written as en/ has the empty title, and its files come out without the folder: of en/ and de/ one
#             config.json is left. en and de keep both.
#          3. Annotations from the annotation file are looked up by the name of the file that is sent, which for a folder
#             is a temporary archive: a file gets its own, a folder none.
#          4. A plain file, such as tool.wasm, is declared as application/vnd.oci.image.layer.v1.tar; a type of one's own
#             after a colon is kept. The config is an application/vnd.unknown.config.v1+json.
#          The digest is the same for each sending, as guessed.
# Seen with oras (PyPI) 0.2.43 and a registry of this script's own: the rows printed below.
# So:      compare the titles in the manifest with the list of files before a tag moves: they must be as many, and all
#          different. Send a folder without the last slash. Name the media type (tool.wasm:application/wasm) with each
#          file: a host that selects layers by type finds none of the default ones.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check oras==0.2.43
cat >check.py <<'PY'
import hashlib, json, logging, os, pathlib, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
import oras.client

logging.disable(logging.CRITICAL)
blobs, manifests = {}, {}

class Registry(BaseHTTPRequestHandler):
    """Just enough of a registry: blobs by digest, manifests by tag."""

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def do_POST(self):
        self.body()
        self.answer(202, location=f"http://{self.headers['host']}/v2/finding/blobs/uploads/one")

    def do_PUT(self):
        body, url = self.body(), urlsplit(self.path)
        if "/manifests/" in url.path:
            manifests[url.path.rsplit("/", 1)[1]] = body
        else:
            blobs[parse_qs(url.query)["digest"][0]] = body
        self.answer(201, docker_content_digest="sha256:" + hashlib.sha256(body).hexdigest())

    def do_GET(self):
        kind, name = urlsplit(self.path).path.split("/")[-2:]
        body = (manifests if kind == "manifests" else blobs).get(unquote(name))
        if body is None:
            self.answer(404)
        elif kind == "manifests":
            self.answer(200, body, content_type="application/vnd.oci.image.manifest.v1+json")
        else:
            self.answer(200, body, content_type="application/octet-stream")

    do_HEAD = do_GET

server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = oras.client.OrasClient(hostname=f"127.0.0.1:{server.server_port}", insecure=True)

def sent(tag, files, **more):
    client.push(target=f"127.0.0.1:{server.server_port}/finding:{tag}", files=files, quiet=True, **more)
    return json.loads(manifests[tag])

def fetched(tag):
    """The paths that the client returns, and what is in each file that is there."""
    out = pathlib.Path("out-" + tag)
    returned = client.pull(target=f"127.0.0.1:{server.server_port}/finding:{tag}", outdir=str(out))
    names = " ".join(os.path.relpath(path, out.resolve()) for path in returned)
    return names, {str(path.relative_to(out)): path.read_text() for path in sorted(out.rglob("*")) if path.is_file()}

def titles(manifest):
    return " ".join(repr(layer["annotations"]["org.opencontainers.image.title"]) for layer in manifest["layers"])

for name, text in {"en/config.json": "english", "de/config.json": "german", "tool.wasm": "wasm"}.items():
    pathlib.Path(name).parent.mkdir(exist_ok=True)
    pathlib.Path(name).write_text(text)
pathlib.Path("notes.json").write_text(json.dumps({"tool.wasm": {"note": "a"}, "en": {"note": "b"}}))

seen = {}
for tag, files in {"en-de": ["en/config.json", "de/config.json"], "de-en": ["de/config.json", "en/config.json"]}.items():
    manifest = sent(tag, files)
    names, found = fetched(tag)
    seen["sent " + " ".join(files)] = f"titles {titles(manifest)}; returned {names}; there is {found}"
both = sent("folders", ["en", "de"])
seen["sent folders en de"] = f"titles {titles(both)}; there is {fetched('folders')[1]}"
slashes = sent("slashes", ["en/", "de/"])
seen["sent folders en/ de/"] = f"titles {titles(slashes)}; there is {fetched('slashes')[1]}"
again = {json.dumps(sent(tag, ["en", "tool.wasm"])) for tag in ("once", "twice")}
seen["sent en tool.wasm twice"] = f"{len(again)} manifest"
noted = sent("noted", ["tool.wasm", "en"], annotation_file="notes.json")
seen["notes"] = " ".join(
    f"{layer['annotations']['org.opencontainers.image.title']}={layer['annotations'].get('note')}" for layer in noted["layers"]
)
typed = sent("typed", ["tool.wasm", "tool.wasm:application/wasm"])
seen["media types"] = " ".join(layer["mediaType"] for layer in typed["layers"]) + " " + typed["config"]["mediaType"]
title = "titles 'config.json' 'config.json'; returned config.json config.json; there is"
expected = {
    "sent en/config.json de/config.json": title + " {'config.json': 'german'}",
    "sent de/config.json en/config.json": title + " {'config.json': 'english'}",
    "sent folders en de": "titles 'en' 'de'; there is {'de/config.json': 'german', 'en/config.json': 'english'}",
    "sent folders en/ de/": "titles '' ''; there is {'config.json': 'german'}",
    "sent en tool.wasm twice": "1 manifest",
    "notes": "tool.wasm=a en=None",
    "media types": (
        "application/vnd.oci.image.layer.v1.tar application/wasm application/vnd.unknown.config.v1+json"
    ),
}
for name, value in seen.items():
    print(f"  {name}: {value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]}, is {seen[changed[0]]}")
print("as found")
PY
venv/bin/python check.py
