"""What the sender is told when rules give the lead to nobody."""

from typing import Any

import pytest

from apps.capture.models import Capture
from apps.leads.models import Lead
from apps.rules.models import Destination
from tests.capture.inbox import Inbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("rule", "stage"),
    [
        ({"destination": Destination.STOP}, Lead.Stage.OUT),
        ({"destination": Destination.MANAGER}, Lead.Stage.MANAGER),
        ({"destination": Destination.CONTINUE}, Lead.Stage.MANAGER),
    ],
)
def test_a_lead_that_nobody_gets_is_kept_and_answered_as_held(
    inbox: Inbox, rule: dict[str, Any], stage: str
) -> None:
    inbox.world.rules(rule)

    response = inbox.post({"name": "Rosa Steiner", "email": "rosa@example.com"})

    assert (response.status_code, response.json()["outcome"]) == (201, "held")
    assert Lead.objects.get().stage == stage
    assert Capture.objects.get().outcome == Capture.Outcome.HELD
