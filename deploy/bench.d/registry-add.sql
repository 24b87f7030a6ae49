-- A queued image under the next number, as PostgreSQLRegistry.reserve adds it.
\set name random(1, 9223372036854775807)
WITH counted AS (
    UPDATE counter SET sequence = sequence + 1, last = COALESCE(
        (SELECT number FROM generate_series(last + 1, last + 1::bigint) AS number
            WHERE NOT EXISTS (SELECT 1 FROM ids WHERE ids.id = number::text) ORDER BY number LIMIT 1),
        last + 1::bigint)
    RETURNING sequence, last::text AS id
), taken AS (
    INSERT INTO ids (id) SELECT id FROM counted ON CONFLICT (id) DO NOTHING RETURNING id
), added AS (
    INSERT INTO images (sequence, id, is_generated, owner, created_at, status, name, type, size,
        is_size_known, store, updated_at, is_public, sha256, version, lease, lease_ends_at, attempt_store, location,
        attempt_size)
    SELECT counted.sequence, taken.id, 1, '', 1000, 'queued', 'New', 'raw', 0, 0, 'file', 1000, 0, NULL, 1,
        :name::text, floor(extract(epoch FROM now()))::bigint + NULL::bigint, NULL, NULL, NULL
    FROM counted, taken
    RETURNING sequence, id
), described AS (
    INSERT INTO properties (sequence, key, value)
    SELECT added.sequence, pairs.key, pairs.value
    FROM added, unnest('{}'::text[], '{}'::text[]) AS pairs (key, value)
)
SELECT id FROM added;
