"""What the demo's salespeople are good at, where they sell, and whom they look after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from apps.rules import named_accounts
from apps.teams import expertise, holidays
from apps.teams.access import Access
from apps.teams.models import Membership, Skill

SKILLS: Mapping[str, Mapping[str, int]] = {
    "Depot charging": {"Mia Brandt": 5, "Jonas Keller": 4, "Tomás Herrera": 3},
    "Wallbox": {"Aisha Rahman": 4, "Ben Fischer": 3, "Daniel Okafor": 2},
    "Fleet": {"Lena Öztürk": 5, "Jonas Keller": 3, "Katarzyna Nowak": 3},
}
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "French": ("Paul Lefèvre", "Chloé Martin"),
    "Polish": ("Katarzyna Nowak",),
    "Spanish": ("Tomás Herrera",),
    "Turkish": ("Lena Öztürk", "Emre Aydın"),
}
TERRITORIES: Mapping[str, tuple[Mapping[str, list[str]], tuple[str, ...]]] = {
    "Bavaria": ({"countries": ["DE"], "postcodes": ["80000-87999", "90000-97999"]},
                ("Mia Brandt", "Ben Fischer")),
    "Berlin and around": ({"countries": ["DE"], "postcodes": ["10115-16949"]},
                          ("Jonas Keller", "Katarzyna Nowak")),
    "Austria": ({"countries": ["AT"]}, ("Lena Öztürk", "Aisha Rahman")),
    "Romandie": ({"countries": ["CH"], "regions": ["Vaud", "Genève", "Neuchâtel"]},
                 ("Chloé Martin",)),
}  # fmt: skip
ACCOUNTS = (
    "Isarwerk Logistik GmbH; isarwerk.example; Mia Brandt\n"
    "Nordhafen AG; nordhafen.example; Jonas Keller\n"
    "Alpenstrom; alpenstrom.example; Lena Öztürk\n"
)


def add(*, by: Access, now: datetime) -> None:
    """Skills with levels, languages, territories, named accounts and public holidays."""
    members = list(Membership.objects.filter(team=by.team).select_related("user"))
    ids = {str(member): member.pk for member in members}
    for name, levels in SKILLS.items():
        _skill(name, Skill.Kind.SKILL, {ids[who]: level for who, level in levels.items()}, by, now)
    for name, speakers in LANGUAGES.items():
        _skill(name, Skill.Kind.LANGUAGE, {ids[who]: 5 for who in speakers}, by, now)
    for name, (area, sellers) in TERRITORIES.items():
        expertise.save_territory(
            None, name=name, area=area, members=[ids[who] for who in sellers], by=by, now=now
        )
    named_accounts.paste(ACCOUNTS, members, by=by, now=now)
    holidays.follow(country="DE", region="BE", by=by, now=now)


def _skill(name: str, kind: str, levels: Mapping[UUID, int], by: Access, now: datetime) -> None:
    skill = expertise.add_skill(name=name, kind=kind, by=by, now=now)
    expertise.set_levels(skill, levels=levels, by=by, now=now)
