-- Writes one pending event for a changed row, whoever changed it and by whatever road.
-- Arguments: resource; personal, confidential, secret and by-row columns (comma-separated); where the tenant is found:
-- nothing, a column of the row, or <column>@<table> for the tenant_id of the row that the column points to.
-- The verb of the act, where it has one, names every row that the act itself writes: before and after still tell a
-- creation (no before) from a change and a deletion (no after).
CREATE FUNCTION audit_capture() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET bytea_output = 'hex'
AS $$
DECLARE
    unaudited CONSTANT text[] := '{id,created_at,created_by,updated_at,updated_by,row_version}';
    personal text[];
    confidential text[];
    secret text[];
    old_row jsonb := '{}';
    new_row jsonb := '{}';
    known jsonb;
    before jsonb;
    after jsonb;
    tenant uuid;
BEGIN
    PERFORM set_config('search_path', format('pg_catalog, %I, pg_temp', TG_TABLE_SCHEMA), true);
    IF TG_OP <> 'INSERT' THEN
        old_row := to_jsonb(OLD);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        new_row := to_jsonb(NEW);
    END IF;
    known := old_row || new_row;

    SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO before
    FROM jsonb_each(old_row - unaudited)
    WHERE value IS DISTINCT FROM new_row -> key AND (TG_OP = 'UPDATE' OR value <> 'null');
    SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO after
    FROM jsonb_each(new_row - unaudited)
    WHERE value IS DISTINCT FROM old_row -> key AND (TG_OP = 'UPDATE' OR value <> 'null');
    IF TG_OP = 'UPDATE' AND before = '{}' AND after = '{}' THEN
        RETURN NULL;
    END IF;

    personal := string_to_array(TG_ARGV[1], ',');
    confidential := string_to_array(TG_ARGV[2], ',');
    secret := string_to_array(TG_ARGV[3], ',');
    IF TG_ARGV[4] <> '' AND greatest((old_row ->> 'tier')::int, (new_row ->> 'tier')::int) >= 2 THEN
        confidential := confidential || string_to_array(TG_ARGV[4], ',');
    END IF;
    IF (before || after) ?| (personal || confidential || secret) THEN
        before := audit_disguise(TG_ARGV[0], known ->> 'id', before, personal, confidential, secret);
        after := audit_disguise(TG_ARGV[0], known ->> 'id', after, personal, confidential, secret);
    END IF;

    IF TG_ARGV[5] <> '' THEN
        tenant := (known ->> split_part(TG_ARGV[5], '@', 1))::uuid;
        IF strpos(TG_ARGV[5], '@') > 0 THEN
            EXECUTE format('SELECT tenant_id FROM %I WHERE id = $1', split_part(TG_ARGV[5], '@', 2))
                INTO tenant USING tenant;
        END IF;
    END IF;

    INSERT INTO audit_pending (action, resource, resource_id, tenant_id, payload)
    VALUES (
        coalesce(
            nullif(current_setting('switchboard.verb', true), ''),
            CASE TG_OP WHEN 'INSERT' THEN 'create' WHEN 'UPDATE' THEN 'update' ELSE 'delete' END
        ),
        TG_ARGV[0], known ->> 'id', tenant, jsonb_build_object('before', before, 'after', after)
    );
    RETURN NULL;
END
$$
