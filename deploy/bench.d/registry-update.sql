-- A read and a change of one property, as ImageService.update does it by PostgreSQLRegistry.
\set n random(1, :images)
\set value random(1, 1000000000)
SELECT sequence, id, name, type, size, is_size_known, store, created_at, updated_at, deleted_at, status, is_public, owner,
sha256, version, CASE status WHEN 'available' THEN location END AS place,
(SELECT string_agg(key || '=' || value, chr(10)) FROM properties WHERE properties.sequence = images.sequence) AS lines,
damage
FROM images WHERE id = 'grown-' || repeat('0', 6 - length(:n::text)) || :n::text \gset
WITH changed AS (
    UPDATE images SET name = :name, type = :type, size = :size, is_size_known = :is_size_known, store = :store,
        updated_at = :updated_at::bigint + 1, is_public = :is_public, sha256 = NULL, version = :version::bigint + 1
    WHERE id = :id AND version = :version AND status IN ('queued', 'available')
    RETURNING sequence
), removed AS (
    DELETE FROM properties USING changed
    WHERE properties.sequence = changed.sequence AND key <> ALL ('{architecture,distro,kernel_id,run}'::text[])
), kept AS (
    INSERT INTO properties (sequence, key, value)
    SELECT changed.sequence, pairs.key, pairs.value
    FROM changed, unnest('{architecture,distro,kernel_id,run}'::text[],
        ARRAY['x86_64', 'Debian GNU/Linux 12', 'vmlinuz-6.1', :value::text]) AS pairs (key, value)
    ON CONFLICT (sequence, key) DO UPDATE SET value = excluded.value
)
SELECT count(*) FROM changed;
