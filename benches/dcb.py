"""Appends on condition, and reads by tags, from so many clients, at Daybook or at UmaDB. Used by dcb.sh.

    dcb.py append (daybook|umadb) URL [--key KEY] --clients N --batch N --seconds S [--history]
    dcb.py fill   (daybook|umadb) URL [--key KEY] --streams N --each N
    dcb.py read   (daybook|umadb) URL [--key KEY] --streams N --each N --clients N --seconds S

Clients are threads of at most four processes. What can be made before the clock runs is made before: bodies and requests
for Daybook, event objects for UmaDB. A request of Daybook's is written to a socket and its answer read up to its length;
UmaDB's own client, which is Rust inside Python, does the rest there. Events of Daybook have ids of their own, by which
every append is idempotent; those of UmaDB have none, and are not.
"""

import argparse
import itertools
import json
import multiprocessing
import random
import socket
import threading
import time
import uuid
from urllib.parse import urlsplit

TYPE = "BENCH.THING.DONE"
TEXT = "x" * 220
AFTER_DIGITS = 12


class Daybook:
    def __init__(self, url, key):
        parts = urlsplit(url)
        self.place = (parts.hostname, parts.port)
        self.head = f"Host: {parts.netloc}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        # UmaDB answers with the last position, and no more.
        self.head += "Prefer: return=minimal\r\n"
        self.socket = None
        self.templates = {}
        # The first three groups of a UUID, and the fourth; every client has its own.
        self.prefix = f"{uuid.uuid4()}"[:24]
        self.numbers = itertools.count()

    def connect(self):
        self.socket = socket.create_connection(self.place)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left = b""

    def request(self, path, body):
        return self.headed(path, json.dumps(body, separators=(",", ":")).encode())

    def headed(self, path, body):
        return f"POST /v1/bench/{path} HTTP/1.1\r\n{self.head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def call(self, request):
        self.socket.sendall(request)
        data = self.left
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self.received()
        head = data[:end].lower()
        begin = head.index(b"content-length:") + 15
        line = head.find(b"\r\n", begin)
        length = int(head[begin : line if line >= 0 else len(head)])
        pieces, have = [data[end + 4 :]], len(data) - end - 4
        while have < length:
            piece = self.received()
            pieces.append(piece)
            have += len(piece)
        body = b"".join(pieces)
        body, self.left = body[:length], body[length:]
        if not data.startswith(b"HTTP/1.1 200"):
            raise SystemExit(body.decode())
        return body

    def received(self):
        piece = self.socket.recv(1 << 20)
        if not piece:
            raise SystemExit("the server hung up")
        return piece

    def prepare(self, streams, batch):
        """One request each."""
        # Written into a text that is there already: what makes requests shares the processors with what is measured.
        if batch not in self.templates:
            query = {"items": [{"types": [TYPE], "tags": {"stream": "@stream@"}}]}
            event = {"id": "@id@", "name": TYPE, "tags": {"stream": "@stream@"}, "data": {"text": TEXT}}
            # Where the condition begins is not known before, so there is room for it. Behind 0 is everything, as without it.
            after = " " * (AFTER_DIGITS - 1) + "0"
            body = {"events": [event] * batch, "condition": {"fail_if_events_match": query, "after": "@after@"}}
            text = json.dumps(body, separators=(",", ":")).replace('"@after@"', after)
            self.templates[batch] = text.replace("@id@", "%s%012x")
        prepared = []
        for stream in streams:
            first = next(self.numbers) * batch
            ids = [part for number in range(first, first + batch) for part in (self.prefix, number)]
            body = (self.templates[batch] % tuple(ids)).replace("@stream@", stream).encode()
            prepared.append((bytearray(self.headed("append", body)),))
        return prepared

    def append(self, prepared, after):
        (request,) = prepared
        if after is not None:
            request[-2 - AFTER_DIGITS : -2] = b"%*d" % (AFTER_DIGITS, after)
        answer = self.call(request)
        at = answer.index(b'"last_position":') + 16
        return int(answer[at : answer.index(b",", at)])

    def read(self, stream):
        query = {"items": [{"types": [TYPE], "tags": {"stream": stream}}]}
        return self.call(self.request("read", {"query": query})).count(b'"position":')


class UmaDB:
    def __init__(self, url, _key):
        self.url = url

    def connect(self):
        import umadb

        self.client = umadb.Client(self.url)

    def prepare(self, streams, batch):
        from umadb import Event, Query, QueryItem

        data = json.dumps({"text": TEXT}).encode()
        prepared = []
        for stream in streams:
            tag = f"stream:{stream}"
            query = Query([QueryItem(types=[TYPE], tags=[tag])])
            prepared.append(([Event(TYPE, data, tags=[tag]) for _ in range(batch)], query))
        return prepared

    def append(self, prepared, after):
        from umadb import AppendCondition

        events, query = prepared
        return self.client.append(events, AppendCondition(query, after))

    def read(self, stream):
        from umadb import Query, QueryItem

        query = Query([QueryItem(types=[TYPE], tags=[f"stream:{stream}"])])
        return len(self.client.read(query).collect_with_head()[0])


def client_of(options):
    return {"daybook": Daybook, "umadb": UmaDB}[options.store](options.url, options.key)


def append_loop(options, number, ready, go, results):
    """Appends until the time is over; makes new requests where those made before were not enough, off the clock."""
    client = client_of(options)
    client.connect()
    name = uuid.uuid4().hex[:12]
    made = 0

    def more(count):
        nonlocal made
        made += count
        return client.prepare([f"{name}-{at}" for at in range(made - count, made)], options.batch)

    portion = max(4, min(2000, 20000 // options.batch // options.clients))
    prepared = more(portion)
    ready.wait()
    go.wait()
    calls, spent, after, times = 0, 0.0, None, []
    until = time.perf_counter() + options.seconds
    while time.perf_counter() < until:
        if not prepared:
            begun = time.perf_counter()
            prepared = more(portion)
            spent += time.perf_counter() - begun
            continue
        begun = time.perf_counter()
        after_now = client.append(prepared.pop(), None if options.history else after)
        times.append(time.perf_counter() - begun)
        after = after_now
        calls += 1
    results.append((calls, options.seconds - spent, times))


def read_loop(options, number, ready, go, results):
    client = client_of(options)
    client.connect()
    draw = random.Random(number)
    ready.wait()
    go.wait()
    calls, times = 0, []
    until = time.perf_counter() + options.seconds
    while time.perf_counter() < until:
        begun = time.perf_counter()
        got = client.read(f"filled-{draw.randrange(options.streams)}")
        times.append(time.perf_counter() - begun)
        assert got == options.each, got
        calls += 1
    results.append((calls, options.seconds, times))


def process(loop, options, numbers, ready, go, queue):
    results = []

    def client(number):
        try:
            loop(options, number, ready, go, results)
        except BaseException:
            ready.abort()
            raise

    if options.store == "umadb":
        # It wants to be imported by a main thread.
        import umadb
    threads = [threading.Thread(target=client, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.put((len(threads), results))


def run(loop, options, unit):
    count = min(4, options.clients)
    ready = multiprocessing.Barrier(options.clients + 1)
    go = multiprocessing.Event()
    queue = multiprocessing.Queue()
    shares = [range(at, options.clients, count) for at in range(count)]
    processes = [
        multiprocessing.Process(target=process, args=(loop, options, share, ready, go, queue)) for share in shares
    ]
    for one in processes:
        one.start()
    ready.wait()
    go.set()
    results = []
    for _ in processes:
        threads, got = queue.get()
        if len(got) != threads:
            raise SystemExit("a client failed")
        results += got
    for one in processes:
        one.join()
    rate = sum(calls / seconds for calls, seconds, _ in results if seconds > 0)
    times = sorted(time for _, _, times in results for time in times)
    at = lambda share: times[min(len(times) - 1, int(len(times) * share))] * 1e3 if times else float("nan")
    print(f"{rate:.0f} {rate * unit:.0f} {at(0.5):.3f} {at(0.99):.3f}")


def fill(options):
    client = client_of(options)
    client.connect()
    # The events of a stream lie far from each other, as those of a real one do.
    names = [f"filled-{number}" for number in range(options.streams)]
    for _ in range(options.each):
        for begin in range(0, options.streams, 500):
            some = names[begin : begin + 500]
            if options.store == "daybook":
                events = [
                    {"id": str(uuid.uuid4()), "name": TYPE, "tags": {"stream": stream}, "data": {"text": TEXT}}
                    for stream in some
                ]
                client.call(client.request("append", {"events": events}))
            else:
                client.client.append([events[0] for events, _ in client.prepare(some, 1)])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["append", "fill", "read"])
    parser.add_argument("store", choices=["daybook", "umadb"])
    parser.add_argument("url")
    parser.add_argument("--key", default="")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--each", type=int, default=50)
    parser.add_argument("--history", action="store_true", help="conditions without `after`")
    options = parser.parse_args()
    if options.what == "append":
        run(append_loop, options, options.batch)
    elif options.what == "read":
        run(read_loop, options, options.each)
    else:
        fill(options)


if __name__ == "__main__":
    main()
