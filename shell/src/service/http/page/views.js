// The views beside the chat: processes with their windows and times, and the memory. Built on
// what app.js has.
"use strict";

let listed = ""; // the processes as they are shown
let wanted = 0; // the process whose log was asked for last
let logged = {}; // the process whose log is shown, and how it stood then
const standing = ({ state, steps }) => `${state} ${steps}`;

async function processes() {
  const { processes } = await json("/api/v1/processes");
  // A button that is made anew between press and release is not clicked.
  const now = JSON.stringify(processes);
  if (now === listed) return;
  listed = now;
  // Whoever goes by keyboard stays where they are.
  const focused = document.activeElement?.getAttribute("aria-label");
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
    cell.append(act("Log", () => showLog(row.pid)), " ", act("Fork", () => ask(`${to}/fork`, {})));
    if (["running", "blocked"].includes(row.state)) {
      const lower = Math.max(row.priority - 5, -20);
      cell.append(" ", act("Kill", () => ask(`${to}/signal`, { signal: "kill" })));
      cell.append(" ", act("Nice", () => ask(`${to}/nice`, { priority: lower })));
    }
    if (["ready", "interrupted"].includes(row.state)) {
      cell.append(" ", act("Resume", () => ask(`${to}/resume`, { attended: true })));
    }
    if (row.topic) {
      cell.append(" ", act("Open", async () => {
        document.querySelector('[data-view="chat"]').click();
        await takeUp(row.pid);
      }));
    }
    line.append(cell);
    return line;
  }));
  const row = processes.find(({ pid }) => pid === logged.pid);
  if (row && standing(row) !== logged.standing) log(row.pid).catch(told);
  const again = [...$("rows").querySelectorAll("button")];
  if (focused) again.find((button) => button.getAttribute("aria-label") === focused)?.focus();
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

// What the models had computed when they were last looked at, and when that was.
let computed = { at: 0, of: new Map() };

// The models that are loaded: how large, for how many processes, and how fast since the last look.
function loaded(models) {
  const at = performance.now();
  const of = new Map(models.map(({ name, cpu }) => [
    name, cpu.counters.prefilled + cpu.counters.decoded,
  ]));
  const words = models.map(({ name, bytes, processes }) => {
    const before = computed.of.get(name);
    const seconds = (at - computed.at) / 1000;
    const rate = before === undefined || seconds > 60 ? ""
      : `, ${count(Math.round(Math.max(of.get(name) - before, 0) / seconds))} tokens a second`;
    const size = bytes ? `${count(Math.ceil(bytes / 1e6))} MB` : "computed elsewhere";
    return make("li", `${name}: ${size}, ${count(processes)} ${processes === 1 ? "process" : "processes"}${rate}`);
  });
  computed = { at, of };
  $("models").replaceChildren(...words);
  $("models").hidden = !models.length;
}

// The cells of the cache: what one process has, what several share, what is free.
async function cache() {
  const { cpu, models } = await json("/api/v1/machine");
  loaded(models || []);
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

// How a page of a window is drawn, by who wrote it.
const TRUST = { system: "system", user: "user", untrusted: "untrusted" };

// Who wrote a text, and how much that reads like an attack where it was looked at.
const wrote = ({ source, trust, suspicion }) => [
  source, trust,
  ...(suspicion?.looked_at === 0 ? ["not looked at for attacks"]
    : suspicion ? [`suspicion ${suspicion.score}`] : []),
].join(", ");

// The window as it is now, page by page: what is in it, and what has left it.
function windowOf(map) {
  const figure = make("figure");
  const words = (page) => [
    page.id ? `${page.kind} ${page.id}` : page.kind, `${count(page.tokens)} tokens`,
    wrote(page.label),
    ...(page.held ? ["held back"] : []), ...(page.resident ? [] : ["out of sight"]),
  ].join(" · ");
  const inside = map.pages.filter((page) => page.resident);
  const tokens = inside.reduce((sum, page) => sum + page.tokens, 0);
  const parts = inside.map((page) => [page.tokens, TRUST[page.label.trust] || "tool", words(page)]);
  parts.push([map.prompt - tokens, "shared", "between them"]);
  parts.push([map.size - map.prompt - map.reserve, "free", "free"]);
  parts.push([map.reserve, "kept", "kept for the answer"]);
  const line = make("div", undefined, "bar");
  bar(line, parts);
  line.setAttribute("role", "img");
  line.setAttribute("aria-label", `${count(map.prompt)} of ${count(map.size)} tokens`);
  const list = make("ol");
  list.append(...map.pages.map((page) => make("li", words(page))));
  const fold = make("details");
  fold.append(make("summary", `${count(map.pages.length)} pages`), list);
  const gone = map.pages.length - inside.length;
  const left = gone ? `; ${count(gone)} pages are out of sight` : "";
  const use = `Window: ${count(map.prompt)} of ${count(map.size)} tokens${left}`;
  figure.append(line, make("figcaption", use), fold);
  return figure;
}

// When each step was decided and done, one below the other.
function timeline(steps) {
  const figure = make("figure");
  const times = steps.map((step) => [step.decide_ms || 0, step.outcome?.ms || 0]);
  const whole = times.reduce((sum, [decided, done]) => sum + decided + done, 0);
  let before = 0;
  const rows = times.map(([decided, done], i) => {
    const { n, action } = steps[i];
    const words = `${n}: ${stepName(action)}, decided in ${count(decided)} ms`
      + (done ? `, done in ${count(done)} ms` : "");
    const row = make("div", undefined, "bar thin");
    row.setAttribute("role", "img");
    row.setAttribute("aria-label", words);
    row.title = words;
    const after = whole - before - decided - done;
    bar(row, [[before, "free", ""], [decided, "user", words], [done, "tool", words], [after, "free", ""]]);
    before += decided + done;
    return row;
  });
  figure.append(...rows, make("figcaption", `Steps: ${count(whole)} ms; what was decided, then done`));
  return figure;
}

// A log that was asked for is brought into sight; one that only goes on is not.
async function showLog(pid) {
  await log(pid);
  $("log").scrollIntoView();
  $("log").focus({ preventScroll: true });
}

const processes_ = () => Promise.all([processes(), cache()]).catch(told);

async function log(pid) {
  const at = `/api/v1/processes/${pid}`;
  wanted = pid;
  const [log, { window: map }] = await Promise.all([json(`${at}/log`), json(`${at}/window`)]);
  if (wanted !== pid) return;
  // Of a process that goes on what was opened stays open.
  const folds = () => [...$("log").querySelectorAll("details")];
  const opened = logged.pid === pid ? folds().map((fold) => fold.open) : [];
  logged = { pid, standing: standing(log.process) };
  const parts = [make("h3", `Process ${pid}`), make("p", log.process.prompt, "text")];
  if (map) parts.push(windowOf(map));
  if (log.steps.length) parts.push(timeline(log.steps));
  for (const step of log.steps) {
    const fold = make("details");
    const what = stepName(step.action);
    const times = [["decided", step.decide_ms], ["done", step.outcome?.ms]];
    const took = times.filter(([, ms]) => ms).map(([word, ms]) => `${word} in ${count(ms)} ms`);
    const from = step.outcome ? [wrote(step.outcome.label)] : [];
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
  folds().forEach((fold, n) => { fold.open = Boolean(opened[n]); });
}

$("search").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const { hits } = await json(`/api/v1/memory/search?q=${encodeURIComponent($("query").value)}`);
    $("hits").replaceChildren(...hits.map((hit) => {
      const item = make("li");
      const open = make("button", hit.title || hit.id);
      open.type = "button";
      open.addEventListener("click", () => openPage(hit.id).catch(told));
      item.append(open, make("div", hit.snippet, "text"));
      item.append(make("small", `${hit.id} · ${hit.source} · ${hit.trust}`));
      return item;
    }));
    if (!hits.length) $("hits").replaceChildren(make("li", "Nothing was found."));
  } catch (error) {
    told(error);
  }
});

// A page of the memory, whole, in the view of the memory.
async function openPage(id) {
  document.querySelector('[data-view="memory"]').click();
  const page = await json(`/api/v1/memory/page?id=${encodeURIComponent(id)}`);
  const about = [page.id, page.source, page.trust, page.secrecy].filter(Boolean).join(" · ");
  const parts = [make("h3", page.title || page.id), make("small", about), make("pre", page.text)];
  $("page").replaceChildren(...parts);
  $("page").focus();
}

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

setInterval(() => { if (!$("processes").hidden && !document.hidden) processes_(); }, 3000);
