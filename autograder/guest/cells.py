"""Run a notebook's cells, in IPython's shell where there is one, and collect their outputs as Jupyter would."""

import contextlib
import importlib
import sys
from typing import Any

from autograder.guest import unattended
from autograder.guest.display import Outputs, Stream
from autograder.guest.evaluate import failure_of
from autograder.protocol.values import Failure


class Cells:
    """A notebook's namespace and its shell.

    Made before or after a fork: it holds nothing of a channel until `show_on` is called.
    """

    def __init__(self) -> None:
        """Make the namespace; replaces `sys.stdin`, `sys.stdout` and `sys.stderr`."""
        self._outputs: Outputs | None = None
        self._streams = Stream("stdout", 1), Stream("stderr", 2)
        sys.stdout, sys.stderr = self._streams
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self._run = self._warm = self._run_plainly
        with contextlib.suppress(ImportError):
            self._use_ipython()
        unattended.leave()

    def show_on(self, outputs: Outputs) -> None:
        """Send the outputs of later cells here."""
        self._outputs = outputs
        for stream in self._streams:
            stream.outputs = outputs

    def warm_up(self, source: str) -> None:
        """Run a cell before any of the notebook, and forget its names."""
        error = self._warm(source)
        if error:
            raise error

    def run(self, source: str) -> Failure | None:
        """Run one cell; return its exception, if it raised."""
        importlib.invalidate_caches()  # the cell above may have written the module that this one imports
        with self._outputs or contextlib.nullcontext():
            error = self._run(source)
        return failure_of(error) if error else None

    def _run_plainly(self, source: str) -> BaseException | None:
        try:
            exec(compile(source, "<cell>", "exec"), self.namespace)
        except BaseException as error:
            return error
        return None

    def _use_ipython(self) -> None:
        from IPython.core.displayhook import DisplayHook
        from IPython.core.displaypub import DisplayPublisher
        from IPython.core.history import HistoryManager
        from IPython.core.interactiveshell import InteractiveShell

        cells = self

        class Hook(DisplayHook):
            """A display hook that collects the value of a cell's last expression."""

            def write_output_prompt(self) -> None:
                pass

            def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
                if cells._outputs:
                    more = {"execution_count": self.prompt_count}
                    cells._outputs.rich("execute_result", format_dict, md_dict or {}, **more)

            def finish_displayhook(self) -> None:
                self._is_active = False

        class Publisher(DisplayPublisher):
            """A publisher that collects the data of `display` and `clear_output`."""

            def publish(self, data: Any, metadata: Any = None, *rest: Any, **options: Any) -> None:
                if cells._outputs:
                    kind = "update_display_data" if options.get("update") else "display_data"
                    id = (options.get("transient") or {}).get("display_id")
                    cells._outputs.rich(kind, data, metadata or {}, display_id=id)

            def clear_output(self, wait: bool = False) -> None:
                if cells._outputs:
                    cells._outputs.clear(bool(wait))

        class Shell(InteractiveShell):
            """IPython's shell without terminal, history file, window system and other programs."""

            def enable_gui(self, gui: str | None = None) -> None:
                """Take `%matplotlib inline` without a window system."""

            def enable_matplotlib(self, gui: str | None = None) -> Any:
                """Take `%matplotlib notebook`, `widget` and `qt` for `inline`: there are no windows."""
                enable: Any = super().enable_matplotlib
                return enable("inline")

            def _tee(self, channel: str) -> Any:
                """Keep no second copy of all that is printed, as IPython 9 does for its history."""
                return contextlib.nullcontext()

            def ask_exit(self) -> None:
                """Take `exit()`, and stay."""

            def system(self, command: str) -> None:
                """Take `!command` and `%pip`, and run nothing."""
                self.user_ns["_exit_code"] = 127
                sys.stderr.write(f"Not run while the notebook is graded: {command}\n")

            def getoutput(self, command: str, split: bool = True, depth: int = 0) -> Any:
                """Take `lines = !command`, and run nothing."""
                self.system(command)
                return [] if split else ""

            def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
                if cells._outputs:
                    cells._outputs.error(str(etype.__name__), str(evalue), [str(line) for line in stb])

        HistoryManager.enabled = False  # type: ignore[assignment]
        shell = Shell.instance(colors="nocolor", xmode="Plain", displayhook_class=Hook, display_pub_class=Publisher)
        self.namespace = shell.user_ns

        run_cell: Any = shell.run_cell

        def run_in_ipython(source: str, store_history: bool = True) -> BaseException | None:
            result = run_cell(source, store_history=store_history)
            error: BaseException | None = result.error_before_exec or result.error_in_exec
            return error

        def warm(source: str) -> BaseException | None:
            known = set(shell.user_ns)
            error = run_in_ipython(source, store_history=False)
            for name in set(shell.user_ns) - known:
                del shell.user_ns[name]
            return error

        self._run, self._warm = run_in_ipython, warm
