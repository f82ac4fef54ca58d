#!/bin/sh
# One answer of a model that calls a tool and, beside it, the tool that ends the run: four agent frameworks.
#
# Guess:   the tool is run, then the run ends with the result. If the tool fails, cannot be called as it was, or is not
#          there, the model is told and gets another turn; an end that does not fit its schema is told to it too.
# Reality: where the tool works they agree, but for smolagents, which ends no run by a call that has company.
#          1. A call of send with a wrong argument: nothing is sent, and the run ends with "sent" in langchain and
#             openai-agents. pydantic-ai holds the end back and tells the model.
#          2. A call of a tool that is not there: the run ends with "sent" in langchain and in pydantic-ai; openai-agents
#             raises.
#          3. A tool that raises: openai-agents ends with "sent"; langchain and pydantic-ai raise.
#          4. An end that does not fit its schema, beside a send that worked: in openai-agents the result of the run is
#             the text "An error occurred while running the tool. Please try again."; langchain ends without a result and
#             without an error. pydantic-ai tells the model.
#          5. Two ends, A and B: A in pydantic-ai and openai-agents, a question back in langchain and smolagents.
# Seen with pydantic-ai-slim 2.68.0, langchain 1.5.2 with langchain-openai 1.7.4, openai-agents 0.24.0, smolagents 1.26.0,
#          and a server of this script's own: the rows printed below.
# So:      small models like to do the work and report it in one breath, and they misspell. A result that says "sent" is
#          no proof: keep the list of calls that succeeded beside it and compare before the person is told, or allow one
#          call in an answer (parallel_tool_calls, or a grammar). In langchain test for structured_response.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check pydantic-ai-slim==2.68.0 langchain==1.5.2 langchain-openai==1.7.4 \
    openai-agents==0.24.0 smolagents==1.26.0 openai==3.57.0
cat >check.py <<'PY'
import json, logging, sys, threading, warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
import agents, smolagents
from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain_openai import ChatOpenAI
from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

# What the model calls first; in a second turn it ends with "second turn".
CASES = {
    "send, end": [("send", {"to": "Anna"}), ("END", "sent")],
    "end, send": [("END", "sent"), ("send", {"to": "Anna"})],
    "send with a wrong argument, end": [("send", {"whom": "Anna"}), ("END", "sent")],
    "a tool that is not there, end": [("sent", {"to": "Anna"}), ("END", "sent")],
    "a tool that raises, end": [("open_door", {}), ("END", "sent")],
    "send, an end that does not fit": [("send", {"to": "Anna"}), ("END", None)],
    "end A, end B": [("END", "A"), ("END", "B")],
}

class Server(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        turns.append(None)
        tool_calls = []
        for name, given in calls if len(turns) == 1 else [("END", "second turn")]:
            if name == "END":
                name, field = end
                given = {"wrong": 1} if given is None else {field: given}
            function = {"name": name, "arguments": json.dumps(given)}
            tool_calls.append({"id": f"call{len(turns)}{len(tool_calls)}", "type": "function", "function": function})
        message = {"role": "assistant", "content": None, "tool_calls": tool_calls}
        answer = {
            "id": f"answer{len(turns)}", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/v1"

class Answer(BaseModel):
    text: str

def send(to: str) -> str:
    """Send the letter.

    Args:
        to: who gets it
    """
    done.append(to)
    return "ok"

def open_door() -> str:
    """Open the door."""
    raise RuntimeError("no such door")

def finish(text: str) -> str:
    """End the run."""
    return text

def by_pydantic_ai():
    model = OpenAIChatModel("m", provider=OpenAIProvider(base_url=url, api_key="none"))
    return Agent(model, tools=[send, open_door], output_type=Answer).run_sync("Go.").output.text

def by_langchain():
    model = ChatOpenAI(model="m", base_url=url, api_key="none", max_retries=0)
    agent = create_agent(model, tools=[send, open_door], response_format=ToolStrategy(Answer))
    answer = agent.invoke({"messages": [("user", "Go.")]}).get("structured_response")
    return answer.text if answer else None

def by_openai_agents():
    agents.set_tracing_disabled(True)
    agent = agents.Agent(
        "one", model=agents.OpenAIChatCompletionsModel("m", AsyncOpenAI(base_url=url, api_key="none")),
        tools=[agents.function_tool(one) for one in (send, open_door, finish)],
        tool_use_behavior=agents.StopAtTools(stop_at_tool_names=["finish"]),
    )
    return agents.Runner.run_sync(agent, "Go.").final_output

def by_smolagents():
    model = smolagents.OpenAIModel("m", api_base=url, api_key="none")
    tools = [smolagents.tool(send), smolagents.tool(open_door)]
    agent = smolagents.ToolCallingAgent(tools=tools, model=model, verbosity_level=smolagents.LogLevel.OFF, max_steps=3)
    return agent.run("Go.")

# Name -> (the call that ends a run there, its field), how it is run.
FRAMEWORKS = {
    "pydantic-ai": (("final_result", "text"), by_pydantic_ai),
    "langchain": (("Answer", "text"), by_langchain),
    "openai-agents": (("finish", "text"), by_openai_agents),
    "smolagents": (("final_answer", "answer"), by_smolagents),
}
seen = {}
for case, calls in CASES.items():
    row = []
    for end, run in FRAMEWORKS.values():
        turns, done = [], []
        try:
            result = run()
        except Exception as error:
            result = f"raises {type(error).__name__}"
        else:
            result = "no result" if result is None else repr(result)
        row.append(f"{'sent' if done else '-'} {result}")
    seen[case] = " | ".join(row)
failed = "An error occurred while running the tool. Please try again."
expected = {
    "send, end": "sent 'sent' | sent 'sent' | sent 'sent' | sent 'second turn'",
    "end, send": "sent 'sent' | sent 'sent' | sent 'sent' | sent 'second turn'",
    "send with a wrong argument, end": "- 'second turn' | - 'sent' | - 'sent' | - 'second turn'",
    "a tool that is not there, end": "- 'sent' | - 'sent' | - raises ModelBehaviorError | - 'second turn'",
    "a tool that raises, end": "- raises RuntimeError | - raises RuntimeError | - 'sent' | - 'second turn'",
    "send, an end that does not fit": f"sent 'second turn' | sent no result | sent '{failed}' | sent 'second turn'",
    "end A, end B": "- 'A' | - 'second turn' | - 'A' | - 'second turn'",
}
print("  the model's calls: was it sent, and the result, in", ", ".join(FRAMEWORKS))
for case, value in seen.items():
    print(f"  {case}\n    {value}")
changed = [case for case in expected if seen[case] != expected[case]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]}, is {seen[changed[0]]}")
print("as found")
PY
venv/bin/python check.py
