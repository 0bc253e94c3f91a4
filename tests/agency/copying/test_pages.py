"""The pages of copying: chosen, looked at, started once; whatever is posted."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.ids import uuid7
from apps.agency.copying import runs
from apps.agency.copying.models import CopyRun
from apps.rules.models import Version
from apps.teams.models import ClientGrant, Operator
from tests import factories
from tests.agency.copying.stand import NOW, a_client, asks, draft_rules, prepare, rules_in, target

pytestmark = pytest.mark.django_db
HOSTILE = ["\x00", "9" * 5_000, "' OR 1=1 --", "<script>", "-1", "ünï¢ode", "[]"]


@pytest.fixture
def operator() -> Operator:
    return factories.OperatorFactory()


@pytest.fixture
def browser(operator: Operator) -> Client:
    client = Client()
    client.force_login(operator.user)
    return client


@pytest.fixture
def source(operator: Operator) -> ClientGrant:
    return a_client(operator, "Alpha")


@pytest.fixture
def beta(operator: Operator) -> ClientGrant:
    return a_client(operator, "Beta")


@pytest.fixture
def live(source: ClientGrant) -> Version:
    return rules_in(source.team, asks("campaign", "x"))


@pytest.fixture
def base(operator: Operator) -> str:
    return f"/agency/{operator.agency.slug}/copy/"


def test_somebody_copies_to_all_who_let_her(
    base: str, browser: Client, source: ClientGrant, beta: ClientGrant, live: Version, operator: Any
) -> None:
    a_client(operator, "Figures Only", allows=[])
    page = browser.get(base, {"from": str(source.team_id)})
    assert "Figures Only" in page.content.decode()

    chosen = {"from": str(source.team_id), "version": ["", str(live.pk)], "all": "1"}
    preview = browser.post(base, chosen)
    run = CopyRun.objects.get()
    assert [row.grant for row in run.targets.all()] == [beta]
    assert preview["Location"] == f"{base}{run.pk}/"
    assert b"new, as a draft" in browser.get(preview["Location"]).content
    browser.post(f"{base}{run.pk}/go/", {"start": "1"})
    assert browser.get(f"{base}{run.pk}/progress/").status_code == 200
    runs.work(run.pk, clock=lambda: NOW)

    assert len(draft_rules(beta)) == 2
    done = browser.get(f"{base}{run.pk}/").content.decode()
    assert "added, as a draft" in done
    assert f"/t/{beta.team.slug}/rules/sets/" in done
    assert browser.get(f"{base}{run.pk}/progress/")["HX-Refresh"] == "true"


def test_a_group_is_chosen_beside_those_that_are_ticked(
    base: str, browser: Client, source: ClientGrant, beta: ClientGrant, live: Version, operator: Any
) -> None:
    south = a_client(operator, "Gamma", group="South")
    a_client(operator, "Delta", group="North")
    a_client(operator, "Closed", group="South", allows=[])
    form = {"from": str(source.team_id), "version": str(live.pk), "group": "South"}

    browser.post(base, {**form, "client": str(beta.pk)})

    assert {row.grant for row in CopyRun.objects.get().targets.all()} == {beta, south}


def test_choices_are_kept_from_page_to_page(
    base: str, browser: Client, source: ClientGrant, beta: ClientGrant, live: Version, operator: Any
) -> None:
    rules_in(beta.team, asks("campaign", "theirs"))
    run = prepare(operator, source.team, beta, versions=[live.pk])
    row = target(run, beta)
    key = row.plan[0]["key"]

    answer = browser.post(
        f"{base}{run.pk}/go/", {f"choice:{row.pk}:{key}": "beside", "page": "2"}
    )  # fmt: skip

    assert answer["Location"].endswith("/?page=2")
    assert target(run, beta).choices == {key: "beside"}
    assert CopyRun.objects.get().is_preview


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_posted_breaks_nothing(
    text: str, base: str, browser: Client, source: ClientGrant, beta: ClientGrant, operator: Any,
    live: Version,
) -> None:  # fmt: skip
    run = prepare(operator, source.team, beta, versions=[live.pk])
    row = target(run, beta)
    form = {
        "from": text, "version": text, "pool": text, "client": text, "all": text, "group": text,
        "all-set": text, "all-pool": text, "page": text, "show": text, "publish": text,
        f"choice:{row.pk}:{text}": text, f"choice:{text}:x": text,
        f"choice:{row.pk}:{row.plan[0]['key']}": text,
    }  # fmt: skip

    answers = [
        browser.get(base, {"from": text}), browser.post(base, form),
        browser.get(f"{base}{run.pk}/", {"page": text, "show": text}),
        browser.post(f"{base}{run.pk}/go/", form),
        browser.post(f"{base}{run.pk}/go/", {**form, "start": text}),
        browser.post(f"{base}{run.pk}/go/", {**form, "start": "1"}),
    ]  # fmt: skip

    assert {answer.status_code for answer in answers} <= {200, 302, 400, 404, 422}
    assert Version.objects.filter(team=beta.team).count() == 0


def test_a_run_of_somebody_else_is_not_found(base: str, browser: Client) -> None:
    other = factories.CopyRunFactory()
    for pk in (other.pk, uuid7()):
        answers = [browser.get(f"{base}{pk}/"), browser.get(f"{base}{pk}/progress/")]
        answers += [browser.post(f"{base}{pk}/{deed}/") for deed in ("go", "again")]
        assert {answer.status_code for answer in answers} == {404}


def test_nothing_chosen_is_said_and_what_was_ticked_stays(
    base: str, browser: Client, source: ClientGrant, beta: ClientGrant
) -> None:
    answer = browser.post(base, {"from": str(source.team_id), "client": str(beta.pk)})

    assert answer.status_code == 422
    assert "Choose at least one rule set or pool." in answer.content.decode()
    assert str(beta.pk) in answer.context["chosen"]


def test_no_statement_more_for_more_clients(
    base: str, browser: Client, source: ClientGrant, operator: Operator, live: Version
) -> None:
    counted = []
    for more in (2, 10):
        grants = [a_client(operator, f"Client {more} {n}") for n in range(more)]
        run = prepare(operator, source.team, *grants, versions=[live.pk])
        with CaptureQueriesContext(connection) as asked:
            browser.get(base)
            browser.get(f"{base}{run.pk}/")
        counted.append(len(asked))

    # The list of runs and clients grows; the statements do not.
    assert counted[0] == counted[1]
