"""The inbox and imports."""

import hashlib

import factory

from apps.capture import models
from tests.factories.teams import NOW, OfTeam, of_same_team


class CaptureFactory(OfTeam):
    """A capture in quarantine."""

    class Meta:
        model = models.Capture

    source = of_same_team("tests.factories.leads.SourceFactory")
    received_at = NOW
    body = b"{"
    body_hash = factory.LazyAttribute(lambda made: hashlib.sha256(made.body).digest())
    content_type = "application/json"
    door = "webhook"
    state = models.Capture.State.QUARANTINED
    outcome = models.Capture.Outcome.QUARANTINED
    reason = "This is not JSON."


class ImportFactory(OfTeam):
    class Meta:
        model = models.Import

    source = of_same_team("tests.factories.leads.SourceFactory")
    file_name = "leads.csv"
    body = b"name,email\nRosa,rosa@example.com\n"
    file_hash = factory.LazyAttribute(lambda made: hashlib.sha256(made.body).digest())
    created_at = NOW
    via = "membership"


class ImportRowFactory(OfTeam):
    class Meta:
        model = models.ImportRow

    run = of_same_team("tests.factories.capture.ImportFactory")
    number = factory.Sequence(lambda n: n + 1)
    outcome = models.ImportRow.Outcome.REFUSED
    reason = "No e-mail and no phone."
    cells = factory.LazyFunction(dict)
