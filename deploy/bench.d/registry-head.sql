-- A record by its id: what PostgreSQLRegistry.record asks for all that are wanted at the time, for one alone.
\set n random(1, :images)
SELECT sequence, id, name, type, size, is_size_known, store, created_at, updated_at, deleted_at, status, is_public, owner,
sha256, version, CASE status WHEN 'available' THEN location END,
(SELECT string_agg(key || '=' || value, chr(10)) FROM properties WHERE properties.sequence = images.sequence),
damage
FROM images WHERE id = 'grown-' || repeat('0', 6 - length(:n::text)) || :n::text;
