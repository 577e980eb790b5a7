"""Reads what sources answer, in sandboxed processes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from bot.net.http import HttpError, Page
from bot.net.sandbox import ResourceLimitExceeded, Workers
from bot.sources.source import Response, Source, TooManyWorks
from storage.errors import LabError

_log = logging.getLogger(__name__)
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


async def read_page(
    workers: Workers,
    source: Source,
    page: Page,
    received_at: datetime,
    function: Callable[Concatenate[Response, _Arguments], _Result],
    *args: _Arguments.args,
    **kwargs: _Arguments.kwargs,
) -> _Result:
    """Reads a page with a module-level function, which gets the response and the arguments.

    Raises `TooManyWorks`, or `LabError` whatever else is wrong with the page.
    """
    if page.status not in {200, 203}:
        raise HttpError(f"{source.title} answered with HTTP {page.status}.", status=page.status)
    response = Response(page.url, page.body, page.content_type, received_at)
    try:
        return await workers.run(function, response, *args, **kwargs)
    except TooManyWorks:
        raise
    except Exception as error:  # whatever is wrong with it, the other sources are asked
        _log.warning("%s sent what can't be read", source.title, exc_info=error)
        reason = f"It {error.reason}." if isinstance(error, ResourceLimitExceeded) else ""
        raise LabError(f"I couldn't read what {source.title} sent. {reason}".strip()) from error
