#!/bin/sh
# A model misspells an optional argument of a call: what eight libraries for tools do with it.
#
# Guess:   the schema that the model was shown names the arguments, some say additionalProperties: false, so a name
#          that is not there is refused and the model is told. An argument of a wrong type is refused or converted.
# Reality: of delete(folder, older_than_days=0, dry_run=True) the call {"folder": "post", "older_then_days": 365} runs
#          in five of eight as if no age had been given: it is about every mail. Among the five are openai-agents and
#          autogen, whose schemas say additionalProperties: false, and the first one's that all arguments are required;
#          nothing checks a call against them. pydantic-ai, FastMCP and llama-index refuse. llama-index converts
#          nothing and checks no type: "false" for dry_run arrives as a text, which is true, and 30.5 days as they are.
#          In the other seven true for the days is 1 day. Where a type is wrong openai-agents says "An error occurred
#          while running the tool. Please try again.", and not what was wrong.
# Seen with openai-agents 0.24.0, autogen-core 0.7.5, langchain-core 1.8.3, strands-agents 1.62.0, mcp 2.1.1, fastmcp
# 4.1.1, pydantic-ai-slim 2.68.0, llama-index-core 0.14.25: the rows printed below.
# So:      an argument that narrows what is done must not be optional: without a default its misspelt name is an error
#          everywhere. Or take one pydantic model with extra="forbid" as the argument, and test each tool with a
#          misspelt name before it may delete or pay.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check openai-agents==0.24.0 autogen-core==0.7.5 langchain-core==1.8.3 strands-agents==1.62.0 mcp==2.1.1 fastmcp==4.1.1 pydantic-ai-slim==2.68.0 llama-index-core==0.14.25
cat >check.py <<'PY'
import asyncio, json, logging, os, sys
os.environ.update(LANGSMITH_TRACING="false", FASTMCP_LOG_ENABLED="false", FASTMCP_CHECK_FOR_UPDATES="off")
import agents, fastmcp
import agents.tool_context
from autogen_core import CancellationToken
from autogen_core.tools import FunctionTool
from langchain_core.tools import tool as langchain_tool
from llama_index.core.tools import FunctionTool as LlamaTool
from mcp import Client
from mcp.server import MCPServer
from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, RetryPromptPart, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel
from strands import tool as strands_tool

logging.disable(logging.CRITICAL)

def delete(folder: str, older_than_days: int = 0, dry_run: bool = True) -> str:
    """Deletes the mails of a folder.

    Args:
        folder: the folder
        older_than_days: only mails that are older than this
        dry_run: only say what would be deleted
    """
    return f"ran {older_than_days!r} {dry_run!r}"

strict = agents.function_tool(delete)
autogen = FunctionTool(delete, description="Deletes mails.")
langchain = langchain_tool(delete)
strands = strands_tool(delete)
llama = LlamaTool.from_defaults(delete)
sdk = MCPServer("mail")
sdk.tool()(delete)
fast = fastmcp.FastMCP("mail")
fast.tool()(delete)

async def by_openai_agents(arguments):
    text = json.dumps(arguments)
    context = agents.tool_context.ToolContext(context=None, tool_name="delete", tool_call_id="1", tool_arguments=text)
    return await strict.on_invoke_tool(context, text)

async def by_strands(arguments):
    async for event in strands.stream({"toolUseId": "1", "name": "delete", "input": arguments}, {}):
        result = getattr(event, "tool_result", event)
    return result["content"][0]["text"]

async def by_sdk(arguments):
    async with Client(sdk) as client:
        return (await client.call_tool("delete", arguments)).content[0].text

async def by_fastmcp(arguments):
    async with fastmcp.Client(fast) as client:
        return (await client.call_tool_mcp("delete", arguments)).content[0].text

async def by_pydantic_ai(arguments):
    def model(messages, info):
        for part in messages[-1].parts:
            if part.part_kind in ("tool-return", "retry-prompt"):
                return ModelResponse(parts=[TextPart("refused" if isinstance(part, RetryPromptPart) else part.content)])
        return ModelResponse(parts=[ToolCallPart("delete", arguments)])
    agent = Agent(FunctionModel(model))
    agent.tool_plain(delete)
    return (await agent.run("Delete.")).output

async def by_llama_index(arguments):
    return str(await llama.acall(**arguments))

LIBRARIES = {
    "openai-agents, strict": by_openai_agents,
    "autogen-core": lambda arguments: autogen.run_json(arguments, CancellationToken()),
    "langchain-core": langchain.ainvoke,
    "strands-agents": by_strands,
    "mcp": by_sdk,
    "fastmcp": by_fastmcp,
    "pydantic-ai": by_pydantic_ai,
    "llama-index-core": by_llama_index,
}
CALLS = {
    "older_then_days: 365": {"older_then_days": 365},
    "olderThanDays: 365": {"olderThanDays": 365},
    'dry_run: "false"': {"dry_run": "false"},
    'dry_run: "no"': {"dry_run": "no"},
    "older_than_days: true": {"older_than_days": True},
    "older_than_days: 30.5": {"older_than_days": 30.5},
}

async def outcome(library, arguments):
    try:
        text = await library({"folder": "post", **arguments})
    except Exception:
        return "refused"
    return text if text.startswith("ran ") else "refused"

DROPPED, CONVERTED = "ran 0 True", ["ran 0 False", "ran 0 False", "ran 1 True", "refused"]
EXPECTED = {name: [DROPPED, DROPPED, *CONVERTED] for name in list(LIBRARIES)[:5]}
EXPECTED.update({name: ["refused", "refused", *CONVERTED] for name in ("fastmcp", "pydantic-ai")})
EXPECTED["llama-index-core"] = ["refused", "refused", "ran 0 'false'", "ran 0 'no'", "ran True True", "ran 30.5 True"]

async def main():
    changed = []
    schemas = {"openai-agents": strict.params_json_schema, "autogen": autogen.schema["parameters"]}
    for name, schema in schemas.items():
        seen = f"additionalProperties {schema['additionalProperties']}, required {' '.join(schema['required'])}"
        print(f"  schema of {name}: {seen}")
        if schema["additionalProperties"] is not False:
            changed.append(f"the schema of {name} is {schema}")
    for name, library in LIBRARIES.items():
        seen = [await outcome(library, arguments) for arguments in CALLS.values()]
        print(f" {name}")
        for call, result in zip(CALLS, seen):
            print(f"  {call:24}{result}")
        if seen != EXPECTED[name]:
            changed.append(f"{name}: was {EXPECTED[name]}, is {seen}")
    told = await by_openai_agents({"folder": "post", "older_than_days": 30.5})
    print(f"  openai-agents tells the model: {told}")
    if "older_than_days" in told:
        changed.append(f"openai-agents tells {told!r}")
    if changed:
        sys.exit("CHANGED: " + "\n         ".join(changed))
    print("as found")

asyncio.run(main())
PY
venv/bin/python -W ignore check.py
