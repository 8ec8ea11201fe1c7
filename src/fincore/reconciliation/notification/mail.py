"""Notices by e-mail, to one mail server that takes them for all recipients (RFC 5321)."""

import asyncio
import contextlib
import re
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

import aiosmtplib
import structlog

from fincore.domain.clock import Clock
from fincore.domain.counting import counted
from fincore.domain.secret import Secret
from fincore.reconciliation.metrics import NOTICE_RECIPIENTS_REFUSED
from fincore.reconciliation.notification.channel import ChannelName, NotSent
from fincore.reconciliation.notification.notice import Notice
from fincore.reconciliation.notification.notice_forms import notice_html, notice_text
from fincore.reconciliation.notification.places import SmtpServer

_log = structlog.get_logger(__name__)

STEP_SECONDS_MAX: Final = 20.0
"""How long the server may take for one answer."""
MAIL_SECONDS_MAX: Final = 45.0
"""From the look-up of the name to the server's word that it has the mail."""
PARTING_SECONDS_MAX: Final = 2.0
REMEMBERED_MAX: Final = 1_000
"""Of so many notices a process remembers for which recipients it is done; one more attempt of an older one is for all."""
_FOR_GOOD: Final = 500
"""From this code on an answer is final (RFC 5321, section 4.2.1); one below puts off, as greylisting does."""
_Answer = aiosmtplib.SMTPResponse | aiosmtplib.SMTPResponseException
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
"""The status code that RFC 2034 puts at the beginning of an answer; the rest of an answer is the server's, and is not repeated."""


class Mail:
    """Sends each notice over a connection of its own, with TLS before anything is said, unless the server is this machine itself."""

    name: ChannelName = "email"

    def __init__(
        self,
        server: SmtpServer,
        password: Secret | None,
        clock: Clock,
        *,
        sender: str,
        recipients: tuple[str, ...],
        tls: ssl.SSLContext | None = None,
        seconds_max: float = MAIL_SECONDS_MAX,
    ) -> None:
        self._server = server
        self._password = password
        self._clock = clock
        self._sender = sender
        self._recipients = recipients
        self._tls = tls
        self._seconds_max = seconds_max
        self._done: dict[str, frozenset[str]] = {}

    async def send(self, notice: Notice) -> None:
        """The notice has arrived when the server has taken it for at least one recipient, and has put off none.

        An attempt after one that put off recipients is for these alone, as far as this process remembers.
        """
        done = self._done.get(notice.notice_id, frozenset())
        recipients = [one for one in self._recipients if one not in done]
        refused = await self._sent(notice, recipients, is_first=not done)
        put_off = {one for one, answer in refused.items() if answer.code < _FOR_GOOD}
        if for_good := len(refused) - len(put_off):
            NOTICE_RECIPIENTS_REFUSED.inc(for_good)
            _log.warning(
                "reconciliation.recipients_refused", refused=for_good, recipients=len(self._recipients)
            )
        self._done.pop(notice.notice_id, None)
        if put_off:
            while len(self._done) >= REMEMBERED_MAX:
                del self._done[next(iter(self._done))]
            self._done[notice.notice_id] = done | (set(recipients) - put_off)
            codes = ", ".join(sorted({_codes(refused[one]) for one in put_off}))
            raise NotSent(
                f"the mail server put off {len(put_off):,} of {counted(len(self._recipients), 'recipient')} ({codes})"
            )

    async def _sent(self, notice: Notice, recipients: list[str], *, is_first: bool) -> dict[str, _Answer]:
        """Send to the recipients; those that the server refused, with its answers. Raises `NotSent`, also where a first attempt reaches no one."""
        message, client = self._message(notice).as_bytes(), self._client()
        refused: dict[str, _Answer]
        try:
            async with asyncio.timeout(self._seconds_max):
                await client.connect()
                try:
                    answers, _ = await client.sendmail(self._sender, recipients, message)
                    refused = dict(answers)
                except aiosmtplib.SMTPRecipientsRefused as error:
                    if is_first:
                        raise
                    refused = {one.recipient: one for one in error.recipients}
            # The server has the mail: how the parting goes does not matter.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=PARTING_SECONDS_MAX)
        except TimeoutError:
            raise NotSent("the mail server is too slow") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotSent(_reason(error)) from None
        finally:
            client.close()
        return refused

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            username=server.user,
            password=self._password.reveal() if self._password else None,
            # What a server is told when it greets: the machine's own name would have to be looked up.
            local_hostname=self._sender.rpartition("@")[2],
            tls_context=self._tls or ssl.create_default_context(),
            timeout=STEP_SECONDS_MAX,
        )

    def _message(self, notice: Notice) -> EmailMessage:
        """Text and HTML. The id is the same in each copy, so that a mail reader shows one."""
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = ", ".join(self._recipients)
        message["Subject"] = notice.subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = f"<{notice.notice_id}@{self._sender.rpartition('@')[2]}>"
        # RFC 3834: no reply by a machine, such as of a person on holiday.
        message["Auto-Submitted"] = "auto-generated"
        if notice.needs_person:
            message["Importance"] = "high"
        message.set_content(notice_text(notice), cte="quoted-printable")
        message.add_alternative(notice_html(notice), subtype="html", cte="quoted-printable")
        return message


def _reason(error: aiosmtplib.SMTPException | OSError) -> str:
    """In words of ours, with the codes of the server's answer alone."""
    match error:
        case aiosmtplib.SMTPAuthenticationError(code=code):
            return f"the mail server refused user and password ({code})"
        case aiosmtplib.SMTPRecipientsRefused(recipients=refused):
            codes = ", ".join(sorted({_codes(one) for one in refused}))
            return f"the mail server refused every recipient ({codes})"
        case aiosmtplib.SMTPResponseException():
            return f"the mail server refused the mail ({_codes(error)})"
        case aiosmtplib.SMTPTimeoutError():
            return "the mail server is too slow"
        case ssl.SSLError():
            return "TLS failed: the mail server's certificate is not trusted, or not for its name"
        case aiosmtplib.SMTPConnectError():
            # The library wraps what TLS says.
            if isinstance(error.__cause__, ssl.SSLError):
                return _reason(error.__cause__)
            return "no connection to the mail server"
        case aiosmtplib.SMTPServerDisconnected():
            return "the mail server closed the connection"
        case aiosmtplib.SMTPException():
            # What is left is what the server lacks.
            return "the mail server does not offer STARTTLS, or no login that is known here"
        case _:
            return "no connection to the mail server"


def _codes(error: _Answer) -> str:
    found = _ENHANCED.match(error.message)
    return f"{error.code} {found[0]}" if found else str(error.code)
