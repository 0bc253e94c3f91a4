"""How the demo's leads came in and went from hand to hand, by the services, at past moments.

Claims and deadlines are judged by the database's clock, so a claim of the past is made while
its offer is held open, and the row gets its own times back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.assignments import services as assignments
from apps.assignments.models import Door, HopperEntry, Offer
from apps.capture import services as capture
from apps.capture import sources
from apps.leads.models import Lead, Source
from apps.onboarding.demonstration.agenda import Agenda
from apps.onboarding.demonstration.company import Company
from apps.onboarding.demonstration.desk import AFTER, Desk
from apps.teams.access import Access

_HELD_OPEN = timedelta(days=3650)
_CLAIMED, _ACCEPTED, _DECLINED, _PICKED = 0.98, 0.82, 0.1, 0.85
Body = dict[str, Any] | str


class Road:
    """Plays what happens to a lead until it has an owner."""

    def __init__(self, company: Company, agenda: Agenda) -> None:
        self._company, self._agenda, self._chance = company, agenda, agenda.chance
        self._people = {access.member_id: access for access in company.salespeople}
        self._sources = {source.slug: source for source in _sources_of(company)}
        self.until = agenda.until
        self.desk = Desk(company, agenda, self.follow)

    def arrive(self, slug: str, body: Body, at: datetime, *, is_worked: bool = True) -> None:
        """A submission comes in; with `is_worked`, people see to it."""
        source = self._sources[slug]
        raw = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        answer = capture.receive(
            source,
            body=raw.encode(),
            content_type="application/json",
            key=None,
            door=Door.FORM if source.kind == Source.Kind.FORM else Door.WEBHOOK,
            now=at,
        )
        if is_worked and answer.payload["lead"] and answer.payload["outcome"] != "duplicate":
            self.follow(UUID(answer.payload["lead"]), at)

    def follow(self, lead_id: UUID, when: datetime) -> None:
        """Plan what happens next to a lead, by where it stands."""
        lead = Lead.objects.get(pk=lead_id)
        lead.team = self._company.team
        match lead.stage:
            case Lead.Stage.OWNED:
                self.desk.take(lead, when)
            case Lead.Stage.OFFERED | Lead.Stage.OPEN:
                self._answer(Offer.objects.get(lead=lead, state=Offer.State.OPEN), when)
            case Lead.Stage.HOPPER:
                self._wait(HopperEntry.objects.get(lead=lead, left_at=None), when)
            case Lead.Stage.MANAGER:
                later = self._agenda.working_hours(when + self._agenda.minutes(40))
                self._agenda.at(later, lambda at: self._by_hand(lead_id, at))

    def _answer(self, offer: Offer, when: datetime) -> None:
        """Somebody takes it, says no, or lets it run out."""
        by = self._people[self._chance.choice(offer.candidates)]
        soon = when + self._agenda.minutes(0.4)
        taken, declined = (_ACCEPTED, _DECLINED) if offer.is_exclusive else (_CLAIMED, 0)
        luck = self._chance.random()
        if soon < offer.expires_at and luck < taken:
            self._agenda.at(soon, lambda at: self._take(offer, by, at))
        elif soon < offer.expires_at and luck < taken + declined:
            self._agenda.at(soon, lambda at: self._decline(offer, by, at))
        else:
            self._agenda.at(offer.expires_at, lambda at: self._expire(offer, at))

    def _take(self, offer: Offer, by: Access, at: datetime) -> None:
        self._as_of(offer, at, lambda: assignments.claim(offer.pk, by=by, now=at))

    def _decline(self, offer: Offer, by: Access, at: datetime) -> None:
        reason = self._chance.choice(("In a meeting", "Knows a colleague", "On the road"))
        self._as_of(offer, at, lambda: assignments.decline(offer.pk, by=by, now=at, reason=reason))

    def _as_of(self, offer: Offer, at: datetime, deed: Callable[[], object]) -> None:
        """Do it as if the clock stood at `at`."""
        row = Offer.objects.filter(pk=offer.pk)
        row.update(expires_at=at + _HELD_OPEN)
        deed()
        row.update(expires_at=offer.expires_at, closed_at=at)
        self.follow(offer.lead_id, at)

    def _expire(self, offer: Offer, at: datetime) -> None:
        Offer.objects.filter(pk=offer.pk).update(state=Offer.State.EXPIRED, closed_at=at)
        AFTER["offers_expired"](offer.pk, at)
        self.follow(offer.lead_id, at)

    def _wait(self, entry: HopperEntry, when: datetime) -> None:
        """In the hopper until somebody picks it, or until it was there too long."""
        by = self._chance.choice(self._company.salespeople)
        if self._chance.random() < _PICKED:
            later = when + self._agenda.minutes(60 * 2)
            if later < entry.expires_at:
                self._agenda.at(later, lambda at: self._pick(entry, by, at))
                return
        self._agenda.at(entry.expires_at, lambda at: self._give_up(entry, at))

    def _pick(self, entry: HopperEntry, by: Access, at: datetime) -> None:
        assignments.pick(entry.lead_id, by=by, now=at)
        HopperEntry.objects.filter(pk=entry.pk).update(left_at=at)
        self.follow(entry.lead_id, at)

    def _give_up(self, entry: HopperEntry, at: datetime) -> None:
        HopperEntry.objects.filter(pk=entry.pk).update(left_at=at, gave_up=True)
        AFTER["hopper_given_up"](entry.pk, at)
        self.follow(entry.lead_id, at)

    def _by_hand(self, lead_id: UUID, at: datetime) -> None:
        lead = Lead.objects.get(pk=lead_id)
        member = self._chance.choice(self._company.salespeople).membership
        assert member is not None  # a colleague
        assignments.assign_by_hand(lead, member=member, by=self._company.manager, now=at)
        self.follow(lead_id, at)


def _sources_of(company: Company) -> list[Source]:
    """The sources as captures find them, on the company's one team."""
    found = []
    for row in sources.connected(company.admin).filter(kind__in=sources.ADDRESSED):
        source = sources.for_token(sources.token_of(row), now=company.team.created_at)
        assert source is not None  # it was connected a moment ago
        source.team = company.team
        found.append(source)
    return found
