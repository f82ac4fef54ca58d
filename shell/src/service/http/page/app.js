// The page: chat, processes and memory over the machine's own API. Text of a model, a tool or a
// page of the store is only ever set as text.
"use strict";

const $ = (id) => document.getElementById(id);
const make = (name, text, className) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};

// A link to the page may bring the token. It goes neither to the server nor into the history.
if (location.hash.length > 1) {
  sessionStorage.setItem("token", location.hash.slice(1));
  history.replaceState(null, "", "/");
}
let token = sessionStorage.getItem("token") || "";
let turns = []; // {role, content} of the conversation
let ran = []; // the processes of its answers
let stopping = null; // what the stop button does

// With the token, or else with the key of the one process that it is about.
async function ask(path, body, signal, key) {
  const headers = {};
  const given = token || key;
  if (given) headers.authorization = `Bearer ${given}`;
  if (body) headers["content-type"] = "application/json";
  const response = await fetch(path, {
    method: body ? "POST" : "GET", headers, signal,
    body: body && JSON.stringify(body), cache: "no-store",
  });
  if (response.status === 401) {
    if (given === token) {
      // A wrong one would also stand in the place of the keys of processes.
      token = "";
      sessionStorage.removeItem("token");
    }
    $("token-form").hidden = false;
  }
  if (!response.ok) {
    const value = await response.json().catch(() => ({}));
    throw new Error(value.error?.message || `the machine answered ${response.status}`);
  }
  return response;
}

const json = async (path, body) => (await ask(path, body)).json();

// The data of each event of a stream.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const line = block.split("\n").find((line) => line.startsWith("data: "));
      if (line && line !== "data: [DONE]") yield JSON.parse(line.slice(6));
    }
  }
}

function turn(role, content) {
  const element = make("div", undefined, `turn ${role}`);
  element.append(make("strong", role === "user" ? "You" : "Quipu"));
  const text = make("div", content, "text");
  element.append(text);
  $("turns").append(element);
  element.scrollIntoView({ block: "end" });
  return { element, text };
}

// A step, folded to a line.
function step(shown, title, detail) {
  const fold = make("details");
  fold.append(make("summary", title), make("pre", detail));
  shown.element.insertBefore(fold, shown.text);
}

function question(shown, pid, key, event) {
  const box = make("div", undefined, "approval");
  box.setAttribute("role", "group");
  const reply = async (body) => {
    try {
      await ask(`/api/v1/processes/${pid}/reply`, { key: event.key, ...body }, undefined, key);
      box.remove();
    } catch (error) {
      box.append(make("p", error.message, "error"));
    }
  };
  const button = (text, body) => {
    const element = make("button", text);
    element.type = "button";
    element.addEventListener("click", () => reply(body()));
    return element;
  };
  if (event.event === "approval") {
    box.setAttribute("aria-label", "Approval");
    box.append(make("p", "This would be done:"));
    box.append(make("pre", JSON.stringify(event.call, null, 2)), make("p", event.reason));
    box.append(button("Deny", () => ({ approve: false })));
    box.append(" ", button("Approve this once", () => ({ approve: true })));
  } else {
    box.setAttribute("aria-label", "Question");
    const input = make("input");
    input.setAttribute("aria-label", event.text);
    box.append(make("p", event.text), input, button("Answer", () => ({ text: input.value })));
  }
  shown.element.append(box);
  box.scrollIntoView({ block: "end" });
}

// A plain model: the whole conversation goes along.
async function plain(model, shown) {
  const leave = new AbortController();
  stopping = () => leave.abort();
  const body = { model, messages: turns, stream: true };
  let text = "";
  for await (const chunk of events(await ask("/v1/chat/completions", body, leave.signal))) {
    if (chunk.error) throw new Error(chunk.error.message);
    text += chunk.choices[0]?.delta.content || "";
    shown.text.textContent = text;
  }
  return text;
}

// An agent: a process, whose steps are shown and which may ask.
async function agent(name, prompt, shown) {
  const before = turns.slice(0, -1).map((turn) => `${turn.role}: ${turn.content}`).join("\n");
  const body = { prompt, attended: true };
  if (name) body.agent = name;
  if (before) {
    body.input = `Earlier in this conversation:\n${before}`;
    body.after = ran;
  }
  const { pid, key } = await json("/api/v1/processes", body);
  const to = `/api/v1/processes/${pid}`;
  ran.push(pid);
  stopping = () => ask(`${to}/signal`, { signal: "kill" }, undefined, key).catch(() => {});
  shown.element.append(make("small", `process ${pid}`));
  const ended = (exit) => {
    if (exit.answer === null && exit.error) throw new Error(exit.error);
    const answer = exit.answer ?? `(${exit.status})`;
    return typeof answer === "string" ? answer : JSON.stringify(answer, null, 2);
  };
  const asked = new Set(); // what was asked already: it can come twice
  for await (const event of events(await ask(`${to}/events`, undefined, undefined, key))) {
    if (event.exit) return ended(event.exit);
    if (event.event === "action" && !("answer" in event.action)) {
      step(shown, event.action.tool || "step", JSON.stringify(event.action, null, 2));
    } else if (event.event === "observation") {
      const title = event.ok ? "result" : "it failed";
      const held = event.shown ? `The process has in its place:\n${event.shown}\n\n` : "";
      step(shown, held ? `${title} · held back` : title, held + event.text);
    } else if (event.key && !asked.has(event.key)) {
      asked.add(event.key);
      question(shown, pid, key, event);
    }
  }
  const row = await (await ask(to, undefined, undefined, key)).json();
  return ended(row.exit || { status: "interrupted" });
}

$("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  const prompt = $("prompt").value.trim();
  if (!prompt || stopping) return;
  const model = $("model").value;
  $("prompt").value = "";
  turn("user", prompt);
  turns.push({ role: "user", content: prompt });
  const shown = turn("assistant", "…");
  stopping = () => {};
  $("stop").hidden = false;
  $("send").disabled = true;
  try {
    const isAgent = model === "agent" || model.startsWith("agent/");
    const answer = isAgent ? await agent(model.slice(6), prompt, shown) : await plain(model, shown);
    shown.text.textContent = answer;
    turns.push({ role: "assistant", content: answer });
  } catch (error) {
    turns.pop();
    shown.text.textContent = error.name === "AbortError" ? "(stopped)" : error.message;
    shown.text.classList.add("error");
  }
  stopping = null;
  $("stop").hidden = true;
  $("send").disabled = false;
  $("prompt").focus();
});

$("prompt").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("ask").requestSubmit();
  }
});
$("stop").addEventListener("click", () => stopping?.());
$("new").addEventListener("click", () => {
  if (stopping) return;
  turns = [];
  ran = [];
  $("turns").replaceChildren();
  $("prompt").focus();
});

async function processes() {
  const { processes } = await json("/api/v1/processes");
  $("rows").replaceChildren(...processes.map((row) => {
    const line = make("tr");
    const status = row.state === "exited" && row.exit ? row.exit.status : row.state;
    for (const cell of [row.pid, status, row.priority, row.steps, row.topic || row.prompt]) {
      line.append(make("td", String(cell).slice(0, 200)));
    }
    const act = (text, what) => {
      const button = make("button", text);
      button.setAttribute("aria-label", `${text} process ${row.pid}`);
      button.addEventListener("click", () => what().then(processes_, told));
      return button;
    };
    const to = `/api/v1/processes/${row.pid}`;
    const cell = make("td");
    cell.append(act("Log", () => log(row.pid)), " ", act("Fork", () => ask(`${to}/fork`, {})));
    if (["running", "blocked"].includes(row.state)) {
      const lower = Math.max(row.priority - 5, -20);
      cell.append(" ", act("Kill", () => ask(`${to}/signal`, { signal: "kill" })));
      cell.append(" ", act("Nice", () => ask(`${to}/nice`, { priority: lower })));
    }
    line.append(cell);
    return line;
  }));
}

// Parts of a whole, as wide as they are large: [size, class, words].
function bar(element, parts) {
  element.replaceChildren(...parts.filter(([size]) => size > 0).map(([size, className, words]) => {
    const part = make("span", undefined, className);
    part.style.flexGrow = String(size);
    part.title = words;
    return part;
  }));
}

const count = (number) => number.toLocaleString("en");

// The cells of the cache: what one process has, what several share, what is free.
async function cache() {
  const { cpu } = await json("/api/v1/machine");
  $("cache").hidden = !cpu.cells;
  if (!cpu.cells) return;
  const holds = cpu.processes.filter((one) => one.resident || one.swapped);
  const own = holds.map((one) => [one.resident - one.shared, "own", `process ${one.pid}`]);
  const alone = own.reduce((sum, [size]) => sum + size, 0);
  const shared = Math.max(cpu.cells_used - alone, 0);
  const free = cpu.cells - cpu.cells_used;
  bar($("cache-bar"), [[shared, "shared", "shared"], ...own, [free, "free", "free"]]);
  const each = holds.map((one) => `process ${one.pid}: ${count(one.resident)}`
    + (one.shared ? `, ${count(one.shared)} of them shared` : "")
    + (one.swapped ? `, ${count(one.swapped)} in the swap` : ""));
  const whole = `${count(cpu.cells_used)} of ${count(cpu.cells)} cells of the cache are in use`;
  $("cache-words").textContent = [whole, ...each].join("; ");
}

// The window as it grew: the boot page and the task, then what each step brought.
function grown(log) {
  const figure = make("figure");
  const sizes = log.steps.map((step) => step.usage.prompt_tokens);
  const kinds = ["system", "user", "tool", "untrusted"];
  const parts = [[sizes[0] || 0, "system", `boot page and task, ${count(sizes[0] || 0)} tokens`]];
  log.steps.slice(0, -1).forEach((step, i) => {
    const trust = step.outcome?.label?.trust;
    const kind = kinds.includes(trust) ? trust : "tool";
    const size = sizes[i + 1] - sizes[i];
    parts.push([size, kind, `step ${step.n}, ${count(Math.max(size, 0))} tokens, ${trust}`]);
  });
  const most = Math.max(0, ...sizes);
  const line = make("div", undefined, "bar");
  bar(line, parts);
  line.setAttribute("role", "img");
  line.setAttribute("aria-label", parts.map(([, , words]) => words).join("; "));
  const left = parts.some(([size]) => size < 0) ? "; some of it has left the window" : "";
  figure.append(line, make("figcaption", `Window: ${count(most)} tokens at most${left}`));
  return figure;
}

const told = (error) => { $("state").textContent = error.message; };
const processes_ = () => Promise.all([processes(), cache()]).catch(told);

async function log(pid) {
  const log = await json(`/api/v1/processes/${pid}/log`);
  const parts = [make("h3", `Process ${pid}`), make("p", log.process.prompt, "text")];
  if (log.steps.length) parts.push(grown(log));
  for (const step of log.steps) {
    const fold = make("details");
    const what = step.action.tool || Object.keys(step.action)[0];
    const times = [["decided", step.decide_ms], ["done", step.outcome?.ms]];
    const took = times.filter(([, ms]) => ms).map(([word, ms]) => `${word} in ${count(ms)} ms`);
    const from = step.outcome ? [`${step.outcome.label.source}, ${step.outcome.label.trust}`] : [];
    if (log.held?.includes(step.n)) from.push("held back");
    fold.append(make("summary", [`${step.n}: ${what}`, ...took, ...from].join(" · ")));
    fold.append(make("pre", JSON.stringify(step.action, null, 2)));
    fold.append(make("pre", step.outcome ? step.outcome.text : "(no outcome)"));
    parts.push(fold);
  }
  const exit = log.process.exit;
  const answer = exit && (exit.answer ?? exit.error);
  if (answer) parts.push(make("p", typeof answer === "string" ? answer : JSON.stringify(answer), "text"));
  $("log").replaceChildren(...parts);
}

$("search").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const { hits } = await json(`/api/v1/memory/search?q=${encodeURIComponent($("query").value)}`);
    $("hits").replaceChildren(...hits.map((hit) => {
      const item = make("li");
      item.append(make("strong", hit.title || hit.id), make("div", hit.snippet, "text"));
      item.append(make("small", `${hit.id} · ${hit.source} · ${hit.trust}`));
      return item;
    }));
    if (!hits.length) $("hits").replaceChildren(make("li", "Nothing was found."));
  } catch (error) {
    told(error);
  }
});

for (const button of document.querySelectorAll("[data-view]")) {
  button.addEventListener("click", () => {
    for (const other of document.querySelectorAll("[data-view]")) {
      const chosen = other === button;
      other.setAttribute("aria-pressed", String(chosen));
      $(other.dataset.view).hidden = !chosen;
    }
    if (button.dataset.view === "processes") processes_();
  });
}

$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  sessionStorage.setItem("token", token);
  $("token-form").hidden = true;
  begin();
});

async function begin() {
  try {
    const { data } = await json("/v1/models");
    const agents = data.filter((model) => model.id.startsWith("agent"));
    const others = data.filter((model) => !model.id.startsWith("agent"));
    $("model").replaceChildren(...[...agents, ...others].map((model) => {
      const option = make("option", model.id);
      option.value = model.id;
      return option;
    }));
    $("state").textContent = others[0]?.id || "";
    $("prompt").focus();
  } catch (error) {
    told(error);
  }
}

setInterval(() => { if (!$("processes").hidden && !document.hidden) processes_(); }, 3000);
begin();
