"""A copy that another team sent: fields under the names that we give them, or the sender's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.capture.drafts import LeadDraft
from apps.capture.reading import mapping

# Where and when the lead came to the sender: here it comes from the sender, now.
OF_THE_SENDER = frozenset({"source", "received_at"})


def read(data: Mapping[str, Any], terms: mapping.Terms, settings: Mapping[str, Any]) -> LeadDraft:
    """What is mapped, then what can be guessed by name."""
    wanted = set(terms.mapping.values())
    told = {key: value for key, value in data.items() if key in wanted or key not in OF_THE_SENDER}
    return mapping.draft(told, terms)
