"""The operations layer: what an operator can ask a running system and do to it, without a user interface.

The command line presents the results; an HTTP service or a chat could do the same. Nothing here prints, reads a
terminal or ends the program: functions take values and ports, return immutable results, and raise the errors of
`services.common.errors`, whose messages name the next step.
"""
