"""Scripts."""

import factory

from apps.content.models import Script
from tests.factories.teams import OfTeam


class ScriptFactory(OfTeam):
    class Meta:
        model = Script

    channel = Script.Channel.CALL
    name = factory.Sequence(lambda n: f"Script {n}")
    body = "Hello {first_name}, this is {me}."
