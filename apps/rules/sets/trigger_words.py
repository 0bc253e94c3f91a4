"""When a rule set is asked, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.routing.fields import Registry
from apps.rules.models import RuleSet

Trigger = RuleSet.Trigger


def when_asked(rule_set: RuleSet, registry: Registry) -> str:
    """Such as "when a lead replies or comes again" or "after 3 days of silence"."""
    kept = rule_set.trigger_settings
    match rule_set.trigger:
        case Trigger.CHANGED:
            names = [change_words(str(key), registry) for key in kept.get("changes", [])]
            crosses = kept.get("score_crosses")
            if crosses is not None and "score" in kept.get("changes", []):
                over = _("score (across %(value)d)") % {"value": crosses}
                names = [over if each == _("score") else each for each in names]
            if not names:
                return _("when anything about a lead changes")
            return _("when %(what)s of a lead changes") % {"what": _either(names)}
        case Trigger.ACTIVITY:
            words = event_words()
            done = [words.get(str(each), str(each)) for each in kept.get("events", [])]
            return _("when a lead %(does)s") % {"does": _either(done)}
        case Trigger.SILENT:
            days = int(kept.get("days", 0))
            text = ngettext("after %d day of silence", "after %d days of silence", days)
            return text % days
    return str(Trigger(rule_set.trigger).label)


def event_words() -> dict[str, str]:
    """What a lead may do, as it follows "a lead"."""
    return {
        "replied": _("replies"),
        "opened_content": _("opens what was shared"),
        "came_again": _("comes again"),
    }


def change_words(key: str, registry: Registry) -> str:
    """What may change about a lead."""
    words = {"status": _("status"), "score": _("score"), "groups": _("interest groups")}
    field = registry.get(key)
    return words.get(key) or (field.label.lower() if field else key)


def _either(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return _("%(these)s or %(last)s") % {"these": ", ".join(words[:-1]), "last": words[-1]}
