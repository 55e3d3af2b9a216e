"""Any number of layers: four equations that hold for each, and the passes that are made of them."""

from course_lib import deep
from course_lib.equations.docstrings import registered

LAYERS = (
    registered(deep.linear_forward, r"Z^{[l]} = W^{[l]} A^{[l-1]} + b^{[l]} \mathbf{1}^T"),
    registered(
        deep.forward_propagation,
        r"A^{[0]} = X \qquad A^{[l]} = g^{[l]}\left(W^{[l]} A^{[l-1]} + b^{[l]} \mathbf{1}^T\right)"
        r" \quad \text{for } l = 1, \dots, L",
    ),
    registered(deep.dZ, r"dZ^{[l]} = dA^{[l]} \odot g^{[l]\prime}\left(Z^{[l]}\right)", variable="Z", of="L"),
    registered(deep.relu_backward, r"dZ = dA \odot \operatorname{ReLU}'(Z)", variable="Z", of="L"),
    registered(deep.sigmoid_backward, r"dZ = dA \odot \sigma(Z) \odot (1 - \sigma(Z))", variable="Z", of="L"),
    registered(deep.tanh_backward, r"dZ = dA \odot \left(1 - \tanh^2(Z)\right)", variable="Z", of="L"),
    registered(deep.dW, r"dW^{[l]} = \frac{1}{m}\, dZ^{[l]} \left(A^{[l-1]}\right)^T", variable="W", of="J"),
    registered(deep.db, r"db^{[l]} = \frac{1}{m}\, dZ^{[l]} \mathbf{1}", variable="b", of="J"),
    registered(deep.dA_prev, r"dA^{[l-1]} = \left(W^{[l]}\right)^T dZ^{[l]}", variable="A_prev", of="L"),
    registered(
        deep.linear_backward,
        r"\begin{aligned} dA^{[l-1]} &= \left(W^{[l]}\right)^T dZ^{[l]} \\"
        r" dW^{[l]} &= \frac{1}{m}\, dZ^{[l]} \left(A^{[l-1]}\right)^T \\"
        r" db^{[l]} &= \frac{1}{m}\, dZ^{[l]} \mathbf{1} \end{aligned}",
    ),
    registered(
        deep.linear_activation_backward,
        r"\begin{aligned} dZ^{[l]} &= dA^{[l]} \odot g^{[l]\prime}\left(Z^{[l]}\right) \\"
        r" dA^{[l-1]} &= \left(W^{[l]}\right)^T dZ^{[l]} \\"
        r" dW^{[l]} &= \frac{1}{m}\, dZ^{[l]} \left(A^{[l-1]}\right)^T \\"
        r" db^{[l]} &= \frac{1}{m}\, dZ^{[l]} \mathbf{1} \end{aligned}",
    ),
    registered(
        deep.backward_propagation,
        r"\begin{aligned} dZ^{[L]} &= A^{[L]} - Y"
        r" \quad \text{for a sigmoid or softmax with its cross-entropy} \\"
        r" dZ^{[l]} &= \left(\left(W^{[l+1]}\right)^T dZ^{[l+1]}\right) \odot g^{[l]\prime}\left(Z^{[l]}\right)"
        r" \quad \text{for } l = L - 1, \dots, 1 \\"
        r" dW^{[l]} &= \frac{1}{m}\, dZ^{[l]} \left(A^{[l-1]}\right)^T \\"
        r" db^{[l]} &= \frac{1}{m}\, dZ^{[l]} \mathbf{1} \end{aligned}",
    ),
)
