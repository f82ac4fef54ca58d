#!/bin/sh
# One resource template in the Python and the TypeScript MCP SDK: what the server's function is given.
#
# Guess:   a template with {name} gives the function the name that the client put in: both SDKs decode the address, and
#          a template matches whatever it expands to itself. An optional query may be left out.
# Reality: the TypeScript SDK hands over the piece of the address, encoded: "a b" arrives as "a%20b" and Zürich as
#          Z%C3%BCrich, also where the client sent the blank and the ü as they are, since the address was parsed
#          before. Expanding and matching with its own UriTemplate gives another value than was put in. Of
#          {?q,limit} it takes only addresses that have both, in this order: what it expands to for q alone it does not
#          match, and the client is told that there is no such resource. The Python SDK decodes, takes either
#          order and fills in what is missing. In both a plain comma in a name is "not found"; as %2C it is one.
# Seen with mcp 2.3.0 and @modelcontextprotocol/sdk 1.32.2 (zod 4.6.7): the rows printed below.
# So:      in a TypeScript server call decodeURIComponent on each variable, and register an address with a query in
#          several templates. A client cannot make up for it: encoding less changes nothing, and encoding twice breaks
#          the Python servers. Test a template with a blank and an umlaut, not with "alice".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check mcp==2.3.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @modelcontextprotocol/sdk@1.32.2 zod@4.6.7
cat >server.mjs <<'JS'
import { McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";

const server = new McpServer({ name: "notes", version: "1" });
for (const [name, template] of [["note", "notes://one/{name}"], ["search", "notes://search{?q,limit}"]]) {
  server.registerResource(name, new ResourceTemplate(template, { list: undefined }), {}, (uri, variables) => ({
    contents: [{ uri: uri.href, text: Object.values(variables).join(" ") }],
  }));
}
await server.connect(new StdioServerTransport());
JS
cat >template.mjs <<'JS'
import { UriTemplate } from "@modelcontextprotocol/sdk/shared/uriTemplate.js";

const trip = (text, values) => {
  const template = new UriTemplate(text);
  return JSON.stringify(template.match(template.expand(values)));
};
console.log(trip("notes://one/{name}", { name: "a b" }));
console.log(trip("notes://search{?q,limit}", { q: "x" }));
JS
cat >check.py <<'PY'
import asyncio, logging, subprocess, sys
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.server import MCPServer

logging.disable()
server = MCPServer("notes")

@server.resource("notes://one/{name}")
def note(name: str) -> str:
    return name

@server.resource("notes://search{?q,limit}")
def search(q: str = "all", limit: str = "9") -> str:
    return f"{q} {limit}"

ADDRESSES = [
    "notes://one/alice", "notes://one/a%20b", "notes://one/a b", "notes://one/Z%C3%BCrich", "notes://one/Zürich",
    "notes://one/a,b", "notes://one/a%2Cb", "notes://search?q=x%20y&limit=3", "notes://search?limit=3&q=x",
    "notes://search?q=x", "notes://search",
]

async def read(target):
    values = []
    async with Client(target) as client:
        for address in ADDRESSES:
            try:
                values.append((await client.read_resource(address)).contents[0].text)
            except Exception as error:
                if "nknown resource" not in str(error) and "not found" not in str(error):
                    raise
                values.append("(not found)")
    return values

async def main():
    return await read(server), await read(stdio_client(StdioServerParameters(command="node", args=["server.mjs"])))

python, typescript = asyncio.run(main())
trips = subprocess.run(["node", "template.mjs"], check=True, capture_output=True, text=True).stdout.split("\n")
seen = {address: values for address, *values in zip(ADDRESSES, python, typescript)}
seen["TypeScript, there and back: a b"] = [trips[0]]
seen["TypeScript, there and back: q is x"] = [trips[1]]
expected = dict(zip(seen, [
    ["alice", "alice"], ["a b", "a%20b"], ["a b", "a%20b"], ["Zürich", "Z%C3%BCrich"], ["Zürich", "Z%C3%BCrich"],
    ["(not found)", "(not found)"], ["a,b", "a%2Cb"], ["x y 3", "x%20y 3"], ["x 3", "(not found)"],
    ["x 9", "(not found)"], ["all 9", "(not found)"], ['{"name":"a%20b"}'], ["null"],
]))
print(f"  {'address':36}{'Python':13}TypeScript")
for name, values in seen.items():
    print(f"  {name:36}" + "".join(f"{value:13}" for value in values).rstrip())
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
