-- The first 100 of a list, as ListStatement asks for them: one more tells whether there is another page.
SELECT sequence, id, name, type, size, is_size_known, store, created_at, updated_at, deleted_at, status, is_public, owner,
sha256, version, CASE status WHEN 'available' THEN location END,
(SELECT string_agg(key || '=' || value, chr(10)) FROM properties WHERE properties.sequence = images.sequence),
damage
FROM images
WHERE status IN ('queued', 'available') AND is_public = 1
ORDER BY sequence ASC LIMIT 101;
