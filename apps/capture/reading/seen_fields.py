"""The fields that a source has sent of late, and what each of them becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.capture.imports import choices
from apps.capture.models import Capture
from apps.capture.reading.flattening import flatten
from apps.capture.reading.guessing import field_for
from apps.capture.reading.parsing import parse
from apps.leads.models import Source
from apps.routing.fields import Registry

LATEST = 5
MOST_FIELDS = 60
SAMPLES = 2
IGNORE = "ignore"
# Mapped to nothing: a key that is no field of a lead, so that the path is not guessed either.
_IGNORED_KEY = "ignored."


@dataclass(frozen=True, slots=True)
class SeenField:
    """A path with samples; `chosen` is what the team said, `guess` what we would take it for."""

    path: str
    samples: tuple[str, ...]
    chosen: str
    guess: str


def seen_fields(source: Source, registry: Registry) -> list[SeenField]:
    """Every field of the last captures, in the order in which they came, and the mapped ones."""
    found: dict[str, dict[str, None]] = {path: {} for path in source.mapping.values()}
    latest = Capture.objects.filter(source=source).order_by("-received_at", "-id")[:LATEST]
    for capture in latest:
        data = parse(bytes(capture.body), capture.content_type).data or {}
        for path, value in flatten(data).items():
            found.setdefault(path, {}).setdefault(_shown(value))
    chosen = {path: key for key, path in source.mapping.items()}
    return [
        _field(path, samples, chosen.get(path, ""), registry)
        for path, samples in list(found.items())[:MOST_FIELDS]
    ]


def _field(path: str, samples: Mapping[str, None], chosen: str, registry: Registry) -> SeenField:
    shown = tuple(sample for sample in samples if sample)[:SAMPLES]
    if chosen.startswith(_IGNORED_KEY):
        chosen = IGNORE
    return SeenField(path, shown, chosen, field_for(path, registry))


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)[:80]
    return "" if value is None else str(value)[:80]


def mapping_from(pairs: Mapping[str, str], registry: Registry) -> dict[str, str]:
    """The mapping that these choices (field by path) mean; ValueError if two paths claim one."""
    known = {key for key, _label in choices(registry)}
    mapping: dict[str, str] = {}
    for number, (path, field) in enumerate(pairs.items()):
        if field == IGNORE:
            mapping[f"{_IGNORED_KEY}{number}"] = path
        elif field in known and field in mapping:
            raise ValueError(field)
        elif field in known:
            mapping[field] = path
    return mapping
