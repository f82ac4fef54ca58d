// Clients that people use, in their usual ways, at a server's API: each call prints ok or FAIL.
//
//     cd $(mktemp -d) && npm init -y && npm i ai @ai-sdk/openai @ai-sdk/openai-compatible @ai-sdk/anthropic \
//         openai @anthropic-ai/sdk @openai/agents @langchain/openai zod
//     cp …/evals/clients.mjs . && node clients.mjs http://127.0.0.1:8080 MODEL [WORD]
//
// MODEL is the plain model; only calls with WORD in their name are made. A script as the CPU (`model`
// is `script`) shows the forms without a model: one that calls the tool first
// ({"tool":"weather","args":{"city":"Rome"}}, then two answers), and one that only answers. A script answers
// no schema, so calls for an object fail there.

import { generateObject, generateText, stepCountIs, streamText, tool } from 'ai';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { ChatOpenAI } from '@langchain/openai';
import * as agents from '@openai/agents';
import OpenAI from 'openai';
import { z } from 'zod';

const [base, name, only = ''] = process.argv.slice(2);
let failed = 0;

async function call(what, ask) {
  if (!what.includes(only)) return;
  const begun = Date.now();
  const took = () => `${((Date.now() - begun) / 1000).toFixed(1)} s`;
  try {
    console.log('ok  ', took(), what, JSON.stringify(await ask())?.slice(0, 200));
  } catch (error) {
    failed += 1;
    console.log('FAIL', took(), what, String(error.message).slice(0, 300));
  }
}

/** All of a stream that `take` wants. */
async function joined(stream, take) {
  let text = '';
  for await (const piece of stream) text += take(piece) ?? '';
  return text;
}

const city = z.object({ city: z.string() });
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const about = 'Tells the weather of a city.';
const weather = tool({ description: about, inputSchema: city, execute: async ({ city }) => `${city}: 21 C` });
const question = 'What is the weather in Rome?';
const short = { maxOutputTokens: 60, maxRetries: 0 };

const sdk = createOpenAI({ baseURL: `${base}/v1`, apiKey: 'none' });
const compatible = createOpenAICompatible({ name: 'quipu', baseURL: `${base}/v1`, supportsStructuredOutputs: true });
const models = {
  'AI SDK responses': sdk(name),
  'AI SDK chat': sdk.chat(name),
  'AI SDK compatible': compatible(name),
  'AI SDK anthropic': createAnthropic({ baseURL: `${base}/v1`, apiKey: 'none' })(name),
};
for (const [kind, model] of Object.entries(models)) {
  await call(`${kind} text`, async () => (await generateText({ model, prompt: 'Say hi.', ...short })).text);
  await call(`${kind} stream`, () => joined(streamText({ model, prompt: 'Say hi.', ...short }).textStream, (text) => text));
  await call(`${kind} two turns`, async () => {
    const messages = [{ role: 'user', content: 'Hello' }];
    const first = await generateText({ model, messages, ...short });
    messages.push(...first.response.messages, { role: 'user', content: 'And again' });
    return (await generateText({ model, messages, ...short })).text;
  });
  await call(`${kind} tools`, async () => {
    const done = await generateText({ model, prompt: question, tools: { weather }, stopWhen: stepCountIs(3), ...short });
    return [done.steps.length, done.text];
  });
  await call(`${kind} object`, async () => (await generateObject({ model, schema: city, prompt: question, ...short })).object);
  await call(`${kind} abort`, async () => {
    const leaving = new AbortController();
    const stream = streamText({ model, prompt: 'Tell a story.', abortSignal: leaving.signal, onError() {} });
    for await (const piece of stream.fullStream) if (piece.type === 'text-delta') leaving.abort();
    return 'left';
  });
}

const openai = new OpenAI({ baseURL: `${base}/v1`, apiKey: 'none', maxRetries: 0 });
const ask = { model: name, messages: [{ role: 'user', content: question }] };
const functions = [{ type: 'function', function: { name: 'weather', description: about, parameters: schema } }];
await call('openai models', () => joined(openai.models.list(), (model) => `${model.id} `));
await call('openai stream', async () => (await openai.chat.completions.stream(ask).finalChatCompletion()).choices[0].message);
await call('openai runTools', () => {
  const run = { ...functions[0].function, parse: JSON.parse, function: async ({ city }) => `${city}: 21 C` };
  return openai.chat.completions.runTools({ ...ask, tools: [{ type: 'function', function: run }] }).finalContent();
});
await call('openai responses', async () => {
  const first = await openai.responses.create({ model: name, input: 'Hello' });
  const next = { model: name, input: 'And again', previous_response_id: first.id };
  return (await openai.responses.create(next)).output_text;
});
await call('openai responses of a coding agent', async () => {
  const tools = [{ type: 'web_search' }, { type: 'function', ...functions[0].function }];
  return (await openai.responses.create({ model: name, input: question, tools })).output;
});

agents.setDefaultOpenAIClient(openai);
agents.setTracingDisabled(true);
const run = agents.tool({ name: 'weather', description: about, parameters: city, execute: async ({ city }) => `${city}: 21 C` });
for (const api of ['responses', 'chat_completions']) {
  await call(`agents ${api}`, async () => {
    agents.setOpenAIAPI(api);
    const agent = new agents.Agent({ name: 'A', instructions: 'Help.', model: name, tools: [run] });
    return (await agents.run(agent, question, { maxTurns: 4 })).finalOutput;
  });
}

for (const useResponsesApi of [false, true]) {
  const chat = new ChatOpenAI({ model: name, apiKey: 'none', useResponsesApi, maxRetries: 0, configuration: { baseURL: `${base}/v1` } });
  await call(`LangChain ${useResponsesApi ? 'responses' : 'chat'}`, async () => (await chat.invoke(question)).content);
  await call(`LangChain ${useResponsesApi ? 'responses' : 'chat'} tools`, async () => (await chat.bindTools(functions).invoke(question)).tool_calls);
}

const anthropic = new Anthropic({ baseURL: base, apiKey: 'none', maxRetries: 0 });
const message = { ...ask, max_tokens: 60 };
await call('anthropic models', () => joined(anthropic.models.list(), (model) => `${model.display_name} `));
await call('anthropic count', () => anthropic.messages.countTokens(ask));
await call('anthropic stream', async () => (await anthropic.messages.stream(message).finalMessage()).content);
await call('anthropic object', async () => {
  const format = zodOutputFormat(city);
  return (await anthropic.messages.parse({ ...message, output_config: { format } })).parsed_output;
});
await call('anthropic toolRunner', async () => {
  const tools = [betaZodTool({ name: 'weather', description: about, inputSchema: city, run: ({ city }) => `${city}: 21 C` })];
  return (await anthropic.beta.messages.toolRunner({ ...message, tools })).content;
});

console.log(failed ? `${failed} failed` : 'all did what they should');
process.exit(failed ? 1 : 0);
