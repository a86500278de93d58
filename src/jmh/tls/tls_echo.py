"""An echo over TLS, to compare with: tls_echo.py asyncio|uvloop CERT KEY tcp:PORT"""

import asyncio
import socket
import ssl
import sys


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data):
        self.transport.write(data)


def new_loop(kind):
    if kind == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


def main(kind, cert, key, address):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    loop = new_loop(kind)
    port = int(address.removeprefix("tcp:"))
    loop.run_until_complete(loop.create_server(Echo, "127.0.0.1", port, ssl=context))
    loop.run_forever()


if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[1] not in ("uvloop", "asyncio") or not sys.argv[4].startswith("tcp:"):
        sys.exit("usage: " + __doc__.partition(": ")[2])
    main(*sys.argv[1:])
