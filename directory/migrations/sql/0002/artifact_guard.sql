-- Keeps a version that is, or was, in force as it is; only its status moves on, when versions are activated and retired.
CREATE FUNCTION artifact_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moving text[] := ARRAY['status', 'created_at', 'created_by', 'updated_at', 'updated_by', 'row_version'];
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.status <> 'draft' AND to_jsonb(NEW) - moving = to_jsonb(OLD) - moving THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a version that is, or was, in force is not changed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'artifact_not_draft',
              TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
END
$$
