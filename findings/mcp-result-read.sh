#!/bin/sh
# What an MCP tool answered, and what the model reads of it in four client frameworks.
#
# Guess:   the texts of a result are what the model reads, as they are, and it can tell a failed call from one that went
#          well. Structured content comes beside the texts.
# Reality: LlamaIndex's model reads the Python notation of the whole result ("meta=None content=[TextContent(..."): a
#          file comes with \n for its new lines, in single or double quotes by what is in it, and a failed call is no
#          error in its output but the words isError=True at the end of a line. pydantic-ai gives structured content
#          alone where there is some ("Five are open, two of them late." is lost, {"open": 5} is left), and reads a
#          text that is JSON and writes it anew: a price of 1.10 is 1.1; and of two texts it makes a JSON list.
#          LangChain and the AI SDK give the texts alone, so that {"open": 5} is lost, and of a result without texts
#          nothing is left. A failed call has the status "error" in LangChain and is an {"error": ...} in pydantic-ai;
#          the AI SDK hands it on as any other text. None of the four does what the guess says.
# Seen with langchain-mcp-adapters 0.3.2, llama-index-tools-mcp 0.4.8, pydantic-ai-slim 2.68.0, @ai-sdk/mcp 1.0.102 with
#          ai 7.0.173, mcp 1.30.0 as the server: the rows printed below.
# So:      a server puts all that a model must know into one text, says in that text that the call failed, and does not
#          count on structured content being read, or on being left out. Numbers that must keep their zeros go into
#          JSON as texts.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check mcp==1.30.0 langchain-mcp-adapters==0.3.2 llama-index-tools-mcp==0.4.8 "pydantic-ai-slim[mcp]==2.68.0"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @ai-sdk/mcp@1.0.102 ai@7.0.173 zod@4.6.7
cat >server.py <<'PY'
import asyncio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.types import CallToolResult, TextContent, Tool

RESULTS = {
    "file": (['def greet():\n    return "hi"\n'], None, False),
    "two texts": (["first", "second"], None, False),
    "price": (['{"price": 1.10}'], None, False),
    "both": (["Five are open, two of them late."], {"open": 5}, False),
    "structured": ([], {"open": 5}, False),
    "failed": (["no such invoice"], None, True),
}
server = Server("results")

@server.list_tools()
async def tools():
    return [Tool(name=name.replace(" ", "_"), description=name, inputSchema={"type": "object", "properties": {}}) for name in RESULTS]

@server.call_tool()
async def call(name, arguments):
    texts, structured, failed = RESULTS[name.replace("_", " ")]
    content = [TextContent(type="text", text=text) for text in texts]
    return CallToolResult(content=content, structuredContent=structured, isError=failed)

async def main():
    async with stdio_server() as streams:
        await server.run(*streams, server.create_initialization_options())

if __name__ == "__main__":
    asyncio.run(main())
PY
cat >client.mjs <<'JS'
import { createMCPClient } from "@ai-sdk/mcp";
import { Experimental_StdioMCPTransport as Stdio } from "@ai-sdk/mcp/mcp-stdio";
import { generateText, stepCountIs } from "ai";
import { MockLanguageModelV3 } from "ai/test";

globalThis.AI_SDK_LOG_WARNINGS = false;
const client = await createMCPClient({ transport: new Stdio({ command: process.argv[2], args: ["server.py"] }) });
const tools = await client.tools();
const usage = { inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 }, outputTokens: { total: 1, text: 1, reasoning: 0 } };
const say = (unified, content) => ({ content: [content], finishReason: { unified, raw: unified }, usage, warnings: [] });
const read = {};
for (const name of Object.keys(tools)) {
  const answers = [say("tool-calls", { type: "tool-call", toolCallId: "1", toolName: name, input: "{}" }), say("stop", { type: "text", text: "done" })];
  const prompts = [];
  const doGenerate = async ({ prompt }) => (prompts.push(prompt), answers.shift());
  await generateText({ model: new MockLanguageModelV3({ doGenerate }), tools, prompt: "go", stopWhen: stepCountIs(2) });
  const { output } = prompts[1].at(-1).content[0];
  read[name] = [output.type, output.value.map((part) => part.text)];
}
await client.close();
console.log(JSON.stringify(read));
JS
cat >check.py <<'PY'
import asyncio, json, subprocess, sys
from fastmcp.client.transports import StdioTransport
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from llama_index.tools.mcp import BasicMCPClient, McpToolSpec
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel
from server import RESULTS

NAMES = [name.replace(" ", "_") for name in RESULTS]

async def in_langchain():
    client = MultiServerMCPClient({"results": {"command": sys.executable, "args": ["server.py"], "transport": "stdio"}})
    async with client.session("results") as session:
        tools = {tool.name: tool for tool in await load_mcp_tools(session)}
        messages = [await tools[name].ainvoke({"type": "tool_call", "id": "1", "name": name, "args": {}}) for name in NAMES]
    return [(message.status, [part["text"] for part in message.content]) for message in messages]

async def in_llama_index():
    tools = {tool.metadata.name: tool for tool in await McpToolSpec(BasicMCPClient(sys.executable, args=["server.py"])).to_tool_list_async()}
    outputs = [await tools[name].acall() for name in NAMES]
    return [("error" if output.is_error else "success", output.content) for output in outputs]

async def in_pydantic_ai():
    read = []
    async with MCPToolset(StdioTransport(command=sys.executable, args=["server.py"]), init_timeout=120) as tools:
        for name in NAMES:
            def answer(messages, info):
                if len(messages) == 1:
                    return ModelResponse(parts=[ToolCallPart(name, "{}")])
                part = messages[-1].parts[0]
                read.append((part.part_kind, part.model_response_str()))
                return ModelResponse(parts=[TextPart("done")])
            await Agent(FunctionModel(answer), toolsets=[tools]).run("go")
    return read

def in_script():
    run = subprocess.run(["node", "client.mjs", sys.executable], check=True, capture_output=True, text=True)
    return [tuple(json.loads(run.stdout)[name]) for name in NAMES]

def notation(texts, structured="None", failed=False):
    parts = ", ".join(f"TextContent(type='text', text={text!r}, annotations=None, meta=None)" for text in texts)
    return f"meta=None content=[{parts}] structuredContent={structured} isError={failed}"

texts = {name: value[0] for name, value in RESULTS.items()}
BOTH = texts["both"]
EXPECTED = {
    "LangChain": [("error" if name == "failed" else "success", texts[name]) for name in texts],
    "LlamaIndex": [("success", notation(part, structured, failed)) for part, structured, failed in RESULTS.values()],
    "pydantic-ai": [("tool-return", text) for text in (texts["file"][0], '["first","second"]', '{"price":1.1}', '{"open":5}', '{"open":5}', '{"error":"no such invoice"}')],
    "AI SDK": [("content", texts[name]) for name in texts],
}
seen = {"LangChain": asyncio.run(in_langchain()), "LlamaIndex": asyncio.run(in_llama_index()), "pydantic-ai": asyncio.run(in_pydantic_ai()), "AI SDK": in_script()}
changed = None
for at, name in enumerate(RESULTS):
    print(f"  {name}")
    for framework, read in seen.items():
        print(f"      {framework:12}{read[at][0]:12}{read[at][1]!r}")
        if read[at] != EXPECTED[framework][at] and not changed:
            changed = f"{name} in {framework}: was {EXPECTED[framework][at]}, is {read[at]}"
if changed:
    sys.exit(f"CHANGED: {changed}")
print("as found")
PY
venv/bin/python -W ignore check.py
