#!/bin/sh
# One Zod schema of a tool with defaults, as four JavaScript SDKs show it to a model.
#
# Guess:   an argument with a default may be left out, so no schema lists it as required; the four SDKs call the same
#          z.toJSONSchema and show a model the same schema, but for the draft.
# Reality: LangChain and OpenAI's helper list limit: z.int().default(10) under required, beside "default": 10; the AI SDK
#          and MCP's SDK do not. So under a grammar a model has to make up a limit in the first two, and the default
#          never holds; nested defaults as well. With prefault(10) LangChain and OpenAI show no default at all, and
#          the argument is required. With catch(10) all four show "default": 10 and require it. And MCP's schema is
#          the only one that lets an argument be written that no field has; the server drops it without a word.
# Seen with zod 4.6.7, @langchain/core 1.4.0, openai 6.49.0, ai 6.0.326, @modelcontextprotocol/sdk 1.32.2: the rows below.
# So:      an agent that moves its tools from one SDK to another sends other calls with the same model. Take the schema
#          by toJSONSchema(schema, { io: "input" }) and hand that over; in a client, treat "required" with a
#          "default" beside it as optional; test a tool with a call that leaves out all that has a default.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts zod@4.6.7 @langchain/core@1.4.0 openai@6.49.0 ai@6.0.326 \
    @modelcontextprotocol/sdk@1.32.2
cat >check.mjs <<'JS'
import { convertToOpenAITool } from "@langchain/core/utils/function_calling";
import { tool } from "@langchain/core/tools";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { asSchema } from "ai";
import { zodFunction } from "openai/helpers/zod";
import { z } from "zod";

const fields = {
  default: z.int().default(10),
  prefault: z.int().prefault(10),
  catch: z.int().catch(10),
  nested: z.object({ rows: z.int().default(10) }).default({ rows: 10 }),
};

async function byMcp(inputSchema) {
  const server = new McpServer({ name: "search", version: "1" });
  const got = [];
  server.registerTool("find", { inputSchema }, async (args) => (got.push(args), { content: [] }));
  const [here, there] = InMemoryTransport.createLinkedPair();
  const client = new Client({ name: "client", version: "1" });
  await Promise.all([server.connect(here), client.connect(there)]);
  const schema = (await client.listTools()).tools[0].inputSchema;
  await client.callTool({ name: "find", arguments: { q: "mill", stranger: 1 } }).catch(() => {});
  await client.close();
  return { schema, got: got[0] };
}

const sdks = {
  "langchain": async (shape) =>
    convertToOpenAITool(tool(async () => "", { name: "find", description: "Finds.", schema: z.object(shape) })).function.parameters,
  "openai": async (shape) => zodFunction({ name: "find", parameters: z.object(shape) }).function.parameters,
  "ai": async (shape) => asSchema(z.object(shape)).jsonSchema,
  "mcp": async (shape) => (await byMcp(shape)).schema,
};
const seen = {};
for (const [kind, field] of Object.entries(fields)) {
  for (const [sdk, schemaOf] of Object.entries(sdks)) {
    const schema = await schemaOf({ q: z.string(), limit: field });
    const limit = schema.properties.limit;
    const inner = limit.properties ? `, rows ${limit.required ? "required" : "optional"}` : "";
    seen[`${kind}: ${sdk}`] = `limit ${schema.required.includes("limit") ? "required" : "optional"}${inner}, ` +
      ("default" in limit ? "with its default" : "no default");
  }
}
for (const [sdk, schemaOf] of Object.entries(sdks)) {
  const schema = await schemaOf({ q: z.string() });
  seen[`others: ${sdk}`] = schema.additionalProperties === false ? "no other argument" : "any other argument";
}
seen["what the MCP server gets of it"] = JSON.stringify((await byMcp({ q: z.string() })).got);

const both = { required: "limit required, with its default", optional: "limit optional, with its default" };
const expected = {
  "default: langchain": both.required, "default: openai": both.required, "default: ai": both.optional, "default: mcp": both.optional,
  "prefault: langchain": "limit required, no default", "prefault: openai": "limit required, no default",
  "prefault: ai": both.optional, "prefault: mcp": both.optional,
  "catch: langchain": both.required, "catch: openai": both.required, "catch: ai": both.required, "catch: mcp": both.required,
  "nested: langchain": "limit required, rows required, with its default",
  "nested: openai": "limit required, rows required, with its default",
  "nested: ai": "limit optional, rows optional, with its default", "nested: mcp": "limit optional, rows optional, with its default",
  "others: langchain": "no other argument", "others: openai": "no other argument", "others: ai": "no other argument",
  "others: mcp": "any other argument", "what the MCP server gets of it": '{"q":"mill"}',
};
for (const [name, value] of Object.entries(seen)) console.log(`  ${name.padEnd(32)}${value}`);
const changed = Object.keys(expected).find((name) => seen[name] !== expected[name]);
if (changed) {
  console.error(`CHANGED: ${changed}: was ${expected[changed]}, is ${seen[changed]}`);
  process.exit(1);
}
console.log("as found");
JS
node check.mjs
