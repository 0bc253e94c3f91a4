"""Rules copied to clients in a browser: chosen, looked at, decided, copied."""

from __future__ import annotations

import pytest

from apps.agency.copying import runs
from apps.agency.copying.models import CopyRun
from tests import factories
from tests.agency.copying.stand import NOW, a_client, asks, draft_rules, rules_in
from tests.browser import SignIn, assert_accessible

pytestmark = pytest.mark.browser


def test_an_operator_copies_rules_to_her_clients(sign_in: SignIn) -> None:
    operator = factories.OperatorFactory(agency__name="Fieldnote Media")
    alpha = a_client(operator, "Alpha Roofs")
    beta, gamma = a_client(operator, "Beta Dental"), a_client(operator, "Gamma Kitchens")
    a_client(operator, "Figures Only", allows=[])
    factories.SourceFactory(team=alpha.team, name="Radio", slug="radio")
    rules_in(
        alpha.team, asks("source", "radio"), asks("campaign", "Spring"),
        pool=factories.PoolFactory(team=alpha.team, name="Closers"),
    )  # fmt: skip
    rules_in(beta.team, asks("campaign", "Theirs"))
    page = sign_in(operator.user)

    page.goto(f"/agency/{operator.agency.slug}/copy/?from={alpha.team_id}")
    assert_accessible(page)
    page.get_by_label("To all 2 clients that let you change their rules").check()
    page.get_by_role("button", name="Look at what would happen").click()
    page.get_by_role("heading", name="What would happen at 2 clients").wait_for()
    assert_accessible(page)
    assert page.get_by_text("There is no source “Radio”").count() == 2
    page.get_by_label("Assignment rules at Beta Dental").select_option("beside")
    page.get_by_role("button", name="Copy to 2 clients").click()
    page.get_by_text("0 of 2 clients").wait_for()
    runs.work(CopyRun.objects.get().pk, clock=lambda: NOW)

    page.get_by_text("Copied to 2 clients.").wait_for()
    assert_accessible(page)
    assert page.get_by_text("copied beside, as a draft").count() == 1
    assert len(draft_rules(gamma)) == 3
    assert draft_rules(beta) == []
