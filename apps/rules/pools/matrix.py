"""The table of rankings and modes: which cell a pool is in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.rules.models import RANKINGS_OF_MODE, Mode, Ranking


@dataclass(frozen=True, slots=True)
class Cell:
    """`value` is what the form posts, such as "turn:offer"; empty where the two don't go.

    `words` say what sales people call it.
    """

    value: str
    label: str
    words: str
    mode: str
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
    words = _words()
    for mode in Mode:
        fits = ranking in RANKINGS_OF_MODE[mode]
        value = f"{ranking}:{mode}" if fits else ""
        label = f"{_row_label(ranking)}, {mode.label}"
        said = words[ranking, mode] if fits else ""
        yield Cell(value, label, said, str(mode.label), fits and value == chosen)


def _words() -> dict[tuple[Ranking, Mode], str]:
    """What each cell is, in the words of sales teams."""
    return {
        (Ranking.TURN, Mode.ASSIGN): _("Round robin"),
        (Ranking.TURN, Mode.OFFER): _("Round robin, to accept"),
        (Ranking.TURN, Mode.HOPPER): _("Next best for me"),
        (Ranking.LOAD, Mode.ASSIGN): _("Least busy"),
        (Ranking.LOAD, Mode.OFFER): _("Least busy, to accept"),
        (Ranking.PERFORMANCE, Mode.ASSIGN): _("The better get more"),
        (Ranking.PERFORMANCE, Mode.OFFER): _("The same, to accept"),
        (Ranking.FIT, Mode.ASSIGN): _("Best match"),
        (Ranking.FIT, Mode.OFFER): _("Best match first"),
        (Ranking.FIT, Mode.CLAIM): _("Matched members race"),
        (Ranking.FIT, Mode.HOPPER): _("Matched members pick"),
        (Ranking.FIXED, Mode.ASSIGN): _("One person, then the next"),
        (Ranking.FIXED, Mode.OFFER): _("Escalation list"),
        (Ranking.NONE, Mode.CLAIM): _("Fastest fingers, shark tank"),
        (Ranking.NONE, Mode.HOPPER): _("Cherry picking"),
    }


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
