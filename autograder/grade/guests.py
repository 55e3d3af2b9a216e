"""The factory of guests: students' processes, forked from a warm one in the sandbox, or started without a sandbox."""

import contextlib
import functools
import tempfile

from autograder.grade.allowed import allowed_files
from autograder.grade.grader import Job
from autograder.sandbox.fork_client import Zygote
from autograder.sandbox.launch import NotStarted, SandboxProcess
from autograder.sandbox.process import Guest, GuestProcess


class GuestFactory:
    """Makes the guests of one worker: forks of a zygote, which is started anew when it has gone, or fresh processes."""

    def __init__(
        self, job: Job, sandboxed: bool, zygote: Zygote | None = None, sandbox: SandboxProcess | None = None
    ) -> None:
        """Use a zygote's twin, or a sandbox that is starting, if there is one; start nothing yet."""
        self._job = job
        self._sandboxed = sandboxed
        self._zygote = zygote
        self._sandbox = sandbox

    @functools.cached_property
    def course_files(self) -> dict[str, str]:
        """The files of the course that guests may import."""
        locked = [cell.source for cell in self._job.release.cells.values() if cell.locked]
        return allowed_files(locked, self._job.assignment)

    def start(self) -> None:
        """Start the zygote, if sandboxed, and run the preamble in it.

        Raises
        ------
        NotStarted
        """
        if not self._sandboxed:
            tempfile.gettempdir()  # without one, no process could be started for anybody
        elif self._zygote is None:
            zygote, self._sandbox = Zygote(self.course_files, sandbox=self._sandbox), None
            zygote.start()
            if self._job.preamble:
                zygote.run_preamble(self._job.preamble, self._job.seconds)
            self._zygote = zygote

    def twin(self) -> Zygote | None:
        """Return a twin of the zygote for another worker; None where that one has to start its own."""
        with contextlib.suppress(NotStarted):
            return self._zygote.twin() if self._zygote else None
        return None

    def guest(self) -> Guest:
        """Return a new guest.

        Raises
        ------
        NotStarted
        """
        if not self._sandboxed:
            return GuestProcess()
        self.start()
        assert self._zygote
        try:
            return self._zygote.guest()
        except NotStarted:
            self.stop()
            self.start()
            return self._zygote.guest()

    def stop(self) -> None:
        """End the zygote."""
        if self._zygote:
            self._zygote.stop()
            self._zygote = None
