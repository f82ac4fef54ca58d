#!/bin/sh
# An optional text parameter that is given JSON text, in the Python and the TypeScript MCP SDK.
#
# Guess:   `note: str | None` publishes "string or null", so any string arrives as that string, as it does
#          with `note: str` and with the TypeScript SDK.
# Reality: the Python SDK first runs every string through a JSON parser when the parameter's type is not
#          exactly `str`, and keeps what comes out if it is an object, a list or null. So an optional text that
#          happens to be JSON is refused ("should be a valid string"), and the four letters null become None.
#          A parameter without a type is published as "string" and yet receives a dict.
#          The TypeScript SDK, which publishes the same type, hands over the string.
# Seen with mcp 2.3.0 and @modelcontextprotocol/sdk 1.32.2 (zod 4.6.7); the rows printed below.
# So:      a model that writes {"a":1} into the optional `content`, `body` or `filter` of a Python tool gets an
#          error that its own schema does not explain, and repeating the call never helps. Tool authors: make
#          a text that may hold JSON a plain `str` with a default of "". A runtime cannot cure the fault from
#          outside, but should show the server's message word for word and not call it a bad argument.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check mcp==2.3.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @modelcontextprotocol/sdk@1.32.2 zod@4.6.7
cat >server.py <<'PY'
from mcp.server import MCPServer

server = MCPServer("notes")

@server.tool()
def optional(note: str | None = None) -> str:
    return f"{type(note).__name__} {note}"

@server.tool()
def required(note: str) -> str:
    return f"{type(note).__name__} {note}"

@server.tool()
def untyped(note) -> str:
    return f"{type(note).__name__} {note}"

server.run()
PY
cat >server.mjs <<'JS'
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const server = new McpServer({ name: "notes", version: "1" });
const schema = { note: z.string().nullable().default(null) };
server.registerTool("optional", { inputSchema: schema }, ({ note }) => {
  return { content: [{ type: "text", text: `${note === null ? "null" : typeof note} ${note}` }] };
});
await server.connect(new StdioServerTransport());
JS
cat >client.mjs <<'JS'
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

async function open(command, file) {
  const client = new Client({ name: "check", version: "1" });
  await client.connect(new StdioClientTransport({ command, args: [file], stderr: "ignore" }));
  return client;
}
const python = await open("venv/bin/python", "server.py");
const typescript = await open(process.execPath, "server.mjs");
const type = async (client, tool) => {
  const found = (await client.listTools()).tools.find(({ name }) => name === tool);
  const { anyOf, type } = found.inputSchema.properties.note;
  return [anyOf ? anyOf.map((part) => part.type) : type].flat().join(" or ");
};
const send = async (client, tool, note) => {
  const result = await client.callTool({ name: tool, arguments: { note } });
  const { text } = result.content[0];
  return !result.isError ? text : /valid string/.test(text) ? "refused: not a valid string" : `refused: ${text}`;
};
const seen = {
  "Python optional is published as": await type(python, "optional"),
  "Python untyped is published as": await type(python, "untyped"),
  "TypeScript optional is published as": await type(typescript, "optional"),
};
for (const note of ['{"a":1}', "[1]", "null", "hello"]) {
  seen[`Python required ${note}`] = await send(python, "required", note);
  seen[`Python optional ${note}`] = await send(python, "optional", note);
  seen[`TypeScript optional ${note}`] = await send(typescript, "optional", note);
}
seen['Python untyped {"a":1}'] = await send(python, "untyped", '{"a":1}');
const expected = {
  "Python optional is published as": "string or null",
  "Python untyped is published as": "string",
  "TypeScript optional is published as": "string or null",
  'Python required {"a":1}': 'str {"a":1}',
  'Python optional {"a":1}': "refused: not a valid string",
  'TypeScript optional {"a":1}': 'string {"a":1}',
  "Python required [1]": "str [1]",
  "Python optional [1]": "refused: not a valid string",
  "TypeScript optional [1]": "string [1]",
  "Python required null": "str null",
  "Python optional null": "NoneType None",
  "TypeScript optional null": "string null",
  "Python required hello": "str hello",
  "Python optional hello": "str hello",
  "TypeScript optional hello": "string hello",
  'Python untyped {"a":1}': "dict {'a': 1}",
};
for (const [name, value] of Object.entries(seen)) console.log(`  ${name.padEnd(38)}${value}`);
await Promise.all([python.close(), typescript.close()]);
const changed = Object.keys(expected).find((name) => seen[name] !== expected[name]);
if (changed) {
  console.error(`CHANGED: ${changed}: was ${expected[changed]}, is ${seen[changed]}`);
  process.exit(1);
}
console.log("as found");
JS
node client.mjs
