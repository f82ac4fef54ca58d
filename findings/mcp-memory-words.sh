#!/bin/sh
# The reference memory server of MCP: what a model finds again of what it stored.
#
# Guess:   search_nodes finds the entities that have the words of the query, in any order. create_entities for a name
#          that is there adds the new observations, or says that the name is taken. A relation to an unknown entity is
#          an error.
# Reality: the query is one text that must occur as it stands in one name, type or observation. "Anna coffee" and
#          "coffee likes" find nothing where Anna "likes coffee"; a question finds nothing. "knows", the type of a
#          relation, finds nothing either.
#          create_entities for a name that is there drops its observations and returns [], as a success. Names differ
#          by case there and in open_nodes, not in search_nodes. A relation to a name that nobody has is kept.
#          Deleting what is not there is "deleted successfully"; adding to it is an error.
# Seen with @modelcontextprotocol/server-memory 2026.8.31, sdk 1.32.2: the rows printed below.
# So:      an assistant with this memory says "I know nothing about that" to most questions, and forgets what it is
#          told about known people, while each call succeeds. Tell the model to search for one word, to open a node
#          before it creates one, and to use add_observations; or count the entities that create_entities returns
#          against those asked for.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts \
    @modelcontextprotocol/server-memory@2026.8.31 @modelcontextprotocol/sdk@1.32.2
cat >check.mjs <<'JS'
import path from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const client = new Client({ name: "check", version: "1" });
const server = "node_modules/@modelcontextprotocol/server-memory/dist/index.js";
const env = { ...process.env, MEMORY_FILE_PATH: path.resolve("memory.jsonl") };
await client.connect(new StdioClientTransport({ command: "node", args: [server], env, stderr: "ignore" }));

async function call(name, args) {
  const result = await client.callTool({ name, arguments: args });
  const text = result.content.map((part) => part.text).join("");
  return result.isError ? "error" : text;
}
/** The entities of an answer with what is known of them. */
async function found(name, args) {
  const { entities } = JSON.parse(await call(name, args));
  return entities.map((entity) => `${entity.name}: ${entity.observations.join(", ")}`).join("; ") || "nothing";
}
const create = (name, ...observations) =>
  call("create_entities", { entities: [{ name, entityType: "person", observations }] }).then((text) =>
    JSON.stringify(JSON.parse(text).map((entity) => entity.name)));
const relate = (from, to) => call("create_relations", { relations: [{ from, to, relationType: "knows" }] });

const seen = [
  ["create Anna: likes coffee", await create("Anna", "likes coffee")],
  ["create Anna again: moved to Bonn", await create("Anna", "moved to Bonn")],
  ["Anna knows Ben, whom nobody created", JSON.parse(await relate("Anna", "Ben")).length === 1 ? "kept" : "not kept"],
];
const queries = ["coffee", "ANNA", "perso", "Anna coffee", "coffee likes", "does Anna like coffee", "Bonn", "knows", "Ben"];
for (const query of queries) {
  seen.push([`search ${query}`, await found("search_nodes", { query })]);
}
seen.push(
  ["open Anna", await found("open_nodes", { names: ["Anna"] })],
  ["open ANNA", await found("open_nodes", { names: ["ANNA"] })],
  ["delete Zoe, who is not there", await call("delete_entities", { entityNames: ["Zoe"] })],
  ["add to Zoe", await call("add_observations", { observations: [{ entityName: "Zoe", contents: ["x"] }] })],
);
await client.close();
const anna = "Anna: likes coffee";
const expected = [
  '["Anna"]', "[]", "kept", anna, anna, anna, "nothing", "nothing", "nothing", "nothing", "nothing", "nothing",
  anna, "nothing", "Entities deleted successfully", "error",
];
for (const [name, value] of seen) console.log(`  ${name.padEnd(37)}${value}`);
const changed = seen.findIndex(([, value], at) => value !== expected[at]);
if (changed >= 0) {
  console.error(`CHANGED: ${seen[changed][0]}: was ${expected[changed]}, is ${seen[changed][1]}`);
  process.exitCode = 1;
} else {
  console.log("as found");
}
JS
node check.mjs
