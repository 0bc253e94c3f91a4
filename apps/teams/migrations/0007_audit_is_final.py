"""The audit log only grows, whoever writes to it."""

from django.db import migrations

SEAL = """
CREATE FUNCTION teams_refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- This runs at the end of the transaction: a team that is erased takes its log with it.
        IF NOT EXISTS (SELECT 1 FROM teams_team WHERE id = OLD.team_id) THEN
            RETURN NULL;
        END IF;
    -- A person who is erased leaves no name: who did it, and what it was called, may be emptied.
    ELSIF (OLD.id, OLD.team_id, OLD.at, OLD.action, OLD.via, OLD.target_type, OLD.detail)
          IS NOT DISTINCT FROM
          (NEW.id, NEW.team_id, NEW.at, NEW.action, NEW.via, NEW.target_type, NEW.detail)
          AND (OLD.agency_id, OLD.target_id, OLD.token_id)
          IS NOT DISTINCT FROM (NEW.agency_id, NEW.target_id, NEW.token_id)
          AND (NEW.actor_id IS NULL OR NEW.actor_id IS NOT DISTINCT FROM OLD.actor_id)
          AND (NEW.target_label = '' OR NEW.target_label = OLD.target_label) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'The audit log only grows: its entries never change.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'teams_audit_is_final';
END $$;

CREATE TRIGGER teams_audit_is_final
    AFTER UPDATE ON teams_auditentry FOR EACH ROW
    EXECUTE FUNCTION teams_refuse_change_of_audit();

CREATE CONSTRAINT TRIGGER teams_audit_is_kept
    AFTER DELETE ON teams_auditentry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION teams_refuse_change_of_audit();
"""

UNSEAL = """
DROP TRIGGER teams_audit_is_kept ON teams_auditentry;
DROP TRIGGER teams_audit_is_final ON teams_auditentry;
DROP FUNCTION teams_refuse_change_of_audit();
"""


class Migration(migrations.Migration):
    dependencies = [("teams", "0006_agencies")]

    operations = [migrations.RunSQL(SEAL, UNSEAL)]
