"""Recipients: what can be set, what is refused, secrets, pauses and the archive."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from apps.rules.models import Recipient
from apps.rules.recipients import services as recipients
from apps.rules.recipients.services import RecipientSettings
from apps.rules.refusals import Refused
from apps.teams.access import Access
from apps.teams.models import AuditEntry, Team
from apps.teams.permissions import Role
from tests import factories
from tests.rules import makers
from tests.rules.makers import NOW

pytestmark = pytest.mark.django_db

EMAIL = RecipientSettings(kind="email", name="Berger", email="office@berger.example")


@pytest.fixture(autouse=True)
def _to_this_machine(settings: Any) -> None:
    settings.EGRESS_TO_THIS_MACHINE = True


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


def create(by: Access, settings: RecipientSettings = EMAIL, **changes: Any) -> Recipient:
    return recipients.create(by.team, replace(settings, **changes), by=by, now=NOW)


def create_webhook(by: Access, **changes: Any) -> Recipient:
    given = RecipientSettings(kind="webhook", name="CRM", url="http://127.0.0.1:9/leads")
    return create(by, given, **changes)


def refused(by: Access, settings: RecipientSettings = EMAIL, **changes: Any) -> list[str]:
    """The paths of what is refused."""
    with pytest.raises(Refused) as caught:
        create(by, settings, **changes)
    assert not Recipient.objects.exists()
    return [problem.path for problem in caught.value.problems]


def test_a_recipient_is_made_audited_and_told_to_every_process(manager: Access) -> None:
    before = manager.team.routing_version

    recipient = create(manager, cap_day=5, quota=50)

    assert (recipient.capped_at, recipient.campaign_since) == (NOW, NOW)
    assert manager.team.routing_version == before + 1
    entry = AuditEntry.objects.get(action="rules.recipient_added")
    assert (entry.target_id, entry.detail) == (recipient.pk, {"kind": "email"})


def test_who_may_not_edit_routing_changes_nothing(team: Team, manager: Access) -> None:
    recipient = create(manager)
    seller = Access.of(makers.make_member(team, "Sam Seller", Role.SALESPERSON))
    deeds: list[Any] = [
        lambda: create(seller, name="Other"),
        lambda: recipients.change(recipient, EMAIL, by=seller, now=NOW),
        lambda: recipients.pause(recipient, until=None, by=seller, now=NOW),
        *(
            lambda deed=deed: deed(recipient, by=seller, now=NOW)
            for deed in (
                recipients.resume, recipients.archive, recipients.restore, recipients.enable,
                recipients.rotate_secret, recipients.start_campaign,
            )
        ),
    ]  # fmt: skip

    for deed in deeds:
        with pytest.raises(PermissionDenied):
            deed()


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no name": ({"name": " "}, ["name"]),
    "a long name": ({"name": "x" * 121}, ["name"]),
    "NUL": ({"name": "a\0b"}, ["name"]),
    "a name of two lines": ({"name": "a\nb"}, ["name"]),
    "no kind": ({"kind": "pigeon"}, ["kind"]),
    "no e-mail": ({"email": ""}, ["email"]),
    "an e-mail of two lines": ({"email": "a@b.example\nBcc: c@d.example"}, ["email", "email"]),
    "an e-mail and an address": ({"url": "http://127.0.0.1:9/"}, ["url"]),
    "a contact that is none": ({"contact_email": "nobody"}, ["contact_email"]),
    "nobody can be reached": ({"fields": ("company", "city")}, ["fields"]),
    "fields of nobody": ({"kind": "webhook", "email": "", "url": "http://127.0.0.1:9/",
                          "fields": ("custom.nothing",)}, ["fields"]),
    "two of one name": ({"renames": {"email": "contact", "phone": "contact"}},
                        ["renames.email", "renames.phone"]),
    "a name that is taken": ({"renames": {"company": "name"}}, ["renames.company"]),
    "a name that money takes": ({"kind": "webhook", "email": "", "url": "http://127.0.0.1:9/",
                                 "renames": {"need": "budget_currency"}}, ["renames.need"]),
    "a long other name": ({"renames": {"email": "x" * 81}}, ["renames.email"]),
    "NUL in another name": ({"renames": {"email": "a\0"}}, ["renames.email"]),
    "another name that is no text": ({"renames": {"email": 7}}, ["renames.email"]),
    "no such zone": ({"timezone": "Europe/Atlantis"}, ["timezone"]),
    "hours of another shape": ({"hours": {"0": "all day"}}, ["hours"]),
    "never open": ({"hours": {}}, ["hours"]),
    "no leads a day": ({"cap_day": 0}, ["cap_day"]),
    "a huge quota": ({"quota": 10**9}, ["quota"]),
    "a price below nothing": ({"price_minor": -1}, ["price_minor"]),
    "returned for ever": ({"return_days": 10_000}, ["return_days"]),
    "another count": ({"cap_window": "moon"}, ["cap_window"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_what_can_not_be_is_refused_at_its_place(manager: Access, kind: str) -> None:
    changes, paths = WRONG[kind]

    assert refused(manager, **changes) == paths


def test_a_name_is_given_once(manager: Access) -> None:
    create(manager)

    with pytest.raises(Refused, match="of this name"):
        create(manager)


def test_others_rows_are_no_place_to_send_to(manager: Access) -> None:
    stranger = factories.MembershipFactory()
    agreement = factories.AgreementFactory()
    gone = factories.MembershipFactory(team=manager.team, is_active=False)
    ended = factories.AgreementFactory(team=manager.team, state="ended")

    for membership in (stranger, gone):
        member = RecipientSettings(kind="member", name="Mia", membership_id=membership.pk)
        assert refused(manager, member) == ["membership_id"]
    for each in (agreement, ended):
        partner = RecipientSettings(kind="team", name="Partner", agreement_id=each.pk)
        assert refused(manager, partner) == ["agreement_id"]


def test_a_team_that_was_asked_may_be_a_recipient_already(manager: Access) -> None:
    agreement = factories.AgreementFactory(team=manager.team, state="asked", to=None)

    recipient = create(
        manager, RecipientSettings(kind="team", name="Partner", agreement_id=agreement.pk)
    )

    assert recipient.agreement == agreement


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "ftp://127.0.0.1/", "http://u:p@127.0.0.1/"])
def test_an_address_that_we_must_not_speak_to_is_refused(manager: Access, url: str) -> None:
    given = RecipientSettings(kind="webhook", name="CRM", url=url)

    assert refused(manager, given) == ["url"]


def test_leads_never_travel_in_the_clear(manager: Access, settings: Any, monkeypatch: Any) -> None:
    settings.EGRESS_TO_THIS_MACHINE = False
    monkeypatch.setattr("apps.teams.egress.check_url", lambda url: None)

    given = RecipientSettings(kind="webhook", name="CRM", url="http://partner.example/")

    assert refused(manager, given) == ["url"]


def test_a_change_is_audited_by_name_and_keeps_the_counts(manager: Access) -> None:
    recipient = create(manager, quota=50, cap_day=5)
    Recipient.objects.update(campaign_count=38, warned=["quota_80", "ends_soon"])
    later = NOW + timedelta(days=1)

    given = replace(EMAIL, quota=100, cap_day=3)
    recipient = recipients.change(recipient, given, by=manager, now=later)

    assert (recipient.campaign_count, recipient.warned) == (38, ["ends_soon"])
    assert recipient.capped_at == NOW  # a lower limit needs no more moments than are kept
    entry = AuditEntry.objects.get(action="rules.recipient_changed")
    assert entry.detail == {"changed": ["cap_day", "quota"]}


def test_a_higher_limit_says_since_when_moments_are_kept(manager: Access) -> None:
    recipient = create(manager, cap_day=5)
    later = NOW + timedelta(days=1)

    changed = recipients.change(recipient, replace(EMAIL, cap_week=9), by=manager, now=later)

    assert changed.capped_at == later


def test_nothing_is_written_where_nothing_changes(manager: Access) -> None:
    recipient = create(manager)
    entries = AuditEntry.objects.count()

    recipients.change(recipient, EMAIL, by=manager, now=NOW)
    recipients.resume(recipient, by=manager, now=NOW)
    recipients.restore(recipient, by=manager, now=NOW)

    assert AuditEntry.objects.count() == entries


def test_the_kind_stays(manager: Access) -> None:
    recipient = create(manager)
    webhook = RecipientSettings(kind="webhook", name="Berger", url="http://127.0.0.1:9/")

    with pytest.raises(Refused, match="kind can’t change"):
        recipients.change(recipient, webhook, by=manager, now=NOW)


def test_a_new_campaign_counts_from_zero(manager: Access) -> None:
    recipient = create(manager, quota=50)
    Recipient.objects.update(campaign_count=50, warned=["quota_80", "quota_100"])
    later = NOW + timedelta(days=30)

    started = recipients.start_campaign(recipient, by=manager, now=later)

    assert (started.campaign_count, started.campaign_since, started.warned) == (0, later, [])
    assert AuditEntry.objects.filter(action="rules.campaign_started").count() == 1


def test_a_quota_that_is_set_later_counts_from_then(manager: Access) -> None:
    recipient = create(manager, cap_day=5)
    Recipient.objects.update(campaign_count=7)

    later = NOW + timedelta(days=30)
    changed = recipients.change(recipient, replace(EMAIL, quota=10), by=manager, now=later)

    assert (changed.campaign_count, changed.campaign_since) == (0, later)


def test_a_webhook_has_a_secret_as_standard_webhooks_makes_them(manager: Access) -> None:
    recipient = create_webhook(manager)

    [secret] = recipients.secrets_of(recipient, now=NOW)

    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert secret not in recipient.secrets_encrypted


def test_after_a_rotation_both_secrets_sign_for_a_day(manager: Access) -> None:
    recipient = create_webhook(manager)
    [old] = recipients.secrets_of(recipient, now=NOW)

    new = recipients.rotate_secret(recipient, by=manager, now=NOW)

    recipient.refresh_from_db()
    day = timedelta(hours=24)
    assert recipients.secrets_of(recipient, now=NOW) == [new, old]
    assert recipients.old_until(recipient, now=NOW) == NOW + day
    assert recipients.secrets_of(recipient, now=NOW + day) == [new]
    assert recipients.old_until(recipient, now=NOW + day) is None


def test_of_many_rotations_the_last_five_sign(manager: Access) -> None:
    recipient = create_webhook(manager)

    made = [recipients.rotate_secret(recipient, by=manager, now=NOW) for _ in range(7)]

    recipient.refresh_from_db()
    assert recipients.secrets_of(recipient, now=NOW) == made[:-6:-1]


def test_only_a_webhook_has_a_secret(manager: Access) -> None:
    recipient = create(manager)

    with pytest.raises(Refused):
        recipients.rotate_secret(recipient, by=manager, now=NOW)

    assert recipients.secrets_of(recipient, now=NOW) == []


def test_a_pause_ends_in_the_future(manager: Access) -> None:
    recipient = create(manager)

    with pytest.raises(Refused):
        recipients.pause(recipient, until=NOW, by=manager, now=NOW)

    tomorrow = NOW + timedelta(days=1)
    paused = recipients.pause(recipient, until=tomorrow, by=manager, now=NOW)
    resumed = recipients.resume(recipient, by=manager, now=NOW)
    assert (paused.is_paused, paused.paused_until) == (True, tomorrow)
    assert (resumed.is_paused, resumed.paused_until) == (False, None)


def test_what_rules_or_pools_send_to_is_not_archived(manager: Access) -> None:
    recipient = create(manager)
    seat = factories.RecipientSeatFactory(team=manager.team, recipient=recipient)
    rule = factories.RuleFactory(
        team=manager.team, name="Roofs", destination="recipients", recipient_ids=[recipient.pk]
    )

    with pytest.raises(Refused, match=f"“Roofs”.*“{seat.pool.name}”"):
        recipients.archive(recipient, by=manager, now=NOW)

    seat.delete()
    rule.delete()
    assert not recipients.archive(recipient, by=manager, now=NOW).is_active
    assert recipients.restore(recipient, by=manager, now=NOW).is_active


def test_switched_on_again_its_failures_are_forgotten(manager: Access) -> None:
    recipient = create_webhook(manager)
    Recipient.objects.update(
        failures=9, failing_since=NOW, slowed_until=NOW, disabled_at=NOW, disabled_reason="410"
    )

    on = recipients.enable(recipient, by=manager, now=NOW)

    assert (on.failures, on.failing_since, on.slowed_until) == (0, None, None)
    assert (on.disabled_at, on.disabled_reason) == (None, "")
