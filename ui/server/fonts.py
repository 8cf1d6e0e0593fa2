"""Fonts, served from this server alone."""

from functools import cache
from importlib.resources import files

import fontpkg_be_vietnam_pro
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ui.map import map_routes

_FONTS = files(fontpkg_be_vietnam_pro) / "files"
_YEAR = "public, max-age=31536000, immutable"


async def font(request: Request) -> Response:
    """Serve one font file of the package by its name."""
    content = _known_fonts().get(request.path_params["name"])
    if content is None:
        return PlainTextResponse("No such font.", 404)
    return Response(content, media_type="font/ttf", headers={"Cache-Control": _YEAR})


@cache
def _known_fonts() -> dict[str, bytes]:
    return {font.name: font.read_bytes() for font in _FONTS.iterdir() if font.name.endswith(".ttf")}


routes = [Route("/fonts/{name}", font), *map_routes.routes]
