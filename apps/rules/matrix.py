"""The table of rankings and modes: which cell a pool is in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.rules.models import RANKINGS_OF_MODE, Mode, Ranking


@dataclass(frozen=True, slots=True)
class Cell:
    """`value` is what the form posts, such as "turn:offer"; empty where the two don't go."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    is_chosen: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    heads: tuple[tuple[str, bool], ...]
    rows: tuple[Row, ...]


def matrix(chosen: str) -> Matrix:
    """The whole table with the cell that is chosen."""
    ranking, _colon, mode = chosen.partition(":")
    heads = tuple((str(each.label), each == mode) for each in Mode)
    rows = (Row(_row_label(each), each == ranking, tuple(_cells(each, chosen))) for each in Ranking)
    return Matrix(heads, tuple(rows))


def _cells(ranking: Ranking, chosen: str) -> Iterable[Cell]:
    for mode in Mode:
        value = f"{ranking}:{mode}" if ranking in RANKINGS_OF_MODE[mode] else ""
        yield Cell(value, f"{_row_label(ranking)}, {mode.label}", bool(value) and value == chosen)


def _row_label(ranking: Ranking) -> str:
    labels = {
        Ranking.TURN: _("Turn"),
        Ranking.LOAD: _("Load"),
        Ranking.PERFORMANCE: _("Performance"),
        Ranking.FIT: _("Match"),
        Ranking.FIXED: _("Fixed"),
        Ranking.NONE: _("Anyone"),
    }
    return labels[ranking]
