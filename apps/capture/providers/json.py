"""Any body with named fields: a webhook, an API call, a row of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.capture.drafts import LeadDraft
from apps.capture.reading import mapping


def read(data: Mapping[str, Any], terms: mapping.Terms, settings: Mapping[str, Any]) -> LeadDraft:
    """What is mapped, then what can be guessed by name."""
    return mapping.draft(data, terms)
