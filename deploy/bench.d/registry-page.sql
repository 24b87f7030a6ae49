-- A page of 100 behind a marker: its record, and then what ListStatement asks for: one more tells whether there is another
-- page.
\set n random(1, :images - 100)
SELECT sequence, id, name, type, size, is_size_known, store, created_at, updated_at, deleted_at, status, is_public, owner,
sha256, version, CASE status WHEN 'available' THEN location END,
(SELECT string_agg(key || '=' || value, chr(10)) FROM properties WHERE properties.sequence = images.sequence),
damage
FROM images WHERE id = 'grown-' || repeat('0', 6 - length(:n::text)) || :n::text;
SELECT sequence, id, name, type, size, is_size_known, store, created_at, updated_at, deleted_at, status, is_public, owner,
sha256, version, CASE status WHEN 'available' THEN location END,
(SELECT string_agg(key || '=' || value, chr(10)) FROM properties WHERE properties.sequence = images.sequence),
damage
FROM images
WHERE status IN ('queued', 'available') AND is_public = 1 AND sequence > :n
ORDER BY sequence ASC LIMIT 101;
