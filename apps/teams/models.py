"""Teams, their members, and when and what those members can work on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from apps.accounts.ids import uuid7
from apps.accounts.models import User, validate_timezone
from apps.teams.permissions import Permission, Role, Switch
from apps.teams.scope import Deed, TeamQuerySet, TeamRow

if TYPE_CHECKING:
    from apps.teams.access import Access

RESERVED_SLUGS = frozenset({"new", "admin", "api", "accounts", "static", "setup"})


def default_bands() -> dict[str, int]:
    """The least score of bands A to C, as new teams have them."""
    return {"A": 70, "B": 40, "C": 10}


def default_hours() -> dict[str, list[list[str]]]:
    """Monday to Friday, nine to six: a new team's opening hours."""
    return {str(day): [["09:00", "18:00"]] for day in range(5)}


class DuplicatePolicy(models.TextChoices):
    """What becomes of a capture of somebody whom the team knows already."""

    ATTACH = "attach", _("add it to the lead; its owner keeps it")
    LINK = "link", _("make a new lead that is linked to the old one")
    REOPEN = "reopen", _("add it, and open the lead again if it was closed")


class Team(models.Model):
    """A tenant: a company's sales team. Leads live in exactly one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    timezone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_timezone]
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        help_text=_("For phone numbers without a prefix."),
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    hours = models.JSONField(_("opening hours"), default=default_hours, blank=True)
    response_seconds = models.PositiveIntegerField(_("first attempt within (s)"), default=300)
    claims_per_day = models.PositiveIntegerField(_("claims a day"), null=True, blank=True)
    max_unworked = models.PositiveIntegerField(_("most unworked leads"), null=True, blank=True)
    hopper_days = models.PositiveIntegerField(_("days in the hopper"), default=7)
    # Public holidays of this country and region close the team, beside its own.
    holiday_country = models.CharField(_("holidays of"), max_length=2, blank=True)
    holiday_region = models.CharField(_("region"), max_length=10, blank=True)
    duplicate_policy = models.CharField(
        _("somebody known comes again"),
        max_length=8,
        choices=DuplicatePolicy,
        default=DuplicatePolicy.ATTACH,
    )
    # {"email_domain": bool, "phone_country": bool, "url": "https://…", "secret": encrypted}
    enrichment = models.JSONField(_("enrichment"), default=dict, blank=True)
    # Nobody asks the provider before this: somebody is at it, or it failed a moment ago.
    enrichment_free_at = models.DateTimeField(null=True, blank=True, editable=False)
    enrichment_error = models.CharField(max_length=200, blank=True, editable=False)
    # The least score of each band; what is below them all is D.
    bands = models.JSONField(_("score bands"), default=default_bands, blank=True)
    # Members who are told, beside the managers, when no pool says otherwise.
    escalate_to = ArrayField(models.UUIDField(), default=list, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=now, editable=False)
    # Moved by whatever changes compiled rules or fields: one cheap read tells every process.
    routing_version = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class Holiday(TeamRow):
    """A day on which the team is closed, or works although the country does not."""

    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=120)
    is_open = models.BooleanField(_("we work on that day"), default=False)

    class Meta:
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(fields=["team", "date"], name="teams_holiday_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"


class Skill(TeamRow):
    """Something that members have and leads may need: a product, a language, a licence."""

    class Kind(models.TextChoices):
        SKILL = "skill", _("Skill")
        LANGUAGE = "language", _("Language")

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.SKILL)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), "team", "kind", name="teams_skill_once"),
            models.UniqueConstraint(fields=["team", "id"], name="teams_skill_team_id"),
        ]

    def __str__(self) -> str:
        return self.name


class Territory(TeamRow):
    """A part of the market. `area`: {"countries", "regions", "cities", "postcodes"} lists."""

    name = models.CharField(_("name"), max_length=80)
    area = models.JSONField(_("area"), default=dict, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = _("territories")
        constraints = [
            models.UniqueConstraint(Lower("name"), "team", name="teams_territory_once"),
            models.UniqueConstraint(fields=["team", "id"], name="teams_territory_team_id"),
        ]

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(TeamQuerySet["Membership"]):
    def visible_to(self, access: Access) -> Self:
        """Colleagues for those who see members, oneself for the rest."""
        rows = super().visible_to(access)
        if access.can(Permission.SEE_MEMBERS):
            return rows
        return rows.filter(pk=access.member_id)

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


class Invitation(TeamRow, Deed):
    """An invitation by e-mail. The link holds a token that is stored only as a hash."""

    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=12, choices=Role, default=Role.SALESPERSON)
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                "team",
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="teams_invitation_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} → {self.team}"

    def is_open(self, now: datetime) -> bool:
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > now


class ApiToken(TeamRow):
    """A member's key to the API: shown once, stored as a hash."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80)
    token_hash = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class AuditEntry(TeamRow, Deed):
    """Append-only: who did what to which thing. Never a personal value of a lead."""

    at = models.DateTimeField()
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=60)
    target_id = models.UUIDField(null=True)
    target_label = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    token_id = models.UUIDField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = _("audit log")
        indexes = [models.Index(fields=["team", "-at"], name="teams_audit_latest")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"


def member_id_of(access: Access) -> UUID:
    """The acting member's id; LookupError for the system and for agencies."""
    if access.membership is None:
        raise LookupError("This needs a member of the team.")
    return access.membership.pk
