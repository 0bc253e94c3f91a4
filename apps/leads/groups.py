"""Interest groups: named segments of leads. A name that a group had once still finds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from apps.leads import events
from apps.leads.models import Activity, InterestGroup, Lead
from apps.leads.services import activity
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Permission
from apps.teams.remembered import Remembered
from apps.teams.team_settings import routing_moved

FACT = "interest_group"  # where names that came with a lead and are no group's yet are kept
LONGEST_NAME = 80
MOST_OF_A_LEAD = 20
# Colours that stand out from the page in light and dark, by the name of their class.
PALETTE: Mapping[str, str] = {
    "#6b7280": "grey", "#2f5bd0": "blue", "#0f7b78": "teal", "#2f7d32": "green",
    "#6b7a0f": "olive", "#a86200": "amber", "#c2500b": "orange", "#c0322b": "red",
    "#b8357a": "pink", "#7a3fc1": "violet", "#7a5236": "brown",
}  # fmt: skip
GREY = "#6b7280"


class GroupRefused(ValueError):
    """What was asked for can't be; the message says why and what would do."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A group as lists and pages show it; `colour` is the name of a class."""

    id: UUID
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class Known:
    """A team's groups. `ids` finds those in use by every folded name that they ever had."""

    chips: Mapping[UUID, Chip] = field(default_factory=dict)
    ids: Mapping[str, UUID] = field(default_factory=dict)
    moved: Mapping[UUID, UUID] = field(default_factory=dict)  # merged group → the group it is now

    def of(self, lead: Lead) -> list[Chip]:
        """The lead's groups in the order of the team's list."""
        current = self.current(lead.group_ids)
        return [chip for pk, chip in self.chips.items() if pk in current]

    def current(self, group_ids: Iterable[UUID]) -> list[UUID]:
        """These groups as they are now: merged ones by what they were merged into, once each."""
        return list(dict.fromkeys(self.moved.get(pk, pk) for pk in group_ids))

    def sorted_out(self, names: Iterable[str]) -> tuple[list[UUID], list[str]]:
        """The groups that these names mean, and the names that mean none."""
        found, unknown = [], []
        for name in names:
            group = self.ids.get(folded(name))
            if group is None:
                unknown.append(name)
            elif group not in found:
                found.append(group)
        return found, unknown


def folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def known(team: Team) -> Known:
    """The team's groups; no query while its routing version stands still."""
    return _known.of(team)


def names_of(team: Team) -> Mapping[str, UUID]:
    """Every folded name, former ones too, and the group in use that it means."""
    return known(team).ids


def _load(team: Team) -> Known:
    rows = list(InterestGroup.objects.filter(team=team))
    in_use = [row for row in rows if row.is_active]
    former = {folded(str(name)): row.pk for row in in_use for name in row.former_names}
    return Known(
        chips={row.pk: _chip(row) for row in rows if row.merged_into_id is None},
        ids=former | {folded(row.name): row.pk for row in in_use},
        moved={row.pk: row.merged_into_id for row in rows if row.merged_into_id},
    )


_known: Remembered[Known] = Remembered(_load)


def _chip(row: InterestGroup) -> Chip:
    return Chip(row.pk, row.name, PALETTE.get(row.colour, "grey"))


@transaction.atomic
def create(*, name: str, colour: str, by: Access, now: datetime) -> InterestGroup:
    """A new group; leads that brought its name before belong to it at once.

    GroupRefused for a name that a group has or had, and for a colour outside the palette.
    """
    by.require(Permission.EDIT_GROUPS)
    name = _name(name, by)
    place = InterestGroup.objects.filter(team=by.team).count()
    group = InterestGroup(
        team=by.team, name=name, colour=_colour(colour), position=min(place, 32_000), created_at=now
    )
    _save_once(group)
    _adopt(group)
    _done("created", group, by, now)
    return group


@transaction.atomic
def change(group: InterestGroup, *, name: str, colour: str, by: Access, now: datetime) -> None:
    """Rename or recolour it. Rules that ask for the former name go on finding it."""
    by.require(Permission.EDIT_GROUPS)
    fresh = _locked(group, by)
    name = _name(name, by, of=fresh)
    if name != fresh.name:
        names = [fresh.name, *map(str, fresh.former_names)]
        fresh.former_names = [former for former in names if folded(former) != folded(name)]
        fresh.name = name
    fresh.colour = _colour(colour)
    _save_once(fresh)
    _adopt(fresh)
    _done("changed", fresh, by, now)


@transaction.atomic
def merge(group: InterestGroup, *, into: InterestGroup, by: Access, now: datetime) -> int:
    """Move all leads, and every name, of a group to another; how many leads were moved.

    Rules that name the merged group, or set it, mean the other from now on.
    """
    by.require(Permission.EDIT_GROUPS)
    if group.pk == into.pk:
        raise GroupRefused(_("Choose another group to merge it into."))
    first, second = sorted((group, into), key=lambda each: each.pk)
    held = {row.pk: row for row in (_locked(first, by), _locked(second, by))}
    gone, kept = held[group.pk], held[into.pk]
    if not kept.is_active:
        raise GroupRefused(_("“%(name)s” is out of use. Take it up again first.") % {"name": kept})
    moved = _move_leads(gone, kept)
    names = [*map(str, kept.former_names), gone.name, *map(str, gone.former_names)]
    kept.former_names = list(dict.fromkeys(names))
    gone.is_active, gone.merged_into, gone.former_names = False, kept, []
    InterestGroup.objects.filter(merged_into=gone).update(merged_into=kept)
    kept.save(update_fields=["former_names"])
    gone.save(update_fields=["is_active", "merged_into", "former_names"])
    _done("merged", gone, by, now, into=str(kept.pk), leads=moved)
    return moved


@transaction.atomic
def set_in_use(group: InterestGroup, *, is_active: bool, by: Access, now: datetime) -> None:
    """Retire a group: its leads keep it, no new ones get it. Or take it up again."""
    by.require(Permission.EDIT_GROUPS)
    fresh = _locked(group, by)
    fresh.is_active = is_active
    fresh.save(update_fields=["is_active"])
    _done("taken_up" if is_active else "retired", fresh, by, now)


@transaction.atomic
def set_groups(lead: Lead, group_ids: Iterable[UUID], *, by: Access, now: datetime) -> Lead:
    """Put the lead into exactly these groups. Retired ones may stay, but none is added.

    GroupRefused for a group that the team does not have or use. The caller asks whether the
    actor may work this lead.
    """
    fresh = Lead.objects.select_for_update(of=("self",), no_key=True).get(pk=lead.pk)
    team_groups = known(by.team)
    wanted = team_groups.current(group_ids)
    usable = set(team_groups.ids.values()) | set(fresh.group_ids)
    if len(wanted) > MOST_OF_A_LEAD or not usable.issuperset(wanted):
        raise GroupRefused(_("Choose among the team’s interest groups, twenty at most."))
    if set(wanted) == set(fresh.group_ids):
        return fresh
    fresh.group_ids = [pk for pk in team_groups.chips if pk in wanted]
    fresh.version += 1
    fresh.save(update_fields=["group_ids", "version"])
    data = {"groups": [chip.name for chip in team_groups.of(fresh)]}
    activity(fresh, Activity.Kind.GROUPED, by=by, now=now, data=data).save()
    events.changed(fresh, ["groups"], by=by, now=now)
    return fresh


def counts(by: Access) -> dict[UUID, tuple[int, int]]:
    """For each group, how many leads are in it, and how many of them are open."""
    sql = """
        SELECT grouped.id, count(*), count(*) FILTER (WHERE status_kind = ANY(%s))
        FROM leads_lead, unnest(group_ids) AS grouped (id)
        WHERE team_id = %s AND deleted_at IS NULL AND group_ids <> '{}' GROUP BY 1
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [["new", "working", "qualified"], by.team.pk])
        return {pk: (number, open_ones) for pk, number, open_ones in cursor.fetchall()}


def new_names(by: Access, *, among: int = 2_000, limit: int = 20) -> list[tuple[str, int]]:
    """Names that came with the newest leads and are no group's yet, the most frequent first."""
    sql = """
        SELECT min(named.name), count(*) FROM (
            SELECT facts -> 'interest_group' AS names FROM leads_lead
            WHERE team_id = %s AND deleted_at IS NULL ORDER BY received_at DESC, id DESC LIMIT %s
        ) AS latest, jsonb_array_elements_text(
            CASE jsonb_typeof(names) WHEN 'array' THEN names ELSE '[]' END
        ) AS named (name) GROUP BY lower(named.name) ORDER BY 2 DESC, 1
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [by.team.pk, among])
        found = cursor.fetchall()
    taken = known(by.team).ids
    return [(name, number) for name, number in found if folded(name) not in taken][:limit]


def _name(name: str, by: Access, of: InterestGroup | None = None) -> str:
    """The name as it is kept; GroupRefused if it is empty or means a group already."""
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise GroupRefused(_("Give the group a name of at most 80 letters."))
    for other in InterestGroup.objects.filter(team=by.team).select_related("merged_into"):
        if of is not None and other.pk == of.pk:
            continue
        if folded(name) in {folded(other.name), *map(folded, map(str, other.former_names))}:
            raise GroupRefused(_taken(name, other))
    return name


def _taken(name: str, other: InterestGroup) -> str:
    words = {"name": name, "other": (other.merged_into or other).name}
    if folded(name) == folded(other.name) and other.merged_into is None:
        return _("There is a group “%(other)s” already.") % words
    return _("“%(name)s” was a name of “%(other)s”: rules that ask for it mean that group.") % words


def _colour(colour: str) -> str:
    if colour not in PALETTE:
        raise GroupRefused(_("Choose one of the colours shown."))
    return colour


def _save_once(group: InterestGroup) -> None:
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError as error:  # somebody made it in this very moment
        words = _("There is a group “%(other)s” already.") % {"other": group.name}
        raise GroupRefused(words) from error


def _locked(group: InterestGroup, by: Access) -> InterestGroup:
    """The group under lock. GroupRefused for one that was merged meanwhile."""
    rows = InterestGroup.objects.select_for_update(no_key=True).filter(team=by.team)
    fresh: InterestGroup = rows.get(pk=group.pk)
    if fresh.merged_into_id is not None:
        raise GroupRefused(_("“%(name)s” was merged into another group.") % {"name": fresh})
    return fresh


# Leads are locked in the order of their ids, so that nobody who needs two of them waits for us
# while we wait for them.
_MOVE = """
WITH held AS (
    SELECT id FROM leads_lead WHERE team_id = %(team)s AND group_ids @> ARRAY[%(gone)s]::uuid[]
    ORDER BY id FOR NO KEY UPDATE
)
UPDATE leads_lead AS lead SET version = version + 1, group_ids =
    array_remove(array_remove(group_ids, %(gone)s::uuid), %(kept)s::uuid) || %(kept)s::uuid
FROM held WHERE lead.id = held.id
"""
_ADOPT = """
WITH held AS (
    SELECT id FROM leads_lead WHERE team_id = %(team)s
    AND jsonb_typeof(facts -> 'interest_group') = 'array' AND EXISTS (
        SELECT FROM jsonb_array_elements_text(facts -> 'interest_group') AS named (name)
        WHERE lower(named.name) = lower(%(name)s)
    ) ORDER BY id FOR NO KEY UPDATE
)
UPDATE leads_lead AS lead SET version = version + 1,
    group_ids = array_remove(group_ids, %(group)s::uuid) || %(group)s::uuid,
    facts = facts - 'interest_group' || coalesce((
        SELECT jsonb_build_object('interest_group', jsonb_agg(named.name))
        FROM jsonb_array_elements_text(facts -> 'interest_group') AS named (name)
        WHERE lower(named.name) <> lower(%(name)s) HAVING count(*) > 0
    ), '{}')
FROM held WHERE lead.id = held.id
"""


def _move_leads(gone: InterestGroup, kept: InterestGroup) -> int:
    values: Any = {"team": gone.team_id, "gone": gone.pk, "kept": kept.pk}
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, values)
        return int(cursor.rowcount)


def _adopt(group: InterestGroup) -> None:
    """Take in the leads that came with this name when no group had it."""
    values: Any = {"team": group.team_id, "group": group.pk, "name": group.name}
    with connection.cursor() as cursor:
        cursor.execute(_ADOPT, values)


def _done(what: str, group: InterestGroup, by: Access, now: datetime, **detail: Any) -> None:
    audit.record(by=by, action=f"group.{what}", target=group, now=now, detail=detail)
    routing_moved(by.team)
