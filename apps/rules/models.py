"""Rules and pools: who gets which lead, as versioned data."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from apps.accounts.ids import uuid7
from apps.leads.models import Lead
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.scope import Deed, TeamQuerySet, TeamRow

if TYPE_CHECKING:
    from apps.teams.access import Access


class Ranking(models.TextChoices):
    TURN = "turn", _("By turn")
    LOAD = "load", _("Least busy")
    FIXED = "fixed", _("Fixed order")
    NONE = "none", _("No order")


class Mode(models.TextChoices):
    ASSIGN = "assign", _("Assign")
    OFFER = "offer", _("Offer")
    CLAIM = "claim", _("Claim")
    HOPPER = "hopper", _("Hopper")


RANKINGS_OF_MODE = {
    Mode.ASSIGN: (Ranking.TURN, Ranking.LOAD, Ranking.FIXED),
    Mode.OFFER: (Ranking.TURN, Ranking.LOAD, Ranking.FIXED),
    Mode.CLAIM: (Ranking.NONE,),
    Mode.HOPPER: (Ranking.NONE,),
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
                condition=Q(mode__in=["assign", "offer"], ranking__in=["turn", "load", "fixed"])
                | Q(mode__in=["claim", "hopper"], ranking="none"),
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
    cap_day = models.PositiveIntegerField(_("leads a day"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    # Moved only by assignments, under the pool's lock.
    credit = models.BigIntegerField(default=0, editable=False)  # nano-turns
    last_turn_no = models.PositiveBigIntegerField(default=0, editable=False)
    day = models.DateField(null=True, editable=False)
    day_count = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["pool", "membership"], name="rules_seat_once_a_pool"),
            models.UniqueConstraint(fields=["team", "id"], name="rules_seat_team_id"),
            models.CheckConstraint(condition=Q(weight__gte=1), name="rules_seat_weight_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.membership} in {self.pool}"


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


class RuleSet(TeamRow):
    """An ordered list of rules, versioned."""

    class Kind(models.TextChoices):
        ASSIGNMENT = "assignment", _("Assignment")

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.ASSIGNMENT)
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "kind"], name="rules_set_one_a_kind"),
            models.UniqueConstraint(fields=["team", "id"], name="rules_set_team_id"),
        ]

    def __str__(self) -> str:
        return self.name


class VersionQuerySet(TeamQuerySet["Version"]):
    def visible_to(self, access: Access) -> Self:
        rows = super().visible_to(access)
        return rows if access.can(Permission.SEE_ROUTING) else rows.none()

    def published(self) -> Self:
        return self.filter(state=Version.State.PUBLISHED)


class Version(TeamRow):
    """One version of a rule set. Only a draft changes."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Live")
        RETIRED = "retired", _("Retired")

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    created_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    retired_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)

    objects: ClassVar[VersionQuerySet] = VersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "number"], name="rules_version_number"),
            models.UniqueConstraint(fields=["team", "id"], name="rules_version_team_id"),
            models.UniqueConstraint(
                fields=["rule_set"],
                condition=Q(state="draft"),
                name="rules_version_one_draft",
            ),
            models.UniqueConstraint(
                fields=["rule_set"],
                condition=Q(state="published"),
                name="rules_version_one_live",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_set} {self.number}"


class Destination(models.TextChoices):
    POOL = "pool", _("a pool")
    MEMBER = "member", _("a member")
    HOPPER = "hopper", _("the hopper")
    MANAGER = "manager", _("a manager decides")
    DISQUALIFY = "disqualify", _("nobody: disqualify")


class Rule(TeamRow):
    """Conditions and where to send what matches. `key` is the same in every version."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="rules")
    key = models.UUIDField(default=uuid7, editable=False)
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    conditions = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    destination = models.CharField(max_length=10, choices=Destination)
    pool = models.ForeignKey(
        Pool, on_delete=models.PROTECT, null=True, blank=True, related_name="rules"
    )
    member = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    response_seconds = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "position"],
                name="rules_rule_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(fields=["version", "key"], name="rules_rule_key_once"),
            models.UniqueConstraint(fields=["team", "id"], name="rules_rule_team_id"),
            models.CheckConstraint(
                condition=(Q(destination="pool") & Q(pool__isnull=False))
                | (~Q(destination="pool") & Q(pool__isnull=True)),
                name="rules_rule_pool_given",
            ),
            models.CheckConstraint(
                condition=(Q(destination="member") & Q(member__isnull=False))
                | (~Q(destination="member") & Q(member__isnull=True)),
                name="rules_rule_member_given",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.name}"
