"""A local server with a feed that tests publish to, a page that links to it, and an empty page."""

from __future__ import annotations

from aiohttp import web

ITEM = "<item><title>{0}</title><link>https://example.org/{1}</link><guid>{1}</guid></item>"


class FeedServer:
    """Serves a feed whose items a test can change, at ``/feed`` and ``/moved``."""

    def __init__(self) -> None:
        self.titles = ["Old news"]
        self.status = 200
        self.name = "News"
        self.broken_items = 0

    def publish(self, title: str) -> None:
        self.titles.insert(0, title)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/feed", self.answer)
        app.router.add_get("/moved", self.answer)
        app.router.add_get("/page", _page)
        app.router.add_get("/nothing", _nothing)
        return app

    async def answer(self, _request: web.Request) -> web.Response:
        if self.status != 200:
            return web.Response(status=self.status)
        items = "".join(ITEM.format(title, title.replace(" ", "-")) for title in self.titles)
        items += "<item><guid>x</guid></item>" * self.broken_items
        return web.Response(
            text=f"<rss version='2.0'><channel><title>{self.name}</title>{items}</channel></rss>",
            content_type="application/rss+xml",
        )


async def _page(_request: web.Request) -> web.Response:
    link = "<link rel='alternate' type='application/rss+xml' href='/feed'>"
    return web.Response(text=f"<html><head>{link}</head></html>", content_type="text/html")


async def _nothing(_request: web.Request) -> web.Response:
    return web.Response(text="<html><p>Nothing here.</html>", content_type="text/html")
