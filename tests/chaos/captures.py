"""Captures while any part of the site dies: nothing that was answered is lost or doubled."""

from __future__ import annotations

from typing import Any

from tests.chaos.clients import Background, Sender
from tests.chaos.history import History
from tests.chaos.scenario import Scenario

# Web most of all: it is what holds a capture that is not committed yet.
VICTIMS = ("web", "postgres", "web", "relay", "web", "valkey", "worker", "web")


def run(scenario: Scenario) -> None:
    """N captures; eight faults in a shuffled order, at even steps of what is answered."""
    from apps.capture import sources
    from tests.assignments.world import NOW, World

    world = World(f"captures-{scenario.chance.getrandbits(32):x}")
    world.rules(world.pool(world.member("Mia"), world.member("Tom")))
    new = sources.create(kind="json", name="Shop", by=world.system, now=NOW)
    site, history = scenario.stand.site, scenario.history
    for name in ("web", "relay", "worker"):
        site.start(name)
    sender = Sender(history, site.port, sources.path_of(new.source))
    sending = Background(sender.send(people(world.team.slug, scenario.size)))
    victims = scenario.chance.sample(VICTIMS, len(VICTIMS))
    for number, victim in enumerate(victims):
        due = scenario.size * number // len(victims) + 1
        scenario.wait(lambda due=due: history.count("captured") >= due, "The captures")  # type: ignore[misc]
        _hurt(scenario, victim)
    sending.wait(300)
    for name in list(site.running):
        site.kill(name)
    dump(history, world.team)


def people(mark: str, number: int) -> list[dict[str, Any]]:
    return [
        {"name": f"Person {n}", "email": f"person{n}@{mark}.example.com"} for n in range(number)
    ]


def _hurt(scenario: Scenario, victim: str) -> None:
    if victim != "postgres":
        scenario.kill(victim)
        return
    before = scenario.history.count("refused")
    scenario.history.note("killed", who="postgres")
    scenario.stand.postgres.stop(at_once=True)
    scenario.wait(lambda: scenario.history.count("refused") > before, "A refusal")
    scenario.stand.postgres.start()


def dump(history: History, team: Any) -> None:
    """Write down what the database says in the end of the leads that senders repeat."""
    from django.db import connection

    from apps.assignments.models import Assignment
    from apps.capture.models import Capture
    from apps.leads.models import Lead

    connection.close()  # it may be from before the database fell
    owners = Assignment.objects.filter(team=team, ended_at=None).values_list("lead_id", flat=True)
    owned = list(owners)
    kept = Capture.objects.filter(team=team, key__isnull=False)
    for key, lead in kept.values_list("key", "lead_id"):
        history.note("capture_row", key=key, lead=str(lead))
    leads = Lead.objects.filter(team=team, campaign="")
    for pk, email in leads.values_list("pk", "email"):
        history.note("lead_row", lead=str(pk), email=email, owners=owned.count(pk))
