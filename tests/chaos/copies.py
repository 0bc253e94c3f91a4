"""Copies while who sends and takes them dies: each is with its recipient exactly once, by its id.

Three webhooks and two teams get every lead. The receiver lives here, so that nothing kills it.
"""

from __future__ import annotations

import time
from typing import Any

from tests.chaos.captures import people
from tests.chaos.clients import Background, Sender
from tests.chaos.scenario import Scenario

WEBHOOKS = ("alps", "north", "south")
VICTIMS = ("deliver", "valkey", "deliver", "worker", "web", "deliver", "valkey", "deliver")
# A short run has few faults, the first of them a courier's: each may cost the wait for a lease.
FEWEST, LEADS_A_FAULT = 3, 50
# What a killed process held is free after its lease; a lead takes its time on a busy machine.
LEASE, A_LEAD = 90.0, 1.5


def run(scenario: Scenario) -> None:
    """N leads to five recipients each; up to eight faults at even steps of what has arrived."""
    from tests.deliveries.receiver import receiving

    site, history = scenario.stand.site, scenario.history
    with receiving() as receiver:
        agency = _agency(scenario, receiver)
        for name in ("web", "relay", "worker", "deliver"):
            site.start(name)
        started = time.monotonic()
        sender = Sender(history, site.port, agency.path())
        sending = Background(sender.send(people(agency.team.slug, scenario.size)))
        victims = _victims(scenario)
        wanted = len(WEBHOOKS) * scenario.size
        patience = LEASE + A_LEAD * scenario.size
        for number, victim in enumerate(victims):
            due = wanted * number // len(victims) + 1
            is_due = lambda due=due: _arrived(receiver) >= due  # noqa: E731
            scenario.wait(is_due, "The copies", seconds=patience)
            scenario.kill(victim)
        sending.wait(patience)
        is_over = lambda: not _is_waiting(agency.team)  # noqa: E731
        scenario.wait(is_over, "The last copy", seconds=patience)
        took = round(time.monotonic() - started, 1)
        for name in list(site.running):
            site.kill(name)
        history.note("delivered_all", seconds=took)
        _dump(scenario, receiver, agency.team)


def _victims(scenario: Scenario) -> list[str]:
    first, *others = VICTIMS
    faults = min(max(scenario.size // LEADS_A_FAULT, FEWEST), len(VICTIMS))
    return [first, *scenario.chance.sample(others, faults - 1)]


def _agency(scenario: Scenario, receiver: Any) -> Any:
    """A team that sends each lead to all, and two that agreed to take it."""
    from apps.rules.recipients import secrets
    from tests.deliveries.sender import to
    from tests.deliveries.teams import Partner

    mark = f"{scenario.chance.getrandbits(32):x}"
    agency = Partner(f"copies-{mark}")
    dealers = [Partner(f"dealer-{n}-{mark}") for n in range(2)]
    recipients = agency.sends_to(*dealers)
    for name in WEBHOOKS:
        secret, encrypted = secrets.first()
        receiver[name].secret = secret
        recipient = agency.webhook_to(name, secrets_encrypted=encrypted)
        recipient.url = receiver.url_of(name)
        recipient.save()
        recipients.append(recipient)
    agency.distribute(to(*recipients))
    return agency


def _arrived(receiver: Any) -> int:
    return sum(len(receiver[name].taken) for name in WEBHOOKS)


def _is_waiting(team: Any) -> bool:
    from apps.deliveries.models import WAITING, Delivery

    return bool(Delivery.objects.filter(team=team, state__in=WAITING).exists())


def _dump(scenario: Scenario, receiver: Any, team: Any) -> None:
    """Write down what the sender's rows say, and what the recipients have."""
    from apps.capture.models import Capture
    from apps.deliveries.models import Arrival, Delivery

    history = scenario.history
    for name in WEBHOOKS:
        for taken in receiver[name].taken:
            history.note("received", id=taken.id, by=name, genuine=taken.is_genuine)
    rows = Delivery.objects.filter(team=team).select_related("recipient")
    for row in rows.iterator():
        history.note(
            "copy_row", id=str(row.pk), lead=str(row.lead_id), state=row.state,
            channel=row.channel, recipient=row.recipient.name,
        )  # fmt: skip
    arrivals = Arrival.objects.filter(sender=team).select_related("team")
    for arrival in arrivals.iterator():
        history.note("received", id=str(arrival.delivery_id), by=arrival.team.name, genuine=True)
    keys = Capture.objects.filter(source__sender=team).values_list("key", "lead_id")
    for key, lead in keys.iterator():
        history.note("team_lead", key=key, lead=str(lead))
