from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.net.http import HostQueue, HttpClient, HttpError, open_http_client, retry_after
from bot.net.ssrf import PublicResolver, is_public

NOW = datetime(2026, 11, 23, tzinfo=UTC)


async def echo(request: web.Request) -> web.Response:
    return web.Response(text=request.headers["User-Agent"], headers={"ETag": '"1"'})


async def keys(request: web.Request) -> web.Response:
    names = ("Accept", "X-Api-Key")
    return web.Response(text=" ".join(request.headers.get(name, "none") for name in names))


async def redirect(request: web.Request) -> web.Response:
    hops = int(request.match_info["hops"])
    status = int(request.match_info["status"])
    to = "/echo" if hops == 1 else f"/redirect/{status}/{hops - 1}"
    return web.Response(status=status, headers={"Location": to})


async def elsewhere(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": request.query["to"]})


async def status(request: web.Request) -> web.Response:
    return web.Response(status=int(request.match_info["status"]), headers={"Retry-After": "120"})


async def bomb(_request: web.Request) -> web.Response:
    body = gzip.compress(b"\0" * 30_000_000)
    return web.Response(body=body, headers={"Content-Encoding": "gzip"})


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65536)


async def silent(_request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError("nobody waits so long")


async def drip(request: web.Request) -> web.StreamResponse:
    """Sends one byte at a time, each before the timeout, forever."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x")
        await asyncio.sleep(0.05)


async def unreadable(request: web.Request) -> web.Response:
    packing = request.match_info["packing"]
    return web.Response(body=b"no such packing", headers={"Content-Encoding": packing})


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    app = web.Application()
    app.router.add_get("/echo", echo)
    app.router.add_get("/keys", keys)
    app.router.add_get("/redirect/{status}/{hops}", redirect)
    app.router.add_get("/elsewhere", elsewhere)
    app.router.add_get("/status/{status}", status)
    app.router.add_get("/bomb", bomb)
    app.router.add_get("/endless", endless)
    app.router.add_get("/silent", silent)
    app.router.add_get("/drip", drip)
    app.router.add_get("/unreadable/{packing}", unreadable)
    async with TestServer(app) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    async with open_http_client(
        contact="lab@example.org",
        allow_private=True,
        time_limit=timedelta(seconds=3),
        max_bytes=1_000_000,
    ) as opened:
        yield opened


@pytest.fixture
async def guarded() -> AsyncIterator[HttpClient]:
    async with open_http_client(
        contact="", allow_private=False, time_limit=timedelta(seconds=3), max_bytes=1_000_000
    ) as opened:
        yield opened


async def test_it_names_itself_and_the_contact(client: HttpClient, server: TestServer) -> None:
    page = await client.get(str(server.make_url("/echo")))
    assert page.body.startswith(b"LabHerald/")
    assert page.body.endswith(b"(+lab@example.org)")
    assert (page.status, page.headers["ETag"]) == (200, '"1"')
    assert page.content_type.startswith("text/plain")


async def test_redirects_are_followed_and_permanent_ones_told(
    client: HttpClient, server: TestServer
) -> None:
    page = await client.get(str(server.make_url("/redirect/302/2")))
    assert page.url.endswith("/echo")
    assert page.permanent_url is None
    page = await client.get(str(server.make_url("/redirect/301/5")))
    assert page.permanent_url == page.url
    with pytest.raises(HttpError, match="keeps redirecting me"):
        await client.get(str(server.make_url("/redirect/301/6")))


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 429, 500, 503])
async def test_a_refusal_is_a_sentence_with_its_status(
    client: HttpClient, server: TestServer, code: int
) -> None:
    with pytest.raises(HttpError, match=f"HTTP {code}") as caught:
        await client.get(str(server.make_url(f"/status/{code}")))
    assert caught.value.status == code
    assert caught.value.retry_after == timedelta(seconds=120)


@pytest.mark.parametrize("path", ["/bomb", "/endless"])
async def test_an_answer_without_end_is_cut_off(
    client: HttpClient, server: TestServer, path: str
) -> None:
    with pytest.raises(HttpError, match="sent more than"):
        await client.get(str(server.make_url(path)))


@pytest.mark.parametrize("path", ["/silent", "/drip"])
async def test_a_silent_or_dripping_server_is_given_up(server: TestServer, path: str) -> None:
    async with open_http_client(
        contact="", allow_private=True, time_limit=timedelta(seconds=0.3), max_bytes=1000
    ) as hasty:
        with pytest.raises(HttpError, match="too long"):
            await hasty.get(str(server.make_url(path)))


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br"])
async def test_a_body_that_cannot_be_unpacked_is_a_sentence(
    client: HttpClient, server: TestServer, packing: str
) -> None:
    with pytest.raises(HttpError, match="couldn't read its response"):
        await client.get(str(server.make_url(f"/unreadable/{packing}")))


async def test_a_server_that_hangs_up_is_a_sentence(client: HttpClient) -> None:
    def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    listening = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(HttpError, match="couldn't reach"):
            await client.get(f"http://127.0.0.1:{port}/")


async def test_a_host_gets_one_request_at_a_time() -> None:
    at_once: list[int] = []
    now = 0

    async def answer(_request: web.Request) -> web.Response:
        nonlocal now
        now += 1
        at_once.append(now)
        await asyncio.sleep(0.01)
        now -= 1
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/", answer)
    loop = asyncio.get_running_loop()
    async with (
        TestServer(app) as server,
        open_http_client(
            contact="",
            allow_private=True,
            time_limit=timedelta(seconds=3),
            max_bytes=1000,
            pause=timedelta(seconds=0.2),
        ) as polite,
    ):
        home = str(server.make_url("/"))
        started = loop.time()
        await asyncio.gather(*(polite.get(home) for _ in range(5)))
        assert loop.time() - started < 0.8  # this machine needs no pause
        assert at_once == [1] * 5


async def test_a_host_has_a_pause_between_two_requests() -> None:
    hosts = HostQueue(timedelta(seconds=0.1))
    loop = asyncio.get_running_loop()
    started = loop.time()
    for _ in range(3):
        async with hosts.turn("papers.example.org"):
            pass
    assert loop.time() - started >= 0.2


async def test_idle_hosts_are_forgotten_when_there_are_very_many() -> None:
    hosts = HostQueue(timedelta())
    for number in range(1500):
        async with hosts.turn(f"host{number}.example.org"):
            pass
    assert len(hosts) <= 1000


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/echo",
        "http://localhost:{port}/echo",
        "http://[::1]:{port}/echo",
        "http://[::ffff:127.0.0.1]:{port}/echo",
        "http://2130706433:{port}/echo",
        "http://0x7f.1:{port}/echo",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://0.0.0.0:{port}/echo",
    ],
)
async def test_private_addresses_are_refused_in_every_notation(
    guarded: HttpClient, server: TestServer, url: str
) -> None:
    with pytest.raises(HttpError, match="private network"):
        await guarded.get(url.format(port=server.port))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "javascript:alert(1)", "ftp://example.org/", "", "http://"]
)
async def test_other_schemes_are_refused(client: HttpClient, url: str) -> None:
    with pytest.raises(HttpError, match="http"):
        await client.get(url)


async def test_an_address_with_a_password_or_a_bad_port_is_refused(client: HttpClient) -> None:
    with pytest.raises(HttpError, match="password"):
        await client.get("http://me:secret@example.org/")
    with pytest.raises(HttpError, match="a valid URL"):
        await client.get("http://example.org:99999/")


async def test_a_key_isnt_sent_on_to_another_server(client: HttpClient, server: TestServer) -> None:
    headers = {"Accept": "text/plain", "x-api-key": "CANARY"}
    own = server.make_url("/keys")
    for to, seen in ((str(own), b"CANARY"), (str(own.with_host("localhost")), b"none")):
        page = await client.get(str(server.make_url("/elsewhere").with_query(to=to)), headers)
        assert page.body == b"text/plain " + seen


async def test_a_redirect_to_nowhere_is_refused(client: HttpClient, server: TestServer) -> None:
    address = str(server.make_url("/elsewhere").with_query(to="http://[bad"))
    with pytest.raises(HttpError, match="a valid URL"):
        await client.get(address)


async def test_a_name_that_leads_to_this_machine_is_refused(
    guarded: HttpClient, server: TestServer
) -> None:
    """Also at a redirect, which is checked as any first address is."""
    with pytest.raises(HttpError, match="private network") as caught:
        await guarded.get(f"http://localhost:{server.port}/echo")
    assert caught.value.cause == "private address: localhost"


async def test_a_redirect_to_another_scheme_is_refused(
    client: HttpClient, server: TestServer
) -> None:
    address = str(server.make_url("/elsewhere").with_query(to="file:///etc/passwd"))
    with pytest.raises(HttpError, match="http"):
        await client.get(address)


async def test_an_unreachable_server_is_a_sentence(client: HttpClient) -> None:
    with pytest.raises(HttpError, match="couldn't reach") as caught:
        await client.get("http://127.0.0.1:1/")
    assert "ClientConnector" in caught.value.cause


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("fec0::1", False),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::1.1.1.1", True),
        ("192.88.99.1", False),
        ("a valid URL", False),
    ],
)
def test_only_the_public_internet_is_public(address: str, public: bool) -> None:  # noqa: FBT001
    assert is_public(address) is public


async def test_a_name_with_a_public_address_is_resolved() -> None:
    resolver = PublicResolver()
    assert [one["host"] for one in await resolver.resolve("8.8.8.8", 80)] == ["8.8.8.8"]
    await resolver.close()


def test_retry_after_is_read_as_seconds_or_a_date() -> None:
    assert retry_after("120", NOW) == timedelta(seconds=120)
    assert retry_after("Mon, 23 Nov 2026 00:01:00 GMT", NOW) == timedelta(minutes=1)
    assert retry_after("Sun, 22 Nov 2026 00:01:00 GMT", NOW) == timedelta()
    assert retry_after("Mon, 23 Nov 2026 00:01:00", NOW) == timedelta(minutes=1)
    assert retry_after("99999999999", NOW) == timedelta(days=7)
    assert retry_after("soon", NOW) is None
    assert retry_after("Mon, 01 Jan 2024 99999999999999999999:00:00 GMT", NOW) is None
    assert retry_after("Mon, 01 Jan 2024 00:00:00 +9999999999999", NOW) is None
    assert retry_after("", NOW) is None
