"""An agency itself: its making, its settings, and its own log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import RESERVED_SLUGS, Agency, AgencyEntry, Membership, Operator, Team
from apps.teams.permissions import Permission

# Two agencies of one name at the same moment wait for each other on this number.
_NAMING_LOCK = 7_215_005
MOST_OF_A_PERSON = 10
PRESSED_AGAIN = timedelta(minutes=1)


class AgencyRefused(ValueError):
    """The agency can't be made or changed so; the message says what to do."""


@transaction.atomic
def create_agency(
    *, name: str, timezone: str, currency: str, owner: User, now: datetime
) -> AgencyAccess:
    """A new agency, which its first owner runs. It sees no client before one agrees.

    The one that she has just founded under this name is given back: a form may be sent twice.
    """
    _one_at_a_time()
    just_founded = _just_founded(name, owner, now)
    if just_founded is not None:
        return AgencyAccess(just_founded.agency, owner, just_founded)
    if Operator.objects.filter(user=owner).count() >= MOST_OF_A_PERSON:
        raise AgencyRefused(_("You work at many agencies already. Leave one first."))
    agency = Agency.objects.create(
        name=name, slug=free_slug(name), timezone=timezone, currency=currency, created_at=now
    )
    operator = Operator.objects.create(
        agency=agency, user=owner, role=Operator.Role.OWNER, joined_at=now
    )
    by = AgencyAccess(agency, owner, operator)
    record(by=by, action="agency.founded", target=agency.name, now=now)
    return by


def _just_founded(name: str, owner: User, now: datetime) -> Operator | None:
    rows = Operator.objects.filter(
        user=owner, role=Operator.Role.OWNER, agency__name=name, agency__is_active=True,
        agency__created_at__gt=now - PRESSED_AGAIN,
    )  # fmt: skip
    return rows.select_related("agency").first()


@transaction.atomic
def change_agency(values: dict[str, Any], *, by: AgencyAccess, now: datetime) -> Agency:
    """Name, zone, currency, and the team whose distribution sends leads to the clients."""
    by.require_owner()
    agency = Agency.objects.select_for_update(no_key=True).get(pk=by.agency.pk)
    team = values.get("sending_team")
    if team is not None and team.pk != agency.sending_team_id and team not in own_teams(by.user):
        raise AgencyRefused(_("Choose a team whose rules you may change."))
    changed = sorted(key for key, value in values.items() if getattr(agency, key) != value)
    for key in changed:
        setattr(agency, key, values[key])
    if changed:
        agency.save(update_fields=changed)
        record(
            by=by, action="agency.changed", target=agency.name, now=now, detail={"fields": changed}
        )
    return agency


def own_teams(user: User) -> list[Team]:
    """The teams whose rules this user may change as their member: one may send for the agency."""
    rows = Membership.objects.active().filter(user=user, team__is_active=True)
    members = rows.select_related("team", "user").order_by("team__name", "team_id")
    return [one.team for one in members if Access.of(one).can(Permission.EDIT_ROUTING)]


def record(
    *,
    by: AgencyAccess,
    action: str,
    now: datetime,
    target: str = "",
    detail: dict[str, Any] | None = None,
) -> AgencyEntry:
    """Write down what was done in the agency itself, in the same transaction as the deed.

    What is done in a client stands in that client's log, never here.
    """
    return AgencyEntry.objects.create(
        agency=by.agency, actor=by.user, at=now, action=action, target_label=target[:200],
        detail=detail or {},
    )  # fmt: skip


def free_slug(name: str) -> str:
    """An address for an agency of this name that nobody has yet."""
    base = slugify(name)[:50] or "agency"
    taken = set(Agency.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    taken |= RESERVED_SLUGS
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (base, *numbered) if slug not in taken)


def _one_at_a_time() -> None:
    with transaction.get_connection().cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NAMING_LOCK])
