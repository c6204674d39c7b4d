#!/usr/bin/env python3
"""A hospital's own system beside Jiaohao, in Python's standard library alone.

Registers visits under the hospital's own numbers, changes one, calls one off, follows what happens to them on the
stream `site:{id}`, and stops when every visit that was not called off has ended or the time is over. After a lost
connection it goes on from its position; where the server sends a snapshot instead (after its restart always), what
happened in between is in the snapshot's `tickets`.

    python3 integrator.py --url https://jiaohao.hospital.cn --site renmin --queue renmin.xinnei.a --date 2026-11-23

A certificate of the hospital's own authority is named in SSL_CERT_FILE. The token (role integrator) comes from JIAOHAO_TOKEN, made on the server:
`sudo -u jiaohao jiaohao token issue --role integrator --site renmin --account his --ttl-s 7776000 --config /etc/jiaohao/jiaohao.toml`, the next one of the same name before it ends.
"""
import argparse
import base64
import json
import os
import socket
import ssl
import struct
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


class Door:
    """The HTTP door: one command, one request."""

    def __init__(self, url, token):
        self.url, self.token = url.rstrip("/"), token

    def send(self, method, path, body):
        request = urllib.request.Request(
            self.url + "/api/v1" + path,
            method=method,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": "Bearer " + self.token},
        )
        for attempt in range(5):
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as refused:
                problem = json.load(refused)
                if refused.code in (429, 503, 504):  # later: visits are idempotent by visit id and version
                    time.sleep(float(refused.headers.get("Retry-After", 1)))
                    continue
                raise SystemExit(f"{method} {path}: {problem['code']}: {problem['detail']}")
            except OSError:
                time.sleep(2**attempt * 0.2)
        raise SystemExit(f"{method} {path}: no answer")


# Refusals of a subscription that are over by themselves.
LATER = ("timed_out", "overloaded", "too_many_requests", "recovering")


class Stream:
    """A stream over the WebSocket door: text frames, one JSON object each."""

    def __init__(self, url, token, stream):
        self.where, self.token, self.stream = urllib.parse.urlparse(url), token, stream
        self.position, self.silence = None, 60
        try:
            self.connect()
        except OSError as why:
            raise SystemExit(f"{url}: {why}")

    def connect(self):
        host, tls = self.where.hostname, self.where.scheme == "https"
        port = self.where.port or (443 if tls else 80)
        self.socket = socket.create_connection((host, port), timeout=60)
        if tls:
            self.socket = ssl.create_default_context().wrap_socket(self.socket, server_hostname=host)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            "GET /ws HTTP/1.1",
            f"Host: {host}:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
        ]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        if b"101" not in self.file.readline():
            raise ConnectionError("the server did not open a WebSocket")
        while self.file.readline().strip():
            pass
        self.write({"type": "hello", "id": "1", "version": 1, "token": self.token})
        self.subscribe()

    def subscribe(self):
        subscribe = {"type": "subscribe", "id": "2", "stream": self.stream}
        if self.position:
            subscribe["since"] = self.position
        self.write(subscribe)

    def write(self, message):
        data, mask = json.dumps(message).encode(), os.urandom(4)
        if len(data) < 126:
            header = struct.pack("!BB", 0x81, 0x80 | len(data))
        else:
            header = struct.pack("!BBH", 0x81, 0x80 | 126, len(data))
        try:
            self.socket.sendall(header + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))
        except OSError:
            pass  # the next read says so

    def read(self):
        """The next frame; none when the connection has gone."""
        header = self.file.read(2)
        if len(header) < 2 or header[0] & 15 == 8:
            return None
        length = header[1] & 127
        if length == 126:
            (length,) = struct.unpack("!H", self.file.read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self.file.read(8))
        data = self.file.read(length)
        return json.loads(data) if header[0] & 15 == 1 else {}

    def come_back(self, after):
        time.sleep(after)
        try:
            self.connect()
        except OSError:
            pass

    def events(self, until):
        """Events in order, through reconnections: `since` says from where to go on. A snapshot takes the place of all
        before it and is told as `snapshot`; what was done before the stream was followed as `subscribed`."""
        while time.time() < until:
            try:
                self.socket.settimeout(max(0.1, min(self.silence, until - time.time())))
                frame = self.read()
            except (OSError, ValueError):
                frame = None
            if frame is None:
                if time.time() >= until:
                    return
                self.come_back(0.5)
                continue
            kind = frame.get("type")
            if kind == "welcome":
                self.silence = 2 * frame["beat_s"]  # a line that is silent for longer is dead
            elif kind == "beat":
                self.write({"type": "beat"})
            elif kind == "rejected" and frame["error"]["code"] in LATER:
                time.sleep(1)
                self.subscribe()
            elif kind in ("rejected", "ended"):
                raise SystemExit(f"{frame['error']['code']}: {frame['error']['detail']}")
            elif kind == "bye":
                if not frame["reconnect"]:
                    raise SystemExit(f"the server says good-bye: {frame['code']}")
                self.come_back(frame["after_ms"] / 1000)
            elif kind in ("subscribed", "snapshot"):
                for one in frame.get("missed", []):
                    yield one["event"]
                self.position = frame["position"]
                if "snapshot" in frame:
                    yield {"snapshot": frame["snapshot"]}
            elif kind == "events" and frame["after"] != self.position["offset"]:
                self.subscribe()  # something between is missing
            elif kind == "events":
                for one in frame["events"]:
                    self.position["offset"] = one["offset"]
                    yield one["event"]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--url", required=True)
    options.add_argument("--site", required=True)
    options.add_argument("--queue", required=True)
    options.add_argument("--date", required=True, help="the hospital-local date")
    options.add_argument("--visits", type=int, default=5)
    options.add_argument("--for", dest="seconds", type=float, default=60, help="how long to follow, in seconds")
    options = options.parse_args()
    token = os.environ.get("JIAOHAO_TOKEN") or sys.exit("JIAOHAO_TOKEN is not set")
    door = Door(options.url, token)
    stream = Stream(options.url, token, f"site:{options.site}")
    run = f"{int(time.time())}"
    tickets, ended = {}, {}  # by visit id
    begun = False
    for event in stream.events(time.time() + options.seconds):
        if not begun:  # the stream is followed: nothing of what comes now is missed
            begun = True
            for n in range(options.visits):
                visit = {
                    "visit_id": f"{run}-{n}",
                    "version": 1,
                    "site": options.site,
                    "queue": options.queue,
                    "date": options.date,
                    "patient": {"number": f"{run}{n:03}", "name": "王小明", "sex": "male", "birth_date": "1980-02-29"},
                    "fee_state": "unpaid",
                    "checked_in": n % 2 == 0,
                }
                tickets[visit["visit_id"]] = door.send("POST", "/visits", visit).get("ticket")
                assert bool(tickets[visit["visit_id"]]) == visit["checked_in"], "who is there has a ticket"
                again = door.send("POST", "/visits", visit)
                assert again.get("ticket") == tickets[visit["visit_id"]], "the same visit again is the same ticket"
            for n in range(1, options.visits, 2):  # these have come now
                change = {"visit_id": f"{run}-{n}", "version": 2, "site": options.site, "checked_in": True, "fee_state": "paid"}
                answer = door.send("PATCH", "/visits", change)
                tickets[f"{run}-{n}"] = answer["ticket"]
            last = f"{run}-{options.visits - 1}"
            door.send("POST", "/visits/cancel", {"visit_id": last, "version": 9, "site": options.site})
            del tickets[last]
            print(f"{len(tickets)} visits are in", flush=True)
        (name, what), = event.items()
        if name == "snapshot":
            heard = what["tickets"].values()
        else:
            print(json.dumps({name: what}, ensure_ascii=False), flush=True)
            heard = [what]
        for one in heard:  # a step may be undone: the ticket's state counts, not the event; one that goes on elsewhere does not
            if one.get("visit_id") in tickets and "linked_to" in one and not one["linked_to"]:
                ended[one["visit_id"]] = one["state"] == "ended"
        if begun and sum(ended.values()) == len(tickets):
            print(f"all {len(tickets)} visits have ended")
            return
    raise SystemExit(f"{len(tickets) - sum(ended.values())} visits have not ended")


if __name__ == "__main__":
    main()
