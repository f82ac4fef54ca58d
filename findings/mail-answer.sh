#!/bin/sh
# Which text of a mail is its answer? Five readers that cut off what was quoted and the signature.
#
# Guess:   for an ordinary English mail the five agree. What the writer typed stays whole: lists, a minus, a rule
#          between two parts; answers between quoted questions are kept, with the questions or without.
# Reality: they agree about none of the thirteen mails below. email-reply-parser of PyPI takes a line that begins with
#          -5, or with two dashes and words, for a signature, and with it all that follows: of a bill "-5 for the lamp"
#          and "Please pay 485" are gone, of "Pay 50 now. -- but not before Friday." the condition. A rule between two
#          parts ends the mail there and in its npm twin, so step 3 is gone. Both drop the questions, keep "No. Yes.", and
#          drop "> 5 people", a line of the writer's own. quotequail drops an answer that stands below its question.
#          "From: Hamburg, To: Berlin" ends the mail in three. A line "On ... wrote:" of the writer's own ends it in
#          four; the npm twin alone reads on. A forwarded invoice is kept whole in two, and cut off in three.
# Seen with quotequail 0.5.4, mail-parser-reply 1.36, email-reply-parser 0.5.12 (PyPI), email-reply-parser 2.3.9 and
#          planer 1.2.0 (npm): the rows printed below. + is a part of the mail that is there, - one that is not.
# So:      what an assistant reads is a mail that makes sense and says something else. Cut off only what is found word
#          for word in the mail before it, or show the model the whole text with its quotes marked. Keep as tests a
#          negative amount at the start of a line, a rule between two parts, and answers between the questions.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check \
    quotequail==0.5.4 mail-parser-reply==1.36 email-reply-parser==0.5.12
echo '{"name": "mails", "version": "1.0.0", "private": true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts email-reply-parser@2.3.9 planer@1.2.0
cat >read.mjs <<'JS'
import parser from "email-reply-parser";
import planer from "planer";

const Parser = parser.default ?? parser;
const read = (mail) => [new Parser().read(mail).getVisibleText(), planer.extractFrom(mail, "text/plain")];
console.log(JSON.stringify(JSON.parse(process.argv[2]).map(read)));
JS
cat >check.py <<'PY'
import json, subprocess, sys

import mailparser_reply, quotequail
from email_reply_parser import EmailReplyParser

HEAD = "On Mon, May 4, 2026 at 9:00 AM Anna Berg <anna@example.org> wrote:\n"
# What the mail is about -> its text, parts of it to look for, and which of them each reader keeps.
MAILS = {
    "a bill": (
        "The bill:\n\n490 for the chairs\n\n-5 for the lamp\n\nPlease pay 485.\n",
        ("490", "-5", "pay 485"), "+++ +++ +-- +++ +++"),
    "a condition": (
        "Pay 50 now.\n\n-- but not before Friday.\n",
        ("Pay 50", "not before Friday"), "++ ++ +- ++ ++"),
    "steps with a rule": (
        "1. Stop the pump.\n2. Wait.\n\n---\n\n3. Open the valve.\n",
        ("1.", "3."), "++ ++ +- +- ++"),
    "two parts": (
        "Part one: pay 50.\n________________________________\nPart two: pay 20.\n",
        ("pay 50", "pay 20"), "+- ++ +- +- ++"),
    "more than five": (
        "Order the big one if\n> 5 people come.\n\n" + HEAD + "> Which one?\n",
        ("the big one", "5 people", "Which one"), "++- ++- +-- +-- ++-"),
    "answers between": (
        "> Delete the drafts?\n\nNo.\n\n> And the copies?\n\nYes.\n",
        ("drafts", "No.", "copies", "Yes."), "++++ ++++ -+-+ -+-+ ++++"),
    "the same under a head": (
        HEAD + "> Delete the drafts?\n\nNo.\n\n> And the copies?\n\nYes.\n",
        ("drafts", "No.", "copies", "Yes."), "---- ++++ -+-+ -+-+ ++++"),
    "see my answers": (
        "See my answers.\n\n" + HEAD + "> Delete the drafts?\n\nNo.\n\n> And the copies?\n\nYes.\n",
        ("See my", "drafts", "No.", "copies", "Yes."), "+---- +---- +-+-+ +-+-+ +++++"),
    "below the question": (
        HEAD + "> Shall we order?\n\nNo, wait until June.\n",
        ("Shall we", "wait until June"), "-- ++ -+ -+ -+"),
    "a train": (
        "Please book a train.\n\nFrom: Hamburg\nTo: Berlin\nDate: 5 May 2026\nSubject: none\n\nTwo seats, please.\n",
        ("a train", "Hamburg", "Two seats"), "+++ +-- +-- +++ +--"),
    "as Anna wrote": (
        "I agree on all points\nOn the price I do not, as Anna wrote:\nit is too high.\n",
        ("I agree", "I do not", "too high"), "++- +-- +-- +++ +--"),
    "a forwarded invoice": (
        "Please pay this.\n\n---------- Forwarded message ---------\nFrom: Shop <shop@example.org>\n"
        "Date: Mon, May 4, 2026\nSubject: Invoice\nTo: Tom\n\nInvoice 17: 250 euros.\n",
        ("pay this", "250 euros"), "+- +- +- ++ ++"),
    "a name and its quote": (
        "Yes.\n\nAnna Berg wrote:\n> Shall we order?\n",
        ("Yes.", "Anna Berg wrote", "Shall we"), "+++ +++ ++- ++- +++"),
}
READERS = {
    "quotequail": lambda mail: "".join(part for typed, part in quotequail.quote(mail) if typed),
    "mail-parser-reply": lambda mail: mailparser_reply.EmailReplyParser(languages=["en"]).parse_reply(text=mail),
    "email-reply-parser": EmailReplyParser.parse_reply,
}
command = ["node", "read.mjs", json.dumps([mail for mail, _, _ in MAILS.values()])]
script = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

print(f"  {'':24}{'looked for':48}" + "  ".join(READERS) + "  the same (npm)  planer")
changed = []
for (name, (mail, parts, then)), by_script in zip(MAILS.items(), script):
    texts = [read(mail) for read in READERS.values()] + by_script
    now = " ".join("".join("+" if part in text else "-" for part in parts) for text in texts)
    print(f"  {name:24}{', '.join(parts):48}" + "".join(f"{row:19}" for row in now.split()))
    if now != then:
        changed.append(f"{name}: was {then}, is {now}")
if changed:
    sys.exit("CHANGED: " + "\n".join(changed))
print("as found")
PY
venv/bin/python check.py
