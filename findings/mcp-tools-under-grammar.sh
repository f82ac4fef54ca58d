#!/bin/sh
# Real MCP tool schemas under node-llama-cpp's grammar.
#
# Guess:   node-llama-cpp turns a tool's JSON Schema into a grammar. Keywords that it cannot express are refused
#          or left open; what the tool can be called with, the model can write.
# Reality: it turns schemas into narrower ones without a word, and two everyday MCP schemas break:
#          1. Every property is required, whatever `required` says. The filesystem server's read_text_file has
#             an optional head and an optional tail and refuses a call that has both. Under this grammar the
#             model MUST write both, so the first or the last lines of a file can never be asked for. The only
#             calls that get through have a zero in them.
#          2. anyOf is not known. {"anyOf":[{"type":"string"},{"type":"null"}]}, which is what the Python SDK
#             publishes for `str | None`, admits the word null and nothing else. The same schema spelled with
#             oneOf or with a list of types admits both.
# Seen with node-llama-cpp 3.22.1, @modelcontextprotocol/server-filesystem 2026.8.31, sdk 1.32.2, mcp 2.3.0.
# So:      rewrite schemas before they reach a grammar (anyOf to oneOf; an optional property to one that may be
#          null, and drop the nulls before the call), and test the rewriting on schemas of real servers: ones
#          made by hand rarely have anyOf or two properties that exclude each other.
# Note:    takes node-llama-cpp's prebuilt library for Linux on x86-64; no model is loaded.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check mcp==2.3.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --omit=optional \
    node-llama-cpp@3.22.1 @node-llama-cpp/linux-x64@3.22.1 \
    @modelcontextprotocol/sdk@1.32.2 @modelcontextprotocol/server-filesystem@2026.8.31
mkdir files
printf 'one\ntwo\nthree\n' >files/a.txt
cat >notes.py <<'PY'
from mcp.server import MCPServer

server = MCPServer("notes")

@server.tool()
def find(words: str | None) -> str:
    return str(words)

server.run()
PY
cat >check.mjs <<'JS'
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { getLlama } from "node-llama-cpp";
import path from "node:path";

async function open(command, args) {
  const client = new Client({ name: "check", version: "1" });
  await client.connect(new StdioClientTransport({ command, args, stderr: "ignore" }));
  const { tools } = await client.listTools();
  return { client, schema: (name) => tools.find((tool) => tool.name === name).inputSchema };
}
const folder = path.resolve("files");
const files = await open(process.execPath, ["node_modules/@modelcontextprotocol/server-filesystem/dist/index.js", folder]);
const notes = await open("venv/bin/python", ["notes.py"]);
const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
const admits = async (schema, value) => {
  const grammar = await llama.createGrammarForJsonSchema(schema);
  return grammar._testText(JSON.stringify(value) + "\n".repeat(4));
};

const seen = {};
const target = path.join(folder, "a.txt");
for (const lines of [{}, { head: 1 }, { tail: 2 }, { tail: 2, head: 1 }, { tail: 0, head: 0 }]) {
  const args = { path: target, ...lines };
  const result = await files.client.callTool({ name: "read_text_file", arguments: args });
  const grammar = (await admits(files.schema("read_text_file"), args)) ? "may write" : "may not write";
  seen[`read_text_file ${JSON.stringify(lines)}`] = `${grammar}; server: ${result.isError ? "refuses" : "answers"}`;
}
const published = notes.schema("find").properties.words;
const { anyOf } = published;
seen["str | None is published as"] = JSON.stringify(anyOf);
for (const value of ["hello", null]) {
  seen[`as published: ${value}`] = (await admits(published, value)) ? "may write" : "may not write";
  seen[`with oneOf: ${value}`] = (await admits({ oneOf: anyOf }, value)) ? "may write" : "may not write";
}
await Promise.all([files.client.close(), notes.client.close()]);
const expected = {
  "read_text_file {}": "may not write; server: answers",
  'read_text_file {"head":1}': "may not write; server: answers",
  'read_text_file {"tail":2}': "may not write; server: answers",
  'read_text_file {"tail":2,"head":1}': "may write; server: refuses",
  'read_text_file {"tail":0,"head":0}': "may write; server: answers",
  "str | None is published as": '[{"type":"string"},{"type":"null"}]',
  "as published: hello": "may not write",
  "with oneOf: hello": "may write",
  "as published: null": "may write",
  "with oneOf: null": "may write",
};
for (const [name, value] of Object.entries(seen)) console.log(`  ${name.padEnd(38)}${value}`);
const changed = Object.keys(expected).find((name) => seen[name] !== expected[name]);
if (changed) {
  console.error(`CHANGED: ${changed}: was ${expected[changed]}, is ${seen[changed]}`);
  process.exit(1);
}
console.log("as found");
process.exit(0);
JS
node check.mjs
