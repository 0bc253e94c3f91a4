"""What of a rule or pool a client has nothing for, in words with the remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Missing(StrEnum):
    SOURCE = "source"
    FIELD = "field"
    GROUP = "group"
    CONDITION = "condition"
    MONEY = "money"
    PERSON = "person"
    POOL = "pool"
    POOL_OFF = "pool_off"
    MATCH = "match"
    RULE_SET = "rule_set"
    RECIPIENT = "recipient"
    RECIPIENT_POOL = "recipient_pool"
    TRIGGER = "trigger"


_SAYS: dict[str, Any] = {
    Missing.SOURCE: gettext_lazy(
        "There is no source “%(name)s”. Add it under this name, or choose another in the rule."
    ),
    Missing.FIELD: gettext_lazy(
        "There is no field “%(name)s” of this kind. Add it to the client’s fields."
    ),
    Missing.GROUP: gettext_lazy(
        "There is no interest group “%(name)s”. Add it, or choose another in the rule."
    ),
    Missing.CONDITION: gettext_lazy("A condition does not fit here (%(name)s). Change it there."),
    Missing.MONEY: gettext_lazy(
        "It compares “%(name)s”, and the client counts in another currency. Set the amount there."
    ),
    Missing.PERSON: gettext_lazy("%(name)s is no member here. Choose somebody of the client."),
    Missing.POOL: gettext_lazy("There is no pool “%(name)s”. Copy it too, or choose another."),
    Missing.POOL_OFF: gettext_lazy(
        "The pool “%(name)s” is switched off here. Switch it on, or choose another."
    ),
    Missing.MATCH: gettext_lazy(
        "Whom it prefers or admits does not fit here (%(name)s). Set it in the client’s pool."
    ),
    Missing.RULE_SET: gettext_lazy(
        "There is no rule set “%(name)s” in use. Copy it too, or choose another."
    ),
    Missing.RECIPIENT: gettext_lazy(
        "There is no recipient “%(name)s”. Add it under this name, or choose another."
    ),
    Missing.RECIPIENT_POOL: gettext_lazy(
        "There is no pool of recipients “%(name)s”. Make it, or choose another."
    ),
    Missing.TRIGGER: gettext_lazy(
        "When the set is asked does not fit here (%(name)s). Set it at the client."
    ),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing at a client. `rule` is the rule that names it, "" for a pool."""

    kind: str
    name: str
    rule: str = ""

    @property
    def words(self) -> str:
        says = _SAYS.get(self.kind)
        said = str(says) % {"name": self.name} if says else _("Something is missing.")
        return f"{self.rule}: {said}" if self.rule else said

    def to_json(self) -> list[str]:
        return [self.kind, self.name, self.rule]
