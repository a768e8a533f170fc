-- The chain's hash at each event, as a running aggregate that starts from the head's hash.
CREATE AGGREGATE audit_chain(start bytea, id bigint, leaf bytea) (SFUNC = audit_link, STYPE = bytea)
