#!/bin/sh
# One tool with a date parameter, in a TypeScript MCP server with other tools.
#
# Guess:   a parameter type that JSON Schema cannot express is refused when the tool is registered, or published
#          as a string, or left out. The server's other tools are not touched.
# Reality: registering z.date() or z.coerce.date() succeeds and the server starts. But tools/list fails as a
#          whole with "Date cannot be represented in JSON Schema", so a client sees no tool at all, not even
#          the healthy ones. All the while those answer calls, and so does the tool with z.coerce.date().
# Seen with @modelcontextprotocol/sdk 1.32.2 and zod 4.6.7: the rows printed below.
# So:      "this server has no tools" and "this server cannot list its tools" must be told apart: show the
#          server's error, keep the list of the last good connection, and do not take a failed list for a dead
#          server. Server authors: take dates as z.iso.datetime(), and test the list, not just the calls.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @modelcontextprotocol/sdk@1.32.2 zod@4.6.7
cat >server.mjs <<'JS'
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const dates = { none: undefined, date: z.date(), coerce: z.coerce.date(), iso: z.iso.datetime() };
const server = new McpServer({ name: "agenda", version: "1" });
const say = (text) => ({ content: [{ type: "text", text }] });
server.registerTool("echo", { inputSchema: { text: z.string() } }, ({ text }) => say(text));
const when = dates[process.argv[2]];
if (when) server.registerTool("year", { inputSchema: { when } }, ({ when }) => say(String(new Date(when).getUTCFullYear())));
await server.connect(new StdioServerTransport());
JS
cat >client.mjs <<'JS'
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const seen = {};
for (const kind of ["none", "date", "coerce", "iso"]) {
  const client = new Client({ name: "check", version: "1" });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: ["server.mjs", kind], stderr: "ignore" }));
  const list = await client.listTools().then(({ tools }) => tools.map(({ name }) => name).join(" "), (error) => error.message);
  const call = async (name, args) => (await client.callTool({ name, arguments: args })).content[0].text;
  seen[`${kind}: list`] = list;
  seen[`${kind}: call echo`] = await call("echo", { text: "hello" });
  if (kind === "coerce" || kind === "iso") seen[`${kind}: call year`] = await call("year", { when: "2020-01-02T03:04:05Z" });
  await client.close();
}
const failed = "MCP error -32603: Date cannot be represented in JSON Schema";
const expected = {
  "none: list": "echo",
  "none: call echo": "hello",
  "date: list": failed,
  "date: call echo": "hello",
  "coerce: list": failed,
  "coerce: call echo": "hello",
  "coerce: call year": "2020",
  "iso: list": "echo year",
  "iso: call echo": "hello",
  "iso: call year": "2020",
};
for (const [name, value] of Object.entries(seen)) console.log(`  ${name.padEnd(20)}${value}`);
const changed = Object.keys(expected).find((name) => seen[name] !== expected[name]);
if (changed) {
  console.error(`CHANGED: ${changed}: was ${expected[changed]}, is ${seen[changed]}`);
  process.exit(1);
}
console.log("as found");
JS
node client.mjs
