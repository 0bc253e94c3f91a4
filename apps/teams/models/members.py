"""Members, what they can do, and when they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.teams.models.teams import Skill, Territory
from apps.teams.permissions import Permission, Role, Switch
from apps.teams.scope import Deed, TeamQuerySet, TeamRow

if TYPE_CHECKING:
    from apps.teams.access import Access


class MembershipQuerySet(TeamQuerySet["Membership"]):
    def visible_to(self, access: Access) -> Self:
        """Colleagues for those who see members, oneself for the rest."""
        rows = super().visible_to(access)
        if access.can(Permission.SEE_MEMBERS):
            return rows
        return rows.filter(pk=access.member_id) if access.member_id else rows.none()

    def active(self) -> Self:
        return self.filter(is_active=True, user__is_active=True)


class Membership(TeamRow):
    """A user in a team: her role, her switches, when she is there and how much she takes."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=12, choices=Role, default=Role.SALESPERSON)
    switches = ArrayField(models.CharField(max_length=20, choices=Switch), default=list, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    joined_at = models.DateTimeField(default=now, editable=False)
    title = models.CharField(_("job title"), max_length=120, blank=True)
    experience = models.PositiveSmallIntegerField(_("years of experience"), default=0)
    skills = models.ManyToManyField(Skill, through="MemberSkill", blank=True)
    territories = models.ManyToManyField(
        Territory, through="MemberTerritory", blank=True, related_name="+"
    )
    is_paused = models.BooleanField(_("paused"), default=False)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    hours = models.JSONField(
        _("working hours"),
        null=True,
        blank=True,
        help_text=_("Empty: the team’s hours."),
    )
    capacity = models.PositiveIntegerField(_("most open leads"), null=True, blank=True)
    # Counters, moved only by assignments with a conditional UPDATE.
    open_leads = models.PositiveIntegerField(default=0, editable=False)
    claims_date = models.DateField(null=True, editable=False)
    claims_count = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[MembershipQuerySet] = MembershipQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["user__name", "id"]
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="teams_member_once_a_team"),
            models.UniqueConstraint(fields=["team", "id"], name="teams_member_team_id"),
        ]

    def __str__(self) -> str:
        return str(self.user)


class MemberSkill(TeamRow):
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE)
    skill = models.ForeignKey(Skill, on_delete=models.CASCADE)
    level = models.PositiveSmallIntegerField(_("level, 1 to 5"), default=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "skill"], name="teams_skill_a_member"),
            models.CheckConstraint(
                condition=Q(level__range=(1, 5)), name="teams_skill_level_1_to_5"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.skill} {self.level}"


class MemberTerritory(TeamRow):
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE)
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "territory"], name="teams_territory_a_member"
            ),
        ]

    def __str__(self) -> str:
        return str(self.territory)


class TimeOff(TeamRow):
    """A span in which a member is away."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="time_off")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        ordering = ["starts_at"]
        verbose_name_plural = _("time off")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")),
                name="teams_time_off_has_length",
            ),
        ]
        indexes = [models.Index(fields=["membership", "ends_at"], name="teams_time_off_ahead")]

    def __str__(self) -> str:
        return f"{self.membership}: {self.starts_at:%Y-%m-%d} – {self.ends_at:%Y-%m-%d}"


class Cover(TeamRow, Deed):
    """For a span, one member takes the new leads of another; then it ends by itself."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="covers")
    by_member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="covering")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # called off before its time

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")), name="teams_cover_has_length"
            ),
            models.CheckConstraint(
                condition=~Q(membership=models.F("by_member")), name="teams_cover_by_another"
            ),
        ]
        indexes = [models.Index(fields=["membership", "ends_at"], name="teams_cover_ahead")]

    def __str__(self) -> str:
        return f"{self.by_member} for {self.membership}"


class AvailabilityChange(TeamRow, Deed):
    """Append-only: what a member's availability was at any time."""

    class Kind(models.TextChoices):
        PAUSED = "paused", _("paused")
        RESUMED = "resumed", _("resumed")
        HOURS = "hours", _("working hours")
        TIME_OFF = "time_off", _("time off")
        TIME_OFF_REMOVED = "time_off_removed", _("time off removed")
        CAPACITY = "capacity", _("capacity")
        ACTIVE = "active", _("activated")
        INACTIVE = "inactive", _("deactivated")
        COVER = "cover", _("covered by a colleague")
        COVER_ENDED = "cover_ended", _("cover called off")

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="availability_changes"
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["membership", "at"], name="teams_availability_at")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind}"


class NotAMember(PermissionDenied, LookupError):
    """This is for members of the team alone: the system and agencies are none."""


def member_id_of(access: Access) -> UUID:
    """The acting member's id; NotAMember, which pages answer with 403, where there is none."""
    if access.membership is None:
        raise NotAMember("This needs a member of the team.")
    return access.membership.pk
