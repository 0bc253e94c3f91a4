"""Teams that send each other leads, with few words."""

from __future__ import annotations

from typing import Any

from apps.capture import copies
from apps.deliveries import consent
from apps.deliveries.models import Arrival, Delivery
from apps.leads.models import Lead, Source
from apps.rules import agreements
from apps.rules.models import Agreement, Recipient
from apps.teams.access import Access
from tests.capture.inbox import ROSA, now
from tests.deliveries.sender import Sender


class Partner(Sender):
    """A team with a webhook, a salesperson who gets every lead, and a manager."""

    @property
    def by(self) -> Access:
        """Its manager."""
        return self.world.access(self.manager)

    def agree_with(self, sender: Partner) -> Agreement:
        """Take the leads of this sender, as its pages do."""
        asked, _token = agreements.ask(
            sender.team, email=f"{self.team.slug}@example.com", by=sender.by, now=now()
        )
        return consent.accept(asked, team=self.team, by=self.by, now=now())

    def sends_to(self, *others: Partner) -> list[Recipient]:
        """A rule by which every lead goes to these teams, who agreed."""
        made = []
        for other in others:
            agreement = other.agree_with(self)
            made.append(self._recipient("team", other.team.name, agreement=agreement))
        self.distribute(*made)
        return made

    def gets(self, **body: Any) -> Lead:
        """A new lead by its webhook."""
        before = set(Lead.objects.filter(team=self.team).values_list("pk", flat=True))
        response = self.post({**ROSA, **body})
        assert response.status_code == 201, response.content
        return Lead.objects.filter(team=self.team).exclude(pk__in=before).get()

    def only_delivery(self) -> Delivery:
        return Delivery.objects.get(team=self.team)

    def arrivals(self) -> list[Arrival]:
        return list(Arrival.objects.filter(team=self.team).order_by("arrived_at", "id"))

    def source_of(self, sender: Partner) -> Source:
        found: Source = Source.objects.get(team=self.team, sender=sender.team)
        return found


def take_all() -> int:
    """What the deliver process does, until nothing is due; copies of copies among them."""
    taken = 0
    while settled := copies.take_due():
        taken += settled
    return taken
