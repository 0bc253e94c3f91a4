"""The fields that a team's rules may ask for: the standard ones and its own."""

from __future__ import annotations

from django.db.models import F

from apps.leads.models import CustomField
from apps.routing.fields import Field, FieldType, Registry
from apps.rules.remembered import Remembered
from apps.teams.models import Team

STANDARD = Registry()


def registry(team: Team) -> Registry:
    """The team's fields; no query while its routing version stands still."""
    return _registries.of(team)


def routing_moved(team: Team) -> None:
    """Tell every process that rules or fields changed; call it in the transaction that did."""
    Team.objects.filter(pk=team.pk).update(routing_version=F("routing_version") + 1)
    team.refresh_from_db(fields=["routing_version"])


def _load(team: Team) -> Registry:
    own = CustomField.objects.filter(team=team)
    return STANDARD.with_custom(_field(custom) for custom in own)


def _field(custom: CustomField) -> Field:
    options = tuple(str(option) for option in custom.options)
    return Field(custom.key, custom.label, FieldType(custom.type), options, custom.is_personal)


_registries: Remembered[Registry] = Remembered(_load)
