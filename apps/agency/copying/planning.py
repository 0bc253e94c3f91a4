"""What copying would do at one client: new, replaced, the same, and what is missing there.

Nothing is written. The same content and an unchanged client give the same plan and fingerprint.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from apps.agency.copying.gaps import Gap
from apps.agency.copying.houses import House
from apps.agency.copying.mapping import Mapper, Raw
from apps.routing.values import fold
from apps.rules.models import Pool, RuleSet, Version
from apps.rules.pools.settings import PoolSettings
from apps.rules.sets.checking import RuleFields
from apps.rules.sets.version_rows import columns

State = Version.State


class Verdict(StrEnum):
    NEW = "new"
    SAME = "same"
    CONFLICT = "conflict"


class Choice(StrEnum):
    SKIP = "skip"
    REPLACE = "replace"
    BESIDE = "beside"


@dataclass(frozen=True, slots=True)
class Item:
    """One pool or rule set at one client. `theirs` is what the client has of it already."""

    key: str  # "pool:<id>" or "set:<id>", ids of the content
    name: str
    verdict: str
    theirs: UUID | None = None
    options: tuple[str, ...] = ()
    default: str = ""
    gaps: tuple[Gap, ...] = ()
    rules: int = 0
    is_live: bool = False
    has_draft: bool = False
    stamp: str = field(default="", compare=False)

    @property
    def is_set(self) -> bool:
        return self.key.startswith("set:")

    @property
    def id(self) -> str:
        return self.key.partition(":")[2]

    def to_json(self) -> dict[str, Any]:
        plain = asdict(self)
        plain["theirs"] = str(self.theirs) if self.theirs else None
        plain["gaps"] = [gap.to_json() for gap in self.gaps]
        plain["is_missing"] = bool(self.gaps)  # for whoever looks for those
        return plain

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Item:
        values = {key: value for key, value in plain.items() if key != "is_missing"}
        values["theirs"] = UUID(values["theirs"]) if values["theirs"] else None
        values["gaps"] = tuple(Gap(*gap) for gap in values["gaps"])
        values["options"] = tuple(values["options"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Plan:
    """Every item for one client: pools before the rules that send leads to them."""

    items: Sequence[Item]

    @property
    def fingerprint(self) -> str:
        plain = json.dumps([item.to_json() for item in self.items], sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()


def plan(content: Raw, house: House) -> Plan:
    """What would happen at this client, before anything is chosen."""
    pools = {raw["id"]: _their_pool_id(raw, house) for raw in content["pools"]}
    sets = {raw["id"]: _their_set_id(raw, house) for raw in content["sets"]}
    mapper = Mapper(content, house, pools=pools, sets=sets)
    items = [_pool_item(raw, mapper) for raw in content["pools"]]
    return Plan([*items, *(_set_item(raw, mapper) for raw in content["sets"])])


def their_set(raw: Raw, house: House) -> RuleSet | None:
    """The client's set that this one would become: the one for new leads, or that of its name."""
    alike = [each for each in house.sets if each.kind == raw["kind"]]
    if raw["trigger"] == RuleSet.Trigger.NEW:
        return next((each for each in alike if each.trigger == RuleSet.Trigger.NEW), None)
    return next((each for each in alike if fold(each.name) == fold(raw["name"])), None)


def _their_pool_id(raw: Raw, house: House) -> UUID:
    """One that is yet to be made is stood for by where it comes from: no pool here has that id."""
    theirs = house.pool(raw["name"])
    return theirs.pk if theirs else UUID(raw["id"])


def _their_set_id(raw: Raw, house: House) -> UUID:
    theirs = their_set(raw, house)
    return theirs.pk if theirs else UUID(raw["id"])


def _pool_item(raw: Raw, mapper: Mapper) -> Item:
    settings, gaps = mapper.pool(raw)
    theirs = mapper.house.pool(raw["name"])
    if not settings.is_active:
        mapper.pools_off.add(raw["id"])
    if theirs is None:
        return Item(f"pool:{raw['id']}", raw["name"], Verdict.NEW, gaps=tuple(gaps))
    # Theirs stays what it is unless somebody chooses otherwise: pools have no draft. What is
    # missing something replaces nothing.
    mapper.pools_off.discard(raw["id"])
    if not theirs.is_active:
        mapper.pools_off.add(raw["id"])
    is_same = _is_same_pool(theirs, settings)
    return Item(
        key=f"pool:{raw['id']}",
        name=raw["name"],
        verdict=Verdict.SAME if is_same else Verdict.CONFLICT,
        theirs=theirs.pk,
        options=() if is_same else _pool_options(gaps),
        default=Choice.SKIP,
        gaps=() if is_same else tuple(gaps),
        is_live=theirs.is_active,
        stamp=str(theirs.revision),
    )


def _pool_options(gaps: Sequence[Gap]) -> tuple[str, ...]:
    both = (Choice.SKIP.value, Choice.BESIDE.value)
    return both if gaps else (Choice.SKIP.value, Choice.REPLACE.value, Choice.BESIDE.value)


def _is_same_pool(theirs: Pool, settings: PoolSettings) -> bool:
    return PoolSettings.of(theirs).to_json() == settings.to_json() | {"name": theirs.name}


def _set_item(raw: Raw, mapper: Mapper) -> Item:
    house, rules = mapper.house, mapper.rules(raw)
    theirs = their_set(raw, house)
    # A set that is there is asked when the client wants it: that has no draft.
    missing = () if theirs else mapper.settings(raw)[1]
    gaps = (*missing, *(gap for _fields, _on, found in rules for gap in found))
    item = Item(f"set:{raw['id']}", raw["name"], Verdict.NEW, gaps=gaps, rules=len(rules))
    if theirs is None:
        return item
    live, draft = house.version(theirs, State.PUBLISHED), house.version(theirs, State.DRAFT)
    verdict = _verdict(raw, theirs, rules, house)
    return Item(
        key=item.key,
        name=item.name,
        verdict=verdict,
        theirs=theirs.pk,
        options=_set_options(raw, theirs) if verdict == Verdict.CONFLICT else (),
        default=Choice.SKIP if draft or not _fits(raw, theirs) else Choice.REPLACE,
        gaps=gaps,
        rules=len(rules),
        is_live=live is not None,
        has_draft=draft is not None,
        stamp=_stamp(theirs, live, draft),
    )


def _verdict(
    raw: Raw,
    theirs: RuleSet,
    rules: Sequence[tuple[RuleFields, bool, list[Gap]]],
    house: House,
) -> Verdict:
    found = [house.version(theirs, state) for state in (State.DRAFT, State.PUBLISHED)]
    kept = [version for version in found if version is not None]
    if not kept and _fits(raw, theirs):
        return Verdict.NEW
    wanted = [(columns(fields), is_on) for fields, is_on, _gaps in rules]
    for version in kept[:1]:
        here = house.rules.get(version.pk, ())
        mine = [(columns(RuleFields.of(rule)), rule.is_active) for rule in here]
        if _fits(raw, theirs) and mine == wanted:
            return Verdict.SAME
    return Verdict.CONFLICT


def _fits(raw: Raw, theirs: RuleSet) -> bool:
    """Whether the client's set is asked at the same moments."""
    return bool(theirs.trigger == raw["trigger"])


def _set_options(raw: Raw, theirs: RuleSet) -> tuple[str, ...]:
    options = [Choice.SKIP.value]
    if _fits(raw, theirs):
        options.append(Choice.REPLACE.value)
    if raw["kind"] == RuleSet.Kind.ASSIGNMENT:
        options.append(Choice.BESIDE.value)
    return tuple(options)


def _stamp(theirs: RuleSet, live: Version | None, draft: Version | None) -> str:
    """What moves when the client's set does."""
    parts = [str(theirs.is_active), fold(theirs.name), json.dumps(theirs.trigger_settings)]
    parts += [str(live.pk) if live else "-"]
    parts += [f"{draft.pk} {draft.saved_at.isoformat()}" if draft else "-"]
    return "|".join(parts)
