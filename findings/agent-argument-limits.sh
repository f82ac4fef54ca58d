#!/bin/sh
# A function with limits on its argument, as a tool of five agent frameworks: who tells the model, and who checks?
#
# Guess:   (before running) count: Annotated[int, Field(ge=1, le=5)] is maximum 5 in the schema that the model is given,
#          and a call with 99, or with a text for the number, comes back to the model as an error.
# Reality: so in three of five. LlamaIndex and smolagents leave the limits out of the schema and run the function with
#          99. LlamaIndex runs a function of a whole number with "3" and with "many" as well, and with a model as
#          fn_schema it does so while its schema says maximum 5. The limits do reach its model, in another place: the
#          description reads count: typing.Annotated[int, FieldInfo(annotation=NoneType, required=True, ...
# Seen with langchain-core 1.8.3, openai-agents 0.24.0, pydantic-ai-slim 2.68.0, llama-index-core 0.14.25,
#          smolagents 1.26.0: the rows printed below.
# So:      check inside of the function where a limit matters (an amount, a number of copies), and its type too. What the
#          schema says is what the model is told, not what will be enforced: try one call that is too large, and one with
#          a text, on each framework, before an agent is moved to another one.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check langchain-core==1.8.3 openai-agents==0.24.0 \
    pydantic-ai-slim==2.68.0 llama-index-core==0.14.25 smolagents==1.26.0 pydantic==2.14.4
cat >check.py <<'PY'
import asyncio, json, logging, sys
from typing import Annotated

from agents import function_tool
from agents.tool_context import ToolContext
from langchain_core.tools import tool as langchain_tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from llama_index.core.tools import FunctionTool
from llama_index.core.tools.calling import call_tool
from pydantic import BaseModel, Field
from pydantic_ai import Tool
from smolagents import tool as smolagents_tool
from smolagents.models import get_tool_json_schema
from smolagents.tools import validate_tool_arguments

logging.disable(logging.CRITICAL)

def copies(count: Annotated[int, Field(ge=1, le=5)]) -> str:
    """Print copies.

    Args:
        count: How many.
    """
    return f"ran with {count!r}"

def plain(count: int) -> str:
    """Print copies."""
    return f"ran with {count!r}"

class Copies(BaseModel):
    count: int = Field(ge=1, le=5)

def agents_call(arguments):
    context = ToolContext(context=None, tool_name="copies", tool_call_id="1", tool_arguments=json.dumps(arguments))
    return asyncio.run(AGENTS.on_invoke_tool(context, json.dumps(arguments)))

def pydantic_call(arguments):
    return copies(**PYDANTIC.function_schema.validator.validate_python(arguments))

def smolagents_call(arguments):
    validate_tool_arguments(SMOL, arguments)  # as its agent that calls tools does
    return SMOL(**arguments, sanitize_inputs_outputs=True)

def by_llama(tool):
    return lambda arguments: call_tool(tool, arguments).content

AGENTS = function_tool(copies)
LLAMA, LLAMA_MODEL = FunctionTool.from_defaults(copies), FunctionTool.from_defaults(plain, fn_schema=Copies)
LANGCHAIN, SMOL, PYDANTIC = langchain_tool(copies), smolagents_tool(copies), Tool(copies)
TOOLS = {
    "langchain-core": (convert_to_openai_tool(LANGCHAIN), LANGCHAIN.invoke),
    "openai-agents": (AGENTS.params_json_schema, agents_call),
    "pydantic-ai": (PYDANTIC.function_schema.json_schema, pydantic_call),
    "smolagents": (get_tool_json_schema(SMOL), smolagents_call),
    "llama-index": (LLAMA.metadata.to_openai_tool(), by_llama(LLAMA)),
    "llama-index, fn_schema": (LLAMA_MODEL.metadata.to_openai_tool(), by_llama(LLAMA_MODEL)),
}
expected = {
    "langchain-core": "told the maximum, 3: ran with 3, 99: error, '3': ran with 3, 'many': error",
    "openai-agents": "told the maximum, 3: ran with 3, 99: error, '3': ran with 3, 'many': error",
    "pydantic-ai": "told the maximum, 3: ran with 3, 99: error, '3': ran with 3, 'many': error",
    "smolagents": "told no maximum, 3: ran with 3, 99: ran with 99, '3': error, 'many': error",
    "llama-index": "told no maximum, 3: ran with 3, 99: ran with 99, '3': ran with '3', 'many': ran with 'many'",
    "llama-index, fn_schema": "told the maximum, 3: ran with 3, 99: ran with 99, '3': ran with '3', 'many': ran with 'many'",
    "llama-index, description": "copies(count: typing.Annotated[int, FieldInfo(annotation=NoneType, requi",
}
seen = {}
for name, (schema, run) in TOOLS.items():
    row = ["told the maximum" if '"maximum": 5' in json.dumps(schema) else "told no maximum"]
    for value in (3, 99, "3", "many"):
        try:
            answer = str(run({"count": value}))
        except Exception:
            answer = ""
        row.append(f"{value!r}: {answer if answer.startswith('ran with') else 'error'}")
    seen[name] = ", ".join(row)
seen["llama-index, description"] = LLAMA.metadata.to_openai_tool()["function"]["description"].splitlines()[0][:72]
for name, value in seen.items():
    print(f"  {name:26}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
