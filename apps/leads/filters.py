"""Which leads a list is about: one reading of the address for the page, the export and the API."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import reduce
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Concat, Lower
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from apps.leads.models import OPEN_KINDS, Lead, LeadQuerySet, StatusKind
from apps.leads.road_filters import ROADS
from apps.leads.speed import Band, Clock, seconds
from apps.teams.access import Access
from apps.teams.permissions import Permission

NOBODY = "none"
ME = "me"
OPEN = "open"
CLOSED = "closed"
MET, MISSED = "met", "missed"
STATUSES = (OPEN, CLOSED, *StatusKind.values)
SCORE_BANDS = ("A", "B", "C", "D")
SCORE = "score"
SEARCH_LENGTH = 100
TEXT_LENGTH = 200
# What a lead may lack, and be looked for by that.
CAUGHT = "caught"
LACKING = ("campaign", "form", "pool", "rule", "group")
LATEST_FIRST = (F("received_at").desc(), F("id").desc())

# What a search looks through: one expression, so that a word may be in any of them.
SEARCHED = Lower(
    Concat(
        "name", Value(" "), "company", Value(" "), "email", Value(" "), "phone", Value(" "),
        "phone_key",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeadFilters:
    """What was asked for. `errors` says for each part that could not be read what would do."""

    q: str = ""
    owner: str = ""  # an id, "me" or "none"
    had: UUID | None = None  # a member who had the lead at some time
    source: UUID | None = None
    group: UUID | None = None  # an interest group
    campaign: str = ""
    form: str = ""
    pool: UUID | None = None  # to which its first decision sent it
    rule: UUID | None = None  # the key of the rule by which it did
    without: str = ""  # one of LACKING
    road: str = ""  # one of ROADS, or CAUGHT
    status: str = ""
    stage: str = ""
    band: Band | None = None
    clock: str = Clock.REAL
    target: str = ""
    first_day: date | None = None
    last_day: date | None = None
    is_untouched: bool = False
    is_contacted: bool = False
    is_attempted: bool = False
    is_qualified: bool = False  # at some time; whoever was won was that too
    is_counted: bool = False
    score_band: str = ""
    sort: str = ""  # "score": the best first, those without a score left out
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> LeadFilters:
        """From the parameters of an address."""
        reading = _Reading(asked)
        return cls(
            q=asked.get("q", "").replace("\x00", "").strip()[:SEARCH_LENGTH],
            owner=reading.owner(),
            had=reading.id("had"),
            source=reading.id("source"),
            group=reading.id("group"),
            campaign=reading.text("campaign"),
            form=reading.text("form"),
            pool=reading.id("pool"),
            rule=reading.id("rule"),
            without=reading.one_of("without", LACKING),
            road=reading.one_of("road", (*ROADS, CAUGHT)),
            status=reading.one_of("status", STATUSES),
            stage=reading.one_of("stage", Lead.Stage.values),
            band=reading.band(),
            clock=reading.one_of("clock", tuple(Clock.LABELS)) or Clock.REAL,
            target=reading.one_of("target", (MET, MISSED)),
            first_day=reading.day("from"),
            last_day=reading.day("to"),
            is_untouched=reading.flag("untouched"),
            is_contacted=reading.flag("contacted"),
            is_attempted=reading.flag("attempted"),
            is_qualified=reading.flag("qualified"),
            is_counted=reading.flag("counted"),
            score_band=reading.one_of("score_band", SCORE_BANDS),
            sort=reading.one_of("sort", (SCORE,)),
            errors=reading.errors,
        )

    @property
    def is_any(self) -> bool:
        """Whether anything is left out at all."""
        return self != LeadFilters(clock=self.clock, errors=self.errors)

    @property
    def is_by_score(self) -> bool:
        return self.sort == SCORE

    @property
    def is_slow(self) -> bool:
        """Whether no index serves it, so that counting all that fits would take long."""
        return bool(
            self.q
            or self.band
            or self.target
            or self.pool
            or self.rule
            or self.without
            or self.road
        )

    def apply(self, rows: LeadQuerySet, *, by: Access, now: datetime) -> LeadQuerySet:
        """The rows that fit. A masked access can't search what it can't see."""
        rows = rows.filter(reduce(operator.and_, self._conditions(by), Q()))
        if self.is_counted:
            rows = rows.counted()
        rows = self._decided(rows)
        if self.is_untouched:
            rows = rows.open().filter(first_attempt_at__isnull=True)
        if self.band or self.target:
            rows = self._timed(rows, by.team.response_seconds, now)
        return self._searched(rows, by) if self.q else rows

    def _conditions(self, by: Access) -> list[Q]:
        wanted = [Q(**self._equal(by)), self._status()]
        zone = ZoneInfo(by.team.timezone)
        if self.had:
            had = Lead.objects.filter(team=by.team, assignments__member_id=self.had)
            wanted.append(Q(pk__in=had.values("pk")))
        if self.first_day:
            wanted.append(Q(received_at__gte=datetime.combine(self.first_day, time(), zone)))
        if self.last_day:
            after = self.last_day + timedelta(days=1)
            wanted.append(Q(received_at__lt=datetime.combine(after, time(), zone)))
        if self.group:
            wanted.append(Q(group_ids__contains=[self.group]))
        if self.is_contacted:
            wanted.append(Q(first_contact_at__isnull=False))
        if self.is_attempted:
            wanted.append(Q(first_attempt_at__isnull=False))
        if self.is_qualified:
            wanted.append(ever_qualified())
        if self.without in ("campaign", "form"):
            wanted.append(Q(**{self.without: ""}))
        if self.without == "group":
            wanted.append(Q(group_ids=[]))
        return wanted

    def _decided(self, rows: LeadQuerySet) -> LeadQuerySet:
        """By the first decision about the lead, and what came of it."""
        if self.road:
            rows = caught(rows) if self.road == CAUGHT else ROADS[self.road][1](rows)
        for name, path, value in (("pool", "pool_id", self.pool), ("rule", "rule__key", self.rule)):
            if value:
                rows = rows.alias(**{name: first_decision(path)}).filter(**{name: value})
            elif self.without == name:
                lacks = {f"{name}__isnull": True}
                rows = rows.alias(**{name: first_decision(path)}).filter(**lacks)
        return rows

    def _equal(self, by: Access) -> dict[str, object]:
        equal: dict[str, object] = {}
        if self.owner == NOBODY:
            equal["owner__isnull"] = True
        elif self.owner:
            equal["owner_id"] = by.member_id if self.owner == ME else UUID(self.owner)
        if self.source:
            equal["source_id"] = self.source
        if self.campaign:
            equal["campaign"] = self.campaign
        if self.form:
            equal["form"] = self.form
        if self.stage:
            equal["stage"] = self.stage
        if self.score_band:
            equal["band"] = self.score_band
        if self.is_by_score:
            equal["score__isnull"] = False
        return equal

    def _status(self) -> Q:
        if self.status == OPEN:
            return Q(status_kind__in=OPEN_KINDS)
        if self.status == CLOSED:
            return ~Q(status_kind__in=OPEN_KINDS)
        return Q(status_kind=self.status) if self.status else Q()

    def _timed(self, rows: LeadQuerySet, target: int, now: datetime) -> LeadQuerySet:
        wanted = self.band.where() if self.band else Q()
        if self.target == MET:
            wanted &= Q(waited__lte=target)
        if self.target == MISSED:
            overdue = Q(first_attempt_at=None, received_at__lt=now - timedelta(seconds=target))
            wanted &= Q(waited__gt=target) | overdue
        return rows.annotate(waited=seconds(self.clock)).filter(wanted)

    def _searched(self, rows: LeadQuerySet, by: Access) -> LeadQuerySet:
        """Leads in which every word occurs; of a masked one, in what it shows."""
        words = _words(self.q)
        shown = reduce(operator.and_, (Q(city__icontains=word) for word in words))
        if by.masked:
            return rows.filter(shown)
        whole = reduce(operator.and_, (Q(searched__contains=word) for word in words))
        if by.can(Permission.SEE_UNASSIGNED) and not by.can(Permission.SEE_OTHERS):
            unowned = Q(owner__isnull=True)
            whole = whole & ~unowned | shown & unowned
        return rows.annotate(searched=SEARCHED).filter(whole)


def ever_qualified() -> Q:
    """Leads that were qualified at some time, or are it or won now."""
    kinds = (StatusKind.QUALIFIED, StatusKind.WON)
    return Q(qualified_at__isnull=False) | Q(status_kind__in=kinds)


def caught(rows: LeadQuerySet) -> LeadQuerySet:
    """Leads whose first decision came by a rule that asks for nothing, or by none."""
    rows = rows.alias(asked=first_decision("rule__conditions"), told=first_decision("id"))
    by_none = Q(asked__isnull=True, told__isnull=False)
    return rows.filter(by_none | Q(asked={}) | Q(asked={"all": []}))


def first_decision(path: str) -> Subquery:
    """A column of the decision that sent the lead on its road first."""
    rows = Lead.objects.filter(pk=OuterRef("pk"), decisions__isnull=False)
    return Subquery(
        rows.order_by("decisions__at", "decisions__id").values(f"decisions__{path}")[:1]
    )


def _words(text: str) -> list[str]:
    """The words to look for. A number typed as 0664-123 45 is stored without its marks."""
    digits = "".join(letter for letter in text if letter.isdigit()).lstrip("0")
    is_number = not text.strip("+0123456789()/.- ") and len(digits) > 3
    return [digits] if is_number else text.lower().split()


class _Reading:
    """Reads parameters one by one and notes what can't be read."""

    def __init__(self, asked: Mapping[str, str]) -> None:
        self._asked = asked
        self.errors: dict[str, str] = {}

    def _text(self, name: str) -> str:
        return self._asked.get(name, "").strip()

    def text(self, name: str) -> str:
        """Compared as it is: a value of the lead's own."""
        return self._asked.get(name, "").replace("\x00", "")[:TEXT_LENGTH]

    def id(self, name: str) -> UUID | None:
        text = self._text(name)
        if not text:
            return None
        try:
            return UUID(text)
        except ValueError:
            self.errors[name] = _("This is no id.")
            return None

    def owner(self) -> str:
        text = self._text("owner")
        if text in ("", ME, NOBODY):
            return text
        return str(self.id("owner") or "")

    def one_of(self, name: str, values: tuple[str, ...] | list[str]) -> str:
        text = self._text(name)
        if text in ("", *values):
            return text
        self.errors[name] = _("Use one of %(values)s.") % {"values": ", ".join(values)}
        return ""

    def day(self, name: str) -> date | None:
        text = self._text(name)
        try:
            day = parse_date(text) if text else None
        except ValueError:
            day = None
        if (text and day is None) or (day and not 1900 <= day.year < 9999):
            self.errors[name] = _("Give a day as 2026-11-21.")
            return None
        return day

    def band(self) -> Band | None:
        text = self._text("band")
        if not text:
            return None
        try:
            return Band.parse(text)
        except ValueError as error:
            self.errors["band"] = str(error)
            return None

    def flag(self, name: str) -> bool:
        text = self._text(name).lower()
        if text not in ("", "0", "1", "true", "false"):
            self.errors[name] = _("Use 1 or 0.")
        return text in ("1", "true")
