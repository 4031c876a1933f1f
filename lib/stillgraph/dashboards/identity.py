"""Who a request to the pages' server is from: a shared token, an officer's own, or a proxy that is trusted.

Every request is asked anew, so an officer whose token was taken back is out at once. A kernel is known to the officer
who opened it and to nobody else.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import re
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.auth.login import LoginFormHandler
from jupyter_server.base.handlers import JupyterHandler
from traitlets import Enum, Unicode

from stillgraph.casework import signing_in
from stillgraph.dashboards.reader import PROXY_HEADER
from stillgraph.errors import StillgraphError

MOST_REFUSED, WITHIN_S = 10, 60.0
"""Tokens refused before no other is looked at, and within how many seconds."""
WRONG = "This is not the token. It is in the address that the server printed when it was started."
SLOW_DOWN = "Too many tokens were refused within a minute. Wait a minute, and sign in then."
_KERNEL = re.compile(r"/(?:api/kernels|voila/api/shutdown|voila/execution)/(\w+-\w+-\w+-\w+-\w+)")


@dataclass
class Reader(User):
    """An officer who reads the pages; ``number`` is that of the token they signed in with, 0 where a proxy says so."""

    number: int = 0


class Identity(IdentityProvider):
    """Says who a request is from."""

    kind = Enum(("shared", "token", "proxy"), default_value="shared").tag(config=True)
    officer_header = Unicode("X-Remote-User").tag(config=True)
    case = Unicode().tag(config=True)
    proxy_secret = Unicode().tag(config=True)

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.cookie_options = {"samesite": "Lax"}
        self.owners: dict[str, str] = {}
        self._refused: deque[float] = deque(maxlen=MOST_REFUSED)

    @property
    def auth_enabled(self) -> bool:
        """Nothing is shown to a request from nobody."""
        return True

    def get_handlers(self) -> list[tuple[str, object]]:
        """Return the login page, the way out, and what says who is signed in."""
        found: list[tuple[str, object]] = [("/logout", SignOut), ("/reader", WhoReads)]
        return found if self.kind == "proxy" else [("/login", SignInPage), *found]

    async def get_user(self, handler: Any) -> User | None:
        """Return who a request is from, or ``None``; a kernel is reached by the officer who opened it alone."""
        reader = await self._reader(handler)
        asked = _KERNEL.match(handler.request.path)
        if asked and self.kind != "shared" and reader is not None and self.owners.get(asked[1]) != reader.username:
            self.log.warning("Officer %s asked for a kernel of somebody else", reader.username)
            return None
        return reader

    async def _reader(self, handler: Any) -> User | None:
        if self.kind == "shared":
            return await self._get_user(handler)
        if self.kind == "proxy":
            return await self._from_proxy(handler)
        return await self._from_cookie(handler)

    async def _from_cookie(self, handler: Any) -> User | None:
        cookie = handler.get_secure_cookie(self.get_cookie_name(handler), max_age_days=1)
        if not cookie:
            return None
        reader = self.user_from_cookie(cookie.decode())
        # In a thread, since the case file may be in use for a while.
        if not isinstance(reader, Reader) or not await asyncio.to_thread(
            signing_in.still_signed_in, Path(self.case), reader.username, reader.number
        ):
            self.clear_login_cookie(handler)
            return None
        return reader

    async def _from_proxy(self, handler: Any) -> User | None:
        brought = handler.request.headers.get_list(PROXY_HEADER)
        named = handler.request.headers.get_list(self.officer_header)
        if len(brought) != 1 or not hmac.compare_digest(brought[0].encode(), self.proxy_secret.encode()):
            return None
        # Two such headers would leave open whom the proxy meant, and which of them it wrote.
        if len(named) != 1 or not named[0].strip():
            return None
        officer = named[0].strip()
        known = await asyncio.to_thread(signing_in.is_officer, Path(self.case), officer)
        return Reader(username=officer) if known else None

    def session_of(self, reader: Reader) -> str:
        """Return the secret by which a reader's page acts where a server keeps the case."""
        return signing_in.session_of(Path(self.case), reader.username, reader.number)

    def user_to_cookie(self, user: User) -> str:
        """Return what the signed cookie holds."""
        if isinstance(user, Reader):
            return json.dumps({"officer": user.username, "number": user.number})
        return str(super().user_to_cookie(user))

    def user_from_cookie(self, cookie_value: str) -> User | None:
        """Return whom a signed cookie names."""
        if self.kind == "shared":
            found: User | None = super().user_from_cookie(cookie_value)
            return found
        held = json.loads(cookie_value)
        return Reader(username=held["officer"], number=held["number"]) if "officer" in held else None

    async def signed_in(self, handler: Any, token: str) -> User | str:
        """Return who comes with a token, or the sentence that says why nobody does."""
        begun = time.monotonic()
        if len(self._refused) == MOST_REFUSED and begun - self._refused[0] < WITHIN_S:
            return SLOW_DOWN
        found = await self._by_token(handler, token)
        if isinstance(found, str):
            self._refused.append(begun)
        return found

    async def _by_token(self, handler: Any, token: str) -> User | str:
        if self.kind == "shared":
            right = hmac.compare_digest(token.strip().encode(), self.token.encode())
            return self.generate_anonymous_user(handler) if right else WRONG
        try:
            kept = await asyncio.to_thread(
                signing_in.sign_in, Path(self.case), token,
                operation=os.environ.get("STILLGRAPH_OPERATION", ""), reason=os.environ.get("STILLGRAPH_REASON", ""),
            )  # fmt: skip
        except StillgraphError as error:
            return str(error)
        return Reader(username=kept.officer_id, number=kept.token_id)


def _identity(handler: JupyterHandler) -> Identity:
    return cast("Identity", handler.identity_provider)


class SignInPage(LoginFormHandler):
    """The page that asks for a token."""

    def show(self, problem: str = "") -> None:
        """Write the page; ``problem`` is the sentence of a token that was refused."""
        template = self.settings["voila_jinja2_env"].get_template("sign_in.html")
        shared = _identity(self).kind == "shared"
        self.set_header("Cache-Control", "no-store")
        self.write(
            template.render(
                base_url=self.base_url, next=self.get_argument("next", default=self.base_url), problem=problem,
                shared=shared, xsrf_form_html=self.xsrf_form_html,
            )
        )  # fmt: skip

    @allow_unauthenticated
    def get(self) -> None:
        """Ask for a token, or go on where there is one already."""
        if self.current_user:
            self._redirect_safe(self.get_argument("next", default=self.base_url))  # type: ignore[no-untyped-call]
        else:
            self.show()

    @allow_unauthenticated
    async def post(self) -> None:
        """Take a token."""
        found = await _identity(self).signed_in(self, self.get_body_argument("token", default=""))
        if isinstance(found, str):
            self.set_status(403)
            self.show(found)
            return
        self.identity_provider.set_login_cookie(self, found)
        self._redirect_safe(self.get_argument("next", default=self.base_url))  # type: ignore[no-untyped-call]


class SignOut(JupyterHandler):
    """The way out."""

    @allow_unauthenticated
    def get(self) -> None:
        """Forget who reads."""
        self.identity_provider.clear_login_cookie(self)
        self.redirect(self.settings["login_url"])


class WhoReads(JupyterHandler):
    """Says who is signed in, for the head of a page that was made ready before anybody had opened it."""

    def get(self) -> None:
        """Write the officer, empty where the server is one officer's own."""
        reader = self.current_user
        self.set_header("Cache-Control", "no-store")
        self.finish({"officer": reader.username if isinstance(reader, Reader) else ""})
