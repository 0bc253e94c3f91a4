"""Leads of the past through rules and pools in memory: who would have got what.

The rules are matched by the very matcher that decides live, and members are chosen by
`decide.choose` or by a shorter way to the same choice (`tests/routing/test_simulation.py` holds
the two against each other). What people did is drawn from what was observed of them, by a seed:
the same seed and the same leads give the same run.
"""

from apps.routing.simulation.chance import Chance, Spread
from apps.routing.simulation.plans import (
    AS_A_RULE,
    Arrival,
    Behaviour,
    Cover,
    MemberPlan,
    PoolPlan,
    Scenario,
    Step,
)
from apps.routing.simulation.results import Figures, Outcome, Result
from apps.routing.simulation.world import World

__all__ = [
    "AS_A_RULE",
    "Arrival",
    "Behaviour",
    "Chance",
    "Cover",
    "Figures",
    "MemberPlan",
    "Outcome",
    "PoolPlan",
    "Result",
    "Scenario",
    "Spread",
    "Step",
    "World",
]
