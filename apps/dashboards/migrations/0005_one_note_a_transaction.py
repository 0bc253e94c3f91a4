"""A lead that is changed again in the same transaction is noted once: a capture leaves one note."""

from django.db import migrations

# `dashboards.noted` lives as long as the transaction, and goes back with a savepoint.
ONCE = """
CREATE OR REPLACE FUNCTION dashboards_touch_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO dashboards_touchedspan (of_team, received_from, received_to, touched_at)
  SELECT team_id, min(received_at), max(received_at), clock_timestamp()
  FROM changed GROUP BY team_id, received_at::date;
  PERFORM set_config('dashboards.noted', team_id::text || received_at::text, true)
  FROM changed LIMIT 1;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION dashboards_touch_lead() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  noted text := NEW.team_id::text || NEW.received_at::text;
BEGIN
  IF OLD.received_at <> NEW.received_at THEN
    INSERT INTO dashboards_touchedspan (of_team, received_from, received_to, touched_at)
    VALUES (OLD.team_id, OLD.received_at, OLD.received_at, clock_timestamp());
  END IF;
  IF noted IS DISTINCT FROM current_setting('dashboards.noted', true) THEN
    INSERT INTO dashboards_touchedspan (of_team, received_from, received_to, touched_at)
    VALUES (NEW.team_id, NEW.received_at, NEW.received_at, clock_timestamp());
    PERFORM set_config('dashboards.noted', noted, true);
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION dashboards_touch_assignments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO dashboards_touchedspan (of_team, received_from, received_to, touched_at)
  SELECT l.team_id, min(l.received_at), max(l.received_at), clock_timestamp()
  FROM changed c JOIN leads_lead l ON l.id = c.lead_id
  WHERE l.team_id::text || l.received_at::text
    IS DISTINCT FROM current_setting('dashboards.noted', true)
  GROUP BY l.team_id, l.received_at::date;
  RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("dashboards", "0004_touch")]

    operations = [migrations.RunSQL(ONCE, migrations.RunSQL.noop)]
