"""Who appears in the demo: the people of two teams, and what their prospects write. Pure.

Acme sells charging for electric vehicles to companies; Nordlicht Solar puts panels on the roofs of
some of them. Addresses are at example.com, and telephone numbers come from ranges that regulators
keep for fiction.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

ADMIN, MANAGER, SALESPERSON, VIEWER = "admin", "manager", "salesperson", "viewer"


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the demo team, with her years of experience."""

    name: str
    role: str
    title: str
    experience: int = 0

    @property
    def email(self) -> str:
        return address(self.name)


SALESPEOPLE = (
    Person("Mia Brandt", SALESPERSON, "Senior account executive", 9),
    Person("Jonas Keller", SALESPERSON, "Senior account executive", 8),
    Person("Lena Öztürk", SALESPERSON, "Senior account executive", 8),
    Person("Tomás Herrera", SALESPERSON, "Senior account executive", 7),
    Person("Aisha Rahman", SALESPERSON, "Account executive", 6),
    Person("Paul Lefèvre", SALESPERSON, "Account executive", 6),
    Person("Katarzyna Nowak", SALESPERSON, "Account executive", 5),
    Person("Ben Fischer", SALESPERSON, "Account executive", 5),
    Person("Chloé Martin", SALESPERSON, "Account executive", 4),
    Person("Emre Aydın", SALESPERSON, "Sales development", 3),
    Person("Sofia Lindqvist", SALESPERSON, "Sales development", 2),
    Person("Daniel Okafor", SALESPERSON, "Sales development", 1),
)
MANAGERS = (
    Person("Henrike Vos", MANAGER, "Head of sales"),
    Person("Marco Bianchi", MANAGER, "Sales manager"),
)
ADMINS = (Person("Ola Adeyemi", ADMIN, "Sales operations"),)
VIEWERS = (Person("Ruth Sommer", VIEWER, "Finance"),)
EVERYONE = (*ADMINS, *MANAGERS, *SALESPEOPLE, *VIEWERS)
NORDLICHT = (
    Person("Birte Hansen", ADMIN, "Managing director"),
    Person("Gesa Lorenzen", MANAGER, "Sales manager"),
    Person("Malte Clausen", SALESPERSON, "Roof consultant", 6),
    Person("Wiebke Jansen", SALESPERSON, "Roof consultant", 4),
    Person("Sönke Petersen", SALESPERSON, "Roof consultant", 2),
)

_FIRST = (
    "Katharina", "Lukas", "Rosa", "Felix", "Hannah", "Markus", "Ines", "Stefan", "Nora", "David",
    "Clara", "Matteo", "Julia", "Simon", "Amélie", "Oskar", "Eva", "Tobias", "Yasmin", "Georg",
    "Alma", "Viktor", "Petra", "Niklas", "Camille", "Samuel", "Ida", "Rainer", "Leyla", "Hugo",
)  # fmt: skip
_LAST = (
    "Vogel", "Steiner", "Huber", "Wagner", "Moser", "Egger", "Lang", "Bauer", "Winkler", "Frei",
    "Keller", "Dubois", "Moreau", "Schmid", "Berger", "Arnold", "Roth", "Lindner", "Kaya", "Novak",
    "Pichler", "Brunner", "Baumann", "Graf", "Girard", "Weiss", "Sato", "Hofer", "Ferrari", "Klein",
)  # fmt: skip
_COMPANY = (
    "Isarwerk", "Alpenfracht", "Nordhafen", "Kranich", "Sonnberg", "Talblick", "Donaupark",
    "Rheinkurier", "Bergland", "Seefeld", "Lindenhof", "Steinbach", "Weserland", "Grünwald",
    "Havelbus", "Marktplatz", "Spreewerk", "Hochstadt", "Elbtal", "Silberwald",
)  # fmt: skip
_TRADE = (
    ("Logistik", "Logistics"), ("Hotels", "Hospitality"), ("Immobilien", "Real estate"),
    ("Bäckerei", "Food"), ("Pflegedienst", "Health"), ("Stadtwerke", "Utilities"),
    ("Maschinenbau", "Manufacturing"), ("Taxi", "Transport"), ("Handwerk", "Construction"),
)  # fmt: skip
_CITIES: Mapping[str, tuple[str, ...]] = {
    "DE": ("Munich", "Berlin", "Hamburg", "Leipzig", "Cologne", "Stuttgart", "Bremen"),
    "AT": ("Vienna", "Graz", "Linz", "Salzburg"),
    "CH": ("Zürich", "Bern", "Basel"),
    "FR": ("Lyon", "Paris", "Strasbourg"),
    "GB": ("London", "Leeds", "Bristol"),
    "US": ("Boston", "Denver"),
}
_COUNTRY_WEIGHTS = {"DE": 52, "AT": 17, "CH": 9, "FR": 10, "GB": 9, "US": 3}
_PRODUCTS = ("Depot charging", "Workplace charging", "Public charging", "Load management")
_TIMELINES = ("Now", "Within 3 months", "This year", "Not decided")
_CAMPAIGNS: Mapping[str, tuple[str, ...]] = {
    "website": ("Fleet autumn", "Brand search", "Depot guide"),
    "openhouse": ("Open house",),
    "meta-lead-ads": ("Fleet managers DE", "Charging guide", "Hotels summer"),
    "partner-portal": ("Grid partners",),
    "trade-fair-form": ("Trade fair Hanover",),
}
_TITLES = ("Head of fleet", "Facility manager", "Managing director", "Procurement", "Owner")
_WORDS = (
    "We run {n} vans from two depots and want to start with one of them by spring.",
    "Please call me about charging for {n} company cars. Mornings are best.",
    "Our tenants ask for charge points. What would {n} of them cost?",
    "Who can advise on load management? Our connection is small.",
    "We need an offer for {n} charge points by the end of the month.",
    "Can you bill drivers directly? We have guests and staff.",
)
NOTES = (
    "Decides together with the head of finance.", "Wants a visit on site.",
    "Has an offer from a competitor.", "Grid connection is being checked.",
    "Prefers messages to calls.", "Budget is approved for this quarter.",
)  # fmt: skip

RETURN_NOTES = {
    "duplicate": "We talk to them since March.",
    "out_of_area": "Too far for us: more than 100 km.",
    "wrong_number": "The number belongs to somebody else.",
    "other": "They want charge points only, no panels.",
    "spam": "Nobody of this name works there.",
}
NEXT_STEPS = (
    ("email", "Send the depot offer"), ("call", "Call back, was in a meeting"),
    ("call", "Second call: site plan and grid connection"), ("sms", "Confirm the visit"),
    ("whatsapp", "Share the financing sheet"), ("call", "Ask for the number of vehicles"),
)  # fmt: skip


def address(name: str) -> str:
    """first.last@example.com, in plain letters."""
    spelled = name.replace("ı", "i").replace("ø", "o").replace("ß", "ss")
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return f"{'.'.join(plain.casefold().split())}@example.com"


def prospect(chance: Random, source: str, number: int) -> dict[str, Any]:
    """What a new prospect sends to a source. `number` keeps contacts apart."""
    name = f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"
    country = chance.choices(tuple(_COUNTRY_WEIGHTS), tuple(_COUNTRY_WEIGHTS.values()))[0]
    trade, industry = chance.choice(_TRADE)
    points = chance.choice((2, 4, 6, 8, 12, 20, 40, 60))
    body: dict[str, Any] = {
        "name": name,
        "email": address(name).replace("@", f".{number}@"),
        "phone": _phone(country, number),
        "company": f"{chance.choice(_COMPANY)} {trade}",
        "job_title": chance.choice(_TITLES),
        "country": country,
        "city": chance.choice(_CITIES[country]),
        "language": {"FR": "fr", "GB": "en", "US": "en"}.get(country, "de"),
        "campaign": chance.choice(_CAMPAIGNS.get(source, ("Direct",))),
        "industry": industry,
        "employees": chance.choice((8, 14, 35, 60, 120, 240, 640, 900, 2400)),
        "product": chance.choice(_PRODUCTS),
        "timeline": chance.choice(_TIMELINES),
        "charge_points": points,
    }
    if chance.random() < 0.6:
        body["budget"] = points * chance.choice((1500, 2200, 3000))
    if chance.random() < 0.5:
        body["message"] = chance.choice(_WORDS).format(n=points)
    return {key: value for key, value in body.items() if value}


def _phone(country: str, number: int) -> str:
    """A number that nobody has: where no range is kept for fiction, a German office's."""
    match country:
        case "FR":
            return f"+33 1 99 00 {number % 10_000:04d}"
        case "GB":
            return f"+44 20 7946 0{number % 1000:03d}"
        case "US":
            return f"+1 202 555 01{number % 100:02d}"
        case "AT":
            return f"+49 89 99998 {number % 1000:03d}"
        case "CH":
            return f"+49 221 4710 {number % 1000:03d}"
    return f"+49 30 23125 {number % 1000:03d}"
