"""An echo of datagrams, to compare with: udp_echo.py uvloop|asyncio udp:[HOST:]PORT"""

import asyncio
import sys


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


def new_loop(kind):
    if kind == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


def main(kind, address):
    host, _, port = address.removeprefix("udp:").rpartition(":")
    loop = new_loop(kind)
    local = (host or "127.0.0.1", int(port))
    transport, _ = loop.run_until_complete(loop.create_datagram_endpoint(Echo, local_addr=local))
    print("listening on", transport.get_extra_info("sockname"), flush=True)
    loop.run_forever()


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("uvloop", "asyncio") or not sys.argv[2].startswith("udp:"):
        sys.exit("usage: " + __doc__.partition(": ")[2])
    main(sys.argv[1], sys.argv[2])
