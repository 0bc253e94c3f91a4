"""Pools: groups of members with a ranking, a mode, filters, limits and an overflow."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from apps.leads.models import Lead, StatusKind
from apps.teams.models import Membership
from apps.teams.scope import Deed, TeamRow


class Ranking(models.TextChoices):
    TURN = "turn", _("By turn")
    LOAD = "load", _("Least busy")
    PERFORMANCE = "performance", _("By performance")
    FIT = "fit", _("Best match")
    FIXED = "fixed", _("Fixed order")
    NONE = "none", _("No order")


class Mode(models.TextChoices):
    ASSIGN = "assign", _("Assign")
    OFFER = "offer", _("Offer")
    CLAIM = "claim", _("Claim")
    HOPPER = "hopper", _("Hopper")


_CHOSEN = (Ranking.TURN, Ranking.LOAD, Ranking.PERFORMANCE, Ranking.FIT, Ranking.FIXED)
RANKINGS_OF_MODE = {
    Mode.ASSIGN: _CHOSEN,
    Mode.OFFER: _CHOSEN,
    Mode.CLAIM: (Ranking.NONE, Ranking.FIT),
    Mode.HOPPER: (Ranking.NONE, Ranking.FIT, Ranking.TURN),
}


class Overflow(models.TextChoices):
    MANAGER = "manager", _("a manager decides")
    POOL = "pool", _("another pool")
    MEMBER = "member", _("a member")
    HOPPER = "hopper", _("the hopper")


class EmptyPolicy(models.TextChoices):
    """What happens when nobody in the pool is eligible."""

    HOLD = "hold", _("hold until someone is, and tell the manager")
    NEXT_RULE = "next_rule", _("go on with the next rule")
    OVERFLOW = "overflow", _("send it to the overflow")
    MANAGER = "manager", _("a manager decides")


class OnExpiry(models.TextChoices):
    """What happens to a lead whose owner made no attempt in time."""

    NEXT = "next", _("the next member gets it")
    OVERFLOW = "overflow", _("it goes to the overflow")
    STAY = "stay", _("it stays, and the manager is told")


class Absent(models.TextChoices):
    """What happens to the credit of members who are not eligible for a lead."""

    NEITHER = "neither", _("they neither gain nor lose")
    CATCH_UP = "catch_up", _("they catch up later, up to a limit")


class GiveBack(models.TextChoices):
    BAD_LEAD = "bad_lead", _("for accepted reports of a bad lead")
    NEVER = "never", _("never")


class CapWindow(models.TextChoices):
    CALENDAR = "calendar", _("by the calendar")
    ROLLING = "rolling", _("rolling")


class Sticky(models.TextChoices):
    """Whom the pool keeps as the owner, if that member is still eligible."""

    CONTACT = "contact", _("whoever had this person before")
    COMPANY = "company", _("whoever has this company")
    NAMED = "named", _("the keeper of the named account")


class Pool(TeamRow):
    """A named group of members with a ranking, a mode, filters, time limits and an overflow."""

    name = models.CharField(_("name"), max_length=120)
    ranking = models.CharField(_("ranking"), max_length=12, choices=Ranking, default=Ranking.TURN)
    mode = models.CharField(_("mode"), max_length=8, choices=Mode, default=Mode.ASSIGN)
    window_seconds = models.PositiveIntegerField(
        _("offer or claim open for (s)"), default=90, validators=[MinValueValidator(1)]
    )
    response_seconds = models.PositiveIntegerField(
        _("first attempt within (s)"),
        null=True,
        blank=True,
        help_text=_("Empty: the team’s response time. 0: leads are never taken back."),
    )
    business_time = models.BooleanField(_("deadlines in business time"), default=True)
    respects_hours = models.BooleanField(_("only members in working hours"), default=True)
    hours = models.JSONField(
        _("hours"), null=True, blank=True, help_text=_("Empty: the team’s hours.")
    )
    is_always_open = models.BooleanField(_("open day and night"), default=False)
    max_hops = models.PositiveSmallIntegerField(
        _("members asked at most"), default=3, validators=[MinValueValidator(1)]
    )
    overflow = models.CharField(
        _("overflow"), max_length=8, choices=Overflow, default=Overflow.MANAGER
    )
    overflow_pool = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    overflow_member = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    empty_policy = models.CharField(
        _("when nobody is eligible"),
        max_length=10,
        choices=EmptyPolicy,
        default=EmptyPolicy.HOLD,
    )
    claims_per_day = models.PositiveIntegerField(_("claims a day"), null=True, blank=True)
    max_unworked = models.PositiveIntegerField(_("most unworked leads"), null=True, blank=True)
    # Keys that come before `ranking`: the first difference decides.
    prefer = ArrayField(
        models.CharField(max_length=12, choices=Ranking), verbose_name=_("first by"),
        default=list, blank=True,
    )  # fmt: skip
    # {"match": "all" or "any", "items": [{"kind": …}, …]} as in routing.filters
    filters = models.JSONField(_("only members who match"), default=dict, blank=True)
    # [{"kind": …, "weight": n}, …] as in routing.fit
    fit = models.JSONField(_("what makes a good match"), default=list, blank=True)
    # {"measure": "win_rate" or "response", "days": n, "most_percent": n, "share": n}
    performance = models.JSONField(_("performance"), default=dict, blank=True)
    cap_window = models.CharField(
        _("limits count"), max_length=8, choices=CapWindow, default=CapWindow.CALENDAR
    )
    # Which open leads count as load and against a seat's capacity; empty: all of them.
    load_kinds = ArrayField(
        models.CharField(max_length=12, choices=StatusKind), default=list, blank=True
    )
    absent = models.CharField(
        _("absent members"), max_length=8, choices=Absent, default=Absent.NEITHER
    )
    catch_up_turns = models.PositiveSmallIntegerField(_("catch up at most (turns)"), default=3)
    give_back = models.CharField(
        _("turns are given back"), max_length=8, choices=GiveBack, default=GiveBack.BAD_LEAD
    )
    sticky = ArrayField(
        models.CharField(max_length=8, choices=Sticky), verbose_name=_("keep the owner"),
        default=list, blank=True,
    )  # fmt: skip
    head_start_seconds = models.PositiveIntegerField(_("head start (s)"), default=0)
    on_expiry = models.CharField(
        _("without an attempt in time"), max_length=8, choices=OnExpiry, default=OnExpiry.NEXT
    )
    takes_back_on_leave = models.BooleanField(
        _("untouched leads go on when their owner goes off duty"), default=False
    )
    # Members who are told, beside the managers, when a deadline passes or nobody can take a lead.
    escalate_to = ArrayField(models.UUIDField(), default=list, blank=True)
    hopper_hours = models.PositiveIntegerField(
        _("hours in the hopper"), null=True, blank=True, help_text=_("Empty: the team’s limit.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=now, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    turn_no = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("pool")
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="rules_pool_name_once"),
            models.UniqueConstraint(fields=["team", "id"], name="rules_pool_team_id"),
            models.CheckConstraint(
                condition=(Q(overflow="pool") & Q(overflow_pool__isnull=False))
                | (~Q(overflow="pool") & Q(overflow_pool__isnull=True)),
                name="rules_pool_overflow_pool_given",
            ),
            models.CheckConstraint(
                condition=(Q(overflow="member") & Q(overflow_member__isnull=False))
                | (~Q(overflow="member") & Q(overflow_member__isnull=True)),
                name="rules_pool_overflow_member_given",
            ),
            models.CheckConstraint(
                condition=Q(
                    mode__in=["assign", "offer"],
                    ranking__in=["turn", "load", "performance", "fit", "fixed"],
                )
                | Q(mode="claim", ranking__in=["none", "fit"])
                | Q(mode="hopper", ranking__in=["none", "fit", "turn"]),
                name="rules_pool_ranking_fits_mode",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Seat(TeamRow):
    """A member's place in a pool: her weight, her caps and her credit."""

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="seats")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="seats")
    position = models.PositiveIntegerField(_("position"), default=0)
    weight = models.PositiveIntegerField(_("weight"), default=1, validators=[MinValueValidator(1)])
    cap_hour = models.PositiveIntegerField(_("leads an hour"), null=True, blank=True)
    cap_day = models.PositiveIntegerField(_("leads a day"), null=True, blank=True)
    cap_week = models.PositiveIntegerField(_("leads a week"), null=True, blank=True)
    cap_month = models.PositiveIntegerField(_("leads a month"), null=True, blank=True)
    capacity = models.PositiveIntegerField(_("most open leads"), null=True, blank=True)
    has_head_start = models.BooleanField(_("head start"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    # Moved only by assignments, under the pool's lock.
    credit = models.BigIntegerField(default=0, editable=False)  # nano-turns
    last_turn_no = models.PositiveBigIntegerField(default=0, editable=False)
    # When leads were placed here, newest first; as many as the greatest cap needs, none without.
    placed_at = ArrayField(models.DateTimeField(), default=list, editable=False)
    # When the caps were set as they are: what was placed before is not in `placed_at`.
    capped_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["pool", "membership"], name="rules_seat_once_a_pool"),
            models.UniqueConstraint(fields=["team", "id"], name="rules_seat_team_id"),
            models.CheckConstraint(condition=Q(weight__gte=1), name="rules_seat_weight_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.membership} in {self.pool}"

    @property
    def greatest_cap(self) -> int:
        """So many moments of placing are kept; 0 without caps."""
        return max(cap or 0 for cap in (self.cap_hour, self.cap_day, self.cap_week, self.cap_month))


class PoolRevision(TeamRow, Deed):
    """Append-only: how a pool and its seats were set at any time."""

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    settings = models.JSONField()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["pool", "number"], name="rules_revision_once"),
        ]

    def __str__(self) -> str:
        return f"{self.pool} #{self.number}"


class TurnEntry(TeamRow):
    """Append-only: one turn of a pool. `deltas` gives each seat its gain or payment.

    `deltas` is {"<seat id>": nano-turns} and sums to zero.
    """

    class Reason(models.TextChoices):
        TURN = "turn", _("placed by turn")
        GIVE_BACK = "give_back", _("given back")
        SEAT_REMOVED = "seat_removed", _("a seat was removed")
        ADJUSTED = "adjusted", _("adjusted by a manager")

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="turns", db_index=False)
    turn_no = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, null=True, related_name="+")
    winner = models.ForeignKey(Seat, on_delete=models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=12, choices=Reason, default=Reason.TURN)
    deltas = models.JSONField()

    class Meta:
        ordering = ["-turn_no", "-id"]
        verbose_name_plural = _("turn ledger")
        indexes = [
            models.Index(fields=["pool", "-turn_no"], name="rules_turn_latest"),
            models.Index(fields=["team", "at"], name="rules_turn_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.pool} turn {self.turn_no}"


class TrackRecord(TeamRow):
    """What a member made of her leads of the last days; counted anew by a periodic task.

    `figures` is {"leads": n, "closed": n, "won": n, "responses": n, "response_seconds": sum,
    "by": {"<field>": {"<folded value>": [closed, won]}}}.
    """

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="track_records"
    )
    days = models.PositiveSmallIntegerField()
    counted_at = models.DateTimeField()
    figures = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "days"], name="rules_track_record_once"),
        ]

    def __str__(self) -> str:
        return f"{self.membership} over {self.days} days"


class NamedAccount(TeamRow):
    """A company that one member keeps, known by its name or its e-mail domain."""

    name = models.CharField(_("company"), max_length=200)
    company_key = models.CharField(max_length=200, editable=False)
    domain = models.CharField(_("e-mail domain"), max_length=253, blank=True)
    keeper = models.ForeignKey(
        Membership,
        on_delete=models.CASCADE,
        related_name="named_accounts",
        verbose_name=_("keeper"),
    )
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "company_key"], name="rules_account_name_once"),
            models.UniqueConstraint(
                fields=["team", "domain"], condition=~Q(domain=""), name="rules_account_domain_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name
