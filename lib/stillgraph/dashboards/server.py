"""The pages' server: Voila, with our sign-in, our pages' handler, and plain words where a page fails.

What Voila offers as a setting is a setting (:mod:`stillgraph.dashboards.serve`); here is the rest, each by a subclass.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

import psutil
import tornado.web
import voila.notebook_renderer
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import JupyterHandler
from voila.app import Voila
from voila.execute import VoilaExecutor
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

from stillgraph.dashboards.guard import reference
from stillgraph.dashboards.identity import Reader
from stillgraph.dashboards.reader import HEADERS, NUMBER_HEADER, OFFICER_HEADER, SESSION_HEADER

FIRST_PAGE = "voila/render/overview.ipynb"


class PagesApp(Voila):  # type: ignore[misc]  # voila has no types
    """Voila as this project serves pages."""

    def initialize(self, argv: list[str] | None = None) -> None:
        """Take the settings, and say what fails in our words."""
        super().initialize(argv)
        # The renderer names the class itself, and offers no setting for another.
        voila.notebook_renderer.VoilaExecutor = Executor

    def _handle_signal_stop(self, sig: int, _frame: object) -> None:
        """End what nobody has open while the loop still runs that started it; what is open ends after that."""
        self.log.info("Ending, as signal %s asks", sig)
        self.ioloop.add_callback_from_signal(self._end)

    async def _end(self) -> None:
        try:
            await self._end_unopened()
        finally:
            self.ioloop.stop()

    def stop(self) -> None:
        """End what is left."""
        try:
            super().stop()
        except tornado.web.HTTPError:
            # One that was just being started is listed before it can be ended; it ends when it sees its server gone.
            self.log.info("A kernel was being started while the server ended")

    async def _end_unopened(self) -> None:
        waiting = [task for pool in getattr(self.kernel_manager, "_pools", {}).values() for task in pool]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        read = set()
        for kernel in self.kernel_manager.list_kernels():
            if kernel["connections"]:
                read.add(self.kernel_manager.get_kernel(kernel["id"]).provisioner.pid)
            else:
                await ensure_async(self.kernel_manager.shutdown_kernel(kernel["id"], now=True))
        # Those of which the manager does not know yet, as they were just being started.
        for child in psutil.Process().children():
            if child.pid not in read:
                child.kill()

    def init_handlers(self) -> list[Any]:
        """Return the handlers: ours in the place of Voila's, and no listing of files."""
        replaced = {TornadoVoilaHandler: Page, VoilaShutdownKernelHandler: Leave, TornadoVoilaTreeHandler: ToFirstPage}
        kept = [list(handler) for handler in super().init_handlers() if handler[1] is not VoilaContentsHandler]
        for handler in kept:
            handler[1] = replaced.get(handler[1], handler[1])
            if handler[1] is ToFirstPage:
                handler[2:] = []
        return [tuple(handler) for handler in kept]


class Page(TornadoVoilaHandler):  # type: ignore[misc]  # voila has no types
    """A page, whose kernel acts as the officer who signed in and is known to nobody else."""

    async def prepare(self, **given: Any) -> Any:
        """Find out who asks, and write that where the kernel will read it, whatever was sent under that name."""
        for header in HEADERS:
            if header in self.request.headers:
                del self.request.headers[header]
        answer = await super().prepare(**given)
        reader = self.current_user
        if isinstance(reader, Reader):
            self.request.headers[OFFICER_HEADER] = reader.username
            if reader.number:
                self.request.headers[NUMBER_HEADER] = str(reader.number)
                secret = await asyncio.to_thread(self.identity_provider.session_of, reader)
                if secret:
                    self.request.headers[SESSION_HEADER] = secret
        return answer

    @property
    def kernel_manager(self) -> Any:
        """The kernels; one that is started or taken for this page becomes its reader's."""
        reader = self.current_user
        if not isinstance(reader, Reader):
            return self.settings["kernel_manager"]
        owners = self.identity_provider.owners
        return _Claiming(self.settings["kernel_manager"], lambda kernel: owners.update({kernel: reader.username}))

    @tornado.web.authenticated
    async def get(self, path: str | None = None) -> None:
        """Write the page; where the address has the token in it, go on without, so that it is on no screen."""
        rest = parse_qsl(self.request.query, keep_blank_values=True)
        if any(name == "token" for name, _ in rest):
            rest = [(name, value) for name, value in rest if name != "token"]
            self.redirect(self.request.path + (f"?{urlencode(rest)}" if rest else ""))
            return
        await super().get(path)


class _Claiming:
    """Kernels as a page's handler asks for them, each claimed for the page's reader as it is handed out."""

    def __init__(self, kernels: Any, claim: Callable[[str], Any]) -> None:
        self._kernels, self._claim = kernels, claim

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kernels, name)

    async def start_kernel(self, **given: Any) -> str:
        kernel: str = await ensure_async(self._kernels.start_kernel(**given))
        self._claim(kernel)
        return kernel

    async def get_rendered_notebook(self, *given: Any, **named: Any) -> tuple[Any, Any, str]:
        task, rendered, kernel = await self._kernels.get_rendered_notebook(*given, **named)
        self._claim(kernel)
        return task, rendered, kernel


class Leave(VoilaShutdownKernelHandler):  # type: ignore[misc]  # voila has no types
    """Ends the kernel of a page that is closed."""

    def check_xsrf_cookie(self) -> None:
        """Ask for no second cookie: the browser's farewell cannot bring it, and only the page knows its kernel."""
        if not self.check_origin():
            raise tornado.web.HTTPError(403)

    @tornado.web.authenticated
    async def post(self, kernel_id: str) -> None:
        """End the kernel, which may have ended already."""
        if kernel_id in self.kernel_manager:
            await super().post(kernel_id)
        else:
            self.set_status(204)


class ToFirstPage(JupyterHandler):
    """Leads from the server's root to its first page; no files are listed."""

    @tornado.web.authenticated
    def get(self, **_path: str) -> None:
        """Go to the first page."""
        self.redirect(self.base_url + FIRST_PAGE)


class Executor(VoilaExecutor):  # type: ignore[misc]  # voila has no types
    """Runs a page's cells; one that fails says so in a sentence with a reference, and those after it are not run."""

    failed = False

    async def execute_cell(self, cell: Any, resources: Any, cell_index: int, store_history: bool = True) -> Any:
        """Run a cell; its outputs are what the page shows of it."""
        if self.failed:
            cell["outputs"] = []
            return cell
        try:
            return await super().execute_cell(cell, resources, cell_index, store_history)
        except Exception as error:  # noqa: BLE001 - whatever it is, a page shows no traceback
            self.failed = True
            kind = getattr(error, "ename", type(error).__name__)
            cell["outputs"] = [_told(reference(f"{kind} in cell {cell_index} of a page"))]
            return cell


def _told(sentence: str) -> dict[str, Any]:
    """Return what a page shows in the place of a cell that failed."""
    text = (
        f'<div class="sg-failed" role="alert"><h1>This page could not be shown</h1><p>{html.escape(sentence)}</p></div>'
    )
    return {"output_type": "display_data", "metadata": {}, "data": {"text/html": text}}
