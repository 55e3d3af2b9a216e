"""Published formulas that are wrong, in their right form."""

from course_lib import errata
from course_lib.equations.docstrings import registered

MENDED = (
    registered(errata.E1, r"dA^{[1]} = \left(W^{[2]}\right)^T \left(A^{[2]} - Y\right)", variable="A1", of="L"),
    registered(
        errata.E3,
        r"dW^{[1]} = \frac{1}{m} \left[\left(\left(W^{[2]}\right)^T \left(A^{[2]} - Y\right)\right)"
        r" \odot A^{[1]} \odot \left(1 - A^{[1]}\right)\right] X^T",
        variable="W1",
        of="J",
    ),
    registered(
        errata.E8,
        r"\delta^{[l-1]} = \left(\left(W^{[l]}\right)^T \delta^{[l]}\right) \odot \sigma'\left(Z^{[l-1]}\right)",
        variable="Z_prev",
        of="L",
    ),
    registered(errata.E9, r"db^{[2]} = \frac{1}{m} \sum_{j=1}^{m} dz^{[2](j)}", variable="b2", of="J"),
    registered(errata.E16, r"db^{[l]} = \frac{1}{m}\, \delta^{[l]} \mathbf{1}", variable="b", of="J"),
    registered(errata.E17, r"dW^{[l]} = \frac{1}{m}\, \delta^{[l]} \left(A^{[l-1]}\right)^T", variable="W", of="J"),
)
