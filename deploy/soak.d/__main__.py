"""Lets clients at a Glance, and reckons: soak.d SITE SECONDS CORPUS."""

import glob
import hashlib
import http.client
import os
import re
import sqlite3
import sys
import time

from clients import Honest, Hostile, complain, counts, options, problems, seconds, site

HONEST, HOSTILE = 32, 32
# Before memory and descriptors are looked at first: threads have touched their stacks by then, and connections to the
# registry are made.
WARM_UP_SECONDS = max(10, seconds // 2)
# What a process may have at the end: its threads_max threads have half a megabyte of stack each, and as much in buffers.
RESIDENT_MAX = 192 << 20
# And how much more than in the middle; beyond that something grows with the requests.
RESIDENT_GROWTH_MAX = 32 << 20
DESCRIPTORS_GROWTH_MAX = 32
# A worker at rest has a few threads, and lets go of the others within seconds.
THREADS_AT_REST_MAX = 12
# A process of nginx at rest has its logs, its listening sockets and pipes.
NGINX_DESCRIPTORS_AT_REST_MAX = 32
# Longer than nginx keeps a connection whose client has gone without a word (keepalive_timeout).
PATIENCE_SECONDS = 90


def processes():
    """The workers of glance-api and of nginx."""
    found = {}
    for service in ("glance-api", "nginx"):
        pid = int(open(f"{site}/run/{service}.pid").read())
        found |= {int(child): service for child in open(f"/proc/{pid}/task/{pid}/children").read().split()}
    return found


def descriptors(pid):
    """Without the registry's: SQLite keeps those of closed connections, as many as there ever were at once."""
    links = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:
            pass
    return sum("/registry.sqlite" not in link for link in links)


def uses():
    """Of each process: its service, resident bytes, and descriptors."""
    page = os.sysconf("SC_PAGE_SIZE")
    return {
        pid: (service, int(open(f"/proc/{pid}/statm").read().split()[1]) * page, descriptors(pid))
        for pid, service in processes().items()
    }


def metrics():
    connection = http.client.HTTPConnection("127.0.0.1", int(options["health_port"]), timeout=10)
    connection.request("GET", "/metrics")
    return connection.getresponse().read().decode()


def settle():
    """Waits until no upload is in hand, no lease holds, and the threads and connections that were needed have gone."""
    deadline = time.time() + PATIENCE_SECONDS
    while time.time() < deadline:
        saving = rows("SELECT count(*) FROM images WHERE status = 'saving'")[0][0]
        doomed = rows("SELECT count(*) FROM doomed_bytes")[0][0]
        threads = [len(os.listdir(f"/proc/{pid}/task")) for pid in processes()]
        open_files = max(use[2] for use in uses().values() if use[0] == "nginx")
        is_quiet = re.search(r"^glance_transfers_in_flight 0$", metrics(), re.M) and max(threads) <= THREADS_AT_REST_MAX
        is_quiet = is_quiet and open_files <= NGINX_DESCRIPTORS_AT_REST_MAX
        if is_quiet and saving == 0 and doomed == 0:
            return
        time.sleep(0.5)
    complain(f"{PATIENCE_SECONDS} s later there is still something in hand")


def rows(sql):
    registry = sqlite3.connect(f"file:{site}/data/registry.sqlite?mode=ro", uri=True, timeout=30)
    try:
        return registry.execute(sql).fetchall()
    finally:
        registry.close()


def compare_store():
    """Each record has its bytes, with their digest; no bytes are without a record."""
    root = f"{site}/data/images"
    files = {os.path.relpath(path, root) for path in glob.glob(f"{root}/*/*/*")}
    records = rows("SELECT id, location, size, sha256 FROM images WHERE status = 'available'")
    for name, location, size, digest in records:
        try:
            data = open(f"{root}/{location}", "rb").read()
        except OSError as error:
            complain(f"{name}: {error}")
            continue
        if len(data) != size or hashlib.sha256(data).hexdigest() != digest:
            complain(f"{name}: its bytes are others than its record says")
    for location in files - {record[1] for record in records}:
        complain(f"no record knows {location}")
    print(f"             {len(records)} records, {len(files)} files")


def compare_uses(before, after):
    for pid, (service, resident, count) in after.items():
        if pid not in before:
            complain(f"process {pid} of {service} was not there before: one has died")
            continue
        print(f"             {service} {pid}: {before[pid][1] >> 20} MB, {before[pid][2]} descriptors; "
              f"then {resident >> 20} MB, {count} descriptors")
        if resident > RESIDENT_MAX or resident - before[pid][1] > RESIDENT_GROWTH_MAX:
            complain(f"{service} {pid} has grown from {before[pid][1]} to {resident} bytes")
        if count - before[pid][2] > DESCRIPTORS_GROWTH_MAX:
            complain(f"{service} {pid} has {count} descriptors, and had {before[pid][2]}")


def crowd(length, serial):
    end = time.time() + length
    clients = [Honest(n, end, serial) for n in range(HONEST)] + [Hostile(n, end) for n in range(HOSTILE)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(length + PATIENCE_SECONDS)
        if client.is_alive():
            complain(f"a client hangs: {client.__class__.__name__} {client.number}")
    settle()


crowd(WARM_UP_SECONDS, 0)
before = uses()
crowd(max(seconds - WARM_UP_SECONDS, 1), 1_000_000)
compare_uses(before, uses())
compare_store()
if "ended unasked" in open(f"{site}/log/glance-api.log").read():
    complain("a worker died: " + next(line for line in open(f"{site}/log/glance-api.log") if "ended unasked" in line))
print(f"             {counts['honest']} honest requests, {counts['refused']} of them told to come again; {counts['hostile']} hostile deeds")
for problem in problems[:20]:
    print(f"             WRONG: {problem}")
print(f"soak         {'all is well' if not problems else f'{len(problems)} problems'}")
sys.exit(1 if problems else 0)
