#!/bin/sh
# What was said in Chinese, with its numbers made into digits, by three packages.
#
# Guess:   (before running) such a package knows that two digits in a row are a guess, as in 四五片, "four or five
#          tablets", and leaves it or writes a range. What they disagree about is 一百五, which is 150.
# Reality: all three have 150. But four or five tablets are 45 tablets for cn2an and chinese2digits, and one or two
#          (一两片) are 12 for cn2an. A child of twelve or thirteen (十二三岁) is 33 years old for chinese2digits, and 500
#          or 600 yuan (五六百元) are 5600. Five o'clock on Wednesday (周三五点) is Wednesday 35 o'clock for both; wetext,
#          right about the others, makes a range from 3 to 5 of it, and 12-3 of twelve or thirteen. Of minus 5 degrees
#          two make "0 below 5 degrees", and of 万一, "in case", chinese2digits makes 0.0001.
# Seen with cn2an 0.5.24, chinese2digits 6.0.2, wetext 0.1.8: the rows printed below.
# So:      never store an amount, a dose or a time that came out of such a step without the words beside it; show the
#          words to whoever confirms it. Test a reader of spoken numbers with 两三, 十二三, 五六百 and 周三五点, not with
#          long exact numbers, which all three read well.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check cn2an==0.5.24 chinese2digits==6.0.2 wetext==0.1.8
cat >check.py <<'PY'
import sys, warnings

import chinese2digits, cn2an
from wetext import Normalizer

warnings.filterwarnings("ignore")
wetext = Normalizer(lang="zh", operator="itn")
READERS = [cn2an.transform, lambda text: chinese2digits.takeNumberFromString(text)["replacedText"], wetext.normalize]
SAID = {
    "150, colloquial": "一百五",
    "12,345": "一万两千三百四十五",
    "20 %": "百分之二十",
    "4 or 5 tablets": "四五片",
    "1 or 2 tablets": "一两片",
    "3 to 5 people": "三五个人",
    "12 or 13 years": "十二三岁",
    "500 or 600 yuan": "五六百元",
    "20 or 30 ml": "二三十毫升",
    "Wednesday at 5": "周三五点",
    "3:20 p.m.": "下午三点二十",
    "minus 5 degrees": "温度零下五度",
    "in case of rain": "万一下雨",
}
expected = {
    "150, colloquial": "150 | 150 | 150",
    "12,345": "12345 | 12345 | 12345",
    "20 %": "20% | 0.2 | 20%",
    "4 or 5 tablets": "45片 | 45片 | 4~5片",
    "1 or 2 tablets": "12片 | 1两片 | 一两片",
    "3 to 5 people": "35个人 | 35个人 | 3~5个人",
    "12 or 13 years": "十二三岁 | 33岁 | 12-3岁",
    "500 or 600 yuan": "五六百元 | 5600元 | ¥500~600",
    "20 or 30 ml": "二三十毫升 | 230毫升 | 20~30ml",
    "Wednesday at 5": "周35点 | 周35点 | 周3~5点",
    "3:20 p.m.": "下午三点二十 | 下午3.210 | 3:20p.m.",
    "minus 5 degrees": "温度0下5度 | 温度0下5度 | 温度零下五度",
    "in case of rain": "万一下雨 | 0.0001下雨 | 万一下雨",
}
seen = {}
for meaning, text in SAID.items():
    seen[meaning] = " | ".join(read(text) for read in READERS)
    print(f"  {meaning:17}{text}: {seen[meaning]}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
