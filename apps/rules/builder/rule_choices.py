"""What the form of a rule offers: where to send leads, how soon, and what else to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.utils.translation import gettext as _

from apps.rules.builder.controls import Option
from apps.rules.builder.rule_form import RuleForm
from apps.rules.deeds import priority_words
from apps.rules.models import Destination, Pool, RuleSet
from apps.rules.wording import duration, response_words
from apps.teams.models import Membership

PRESETS = (60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 86_400)
NEVER = 0
PRIORITIES = (72, 24, 0, -24)


def destinations(
    form: RuleForm,
    rule_set: RuleSet,
    *,
    pools: Iterable[Pool],
    members: Iterable[Membership],
    rule_sets: Iterable[RuleSet],
) -> list[tuple[str, list[Option]]]:
    """The choices of "send to", in groups; what is switched off only where it is chosen."""
    offered = [pool for pool in pools if pool.is_active or form.to == f"pool:{pool.pk}"]
    sets = [
        each
        for each in rule_sets
        if each.pk != rule_set.pk and (each.is_active or form.to == f"rule_set:{each.pk}")
    ]
    return [
        (_("Pools"), [_to(form, f"pool:{pool.pk}", pool.name) for pool in offered]),
        (_("Elsewhere"), _elsewhere(form)),
        (_("Another rule set"), [_to(form, f"rule_set:{each.pk}", each.name) for each in sets]),
        (_("A member"), [_to(form, f"member:{each.pk}", str(each)) for each in members]),
    ]


def _elsewhere(form: RuleForm) -> list[Option]:
    listed = (
        Destination.HOPPER, Destination.MANAGER, Destination.CONTINUE, Destination.STOP,
        Destination.DISQUALIFY,
    )  # fmt: skip
    return [_to(form, each.value, str(each.label)) for each in listed]


def responses(form: RuleForm) -> list[Option]:
    """The choices of "first attempt within"."""
    stored = [int(form.response)] if form.response.isdecimal() else []
    seconds = sorted({*PRESETS, *(each for each in stored if each != NEVER)})
    return [
        Option("", response_words(None), form.response == ""),
        *(Option(str(each), duration(each), form.response == str(each)) for each in seconds),
        Option(str(NEVER), response_words(NEVER), form.response == str(NEVER)),
    ]


def priorities(form: RuleForm) -> list[Option]:
    """The choices of priority; one step is worth an hour of waiting."""
    listed = {str(each): priority_words(each) for each in PRIORITIES}
    if form.priority and form.priority not in listed:
        listed[form.priority] = form.priority
    stays = Option("", _("as it is"), form.priority == "")
    return [stays, *(Option(key, label, form.priority == key) for key, label in listed.items())]


def chosen(given: Iterable[str], offered: Mapping[UUID, str]) -> list[Option]:
    """Named things to tick; one that is chosen but no longer offered can be unticked."""
    ids = set(given)
    known = {str(pk): name for pk, name in offered.items()}
    gone = {each: _("no longer in use") for each in given if each not in known}
    return [Option(pk, name, pk in ids) for pk, name in (known | gone).items()]


def caretakers(form: RuleForm, members: Iterable[Membership]) -> list[Option]:
    """Who may look after leads in the hopper."""
    listed = [Option(str(each.pk), str(each), form.caretaker == str(each.pk)) for each in members]
    return [Option("", _("nobody"), form.caretaker == ""), *listed]


def _to(form: RuleForm, value: str, label: str) -> Option:
    return Option(value, label, form.to == value)
