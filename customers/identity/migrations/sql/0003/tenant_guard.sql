-- Keeps the columns named by its arguments as they were when the row was made: a role and a membership stay with their
-- tenant, and a membership with its person.
CREATE FUNCTION tenant_guard() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY TG_ARGV LOOP
        IF to_jsonb(OLD) -> name IS DISTINCT FROM to_jsonb(NEW) -> name THEN
            RAISE EXCEPTION '% of % stays as it was made', name, TG_TABLE_NAME
                USING ERRCODE = 'check_violation', CONSTRAINT = 'row_keeps_tenant',
                      TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
        END IF;
    END LOOP;
    RETURN NEW;
END
$$
