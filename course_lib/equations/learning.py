"""Checking a gradient, drawing the first parameters, and the steps of the optimizers."""

from course_lib import gradient_checking, initialization, optimizers
from course_lib.equations.docstrings import registered

LEARNING = (
    registered(
        gradient_checking.central_difference,
        r"\frac{\partial f}{\partial \theta_k} \approx"
        r" \frac{f(\theta + \varepsilon\, e_k) - f(\theta - \varepsilon\, e_k)}{2 \varepsilon}",
    ),
    registered(
        gradient_checking.relative_error,
        r"\operatorname{error}(a, b) = \frac{\lVert a - b \rVert}{\lVert a \rVert + \lVert b \rVert}",
    ),
    registered(initialization.he, r"w^{[l]}_{rs} \sim \mathcal{N}\left(0, \frac{2}{n_{l-1}}\right) \qquad b^{[l]} = 0"),
    registered(optimizers.gradient_descent_step, r"\theta := \theta - \alpha\, d\theta"),
    registered(
        optimizers.momentum_step,
        r"\begin{aligned} v &:= \beta v + (1 - \beta)\, d\theta \\ \theta &:= \theta - \alpha v \end{aligned}",
    ),
    registered(
        optimizers.adam_step,
        r"\begin{aligned} m &:= \beta_1 m + (1 - \beta_1)\, d\theta \\ v &:= \beta_2 v + (1 - \beta_2)\, (d\theta)^2 \\"
        r" \theta &:= \theta - \alpha\,"
        r" \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon} \end{aligned}",
    ),
)
