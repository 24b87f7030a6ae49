"""The clients of deploy/soak: those who mind every answer, and those who do what is bad."""

import base64
import glob
import hashlib
import http.client
import json
import random
import socket
import sys
import threading
import time
import urllib.parse

site, seconds, corpus = sys.argv[1], int(sys.argv[2]), sys.argv[3]
options = dict(line.rstrip("\n").split("=", 1) for line in open(f"{site}/options") if "=" in line)
port = int(options["port"])

problems, counts = [], {"honest": 0, "hostile": 0, "refused": 0}
lock = threading.Lock()


def count(name):
    with lock:
        counts[name] += 1


def complain(text):
    with lock:
        problems.append(text)


def login(user):
    """The header field by which somebody is that user."""
    password = open(f"{site}/{user}.netrc").read().split()[5]
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


# Of the honest by turns; the hostile have one of these by chance, or none, or a wrong one.
LOGINS = [login("user"), login("other")] if options["identity"] == "basic" else [{}]
HOSTILE_LOGINS = LOGINS + [{}, {"Authorization": "Basic dXNlcjp3cm9uZw=="}, {"Authorization": "Basic AA=="}]


# Images that the honest leave, by their numbers, whichever crowd they come with. No more than this each: a list that
# grows would fill more of nginx's buffers for each of those who ask for it and take nothing.
KEPT, KEPT_MAX = {}, 8


class Honest(threading.Thread):
    """Adds, reads, changes and deletes images of its own, and minds every answer."""

    def __init__(self, number, end, serial):
        super().__init__(daemon=True)
        self.number, self.end, self.random = number, end, random.Random(number + serial)
        # An id is never given twice, so each crowd has its own.
        self.connection, self.is_kept, self.serial, self.login = None, False, serial, LOGINS[number % len(LOGINS)]

    def ask(self, method, path, body=None, headers={}, chunked=False):
        """Status, headers and body. Refused for want of a transfer, it asks again, as it was told to."""
        headers = headers | self.login
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
        kept = KEPT.setdefault(self.number, [])
        if self.random.random() < 0.1:
            kept.append(name)
            name = kept.pop(0) if len(kept) > KEPT_MAX else None
        if name:
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
        if self.connection:
            self.connection.close()


class Hostile(threading.Thread):
    """Does one bad thing after the other. What it is answered does not matter; that others do not notice does."""

    def __init__(self, number, end):
        super().__init__(daemon=True)
        self.number, self.end, self.random, self.held = number, end, random.Random(1000 + number), []
        self.seeds = [open(path, "rb").read() for path in sorted(glob.glob(f"{corpus}/*/*"))]

    def send(self, data, reads=True, holds=False):
        fields = "".join(f"{name}: {value}\r\n" for name, value in self.random.choice(HOSTILE_LOGINS).items())
        wire = socket.create_connection(("127.0.0.1", port), 10)
        wire.sendall(data.replace(b"Host: x\r\n", b"Host: x\r\n" + fields.encode(), 1))
        if reads:
            wire.settimeout(3)
            wire.recv(65536)
        if holds:
            self.held = self.held[-20:] + [wire]
        else:
            wire.close()

    def garbage(self):
        """Seeds with some bytes overwritten, alone, and where a value belongs in what is right otherwise."""
        seed = bytearray(self.random.choice(self.seeds))
        for _ in range(self.random.randrange(8)):
            place = self.random.randrange(len(seed) + 1)
            seed[place : place + 3] = self.random.randbytes(3)
        line = bytes(byte for byte in seed if byte not in b"\r\n\0")[:4000]
        put = b"PUT /images/nobody HTTP/1.1\r\nHost: x\r\n"
        self.send(self.random.choice([
            seed + b"\r\n\r\n", put + b"x-image-meta-name: " + line + b"\r\n\r\n", put + b"Range: " + line + b"\r\n\r\n",
            put + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(seed) + seed,
            b"GET /images/?" + urllib.parse.quote(line[:2000]).encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        ]))

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
