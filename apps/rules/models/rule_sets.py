"""Rule sets, their versions and their rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.ids import uuid7
from apps.rules.models.pools import Pool
from apps.rules.models.recipients import RecipientPool
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.scope import TeamQuerySet, TeamRow

if TYPE_CHECKING:
    from apps.teams.access import Access


class RuleSet(TeamRow):
    """An ordered list of rules, versioned, and when it is asked.

    Assignment rules find an owner, distribution rules send copies: of the former the first match
    decides, of the latter every match sends. One set of each kind is for new leads. Others are
    asked when a lead changes, when it does something, when it has been silent, or only when a rule
    or a person sends leads through them.
    """

    class Kind(models.TextChoices):
        ASSIGNMENT = "assignment", _("Assignment")
        DISTRIBUTION = "distribution", _("Distribution")

    class Trigger(models.TextChoices):
        NEW = "new", _("for every new lead")
        CHANGED = "changed", _("when a lead changes")
        ACTIVITY = "activity", _("when a lead does something")
        SILENT = "silent", _("when a lead has been silent")
        CALLED = "called", _("when a rule or a person sends leads here")

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.ASSIGNMENT)
    name = models.CharField(_("name"), max_length=120)
    trigger = models.CharField(_("asked"), max_length=8, choices=Trigger, default=Trigger.NEW)
    # CHANGED: {"changes": ["status", "score", "groups", "<field key>"], "score_crosses": n},
    # no changes: any; without score_crosses every change of the score;
    # ACTIVITY: {"events": ["replied", "opened_content", "came_again"]}; SILENT: {"days": n}
    trigger_settings = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(_("on"), default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "kind"], condition=Q(trigger="new"), name="rules_set_one_for_new"
            ),
            models.UniqueConstraint(fields=["team", "name"], name="rules_set_name_once"),
            models.UniqueConstraint(fields=["team", "id"], name="rules_set_team_id"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def sends_copies(self) -> bool:
        """Whether its rules send copies; those of the others find an owner."""
        return self.kind == self.Kind.DISTRIBUTION


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
    RULE_SET = "rule_set", _("another rule set")
    CONTINUE = "continue", _("go on with the next rule")
    STOP = "stop", _("nobody: stop here")
    # Of distribution rules, which have these and STOP.
    RECIPIENTS = "recipients", _("recipients, a copy each")
    RECIPIENT_POOL = "recipient_pool", _("a pool of recipients")


COPIES = (Destination.RECIPIENTS, Destination.RECIPIENT_POOL)


class Rule(TeamRow):
    """Conditions and where to send what matches. `key` is the same in every version."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="rules")
    key = models.UUIDField(default=uuid7, editable=False)
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    conditions = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    destination = models.CharField(max_length=16, choices=Destination)
    pool = models.ForeignKey(
        Pool, on_delete=models.PROTECT, null=True, blank=True, related_name="rules"
    )
    member = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Leads that match go through this set; what it does not place goes on with the next rule.
    rule_set = models.ForeignKey(
        RuleSet, on_delete=models.PROTECT, null=True, blank=True, related_name="callers"
    )
    # For an owned lead: whether the owner gives way; for the hopper: who looks after it there.
    replaces_owner = models.BooleanField(default=True)
    caretaker = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    response_seconds = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    # What else the rule does to a lead that it matches, before it is sent on.
    group_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    priority = models.SmallIntegerField(null=True, blank=True)
    notify = ArrayField(models.UUIDField(), default=list, blank=True)  # memberships
    # Of distribution rules: who gets copies, whether the list ends here, and whether the lead
    # stays out of the team (only if a copy was queued).
    recipient_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    recipient_pool = models.ForeignKey(
        RecipientPool, on_delete=models.PROTECT, null=True, blank=True, related_name="rules"
    )
    stops = models.BooleanField(default=False)
    keeps_out = models.BooleanField(default=False)

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
            models.CheckConstraint(
                condition=(Q(destination="rule_set") & Q(rule_set__isnull=False))
                | (~Q(destination="rule_set") & Q(rule_set__isnull=True)),
                name="rules_rule_rule_set_given",
            ),
            models.CheckConstraint(
                condition=Q(destination="recipient_pool", recipient_pool__isnull=False)
                | (~Q(destination="recipient_pool") & Q(recipient_pool__isnull=True)),
                name="rules_rule_recipient_pool_given",
            ),
            models.CheckConstraint(
                condition=Q(recipient_ids=[]) | Q(destination="recipients"),
                name="rules_rule_recipients_of_rule",
            ),
            models.CheckConstraint(
                condition=Q(caretaker__isnull=True) | Q(destination="hopper"),
                name="rules_rule_caretaker_of_hopper",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.name}"
