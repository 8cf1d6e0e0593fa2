"""What the browser fetches besides Streamlit itself: fonts and map data, from this server alone."""

from functools import cache
from importlib.resources import files

import fontpkg_be_vietnam_pro
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ui import map_routes

_FONTS = files(fontpkg_be_vietnam_pro) / "files"
_YEAR = "public, max-age=31536000, immutable"


async def font(request: Request) -> Response:
    """Serve one font file of the package by its name."""
    content = _font(request.path_params["name"])
    if content is None:
        return PlainTextResponse("No such font.", 404)
    return Response(content, media_type="font/ttf", headers={"Cache-Control": _YEAR})


@cache
def _font(name: str) -> bytes | None:
    known = {font.name: font for font in _FONTS.iterdir() if font.name.endswith(".ttf")}
    return known[name].read_bytes() if name in known else None


routes = [Route("/fonts/{name}", font), *map_routes.routes]
