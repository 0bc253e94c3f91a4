"""The form of a pool. Services judge; the form reads and points at what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.leads.models import OPEN_KINDS, StatusKind
from apps.routing.performance import BOUNDS, DAYS, MOST_PERCENT
from apps.rules.models import (
    RANKINGS_OF_MODE,
    Absent,
    CapWindow,
    EmptyPolicy,
    GiveBack,
    OnExpiry,
    Overflow,
    Pool,
    Ranking,
    Sticky,
)
from apps.rules.pools.needs_form import NeedsForm, Offers
from apps.rules.pools.seat_forms import DurationField
from apps.rules.pools.settings import PoolSettings
from apps.rules.refusals import Problem, Refused
from apps.teams.models import Membership

HOURS = [("team", _("The team’s hours")), ("always", _("Day and night")), ("own", _("Its own"))]
PREFER = [
    ("", _("Nothing: by its ranking alone")),
    ("fit", _("Best match")),
    ("load", _("Least busy")),
    ("fit,load", _("Best match, then least busy")),
    ("load,fit", _("Least busy, then best match")),
]
MEASURES = [("win_rate", _("Leads won of those closed")), ("response", _("Time to first attempt"))]
USUAL = {"measure": "win_rate", "days": DAYS, "most_percent": MOST_PERCENT, "share": 100}
HANDOVERS = [
    (f"{ranking}:{mode}", "") for mode, rankings in RANKINGS_OF_MODE.items() for ranking in rankings
]
# Settings whose fields have their names and need no translation between form and service.
SAME = (
    "name", "window_seconds", "response_seconds", "business_time", "respects_hours", "max_hops",
    "empty_policy", "claims_per_day", "max_unworked", "cap_window", "load_kinds", "absent",
    "catch_up_turns", "give_back", "sticky", "head_start_seconds", "on_expiry",
    "takes_back_on_leave", "hopper_hours", "is_active",
)  # fmt: skip
# Left empty, these are as in a new pool.
USUALLY = ("cap_window", "absent", "catch_up_turns", "give_back", "head_start_seconds", "on_expiry")
SECTIONS = {
    "who": ("filters",),
    "match": ("fit", "prefer"),
    "performance": ("measure", "days", "most_percent", "share"),
    "turns": ("absent", "catch_up_turns", "give_back"),
    "limits": ("cap_window", "load_kinds", "claims_per_day", "max_unworked", "hopper_hours"),
    "keep": ("sticky",),
    "time": (
        "business_time", "max_hops", "on_expiry", "takes_back_on_leave", "head_start_seconds",
    ),
    "told": ("escalate_to",),
    "hours": ("open_hours", "respects_hours"),
}  # fmt: skip


def _count(label: Any, most: int, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=1, max_value=most, help_text=help_text
    )


class PoolForm(forms.Form):
    """`settings(hours)` is what the services take. `handover` is a cell such as "turn:offer".

    `filters` and `fit` are forms of their own beside the fields.
    """

    name = forms.CharField(label=_("Name"), max_length=120)
    handover = forms.ChoiceField(label=_("How it hands over"), choices=HANDOVERS)
    window_seconds = DurationField(
        label=_("An offer or claim is open for"),
        help_text=_("Then it goes to the next member, or to the overflow."),
    )
    response_seconds = DurationField(
        label=_("First attempt within"),
        required=False,
        help_text=_("Empty: the team’s response time. 0: leads are never taken back."),
    )
    overflow = forms.ChoiceField(label=_("If nobody takes it, to"))
    empty_policy = forms.ChoiceField(label=_("When nobody is eligible"), choices=EmptyPolicy)
    prefer = forms.ChoiceField(label=_("First by"), choices=PREFER, required=False)
    measure = forms.ChoiceField(label=_("Measured by"), choices=MEASURES, required=False)
    days = _count(_("Over the last (days)"), BOUNDS["days"][1])
    most_percent = _count(
        _("At most ± (%)"),
        BOUNDS["most_percent"][1],
        _("Nobody’s weight moves by more than this, so everybody keeps getting leads."),
    )
    share = forms.IntegerField(
        label=_("On this share of leads (%)"),
        required=False,
        min_value=0,
        max_value=100,
        help_text=_("The other leads go by plain turn. Each decision says which it was."),
    )
    absent = forms.ChoiceField(label=_("Who is absent"), choices=Absent, required=False)
    catch_up_turns = _count(_("Catch up by at most (turns)"), 100)
    give_back = forms.ChoiceField(label=_("A turn is given back"), choices=GiveBack, required=False)
    cap_window = forms.ChoiceField(
        label=_("Limits of seats count"),
        choices=[
            (CapWindow.CALENDAR.value, _("by the calendar: this hour, today, this week, month")),
            (CapWindow.ROLLING.value, _("rolling: the last 60 minutes, 24 hours, 7 and 30 days")),
        ],
        required=False,
    )
    load_kinds = forms.MultipleChoiceField(
        label=_("Open leads that count as load"),
        choices=[(kind, StatusKind(kind).label) for kind in OPEN_KINDS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("For “least busy” and for limits of open leads here. None: all of them."),
    )
    claims_per_day = _count(_("Claims a member a day"), 100_000, _("Empty: the team’s limit."))
    max_unworked = _count(
        _("Most unworked leads a member"),
        100_000,
        _("Who has more can’t claim. Empty: the team’s limit."),
    )
    hopper_hours = _count(
        _("Hours in the hopper"), 24 * 366, _("Then a manager decides. Empty: the team’s limit.")
    )
    sticky = forms.MultipleChoiceField(
        label=_("Keep the owner"),
        choices=Sticky.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Who keeps a lead this way must be able to take it now, and pays no turn."),
    )
    business_time = forms.BooleanField(
        label=_("Deadlines run in business time only"), required=False
    )
    max_hops = forms.IntegerField(
        label=_("Members asked at most"),
        min_value=1,
        max_value=100,
        help_text=_("After as many, the lead goes to the overflow."),
    )
    on_expiry = forms.ChoiceField(
        label=_("Without an attempt in time"), choices=OnExpiry, required=False
    )
    takes_back_on_leave = forms.BooleanField(
        label=_("Untouched leads go on when their owner goes off duty"), required=False
    )
    head_start_seconds = DurationField(
        label=_("Head start"),
        required=False,
        help_text=_("So long only seats with a head start may claim; then everybody."),
    )
    escalate_to = forms.MultipleChoiceField(
        label=_("Told beside the managers"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("When a deadline passes, or nobody can take a lead."),
    )
    open_hours = forms.ChoiceField(label=_("Open"), choices=HOURS)
    respects_hours = forms.BooleanField(
        label=_("Only members in their working hours"), required=False
    )
    is_active = forms.BooleanField(label=_("Active"), required=False)

    def __init__(
        self,
        *args: Any,
        start: PoolSettings,
        pool: Pool | None,
        pools: Iterable[Pool],
        members: Sequence[Membership],
        offers: Offers,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("initial", _initial(start))
        super().__init__(*args, **kwargs)
        self.start, self.members = start, members
        fields: dict[str, Any] = dict(self.fields)
        fields["overflow"].choices = _overflows(pool, pools, members)
        fields["escalate_to"].choices = [(str(member.pk), str(member)) for member in members]
        data = self.data if self.is_bound else None
        self.filters = NeedsForm(
            data, prefix="filters", items=start.filters.get("items", ()),
            match=start.filters.get("match", "all"), offers=offers, has_weight=False,
        )  # fmt: skip
        self.fit = NeedsForm(data, prefix="fit", items=start.fit, offers=offers, has_weight=True)

    def is_valid(self) -> bool:
        return all([super().is_valid(), self.filters.is_valid(), self.fit.is_valid()])

    def settings(self, hours: Mapping[str, Any] | None) -> PoolSettings:
        """What the form says; `hours` are the weekly ones typed beside it."""
        given = self.cleaned_data
        usual = PoolSettings(name="")
        same = {name: given[name] for name in SAME}
        same |= {name: getattr(usual, name) for name in USUALLY if same[name] in (None, "")}
        same |= {name: tuple(same[name]) for name in ("sticky", "load_kinds")}
        ranking, mode = given["handover"].split(":")
        items = self.filters.items
        return PoolSettings(
            **same,
            **_target(given["overflow"]),
            ranking=ranking,
            mode=mode,
            is_always_open=given["open_hours"] == "always",
            hours=hours if given["open_hours"] == "own" else None,
            prefer=tuple(filter(None, given["prefer"].split(","))),
            filters={"match": self.filters.match, "items": items} if items else {},
            fit=tuple(self.fit.items),
            performance=self._performance(ranking),
            escalate_to=tuple(map(UUID, given["escalate_to"])),
        )

    def refuse(self, refused: Refused) -> None:
        """Show each problem at its field."""
        for problem in refused.problems:
            part = problem.path.partition(".")[0].partition("[")[0]
            inner = problem.path.removeprefix(part).removeprefix(".")
            if part in ("filters", "fit"):
                getattr(self, part).refuse(Problem(inner, problem.message))
                self.add_error(None, _("See what is marked below."))
                continue
            at = inner if part == "performance" else part
            self.add_error(at if at in self.fields else None, problem.message)

    def sections_with_errors(self) -> set[str]:
        """The folded sections in which something is wrong, so that they are open."""
        wrong = set(self.errors) if self.is_bound else set()
        wrong |= {name for name in ("filters", "fit") if getattr(self, name).has_errors}
        return {name for name, fields in SECTIONS.items() if wrong & set(fields)}

    def _performance(self, ranking: str) -> dict[str, Any]:
        """What is measured; nothing where nobody asks for it and nothing was chosen."""
        given = {name: self.cleaned_data[name] for name in USUAL}
        chosen = {
            name: USUAL[name] if value in (None, "") else value for name, value in given.items()
        }
        return {} if ranking != Ranking.PERFORMANCE and chosen == USUAL else chosen


def _target(chosen: str) -> dict[str, Any]:
    kind, _colon, target = chosen.partition(":")
    return {
        "overflow": kind,
        "overflow_pool_id": UUID(target) if kind == Overflow.POOL else None,
        "overflow_member_id": UUID(target) if kind == Overflow.MEMBER else None,
    }


def _initial(settings: PoolSettings) -> dict[str, Any]:
    target = settings.overflow_pool_id or settings.overflow_member_id
    opens = "always" if settings.is_always_open else "team" if settings.hours is None else "own"
    return {name: getattr(settings, name) for name in SAME} | {
        **USUAL,
        **settings.performance,
        "handover": f"{settings.ranking}:{settings.mode}",
        "open_hours": opens,
        "overflow": f"{settings.overflow}:{target}" if target else settings.overflow,
        "prefer": ",".join(settings.prefer),
        "sticky": list(settings.sticky),
        "load_kinds": list(settings.load_kinds),
        "escalate_to": [str(each) for each in settings.escalate_to],
    }


def _overflows(
    pool: Pool | None, pools: Iterable[Pool], members: Iterable[Membership]
) -> list[Any]:
    kept = pool.overflow_pool_id if pool else None
    others = [
        (f"pool:{each.pk}", each.name)
        for each in pools
        if (each.is_active or each.pk == kept) and (pool is None or each.pk != pool.pk)
    ]
    people = [(f"member:{each.pk}", str(each)) for each in members]
    plain = [
        (Overflow.MANAGER.value, Overflow.MANAGER.label),
        (Overflow.HOPPER.value, Overflow.HOPPER.label),
    ]
    return [*plain, (_("Pools"), others), (_("Members"), people)]
