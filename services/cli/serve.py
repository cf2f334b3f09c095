"""`cryptoboy serve`: the page and the API, without the rest of the system."""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer

from services.cli.support.answers import print_json, say
from services.cli.support.options import Broker, Json, settings_for
from services.cli.support.trading import prepare_feeds
from services.common.errors import StopProgram
from services.common.runtime.ports import is_free
from services.launch.page import is_served, page_address, page_link, serve_until_stopped

Open = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]


def serve(open_page: Open = False, json_output: Json = False, broker: Broker = None) -> None:
    """Show what was recorded on a page, and answer programs over HTTP, until Ctrl-C.

    Prints a link that a browser can open once, within 12 hours; from then on that browser may also pause, resume and
    replay. In embedded mode Redis runs with it, so end it before `up`. While `up` runs it serves the page already: the
    command then prints another link and ends. With --json the link is one JSON object on standard output.

    Example: ./cryptoboy serve --open
    """
    stack = prepare_feeds(settings_for(broker), "serve")
    settings = stack.settings

    def show() -> None:
        link = page_link(settings)
        if json_output:
            print_json({"page": link, "api": f"{page_address(settings)}/docs"})
        else:
            say(f"the page: {link} (opens once; {page_address(settings)}/docs describes the API)")
        if open_page and not webbrowser.open(link):
            say("there is no browser here that could be opened")

    if is_served(settings):
        say("the page is served already, so this command only prints another link to it")
        show()
        return
    if not is_free(settings.api_port):
        raise StopProgram(
            f"port {settings.api_port} is in use by another program, and the page needs it. `ss -ltnp | grep "
            f":{settings.api_port}` shows which; stop that, or set API_PORT to a free port."
        )
    serve_until_stopped(stack, say, show)
