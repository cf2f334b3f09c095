"""The entry point of `python -m services.cli`, which `./cryptoboy` runs."""

from services.launch.ending import end_as_by_ctrl_c, tells_when_stopped

if __name__ == "__main__":
    end_as_by_ctrl_c()
    with tells_when_stopped("cryptoboy"):
        from services.cli.app import main  # takes a moment, in which Ctrl-C may be pressed

        main()
