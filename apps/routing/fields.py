"""Which facts of a lead a rule may ask for: one registry for page, API and evaluator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

CUSTOM_PREFIX = "custom."


class FieldType(StrEnum):
    """What a field holds; it decides which operators apply."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    CHOICE = "choice"
    SET = "set"
    PLACE = "place"
    YES_NO = "yes_no"


@dataclass(frozen=True, slots=True)
class Field:
    """One fact of a lead. A personal field's value never enters a decision.

    A derived one follows from what happens to the lead: rules ask for it, and nobody sends it.
    """

    key: str
    label: str
    type: FieldType
    options: tuple[str, ...] = ()
    is_personal: bool = False
    is_derived: bool = False


def _derived(key: str, label: str, kind: FieldType, options: tuple[str, ...] = ()) -> Field:
    return Field(key, label, kind, options, is_derived=True)


STANDARD_FIELDS: tuple[Field, ...] = (
    Field("name", "Name", FieldType.TEXT, is_personal=True),
    Field("email", "E-mail", FieldType.TEXT, is_personal=True),
    Field("phone", "Phone", FieldType.TEXT, is_personal=True),
    Field("company", "Company", FieldType.TEXT),
    Field("job_title", "Job title", FieldType.TEXT),
    Field("country", "Country", FieldType.PLACE),
    Field("region", "Region", FieldType.PLACE),
    Field("city", "City", FieldType.PLACE),
    Field("postcode", "Postcode", FieldType.PLACE),
    Field("language", "Language", FieldType.TEXT),
    Field("source", "Source", FieldType.TEXT),
    Field("campaign", "Campaign", FieldType.TEXT),
    Field("ad_set", "Ad set", FieldType.TEXT),
    Field("ad", "Ad", FieldType.TEXT),
    Field("form", "Form", FieldType.TEXT),
    Field("interest_group", "Interest group", FieldType.SET),
    Field("employees", "Employees", FieldType.NUMBER),
    Field("revenue", "Revenue", FieldType.MONEY),
    Field("industry", "Industry", FieldType.TEXT),
    Field("decision_maker", "Decision-maker", FieldType.YES_NO),
    Field("solution", "Solution in use", FieldType.TEXT),
    Field("budget", "Budget", FieldType.MONEY),
    Field("need", "Need", FieldType.TEXT),
    Field("product", "Product", FieldType.TEXT),
    Field("timeline", "Timeline", FieldType.TEXT),
    Field("score", "Score", FieldType.NUMBER),
    Field("message", "Message", FieldType.TEXT, is_personal=True),
    Field("received_at", "Received", FieldType.DATE),
    _derived("status", "Status", FieldType.CHOICE),
    _derived("status_kind", "Kind of status", FieldType.CHOICE, (
        "new", "working", "qualified", "won", "lost", "disqualified",
    )),
    _derived("band", "Score band", FieldType.CHOICE, ("A", "B", "C", "D")),
    _derived("priority", "Priority", FieldType.NUMBER),
    _derived("came_again", "Times it came again", FieldType.NUMBER),
    _derived("replied", "Replied", FieldType.YES_NO),
    _derived("opened_content", "Opened shared content", FieldType.YES_NO),
    _derived("silent_days", "Days silent", FieldType.NUMBER),
)  # fmt: skip


class Registry:
    """The fields that one team's rules may ask for, in the order in which pages list them."""

    def __init__(self, fields: Iterable[Field] = STANDARD_FIELDS) -> None:
        self._fields = {field.key: field for field in fields}

    def get(self, key: object) -> Field | None:
        """The field of that key, or None; any object may be asked for."""
        return self._fields.get(key) if isinstance(key, str) else None

    def with_custom(self, fields: Iterable[Field]) -> Registry:
        """A registry that also knows a team's own fields, as "custom.<key>"."""
        return Registry((*self._fields.values(), *map(_as_custom, fields)))

    def given(self) -> Iterator[Field]:
        """The fields that a capture, an import or a person may fill in."""
        return (field for field in self if not field.is_derived)

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)


def _as_custom(field: Field) -> Field:
    if field.key.startswith(CUSTOM_PREFIX):
        return field
    return replace(field, key=CUSTOM_PREFIX + field.key)
