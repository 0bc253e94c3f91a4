"""The pages of distribution rules: written, tried, compared and published without scripts."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from apps.rules.models import Recipient, Rule, RuleSet
from apps.rules.sets import compiled, versions
from apps.rules.sets.checking import RuleFields
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Permission, Role
from tests import factories
from tests.rules import makers
from tests.rules.makers import NOW, leaf
from tests.rules.reader import posted

pytestmark = pytest.mark.django_db
MOST_QUERIES = 16


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


@pytest.fixture
def desk(manager: Access) -> Client:
    client = Client()
    assert manager.user is not None
    client.force_login(manager.user)
    return client


@pytest.fixture
def rules(team: Team) -> RuleSet:
    return versions.distribution_set(team)


@pytest.fixture
def nord(team: Team) -> Recipient:
    return factories.RecipientFactory(team=team, name="Nord Solar")


def at(rule_set: RuleSet, name: str, **parts: Any) -> str:
    kwargs = {"team": rule_set.team.slug, "rule_set": rule_set.pk, **parts}
    return reverse(f"rules:{name}", kwargs=kwargs)


def a_form(*recipients: Recipient, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Germany", "joiner": "all", "row": ["0"], "field-0": "country",
        "op-0": "is_one_of", "value-0": "DE", "to": "recipients",
        "recipients": [str(each.pk) for each in recipients], "do": "save",
    } | changes  # fmt: skip


def drafted(rules: RuleSet) -> list[Rule]:
    return versions.rules_of(versions.draft(rules))


def test_the_address_of_distribution_rules_leads_to_their_set(desk: Client, team: Team) -> None:
    answer = desk.get(reverse("rules:distribution", kwargs={"team": team.slug}), follow=True)

    assert answer.redirect_chain == [(at(versions.distribution_set(team), "rules"), 302)]
    assert "Every rule that matches sends" in answer.text
    assert "Nothing is sent yet" in answer.text
    assert "The first match decides" not in answer.text


def test_a_rule_is_written_tried_published_and_rolled_back(
    desk: Client, team: Team, rules: RuleSet, nord: Recipient
) -> None:
    source = makers.make_source(team)
    for country in ("DE", "DE", "AT"):
        makers.make_lead(team, source, country=country)
    form = posted(desk.get(at(rules, "rules") + "?new=1").text)
    assert form["recipients"] == [str(nord.pk)]  # the only one there is

    sent = a_form(nord, stops="1", keeps_out="1")
    tried = desk.post(at(rules, "probe"), sent).text
    assert "Matches" in tried
    assert ">2<" in tried
    assert desk.post(at(rules, "new"), sent).status_code == 302

    page = desk.get(at(rules, "rules")).text
    assert "Nord Solar" in page
    assert "keeps it out of the team" in page
    assert "Always last" not in page
    [rule] = drafted(rules)
    kept = posted(desk.get(at(rules, "rules") + f"?rule={rule.key}").text)
    assert (kept["stops"], kept["keeps_out"], kept["to"]) == (["1"], ["1"], ["recipients"])
    assert "Nord Solar" in desk.get(at(rules, "compare")).text

    desk.post(at(rules, "publish"), {"note": "First"})
    assert compiled.distribution(team) is not None
    assert "Nord Solar" in desk.get(at(rules, "version", number=1)).text
    desk.post(at(rules, "rule", rule=rule.key), a_form(nord, to="stop"))
    desk.post(at(rules, "publish"))
    desk.post(at(rules, "roll_back", number=1))
    [live] = versions.rules_of(versions.published(rules))
    assert live.recipient_ids == [nord.pk]
    assert live.stops
    assert "Germany" in desk.get(at(rules, "compare_versions")).text


def test_another_goal_redraws_the_form_and_keeps_what_was_ticked(
    desk: Client, rules: RuleSet, nord: Recipient
) -> None:
    sent = a_form(nord, to="stop", stops="1", do="refresh")

    answer = desk.post(at(rules, "new"), sent, headers={"HX-Request": "true"})

    assert answer.text.lstrip().startswith("<form")
    fields = posted(answer.text)
    assert (fields["recipients"], fields["stops"]) == ([str(nord.pk)], ["1"])
    assert "Keep it out of our own team" not in answer.text
    assert not drafted(rules)


def test_nothing_of_owners_is_asked(desk: Client, rules: RuleSet, nord: Recipient) -> None:
    fields = posted(desk.get(at(rules, "rules") + "?new=1").text)

    assert not {"response", "caretaker", "replaces_owner", "groups", "priority", "notify"} & {
        *fields
    }


HOSTILE: dict[str, dict[str, Any]] = {
    "no recipients": {"recipients": []},
    "NUL": {"recipients": ["\x00"]},
    "no id": {"recipients": ["x" * 100_000]},
    "an unknown id": {"recipients": [str(uuid4())]},
    "thousands": {"recipients": [str(uuid4()) for _ in range(900)]},
    "a pool that is none": {"to": "recipient_pool:" + "9" * 5_000},
    "no pool": {"to": "recipient_pool:"},
    "a member": {"to": f"member:{uuid4()}"},
    "a rule set": {"to": f"rule_set:{uuid4()}"},
    "on with the next": {"to": "continue"},
    "nowhere": {"to": "\x00"},
    "no name": {"name": "\x00"},
    "a deed": {"priority": "24"},
    "somebody told": {"notify": [str(uuid4())]},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_form_that_no_page_of_ours_made_is_refused_in_words(
    desk: Client, rules: RuleSet, nord: Recipient, kind: str
) -> None:
    form = a_form(nord) | HOSTILE[kind]

    saved, probed = (desk.post(at(rules, name), form) for name in ("new", "probe"))

    assert (saved.status_code, probed.status_code) == (422, 200)
    assert 'class="error' in saved.text
    assert not drafted(rules)


def test_assignment_rules_refuse_recipients(desk: Client, team: Team, nord: Recipient) -> None:
    address = reverse("rules:new", kwargs={"team": team.slug})

    answers = [desk.post(address, a_form(nord, do=deed)) for deed in ("save", "refresh")]

    assert [answer.status_code for answer in answers] == [422, 200]


def test_recipients_of_another_team_are_neither_shown_nor_taken(
    desk: Client, rules: RuleSet, nord: Recipient
) -> None:
    other = factories.RecipientFactory(name="Foreign Corp")

    page = desk.get(at(rules, "rules") + "?new=1").text
    answer = desk.post(at(rules, "new"), a_form(nord, other))

    assert "Foreign Corp" not in page + answer.text
    assert answer.status_code == 422


def test_another_team_s_distribution_rules_are_not_there(
    desk: Client, team: Team, nord: Recipient
) -> None:
    foreign = versions.distribution_set(factories.TeamFactory())
    own = {"team": team.slug, "rule_set": foreign.pk}

    for name in ("rules", "compare", "history", "compare_versions"):
        assert desk.get(reverse(f"rules:{name}", kwargs=own)).status_code == 404
    for name in ("new", "probe", "publish", "discard"):
        answer = desk.post(reverse(f"rules:{name}", kwargs=own), a_form(nord))
        assert answer.status_code == 404
    assert not Rule.objects.filter(name="Germany").exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SALESPERSON])
def test_others_look_at_most(team: Team, rules: RuleSet, nord: Recipient, role: str) -> None:
    client, member = Client(), makers.make_member(team, "Ana Lyst", role)
    client.force_login(member.user)
    may_look = Access.of(member).can(Permission.SEE_ROUTING)

    looked = client.get(at(rules, "rules")).status_code
    written = client.post(at(rules, "new"), a_form(nord)).status_code

    assert (looked, written) == (200 if may_look else 403, 403)
    assert not drafted(rules)


def test_a_kept_out_lead_is_counted_but_not_named(
    desk: Client, team: Team, manager: Access, rules: RuleSet, nord: Recipient
) -> None:
    lead = makers.make_lead(team, makers.make_source(team), country="DE", name="Klara Blum")
    type(lead).objects.filter(pk=lead.pk).update(stage="away", deleted_at=NOW)
    german = {"all": [leaf("country", "is", "DE")]}
    fields = RuleFields("Germany", "recipients", german, recipient_ids=(nord.pk,))
    rule = versions.add_rule(rules, fields, by=manager, now=NOW)

    pages = [desk.get(at(rules, "rules") + f"?rule={rule.key}"),
             desk.get(at(rules, "caught", rule=rule.key))]  # fmt: skip

    for page in pages:
        assert "Klara" not in page.text
        assert "K•••• B•••" in page.text
        assert f"/leads/{lead.pk}" not in page.text


def test_the_shelf_and_the_forms_offer_sets_that_assign(
    desk: Client, team: Team, manager: Access, rules: RuleSet, nord: Recipient
) -> None:
    fields = RuleFields("All", "recipients", {}, recipient_ids=(nord.pk,))
    versions.add_rule(rules, fields, by=manager, now=NOW)
    versions.publish(rules, by=manager, now=NOW)

    shelf = desk.get(reverse("rules:sets", kwargs={"team": team.slug})).text
    assert f"set-{rules.pk}" not in shelf
    assert reverse("rules:distribution", kwargs={"team": team.slug}) in shelf
    for name in ("rules:rules", "simulator:simulator", "simulator:test_lead"):
        page = desk.get(reverse(name, kwargs={"team": team.slug}) + "?new=1").text
        assert str(rules.pk) not in page
        assert str(versions.published(rules).pk) not in page  # type: ignore[union-attr]
    for name in ("set_settings", "switch_set", "delete_set"):
        assert desk.post(at(rules, name), {"name": "Mine", "on": "0"}).status_code == 404


def test_a_page_of_forty_rules_is_read_with_few_queries(
    desk: Client, team: Team, manager: Access, rules: RuleSet, nord: Recipient,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    fields = RuleFields("Copies", "recipients", {}, recipient_ids=(nord.pk,))
    for _ in range(40):
        versions.add_rule(rules, fields, by=manager, now=NOW)

    with django_assert_max_num_queries(MOST_QUERIES):
        desk.get(at(rules, "rules"))
