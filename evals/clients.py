#!/usr/bin/env python3
"""Python clients that people use, in their usual ways, at a server's API: each call prints ok or FAIL.

    pip install litellm instructor 'pydantic-ai-slim[openai,anthropic]'
    evals/clients.py http://127.0.0.1:8080 MODEL [WORD]

MODEL is the plain model; only calls with WORD in their name are made. A call is ok when its client
reads the reply without an error. A small model may run out of tokens within an object, which
instructor then says. `clients.mjs` has the clients in JavaScript.
"""

import asyncio
import os
import sys
import time

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import instructor
import litellm
from anthropic import Anthropic
from openai import OpenAI
from pydantic import BaseModel, Field
from pydantic_ai import Agent, NativeOutput, PromptedOutput
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

BASE, MODEL = sys.argv[1].rstrip("/"), sys.argv[2]
ONLY = sys.argv[3] if len(sys.argv) > 3 else ""
QUESTION = "Ann is 3 years old. Who is it?"
MESSAGES = [{"role": "user", "content": QUESTION}]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Weather of a city.", "parameters": CITY}}]
failed = 0


class Person(BaseModel):
    name: str
    age: int = Field(ge=0)


def call(what, ask):
    global failed
    if ONLY not in what:
        return
    begun = time.time()
    try:
        word, said = "ok  ", ask()
    except Exception as error:
        failed += 1
        word, said = "FAIL", f"{type(error).__name__}: {error}"
    print(word, f"{time.time() - begun:.1f} s", what, " ".join(str(said).split())[:200], flush=True)


def lite():
    at = {"api_base": BASE + "/v1", "api_key": "none", "max_tokens": 40}
    ask = lambda model, **more: litellm.completion(model=model, messages=MESSAGES, **at, **more).choices[0].message
    call("litellm chat", lambda: ask("openai/" + MODEL).content)
    call("litellm vllm", lambda: ask("hosted_vllm/" + MODEL, top_k=5, min_p=0.1, repetition_penalty=1.1).content)
    call("litellm tools", lambda: ask("openai/" + MODEL, tools=TOOLS, tool_choice="auto", parallel_tool_calls=False, user="me", reasoning_effort="low", seed=3, temperature=0.5, extra_body={"top_k": 5}))
    call("litellm object", lambda: Person.model_validate_json(ask("openai/" + MODEL, response_format=Person).content))
    call("litellm text", lambda: litellm.text_completion(model="text-completion-openai/" + MODEL, prompt="Say", **at).choices[0].text)
    call("litellm responses", lambda: litellm.responses(model="openai/" + MODEL, input="Hello", api_base=at["api_base"], api_key="none").output[0])
    call("litellm messages", lambda: litellm.completion(model="anthropic/" + MODEL, messages=MESSAGES, tools=TOOLS, api_base=BASE, api_key="none", max_tokens=40).choices[0].message)

    def stream():
        chunks = litellm.completion(model="openai/" + MODEL, messages=MESSAGES, stream=True, stream_options={"include_usage": True}, **at)
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)

    def missing():
        try:
            ask("openai/nothing")
        except litellm.NotFoundError as error:
            return error
        raise AssertionError("a model that is not there answered")

    call("litellm stream", stream)
    call("litellm missing", missing)


def instruct():
    client = OpenAI(base_url=BASE + "/v1", api_key="none", max_retries=0)
    for mode in ("TOOLS", "TOOLS_STRICT", "JSON", "JSON_SCHEMA", "MD_JSON", "RESPONSES_TOOLS"):
        patched = instructor.from_openai(client, mode=instructor.Mode[mode])
        call(f"instructor {mode}", lambda: patched.chat.completions.create(model=MODEL, messages=MESSAGES, response_model=Person, max_retries=1))
    tools = instructor.from_openai(client, mode=instructor.Mode.TOOLS)
    call("instructor partial", lambda: list(tools.chat.completions.create_partial(model=MODEL, messages=MESSAGES, response_model=Person))[-1])
    messages = instructor.from_anthropic(Anthropic(base_url=BASE, api_key="none", max_retries=0))
    call("instructor messages", lambda: messages.messages.create(model=MODEL, messages=MESSAGES, response_model=Person, max_tokens=200, max_retries=1))


def pydantic():
    provider = OpenAIProvider(base_url=BASE + "/v1", api_key="none")
    chat = OpenAIChatModel(MODEL, provider=provider)
    few = {"max_tokens": 200}
    ask = lambda model, question=QUESTION, **more: Agent(model, model_settings=few, **more).run_sync(question).output
    call("pydantic-ai text", lambda: ask(chat, "Hello", instructions="Be brief."))
    call("pydantic-ai tool output", lambda: ask(chat, output_type=Person))
    call("pydantic-ai native output", lambda: ask(chat, output_type=NativeOutput(Person)))
    call("pydantic-ai prompted output", lambda: ask(chat, output_type=PromptedOutput(Person)))
    responses = OpenAIResponsesModel(MODEL, provider=provider)
    call("pydantic-ai responses", lambda: ask(responses, output_type=NativeOutput(Person)))
    messages = AnthropicModel(MODEL, provider=AnthropicProvider(base_url=BASE, api_key="none"))
    call("pydantic-ai messages", lambda: ask(messages, output_type=Person))

    def tool():
        agent = Agent(chat, model_settings={**few, "seed": 3, "openai_user": "me", "openai_service_tier": "auto", "openai_store": False})

        @agent.tool_plain
        def get_weather(city: str) -> str:
            """Weather of a city."""
            return f"sunny in {city}"

        return agent.run_sync("What is the weather in Rome?").output

    async def streamed():
        async with Agent(chat, model_settings=few).run_stream("Hello") as reply:
            return "".join([text async for text in reply.stream_text(delta=True)])

    call("pydantic-ai tool", tool)
    call("pydantic-ai stream", lambda: asyncio.run(streamed()))


lite()
instruct()
pydantic()
sys.exit(failed > 0)
