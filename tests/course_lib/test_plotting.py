"""Pictures: drawn without a window, and turned into SVG that a page can hold many of."""

import re
import subprocess
import sys
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib import plotting
from course_lib.datasets import flower

SVG = "{http://www.w3.org/2000/svg}"
COLOURS = re.compile(r"#[0-9a-f]{6}")


def boundary(ax=None):
    X, Y = flower(40, seed=0)
    return plotting.decision_boundary(lambda points: (points[:1] > 0).astype(float), X, Y, ax)


def curve(ax=None, label=None):
    return plotting.cost_curve(np.array([0.7, 0.5, 0.4]), ax, label)


def ids(svg):
    return re.findall(r'\bid="([^"]*)"', svg)


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def texts_in_a_fixed_colour(svg):
    """Return texts that do not take the page's colour; a text may leave its style to its spans."""
    elements = [list(text) or [text] for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    return [e.text for group in elements for e in group if "fill: currentColor" not in e.get("style", "")]


@pytest.mark.parametrize("draw", [boundary, curve])
def test_a_picture_is_drawn_into_new_axes_or_the_given_ones(draw):
    assert isinstance(draw(), Axes)
    mine = Figure().add_subplot()
    assert draw(mine) is mine
    assert draw() is not draw()


def test_axes_are_labelled():
    assert boundary().get_xlabel() == "$x_1$"
    assert boundary().get_ylabel() == "$x_2$"
    assert curve().get_xlabel() == "gradient descent steps"
    assert curve().get_ylabel() == "cost J"


def test_new_axes_have_the_size_that_is_asked():
    assert tuple(plotting.new_axes(5, 2).figure.get_size_inches()) == (5, 2)


def test_every_point_is_drawn_with_a_marker_of_its_kind():
    ax = boundary()
    lines = {line.get_label(): line for line in ax.lines}
    assert {label: len(line.get_xdata()) for label, line in lines.items()} == {"y = 0": 20, "y = 1": 20}
    assert lines["y = 0"].get_marker() != lines["y = 1"].get_marker()


def test_the_boundary_lies_where_the_prediction_passes_one_half():
    ax = plotting.decision_boundary(lambda points: 1 / (1 + np.exp(-points[:1] + 0.5)), *flower(40, seed=0))
    line = next(c for c in ax.collections if c.get_edgecolor().size and not c.get_facecolor().size)
    vertices = np.vstack([path.vertices for path in line.get_paths() if len(path.vertices)])
    np.testing.assert_allclose(vertices[:, 0], 0.5, atol=1e-3)


def test_a_prediction_that_is_the_same_everywhere_gives_a_picture_too():
    X, Y = flower(20, seed=0)
    ax = plotting.decision_boundary(lambda points: np.zeros((1, points.shape[1])), X, Y)
    assert plotting.inline(ax, alt="all in one region").svg


@pytest.mark.parametrize("shape", [(3, 5), (1, 5), (5,)])
def test_points_that_are_not_in_the_plane_are_refused_with_their_shape(shape):
    with pytest.raises(ValueError) as caught:
        plotting.decision_boundary(lambda points: points[:1], np.zeros(shape), np.zeros((1, 5)))
    assert f"not {shape}" in str(caught.value)


def test_several_cost_curves_in_one_picture_have_different_colours():
    ax = curve(label="one")
    curve(ax, label="two")
    assert ax.lines[0].get_color() == plotting.PALETTE["blue"]
    assert ax.lines[0].get_color() != ax.lines[1].get_color()
    assert [line.get_label() for line in ax.lines] == ["one", "two"]


def test_drawing_changes_no_setting_of_matplotlib():
    before = dict(matplotlib.rcParams)
    plotting.inline(boundary(), alt="a flower")
    plotting.inline(curve(), alt="a curve")
    assert dict(matplotlib.rcParams) == before


def test_drawing_never_loads_pyplot_which_keeps_windows_and_a_current_figure():
    program = (
        "import sys, numpy as np\n"
        "from course_lib import plotting\n"
        "from course_lib.datasets import flower\n"
        "plotting.inline(plotting.decision_boundary(lambda P: P[:1], *flower(20, seed=0)), alt='a')\n"
        "plotting.inline(plotting.cost_curve(np.ones(3)), alt='b')\n"
        "print('matplotlib.pyplot' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("False\n", "")


@pytest.mark.parametrize("alt", ["", "  ", "\n"])
def test_a_picture_without_alt_text_is_refused(alt):
    with pytest.raises(ValueError, match="alt text"):
        plotting.inline(curve(), alt=alt)


def test_alt_text_has_to_be_given():
    with pytest.raises(TypeError, match="alt"):
        plotting.inline(curve())


@pytest.mark.parametrize("draw", [boundary, curve])
def test_the_svg_is_well_formed_and_an_image_with_a_name(draw):
    root = ElementTree.fromstring(plotting.inline(draw(), alt="two kinds of points").svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.get("aria-label") == "two kinds of points"


@pytest.mark.parametrize("alt", ['"quoted" <script>alert(1)</script> & more', "it's σ", "a\nb"])
def test_alt_text_is_escaped(alt):
    picture = plotting.inline(curve(), alt=alt)
    assert ElementTree.fromstring(picture.svg).get("aria-label").split() == alt.split()
    assert "<script" not in picture.svg
    assert picture.alt == alt


@pytest.mark.parametrize("draw", [boundary, curve])
def test_lines_and_areas_take_the_colour_of_the_page_or_one_of_the_palette(draw):
    svg = plotting.inline(draw(), alt="a picture").svg
    assert "currentColor" in svg
    assert plotting._INK not in svg
    assert sorted(set(COLOURS.findall(svg)) - set(plotting.PALETTE.values())) == []


@pytest.mark.parametrize("draw", [boundary, curve])
def test_every_text_takes_the_colour_of_the_page(draw):
    assert texts_in_a_fixed_colour(plotting.inline(draw(), alt="a picture").svg) == []


def test_a_text_in_black_would_be_noticed():
    ax = curve()
    ax.set_title("black", color="black")
    assert texts_in_a_fixed_colour(plotting.inline(ax, alt="a picture").svg) == ["black"]


@pytest.mark.parametrize("draw", [boundary, curve])
def test_the_svg_runs_nothing_styles_nothing_else_and_asks_no_other_host(draw):
    svg = plotting.inline(draw(), alt="a picture").svg
    assert "<script" not in svg
    assert "<style" not in svg
    assert "<metadata" not in svg
    assert "javascript:" not in svg
    assert set(re.findall(r'https?://[^"\s]+', svg)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert set(re.findall(r'(?:xlink:)?href="(.)', svg)) <= {"#"}


@pytest.mark.parametrize("draw", [boundary, curve])
def test_two_pictures_with_different_alt_share_no_id(draw):
    first, second = (plotting.inline(draw(), alt=alt).svg for alt in ("the first", "the second"))
    assert ids(first), "markers and clip paths need ids"
    assert sorted(set(ids(first)) & set(ids(second))) == []


def test_a_boundary_and_a_curve_share_no_id():
    first, second = plotting.inline(boundary(), alt="points").svg, plotting.inline(curve(), alt="cost").svg
    assert sorted(set(ids(first)) & set(ids(second))) == []


@pytest.mark.parametrize("draw", [boundary, curve])
def test_every_id_stands_once_and_every_reference_finds_its_id(draw):
    svg = plotting.inline(draw(), alt="a picture").svg
    assert len(ids(svg)) == len(set(ids(svg)))
    assert set(re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', svg)) != set()
    for reference in re.findall(r'(?:href="|url\()#([^")]*)', svg):
        assert reference in ids(svg)


def test_the_same_picture_gives_the_same_svg_every_time():
    assert plotting.inline(boundary(), alt="a").svg == plotting.inline(boundary(), alt="a").svg


def test_rounding_coordinates_leaves_the_numbers_on_the_axes_alone():
    ax = plotting.cost_curve(np.array([0.0011, 0.0015, 0.0049]))
    ax.set_yticks([0.001, 0.0025, 0.004], ["0.001", "0.0025", "0.004"])
    assert {"0.001", "0.0025", "0.004"} <= set(texts(plotting.inline(ax, alt="small costs").svg))


def test_text_stays_text():
    assert {"gradient descent steps", "cost J"} <= set(texts(plotting.inline(curve(), alt="a curve").svg))


def test_a_figure_is_taken_as_well_as_its_axes():
    ax = curve()
    assert plotting.inline(ax.figure, alt="a").svg == plotting.inline(ax, alt="a").svg


def test_a_notebook_shows_the_svg_and_a_terminal_the_alt_text():
    picture = plotting.inline(curve(), alt="the cost falls")
    assert picture._repr_html_() == picture.svg
    assert repr(picture) == "<picture: the cost falls>"


def _luminance(colour):
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", list(plotting.PALETTE))
@pytest.mark.parametrize("page", ["#ffffff", "#121212"])
def test_every_colour_stands_out_three_to_one_on_light_and_on_dark(name, page):
    assert _contrast(plotting.PALETTE[name], page) >= 3
