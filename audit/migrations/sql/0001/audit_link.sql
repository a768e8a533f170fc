-- One step of the chain: SHA-256 over the hash before (32 bytes), the event's id (8 bytes, big-endian) and its leaf.
CREATE FUNCTION audit_link(state bytea, start bytea, id bigint, leaf bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN sha256(coalesce(state, start) || int8send(id) || leaf);
END
$$
