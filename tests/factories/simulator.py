"""Runs of the simulator and their leads."""

from datetime import timedelta

import factory

from apps.simulator import models
from tests.factories.teams import NOW, OfTeam, of_same_team


class SimulationFactory(OfTeam):
    """A run over the last month that waits for a worker."""

    class Meta:
        model = models.Simulation

    name = "Draft"
    seed = 42
    starts_at = NOW - timedelta(days=30)
    ends_at = NOW
    created_at = NOW
    via = "membership"


class SimulatedLeadFactory(OfTeam):
    class Meta:
        model = models.SimulatedLead

    simulation = of_same_team("tests.factories.simulator.SimulationFactory")
    number = factory.Sequence(lambda n: n + 1)
    at = NOW
    outcome = "assigned"
    was_outcome = "assigned"
