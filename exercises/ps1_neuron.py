# %% [markdown]
# # One neuron
#
# The smallest network there is: one unit, derived by hand, written by you, and trained to tell a handwritten 3 from
# an 8.
#
# **When you are done, you can**
#
# - write the sigmoid and its slope, and say what both do far from zero;
# - put a price on a wrong answer, and derive how that price moves with every weight;
# - go from one example to m examples, and say why 1/m stands before `dW` and `db` and nowhere else;
# - train a neuron by gradient descent, and draw the line by which it decides.
#
# **Time:** 60 to 90 minutes. The eleven functions have one to six lines each. What takes time is to know why.
#
# **How it works.** Replace `raise NotImplementedError()` in an answer cell by your code, run it, then run the check
# below it. The check tells you what is right, or what differs first. You can run it as often as you like. Cells
# between the checks use your own functions, so work from top to bottom. If you are stuck, the book's chapters *A
# neuron is a hyperplane*, *Loss and cost*, *One neuron, one example* and *One neuron, many examples* derive what you are
# asked for, and `hint(sigmoid)`, in a cell of your own, gives one hint after the other.

# %% locked="setup"
import numpy as np
from IPython.display import display
from matplotlib.colors import ListedColormap

from autograder import check, hint, once_written, set_assignment
from course_lib.datasets import digit_pair, split
from course_lib.gradient_checking import central_difference, relative_error
from course_lib.plotting import PALETTE, cost_curve, decision_boundary, inline, new_axes, new_grid

set_assignment("ps1_neuron")


def draw_image(ax, image, frames=()):
    """Draw 8 x 8 numbers: the fuller a square, the larger its number; orange where it is negative."""
    sign = ListedColormap([PALETTE["orange"], PALETTE["blue"]])
    ax.pcolormesh(image > 0, cmap=sign, vmin=0, vmax=1, alpha=np.abs(image) / np.abs(image).max())
    for row, column, height, width in frames:
        across, down = [column, column + width], [row, row + height]
        ax.plot(np.repeat(across, 2)[[0, 1, 3, 2, 0]], np.tile(down, 2)[[0, 1, 1, 0, 0]], color=PALETTE["green"])
    ax.set(xlim=(0, 8), ylim=(8, 0), aspect="equal", xlabel="column", ylabel="row")


# %% [markdown]
# ## The task
#
# Below are a 3 and an 8, written by hand and scanned as 8 × 8 squares. What tells them apart? An 8 is closed on the
# left, a 3 is open there. So measure two numbers in each image, between 0 and 1: the ink in the upper frame, and the
# ink in the lower one. Given these two numbers, is it an 8?

# %%
images, Y = digit_pair(3, 8)
pixels = images.reshape(8, 8, -1)  # row, column, example
X = np.stack([pixels[2:4, 2].mean(axis=0), pixels[5:7, 2].mean(axis=0)])
print("X has shape", X.shape, "and Y has shape", Y.shape)
print("the 3 below:", X[:, 10].round(2), "  the 8 below:", X[:, 14].round(2))

# %%
axes = new_grid(1, 2, 4.6, 2.6)
for ax, example in zip(axes, (10, 14), strict=True):
    draw_image(ax, pixels[:, :, example], frames=[(2, 2, 2, 1), (5, 2, 2, 1)])
inline(
    axes,
    alt="A handwritten 3 and a handwritten 8 of 8 by 8 squares. Two frames in column 2, over rows 2 and 3 and over rows "
    "5 and 6, hold almost no ink in the 3, and the line of the 8 fills them.",
)

# %% [markdown]
# Here are all of them as points, ● for a 3 and ▲ for an 8. (Many lie on top of each other.) The shaded regions are a
# first guess: an 8 has more than 0.4 of ink in the upper frame. How would you lay the line? A neuron will find it.

# %%
inline(
    decision_boundary(lambda points: (points[:1] > 0.4) * 1.0, X, Y),
    alt="Most threes lie near the lower left corner of a square, the eights above and to the right of them. An upright "
    "line at 0.4 has points of both kinds on both sides.",
)

# %% [markdown]
# ## Names and shapes
#
# Examples are **columns**. A lower-case letter is one example, a capital letter is a batch of m, one column each.
#
# | one example | batch | what it is | shapes | here |
# |---|---|---|---|---|
# | `x` | `X` | what is measured | (n0, 1), (n0, m) | (2, 357) |
# | `w`, `b` | `w`, `b` | weights and bias, shared by all | (1, n0), (1, 1) | (1, 2), (1, 1) |
# | `z` | `Z` | weighted input | (1, 1), (1, m) | (1, 357) |
# | `a` | `A` | output, between 0 and 1 | (1, 1), (1, m) | (1, 357) |
# | `y` | `Y` | label: 1 for an 8, else 0 | (1, 1), (1, m) | (1, 357) |
#
# The letter d stands for a gradient: `dz` is short for ∂L/∂z, how fast the loss L rises with z. It has the shape of
# what stands after the d.
#
# ## 1. Forwards
#
# ### How does a neuron make up its mind?
#
# It weighs what it is given, and adds a bias:
#
# {{ one_example.z }}
#
# **By hand.** With w = (2  −1), b = 1 and x = (0.5, 3) as a column, z = 2 × 0.5 − 1 × 3 + 1 = −1. A positive z speaks
# for *yes*, a negative one for *no*, and its size says how sure the neuron is. Now turn any z into a number a between 0
# and 1, a probability. Gamblers go the other way: from a they take the odds $a / (1 - a)$, and the logarithm of these can
# be any number. The sigmoid is the way back: $a = \sigma(z)$ is the number for which $\log\frac{a}{1 - a} = z$. Solve for
# a.
#
# {{ asked: activations.sigmoid }}
#
# | z | −1000 | −5 | −1 | 0 | 1 | 5 | 1000 |
# |---|---|---|---|---|---|---|---|
# | σ(z) | 0.0000 | 0.0067 | 0.2689 | 0.5 | 0.7311 | 0.9933 | 1.0000 |
#
# **A trap.** The fraction can be written with $e^z$ or with $e^{-z}$. On paper the two are equal. In numpy
# `np.exp(1000)` is `inf`, and `inf / inf` is `nan`, *not a number*. One of the two forms fails in this way at one end;
# the other only warns at its end. Which is which? The check tries both ends. A warning costs nothing.


# %% answer="sigmoid"
def sigmoid(z):
    """Return σ(z), entry by entry.

    z : array of any shape, also with entries as far out as -1000 and 1000
    """
    ### BEGIN SOLUTION
    return 1 / (1 + np.exp(-z))  # at z = -1000 it warns and is right all the same: 1 / inf is 0
    ### END SOLUTION


# %% check="sigmoid"
check(sigmoid).points

# %% [markdown]
# The output can be read as a probability, and a small step in z is a small step in a: this is what makes learning by
# small steps possible.
#
# ### How steep is it?
#
# The chain rule needs the slope of everything it passes. Differentiate your σ, and then write the slope by the output
# $a = \sigma(z)$ alone, without any $e$.
#
# {{ asked: activations.sigmoid_prime }}
#
# **By hand.** At z = log 3 the output is 3/4, and the slope 3/16. At z = 0 the slope is 1/4. Try it: σ(0.1) = 0.52498
# and σ(−0.1) = 0.47502, and (0.52498 − 0.47502) / 0.2 = 0.2498.


# %% answer="sigmoid_prime"
def sigmoid_prime(z):
    """Return σ'(z), entry by entry.

    z : array of any shape
    """
    ### BEGIN SOLUTION
    a = sigmoid(z)
    return a * (1 - a)
    ### END SOLUTION


# %% check="sigmoid_prime"
check(sigmoid_prime).points

# %% [markdown]
# The slope is a function of the output alone: whoever has kept a gets σ′ for one multiplication. It is never above
# 1/4, which will matter when many layers stand on each other.
#
# Here are your two functions. Where does the neuron learn most from a mistake, and where almost nothing?

# %%
with once_written():
    z = np.linspace(-8, 8, 161)
    ax = new_axes()
    ax.plot(z, sigmoid(z), label="σ(z)")
    ax.plot(z, sigmoid_prime(z), "--", label="σ′(z)")
    ax.set(xlabel="$z$", ylabel="σ and σ′")
    ax.legend(frameon=False)
    display(
        inline(
            ax,
            alt="The sigmoid rises from 0 to 1 and is steepest at 0. Its slope is a low bell of height one quarter, and "
            "almost 0 beyond 5 on both sides.",
        )
    )

# %% [markdown]
# ## 2. The price of a wrong answer
#
# ### How bad is one answer, as a number?
#
# One could count wrong answers. But a count stays the same when a weight moves a little, and then suddenly jumps: it
# has no slope to follow. The binary cross-entropy has one everywhere. It is minus the logarithm of the probability that
# the neuron gave to the *right* answer: a is what it gives to y = 1, and the rest is for y = 0. Write it as one expression
# in a and y, without an `if`: two terms, one of which is always zero.
#
# {{ asked: losses.bce_loss }}
#
# | output a | 0.01 | 0.1 | 0.25 | 0.5 | 0.9 | 0.99 |
# |---|---|---|---|---|---|---|
# | loss if y = 1 | 4.605 | 2.303 | 1.386 | 0.693 | 0.105 | 0.010 |
# | loss if y = 0 | 0.010 | 0.105 | 0.288 | 0.693 | 2.303 | 4.605 |
#
# To be undecided costs log 2 = 0.693. To be right costs little. To be sure and wrong costs a great deal.


# %% answer="bce_loss"
def bce_loss(a, y):
    """Return the binary cross-entropy of each prediction, in the shape of a.

    a : array of any shape, strictly between 0 and 1
    y : array of the same shape, labels 0 or 1
    """
    ### BEGIN SOLUTION
    return -y * np.log(a) - (1 - y) * np.log(1 - a)
    ### END SOLUTION


# %% check="bce_loss"
check(bce_loss).points

# %% [markdown]
# A price without an upper limit is what keeps a neuron from being sure of something that is wrong.

# %%
with once_written():
    a = np.linspace(0.005, 0.995, 199)
    ax = new_axes()
    ax.plot(a, bce_loss(a, np.zeros_like(a)), label="y = 0")
    ax.plot(a, bce_loss(a, np.ones_like(a)), "--", label="y = 1")
    ax.set(xlabel="output $a$", ylabel="loss $L$")
    ax.legend(frameon=False)
    display(
        inline(
            ax,
            alt="Two curves that mirror each other and cross at one half. The loss for y = 0 climbs without limit as "
            "the output nears 1, the loss for y = 1 as it nears 0.",
        )
    )

# %% [markdown]
# ## 3. Backwards, one example
#
# From w to L leads a chain of three links, and the way back takes them one by one:
#
# ```text
#    forwards     w, b   →   z   →   a   →   L
#    backwards   dw, db  ←  dz   ←  da   ←
# ```
#
# ### If the output rises a little, does the loss rise or fall, and how fast?
#
# Differentiate your loss by a; y stays as it is.
#
# {{ asked: one_example.da }}
#
# **By hand.** Let y = 0 and a = 0.8. Then da = 5: the loss rises. Try it: going from 0.80 to 0.81 changes the loss by
# −log 0.19 + log 0.20 = 0.051, which is close to 5 × 0.01.


# %% answer="compute_da"
def compute_da(a, y):
    """Return da = ∂L/∂a, in the shape of a.

    a : (1, 1), strictly between 0 and 1
    y : (1, 1), label 0 or 1
    """
    ### BEGIN SOLUTION
    return -y / a + (1 - y) / (1 - a)
    ### END SOLUTION


# %% check="compute_da"
check(compute_da).points

# %% [markdown]
# The label enters the way back here, and only here: from now on all that happens is the chain rule.
#
# ### And if the weighted input rises a little?
#
# Between z and a stands the sigmoid, so the chain rule multiplies two things that you have. Write the product by a and y,
# and simplify until nothing is divided.
#
# {{ asked: one_example.dz }}
#
# **By hand.** The numbers of before, y = 0 and a = 0.8, give dz = 0.8. There is a second way to the same place: in terms
# of z the loss is $\log(1 + e^z) - y z$.
#
# **A trap.** Simplify on paper, not in numpy. At z = 40 the sigmoid is exactly 1 there. If y = 0, then da divides by 0,
# and the slope beside it is 0. The right answer is simply 1. The check tries a = 0 and a = 1 too.


# %% answer="compute_dz"
def compute_dz(a, y):
    """Return dz = ∂L/∂z, in the shape of a; finite for every a from 0 to 1, both included.

    a : (1, 1)
    y : (1, 1), label 0 or 1
    """
    ### BEGIN SOLUTION
    return a - y
    ### END SOLUTION


# %% check="compute_dz"
check(compute_dz).points

# %% [markdown]
# What travels back is the error itself, what was said minus what is true. It is never larger than 1, and it does not
# fade where the sigmoid is flat: this is why sigmoid and cross-entropy belong together.
#
# ### Which weight is to blame, and how much?
#
# How fast does $z = w_1 x_1 + w_2 x_2 + b$ move with each of its weights? The chain rule does the rest, weight by weight;
# all of them side by side are a row.
#
# {{ asked: one_example.dw }}
#
# **By hand.** dz = 0.8 and x = (0.5, 3) give dw = (0.4  2.4). Where the input is larger, the weight has more of the
# blame. The bias, for one example, is so simple that it needs no function.


# %% answer="compute_dw"
def compute_dw(dz, x):
    """Return dw = ∂L/∂w (1, n0), for one example.

    dz : (1, 1)
    x : (n0, 1)
    """
    ### BEGIN SOLUTION
    return dz @ x.T
    ### END SOLUTION


# %% check="compute_dw"
check(compute_dw).points

# %% [markdown]
# Error times input: this is the rule by which every weight of every network of this kind learns.
#
# You need not take anybody's word for it. Move one weight a little up and a little down, and see what the loss does.

# %%
with once_written():
    x, y = np.array([[0.5], [3.0]]), np.array([[0.0]])
    w, b = np.array([[2.0, -1.0]]), np.array([[1.0]])
    dw = compute_dw(compute_dz(sigmoid(w[0] @ x[:, 0] + b), y), x)
    for k in range(2):
        step = np.zeros((1, 2))
        step[0, k] = 0.001
        up, down = (bce_loss(sigmoid(v[0] @ x[:, 0] + b), y).item() for v in (w + step, w - step))
        print(f"weight {k}: the loss moves by {(up - down) / 0.002:.5f} for each 1 of weight; dw says {dw[0, k]:.5f}")

# %% [markdown]
# ## 4. m examples at once
#
# ### What does the neuron say about all of them?
#
# For one example you have z, and then $a = \sigma(z)$. Now put the examples side by side as the columns of X, and run all
# of them at once, without a loop.
#
# {{ asked: batch.forward }}
#
# **A number to hold on to.** If the weights and the bias are 0, then Z = 0 and A = 0.5 for every example: the neuron
# has no opinion yet.


# %% answer="forward"
def forward(w, b, X):
    """Return A (1, m), the neuron's output for each example.

    w : (1, n0)
    b : (1, 1), or a number
    X : (n0, m)
    """
    ### BEGIN SOLUTION
    return sigmoid(w @ X + b)
    ### END SOLUTION


# %% check="forward"
check(forward).points

# %% [markdown]
# One call and no loop. It costs the same few lines for two examples as for two million.
#
# ### How bad are all answers together?
#
# The cost is the mean of the losses. The mean, because a sum would grow with the amount of data even if no answer got
# worse.
#
# {{ asked: batch.cost }}
#
# **By hand.** Two examples with the losses 0.2 and 0.6 have the cost 0.4.


# %% answer="compute_cost"
def compute_cost(A, Y):
    """Return the cost J, a number: the mean of the losses.

    A : (1, m), strictly between 0 and 1
    Y : (1, m), labels 0 or 1
    """
    ### BEGIN SOLUTION
    return float(np.sum(bce_loss(A, Y)) / Y.shape[1])
    ### END SOLUTION


# %% check="compute_cost"
check(compute_cost).points

# %% [markdown]
# From now on this one number is what training pushes down.

# %%
with once_written():
    undecided = forward(np.zeros((1, 2)), 0.0, X)
    print(f"without an opinion the cost is {compute_cost(undecided, Y):.4f}, and log 2 is {np.log(2):.4f}")

# %% [markdown]
# ### All examples share one w. How do their gradients combine?
#
# Example j alone asks for the row that `compute_dw` gives. The derivative of a mean is the mean of the derivatives, so
# the gradient of the cost is the mean of these rows. The $dz_j$ stand side by side in the row dZ. Find one expression, in
# which a matrix product does the sum.
#
# {{ asked: batch.dW }}
#
# **By hand.** Two examples, x = (0.5, 3) with dz = 0.8 and x = (1, 2) with dz = −0.2. Alone they give (0.4  2.4) and
# (−0.2  −0.4). The mean is (0.1  1.0).
#
# **Why is there no 1/m in dZ?** Because $z_j$ belongs to example j alone. It enters the loss of example j and no
# other, so there is nothing to average. The weights enter every loss.


# %% answer="compute_dW"
def compute_dW(dZ, X):
    """Return dW (1, n0), the gradient of the cost by w.

    dZ : (1, m), column j is ∂L_j/∂z_j
    X : (n0, m)
    """
    ### BEGIN SOLUTION
    return dZ @ X.T / X.shape[1]
    ### END SOLUTION


# %% check="compute_dW"
check(compute_dW).points

# %% [markdown]
# Thanks to the 1/m a step does not grow with the amount of data. Measure it: hand in every example twice.

# %%
with once_written():
    dZ_by_hand = np.array([[0.8, -0.2]])
    X_by_hand = np.array([[0.5, 1.0], [3.0, 2.0]])
    print("two examples:            ", compute_dW(dZ_by_hand, X_by_hand).round(4))
    twice = compute_dW(np.tile(dZ_by_hand, 2), np.tile(X_by_hand, 2))
    print("each of them twice:      ", twice.round(4))
    print("each twice, without 1/m: ", (4 * twice).round(4))

# %% [markdown]
# ### And the bias?
#
# The bias is a weight whose input is always 1. What does that make of the gradient by the weights? Keep the result a
# matrix of one row and one column.
#
# {{ asked: batch.db }}
#
# **By hand.** With the same dZ as above, db = 0.3.


# %% answer="compute_db"
def compute_db(dZ):
    """Return db (1, 1), the gradient of the cost by b.

    dZ : (1, m)
    """
    ### BEGIN SOLUTION
    return np.sum(dZ, axis=1, keepdims=True) / dZ.shape[1]
    ### END SOLUTION


# %% check="compute_db"
check(compute_db).points

# %% [markdown]
# If the neuron says *yes* too often, then most errors are positive, db is positive, and the next step lowers b.
#
# ### Forwards and backwards in one function
#
# ```text
#    w, b, X  →  A  →  cost
#                ↓
#        Y  →  dZ  →  dw, db
# ```
#
# Use what you have found above. Return the gradients as a dict with the keys `"dw"` and `"db"`, and the cost beside it.
#
# {{ asked: batch.propagate }}


# %% answer="propagate"
def propagate(w, b, X, Y):
    """Return grads and cost.

    w : (1, n0)
    b : (1, 1), or a number
    X : (n0, m)
    Y : (1, m), labels 0 or 1

    Returns grads = {"dw": (1, n0), "db": (1, 1)}, and the cost, a number
    """
    ### BEGIN SOLUTION
    A = forward(w, b, X)
    dZ = A - Y
    return {"dw": compute_dW(dZ, X), "db": compute_db(dZ)}, compute_cost(A, Y)
    ### END SOLUTION


# %% check="propagate"
check(propagate).points

# %% [markdown]
# One pass forwards and one pass back give the cost and its gradient by every weight, however many weights there are.
#
# The same test as before, now on the real data: a relative error below 1e-7 says that formula and cost agree.

# %%
with once_written():
    w, b = np.array([[1.5, -0.5]]), np.array([[0.2]])
    grads, _ = propagate(w, b, X, Y)
    measured = {
        "dw": central_difference(lambda v: propagate(v, b, X, Y)[1], w),
        "db": central_difference(lambda v: propagate(w, v, X, Y)[1], b),
    }
    for name, gradient in measured.items():
        error = relative_error(grads[name], gradient)
        print(name, "agrees with the cost" if error < 1e-7 else f"does not: relative error {error:.1e}")

# %% [markdown]
# ## 5. Your neuron learns to read
#
# The gradient points uphill. So take a small step the other way, and again, and again. This is all that *gradient
# descent* is, and the loop has two lines. The number 2.0 is the learning rate.

# %%
w, b, costs = np.zeros((1, 2)), np.zeros((1, 1)), []
with once_written():
    for _ in range(1000):
        grads, cost = propagate(w, b, X, Y)
        w, b = w - 2.0 * grads["dw"], b - 2.0 * grads["db"]
        costs.append(cost)
    print(f"cost: {costs[0]:.3f} at first, {costs[-1]:.3f} at last")
    print(f"right: {np.mean((forward(w, b, X) > 0.5) == Y):.0%} of {Y.size} digits, from two numbers each")

# %%
inline(
    cost_curve(costs), alt="The cost falls from 0.69, fast at first and then ever more slowly, to about 0.22."
) if costs else print("Write propagate first, then run the last two cells again.")

# %% [markdown]
# ### Where is the line?
#
# The neuron says *8* where a > 0.5. That is where z > 0, since σ(0) = 0.5. And z = 0 is the equation of a straight
# line: $w_1 x_1 + w_2 x_2 + b = 0$. With more inputs it is a plane, or a hyperplane: one neuron, one straight cut.
#
# **By hand.** The line meets the axis of $x_1$ where $x_2 = 0$, that is at $x_1 = -b / w_1$, and the other axis at
# $x_2 = -b / w_2$. Put in the numbers that the next cell prints, and find both places in the picture.

# %%
if costs:
    print(f"w = ({w[0, 0]:.1f}  {w[0, 1]:.1f}), b = {b[0, 0]:.1f}")

# %%
inline(
    decision_boundary(lambda points: forward(w, b, points), X, Y),
    alt="The same points as above, now with the line that the neuron has learned: it falls from the upper left to the "
    "lower right. Nearly all threes are below it, most eights above it.",
) if costs else print("Write propagate first, then run the last four cells again.")

# %% [markdown]
# ### What if it may see the whole image?
#
# Your functions work for any n0. Give the neuron all 64 squares in place of two numbers. A quarter of the digits is
# held back: to be right about those is worth more, since the neuron has never seen them.

# %%
w_image, b_image, learned = np.zeros((1, 64)), np.zeros((1, 1)), None
with once_written():
    X_train, Y_train, X_test, Y_test = split(images, Y, seed=0)
    for _ in range(500):
        grads, _ = propagate(w_image, b_image, X_train, Y_train)
        w_image, b_image = w_image - 0.5 * grads["dw"], b_image - 0.5 * grads["db"]
    learned = w_image.reshape(8, 8)
    for name, some, labels in (("trained on", X_train, Y_train), ("held back", X_test, Y_test)):
        print(f"right: {np.mean((forward(w_image, b_image, some) > 0.5) == labels):.0%} of {labels.size} digits {name}")

# %% [markdown]
# Each square has a weight of its own, so the 64 weights are an image as well. What did the neuron look for?

# %%
ax = new_axes(3.4, 3.0)
if learned is not None:
    draw_image(ax, learned, frames=[(2, 2, 2, 1), (5, 2, 2, 1)])
inline(
    ax,
    alt="The 64 weights as squares. Blue ones, which speak for an 8, stand close together on the left, in and around "
    "the two frames; orange ones, which speak for a 3, along the upper edge, at the lower right and at the lower left.",
) if learned is not None else print("Write propagate first, then run the last two cells again.")

# %% [markdown]
# Blue squares speak for an 8, orange ones for a 3. Nobody told the neuron to look at the left side: it found the place
# by itself, with two lines of gradient descent.
#
# **Look around, if you like.** Ask for `digit_pair(4, 9)` or `digit_pair(1, 7)` at the top, and run everything again:
# where would your two frames have to be? Set the learning rate 2.0 to 0.01, to 20 and to 200, and look at the cost
# curve each time. Which of them is too small, and what does too large look like?
#
# **Before you hand in**, restart the kernel and run all cells (in JupyterLab *Kernel*, *Restart Kernel and Run All
# Cells*): what counts is the notebook as it runs from top to bottom. Then save it.
#
# One neuron makes one straight cut. The next assignment is about the curve that comes after the cut, and shows why
# more layers are worth nothing without it.
