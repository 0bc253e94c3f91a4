"""Telling companies apart by name and domain."""

import importlib

import pytest
from django.apps import apps
from django.db import connection

from apps.leads.companies import company_key, company_keys, domain_of, guessed_name
from apps.leads.models import Lead
from apps.leads.services import edit
from tests.assignments.world import NOW, World
from tests.data import real


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller & Söhne GmbH & Co. KG", "MULLER SÖHNE"),
        ("Isarwerk Logistik GmbH", "isarwerk  logistik"),
        ("S.A. Dupont", "Dupont S.A."),
        ("Acme Sp. z o.o.", "ACME"),
        ("株式会社トヨタ", "トヨタ"),
        ("ООО Ромашка", "ромашка"),
        ("O'Neill Inc.", "O’Neill"),
        ("The Coffee Company", "coffee co"),
        ("Voltyard, Ltd", "Voltyard Limited"),
        ("Straße AG", "STRASSE"),
    ],
)
def test_one_company_has_one_key(one: str, other: str) -> None:
    assert company_key(one) == company_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("Isarwerk", "Isarwerk Logistik"), ("Zoo Berlin", "Berlin"), ("AG Bau", "SE Bau")],
)
def test_two_companies_have_two(one: str, other: str) -> None:
    assert company_key(one) != company_key(other)


@pytest.mark.parametrize("name", ["GmbH", "Co", "AG", "& Co. KG"])
def test_a_name_of_nothing_but_legal_forms_is_a_name(name: str) -> None:
    assert company_key(name)


@pytest.mark.parametrize("name", ["", "   ", "---", "\x00", "🙂", "\ud83d"])
def test_what_names_nothing_has_no_key(name: str) -> None:
    assert company_key(name) == ""


def test_a_key_fits_its_column() -> None:
    assert len(company_key("word " * 5000)) <= 200


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("rosa@isarwerk.example", "isarwerk.example"),
        ("ROSA@Isarwerk.Example", "isarwerk.example"),
        ("https://www.acme.com/about?x=1", "acme.com"),
        ("acme.de", "acme.de"),
        ("info@müller.de", "xn--mller-kva.de"),
        ("rosa@gmail.com", ""), ("rosa@googlemail.com", ""), ("rosa@yahoo.co.uk", ""),
        ("rosa@hotmail.fr", ""), ("rosa@gmx.at", ""), ("rosa@web.de", ""), ("rosa@qq.com", ""),
        ("", ""), ("rosa@", ""), ("@", ""), ("rosa@localhost", ""), ("rosa@[127.0.0.1]", ""),
        ("rosa@1.2.3.4", ""), ("http://[::1", ""), ("rosa@a..b", ""), ("rosa@-a.com", ""),
        ("rosa@" + "a" * 300 + ".com", ""), ("rosa@a b.com", ""), ("rosa@\x00.com", ""),
        ("rosa@\ud83d.com", ""),
    ],
)  # fmt: skip
def test_the_domain_of_a_company(address: str, domain: str) -> None:
    assert domain_of(address) == domain


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("isarwerk.example", "Isarwerk"), ("isarwerk-logistik.de", "Isarwerk Logistik"),
        ("mail.acme.co.uk", "Acme"), ("xn--mller-kva.de", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_company_may_be_called_as_its_domain(domain: str, name: str) -> None:
    assert guessed_name(domain) == name


def test_only_what_changes_gets_a_key() -> None:
    assert company_keys({"name": "Rosa"}) == {}
    assert company_keys({"company": "Acme AG", "email_key": ""}) == {
        "company_key": "acme", "domain": "",
    }  # fmt: skip


def test_an_edit_moves_the_keys_and_does_not_list_them(world: World) -> None:
    lead = world.lead(company="Old GmbH", company_key="old")

    edit(lead, changes={"company": "New GmbH"}, by=world.system, now=NOW)

    assert Lead.objects.get(pk=lead.pk).company_key == "new"
    assert lead.activities.get().data == {"fields": ["company"]}


def test_leads_of_before_are_given_their_keys(world: World) -> None:
    migration = importlib.import_module("apps.leads.migrations.0008_company_keys")
    lead = world.lead(company="Acme AG", email_key="rosa@acme.example")
    world.lead(company="", email_key="rosa@gmail.com")

    with connection.schema_editor() as editor:
        migration.tell_companies(apps, editor)

    lead.refresh_from_db()
    assert (lead.company_key, lead.domain) == ("acme", "acme.example")


def test_real_accounts_have_keys_of_their_own() -> None:
    rows = real("maven_crm_sales", "accounts.csv").read_text().splitlines()[1:]
    names = [row.split(",")[0] for row in rows]

    keys = {company_key(name) for name in names}

    assert len(keys) == len(names) == 85
