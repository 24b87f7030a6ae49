"""The clients of deploy/soak, and the reckoning: soak.py SITE SECONDS CORPUS."""

import glob
import hashlib
import http.client
import json
import os
import random
import re
import socket
import sqlite3
import sys
import threading
import time

site, seconds, corpus = sys.argv[1], int(sys.argv[2]), sys.argv[3]
options = dict(line.rstrip("\n").split("=", 1) for line in open(f"{site}/options") if "=" in line)
port, health_port = int(options["port"]), int(options["health_port"])

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
PATIENCE_SECONDS = 60

problems, counts = [], {"honest": 0, "hostile": 0, "refused": 0}
lock = threading.Lock()


def count(name):
    with lock:
        counts[name] += 1


def complain(text):
    with lock:
        problems.append(text)


class Honest(threading.Thread):
    """Adds, reads, changes and deletes images of its own, and minds every answer."""

    def __init__(self, number, end, serial):
        super().__init__(daemon=True)
        self.number, self.end, self.random = number, end, random.Random(number + serial)
        # An id is never given twice, so each crowd has its own.
        self.connection, self.is_kept, self.serial = None, False, serial

    def ask(self, method, path, body=None, headers={}, chunked=False):
        """Status, headers and body. Refused for want of a transfer, it asks again, as it was told to."""
        for _ in range(200):
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                sent = iter([body[:1000], body[1000:]]) if chunked and len(body) > 1000 else body
                self.connection.request(method, path, sent, headers, encode_chunked=sent is not body)
                answer = self.connection.getresponse()
                status, fields, data = answer.status, answer.headers, answer.read()
            except (OSError, http.client.HTTPException):
                # nginx may end a kept connection at any moment, but not a new one.
                is_kept, self.connection, self.is_kept = self.is_kept, None, False
                if not is_kept:
                    raise
                continue
            self.is_kept = True
            if fields.get("Connection") == "close":
                self.connection, self.is_kept = None, False
            count("honest")
            if status != 503:
                return status, fields, data
            count("refused")
            time.sleep(0.2)
        raise AssertionError(f"{method} {path} is refused for ever")

    def expect(self, condition, text, answer):
        if not condition:
            raise AssertionError(f"{text}: {answer[0]} {answer[2][:200]!r}")

    def life(self):
        self.serial += 1
        name = f"h-{self.number}-{self.serial}"
        data = self.random.randbytes(self.random.choice([1, 100, 4096, 70_000, 300_000]))
        digest = hashlib.sha256(data).hexdigest()
        fields = {
            "x-image-meta-id": name, "x-image-meta-name": name, "x-image-meta-type": "raw",
            "x-image-meta-is_public": "true", "x-image-meta-property-a": name,
        }
        chunked = self.random.random() < 0.2
        if chunked and len(data) > 1000:
            fields["Transfer-Encoding"] = "chunked"
        answer = self.ask("POST", "/images", data, fields, chunked)
        self.expect(answer[0] == 200 and json.loads(answer[2])["image"]["sha256"] == digest, "POST", answer)
        answer = self.ask("HEAD", f"/images/{name}")
        self.expect(answer[0] == 200 and answer[1]["x-image-meta-size"] == str(len(data)), "HEAD", answer)
        answer = self.ask("GET", f"/images/{name}", None, self.random.choice([{}, {"If-Match": "*"}]))
        self.expect(answer[0] == 200 and answer[2] == data, "GET", answer)
        first = self.random.randrange(len(data))
        answer = self.ask("GET", f"/images/{name}", None, {"Range": f"bytes={first}-{first + 99}"})
        self.expect(answer[0] == 206 and answer[2] == data[first : first + 100], "range", answer)
        answer = self.ask("GET", f"/images/detail?property-a={name}")
        self.expect([image["id"] for image in json.loads(answer[2])["images"]] == [name], "list", answer)
        answer = self.ask("PUT", f"/images/{name}", None, {"x-image-meta-name": name + "!"})
        self.expect(answer[0] == 200 and json.loads(answer[2])["image"]["name"] == name + "!", "PUT", answer)
        if self.random.random() < 0.9:
            answer = self.ask("DELETE", f"/images/{name}")
            self.expect(answer[0] == 200, "DELETE", answer)
            answer = self.ask("GET", f"/images/{name}")
            self.expect(answer[0] == 404, "GET of what was deleted", answer)

    def run(self):
        while time.time() < self.end:
            try:
                self.life()
            except Exception as error:
                complain(f"honest client {self.number}: {type(error).__name__}: {error}")
                self.connection, self.is_kept = None, False
                time.sleep(1)


class Hostile(threading.Thread):
    """Does one bad thing after the other. What it is answered does not matter; that others do not notice does."""

    def __init__(self, number, end):
        super().__init__(daemon=True)
        self.number, self.end, self.random, self.held = number, end, random.Random(1000 + number), []
        self.seeds = [open(path, "rb").read() for path in sorted(glob.glob(f"{corpus}/*/*"))]

    def send(self, data, reads=True, holds=False):
        wire = socket.create_connection(("127.0.0.1", port), 10)
        wire.sendall(data)
        if reads:
            wire.settimeout(3)
            wire.recv(65536)
        if holds:
            self.held = self.held[-20:] + [wire]
        else:
            wire.close()

    def garbage(self):
        seed = bytearray(self.random.choice(self.seeds))
        for _ in range(self.random.randrange(8)):
            seed[self.random.randrange(len(seed)) :] += self.random.randbytes(3)
        self.send(bytes(seed) + b"\r\n\r\n")

    def header(self):
        line = self.random.choice([
            b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: +5", b"Transfer-Encoding: chunked\r\nContent-Length: 5",
            b"Host: " + b"a" * 5000, b"x-image-meta-property-a: " + b"v" * 30000, b"Range: bytes=" + b"0-," * 5000,
            b"\r\n".join(b"x-image-meta-property-%d: v" % n for n in range(1500)), b"X: " + self.random.randbytes(100),
        ])
        self.send(b"POST /images HTTP/1.1\r\nHost: x\r\nx-image-meta-name: n\r\nx-image-meta-type: raw\r\n" + line + b"\r\n\r\n0\r\n\r\n")

    def json(self):
        depth = self.random.choice([200, 510, 600, 20000])
        mark, end = self.random.choice([(b'{"a":', b"}"), (b"[", b"]")])
        body = b'{"image": {"name": "n", "type": "none", "x": ' + mark * depth + b"1" + end * depth + b"}}"
        self.send(b"POST /images HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    def path(self):
        path = self.random.choice([
            b"/images/%2e%2e/x", b"/_glance/images/a", b"/images/" + b"x" * 20000, b"/images/?property-a=" + b"%27" * 3000,
            b"/images/?" + b"&".join(b"property-%d=" % n for n in range(1500)), b"/images/detail?sort_key=name&is_public=none",
            b"/images/?marker=nobody", b"/images/%00", b"/healthz", b"/images/detail?limit=1000&is_public=none",
        ])
        self.send(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")

    def upload(self):
        """Breaks off, falls silent, or lies of its digest."""
        kind = self.random.randrange(3)
        more = b"x-image-meta-sha256: " + b"0" * 64 + b"\r\n" if kind == 2 else b""
        size = 5000 if kind == 2 else 1_000_000
        self.send(
            b"POST /images HTTP/1.1\r\nHost: x\r\nx-image-meta-name: hostile\r\nx-image-meta-type: raw\r\n"
            + more + b"Content-Length: %d\r\n\r\n" % size + b"x" * 5000, reads=kind == 2, holds=kind == 1)

    def slow(self):
        start = self.random.choice([b"", b"GET /images/ HTTP/1.1\r\nX-Slow:", b"POST /images HTTP/1.1\r\nHost: x\r\n"])
        self.send(start, reads=False, holds=True)

    def reader(self):
        """Asks for much and takes nothing."""
        self.send(b"GET /images/detail HTTP/1.1\r\nHost: x\r\n\r\n" * 20, reads=False, holds=True)

    def run(self):
        deeds = [self.garbage, self.header, self.json, self.path, self.upload, self.slow, self.reader]
        while time.time() < self.end:
            try:
                self.random.choice(deeds)()
            except OSError:
                pass
            count("hostile")
            time.sleep(self.random.random() / 10)
        for wire in self.held:
            wire.close()


def children(pid):
    return [int(word) for word in open(f"/proc/{pid}/task/{pid}/children").read().split()]


def processes():
    """The workers of glance-api and of nginx."""
    found = {}
    for service in ("glance-api", "nginx"):
        for pid in children(int(open(f"{site}/run/{service}.pid").read())):
            found[pid] = service
    return found


def uses():
    """Of each process: its service, resident bytes, and descriptors."""
    page = os.sysconf("SC_PAGE_SIZE")
    return {
        pid: (service, int(open(f"/proc/{pid}/statm").read().split()[1]) * page, len(os.listdir(f"/proc/{pid}/fd")))
        for pid, service in processes().items()
    }


def metrics():
    connection = http.client.HTTPConnection("127.0.0.1", health_port, timeout=10)
    connection.request("GET", "/metrics")
    return connection.getresponse().read().decode()


def settle():
    """Waits until no upload is in hand, no lease holds, and the threads that were needed have gone."""
    deadline = time.time() + PATIENCE_SECONDS
    while time.time() < deadline:
        saving = rows("SELECT count(*) FROM images WHERE status = 'saving'")[0][0]
        doomed = rows("SELECT count(*) FROM doomed_bytes")[0][0]
        threads = [len(os.listdir(f"/proc/{pid}/task")) for pid in processes()]
        is_quiet = re.search(r"^glance_transfers_in_flight 0$", metrics(), re.M) and max(threads) <= THREADS_AT_REST_MAX
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
    for pid, (service, resident, descriptors) in after.items():
        if pid not in before:
            complain(f"process {pid} of {service} was not there before: one has died")
            continue
        print(f"             {service} {pid}: {before[pid][1] >> 20} MB, {before[pid][2]} descriptors; "
              f"then {resident >> 20} MB, {descriptors} descriptors")
        if resident > RESIDENT_MAX or resident - before[pid][1] > RESIDENT_GROWTH_MAX:
            complain(f"{service} {pid} has grown from {before[pid][1]} to {resident} bytes")
        if descriptors - before[pid][2] > DESCRIPTORS_GROWTH_MAX:
            complain(f"{service} {pid} has {descriptors} descriptors, and had {before[pid][2]}")


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
