// The page in a real browser: a machine with a script in the place of a model is started, and
// walked through in headless Chromium. Each step prints ok or FAIL; the screenshots go to OUT.
//
//     node evals/page.mjs QUIPU OUT [--large] [--files DIR] [--modules DIR]
//
// A step fails on what it says, and the walk on serious findings of axe, errors on the console,
// requests to anywhere else, and a page that is wider than the screen. `--large` then makes the
// journal of a conversation of 1,000 turns and of 2,000 others out of three real processes (with
// Python's sqlite3), and fails where the one is not open in 300 ms or the others are not listed in
// 100 ms. Two libraries come
// from npm, pinned, into a folder that is removed again, unless the DIR of `--modules` has them. With
// `--files shell/src/service/http/page` scripts and styles are those of that folder, for who changes
// them. Needs Debian's `chromium`, or CHROMIUM names another.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const LIBRARIES = ['puppeteer-core@24.43.1', 'axe-core@4.14.1'];
const PATIENCE_MS = 30_000;
const PAGE_BYTES_MAX = 200_000;
const TURNS = 1000;
const OPEN_MS_MAX = 300;
const CONVERSATIONS = 2000;
const LIST_MS_MAX = 100;

// What the machine does, by words of the task.
const act = (seen, action) => ({ seen, do: action });
const ask = (question) => ({ ask: question });
const remember = (text) => ({ tool: 'memory.put', args: { text } });
// A conversation has its earlier turns in sight as well, so the later ones stand first.
const SCRIPT = [
  act('wait for me', ask('Which of them?')),
  act('keep the plumber', remember('The plumber comes on Monday.')),
  act('keep the plumber', { answer: 'Seen by both.' }),
  act('keep the dentist', remember('The dentist is on Friday.')),
  act('keep the dentist', { answer: 'Kept: the dentist.' }),
  act('add up', { tool: 'calculator.calculate', args: { expression: '23 * 2' } }),
  act('add up', { answer: 'It is 46; 中文 too.' }),
  { answer: 'Done.' },
];
const POLICY = '[[rule]]\ndo = "ask"\ntool = "memory.put"\nreason = "it is written down"\n';
const NOTE = '# Kettles\n\nA kettle of the kind K-7 boils a litre in three minutes.\n';

const given = process.argv.slice(2);
const option = (name) => {
  const at = given.indexOf(name);
  return at < 0 ? undefined : given.splice(at, 2)[1];
};
const modules = option('--modules');
const files = option('--files');
const isLarge = given.includes('--large');
const [quipu, out] = given.filter((word) => !word.startsWith('--')).map((word) => resolve(word));
if (!out) {
  console.error('usage: node page.mjs QUIPU OUT [--large] [--files DIR] [--modules DIR]');
  process.exit(2);
}

const chromium = process.env.CHROMIUM || '/usr/bin/chromium';
if (!existsSync(chromium)) {
  console.error(`${chromium} is not there: apt-get install chromium, or set CHROMIUM`);
  process.exit(2);
}
mkdirSync(out, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'quipu-page-'));
const closing = [() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })];
let closed;
const close = () => {
  closed ??= (async () => {
    for (const what of closing.reverse()) await what();
  })();
  return closed;
};
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => close().finally(() => process.exit(130)));
}

let failed = 0;
async function step(what, does) {
  if (closed) return;
  const begun = performance.now();
  const took = () => `${Math.round(performance.now() - begun)} ms`;
  try {
    const said = await does();
    console.log(`ok    ${what} (${took()})${said ? `: ${said}` : ''}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${what} (${took()}): ${error.message}`);
    // What every open page looks like then.
    const pages = await browser.pages().catch(() => []);
    for (const [n, page] of pages.entries()) {
      if (!page.url().startsWith(address)) continue;
      await page.screenshot({ path: join(out, `failed-${failed}-${n}.png`) }).catch(() => {});
    }
  }
}
const check = (holds, otherwise) => {
  if (!holds) throw new Error(otherwise);
};

function libraries() {
  const at = modules ? resolve(modules) : folder;
  if (!modules) {
    writeFileSync(join(folder, 'package.json'), '{"private": true}');
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', ...LIBRARIES];
    const done = spawnSync('npm', args, { cwd: folder, stdio: 'inherit' });
    if (done.status !== 0) throw new Error('npm could not install puppeteer-core and axe-core');
  }
  const require = createRequire(join(at, 'page.js'));
  return { puppeteer: require('puppeteer-core'), axe: require('axe-core').source };
}

const root = join(folder, 'root');
const environment = { PATH: process.env.PATH, HOME: folder };

// A root of its own, with a script in the place of the model and a page in the memory; comes back
// with the options by which a machine runs on it.
function furnish() {
  mkdirSync(root);
  const script = join(folder, 'script.jsonl');
  writeFileSync(script, SCRIPT.map((line) => JSON.stringify(line)).join('\n'));
  writeFileSync(join(root, 'policy.toml'), POLICY);
  writeFileSync(join(folder, 'kettles.md'), NOTE);
  const begin = ['--root', root, '--cpu', `script:${script}`];
  const first = [
    ['mem', 'add', join(folder, 'kettles.md')],
    // Compiled once, and in no step's time.
    ['tool', 'call', 'calculator', '{"expression": "1 + 1"}'],
  ];
  for (const args of first) {
    const done = spawnSync(quipu, [...begin, ...args], { env: environment, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${args.join(' ')}: ${done.error || done.stderr}`);
  }
  return begin;
}

// A machine; comes back with its address, its token and what stops it.
async function machine(begin) {
  const serving = spawn(quipu, [...begin, 'serve', '--addr', '127.0.0.1:0'], {
    env: environment, stdio: ['ignore', 'ignore', 'pipe'],
  });
  const stop = () => new Promise((done) => {
    if (serving.exitCode !== null) return done();
    serving.on('exit', done);
    serving.kill('SIGTERM');
  });
  closing.push(stop);
  let said = '';
  const address = await new Promise((found, lost) => {
    serving.stderr.on('data', (text) => {
      said += text;
      const at = said.match(/listening on (http:\S+)/);
      if (at) found(at[1]);
    });
    serving.on('exit', () => lost(new Error(`quipu serve: ${said}`)));
    serving.on('error', lost);
  });
  const token = readFileSync(join(root, 'state', 'http_token'), 'utf8').trim();
  return { address, token, stop };
}

async function begin() {
  const { puppeteer, axe } = libraries();
  const options = furnish();
  const running = await machine(options);
  const browser = await puppeteer.launch({
    executablePath: chromium,
    // A container's root may have no sandbox.
    args: process.getuid() === 0 ? ['--no-sandbox'] : [],
  });
  closing.push(() => browser.close());
  return { axe, options, running, browser };
}

const { axe, options, running, browser } = await begin().catch(async (error) => {
  console.error(error.message);
  await close();
  process.exit(2);
});

let { address, token } = running; // of the machine that runs now
const errors = []; // on any console
const outside = new Set(); // addresses of others
let bytes = 0; // of the first page's own files

async function open(width, height, scheme, hash = `#token=${token}`) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('request', (request) => {
    const isOwn = ['data:', 'blob:', `${address}/`].some((start) => request.url().startsWith(start));
    if (!isOwn) outside.add(request.url());
    if (!files) return;
    const name = new URL(request.url()).pathname.slice(1);
    const body = /^\w+\.(js|css)$/.test(name) && readFileSync(join(files, name));
    if (!body) return request.continue();
    const contentType = name.endsWith('.js') ? 'text/javascript' : 'text/css';
    request.respond({ contentType, body });
  });
  if (files) await page.setRequestInterception(true);
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.goto(`${address}/${hash}`);
  await page.waitForFunction(() => document.querySelectorAll('#model option').length > 0);
  return page;
}

const view = async (page, name) => {
  await page.click(`[data-view="${name}"]`);
  await page.waitForSelector(`#${name}:not([hidden])`);
};
const send = async (page, text) => {
  await page.type('#prompt', text);
  await page.keyboard.press('Enter');
};
const shows = (page, selector, words) => page.waitForFunction(
  (selector, words) => [...document.querySelectorAll(selector)].some((one) => one.textContent.includes(words)),
  {}, selector, words,
);
const press = async (page, words) => {
  await page.locator(`::-p-xpath(//button[normalize-space()="${words}"])`).click();
};

// A screenshot, what axe says of it, and whether all of it fits.
async function look(page, name) {
  await page.screenshot({ path: join(out, `${name}.png`) });
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await axe.run();
    return violations.filter((one) => ['serious', 'critical'].includes(one.impact))
      .map((one) => `${one.id} at ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`);
  });
  check(!found.length, `axe: ${found.join('; ')}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(wide <= 0, `the page is ${wide} pixels wider than the screen`);
}

const wide = await open(1280, 900, 'light');

await step('the page is small and takes the token out of its address', async () => {
  for (const path of ['/', '/app.js', '/views.js', '/style.css']) {
    bytes += (await (await fetch(address + path)).arrayBuffer()).byteLength;
  }
  check(bytes < PAGE_BYTES_MAX, `${bytes} bytes`);
  check(!wide.url().includes('token'), wide.url());
  await look(wide, 'empty');
  return `${bytes} bytes`;
});

await step('a chat streams, and folds its steps', async () => {
  await send(wide, 'Please add up 23 and 23.');
  await shows(wide, '.turn.assistant .text', '46');
  await wide.click('.turn.assistant details summary');
  await shows(wide, '.turn.assistant details[open] pre', '23 * 2');
  await look(wide, 'chat');
});

await step('an approval shows the exact call, and is given once', async () => {
  await send(wide, 'Please keep the dentist.');
  await shows(wide, '.approval pre', 'The dentist is on Friday.');
  await look(wide, 'approval');
  await press(wide, 'Approve this once');
  await shows(wide, '.turn.assistant .text', 'Kept: the dentist.');
  check(!(await wide.$('.approval')), 'the approval is still shown');
});

await step('a process that waits is killed', async () => {
  await send(wide, 'Please wait for me.');
  await shows(wide, '.approval', 'Which of them?');
  await look(wide, 'question');
  await view(wide, 'processes');
  const kill = await wide.waitForSelector('button[aria-label^="Kill process"]');
  const label = await kill.evaluate((button) => button.getAttribute('aria-label'));
  await kill.click();
  await wide.waitForFunction((label) => !document.querySelector(`[aria-label="${label}"]`), {}, label);
  await shows(wide, '#rows td', 'interrupted');
  await view(wide, 'chat');
  await shows(wide, '.turn.assistant .error', 'killed');
  check(!(await wide.$('.approval')), 'the question is still shown');
  check(await wide.$eval('#send', (button) => !button.disabled), 'nothing can be sent');
});

await step('the memory is searched, and a page opened', async () => {
  await view(wide, 'memory');
  await wide.type('#query', 'kettle litre');
  await wide.keyboard.press('Enter');
  await shows(wide, '#hits', 'kettles');
  await wide.click('#hits button');
  await shows(wide, '#page pre', 'three minutes');
  await look(wide, 'memory');
});

await step('a run has its window and its timeline', async () => {
  await view(wide, 'processes');
  await wide.locator('[aria-label="Log process 1"]').click();
  await wide.waitForSelector('#log .bar.thin');
  await shows(wide, '#log figcaption', 'Window:');
  const rows = await wide.$$eval('#log .bar.thin', (bars) => bars.length);
  check(rows === 2, `${rows} steps are drawn, not 2`);
  await look(wide, 'run');
});

await step('everything is reached by keyboard, and the focus is seen', async () => {
  const page = await open(1280, 900, 'dark');
  const focused = () => page.evaluate(() => {
    const { id, dataset, textContent } = document.activeElement;
    const outline = getComputedStyle(document.activeElement).outlineStyle;
    return { name: document.activeElement.getAttribute('aria-label') || id || dataset.view || textContent.trim(), outline };
  });
  check((await focused()).name === 'prompt', 'the message has not the focus');
  const tab = async (to, back) => {
    for (let presses = 0; presses < 60; presses += 1) {
      if (back) await page.keyboard.down('Shift');
      await page.keyboard.press('Tab');
      if (back) await page.keyboard.up('Shift');
      const { name, outline } = await focused();
      if (name === to) {
        check(outline !== 'none', `${to} does not show that it has the focus`);
        return;
      }
    }
    throw new Error(`${to} is not reached`);
  };
  await page.keyboard.type('Please add up 23 and 23.');
  await page.keyboard.press('Enter');
  await shows(page, '.turn.assistant .text', '46');
  await tab('processes', true);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[aria-label="Log process 1"]');
  await tab('Log process 1');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#log .bar.thin');
  await look(page, 'keyboard');
  await tab('memory', true);
  await page.keyboard.press('Enter');
  await tab('query');
  await page.keyboard.type('kettle');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#hits button');
  await page.browserContext().close();
});

for (const [width, height] of [[1280, 900], [390, 844]]) {
  for (const scheme of ['light', 'dark']) {
    const name = `${width < 500 ? 'narrow' : 'wide'}-${scheme}`;
    await step(`${name}: every view`, async () => {
      const page = await open(width, height, scheme);
      await send(page, 'Please keep the dentist.');
      await page.waitForSelector('.approval');
      await look(page, `${name}-approval`);
      await press(page, 'Deny');
      await page.waitForFunction(() => document.querySelector('#stop').hidden);
      await page.click('#earlier summary');
      await page.waitForSelector('#conversations button');
      await look(page, `${name}-chat`);
      await view(page, 'processes');
      await page.locator('[aria-label="Log process 1"]').click();
      await page.waitForSelector('#log .bar.thin');
      await look(page, `${name}-processes`);
      await view(page, 'memory');
      await page.type('#query', 'kettle');
      await page.keyboard.press('Enter');
      await page.locator('#hits button').click();
      await page.waitForSelector('#page pre');
      await look(page, `${name}-memory`);
      await page.browserContext().close();
    });
  }
}

await step('two browsers on one process agree', async () => {
  const one = await open(1280, 900, 'light');
  await send(one, 'Please keep the plumber.');
  await one.waitForSelector('.approval');
  const other = await open(1280, 900, 'light');
  await view(other, 'processes');
  await other.locator('button[aria-label^="Open process"]').click();
  await shows(other, '.approval pre', 'The plumber');
  await press(other, 'Approve this once');
  for (const page of [one, other]) {
    await shows(page, '.turn.assistant .text', 'Seen by both.');
    check(!(await page.$('.approval')), 'an approval that was given is still shown');
    const steps = await page.$$eval('.turn.assistant:last-child details', (folds) => folds.length);
    check(steps === 2, `${steps} steps are shown, not 2`);
  }
  await one.browserContext().close();
  await other.browserContext().close();
});

// Spawns a process and waits for its end.
async function run(prompt, after) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const path = `${address}/api/v1/processes`;
  const begun = await fetch(path, { method: 'POST', headers, body: JSON.stringify({ prompt, after }) });
  const { pid, error } = await begun.json();
  if (error) throw new Error(error.message);
  await (await fetch(`${path}/${pid}/events`, { headers })).text();
  return pid;
}

// Copies of three processes, as turns after the second of them and as conversations like the third.
const COPIES = `
import json, sqlite3, sys
path, second, third, turns, others = sys.argv[1], *map(int, sys.argv[2:])
db = sqlite3.connect(path)
columns = "program, model, state, exit, created_ms, updated_ms, spent_ms"
of_step = "n, action, usage, decide_ms, outcome, ok, label, act_ms"
read = lambda what, table, pid: db.execute(f"SELECT {what} FROM {table} WHERE pid=?", [pid]).fetchone()
write = lambda what, table, row: db.execute(f"INSERT INTO {table} (pid, {what}) VALUES ({','.join('?' * len(row))})", row)
def copy(of, pid, topic, after):
    program, *rest = read(columns, "process", of)
    program = json.dumps({**json.loads(program), "topic": topic, "after": after})
    write(columns, "process", [pid, program, *rest])
    write(of_step, "step", [pid, *read(of_step, "step", of)])
head, last = second, third
for turn in range(3, turns + 1):
    last += 1
    copy(second, last, f"Turn {turn}: what now?", head)
    head = last
for other in range(others):
    last += 1
    copy(third, last, f"Conversation {other + 1}: what now?", 0)
db.commit()
print(head)
`;

if (isLarge) {
  let head = 0;
  await step(`${TURNS} turns and ${CONVERSATIONS} conversations are made`, async () => {
    const second = await run('Turn 2: what now?', await run('Turn 1: what now?', 0));
    const third = await run('Conversation 0: what now?', 0);
    await running.stop();
    const journal = join(root, 'state', 'journal.db');
    const numbers = [second, third, TURNS, CONVERSATIONS].map(String);
    const made = spawnSync('python3', ['-c', COPIES, journal, ...numbers], { encoding: 'utf8' });
    check(made.status === 0, `python3: ${made.error || made.stderr}`);
    head = Number(made.stdout);
    ({ address, token } = await machine(options));
  });
  const page = await open(1280, 900, 'light');
  // In the page, from the click until what is in sight is laid out: the middle of five.
  const measured = async (does) => {
    const times = [];
    for (let n = 0; n < 5; n += 1) times.push(await page.evaluate(does, head, TURNS, CONVERSATIONS));
    return times.sort((a, b) => a - b)[2];
  };
  await step(`a conversation of ${TURNS} turns opens in under ${OPEN_MS_MAX} ms`, async () => {
    const ms = await measured(async (head, turns) => {
      const begun = performance.now();
      await takeUp(head);
      document.body.getBoundingClientRect();
      const ms = performance.now() - begun;
      const shown = document.querySelectorAll('.turn.user').length;
      if (shown !== turns) throw new Error(`${shown} turns are shown`);
      return ms;
    });
    check(ms < OPEN_MS_MAX, `${Math.round(ms)} ms`);
    await look(page, 'long');
    return `${Math.round(ms)} ms`;
  });
  await step(`${CONVERSATIONS} conversations are listed in under ${LIST_MS_MAX} ms`, async () => {
    const ms = await measured(async (head, turns, least) => {
      document.querySelector('#earlier').open = true;
      const begun = performance.now();
      await conversations();
      document.body.getBoundingClientRect();
      const ms = performance.now() - begun;
      const isIn = () => document.querySelectorAll('#conversations li').length >= least;
      while (!isIn() && performance.now() - begun < 10_000) await pause(10);
      if (!isIn()) throw new Error('some are missing');
      return ms;
    });
    check(ms < LIST_MS_MAX, `${Math.round(ms)} ms`);
    return `${Math.round(ms)} ms`;
  });
}

await step('nothing is on the console, and nobody else was asked', () => {
  check(!errors.length, errors.join('; '));
  check(!outside.size, [...outside].join(', '));
});

if (closed) await new Promise(() => {}); // the signal's handler ends it
await close();
console.log(failed ? `${failed} failed` : `all as it should be; screenshots are in ${out}`);
process.exit(failed ? 1 : 0);
