"""Recounts a file of stays without the program; tests/it/import.rs pins what it prints.

usage: python3 hours.py FILE [INSTANT ...]     instants by RFC 3339
"""
import csv, sys
from datetime import datetime
from zoneinfo import ZoneInfo

def instant(row, column):
    return datetime.fromisoformat(row[column]).replace(tzinfo=ZoneInfo(row["tz"])).timestamp()

with open(sys.argv[1], encoding="utf-8", newline="") as file:
    stays = sorted((row["person_ref"], instant(row, "started_at"), instant(row, "ended_at")) for row in csv.DictReader(file))
print(f"{len(stays)} stays, {sum(end - start for _, start, end in stays):.0f} s")
pairs = [a[0] == b[0] and b[1] < a[2] for a, b in zip(stays, stays[1:])]
while_in = [any(a[0] == b[0] and a[1] < b[1] < a[2] for a in stays) for b in stays]
print(f"{sum(pairs)} stays begin before the same person's last one ends, {sum(while_in)} before any earlier one ends")
for at in sys.argv[2:]:
    t = datetime.fromisoformat(at).timestamp()
    print(at, *sorted(person for person, start, end in stays if start <= t < end))
