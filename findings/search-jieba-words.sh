#!/bin/sh
# One sentence cut into Chinese words by three jieba: Python's, Rust's for Python (rjieba), Rust's for Node (@node-rs/jieba).
#
# Guess:   one algorithm and one dictionary, ported twice: the words are the same. Names and versions in Latin letters may
#          be one word or several, but alike.
# Reality: the Chinese words are the same; what stands between them is not. rjieba keeps GPT-4o, v1.2.3, llama.cpp,
#          USB-C, snake_case and 1e-5 as one word, and jieba cuts each into three. @node-rs/jieba, which is Rust too, cuts
#          GPT-4o into "GPT-4" and "o", keeps 1e-5, and cuts the others as Python does. Zürich is three words in each.
#          In search mode rjieba adds the parts, but only those of two letters or more and no signs: of v1.2.3 "v1".
#          So where rjieba cut the page and Python's the question, or the reverse, each of these names is missed by a
#          search for all words of the question; between rjieba and Node all but 1e-5 are, and GPT-4o by every two.
# Seen with jieba 0.42.1, rjieba 0.2.2, @node-rs/jieba 2.0.3: the rows printed below.
# So:      an index made in Python and asked by a program in Rust or Node finds Chinese and misses the names of models,
#          files and versions, which a test with a Chinese sentence does not show. Cut at Latin letters with a rule of your
#          own before jieba sees a text, keep the version of the cutter in the index, and test with GPT-4o and v1.2.3.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check jieba==0.42.1 rjieba==0.2.2
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @node-rs/jieba@2.0.3
cat >cut.mjs <<'JS'
import { readFileSync } from "node:fs";
import { Jieba } from "@node-rs/jieba";
import { dict } from "@node-rs/jieba/dict.js";

const jieba = Jieba.withDict(dict);
const texts = JSON.parse(readFileSync("texts.json", "utf8"));
console.log(JSON.stringify(texts.map((text) => [jieba.cut(text, true), jieba.cutForSearch(text, true)])));
JS
cat >check.py <<'PY'
import json, subprocess, sys, warnings
warnings.simplefilter("ignore")
import jieba, rjieba

# A page, and what is asked for in it.
PAGES = {
    "小明毕业于中国科学院计算所": "科学院", "价格增长了3.5%": "3.5%", "GPT-4o比C++快": "GPT-4o", "安装v1.2.3版本": "v1.2.3",
    "下载llama.cpp": "llama.cpp", "USB-C接口": "USB-C", "误差是1e-5": "1e-5", "snake_case变量": "snake_case",
    "Zürich的天气": "Zürich",
}
jieba.setLogLevel(60)
texts = [*PAGES, *PAGES.values()]
with open("texts.json", "w") as file:
    json.dump(texts, file)
node = dict(zip(texts, json.loads(subprocess.check_output(["node", "cut.mjs"]))))
WAYS = {
    "jieba": (jieba.lcut, jieba.lcut_for_search),
    "rjieba": (rjieba.cut, rjieba.cut_for_search),
    "node": (lambda text: node[text][0], lambda text: node[text][1]),
}

def missed(page, question):
    """Who cut the page and who the question, in search mode, where not all words of the question are words of the page."""
    for first, (_, cut_page) in WAYS.items():
        for second, (_, cut_question) in WAYS.items():
            if not set(cut_question(question)) <= set(cut_page(page)):
                yield f"{first}<{second}"

seen = {}
for page, question in PAGES.items():
    words = " ; ".join("|".join(cut(page)) for cut, _ in WAYS.values())
    seen[page] = words, f"{question} is missed by {' '.join(missed(page, question)) or 'none'}"
expected = {
    "小明毕业于中国科学院计算所": (" ; ".join(["小明|毕业|于|中国科学院|计算所"] * 3), "科学院 is missed by none"),
    "价格增长了3.5%": (" ; ".join(["价格|增长|了|3.5%"] * 3), "3.5% is missed by none"),
    "GPT-4o比C++快": (
        "GPT|-|4o|比|C++|快 ; GPT-4o|比|C++|快 ; GPT-4|o|比|C++|快",
        "GPT-4o is missed by jieba<rjieba jieba<node rjieba<jieba rjieba<node node<jieba node<rjieba",
    ),
    "安装v1.2.3版本": (
        "安装|v1.2|.|3|版本 ; 安装|v1.2.3|版本 ; 安装|v1.2|.|3|版本",
        "v1.2.3 is missed by jieba<rjieba rjieba<jieba rjieba<node node<rjieba",
    ),
    "下载llama.cpp": (
        "下载|llama|.|cpp ; 下载|llama.cpp ; 下载|llama|.|cpp",
        "llama.cpp is missed by jieba<rjieba rjieba<jieba rjieba<node node<rjieba",
    ),
    "USB-C接口": (
        "USB|-|C|接口 ; USB-C|接口 ; USB|-|C|接口",
        "USB-C is missed by jieba<rjieba rjieba<jieba rjieba<node node<rjieba",
    ),
    "误差是1e-5": (
        "误差|是|1e|-|5 ; 误差|是|1e-5 ; 误差|是|1e-5",
        "1e-5 is missed by jieba<rjieba jieba<node rjieba<jieba node<jieba node<rjieba",
    ),
    "snake_case变量": (
        "snake|_|case|变量 ; snake_case|变量 ; snake|_|case|变量",
        "snake_case is missed by jieba<rjieba rjieba<jieba rjieba<node node<rjieba",
    ),
    "Zürich的天气": (" ; ".join(["Z|ü|rich|的|天气"] * 3), "Zürich is missed by none"),
}
print("  page: words by jieba ; rjieba ; @node-rs/jieba")
print("    what is asked for, missed by: who cut the page < who cut the question, both for search")
for page, (words, by) in seen.items():
    print(f"  {page}: {words}\n    {by}")
changed = [page for page in expected if seen[page] != expected[page]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]}, is {seen[changed[0]]}")
print("as found")
PY
venv/bin/python check.py
