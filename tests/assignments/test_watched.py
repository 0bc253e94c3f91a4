"""Which rule sets an event concerns: what they wait for, and a score that crosses a value."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock
from uuid import UUID

import pytest

from apps.assignments.road.triggers import concerns
from apps.leads.models import LeadEvent
from apps.rules.sets.compiled import TriggeredSet


def is_asked(settings: dict[str, Any], *fields: str, score: Any = None) -> bool:
    data: dict[str, Any] = {"fields": list(fields)} | ({} if score is None else {"score": score})
    event = LeadEvent(kind=LeadEvent.Kind.CHANGED, data=data)
    return concerns(TriggeredSet(UUID(int=1), "Set", settings, Mock()), event)


@pytest.mark.parametrize(
    ("score", "crosses"),
    [([40, 55], True), ([55, 40], True), ([50, 80], False), ([49, 50], True), ([None, 60], True),
     ([None, 10], False), ([80, None], True)],
)  # fmt: skip
def test_a_score_counts_when_it_crosses_the_value(score: Any, crosses: bool) -> None:
    settings = {"changes": ["score"], "score_crosses": 50}

    assert is_asked(settings, "score", "band", score=score) is crosses


def test_without_a_value_every_change_of_the_score_counts() -> None:
    assert is_asked({"changes": ["score"]}, "score", score=[1, 2])
    assert not is_asked({"changes": ["status"]}, "score", score=[1, 2])


def test_another_change_counts_whatever_the_score_did() -> None:
    settings = {"changes": ["score", "status"], "score_crosses": 50}

    assert is_asked(settings, "status")
    assert is_asked(settings, "status", "score", score=[1, 2])
    assert is_asked({"changes": []}, "city")
    assert not is_asked({"changes": [], "score_crosses": 50}, "score", score=[1, 2])
