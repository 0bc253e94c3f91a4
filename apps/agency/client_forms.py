"""The forms about clients as their agency keeps them."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

MOST_TAGS, TAG_LENGTH = 10, 40


class SortForm(forms.Form):
    """A group and tags; tags are words with commas between them."""

    group = forms.CharField(label=_("Group"), max_length=60, required=False)
    tags = forms.CharField(
        label=_("Tags"),
        max_length=MOST_TAGS * (TAG_LENGTH + 2),
        required=False,
        help_text=_("Separate them with commas. Only your agency sees groups and tags."),
    )

    def clean_tags(self) -> list[str]:
        words = (word.strip().lstrip("#").strip() for word in self.cleaned_data["tags"].split(","))
        tags = list(dict.fromkeys(word for word in words if word))
        if len(tags) > MOST_TAGS:
            raise forms.ValidationError(_("At most %(n)d tags.") % {"n": MOST_TAGS})
        if any(len(tag) > TAG_LENGTH for tag in tags):
            raise forms.ValidationError(_("A tag has at most %(n)d letters.") % {"n": TAG_LENGTH})
        return tags
