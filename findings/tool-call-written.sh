#!/bin/sh
# One tool call, written by a model in each of four notations, read by the middleware that gives such models tools.
#
# Guess:   (before running) a reader that has the tool's JSON schema gives a text argument as the model wrote it: 007
#          and 1.10 stay texts, whatever the notation.
# Reality: only in JSON (Hermes) does it. In Qwen3-Coder's notation, which has no escapes, &lt; is made into <, and the
#          indentation of the first line and the end of the last are gone: a page that speaks of <p> gets a paragraph,
#          and the first line of a block of Python or YAML moves. In XML &lt; is made into < as well, though a bare < is
#          kept, so the two cannot be told apart. In YAML the schema is not asked: for an argument of type string 007 is
#          the number 7, 1.10 is 1.1, the commit 12e4567 is Infinity (null in JSON), a JSON text is an object, and a # b
#          is a. In the other three a list of texts given as Berlin, Germany is two places.
# Seen with @ai-sdk-tool/parser 4.1.26, ai 6.0.326 (npm): the rows printed below.
# So:      for tools that write or edit files take the notation in JSON, or compare the argument with the raw text
#          before running: a page, a template or a patch is changed where it has escapes of its own, and looks right in
#          the log of the call. Put texts that look like numbers in quotes in YAML, and say so in the prompt.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @ai-sdk-tool/parser@4.1.26 ai@6.0.326
cat >check.mjs <<'JS'
import { hermesProtocol, morphXmlProtocol, qwen3CoderProtocol, yamlXmlProtocol } from "@ai-sdk-tool/parser";

const text = { type: "string" };
const properties = { path: text, content: text, places: { type: "array", items: text } };
const tools = [{ type: "function", name: "write", description: "Write a file.",
  inputSchema: { type: "object", properties, required: ["path"] } }];
const block = (value) => (value.includes("\n") ? "|2\n" + value.replace(/^(?=.)/gm, "  ").trimEnd() : value);
const parts = (fields, write) => Object.entries(fields).map(([name, value]) => write(name, value)).join("\n");
const NOTATIONS = {
  Hermes: [hermesProtocol(), (f) => `<tool_call>\n${JSON.stringify({ name: "write", arguments: f })}\n</tool_call>`],
  "Qwen3-Coder": [qwen3CoderProtocol(), (f) => "<tool_call>\n<function=write>\n" +
    parts(f, (name, value) => `<parameter=${name}>\n${value}\n</parameter>`) + "\n</function>\n</tool_call>"],
  XML: [morphXmlProtocol(), (f) => `<write>\n${parts(f, (name, value) => `<${name}>${value}</${name}>`)}\n</write>`],
  YAML: [yamlXmlProtocol(), (f) => `<write>\n${parts(f, (name, value) => `${name}: ${block(value)}`)}\n</write>`],
};
const VALUES = ["    a:\n        b\n", "<i>&lt;p&gt;</i>", "a # b", "007", "1.10", "12e4567", '{"a": 1.10}'];
const seen = {};
for (const [notation, [protocol, write]] of Object.entries(NOTATIONS)) {
  const read = (fields) => {
    const calls = protocol.parseGeneratedText({ text: write(fields), tools, options: {} });
    const call = calls.find((part) => part.type === "tool-call");
    return call ? JSON.parse(call.input) : { content: "no call", places: "no call" };
  };
  for (const value of VALUES) {
    const { content } = read({ path: "a.txt", content: value });
    seen[`${JSON.stringify(value)} in ${notation}`] = content === value ? "as written" : JSON.stringify(content);
  }
  const { places } = read({ path: "a.txt", places: "Berlin, Germany" });
  seen[`places Berlin, Germany in ${notation}`] = JSON.stringify(places);
}
const expected = {
  "\"    a:\\n        b\\n\" in Hermes": "as written",
  "\"<i>&lt;p&gt;</i>\" in Hermes": "as written",
  "\"a # b\" in Hermes": "as written",
  "\"007\" in Hermes": "as written",
  "\"1.10\" in Hermes": "as written",
  "\"12e4567\" in Hermes": "as written",
  "\"{\\\"a\\\": 1.10}\" in Hermes": "as written",
  "places Berlin, Germany in Hermes": "[\"Berlin\",\"Germany\"]",
  "\"    a:\\n        b\\n\" in Qwen3-Coder": "\"a:\\n        b\"",
  "\"<i>&lt;p&gt;</i>\" in Qwen3-Coder": "\"<i><p></i>\"",
  "\"a # b\" in Qwen3-Coder": "as written",
  "\"007\" in Qwen3-Coder": "as written",
  "\"1.10\" in Qwen3-Coder": "as written",
  "\"12e4567\" in Qwen3-Coder": "as written",
  "\"{\\\"a\\\": 1.10}\" in Qwen3-Coder": "as written",
  "places Berlin, Germany in Qwen3-Coder": "[\"Berlin\",\"Germany\"]",
  "\"    a:\\n        b\\n\" in XML": "as written",
  "\"<i>&lt;p&gt;</i>\" in XML": "\"<i><p></i>\"",
  "\"a # b\" in XML": "as written",
  "\"007\" in XML": "as written",
  "\"1.10\" in XML": "as written",
  "\"12e4567\" in XML": "as written",
  "\"{\\\"a\\\": 1.10}\" in XML": "as written",
  "places Berlin, Germany in XML": "[\"Berlin\",\"Germany\"]",
  "\"    a:\\n        b\\n\" in YAML": "as written",
  "\"<i>&lt;p&gt;</i>\" in YAML": "as written",
  "\"a # b\" in YAML": "\"a\"",
  "\"007\" in YAML": "7",
  "\"1.10\" in YAML": "1.1",
  "\"12e4567\" in YAML": "null",
  "\"{\\\"a\\\": 1.10}\" in YAML": "{\"a\":1.1}",
  "places Berlin, Germany in YAML": "\"Berlin, Germany\"",
};
for (const [name, value] of Object.entries(seen)) console.log(`  ${name.padEnd(42)}${value}`);
const changed = Object.keys(expected).filter((name) => seen[name] !== expected[name]);
if (changed.length) {
  console.log(`CHANGED: ${changed[0]}: was ${expected[changed[0]]}, is ${seen[changed[0]]}`);
  process.exit(1);
}
console.log("as found");
JS
node check.mjs
