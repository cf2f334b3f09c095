"""What an operator can ask a running system and do to it, without a face.

The command line shows what these functions return, as an HTTP service or a chat can. Nothing here prints, asks a
terminal or ends the program: values and ports go in, immutable results come out, and errors are those of
`services.common.errors`, whose messages name the next step.
"""
