"""Keeps discord.py from retrying the requests that post a message or start a thread.

discord.py repeats every request that fails with a server error or a broken connection. Discord may
have carried it out nevertheless, and then a message whose nonce has expired, or a forum's thread,
which has no nonce, would appear twice. With `no_retry_trace` such a request raises
`DeliveryUnknown`, and the dispatcher reads the channel's history before it sends again.
"""

from __future__ import annotations

import re
from types import SimpleNamespace

import aiohttp

_POST_PATH = re.compile(r"/channels/\d+/(messages|threads)$")


class DeliveryUnknown(aiohttp.ClientError):
    """A message may or may not have been posted."""


def no_retry_trace() -> aiohttp.TraceConfig:
    """Returns the ``http_trace`` for a `discord.Client`."""
    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(_check_response)
    trace.on_request_exception.append(_check_exception)
    return trace


async def _check_response(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    params: aiohttp.TraceRequestEndParams,
) -> None:
    response = params.response
    if response.status >= 500 and _posts_message(params.method, params.url.path):
        response.close()
        raise DeliveryUnknown(f"Discord answered {response.status} {response.reason}")


async def _check_exception(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    params: aiohttp.TraceRequestExceptionParams,
) -> None:
    if isinstance(params.exception, OSError) and _posts_message(params.method, params.url.path):
        raise DeliveryUnknown(str(params.exception)) from params.exception


def _posts_message(method: str, path: str) -> bool:
    return method == "POST" and _POST_PATH.search(path) is not None
