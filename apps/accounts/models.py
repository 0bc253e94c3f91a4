"""People who sign in. What they may do somewhere is a Membership, never a User."""

from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from apps.accounts.ids import uuid7


def validate_timezone(name: str) -> None:
    """Refuse a name that the IANA database does not know."""
    if name not in available_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone; use a name such as Europe/Berlin."),
            params={"name": name},
        )


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """A user who signs in by e-mail; without a password she must set one by mail."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).casefold(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """A user who may use every page of the Django admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by an e-mail address."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    timezone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_timezone]
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may use the admin"), default=False)
    joined_at = models.DateTimeField(_("joined"), default=now, editable=False)
    wants_email_alerts = models.BooleanField(_("alerts by e-mail"), default=True)
    # Within these hours of her own clock nothing but urgent alerts is mailed or chimes.
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    wants_weekly = models.BooleanField(
        _("last week’s figures by e-mail on Mondays (managers and admins)"), default=True
    )
    wants_reports = models.BooleanField(_("reports that an agency sends by e-mail"), default=True)
    wants_sound = models.BooleanField(_("chime for new leads"), default=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_one_per_email_any_case"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return (self.name or self.email).split(" ")[0]
