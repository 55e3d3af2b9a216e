"""Makes this folder an nbgrader course directory: run `nbgrader autograde ps4_two_layer` and its kin from here."""

from pathlib import Path

c = get_config()  # noqa: F821  (nbgrader defines it)

c.CourseDirectory.course_id = "backprop-course"
# Absolute, so that the gradebook is the same one wherever the command was started.
c.CourseDirectory.root = str(Path(__file__).resolve().parent)

# A check takes well under a second, training in the last one at most ten; the rest is an endless loop.
c.Execute.timeout = 20
c.Execute.interrupt_on_timeout = True

# Else each kernel warns that its ports are open to this machine, once a student.
c.Execute.extra_arguments = ["--IPKernelApp.log_level=40"]
