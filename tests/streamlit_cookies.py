"""Streamlit's cookies of sign-in as it signs them, for tests that forge them or have a good one."""

from streamlit.web.server.starlette.starlette_app_utils import create_signed_value, generate_xsrf_token_string
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME, XSRF_COOKIE_NAME

__all__ = [
    "READS_THE_KEY",
    "USER_COOKIE_NAME",
    "XSRF_COOKIE_NAME",
    "create_signed_value",
    "generate_xsrf_token_string",
]

READS_THE_KEY = "streamlit.web.server.starlette.starlette_websocket.get_cookie_secret"
"""What returns the secret that the cookies are read with."""
