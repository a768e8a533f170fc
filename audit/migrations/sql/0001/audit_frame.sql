-- Completes a pending event: who, when, in which request, the record as exact bytes, and its leaf hash. Whatever the
-- INSERT said of these is overwritten.
CREATE FUNCTION audit_frame() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.transaction_id := pg_current_xact_id()::text::bigint;
    NEW.at := now();
    NEW.actor := coalesce(nullif(current_setting('switchboard.actor', true), ''), 'database:' || session_user);
    NEW.request_id := coalesce(current_setting('switchboard.request_id', true), '');
    NEW.reason := coalesce(current_setting('switchboard.reason', true), '');
    NEW.record := jsonb_build_object(
        'at', to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'actor', NEW.actor,
        'action', NEW.action,
        'resource', NEW.resource,
        'resource_id', NEW.resource_id,
        'payload', NEW.payload,
        'request_id', NEW.request_id,
        'reason', NEW.reason,
        'tenant_id', NEW.tenant_id
    )::text;
    NEW.leaf := sha256(convert_to(NEW.record, 'UTF8'));
    RETURN NEW;
END
$$
