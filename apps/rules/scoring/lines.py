"""Changing the points table: its lines, their order and the bands. Every change counts at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.routing.conditions import compile_condition, validate
from apps.routing.fields import Registry
from apps.routing.scoring import BANDS, MOST_LINES, MOST_POINTS, circular_fields
from apps.rules.models import ScoreLine
from apps.rules.refusals import Problem, Refused
from apps.rules.registry import registry, routing_moved
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Permission

LONGEST_NAME = 120
LONGEST_HALF_LIFE = 3_650  # days
MOST_BAND = MOST_LINES * MOST_POINTS


@dataclass(frozen=True, slots=True)
class LineFields:
    """What somebody writes when making or changing a line. None: it can't be read as a number."""

    name: str
    points: int | None
    conditions: Mapping[str, Any] = field(default_factory=dict)
    half_life_days: int | None = None
    is_half_life_wrong: bool = False


def lines_of(team: Team) -> list[ScoreLine]:
    """Every line in the order of the page, also those that are switched off."""
    return list(ScoreLine.objects.filter(team=team))


@transaction.atomic
def add_line(team: Team, fields: LineFields, *, by: Access, now: datetime) -> ScoreLine:
    """A new line at the end. May raise Refused, which says where it is wrong."""
    lines = _locked(team, by)
    if len(lines) >= MOST_LINES:
        words = _("There are %(n)d lines, as many as a table holds. Remove one first.")
        raise Refused.at("", words % {"n": MOST_LINES})
    _refuse_if_wrong(fields, team)
    position = lines[-1].position + 1 if lines else 1
    line = ScoreLine.objects.create(team=team, position=position, **_columns(fields))
    _saved(team, "scoring.line_added", line, by=by, now=now, detail={"points": line.points})
    return line


@transaction.atomic
def save_line(
    team: Team, line_id: UUID, fields: LineFields, *, by: Access, now: datetime
) -> ScoreLine:
    """Change a line. May raise Refused, or ScoreLine.DoesNotExist."""
    line = _find(_locked(team, by), line_id)
    _refuse_if_wrong(fields, team)
    before = _figures(line)
    for name, value in _columns(fields).items():
        setattr(line, name, value)
    line.save()
    detail = {"before": before, "after": _figures(line)}
    _saved(team, "scoring.line_changed", line, by=by, now=now, detail=detail)
    return line


@transaction.atomic
def move_line(team: Team, line_id: UUID, *, to: int, by: Access, now: datetime) -> ScoreLine:
    """Put a line at place `to`, from 1."""
    lines = _locked(team, by)
    line = _find(lines, line_id)
    order = [each for each in lines if each.pk != line.pk]
    place = max(1, min(to, len(lines)))
    order.insert(place - 1, line)
    for number, each in enumerate(order, 1):
        each.position = number
    ScoreLine.objects.bulk_update(order, ["position"])
    _saved(team, "scoring.line_moved", line, by=by, now=now, detail={"to": place})
    return line


@transaction.atomic
def switch_line(
    team: Team, line_id: UUID, *, is_active: bool, by: Access, now: datetime
) -> ScoreLine:
    line = _find(_locked(team, by), line_id)
    line.is_active = is_active
    line.save(update_fields=["is_active"])
    _saved(team, "scoring.line_switched", line, by=by, now=now, detail={"on": is_active})
    return line


@transaction.atomic
def remove_line(team: Team, line_id: UUID, *, by: Access, now: datetime) -> None:
    line = _find(_locked(team, by), line_id)
    _saved(team, "scoring.line_removed", line, by=by, now=now, detail=_figures(line))
    line.delete()


@transaction.atomic
def set_bands(team: Team, bands: Mapping[str, int | None], *, by: Access, now: datetime) -> None:
    """The least scores of A, B and C; each above the next. May raise Refused."""
    _locked(team, by)
    problems = list(_band_problems(bands))
    if problems:
        raise Refused(problems)
    before, team.bands = team.bands, {band: bands[band] for band in BANDS}
    team.save(update_fields=["bands"])
    detail = {"before": before, "after": team.bands}
    _saved(team, "scoring.bands", None, by=by, now=now, detail=detail)


@transaction.atomic
def start_with(team: Team, lines: Sequence[LineFields], *, by: Access, now: datetime) -> bool:
    """Fill an empty table; False if it has lines already."""
    if _locked(team, by):
        return False
    for fields in lines:
        _refuse_if_wrong(fields, team)
    ScoreLine.objects.bulk_create(
        ScoreLine(team=team, position=place, **_columns(fields))
        for place, fields in enumerate(lines, 1)
    )
    _saved(team, "scoring.started", None, by=by, now=now, detail={"lines": len(lines)})
    return True


def problems_of(fields: LineFields, fields_of_team: Registry) -> list[Problem]:
    """Everything that is wrong with a line, each with its path."""
    return [
        *_name_problems(fields),
        *_condition_problems(fields, fields_of_team),
        *_number_problems(fields),
    ]


def _name_problems(fields: LineFields) -> Iterator[Problem]:
    if not fields.name.strip():
        yield Problem("name", _("Give the line a name."))
    elif len(fields.name) > LONGEST_NAME:
        yield Problem("name", _("Use at most %(n)d characters.") % {"n": LONGEST_NAME})


def _condition_problems(fields: LineFields, known: Registry) -> Iterator[Problem]:
    errors = validate(fields.conditions, known)
    for error in errors:
        yield Problem(f"conditions.{error.path}" if error.path else "conditions", error.message)
    if not errors and circular_fields(compile_condition(fields.conditions, known)):
        words = _("A line can’t ask for the score that it is part of. Choose another field.")
        yield Problem("conditions", words)


def _number_problems(fields: LineFields) -> Iterator[Problem]:
    if fields.points is None or not 0 < abs(fields.points) <= MOST_POINTS:
        words = _("Give a whole number from 1 to %(n)d, or from -%(n)d to -1 to take points away.")
        yield Problem("points", words % {"n": MOST_POINTS})
    days = fields.half_life_days
    if fields.is_half_life_wrong or (days is not None and not 1 <= days <= LONGEST_HALF_LIFE):
        words = _("Give whole days from 1 to %(n)s, or leave it empty.")
        yield Problem("half_life", words % {"n": f"{LONGEST_HALF_LIFE:,}"})


def _band_problems(bands: Mapping[str, int | None]) -> Iterator[Problem]:
    given = [bands.get(band) for band in BANDS]
    for band, least in zip(BANDS, given, strict=True):
        if least is None or abs(least) > MOST_BAND:
            words = _("Give a whole number from -%(n)s to %(n)s.") % {"n": f"{MOST_BAND:,}"}
            yield Problem(f"band_{band}", words)
            return
    known = [least for least in given if least is not None]
    for place, band in enumerate(BANDS[1:], 1):
        if known[place - 1] <= known[place]:
            words = _("%(band)s must begin below %(above)s.")
            above = BANDS[place - 1]
            yield Problem(f"band_{band}", words % {"band": band, "above": above})


def _refuse_if_wrong(fields: LineFields, team: Team) -> None:
    problems = problems_of(fields, registry(team))
    if problems:
        raise Refused(problems)


def _locked(team: Team, by: Access) -> list[ScoreLine]:
    """The lines, while nobody else changes them."""
    by.require(Permission.EDIT_ROUTING)
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    return lines_of(team)


def _find(lines: Sequence[ScoreLine], line_id: UUID) -> ScoreLine:
    found = next((line for line in lines if line.pk == line_id), None)
    if found is None:
        raise ScoreLine.DoesNotExist
    return found


def _columns(fields: LineFields) -> dict[str, Any]:
    return {
        "name": fields.name.strip(),
        "points": fields.points,
        "conditions": dict(fields.conditions),
        "half_life_days": fields.half_life_days,
    }


def _figures(line: ScoreLine) -> dict[str, Any]:
    return {"points": line.points, "half_life_days": line.half_life_days}


def _saved(
    team: Team,
    action: str,
    line: ScoreLine | None,
    *,
    by: Access,
    now: datetime,
    detail: dict[str, Any],
) -> None:
    routing_moved(team)
    audit.record(by=by, action=action, target=line or team, now=now, detail=detail)
