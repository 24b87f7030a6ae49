# The images that deploy/bench puts into its Glances. Sourced.

# add GLANCE ID FILE [CURL-ARGUMENT]...: a public image with three properties.
# Prints what curl's -w asks for.
add() {
    local glance=$1 id=$2 file=$3
    shift 3
    ask -X POST -T "$file" -o "$work/answer" \
        -H "x-image-meta-id: $id" -H "x-image-meta-name: Image $id" \
        -H 'x-image-meta-type: machine' -H 'x-image-meta-is_public: true' \
        -H 'x-image-meta-property-distro: Debian GNU/Linux 12' \
        -H 'x-image-meta-property-architecture: x86_64' \
        -H 'x-image-meta-property-kernel_id: vmlinuz-6.1' \
        "$@" "$(url "$glance")/images"
}

add_or_die() {
    local status
    status=$(add "$@" -w '%{http_code}')
    [[ $status == 200 ]] || die "POST of $2: $status: $(head -c 200 "$work/answer")"
}

# wrk waits for a body where HEAD names a length, so its image has no bytes.
add_empty() {
    : >"$work/empty"
    add_or_die "$1" "$2" "$work/empty" -H 'x-image-meta-size: 0'
}

remove() {
    ask -f -o /dev/null -X DELETE "$(url "$1")/images/$2" || die "DELETE of $2 failed"
}

# grow GLANCE COUNT: copies the row of grown-000001 until there are COUNT.
# Straight into the registry's file, while nobody serves it: a hundred thousand
# durable POSTs would take minutes and measure nothing. Whatever columns the
# table has besides these three are copied as they are.
grow() {
    local file=$work/$1/data/registry.sqlite count=$2 columns
    columns=$(sqlite3 "$file" "SELECT group_concat(name) FROM pragma_table_info('images')
        WHERE name NOT IN ('sequence', 'id', 'name')")
    [[ -n $columns ]] || die "the registry has no table images: adapt deploy/bench.d/images.sh"
    sqlite3 -bail "$file" >/dev/null <<END || die "could not fill the registry: adapt deploy/bench.d/images.sh"
BEGIN IMMEDIATE;
WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < $count)
INSERT INTO images (id, name, $columns)
    SELECT printf('grown-%06d', n), printf('Image grown-%06d', n), $columns
    FROM numbers, images WHERE images.id = 'grown-000001' ORDER BY n;
INSERT INTO properties (sequence, key, value)
    SELECT copy.sequence, properties.key, properties.value
    FROM images AS copy, images AS first, properties
    WHERE copy.id LIKE 'grown-%' AND copy.id <> first.id
        AND first.id = 'grown-000001' AND properties.sequence = first.sequence;
COMMIT;
PRAGMA wal_checkpoint(TRUNCATE);
END
}

# grown NAME COUNT [BETWEEN]: a Glance with COUNT images of no bytes;
# BETWEEN is called while it is filled and down.
grown() {
    glance_up "$1"
    add_empty "$1" grown-000001
    glance_down "$1"
    grow "$1" "$2"
    ${3:+"$3"}
    glance_up "$1"
}
