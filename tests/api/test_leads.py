"""Leads over the API: what comes in, what may be changed, and by whom."""

from base64 import b64encode
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from apps.leads.models import Lead, StatusKind
from apps.teams.models import Membership
from tests.api.caller import Caller, body
from tests.assignments.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(world: World) -> Membership:
    return world.member("Mia")


@pytest.fixture
def manager(world: World) -> Caller:
    return Caller(world.member("Henrike", role="manager"))


@pytest.fixture
def mias_lead(world: World, mia: Membership) -> Lead:
    world.rules(world.pool(mia))
    return world.routed(name="Rosa Steiner", country="AT", facts={"employees": 20})


def test_a_lead_comes_in_by_the_same_door_as_a_capture(
    world: World, mia: Membership, manager: Caller
) -> None:
    world.rules(world.pool(mia))
    sent = {"name": "Rosa Steiner", "email": "rosa@example.com", "country": "Austria",
            "facts": {"employees": "250"}}  # fmt: skip

    first = manager.post("/leads/", sent, Idempotency_Key="order-17")
    again = manager.post("/leads/", sent, Idempotency_Key="order-17")
    other = manager.post("/leads/", {"email": "karl@example.com"}, Idempotency_Key="order-17")

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert body(first) == body(again)
    assert body(first)["outcome"] == "assigned"
    assert body(first)["owner"] == mia.user.email
    lead = Lead.objects.get(pk=body(first)["lead"])
    assert (lead.country, lead.facts["employees"]) == ("AT", 250)


def test_without_a_way_to_answer_it_is_kept_and_not_made(manager: Caller) -> None:
    response = manager.post("/leads/", {"name": "Rosa"})

    assert response.status_code == 202
    assert body(response)["outcome"] == "quarantined"


def test_facts_are_changed_with_the_version_that_was_read(mia: Membership, mias_lead: Lead) -> None:
    caller, path = Caller(mia), f"/leads/{mias_lead.pk}/"
    version = caller.get(path)["ETag"]

    response = caller.patch(
        path, {"city": "Graz", "facts": {"industry": "solar"}}, If_Match=version
    )

    assert response.status_code == 200
    assert body(response)["city"] == "Graz"
    assert body(response)["facts"] == {"employees": 20, "industry": "solar"}
    assert response["ETag"] != version


def test_a_stale_version_is_412_and_changes_nothing(mia: Membership, mias_lead: Lead) -> None:
    caller, path = Caller(mia), f"/leads/{mias_lead.pk}/"
    version = caller.get(path)["ETag"]
    caller.patch(path, {"city": "Graz"}, If_Match=version)

    response = caller.patch(path, {"city": "Linz"}, If_Match=version)

    assert response.status_code == 412
    assert Lead.objects.get(pk=mias_lead.pk).city == "Graz"


@pytest.mark.parametrize("field", ["owner", "status", "stage", "received_at", "version", "team"])
def test_a_read_only_field_is_refused_by_name(mia: Membership, mias_lead: Lead, field: str) -> None:
    response = Caller(mia).patch(f"/leads/{mias_lead.pk}/", {field: "x", "city": "Graz"})

    assert response.status_code == 400
    assert body(response)["errors"][field][0].startswith("Read-only")
    assert Lead.objects.get(pk=mias_lead.pk).city == ""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"color": "blue"}, "color"),
        ({"country": "Atlantis"}, "country"),
        ({"email": "no address"}, "email"),
        ({"email": "", "phone": ""}, "email"),
        ({"facts": {"employees": "many"}}, "facts"),
        ({"facts": {"shoe_size": 43}}, "facts"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"\ud800": 1}, "?"),
    ],
)
def test_what_cannot_be_used_is_400_naming_the_field(
    mia: Membership, mias_lead: Lead, change: dict[str, object], named: str
) -> None:
    response = Caller(mia).patch(f"/leads/{mias_lead.pk}/", change)

    assert response.status_code == 400
    assert named in body(response)["errors"]


@pytest.mark.parametrize(
    "text",
    [
        b"{", b"[]", b'"text"', b"NaN", b'{"name": 1e400}', b"[" * 100_000, b"\xff\xfe{",
        b'{"facts": {"employees": ' + b"9" * 5000 + b"}}",
    ],
    ids=["open", "list", "string", "nan", "huge", "deep", "utf-16", "digits"],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_400(manager: Caller, text: bytes) -> None:
    response = manager.raw("/leads/", text)

    assert response.status_code == 400
    assert body(response)["detail"]


def test_a_body_over_a_megabyte_is_413(manager: Caller) -> None:
    assert manager.raw("/leads/", b" " * (1024 * 1024 + 1)).status_code == 413


def test_another_salespersons_lead_does_not_exist(world: World, mias_lead: Lead) -> None:
    stranger, outsider = world.member("Lena"), World("globex").member("Otto", role="admin")

    for path in ("", "attempts/", "notes/", "status/"):
        foreign = f"/leads/{mias_lead.pk}/{path}"
        missing = f"/leads/{uuid4()}/{path}"
        for member in (stranger, outsider):
            caller = Caller(member)
            ask = caller.get if not path else caller.post
            assert ask(foreign).status_code == 404
            assert ask(foreign).content == ask(missing).content


def test_a_foreign_id_in_a_body_is_like_an_id_of_nothing(
    world: World, mias_lead: Lead, manager: Caller
) -> None:
    globex = World("globex")
    outsider, status = globex.member("Otto"), globex.statuses[StatusKind.WON]

    foreign = manager.post("/assignments/", {"lead": mias_lead.pk, "member": outsider.pk})
    missing = manager.post("/assignments/", {"lead": mias_lead.pk, "member": uuid4()})
    foreign_status = manager.post(f"/leads/{mias_lead.pk}/status/", {"status": status.pk})
    missing_status = manager.post(f"/leads/{mias_lead.pk}/status/", {"status": uuid4()})

    assert foreign.status_code == missing.status_code == 422
    assert foreign.content == missing.content
    assert foreign_status.status_code == missing_status.status_code == 422
    assert foreign_status.content == missing_status.content


def test_a_masked_reader_gets_masked_values(world: World, mias_lead: Lead) -> None:
    viewer = Caller(world.member("Vera", role="viewer"))

    answers = (
        body(viewer.get(f"/leads/{mias_lead.pk}/")),
        body(viewer.get("/leads/"))["results"][0],
    )

    for lead in answers:
        assert lead["is_masked"] is True
        assert lead["name"] == "R••• S••••••"
        assert lead["email"] == lead["phone"] == lead["message"] == ""
        assert lead["facts"] == {}


def test_a_masked_reader_cannot_search_contact_details(world: World, mias_lead: Lead) -> None:
    viewer = Caller(world.member("Vera", role="viewer"))

    assert body(viewer.get("/leads/", q="steiner"))["results"] == []
    assert body(viewer.get("/leads/", q=mias_lead.email))["results"] == []


def test_lists_go_by_known_orders_only(world: World, manager: Caller) -> None:
    world.lead()

    assert manager.get("/leads/", ordering="received_at").status_code == 200
    for unknown in ("email", "-phone", "owner__user__password", "received_at,email"):
        response = manager.get("/leads/", ordering=unknown)
        assert response.status_code == 400
        assert "received_at" in body(response)["errors"]["ordering"][0]


@pytest.mark.parametrize(
    "query", [{"owner": "x"}, {"from": "soon"}, {"status": "great"}, {"band": "5"}, {"name": "x"}]
)
def test_a_filter_that_cannot_be_read_is_400(manager: Caller, query: dict[str, str]) -> None:
    response = manager.get("/leads/", **query)

    assert response.status_code == 400
    assert list(body(response)["errors"]) == list(query)


def test_pages_hold_at_most_200_and_lead_on(world: World, manager: Caller) -> None:
    for _number in range(203):
        world.lead()

    first = body(manager.get("/leads/", page_size=1000))
    cursor = first["next"].partition("?")[2]
    second = body(manager.get(f"/leads/?{cursor}"))

    assert len(first["results"]) == 200
    assert len(second["results"]) == 3
    ids = {lead["id"] for lead in (*first["results"], *second["results"])}
    assert len(ids) == 203


@pytest.mark.parametrize(
    "place", ["1", "\x00", "9999-99-99", "0001-01-01T00:00:00+14:00", "9" * 300]
)
@pytest.mark.parametrize("path", ["/leads/", "/offers/", "/decisions/"])
def test_a_page_that_no_answer_named_is_not_there(manager: Caller, path: str, place: str) -> None:
    cursor = b64encode(urlencode({"p": place}).encode()).decode()

    response = manager.get(path, cursor=cursor)

    # A moment is a place in a list by moments, however early.
    assert response.status_code == (200 if path == "/leads/" and "T" in place else 404)


def test_half_a_character_is_400(manager: Caller, mias_lead: Lead) -> None:
    response = manager.raw(f"/leads/{mias_lead.pk}/status/", b'{"kind": "\\uD800"}')

    assert response.status_code == 400
