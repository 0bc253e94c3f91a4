"""From named fields to a draft: what is mapped, what is guessed, what becomes of the rest."""

from typing import Any

import pytest

from apps.capture.drafts import LeadDraft
from apps.capture.reading import mapping
from apps.capture.reading.mapping import Terms
from apps.routing.fields import Field, FieldType, Registry

OWN = Registry().with_custom([
    Field("rooms", "Rooms", FieldType.NUMBER),
    Field("tier", "Tier", FieldType.CHOICE, ("Gold", "Silver")),
    Field("deposit", "Deposit", FieldType.MONEY),
    Field("move_in", "Move in", FieldType.DATE),
    Field("extras", "Extras", FieldType.SET),
])  # fmt: skip


def draft(data: dict[str, Any], **terms: Any) -> LeadDraft:
    return mapping.draft(data, Terms(registry=OWN, country="DE", **terms))


def test_common_names_are_guessed() -> None:
    made = draft({
        "first_name": "Rosa", "lastName": "Steiner", "E-Mail": "rosa@example.com",
        "phone_number": "030 123456", "companyName": "Isarwerk", "utm_campaign": "spring",
        "Country": "Germany", "zip": "80331", "number_of_employees": "1,250", "budget": "10k",
    })  # fmt: skip

    assert made.name == "Rosa Steiner"
    assert made.email.key == "rosa@example.com"
    assert made.phone.key == "+4930123456"
    assert made.columns["company"] == "Isarwerk"
    assert made.columns["campaign"] == "spring"
    assert made.columns["country"] == "DE"
    assert made.columns["postcode"] == "80331"
    assert made.facts["employees"] == 1250
    assert (made.facts["budget"], made.facts["budget_currency"]) == (1_000_000, "EUR")
    assert made.unmapped == ()


def test_the_sources_mapping_wins_over_a_guess() -> None:
    data = {"email": "office@example.com", "answers": {"q7": "rosa@example.com"}}

    made = draft(data, mapping={"email": "answers.q7"})

    assert made.email.shown == "rosa@example.com"


def test_nested_answers_are_found_by_their_names() -> None:
    made = draft({
        "field_data": [
            {"name": "email", "values": ["rosa@example.com"]},
            {"name": "full_name", "values": ["Rosa Steiner"]},
        ],
        "company": {"name": "Isarwerk"},
    })  # fmt: skip

    assert (made.name, made.email.shown) == ("Rosa Steiner", "rosa@example.com")
    assert made.columns["company"] == "Isarwerk"


def test_somebody_elses_address_is_not_the_leads() -> None:
    made = draft({"owner": {"email": "seller@example.com"}, "phone": "030 123456"})

    assert made.email.shown == ""
    assert made.unmapped == ("owner.email",)


def test_unknown_fields_are_named_and_owners_never_taken() -> None:
    made = draft({"email": "rosa@example.com", "owner": "Mia", "team": "other", "shoe_size": 39})

    assert made.unmapped == ("owner", "team", "shoe_size")


def test_a_teams_own_fields_are_typed() -> None:
    made = draft({
        "email": "rosa@example.com", "rooms": "3", "tier": "gold", "deposit": "€ 1.500,00",
        "move_in": "14/03/2026", "extras": "balcony; garage",
    })  # fmt: skip

    assert made.custom == {
        "rooms": 3, "tier": "Gold", "deposit": 150_000, "deposit_currency": "EUR",
        "move_in": "2026-03-14T00:00:00+00:00", "extras": ["balcony", "garage"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "warning"),
    [
        ({"employees": "50-100"}, "Employees: “50-100” is not a number."),
        ({"tier": "Bronze"}, "Tier: “Bronze” is not one of the choices."),
        ({"country": "Atlantis"}, "Country: “Atlantis” is not a place that we know."),
        ({"phone": "12"}, "Phone: the number can’t be dialled as it is."),
        ({"move_in": "ontem"}, "Move in: “ontem” is not a date."),
    ],
)
def test_what_can_not_be_used_becomes_a_warning(data: dict[str, Any], warning: str) -> None:
    made = draft({"email": "rosa@example.com", **data})

    assert made.warnings == (warning,)
    assert made.email.key == "rosa@example.com"


@pytest.mark.parametrize(
    "data",
    [
        {"email": "test@meta.com"},
        {"email": "rosa@example.com", "phone": "p:<test lead: dummy data for phone_number>"},
        {"email": "rosa@example.com", "test": True},
        {"email": "rosa@example.com", "is_test": "1"},
    ],
)
def test_a_test_lead_is_told(data: dict[str, Any]) -> None:
    assert draft(data).is_test


def test_a_person_called_testimony_is_no_test() -> None:
    assert not draft({"name": "Testimony Test", "email": "testimony@example.com"}).is_test


def test_a_cell_that_only_excuses_itself_is_empty() -> None:
    excuse = "You don't have enough permission. Please refer to this help: https://example.com"

    made = draft({"email": "rosa@example.com", "campaign_name": excuse})

    assert "campaign" not in made.columns


def test_markup_is_kept_as_it_came() -> None:
    made = draft({"email": "rosa@example.com", "name": "<script>alert(1)</script>"})

    assert made.name == "<script>alert(1)</script>"
