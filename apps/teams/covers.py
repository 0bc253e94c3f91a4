"""Cover: for a span one member takes the new leads of another; then it ends by itself."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.teams import audit, change
from apps.teams.access import Access
from apps.teams.availability import AvailabilityRefused, require_may_change
from apps.teams.models import AvailabilityChange, Cover, Membership
from apps.teams.permissions import Role
from apps.teams.scope import TeamQuerySet, deed


def ahead(*, now: datetime) -> TeamQuerySet[Cover]:
    """Covers that run or will, the next first."""
    rows = Cover.objects.filter(ends_at__gt=now, ended_at=None)
    covers: TeamQuerySet[Cover] = rows.select_related("membership__user", "by_member__user")
    return covers


@transaction.atomic
def add_cover(
    member: Membership,
    *,
    by_member: Membership,
    starts_at: datetime,
    ends_at: datetime,
    by: Access,
    now: datetime,
) -> Cover:
    """From one moment until another, `by_member` takes the new leads of `member`.

    AvailabilityRefused says what stands in the way.
    """
    require_may_change(member, by=by)
    _refuse_span(starts_at, ends_at, now)
    _refuse_people(member, by_member)
    _lock(member, by_member)
    _refuse_other_covers(member, by_member, starts_at, ends_at, now)
    cover: Cover = Cover.objects.create(
        team_id=member.team_id, membership=member, by_member=by_member, starts_at=starts_at,
        ends_at=ends_at, created_at=now, **deed(by),
    )  # fmt: skip
    _done(cover, AvailabilityChange.Kind.COVER, None, _told(cover), by=by, now=now)
    return cover


@transaction.atomic
def call_off(cover: Cover, *, by: Access, now: datetime) -> None:
    """From now on her new leads are her own again. One that is over stays as it was."""
    require_may_change(cover.membership, by=by)
    row = Cover.objects.select_for_update(no_key=True, of=("self",)).get(pk=cover.pk)
    if row.ended_at is not None or row.ends_at <= now:
        return
    row.ended_at = now
    row.save(update_fields=["ended_at"])
    _done(cover, AvailabilityChange.Kind.COVER_ENDED, _told(cover), None, by=by, now=now)


def _refuse_span(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= starts_at:
        raise AvailabilityRefused(_("A cover must end after it begins."))
    if ends_at <= now:
        raise AvailabilityRefused(_("That time is already over: choose an end in the future."))


def _refuse_people(member: Membership, by_member: Membership) -> None:
    if by_member.pk == member.pk:
        raise AvailabilityRefused(_("Choose a colleague: nobody covers herself."))
    is_there = by_member.is_active and by_member.user.is_active
    if by_member.team_id != member.team_id or not is_there or by_member.role == Role.VIEWER:
        raise AvailabilityRefused(_("Choose an active member of this team who works leads."))


def _lock(*members: Membership) -> None:
    # Both, in the order of their ids: two covers that would make a circle come one after another.
    rows = Membership.objects.filter(pk__in=[member.pk for member in members]).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))


def _refuse_other_covers(
    member: Membership, by_member: Membership, starts_at: datetime, ends_at: datetime, now: datetime
) -> None:
    """One cover at a time, by somebody who is not covered herself: so there are no circles."""
    then = ahead(now=now).filter(team_id=member.team_id, starts_at__lt=ends_at)
    then = then.filter(ends_at__gt=starts_at)
    if same := then.filter(membership=member).first():
        words = _("%(name)s takes these leads already, %(span)s. Call that off first.")
        raise AvailabilityRefused(words % {"name": same.by_member, "span": _span(same)})
    if hers := then.filter(membership=by_member).first():
        words = _("%(name)s is covered by %(other)s then, %(span)s. Choose %(other)s or another.")
        told = {"name": by_member, "other": hers.by_member, "span": _span(hers)}
        raise AvailabilityRefused(words % told)
    if others := then.filter(by_member=member).first():
        words = _("%(name)s covers %(other)s then, %(span)s. Call that off first.")
        told = {"name": member, "other": others.membership, "span": _span(others)}
        raise AvailabilityRefused(words % told)


def _span(cover: Cover) -> str:
    start, end = (timezone.localtime(at) for at in (cover.starts_at, cover.ends_at))
    return f"{date_format(start, 'j M H:i')} – {date_format(end, 'j M H:i')}"


def _told(cover: Cover) -> dict[str, str]:
    return {
        "by": str(cover.by_member_id),
        "starts_at": cover.starts_at.isoformat(),
        "ends_at": cover.ends_at.isoformat(),
    }


def _done(
    cover: Cover,
    kind: AvailabilityChange.Kind,
    before: dict[str, str] | None,
    after: dict[str, str] | None,
    *,
    by: Access,
    now: datetime,
) -> None:
    change.keep(cover.membership, kind=kind, before=before, after=after, by=by, now=now)
    detail = {"before": before, "after": after}
    audit.record(
        by=by, action=f"availability.{kind.value}", target=cover.membership, now=now, detail=detail
    )
