"""`cryptoboy bench`: how fast it is, against plain baselines of the same run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from services.cli.support.answers import answer_console
from services.cli.support.console import PlainConsole
from services.cli.support.options import load_settings
from services.common.errors import StopProgram
from services.common.files import write_whole
from services.common.runtime.logging import configure_logging
from services.common.settings.settings import Settings

if TYPE_CHECKING:
    from devtools.bench.catalogue import Case
    from devtools.bench.lab import Lab, LlmServer, Report
    from devtools.bench.results import Latencies, Result


def bench(
    cases: Annotated[list[str] | None, typer.Argument(help="Measure only these cases.")] = None,
    list_cases: Annotated[bool, typer.Option("--list", help="List the cases and end.")] = False,
    json_output: Annotated[
        bool,
        typer.Option("--json", help="Print a JSON list: name, value, unit, baseline, ratio, target, met."),
    ] = False,
    repeat: Annotated[int, typer.Option(min=1, help="Runs of each case and of its baseline.")] = 7,
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
            envvar="BENCH_RABBITMQ_URL", help="amqp:// URL of an unused virtual host; else a private server."
        ),
    ] = None,
    redis: Annotated[
        str | None,
        typer.Option(envvar="BENCH_REDIS_URL", help="redis:// URL of an empty Redis; else a private one."),
    ] = None,
) -> None:
    """Measure speed against baselines on a real RabbitMQ and a real Redis.

    Example: ./cryptoboy bench publish_confirmed cacher --repeat 5
    """
    from devtools.bench.catalogue import CASES, chosen_cases
    from devtools.bench.lab import Lab

    if list_cases:
        width = max(len(case.name) for case in CASES)
        print("\n".join(f"{case.name:{width}}  {case.about}" for case in CASES))
        return
    chosen = chosen_cases(cases or [])
    configure_logging(Settings(log_level="WARNING"), "bench")
    _check_plot(plot, chosen)
    llm = _llm_server(llm_url, llm_model, llm_concurrency)
    work = partial(Lab, repeat=repeat, quick=quick, candles=candles, llm=llm)
    results, latencies = _measure(chosen, work, rabbitmq, redis)
    if plot is not None:
        _write_plot(plot, latencies)
    if json_output:
        print(json.dumps([result.as_json() for result in results], allow_nan=False))
    else:
        answer_console().print(_table(results))
    if strict and any(result.met is False for result in results):
        raise typer.Exit(1)


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
    chosen: tuple[Case, ...], lab: Callable[..., Lab], rabbitmq: str | None, redis: str | None
) -> tuple[list[Result], list[Latencies]]:
    from devtools.bench.servers import Servers

    results: list[Result] = []
    latencies: list[Latencies] = []
    with ExitStack() as stack:
        servers = Servers(stack, rabbitmq, redis)
        for number, case in enumerate(chosen, start=1):
            with (
                TemporaryDirectory(prefix="cryptoboy-bench-") as folder,
                _progress(f"{number}/{len(chosen)} {case.name}") as report,
            ):
                report("preparing")
                found = case.measure(lab(servers=servers, folder=Path(folder), report=report))
            results += found.results
            latencies += found.latencies
    return results, latencies


@contextmanager
def _progress(title: str) -> Iterator[Report]:
    console = PlainConsole(stderr=True)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task(title, total=None)
        yield lambda text: bar.update(task, description=f"{title}: {text}")


def _table(results: list[Result]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("case", "value", "baseline", "ratio", "quartiles", "target", "met"):
        table.add_column(name, justify="left" if name in {"case", "met"} else "right", no_wrap=name == "case")
    for result in results:
        table.add_row(
            result.name,
            f"{_short(result.value)} {result.unit}",
            _short(result.baseline),
            f"{result.ratio:.2f}",
            f"{result.ratio_low:.2f}-{result.ratio_high:.2f}",
            "" if result.target is None else str(result.target),
            Text("no", style="red") if result.met is False else "yes" if result.met else "",
        )
    return table


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"  # noqa: PLR2004 - three digits either way


def _write_plot(path: Path, latencies: list[Latencies]) -> None:
    """Write the page whole or not at all: what is cut off in the middle must not look like one."""
    from devtools.bench.plot import latency_page

    try:
        write_whole(path, latency_page(latencies))
    except OSError as error:
        raise StopProgram(f"--plot {path} cannot be written: {error}") from error
