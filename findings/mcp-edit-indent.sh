#!/bin/sh
# edit_file of the reference filesystem server, where the model quotes a block without its outer indentation.
#
# Guess:   newText is written as it stands. That oldText is found without regard to indentation, which the server
#          says, was tried without a guess: a block would keep its shape and move to the right as a whole.
# Reality: so does only its first line. A further line of newText is moved where both it and the line of oldText with
#          the same number are indented, and only by the difference of the two; all other lines are written as they
#          came. So a second line that was deeper than the first comes out level with it, and a line that was added
#          stays behind. YAML is still read, as something else: server.log.level becomes server.level. A statement
#          added to the end of a loop's body runs once, after the loop. The call succeeds. If the text occurs twice,
#          the first occurrence is changed, also without a word. Quoted with its own indentation, all is right.
# Seen with @modelcontextprotocol/server-filesystem 2026.8.31, sdk 1.32.2, yaml 2.9.1: the rows printed below.
# So:      a model that quotes a block from its first letter on takes it apart. Tell it to quote whole lines, read the
#          diff that the call returns, and parse a file after each edit. A server should refuse what does not match to
#          the letter, or move every line by one and the same difference.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts \
    @modelcontextprotocol/server-filesystem@2026.8.31 @modelcontextprotocol/sdk@1.32.2 yaml@2.9.1
cat >check.mjs <<'JS'
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import YAML from "yaml";

const SETTINGS = "server:\n  log:\n    level: info\n";
const PROGRAM = `def report(rows):
    lines = []
    for row in rows:
        n = row * 2
        lines.append(n)
    return lines
`;
const settings = (text) => JSON.stringify(YAML.parse(text));
const program = (text) => execFileSync("python3", ["-c", `${text}print(report([1, 2]))`], { encoding: "utf8" }).trim();
// Name -> file, how it is read, oldText, newText, and what is read after the edit.
const EDITS = {
  "value, whole lines": [SETTINGS, settings, "  log:\n    level: info", "  log:\n    level: debug",
    '{"server":{"log":{"level":"debug"}}}'],
  "value, from the first letter": [SETTINGS, settings, "log:\n  level: info", "log:\n  level: debug",
    '{"server":{"log":null,"level":"debug"}}'],
  "value, less indented": [SETTINGS, settings, " log:\n   level: info", " log:\n   level: debug",
    '{"server":{"log":null,"level":"debug"}}'],
  "line added, whole lines": [PROGRAM, program, "        lines.append(n)",
    "        lines.append(n)\n        lines.append('-')", "[2, '-', 4, '-']"],
  "line added, less indented": [PROGRAM, program, "    n = row * 2\n    lines.append(n)",
    "    n = row * 2\n    lines.append(n)\n    lines.append('-')", "[2, 4, '-']"],
  "text that is there twice": ["a:\n  on: 1\nb:\n  on: 1\n", settings, "  on: 1", "  on: 2",
    '{"a":{"on":2},"b":{"on":1}}'],
};

const file = path.join(fs.realpathSync("."), "edited");
const client = new Client({ name: "check", version: "1" });
const server = "node_modules/@modelcontextprotocol/server-filesystem/dist/index.js";
const args = [server, path.dirname(file)];
await client.connect(new StdioClientTransport({ command: "node", args, stderr: "ignore" }));
const changed = [];
for (const [name, [before, read, oldText, newText, expected]] of Object.entries(EDITS)) {
  fs.writeFileSync(file, before);
  const result = await client.callTool({ name: "edit_file", arguments: { path: file, edits: [{ oldText, newText }] } });
  const seen = result.isError ? `error: ${result.content[0].text}` : read(fs.readFileSync(file, "utf8"));
  console.log(`  ${name.padEnd(31)}${seen}`);
  if (seen !== expected) changed.push(`${name}: was ${expected}, is ${seen}`);
}
await client.close();
if (changed.length > 0) {
  console.error(`CHANGED: ${changed[0]}`);
  process.exitCode = 1;
} else {
  console.log("as found");
}
JS
node check.mjs
