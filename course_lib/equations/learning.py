"""Checking a gradient, drawing the first parameters, and the steps of the optimizers."""

from course_lib import gradient_checking, initialization, optimizers
from course_lib.equations.model import LAYER_PARAMETERS, Equation

LEARNING = (
    Equation(
        "gradient_checking.central_difference",
        r"\frac{\partial f}{\partial \theta_k} \approx"
        r" \frac{f(\theta + \varepsilon\, e_k) - f(\theta - \varepsilon\, e_k)}{2 \varepsilon}",
        gradient_checking.central_difference,
        {"f": "a function of θ", "theta": ("n", "m"), "epsilon": ()},
        ("n", "m"),
        ("S2.12",),
    ),
    Equation(
        "gradient_checking.relative_error",
        r"\operatorname{error}(a, b) = \frac{\lVert a - b \rVert}{\lVert a \rVert + \lVert b \rVert}",
        gradient_checking.relative_error,
        {"a": ("n", "m"), "b": ("n", "m")},
        (),
        (),
    ),
    Equation(
        "initialization.he",
        r"w^{[l]}_{ik} \sim \mathcal{N}\left(0, \frac{2}{n_{l-1}}\right) \qquad b^{[l]} = 0",
        initialization.he,
        {"layer_dims": "the sizes of all layers", "seed": ()},
        LAYER_PARAMETERS,
        ("S2.13", "S4.5"),
        ("E26", "E27"),
    ),
    Equation(
        "optimizers.gradient_descent_step",
        r"\theta := \theta - \alpha\, d\theta",
        optimizers.gradient_descent_step,
        {"theta": ("n", "m"), "grad": ("n", "m"), "learning_rate": ()},
        ("n", "m"),
        ("S1.7", "S2.11", "S3.3"),
    ),
    Equation(
        "optimizers.momentum_step",
        r"\begin{aligned} v &:= \beta v + (1 - \beta)\, d\theta \\ \theta &:= \theta - \alpha v \end{aligned}",
        optimizers.momentum_step,
        {"theta": ("n", "m"), "grad": ("n", "m"), "v": ("n", "m"), "learning_rate": (), "beta": ()},
        {"theta": ("n", "m"), "v": ("n", "m")},
        ("S3.3",),
    ),
    Equation(
        "optimizers.adam_step",
        r"\begin{aligned} m &:= \beta_1 m + (1 - \beta_1)\, d\theta \\ v &:= \beta_2 v + (1 - \beta_2)\, (d\theta)^2 \\"
        r" \theta &:= \theta - \alpha\,"
        r" \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon} \end{aligned}",
        optimizers.adam_step,
        {
            "theta": ("n", "m"),
            "grad": ("n", "m"),
            "m": ("n", "m"),
            "v": ("n", "m"),
            "t": (),
            "learning_rate": (),
            "beta1": (),
            "beta2": (),
            "epsilon": (),
        },
        {"theta": ("n", "m"), "m": ("n", "m"), "v": ("n", "m")},
        ("S3.3",),
    ),
)
