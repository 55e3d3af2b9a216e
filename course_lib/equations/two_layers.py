"""Two layers: forwards, backwards for one example, and backwards for a batch."""

from course_lib import one_example, training, two_layer
from course_lib.equations.docstrings import registered

TWO_LAYERS = (
    registered(two_layer.Z1, r"Z^{[1]} = W^{[1]} X + b^{[1]} \mathbf{1}^T"),
    registered(two_layer.A1, r"A^{[1]} = \tanh\left(Z^{[1]}\right)"),
    registered(two_layer.Z2, r"Z^{[2]} = W^{[2]} A^{[1]} + b^{[2]} \mathbf{1}^T"),
    registered(two_layer.A2, r"A^{[2]} = \sigma\left(Z^{[2]}\right)"),
    registered(
        two_layer.forward_propagation,
        r"A^{[2]} = \sigma\left(W^{[2]} \tanh\left(W^{[1]} X + b^{[1]} \mathbf{1}^T\right)"
        r" + b^{[2]} \mathbf{1}^T\right)",
    ),
    registered(
        two_layer.cost,
        r"J = \frac{1}{m} \sum_{j=1}^{m} \sum_{i=1}^{n_2}"
        r" \left[-y_{ij} \log a^{[2]}_{ij} - (1 - y_{ij}) \log\left(1 - a^{[2]}_{ij}\right)\right]",
    ),
    registered(one_example.da2, r"da^{[2]} = -\frac{y}{a^{[2]}} + \frac{1 - y}{1 - a^{[2]}}", variable="a2", of="L"),
    registered(one_example.dz2, r"dz^{[2]} = a^{[2]} - y", variable="z2", of="L"),
    registered(one_example.dw2, r"dw^{[2]} = dz^{[2]} \left(a^{[1]}\right)^T", variable="w2", of="L"),
    registered(one_example.db2, r"db^{[2]} = dz^{[2]}", variable="b2", of="L"),
    registered(one_example.da1, r"da^{[1]} = \left(W^{[2]}\right)^T dz^{[2]}", variable="a1", of="L"),
    registered(one_example.dz1, r"dz^{[1]} = da^{[1]} \odot \tanh'\left(z^{[1]}\right)", variable="z1", of="L"),
    registered(one_example.dw1, r"dw^{[1]} = dz^{[1]}\, x^T", variable="w1", of="L"),
    registered(one_example.db1, r"db^{[1]} = dz^{[1]}", variable="b1", of="L"),
    registered(
        one_example.dw_entry,
        r"\frac{\partial L}{\partial w^{[l]}_{rs}} = dz^{[l]}_r\, a^{[l-1]}_s",
        variable="w_ij",
        of="L",
    ),
    registered(two_layer.dA2, r"dA^{[2]} = -\frac{Y}{A^{[2]}} + \frac{1 - Y}{1 - A^{[2]}}", variable="A2", of="L"),
    registered(two_layer.dZ2, r"dZ^{[2]} = A^{[2]} - Y", variable="Z2", of="L"),
    registered(two_layer.dW2, r"dW^{[2]} = \frac{1}{m}\, dZ^{[2]} \left(A^{[1]}\right)^T", variable="W2", of="J"),
    registered(two_layer.db2, r"db^{[2]} = \frac{1}{m}\, dZ^{[2]} \mathbf{1}", variable="b2", of="J"),
    registered(two_layer.dA1, r"dA^{[1]} = \left(W^{[2]}\right)^T dZ^{[2]}", variable="A1", of="L"),
    registered(two_layer.dZ1, r"dZ^{[1]} = dA^{[1]} \odot \tanh'\left(Z^{[1]}\right)", variable="Z1", of="L"),
    registered(two_layer.dW1, r"dW^{[1]} = \frac{1}{m}\, dZ^{[1]} X^T", variable="W1", of="J"),
    registered(two_layer.db1, r"db^{[1]} = \frac{1}{m}\, dZ^{[1]} \mathbf{1}", variable="b1", of="J"),
    registered(
        two_layer.backward_propagation,
        r"dW^{[1]} = \frac{1}{m} \left[\left(\left(W^{[2]}\right)^T \left(A^{[2]} - Y\right)\right)"
        r" \odot \tanh'\left(Z^{[1]}\right)\right] X^T",
    ),
    registered(
        training.update_parameters,
        r"\theta := \theta - \alpha\, d\theta \qquad \text{for each } \theta \in"
        r" \left\{W^{[1]}, b^{[1]}, W^{[2]}, b^{[2]}\right\}",
    ),
)
