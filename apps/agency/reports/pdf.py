"""A report as PDF. What people typed reaches the typesetter as data, never as its markup.

The typesetter is a library in this process: it opens no connection, and reads one file of ours.
"""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typst
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.agency.reports import parts
from apps.agency.reports.content import Report
from apps.agency.reports.sentences import sentences
from apps.dashboards.showing import charts, words

_SHEET = Path(__file__).with_name("report.typ")
# Letters that a name can't be made of: they break lines, turn the direction, or are no letters.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_LONGEST = 200


def pdf(report: Report) -> bytes:
    """The report on A4 pages."""
    said = json.dumps(_plain(_data(report)), ensure_ascii=False)
    made = typst.compile(
        _sheet(),
        sys_inputs={"report": said},
        format="pdf",
        timestamp=int(report.made_at.timestamp()),
    )
    assert isinstance(made, bytes)
    return made


def file_name(report: Report) -> str:
    """ "nordlicht-2026-10-01-2026-10-31.pdf": safe in a header and on every disk."""
    name = slugify(report.team.slug) or "report"
    return f"{name}-{report.span.first}-{report.span.last}.pdf"


@cache
def _sheet() -> bytes:
    return _SHEET.read_bytes()


def _data(report: Report) -> dict[str, Any]:
    figures = report.figures
    starts = charts.starts(figures.question)
    return {
        "lang": (get_language() or "en").split("-")[0],
        "team": report.team.name,
        "title": _("Report"),
        "span": report.span.words,
        "against": _("compared with %(when)s") % {"when": report.span.compared_with},
        "made": made_words(report),
        "sentences": sentences(report),
        "figures": [_figure(one) for one in parts.figures(report)],
        "tables": [_table(one) for one in parts.tables(report)],
        "bands": _bands(report),
        "volume": _volume(report, starts),
        "definitions": _("What is counted"),
        "page": _("Page"),
        "none": _("None in these days."),
    }


def made_words(report: Report) -> str:
    """When it was made, in the team's zone."""
    local = timezone.localtime(report.made_at, ZoneInfo(report.team.timezone))
    words = _("Made on %(at)s, times in %(zone)s") % {
        "at": date_format(local, "j F Y, H:i"), "zone": report.team.timezone.replace("_", " "),
    }  # fmt: skip
    if report.is_over:
        return words
    return words + ". " + _("The period is not over yet.")


def _figure(one: parts.Figure) -> dict[str, Any]:
    return {
        "name": one.name, "value": one.value, "change": one.change[0], "note": one.note,
        "definition": one.definition,
    }  # fmt: skip


def _table(one: parts.Table) -> dict[str, Any]:
    return {
        "title": one.title, "columns": list(one.columns), "rows": [list(row) for row in one.rows],
        "foot": list(one.foot), "note": one.note,
    }  # fmt: skip


def _bands(report: Report) -> dict[str, Any]:
    drawn = charts.histogram(report.figures, target=report.target)
    most = max((bar.count for bar in drawn.bars), default=0)
    tones = {"f1": "in", "f4": "late", "f-breached": "never"}
    return {
        "title": _("How fast we answer"),
        "finding": words.bands_finding(report.figures, report.team),
        "bars": [
            {"label": bar.label, "count": bar.count, "tone": tones[bar.css],
             "part": bar.count / most if most else 0}
            for bar in drawn.bars
        ],
        "legend": [
            {"tone": "in", "label": _("within the target of %(time)s") % {"time": drawn.target}},
            {"tone": "late", "label": _("later")},
            {"tone": "never", "label": _("no attempt yet")},
        ],
    }  # fmt: skip


def _volume(report: Report, starts: Any) -> dict[str, Any]:
    """Leads by day or week, all sources together."""
    counts: dict[datetime, int] = {slot.start: slot.received for slot in report.figures.slots}
    most = max(counts.values(), default=0)
    marks = {round(mark.x, 2): mark.label for mark in charts.dates(starts, "day", columns=True)}
    step = 100 / max(len(starts), 1)
    return {
        "title": _("When leads came in"),
        "finding": words.sources_finding(report.figures),
        "most": most,
        "bars": [
            {"part": counts.get(at, 0) / most if most else 0,
             "label": marks.get(round(place * step + 0.125 * step, 2), "")}
            for place, at in enumerate(starts)
        ],
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """The same data with text that can be set: no control letters, nothing endless."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, str):
        return value
    text = unicodedata.normalize("NFC", value.encode("utf-8", "replace").decode())
    return _UNFIT.sub(" ", text)[: _LONGEST * 4]
