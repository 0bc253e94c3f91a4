"""What a won lead is worth: which field of a team's leads says it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import BigIntegerField
from django.db.models.expressions import RawSQL

from apps.leads.models import CustomField
from apps.teams.models import Team

BUDGET = "budget"

# An import of long ago, or somebody's script, may have left anything there.
_AMOUNT = """
CASE WHEN jsonb_typeof({column}->%s) = 'number'
    AND coalesce({column}->>%s, %s) = %s
  THEN CASE WHEN ({column}->>%s)::numeric BETWEEN 0 AND 1e15
    THEN round(({column}->>%s)::numeric)::bigint END
END
"""


@dataclass(frozen=True, slots=True)
class Value:
    """A money field of the leads. Amounts in other currencies than the team's are left out."""

    key: str
    label: str  # empty for the lead's own budget
    is_custom: bool
    currency: str

    def expression(self) -> RawSQL:
        """The amount in minor units of the team's currency; null if unknown."""
        sql, values = self._sql("leads_lead")
        return RawSQL(sql, values, output_field=BigIntegerField())  # noqa: S611 - ours alone

    def statement(self, table: str) -> tuple[str, dict[str, str]]:
        """The same with named parameters, of leads that a larger statement calls `table`."""
        sql, values = self._sql(table)
        names = [f"worth{number}" for number in range(len(values))]
        named = sql % tuple(f"%({name})s" for name in names)
        return named, dict(zip(names, values, strict=True))

    def _sql(self, table: str) -> tuple[str, tuple[str, ...]]:
        sql = _AMOUNT.format(column=f"{table}.{'custom' if self.is_custom else 'facts'}")
        ours = (f"{self.key}_currency", self.currency, self.currency)
        return sql, (self.key, *ours, self.key, self.key)


def worth_of(team: Team) -> Value:
    """The team's first field of the type money; without one, the lead's budget."""
    field = CustomField.objects.filter(team=team, type=CustomField.Type.MONEY).first()
    if field is None:
        return Value(BUDGET, "", False, team.currency)
    return Value(field.key, field.label, True, team.currency)
