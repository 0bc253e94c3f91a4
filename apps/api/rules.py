"""What rules may ask for, and what they say now. They are written on their pages."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import documents
from apps.api.base import TeamView
from apps.routing import operators
from apps.routing.fields import Field
from apps.routing.wording import in_words
from apps.rules.deeds import deed_words
from apps.rules.models import Rule, RuleSet
from apps.rules.registry import registry
from apps.rules.sets import versions
from apps.rules.sets.comparison import Known
from apps.rules.sets.trigger_words import when_asked
from apps.rules.wording import destination_words
from apps.teams.permissions import Permission
from apps.teams.policy import api_policy


class FieldShape(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    type = serializers.CharField()
    options = serializers.ListField(child=serializers.CharField())
    operators = serializers.ListField(child=serializers.CharField())
    is_personal = serializers.BooleanField()
    is_derived = serializers.BooleanField(
        help_text="It follows from what happens; nobody sends it."
    )


class FieldsShape(serializers.Serializer[Any]):
    results = FieldShape(many=True)


class Fields(TeamView):
    policy = api_policy(Permission.SEE_TEAM)

    @extend_schema(operation_id="fields_list", responses={200: FieldsShape, **documents.REFUSALS})
    def get(self, request: Request) -> Response:
        """Every field of a lead, the team's own as “custom.…”, with what rules may ask of it."""
        return Response({"results": [_field(each) for each in registry(self.access.team)]})


def _field(field: Field) -> dict[str, Any]:
    return {
        "key": field.key,
        "label": field.label,
        "type": field.type.value,
        "options": list(field.options),
        "operators": list(operators.of(field)),
        "is_personal": field.is_personal,
        "is_derived": field.is_derived,
    }


class RuleShape(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    name = serializers.CharField()
    is_active = serializers.BooleanField()
    conditions = serializers.DictField()
    destination = serializers.CharField()
    words = serializers.ListField(child=serializers.CharField())


class RuleSetShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    trigger = serializers.CharField()
    asked = serializers.CharField()
    is_active = serializers.BooleanField()
    version = serializers.IntegerField(allow_null=True, help_text="The live one.")
    published_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()
    rules = RuleShape(many=True)


class RuleSetsShape(serializers.Serializer[Any]):
    results = RuleSetShape(many=True)


class RuleSets(TeamView):
    policy = api_policy(Permission.SEE_ROUTING)

    @extend_schema(
        operation_id="rule_sets_list", responses={200: RuleSetsShape, **documents.REFUSALS}
    )
    def get(self, request: Request) -> Response:
        """The team's rule sets for assignment with their live rules, in data and in words."""
        sets = RuleSet.objects.visible_to(self.access).filter(kind=RuleSet.Kind.ASSIGNMENT)
        return Response({"results": [_rule_set(each) for each in sets.select_related("team")]})


def _rule_set(rule_set: RuleSet) -> dict[str, Any]:
    live, known = versions.published(rule_set), Known.of(rule_set)
    return {
        "id": str(rule_set.pk),
        "name": rule_set.name,
        "trigger": rule_set.trigger,
        "asked": when_asked(rule_set, known.registry),
        "is_active": rule_set.is_active,
        "version": live.number if live else None,
        "published_at": live.published_at.isoformat() if live and live.published_at else None,
        "note": live.note if live else "",
        "rules": [_rule(rule, known) for rule in versions.rules_of(live)],
    }


def _rule(rule: Rule, known: Known) -> dict[str, Any]:
    return {
        "number": rule.position,
        "name": rule.name,
        "is_active": rule.is_active,
        "conditions": rule.conditions,
        "destination": rule.destination,
        "words": [
            in_words(rule.conditions, known.registry),
            destination_words(rule, known.names),
            *deed_words(rule, known.names),
        ],
    }
