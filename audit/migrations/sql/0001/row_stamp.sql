-- Writes created_*, updated_* and row_version of every domain row. An update that changes nothing else keeps them, so
-- that it leaves no version and no audit event; the row is still returned, or the client would count no row at all.
CREATE FUNCTION row_stamp() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    acting_user CONSTANT uuid := nullif(current_setting('switchboard.user_id', true), '')::uuid;
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.created_at := now();
        NEW.created_by := acting_user;
        NEW.updated_at := NEW.created_at;
        NEW.updated_by := acting_user;
        NEW.row_version := 1;
        RETURN NEW;
    END IF;
    IF NEW.id IS DISTINCT FROM OLD.id THEN
        RAISE EXCEPTION 'the id of a row of % never changes', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.created_at := OLD.created_at;
    NEW.created_by := OLD.created_by;
    NEW.updated_at := OLD.updated_at;
    NEW.updated_by := OLD.updated_by;
    NEW.row_version := OLD.row_version;
    IF NEW IS DISTINCT FROM OLD THEN
        NEW.updated_at := now();
        NEW.updated_by := acting_user;
        NEW.row_version := OLD.row_version + 1;
    END IF;
    RETURN NEW;
END
$$
