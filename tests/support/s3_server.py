"""An object store in memory: the part of Amazon S3's API that Litestream uses."""

from __future__ import annotations

from xml.sax.saxutils import escape

from aiohttp import web
from aiohttp.typedefs import Handler

BUCKET = "papers"
ACCESS_KEY = "an-access-key"
_AT = "2026-11-23T12:00:00.000Z"


class ObjectStore:
    """One bucket, whose objects are kept by their keys. Requests must name the access key."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.app = web.Application(client_max_size=1 << 26, middlewares=[_authorize])
        self.app.add_routes(
            [
                web.get(f"/{BUCKET}", self._list),
                web.put(f"/{BUCKET}/{{key:.+}}", self._put),
                web.get(f"/{BUCKET}/{{key:.+}}", self._get),
            ]
        )

    async def _put(self, request: web.Request) -> web.Response:
        self.objects[request.match_info["key"]] = await request.read()
        return web.Response(headers={"ETag": '"etag"'})

    async def _get(self, request: web.Request) -> web.Response:
        content = self.objects[request.match_info["key"]]
        is_part = "Range" in request.headers
        return web.Response(
            body=content[request.http_range] if is_part else content, status=206 if is_part else 200
        )

    async def _list(self, request: web.Request) -> web.Response:
        prefix = request.query.get("prefix", "")
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{_AT}</LastModified>"
            f"<Size>{len(content)}</Size></Contents>"
            for key, content in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        return _xml(f"<ListBucketResult>{contents}</ListBucketResult>")


@web.middleware
async def _authorize(request: web.Request, handler: Handler) -> web.StreamResponse:
    if f"Credential={ACCESS_KEY}/" not in request.headers.get("Authorization", ""):
        return _xml("<Error><Code>AccessDenied</Code></Error>", status=403)
    return await handler(request)


def _xml(content: str, status: int = 200) -> web.Response:
    return web.Response(text=content, status=status, content_type="application/xml")
