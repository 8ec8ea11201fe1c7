"""Notices by webhook, signed as those to merchants are (Standard Webhooks 1.0)."""

import ssl
from typing import Final

import aiohttp
from yarl import URL

from fincore.domain.clock import Clock
from fincore.domain.secret import Secret
from fincore.notify.sender import error_of
from fincore.notify.webhook_secret import signed_headers
from fincore.reconciliation.notification.channel import ChannelName, NotSent
from fincore.reconciliation.notification.notice import Notice
from fincore.reconciliation.notification.notice_forms import notice_body
from fincore.version import VERSION

TIMEOUT_SECONDS: Final = 15.0
"""From the look-up of the name to the end of the answer."""


class Webhook:
    """Posts to the one URL that the operator chose, with a connection for each notice.

    Redirects are not followed, proxies of the environment not used, cookies not kept.
    """

    name: ChannelName = "webhook"

    def __init__(
        self,
        url: str,
        secret: Secret,
        clock: Clock,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url = URL(url, encoded=True)
        self._secret = secret
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._tls = tls

    async def send(self, notice: Notice) -> None:
        """Only an answer of 2xx tells that the notice arrived."""
        body = notice_body(notice)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"FinCore-Notices/{VERSION}",
            "Accept-Encoding": "identity",
            **signed_headers(notice.notice_id, body, (self._secret,), self._clock.now()),
        }
        try:
            async with (
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(ssl=self._tls or True, force_close=True),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    auto_decompress=False,
                    timeout=self._timeout,
                ) as session,
                session.post(self._url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                # Nothing in the body changes what the status says: it is not read.
                status = response.status
        except Exception as error:  # noqa: BLE001 -- any error that a server makes a library raise ends here
            # Errors of the library name the URL, which may hold a token.
            raise NotSent(f"no answer: {error_of(error).replace('_', ' ')}") from None
        if not 200 <= status < 300:  # noqa: PLR2004 -- the lines HTTP draws
            raise NotSent(f"the server answered {status}")
