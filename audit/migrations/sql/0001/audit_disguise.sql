-- Replaces what must not stand in the chain in clear; audit_capture calls it, and its search_path holds here too.
-- Null stays null: that a value is absent is no secret.
--   secret        {"secret": true}
--   personal      {"digest": "sha256:..."} under a salt of its own; salt and clear value go to audit_private, where they
--                 can be erased while the chain stays valid
--   confidential  {"digest": "sha256:..."} under the schema's salt, so equal values of one column are recognised
CREATE FUNCTION audit_disguise(
    resource text, resource_id text, changes jsonb, personal text[], confidential text[], secret text[]
) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    field text;
    clear jsonb;
    salt bytea;
    digest bytea;
BEGIN
    FOR field, clear IN
        SELECT key, value FROM jsonb_each(changes)
        WHERE value <> 'null' AND key = ANY (personal || confidential || secret)
    LOOP
        IF field = ANY (secret) THEN
            changes := changes || jsonb_build_object(field, '{"secret": true}'::jsonb);
            CONTINUE;
        END IF;
        IF field = ANY (personal) THEN
            salt := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
            digest := sha256(salt || convert_to(clear::text, 'UTF8'));
            INSERT INTO audit_private (digest, salt, value, resource, resource_id, field, created_at)
            VALUES (digest, salt, clear, resource, resource_id, field, now());
        ELSE
            SELECT s.salt INTO salt FROM audit_salt AS s WHERE s.id = 1;
            IF salt IS NULL THEN
                INSERT INTO audit_salt (id, salt)
                VALUES (1, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
                ON CONFLICT DO NOTHING;
                SELECT s.salt INTO STRICT salt FROM audit_salt AS s WHERE s.id = 1;
            END IF;
            digest := sha256(salt || convert_to(resource || '.' || field || '=' || clear::text, 'UTF8'));
            digest := sha256(salt || digest);
        END IF;
        changes := changes
            || jsonb_build_object(field, jsonb_build_object('digest', 'sha256:' || encode(digest, 'hex')));
    END LOOP;
    RETURN changes;
END
$$
