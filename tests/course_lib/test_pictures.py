"""Every picture of the course: what it draws, where, in which colours, and how it reads in a page."""

import io
import itertools
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from course_lib import plotting, two_layer
from course_lib.activations import ACTIVATIONS
from course_lib.datasets import circles, xor
from course_lib.initialization import small_random
from course_lib.plotting import style

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
COLOURS = re.compile(r"#[0-9a-f]{6}")
RNG = np.random.default_rng(0)
X_PLANE, Y_PLANE = circles(30, seed=0)
NETWORKS = {n1: small_random(2, n1, 1, seed=0, scale=1.0) for n1 in (2, 3, 5)}
W = RNG.standard_normal((3, 2))


def f(theta):
    return np.sum(np.tanh(theta) ** 2)


GRADIENT = 2 * np.tanh(W) * (1 - np.tanh(W) ** 2)


def warped(n1=2, axes=None):
    return plotting.warped_plane(NETWORKS[n1], X_PLANE, Y_PLANE, axes=axes)


def sizes(axes=None):
    runs = {"small": {"dW1": 0.01 * W, "dW2": W, "db1": W}, "zero": {"dW1": 0 * W, "dW2": 3 * W}}
    return plotting.gradient_sizes(runs, axes)


PICTURES = {
    "warped_plane, two units": lambda axes=None: warped(2, axes),
    "warped_plane, three units": lambda axes=None: warped(3, axes),
    "activation_curves": lambda axes=None: plotting.activation_curves(["tanh", "relu", "sigmoid", "identity"], axes),
    "cost_curves": lambda axes=None: plotting.cost_curves({"a": np.ones(3), "b": np.arange(3.0)}, axes),
    "gradient_sizes": sizes,
    "network_diagram": lambda axes=None: plotting.network_diagram([2, 4, 1], ["tanh", "sigmoid"], True, axes),
    "step_errors": lambda axes=None: plotting.step_errors(f, W, GRADIENT, ax=axes),
    "error_map": lambda axes=None: plotting.error_map(GRADIENT * 1.01, GRADIENT, axes),
}
SEVERAL = {"warped_plane, two units", "warped_plane, three units", "activation_curves"}
each_picture = pytest.mark.parametrize("name", list(PICTURES))


def listed(drawn):
    return [drawn] if isinstance(drawn, Axes) else list(drawn)


def svg_of(name):
    return plotting.inline(PICTURES[name](), alt=name).svg


def texts(ax):
    return [text.get_text() for text in ax.texts]


@each_picture
def test_a_picture_returns_the_axes_it_drew_into(name):
    axes = listed(PICTURES[name]())
    assert len(axes) == (4 if name in SEVERAL else 1)
    assert all(isinstance(ax, Axes) for ax in axes)
    assert len({id(ax.figure) for ax in axes}) == 1


@each_picture
def test_a_picture_is_drawn_into_the_given_axes_also_of_another_style(name):
    figure = Figure(layout="constrained")
    mine = [figure.add_subplot(2, 2, k + 1) for k in range(4)] if name in SEVERAL else [figure.add_subplot()]
    drawn = PICTURES[name](mine if name in SEVERAL else mine[0])
    assert all(a is b for a, b in zip(listed(drawn), mine, strict=True))
    assert figure.axes == mine
    assert plotting.inline(drawn, alt=name).svg


@each_picture
def test_axes_are_named_or_switched_off(name):
    for ax in listed(PICTURES[name]()):
        assert not ax.axison or (ax.get_xlabel() and ax.get_ylabel())


@each_picture
def test_the_svg_is_an_image_with_a_name_and_is_well_formed(name):
    root = ElementTree.fromstring(svg_of(name))
    assert root.tag == f"{SVG}svg"
    assert (root.get("role"), root.get("aria-label")) == ("img", name)


@each_picture
def test_the_svg_has_no_colours_but_the_palette_and_the_page_s(name):
    svg = svg_of(name)
    assert "currentColor" in svg
    assert plotting._INK not in svg
    assert sorted(set(COLOURS.findall(svg)) - set(plotting.PALETTE.values())) == []


@each_picture
def test_every_text_takes_the_colour_of_the_page(name):
    fixed = []
    for text in ElementTree.fromstring(svg_of(name)).iter(f"{SVG}text"):
        for piece in list(text) or [text]:
            fill = re.search(r"fill: ([^;]+)", piece.get("style", ""))
            if fill and fill[1] != "currentColor":
                fixed.append(piece.text)
    assert fixed == []


@each_picture
def test_ids_stand_once_and_references_find_them(name):
    svg = svg_of(name)
    ids = re.findall(r'\bid="([^"]*)"', svg)
    references = set(re.findall(r'(?:href="|url\()#([^")]*)', svg))
    assert len(ids) == len(set(ids))
    assert references == set(ids), "an id that nothing refers to is dropped"


def test_pictures_of_one_page_share_no_id():
    ids = [set(re.findall(r'\bid="([^"]*)"', svg_of(name))) for name in PICTURES]
    assert all(not a & b for a, b in itertools.combinations(ids, 2))


@each_picture
def test_the_svg_is_the_same_every_time_and_light_enough_for_a_page(name):
    svg = svg_of(name)
    assert svg == svg_of(name)
    assert len(svg) < 120_000


@each_picture
def test_the_picture_is_narrow_enough_that_its_text_can_be_read_on_a_phone(name):
    # 343 px are left of 375; text of 10 points (13.3 px) then measures at least 9 px.
    figure = listed(PICTURES[name]())[0].figure
    assert figure.get_size_inches()[0] * 96 <= 343 * 13.3 / 9
    figure.savefig(io.BytesIO(), format="svg")
    smallest = min(text.get_fontsize() for text in figure.findobj(matplotlib.text.Text) if text.get_text().strip())
    assert smallest >= 9


def test_drawing_changes_no_setting_of_matplotlib():
    before = dict(matplotlib.rcParams)
    for name in PICTURES:
        svg_of(name)
    assert dict(matplotlib.rcParams) == before


def test_drawing_never_loads_pyplot_and_writes_no_file(tmp_path):
    program = (
        "import sys, numpy as np\n"
        f"sys.path[:0] = [{str(ROOT)!r}]\n"
        "from course_lib import plotting as p\n"
        "from course_lib.datasets import circles\n"
        "from course_lib.initialization import small_random\n"
        "W = np.ones((2, 2))\n"
        "for picture in (p.warped_plane(small_random(2, 3, 1, 0), *circles(20, 0)), p.activation_curves(),\n"
        "                p.cost_curves({'a': np.ones(3)}), p.gradient_sizes({'a': {'dW1': W}}),\n"
        "                p.network_diagram([2, 9, 1]), p.step_errors(np.sum, W, W), p.error_map(W, W)):\n"
        "    p.inline(picture, alt='a picture')\n"
        "print('matplotlib.pyplot' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("False\n", "")
    assert list(tmp_path.iterdir()) == []


def test_every_public_name_has_a_docstring_and_every_picture_is_tested_here():
    functions = {name for name in plotting.__all__ if callable(getattr(plotting, name))}
    assert all(getattr(plotting, name).__doc__ for name in functions)
    elsewhere = {"InlineSVG", "inline", "new_axes", "new_grid", "cost_curve", "decision_boundary"}
    assert functions - elsewhere == {name.partition(",")[0] for name in PICTURES}


# The palette


def linear(colour):
    channels = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    dark, light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", list(plotting.PALETTE))
@pytest.mark.parametrize("page", ["#ffffff", "#fdfcf9", "#14181e", "#16191e"])
def test_every_colour_stands_out_three_to_one_on_light_and_on_dark(name, page):
    assert contrast(plotting.PALETTE[name], page) >= 3


# What people without one kind of cone see, of linear RGB (Machado, Oliveira and Fernandes, 2009, full severity).
SIGHTS = {
    "all cones": np.eye(3),
    "no long-wave cones": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no middle-wave cones": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no short-wave cones": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(colour, sight):
    """Return a colour's place in CIE L*a*b*, where distances are differences that people see."""
    t = XYZ @ np.clip(sight @ linear(colour), 0, 1) / XYZ.sum(axis=1)
    t = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * t[1] - 16, 500 * (t[0] - t[1]), 200 * (t[1] - t[2])])


def nearest_pair(colours, sight):
    return min(np.linalg.norm(lab(a, sight) - lab(b, sight)) for a, b in itertools.combinations(colours, 2))


@pytest.mark.parametrize("sight", list(SIGHTS))
def test_no_two_colours_of_the_palette_look_alike_to_anyone(sight):
    assert nearest_pair(plotting.PALETTE.values(), SIGHTS[sight]) > 20


def test_two_colours_that_look_alike_without_a_cone_would_be_noticed():
    assert nearest_pair(["#3b7dd8", "#a05fc0"], SIGHTS["all cones"]) > 20
    assert nearest_pair(["#3b7dd8", "#a05fc0"], SIGHTS["no long-wave cones"]) < 10


def test_twenty_lines_of_one_picture_differ_and_neighbours_in_more_than_colour():
    looks = [(s["color"], s["linestyle"]) for s in map(style.series, range(20))]
    assert len(set(looks)) == 20
    assert all(a[0] != b[0] and a[1] != b[1] for a, b in itertools.pairwise(looks))


# The pictures, one by one


def points_of(ax):
    """Return the points drawn in axes by their label."""
    return {line.get_label(): np.array(line.get_data()) for line in ax.lines if str(line.get_label()).startswith("y =")}


def grid_of(ax):
    return [np.array(line.get_data()) for line in ax.lines if line.get_color() == plotting.PALETTE["grey"]]


def test_two_hidden_units_are_drawn_as_they_are_after_every_step():
    parameters = NETWORKS[2]
    W1, b1 = parameters["W1"], parameters["b1"] + [[0.5], [-1.0]]
    axes = plotting.warped_plane({**parameters, "b1": b1}, X_PLANE, Y_PLANE)
    steps = [X_PLANE, W1 @ X_PLANE, W1 @ X_PLANE + b1, np.tanh(W1 @ X_PLANE + b1)]
    for ax, points in zip(axes, steps, strict=True):
        drawn = points_of(ax)
        np.testing.assert_allclose(drawn["y = 0"], points[:, Y_PLANE[0] == 0])
        np.testing.assert_allclose(drawn["y = 1"], points[:, Y_PLANE[0] == 1])


def test_the_four_pictures_say_which_step_they_show():
    titles = [ax.get_title() for ax in plotting.warped_plane(NETWORKS[2], X_PLANE, Y_PLANE, activation="sigmoid")]
    assert [title.split(" ")[0] for title in titles] == ["input", "linear", "translation", "activation"]
    assert titles[3] == "activation sigmoid"


def test_the_grid_is_warped_like_the_points():
    axes = warped(2)
    straight, bent = grid_of(axes[0]), grid_of(axes[3])
    assert len(straight) == len(bent) == 18
    parameters = NETWORKS[2]
    for before, after in zip(straight, bent, strict=True):
        ends = np.tanh(parameters["W1"] @ before + parameters["b1"])
        np.testing.assert_allclose(after[:, [0, -1]], ends)


@pytest.mark.parametrize("n1", [2, 3, 5])
def test_the_line_parts_the_points_exactly_as_the_output_does(n1):
    parameters = {**NETWORKS[n1], "b2": np.array([[0.3]])}
    ax = plotting.warped_plane(parameters, X_PLANE, Y_PLANE)[3]
    (line,) = [line for line in ax.lines if line.get_label() == "output 1/2"]
    (x0, y0), (x1, y1) = line.get_xy1(), line.get_xy2()
    sides = []
    for kind, points in enumerate(points_of(ax).values()):
        output = two_layer.forward_propagation(X_PLANE[:, Y_PLANE[0] == kind], parameters)[0][0]
        cross = (x1 - x0) * (points[1] - y0) - (y1 - y0) * (points[0] - x0)
        sides += list(np.sign(cross) * np.sign(output - 0.5))
    assert len(set(sides)) == 1


def test_three_hidden_units_are_projected_without_stretching():
    ax = warped(3)[3]
    A1 = np.tanh(NETWORKS[3]["W1"] @ X_PLANE + NETWORKS[3]["b1"])
    for kind, points in enumerate(points_of(ax).values()):
        hidden = A1[:, Y_PLANE[0] == kind]
        lengths = np.linalg.norm(points[:, :, np.newaxis] - points[:, np.newaxis, :], axis=0)
        true = np.linalg.norm(hidden[:, :, np.newaxis] - hidden[:, np.newaxis, :], axis=0)
        assert np.all(lengths <= true + 1e-12)
        np.testing.assert_allclose(points[0], (NETWORKS[3]["W2"] @ hidden)[0] / np.linalg.norm(NETWORKS[3]["W2"]))


def test_output_weights_of_zero_give_a_picture_too():
    for n1, parameters in NETWORKS.items():
        silent = {**parameters, "W2": np.zeros((1, n1))}
        assert plotting.inline(plotting.warped_plane(silent, X_PLANE, Y_PLANE), alt="no line").svg


@pytest.mark.parametrize(
    ("W1", "W2"), [((1, 2), (1, 1)), ((3, 3), (1, 3)), ((3, 2), (2, 3)), ((3, 2), (1, 2)), ((2,), (1, 2))]
)
def test_a_network_that_cannot_be_drawn_in_the_plane_is_refused_with_its_shapes(W1, W2):
    parameters = {"W1": np.ones(W1), "b1": np.zeros((W1[0], 1)), "W2": np.ones(W2), "b2": np.zeros((1, 1))}
    with pytest.raises(ValueError) as caught:
        plotting.warped_plane(parameters, X_PLANE, Y_PLANE)
    assert str(W1) in str(caught.value)
    assert str(W2) in str(caught.value)


def test_every_activation_of_the_course_is_drawn_with_its_derivative():
    axes = plotting.activation_curves()
    assert [ax.get_title() for ax in axes] == list(ACTIVATIONS)
    for ax in axes:
        g = ACTIVATIONS[ax.get_title()]
        curves = {line.get_label(): np.array(line.get_data()) for line in ax.lines}
        z, values = curves["g(z)"]
        np.testing.assert_array_equal(values, g.function(z))
        z, values = curves["g′(z)"]
        drawn = np.isfinite(values)
        np.testing.assert_array_equal(values[drawn], g.prime(z)[drawn])
        assert np.count_nonzero(~drawn) == ("kink" in texts(ax))


def test_a_kink_is_marked_where_the_derivative_jumps_and_nowhere_else():
    marked = {ax.get_title() for ax in plotting.activation_curves() if "kink" in texts(ax)}
    assert "relu" in marked
    assert marked <= {"relu", "leaky_relu"}
    assert ("leaky_relu" in ACTIVATIONS) == ("leaky_relu" in marked)


def test_the_full_dot_is_the_value_that_the_course_takes_at_the_kink():
    (ax,) = plotting.activation_curves(["relu"])
    dots = {line.get_fillstyle(): line.get_ydata() for line in ax.lines if line.get_marker() == "o"}
    assert dots == {"full": [0.0], "none": [1.0]}


def test_activations_that_do_not_exist_or_have_no_axes_are_refused():
    with pytest.raises(ValueError, match="did you mean 'relu'"):
        plotting.activation_curves(["rulu"])
    with pytest.raises(ValueError, match="2 activations need as many axes, not 1"):
        plotting.activation_curves(["relu", "tanh"], [plotting.new_axes()])


def test_each_run_has_its_name_in_the_legend_and_its_costs_in_the_picture():
    runs = {"rate 0.1": np.array([3.0, 2.0, 1.0]), "rate 1": np.array([3.0, 1.0])}
    ax = plotting.cost_curves(runs, logarithmic=True)
    assert ax.get_yscale() == "log"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(runs)
    for line, costs in zip(ax.lines, runs.values(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), costs)


def test_gradient_sizes_are_root_mean_squares_by_layer():
    grads = {"dW2": np.array([[3.0, -3.0]]), "dW10": np.array([[1.0, 7.0]]), "dW1": np.ones((2, 3)), "db1": 9 * W}
    ax = plotting.gradient_sizes({"a run": grads})
    assert ax.get_yscale() == "log"
    np.testing.assert_allclose(ax.lines[0].get_data(), [[1, 2, 10], [1.0, 3.0, 5.0]])


def test_a_gradient_of_zero_stands_at_the_foot_with_a_nought():
    ax = sizes()
    assert "0" in texts(ax)
    assert np.isnan(ax.lines[1].get_ydata()[0])
    foot = ax.lines[2]
    assert (foot.get_color(), list(foot.get_xdata())) == (ax.lines[1].get_color(), [1])
    assert "0" not in texts(plotting.gradient_sizes({"a": {"dW1": W}}))


@pytest.mark.parametrize("draw", [plotting.cost_curves, plotting.gradient_sizes])
def test_no_runs_are_refused(draw):
    with pytest.raises(ValueError, match="no runs"):
        draw({})


def test_gradients_without_weights_are_refused_by_the_name_of_the_run():
    with pytest.raises(ValueError, match=r"'mine' needs gradients .* and has db1"):
        plotting.gradient_sizes({"mine": {"db1": W}})


def test_the_diagram_writes_the_shape_of_every_matrix():
    written = " ".join(texts(plotting.network_diagram([2, 4, 1], gradients=True)))
    for name, shape in {"W^{[1]}": "(4, 2)", "b^{[1]}": "(4, 1)", "W^{[2]}": "(1, 4)", "b^{[2]}": "(1, 1)"}.items():
        assert f"${name}$ {shape}" in written
        assert f"$d{name}$ {shape}" in written
    for name, shape in {"X": "(2, m)", "A^{[1]}": "(4, m)", "A^{[2]}": "(1, m)"}.items():
        assert f"${name}$\n{shape}" in written
    assert "$dW" not in " ".join(texts(plotting.network_diagram([2, 4, 1])))


def units(ax):
    return [len(line.get_xdata()) for line in ax.lines if line.get_marker() == "o"]


def test_the_diagram_draws_every_unit_and_every_connection_of_a_small_network():
    ax = plotting.network_diagram([2, 4, 1])
    assert units(ax) == [2, 4, 1]
    assert sum(text.get_text() == "" for text in ax.texts) == 2 * 4 + 4 * 1


def test_of_a_large_layer_four_units_and_three_dots_are_drawn():
    ax = plotting.network_diagram([784, 5, 10])
    assert units(ax) == [4, 5, 4]
    assert [len(line.get_xdata()) for line in ax.lines if line.get_marker() == "."] == [3, 3]


def test_activations_are_named_under_their_layers():
    assert {"tanh", "softmax"} <= set(texts(plotting.network_diagram([2, 4, 3], ["tanh", "softmax"])))


@pytest.mark.parametrize("layers", [[], [3], [3, 0, 1]])
def test_a_network_without_layers_or_units_is_refused(layers):
    with pytest.raises(ValueError, match="two layers or more"):
        plotting.network_diagram(layers)


def test_a_diagram_with_an_activation_too_few_is_refused():
    with pytest.raises(ValueError, match="2 layers need as many activations, not 1"):
        plotting.network_diagram([2, 4, 1], ["tanh"])


def curves_of_errors(gradient):
    ax = plotting.step_errors(f, W, gradient)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    return {line.get_label(): np.array(line.get_data()) for line in ax.lines}


def test_the_central_difference_draws_a_v_and_the_complex_step_stays_flat():
    curves = curves_of_errors(GRADIENT)
    steps, central = curves["central difference"]
    lowest = steps[np.argmin(central)]
    assert 1e-7 < lowest < 1e-4
    assert central[0] > 1e6 * central.min()
    assert central[-1] > 1e6 * central.min()
    steps, exact = curves["complex step"]
    assert np.all(exact[steps < 1e-9] < 1e-15)
    assert exact.min() > 0, "an error of zero has a place on the axis"


def test_a_wrong_gradient_is_told_by_both_curves():
    curves = curves_of_errors(1.0005 * GRADIENT)
    steps, central = curves["central difference"]
    assert np.all(curves["complex step"][1][steps < 1e-5] > 2e-4)
    assert central.min() > 1e-4


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(2, 3\), but theta has shape \(3, 2\)"):
        plotting.step_errors(f, W, GRADIENT.T)


def opacities(ax, shape):
    (mesh,) = ax.collections
    colours = mesh.get_array().reshape(*shape, 4)
    assert {to_hex(colour) for colour in colours.reshape(-1, 4)} == {plotting.PALETTE["orange"]}
    return colours[..., 3]


def test_the_farther_off_an_entry_is_the_fuller_is_its_square():
    wrong = GRADIENT.copy()
    wrong[1, 0] *= 1.0005
    wrong[2, 1] *= -1
    opacity = opacities(plotting.error_map(wrong, GRADIENT), (3, 2))
    assert opacity[2, 1] == opacity.max() > opacity[1, 0] > 0.1
    assert np.count_nonzero(opacity) == 2


def test_row_0_is_at_the_top_and_rows_and_columns_are_counted_from_0():
    ax = plotting.error_map(GRADIENT, GRADIENT)
    bottom, top = ax.get_ylim()
    assert bottom > top
    assert list(ax.get_yticks()) == [0, 1, 2]
    assert list(ax.get_xticks()) == [0, 1]


def test_errors_are_written_into_a_small_map_and_not_into_a_large_one():
    wrong = GRADIENT.copy()
    wrong[0, 1] *= -1
    assert texts(plotting.error_map(wrong, GRADIENT)) == ["0", "1", "0", "0", "0", "0"]
    large = RNG.standard_normal((9, 9))
    assert texts(plotting.error_map(large, large)) == []


def test_entries_that_are_zero_in_both_have_no_error():
    assert opacities(plotting.error_map(np.zeros((2, 2)), np.zeros((2, 2))), (2, 2)).max() == 0


def test_an_entry_that_is_not_a_number_or_infinite_is_as_wrong_as_can_be():
    broken = GRADIENT.copy()
    broken[0, 0], broken[1, 1] = np.nan, np.inf
    assert texts(plotting.error_map(broken, GRADIENT)) == ["1", "0", "0", "1", "0", "0"]


@pytest.mark.parametrize("shapes", [((2, 3), (3, 2)), ((3,), (3,)), ((2, 3), (1, 3))])
def test_gradients_that_do_not_fit_are_refused(shapes):
    with pytest.raises(ValueError) as caught:
        plotting.error_map(np.ones(shapes[0]), np.ones(shapes[1]))
    assert f"not {shapes[0]} and {shapes[1]}" in str(caught.value)


def test_a_grid_has_its_axes_row_by_row_in_one_figure():
    axes = plotting.new_grid(2, 3, 4, 3)
    assert len(axes) == 6
    assert tuple(axes[0].figure.get_size_inches()) == (4, 3)
    assert axes[0].figure.axes == axes


def test_text_that_a_page_adds_without_a_colour_takes_the_page_s():
    ax = plotting.new_axes()
    ax.text(0.5, 0.5, "a remark")
    ax.plot([0, 1], label="a line")
    ax.legend()
    root = ElementTree.fromstring(plotting.inline(ax, alt="a remark").svg)
    assert root.get("fill") == "currentColor"
    remarks = [text for text in root.iter(f"{SVG}text") if text.text in ("a remark", "a line")]
    assert len(remarks) == 2
    assert all("fill" not in text.get("style") for text in remarks)


def test_the_plane_of_xor_is_drawn_too():
    assert points_of(plotting.warped_plane(NETWORKS[2], *xor(12, seed=0))[0])["y = 1"].shape == (2, 6)
