#!/bin/sh
# A model's chat template made into Ollama's language by Hugging Face's converter, beside what the template itself says.
#
# Guess:   the converter reads the template. What Ollama's language cannot say (the date, a mark at the last question)
#          gives no result; a default system prompt and the list of tools, which it can say, are kept.
# Reality: it never reads it. A template with the same set of marks as one that it knows is that one: all plain
#          ChatML is dbrx's template, so a default system prompt and the tools are gone, and the thoughts of earlier
#          turns stay. Any other is tried on one conversation, and each part is what comes after the length of the text
#          before: the day of the conversion is said for ever, and only beside a system prompt; after a question that
#          is marked as the last one, "assistant: " has lost its beginning and the model goes on after "nt: "; "A:" is
#          "A: ", which is other tokens. All of it is a result, not the "Conversion is not successful" of its page.
# Seen with @huggingface/ollama-utils 0.0.18, @huggingface/jinja 0.5.11: the rows printed below.
# So:      a model taken from the hub by its GGUF file can have another prompt in Ollama than in llama.cpp, which runs
#          the file's own template, and no tools. Compare the text of one conversation of two turns with a system
#          prompt and with tools before you compare answers, and write the TEMPLATE yourself where they differ.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{"name": "converted", "version": "1.0.0", "private": true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/ollama-utils@0.0.18 @huggingface/jinja@0.5.11
cat >check.mjs <<'JS'
import { Template } from "@huggingface/jinja";
import { convertGGUFTemplateToOllama } from "@huggingface/ollama-utils";

const turns = (content) => "{% for message in messages %}<|im_start|>{{ message.role }}\n" + content +
  "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
const plain = turns("{{ message.content }}");
const known = "{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}" +
  "{{ if .Prompt }}<|im_start|>user\n{{ .Prompt }}<|im_end|>\n{{ end }}" +
  "<|im_start|>assistant\n{{ .Response }}<|im_end|>\n";
// The template, and what it is taken for and made into.
const cases = {
  "a default system prompt": [
    "{% if messages[0].role != 'system' %}<|im_start|>system\nAnswer in English.<|im_end|>\n{% endif %}" + plain,
    "library/dbrx:132b", known,
  ],
  "tools": [
    "{% if tools %}<|im_start|>system\nTools: {{ tools | tojson }}<|im_end|>\n{% endif %}" + plain,
    "library/dbrx:132b", known,
  ],
  "thoughts of earlier turns removed": [
    turns("{{ message.content.split('</think>')[-1] if message.role == 'assistant' else message.content }}"),
    "library/dbrx:132b", known,
  ],
  "the date": [
    "Today is {{ strftime_now('%Y-%m-%d') }}.\n" + plain.replaceAll("im_", ""),
    "auto-conversion",
    "{{ if .System }}Today is DATE.\n<|start|>system\n{{ .System }}<|end|>\n{{ end }}{{ if .Prompt }}<|start|>user\n" +
      "{{ .Prompt }}<|end|>\n{{ end }}<|start|>assistant\n{{ .Response }}<|end|>\n",
  ],
  "the last question marked": [
    "{% for message in messages %}{% if message.role == 'user' and loop.last %}Answer this: {{ message.content }}\n" +
      "{% elif message.role == 'user' %}User: {{ message.content }}\n{% else %}{{ message.role }}: " +
      "{{ message.content }}\n{% endif %}{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}",
    "auto-conversion",
    "{{ if .System }}system: {{ .System }}\n{{ end }}{{ if .Prompt }}Answer this: {{ .Prompt }}\n{{ end }}" +
      "nt: {{ .Response }}\n",
  ],
  "Q: and A:": [
    "{% for message in messages %}{% if message.role == 'user' %}Q: {{ message.content }}\n" +
      "{% elif message.role == 'assistant' %}A: {{ message.content }}{{ eos_token }}\n{% endif %}{% endfor %}" +
      "{% if add_generation_prompt %}A:{% endif %}",
    "auto-conversion",
    '{{- range .Messages }}{{- if eq .Role "user" }}Q: {{ .Content }}\n{{- else if eq .Role "assistant" }}' +
      "A: {{ .Content }}</s>\n{{- end }}{{- end }}A: ",
  ],
};
const undated = (text) => text?.replaceAll(/\d{4}-\d\d-\d\d/g, "DATE");
let changed;
for (const [name, [chat_template, ...then]] of Object.entries(cases)) {
  const own = new Template(chat_template).render({
    messages: [{ role: "user", content: "Hi" }], tools: name === "tools" ? [{ name: "add" }] : undefined,
    add_generation_prompt: true, eos_token: "</s>",
  });
  const found = convertGGUFTemplateToOllama({ chat_template, bos_token: "<s>", eos_token: "</s>" });
  const now = [found?.model, undated(found?.ollama.template)];
  console.log(`  ${name}: taken for ${now[0]}`);
  console.log(`    its own text   ${JSON.stringify(undated(own))}`);
  console.log(`    for Ollama     ${JSON.stringify(now[1])}`);
  if (JSON.stringify(now) !== JSON.stringify(then)) {
    changed ??= `${name}: was ${JSON.stringify(then)}, is ${JSON.stringify(now)}`;
  }
}
if (changed) {
  console.error(`CHANGED: ${changed}`);
  process.exit(1);
}
console.log("as found");
JS
node check.mjs
