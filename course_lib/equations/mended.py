"""Published formulas that are wrong, in their right form."""

from course_lib import errata
from course_lib.equations.model import Equation

MENDED = (
    Equation(
        "errata.E1",
        r"dA^{[1]} = \left(W^{[2]}\right)^T \left(A^{[2]} - Y\right)",
        errata.E1,
        {"W2": ("n2", "n1"), "A1": ("n1", "m"), "A2": ("n2", "m"), "Y": ("n2", "m")},
        ("n1", "m"),
        ("S0.8",),
        ("E1",),
        variable="A1",
        of="L",
    ),
    Equation(
        "errata.E3",
        r"dW^{[1]} = \frac{1}{m} \left[\left(\left(W^{[2]}\right)^T \left(A^{[2]} - Y\right)\right)"
        r" \odot A^{[1]} \odot \left(1 - A^{[1]}\right)\right] X^T",
        errata.E3,
        {"W2": ("n2", "n1"), "A1": ("n1", "m"), "A2": ("n2", "m"), "Y": ("n2", "m"), "X": ("n0", "m")},
        ("n1", "n0"),
        ("S0.8",),
        ("E3",),
        variable="W1",
        of="J",
    ),
    Equation(
        "errata.E8",
        r"\delta^{[l-1]} = \left(\left(W^{[l]}\right)^T \delta^{[l]}\right) \odot \sigma'\left(Z^{[l-1]}\right)",
        errata.E8,
        {"W": ("n", "n_prev"), "delta": ("n", "m"), "Z_prev": ("n_prev", "m")},
        ("n_prev", "m"),
        ("S2.9",),
        ("E8",),
        variable="Z_prev",
        of="L",
    ),
    Equation(
        "errata.E9",
        r"db^{[2]} = \frac{1}{m} \sum_{j=1}^{m} dz^{[2](j)}",
        errata.E9,
        {"dZ2": ("n2", "m")},
        ("n2", "1"),
        ("S2.10",),
        ("E9",),
        variable="b2",
        of="J",
    ),
    Equation(
        "errata.E16",
        r"db^{[l]} = \frac{1}{m}\, \delta^{[l]} \mathbf{1}",
        errata.E16,
        {"delta": ("n", "m")},
        ("n", "1"),
        ("S3.5",),
        ("E16",),
        variable="b",
        of="J",
    ),
    Equation(
        "errata.E17",
        r"dW^{[l]} = \frac{1}{m}\, \delta^{[l]} \left(A^{[l-1]}\right)^T",
        errata.E17,
        {"A_prev": ("n_prev", "m"), "delta": ("n", "m")},
        ("n", "n_prev"),
        ("S3.5",),
        ("E17",),
        variable="W",
        of="J",
    ),
)
