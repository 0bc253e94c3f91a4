"""Runs of copying: prepared and looked at, started once, worked off client by client."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _

from apps.agency import agencies
from apps.agency.copying import applying, houses, publishing, sources
from apps.agency.copying.applying import Stale
from apps.agency.copying.content import Content, NothingChosen, TooMuch, take
from apps.agency.copying.models import CopyRun, CopyTarget
from apps.agency.copying.planning import Choice, Item, plan
from apps.rules.refusals import Refused
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess, agency_of
from apps.teams.models import ClientGrant
from apps.teams.permissions import Permission

State = CopyTarget.State
Clock = Callable[[], datetime]
MOST_CLIENTS = 1_000
KEPT_FOR = timedelta(days=90)
PREVIEW_KEPT_FOR = timedelta(days=7)
SILENCE = timedelta(minutes=1)  # of a run that nobody is at

log = structlog.get_logger(__name__)


class CopyRefused(ValueError):
    """It can't be copied so; the message says what to do."""


def of(by: AgencyAccess) -> QuerySet[CopyRun]:
    """Her own runs: what stands in them she could read, a colleague perhaps not."""
    return CopyRun.objects.filter(agency=by.agency, started_by=by.user)


def lately(by: AgencyAccess, *, now: datetime) -> QuerySet[CopyRun]:
    """Those that were started, the newest first, with how many clients each had."""
    rows = of(by).exclude(state=CopyRun.State.PREVIEW).filter(created_at__gte=now - KEPT_FOR)
    return rows.select_related("source").annotate(clients=Count("targets"))


def prepare(
    source: Access,
    *,
    versions: Collection[UUID],
    pools: Collection[UUID],
    clients: Collection[UUID],
    by: AgencyAccess,
    now: datetime,
) -> CopyRun:
    """Take what is copied as it is now, and say what it would do at each client."""
    try:
        content = take(source, versions=versions, pools=pools)
    except NothingChosen as error:
        raise CopyRefused(_("Choose at least one rule set or pool.")) from error
    except TooMuch as error:
        raise CopyRefused(_("These are too many rules at once. Copy some sets first.")) from error
    return _preview(content, source=source, clients=clients, by=by, now=now)


@transaction.atomic
def _preview(
    content: Content, *, source: Access, clients: Collection[UUID], by: AgencyAccess, now: datetime
) -> CopyRun:
    grants = list(by.clients().filter(pk__in=list(clients)[:MOST_CLIENTS]))
    able = [g for g in grants if may_copy_to(g, by) and g.team_id != source.team.pk]
    if not able:
        raise CopyRefused(_("Choose at least one client that lets you change its rules."))
    run = CopyRun.objects.create(
        agency=by.agency, started_by=by.user, source=source.team, content=content, created_at=now
    )
    homes = houses.load([g.team for g in able], people=applying.people_of(content))
    CopyTarget.objects.bulk_create(_target(run, g, homes[g.team_id]) for g in able)
    return run


def _target(run: CopyRun, grant: ClientGrant, house: houses.House) -> CopyTarget:
    found = plan(run.content, house)
    items = [item.to_json() for item in found.items]
    return CopyTarget(run=run, grant=grant, plan=items, fingerprint=found.fingerprint)


def may_copy_to(grant: ClientGrant, by: AgencyAccess) -> bool:
    return by.inside(grant).can(Permission.EDIT_ROUTING)


def items_of(target: CopyTarget) -> list[Item]:
    return [Item.read(plain) for plain in target.plan]


@transaction.atomic
def choose(
    run: CopyRun,
    chosen: Mapping[tuple[UUID, str], str],
    *,
    for_all: Mapping[str, str],
    by: AgencyAccess,
) -> None:
    """Keep what to do where a client has it already: one by one, and `for_all` by kind.

    `for_all` is {"set": choice, "pool": choice}; where a choice can't be, nothing is copied.
    """
    run = _locked(run, by)
    if not run.is_preview:
        return
    targets = list(run.targets.select_for_update(no_key=True))
    for target in targets:
        target.choices = {
            item.key: _chosen(item, target, chosen, for_all)
            for item in items_of(target)
            if item.options
        }
    CopyTarget.objects.bulk_update(targets, ["choices"], batch_size=200)


def _chosen(
    item: Item,
    target: CopyTarget,
    chosen: Mapping[tuple[UUID, str], str],
    for_all: Mapping[str, str],
) -> str:
    wanted = for_all.get("set" if item.is_set else "pool")
    if wanted:
        return wanted if wanted in item.options else Choice.SKIP.value
    kept = target.choices.get(item.key, item.default)
    asked = chosen.get((target.pk, item.key), kept)
    return asked if asked in item.options else kept


@transaction.atomic
def start(run: CopyRun, *, publishes: bool, by: AgencyAccess, now: datetime) -> bool:
    """Let a worker copy; False if it was started before. May raise CopyRefused."""
    run = _locked(run, by)
    if not run.is_preview:
        return False
    if sources.readable(run.source_id, by=by) is None:
        raise CopyRefused(_("You may not read these rules any more, so they are not copied."))
    run.targets.update(state=State.WAITING)
    run.state, run.publishes, run.started_at = CopyRun.State.WORKING, publishes, now
    run.save(update_fields=["state", "publishes", "started_at"])
    detail = {"clients": run.targets.count(), "publishes": publishes}
    agencies.record(
        by=by, action="client.rules_copied", target=run.content["team"], now=now, detail=detail
    )
    return True


def again(run: CopyRun, *, by: AgencyAccess, now: datetime) -> CopyRun:
    """A new preview of the same for the clients where it was not copied. May raise CopyRefused."""
    source = sources.readable(run.source_id, by=by)
    if source is None:
        raise CopyRefused(_("You may not read these rules any more, so they are not copied."))
    left = run.targets.filter(state__in=(State.REFUSED, State.FAILED))
    clients = list(left.values_list("grant_id", flat=True))
    return _preview(run.content, source=source, clients=clients, by=by, now=now)


def _locked(run: CopyRun, by: AgencyAccess) -> CopyRun:
    return of(by).select_for_update(no_key=True).get(pk=run.pk)


# In a worker


def unfinished(*, now: datetime) -> list[UUID]:
    """Runs that nobody seems to be at. A second worker at the same run does no harm."""
    rows = CopyRun.objects.filter(
        state=CopyRun.State.WORKING, started_at__lt=now - SILENCE
    ).annotate(last=Max("targets__finished_at"))
    silent = rows.filter(Q(last=None) | Q(last__lt=now - SILENCE))
    return list(silent.order_by("created_at").values_list("pk", flat=True)[:10])


def forget(*, now: datetime) -> int:
    """Throw away what nobody looks at any more: previews first. How many runs went."""
    old = Q(created_at__lt=now - KEPT_FOR)
    stale = Q(state=CopyRun.State.PREVIEW, created_at__lt=now - PREVIEW_KEPT_FOR)
    return CopyRun.objects.filter(old | stale).exclude(state=CopyRun.State.WORKING).delete()[0]


def work(run_id: UUID, *, clock: Clock) -> None:
    """Copy to every client that waits. One that fails says so and keeps none from its turn."""
    run = CopyRun.objects.filter(pk=run_id, state=CopyRun.State.WORKING)
    found = run.select_related("agency", "started_by").first()
    if found is None:
        return
    for target_id in list(_waiting(found).values_list("pk", flat=True)):
        _one(found, target_id, clock)
    if not _waiting(found).exists():
        run.update(state=CopyRun.State.DONE, finished_at=clock())


def _waiting(run: CopyRun) -> QuerySet[CopyTarget]:
    return CopyTarget.objects.filter(run=run, state=State.WAITING).order_by("pk")


def _one(run: CopyRun, target_id: UUID, clock: Clock) -> None:
    try:
        _copy(run, target_id, clock)
        if run.publishes:
            _publish(run, target_id, clock)
    except (CopyRefused, Refused) as refused:
        problems = getattr(refused, "problems", ())
        why = "; ".join(problem.message for problem in problems) or str(refused)
        _end(target_id, State.REFUSED, clock(), why=why)
    except Exception as error:
        log.exception("copy_failed", target=str(target_id))
        why = _("It failed (%(error)s). Nothing was changed here; try again.")
        _end(target_id, State.FAILED, clock(), why=why % {"error": type(error).__name__})


@transaction.atomic
def _copy(run: CopyRun, target_id: UUID, clock: Clock) -> None:
    """The client's own transaction; whoever comes second finds that it was done."""
    rows = CopyTarget.objects.filter(pk=target_id, state=State.WAITING)
    target = rows.select_for_update(skip_locked=True).first()
    if target is None or target.result:
        return
    by = _inside(run, target)
    try:
        lines = applying.apply(
            run.content, fingerprint=target.fingerprint, choices=target.choices, by=by, now=clock()
        )
    except Stale as error:
        words = _("Its rules have changed since the preview, so nothing was copied. Look again.")
        raise CopyRefused(words) from error
    target.result = {"lines": lines}
    if not run.publishes:
        target.state, target.finished_at = State.DONE, clock()
    target.save(update_fields=["result", "state", "finished_at"])


def _publish(run: CopyRun, target_id: UUID, clock: Clock) -> None:
    """After the copy is committed; by one worker, or by another when that one went silent."""
    now = clock()
    free = Q(finished_at=None) | Q(finished_at__lt=now - SILENCE)
    rows = CopyTarget.objects.filter(pk=target_id, state=State.WAITING)
    if not rows.filter(free, result__has_key="lines").update(finished_at=now):
        return
    target = rows.get()
    lines: Sequence[dict[str, Any]] = target.result["lines"]
    publishing.publish(lines, by=_inside(run, target), now=clock())
    CopyTarget.objects.filter(pk=target_id, state=State.WAITING).update(
        result={"lines": lines}, state=State.DONE, finished_at=clock()
    )


def _inside(run: CopyRun, target: CopyTarget) -> Access:
    """Her right in the client at this moment, under the grant's lock. May raise CopyRefused."""
    agency = agency_of(run.started_by, run.agency.slug)
    if agency is None:
        raise CopyRefused(_("Whoever started this works here no more, so nothing was copied."))
    rows = agency.clients()
    if transaction.get_connection().in_atomic_block:
        rows = rows.select_for_update(of=("self",), no_key=True)
    grant = rows.filter(pk=target.grant_id).first()
    if grant is None:
        raise CopyRefused(_("It is your client no more, so nothing was copied."))
    access = agency.inside(grant)
    try:
        access.require(Permission.EDIT_ROUTING)
    except PermissionDenied as error:
        words = _("It does not let you change its rules any more, so nothing was copied.")
        raise CopyRefused(words) from error
    return access


def _end(target_id: UUID, state: str, now: datetime, *, why: str) -> None:
    """What was copied before stays said: only its publishing was refused then."""
    row = CopyTarget.objects.filter(pk=target_id, state=State.WAITING).first()
    if row is not None:
        row.result = {**row.result, "why": why[:500]}
        row.state, row.finished_at = State(state), now
        row.save(update_fields=["result", "state", "finished_at"])
