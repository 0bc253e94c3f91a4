"""The layers of the house: who may import whom. Arrows point down, never up, never in a circle."""

import sys
from collections.abc import Mapping

import pytest

from tests.house.imports import circles_of, graph_of, imports_of, modules_of

# app → what it may import besides itself and routing.
BELOW_LEADS = frozenset({"accounts", "teams"})
BELOW_RULES = BELOW_LEADS | {"leads", "alerts", "content"}
BELOW_ASSIGNMENTS = BELOW_RULES | {"rules"}
BELOW_DELIVERIES = BELOW_ASSIGNMENTS | {"assignments"}
BELOW_CAPTURE = BELOW_DELIVERIES | {"deliveries"}
BELOW_THE_TOP = BELOW_CAPTURE | {"capture"}
MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "accounts": frozenset(),
    "teams": frozenset({"accounts"}),
    "leads": BELOW_LEADS,
    "alerts": BELOW_LEADS,
    "content": BELOW_LEADS,
    "rules": BELOW_RULES,
    "assignments": BELOW_ASSIGNMENTS,
    "deliveries": BELOW_DELIVERIES,
    "capture": BELOW_CAPTURE,
    "simulator": BELOW_THE_TOP,
    "experiments": BELOW_THE_TOP,
    "dashboards": BELOW_THE_TOP,
    # Clients are looked at through the figures of their own dashboards.
    "agency": BELOW_THE_TOP | {"dashboards"},
    "people": BELOW_THE_TOP,
    # Demo data ends on the dashboard's own figures, and on a simulation.
    "onboarding": BELOW_THE_TOP | {"dashboards", "agency", "simulator"},
    "api": BELOW_THE_TOP | {"dashboards"},
}
# Where the outside comes in: these call services, and services never call them.
EDGES = frozenset(
    {
        "views",
        "tasks",
        "consumers",
        "admin",
        "management",
        "urls",
        "public_urls",
        "doors",
        "webhook",
        "hosted_form",
    }
)
# Of the frame, apps may use the nudge to the workers and where the project lies.
FRAME = frozenset({"config.celery", "config.environment"})
PURE = frozenset(sys.stdlib_module_names) | {"re2"}


def upward_arrows(modules: Mapping[str, str]) -> list[str]:
    return [
        f"{name} imports {other}"
        for name, source in modules.items()
        for other in sorted(imports_of(source, modules))
        if _is_upward(_app(name), other)
    ]


def _is_upward(app: str, other: str) -> bool:
    if other.startswith("config") and app:
        return other not in FRAME
    if not other.startswith("apps.") or _app(other) in {app, "routing", ""}:
        return False
    return _app(other) not in MAY_IMPORT[app]


def arrows_to_edges(modules: Mapping[str, str]) -> list[str]:
    """Services and models that import a view, a task, a consumer, an admin or a command."""
    return [
        f"{name} imports {other}"
        for name, others in graph_of(modules).items()
        for other in sorted(others)
        if _is_edge(other) and not _is_edge(name)
    ]


def impurities(modules: Mapping[str, str]) -> list[str]:
    """What routing imports besides the standard library, re2 and itself."""
    return [
        f"{name} imports {other}"
        for name, source in modules.items()
        for other in sorted(imports_of(source, modules))
        if not other.startswith("apps.routing") and other.partition(".")[0] not in PURE
    ]


def _app(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def _is_edge(module: str) -> bool:
    return any(
        part in EDGES or part.endswith(("_views", "_urls")) for part in module.split(".")[2:]
    )


APPS = modules_of("apps")


def test_every_app_has_its_place() -> None:
    found = {_app(name) for name in APPS} - {""}

    assert found == {*MAY_IMPORT, "routing"}


def test_no_arrow_points_up() -> None:
    assert upward_arrows(APPS) == []


def test_nothing_goes_in_a_circle() -> None:
    assert circles_of(graph_of(APPS)) == []


def test_services_and_models_do_not_know_who_calls_them() -> None:
    assert arrows_to_edges(APPS) == []


def test_routing_is_pure() -> None:
    routing = {name: source for name, source in APPS.items() if _app(name) == "routing"}

    assert impurities(routing) == []


@pytest.mark.parametrize(
    "arrow",
    [
        "from apps.assignments import services",
        "import apps.capture.services",
        "def later():\n    from apps.rules.models import Pool",
        "from config.settings import DEBUG",
    ],
)
def test_an_upward_arrow_is_seen(arrow: str) -> None:
    assert upward_arrows({**APPS, "apps.leads.planted": arrow}) != []


def test_an_arrow_for_types_only_is_none() -> None:
    planted = "if TYPE_CHECKING:\n    from apps.assignments import services"

    assert upward_arrows({**APPS, "apps.leads.planted": planted}) == []


def test_a_circle_is_seen() -> None:
    planted = {
        "apps.leads.chicken": "from apps.leads import egg",
        "apps.leads.egg": "from apps.leads.chicken import lay",
    }

    assert circles_of(graph_of({**APPS, **planted})) == [sorted(planted)]


def test_a_service_that_calls_a_task_is_seen() -> None:
    planted = {
        "apps.leads.planted": "from apps.leads.tasks import remind",
        "apps.leads.tasks": "",
    }

    assert arrows_to_edges({**APPS, **planted}) != []


@pytest.mark.parametrize("impurity", ["import django", "from apps.teams import models"])
def test_an_impurity_is_seen(impurity: str) -> None:
    assert impurities({**APPS, "apps.routing.planted": impurity}) != []
