"""What the process asks of its system."""

import ctypes
import socket

import psutil
import pytest

from ui.process import give_back, prepare


@pytest.mark.skipif("not __import__('os').path.isdir('/proc/self/fd')", reason="the system lists no descriptors")
def test_who_connects_is_answered_at_once_and_every_socket_stays_open() -> None:
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


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="another C library")
def test_pages_on_which_nothing_lies_any_more_are_given_back() -> None:
    lying = [bytes(2_000) for _ in range(50_000)]
    stays = lying[::50]  # so that the heap's end stays where it is
    del lying
    held = psutil.Process().memory_info().rss
    give_back()
    assert held - psutil.Process().memory_info().rss > 50_000_000
    assert len(stays) == 1_000
