"""`cryptoboy bench`: measures the speed of the system and compares it with simple baselines in the same run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from services.cli.support.console import PlainConsole
from services.cli.support.options import load_settings
from services.common.errors import StopProgram
from services.common.files import write_whole
from services.common.runtime.logging import configure_logging
from services.common.settings.settings import Settings
from services.launch.ending import uninterrupted

if TYPE_CHECKING:
    from devtools.bench.catalogue import Case
    from devtools.bench.lab import Lab, LlmServer
    from devtools.bench.results import Latencies, Result


def bench(
    cases: Annotated[
        list[str] | None, typer.Argument(help="Measure these cases. Default: all that --list calls short.")
    ] = None,
    list_cases: Annotated[
        bool, typer.Option("--list", help="List the cases, and how long the long ones take, and end.")
    ] = False,
    all_cases: Annotated[
        bool, typer.Option("--all", help="The long cases as well: about three quarters of an hour.")
    ] = False,
    json_output: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print a JSON list at the end: name, value, unit, baseline, ratio, target, met, measured.",
        ),
    ] = False,
    repeat: Annotated[int, typer.Option(min=1, help="Runs of each case and of its baseline.")] = 5,
    plot: Annotated[Path | None, typer.Option(help="Write latency percentiles to this HTML file.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit status 1 if a target is missed.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="A twentieth of the work: a trial, no figures.")
    ] = False,
    candles: Annotated[
        Path | None, typer.Option(help="Real 1h candles for backtest_join; else made-up ones.")
    ] = None,
    llm_url: Annotated[
        str | None,
        typer.Option(
            envvar="BENCH_LLM_URL",
            help="URL of an Ollama server for processor_llm; else a stand-in that takes time.",
        ),
    ] = None,
    llm_model: Annotated[
        str | None,
        typer.Option(envvar="BENCH_LLM_MODEL", help="Its model. Default: OLLAMA_MODEL.", show_default=False),
    ] = None,
    llm_concurrency: Annotated[
        int,
        typer.Option(
            envvar="BENCH_LLM_CONCURRENCY", min=1, max=256, help="Requests that it answers at once."
        ),
    ] = 1,
    rabbitmq: Annotated[
        str | None,
        typer.Option(
            envvar="BENCH_RABBITMQ_URL",
            help="amqp:// URL of an unused virtual host. Without it, a private RabbitMQ is started.",
        ),
    ] = None,
    redis: Annotated[
        str | None,
        typer.Option(envvar="BENCH_REDIS_URL", help="redis:// URL of an empty Redis; else a private one."),
    ] = None,
) -> None:
    """Measure speed against baselines on a real RabbitMQ and Redis; the short cases take a quarter of an hour.

    Each row is printed when it is measured. If the run is stopped (Ctrl-C, SIGTERM) or a case fails, --json prints
    the results so far, and each other case with `"measured": false`; the exit status is then not 0.

    Example: ./cryptoboy bench publish_confirmed cacher --repeat 5
    """
    from devtools.bench.catalogue import chosen_cases
    from devtools.bench.lab import Lab

    if list_cases:
        _list_cases()
        return
    chosen = chosen_cases(cases or [], everything=all_cases)
    configure_logging(Settings(log_level="WARNING"), "bench")
    _check_plot(plot, chosen)
    llm = _llm_server(llm_url, llm_model, llm_concurrency)
    lab = partial(Lab, repeat=repeat, quick=quick, candles=candles, llm=llm)
    measured = _Measured([case.name for case in chosen])
    try:
        _measure(chosen, lab, rabbitmq, redis, measured, show=not json_output)
    finally:
        with uninterrupted():
            _finish(measured, plot, json_output=json_output)
    if strict and any(result.met is False for result in measured.results):
        raise typer.Exit(1)


@dataclass(slots=True)
class _Measured:
    """The results measured so far.

    Attributes:
        missing: the names of the cases that are not completely measured.
    """

    missing: list[str]
    results: list[Result] = field(default_factory=list)
    latencies: list[Latencies] = field(default_factory=list)


def _list_cases() -> None:
    from devtools.bench.catalogue import CASES

    width = max(len(case.name) for case in CASES)
    for case in CASES:
        long = (
            f"; long, runs only if named or with --all: about {case.minutes} minutes" if case.minutes else ""
        )
        print(f"{case.name:{width}}  {case.about}{long}")


def _llm_server(url: str | None, model: str | None, concurrency: int) -> LlmServer | None:
    from devtools.bench.lab import LlmServer

    if url is None:
        return None
    settings = load_settings({"ollama_model"})
    if "," in url or not url.startswith(("http://", "https://")):
        raise StopProgram(
            f"--llm-url {url}: expected the URL of one Ollama server, such as http://localhost:11434"
        )
    model = model or settings.ollama_model
    return LlmServer(url.rstrip("/"), model, concurrency, f"{model}, {concurrency} at once")


def _check_plot(plot: Path | None, chosen: tuple[Case, ...]) -> None:
    if plot is None:
        return
    if plot.suffix.lower() != ".html":
        raise StopProgram(f"--plot {plot}: the plot is an HTML page; name it for example latencies.html")
    if not plot.absolute().parent.is_dir():
        raise StopProgram(f"--plot {plot}: there is no directory {plot.parent}; make it first")
    if not any(case.has_latencies for case in chosen):
        raise StopProgram("--plot: none of these cases measures latencies; add news_to_cache")


def _measure(
    chosen: tuple[Case, ...],
    lab: Callable[..., Lab],
    rabbitmq: str | None,
    redis: str | None,
    measured: _Measured,
    *,
    show: bool,
) -> None:
    from devtools.bench.results import Latencies
    from devtools.bench.servers import Servers
    from devtools.bench.table import HEADER, line_of

    with ExitStack() as stack:
        servers = Servers(stack, rabbitmq, redis)
        for number, case in enumerate(chosen, start=1):
            with TemporaryDirectory(prefix="cryptoboy-bench-") as folder, _progress() as bar:
                title = f"{number}/{len(chosen)} {case.name}"
                report = partial(_report, bar, bar.add_task(f"{title}: preparing", total=None), title)
                rows = case.measure(lab(servers=servers, folder=Path(folder), report=report))
                with closing(rows):
                    for row in rows:
                        if isinstance(row, Latencies):
                            measured.latencies.append(row)
                            continue
                        measured.results.append(row)
                        if show:
                            bar.stop()  # otherwise the row would be printed behind the bar
                            if len(measured.results) == 1:
                                print(HEADER)
                            print(line_of(row), flush=True)
                            bar.start()
            measured.missing.remove(case.name)


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=PlainConsole(stderr=True),
        transient=True,
        redirect_stdout=False,
    )


def _report(bar: Progress, task: TaskID, title: str, text: str) -> None:
    bar.update(task, description=f"{title}: {text}")


def _finish(measured: _Measured, plot: Path | None, *, json_output: bool) -> None:
    from devtools.bench.results import not_measured

    if json_output:
        rows = [result.as_json() for result in measured.results]
        print(
            json.dumps(rows + [not_measured(name) for name in measured.missing], allow_nan=False), flush=True
        )
    if measured.missing:
        sys.stderr.write(f"bench: incomplete; not measured: {', '.join(measured.missing)}\n")
    if plot is not None and measured.latencies:
        _write_plot(plot, measured.latencies)


def _write_plot(path: Path, latencies: list[Latencies]) -> None:
    """Write the page as a whole or not at all, so that an incomplete file cannot be mistaken for a page."""
    from devtools.bench.plot import latency_page

    try:
        write_whole(path, latency_page(latencies))
    except OSError as error:
        raise StopProgram(f"--plot {path} cannot be written: {error}") from error
