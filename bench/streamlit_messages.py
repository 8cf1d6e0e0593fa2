"""Streamlit's own WebSocket and its messages, which its documentation does not promise: what a browser and it say.

tests/test_streamlit_contract.py holds that they are there.
"""

from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.typing import Subprotocol

from ui.base.streamlit_internals import HEALTH, STREAM

__all__ = ["HEALTH", "PROTOCOL", "BackMsg", "ForwardMsg", "stream"]

PROTOCOL = Subprotocol("streamlit")


def stream(address: str) -> str:
    """Return the address of the WebSocket of a dashboard at an address (http://host:port)."""
    return f"ws://{urlsplit(address).netloc}{STREAM}"
