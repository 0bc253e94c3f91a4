"""The agency's own team: its landing pages bring leads, and each goes to the client it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from apps.capture import sources
from apps.deliveries import consent
from apps.deliveries.models import Delivery
from apps.leads.models import Source
from apps.onboarding import services as onboarding
from apps.onboarding.demonstration import sharing, sign_ins
from apps.onboarding.demonstration.agenda import Agenda
from apps.onboarding.demonstration.company import EVERY_HOUR, Company, is_, join
from apps.onboarding.demonstration.northstar import cast
from apps.onboarding.demonstration.northstar.cast import ClientTeam
from apps.onboarding.demonstration.road import Road
from apps.rules.models import Agreement, Destination, Recipient
from apps.rules.recipients import services as recipients
from apps.rules.recipients.services import RecipientSettings
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.scope import deed
from apps.teams.secrets import new_token, token_hash

LANDING = "Landing pages"
_FIELDS = ("name", "email", "phone", "country", "city", "campaign", "message")
_PRICE = 28_00
# Leads of its own, numbered beyond those of the clients: contacts differ by number.
_FIRST, _SEED, _DAYS, _LATELY = 2_550, 41, 34, 5
_WEEK = timedelta(days=7, hours=2)


def found(*, now: datetime) -> Company:
    """The team of the agency's people; nobody sells there."""
    owner, *others = cast.PEOPLE
    user = sign_ins.person(owner.name, timezone=cast.TIMEZONE, now=now)
    team = onboarding.found_team(
        name=cast.NAME, slug=onboarding.free_slug(cast.NAME), timezone=cast.TIMEZONE, country="DE",
        owner=user, now=now, hours=EVERY_HOUR,
    )  # fmt: skip
    first = Membership.objects.select_related("user").get(team=team)
    first.team = team
    by = Access.of(first)
    for person in others:
        join(person, by=by, now=now)
    sources.create(kind=Source.Kind.JSON, name=LANDING, by=by, now=now)
    return Company(team=team, admin=by, manager=by, salespeople=())


def agree(
    sender: Company, clients: Mapping[str, Company], cast_of: Sequence[ClientTeam], *, now: datetime
) -> None:
    """The clients take its leads, each those of its campaigns; none stays with the agency."""
    by, rule_set = sender.admin, versions.distribution_set(sender.team)
    for client in cast_of:
        asked = _asked(sender, client, now)
        theirs = clients[client.name]
        agreed = consent.accept(asked, team=theirs.team, by=theirs.admin, now=now)
        settings = RecipientSettings(
            Recipient.Kind.TEAM, client.name, agreement_id=agreed.pk, fields=_FIELDS,
            price_minor=_PRICE, return_days=14,
        )  # fmt: skip
        recipient = recipients.create(sender.team, settings, by=by, now=now)
        fields = RuleFields(
            name=client.name, destination=Destination.RECIPIENTS, recipient_ids=(recipient.pk,),
            conditions={"all": [is_("campaign", "is_one_of", list(client.campaigns))]},
            keeps_out=True,
        )  # fmt: skip
        versions.add_rule(rule_set, fields, by=by, now=now)
    versions.publish(rule_set, by=by, now=now, note="Every client gets the leads of its campaigns")


def play(sender: Company, cast_of: Sequence[ClientTeam], *, now: datetime) -> None:
    """Leads come to the landing pages; their copies are planned on the way, and only planned."""
    agenda = Agenda(until=now, timezone=cast.TIMEZONE, seed=_SEED)
    road, number = Road(sender, agenda), _FIRST
    for client in cast_of:
        for place in range(client.sent):
            body = cast.enquiry(client, agenda.chance, number)
            # The first of each came lately: the agency's own source is silent nowhere.
            days, ago = (_DAYS, _WEEK) if place else (_LATELY, timedelta(hours=4))
            when = agenda.arrival(days=days, later_than=ago)
            agenda.at(when, partial(road.arrive, "landing-pages", body, is_worked=False))
            number += 1
    agenda.play()
    sharing.settle(sender.team, now)


def sent_to(sender: Company, client: ClientTeam) -> list[Delivery]:
    """What waits to be handed over to this client."""
    rows = Delivery.objects.filter(
        team=sender.team, recipient__name=client.name, state=Delivery.State.QUEUED
    )
    return list(rows.select_related("recipient", "team", "lead", "distribution"))


def _asked(sender: Company, client: ClientTeam, now: datetime) -> Agreement:
    """The question as `agreements.ask` puts it, but for its e-mail: nobody is written to."""
    asked: Agreement = Agreement.objects.create(
        team=sender.team, email=client.staff[0].email, asked_at=now,
        expires_at=now + timedelta(days=14), token_hash=token_hash(new_token()),
        message="The leads of your campaigns come straight to you.", **deed(sender.admin),
    )  # fmt: skip
    return asked
