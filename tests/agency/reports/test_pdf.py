"""The report as PDF: real pages, whatever people call themselves, and nothing read as markup."""

from __future__ import annotations

from datetime import timedelta

import pytest
import typst
from django.test import Client

from apps.agency.reports import content, pdf
from apps.agency.reports.spans import Span
from apps.teams.models import Team
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db
WEEK = Span.between(NOW.date() - timedelta(days=6), NOW.date())
HOSTILE = [
    '#panic("out") #read("/etc/passwd") #import "@preview/x:0.1.0": *',
    '"]}), #eval("1") $1/0$ `raw` @label <label> \\u{0} // */ /*',
    "東京 株式会社 · Ωμέγα · Сатурн · عربي \u202etxt.exe\u200f · हिन्दी · 🏠👩‍👩‍👧",
    "a\u0300" * 300 + "\n\r\t\x07",
    "\ud800 lone surrogate",
]


@pytest.fixture
def world() -> World:
    world = World(response_seconds=300)
    for number in range(14):
        world.lead(received_at=NOW - timedelta(hours=number), campaign=f"Campaign {number % 3}")
    return world


def report(world: World) -> content.Report:
    access = world.access(world.member("Henrike", role="manager"))
    return content.report(WEEK, access=access, now=NOW)


def test_it_is_a_pdf_for_whoever_may_read_the_report(world: World) -> None:
    client = Client()
    user = world.member("Vera", role="manager").user
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")

    answer = client.get(f"/t/{world.team.slug}/report/pdf/", {"kind": "week"})

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith('inline; filename="acme-2')
    assert answer.content.startswith(b"%PDF-")
    assert len(answer.content) > 10_000


@pytest.mark.parametrize("name", HOSTILE, ids=["code", "quotes", "scripts", "long", "surrogate"])
def test_names_are_set_as_they_are(world: World, name: str) -> None:
    made = report(world)
    made.team.name = name
    source = made.figures.sources[0].source
    source.name = name
    for member in made.members or ():
        member.member.user.name = name

    assert pdf.pdf(made).startswith(b"%PDF-")


def test_code_in_a_name_is_not_run(world: World) -> None:
    """A typesetter that ran it would stop at `panic`; as data it comes through whole."""
    text = pdf._plain(HOSTILE[0])

    assert text == HOSTILE[0]
    with pytest.raises(typst.TypstError):
        typst.compile(HOSTILE[0].encode(), format="pdf")


def test_a_team_without_leads_has_a_report_too() -> None:
    world = World("empty")
    assert pdf.pdf(report(world)).startswith(b"%PDF-")


def test_a_file_is_named_for_the_team_and_its_days(world: World) -> None:
    Team.objects.filter(pk=world.team.pk).update(slug="acme")
    assert pdf.file_name(report(world)) == f"acme-{WEEK.first}-{WEEK.last}.pdf"
