"""A team's own fields: made once, and at once wherever fields are chosen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from apps.capture import imports
from apps.leads.models import CustomField, Lead
from apps.routing.conditions import compile_condition
from apps.rules import custom_fields
from apps.rules.facts import lead_facts
from apps.rules.models import Destination, ScoreLine
from apps.rules.refusals import Refused
from apps.rules.registry import registry
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Role
from tests.api.caller import Caller
from tests.assignments.world import World
from tests.rules import makers
from tests.rules.makers import NOW, leaf

pytestmark = pytest.mark.django_db

Type = CustomField.Type
OPTIONS = ("Early", "Late")
# Of each type: what somebody types or sends, and a condition that it meets.
SEVEN: dict[str, tuple[Any, dict[str, Any]]] = {
    Type.TEXT: ("Flat roof", leaf("custom.text", "contains", ["roof"])),
    Type.NUMBER: ("40", leaf("custom.number", "between", [40, 50])),
    Type.MONEY: ("1250.50", leaf("custom.money", "gte", 1250.5)),
    Type.DATE: ("2026-03-04", leaf("custom.date", "is", "2026-03-04")),
    Type.CHOICE: ("Early", leaf("custom.choice", "is_one_of", ["early"])),
    Type.SET: (["Early", "Late"], leaf("custom.set", "has_all_of", ["Early", "Late"])),
    Type.YES_NO: ("yes", leaf("custom.yes_no", "is", True)),
}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def team(world: World) -> Team:
    return world.team


@pytest.fixture
def manager(world: World) -> Access:
    return Access.of(world.member("Henrike", role=Role.MANAGER))


@pytest.fixture
def desk(manager: Access) -> Client:
    client = Client()
    assert manager.user is not None
    client.force_login(manager.user)
    return client


def make(by: Access, label: str, kind: str = Type.TEXT, **given: Any) -> CustomField:
    return custom_fields.add_field(label=label, type=kind, by=by, now=NOW, **given)


@pytest.fixture
def seven(manager: Access, team: Team) -> None:
    """A field of each type, made as on the page."""
    for kind in SEVEN:
        given = {"options": OPTIONS} if kind in custom_fields.WITH_OPTIONS else {}
        make(manager, kind.replace("_", " "), kind, **given)


def assert_all_match(lead: Lead) -> None:
    fields = registry(lead.team)
    facts = lead_facts(lead, fields, now=NOW)
    for kind, (_value, condition) in SEVEN.items():
        assert compile_condition(condition, fields).matches(facts), (kind, lead.custom)


@pytest.mark.usefixtures("seven")
def test_all_seven_types_come_in_by_a_webhook_form_of_their_names(world: World) -> None:
    from apps.capture import services, sources
    from apps.leads.models import Source

    made = sources.create(kind=Source.Kind.JSON, name="Shop", by=world.system, now=NOW)
    body = {"email": "rosa@example.com"} | {kind: value for kind, (value, _) in SEVEN.items()}

    answer = Client().post(sources.path_of(made.source), body, content_type="application/json")

    assert answer.status_code == 201, answer.content
    assert_all_match(Lead.objects.get(email="rosa@example.com"))
    assert services.terms_of(made.source).registry.get("custom.text") is not None


@pytest.mark.usefixtures("seven")
def test_all_seven_types_come_in_and_are_changed_over_the_api(
    world: World, manager: Access
) -> None:
    assert manager.membership is not None
    caller = Caller(manager.membership)
    own = {kind: value for kind, (value, _condition) in SEVEN.items()}

    made = caller.post("/leads/", {"email": "rosa@example.com", "custom": own})
    lead = Lead.objects.get(email="rosa@example.com")
    assert made.status_code in (201, 202)
    assert_all_match(lead)
    Lead.objects.filter(pk=lead.pk).update(custom={})
    version = caller.get(f"/leads/{lead.pk}/")["ETag"]
    changed = caller.patch(f"/leads/{lead.pk}/", {"custom": own}, If_Match=version)

    assert changed.status_code == 200
    assert_all_match(Lead.objects.get(pk=lead.pk))
    assert (
        caller.post("/leads/", {"email": "a@example.com", "custom": {"gone": 1}}).status_code == 400
    )


@pytest.mark.usefixtures("seven")
def test_all_seven_types_are_typed_in_and_mended_by_hand(desk: Client, team: Team) -> None:
    typed = {f"custom.{kind}": value for kind, (value, _condition) in SEVEN.items()}
    new = reverse("capture:new_lead", kwargs={"team": team.slug})
    assert 'name="custom.set"' in desk.get(new).text

    answer = desk.post(new, {"email": "rosa@example.com", "once": "1", **typed})
    lead = Lead.objects.get(email="rosa@example.com")
    assert answer.status_code == 302
    assert_all_match(lead)

    edit = reverse("assignments:edit", kwargs={"team": team.slug, "lead": lead.pk})
    shown = desk.get(edit).context["form"]
    again = {
        name: shown[name].value() for name in shown.fields if shown[name].value() not in (None, "")
    }
    assert desk.post(edit, again | {"city": "Graz"}).status_code == 302
    lead.refresh_from_db()
    assert lead.city == "Graz"
    assert_all_match(lead)

    version = lead.version
    emptied = {key: value for key, value in again.items() if not key.startswith("custom.")}
    assert desk.post(edit, emptied | {"version": version}).status_code == 302
    lead.refresh_from_db()
    assert lead.custom == {}


@pytest.mark.usefixtures("seven")
def test_all_seven_types_are_columns_of_an_import(world: World, manager: Access) -> None:
    header = ",".join(["email", *SEVEN])
    cells = ",".join(
        f'"{"; ".join(value)}"' if isinstance(value, list) else str(value)
        for value, _condition in SEVEN.values()
    )
    body = f"{header}\nrosa@example.com,{cells}\n".encode()
    clock = datetime.now(UTC)
    run = imports.upload(body=body, file_name="a.csv", source_name="", by=manager, now=clock)

    offered = dict(imports.choices(registry(world.team)))
    imports.begin(run, mapping=run.mapping, by=manager, now=clock)
    imports.work(run.pk, clock=lambda: datetime.now(UTC))

    assert {f"custom.{kind}" for kind in SEVEN} <= offered.keys()
    assert "status" not in offered  # nobody sends what follows from what happened
    assert_all_match(Lead.objects.get(email="rosa@example.com"))


def test_a_field_is_made_renamed_ordered_and_removed_on_its_page(desk: Client, team: Team) -> None:
    def at(name: str, **parts: Any) -> str:
        return reverse(f"rules:{name}", kwargs={"team": team.slug, **parts})

    for label, kind in (("Charge points", "number"), ("Stage", "choice")):
        form = {"new-label": label, "new-type": kind, "new-options": "Early\nearly\n\n Late "}
        assert desk.post(at("add_field"), form).status_code == 302
    points, stage = CustomField.objects.order_by("position")
    assert (points.key, points.options, stage.options) == ("charge_points", [], ["Early", "Late"])

    desk.post(at("move_field", custom_field=stage.pk), {"step": "up"})
    assert CustomField.objects.earliest("position") == stage
    desk.post(at("field", custom_field=stage.pk), {"label": "Phase", "options": "Late\nDone"})
    stage.refresh_from_db()
    assert (stage.label, stage.key, stage.options) == ("Phase", "stage", ["Late", "Done"])
    desk.post(at("remove_field", custom_field=stage.pk))
    assert [field.key for field in CustomField.objects.all()] == ["charge_points"]


def test_a_field_in_use_stays_and_says_who_uses_it(
    desk: Client, team: Team, manager: Access
) -> None:
    field = make(manager, "Stage", Type.CHOICE, options=OPTIONS)
    asks = {"any": [leaf("score", "gt", 1), {"not": leaf("custom.stage", "is", "Early")}]}
    rule = RuleFields(name="Early birds", destination=Destination.MANAGER, conditions=asks)
    versions.add_rule(versions.main_set(team), rule, by=manager, now=NOW)
    ScoreLine.objects.create(team=team, name="Late ones", points=5,
                             conditions=leaf("custom.stage", "is_one_of", ["Late"]))  # fmt: skip

    page = desk.post(
        reverse("rules:remove_field", kwargs={"team": team.slug, "custom_field": field.pk}),
        follow=True,
    ).text

    assert "Early birds" in page
    assert "Late ones" in page
    assert CustomField.objects.filter(pk=field.pk).exists()
    with pytest.raises(Refused, match="Late ones") as refused:
        custom_fields.change_field(field, label="Stage", options=["Early"], by=manager, now=NOW)
    assert refused.value.problems[0].path == "options"
    custom_fields.change_field(
        field, label="S", options=["late", "Early", "New"], by=manager, now=NOW
    )


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"label": "  "}, "label"),
        ({"label": "x" * 81}, "label"),
        ({"type": "colour"}, "type"),
        ({"type": "choice"}, "options"),
        ({"type": "set", "options": ["", "\x00"]}, "options"),
        ({"type": "choice", "options": [str(n) for n in range(201)]}, "options"),
        ({"type": "choice", "options": ["x" * 81]}, "options"),
    ],
)
def test_a_field_that_can_t_be_is_refused(
    manager: Access, given: dict[str, Any], path: str
) -> None:
    with pytest.raises(Refused) as refused:
        custom_fields.add_field(**({"label": "New", "type": "text"} | given), by=manager, now=NOW)

    assert [each.path for each in refused.value.problems] == [path]


def test_keys_are_told_apart_and_never_take_a_currency_s_place(manager: Access) -> None:
    keys = [make(manager, label).key for label in ("Größe", "Grösse!", "Price currency", "名前")]

    assert keys == ["groe", "grosse", "price_currency_code", "field"]
    assert make(manager, "名前").key == "field_2"


def test_hostile_forms_of_fields_are_answered(desk: Client, team: Team) -> None:
    address = reverse("rules:add_field", kwargs={"team": team.slug})
    forms: list[dict[str, Any]] = [
        {}, {"new-label": "a\x00b", "new-type": "text"},
        {"new-label": "x" * 5000, "new-type": "text"},
        {"new-label": "A", "new-type": "choice", "new-options": "x\n" * 30_000},
        {"new-label": "A", "new-type": ["text", "choice"]},
    ]  # fmt: skip

    assert {desk.post(address, form).status_code for form in forms} <= {302, 422}


def test_only_those_who_edit_routing_make_fields(world: World) -> None:
    with pytest.raises(PermissionDenied):
        make(Access.of(world.member("Mia")), "Mine")


def test_a_field_of_another_team_is_out_of_reach(manager: Access) -> None:
    rival = makers.manager_of(makers.make_team("rival"))
    foreign = make(rival, "Theirs")

    with pytest.raises(CustomField.DoesNotExist):
        custom_fields.remove_field(foreign, by=manager, now=NOW)
