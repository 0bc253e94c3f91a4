"""The form of one line of the points table: what was posted, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as made
from uuid import uuid4

from django.http import QueryDict

from apps.routing.conditions import ConditionError
from apps.routing.fields import Registry
from apps.routing.scoring import BANDS, CIRCULAR
from apps.rules.builder import editor, sheets
from apps.rules.builder.sheets import Sheet
from apps.rules.models import ScoreLine
from apps.rules.refusals import Problem
from apps.rules.scoring.lines import LineFields

LONGEST_NUMBER = 6  # characters; Python refuses to read thousands of them


@dataclass
class ScoreForm:
    """Points and days are kept as they were typed."""

    name: str
    sheet: Sheet
    points: str = ""
    half_life: str = ""
    errors: dict[str, list[str]] = made(default_factory=dict)

    def fields(self, registry: Registry) -> LineFields:
        """What the form says, for the service to judge."""
        days = whole(self.half_life)
        return LineFields(
            name=self.name,
            points=whole(self.points),
            conditions=sheets.tree_of(self.sheet, registry),
            half_life_days=days,
            is_half_life_wrong=days is None and bool(self.half_life),
        )

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Show each problem where it is."""
        conditions = []
        for problem in problems:
            if problem.path.startswith("conditions."):
                path = problem.path.removeprefix("conditions.")
                conditions.append(ConditionError(path, problem.message))
            else:
                self.errors.setdefault(problem.path or "conditions", []).append(problem.message)
        sheets.place_errors(self.sheet, conditions)

    @property
    def has_errors(self) -> bool:
        rows = any(row.errors for row in self.sheet.walk())
        return bool(self.errors or self.sheet.errors or rows)


def askable(registry: Registry) -> Registry:
    """The fields that a line may ask for: all but those that the score itself decides."""
    return Registry(field for field in registry if field.key not in CIRCULAR)


def blank() -> ScoreForm:
    """A new line with one condition to fill in."""
    return ScoreForm("", editor.act(Sheet(), "add"))


def of(line: ScoreLine, registry: Registry) -> ScoreForm:
    """A stored line."""
    return ScoreForm(
        name=line.name,
        sheet=sheets.sheet_of(line.conditions, registry),
        points=str(line.points),
        half_life="" if line.half_life_days is None else str(line.half_life_days),
    )


def read(data: QueryDict) -> ScoreForm:
    """A posted form, as it is; nothing is judged yet."""
    return ScoreForm(
        name=_clean(data.get("name", "")),
        sheet=editor.read(data),
        points=_clean(data.get("points", ""))[:LONGEST_NUMBER],
        half_life=_clean(data.get("half_life", ""))[:LONGEST_NUMBER],
    )


def read_bands(data: QueryDict) -> dict[str, int | None]:
    """The least scores as typed; None for what is no whole number."""
    return {band: whole(data.get(f"band_{band}", "")[:LONGEST_NUMBER]) for band in BANDS}


def as_line(form: ScoreForm, was: ScoreLine | None, registry: Registry) -> ScoreLine:
    """The line that the form would make, never saved: for trying it out."""
    fields = form.fields(registry)
    return ScoreLine(
        id=was.pk if was else uuid4(),
        name=fields.name,
        conditions=dict(fields.conditions),
        points=fields.points or 0,
        half_life_days=fields.half_life_days,
        is_active=was.is_active if was else True,
    )


def whole(text: str) -> int | None:
    """A whole number as people type it: 20, +20, −15."""
    text = text.strip().replace("−", "-")
    digits = text.removeprefix("-").removeprefix("+")
    return int(text) if digits.isascii() and digits.isdigit() and len(text) < 8 else None


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()
