"""The form of one rule: what was posted, what is stored, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as made
from uuid import UUID, uuid4

from django.http import QueryDict
from django.utils.translation import gettext as _

from apps.routing.conditions import ConditionError
from apps.routing.fields import Registry
from apps.rules import editor
from apps.rules.checking import RuleFields
from apps.rules.controls import Option
from apps.rules.editor import Sheet
from apps.rules.models import Destination, Pool, Rule
from apps.rules.refusals import Problem
from apps.rules.wording import duration, response_words
from apps.teams.models import Membership

PRESETS = (60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 86_400)
NEVER = 0
LONGEST_NUMBER = 12  # digits; Python refuses to read thousands of them
UNKNOWN = UUID(int=0)  # an id that is no pool's and no member's
NAMED = (Destination.POOL, Destination.MEMBER)


@dataclass
class RuleForm:
    """`to` is a destination, with an id for a pool or a member: "pool:…", "hopper"."""

    name: str
    sheet: Sheet
    to: str
    response: str = ""
    reason: str = ""
    errors: dict[str, list[str]] = made(default_factory=dict)

    @property
    def disqualifies(self) -> bool:
        return self.to == Destination.DISQUALIFY

    @property
    def has_deadline(self) -> bool:
        return self.to.partition(":")[0] in (*NAMED, Destination.MANAGER)

    def fields(self, registry: Registry) -> RuleFields:
        """What the form says, for the services to judge."""
        destination, _colon, chosen = self.to.partition(":")
        target = _uuid(chosen)
        return RuleFields(
            name=self.name,
            destination=destination,
            conditions=editor.tree_of(self.sheet, registry),
            pool_id=target if destination == Destination.POOL else None,
            member_id=target if destination == Destination.MEMBER else None,
            response_seconds=int(self.response) if self.response.isdecimal() else None,
            reason=self.reason,
        )

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Show each problem where it is."""
        conditions = []
        for problem in problems:
            if problem.path.startswith("conditions"):
                path = problem.path.removeprefix("conditions").removeprefix(".")
                conditions.append(ConditionError(path, problem.message))
            else:
                self.errors.setdefault(problem.path, []).append(problem.message)
        editor.place_errors(self.sheet, conditions)

    @property
    def to_errors(self) -> list[str]:
        return [
            text for key in ("pool", "member", "destination") for text in self.errors.get(key, [])
        ]

    @property
    def has_errors(self) -> bool:
        rows = any(row.errors for row in self.sheet.walk())
        return bool(self.errors or self.sheet.errors or rows)


def blank(pools: Iterable[Pool]) -> RuleForm:
    """A new rule with one condition to fill in."""
    first = next((pool for pool in pools if pool.is_active), None)
    to = f"{Destination.POOL}:{first.pk}" if first else str(Destination.MANAGER.value)
    return RuleForm("", editor.act(Sheet(), "add"), to)


def of(rule: Rule, registry: Registry) -> RuleForm:
    """A stored rule."""
    target = rule.pool_id or rule.member_id
    return RuleForm(
        name=rule.name,
        sheet=editor.sheet_of(rule.conditions, registry),
        to=f"{rule.destination}:{target}" if target else rule.destination,
        response="" if rule.response_seconds is None else str(rule.response_seconds),
        reason=rule.reason,
    )


def read(data: QueryDict) -> RuleForm:
    """A posted form, as it is; nothing is judged yet."""
    return RuleForm(
        name=_clean(data.get("name", "")),
        sheet=editor.read(data),
        to=data.get("to", ""),
        response=data.get("response", "")[:LONGEST_NUMBER],
        reason=_clean(data.get("reason", "")),
    )


def as_rule(form: RuleForm, was: Rule | None, *, position: int, registry: Registry) -> Rule:
    """The rule that the form would make, never saved: for trying it out."""
    fields = form.fields(registry)
    return Rule(
        id=was.pk if was else uuid4(),
        key=was.key if was else uuid4(),
        position=was.position if was else position,
        name=fields.name or _("New rule"),
        conditions=dict(fields.conditions),
        is_active=was.is_active if was else True,
        destination=fields.destination,
        pool_id=fields.pool_id,
        member_id=fields.member_id,
    )


def destinations(
    form: RuleForm, pools: Iterable[Pool], members: Iterable[Membership]
) -> list[tuple[str, list[Option]]]:
    """The choices of "send to", in groups."""
    offered = [pool for pool in pools if pool.is_active or form.to == f"pool:{pool.pk}"]
    others = (Destination.HOPPER, Destination.MANAGER, Destination.DISQUALIFY)
    return [
        (_("Pools"), [_option(form, f"pool:{pool.pk}", pool.name) for pool in offered]),
        (_("Elsewhere"), [_option(form, each.value, str(each.label)) for each in others]),
        (_("A member"), [_option(form, f"member:{each.pk}", str(each)) for each in members]),
    ]


def responses(form: RuleForm) -> list[Option]:
    """The choices of "first attempt within"."""
    stored = [int(form.response)] if form.response.isdecimal() else []
    seconds = sorted({*PRESETS, *(each for each in stored if each != NEVER)})
    return [
        Option("", response_words(None), form.response == ""),
        *(Option(str(each), duration(each), form.response == str(each)) for each in seconds),
        Option(str(NEVER), response_words(NEVER), form.response == str(NEVER)),
    ]


def _option(form: RuleForm, value: str, label: str) -> Option:
    return Option(value, label, form.to == value)


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UNKNOWN
