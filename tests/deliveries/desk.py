"""A sender's desk: a team with recipients, copies in any state, and who looks at them."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.test import Client

from apps.deliveries.models import Delivery, Dispute
from apps.leads.models import Lead
from apps.rules.models import Recipient
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role
from tests import factories
from tests.factories.teams import NOW

State = Delivery.State


class Desk:
    """The sending team, with short words for what happened to its leads."""

    def __init__(self, **team: Any) -> None:
        self.team: Team = factories.TeamFactory(
            slug="sender", name="Sender", **{"timezone": "Europe/Vienna", **team}
        )
        self.status = factories.StatusFactory(team=self.team)
        self.source = factories.SourceFactory(team=self.team, name="Website")
        self.manager = self.member(Role.MANAGER)

    def member(self, role: Role) -> Membership:
        made: Membership = factories.MembershipFactory(team=self.team, role=role)
        return made

    @property
    def by(self) -> Access:
        return Access.of(self.manager)

    @cached_property
    def admin(self) -> Membership:
        return self.member(Role.ADMIN)

    def browser(self, member: Membership | None = None) -> Client:
        client = Client()
        client.force_login((member or self.manager).user)
        return client

    def at(self, path: str) -> str:
        return f"/t/{self.team.slug}/{path}"

    def recipient(self, name: str = "Berger", kind: str = "webhook", **settings: Any) -> Recipient:
        made: Recipient = factories.RecipientFactory(
            team=self.team, name=name, kind=kind, **settings
        )
        return made

    def lead(self, **columns: Any) -> Lead:
        """Kept out with `away=True`."""
        if columns.pop("away", False):
            columns |= {"stage": Lead.Stage.AWAY, "deleted_at": NOW}
        made: Lead = factories.LeadFactory(
            team=self.team, source=self.source, status=self.status, **columns
        )
        return made

    def copy(
        self, recipient: Recipient, state: str = State.QUEUED, *, at: datetime = NOW,
        lead: Lead | None = None, **columns: Any,
    ) -> Delivery:  # fmt: skip
        """A copy queued at `at`; one that arrived did so in the same moment."""
        if state in (State.DELIVERED, State.OPENED):
            columns = {"delivered_at": at, "sent_at": at, "next_attempt_at": None, **columns}
        if state == State.SENT:
            columns = {"sent_at": at, "next_attempt_at": None, **columns}
        if state in (State.DEAD, State.REFUSED, State.WITHDRAWN):
            columns = {"ended_at": at, "next_attempt_at": None, **columns}
        given = {"price_minor": recipient.price_minor, "queued_at": at, **columns}
        made: Delivery = factories.DeliveryFactory(
            team=self.team, lead=lead or self.lead(), recipient=recipient, state=state, **given
        )
        return made

    def returned(
        self, delivery: Delivery, state: str = "open", *, decided_at: datetime | None = None,
        **columns: Any,
    ) -> Dispute:  # fmt: skip
        made: Dispute = factories.DisputeFactory(
            team=self.team, delivery=delivery, recipient=delivery.recipient, state=state,
            decided_at=decided_at, at=NOW, **columns,
        )  # fmt: skip
        return made


def later(**span: float) -> datetime:
    return NOW + timedelta(**span)
