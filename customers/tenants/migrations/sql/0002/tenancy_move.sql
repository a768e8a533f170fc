-- Moves the version of tenancy at the end of a transaction that changed it. The row is locked only from here to the
-- commit, and always after the audit chain's head (audit_capture fires before tenancy_mark), so writers neither queue
-- for long nor wait for each other crosswise.
CREATE FUNCTION tenancy_move() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('pg_catalog, %I, pg_temp', TG_TABLE_SCHEMA), true);
    INSERT INTO tenancy_version AS v (id, version) VALUES (1, 1)
    ON CONFLICT (id) DO UPDATE SET version = v.version + 1;
    DELETE FROM tenancy_change_marker WHERE transaction_id = NEW.transaction_id;
    RETURN NULL;
END
$$
