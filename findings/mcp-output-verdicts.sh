#!/bin/sh
# One tool result and one outputSchema, judged by the Python and the TypeScript MCP client.
#
# Guess:   both clients check structured results against the tool's outputSchema, so they agree.
# Reality: they disagree both ways, and one of them even with itself.
#          1. A Python tool that returns a datetime without a time zone publishes format "date-time" and sends
#             2020-01-02T03:04:05. The Python client takes the result. The TypeScript client throws the whole
#             result away, readable text and all: it checks formats, and date-time demands a zone.
#          2. The same TypeScript client takes the same result if it has not called listTools() before: it only
#             knows the schemas it has listed. The Python client lists by itself.
#          3. A pair described by prefixItems (what the Python SDK publishes for tuple[int, str]) with its two
#             values swapped: the Python client refuses, the TypeScript client takes it. Its validator reads
#             schemas as draft-07, where prefixItems means nothing.
# Seen with mcp 2.3.0 and @modelcontextprotocol/sdk 1.32.2; the rows printed below.
# So:      whether a tool "works" depends on who calls it and on what was called before. A runtime should list
#          tools first, pick one dialect (2020-12) and say so, treat "format" as a note, and when a structured
#          result fails its schema still hand the text blocks to the model, with a word. Tool authors: return
#          datetimes with a zone.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check mcp==2.3.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @modelcontextprotocol/sdk@1.32.2
cat >clock.py <<'PY'
from datetime import datetime
from mcp.server import MCPServer
from pydantic import BaseModel

server = MCPServer("clock")

class Backup(BaseModel):
    finished: datetime

@server.tool()
def last_backup() -> Backup:
    return Backup(finished=datetime(2020, 1, 2, 3, 4, 5))

server.run()
PY
cat >pair.mjs <<'JS'
// A server that breaks its own promise: integer and string are swapped.
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const pair = { type: "array", minItems: 2, maxItems: 2, prefixItems: [{ type: "integer" }, { type: "string" }] };
const outputSchema = { type: "object", properties: { result: pair }, required: ["result"] };
const server = new Server({ name: "pair", version: "1" }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: [{ name: "pair", inputSchema: { type: "object" }, outputSchema }],
}));
server.setRequestHandler(CallToolRequestSchema, () => ({
  content: [{ type: "text", text: "one, 1" }],
  structuredContent: { result: ["one", 1] },
}));
await server.connect(new StdioServerTransport());
JS
cat >client.mjs <<'JS'
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const rows = {};
for (const [command, file, name] of [["venv/bin/python", "clock.py", "last_backup"], [process.execPath, "pair.mjs", "pair"]]) {
  const client = new Client({ name: "check", version: "1" });
  await client.connect(new StdioClientTransport({ command, args: [file], stderr: "ignore" }));
  for (const when of ["before listTools", "after listTools"]) {
    if (when === "after listTools") await client.listTools();
    try {
      await client.callTool({ name, arguments: {} });
      rows[`${name}: TypeScript ${when}`] = "takes it";
    } catch (error) {
      rows[`${name}: TypeScript ${when}`] = /does not match the tool's output schema/.test(error.message) ? "refuses" : error.message;
    }
  }
  await client.close();
}
console.log(JSON.stringify(rows));
JS
node client.mjs >typescript.json
cat >check.py <<'PY'
import asyncio, json, shutil, sys
from mcp import Client, StdioServerParameters, stdio_client

async def call(command, file, name):
    async with Client(stdio_client(StdioServerParameters(command=command, args=[file]))) as client:
        try:
            result = await client.call_tool(name, {})
        except RuntimeError as error:
            return "refuses" if "Invalid structured content" in str(error) else str(error)
        return "takes it" if not result.is_error else result.content[0].text

async def main():
    return {
        "last_backup: Python": await call(sys.executable, "clock.py", "last_backup"),
        "pair: Python": await call(shutil.which("node"), "pair.mjs", "pair"),
    }

seen = json.load(open("typescript.json")) | asyncio.run(main())
expected = {
    "last_backup: Python": "takes it",
    "last_backup: TypeScript before listTools": "takes it",
    "last_backup: TypeScript after listTools": "refuses",
    "pair: Python": "refuses",
    "pair: TypeScript before listTools": "takes it",
    "pair: TypeScript after listTools": "takes it",
}
for name in expected:
    print(f"  {name:43}{seen[name]}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
