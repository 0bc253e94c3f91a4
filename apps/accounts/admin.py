"""People in the Django admin."""

from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.people import create_person


class NewUserForm(forms.ModelForm):
    """Without a password: she sets one herself by “Forgotten your password?”."""

    class Meta:
        model = User
        fields = ("email", "name", "timezone")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].casefold()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("There is a person with this address already."))
        return email


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("last_login", "joined_at")
    fieldsets = (
        (None, {"fields": ("email", "name", "timezone", "is_active")}),
        (
            _("Alerts"),
            {"fields": ("wants_email_alerts", "wants_weekly", "wants_reports", "wants_sound")},
        ),
        (_("Administration"), {"fields": ("is_staff", "is_superuser", "user_permissions")}),
        (_("Moments"), {"fields": ("joined_at", "last_login")}),
    )
    filter_horizontal = ("user_permissions",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = {} if obj else {"form": NewUserForm}
        return super().get_form(request, obj, change, **form, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ((None, {"fields": NewUserForm.Meta.fields}),)
        return super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser makes others staff: else any editor of users could promote herself."""
        fields = super().get_readonly_fields(request, obj)
        if getattr(request.user, "is_superuser", False):
            return fields
        return (*fields, "email", "is_staff", "is_superuser", "user_permissions")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        made = create_person(**form.cleaned_data, password=None, now=timezone.now())
        obj.pk, obj._state.adding = made.pk, False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People are deactivated: what they did stays theirs."""
        return False


@admin.register(Authenticator)
class AuthenticatorAdmin(admin.ModelAdmin):
    """Second factors, without their secrets. Deleting one lets a locked-out person in again."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    search_fields = ("user__email",)
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
