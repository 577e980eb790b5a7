"""What the HTTP servers of tests share."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler


@web.middleware
async def close_connections(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keeps no connection open: SimCord would wait until the bot drops it, which takes 15 s."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.force_close()
        raise
    response.force_close()
    return response
