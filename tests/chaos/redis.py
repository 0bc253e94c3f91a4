"""Redis refused, then hanging: captures, claims and deadlines go on, and pages catch up."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from tests.chaos.captures import dump, people
from tests.chaos.clients import Background, Listener, Sender
from tests.chaos.scenario import Scenario


def run(scenario: Scenario) -> None:
    """N/2 captures in each of three states of Redis; a claim and an expiry in each as well."""
    site = scenario.stand.site
    road = _Road(scenario)
    for name in ("web", "relay", "worker", "beat"):
        site.start(name)
    listener = Listener(scenario.history, site.port, road.token)
    listening = Background(listener.listen())
    road.go_on("healthy")
    scenario.history.note("killed", who="valkey")
    scenario.stand.valkey.stop(at_once=True)
    road.go_on("refused")
    scenario.stand.valkey.start()
    road.go_on("back")
    pid = scenario.stand.valkey.pid
    assert pid is not None
    scenario.history.note("killed", who="valkey (stopped)")
    os.kill(pid, signal.SIGSTOP)
    road.go_on("stopped")
    os.kill(pid, signal.SIGCONT)
    started = time.monotonic()
    scenario.wait(lambda: listener.heard >= road.alerts(), "The page", seconds=120)
    scenario.history.note("caught_up", seconds=round(time.monotonic() - started, 2))
    listener.stop()
    listening.wait(30)
    for name in list(site.running):
        site.kill(name)
    road.dump()


class _Road:
    """A team with leads that are assigned to Mia, and some that are open to her claim."""

    def __init__(self, scenario: Scenario) -> None:
        from apps.capture import sources
        from apps.teams import tokens
        from tests.assignments.world import NOW, World

        self._scenario = scenario
        world = self._world = World(f"redis-{scenario.chance.getrandbits(32):x}")
        self._mia = world.member("Mia")
        world.member("Henrike", "manager")
        open_to_claims = world.pool(self._mia, mode="claim", window_seconds=2)
        is_open = {"field": "campaign", "op": "is", "value": "open"}
        world.rules({"pool": open_to_claims, "conditions": is_open}, world.pool(self._mia))
        self.token = tokens.create_token(self._mia, name="page", by=world.system, now=NOW).secret
        new = sources.create(kind="json", name="Shop", by=world.system, now=NOW)
        self._path = sources.path_of(new.source)
        self._offers: list[str] = []

    def go_on(self, state: str) -> None:
        """Send leads, claim one of two that are open, and wait for the other to expire."""
        history, port = self._scenario.history, self._scenario.stand.site.port
        sender = Sender(history, port, self._path, at_once=4)
        sender.during = state
        leads = people(f"{state}.{self._world.team.slug}", max(10, self._scenario.size // 2))
        Background(sender.send(leads)).wait(240)
        Background(self._claim_one_of_two(state)).wait(60)
        self._scenario.wait(lambda: self._is_over(self._offers[-1]), "The expiry", seconds=60)

    async def _claim_one_of_two(self, state: str) -> None:
        from tests.sender import Line

        line = Line(self._scenario.stand.site.port)
        json_type = {"Content-Type": "application/json"}
        for number in range(2):
            email = f"open{number}@{state}.{self._world.team.slug}.example.com"
            body = f'{{"email": "{email}", "campaign": "open"}}'.encode()
            reply = await line.post(self._path, body, json_type)
            self._offers.append(reply.json()["offer"])
        headers = {**json_type, "Authorization": f"Bearer {self.token}"}
        reply = await line.post(f"/api/v1/offers/{self._offers[-2]}/claim/", b"{}", headers)
        self._scenario.history.note("claimed", status=reply.status, during=state)
        await line.close()

    def _is_over(self, offer: str) -> bool:
        from apps.assignments.models import Offer

        return bool(Offer.objects.get(pk=offer).state == Offer.State.EXPIRED)

    def alerts(self) -> set[str]:
        from apps.alerts.models import Alert

        mine = Alert.objects.filter(user_id=self._mia.user_id)
        return {str(pk) for pk in mine.values_list("pk", flat=True)}

    def dump(self) -> None:
        from apps.assignments.models import Offer

        history = self._scenario.history
        for alert in self.alerts():
            history.note("alert_row", id=alert)
        left: Any = Offer.objects.filter(pk__in=self._offers[1::2])
        for offer in left:
            late = (offer.closed_at - offer.expires_at).total_seconds()
            history.note("offer_row", state=offer.state, late=late)
        dump(history, self._world.team)
