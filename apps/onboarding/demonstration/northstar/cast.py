"""Who appears around the agency: its people, its clients, and what their prospects write. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from apps.onboarding.demonstration.cast import (
    ADMIN,
    MANAGER,
    SALESPERSON,
    Person,
    address,
    prospect,
)

NAME, TIMEZONE = "Northstar Media", "Europe/Berlin"
OWNER = Person("Nadia Frost", ADMIN, "Managing partner")
OPERATOR = Person("Tim Weller", MANAGER, "Client manager")
PEOPLE = (OWNER, OPERATOR)
WEBSITE, META, SEARCH = "Website", "Meta lead ads", "Search ads"
FIGURES: tuple[str, ...] = ()
LOOK = ("see_leads",)
ACT = ("see_leads", "act_on_leads")
RULES = ("see_leads", "edit_routing", "edit_members")
SET_UP = ("edit_sources", "edit_content")
ALL = (*ACT, "edit_routing", "edit_sources", "edit_content", "edit_members")


@dataclass(frozen=True, slots=True)
class ClientTeam:
    """A client: what it grants, how many leads it gets by itself, and how it works on them."""

    name: str
    timezone: str
    country: str
    people: tuple[str, ...]  # the admin first
    offer: str
    campaigns: tuple[str, ...]
    allows: tuple[str, ...]
    is_masked: bool = True
    group: str = ""
    tags: tuple[str, ...] = ()
    leads: int = 20
    pace: float = 1.0
    budget: int = 900  # a month, in whole units of the team's currency
    sent: int = 0  # leads that the agency's own team sends it
    grows_slow: bool = False
    silent: str = ""  # the source that brings nothing any more

    @property
    def staff(self) -> tuple[Person, ...]:
        admin, *sales = self.people
        return (
            Person(admin, ADMIN, "Owner"),
            *(Person(name, SALESPERSON, "Sales", 3 + place) for place, name in enumerate(sales)),
        )


CLIENTS = (
    ClientTeam(
        "Casa Verde Pools", "Europe/Berlin", "DE", ("Elena Prat", "Iker Solana", "Nuria Vidal"),
        "a pool in the garden", ("Summer pools", "Pool covers"), ACT, is_masked=False,
        group="Home", tags=("ads", "seasonal"), leads=34, pace=9, budget=2_400, sent=9,
        grows_slow=True,
    ),
    ClientTeam(
        "Marlow Physio", "Europe/London", "GB", ("Fiona Marlow", "Rhys Bevan"),
        "a first appointment", ("Back pain", "Sports injuries"), LOOK, group="Health",
        leads=26, budget=600, silent=SEARCH,
    ),
    ClientTeam(
        "Nordlys Windows", "Europe/Berlin", "DE", ("Astrid Lund", "Jonas Holt", "Kari Moen"),
        "new windows", ("Triple glazing", "Noise"), RULES, group="Home", tags=("ads",),
        leads=22, pace=3, budget=1_500, sent=7,
    ),
    ClientTeam(
        "Kestrel Kitchens", "Europe/London", "GB", ("Imogen Shaw", "Callum Reid"),
        "a new kitchen", ("Kitchen planner", "Showroom"), ALL, is_masked=False, group="Home",
        tags=("ads", "large"), leads=24, budget=2_100, sent=8,
    ),
    ClientTeam(
        "Okafor Legal", "Europe/London", "GB", ("Ada Okafor", "Joseph Lane"),
        "a first consultation", ("Tenancy", "Contracts"), FIGURES, group="Services",
        leads=16, budget=700,
    ),
    ClientTeam(
        "Tessera Flooring", "Europe/Berlin", "DE", ("Livia Conti", "Marek Zeman"),
        "a wooden floor", ("Oak floors",), SET_UP, group="Home", leads=18, pace=2, budget=800,
    ),
    ClientTeam(
        "Blau Fitness", "Europe/Berlin", "DE", ("Sina Krüger", "Deniz Aksoy"),
        "a trial month", ("New year", "Bring a friend"), LOOK, group="Health", leads=24,
        pace=0.6, budget=500,
    ),
    ClientTeam(
        "Pinecrest Dental", "Europe/London", "GB", ("Maeve Quinn", "Owen Daly"),
        "an implant", ("Implants", "Whitening"), (*LOOK, "edit_routing"), is_masked=False,
        group="Health", tags=("ads",), leads=18, pace=0.8, budget=1_100, sent=6,
    ),
)  # fmt: skip
# Once a client, and asked to become one.
FORMER = ClientTeam(
    "Harbour Bikes", "Europe/London", "GB", ("Peter Nash", "Lucy Hale"), "an e-bike",
    ("Commuter",), LOOK, leads=4,
)  # fmt: skip
ASKED, ASKED_AT = "Lumen Roofs", "hello@lumenroofs.example"


def enquiry(client: ClientTeam, chance: Random, number: int) -> dict[str, Any]:
    """What somebody writes who wants what the client sells. `number` keeps contacts apart."""
    drawn = prospect(chance, "website", number)
    name = str(drawn["name"])
    return {
        "name": name,
        "email": address(name).replace("@", f".{number}@"),
        "phone": drawn["phone"],
        "country": client.country,
        "city": chance.choice(_CITIES[client.country]),
        "campaign": chance.choice(client.campaigns),
        "message": chance.choice(_WORDS).format(offer=client.offer),
    }


def logins(people: Sequence[Person]) -> dict[str, str]:
    """Owner and operator of the agency with their addresses."""
    return dict(zip(("owner", "operator"), (person.email for person in people), strict=True))


_CITIES = {
    "DE": ("Berlin", "Hamburg", "Leipzig", "Munich", "Bremen"),
    "GB": ("London", "Leeds", "Bristol", "York"),
}
_WORDS = (
    "I would like to hear what {offer} costs. Mornings are best.",
    "Please call me about {offer}, I decide this month.",
    "A friend told me about you. When could we talk about {offer}?",
    "Do you have time for {offer} before the holidays?",
)
