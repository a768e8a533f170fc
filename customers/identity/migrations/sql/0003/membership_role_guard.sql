-- Lets a membership carry only a role that is built in or of its own tenant, whatever road it is written by. Nothing is
-- locked: neither a role nor a membership ever changes its tenant (see tenant_guard).
CREATE FUNCTION membership_role_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('pg_catalog, %I, pg_temp', TG_TABLE_SCHEMA), true);
    IF EXISTS (
        SELECT FROM identity_role AS r, identity_membership AS m
        WHERE r.id = NEW.role_id AND m.id = NEW.membership_id AND r.tenant_id <> m.tenant_id
    ) THEN
        RAISE EXCEPTION 'this role belongs to another tenant'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'membership_role_of_tenant',
                  TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NEW;
END
$$
