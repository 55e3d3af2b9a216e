"""The factory of guests: students' processes, forked from a warm one in the sandbox, or started without a sandbox."""

import contextlib
import functools
import tempfile
from dataclasses import dataclass

from autograder.grade.allowed import allowed_files
from autograder.grade.grader import Job
from autograder.sandbox.fork_client import Zygote
from autograder.sandbox.launch import NotStarted, SandboxProcess
from autograder.sandbox.process import Guest, GuestProcess


@dataclass(eq=False)
class GuestFactory:
    """A factory of the guests of one worker: forks of a zygote, which is restarted if it dies, or fresh processes.

    Attributes
    ----------
    job : what all are graded with
    zygote : a twin of another worker's zygote, or its own once that is started
    sandbox : one that is starting already, for its own zygote
    """

    job: Job
    zygote: Zygote | None = None
    sandbox: SandboxProcess | None = None

    @functools.cached_property
    def course_files(self) -> dict[str, str]:
        """The files of the course that guests may import."""
        locked = [cell.source for cell in self.job.release.cells.values() if cell.locked]
        return allowed_files(locked, self.job.assignment)

    def start(self) -> None:
        """Start the zygote, if sandboxed, and run the preamble in it.

        Raises
        ------
        NotStarted
        """
        if not self.job.sandboxed:
            tempfile.gettempdir()  # without one, no process could be started for anybody
        elif self.zygote is None:
            early = None if self.job.packages else self.sandbox  # which has only those that all may import
            zygote, self.sandbox = Zygote(self.course_files, sandbox=early, packages=self.job.packages), None
            zygote.start()
            if self.job.preamble:
                zygote.run_preamble(self.job.preamble, self.job.seconds)
            self.zygote = zygote

    def twin(self) -> Zygote | None:
        """Return a twin of the zygote for another worker; None where that one has to start its own."""
        with contextlib.suppress(NotStarted):
            return self.zygote.twin() if self.zygote else None
        return None

    def guest(self) -> Guest:
        """Return a new guest.

        Raises
        ------
        NotStarted
        """
        if not self.job.sandboxed:
            return GuestProcess()
        self.start()
        assert self.zygote
        try:
            return self.zygote.guest()
        except NotStarted:
            self.stop()
            self.start()
            return self.zygote.guest()

    def stop(self) -> None:
        """End the zygote."""
        if self.zygote:
            self.zygote.stop()
            self.zygote = None
