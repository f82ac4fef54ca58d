#!/bin/sh
# Which days a repeating event has: recurring-ical-events, python-dateutil, ical.js, node-ical and rrule.
#
# Guess:   the rules of a series are an old standard, and each library gives the days that a calendar shows. "Until the
#          5th" has the 5th, a day that a month does not have is skipped, and an exception in UTC takes away its day.
# Reality: of nine plain series no two libraries agree about all. "On the 31st of each month" is in node-ical the 31st
#          of January, the 28th of February and then the 28th of each month; the 29th of February of each year is the
#          1st of March in ical.js and the 28th of February in node-ical; the standard skips both. node-ical leaves out
#          the day that RDATE adds. rrule leaves out the last day where an end is in UTC, as the standard asks of a
#          series in a time zone, keeps a day that was taken out in UTC, and has no day of a series of whole days.
#          "Until the 5th" as a date after a start with a time (which the standard forbids) has the 5th in node-ical,
#          no 5th in three, and is an error in dateutil. Three Mondays that start on a Tuesday (which it leaves open)
#          are four days in recurring-ical-events and three in the others, without the Tuesday. A meeting that was
#          called off is among the days of the two that expand whole calendars: only its STATUS says so.
# Seen with recurring-ical-events 3.8.2, icalendar 7.3.2, python-dateutil 2.9.0.post0, ical.js 2.2.1, node-ical 0.26.1,
# rrule 2.8.1: the rows printed below.
# So:      a model that asks "am I free on the 31st" gets another answer by the library under its calendar tool. Write
#          an end in UTC, a start that fits its own rule, and BYMONTHDAY=-1 for the end of a month; drop what has
#          STATUS:CANCELLED yourself, and test a calendar tool with these nine.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check recurring-ical-events==3.8.2 icalendar==7.3.2 python-dateutil==2.9.0.post0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts ical.js@2.2.1 node-ical@0.26.1 rrule@2.8.1
cat >days.mjs <<'JS'
import fs from "fs";
import ICAL from "ical.js";
import ical from "node-ical";
import rrule from "rrule";

const YEARS = { from: new Date("2024-01-01"), to: new Date("2034-01-01") };
// The day in Berlin, where the series are; a whole day comes as midnight, of here or of UTC.
const day = (date) => new Intl.DateTimeFormat("sv", { timeZone: "Europe/Berlin" }).format(date);

function byIcalJs(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  calendar.getAllSubcomponents("vtimezone").forEach((zone) => ICAL.TimezoneService.register(zone));
  const days = new ICAL.Event(calendar.getFirstSubcomponent("vevent")).iterator();
  const found = [];
  for (let next = days.next(); next && found.length < 9; next = days.next()) found.push(next.toString().slice(0, 10));
  return found;
}

function byNodeIcal(text) {
  const event = Object.values(ical.sync.parseICS(text)).find((one) => one.type === "VEVENT");
  return ical.expandRecurringEvent(event, YEARS).map((one) => day(one.start));
}

const found = (how) => {
  try {
    return how().map((date) => date.replace("2026-", "")).join(" ");
  } catch (error) {
    return "an error";
  }
};
console.log(JSON.stringify(JSON.parse(fs.readFileSync(0)).map(([lines, text]) => [
  found(() => byIcalJs(text)),
  found(() => byNodeIcal(text)),
  found(() => rrule.rrulestr(lines.join("\n")).all((_, count) => count < 9).map(day)),
])));
JS
cat >check.py <<'PY'
import json, subprocess, sys, zoneinfo
import icalendar, recurring_ical_events
from dateutil.rrule import rrulestr

BERLIN = ";TZID=Europe/Berlin:"
MONDAY = f"DTSTART{BERLIN}20260302T090000"
CANCELLED = f"BEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\nRECURRENCE-ID{BERLIN}20260303T090000\nDTSTART{BERLIN}20260303T090000\nSTATUS:CANCELLED\nSUMMARY:press\nEND:VEVENT\n"
ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""
NAMES = ("recurring-ical-events", "dateutil", "ical.js", "node-ical", "rrule")
TWO_TO_FIVE, TO_FOUR = "03-02 03-03 03-04 03-05", "03-02 03-03 03-04"
# What is meant -> lines of the event, and the days in each library; what follows the event is read by calendars alone.
SERIES = {
    "daily until the 5th": ([MONDAY, "RRULE:FREQ=DAILY;UNTIL=20260305"], TO_FOUR, "an error", TO_FOUR, TWO_TO_FIVE, TO_FOUR),
    "until 09:00 of the 5th, in UTC": (
        [MONDAY, "RRULE:FREQ=DAILY;UNTIL=20260305T080000Z"], TWO_TO_FIVE, TWO_TO_FIVE, TWO_TO_FIVE, TWO_TO_FIVE, TO_FOUR
    ),
    "whole days until the 5th": (
        ["DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=DAILY;UNTIL=20260305"],
        *[TWO_TO_FIVE] * 4, "",
    ),
    "four days without the 3rd, in UTC": (
        [MONDAY, "RRULE:FREQ=DAILY;COUNT=4", "EXDATE:20260303T080000Z"],
        "03-02 03-04 03-05", "03-02 03-04 03-05", "03-02 03-04 03-05", "03-02 03-04 03-05", TWO_TO_FIVE,
    ),
    "three Mondays from a Tuesday": (
        [f"DTSTART{BERLIN}20260303T090000", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3"],
        "03-03 03-09 03-16 03-23", "03-09 03-16 03-23", "03-09 03-16 03-23", "03-09 03-16 03-23", "03-09 03-16 03-23",
    ),
    "the 31st of each month": (
        [f"DTSTART{BERLIN}20260131T090000", "RRULE:FREQ=MONTHLY;COUNT=4"],
        *["01-31 03-31 05-31 07-31"] * 3, "01-31 02-28 03-28 04-28", "01-31 03-31 05-31 07-31",
    ),
    "each 29th of February": (
        [f"DTSTART{BERLIN}20240229T090000", "RRULE:FREQ=YEARLY;COUNT=3"],
        *["2024-02-29 2028-02-29 2032-02-29"] * 2, "2024-02-29 2025-03-01 03-01", "2024-02-29 2025-02-28 02-28",
        "2024-02-29 2028-02-29 2032-02-29",
    ),
    "two Mondays and a Thursday": (
        [MONDAY, "RRULE:FREQ=WEEKLY;COUNT=2", f"RDATE{BERLIN}20260305T140000"],
        "03-02 03-05 03-09", "an error", "03-02 03-05 03-09", "03-02 03-09", "03-02 03-05 03-09",
    ),
    "three days, the 3rd called off": ([MONDAY, "RRULE:FREQ=DAILY;COUNT=3"], *[TO_FOUR] * 5),
}

def calendar(name, lines):
    after = CANCELLED if "called off" in name else ""
    event = "\n".join(["BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", "SUMMARY:press", *lines, "END:VEVENT\n"])
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:finding\n{ZONE}{event}{after}END:VCALENDAR\n".replace("\n", "\r\n")

def in_python(lines, text):
    events = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between((2024, 1, 1), (2034, 1, 1))
    by_events = sorted(f"{event['DTSTART'].dt:%Y-%m-%d}" for event in events)
    try:
        by_dateutil = [f"{day:%Y-%m-%d}" for day in rrulestr("\n".join(lines), tzids=zoneinfo.ZoneInfo)]
    except ValueError:
        by_dateutil = ["an error"]
    return [" ".join(days).replace("2026-", "") for days in (by_events, by_dateutil)]

cases = [(lines, calendar(name, lines)) for name, (lines, *_) in SERIES.items()]
in_javascript = json.loads(subprocess.run(["node", "days.mjs"], input=json.dumps(cases), capture_output=True, text=True, check=True).stdout)
changed = []
for (name, (lines, *expected)), case, javascript in zip(SERIES.items(), cases, in_javascript):
    print(f" {name}")
    for library, days, seen in zip(NAMES, expected, in_python(*case) + javascript):
        print(f"  {library:23}{seen or 'none'}")
        if seen != days:
            changed.append(f"{name}, {library}: was {days!r}, is {seen!r}")
if changed:
    sys.exit("CHANGED: " + "\n         ".join(changed))
print("as found")
PY
TZ=UTC venv/bin/python -W ignore check.py
