"""Triggers that note which days' leads changed, and the storage of the kept columns."""

from django.db import migrations

# One note a statement and day, in the transaction of the change. Nothing is looked up.
TOUCH = """
CREATE FUNCTION dashboards_touch_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO dashboards_touchedspan (of_team, received_from, received_to, touched_at)
  SELECT team_id, min(received_at), max(received_at), clock_timestamp()
  FROM changed GROUP BY team_id, received_at::date;
  RETURN NULL;
END $$;

CREATE FUNCTION dashboards_touch_lead() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO dashboards_touchedspan (of_team, received_from, received_to, touched_at)
  VALUES (NEW.team_id, NEW.received_at, NEW.received_at, clock_timestamp());
  IF OLD.received_at <> NEW.received_at THEN
    INSERT INTO dashboards_touchedspan (of_team, received_from, received_to, touched_at)
    VALUES (OLD.team_id, OLD.received_at, OLD.received_at, clock_timestamp());
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION dashboards_touch_assignments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO dashboards_touchedspan (of_team, received_from, received_to, touched_at)
  SELECT l.team_id, min(l.received_at), max(l.received_at), clock_timestamp()
  FROM changed c JOIN leads_lead l ON l.id = c.lead_id GROUP BY l.team_id, l.received_at::date;
  RETURN NULL;
END $$;

CREATE FUNCTION dashboards_touch_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO dashboards_touchedspan (of_team, received_from, received_to, touched_at)
  SELECT team_id, received_at, received_at, clock_timestamp()
  FROM leads_lead WHERE id = NEW.lead_id;
  RETURN NULL;
END $$;

CREATE FUNCTION dashboards_touch_team() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO dashboards_touchedspan (of_team, touched_at) VALUES (NEW.id, clock_timestamp());
  RETURN NULL;
END $$;

CREATE TRIGGER dashboards_lead_came AFTER INSERT ON leads_lead
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dashboards_touch_leads();
CREATE TRIGGER dashboards_lead_went AFTER DELETE ON leads_lead
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dashboards_touch_leads();
CREATE TRIGGER dashboards_lead_changed AFTER UPDATE ON leads_lead FOR EACH ROW
  WHEN (
    (OLD.received_at, OLD.deleted_at, OLD.is_spam, OLD.is_test, OLD.status_kind, OLD.owner_id,
     OLD.source_id, OLD.campaign, OLD.form, OLD.group_ids, OLD.clock_starts_at, OLD.routed_at,
     OLD.offered_at, OLD.assigned_at, OLD.claimed_at, OLD.first_attempt_at,
     OLD.business_response_seconds, OLD.first_contact_at, OLD.closed_at)
    IS DISTINCT FROM
    (NEW.received_at, NEW.deleted_at, NEW.is_spam, NEW.is_test, NEW.status_kind, NEW.owner_id,
     NEW.source_id, NEW.campaign, NEW.form, NEW.group_ids, NEW.clock_starts_at, NEW.routed_at,
     NEW.offered_at, NEW.assigned_at, NEW.claimed_at, NEW.first_attempt_at,
     NEW.business_response_seconds, NEW.first_contact_at, NEW.closed_at)
  ) EXECUTE FUNCTION dashboards_touch_lead();

CREATE TRIGGER dashboards_assignment_made AFTER INSERT ON assignments_assignment
  REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION dashboards_touch_assignments();
CREATE TRIGGER dashboards_assignment_changed AFTER UPDATE ON assignments_assignment FOR EACH ROW
  WHEN (
    (OLD.lead_id, OLD.member_id, OLD.started_at, OLD.respond_by, OLD.responded_at, OLD.end_reason)
    IS DISTINCT FROM
    (NEW.lead_id, NEW.member_id, NEW.started_at, NEW.respond_by, NEW.responded_at, NEW.end_reason)
  ) EXECUTE FUNCTION dashboards_touch_assignment();

CREATE TRIGGER dashboards_decision_made AFTER INSERT ON assignments_decision
  REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION dashboards_touch_assignments();

CREATE TRIGGER dashboards_team_moved AFTER UPDATE ON teams_team FOR EACH ROW
  WHEN (OLD.timezone <> NEW.timezone) EXECUTE FUNCTION dashboards_touch_team();
"""

UNTOUCH = """
DROP TRIGGER dashboards_team_moved ON teams_team;
DROP TRIGGER dashboards_decision_made ON assignments_decision;
DROP TRIGGER dashboards_assignment_changed ON assignments_assignment;
DROP TRIGGER dashboards_assignment_made ON assignments_assignment;
DROP TRIGGER dashboards_lead_changed ON leads_lead;
DROP TRIGGER dashboards_lead_went ON leads_lead;
DROP TRIGGER dashboards_lead_came ON leads_lead;
DROP FUNCTION dashboards_touch_team();
DROP FUNCTION dashboards_touch_assignment();
DROP FUNCTION dashboards_touch_assignments();
DROP FUNCTION dashboards_touch_lead();
DROP FUNCTION dashboards_touch_leads();
"""

# Numbers hardly shrink, and unpacking them would cost more than reading them.
STORAGE = """
ALTER TABLE dashboards_keptday
  ALTER received SET STORAGE EXTERNAL, ALTER wait SET STORAGE EXTERNAL,
  ALTER business_wait SET STORAGE EXTERNAL, ALTER routing SET STORAGE EXTERNAL,
  ALTER claim SET STORAGE EXTERNAL, ALTER hour SET STORAGE EXTERNAL,
  ALTER state SET STORAGE EXTERNAL, ALTER source SET STORAGE EXTERNAL,
  ALTER took SET STORAGE EXTERNAL, ALTER member SET STORAGE EXTERNAL;
ALTER TABLE dashboards_touchedspan SET
  (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
"""

# Leads that are there already: every day of theirs is to be made.
ALL = """
INSERT INTO dashboards_touchedspan (of_team, touched_at)
SELECT team_id, clock_timestamp() FROM (SELECT DISTINCT team_id FROM leads_lead) teams
"""


class Migration(migrations.Migration):
    dependencies = [
        ("dashboards", "0003_kept_days"),
        ("assignments", "0008_seal_requests"),
        ("leads", "0011_name_words"),
        ("teams", "0006_agencies"),
    ]

    operations = [
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
        migrations.RunSQL(TOUCH, UNTOUCH),
        migrations.RunSQL(ALL, migrations.RunSQL.noop),
    ]
