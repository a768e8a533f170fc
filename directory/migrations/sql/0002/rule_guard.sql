-- Keeps the rules of a version that is, or was, in force as they are. The version is locked as it is read: a rule that is
-- written into a draft and the draft's activation follow each other.
CREATE FUNCTION rule_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    version_id uuid;
    found_status text;
BEGIN
    PERFORM set_config('search_path', format('pg_catalog, %I, pg_temp', TG_TABLE_SCHEMA), true);
    FOREACH version_id IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.artifact_id]
        WHEN 'DELETE' THEN ARRAY[OLD.artifact_id]
        ELSE ARRAY[OLD.artifact_id, NEW.artifact_id]
    END LOOP
        SELECT status INTO found_status FROM directory_routingartifact WHERE id = version_id FOR SHARE;
        IF found_status <> 'draft' THEN
            RAISE EXCEPTION 'the rules of a version that is, or was, in force are not changed'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'artifact_not_draft',
                      TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
        END IF;
    END LOOP;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$
