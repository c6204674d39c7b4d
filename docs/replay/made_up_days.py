#!/usr/bin/env python3
"""Makes up clinic days for `jiaohao replay`. Nothing in them is recorded: no patient, no doctor, no hospital.

    python3 docs/replay/made_up_days.py > docs/replay/made-up-days.csv

What is made up: doctors of different pace; days and sessions on which they are quicker or slower; a slow start; a drift
over the session; consultations of log-normal length with a few that take far longer; a while between two patients;
people who do not come when called; short breaks that nobody announces; some who go for a test and are seen once more;
walk-ins; people who give up. Another --seed makes other days, the other options another clinic.
"""

import argparse
import csv
import math
import random
import sys
from datetime import datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8))
MONDAY = datetime(2026, 11, 16, tzinfo=SHANGHAI)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=2026)
    options.add_argument("--days", type=int, default=5)
    options.add_argument("--doctors", type=int, default=7)
    options.add_argument("--patients", type=int, default=24, help="in a session, about")
    options.add_argument("--mean-s", type=float, default=330, help="of a consultation")
    options.add_argument("--cv", type=float, default=0.6, help="of consultations of one session")
    options.add_argument("--doctor-sd", type=float, default=0.25, help="between doctors, of the logarithm")
    options.add_argument("--session-sd", type=float, default=0.12, help="between sessions of one doctor")
    options.add_argument("--drift-sd", type=float, default=0.2, help="from the begin of a session to its end")
    options.add_argument("--break-p", type=float, default=0.02, help="of a break before a call")
    options.add_argument("--long-p", type=float, default=0.04, help="of a consultation that takes far longer")
    options.add_argument("--no-arrivals", action="store_true", help="nobody has written down who came when")
    options.add_argument("--no-names", action="store_true", help="sessions have numbers, times have no date")
    made_up = options.parse_args()
    chance = random.Random(made_up.seed)
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["session", "ticket", "arrived_at", "called_at", "service_s", "note"])
    doctors = [math.exp(max(-2, min(2, chance.gauss(0, 1))) * made_up.doctor_sd) for _ in range(made_up.doctors)]
    number = 0
    for day in range(made_up.days):
        for period, hour in (("morning", 8), ("afternoon", 14)):
            for doctor, pace in enumerate(doctors):
                number += 1
                begin = MONDAY + timedelta(days=day, hours=hour, minutes=chance.uniform(0, 12))
                name = f"{begin:%Y-%m-%d}-doctor{doctor + 1}-{period}"
                rows = session(chance, made_up, pace * made_up.mean_s, begin)
                for ticket, arrived, called, service_s in rows:
                    table.writerow([
                        f"s{number:03}" if made_up.no_names else name, ticket,
                        "" if made_up.no_arrivals else clock(made_up, arrived),
                        clock(made_up, called) if called else "", round(service_s) if called else "", "made up",
                    ])


def clock(made_up, at):
    return at.strftime("%H:%M:%S") if made_up.no_names else at.isoformat(timespec="seconds")


def session(chance, made_up, mean_s, begin):
    """One session's rows in order of the calls: ticket, arrived, called, service time."""
    mean_s *= math.exp(chance.gauss(0, made_up.session_sd))
    drift = chance.gauss(0, made_up.drift_sd)
    sigma = math.sqrt(math.log(1 + made_up.cv**2))
    count = max(4, round(chance.gauss(made_up.patients, made_up.patients / 5)))
    booked_s = mean_s * 0.95
    # Most come before their time, some much too early, some late; a few are walk-ins.
    waiting = []
    for n in range(count):
        early_s = chance.gauss(1500, 900) if chance.random() < 0.85 else chance.gauss(-300, 600)
        waiting.append((f"A{n + 1:03}", begin + timedelta(seconds=n * booked_s - early_s), n))
    for n in range(round(count * chance.uniform(0, 0.2))):
        waiting.append((f"W{n + 1:02}", begin + timedelta(seconds=chance.uniform(-1800, count * booked_s * 0.8)), count))
    absent = chance.uniform(0, 0.12)
    now, done, called_last, rows = begin, 0, [], []
    returns = []
    while waiting or returns:
        due = [back for back in returns if back[1] <= now]
        here = [patient for patient in waiting if patient[1] <= now]
        if due and (done % 3 == 2 or not here):
            patient = due[0]
            returns.remove(patient)
            again = True
        elif here:
            patient = min(here, key=lambda patient: (patient[2], patient[1]))
            waiting.remove(patient)
            again = False
        else:
            now = min([patient[1] for patient in waiting] + [back[1] for back in returns])
            continue
        if chance.random() < made_up.break_p:
            now += timedelta(seconds=chance.uniform(300, 1500))
        progress = done / count
        service_s = mean_s * math.exp(chance.gauss(0, sigma) - sigma**2 / 2 + drift * (progress - 0.5))
        if done < 2:
            service_s *= chance.uniform(1, 1.5)
        if chance.random() < made_up.long_p:
            service_s *= chance.uniform(2, 5)
        if again:
            service_s *= 0.5
        elif chance.random() < absent:
            service_s = chance.uniform(60, 150)
        elif chance.random() < 0.06:
            back = now + timedelta(seconds=service_s + chance.uniform(1800, 4500))
            returns.append((patient[0] + "r", back, -1))
        rows.append((patient[0], min(patient[1], now), now, service_s))
        now += timedelta(seconds=service_s + chance.uniform(8, 45))
        done += 1
    for n in range(chance.randint(0, 2)):
        rows.append((f"G{n + 1}", begin + timedelta(seconds=chance.uniform(0, 3600)), None, 0))
    return rows


if __name__ == "__main__":
    main()
