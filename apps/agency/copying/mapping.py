"""Rules and pools as one client would have them: each name looked up there, the rest a gap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.agency.copying.gaps import Gap, Missing
from apps.agency.copying.houses import House
from apps.routing import filters, fit
from apps.routing.conditions import validate
from apps.routing.fields import CUSTOM_PREFIX, FieldType
from apps.routing.values import fold
from apps.rules.models import Destination, Overflow, Ranking
from apps.rules.pools.settings import PoolSettings
from apps.rules.sets.checking import RuleFields
from apps.rules.sets.version_rows import FIRST_DESTINATION

Raw = Mapping[str, Any]
Ids = Mapping[str, UUID]  # what an id of the content is at the client


class Mapper:
    """Translates for one client. `pools` and `sets` are the ones that are copied with it."""

    def __init__(self, content: Raw, house: House, *, pools: Ids, sets: Ids) -> None:
        self.names, self.currency = content["names"], content["currency"]
        self.house, self.pools, self.sets = house, pools, sets
        # A pool that arrives with a gap arrives switched off.
        self.pools_off: set[str] = set()

    # Rules

    def rules(self, raw_set: Raw) -> list[tuple[RuleFields, bool, list[Gap]]]:
        """Every rule of a set with whether it is on; one with a gap is off, but for the last."""
        listed = raw_set["rules"]
        is_assignment = raw_set["kind"] == "assignment"
        found = []
        for place, raw in enumerate(listed, start=1):
            is_last = is_assignment and place == len(listed)
            fields, gaps = self._rule(raw, trigger=raw_set["trigger"], is_last=is_last)
            found.append((fields, is_last or (raw["is_active"] and not gaps), gaps))
        return found

    def _rule(self, raw: Raw, *, trigger: str, is_last: bool) -> tuple[RuleFields, list[Gap]]:
        self._gaps: list[Gap] = []
        self._about = str(raw["name"])
        values = {
            **{name: raw[name] for name in _AS_IT_IS},
            "conditions": self._conditions(raw["conditions"]),
            "member_id": self._person(raw["member_id"]),
            "caretaker_id": self._person(raw["caretaker_id"]),
            "notify": self._all(map(self._person, raw["notify"])),
            "group_ids": self._all(map(self._group, raw["group_ids"])),
            "recipient_ids": self._all(map(self._recipient, raw["recipient_ids"])),
            "pool_id": self._pool(raw["pool_id"]),
            "rule_set_id": self._set(raw["rule_set_id"]),
            "recipient_pool_id": self._recipient_pool(raw["recipient_pool_id"]),
        }
        needs = _NEEDS.get(raw["destination"])
        if needs and values[needs] is None:
            values["destination"] = _instead(raw["destination"], trigger, is_last=is_last)
        return RuleFields(**values), self._gaps

    def _conditions(self, tree: Any) -> Any:
        before = len(self._gaps)
        mapped = self._tree(tree)
        if len(self._gaps) == before:
            for error in validate(mapped, self.house.registry):
                self._miss(Missing.CONDITION, error.message)
        return mapped

    def _tree(self, tree: Any) -> Any:
        if isinstance(tree, list):
            return [self._tree(each) for each in tree]
        if not isinstance(tree, Mapping) or not tree:
            return tree
        if "field" in tree:
            return self._leaf(dict(tree))
        return {key: self._tree(value) for key, value in tree.items()}

    def _leaf(self, leaf: dict[str, Any]) -> dict[str, Any]:
        name = str(leaf["field"])
        if name.startswith(CUSTOM_PREFIX):
            leaf["field"] = self._field(name)
        elif name == "source":
            leaf["value"] = self._each(leaf.get("value"), self._source)
        elif name == "interest_group":
            self._each(leaf.get("value"), self._group_word)
        field = self.house.registry.get(leaf["field"])
        is_money = field is not None and field.type == FieldType.MONEY
        if is_money and leaf.get("value") is not None and self._counts_otherwise:
            self._miss(Missing.MONEY, field.label if field else "")
        return leaf

    @property
    def _counts_otherwise(self) -> bool:
        return bool(self.house.team.currency != self.currency)

    def _each(self, value: Any, say: Any) -> Any:
        if isinstance(value, list):
            return [self._each(each, say) for each in value]
        return say(value) if isinstance(value, str) else value

    def _source(self, slug: str) -> str:
        """The key of the client's source: the same, or that of one of the same name."""
        known = {fold(key): name for key, name in self.names["sources"].items()}
        name = known.get(fold(slug))
        if name is None or fold(slug) in self.house.source_slugs:
            return slug
        theirs = self.house.source_names.get(fold(name))
        if theirs is None:
            self._miss(Missing.SOURCE, name)
        return theirs or slug

    def _group_word(self, name: str) -> str:
        if not self.house.has_group(name):
            self._miss(Missing.GROUP, name)
        return name

    def _field(self, name: str) -> str:
        """The client's own field: of this key and kind, else of the same label and kind."""
        key = name.removeprefix(CUSTOM_PREFIX)
        known = self.names["fields"].get(key)
        if known is None:
            return name
        alike = [each for each in self.house.fields if each.type == known["type"]]
        if any(each.key == key for each in alike):
            return name
        for each in alike:
            if fold(each.label) == fold(known["label"]):
                return CUSTOM_PREFIX + each.key
        self._miss(Missing.FIELD, known["label"])
        return name

    # What rules and pools point to

    def _all(self, found: Iterable[UUID | None]) -> tuple[UUID, ...]:
        return tuple(each for each in found if each is not None)

    def _person(self, member: str | None) -> UUID | None:
        """The same person at the client. A namesake is somebody else."""
        if member is None:
            return None
        user, name = self.names["people"].get(member, ("", "–"))
        return self._found(self.house.people.get(user), Missing.PERSON, name)

    def _group(self, group: str) -> UUID | None:
        name = self.names["groups"].get(group, "–")
        return self._found(self.house.group(name), Missing.GROUP, name)

    def _recipient(self, recipient: str) -> UUID | None:
        name = self.names["recipients"].get(recipient, "–")
        return self._found(self.house.recipients.get(fold(name)), Missing.RECIPIENT, name)

    def _recipient_pool(self, pool: str | None) -> UUID | None:
        if pool is None:
            return None
        name = self.names["recipient_pools"].get(pool, "–")
        return self._found(self.house.recipient_pools.get(fold(name)), Missing.RECIPIENT_POOL, name)

    def _pool(self, pool: str | None) -> UUID | None:
        if pool is None:
            return None
        name = self.names["pools"].get(pool, "–")
        if pool in self.pools_off:
            self._miss(Missing.POOL_OFF, name)
        if pool in self.pools:
            return self.pools[pool]
        theirs = self.house.pool(name)
        if theirs is not None and not theirs.is_active:
            self._miss(Missing.POOL_OFF, name)
        return self._found(theirs.pk if theirs else None, Missing.POOL, name)

    def _set(self, rule_set: str | None) -> UUID | None:
        if rule_set is None:
            return None
        if rule_set in self.sets:
            return self.sets[rule_set]
        name = self.names["sets"].get(rule_set, "–")
        theirs = self.house.set_named(name)
        usable = theirs is not None and theirs.is_active and not theirs.sends_copies
        return self._found(theirs.pk if theirs and usable else None, Missing.RULE_SET, name)

    def _found(self, pk: UUID | None, kind: Missing, name: str) -> UUID | None:
        if pk is None:
            self._miss(kind, name)
        return pk

    def _miss(self, kind: Missing, name: str) -> None:
        gap = Gap(kind.value, name[:200], self._about)
        if gap not in self._gaps:
            self._gaps.append(gap)

    # Pools and when sets are asked

    def pool(self, raw: Raw) -> tuple[PoolSettings, list[Gap]]:
        """A pool as it would be made here; with a gap it is switched off."""
        self._gaps, self._about = [], ""
        values = {name: _tupled(value) for name, value in raw.items() if name != "id"}
        values["escalate_to"] = self._all(map(self._person, raw["escalate_to"]))
        self._overflow(raw, values)
        self._match(values)
        if self._gaps:
            values["is_active"] = False
            self.pools_off.add(raw["id"])
        return PoolSettings(**values), self._gaps

    def _overflow(self, raw: Raw, values: dict[str, Any]) -> None:
        values["overflow_pool_id"] = self._pool(raw["overflow_pool_id"])
        values["overflow_member_id"] = self._person(raw["overflow_member_id"])
        needs = {Overflow.POOL: "overflow_pool_id", Overflow.MEMBER: "overflow_member_id"}
        needed = needs.get(raw["overflow"])
        if needed and values[needed] is None:
            values["overflow"] = Overflow.MANAGER

    def _match(self, values: dict[str, Any]) -> None:
        """Whom the pool admits and prefers: by fields and skills, which a client may not have."""
        registry, skills = self.house.registry, self.house.skills
        errors = filters.validate(values["filters"], registry, skills=skills)
        if errors:
            values["filters"] = {}
        wrong = fit.validate(list(values["fit"]), registry, skills=skills)
        if wrong:
            values["fit"] = ()
            values["prefer"] = tuple(each for each in values["prefer"] if each != Ranking.FIT)
            if values["ranking"] == Ranking.FIT:
                values["ranking"] = _without_fit(values["mode"])
        for error in [*errors, *wrong]:
            self._miss(Missing.MATCH, error.message)

    def settings(self, raw_set: Raw) -> tuple[dict[str, Any], list[Gap]]:
        """What the set waits for."""
        self._gaps, self._about = [], ""
        settings = dict(raw_set["settings"])
        if "changes" in settings:
            settings["changes"] = list(self._changes(settings["changes"]))
        return settings, self._gaps

    def _changes(self, keys: Sequence[str]) -> Iterator[str]:
        for key in keys:
            before = len(self._gaps)
            mapped = self._field(key) if key.startswith(CUSTOM_PREFIX) else key
            if len(self._gaps) == before:
                yield mapped


_AS_IT_IS = (
    "name", "destination", "response_seconds", "reason", "replaces_owner", "priority", "stops",
    "keeps_out",
)  # fmt: skip
_NEEDS = {
    Destination.POOL: "pool_id",
    Destination.MEMBER: "member_id",
    Destination.RULE_SET: "rule_set_id",
    Destination.RECIPIENT_POOL: "recipient_pool_id",
}


def _instead(destination: str, trigger: str, *, is_last: bool) -> str:
    """Where a rule sends leads whose place is missing: nowhere, but the last to a manager.

    A rule of recipients without any can't be published.
    """
    if destination == Destination.RECIPIENT_POOL:
        return Destination.RECIPIENTS.value
    if not is_last:
        return Destination.CONTINUE.value
    return {str(key): value.value for key, value in FIRST_DESTINATION.items()}.get(
        trigger, Destination.STOP.value
    )


def _without_fit(mode: str) -> str:
    return Ranking.TURN.value if mode in ("assign", "offer") else Ranking.NONE.value


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
