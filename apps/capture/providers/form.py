"""The hosted form: its own fields and nothing else, so that nobody can post an owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.capture.drafts import LeadDraft
from apps.capture.reading import mapping

STANDARD = ("name", "email", "phone", "company", "message")
OFFERED = (*STANDARD, "job_title", "country", "city", "postcode", "product", "budget", "timeline")


def fields(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that a form with these settings shows, in its order."""
    chosen = settings.get("fields")
    if not isinstance(chosen, list):
        return STANDARD
    return tuple(key for key in chosen if isinstance(key, str)) or STANDARD


def read(data: Mapping[str, Any], terms: mapping.Terms, settings: Mapping[str, Any]) -> LeadDraft:
    """The form's answers; whatever else was posted is ignored."""
    asked = frozenset(fields(settings)) | {"test"}
    answers = {key: value for key, value in data.items() if key in asked}
    return mapping.draft(answers, replace(terms, mapping={}, only=asked))
