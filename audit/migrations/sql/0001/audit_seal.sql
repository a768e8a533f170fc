-- Moves a transaction's pending events of one schema into its chain: the head is locked once, all events are numbered
-- and chained in one pass, the head is written once. Runs when the transaction ends (or constraints are set immediate),
-- so writers wait for each other only there, and a rolled-back transaction leaves neither event nor gap.
CREATE FUNCTION audit_seal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    head record;
    sealed_id bigint;
    sealed_hash bytea;
BEGIN
    PERFORM set_config('search_path', format('pg_catalog, %I, pg_temp', TG_TABLE_SCHEMA), true);
    SELECT * INTO head FROM audit_head AS h WHERE h.id = 1 FOR UPDATE;
    IF NOT FOUND THEN
        -- The schema's first event. Writers that come together wait here for whoever came first.
        INSERT INTO audit_head (id, last_id, last_hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'))
        ON CONFLICT DO NOTHING;
        SELECT * INTO STRICT head FROM audit_head AS h WHERE h.id = 1 FOR UPDATE;
    END IF;
    IF head.last_id = 0 AND EXISTS (SELECT FROM audit_event) THEN
        RAISE EXCEPTION 'the head of the audit chain of % is missing: restore audit_head', TG_TABLE_SCHEMA
            USING ERRCODE = 'data_corrupted';
    END IF;

    WITH numbered AS (
        SELECT p.*, head.last_id + row_number() OVER (ORDER BY p.seq) AS number
        FROM audit_pending AS p
        WHERE p.transaction_id = NEW.transaction_id
    ), chained AS (
        SELECT n.*, audit_chain(head.last_hash, n.number, n.leaf) OVER (
            ORDER BY n.number ROWS UNBOUNDED PRECEDING
        ) AS hash
        FROM numbered AS n
    ), sealed AS (
        INSERT INTO audit_event (
            id, at, actor, action, resource, resource_id, payload, request_id, reason, tenant_id,
            record, leaf, hash_prev, hash
        )
        SELECT c.number, c.at, c.actor, c.action, c.resource, c.resource_id, c.payload, c.request_id, c.reason,
            c.tenant_id, c.record, c.leaf, coalesce(lag(c.hash) OVER (ORDER BY c.number), head.last_hash), c.hash
        FROM chained AS c
        ORDER BY c.number
        RETURNING id, hash
    )
    SELECT s.id, s.hash INTO sealed_id, sealed_hash FROM sealed AS s ORDER BY s.id DESC LIMIT 1;

    IF FOUND THEN
        UPDATE audit_head SET last_id = sealed_id, last_hash = sealed_hash WHERE id = 1;
        DELETE FROM audit_pending WHERE transaction_id = NEW.transaction_id;
    END IF;
    DELETE FROM audit_marker WHERE transaction_id = NEW.transaction_id;
    RETURN NULL;
END
$$
