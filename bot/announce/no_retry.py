"""Asking Discord once to post a message: what it fails at is not asked again unseen.

discord.py repeats by itself every request that Discord answers with a fault of its own, or whose
connection breaks. Discord may have done what was asked nevertheless; a message for whose nonce it
looks too late, or a forum's thread, which has none, would stand there twice. So such a request
ends with an error, and the courier looks into the channel before it sends anything again.
"""

from __future__ import annotations

import re
from types import SimpleNamespace

import aiohttp

_POSTING = re.compile(r"/channels/\d+/(messages|threads)$")


class DeliveryUnknown(aiohttp.ClientError):
    """A message was to be posted, and nobody knows whether it was."""


def ask_once() -> aiohttp.TraceConfig:
    """What a `discord.Client` takes as its ``http_trace``."""
    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(_look_at_answer)
    trace.on_request_exception.append(_look_at_failure)
    return trace


async def _look_at_answer(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    asked: aiohttp.TraceRequestEndParams,
) -> None:
    answer = asked.response
    if answer.status >= 500 and _is_posting(asked.method, asked.url.path):
        answer.close()
        raise DeliveryUnknown(f"Discord answered {answer.status} {answer.reason}")


async def _look_at_failure(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    asked: aiohttp.TraceRequestExceptionParams,
) -> None:
    if isinstance(asked.exception, OSError) and _is_posting(asked.method, asked.url.path):
        raise DeliveryUnknown(str(asked.exception)) from asked.exception


def _is_posting(method: str, path: str) -> bool:
    return method == "POST" and _POSTING.search(path) is not None
