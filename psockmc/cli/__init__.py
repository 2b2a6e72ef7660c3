"""The command line: `psockmc check`, `bugs`, `mutants`, `orders`, `ring`, `litmus`, `trace`, `step`, `size`,
`report`, `list`.

Exit status: 0 every verdict is the expected one; 1 some verdict is not; 2 usage or model error; 3 undetermined;
70 internal error. With --json, one JSON object goes to stdout and nothing else does.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

import click

from psockmc import __version__
from psockmc.cli.status import Status

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}

COMMANDS = {
    "check": "psockmc.cli.check:check",
    "bugs": "psockmc.cli.bugs:bugs",
    "mutants": "psockmc.cli.mutants:mutants_",
    "orders": "psockmc.cli.orders:orders_",
    "ring": "psockmc.cli.ring:ring",
    "litmus": "psockmc.cli.litmus:litmus",
    "trace": "psockmc.cli.trace:trace",
    "step": "psockmc.cli.step:step",
    "size": "psockmc.cli.size:size",
    "report": "psockmc.cli.reports:report_",
    "list": "psockmc.cli.listing:list_",
}
"""Where each command is: its module is loaded when the command is used, or its help is shown."""


class LazyGroup(click.Group):
    """The commands of COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, from its module."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings=HELP_OPTIONS)
@click.version_option(__version__, prog_name="psockmc", message="%(prog)s %(version)s")
def cli() -> None:
    """Model checker for the Linux kernel's sk_psock (BPF sockmap)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status. Errors become one sentence on stderr."""
    try:
        status = cli.main(args=arguments, prog_name="psockmc", standalone_mode=False)
        sys.stdout.flush()
        return int(status or 0)
    except click.ClickException as error:
        error.show()
        return Status.USAGE
    except (KeyboardInterrupt, click.Abort):
        print("psockmc: interrupted", file=sys.stderr)
        return Status.UNDETERMINED
    except BrokenPipeError:
        _discard_stdout()  # whoever read it has gone
        return Status.UNDETERMINED
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            return _internal_error()
        print(f"psockmc: cannot write the output: {error.strerror}", file=sys.stderr)
        _discard_stdout()
        return Status.UNDETERMINED
    except Exception:
        return _internal_error()


def _internal_error() -> Status:
    traceback.print_exc()
    print("psockmc: internal error: this is a bug of psockmc, and no verdict", file=sys.stderr)
    return Status.INTERNAL


def _discard_stdout() -> None:
    """Python flushes stdout once more at exit; what cannot be written then is not worth another complaint."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
