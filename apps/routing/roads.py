"""What a decision says beside its pools: sets that were called, what rules did, what was tried."""

from __future__ import annotations

from collections.abc import Iterator

from apps.routing.telling import Json, Telling


def called(trace: Json) -> Iterator[str]:
    """The sets that rules sent the lead through, and what matched there."""
    for asked in trace.get("sets", []):
        matched = [rule for rule in asked["rules"] if rule["matched"]]
        if not matched:
            yield f"In “{asked['name']}” no rule matched."
        for rule in matched:
            words = f" ({rule['words']})" if rule.get("words") else ""
            yield f"In “{asked['name']}” rule {rule['n']} “{rule['name']}” matched{words}."


def done(trace: Json, told: Telling) -> Iterator[str]:
    """What rules did to the lead on its way."""
    for action in trace.get("actions", []):
        deeds = list(_deeds(action, told))
        if deeds:
            *firsts, last = deeds
            listed = f"{', '.join(firsts)} and {last}" if firsts else last
            who = f"Rule {action['n']} “{action['name']}”" if action.get("rule") else "It"
            yield f"{who} {listed}."


def _deeds(action: Json, told: Telling) -> Iterator[str]:
    if groups := len(action["groups"]):
        yield "put it into an interest group" if groups == 1 else f"put it into {groups} groups"
    if action["priority"] is not None:
        yield f"set its priority to {action['priority']}"
    if action["notify"]:
        yield f"told {', '.join(dict.fromkeys(told.object(each) for each in action['notify']))}"


def tried(trace: Json, told: Telling) -> Iterator[str]:
    """Which variants of experiments it fell into; of no concern to the members themselves."""
    if told.perspective is None:
        for each in trace.get("variants", []):
            yield f"Experiment “{each['name']}” tried “{each['arm']}” with it."


def direct(trace: Json, told: Telling) -> Iterator[str]:
    """A lead that was sent to one member by name."""
    if trace.get("member") and trace.get("reason") != "by_hand":
        yield f"It was sent to {told.object(trace['member'])}."
