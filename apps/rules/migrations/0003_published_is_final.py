"""A version that was ever published never changes, whoever writes to it."""

from django.db import migrations

SEAL = """
CREATE FUNCTION rules_is_final(version uuid) RETURNS boolean LANGUAGE sql STABLE AS
    'SELECT EXISTS (SELECT 1 FROM rules_version WHERE id = version AND published_at IS NOT NULL)';

CREATE FUNCTION rules_refuse_change_of_rule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- On DELETE this runs at the end of the transaction: a team that is erased takes its
    -- versions with it, and then there is nothing left to protect.
    IF TG_OP <> 'DELETE' OR rules_is_final(OLD.version_id) THEN
        RAISE EXCEPTION 'A published version never changes: change the draft.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rules_rule_published_is_final';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER rules_rule_added_to_published
    AFTER INSERT ON rules_rule FOR EACH ROW WHEN (rules_is_final(NEW.version_id))
    EXECUTE FUNCTION rules_refuse_change_of_rule();

CREATE TRIGGER rules_rule_published_is_final
    AFTER UPDATE ON rules_rule FOR EACH ROW
    WHEN (rules_is_final(OLD.version_id) OR rules_is_final(NEW.version_id))
    EXECUTE FUNCTION rules_refuse_change_of_rule();

CREATE CONSTRAINT TRIGGER rules_rule_published_is_kept
    AFTER DELETE ON rules_rule DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (rules_is_final(OLD.version_id))
    EXECUTE FUNCTION rules_refuse_change_of_rule();

CREATE FUNCTION rules_refuse_change_of_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.number, OLD.rule_set_id, OLD.team_id, OLD.note, OLD.created_at, OLD.published_at)
       IS DISTINCT FROM
       (NEW.number, NEW.rule_set_id, NEW.team_id, NEW.note, NEW.created_at, NEW.published_at)
       OR NEW.state = 'draft' OR (OLD.state = 'retired' AND NEW.state <> 'retired') THEN
        RAISE EXCEPTION 'A published version never changes: it can only be retired.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rules_version_published_is_final';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER rules_version_published_is_final
    AFTER UPDATE ON rules_version FOR EACH ROW WHEN (OLD.published_at IS NOT NULL)
    EXECUTE FUNCTION rules_refuse_change_of_version();
"""

UNSEAL = """
CREATE FUNCTION rules_is_final(version uuid) RETURNS boolean LANGUAGE sql STABLE AS
    'SELECT EXISTS (SELECT 1 FROM rules_version WHERE id = version AND published_at IS NOT NULL)';

DROP TRIGGER rules_version_published_is_final ON rules_version;
DROP TRIGGER rules_rule_published_is_kept ON rules_rule;
DROP TRIGGER rules_rule_published_is_final ON rules_rule;
DROP TRIGGER rules_rule_added_to_published ON rules_rule;
DROP FUNCTION rules_refuse_change_of_version();
DROP FUNCTION rules_refuse_change_of_rule();
DROP FUNCTION rules_is_final(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("rules", "0002_seal_teams")]

    operations = [migrations.RunSQL(SEAL, UNSEAL)]
