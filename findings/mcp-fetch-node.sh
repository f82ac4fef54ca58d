#!/bin/sh
# A page of instructions as the MCP server "fetch" gives it to a model, on a machine with Node.js and on one without.
#
# Guess:   the server is a Python package, and what it makes of a page depends on the page. What is left out is what
#          surrounds the text: menus, side columns.
# Reality: it looks for "node" each time, and there are two readers. Without Node a block of YAML or code comes as one
#          line in its fence ("pump: rate: 5 alarm: at: 90"), all of a <details> is gone, a price that was struck out
#          stands beside the new one as "900 950 EUR", links lose their addresses, and hidden text is read as text. With
#          Node all of that is right, but 10^6 litres are 106 litres, and the foot of the page is gone, with the number
#          to call. Neither answer says that something is missing; the one line about Node goes to the server's log.
#          Where Node is there, the first call installs npm packages into the Python package.
# Seen with mcp-server-fetch 2026.10.24, readabilipy 0.3.0, mcp 2.3.0: the rows printed below.
# So:      a desktop client, a service and a container have different PATHs, and the same question has different
#          answers in them. Set the PATH of this server yourself, and use its raw=true for pages with code.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check mcp-server-fetch==2026.10.24 readabilipy==0.3.0 mcp==2.3.0
cat >check.py <<'PY'
import asyncio, http.server, os, sys, threading
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

PAGE = b"""<!DOCTYPE html><html><head><title>Set up the pump</title></head><body><main><h1>How to begin</h1>
<p>The pump is set up once, by the one who has bought it, and then runs for a year without a hand being laid on it.</p>
<pre><code>pump:
  rate: 5
  alarm:
    at: 90</code></pre>
<p>It holds 10<sup>6</sup> litres and costs <del>900</del> <ins>950</ins> EUR, which is more than anybody asks for.</p>
<details><summary>Limits</summary><p>Do not run it above 90 degrees, as the seal melts.</p></details>
<p>Screws are in <a href="/parts">the list of parts</a>. <span hidden>Old text, not shown.</span> Take two of them.</p></main>
<footer><p>Repairs: call 555-0199, on work days.</p></footer></body></html>"""
# What is looked for in the answer -> whether it is there without Node, and with it.
CASES = {
    "pump: rate: 5 alarm: at: 90": (True, False),
    "pump:\n  rate: 5\n  alarm:\n    at: 90": (False, True),
    "10^6 litres": (True, False),
    "106 litres": (False, True),
    "costs 900 950 EUR": (True, False),
    "costs ~~900~~ 950 EUR": (False, True),
    "Do not run it above 90 degrees": (False, True),
    "(/parts)": (False, True),
    "Old text, not shown.": (True, False),
    "call 555-0199": (True, False),
}

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *args):
        pass

async def fetched(url, path):
    options = ["--ignore-robots-txt", "--allow-private-ips"]
    server = StdioServerParameters(command=os.path.abspath("venv/bin/mcp-server-fetch"), args=options, env={**os.environ, "PATH": path})
    with open(os.devnull, "w") as quiet:
        async with stdio_client(server, errlog=quiet) as streams, ClientSession(*streams) as client:
            await client.initialize()
            return (await client.call_tool("fetch", {"url": url})).content[0].text

page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=page.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{page.server_port}/"
answers = [asyncio.run(fetched(url, path)) for path in ("", os.environ["PATH"])]
changed = None
for text, expected in CASES.items():
    seen = tuple(text in answer for answer in answers)
    print(f"  {text!r:48}" + "".join(f"{name} {'yes' if there else 'no':5}" for name, there in zip(("without Node:", "with Node:"), seen)))
    if seen != expected and not changed:
        changed = f"{text!r}: was {expected}, is {seen}"
if changed:
    sys.exit(f"CHANGED: {changed}")
print("as found")
PY
venv/bin/python -W ignore check.py
