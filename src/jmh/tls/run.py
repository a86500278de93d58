#!/usr/bin/env python3
"""Measures TLS echo servers side by side.

Each server and the load share core 0: so every server meets the same batches of ready connections, and the CPU time of the
server per message, from the scheduler's own account, compares well even on a noisy machine. Servers take turns in each round;
--starts repeats everything with new processes, because a JIT compiler decides differently each time. What is printed are medians
over all rounds of all starts; the memory is the peak. Handshakes on a cold JVM take long to get fast: give them --warm 30.

A server's command gets {to}, which becomes tcp:PORT, and {cert} and {key}, paths of PEM files (the key in PKCS #8).
asyncio and uvloop are built in; other servers are added with --own:

  run.py --own 'mine=java -cp classes MyEcho {cert} {key} {to}' --starts 3

Needs Linux, a C compiler, OpenSSL with its headers, taskset, and uvloop for the server of that name.
"""

import argparse
import contextlib
import json
import os
import re
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ON_CORE_0 = ["taskset", "-c", "0"]
PORT_BASE = 20000


class Failure(Exception):
    pass


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--what", choices=["echo", "handshake"], default="echo")
    p.add_argument("--own", action="append", default=[], metavar="NAME=COMMAND", help="a further server; may be repeated")
    p.add_argument("--servers", help="only these, by name and in this order: a,b")
    p.add_argument("--sizes", default="1024,10240,102400", help="bytes per message (echo)")
    p.add_argument("--conns", type=int, default=10, help="concurrent connections")
    p.add_argument("--rounds", type=int, default=3, help="measurements per size and start")
    p.add_argument("--secs", type=float, default=2, help="of one measurement")
    p.add_argument("--warm", type=float, default=10, help="seconds of each of the two warm-up visits; half of it before each size")
    p.add_argument("--starts", type=int, default=1, help="times to start the servers anew")
    p.add_argument("--cipher", help="the only cipher suite the load offers; without it, servers choose different ones")
    p.add_argument("--tls12", action="store_true", help="TLS 1.2 rather than 1.3")
    p.add_argument("--resume", action="store_true", help="handshakes resume sessions")
    p.add_argument("--rsa", action="store_true", help="a certificate with RSA 2048 rather than EC P-256")
    p.add_argument("--python", default=sys.executable, help="interpreter of the built-in servers")
    p.add_argument("--build", type=Path, default=HERE.parents[2] / "target" / "tls", help="folder for the compiled load")
    p.add_argument("--json", metavar="FILE", help="write the medians, and every measurement, to this file")
    a = p.parse_args()
    a.sizes = [int(size) for size in a.sizes.split(",")] if a.what == "echo" else [1]
    a.commands = {kind: f"{a.python} {HERE / 'tls_echo.py'} {kind} {{cert}} {{key}} {{to}}" for kind in ("asyncio", "uvloop")}
    for own in a.own:
        name, equals, command = own.partition("=")
        if not equals:
            p.error(f"--own without NAME=: {own}")
        a.commands[name] = command
    if a.servers:
        unknown = set(a.servers.split(",")) - set(a.commands)
        if unknown:
            p.error(f"no such server: {', '.join(unknown)}")
        a.commands = {name: a.commands[name] for name in a.servers.split(",")}
    return a


def compiled_load(folder):
    source, binary = HERE / "tls_load.c", folder / "tls_load"
    if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-O2", "-o", binary, source, "-lssl", "-lcrypto"], check=True)
    return binary


def certificate(folder, rsa):
    cert, key = folder / "cert.pem", folder / "key.pem"
    kind = ["rsa:2048"] if rsa else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command = ["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", "30", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


class Server:
    """A running server, with its account of CPU time and memory."""

    def __init__(self, name, command, port, cert, key, folder):
        self.name, self.port, self.log = name, port, folder / f"{name}.log"
        places = {"{to}": f"tcp:{port}", "{cert}": str(cert), "{key}": str(key)}
        words = [re.sub(r"\{(to|cert|key)\}", lambda m: places[m.group()], word) for word in shlex.split(command)]
        with self.log.open("wb") as log:
            env = dict(os.environ, GOMAXPROCS="1")  # a Go server takes one core, like every other
            self.process = subprocess.Popen(ON_CORE_0 + words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)

    def await_listening(self, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise Failure(f"{self.name} does not listen: {self.last_words()}")

    def last_words(self):
        return self.log.read_text(errors="replace")[-1000:].strip() or "(it said nothing)"

    def cpu_us(self):
        total = 0
        for account in Path(f"/proc/{self.process.pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):  # the thread has ended
                total += int(account.read_text().split()[0])
        return total / 1000

    def peak_mib(self):
        peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        if not peak:
            raise Failure(f"{self.name} has died: {self.last_words()}")
        return int(peak.group(1)) / 1024

    def stop(self):
        self.process.kill()
        self.process.wait()


class Load:
    def __init__(self, a):
        self.binary, self.what, self.conns = compiled_load(a.build), a.what, a.conns
        self.options = ["--wait"] + ["--tls12"] * a.tls12 + ["--resume"] * a.resume + (["--cipher", a.cipher] if a.cipher else [])

    def visit(self, server, size, secs):
        """Runs the load once, and returns what it tells, with the server's CPU time between the first message and the last."""
        sizes = [str(size)] if self.what == "echo" else []
        command = [*ON_CORE_0, self.binary, self.what, f"tcp:{server.port}", *sizes, str(self.conns), str(secs), *self.options]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as load:
            line = load.stdout.readline()
            if line == "ready\n":
                before = server.cpu_us()
                load.stdin.write("\n")
                load.stdin.flush()
                line = load.stdout.readline()
                after = server.cpu_us()
            failure = load.stderr.read().strip()
        if load.returncode != 0:
            raise Failure(f"{server.name}: {failure}")
        result = json.loads(line)
        result["cpu_us"] = (after - before) / result["count"]
        result["rss_mib"] = server.peak_mib()
        return result


class Start:
    """One set of running servers. A server that fails is told of and left out from then on; the others go on."""

    def __init__(self, a, number, load, failures):
        self.a, self.number, self.load, self.failures = a, number, load, failures
        self.servers = []

    def say(self, text):
        print(f"start {self.number + 1}/{self.a.starts}: {text}", file=sys.stderr, flush=True)

    def guarded(self, server, action):
        try:
            return action()
        except Failure as failure:
            self.say(f"FAILED: {failure}")
            self.failures[server.name] = str(failure)
            self.servers.remove(server)
            server.stop()

    def run(self, cert, key, folder, results):
        try:
            for i, (name, command) in enumerate(self.a.commands.items()):
                port = PORT_BASE + (os.getpid() + 50 * self.number + i) % 10000  # below those that the system gives to clients
                server = Server(name, command, port, cert, key, folder)
                self.servers.append(server)
                self.guarded(server, server.await_listening)
            self.warm_up()
            for size in self.a.sizes:
                self.measure(size, results[size])
        finally:
            for server in self.servers:
                server.stop()

    def warm_up(self):
        for visit in (1, 2):  # a JIT compiler learns in the first, and may finish in the second only
            for server in list(self.servers):
                self.say(f"warm-up {visit}/2: {server.name}")
                self.guarded(server, lambda: self.load.visit(server, self.a.sizes[0], self.a.warm))

    def measure(self, size, results):
        for server in list(self.servers):
            self.guarded(server, lambda: self.load.visit(server, size, self.a.warm / 2))
        for turn in range(self.a.rounds):
            first = turn % max(1, len(self.servers))
            for server in self.servers[first:] + self.servers[:first]:
                result = self.guarded(server, lambda: self.measured(server, size))
                if result:
                    results[server.name].append(result)
                    rate = f"{result['rps']} req/s, {result['cpu_us']:.2f} us"
                    self.say(f"size {size}: round {turn + 1}/{self.a.rounds}: {server.name}: {rate}")

    def measured(self, server, size):
        self.load.visit(server, size, min(0.3, self.a.secs))  # the caches are full of another server's
        return self.load.visit(server, size, self.a.secs)


def summary(runs):
    medians = {key: statistics.median(run[key] for run in runs) for key in ("rps", "cpu_us", "p50_us", "p99_us")}
    text = {key: "/".join(sorted({run[key] for run in runs})) for key in ("protocol", "cipher", "group")}
    resumed = {"resumed": min(run["resumed"] for run in runs)} if "resumed" in runs[0] else {}
    return {**medians, "rss_mib": max(run["rss_mib"] for run in runs), **text, **resumed, "runs": runs}


def print_table(a, size, rows):
    title = f"echo of {size} bytes" if a.what == "echo" else "resumed handshakes" if a.resume else "full handshakes"
    key = "RSA 2048" if a.rsa else "EC P-256"
    print(f"\n{title}, {a.conns} connections, {key}, {a.starts} starts of {a.rounds} rounds of {a.secs:g} s")
    print(f"{'server':<20}{'req/s':>9}{'CPU us':>10}{'p50 us':>9}{'p99 us':>9}{'RSS MiB':>9}  cipher")
    for name, row in sorted(rows.items(), key=lambda item: item[1]["cpu_us"]):
        resumed = f", {row['resumed']:.1%} resumed" if a.resume and "resumed" in row else ""
        print(
            f"{name:<20}{row['rps']:>9.0f}{row['cpu_us']:>10.2f}{row['p50_us']:>9.0f}{row['p99_us']:>9.0f}{row['rss_mib']:>9.0f}"
            f"  {row['cipher']}, {row['protocol']}, {row['group']}{resumed}"
        )


def main():
    a = options()
    results = {size: {name: [] for name in a.commands} for size in a.sizes}
    failures = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cert, key = certificate(folder, a.rsa)
        load = Load(a)
        for number in range(a.starts):
            Start(a, number, load, failures).run(cert, key, folder, results)
    summaries = {size: {name: summary(runs) for name, runs in rows.items() if runs} for size, rows in results.items()}
    for size, rows in summaries.items():
        print_table(a, size, rows)
    if a.json:
        Path(a.json).write_text(json.dumps(summaries, indent=1) + "\n")
    if failures:
        sys.exit("\n" + "\n".join(f"FAILED: {failure}" for failure in failures.values()))


if __name__ == "__main__":
    main()
