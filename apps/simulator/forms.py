"""The forms of the simulator: what to try on which leads, and one lead to test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.leads.models import Source
from apps.routing.fields import Field, FieldType, Registry
from apps.routing.values import plain
from apps.rules.models import (
    RANKINGS_OF_MODE,
    Absent,
    EmptyPolicy,
    OnExpiry,
    Overflow,
    Pool,
    RuleSet,
    Version,
)
from apps.rules.pools.seat_forms import DurationField
from apps.rules.wording import ranking_and_mode
from apps.simulator.services import LARGEST_SEED
from apps.simulator.uploads import LARGEST

LIVE = "live"
RANGES = {"7": _("Last 7 days"), "30": _("Last 30 days"), "90": _("Last 90 days")}
OWN = "own"
FIRST_SEED = 42
LONGEST_VALUE, LONGEST_TEXT = 500, 5_000
YEARS = range(2000, 2100)


def version_choices(versions: Iterable[Version]) -> list[tuple[str, Any]]:
    """What may be tried: what is live, the drafts, and every version that was live."""
    choices: list[tuple[str, Any]] = [(LIVE, _("What is live"))]
    choices += [(str(version.pk), _version_words(version)) for version in versions]
    return choices


def _version_words(version: Version) -> str:
    name = version.rule_set.name if version.rule_set.trigger != RuleSet.Trigger.NEW else ""
    if version.state == Version.State.DRAFT:
        words = _("Draft %(number)d") % {"number": version.number}
    else:
        words = _("Version %(number)d") % {"number": version.number}
    note = f": {version.note}" if version.note else ""
    return f"{words}{note}"[:80] + (f" ({name})" if name else "")


class RunForm(forms.Form):
    """What to try, over which leads. `file` stands instead of leads of the past."""

    version = forms.ChoiceField(label=_("Rules"))
    range = forms.ChoiceField(
        label=_("Leads that came in"), choices=[*RANGES.items(), (OWN, _("From day to day"))]
    )
    first_day = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    last_day = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    source = forms.ModelChoiceField(
        Source.objects.none(), label=_("Source"), required=False, empty_label=_("All sources")
    )
    file = forms.FileField(
        label=_("Or the leads of a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
        help_text=_("CSV, columns named as the fields of a lead. Nothing of it is imported."),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=LARGEST_SEED,
        initial=FIRST_SEED,
        help_text=_(
            "What people did is drawn from what they did before. The same seed draws alike."
        ),
    )

    def __init__(
        self,
        *args: Any,
        versions: Iterable[Version],
        sources: Any,
        timezone: str,
        now: datetime,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = dict(self.fields)
        fields["version"].choices = version_choices(versions)
        fields["source"].queryset = sources
        self._zone, self._now = ZoneInfo(timezone), now

    def clean_file(self) -> Any:
        file = self.cleaned_data.get("file")
        if file is not None and file.size > LARGEST:
            raise forms.ValidationError(_("The file is larger than 25 MB: split it."))
        return file

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("range") == OWN:
            days = given.get("first_day"), given.get("last_day")
            if not all(days):
                self.add_error("first_day", _("Choose the first and the last day."))
            elif not all(day and day.year in YEARS for day in days):
                self.add_error("first_day", _("Choose days of this century."))
        return given

    @property
    def version_id(self) -> UUID | None:
        chosen = self.cleaned_data["version"]
        return None if chosen == LIVE else UUID(chosen)

    def span(self) -> tuple[datetime, datetime]:
        """From the first moment until after the last, never into the future."""
        given = self.cleaned_data
        if given["range"] != OWN:
            return self._now - timedelta(days=int(given["range"])), self._now
        first = datetime.combine(given["first_day"], time(), self._zone)
        after = datetime.combine(given["last_day"] + timedelta(days=1), time(), self._zone)
        return first, min(after, self._now)

    def upload(self) -> tuple[str, bytes] | None:
        file = self.cleaned_data.get("file")
        if file is None:
            return None
        name = " ".join(str(file.name).replace("\x00", "").split())[:255]
        return name or "leads.csv", file.read()


class PoolChangeForm(forms.Form):
    """What a pool would be set to. Everything else about it stays as it is."""

    handover = forms.ChoiceField(label=_("How it hands over"))
    window_seconds = DurationField(label=_("An offer or claim is open for"))
    response_seconds = DurationField(
        label=_("First attempt within"),
        required=False,
        help_text=_("Empty: the team’s response time. 0: leads are never taken back."),
    )
    max_hops = forms.IntegerField(label=_("Members asked at most"), min_value=1, max_value=100)
    on_expiry = forms.ChoiceField(label=_("Without an attempt in time"), choices=OnExpiry)
    empty_policy = forms.ChoiceField(label=_("When nobody is eligible"), choices=EmptyPolicy)
    overflow = forms.ChoiceField(label=_("If nobody takes it, to"))
    absent = forms.ChoiceField(label=_("Who is absent"), choices=Absent)
    respects_hours = forms.BooleanField(
        label=_("Only members in their working hours"), required=False
    )
    is_always_open = forms.BooleanField(label=_("Open day and night"), required=False)

    def __init__(self, *args: Any, pool: Pool, pools: Iterable[Pool], **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": _of_pool(pool), "prefix": "pool", **kwargs})
        fields: dict[str, Any] = dict(self.fields)
        fields["handover"].choices = _handovers()
        fields["overflow"].choices = _overflows(pool, pools)
        self.pool = pool

    def changes(self) -> dict[str, Any]:
        """What differs from the pool as it is, as PoolSettings name it."""
        given = dict(self.cleaned_data)
        ranking, mode = given.pop("handover").split(":")
        to, _colon, which = given.pop("overflow").partition(":")
        wanted = {
            **given, "ranking": ranking, "mode": mode, "overflow": to,
            "overflow_pool_id": which if to == Overflow.POOL else None,
            "overflow_member_id": which if to == Overflow.MEMBER else None,
        }  # fmt: skip
        if mode != self.pool.mode:
            wanted["prefer"] = []
        return {
            key: value for key, value in wanted.items() if _plain(getattr(self.pool, key)) != value
        }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _of_pool(pool: Pool) -> dict[str, Any]:
    names = (
        "window_seconds", "response_seconds", "max_hops", "on_expiry", "empty_policy", "absent",
        "respects_hours", "is_always_open",
    )  # fmt: skip
    kept = {name: getattr(pool, name) for name in names}
    which = pool.overflow_pool_id or pool.overflow_member_id
    overflow = f"{pool.overflow}:{which}" if which else pool.overflow
    return {**kept, "handover": f"{pool.ranking}:{pool.mode}", "overflow": overflow}


def _handovers() -> list[tuple[str, str]]:
    return [
        (f"{ranking}:{mode}", ranking_and_mode(Pool(ranking=ranking, mode=mode)))
        for mode, rankings in RANKINGS_OF_MODE.items()
        for ranking in rankings
    ]


def _overflows(pool: Pool, pools: Iterable[Pool]) -> list[tuple[str, Any]]:
    others = [
        (f"{Overflow.POOL}:{each.pk}", _("Pool %(name)s") % {"name": each.name})
        for each in pools
        if each.pk != pool.pk and each.is_active
    ]
    listed: list[tuple[str, Any]] = [
        (Overflow.MANAGER.value, _("A manager")),
        (Overflow.HOPPER.value, _("The hopper")),
    ]
    if pool.overflow_member_id:
        listed.append((f"{Overflow.MEMBER}:{pool.overflow_member_id}", str(pool.overflow_member)))
    return [*listed, *others]


# One lead

HIDDEN_FROM_FORM = frozenset({"source", "received_at"})
# What rules ask for most stands first; the rest is folded away.
FIRST = (
    "country", "region", "city", "postcode", "company", "industry", "employees", "revenue",
    "product", "budget", "timeline", "language", "interest_group", "campaign", "form",
)  # fmt: skip
YES_NO = [("", "–"), ("yes", _("yes")), ("no", _("no"))]


class LeadTestForm(forms.Form):
    """Every fact that a rule may ask for and a lead may bring; nothing has to be filled.

    Whatever is typed is read as a capture reads it: what can't be used becomes a warning.
    """

    version = forms.ChoiceField(label=_("Against"))
    source = forms.ChoiceField(label=_("Source"), required=False)
    at = forms.DateTimeField(
        label=_("It comes in"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: now."),
    )

    def __init__(
        self,
        *args: Any,
        registry: Registry,
        versions: Iterable[Version],
        sources: Iterable[Source],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = dict(self.fields)
        fields["version"].choices = version_choices(versions)
        fields["source"].choices = [("", "–"), *((each.slug, each.name) for each in sources)]
        given = [each for each in registry.given() if each.key not in HIDDEN_FROM_FORM]
        self._keys = [each.key for each in given]
        self.fields |= {each.key: _input(each) for each in given}

    def clean_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data.get("at")
        if at is not None and at.year not in YEARS:
            raise forms.ValidationError(_("Choose a time of this century."))
        return at

    @property
    def first(self) -> Iterator[forms.BoundField]:
        return (self[key] for key in FIRST if key in self.fields)

    @property
    def own(self) -> Iterator[forms.BoundField]:
        return (self[key] for key in self._keys if key.startswith("custom."))

    @property
    def more(self) -> Iterator[forms.BoundField]:
        return (
            self[key] for key in self._keys if key not in FIRST and not key.startswith("custom.")
        )

    @property
    def version_id(self) -> UUID | None:
        chosen = self.cleaned_data["version"]
        return None if chosen == LIVE else UUID(chosen)

    def answers(self) -> Mapping[str, str]:
        """What was filled in, by field."""
        return {key: str(value) for key in self._keys if (value := self.cleaned_data.get(key))}


def _input(field: Field) -> forms.Field:
    if field.type is FieldType.YES_NO:
        return forms.ChoiceField(label=field.label, choices=YES_NO, required=False)
    if field.options and field.type is FieldType.CHOICE:
        listed = [("", "–"), *((option, option) for option in field.options)]
        return forms.ChoiceField(label=field.label, choices=listed, required=False)
    longest = LONGEST_TEXT if field.key == "message" else LONGEST_VALUE
    widget = forms.DateInput(attrs={"type": "date"}) if field.type is FieldType.DATE else None
    return forms.CharField(
        label=field.label, required=False, max_length=longest, widget=widget or forms.TextInput()
    )


def shown(values: Mapping[str, Any]) -> dict[str, str]:
    """A lead's facts as the form shows them."""
    found = {}
    for key, value in values.items():
        if isinstance(value, bool):
            found[key] = "yes" if value else "no"
        elif isinstance(value, tuple | list):
            found[key] = ", ".join(map(str, value))
        else:
            found[key] = plain(value) or str(value or "")
    return found
