-- Marks the schema for sealing at the end of the transaction. After the event is written, not before: where constraints
-- are immediate, the marker seals at once, and must find the event.
CREATE FUNCTION audit_mark() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('pg_catalog, %I, pg_temp', TG_TABLE_SCHEMA), true);
    INSERT INTO audit_marker (transaction_id) VALUES (NEW.transaction_id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$
