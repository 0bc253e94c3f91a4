"""The form of a rule set: its name, and when it is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from apps.routing.fields import CUSTOM_PREFIX, Registry
from apps.rules.builder.controls import Option
from apps.rules.models import RuleSet
from apps.rules.refusals import Problem
from apps.rules.sets.trigger_words import change_words, event_words

Trigger = RuleSet.Trigger
MOST_CHOSEN = 200
LONGEST_NUMBER = 6
# Facts that change with every look or never: nobody waits for them.
NOT_AWAITED = frozenset({
    "source", "received_at", "score", "band", "status", "status_kind", "interest_group",
    "came_again", "replied", "opened_content", "silent_days", "priority",
})  # fmt: skip


@dataclass
class SetForm:
    """What was posted or stored; nothing is judged yet."""

    name: str = ""
    trigger: str = Trigger.CALLED
    changes: list[str] = made(default_factory=list)
    events: list[str] = made(default_factory=list)
    days: str = "3"
    crosses: str = ""
    errors: dict[str, list[str]] = made(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """What the service judges."""
        match self.trigger:
            case Trigger.CHANGED:
                crosses = self.crosses.replace("−", "-")
                digits = crosses.removeprefix("-")
                is_number = digits.isascii() and digits.isdecimal()
                return {
                    "changes": self.changes,
                    "score_crosses": int(crosses) if is_number else crosses,
                }
            case Trigger.ACTIVITY:
                return {"events": self.events}
            case Trigger.SILENT:
                is_number = self.days.isascii() and self.days.isdecimal()
                return {"days": int(self.days) if is_number else self.days}
        return {}

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Show each problem where it is."""
        for problem in problems:
            self.errors.setdefault(problem.path, []).append(problem.message)


def of(rule_set: RuleSet) -> SetForm:
    """A stored set."""
    kept = rule_set.trigger_settings
    return SetForm(
        name=rule_set.name,
        trigger=rule_set.trigger,
        changes=list(kept.get("changes", [])),
        events=list(kept.get("events", [])),
        days=str(kept.get("days", "")),
        crosses=str(kept.get("score_crosses", "")),
    )


def read(data: QueryDict) -> SetForm:
    """A posted form, as it is."""
    return SetForm(
        name=data.get("name", "").replace("\x00", "").strip(),
        trigger=data.get("trigger", ""),
        changes=data.getlist("changes")[:MOST_CHOSEN],
        events=data.getlist("events")[:MOST_CHOSEN],
        days=data.get("days", "").strip()[:LONGEST_NUMBER],
        crosses=data.get("score_crosses", "").strip()[:LONGEST_NUMBER],
    )


def triggers(form: SetForm) -> list[Option]:
    """When a set may be asked; the one for new leads is there already."""
    listed = (Trigger.CALLED, Trigger.CHANGED, Trigger.ACTIVITY, Trigger.SILENT)
    return [Option(each.value, str(each.label), form.trigger == each) for each in listed]


def events(form: SetForm) -> list[Option]:
    return [Option(key, words, key in form.events) for key, words in event_words().items()]


def changes(form: SetForm, registry: Registry) -> list[tuple[str, list[Option]]]:
    """What may change about a lead: its state, what it said, the team's own fields."""
    keys = [field.key for field in registry if field.key not in NOT_AWAITED]
    own = [key for key in keys if key.startswith(CUSTOM_PREFIX)]
    groups = [
        ("", ["status", "score", "groups"]),
        (_("What it said"), [key for key in keys if key not in own]),
        (_("Your own fields"), own),
    ]
    return [
        (title, [Option(key, change_words(key, registry), key in form.changes) for key in listed])
        for title, listed in groups
        if listed
    ]
