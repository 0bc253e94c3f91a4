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
from apps.rules.builder import editor
from apps.rules.builder.editor import Sheet
from apps.rules.deeds import WITH_OWNER
from apps.rules.models import COPIES, Destination, Pool, Recipient, Rule, RuleSet
from apps.rules.refusals import Problem
from apps.rules.sets.checking import RuleFields

LONGEST_NUMBER = 12  # digits; Python refuses to read thousands of them
MOST_CHOSEN = 60
UNKNOWN = UUID(int=0)  # an id of nothing
NAMED = (Destination.POOL, Destination.MEMBER, Destination.RULE_SET)
TO_PATHS = ("pool", "member", "rule_set", "recipient_pool", "recipients", "destination")


@dataclass
class RuleForm:
    """`to` is a destination, with an id for what it names: "pool:…", "rule_set:…", "hopper"."""

    name: str
    sheet: Sheet
    to: str
    response: str = ""
    reason: str = ""
    caretaker: str = ""
    replaces_owner: bool = True
    groups: list[str] = made(default_factory=list)
    priority: str = ""
    notify: list[str] = made(default_factory=list)
    recipients: list[str] = made(default_factory=list)
    stops: bool = False
    keeps_out: bool = False
    errors: dict[str, list[str]] = made(default_factory=dict)

    @property
    def destination(self) -> str:
        return self.to.partition(":")[0]

    @property
    def disqualifies(self) -> bool:
        return self.destination == Destination.DISQUALIFY

    @property
    def is_for_hopper(self) -> bool:
        return self.destination == Destination.HOPPER

    @property
    def names_recipients(self) -> bool:
        return self.destination == Destination.RECIPIENTS

    @property
    def sends_copies(self) -> bool:
        return self.destination in COPIES

    @property
    def has_deadline(self) -> bool:
        return self.destination in (*NAMED, Destination.MANAGER)

    @property
    def asks_about_owner(self) -> bool:
        return self.destination in WITH_OWNER

    @property
    def has_deeds(self) -> bool:
        """Whether the rule does more than send leads on."""
        wrong = any(self.errors.get(path) for path in ("groups", "priority", "notify"))
        return bool(self.groups or self.priority or self.notify or wrong)

    def fields(self, registry: Registry) -> RuleFields:
        """What the form says, for the services to judge."""
        named = _uuid(self.to.partition(":")[2])
        goes = self.destination
        return RuleFields(
            name=self.name,
            destination=goes,
            conditions=editor.tree_of(self.sheet, registry),
            pool_id=named if goes == Destination.POOL else None,
            member_id=named if goes == Destination.MEMBER else None,
            rule_set_id=named if goes == Destination.RULE_SET else None,
            response_seconds=int(self.response) if _is_whole(self.response) else None,
            reason=self.reason,
            caretaker_id=_uuid(self.caretaker) if self.caretaker else None,
            replaces_owner=self.replaces_owner,
            group_ids=tuple(map(_uuid, self.groups)),
            priority=_priority(self.priority),
            notify=tuple(map(_uuid, self.notify)),
            recipient_ids=tuple(map(_uuid, self.recipients)),
            recipient_pool_id=named if goes == Destination.RECIPIENT_POOL else None,
            stops=self.stops,
            keeps_out=self.keeps_out,
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
        return [text for key in TO_PATHS for text in self.errors.get(key, [])]

    @property
    def has_errors(self) -> bool:
        rows = any(row.errors for row in self.sheet.walk())
        return bool(self.errors or self.sheet.errors or rows)


def blank(rule_set: RuleSet, pools: Iterable[Pool]) -> RuleForm:
    """A new rule with one condition to fill in."""
    first = next((pool for pool in pools if pool.is_active), None)
    to = f"{Destination.POOL}:{first.pk}" if first else str(Destination.MANAGER.value)
    is_about_new = rule_set.trigger == RuleSet.Trigger.NEW
    return RuleForm("", editor.act(Sheet(), "add"), to, replaces_owner=is_about_new)


def blank_copies(recipients: Iterable[Recipient]) -> RuleForm:
    """A new distribution rule; the only recipient of a team is chosen at once."""
    active = [str(each.pk) for each in recipients if each.is_active]
    form = RuleForm("", editor.act(Sheet(), "add"), Destination.RECIPIENTS.value)
    form.recipients = active if len(active) == 1 else []
    return form


def of(rule: Rule, registry: Registry) -> RuleForm:
    """A stored rule."""
    target = rule.pool_id or rule.member_id or rule.rule_set_id or rule.recipient_pool_id
    return RuleForm(
        name=rule.name,
        sheet=editor.sheet_of(rule.conditions, registry),
        to=f"{rule.destination}:{target}" if target else rule.destination,
        response="" if rule.response_seconds is None else str(rule.response_seconds),
        reason=rule.reason,
        caretaker=str(rule.caretaker_id or ""),
        replaces_owner=rule.replaces_owner,
        groups=[str(each) for each in rule.group_ids],
        priority="" if rule.priority is None else str(rule.priority),
        notify=[str(each) for each in rule.notify],
        recipients=[str(each) for each in rule.recipient_ids],
        stops=rule.stops,
        keeps_out=rule.keeps_out,
    )


def read(data: QueryDict) -> RuleForm:
    """A posted form, as it is; nothing is judged yet."""
    return RuleForm(
        name=_clean(data.get("name", "")),
        sheet=editor.read(data),
        to=data.get("to", ""),
        response=data.get("response", "")[:LONGEST_NUMBER],
        reason=_clean(data.get("reason", "")),
        caretaker=data.get("caretaker", ""),
        # A box that is not ticked is not sent; the form says whether it had one.
        replaces_owner=data.get("replaces_owner") == "1" or "asks_owner" not in data,
        groups=data.getlist("groups")[:MOST_CHOSEN],
        priority=_clean(data.get("priority", ""))[:LONGEST_NUMBER],
        notify=data.getlist("notify")[:MOST_CHOSEN],
        recipients=data.getlist("recipients")[:MOST_CHOSEN],
        stops=data.get("stops") == "1",
        keeps_out=data.get("keeps_out") == "1",
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
        rule_set_id=fields.rule_set_id,
        stops=fields.stops,
    )


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _priority(text: str) -> int | None:
    """A whole number, also below zero; what is none is out of every range and so refused."""
    if not text:
        return None
    digits = text.replace("−", "-").removeprefix("-")
    if not _is_whole(digits):
        return 10**6
    return -int(digits) if len(digits) < len(text) else int(digits)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UNKNOWN
