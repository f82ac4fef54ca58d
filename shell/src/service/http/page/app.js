// The page: the chat over the machine's own API; the other views are in views.js. Text of a
// model, a tool or a page of the store is only ever set as text.
"use strict";

const $ = (id) => document.getElementById(id);
const make = (name, text, className) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};

// A link to the page may bring the token. It goes neither to the server nor into the history. A
// link that anybody made leads here too: its token takes the place of another one only where the
// machine knows it.
let token = sessionStorage.getItem("token") || "";
let offered = "";
if (location.hash.startsWith("#token=")) {
  try {
    offered = decodeURIComponent(location.hash.slice("#token=".length));
  } catch {
    // It is not one that this machine wrote.
  }
  history.replaceState(null, "", "/");
}
async function takeOffered() {
  if (!offered || offered === token) return;
  const headers = { authorization: `Bearer ${offered}` };
  const answer = await fetch("/api/v1/tools", { headers, cache: "no-store" }).catch(() => null);
  if (answer?.ok) {
    token = offered;
    sessionStorage.setItem("token", token);
  }
  offered = "";
}
let turns = []; // {role, content, pid} of the conversation; a plain model has no process
let stopping = null; // what the stop button does
let machine = ""; // the model that answers
let beside = []; // {name, text} that goes with the next message
// The keys of the processes that were started here, for whoever has no token.
const keys = JSON.parse(sessionStorage.getItem("keys") || "{}");
const keep = (pid, key) => {
  keys[pid] = key;
  sessionStorage.setItem("keys", JSON.stringify(keys));
};
// The last process of the conversation, which a reload of the page goes on with.
const remember = (pid) => sessionStorage.setItem("head", String(pid || ""));

const count = (number) => number.toLocaleString("en");
const told = (error) => { $("state").textContent = error.message; };

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

function turnOf(role, content) {
  const element = make("div", undefined, `turn ${role}`);
  element.append(make("strong", role === "user" ? "You" : "Quipu"));
  const text = make("div", content, "text");
  element.append(text);
  return { element, text };
}

function turn(role, content) {
  const shown = turnOf(role, content);
  $("turns").append(shown.element);
  shown.element.scrollIntoView({ block: "end" });
  return shown;
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
    if (event.rule) {
      const rule = make("details");
      rule.append(make("summary", "What an approval for this process would be for"));
      rule.append(make("pre", JSON.stringify(event.rule, null, 2)));
      box.append(rule);
    }
    box.append(button("Deny", () => ({ approve: false })));
    box.append(" ", button("Approve this once", () => ({ approve: true })));
    if (event.rule) {
      const process = () => ({ approve: true, for: "process" });
      box.append(" ", button("Approve for this process", process));
    }
  } else {
    box.setAttribute("aria-label", "Question");
    const input = make("input");
    input.setAttribute("aria-label", event.text);
    box.append(make("p", event.text), input, button("Answer", () => ({ text: input.value })));
  }
  shown.element.append(box);
  box.scrollIntoView({ block: "end" });
  return { n: event.n, box };
}

// A plain model: the whole conversation goes along.
async function plain(model, shown) {
  const leave = new AbortController();
  stopping = () => leave.abort();
  const messages = turns.map(({ role, content }) => ({ role, content }));
  const body = { model, messages, stream: true };
  let text = "";
  for await (const chunk of events(await ask("/v1/chat/completions", body, leave.signal))) {
    if (chunk.error) throw new Error(chunk.error.message);
    text += chunk.choices[0]?.delta.content || "";
    shown.text.textContent = text;
  }
  return text;
}

// What of an action that is being written is shown: the words of an answer. A call is shown as a
// step once it is whole.
function wordsOf(written) {
  const text = written.trimStart();
  if (!text.startsWith("{")) return written;
  const begun = text.match(/^\{\s*"(?:answer|ask)"\s*:\s*"((?:[^"\\]|\\.)*)/s);
  try {
    return begun ? JSON.parse(`"${begun[1]}"`) : "";
  } catch {
    return begun[1];
  }
}

const stepName = (action) => action.tool
  || (action.calls ? action.calls.map((call) => call.tool).join(", ") : Object.keys(action)[0]);

// The pages of the memory that an event brings.
function pagesOf(event) {
  if (event.event === "reminded") return event.pages.map((page) => page.id);
  const source = event.label?.source || "";
  return source.startsWith("memory:") ? source.slice(7).split(",").filter(Boolean) : [];
}

// What a process has read of the memory, each page a button that opens it.
function cite(shown, ids) {
  if (!ids.size || !token) return;
  const line = make("p", "Read for this: ", "sources");
  for (const id of ids) {
    const button = make("button", id.split("/").pop());
    button.type = "button";
    button.title = id;
    button.addEventListener("click", () => openPage(id).catch(told));
    line.append(button, " ");
  }
  shown.element.append(line);
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Follows a process to its end, also over a machine that stops and starts again meanwhile. What
// it did before is shown first where it was begun elsewhere.
async function follow(pid, key, shown, isElsewhere) {
  const to = `/api/v1/processes/${pid}`;
  const get = async (path) => (await ask(path, undefined, undefined, key)).json();
  const asked = new Set(); // what was asked already: it can come twice
  let open = []; // questions that nobody has answered, here or in another browser
  const settle = (isSettled) => {
    open.filter(isSettled).forEach(({ box }) => box.remove());
    open = open.filter((one) => !isSettled(one));
  };
  const done = new Set(); // steps that are shown
  const read = new Set();
  const showStep = (n, action) => {
    if (done.has(`a${n}`) || "answer" in action) return;
    done.add(`a${n}`);
    step(shown, stepName(action), JSON.stringify(action, null, 2));
  };
  const showResult = (n, ok, text, held) => {
    if (done.has(`o${n}`)) return;
    done.add(`o${n}`);
    const title = ok ? "result" : "it failed";
    step(shown, held ? `${title} · held back` : title, text);
  };
  const ended = (exit) => {
    settle(() => true);
    cite(shown, read);
    return exit;
  };
  for (let tries = 0; tries < 300; tries += 1) {
    try {
      if (tries) {
        $("state").textContent = "waiting for the machine…";
        await pause(1000);
      }
      // From here on nothing is missed; what the log has as well is shown once.
      const heard = await ask(`${to}/events`, undefined, undefined, key);
      if (tries || isElsewhere) {
        const { steps } = await get(`${to}/log`);
        for (const { n, action, outcome } of steps) {
          showStep(n, action);
          if (outcome && !("answer" in action)) showResult(n, outcome.ok, outcome.text);
        }
      }
      let draft = "";
      for await (const event of events(heard)) {
        if (tries) $("state").textContent = machine;
        tries = 0;
        if (event.exit) return ended(event.exit);
        pagesOf(event).forEach((id) => read.add(id));
        if (event.event === "observation") settle(({ n }) => n === event.n);
        if (event.event === "step") settle(({ n }) => n < event.n);
        if (event.event === "step") draft = "";
        if (event.event === "read" && !draft) {
          shown.text.textContent = `reading: ${event.tokens} of ${event.of} tokens…`;
        }
        if (event.event === "token") {
          draft += event.text;
          shown.text.textContent = wordsOf(draft) || "…";
        } else if (event.event === "action") {
          showStep(event.n, event.action);
        } else if (event.event === "observation") {
          const held = event.shown ? `The process has in its place:\n${event.shown}\n\n` : "";
          showResult(event.n, event.ok, held + event.text, held);
        } else if (event.key && !asked.has(event.key)) {
          asked.add(event.key);
          showStep(event.n, event.call || { ask: event.text });
          open.push(question(shown, pid, key, event));
        }
      }
      const row = await get(to);
      if (row.exit) return ended(row.exit);
      if (["ready", "interrupted"].includes(row.state)) {
        return ended({ status: "interrupted", answer: null });
      }
    } catch (error) {
      // So the browser says that nobody is there, or that a connection broke off.
      if (!(error instanceof TypeError)) throw error;
    }
  }
  throw new Error("the machine does not answer; reload the page when it runs again");
}

// Shows the process to its end, as the answer of a turn.
async function answered(pid, key, shown, isElsewhere) {
  const path = `/api/v1/processes/${pid}/signal`;
  stopping = () => ask(path, { signal: "kill" }, undefined, key).catch(() => {});
  shown.element.append(make("small", `process ${pid}`));
  const exit = await follow(pid, key, shown, isElsewhere);
  if (exit.answer === null && exit.error) throw new Error(exit.error);
  const answer = exit.answer ?? `(${exit.status})`;
  return typeof answer === "string" ? answer : JSON.stringify(answer, null, 2);
}

// An agent: a process, whose steps are shown and which may ask. It comes after the last one of
// the conversation; what a plain model was told goes along as a text.
async function agent(name, prompt, given, shown) {
  const before = turns.slice(0, -1);
  const head = before.findLast((turn) => turn.pid)?.pid || 0;
  const loose = before.filter((turn) => !turn.pid);
  const body = { prompt, attended: true, after: head };
  if (name) body.agent = name;
  if (head && keys[head]) body.key = keys[head];
  const input = given.map(({ name, text }) => `${name}:\n${text}`);
  if (loose.length) {
    const said = loose.map((turn) => `${turn.role}: ${turn.content}`).join("\n");
    input.unshift(`Earlier in this conversation:\n${said}`);
    body.input_from = [...new Set(before.map((turn) => turn.pid).filter(Boolean))];
  }
  if (input.length) body.input = input.join("\n\n");
  const { pid, key } = await json("/api/v1/processes", body);
  keep(pid, key);
  remember(pid);
  turns.at(-1).pid = pid;
  return answered(pid, key, shown);
}

// Does `work`, which comes to the answer of a turn, with the form as it is meanwhile. Says
// whether there is an answer: without one the turn is none.
async function take(shown, work) {
  let isDone = true;
  stopping = () => {};
  $("stop").hidden = false;
  $("send").disabled = true;
  try {
    const answer = await work();
    shown.text.textContent = answer;
    turns.push({ role: "assistant", content: answer, pid: turns.at(-1)?.pid });
  } catch (error) {
    isDone = false;
    turns.pop();
    shown.text.textContent = error.name === "AbortError" ? "(stopped)" : error.message;
    shown.text.classList.add("error");
  }
  stopping = null;
  $("stop").hidden = true;
  $("send").disabled = false;
  $("prompt").focus();
  return isDone;
}

// Takes a conversation up after the process `head`; one that still runs is followed, as every
// browser does that looks at it.
async function takeUp(head) {
  if (stopping) return;
  const at = `/api/v1/processes/${head}`;
  const get = async (path) => (await ask(path, undefined, undefined, keys[head])).json();
  const [conversation, row] = await Promise.all([get(`${at}/conversation`), get(at)]);
  turns = [];
  const all = document.createDocumentFragment();
  for (const { pid, asked, answered: said } of conversation.turns) {
    turns.push({ role: "user", content: asked, pid }, { role: "assistant", content: said, pid });
    all.append(turnOf("user", asked).element, turnOf("assistant", said).element);
  }
  $("turns").replaceChildren(all);
  $("turns").lastElementChild?.scrollIntoView({ block: "end" });
  remember(head);
  if (["running", "blocked", "suspended"].includes(row.state)) {
    const asked = row.topic || row.prompt;
    turns.push({ role: "user", content: asked, pid: head });
    turn("user", asked);
    const shown = turn("assistant", "…");
    await take(shown, () => answered(head, keys[head], shown, true));
  }
}

const LINES = 100; // of a list that are made at once
// Made once: it takes longer than a line of the list.
const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" });

async function conversations() {
  const { conversations } = await json("/api/v1/conversations");
  const item = (one) => {
    const line = make("li");
    const words = one.turns > 1 ? `${one.begins} … ${one.asked}` : one.begins;
    const button = make("button", words);
    button.type = "button";
    button.addEventListener("click", () => {
      $("earlier").open = false;
      takeUp(one.head).catch(told);
    });
    line.append(button, make("small", ` ${one.turns} · ${WHEN.format(one.updated_ms)}`));
    return line;
  };
  const none = [make("li", "There are none yet.")];
  const first = conversations.slice(0, LINES).map(item);
  $("conversations").replaceChildren(...(first.length ? first : none));
  // Far more than are in sight: the others follow, unless the list is asked for again meanwhile.
  const rest = conversations.slice(LINES);
  const more = () => {
    if (!rest.length || !first[0].isConnected) return;
    $("conversations").append(...rest.splice(0, LINES).map(item));
    setTimeout(more);
  };
  setTimeout(more);
}

$("earlier").addEventListener("toggle", () => {
  if ($("earlier").open) conversations().catch(told);
});

$("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  const prompt = $("prompt").value.trim();
  if (!prompt || stopping) return;
  const model = $("model").value;
  $("prompt").value = "";
  turn("user", prompt);
  turns.push({ role: "user", content: prompt });
  const shown = turn("assistant", "…");
  const isAgent = model === "agent" || model.startsWith("agent/");
  const given = beside;
  beside = [];
  showBeside();
  if (given.length && !isAgent) {
    // A plain model has nothing beside the conversation.
    const texts = given.map(({ name, text }) => `${name}:\n${text}\n\n`);
    turns.at(-1).content = texts.join("") + prompt;
  }
  const isDone = await take(shown, () =>
    (isAgent ? agent(model.slice(6), prompt, given, shown) : plain(model, shown)));
  if (isDone) return;
  // What was typed and brought in is there to be sent again, before what was meanwhile.
  $("prompt").value ||= prompt;
  beside = [...given, ...beside];
  showBeside();
});

// What goes with the next message, each a button that takes it back.
function showBeside() {
  $("beside").replaceChildren(...beside.map((one) => {
    const button = make("button", `${one.name} ×`);
    button.type = "button";
    button.setAttribute("aria-label", `Take ${one.name} back`);
    button.addEventListener("click", () => {
      beside = beside.filter((other) => other !== one);
      showBeside();
    });
    return button;
  }));
}

// The text of a file; of a recording what is said in it, as the ears write it down.
async function textOf(file) {
  if (!file.type.startsWith("audio/") && !file.type.startsWith("video/")) {
    const text = await file.text();
    if (text.includes("\0")) throw new Error(`${file.name} is no text: quipu mem add reads it`);
    return text;
  }
  const form = new FormData();
  form.append("model", "ears");
  form.append("file", file);
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const response = await fetch("/v1/audio/transcriptions", { method: "POST", headers, body: form });
  const value = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(value.error?.message || `${file.name} was not heard`);
  return value.text;
}

async function bring(files) {
  for (const file of files) {
    $("state").textContent = `reading ${file.name}…`;
    try {
      beside.push({ name: file.name, text: await textOf(file) });
      $("state").textContent = machine;
    } catch (error) {
      told(error);
    }
  }
  showBeside();
}

$("file").addEventListener("change", () => {
  bring([...$("file").files]);
  $("file").value = "";
});
$("chat").addEventListener("dragover", (event) => event.preventDefault());
$("chat").addEventListener("drop", (event) => {
  event.preventDefault();
  bring([...event.dataTransfer.files]);
});

$("prompt").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("ask").requestSubmit();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") stopping?.();
});
$("stop").addEventListener("click", () => stopping?.());
$("new").addEventListener("click", () => {
  if (stopping) return;
  turns = [];
  remember(0);
  $("turns").replaceChildren();
  $("prompt").focus();
});

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
    machine = others[0]?.id || "";
    $("state").textContent = machine;
  } catch (error) {
    told(error);
  }
}

document.addEventListener("DOMContentLoaded", async () => {
  await takeOffered();
  await begin();
  $("prompt").focus();
  const head = sessionStorage.getItem("head");
  if (head) takeUp(head).catch(() => remember(0));
});

