"""Judges a history, offline: python -m tests.chaos.checker FILE

Every scenario has a function here that returns what was promised and not kept, in words.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos.history import Event, of, percentile, read

ANSWER_WITHIN = 0.5
CATCH_UP_WITHIN = 30.0
LATE_HEALTHY, LATE_RESTARTED = 2.0, 10.0


def captures(events: list[Event]) -> list[str]:
    """0 lost, 0 doubled; a database that is away is a 503 that says when to come back."""
    answered = {event["key"]: event["lead"] for event in of(events, "captured")}
    rows = list(of(events, "capture_row"))
    stored = Counter(row["key"] for row in rows)
    lead_of = {row["key"]: row["lead"] for row in rows}
    leads = Counter(row["email"] for row in of(events, "lead_row"))
    owners = {row["lead"]: row["owners"] for row in of(events, "lead_row")}
    wrong = [f"{key} was never answered" for key in _sent(events) - answered.keys()]
    wrong += [f"{key} is lost" for key in answered if not stored[key]]
    wrong += [f"{key} is kept {n} times" for key, n in stored.items() if n > 1]
    wrong += [f"{email} became {n} leads" for email, n in leads.items() if n > 1]
    wrong += [
        f"{key} was answered {lead} but is {lead_of[key]}"
        for key, lead in answered.items()
        if key in lead_of and lead_of[key] != lead
    ]
    wrong += [f"{lead} has {n} owners" for lead, n in owners.items() if n != 1]
    wrong += [
        f"{event['status']} without Retry-After"
        for event in of(events, "refused")
        if event["status"] != 503 or not event["retry_after"]
    ]
    return wrong


def _sent(events: list[Event]) -> set[str]:
    return {event["key"] for event in of(events, "sent")}


def copies(events: list[Event]) -> list[str]:
    """Every lead went to every recipient: nothing lost, nothing doubled once ids are compared."""
    rows = {row["id"]: row for row in of(events, "copy_row")}
    had = {(event["id"], event["by"]) for event in of(events, "received")}
    meant = {(row["id"], row["recipient"]) for row in rows.values()}
    recipients = {row["recipient"] for row in rows.values()}
    of_lead = Counter(row["lead"] for row in rows.values())
    answered = {event["lead"] for event in of(events, "captured")}
    sent, answers = _sent(events), {event["key"] for event in of(events, "captured")}
    wrong = [f"{key} was never answered" for key in sent - answers]
    wrong += [f"{one} never reached {name}" for one, name in meant - had]
    wrong += [f"{name} has {one}, which was not meant for it" for one, name in had - meant]
    wrong += [
        f"{lead} has {of_lead[lead]} copies for {len(recipients)} recipients"
        for lead in answered | of_lead.keys()
        if of_lead[lead] != len(recipients) or lead not in answered
    ]
    wrong += [f"{row['id']} is {row['state']}" for row in rows.values() if not _arrived(row)]
    wrong += [f"{e['id']} was not signed" for e in of(events, "received") if not e["genuine"]]
    leads = Counter(event["key"] for event in of(events, "team_lead"))
    for_teams = {row["id"] for row in rows.values() if row["channel"] == "team"}
    wrong += [f"{one} became {leads[one]} leads" for one in for_teams if leads[one] != 1]
    return wrong if rows else ["There were no copies."]


def _arrived(row: Event) -> bool:
    return row["state"] in ("delivered", "opened")


def redis(events: list[Event]) -> list[str]:
    """All is answered, quickly, while Redis is away; pages catch up when it is back."""
    wrong = captures(events)
    patience = _patience(events)
    healthy = percentile((e["seconds"] for e in _during(events, "healthy")), 0.99)
    for state in ("refused", "stopped"):
        slowest = percentile((e["seconds"] for e in _during(events, state)), 0.99)
        if slowest > max(ANSWER_WITHIN * patience, 3 * healthy):
            wrong.append(f"With Redis {state} p99 was {slowest:.2f} s ({healthy:.2f} s healthy).")
    claimed = [event["status"] for event in of(events, "claimed")]
    wrong += [f"a claim was answered {status}" for status in claimed if status != 200]
    wrong += [
        f"an offer ended {event['late']:.1f} s late with Redis away"
        for event in of(events, "offer_row")
        if event["state"] != "expired" or event["late"] > LATE_RESTARTED * patience
    ]
    heard = {event["id"] for event in of(events, "heard")}
    told = {event["id"] for event in of(events, "alert_row")}
    wrong += [f"alert {one} was never heard" for one in told - heard]
    wrong += [f"alert {one} is in no row" for one in heard - told]
    caught_up = [event["seconds"] for event in of(events, "caught_up")]
    if not caught_up or caught_up[-1] > CATCH_UP_WITHIN * patience:
        wrong.append(f"The page caught up after {caught_up} s.")
    return wrong


def _during(events: list[Event], state: str) -> list[Event]:
    return [event for event in of(events, "captured") if event["during"] == state]


def _patience(events: list[Event]) -> float:
    return next((float(event["times"]) for event in of(events, "patience")), 1.0)


def deadlines(events: list[Event]) -> list[str]:
    """Each acts exactly once, and nearly in time."""
    patience = _patience(events)
    rows = list(of(events, "deadline_row"))
    wrong = [f"{row['lead']} acted {row['acts']} times" for row in rows if row["acts"] != 1]
    wrong += [
        f"{row['lead']}: {row['decisions']} decisions" for row in rows if row["decisions"] != 1
    ]
    if not rows:
        wrong.append("There were no deadlines.")
    late = lateness(events)
    if late["healthy_p99"] > LATE_HEALTHY * patience:
        wrong.append(f"p99 lateness was {late['healthy_p99']:.1f} s while all was well.")
    if late["restarted_p99"] > LATE_RESTARTED * patience:
        wrong.append(f"p99 lateness was {late['restarted_p99']:.1f} s around restarts.")
    return wrong


def lateness(events: list[Event]) -> dict[str, float]:
    """Percentiles of seconds after the deadline, apart for those near a fault."""
    faults = [event["at"] for event in of(events, "killed")]
    healthy: list[float] = []
    restarted: list[float] = []
    for row in of(events, "deadline_row"):
        near = any(-1 < row["due"] - fault < LATE_RESTARTED for fault in faults)
        (restarted if near else healthy).append(row["late"])
    return {
        "healthy": len(healthy),
        "healthy_p50": percentile(healthy, 0.5),
        "healthy_p99": percentile(healthy, 0.99),
        "restarted": len(restarted),
        "restarted_p99": percentile(restarted, 0.99),
        "worst": max([*healthy, *restarted], default=0.0),
    }


CHECKS: dict[str, Callable[[list[Event]], list[str]]] = {
    "captures": captures, "redis": redis, "deadlines": deadlines, "copies": copies,
}  # fmt: skip


def figures(name: str, events: list[Event]) -> dict[str, Any]:
    """What is worth reading besides the verdict."""
    seconds = [event["seconds"] for event in of(events, "captured")]
    found: dict[str, Any] = {"killed": dict(Counter(e["who"] for e in of(events, "killed")))}
    if seconds:
        found |= {
            "captures": len(seconds),
            "repeated": sum(1 for _ in of(events, "unknown")),
            "refused": dict(Counter(event["status"] for event in of(events, "refused"))),
        }
        for state in {event["during"] for event in of(events, "captured")}:
            during = [event["seconds"] for event in _during(events, state)]
            found[f"p99_{state}"] = round(percentile(during, 0.99), 3)
    for event in of(events, "caught_up"):
        found["caught_up_after"] = event["seconds"]
    if name == "copies":
        received = Counter(event["id"] for event in of(events, "received"))
        took = next(event["seconds"] for event in of(events, "delivered_all"))
        found |= {
            "copies": len(received),
            "sent_again": sum(received.values()) - len(received),
            "copies_a_second": round(len(received) / took, 1),
        }
    if name == "deadlines":
        found |= {key: round(value, 2) for key, value in lateness(events).items()}
    return found


def main(place: str) -> int:
    events = read(Path(place))
    name = next(event["name"] for event in of(events, "scenario"))
    wrong = CHECKS[name](events)
    print("\n".join(wrong[:20]) or "whole", figures(name, events))  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
