"""`python -m services.cli`, which is what `./cryptoboy` runs."""

import sys

from services.cli.ending import end_as_by_ctrl_c

if __name__ == "__main__":
    end_as_by_ctrl_c()
    try:
        from services.cli.app import main
    except KeyboardInterrupt:  # loading the commands takes a moment, and Ctrl-C then is no accident to trace
        sys.stderr.write("cryptoboy: stopped\n")
        sys.exit(130)
    main()
