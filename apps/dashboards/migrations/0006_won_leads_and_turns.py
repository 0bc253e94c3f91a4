"""Kept days know the won leads and the turns of their day. Every day is to be made anew."""

from django.db import migrations, models

# Columns that did not exist are as empty as days that never were.
FORGET = "TRUNCATE dashboards_keptday"

STORAGE = """
ALTER TABLE dashboards_keptday
  ALTER won_lead SET STORAGE EXTERNAL, ALTER worth SET STORAGE EXTERNAL,
  ALTER closer SET STORAGE EXTERNAL, ALTER owner SET STORAGE EXTERNAL,
  ALTER campaign SET STORAGE EXTERNAL, ALTER form SET STORAGE EXTERNAL,
  ALTER pool SET STORAGE EXTERNAL, ALTER rule SET STORAGE EXTERNAL,
  ALTER served_lead SET STORAGE EXTERNAL, ALTER respond_by SET STORAGE EXTERNAL,
  ALTER started SET STORAGE EXTERNAL, ALTER ended SET STORAGE EXTERNAL;
"""

# A turn in the quarter of an hour of a lead that this transaction noted is in the same local day
# in every zone: a capture leaves one note. Attempts say something of won leads alone.
TOUCH = """
CREATE FUNCTION dashboards_touch_turns() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  noted text := current_setting('dashboards.noted', true);
BEGIN
  INSERT INTO dashboards_touchedspan (of_team, received_from, received_to, touched_at)
  SELECT team_id, min(at), max(at), clock_timestamp() FROM changed
  WHERE reason IN ('turn', 'give_back')
    AND (team_id::text, date_bin('15 minutes', at, 'epoch')) IS DISTINCT FROM (left(noted, 36),
      date_bin('15 minutes', nullif(substr(noted, 37), '')::timestamptz, 'epoch'))
  GROUP BY team_id, at::date;
  RETURN NULL;
END $$;
CREATE TRIGGER dashboards_turn_taken AFTER INSERT ON rules_turnentry
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dashboards_touch_turns();
CREATE TRIGGER dashboards_turn_gone AFTER DELETE ON rules_turnentry
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dashboards_touch_turns();

CREATE FUNCTION dashboards_touch_attempts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO dashboards_touchedspan (of_team, received_from, received_to, touched_at)
  SELECT l.team_id, min(l.received_at), max(l.received_at), clock_timestamp()
  FROM changed c JOIN leads_lead l ON l.id = c.lead_id
  WHERE l.status_kind = 'won' GROUP BY l.team_id, l.received_at::date;
  RETURN NULL;
END $$;
CREATE TRIGGER dashboards_attempt_made AFTER INSERT ON leads_attempt
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dashboards_touch_attempts();
CREATE TRIGGER dashboards_attempt_gone AFTER DELETE ON leads_attempt
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dashboards_touch_attempts();
CREATE TRIGGER dashboards_attempt_changed AFTER UPDATE ON leads_attempt
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dashboards_touch_attempts();

CREATE TRIGGER dashboards_lead_closed AFTER UPDATE ON leads_lead FOR EACH ROW
  WHEN (OLD.qualified_at IS DISTINCT FROM NEW.qualified_at OR (NEW.status_kind = 'won'
    AND (OLD.facts IS DISTINCT FROM NEW.facts OR OLD.custom IS DISTINCT FROM NEW.custom)))
  EXECUTE FUNCTION dashboards_touch_lead();

CREATE TRIGGER dashboards_team_paid AFTER UPDATE ON teams_team FOR EACH ROW
  WHEN (OLD.currency <> NEW.currency) EXECUTE FUNCTION dashboards_touch_team();

CREATE FUNCTION dashboards_touch_field() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO dashboards_touchedspan (of_team, touched_at)
  VALUES (coalesce(NEW.team_id, OLD.team_id), clock_timestamp());
  RETURN NULL;
END $$;
CREATE TRIGGER dashboards_field_came AFTER INSERT ON leads_customfield FOR EACH ROW
  WHEN (NEW.type = 'money') EXECUTE FUNCTION dashboards_touch_field();
CREATE TRIGGER dashboards_field_went AFTER DELETE ON leads_customfield FOR EACH ROW
  WHEN (OLD.type = 'money') EXECUTE FUNCTION dashboards_touch_field();
CREATE TRIGGER dashboards_field_changed AFTER UPDATE ON leads_customfield FOR EACH ROW
  WHEN ('money' IN (OLD.type, NEW.type)
    AND (OLD.type, OLD.key, OLD.position) IS DISTINCT FROM (NEW.type, NEW.key, NEW.position))
  EXECUTE FUNCTION dashboards_touch_field();
"""

UNTOUCH = """
DROP TRIGGER dashboards_field_changed ON leads_customfield;
DROP TRIGGER dashboards_field_went ON leads_customfield;
DROP TRIGGER dashboards_field_came ON leads_customfield;
DROP TRIGGER dashboards_team_paid ON teams_team;
DROP TRIGGER dashboards_lead_closed ON leads_lead;
DROP TRIGGER dashboards_attempt_changed ON leads_attempt;
DROP TRIGGER dashboards_attempt_gone ON leads_attempt;
DROP TRIGGER dashboards_attempt_made ON leads_attempt;
DROP TRIGGER dashboards_turn_gone ON rules_turnentry;
DROP TRIGGER dashboards_turn_taken ON rules_turnentry;
DROP FUNCTION dashboards_touch_field();
DROP FUNCTION dashboards_touch_attempts();
DROP FUNCTION dashboards_touch_turns();
"""

ALL = """
INSERT INTO dashboards_touchedspan (of_team, touched_at)
SELECT team_id, clock_timestamp() FROM (SELECT DISTINCT team_id FROM leads_lead) teams
"""

NAMES = ("won_lead", "worth", "people", "touches", "closer", "seat", "gained", "taken")


class Migration(migrations.Migration):
    dependencies = [
        ("dashboards", "0005_one_note_a_transaction"),
        ("leads", "0011_name_words"),
        ("rules", "0008_seal_distribution"),
    ]

    operations = [
        migrations.RunSQL(FORGET, migrations.RunSQL.noop),
        *(
            migrations.AddField("keptday", name, models.BinaryField(default=b""), False)
            for name in NAMES
        ),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
        migrations.RunSQL(TOUCH, UNTOUCH),
        migrations.RunSQL(ALL, migrations.RunSQL.noop),
    ]
