"""Who gets copies of Acme's leads, by which rules: made as it was a month ago.

No webhook of the demo is ever called: the only one was switched off, and its address does not
exist. It is written as a row, for making one asks the network about its address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from apps.deliveries import consent
from apps.onboarding.demonstration import cast
from apps.onboarding.demonstration.agenda import Agenda
from apps.onboarding.demonstration.company import Company, is_
from apps.rules.models import Agreement, Destination, Recipient, RecipientPool
from apps.rules.recipients import pools as recipient_pools
from apps.rules.recipients import secrets
from apps.rules.recipients import services as recipients
from apps.rules.recipients.pools import Place, RecipientPoolSettings
from apps.rules.recipients.services import RecipientSettings
from apps.rules.registry import routing_moved
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields
from apps.teams.models import Team
from apps.teams.scope import deed
from apps.teams.secrets import new_token, token_hash

DAYS = 31
NORDLICHT, HENRIKE, SONNENWERK = "Nordlicht Solar", "Henrike reads along", "Sonnenwerk"
BRANDL, VOLTWERK, SPARROW, SUED = "Elektro Brandl", "Voltwerk", "Sparrow Energy", "Flottenbüro Süd"
ALPENSTROM, LONDON, MERSEY = "Alpenstrom", "Charge & Go London", "Mersey Charging"
INSTALLERS, BRITAIN = "Installers", "Partners in Britain"
CAMPAIGN = "Depots this quarter"
OFF_FOR = timedelta(hours=2)
_OFFICE = {str(day): [["08:00", "18:00"]] if day < 5 else [] for day in range(7)}
_WEIGHTS = {BRANDL: 4, VOLTWERK: 3, SPARROW: 2, SUED: 1}
_FIELDS = (
    "name", "email", "phone", "company", "job_title", "country", "city", "language", "industry",
    "employees", "timeline", "message",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """What the rules name."""

    company: Company
    recipients: dict[str, Recipient] = field(default_factory=dict)
    pools: dict[str, RecipientPool] = field(default_factory=dict)


def plan(company: Company, partner: Company, agenda: Agenda) -> None:
    """Begin a month ago, and have the webhook switched off a little while ago."""
    agenda.at(agenda.until - timedelta(days=DAYS), lambda at: _begin(company, partner, at))
    agenda.at(agenda.until - OFF_FOR, lambda at: _switch_off(company.team, at))


def _begin(company: Company, partner: Company, now: datetime) -> None:
    made = Made(company)
    _agree(made, partner, now)
    for settings in _mailboxes(company.team.created_at + timedelta(days=80)):
        _add(made, settings, now)
    henrike = company.manager.member_id
    _add(made, RecipientSettings(Recipient.Kind.MEMBER, HENRIKE, membership_id=henrike), now)
    _add_webhook(made, now)
    _make_pools(made, now)
    recipients.pause(made.recipients[SUED], until=None, by=company.manager, now=now)
    _publish(made, now)


def _agree(made: Made, partner: Company, now: datetime) -> None:
    """Nordlicht takes Acme's leads; Sonnenwerk did once; a third one was asked."""
    asked = _asked(made, cast.NORDLICHT[0].name, cast.NORDLICHT[0].email, now)
    agreed = consent.accept(asked, team=partner.team, by=partner.admin, now=now)
    _add(made, RecipientSettings(
        Recipient.Kind.TEAM, NORDLICHT, agreement_id=agreed.pk, fields=_FIELDS, price_minor=45_00,
        return_days=14,
    ), now)  # fmt: skip
    former = _asked(made, SONNENWERK, "hallo@sonnenwerk.example", now)
    _add(made, RecipientSettings(
        Recipient.Kind.TEAM, SONNENWERK, agreement_id=former.pk, price_minor=40_00
    ), now)  # fmt: skip
    Agreement.objects.filter(pk=former.pk).update(
        state=Agreement.State.ENDED, token_hash=None, decided_at=now,
        ended_at=now + timedelta(days=4), ended_side=Agreement.Side.RECIPIENT,
    )  # fmt: skip
    later = now + timedelta(days=DAYS - 3)
    _asked(made, "Dachwerk", "leads@dachwerk.example", later)


def _asked(made: Made, name: str, email: str, now: datetime) -> Agreement:
    """The question as `agreements.ask` puts it, but for its e-mail: nobody is written to."""
    asked: Agreement = Agreement.objects.create(
        team=made.company.team, email=email, asked_at=now, expires_at=now + timedelta(days=14),
        token_hash=token_hash(new_token()), **deed(made.company.manager),
        message=f"Dear {name}, some of our clients have large roofs.",
    )  # fmt: skip
    return asked


def _mailboxes(ends_at: datetime) -> list[RecipientSettings]:
    def mailbox(name: str, email: str, price_minor: int, **more: Any) -> RecipientSettings:
        return RecipientSettings(
            Recipient.Kind.EMAIL, name, email=email, price_minor=price_minor, **more
        )

    return [
        mailbox(BRANDL, "leads@brandl.example", 38_00, campaign=CAMPAIGN, ends_at=ends_at),
        mailbox(SPARROW, "hello@sparrow.example", 32_00, cap_day=8, hours=_OFFICE),
        mailbox(SUED, "post@flottenbuero.example", 32_00),
        mailbox(ALPENSTROM, "vertrieb@alpenstrom.example", 60_00),
        mailbox(LONDON, "sales@chargeandgo.example", 55_00, return_days=5),
        mailbox(MERSEY, "enquiries@mersey.example", 55_00, return_days=5),
    ]  # fmt: skip


def _add(made: Made, settings: RecipientSettings, now: datetime) -> Recipient:
    by = made.company.manager
    recipient = recipients.create(made.company.team, settings, by=by, now=now)
    made.recipients[settings.name] = recipient
    return recipient


def _add_webhook(made: Made, now: datetime) -> None:
    settings = RecipientSettings(
        Recipient.Kind.WEBHOOK, VOLTWERK, url="https://hooks.voltwerk.example/leads",
        contact_email="technik@voltwerk.example", price_minor=30_00,
        renames={"name": "kunde", "phone": "telefon", "company": "firma"},
    )  # fmt: skip
    _secret, kept = secrets.first()
    made.recipients[VOLTWERK] = Recipient.objects.create(
        team=made.company.team, created_at=now, created_by=made.company.manager.user,
        secrets_encrypted=kept, **settings.columns(),
    )  # fmt: skip


def _make_pools(made: Made, now: datetime) -> None:
    first = RecipientPoolSettings(BRITAIN, way=RecipientPool.Way.FIRST, window_seconds=4 * 3600)
    for settings, weights in (
        (RecipientPoolSettings(INSTALLERS), _WEIGHTS),
        (first, {LONDON: 1, MERSEY: 1}),
    ):
        by = made.company.manager
        pool = recipient_pools.create(made.company.team, settings, by=by, now=now)
        places = [Place(made.recipients[name].pk, weight) for name, weight in weights.items()]
        recipient_pools.set_seats(pool, places, by=by, now=now)
        made.pools[settings.name] = pool


def _publish(made: Made, now: datetime) -> None:
    by, rule_set = made.company.manager, versions.distribution_set(made.company.team)
    for fields in _rules(made):
        versions.add_rule(rule_set, fields, by=by, now=now)
    versions.publish(rule_set, by=by, now=now, note="Partners get what is for them")


def _rules(made: Made) -> list[RuleFields]:
    """What goes nowhere, what Acme does not serve itself, and what others do beside it."""
    asked_for = is_("source", "is_one_of", ["meta-lead-ads", "trade-fair-form", "partner-portal"])
    swiss, british = ([asked_for, is_("country", "is", code)] for code in ("CH", "GB"))
    roofs = [is_("city", "is_one_of", ["Hamburg", "Bremen"]), is_("employees", "gte", 60)]
    depots = [is_("product", "is", "Depot charging"), is_("country", "is_one_of", ["DE", "AT"])]
    away = {"keeps_out": True}
    return [
        _rule("Outside our market", [is_("country", "is_one_of", ["US", "CA", "AU"])],
              destination=Destination.STOP),
        _rule("Switzerland", swiss, **_to(made, ALPENSTROM), **away, stops=True),
        _rule("Great Britain", british, **_into(made, BRITAIN), **away),
        _rule("Roofs in the north", roofs, **_to(made, NORDLICHT)),
        _rule("Depots: installers by turn", depots, **_into(made, INSTALLERS)),
        _rule("Large budgets", [is_("budget", "gte", 100_000)], **_to(made, HENRIKE)),
    ]  # fmt: skip


def _rule(name: str, conditions: list[dict[str, Any]], **goes: Any) -> RuleFields:
    return RuleFields(name=name, conditions={"all": conditions}, **goes)


def _to(made: Made, name: str) -> Mapping[str, Any]:
    ids = (made.recipients[name].pk,)
    return {"destination": Destination.RECIPIENTS, "recipient_ids": ids}


def _into(made: Made, name: str) -> Mapping[str, Any]:
    return {
        "destination": Destination.RECIPIENT_POOL, "recipient_pool_id": made.pools[name].pk,
    }  # fmt: skip


def _switch_off(team: Team, now: datetime) -> None:
    """As `deliveries.health` does after three days of failures; the words come with the tries."""
    Recipient.objects.filter(team=team, name=VOLTWERK).update(disabled_at=now)
    routing_moved(team)
