"""The process settings."""

import socket

import pytest

from ui.base.process import prepare


@pytest.mark.skipif("not __import__('os').path.isdir('/proc/self/fd')", reason="the system lists no descriptors")
def test_tcp_nodelay_is_set_and_every_socket_stays_open() -> None:
    here, there = socket.socketpair()
    with here, there, socket.create_server(("127.0.0.1", 0)) as listening:
        assert not listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        prepare()
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        here.sendall(b"still here")
        assert there.recv(20) == b"still here"
