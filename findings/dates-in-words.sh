#!/bin/sh
# When to remind: a time said in plain English, found by dateparser, parsedatetime and chrono-node.
#
# Guess:   the three find the same moment, or find none; they may differ about the hour of a day that was named alone.
# Reality: of 12 ordinary phrases the three agree about none. At 10:00 dateparser's search makes 15:00 of "in 1.5
#          hours" (it reads 5 hours), now of "tonight at 8", and the 4th of May of "Friday at 5". Its parse() gives
#          Friday for "the day after tomorrow at 9", its search of the same words Thursday, both at 10:00.
#          parsedatetime says Thursday too, 21:00 for "tonight at 8", and the year before for "5 days before March 20".
#          "In half an hour" is in an hour in both of them. chrono is right about half: "in two and a half hours" is in
#          half an hour, "in a quarter of an hour" is in three months or in an hour, "Friday at 5" is at five in the
#          morning, and the first Monday in April is the next Monday and the 1st of April.
# Seen with dateparser 1.5.0, parsedatetime 2.6, chrono-node 2.10.3: the rows printed below.
# So:      no library of this kind says that it has left words over. Compare what was matched with what was said: where
#          a number or "half" is left out, ask. Let the model write an ISO date or a count of minutes, compute in code,
#          and read the date back to the user before it is kept.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check dateparser==1.5.0 parsedatetime==2.6
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts chrono-node@2.10.3
cat >find.mjs <<'JS'
import * as chrono from "chrono-node";
import fs from "fs";

const now = new Date(2026, 2, 4, 10, 0);
const iso = (date) => date.toISOString().slice(0, 16);
const found = (words) => chrono.parse(words, now, { forwardDate: true }).map((one) => iso(one.start.date()));
console.log(JSON.stringify(JSON.parse(fs.readFileSync(0)).map(found)));
JS
cat >check.py <<'PY'
import datetime, json, subprocess, sys
import dateparser, parsedatetime
from dateparser.search import search_dates

NOW = datetime.datetime(2026, 3, 4, 10, 0)  # A Wednesday.
SETTINGS = {"languages": ["en"], "settings": {"RELATIVE_BASE": NOW, "PREFER_DATES_FROM": "future"}}

# What was said -> what was meant, and found: dateparser's parse, its search, parsedatetime, chrono.
SAID = {
    "in 1.5 hours": ("04 11:30", "04 11:30", "04 15:00", "04 11:30", "04 11:30"),
    "in 1,5 hours": ("04 11:30", "04 11:30", "04 11:30", "04 15:00", "04 15:00"),
    "in half an hour": ("04 10:30", "-", "04 11:00", "04 11:00", "04 10:30"),
    "in a quarter of an hour": ("04 10:15", "-", "04 11:00", "04 11:00", "06-04 10:00, 04 11:00"),
    "in two and a half hours": ("04 12:30", "-", "2027-02-01 00:00", "-", "04 10:30"),
    "tonight at 8": ("04 20:00", "04 10:00", "04 10:00", "04 21:00", "04 20:00"),
    "the day after tomorrow at 9": ("06 09:00", "06 10:00", "05 10:00", "05 09:00", "06 09:00"),
    "two days after tomorrow": ("07", "05 10:00", "05 10:00", "07 09:00", "07 10:00"),
    "tomorrow at half past 3": ("05 15:30", "-", "05 10:00", "05 09:00", "05 10:00"),
    "Friday at 5": ("06 17:00", "05-04 00:00", "05-04 00:00", "06 10:00", "06 05:00"),
    "5 days before March 20": ("15", "-", "02-27 10:00, 20 00:00", "2025-03-15 10:00", "15 12:00"),
    "first Monday in April": ("04-06", "-", "04-04 00:00", "09 10:00, 04-01 10:00", "09 12:00, 04-01 12:00"),
}

def shown(moments):
    """Each moment, without the year and the month of NOW."""
    texts = [moment.isoformat(" ", "minutes") if isinstance(moment, datetime.datetime) else moment.replace("T", " ") for moment in moments]
    return ", ".join(text.removeprefix("2026-").removeprefix("03-") for text in texts) or "-"

sentences = [f"Remind me {said}" for said in SAID]
chrono = json.loads(subprocess.run(["node", "find.mjs"], input=json.dumps(sentences), capture_output=True, text=True, check=True).stdout)
changed = None
print(f"  {'said on Wednesday 2026-03-04 10:00':36}{'meant':20}{'dateparser.parse':18}{'its search':28}{'parsedatetime':24}chrono")
for (said, expected), sentence, by_chrono in zip(SAID.items(), sentences, chrono):
    alone = dateparser.parse(said, **SETTINGS)
    seen = (
        shown([alone] if alone else []),
        shown(moment for _, moment in search_dates(sentence, **SETTINGS) or []),
        shown(part[0] for part in parsedatetime.Calendar().nlp(sentence, NOW) or []),
        shown(by_chrono),
    )
    print(f"  {said:36}{expected[0]:20}{seen[0]:18}{seen[1]:28}{seen[2]:24}{seen[3]}")
    if seen != expected[1:] and not changed:
        changed = f"{said}: was {expected[1:]}, is {seen}"
if changed:
    sys.exit(f"CHANGED: {changed}")
print("as found")
PY
TZ=UTC venv/bin/python -W ignore check.py
