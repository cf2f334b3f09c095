"""The module that `python -m services.cli` and so `./cryptoboy` run."""

from services.launch.ending import end_as_by_ctrl_c, tells_when_stopped

if __name__ == "__main__":
    end_as_by_ctrl_c()
    with tells_when_stopped("cryptoboy"):
        from services.cli.app import main  # takes a moment, during which Ctrl-C may come

        main()
