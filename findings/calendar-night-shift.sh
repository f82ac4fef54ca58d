#!/bin/sh
# A night shift of eight hours in a calendar file, on the night on which the clocks are set forward.
#
# Guess:   DTSTART 22:00 in Berlin with DURATION:PT8H ends at 07:00 summer time, eight hours later, and the length
#          that a library tells fits to the end that it tells. RFC 5545 says so: hours are exact, only days follow the
#          clock. About a rule for Fridays that begins on a Wednesday there was no guess: it turned up among the cases
#          tried.
# Reality: three libraries end the shift at 06:00: seven hours after its start in spring, nine in autumn, and still
#          say that it lasts PT8H. PT24H is 23 hours. They count on the clock on the wall, in Python because datetime
#          does so within one zone. The same shift written with DTEND ends right in all three; icalendar and ics then
#          say that it lasts nine hours, the difference of the clocks, and ical.js says eight.
#          "Fridays, COUNT=2" from a Wednesday is two events in ical.js and three in recurring-ical-events, which adds
#          DTSTART; the standard leaves that open.
# Seen with icalendar 7.3.2, ics 0.7.3, recurring-ical-events 3.8.2, tzdata 2026.6, ical.js 2.2.1: the rows printed
#          below.
# So:      an agent that answers "when does my shift end" or adds up hours worked is off by one twice a year, and two
#          tools that read one file disagree about what it holds. Compute ends in UTC: start.astimezone(UTC) +
#          duration. Write DTEND instead of DURATION, and let DTSTART be the first event of its rule.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check \
    icalendar==7.3.2 ics==0.7.3 recurring-ical-events==3.8.2 tzdata==2026.6
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts ical.js@2.2.1
cat >read.mjs <<'JS'
import ICAL from "ical.js";

const told = JSON.parse(process.argv[2]).map((text) => {
  const calendar = new ICAL.Component(ICAL.parse(text));
  ICAL.TimezoneService.register(new ICAL.Timezone(calendar.getFirstSubcomponent("vtimezone")));
  const event = new ICAL.Event(calendar.getFirstSubcomponent("vevent"));
  const hours = (event.endDate.toJSDate() - event.startDate.toJSDate()) / 3_600_000;
  let count = 1;
  if (event.isRecurring()) {
    const days = event.iterator();
    for (count = 0; days.next(); ) count += 1;
  }
  return { end: event.endDate.toString().slice(11, 16), hours, lasts: event.duration.toSeconds() / 3600, count };
});
console.log(JSON.stringify(told));
JS
cat >check.py <<'PY'
import datetime, json, subprocess, sys
import icalendar, ics, recurring_ical_events

ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
"""
BERLIN = "TZID=Europe/Berlin"
# Name -> an event, and what icalendar, ics and ical.js tell: its end, the hours up to then, and how long it lasts.
EVENTS = {
    "PT8H, spring": (f"DTSTART;{BERLIN}:20250329T220000\nDURATION:PT8H", "06:00 7 8", "06:00 7 8", "06:00 7 8"),
    "PT8H, autumn": (f"DTSTART;{BERLIN}:20251025T220000\nDURATION:PT8H", "06:00 9 8", "06:00 9 8", "06:00 9 8"),
    "PT24H, spring": (f"DTSTART;{BERLIN}:20250329T220000\nDURATION:PT24H", "22:00 23 24", "22:00 23 24", "22:00 23 24"),
    "DTEND, spring": (f"DTSTART;{BERLIN}:20250329T220000\nDTEND;{BERLIN}:20250330T070000",
                      "07:00 8 9", "07:00 8 9", "07:00 8 8"),
    "PT8H, in UTC": ("DTSTART:20250329T210000Z\nDURATION:PT8H", "05:00 8 8", "05:00 8 8", "05:00 8 8"),
}
RULE = f"DTSTART;{BERLIN}:20250101T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=2"
UTC = datetime.timezone.utc

def calendar(event):
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:check\n{ZONE}BEGIN:VEVENT\nUID:1\nDTSTAMP:20250101T000000Z\n{event}\n"
    return (text + "END:VEVENT\nEND:VCALENDAR\n").replace("\n", "\r\n")

def told(start, end, lasts):
    hours = (end.astimezone(UTC) - start.astimezone(UTC)) / datetime.timedelta(hours=1)
    return f"{end:%H:%M} {hours:g} {lasts / datetime.timedelta(hours=1):g}"

def by_icalendar(text):
    event = icalendar.Calendar.from_ical(text).walk("VEVENT")[0]
    return told(event.start, event.end, event.duration)

def by_ics(text):
    [event] = ics.Calendar(text).events
    return told(event.begin.datetime, event.end.datetime, event.duration)

texts = {name: calendar(event) for name, (event, *_) in EVENTS.items()}
everything = [*texts.values(), calendar(RULE)]
command = ["node", "read.mjs", json.dumps(everything)]
script = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
seen = {}
for (name, text), by_script in zip(texts.items(), script):
    by_script = f"{by_script['end']} {by_script['hours']:g} {by_script['lasts']:g}"
    seen[name] = (by_icalendar(text), by_ics(text), by_script)
days = recurring_ical_events.of(icalendar.Calendar.from_ical(everything[-1])).between((2025, 1, 1), (2025, 12, 31))
counts = (len(days), script[-1]["count"])
print(f"  {'end, hours, lasts':20}{'icalendar':14}{'ics':14}ical.js")
for name, (python, other, by_script) in seen.items():
    print(f"  {name:20}{python:14}{other:14}{by_script}")
print(f"  Fridays, COUNT=2, from a Wednesday: {counts[0]} events in recurring-ical-events, {counts[1]} in ical.js")
changed = [name for name, (_, *expected) in EVENTS.items() if seen[name] != tuple(expected)]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {EVENTS[changed[0]][1:]}, is {seen[changed[0]]}")
if counts != (3, 2):
    sys.exit(f"CHANGED: events of the rule: was (3, 2), is {counts}")
print("as found")
PY
venv/bin/python check.py
