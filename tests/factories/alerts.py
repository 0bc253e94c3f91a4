"""Alerts."""

import factory

from apps.alerts.models import Alert, Kind
from tests.factories.teams import NOW, OfTeam


class AlertFactory(OfTeam):
    """An alert that has no number yet."""

    class Meta:
        model = Alert

    user = factory.SubFactory("tests.factories.teams.UserFactory")
    kind = Kind.ASSIGNED
    created_at = NOW
