#!/bin/sh
# One answer with tool calls, run by two JavaScript libraries: generateText of the AI SDK and runTools of OpenAI's client.
#
# Guess:   a call of a tool without parameters may have the arguments "" and runs with {}. Ids that are not unique, as
#          some servers of local models number them, do no harm. For a tool that fails and for an answer cut at its
#          limit no guess was written; both turned up among the trials.
# Reality: 1. Arguments "": the AI SDK runs the tool; runTools tells the model "Unexpected end of JSON input". Arguments
#             "null": the AI SDK refuses them, runTools calls the function with null.
#          2. Two calls with one id, add 1 and add 2: both libraries run both. But the AI SDK then tells the model that it
#             had called add 1 twice, with the results 2 and 3.
#          3. A tool that throws: the AI SDK tells the model, runTools gives up the whole run with that error.
#          4. A whole call in an answer with finish_reason "length": the AI SDK does not run it and returns the text "",
#             without an error; runTools throws.
# Seen with ai 6.0.326, @ai-sdk/openai-compatible 2.0.92, openai 6.49.0, zod 4.6.7, and a server of this script's own:
#          the rows printed below.
# So:      a server gives each call an id of its own and writes {} for no arguments. A program on the AI SDK looks at
#          finishReason before it shows a text; one on runTools catches errors inside of each tool. What the model is
#          told about its own calls is part of the prompt: record the second request in a test, not only the result.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts ai@6.0.326 @ai-sdk/openai-compatible@2.0.92 openai@6.49.0 zod@4.6.7
cat >check.mjs <<'JS'
import http from "node:http";
import { generateText, stepCountIs, tool } from "ai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import OpenAI from "openai";
import { z } from "zod";

const call = (name, args, id = "one") => ({ id, type: "function", function: { name, arguments: args } });
// What the server answers first; then it answers "done".
const ANSWERS = {
  "arguments {}": { calls: [call("clock", "{}")] },
  'arguments ""': { calls: [call("clock", "")] },
  "arguments null": { calls: [call("clock", "null")] },
  "one id for two": { calls: [call("add", '{"x":1}'), call("add", '{"x":2}')] },
  "two ids": { calls: [call("add", '{"x":1}', "one"), call("add", '{"x":2}', "two")] },
  "a tool throws": { calls: [call("open", "{}")] },
  "limit reached": { calls: [call("clock", "{}")], reason: "length" },
};

let answer, requests;
const server = http.createServer(async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  requests.push(JSON.parse(body));
  const first = requests.length === 1;
  const message = first ? { role: "assistant", content: null, tool_calls: answer.calls } : { role: "assistant", content: "done" };
  const choice = { index: 0, message, finish_reason: first ? (answer.reason ?? "tool_calls") : "stop" };
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({
    id: "a", object: "chat.completion", created: 1, model: "m", choices: [choice],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  }));
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const baseURL = `http://127.0.0.1:${server.address().port}/v1`;

const functions = {
  clock: async () => "noon",
  add: async ({ x }) => String(x + 1),
  open: async () => { throw new Error("no such door"); },
};
const parameters = { clock: {}, add: { x: "number" }, open: {} };

const provider = createOpenAICompatible({ name: "local", baseURL, apiKey: "none" });
const aiTools = Object.fromEntries(Object.entries(functions).map(([name, execute]) => {
  const inputSchema = z.object(parameters[name].x ? { x: z.number() } : {});
  return [name, tool({ description: name, inputSchema, execute })];
}));
async function byAiSdk() {
  const options = { model: provider("m"), prompt: "Go.", tools: aiTools, stopWhen: stepCountIs(3), maxRetries: 0 };
  return (await generateText(options)).text;
}

const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
const openaiTools = Object.entries(functions).map(([name, run]) => {
  const properties = parameters[name].x ? { x: { type: "number" } } : {};
  const schema = { type: "object", properties };
  return { type: "function", function: { name, description: name, parameters: schema, parse: JSON.parse, function: run } };
});
async function byRunTools() {
  const messages = [{ role: "user", content: "Go." }];
  return client.chat.completions.runTools({ model: "m", messages, tools: openaiTools }).finalContent();
}

/** What the model is told in the second request, and what the program gets. */
async function told(run) {
  let result;
  try {
    result = JSON.stringify(await run());
  } catch (error) {
    result = `error: ${error.message}`;
  }
  const messages = requests[1]?.messages ?? [];
  const calls = messages.flatMap((m) => m.tool_calls ?? []).map((c) => c.function.arguments || '""');
  const results = messages.filter((m) => m.role === "tool").map((m) => m.content.split(":")[0]);
  return messages.length ? `${calls.join(" ")} -> ${results.join(", ")}; ${result}` : result;
}

const seen = {};
for (const [name, given] of Object.entries(ANSWERS)) {
  for (const [library, run] of [["AI SDK", byAiSdk], ["runTools", byRunTools]]) {
    [answer, requests] = [given, []];
    seen[`${name}: ${library}`] = await told(run);
  }
}
server.close();
const expected = {
  "arguments {}: AI SDK": '{} -> noon; "done"',
  "arguments {}: runTools": '{} -> noon; "done"',
  'arguments "": AI SDK': '{} -> noon; "done"',
  'arguments "": runTools': '"" -> Unexpected end of JSON input; "done"',
  "arguments null: AI SDK": 'null -> Invalid input for tool clock; "done"',
  "arguments null: runTools": 'null -> noon; "done"',
  "one id for two: AI SDK": '{"x":1} {"x":1} -> 2, 3; "done"',
  "one id for two: runTools": '{"x":1} {"x":2} -> 2, 3; "done"',
  "two ids: AI SDK": '{"x":1} {"x":2} -> 2, 3; "done"',
  "two ids: runTools": '{"x":1} {"x":2} -> 2, 3; "done"',
  "a tool throws: AI SDK": '{} -> no such door; "done"',
  "a tool throws: runTools": "error: no such door",
  "limit reached: AI SDK": '""',
  "limit reached: runTools": "error: Could not parse response content as the length limit was reached",
};
for (const [name, value] of Object.entries(seen)) console.log(`  ${name.padEnd(27)}${value}`);
const changed = Object.keys(expected).find((name) => seen[name] !== expected[name]);
if (changed) {
  console.error(`CHANGED: ${changed}: was ${expected[changed]}, is ${seen[changed]}`);
  process.exitCode = 1;
} else {
  console.log("as found");
}
JS
node check.mjs
