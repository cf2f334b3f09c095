"""A real bot of Freqtrade that makes a loop for each line on standard input, and prints how many seconds it took."""

from __future__ import annotations

import sys
import time


def main() -> None:
    """Run the bot of the configuration file that the first argument names, until standard input ends."""
    from freqtrade.configuration import Configuration
    from freqtrade.enums import RunMode, State
    from freqtrade.freqtradebot import FreqtradeBot

    bot = FreqtradeBot(Configuration({"config": [sys.argv[1]]}, RunMode.DRY_RUN).get_config())
    bot.state = State.RUNNING
    bot.startup()
    bot.process()  # loads the history of all pairs
    print("ready", flush=True)
    for _ in sys.stdin:
        begin = time.perf_counter()
        bot.process()
        print(time.perf_counter() - begin, flush=True)
    bot.cleanup()


if __name__ == "__main__":
    main()
